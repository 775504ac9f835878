"""Writes tests/tensor/vectors/stats.txt: values and figures of tensors as the real PyTorch has them.

Run as:  .venv-oracle/bin/python tools/make_stats_vectors.py
SPDX-License-Identifier: Apache-2.0

values DTYPE ELEMENTS VALUES                 the bytes in hex; the same as float64, 16 digits each
figures DTYPE ELEMENTS N NAN INF ZERO MIN MAX MEAN STD
                                             numbers; the doubles in hex; MEAN and STD of the finite ones, in float64
squares N MEAN STD                           of the int32 values i * i % 1009 for i from 0 to N - 1
"""

import pathlib
import platform

import torch

FILE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "tensor" / "vectors" / "stats.txt"

FLOATS = {"f32": torch.float32, "f64": torch.float64, "f16": torch.float16, "bf16": torch.bfloat16}
EIGHT = {"f8_e5m2": torch.float8_e5m2, "f8_e4m3": torch.float8_e4m3fn, "f8_e8m0": torch.float8_e8m0fnu,
         "f8_e4m3fnuz": torch.float8_e4m3fnuz, "f8_e5m2fnuz": torch.float8_e5m2fnuz}
INTEGERS = {"i64": torch.int64, "i32": torch.int32, "i16": torch.int16, "i8": torch.int8,
            "u64": torch.uint64, "u32": torch.uint32, "u16": torch.uint16, "u8": torch.uint8}
COMPLEX = {"c64": torch.complex64, "c128": torch.complex128}


def raw(tensor):
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def double(number):
    return raw(torch.tensor([number], dtype=torch.float64))[::-1].hex()


def as_doubles(tensor):
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor)
    return tensor.to(torch.float64).reshape(-1)


def values(name, tensor):
    return f"values {name} {raw(tensor).hex()} {''.join(map(double, as_doubles(tensor).tolist()))}"


def figures(name, tensor):
    x = as_doubles(tensor)
    numbers, finite = x[~x.isnan()], x[x.isfinite()]
    low, high = (numbers.min().item(), numbers.max().item()) if len(numbers) else (float("inf"), float("-inf"))
    mean = finite.mean().item() if len(finite) else 0.0
    counts = [len(x), x.isnan().sum().item(), x.isinf().sum().item(), (x == 0).sum().item()]
    return " ".join(["figures", name, raw(tensor).hex(), *map(str, counts), *map(double, (low, high, mean, finite.std().item()))])


def tensors():
    torch.manual_seed(0)
    for name, dtype in FLOATS.items():
        limit = torch.finfo(dtype)
        edge = [0.0, -0.0, 1.0, -1.5, 3.25, limit.tiny, limit.smallest_normal / 2, float("inf"), float("-inf"), float("nan")]
        yield name, torch.tensor(edge, dtype=torch.float64).to(dtype)
        yield name, torch.tensor([limit.max / 4], dtype=torch.float64).to(dtype).repeat(2)
        yield name, torch.randn(41, dtype=torch.float64).to(dtype)
    for name, dtype in EIGHT.items():
        yield name, torch.arange(256, dtype=torch.uint8).view(dtype)
    for name, dtype in INTEGERS.items():
        limit = torch.iinfo(dtype)
        yield name, torch.tensor([0, 1, 2, 77, limit.max, limit.min, limit.max - 1], dtype=dtype)
    yield "bool", torch.tensor([True, False, False, True, True])
    for name, dtype in COMPLEX.items():
        yield name, torch.tensor([1 + 2j, 0.5 - 3j, 0j, complex("nan+1j"), complex("inf-4j")], dtype=dtype)


def squares(n):
    x = (torch.arange(n) ** 2 % 1009).to(torch.float64)
    return f"squares {n} {double(x.mean().item())} {double(x.std().item())}"


def main():
    lines = [f"# Written by tools/make_stats_vectors.py: torch {torch.__version__}, Python {platform.python_version()}"]
    for name, tensor in tensors():
        lines.append(values(name, tensor))
        lines.append(figures(name, tensor))
    lines += map(squares, (2, 16, 1023, 1024, 1025, 5000, 100000))
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
