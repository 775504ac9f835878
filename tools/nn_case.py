"""What the scripts that ask torch.nn share: modules from descriptions, and tensors as text.

A description is a dict in the convention of Hydra's instantiate: "_target_" names a class or function,
"_args_" its positional arguments, every other key is a keyword argument; a value may again be a
description. A dtype is a bare name in a description that contains no other ("dtype": "float64"), else
an object as Hydra wants it. The files have one JSON value per line.
SPDX-License-Identifier: Apache-2.0
"""
import importlib
import itertools
import json

import torch

from case_file import state_hash, tensor_hash, write_lines

FLOATS = ("float32", "float64", "float16", "bfloat16")
COMPLEX = ("complex64", "complex128")
FLOAT8 = ("float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float8_e4m3fnuz", "float8_e5m2fnuz")


def dtype_object(name):
    return {"_target_": "hydra.utils.get_object", "path": f"torch.{name}"}


def locate(path):
    """The object of a dotted path, attributes before submodules."""
    head, *rest = path.split(".")
    found = importlib.import_module(head)
    done = head
    for part in rest:
        done += "." + part
        found = getattr(found, part) if hasattr(found, part) else importlib.import_module(done)
    return found


def evaluate(node):
    """A description's value; the keys of a dict in order, as Hydra evaluates them."""
    if isinstance(node, list):
        return [evaluate(item) for item in node]
    if not isinstance(node, dict):
        return node
    values = {key: evaluate(item) for key, item in node.items() if key != "_target_"}
    if "_target_" not in node:
        return values
    if node["_target_"] == "hydra.utils.get_object":
        return locate(values["path"])
    if isinstance(values.get("dtype"), str):
        values["dtype"] = getattr(torch, values["dtype"])
    args = values.pop("_args_", [])
    target = locate(node["_target_"])
    if node["_target_"] == "collections.OrderedDict" and not args:
        return target(values)
    return target(*args, **values)


def call(node):
    """A description's class and evaluated arguments: (class, args, kwargs)."""
    values = {key: evaluate(item) for key, item in node.items() if key != "_target_"}
    if isinstance(values.get("dtype"), str):
        values["dtype"] = getattr(torch, values["dtype"])
    return locate(node["_target_"]), values.pop("_args_", []), values


def is_nested(node):
    """True when something below the top is a description too."""
    items = node if isinstance(node, list) else node.values() if isinstance(node, dict) else ()
    return any(isinstance(item, dict) and "_target_" in item or is_nested(item) for item in items)


def dtype_name(dtype):
    return str(dtype).removeprefix("torch.")


def raw_bytes(tensor):
    data = tensor.detach().contiguous()
    return data.reshape(-1).view(torch.uint8).numpy().tobytes() if data.numel() else b""


def entry(name, tensor):
    """[name, dtype, shape, XXH3-128, hex of the first four elements]; no values on meta."""
    head = [name, dtype_name(tensor.dtype), list(tensor.shape)]
    if tensor.is_meta:
        return head
    return [*head, tensor_hash(tensor), raw_bytes(tensor)[: 4 * tensor.element_size()].hex()]


def sorted_set(text):
    """A message whose {...} is a set, with the members in order: Python shows them in any."""
    start, end = text.find("{"), text.find("}")
    if start < 0 or end < start:
        return text
    members = sorted(text[start + 1:end].split(", "))
    return text[:start + 1] + ", ".join(members) + text[end:]


def failure(error):
    """{"error": exception, "message": text}, or "begins": the first of several lines, or what stands
    before an address."""
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    head = text[:text.index(" in <")] if " at 0x" in text else text.split("\n", 1)[0]
    key = "message" if head == text else "begins"
    return {"error": type(error).__name__, key: sorted_set(head)}


def warning_rows(given):
    """[category, first line] of recorded warnings. Left out: what PyTorch says once per process, and what
    it says of the speed of forward()."""
    rows = [[item.category.__name__, str(item.message).split("\n", 1)[0]] for item in given]
    return [row for row in rows if "Triggered internally" not in row[1] and "enable_nested_tensor" not in row[1]]


def write_rows(default, comment, rows):
    """write_lines of the comment and the rows as JSON; the number of rows."""
    lines = (json.dumps(row, separators=(",", ":")) for row in rows)
    return write_lines(default, itertools.chain([f"# {comment}"], lines)) - 1


__all__ = ["COMPLEX", "FLOATS", "call", "dtype_name", "dtype_object", "entry", "evaluate", "failure",
           "is_nested", "locate", "raw_bytes", "sorted_set", "state_hash", "warning_rows", "write_rows"]
