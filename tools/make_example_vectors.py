"""Writes what the programs and configs of examples/ give, with PyTorch and transformers, and keeps the
digests for tests/examples.

SPDX-License-Identifier: Apache-2.0

Run: .venv-oracle/bin/python tools/make_example_vectors.py
"""

import collections
import hashlib
import pathlib
import tempfile

import safetensors
import safetensors.torch
import torch
import transformers
from torch.nn import init

ROOT = pathlib.Path(__file__).resolve().parent.parent
HERE = ROOT / "tests" / "examples" / "vectors"
PACKAGES = (f"torch {torch.__version__}, transformers {transformers.__version__}, "
            f"safetensors {safetensors.__version__}")


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


def gpt2():
    """The checkpoint of examples/gpt2, which is what GPT2Config() saves, with seed 42."""
    config = transformers.GPT2Config(architectures=["GPT2LMHeadModel"])
    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)
        saved = pathlib.Path(folder, "config.json").read_text()
        assert saved == (ROOT / "examples" / "gpt2" / "config.json").read_text(), saved
        torch.manual_seed(42)
        model = transformers.AutoModelForCausalLM.from_config(config)
        model.save_pretrained(folder)
        return pathlib.Path(folder, "model.safetensors").read_bytes()


class MyModule(torch.nn.Module):
    """examples/my_module.c in PyTorch."""

    def __init__(self, a, b):
        super().__init__()
        self.param1 = torch.nn.Parameter(torch.empty(a, b))
        self.param2 = torch.nn.Parameter(torch.empty(b))
        init.kaiming_uniform_(self.param1, a=5**0.5)
        init.uniform_(self.param2, -0.1, 0.1)
        self.fc = torch.nn.Linear(a, b)
        self.mlp = torch.nn.Sequential(torch.nn.Linear(b, 2 * b), torch.nn.Linear(2 * b, b))
        self.register_buffer("some_buffer", torch.ones(b))


def my_module():
    torch.manual_seed(42)
    return safetensors.torch.save(MyModule(10, 5).state_dict())


def three_layers():
    return torch.nn.Sequential(collections.OrderedDict(
        encoder=torch.nn.Linear(64, 128), act=torch.nn.ReLU(), head=torch.nn.Linear(128, 10)))


def guarded_load():
    """What examples/guarded_load.c makes of guarded_load.safetensors, which is written here too."""
    torch.manual_seed(7)
    state = three_layers().state_dict()
    partial = {name: state[name] for name in ("encoder.weight", "encoder.bias", "head.bias")}
    safetensors.torch.save_file(partial, HERE / "guarded_load.safetensors")
    torch.manual_seed(42)
    torch.nn.init.kaiming_uniform_(state["head.weight"], a=5**0.5)
    return safetensors.torch.save(state)


for example in tensor_set, gpt2, my_module, guarded_load:
    digest = hashlib.sha256(example()).hexdigest()
    (HERE / f"{example.__name__}.txt").write_text(f"# {PACKAGES}; sha256 of the file\n{digest}\n")
