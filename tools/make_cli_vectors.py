"""Writes tests/cli/expected/fill.txt: digests of the files that `sow fill` must write, from the real PyTorch.

Run as:  .venv-oracle/bin/python tools/make_cli_vectors.py
SPDX-License-Identifier: Apache-2.0

SHA256 INITIALIZER SHAPE [OPTION VALUE]...     as on the command line of `sow fill`
"""

import hashlib
import pathlib
import platform

import safetensors
import safetensors.torch
import torch

FILE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "cli" / "expected" / "fill.txt"

DTYPES = {"f32": "float32", "f64": "float64", "f16": "float16", "bf16": "bfloat16", "c64": "complex64", "c128": "complex128"}

ARGUMENTS = {
    "constant": [("val", 0.25)],
    "dirac": [("groups", 2)],
    "kaiming_uniform": [("a", 0.2), ("mode", "fan_out"), ("nonlinearity", "leaky_relu")],
    "kaiming_normal": [("nonlinearity", "relu")],
    "normal": [("mean", 1.5), ("std", 0.02)],
    "sparse": [("sparsity", 0.3), ("std", 0.02)],
    "trunc_normal": [("std", 0.5), ("a", -1), ("b", 0.75)],
    "uniform": [("a", -2), ("b", 3)],
    "xavier_normal": [("gain", 1.7)],
    "xavier_uniform": [("gain", 0.1)],
}


def cases():
    for dtype in DTYPES:
        for initializer in ("uniform", "normal", "kaiming_uniform", "xavier_normal", "trunc_normal"):
            if not (DTYPES[dtype].startswith("complex") and initializer in ("uniform", "kaiming_uniform", "trunc_normal")):
                yield initializer, (64, 3, 7, 7), dtype, 42, []
    for initializer, arguments in sorted(ARGUMENTS.items()):
        yield initializer, (6, 4, 3) if initializer == "dirac" else (30, 20), "f32", 7, arguments
    for initializer in ("ones", "zeros", "eye"):
        yield initializer, (5, 8), "bf16", 0, []
    for shape in ((), (0,), (1,), (15,), (16,), (17,), (3, 0, 2), (1, 1, 1, 1, 1, 1, 70)):
        yield "normal", shape, "f32", 3, []
    for seed in (0, 1, 2**32, 2**64 - 1, -1, -(2**63)):
        yield "uniform", (10,), "f64", seed, []
    yield "normal", (1000, 1001), "f32", 5, []
    yield "sparse", (7, 9), "c64", 5, [("sparsity", 0.5)]


def digest(initializer, shape, dtype, seed, arguments):
    torch.manual_seed(seed)
    tensor = torch.empty(shape, dtype=getattr(torch, DTYPES[dtype]))
    getattr(torch.nn.init, initializer + "_")(tensor, **dict(arguments))
    if dtype == "c128":
        tensor = torch.view_as_real(tensor).contiguous()
    return hashlib.sha256(safetensors.torch.save({"weight": tensor})).hexdigest()


def main():
    head = f"torch {torch.__version__}, safetensors {safetensors.__version__}, Python {platform.python_version()}"
    lines = [f"# Written by tools/make_cli_vectors.py: {head}"]
    for initializer, shape, dtype, seed, arguments in cases():
        words = [initializer, ",".join(map(str, shape)) or "scalar", "--dtype", dtype, "--seed", str(seed)]
        for key, value in arguments:
            words += ["--arg", f"{key}={value}"]
        lines.append(" ".join([digest(initializer, shape, dtype, seed, arguments), *words]))
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
