"""Asks torch what module.load_state_dict does.

usage: make_load_vectors.py [tests/nn/vectors/loading.txt]

One JSON object per line:
  name        of the case
  module      a tree: {"type", "device", "parameters", "buffers", "children", "tie"}, or {"nn"}, a
              description (tools/nn_case.py) built after torch.manual_seed(0). A parameter is [name,
              dtype, shape, hex] or [name] for None; a buffer has true or false, whether it is
              persistent, at its end; a child is [name, tree] or [name] for None; tie: [target, source],
              one tensor under two dotted names
  state       what is loaded: tensors [name, dtype, shape, hex], without hex on the meta device; or
              {"nn"}, whose own state_dict (which notes versions) after torch.manual_seed(1); or "own",
              the state_dict of the module itself
  strict, assign
  lines       what stands below "Error(s) in loading state_dict for TYPE:"; null when there is no failure
  missing, unexpected
  warnings    [category, first line]
  after       module.state_dict() afterwards: [name, dtype, shape, XXH3-128, hex of up to 4 elements]
  same        pairs of names that are one tensor afterwards
SPDX-License-Identifier: Apache-2.0
"""
import warnings

import torch

from make_nn_vectors import nn, ordered
from nn_case import dtype_name, entry, evaluate, raw_bytes, warning_rows, write_rows

F32, F64, F16, BF16, I64 = torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64

# ---- writing trees and states ------------------------------------------------------------------------


def values(*shape, dtype=F32, start=0.5, step=1.25):
    """A tensor of numbers that 16-bit types have to round and integers to cut."""
    count = 1
    for size in shape:
        count *= size
    numbers = torch.arange(count, dtype=F64) * step + start
    return (numbers * 1.001 if dtype.is_floating_point else numbers).to(dtype).reshape(shape)


def item(name, data):
    head = [name, dtype_name(data.dtype), list(data.shape)]
    return head if data.is_meta else [*head, raw_bytes(data).hex()]


def tree(parameters=(), buffers=(), children=(), tie=(), device="cpu", kind="Net"):
    """names and tensors (None: reserved); a buffer's name that begins with "~" is not persistent."""
    return {"type": kind, "device": device,
            "parameters": [[name] if data is None else item(name, data) for name, data in parameters],
            "buffers": [[name] if data is None else [*item(name.lstrip("~"), data), name[0] != "~"]
                        for name, data in buffers],
            "children": [[name] if child is None else [name, child] for name, child in children],
            "tie": [list(pair) for pair in tie]}


def tensor_of(row, device="cpu"):
    _, dtype, shape, *rest = row
    dtype = getattr(torch, dtype)
    if not rest or device == "meta":
        return torch.empty(shape, dtype=dtype, device="meta")
    raw = bytearray.fromhex(rest[0])
    return torch.frombuffer(raw, dtype=dtype).reshape(shape) if raw else torch.empty(shape, dtype=dtype)


def module_of(node):
    if "nn" in node:
        torch.manual_seed(0)
        return evaluate(node["nn"])
    module = type(node["type"], (torch.nn.Module,), {})()
    device = node["device"]
    for name, *rest in node["parameters"]:
        data = torch.nn.Parameter(tensor_of([name, *rest], device)) if rest else None
        module.register_parameter(name, data)
    for name, *rest in node["buffers"]:
        data = tensor_of([name, *rest[:-1]], device) if rest else None
        module.register_buffer(name, data, persistent=rest[-1] if rest else True)
    for name, *rest in node["children"]:
        module.add_module(name, module_of(rest[0]) if rest else None)
    for target, source in node["tie"]:
        parent, _, last = target.rpartition(".")
        setattr(module.get_submodule(parent), last, module.get_parameter(source))
    return module


def state_of(node, module):
    if node == "own":
        return module.state_dict()
    if isinstance(node, dict):
        torch.manual_seed(1)
        return evaluate(node["nn"]).state_dict()
    return {row[0]: tensor_of(row) for row in node}


# ---- asking ------------------------------------------------------------------------------------------


def same_names(module):
    named = [*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)]
    return [[a, b] for i, (a, x) in enumerate(named) for b, y in named[i + 1:] if x is y]


def line(name, module_node, state_node, strict=True, assign=False):
    module = module_of(module_node)
    state = state_of(state_node, module)
    row = {"name": name, "module": module_node, "state": state_node, "strict": strict, "assign": assign,
           "lines": None}
    found = {}

    def note(_, keys):
        found["missing"], found["unexpected"] = list(keys.missing_keys), list(keys.unexpected_keys)

    handle = module.register_load_state_dict_post_hook(note)
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        try:
            module.load_state_dict(state, strict=strict, assign=assign)
        except RuntimeError as error:
            head, *lines = str(error).split("\n\t")
            assert head == f"Error(s) in loading state_dict for {type(module).__name__}:", head
            row["lines"] = lines
    handle.remove()
    row |= found
    row["warnings"] = warning_rows(given)
    row["after"] = [entry(key, data) for key, data in module.state_dict().items()]
    row["same"] = same_names(module)
    return row


# ---- cases -------------------------------------------------------------------------------------------

WEIGHT, BIAS = values(2, 3), values(2, start=7)
SMALL = tree([("weight", WEIGHT), ("bias", BIAS)])
DEEP = tree([("scale", values(2)), ("absent", None)],
            [("mean", values(2)), ("~cache", values(3)), ("nothing", None), ("count", values(dtype=I64))],
            [("first", SMALL), ("hole", None), ("second", tree([("weight", values(4))], children=[("inner", SMALL)]))])
ALL_KEYS = ["scale", "mean", "count", "first.weight", "first.bias", "second.weight", "second.inner.weight",
            "second.inner.bias"]
SHAPES = {"scale": (2,), "mean": (2,), "count": (), "first.weight": (2, 3), "first.bias": (2,),
          "second.weight": (4,), "second.inner.weight": (2, 3), "second.inner.bias": (2,)}
DTYPES = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
          "complex64", "complex128")


def deep_state(*keys, **others):
    """Tensors for the keys of DEEP, negative numbers; others by name and data."""
    rows = [item(key, values(*SHAPES[key], dtype=I64 if key == "count" else F32, start=-3, step=-1.5))
            for key in keys]
    return rows + [item(key.replace("__", "."), data) for key, data in others.items()]


def both(name, module, state, **kwargs):
    """Strict, not strict, and both with assign."""
    for strict in (True, False):
        for assign in (False, True):
            yield line(f"{name}, strict {strict}, assign {assign}", module, state, strict, assign)


def key_cases():
    one = values(1)
    yield from both("all keys", DEEP, deep_state(*ALL_KEYS))
    yield from both("keys in another order", DEEP, deep_state(*reversed(ALL_KEYS)))
    yield from both("nothing", DEEP, [])
    yield from both("nothing into nothing", tree(), [])
    yield from both("something into nothing", tree(), [item("b", one), item("a.b", one), item("a", one)])
    yield from both("some missing", DEEP, deep_state("second.inner.bias", "mean", "first.weight"))
    yield from both("None and non-persistent", DEEP, deep_state(*ALL_KEYS, cache=values(3), absent=one, nothing=one))
    yield from both("child without module", DEEP, deep_state(*ALL_KEYS, hole__weight=one, hole=one, hole__a__b=one))
    yield from both("names of children", DEEP, deep_state(*ALL_KEYS, second=one, first=one, second__inner=one))
    yield from both("unknown prefixes", DEEP, deep_state(
        "scale", z__a=one, second__b__c=one, first__x=one, a=one, second__inner__q__r__s=one, z__b=one,
        firs__weight=one, first_=one, first2__weight=one))
    yield from both("unexpected before expected", DEEP, deep_state(
        **{"second__x": one, "x": one, "first__x": one, "w": one, "second__inner__x": one, "first__a": one}))
    yield from both("empty parts", DEEP, [item(name, one) for name in
                                          ("", ".", "first.", ".first", "first..weight", "weight.", "first.weight.x")])
    yield from both("extra states and odd signs", DEEP, [item(name, one) for name in (
        "_extra_state", "first._extra_state", "a-b", "a/b", "first-weight", "first/weight", "first0.weight", "mean.")])
    yield from both("not ASCII", tree([("gewölbe", one)]), [item("gewölbe", values(1, start=9)), item("größe", one)])
    yield from both("shared prefix", tree(children=[("a", SMALL), ("ab", SMALL), ("a_", SMALL)]),
                    [item(f"{child}.{name}", data) for child in ("ab", "a", "a-", "abc", "a_")
                     for name, data in (("weight", WEIGHT), ("x", one))])


def shape_cases():
    yield from both("mismatch", SMALL, [item("weight", values(3, 2)), item("bias", values(2, start=1))])
    yield from both("mismatches, missing, unexpected", DEEP, deep_state(
        "second.weight", scale=values(3), first__weight=values(2, 3, 1), extra=values(1), mean=values(0)))
    for dims in ((1,), (2,), (1, 1), (0,)):
        yield from both(f"scalar from {dims}", tree([("s", values())]), [item("s", values(*dims, start=4))])
        yield from both(f"scalar buffer from {dims}", tree([], [("s", values(dtype=I64))]),
                        [item("s", values(*dims, start=4, dtype=I64))])
    yield from both("scalar from scalar", tree([("s", values())]), [item("s", values(start=4))])
    yield from both("one from scalar", tree([("s", values(1))]), [item("s", values(start=4))])
    yield from both("empty", tree([("s", values(0, 3))]), [item("s", values(0, 3))])
    yield from both("empty in another shape", tree([("s", values(0, 3))]), [item("s", values(3, 0))])
    yield from both("same number of elements", tree([("s", values(6))]), [item("s", values(2, 3))])


def dtype_cases():
    special = torch.tensor([0.0, -0.0, float("inf"), float("-inf"), 1e-40, 65520.0, 3.4e38, 1.00048828125], dtype=F64)
    for target in DTYPES:
        kind = getattr(torch, target)
        floating = kind.is_floating_point or kind.is_complex
        module = tree([("t", values(5, dtype=kind))]) if floating else tree([], [("t", values(5, dtype=kind))])
        for source in DTYPES:
            name = f"{target} from {source}"
            state = [item("t", values(5, dtype=getattr(torch, source), start=2 if "uint8" in name else -2))]
            yield line(name, module, state)
            yield line(f"{name}, assign", module, state, assign=True)
            if floating and source in ("float32", "float64", "float16"):
                data = special.to(getattr(torch, source))
                wide = tree([("t", values(8, dtype=kind))])
                yield line(f"{name}, special", wide, [item("t", data)])


def device_cases():
    meta = tree([("weight", WEIGHT), ("bias", BIAS)], [("count", values(dtype=I64))], device="meta")
    real = [item("weight", values(2, 3, start=9)), item("bias", values(2, dtype=F64)), item("count", values(dtype=I64))]
    nowhere = [item("weight", WEIGHT.to("meta")), item("bias", BIAS.to("meta"))]
    yield from both("meta from real", meta, real)
    hidden = tree([("weight", WEIGHT)], [("~cache", values(3))], device="meta")
    yield from both("meta from real, non-persistent", hidden, real[:1])
    yield from both("meta from meta", meta, nowhere)
    yield from both("meta from real, some missing", meta, real[:1])
    yield from both("real from meta", SMALL, nowhere)
    yield from both("real from meta, mismatch", SMALL, [item("weight", values(2, 2).to("meta")), *real[1:2]])
    yield from both("meta from real, mismatch", meta, [item("weight", values(2)), *real[1:]])


def tie_cases():
    tied = tree([("first", values(3))], children=[("a", tree([("weight", values(3))])), ("b", tree([("weight", values(3))]))],
                tie=[("b.weight", "a.weight")])
    apart = [item("first", values(3, start=1)), item("a.weight", values(3, start=2)), item("b.weight", values(3, start=3))]
    yield from both("tied, both there", tied, apart)
    yield from both("tied, the first missing", tied, [apart[0], apart[2]])
    yield from both("tied, the second missing", tied, apart[:2])
    yield from both("tied, the second mismatched", tied, [*apart[:2], item("b.weight", values(4))])
    yield from both("tied, its own state", tied, "own")


def class_cases():
    norm, flat = nn("BatchNorm2d", 3), nn("BatchNorm2d", 3, track_running_stats=False)
    full = [item(key, values(3, start=2)) for key in ("weight", "bias", "running_mean", "running_var")]
    counted = [*full, item("num_batches_tracked", torch.tensor(7))]
    yield from both("batch norm", {"nn": norm}, counted)
    yield from both("batch norm without a counter", {"nn": norm}, full)
    yield from both("batch norm on meta without a counter", {"nn": norm | {"device": "meta"}}, full)
    yield from both("batch norm without anything", {"nn": norm}, [])
    yield from both("batch norm, stats not tracked", {"nn": flat}, counted)
    yield from both("batch norm from one that tracks nothing", {"nn": norm}, {"nn": flat})
    yield from both("batch norm from itself", {"nn": norm}, {"nn": norm})
    yield from both("sync batch norm without a counter", {"nn": nn("SyncBatchNorm", 3)}, full)
    yield from both("counter of shape 1", {"nn": norm}, [*full, item("num_batches_tracked", torch.tensor([7]))])
    for name in ("InstanceNorm1d", "InstanceNorm3d"):
        yield from both(f"{name} from stats", {"nn": nn(name, 3)}, counted)
        yield from both(f"{name} from one stat", {"nn": nn(name, 3, affine=True)}, [*full[:2], full[3]])
        yield from both(f"{name} from versioned stats", {"nn": nn(name, 3)}, {"nn": nn(name, 3, track_running_stats=True)})
        yield from both(f"{name} without a counter", {"nn": nn(name, 3, track_running_stats=True)}, full[2:])
    nested = nn("Sequential", nn("InstanceNorm2d", 3), nn("BatchNorm2d", 3))
    yield from both("norms inside", {"nn": nested}, [item(f"{i}.{key}", values(3)) for i in (0, 1) for key in
                                                    ("running_var", "running_mean", "weight", "bias")])
    for other in (None, nn("ReLU"), nn("LayerNorm", 3), nn("InstanceNorm2d", 3), nn("BatchNorm1d", 3)):
        last = [] if other is None else [other]
        yield from both("norm where the versioned source has " + ("nothing" if other is None else other["_target_"]),
                        {"nn": nn("Sequential", nn("Linear", 3, 3), norm)},
                        {"nn": nn("Sequential", nn("Linear", 3, 3), *last)})
    yield from both("InstanceNorm2d below another prefix than the versioned stats",
                    {"nn": nn("Sequential", nn("InstanceNorm2d", 3), nn("InstanceNorm2d", 3))},
                    {"nn": nn("Sequential", nn("BatchNorm2d", 3), nn("Sequential"))})
    linear = nn("Linear", 3, 2)
    yield from both("linear from linear", {"nn": linear}, {"nn": linear})
    yield from both("linear without bias from linear", {"nn": linear | {"bias": False}}, {"nn": linear})
    yield from both("linear from linear without bias", {"nn": linear}, {"nn": linear | {"bias": False}})
    yield from both("linear from another size", {"nn": linear}, {"nn": nn("Linear", 2, 2)})
    yield from both("half from float", {"nn": linear | {"dtype": "float16"}}, {"nn": linear})
    yield from both("lstm from gru", {"nn": nn("LSTM", 2, 3)}, {"nn": nn("GRU", 2, 3)})
    yield from both("attention from other dims", {"nn": nn("MultiheadAttention", 4, 2)},
                    {"nn": nn("MultiheadAttention", 4, 2, kdim=3)})
    yield from both("transformer layer from decoder layer", {"nn": nn("TransformerEncoderLayer", 4, 2, 5)},
                    {"nn": nn("TransformerDecoderLayer", 4, 2, 5)})
    yield from both("adaptive softmax", {"nn": nn("AdaptiveLogSoftmaxWithLoss", 4, 9, [3])},
                    {"nn": nn("AdaptiveLogSoftmaxWithLoss", 4, 9, [3], head_bias=True)})
    yield from both("sequential by name", {"nn": nn("Sequential", ordered(a=linear, b=nn("ReLU")))},
                    {"nn": nn("Sequential", linear)})
    yield from both("sequential with a hole", {"nn": nn("Sequential", linear, None, linear)},
                    [item("1.weight", values(2)), item("0.weight", WEIGHT)])
    yield from both("lazy linear from linear", {"nn": nn("LazyLinear", 2)}, {"nn": linear})
    yield from both("lazy linear from doubles", {"nn": nn("LazyLinear", 2)},
                    [item("weight", values(2, 3, dtype=F64)), item("bias", values(2))])
    yield from both("lazy norm from stats", {"nn": nn("LazyBatchNorm1d")}, counted)


def rows():
    for cases in (key_cases, shape_cases, dtype_cases, device_cases, tie_cases, class_cases):
        yield from cases()


def main():
    count = write_rows("tests/nn/vectors/loading.txt",
                       "one JSON object per line; see the head of that script", rows())
    print(f"{count} cases")


if __name__ == "__main__":
    main()
