"""Writes tests/plan/vectors/statistics.txt and statistics.safetensors: tensors made by the real PyTorch, their figures
and histograms, computed in float64 with numpy.

Run as:  .venv-oracle/bin/python tools/make_statistics_vectors.py
SPDX-License-Identifier: Apache-2.0

fill INITIALIZER DTYPE SHAPE SEED [KEY=VALUE]...   torch.manual_seed(SEED), then torch.nn.init.INITIALIZER_
file NAME                                          a tensor of statistics.safetensors
and below each of them
figures N ZERO NAN INF MIN MAX MEAN STD            doubles as hexadecimal; nan where there is none
range FROM TO BINS                                 of the histogram
counts BELOW ABOVE COUNT...
"""

import math
import pathlib
import platform

import numpy
import safetensors
import torch
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "plan" / "vectors"
DTYPES = {"f32": torch.float32, "f64": torch.float64, "f16": torch.float16, "bf16": torch.bfloat16}
ROUNDING = {"f32": 2.0**-24, "f64": 2.0**-53, "f16": 2.0**-11, "bf16": 2.0**-8}
INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool)
LOOK_BYTES = 65536

FILLS = [
    ("normal", "f32", (300, 1000), 7, {"mean": 0.0, "std": 0.02}),
    ("normal", "f32", (1100, 1000), 8, {"mean": 3.5, "std": 0.25}),
    ("normal", "bf16", (700, 900), 1, {"mean": 0.0, "std": 0.02}),
    ("normal", "f64", (333, 444), 2, {"mean": -1.0, "std": 2.0}),
    ("uniform", "f32", (64, 70, 70), 3, {"a": -0.3, "b": 0.1}),
    ("uniform", "bf16", (257, 129), 4, {"a": -0.1, "b": 0.1}),
    ("xavier_uniform", "f32", (640, 481), 5, {"gain": 1.0}),
    ("kaiming_normal", "f16", (64, 32, 3, 3), 6, {"a": 0, "mode": "fan_out", "nonlinearity": "relu"}),
    ("trunc_normal", "f32", (200, 201), 9, {"mean": 0.0, "std": 1.0, "a": -2.0, "b": 2.0}),
    ("trunc_normal", "f32", (200, 201), 9, {"mean": 0.0, "std": 0.02, "a": -2.0, "b": 2.0}),
    ("constant", "f32", (12, 13), 0, {"val": -2.5}),
    ("zeros", "f16", (5,), 0, {}),
    ("eye", "f32", (30, 40), 0, {}),
    ("dirac", "f32", (16, 16, 3), 0, {"groups": 1}),
    ("sparse", "f32", (100, 50), 11, {"sparsity": 0.25, "std": 0.01}),
]


def bounds(name, args, shape, dtype):
    """The bounds of the values, as far out as rounding brings them, or four standard deviations."""

    def out(low, high):
        return low - ROUNDING[dtype] * abs(low), high + ROUNDING[dtype] * abs(high)

    if name == "uniform":
        return out(args["a"], args["b"])
    if name == "xavier_uniform":
        a = math.sqrt(3.0) * args["gain"] * math.sqrt(2.0 / (shape[0] + shape[1]))
        return out(-a, a)
    if name in ("eye", "dirac"):
        return out(0.0, 1.0)
    mean, std = args.get("mean", 0.0), args.get("std")
    if name == "kaiming_normal":
        std = math.sqrt(2.0) / math.sqrt(shape[0] * math.prod(shape[2:]))
    if name == "sparse":
        std *= math.sqrt((shape[0] - math.ceil(args["sparsity"] * shape[0])) / shape[0])
    if name == "trunc_normal":
        alpha, beta = (args["a"] - mean) / std, (args["b"] - mean) / std
        phi = [math.exp(-z * z / 2) / math.sqrt(2 * math.pi) for z in (alpha, beta)]
        whole = (math.erfc(-beta / math.sqrt(2)) - math.erfc(-alpha / math.sqrt(2))) / 2
        first = (phi[0] - phi[1]) / whole
        deviation = std * math.sqrt(1 + (alpha * phi[0] - beta * phi[1]) / whole - first * first)
        middle = mean + std * first
        low, high = out(args["a"], args["b"])
        return max(low, middle - 4 * deviation), min(high, middle + 4 * deviation)
    return mean - 4 * std, mean + 4 * std


def around(value):
    half = abs(value) if abs(value) >= 1e-300 else 1.0
    return value - half, value + half, 41


def looked(tensor):
    """The range from the finite ones among the first 64 KiB."""
    x = doubles(tensor.reshape(-1)[: LOOK_BYTES // tensor.element_size()])
    x = x[numpy.isfinite(x)]
    if len(x) == 0:
        return around(0.0)
    deviation = x.std(ddof=1) if len(x) > 1 else 0.0
    low = max(x.min(), x.mean() - 4 * deviation)
    high = min(x.max(), x.mean() + 4 * deviation)
    if tensor.dtype in INTEGERS:
        low, high = math.floor(low), math.ceil(high)
        width = math.ceil((high - low + 1) / 40)
        n_bins = math.ceil((high - low + 1) / width)
        return low - 0.5, low - 0.5 + n_bins * width, n_bins
    return (low, high, 40) if high - low >= 1e-300 else around(low)


def doubles(tensor):
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor)
    return tensor.to(torch.float64).reshape(-1).numpy()


def text(value):
    return "nan" if math.isnan(value) else float(value).hex() if math.isfinite(value) else str(float(value))


def lines(tensor, span):
    x = doubles(tensor)
    numbers, finite = x[~numpy.isnan(x)], x[numpy.isfinite(x)]
    mean = math.fsum(finite) / len(finite) if len(finite) else math.nan
    with numpy.errstate(over="ignore"):
        squares = (finite - mean) ** 2
    variance = math.fsum(squares) / (len(finite) - 1) if len(finite) > 1 else math.nan
    counts = [len(x), (x == 0).sum(), numpy.isnan(x).sum(), numpy.isinf(x).sum()]
    low, high = (numbers.min(), numbers.max()) if len(numbers) else (math.nan, math.nan)
    yield " ".join(["figures", *map(str, counts), *map(text, (low, high, mean, math.sqrt(variance)))])
    start, end, n_bins = span
    inside = finite[(finite >= start) & (finite <= end)]
    places = numpy.minimum(numpy.floor((inside - start) * (n_bins / (end - start))), n_bins - 1).astype(int)
    yield f"range {text(start)} {text(end)} {n_bins}"
    outside = [(finite < start).sum(), (finite > end).sum()]
    yield " ".join(["counts", *map(str, outside), *map(str, numpy.bincount(places, minlength=n_bins))])


def fills():
    for name, dtype, shape, seed, args in FILLS:
        torch.manual_seed(seed)
        tensor = getattr(torch.nn.init, name + "_")(torch.empty(shape, dtype=DTYPES[dtype]), **args)
        if name in ("constant", "zeros"):
            span = around(args.get("val", 0.0))
        else:
            span = *bounds(name, args, shape, dtype), 40
        words = [f"{key}={value}" for key, value in args.items()]
        yield " ".join(["fill", name, dtype, ",".join(map(str, shape)), str(seed), *words])
        yield from lines(tensor, span)


def tensors():
    torch.manual_seed(0)
    base = torch.randn(120, 200) * 0.05
    odd = base.clone()
    odd.view(-1)[[3, 77, 20000]] = torch.tensor([float("nan"), float("inf"), float("-inf")])
    heavy = base.clone()
    heavy.view(-1)[20000:] *= 40
    return {
        "f32": base,
        "odd": odd,
        "heavy": heavy,
        "all_nan": torch.full((4, 3), float("nan")),
        "all_zero": torch.zeros(7, 9),
        "one": torch.tensor([2.5]),
        "scalar": torch.tensor(-1e-30),
        "empty": torch.empty(0, 4),
        "f64": torch.randn(50, 40, dtype=torch.float64) * 1e-100,
        "wide": torch.tensor([-1e308, 0.0, 1e308, 3.0], dtype=torch.float64),
        "f16": base.to(torch.float16),
        "bf16": base.to(torch.bfloat16),
        "i64": torch.randint(-1000000, 1000000, (500,)),
        "i32": torch.arange(100, dtype=torch.int32),
        "i16": torch.randint(-5, 6, (300,), dtype=torch.int16),
        "i8": torch.randint(-128, 128, (300,), dtype=torch.int8),
        "u8": torch.randint(0, 256, (900,), dtype=torch.uint8),
        "bool": torch.rand(1000) < 0.3,
        "f8_e4m3": base.to(torch.float8_e4m3fn),
        "f8_e5m2": base.to(torch.float8_e5m2),
        "c64": torch.view_as_complex(base.clone().reshape(-1, 2)[:3000].clone()),
    }


def main():
    FOLDER.mkdir(exist_ok=True)
    made = tensors()
    save_file(made, FOLDER / "statistics.safetensors")
    out = [f"# Made by tools/make_statistics_vectors.py with Python {platform.python_version()}, torch {torch.__version__}, "
           f"numpy {numpy.__version__}, safetensors {safetensors.__version__}."]
    out += fills()
    for name in sorted(made):
        out.append(f"file {name}")
        if made[name].numel() > 0:
            span = looked(made[name]) if name != "wide" else (-max_quarter(), max_quarter(), 40)
            out += lines(made[name], span)
    (FOLDER / "statistics.txt").write_text("\n".join(out) + "\n")


def max_quarter():
    return numpy.finfo(numpy.float64).max / 4


main()
