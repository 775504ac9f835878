"""Asks torch for attention, transformer layers and stacks, and for what containers take and refuse.

usage: make_attention_vectors.py [tests/nn/vectors]

attention.txt: KIND COPIES NORM SEED ARGUMENTS ok NAME:XXH3-128... state:XXH3-128
               KIND COPIES NORM SEED ARGUMENTS error TYPE MESSAGE
KIND is a class of torch.nn that is called with the keyword ARGUMENTS (JSON without blanks). COPIES
other than "-": the result is the layer of a TransformerEncoder or TransformerDecoder with so many
layers, and NORM (0 or 1) says whether it has a LayerNorm.
containers.txt: CASE ok NAME:SHAPE... | CASE error TYPE MESSAGE, for the cases of
tests/nn/test_containers.c.
SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import sys
import warnings
from collections import OrderedDict

import torch
from torch import nn

from case_file import error_line, shape_text, state_hash, tensor_hash


def describe(module):
    hashes = [f"{name}:{tensor_hash(tensor)}" for name, tensor in module.state_dict().items()]
    return " ".join(["ok", *hashes, f"state:{state_hash()}"])


def build(kind, copies, norm, arguments):
    arguments = dict(arguments)
    if "dtype" in arguments:
        arguments["dtype"] = getattr(torch, arguments["dtype"])
    module = getattr(nn, kind)(**arguments)
    if copies is None:
        return module
    stack = nn.TransformerEncoder if "Encoder" in kind else nn.TransformerDecoder
    end = nn.LayerNorm(arguments["d_model"]) if norm else None
    return stack(module, copies, end)


def line(kind, copies=None, norm=0, seed=0, **arguments):
    torch.manual_seed(seed)
    head = [kind, "-" if copies is None else str(copies), str(norm), str(seed),
            json.dumps(arguments, separators=(",", ":"))]
    try:
        text = describe(build(kind, copies, norm, arguments))
    except (ValueError, TypeError, RuntimeError, AssertionError) as error:
        text = error_line(error)
    return " ".join([*head, text])


def attention_lines():
    mha = "MultiheadAttention"
    for dtype in ("float32", "float64", "bfloat16", "float16"):
        for seed in (0, 42):
            yield line(mha, seed=seed, embed_dim=16, num_heads=4, dtype=dtype)
            yield line(mha, seed=seed, embed_dim=16, num_heads=4, add_bias_kv=True, kdim=10,
                       vdim=12, dtype=dtype)
            yield line(mha, seed=seed, embed_dim=12, num_heads=3, bias=False, kdim=12, dtype=dtype)
            yield line("TransformerEncoderLayer", seed=seed, d_model=16, nhead=4,
                       dim_feedforward=32, dtype=dtype)
            yield line("Transformer", seed=seed, d_model=16, nhead=4, num_encoder_layers=2,
                       num_decoder_layers=3, dim_feedforward=32, dtype=dtype)
    yield line(mha, embed_dim=5, num_heads=1, add_bias_kv=True)
    yield line(mha, embed_dim=4, num_heads=2, kdim=0, vdim=3)
    yield line(mha, embed_dim=4, num_heads=2, kdim=None, vdim=4)
    for layer in ("TransformerEncoderLayer", "TransformerDecoderLayer"):
        for bias in (True, False):
            for copies in (None, 3, 0, -1):
                yield line(layer, copies, norm=1, d_model=8, nhead=2, dim_feedforward=12, bias=bias,
                           activation="gelu")
        yield line(layer, 2, d_model=8, nhead=2, dim_feedforward=0)
    yield line("TransformerEncoderLayer", 3, d_model=16, nhead=4, dim_feedforward=32)
    yield line("Transformer", d_model=8, nhead=2, num_encoder_layers=1, num_decoder_layers=0,
               dim_feedforward=5, bias=False)
    yield line(mha, embed_dim=16, num_heads=3)
    yield line(mha, embed_dim=0, num_heads=3)
    yield line(mha, embed_dim=4, num_heads=-1)
    yield line(mha, embed_dim=4, num_heads=2, kdim=-1)
    yield line(mha, embed_dim=4, num_heads=2, dtype="int32")
    yield line("TransformerEncoderLayer", d_model=4, nhead=3)
    yield line("TransformerEncoderLayer", d_model=4, nhead=2, dim_feedforward=-3)
    yield line("TransformerEncoderLayer", d_model=4, nhead=2, dim_feedforward=3, dropout=2)
    yield line("TransformerDecoderLayer", d_model=4, nhead=2, dim_feedforward=3, dropout=-0.5)
    yield line("TransformerDecoderLayer", d_model=4, nhead=2, dim_feedforward=3, activation="x")
    yield line("Transformer", d_model=6, nhead=4)


def linear(n_in=2, n_out=3):
    return nn.Linear(n_in, n_out)


CASES = {
    "sequential": lambda: nn.Sequential(linear(), nn.ReLU(), linear(3, 4)),
    "sequential_none": lambda: nn.Sequential(linear(), None, linear(3, 4)),
    "sequential_names": lambda: nn.Sequential(OrderedDict(stem=linear(), no=None, keys=linear())),
    "sequential_int": lambda: nn.Sequential(linear(), 3),
    "sequential_dict": lambda: nn.Sequential({"a": linear()}),
    "sequential_tensor": lambda: nn.Sequential(torch.ones(2)),
    "sequential_dot": lambda: nn.Sequential(OrderedDict({"a.b": linear()})),
    "sequential_empty_name": lambda: nn.Sequential(OrderedDict({"": linear()})),
    "sequential_type": lambda: nn.Sequential(OrderedDict({"type": linear()})),
    "sequential_append": lambda: nn.Sequential(OrderedDict({"append": linear()})),
    "sequential_end": lambda: nn.Sequential(OrderedDict({"end": linear()})),
    "module_list": lambda: nn.ModuleList([linear(), None, linear(3, 4)]),
    "module_list_of_sequential": lambda: nn.ModuleList(nn.Sequential(linear(), linear(3, 4))),
    "module_list_int": lambda: nn.ModuleList(3),
    "module_list_linear": lambda: nn.ModuleList(linear()),
    "module_list_text": lambda: nn.ModuleList("ab"),
    "module_list_no_text": lambda: nn.ModuleList(""),
    "module_list_dict": lambda: nn.ModuleList({"a": linear()}),
    "module_dict": lambda: nn.ModuleDict({"b": linear(), "a": linear(3, 4)}),
    "module_dict_pairs": lambda: nn.ModuleDict([["b", linear()], ["a", linear(3, 4)]]),
    "module_dict_int_key": lambda: nn.ModuleDict([[1, linear()]]),
    "module_dict_short_pair": lambda: nn.ModuleDict([["a"]]),
    "module_dict_no_pair": lambda: nn.ModuleDict([3]),
    "module_dict_int": lambda: nn.ModuleDict(3),
    "module_dict_int_value": lambda: nn.ModuleDict({"a": 3}),
    "module_dict_keys": lambda: nn.ModuleDict({"keys": linear()}),
    "parameter_list": lambda: nn.ParameterList([torch.ones(2), 3, linear(), None, torch.ones(3)]),
    "parameter_list_int64": lambda: nn.ParameterList([torch.ones(2, dtype=torch.int64)]),
    "parameter_list_int": lambda: nn.ParameterList(5),
    "parameter_dict": lambda: nn.ParameterDict({"b": torch.ones(2), "a": torch.ones(1), "c": 4}),
    "parameter_dict_ordered": lambda: nn.ParameterDict(OrderedDict(b=torch.ones(2),
                                                                   a=torch.ones(1))),
    "parameter_dict_pairs": lambda: nn.ParameterDict([["z", torch.ones(1)], ["a", torch.ones(2)]]),
    "parameter_dict_keys": lambda: nn.ParameterDict({"keys": torch.ones(2)}),
    "parameter_dict_dot": lambda: nn.ParameterDict({"a.b": torch.ones(2)}),
    "parameter_dict_int": lambda: nn.ParameterDict(7),
    "parameter_dict_int_key": lambda: nn.ParameterDict([[1, 2]]),
    "data_parallel": lambda: nn.DataParallel(linear()),
    "data_parallel_none": lambda: nn.DataParallel(None),
    "encoder_of_linear": lambda: nn.TransformerEncoder(linear(), 2, nn.LayerNorm(3)),
    "encoder_of_int": lambda: nn.TransformerEncoder(3, 2),
    "encoder_of_none": lambda: nn.TransformerEncoder(None, 2),
    "encoder_float_copies": lambda: nn.TransformerEncoder(linear(), 2.0),
    "encoder_int_norm": lambda: nn.TransformerEncoder(linear(), 1, 5),
    "layer_prelu": lambda: nn.TransformerEncoderLayer(4, 2, 3, activation=nn.PReLU()),
    "transformer_prelu": lambda: nn.Transformer(4, 2, 1, 1, 3, activation=nn.PReLU()),
    "transformer_custom": lambda: nn.Transformer(4, 2, custom_encoder=linear(), custom_decoder=3),
}


def container_lines():
    for name, make in CASES.items():
        try:
            state = make().state_dict()
            yield " ".join([name, "ok", *(f"{key}:{shape_text(value)}"
                                          for key, value in state.items())])
        except (ValueError, TypeError, RuntimeError, KeyError) as error:
            message = error.args[0] if isinstance(error, KeyError) else str(error)
            yield f"{name} error {type(error).__name__} {message}"


def main():
    warnings.simplefilter("ignore")
    root = pathlib.Path(__file__).resolve().parent.parent
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else root / "tests/nn/vectors")
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in (("attention.txt", attention_lines), ("containers.txt", container_lines)):
        with open(folder / name, "w", encoding="utf-8") as file:
            print(f"# tools/make_attention_vectors.py: torch {torch.__version__}", file=file)
            for text in lines():
                print(text, file=file)


if __name__ == "__main__":
    main()
