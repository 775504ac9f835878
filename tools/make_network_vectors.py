"""Builds descriptions with hydra and torch and keeps what tests/models and tests/cli compare with.

usage: make_network_vectors.py

tests/examples/vectors/networks.txt       NAME SHA-256 of the file that examples/networks/NAME.json gives
tests/models/vectors/descriptions.txt     trees, with rules and checkpoints (format: case_file.py)
tests/models/vectors/description_errors.txt   PATH, TYPE and words of the failure, description
SPDX-License-Identifier: Apache-2.0
"""
import fnmatch
import hashlib
import json
import logging
import pathlib
import re
import warnings

import hydra.utils
import safetensors
import safetensors.torch
import torch
from transformers import initialization

from case_file import CaseFile, DTYPES, shape_text, state_hash, tensor_hash

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGES = (f"torch {torch.__version__}, hydra-core {hydra.__version__}, "
            f"safetensors {safetensors.__version__}")
FLOAT8 = {"f8_e4m3": "float8_e4m3fn", "f8_e5m2": "float8_e5m2", "f8_e8m0": "float8_e8m0fnu",
          "f8_e4m3fnuz": "float8_e4m3fnuz", "f8_e5m2fnuz": "float8_e5m2fnuz"}
NAMES = DTYPES | {getattr(torch, name): short for short, name in FLOAT8.items()}
NAMES |= {torch.int64: "i64", torch.int32: "i32", torch.int16: "i16", torch.int8: "i8", torch.bool: "bool",
          torch.uint64: "u64", torch.uint32: "u32", torch.uint16: "u16", torch.uint8: "u8"}


# ---- what sow does, in Python ----

def patterns(value):
    return value if isinstance(value, list) else [value] if value is not None else []


def matches(name, value):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns(value))


def apply_rules(module, rules):
    for rule in rules:
        name, arguments = next(item for item in rule.items() if item[0] not in ("match", "exclude"))
        arguments = {key: float(value) if key in ("a", "b", "gain", "val") else value
                     for key, value in arguments.items()}
        for path, parameter in module.named_parameters():
            if matches(path, rule["match"]) and not matches(path, rule.get("exclude")):
                getattr(torch.nn.init, name + "_")(parameter, **arguments)


def split(config):
    """The description without its rules, and the rules."""
    rules = config.get("init")
    if isinstance(rules, list) and all("match" in rule for rule in rules):
        return {key: value for key, value in config.items() if key != "init"}, rules
    return config, []


def build(config):
    tree, rules = split(config)
    module = hydra.utils.instantiate(tree)
    apply_rules(module, rules)
    return module


def lacks(tensors):
    return any(not getattr(tensor, "_is_hf_initialized", False) for tensor in tensors)


def own(module):
    return [tensor for tensor in (*module._parameters.values(), *module._buffers.values())
            if tensor is not None]


def reset(module):
    if hasattr(module, "reset_parameters"):
        if lacks(own(module)):
            module.reset_parameters()
    elif isinstance(module, (torch.nn.MultiheadAttention, torch.nn.Transformer)):
        if lacks((*module.parameters(), *module.buffers())):
            module._reset_parameters()


def build_over(config, found, seed):
    """The order of docs/descriptions.md over a checkpoint that has the names in found."""
    tree, rules = split(config)
    module = hydra.utils.instantiate(tree)
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        tensor._is_hf_initialized = name in found
    torch.manual_seed(seed)
    with initialization.guard_torch_init_functions():
        module.apply(reset)
        apply_rules(module, rules)
    return module


# ---- trees ----

def n(target, *args, **keywords):
    node = {"_target_": target if "." in target else "torch.nn." + target}
    if args:
        node["_args_"] = list(args)
    return node | keywords


def named(**items):
    return n("Sequential", n("collections.OrderedDict", **items))


def get(path):
    return n("hydra.utils.get_object", path=path)


def linear(n_in=3, n_out=4, **more):
    return n("Linear", n_in, n_out, **more)


def encoder_layer(**more):
    return n("TransformerEncoderLayer", d_model=8, nhead=2, dim_feedforward=12, **more)


F64, BF16, F16, I64 = (get("torch." + name) for name in ("float64", "bfloat16", "float16", "int64"))


def single_trees():
    """Every way to name and call one class."""
    yield "linear", linear()
    yield "linear by keyword", n("Linear", in_features=3, out_features=4)
    yield "linear keywords turned", n("Linear", out_features=4, in_features=3, bias=False)
    yield "linear mixed", {"_target_": "torch.nn.Linear", "out_features": 4, "_args_": [3]}
    yield "linear alias file", n("torch.nn.modules.linear.Linear", 3, 4)
    yield "linear alias package", n("torch.nn.modules.Linear", 3, 4)
    yield "linear not exported", n("torch.nn.modules.linear.NonDynamicallyQuantizableLinear", 3, 4)
    yield "linear bias null", linear(bias=None)
    yield "linear bias 0", linear(bias=0)
    yield "linear bias text", linear(bias="no")
    yield "linear true size", n("Linear", True, 3)
    yield "linear no inputs", linear(0, 4)
    yield "linear no outputs", linear(4, 0)
    yield "linear cpu", linear(device="cpu")
    yield "linear cpu positional", n("Linear", 3, 4, True, "cpu")
    yield "linear cpu object", linear(device=n("torch.device", "cpu"))
    yield "linear device null", linear(device=None, dtype=None)
    for name in ("float32", "float64", "float16", "bfloat16", "complex64", "half", "double"):
        yield f"linear {name}", linear(17, 5, dtype=get("torch." + name))
    yield "linear get_class target", linear(dtype=n("hydra.utils.get_object", "torch.float64"))
    yield "linear convert", linear(_convert_="all")
    yield "linear recursive", linear(_recursive_=True)
    yield "conv", n("Conv2d", 3, 8, 5)
    yield "conv list", n("Conv2d", 4, 8, kernel_size=[3, 5], stride=[2, 1], groups=2, bias=False)
    yield "conv list converted", n("Conv2d", 4, 8, kernel_size=[3, 5], _convert_="all")
    yield "conv padding", n("Conv1d", 4, 8, 3, padding="same", padding_mode="circular")
    yield "conv transpose", n("ConvTranspose2d", 6, 4, [3, 5], groups=2, dtype=F64)
    yield "bilinear", n("Bilinear", 7, 5, 3)
    yield "batch norm", n("BatchNorm2d", 5)
    yield "batch norm no bias", n("BatchNorm2d", 5, bias=False)
    yield "batch norm bare", n("BatchNorm1d", 5, affine=False, dtype=F64)
    yield "group norm", n("GroupNorm", 2, 6)
    yield "layer norm", n("LayerNorm", [3, 4])
    yield "layer norm int", n("LayerNorm", 7, dtype=BF16)
    yield "rms norm", n("RMSNorm", [4])
    yield "embedding", n("Embedding", 11, 6, padding_idx=3)
    yield "embedding bag", n("EmbeddingBag", 11, 6, mode="sum")
    yield "lstm", n("LSTM", 5, 6, 2, bidirectional=True, proj_size=3)
    yield "gru f64", n("GRU", input_size=5, hidden_size=6, num_layers=2, dtype=F64)
    yield "rnn", n("RNN", 4, 5, nonlinearity="relu", batch_first=True)
    yield "lstm cell", n("LSTMCell", 4, 5)
    yield "attention", n("MultiheadAttention", 8, 2)
    yield "attention kv", n("MultiheadAttention", 8, 2, add_bias_kv=True, kdim=5, vdim=6)
    yield "prelu", n("PReLU", 3, init=0.1)
    yield "prelu init integer", n("PReLU", init=1)
    yield "softmax loss", n("AdaptiveLogSoftmaxWithLoss", 16, 20, [5, 12], head_bias=True)
    yield "linear cross entropy", n("LinearCrossEntropyLoss", 5, 7, bias=True)
    yield "empty module", n("Module")


def containers():
    yield "sequential", n("Sequential", linear(), n("ReLU"), linear(4, 2))
    yield "sequential empty", n("Sequential")
    yield "sequential null", n("Sequential", linear(), None, linear(4, 2))
    yield "sequential names", named(stem=linear(), act=n("Tanh"), head=linear(4, 2))
    yield "sequential pairs", n("Sequential", n("collections.OrderedDict",
                                                [["b", linear()], ["a", linear(4, 2)]]))
    yield "sequential pairs and names", n("Sequential", n(
        "collections.OrderedDict", [["b", linear()], ["a", linear(4, 2)], ["b", linear(1, 1)]],
        c=linear(2, 2)))
    yield "nested", n("Sequential", named(a=n("Sequential", linear(), n("ModuleList", [linear(4, 2)]))),
                      n("ModuleDict", {"z": linear(2, 3), "b": n("BatchNorm1d", 2)}))
    yield "module list", n("ModuleList", [linear(), linear(2, 2)])
    yield "module list keyword", n("ModuleList", modules=[linear(), linear(2, 2)])
    yield "module dict order", n("ModuleDict", {"z": linear(), "a": linear(2, 2), "m": n("ReLU")})
    yield "module dict keyword", n("ModuleDict", modules={"z": linear(), "a": linear(2, 2)})
    yield "module dict ordered", n("ModuleDict", n("collections.OrderedDict", z=linear(), a=linear()))
    yield "module dict converted", n("ModuleDict", {"z": linear(), "a": linear(2, 2)}, _convert_="all")
    yield "data parallel", n("DataParallel", linear())
    yield "triplet", n("TripletMarginWithDistanceLoss", distance_function=linear(2, 3))
    yield "triplet callable", n("Sequential", linear(), n(
        "TripletMarginWithDistanceLoss", distance_function=get("torch.nn.functional.pairwise_distance")))
    yield "deep", deep(40)


def deep(levels):
    tree = linear(2, 2)
    for _ in range(levels):
        tree = n("Sequential", tree)
    return tree


def key_orders():
    """Arguments that draw: the file decides who draws first."""
    norm, layer = n("GroupNorm", 2, 8), encoder_layer()
    drawing = n("PReLU", 8)
    yield "encoder layer first", n("TransformerEncoder", encoder_layer=layer, num_layers=2, norm=norm)
    yield "encoder norm first", n("TransformerEncoder", norm=linear(2, 5), num_layers=2,
                                  encoder_layer=layer)
    yield "encoder norm last", n("TransformerEncoder", encoder_layer=layer, num_layers=2,
                                 norm=linear(2, 5))
    yield "args before keyword", {"_target_": "torch.nn.TransformerEncoder", "_args_": [layer, 1],
                                  "norm": linear(2, 5)}
    yield "args after keyword", {"_target_": "torch.nn.TransformerEncoder", "norm": linear(2, 5),
                                 "_args_": [layer, 1]}
    yield "target last", {"_args_": [{"out_features": 2, "in_features": 3, "_target_": "torch.nn.Linear"}],
                          "_target_": "torch.nn.Sequential"}
    yield "transformer custom", n("Transformer", 8, 2, custom_decoder=linear(2, 3),
                                  custom_encoder=linear(3, 2), dim_feedforward=12)
    yield "transformer custom turned", n("Transformer", 8, 2, custom_encoder=linear(3, 2),
                                         custom_decoder=linear(2, 3), dim_feedforward=12)
    yield "layer activation", n("Sequential", encoder_layer(activation=drawing), linear(2, 2))
    yield "layer gelu", encoder_layer(activation="gelu", norm_first=True, bias=False)
    yield "layer callable", encoder_layer(activation=get("torch.nn.functional.silu"))
    yield "layer partial", encoder_layer(activation=n("torch.nn.functional.gelu", approximate="tanh",
                                                      _partial_=True))
    yield "partial draws its arguments", n("Sequential", encoder_layer(
        activation=n("Sequential", linear(2, 5), _partial_=True)), linear())
    yield "transformer", n("Transformer", 8, 2, 2, 1, 12)
    yield "decoder", n("TransformerDecoder", n("TransformerDecoderLayer", 8, 2, 12), 2)


def tensors():
    plist = lambda *items: n("ParameterList", list(items))
    yield "parameters drawn", plist(n("torch.randn", 2, 3), n("torch.rand", 20), n("torch.randn", 4))
    yield "parameters constant", plist(n("torch.zeros", 2), n("torch.ones", 2, 2), n(
        "torch.full", [2, 3], 1.5, _convert_="all"))
    yield "parameters size keyword", plist(n("torch.randn", size=[2, 3], _convert_="partial"))
    yield "parameters size list", plist(n("torch.zeros", [2, 3], _convert_="object"))
    yield "parameters f64", plist(n("torch.randn", 5, dtype=F64), n("torch.rand", 5, dtype=BF16))
    yield "parameters tensor", plist(n("torch.tensor", [1.5, -2.25, 3]), n(
        "torch.tensor", [[1, 2], [3, 4]], dtype=F16), n("torch.tensor", 2.5))
    yield "parameters wrapped", plist(n("Parameter", n("torch.randn", 3)), n("torch.nn.parameter.Parameter"),
                                      n("Parameter", data=n("torch.ones", 2), requires_grad=False))
    yield "parameter scalar", plist(n("torch.full", [], 2.0, _convert_="all"))
    yield "parameter list other", plist(n("torch.randn", 2), 3, "x", None)
    yield "parameter dict sorted", n("ParameterDict", {"b": n("torch.randn", 3), "a": n("torch.rand", 3)})
    yield "parameter dict ordered", n("ParameterDict", n("collections.OrderedDict", b=n("torch.randn", 3),
                                                         a=n("torch.rand", 3)))
    yield "loss weight", n("CrossEntropyLoss", weight=n("torch.tensor", [0.5, 1.5, 1]))
    yield "loss weight integers", n("NLLLoss", n("torch.tensor", [1, 2, 3]))
    yield "loss weights", n("BCEWithLogitsLoss", pos_weight=n("torch.full", [3], 2, _convert_="all"),
                            weight=n("torch.ones", 3, dtype=I64))
    yield "loss weight bools", n("BCELoss", n("torch.tensor", [True, False]))
    yield "from pretrained", n("torch.nn.Embedding.from_pretrained", n("torch.randn", 5, 4))
    yield "from pretrained keywords", n("torch.nn.Embedding.from_pretrained", freeze=False, padding_idx=1,
                                        embeddings=n("torch.ones", 5, 4))
    yield "bag from pretrained", n("torch.nn.EmbeddingBag.from_pretrained", n("torch.rand", 5, 4),
                                   mode="max")
    yield "embedding weight", n("Embedding", 3, 2, _weight=n("torch.randn", 3, 2))


def full(size, value, **more):
    return n("torch.full", size, value, _convert_="all", **more)


def numbers():
    """Python's numbers in tensors: an int keeps its bits in torch.full, and goes through double in torch.tensor when
    the type is none of whole numbers."""
    large = [2**53 + 1, 2**60 + 2**36 + 1, 2**63 - 1, -2**63]
    yield "full integers", named(**{f"n{i}": n("BCELoss", full([2], value)) for i, value in enumerate(large)})
    yield "tensor integers", n("BCELoss", n("torch.tensor", large))
    yield "tensor integers and a float", n("BCELoss", n("torch.tensor", [*large, 0.5]))
    for name in ("float32", "float64", "float16", "bfloat16", "complex64", *FLOAT8.values(), "bool"):
        some = [*large, 257, 2049, -3, 0.1, 0, True]
        yield f"tensor numbers {name}", n("BCELoss", n("torch.tensor", some, dtype=get("torch." + name)))
        yield f"full integers {name}", named(**{f"n{i}": n("BCELoss", full([1], value, dtype=get("torch." + name)))
                                                for i, value in enumerate(some)})
    yield "full integers e8m0", named(**{f"n{i}": n("BCELoss", full([3], value, dtype=get("torch.float8_e8m0fnu")))
                                         for i, value in enumerate((0, False, -2, 300, -2**63))})
    for name, values in {"uint8": [-1, -255, 255], "uint16": [-1, -65535, 65535], "uint32": [-1, -2**32 + 1],
                         "int8": [-128, 127], "int16": [-2**15], "int32": [-2**31], "int64": large}.items():
        dtype = get("torch." + name)
        yield f"tensor {name}", n("BCELoss", n("torch.tensor", values, dtype=dtype))
        yield f"tensor mixed {name}", n("BCELoss", n("torch.tensor", [-3, 0.5, 7.9],
                                                     dtype=dtype))
        yield f"full {name}", named(**{f"n{i}": n("BCELoss", full([3], value, dtype=dtype))
                                       for i, value in enumerate((*values, 7.9))})
    yield "tensor uint64", n("BCELoss", n("torch.tensor", [2**63 - 1, 0, True], dtype=get("torch.uint64")))
    yield "full uint64", named(**{f"n{i}": n("BCELoss", full([2], value, dtype=get("torch.uint64")))
                                  for i, value in enumerate((-1, -2**63, 2.0**63, 7.5))})
    yield "tensor without elements", named(**{f"n{i}": n("BCELoss", n("torch.tensor", data)) for i, data in enumerate((
        [[], [0.5, 1]], [[], [1]], [[[], []], [[3, 4], [5, True], [0.5, 6]]], [[], 1], []))})
    yield "tensor without elements of a type", n("BCELoss", n("torch.tensor", [[], ["a", 1]], dtype=F16))
    yield "full int64 of a float", n("BCELoss", full([2], 2.0**63, dtype=I64))


def keywords():
    for maker, values in (("zeros", [2]), ("rand", [2]), ("randn", [2]), ("tensor", [[1.5]])):
        unset = {} if maker == "tensor" else {"out": None, "layout": None, "pin_memory": None, "requires_grad": None}
        if maker.startswith("rand"):
            unset["generator"] = None
        yield f"{maker} keywords", n("ParameterList", [n("torch." + maker, *values, **unset), n(
            "torch." + maker, *values, requires_grad=True, device="cpu:1")])
    devices = [n("torch.device", "cpu", 0), n("torch.device", "cpu", index=3), n("torch.device", "cpu:1"),
               n("torch.device", device="cpu"), n("torch.device", type="cpu", index=None), "cpu:0", "cpu:12"]
    yield "devices", n("Sequential", *(linear(device=device) for device in devices), *(
        n("Linear", 3, 4, True, device) for device in devices))
    for word in ("ALL", "Partial", "oBJECT"):
        yield f"convert {word}", n("ParameterList", [n("torch.zeros", [2, 3], _convert_=word)])
    for word in ("all", "none"):
        sizes = n("builtins.tuple", [2, 3])
        yield f"tuple converted {word}", named(
            a=n("BatchNorm1d", _convert_=word, num_features=sizes), b=n("PReLU", _convert_=word, num_parameters=sizes),
            c=n("LayerNorm", [2, 3], _convert_=word), d=n("BatchNorm1d", [2], affine=False, track_running_stats=False))
    yield "lists converted", named(a=n("BatchNorm1d", [2, 3], _convert_="all"), b=n("PReLU", [2, 3], _convert_="all"),
                                   c=n("Unflatten", 1, [2, 3], _convert_="all"))
    for number in (0.0, 0.5):
        one = n("torch.tensor", [number])
        yield f"truth of {number}", named(a=linear(bias=one), b=n("BatchNorm1d", 2, affine=one), c=n("LSTM", 2, 1,
                                          bidirectional=one), d=n("Conv1d", 2, 1, 1, bias=n("torch.tensor", number)))


def containers_of_parameters():
    whole = n("Parameter", n("torch.tensor", [1, 2]), requires_grad=False)
    drawn = n("torch.randn", 2)
    plist, pdict, mdict = (lambda value, name=name: n(name, value) for name in ("ParameterList", "ParameterDict",
                                                                                 "ModuleDict"))
    trees = {
        "integers": [plist([whole, drawn]), pdict({"b": whole, "a": drawn}), plist(plist([whole]))],
        "list of list": [plist(plist([3, drawn, linear(1, 1)])), plist(pdict({"a": drawn})),
                         plist(mdict({"a": n("ReLU")})), n("ModuleList", plist([linear(1, 1)])),
                         n("ModuleList", mdict({}))],
        "dict of dict": [pdict(pdict({"b": drawn, "a": drawn, "m": linear(1, 1)})), pdict(mdict({"ab": linear(1, 1)})),
                         mdict(mdict({"b": linear(1, 1), "a": n("ReLU")})), pdict(["ab", "\u00e9a"]),
                         pdict(mdict({"\u00e9a": n("ReLU")}))],
    }
    for name, items in trees.items():
        yield f"parameters {name}", n("Sequential", *items, linear(2, 2))


def norms():
    p = "torch.nn.utils.parametrizations."
    yield "weight norm", n(p + "weight_norm", linear())
    yield "weight norm dim", n(p + "weight_norm", linear(), dim=1)
    yield "weight norm none", n(p + "weight_norm", n("Conv1d", 3, 4, 2), dim=None)
    yield "weight norm bias", n(p + "weight_norm", n("GRU", 3, 4), name="weight_hh_l0")
    yield "old weight norm", n("torch.nn.utils.weight_norm", linear(), "weight", 0)
    yield "old spectral norm", n("torch.nn.utils.spectral_norm", linear())
    yield "norms then draw", n("Sequential", n(p + "weight_norm", linear()), linear())
    for name in FLOAT8.values():
        yield f"weight norm {name}", n(p + "weight_norm", n("LayerNorm", [2, 3], dtype=get("torch." + name)))
    for kind in (p + "weight_norm", "torch.nn.utils.weight_norm"):
        yield f"empty {kind}", n("Sequential", n(kind, linear(3, 0), dim=1), n(kind, linear(0, 3)), n(
            kind, linear(0, 0), dim=None), linear())
    yield "copies of norms", n("Sequential", n("TransformerEncoder", n(p + "weight_norm", linear()), 2), n(
        "TransformerEncoder", n("torch.nn.utils.spectral_norm", linear()), 2), n(
        "TransformerEncoder", n("torch.nn.utils.weight_norm", linear()), 0))


def rules():
    def ruled(tree, *init):
        return tree | {"init": list(init)}
    net = named(a=linear(6, 5), b=n("BatchNorm1d", 5), c=linear(5, 7, bias=False))
    yield "rule none", ruled(net)
    yield "rule normal", ruled(net, {"match": "*.weight", "normal": {"std": 0.02}})
    yield "rule list", ruled(net, {"match": ["c.*", "a.*"], "uniform": {"a": -0.5, "b": 0.25}})
    yield "rule exclude", ruled(net, {"match": "*", "exclude": "b.*", "normal": {"mean": 1, "std": 2}})
    yield "rule exclude list", ruled(net, {"match": "*", "exclude": ["b.*", "a.w*"], "ones": {}})
    yield "rules in order", ruled(net, {"match": "c.*", "xavier_uniform": {"gain": 2}},
                                  {"match": "[ac].weight", "xavier_normal": {}},
                                  {"match": "?.bias", "constant": {"val": 0.25}})
    yield "rule first key", ruled(net, {"zeros": {}, "match": "*.bias"})
    yield "rule kaiming", ruled(net, {"match": "a.weight", "kaiming_normal":
                                      {"mode": "fan_out", "nonlinearity": "relu"}},
                                {"match": "c.weight", "kaiming_uniform": {"a": 0.2}})
    yield "rule sets", ruled(net, {"match": "[!b].weight", "normal": {}}, {"match": "[a-b].bias", "ones": {}})
    yield "rule trunc", ruled(net, {"match": "[ac].weight", "trunc_normal": {"std": 0.5, "a": -1, "b": 1}})
    yield "rule dirac", ruled(n("Conv2d", 4, 4, 3), {"match": "weight", "dirac": {"groups": 2}},
                              {"match": "bias", "zeros": {}})
    yield "rule eye", ruled(linear(3, 3), {"match": "weight", "eye": {}})
    yield "rule skip init", n("torch.nn.utils.skip_init", n("hydra.utils.get_class", "torch.nn.Linear"),
                              3, 4) | {"init": [{"match": "*", "normal": {"std": 1}}]}
    yield "rule empty", ruled(n("ParameterList", [n("torch.empty", 3, 4)]), {"match": "0", "normal": {}})
    yield "rule attention", ruled(n("MultiheadAttention", 8, 2), {"match": "*weight", "normal": {"std": 0.1}})
    yield "rule clones", ruled(n("TransformerEncoder", encoder_layer(), 2),
                               {"match": "layers.1.*weight", "exclude": "*norm*", "xavier_normal": {}})
    letters = n("ParameterDict", {name: n("torch.ones", 1) for name in (
        "a", "b", "\u00e9", "\u00ff", "\u65e5\u672c", "\U0001f600x", "\u00e9\u00e9")})
    for pattern in ("?", "??", "[\u00e9]", "[!a]", "[\u00e0-\u00ff]", "[!\u00e9]?", "*\u672c", "[\u65e5-\u6708]*",
                    "[\U0001f5ff-\U0001f601]?", "*?x", "?\u00e9", "[b-\u00ff]", "*[!\u00e9]"):
        yield f"rule letters {pattern}", ruled(letters, {"match": pattern, "zeros": {}})
    yield "rule integers", ruled(n("ParameterList", [n("Parameter", n("torch.tensor", [1, 2]), requires_grad=False)]),
                                 {"match": "0", "constant": {"val": 3.0}})
    for name in FLOAT8.values():
        dtype = get("torch." + name)
        norms8 = [n("LayerNorm", size, dtype=dtype) for size in ([3, 4], [4, 4, 3], [5], [1])]
        yield f"rules {name}", ruled(
            n("Sequential", *norms8), {"match": "0.weight", "eye": {}}, {"match": "1.weight", "dirac": {"groups": 2}},
            {"match": "2.weight", "constant": {"val": 0.3}}, {"match": "2.bias", "constant": {"val": 101.7}},
            {"match": "3.weight", "constant": {"val": -1e9}})
        yield f"tensors {name}", n("ParameterList", [
            n("torch.tensor", [0.0, 0.7, 1.3, 240.5, 1e9], dtype=dtype), n("torch.full", [2], 3.0, dtype=dtype, _convert_="all"),
            n("torch.ones", 3, dtype=dtype), n("torch.zeros", 2, dtype=dtype)])


def over_checkpoint():
    """Descriptions and the names that the checkpoint has."""
    net = n("Sequential", linear(6, 5), n("BatchNorm1d", 5), linear(5, 7))
    yield "over nothing", net, []
    yield "over one", net, ["0.weight"]
    yield "over bias", net, ["0.bias", "2.bias", "1.running_mean"]
    yield "over all", net, ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean",
                            "1.running_var", "1.num_batches_tracked", "2.weight", "2.bias"]
    yield "over rules", net | {"init": [{"match": "*.weight", "exclude": "1.*", "normal": {"std": 0.5}}]}, [
        "0.weight"]
    yield "over rules loaded", net | {"init": [{"match": "0.weight", "normal": {}}]}, ["0.weight"]
    yield "over attention", n("Sequential", n("MultiheadAttention", 8, 2), linear()), ["0.in_proj_bias"]
    yield "over attention weight", n("MultiheadAttention", 8, 2, add_bias_kv=True), [
        "in_proj_weight", "out_proj.bias"]
    yield "over split attention", n("MultiheadAttention", 8, 2, kdim=3, vdim=5), ["k_proj_weight"]
    yield "over encoder", n("TransformerEncoder", encoder_layer(), 2), ["layers.0.linear1.weight"]
    yield "over transformer", n("Transformer", 8, 2, 1, 1, 12), ["encoder.layers.0.linear1.weight"]
    yield "over lstm", n("LSTM", 3, 4, 2), ["weight_ih_l0", "bias_hh_l1"]
    yield "over embedding", n("Embedding", 7, 5, padding_idx=2), []
    yield "over constants", n("Sequential", n("CrossEntropyLoss", n("torch.ones", 3)), linear()), []
    yield "over softmax", n("AdaptiveLogSoftmaxWithLoss", 16, 20, [5, 12]), ["tail.0.1.weight"]
    yield "over prelu", n("Sequential", n("PReLU", 2), linear(2, 2)), ["1.weight"]


def tensor_lines(module, found=()):
    values = {}
    for number, (name, tensor) in enumerate(module.state_dict().items()):
        values[name] = number
        head = f"{name} {NAMES[tensor.dtype]} {shape_text(tensor)}"
        yield f"loaded {head} {number}" if name in found else f"tensor {head} {tensor_hash(tensor)}"
    yield f"state {state_hash()}"


def write_trees():
    out = CaseFile(ROOT / "tests/models/vectors/descriptions.txt", f"tools/make_network_vectors.py: {PACKAGES}")
    trees = [*single_trees(), *containers(), *key_orders(), *tensors(), *numbers(), *keywords(),
             *containers_of_parameters(), *norms(), *rules()]
    cases = [(name, tree, 42, None) for name, tree in trees]
    mixed = n("Sequential", linear(6, 5), n("Embedding", 7, 3), n("BatchNorm1d", 4), encoder_layer(),
              n("ParameterList", [n("torch.randn", 3), n("torch.tensor", [1.5]), n("torch.ones", 2)]))
    cases += [(f"seed {seed}", mixed, seed, None) for seed in (0, 1, -7)]
    cases += [(f"default dtype {dtype}", mixed, 3, dtype) for dtype in ("f32", "f64", "f16", "bf16")]
    types = {text: dtype for dtype, text in DTYPES.items()}
    for name, tree, seed, dtype in cases:
        torch.set_default_dtype(types[dtype] if dtype else torch.float32)
        torch.manual_seed(seed)
        module = build(tree)
        options = [f"seed {seed}"] + ([f"dtype {dtype}"] if dtype else [])
        out.block(name, options, tree, list(tensor_lines(module)))
    torch.set_default_dtype(torch.float32)
    for name, tree, found in over_checkpoint():
        module = build_over(tree, found, 42)
        names = list(module.state_dict())
        have = [f"have {key} {NAMES[tensor.dtype]} {shape_text(tensor)} {names.index(key)}"
                for key, tensor in module.state_dict().items() if key in found]
        out.block(name, ["seed 42", "checkpoint", *have], tree, list(tensor_lines(module, found)))
    out.close()
    return out.count


# ---- errors ----

def errors():
    """Descriptions that hydra and torch refuse, and the place that sow names."""
    seq = lambda *items, **flags: n("Sequential", *items, **flags)
    yield "$", n("Foo")
    yield "$._args_[0]", seq(n("Foo"))
    yield "$._args_[1]._args_[0]", seq(linear(), seq(n("nothing.Foo")))
    yield "$", n("torch.nn.linear.Linear", 2, 3)
    yield "$", n("torch.nn.NonDynamicallyQuantizableLinear", 2, 3)
    yield "$", n("torch.nn.modules.linear.Conv2d", 2, 3, 3)
    yield "$", n("")
    yield "$", n("torch..nn")
    yield "$", n("torch.float64")
    yield "$._args_[2]", seq(linear(), linear(), n("Linear", 3))
    yield "$._args_[2].kernel", seq(linear(), linear(), n("Conv2d", 3, 4, 5, kernel=5))
    yield "$", n("Linear")
    yield "$", n("Linear", 1, 2, True, None, None, 7)
    yield "$.in_features", n("Linear", 3, 4, in_features=3)
    yield "$._args_[0].foo", seq(n("ReLU", foo=1))
    yield "$", n("Linear", "a", 3)
    yield "$", n("Linear", 2.0, 3)
    yield "$", n("Linear", 2, [3])
    yield "$.dtype", n("Linear", 2, 3, dtype="float64")
    yield "$", n("Linear", 2, 3, dtype=I64)
    yield "$", n("Linear", -1, 2)
    yield "$", n("Conv2d", 4, 6, 3, groups=3)
    yield "$", n("Conv2d", 4, 6, 3, padding="sam")
    yield "$", n("Conv2d", 4, 6, 3, padding_mode="none")
    yield "$", n("BatchNorm2d", 2.5)
    yield "$", n("GroupNorm", 4, 6)
    yield "$", n("Embedding", 4, 2, padding_idx=4)
    yield "$", n("MultiheadAttention", 7, 2)
    yield "$", n("LSTM", 3, 4, dropout=2)
    yield "$", n("LSTM", 3, 4, num_layers=0)
    yield "$", n("GRU", 3, 4, proj_size=2)
    yield "$._args_[0]", seq(n("AdaptiveLogSoftmaxWithLoss", 16, 20, [12, 5]))
    yield "$._args_", {"_target_": "torch.nn.Sequential", "_args_": 3}
    yield "$._args_", {"_target_": "torch.nn.Sequential", "_args_": None}
    yield "$._args_", {"_target_": "torch.nn.Sequential", "_args_": {"a": 1}}
    yield "$", seq(3)
    yield "$", seq([3])
    yield "$", seq({"a": n("ReLU")})
    yield "$", seq(n("ReLU"), _recursive_=False)
    yield "$", n("ModuleList", 3)
    yield "$", n("ModuleList", [3])
    yield "$", n("ModuleDict", {"a.b": n("ReLU")})
    yield "$", n("ModuleDict", {"": n("ReLU")})
    yield "$", n("ModuleDict", {"keys": n("ReLU")})
    yield "$", n("ReLU", _partial_=3)
    yield "$", n("ReLU", _recursive_="yes")
    yield "$._args_[0]", seq(n("torch.zeros", [2, 3]))
    yield "$._args_[0]", seq(n("torch.zeros"))
    yield "$._args_[0]", seq(n("torch.zeros", 2.5))
    yield "$._args_[0]", seq(n("torch.zeros", 2, "a"))
    yield "$._args_[0].foo", seq(n("torch.zeros", 2, foo=1))
    yield "$._args_[0].dtype", seq(n("torch.zeros", 2, dtype="float64"))
    yield "$._args_[0]", seq(n("torch.randn", 20, dtype=I64))
    yield "$._args_[0]", seq(n("torch.full", [2], _convert_="all"))
    yield "$._args_[0]", seq(n("torch.full", [2], 1.0))
    yield "$._args_[0]", seq(n("torch.tensor", [[1, 2], [3]]))
    yield "$._args_[0]", seq(n("torch.tensor", ["a"], _convert_="all"))
    yield "$._args_[0]", seq(n("torch.tensor", [None], _convert_="all"))
    yield "$._args_[0][0]", n("ParameterList", [n("Parameter", n("torch.ones", 2, dtype=I64))])
    yield "$._args_[0][0]", n("ParameterList", [n("Parameter", 3)])
    yield "$._args_[0][0]", n("ParameterList", [n("Parameter", 1, 2, 3)])
    yield "$", n("torch.nn.Embedding.from_pretrained")
    yield "$", n("torch.nn.Embedding.from_pretrained", n("torch.randn", 2))
    yield "$", n("torch.nn.Embedding.from_pretrained", 3)
    yield "$.foo", n("torch.nn.Embedding.from_pretrained", n("torch.randn", 2, 2), foo=1)
    yield "$", n("torch.nn.utils.skip_init")
    yield "$", n("torch.nn.utils.skip_init", 3)
    yield "$", n("torch.nn.utils.skip_init", n("hydra.utils.get_class", "torch.nn.LSTM"), 3, 4)
    yield "$", n("torch.nn.utils.skip_init", n("hydra.utils.get_class", "torch.nn.Linear"), 3)
    yield "$._args_[0]", n("torch.nn.utils.skip_init", n("hydra.utils.get_class", "torch.nn.functional.relu"))
    yield "$.dtype", linear(dtype=n("hydra.utils.get_method", "torch.float64"))
    yield "$.dtype", linear(dtype=n("hydra.utils.get_object"))
    yield "$._args_[0]", seq(n("collections.OrderedDict", 1))
    yield "$._args_[0]", seq(n("collections.OrderedDict", 1, 2))
    yield "$", n("torch.nn.utils.parametrizations.weight_norm", linear(), dim=9)
    yield "$", n("torch.nn.utils.parametrizations.spectral_norm", linear(), n_power_iterations=0)
    yield "$", n("torch.nn.utils.parametrizations.orthogonal", linear(), orthogonal_map="x")


def errors_of_numbers():
    for name, value in {"uint8": -256, "int8": 128, "uint32": -2**32, "uint16": 65536, "int16": 0.1e6, "int32": 1e30}.items():
        yield "$._args_[0]", n("BCELoss", n("torch.tensor", [value], dtype=get("torch." + name)))
        yield "$._args_[0]", n("BCELoss", full([2], value, dtype=get("torch." + name)))
    for name, value in {"uint8": 255.5, "int8": -128.5, "uint16": -0.5}.items():
        yield "$._args_[0]", n("BCELoss", n("torch.tensor", [value], dtype=get("torch." + name)))
    for values in ([-1], [-3, 0.5], [1.0], [3, 0.5], [-2**63]):
        yield "$._args_[0]", n("BCELoss", n("torch.tensor", values, dtype=get("torch.uint64")))
    for value in (0.0, -1.0):
        yield "$._args_[0]", n("BCELoss", full([3], value, dtype=get("torch.float8_e8m0fnu")))
    yield "$._args_[0]", n("BCELoss", full([2], 65505, dtype=F16))
    yield "$._args_[0]", n("BCELoss", n("torch.tensor", [[], [None]]))
    for maker in ("zeros", "ones", "empty"):
        yield "$._args_[0]", n("BCELoss", n("torch." + maker, 2, dtype=I64, requires_grad=True))
        yield "$._args_[0].generator", n("BCELoss", n("torch." + maker, 2, generator=None))
        yield "$._args_[0].requires_grad", n("BCELoss", n("torch." + maker, 2, requires_grad=1))
        yield "$._args_[0]", n("BCELoss", n("torch." + maker, -2))
    yield "$._args_[0]", n("BCELoss", full([2], 3, requires_grad=True))
    yield "$._args_[0]", n("BCELoss", full([2], 3.5, dtype=get("torch.bool"), requires_grad=True))
    yield "$._args_[0]", n("BCELoss", n("torch.tensor", [1, 2], requires_grad=True))
    yield "$._args_[0].requires_grad", n("BCELoss", n("torch.tensor", [1.5], requires_grad=None))
    yield "$._args_[0].out", n("BCELoss", n("torch.tensor", [1.5], out=None))


def errors_of_values():
    p = "torch.nn.utils.parametrizations."
    seq = lambda *items, **flags: n("Sequential", *items, **flags)
    yield "$._args_[0]", seq(n("TransformerEncoder", n("torch.nn.utils.weight_norm", linear()), 2))
    yield "$", n("TransformerDecoder", seq(n("torch.nn.utils.weight_norm", linear())), 1)
    yield "$.init[0]: weight", linear(dtype=F16) | {"init": [{"match": "weight", "orthogonal": {}}]}
    yield "$.init[0]: weight", linear(dtype=BF16) | {"init": [{"match": "weight", "orthogonal": {}}]}
    yield "$.init[0]: weight", n("LayerNorm", [3, 3], dtype=get("torch.float8_e5m2")) | {
        "init": [{"match": "weight", "orthogonal": {}}]}
    for dim, sizes in ((0, (3, 0)), (1, (0, 3)), (-2, (3, 0))):
        yield "$", n(p + "weight_norm", linear(*sizes), dim=dim)
        yield "$", n("torch.nn.utils.weight_norm", linear(*sizes), dim=dim)
    yield "$", n("torch.nn.utils.spectral_norm", linear(3, 0))
    yield "$", n("torch.nn.utils.weight_norm", n("LayerNorm", [2, 3], dtype=get("torch.float8_e4m3fn")))
    yield "$.device", linear(device=n("torch.device", "cpu:0", 0))
    yield "$.device", linear(device=n("torch.device", "cpu", -1))
    yield "$.device.index", linear(device=n("torch.device", "cpu", index="0"))
    for size in ([2, 3], n("builtins.list", [2, 3])):
        yield "$", n("Unflatten", 1, size)
        yield "$", n("BatchNorm2d", size)
        yield "$", n("InstanceNorm1d", size, track_running_stats=True)
        yield "$", n("PReLU", size)
    for size in (0, 2):
        yield "$", linear(bias=n("torch.ones", size))
        yield "$", n("GRU", 2, 3, bidirectional=n("torch.ones", size))
        yield "$", n("CrossEntropyLoss", size_average=n("torch.ones", size))
    for flag in (None, 1, n("torch.ones", 1)):
        yield "$._args_[0][0]", n("ParameterList", [n("Parameter", n("torch.ones", 2), flag)])
    yield "$", n("LSTM", 3, 4, bias=F64)
    yield "$", n("ModuleList", n("ModuleDict", {"a": n("ReLU")}))
    yield "$", n("ModuleList", n("ParameterList", [n("torch.ones", 2)]))
    yield "$", n("ParameterDict", n("ModuleDict", {"a": n("ReLU")}))
    yield "$", n("ModuleDict", n("ParameterDict", {"abc": n("torch.ones", 2)}))
    yield "$", n("ModuleDict", n("ParameterDict", {"ab": n("torch.ones", 2)}))
    yield "$", n("ModuleDict", ["abc"])
    yield "$", n("ParameterDict", ["\u00e9"])


def sorted_set(match):
    """A set prints in another order in every process."""
    return "{" + ", ".join(sorted(match[1].split(", "))) + "}"


def failure(tree):
    """Type and words of the exception below Hydra's, with lists and dicts under their own names."""
    try:
        build(tree)
    except Exception as error:  # whatever it is, it is the answer
        while error.__cause__ is not None and "Error locating" not in str(error):
            error = error.__cause__
        words = str(error.args[0] if isinstance(error, KeyError) else error).split("\n", 1)[0]
        words = re.sub(r"\{('\w+'(?:, '\w+')*)\}", sorted_set, words)
        words = words.split(", set env var", 1)[0]
        for theirs, ours in (("omegaconf.listconfig.ListConfig", "list"),
                             ("omegaconf.dictconfig.DictConfig", "dict"),
                             ("element of type ListConfig", "element of type list")):
            words = words.replace(theirs, ours)
        return type(error).__name__, words
    raise AssertionError(f"hydra builds {tree}")


def write_errors():
    path = ROOT / "tests/models/vectors/description_errors.txt"
    count = 0
    with open(path, "w", encoding="utf-8") as file:
        print(f"# tools/make_network_vectors.py: {PACKAGES}", file=file)
        print("# three lines each: path; type and words; description", file=file)
        for place, tree in (*errors(), *errors_of_numbers(), *errors_of_values()):
            kind, words = failure(tree)
            print(place, f"{kind} {words}", json.dumps(tree), sep="\n", file=file)
            count += 1
    return count


# ---- examples ----

def write_examples():
    lines = [f"# tools/make_network_vectors.py: {PACKAGES}; seed 42, sha256 of the file"]
    for path in sorted((ROOT / "examples/networks").glob("*.json")):
        torch.manual_seed(42)
        module = build(json.loads(path.read_text(encoding="utf-8")))
        data = safetensors.torch.save(module.state_dict())
        lines.append(f"{path.stem} {hashlib.sha256(data).hexdigest()}")
    (ROOT / "tests/examples/vectors/networks.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    write_examples()
    print(write_trees(), "trees,", write_errors(), "errors")


if __name__ == "__main__":
    main()
