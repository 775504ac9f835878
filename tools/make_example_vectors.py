"""Writes what the programs of examples/ write, with PyTorch, and keeps its digest for tests/examples.

SPDX-License-Identifier: Apache-2.0

Run: .venv-oracle/bin/python tools/make_example_vectors.py
"""

import hashlib
import pathlib

import safetensors
import safetensors.torch
import torch
from torch.nn import init

HERE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "examples" / "vectors"


def tensor_set():
    g = torch.Generator().manual_seed(42)
    tensors = {
        "embed.weight": torch.empty(32000, 512, dtype=torch.bfloat16),
        "mlp.up.weight": torch.empty(2048, 512, dtype=torch.bfloat16),
        "mlp.down.weight": torch.empty(512, 2048, dtype=torch.bfloat16),
        "norm.weight": torch.empty(512, dtype=torch.bfloat16),
    }
    init.normal_(tensors["embed.weight"], 0.0, 0.02, generator=g)
    init.kaiming_normal_(tensors["mlp.up.weight"], 0.0, "fan_in", "relu", generator=g)
    init.trunc_normal_(tensors["mlp.down.weight"], 0.0, 0.02, -0.04, 0.04, generator=g)
    init.ones_(tensors["norm.weight"])
    return safetensors.torch.save(tensors)


digest = hashlib.sha256(tensor_set()).hexdigest()
(HERE / "tensor_set.txt").write_text(
    f"# torch {torch.__version__}, safetensors {safetensors.__version__}; sha256 of the file\n{digest}\n")
