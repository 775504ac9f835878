#!/usr/bin/env python3
"""Provokes every error and warning of torch.nn.init and writes what PyTorch says, and the numbers
that its formulas give, for tests/init.

SPDX-License-Identifier: Apache-2.0

    .venv-oracle/bin/python tools/make_init_errors.py

Writes tests/init/vectors/errors.txt and tests/init/vectors/numbers.txt. Their heads say how to read
them. A call is spelled

    [guarded.|deprecated.]NAME DTYPE DEVICE SIZES[:STRIDES] [ARGUMENT=VALUE ...]
"""

import math
import pathlib
import warnings

import torch
import transformers
import transformers.initialization as guarded
from torch.nn import init

HERE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "init" / "vectors"

DTYPES = {
    "f32": torch.float32, "f64": torch.float64, "f16": torch.float16, "bf16": torch.bfloat16,
    "c64": torch.complex64, "c128": torch.complex128, "i64": torch.int64, "i32": torch.int32,
    "i16": torch.int16, "i8": torch.int8, "u8": torch.uint8, "bool": torch.bool,
}
FLOAT8 = {"f8_e4m3": torch.float8_e4m3fn, "f8_e5m2": torch.float8_e5m2, "f8_e8m0": torch.float8_e8m0fnu,
          "f8_e4m3fnuz": torch.float8_e4m3fnuz, "f8_e5m2fnuz": torch.float8_e5m2fnuz}
DTYPES |= FLOAT8
WHOLE, TEXT = {"groups"}, {"mode", "nonlinearity"}

NAMES = [
    "uniform", "normal", "trunc_normal", "constant", "ones", "zeros", "eye", "dirac",
    "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", "orthogonal", "sparse",
]
REQUIRED = {"constant": " val=0.5", "sparse": " sparsity=0.5"}
ALIASED = [n for n in NAMES if n not in ("trunc_normal", "ones", "zeros")]

CALLS = """
uniform f32 cpu 3 a=2.0 b=1.0
uniform f32 cpu 3 a=1.0 b=1.0
uniform f32 cpu 3 a=123456.789 b=-1e10
uniform f32 cpu 3 a=-inf
uniform f32 cpu 3 b=inf
uniform f32 cpu 3 a=nan b=nan
uniform f32 cpu 3 b=nan
uniform f32 cpu 3 a=-3e38 b=3e38
uniform f32 cpu 3 a=1e39 b=0.0
uniform f64 cpu 3 a=-1e308 b=1e308
uniform f64 cpu 3 b=inf
uniform f16 cpu 3 b=65505.0
uniform f16 cpu 3 a=-40000.0 b=40000.0
uniform bf16 cpu 3 b=3.4e38
uniform bf16 cpu 3 a=-3e38 b=3e38
uniform c64 cpu 3 b=inf
uniform c64 cpu 3 a=2.0
uniform c64 cpu 0 a=2.0
uniform f32 cpu 0 a=2.0
uniform f32 cpu 0
uniform i32 cpu 3
uniform i64 cpu 0
uniform bool cpu 3
uniform u8 cpu 3
uniform f32 cpu 4,4:0,1
uniform f32 cpu 1,4:0,1
uniform f32 cpu 0,4:0,0
uniform f32 cpu 4,4:0,1 a=2.0
uniform f32 meta 3 a=2.0
uniform i32 meta 3
normal f32 cpu 3 std=-1.0
normal f32 cpu 3 std=-0.0
normal f32 cpu 3 std=nan
normal f32 cpu 3 std=inf
normal f32 cpu 3 std=-1234567.0
normal f32 cpu 0 std=-1.0
normal i32 cpu 3 std=-1.0
normal i32 cpu 3
normal i32 cpu 0
normal bool cpu 20
normal c64 cpu 3 std=-0.5
normal f32 cpu 4,4:0,1
normal f32 cpu 4,4:0,1 std=-1.0
normal f32 meta 3 std=-1.0
normal f32 meta 3 std=-1e-5
normal f32 meta 3 std=nan
normal i32 meta 3
normal i32 meta 3 std=-2.0
trunc_normal f32 cpu 3 mean=5.0
trunc_normal f32 cpu 3 mean=-5.0
trunc_normal f32 cpu 3 mean=4.0
trunc_normal f32 cpu 3 mean=-4.0
trunc_normal f32 cpu 3 std=0.0
trunc_normal f32 cpu 3 std=-0.0
trunc_normal f32 cpu 3 std=0.0 mean=5.0
trunc_normal f32 cpu 0 std=0.0
trunc_normal f32 meta 3 std=0.0
trunc_normal f32 meta 3 mean=5.0
trunc_normal f32 cpu 3 std=-1.0
trunc_normal f32 cpu 3 a=2.0 b=-2.0
trunc_normal f32 cpu 3 a=2.0 b=2.0
trunc_normal f32 cpu 3 mean=nan
trunc_normal f32 cpu 3 a=nan
trunc_normal f32 cpu 3 b=nan
trunc_normal f32 cpu 3 a=-inf b=inf
trunc_normal f32 cpu 3 a=3.0 b=inf
trunc_normal f32 cpu 3 std=1e-300 a=1.0 b=2.0
trunc_normal f32 cpu 0 std=1e-300 a=1.0 b=2.0
trunc_normal f32 meta 3 std=1e-300 a=1.0 b=2.0
trunc_normal f16 cpu 3 a=-1e6 b=1e6
trunc_normal c64 cpu 3
trunc_normal c64 cpu 3 a=1.0 b=1.5
trunc_normal c128 cpu 3
trunc_normal i32 cpu 3
trunc_normal i32 cpu 3 a=1.0 b=1.5
trunc_normal i32 cpu 0
trunc_normal f32 cpu 4,4:0,1
trunc_normal f32 cpu 4,4:0,1 a=1.0 b=1.5
constant f16 cpu 3 val=65504.0
constant f16 cpu 3 val=65505.0
constant f16 cpu 3 val=-65505.0
constant f16 cpu 3 val=inf
constant f16 cpu 3 val=nan
constant f16 cpu 0 val=65505.0
constant f16 cpu 1 val=65505.0
constant f16 cpu 1,1 val=-1e300
constant bf16 cpu 1 val=3.4e38
constant f32 cpu 1 val=1e39
constant f16 meta 3 val=65505.0
constant bf16 cpu 3 val=3.4e38
constant f32 cpu 3 val=1e39
constant f64 cpu 3 val=1e308
constant c64 cpu 3 val=1e39
constant c64 cpu 3 val=0.5
constant i8 cpu 3 val=127.0
constant i8 cpu 3 val=127.5
constant i8 cpu 3 val=128.0
constant i8 cpu 3 val=-128.5
constant i8 cpu 3 val=-129.0
constant u8 cpu 3 val=255.0
constant u8 cpu 3 val=256.0
constant u8 cpu 3 val=-1.0
constant u8 cpu 3 val=-255.0
constant u8 cpu 3 val=-256.0
constant i16 cpu 3 val=32768.0
constant i32 cpu 3 val=2147483647.0
constant i32 cpu 3 val=2147483648.0
constant i64 cpu 3 val=9.3e18
constant i64 cpu 3 val=-9.3e18
constant i32 cpu 3 val=nan
constant i32 cpu 3 val=inf
constant bool cpu 3 val=7.5
constant bool cpu 3 val=nan
constant f32 cpu 4,4:0,1 val=0.5
ones f32 cpu 3
ones f32 cpu 4,4:0,1
ones bool cpu 3
ones f32 meta 3
zeros i64 cpu 3
zeros f32 cpu 4,4:0,1
zeros f32 meta 3
eye f32 cpu 3
eye f32 cpu 2,2,2
eye f32 meta 3
eye f32 meta 2,2
eye i64 cpu 2,3
eye f32 cpu 0,3
eye f32 cpu 3,0
dirac f32 cpu 2,2
dirac f32 cpu 2,2,2,2,2,2
dirac f32 meta 2,2
dirac f32 cpu 4,2,3 groups=3
dirac f32 meta 4,2,3 groups=3
dirac f32 cpu 4,2,3 groups=0
dirac f32 meta 4,2,3 groups=0
dirac f32 cpu 4,2 groups=0
dirac f32 cpu 4,2,3 groups=-2
dirac f32 cpu 4,2,0 groups=-2
dirac f32 cpu 4,2,3 groups=-3
dirac f32 cpu 2,2,0
dirac f32 cpu 2,2,0,3
dirac f32 cpu 2,2,3,0
dirac f32 cpu 2,2,0,0
dirac f32 cpu 2,2,3,3,0
dirac f32 meta 2,2,0
dirac f32 cpu 0,2,0
dirac f32 cpu 2,0,0
dirac i32 cpu 2,2,3
dirac bool cpu 2,2,3
xavier_uniform f32 cpu 3
xavier_uniform f32 cpu -
xavier_uniform f32 meta 3
xavier_uniform f32 cpu 0,3
xavier_uniform f32 cpu 0,0
xavier_uniform f32 cpu 2,3,0
xavier_uniform f32 meta 0,0
xavier_uniform f32 cpu 2,3 gain=-1.0
xavier_uniform f32 cpu 2,3 gain=nan
xavier_uniform f32 cpu 2,3 gain=inf
xavier_uniform f32 cpu 0,3 gain=-1.0
xavier_uniform f32 meta 2,3 gain=-1.0
xavier_uniform f32 cpu 0,0 gain=-1.0
xavier_uniform f16 cpu 2,3 gain=1e6
xavier_uniform i32 cpu 2,3
xavier_normal f32 cpu 3
xavier_normal f32 cpu 0,0
xavier_normal f32 cpu 0,3
xavier_normal f32 cpu 2,3 gain=-1.0
xavier_normal f32 cpu 2,3 gain=nan
xavier_normal f32 meta 2,2 gain=-1.0
xavier_normal f32 meta 3
xavier_normal i32 cpu 2,3
kaiming_uniform f32 cpu 0,3
kaiming_uniform f32 cpu 0
kaiming_uniform f32 cpu 2,0 mode=sideways nonlinearity=nothing
kaiming_uniform f32 meta 0,3
kaiming_uniform i32 cpu 0,3
kaiming_uniform f32 cpu 2,3 mode=FAN_OUT
kaiming_uniform f32 cpu 2,3 mode=Sideways
kaiming_uniform f32 cpu 3 mode=sideways nonlinearity=nothing
kaiming_uniform f32 cpu 3 nonlinearity=nothing
kaiming_uniform f32 cpu -
kaiming_uniform f32 cpu 2,3 nonlinearity=nothing
kaiming_uniform f32 cpu 2,3 nonlinearity=ReLU
kaiming_uniform f32 cpu 2,3 nonlinearity=relu a=1e200
kaiming_uniform f32 cpu 2,3 a=1e200
kaiming_uniform f32 cpu 2,3 a=-1e200
kaiming_uniform f32 cpu 2,3 a=inf
kaiming_uniform f32 cpu 2,3 a=nan
kaiming_uniform f32 meta 2,3 a=1e200
kaiming_uniform f32 meta 3
kaiming_uniform i32 cpu 2,3
kaiming_normal f32 cpu 0,3
kaiming_normal f32 cpu 2,3 mode=Sideways
kaiming_normal f32 cpu 3 nonlinearity=nothing
kaiming_normal f32 cpu 2,3 nonlinearity=nothing
kaiming_normal f32 cpu 2,3 a=1e200
kaiming_normal f32 cpu 2,3 a=nan
kaiming_normal f32 meta 2,3 a=nan
kaiming_normal f32 cpu 2,3 a=inf
kaiming_normal f32 meta 3
kaiming_normal i32 cpu 2,3
kaiming_normal i32 meta 2,3
orthogonal f32 cpu 3
orthogonal f32 cpu -
orthogonal f32 meta 3
orthogonal f32 cpu 0
orthogonal f32 cpu 0,3
orthogonal f32 cpu 3,0
orthogonal f16 cpu 0,3
orthogonal f16 meta 3,3
orthogonal f16 cpu 3,3
orthogonal bf16 cpu 3,3
orthogonal c64 cpu 3,3
orthogonal c128 cpu 3,3
orthogonal i32 cpu 3,3
orthogonal i32 meta 3,3
orthogonal bool cpu 3,3
orthogonal f32 cpu 2,2,2,2:8,1,4,2
orthogonal f32 cpu 3,3:1,3
sparse f32 cpu 3 sparsity=0.5
sparse f32 cpu 2,2,2 sparsity=0.5
sparse f32 meta 3 sparsity=0.5
sparse f32 cpu 3,3 sparsity=nan
sparse f32 cpu 3,3 sparsity=inf
sparse f32 cpu 3,3 sparsity=-inf
sparse f32 cpu 0,3 sparsity=inf
sparse f32 cpu 0,3 sparsity=1e308
sparse f32 cpu 3,3 sparsity=1e308
sparse f32 cpu 3,3 sparsity=1e30
sparse f32 cpu 3,3 sparsity=-1e6
sparse f32 cpu 3,3 sparsity=2.0
sparse f32 cpu 3,3 sparsity=-0.5
sparse f32 meta 3,3 sparsity=nan std=-1.0
sparse f32 cpu 3,3 sparsity=nan std=-1.0
sparse f32 cpu 3,3 sparsity=0.5 std=-1.0
sparse f32 cpu 3,0 sparsity=0.5
sparse i32 cpu 3,3 sparsity=0.5
sparse i32 cpu 3,3 sparsity=nan
sparse f32 cpu 4,4:0,1 sparsity=0.5
guarded.orthogonal f16 cpu 3
guarded.orthogonal f16 cpu 3,3
guarded.orthogonal bf16 cpu 2,5
guarded.orthogonal bf16 cpu 0,5
guarded.orthogonal f16 meta 2,5
guarded.orthogonal f16 cpu 2,2,2,2:8,1,4,2
guarded.orthogonal bf16 cpu 2,2,2,2:32,1,16,4
guarded.orthogonal f16 cpu 4,4:1,4
guarded.orthogonal c64 cpu 3,3
guarded.kaiming_uniform f32 cpu 0,3
guarded.trunc_normal f32 cpu 3 std=0.0 mean=5.0
guarded.lecun_normal f32 cpu 3
guarded.lecun_normal f32 cpu 3,0
guarded.lecun_normal f32 meta 3
guarded.lecun_normal f32 meta 3,0
guarded.lecun_normal f32 meta 3,2
guarded.lecun_normal f32 cpu 0,3
guarded.lecun_normal i32 cpu 3,3
guarded.lecun_normal f32 cpu 3,3
guarded.default_flax_embed_init f32 cpu 3
guarded.default_flax_embed_init f32 cpu 3,0
guarded.default_flax_embed_init f32 meta 3,0
guarded.default_flax_embed_init i32 cpu 3,3
guarded.default_flax_embed_init f32 cpu 3,3
deprecated.kaiming_uniform f32 cpu 0,3
deprecated.eye f32 cpu 3
deprecated.normal f32 meta 3 std=-1.0
calculate_gain - - - nonlinearity=nothing
calculate_gain - - - nonlinearity=Tanh
calculate_gain - - - nonlinearity=leaky_relu a=1e200
calculate_gain - - - nonlinearity=tanh a=1e200
calculate_gain - - - nonlinearity=leaky_relu a=nan
calculate_fans f32 cpu 3
calculate_fans f32 cpu -
calculate_fans f32 meta 3
calculate_fans f32 cpu 0,3
""".strip().splitlines()
# Every name once on a shape that suits none of the matrix functions, and once where all succeed.
CALLS += [f"{name} f32 cpu 2,2,3{REQUIRED.get(name, '')}" for name in NAMES]
CALLS += [f"{name} f64 cpu 4,5{REQUIRED.get(name, '')}" for name in NAMES]
CALLS += [f"guarded.{name} f32 cpu 2,2,3{REQUIRED.get(name, '')}" for name in NAMES]
CALLS += [f"deprecated.{name} f32 cpu 4,5{REQUIRED.get(name, '')}" for name in ALIASED]
CALLS += [f"deprecated.{name} f32 cpu 2{REQUIRED.get(name, '')}" for name in ALIASED]
# The 8-bit floats take constants and refuse random numbers.
for eight in FLOAT8:
    CALLS += [f"{name} {eight} {device} 3,3{REQUIRED.get(name, '')}" for name in NAMES for device in ("cpu", "meta")]
    CALLS += [f"guarded.{name} {eight} cpu 3,4{REQUIRED.get(name, '')}" for name in NAMES]
    CALLS += [f"dirac {eight} cpu 2,2,3", f"trunc_normal {eight} cpu 3 a=1.0 b=1.5"]
    CALLS += [f"constant {eight} cpu {n} val={value}" for n in (0, 1, 3) for value in (
        0.0, -1.0, 240.0, 240.5, 448.0, 448.5, 57344.0, 57345.0, 1e39, -1e39, 5.877471754111438e-39, 1e-300,
        1.7014118346046923e+38, 3e38, math.inf, -math.inf, math.nan)]

BOUNDS = []
for name in ("xavier_uniform", "xavier_normal"):
    for sizes in ("3,5", "1,1", "7,11,3", "64,3,7,7", "768,3072", "5,2,3,3,3", "0,3"):
        BOUNDS += [f"{name} f32 meta {sizes} gain={g}"
                   for g in ("1.0", "1.6666666666666667", "0.02")]
for name in ("kaiming_uniform", "kaiming_normal"):
    for sizes in ("3,5", "1,1", "7,11,3", "64,3,7,7", "768,3072", "5,2,3,3,3"):
        BOUNDS += [f"{name} f32 meta {sizes}{a}{m}{n}"
                   for a in ("", " a=2.23606797749979", " a=-0.3")
                   for m in ("", " mode=fan_out") for n in ("", " nonlinearity=relu")]
        BOUNDS += [f"{name} f32 meta {sizes} nonlinearity={n}"
                   for n in ("linear", "conv1d", "conv_transpose3d", "sigmoid", "tanh", "selu")]
for name in ("guarded.lecun_normal", "guarded.default_flax_embed_init"):
    BOUNDS += [f"{name} f32 cpu {sizes}" for sizes in ("3,5", "7,11,3", "64,3,7,7", "8,300")]

GAINS = ["linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
         "conv_transpose3d", "sigmoid", "tanh", "relu", "selu", "leaky_relu"]
SLOPES = [0.0, 0.01, 0.2, -0.2, 1.0, 2.23606797749979, 1e-200, 1e100, math.inf, 0.1]


def parse(call):
    """A call's function and arguments."""
    form, dtype, device, geometry, *rest = call.split(" ")
    kind, _, name = form.rpartition(".")
    kwargs = {}
    for word in rest:
        key, value = word.split("=")
        kwargs[key] = value if key in TEXT else int(value) if key in WHOLE else float(value)
    if name == "calculate_gain":
        return init.calculate_gain, (kwargs["nonlinearity"], kwargs.get("a")), {}
    sizes, _, strides = geometry.partition(":")
    numbers = lambda text: [int(n) for n in text.split(",")] if text not in ("", "-") else []
    if strides:
        tensor = torch.empty_strided(numbers(sizes), numbers(strides), dtype=DTYPES[dtype],
                                     device=device)
    else:
        tensor = torch.empty(numbers(sizes), dtype=DTYPES[dtype], device=device)
    if name == "calculate_fans":
        return init._calculate_fan_in_and_fan_out, (tensor,), {}
    if kind == "guarded":
        return getattr(guarded, name + "_"), (tensor,), kwargs
    return getattr(init, name if kind == "deprecated" else name + "_"), (tensor,), kwargs


def outcome(call):
    """What Python says: "ok" or "Exception: text", and its warnings."""
    torch.manual_seed(0)
    function, args, kwargs = parse(call)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            function(*args, **kwargs)
            said = "ok"
        except Exception as e:
            said = f"{type(e).__name__}: {e}"
    warned = [f"{w.category.__name__}: {w.message}" for w in caught]
    assert all("\n" not in line and "\t" not in line for line in [said, *warned]), call
    return "\t".join([call, said, *warned])


def captured(call):
    """The two numbers with which torch's uniform_, normal_ or trunc_normal_ is called."""
    seen = []

    def catch(kind):
        def method(self, *args, generator=None):
            seen.append((kind, *args))
            return self
        return method

    before = torch.Tensor.uniform_, torch.Tensor.normal_
    trunc = guarded.TORCH_INIT_FUNCTIONS["trunc_normal_"]
    torch.Tensor.uniform_, torch.Tensor.normal_ = catch("uniform"), catch("normal")
    guarded.TORCH_INIT_FUNCTIONS["trunc_normal_"] = (
        lambda tensor, mean, std, a, b, generator: seen.append(("trunc_normal", mean, std, a, b)))
    try:
        function, args, kwargs = parse(call)
        function(*args, **kwargs)
    finally:
        torch.Tensor.uniform_, torch.Tensor.normal_ = before
        guarded.TORCH_INIT_FUNCTIONS["trunc_normal_"] = trunc
    (found,) = seen
    return "\t".join(["fill", call, found[0], *(float(x).hex() for x in found[1:])])


def numbers():
    for name in GAINS:
        yield f"gain\t{name}\t-\t{float(init.calculate_gain(name)).hex()}"
        yield f"gain\t{name}\t{(3.0).hex()}\t{float(init.calculate_gain(name, 3.0)).hex()}"
    for slope in SLOPES:
        yield f"gain\tleaky_relu\t{slope.hex()}\t{init.calculate_gain('leaky_relu', slope).hex()}"
    for sizes in ("3,5", "1,1", "7,11,3", "64,3,7,7", "768,3072", "5,2,3,3,3", "0,3", "3,0",
                  "2,3,0", "2,3,4,5,6,7"):
        tensor = torch.empty([int(n) for n in sizes.split(",")], device="meta")
        fan_in, fan_out = init._calculate_fan_in_and_fan_out(tensor)
        yield f"fans\t{sizes}\t{fan_in}\t{fan_out}"
    for call in BOUNDS:
        yield captured(call)


def write(name, how, lines):
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}"
    text = f"# {versions}; made by tools/make_init_errors.py\n# {how}\n" + "\n".join(lines) + "\n"
    (HERE / name).write_text(text)


if __name__ == "__main__":
    HERE.mkdir(parents=True, exist_ok=True)
    write("errors.txt", "call, what Python said, its warnings; separated by tabs",
          [outcome(call) for call in dict.fromkeys(CALLS)])
    write("numbers.txt", "gain, param or -, value | fans, sizes, in, out | fill, call, kind, "
          "numbers; separated by tabs", list(numbers()))
