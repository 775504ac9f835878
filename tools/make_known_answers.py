"""Records what torch.nn.init gives for some 3,000 calls, for tests/known/answers-<torch version>.txt.

SPDX-License-Identifier: Apache-2.0

The head of the file that it writes says how to read it. The version in the file's name is that of the
torch that runs the script: the files of 2.11 and 2.12 come from an environment with torch==2.11.0 or
torch==2.12.0 from PyPI, numpy and xxhash.

Run: .venv-oracle/bin/python tools/make_known_answers.py
"""

import itertools
import math
import pathlib
import sys
import warnings

import numpy
import torch
import xxhash
from torch.nn import init

VERSION = torch.__version__.split("+")[0]
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "known"

HEAD = f"""\
# What torch.nn.init gave, written by tools/make_known_answers.py.
# torch {torch.__version__}, CPU capability {torch.backends.cpu.get_cpu_capability()}
#
# One call a line:
#     generator | tensor | call | result | state [| state of the default generator]
#
# generator  42            a new one with that seed
#            42 randn 3    and three normals drawn by torch.randn before the call; an odd number leaves one cached
#            same          the one of the line before, as that left it
#            default 42    the default generator, seeded, and none given to the call
#            42 default 7  the one with seed 42 given, the default one seeded with 7 (sparse)
# tensor     dtype, sizes, and for one that is not contiguous strides, offset and elements of the storage
# call       name of torch.nn.init without the underscore, and the arguments that are not the default
#            or randperm; or words, the next 32-bit words of the stream
# result     hex           the bits of every element in logical order, parts of complex ones one after the other
#            xxh3          XXH3-128 of the bytes of the storage, each byte 5A where the call wrote nothing
#            near T        like hex, to be met to the absolute tolerance T (orthogonal, where LAPACK decides the end)
#            ulp N         like hex, to be met to N units in the last place of float32 or double
#            error         exception and message
#            none          values are not looked at
#            only in reference-*.txt: memory (like hex, in the order of the storage), first (like memory, the rest is
#            not looked at), sha256 (of the bytes of the storage)
# state      XXH3-128 of the 5056 bytes of get_state() afterwards, or sha256 and digest, or sha256 and its begin, or -
"""

TYPES = {
    "f32": torch.float32,
    "f64": torch.float64,
    "f16": torch.float16,
    "bf16": torch.bfloat16,
    "c64": torch.complex64,
    "c128": torch.complex128,
    "i64": torch.int64,
    "i32": torch.int32,
    "i16": torch.int16,
    "i8": torch.int8,
    "u8": torch.uint8,
    "bool": torch.bool,
}
REAL = ("f32", "f64", "f16", "bf16")
ALL = (*REAL, "c64", "c128")
MOST_INLINE = 40
HOLE = 0x5A
BIG = 1000003


# ---- layouts: sizes, strides, offset, elements of the storage ----


def contiguous(*sizes):
    strides, step = [], 1
    for size in reversed(sizes):
        strides.insert(0, step)
        step *= max(size, 1)
    return list(sizes), strides, 0, math.prod(sizes)


def of(view):
    """The layout of a view of a meta tensor."""
    base = view._base if view._base is not None else view
    extent = base.untyped_storage().nbytes() // base.element_size()
    return list(view.shape), list(view.stride()), view.storage_offset(), extent


def meta(*sizes, **options):
    return torch.empty(*sizes, device="meta", **options)


def strided(sizes, strides, offset=0, spare=0):
    extent = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides)) + 1 + spare
    return list(sizes), list(strides), offset, extent


LAST = torch.channels_last
MATRICES = {
    "transposed": of(meta(7, 5).t()),
    "transposed, small": of(meta(3, 4).t()),
    "slice": of(meta(8, 12)[::2, 1:9:3]),
    "columns": of(meta(6, 9)[:, 2:5]),
    "as_strided": strided((3, 4), (2, 3), 2, 3),
    "interleaving": strided((6, 5), (11, 3)),
}
TENSORS = {
    **MATRICES,
    "permuted": of(meta(3, 4, 3).permute(2, 0, 1)),
    "permuted, large": of(meta(5, 7, 6).permute(1, 2, 0)),
    "channels_last": of(meta(2, 3, 2, 3, memory_format=LAST)),
    "channels_last, large": of(meta(4, 3, 5, 5, memory_format=LAST)),
    "channels_last, 1 x 1": of(meta(4, 6, 1, 1, memory_format=LAST)),
    "size 1": strided((4, 1, 6), (6, 77, 1)),
    "size 1, transposed": strided((4, 1, 6), (1, 0, 4)),
    "rows": of(meta(8, 5)[2:7]),
    "vector of every second": of(meta(40)[::2]),
}


# ---- calls ----


def text(value):
    return value if isinstance(value, str) else repr(value)


def state_digest(generator):
    return xxhash.xxh3_128_hexdigest(generator.get_state().numpy().tobytes())


def storage_bytes(storage):
    return storage.view(torch.uint8).numpy().tobytes()


def hex_of(tensor):
    """Bits of the elements in logical order; complex ones as two numbers."""
    dense = torch.empty(tensor.shape, dtype=tensor.dtype).copy_(tensor).flatten()
    if dense.is_complex():
        dense = torch.view_as_real(dense).flatten()
    width = dense.element_size()
    bits = dense.view(torch.uint8).numpy().view(f"<u{width}")
    return " ".join(f"{int(x):0{2 * width}x}" for x in bits)


def erfinv_result(tensor, mean=0.0, std=1.0, **bounds):
    """torch 2.11 inverts erf by MKL, which now and then is one unit in the last place off."""
    if tensor.numel() > 2 * MOST_INLINE:
        return "none"
    if mean == 0.0:
        return f"ulp 2 {hex_of(tensor)}"
    return f"near {abs(std) * (4e-7 if tensor.dtype == torch.float32 else 1e-15)!r} {hex_of(tensor)}"


def message_of(error):
    return f"error {type(error).__name__} {str(error).splitlines()[0]}"


class Recorder:
    def __init__(self, out):
        self.out = out
        self.generator = None
        self.n_cases = 0

    def start(self, where):
        """The generator that a line's first field names; what to pass to the call; the default one's part."""
        words = str(where).split()
        if words[0] == "same":
            return self.generator
        if words[0] == "default":
            self.generator = torch.default_generator
            torch.manual_seed(int(words[1]))
            return None
        self.generator = torch.Generator().manual_seed(int(words[0]))
        if "randn" in words:
            torch.randn(int(words[2]), generator=self.generator)
        if "default" in words:
            torch.manual_seed(int(words[2]))
        return self.generator

    def case(self, where, dtype, layout, name, near=None, **arguments):
        generator = self.start(where)
        sizes, strides, offset, extent = layout
        storage = torch.full((extent * TYPES[dtype].itemsize,), HOLE, dtype=torch.uint8).view(TYPES[dtype])
        tensor = storage.as_strided(sizes, strides, offset)
        try:
            self.call(name, tensor, generator, arguments)
            result = self.result(storage, tensor, near)
            if name == "trunc_normal" and VERSION.startswith("2.11.") and dtype in ("f32", "f64"):
                result = erfinv_result(tensor, **arguments)
        except (RuntimeError, ValueError, ZeroDivisionError, OverflowError, IndexError) as error:
            result = message_of(error)
        fields = [str(where), self.tensor_text(dtype, layout), self.call_text(name, arguments), result]
        fields.append(state_digest(self.generator))
        if str(where).count("default") and not str(where).startswith("default"):
            fields.append(state_digest(torch.default_generator))
        print(" | ".join(fields), file=self.out)
        self.n_cases += 1

    @staticmethod
    def call(name, tensor, generator, arguments):
        if name == "randperm":
            tensor.copy_(torch.randperm(tensor.numel(), generator=generator))
        elif name == "words":
            # The full range takes 64 bits, whose high half is the first word.
            wide = torch.empty(tensor.numel() // 2, dtype=torch.int64).random_(-(2**63), None, generator=generator)
            tensor.copy_(torch.stack((wide >> 32 & 0xFFFFFFFF, wide & 0xFFFFFFFF), dim=1).flatten())
        elif name in ("constant", "ones", "zeros", "eye", "dirac"):
            getattr(init, name + "_")(tensor, **arguments)
        else:
            getattr(init, name + "_")(tensor, **arguments, generator=generator)

    @staticmethod
    def result(storage, tensor, near):
        if near is not None:
            return f"near {near!r} {hex_of(tensor)}"
        if tensor.numel() <= MOST_INLINE:
            return f"hex {hex_of(tensor)}".rstrip()
        return f"xxh3 {xxhash.xxh3_128_hexdigest(storage_bytes(storage))}"

    @staticmethod
    def tensor_text(dtype, layout):
        sizes, strides, offset, extent = layout
        words = [dtype, ",".join(map(str, sizes)) or "scalar"]
        if (sizes, strides, offset, extent) != contiguous(*sizes):
            words += ["strides", ",".join(map(str, strides)), "offset", str(offset), "of", str(extent)]
        return " ".join(words)

    @staticmethod
    def call_text(name, arguments):
        return " ".join([name] + [f"{key}={text(value)}" for key, value in arguments.items()])


# ---- what is asked ----


def every_size(record):
    """uniform and normal of each size around the switch from pairs to blocks of 16."""
    seeds = itertools.cycle((0, 1, 42, -5, 2**32 + 42))
    for dtype in ALL:
        for n in (*range(41), 48, 63, 64, 65):
            record(next(seeds), dtype, contiguous(n), "uniform", a=-0.3, b=0.7)
            record(next(seeds), dtype, contiguous(n), "normal")
            if n < 18 or n == 33:
                record(f"{next(seeds)} randn 1", dtype, contiguous(n), "normal", mean=0.1, std=0.37)


def every_seed(record):
    seeds = (0, 1, 42, -5, 2**32 + 42, 2**32 - 1, 2**32, 2**63 - 1, 2**64 - 1, -(2**63), 5489, 67280421310721)
    for seed in seeds:
        record(seed, "f32", contiguous(20), "uniform")
        record(seed, "f32", contiguous(17), "normal")
        record(seed, "f64", contiguous(5), "normal")
        record(f"default {seed}", "bf16", contiguous(3, 4), "kaiming_uniform")


def every_layout(record):
    for layout, dtype in itertools.product(TENSORS.values(), ALL):
        record(42, dtype, layout, "uniform", a=-0.3, b=0.7)
        record(1, dtype, layout, "normal", mean=0.1, std=0.37)
        record("7 randn 1", dtype, layout, "normal", mean=0.0, std=0.02)
    for layout, dtype in itertools.product(TENSORS.values(), REAL):
        record(42, dtype, layout, "trunc_normal")
        record("3 randn 1", dtype, layout, "trunc_normal", mean=0.0, std=1.0, a=-1.0, b=1.0)
        record(5, dtype, layout, "trunc_normal", mean=0.1, std=0.7, a=0.3, b=0.9)


def uniform_arguments(record):
    ranges = (
        (-0.3, 0.7), (0.0, 0.0), (-0.0, 0.0), (2.5, 2.5), (1.0, 1.0000005), (1.0, 1.001), (-1e-40, 2e-40), (1e-9, 1e-7),
        (-1.0, 2.0), (0.0, 60000.0), (-65504.0, 0.0), (-3e38, 3e37), (-1e300, 1e300), (0.1, 0.2), (-100.0, -99.9),
        (0.7, -0.3), (0.0, 65520.0), (-3e38, 3e38), (-1e308, 1e308), (0.0, math.inf), (math.nan, 1.0), (0.0, math.nan),
    )  # fmt: skip
    for (a, b), dtype in itertools.product(ranges, ALL):
        record(42, dtype, contiguous(24), "uniform", a=a, b=b)


def normal_arguments(record):
    arguments = (
        (0.0, 0.0), (0.0, -0.0), (0.0, 0.02), (0.1, 0.7), (5.0, 2.0), (-1000.0, 0.001), (0.0, 1e30), (0.0, 1e-7),
        (1e-41, 1e-41), (-1.0, 40000.0), (0.0, math.inf), (0.0, -1.0), (0.0, math.nan), (math.nan, 1.0),
    )  # fmt: skip
    for (mean, std), dtype, n in itertools.product(arguments, ALL, (7, 19)):
        if not (math.isnan(mean) or math.isinf(std)):  # the bits of a NaN are not promised
            record(42, dtype, contiguous(n), "normal", mean=mean, std=std)


def trunc_normal_arguments(record):
    arguments = (
        (0.0, 0.02, -2.0, 2.0), (0.0, 1.0, -2.0, 2.0), (0.0, 1.0, -0.5, 0.5), (0.0, 0.02, -0.04, 0.04),
        (0.0, 1.0, 2.0, 3.0), (0.1, 0.7, 0.3, 0.9), (3.0, 1.0, -2.0, 2.0), (5.0, 1.0, -2.0, 2.0), (0.0, 1.0, 1.0, 1.0),
        (0.0, 1.0, -0.38, 0.39), (0.0, 1.0, -0.39, 0.38), (0.0, 1.0, -0.5244, 0.3), (0.0, 1.0, 0.5, -0.5),
        (0.0, -1.0, -2.0, 2.0), (0.0, -1.0, 2.0, 3.0), (0.0, 1.0, 0.0, math.inf), (0.5, 0.25, 0.0, 1.0),
        (0.0, 1.0, -100000.0, 100000.0), (0.0, 0.0, -2.0, 2.0), (1.5, 0.1, -2.0, 1.4),
    )  # fmt: skip
    for (mean, std, a, b), dtype, n in itertools.product(arguments, REAL, (9, 20, 48)):
        record(42, dtype, contiguous(n), "trunc_normal", mean=mean, std=std, a=a, b=b)
    for dtype, n in itertools.product(("c64", "c128"), (0, 3, 9)):
        record("42 randn 1", dtype, contiguous(n), "trunc_normal")
        record(42, dtype, contiguous(n), "trunc_normal", mean=0.0, std=1.0, a=2.0, b=3.0)


def xavier(record):
    shapes = (contiguous(4, 3), contiguous(5, 4, 2), TENSORS["channels_last"], TENSORS["transposed"])
    for layout, dtype, gain in itertools.product(shapes, ALL, (0.0, 1.0, 5.0 / 3)):
        record(42, dtype, layout, "xavier_uniform", gain=gain)
        record(0, dtype, layout, "xavier_normal", gain=gain)
    for gain in (-1.0, math.inf, math.nan, 1e39):
        record(42, "f32", contiguous(4, 3), "xavier_uniform", gain=gain)
        record(42, "f64", contiguous(4, 3), "xavier_normal", gain=gain) if gain < 0 else None
    for sizes in ((5,), (), (0, 0), (0, 3), (3, 0), (2, 3, 0)):
        record(42, "f32", contiguous(*sizes), "xavier_uniform")
        record(42, "f32", contiguous(*sizes), "xavier_normal")


def kaiming(record):
    kinds = (
        {}, {"a": math.sqrt(5.0)}, {"mode": "fan_out", "nonlinearity": "relu"}, {"nonlinearity": "tanh"},
        {"mode": "fan_out", "nonlinearity": "selu"}, {"nonlinearity": "sigmoid"}, {"a": 0.2, "mode": "FAN_OUT"},
        {"nonlinearity": "conv_transpose2d"},
    )  # fmt: skip
    shapes = (contiguous(4, 3), contiguous(6, 3, 2), TENSORS["channels_last"], TENSORS["slice"])
    for layout, dtype, kind in itertools.product(shapes, ("f32", "f64", "f16", "bf16", "c64"), kinds):
        record(42, dtype, layout, "kaiming_uniform", **kind)
        record(1, dtype, layout, "kaiming_normal", **kind)
    for kind in ({"mode": "fan_avg"}, {"nonlinearity": "gelu"}):
        record(42, "f32", contiguous(4, 3), "kaiming_uniform", **kind)
    for sizes in ((5,), (0, 3), (3, 0)):
        record(42, "f32", contiguous(*sizes), "kaiming_normal")


def constants(record):
    layouts = (contiguous(3, 4), TENSORS["slice"], TENSORS["permuted"], contiguous(), contiguous(0))
    for layout, dtype in itertools.product(layouts, TYPES):
        record(42, dtype, layout, "zeros")
        record(42, dtype, layout, "ones")
        record(42, dtype, layout, "constant", val=-1.7)
    values = (0.1, -0.0, 65504.0, 65505.0, 1e39, 300.0, 1e-8, -255.0, 2.0**31, math.inf)
    for val, dtype in itertools.product(values, TYPES):
        record(42, dtype, contiguous(3), "constant", val=val)


def eye_and_dirac(record):
    for layout in (contiguous(3, 5), contiguous(5, 3), *MATRICES.values(), contiguous(0, 3), contiguous(4)):
        for dtype in ("f32", "f64", "bf16", "c64", "i64", "u8", "bool"):
            record(42, dtype, layout, "eye")
    shapes = (
        (4, 3, 3), (4, 2, 4), (6, 3, 3, 2), (2, 4, 1, 5), (4, 2, 3, 3, 3), (3, 3, 1), (4, 0, 3), (4, 3, 0), (0, 3, 3), (4, 3),
    )  # fmt: skip
    for sizes, dtype, groups in itertools.product(shapes, ("f32", "bf16", "c128", "i32"), (1, 2, 3, 0)):
        record(42, dtype, contiguous(*sizes), "dirac", groups=groups)
    for name in ("channels_last", "permuted"):
        record(42, "f32", TENSORS[name], "dirac", groups=1)


def sparse(record):
    for dtype, sparsity in itertools.product(ALL, (0.0, 0.1, 0.5, 1.0, 1.5, -0.3, -2.0)):
        record("42 default 7", dtype, contiguous(6, 4), "sparse", sparsity=sparsity)
    for dtype, layout in itertools.product(("f32", "f64", "bf16", "c64"), MATRICES.values()):
        record("1 default -5", dtype, layout, "sparse", sparsity=0.3, std=0.5)
    for sizes in ((20, 20), (1, 7), (7, 1), (0, 3), (3, 0), (100, 30)):
        record("0 default 42", "f32", contiguous(*sizes), "sparse", sparsity=0.5)
        record("default 42", "f32", contiguous(*sizes), "sparse", sparsity=0.25)
    for sparsity in (math.nan, math.inf):
        record("42 default 7", "f32", contiguous(4, 3), "sparse", sparsity=sparsity)
    record("42 default 7", "f32", contiguous(4), "sparse", sparsity=0.5)


def orthogonal(record):
    near = {"f32": 5e-6, "f64": 1e-13}
    shapes = ((4, 3), (3, 4), (4, 4), (1, 5), (5, 1), (6, 3, 2), (2, 3, 2, 2), (16, 16), (20, 9), (9, 33))
    for dtype, sizes in itertools.product(near, shapes):
        for where in (42, "7 randn 1"):
            rows = sizes[0], math.prod(sizes[1:])
            record(where, dtype, contiguous(*rows), "normal")  # the matrix before QR
            record(where, dtype, contiguous(*sizes), "orthogonal", near=near[dtype])
        record(1, dtype, contiguous(*sizes), "orthogonal", near=4 * near[dtype], gain=math.sqrt(2.0))
    for dtype, layout in itertools.product(near, (MATRICES["transposed"], MATRICES["columns"])):
        record(42, dtype, layout, "orthogonal", near=near[dtype])
    for dtype in ("f16", "bf16", "c64", "c128"):
        for sizes in ((3, 3), (5, 4)):
            record(42, dtype, contiguous(*sizes), "orthogonal")
    for layout in (contiguous(5), contiguous(0, 3), contiguous(3, 0), TENSORS["channels_last"]):
        record(42, "f32", layout, "orthogonal")


def integers(record):
    for name in ("uniform", "normal"):
        for dtype, n in itertools.product(("i64", "i32", "u8", "bool"), (0, 5)):
            record(42, dtype, contiguous(n), name)


def streams(record):
    for seed in (0, 1, 42, -5, 2**32 + 42):
        record(seed, "i64", contiguous(MOST_INLINE), "words")
        record(seed, "i64", contiguous(1300), "words")
        for n in (0, 1, 2, 10, 1000):
            record(seed, "i64", contiguous(n), "randperm")
    record(123, "i64", contiguous(100003), "randperm")


def big(record):
    for dtype in ALL:
        record(123, dtype, contiguous(BIG), "uniform", a=-0.03125, b=0.0625)
        record(123, dtype, contiguous(BIG), "normal", mean=0.0, std=0.02)
        record(123, dtype, of(meta(1003, 997).t()), "normal", mean=0.1, std=0.7)
        record("5 randn 1", dtype, of(meta(1003, 1201)[::2, 1::3]), "uniform", a=-1.0, b=2.0)
        record("5 randn 1", dtype, of(meta(1003, 1201)[::2, 1::3]), "normal")
        record(9, dtype, contiguous(1000000), "normal", mean=0.1, std=0.37)
    for dtype in REAL:
        record(123, dtype, contiguous(BIG), "trunc_normal")
        record(123, dtype, contiguous(100003), "trunc_normal", mean=0.0, std=0.02, a=-0.04, b=0.04)
        record(123, dtype, contiguous(100003), "trunc_normal", mean=0.1, std=0.7, a=0.3, b=0.9)
        record(123, dtype, of(meta(301, 203).t()), "trunc_normal")
        record(123, dtype, of(meta(301, 203)[::2, 1::3]), "trunc_normal", mean=0.1, std=0.7, a=0.3, b=0.9)
        record(0, dtype, contiguous(1009, 991), "xavier_uniform")
        record(0, dtype, contiguous(128, 64, 7, 7), "kaiming_normal", mode="fan_out", nonlinearity="relu")
    record(42, "f32", contiguous(2000000), "uniform", a=1.0, b=1.0000005)


def sequences(record):
    """Several calls on one generator: what each leaves, words and cached normal, the next one takes."""
    for first, second in itertools.product(ALL, ALL):
        record(42, first, contiguous(3), "normal")
        record("same", second, contiguous(BIG // 7 if first == second else 21), "normal", mean=0.1, std=0.37)
        record("same", first, contiguous(5), "uniform")
        record("same", second, contiguous(2, 2), "xavier_normal")
    record(-5, "f32", contiguous(3), "normal")
    record("same", "f64", contiguous(7), "trunc_normal")
    record("same", "f32", contiguous(3, 3), "normal")
    record("same", "f32", of(meta(17, 5).t()), "trunc_normal", a=-1.0, b=1.0)
    record("same", "i64", contiguous(20), "randperm")
    record("same", "f64", contiguous(1), "normal")
    record("same", "bf16", contiguous(3, 3), "orthogonal")
    record("same", "f16", contiguous(1), "normal")
    record("same", "f32", contiguous(2), "zeros")
    record("same", "f32", contiguous(700, 3), "kaiming_uniform", a=math.sqrt(5.0))
    record("same", "f32", contiguous(0), "normal")
    record("same", "c128", contiguous(2), "normal")


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    assert sys.byteorder == "little" and numpy.dtype("<u4") == numpy.uint32
    path = FOLDER / f"answers-{VERSION.rsplit('.', 1)[0]}.txt"
    with open(path, "w", encoding="utf-8") as out:
        out.write(HEAD)
        recorder = Recorder(out)
        for ask in (
            every_size, every_seed, every_layout, uniform_arguments, normal_arguments, trunc_normal_arguments, xavier,
            kaiming, constants, eye_and_dirac, sparse, orthogonal, integers, streams, big, sequences,
        ):  # fmt: skip
            before = recorder.n_cases
            ask(recorder.case)
            print(f"{ask.__name__}: {recorder.n_cases - before}")
    print(f"{path.name}: {recorder.n_cases} cases")


main()
