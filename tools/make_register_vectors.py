"""Asks torch what can be registered in a module, and what that replaces.

usage: make_register_vectors.py [tests/nn/vectors/registering.txt]

One JSON object per line:
  type      of an empty module
  calls     in a row: [function, name, value]. __setitem__, of a ParameterDict, has the size of a
            parameter, the type of a module, null, or true, which is itself. Otherwise the value is the size
            of a tensor, [size] for a buffer that is not persistent, the type of a module, or null for None
  errors    what each call raised: "KeyError: attribute 'p' already exists", types without their module;
            null when it did not
  state     module.state_dict() afterwards: [name, size]
  buffers   named_buffers() afterwards: the same
  children  named_children() afterwards: [name, type]
SPDX-License-Identifier: Apache-2.0
"""
import itertools
import re

import torch

from nn_case import write_rows

TYPES = ("Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict")
EVERY_KIND = [["register_parameter", "p", 1], ["register_parameter", "pn", None], ["register_buffer", "b", 2],
              ["register_buffer", "bn", None], ["register_buffer", "bh", [3]], ["add_module", "m", "ReLU"],
              ["add_module", "mn", None]]
VALUES = [("register_parameter", 7), ("register_parameter", None), ("register_buffer", 8),
          ("register_buffer", [9]), ("register_buffer", None), ("add_module", "Tanh"), ("add_module", None)]


def call(module, function, name, value):
    if function == "__setitem__":
        if isinstance(value, str):
            value = getattr(torch.nn, value)()
        elif value is not None and value is not True:
            value = torch.nn.Parameter(torch.empty(value))
        module[name] = value
    elif function == "add_module":
        module.add_module(name, None if value is None else getattr(torch.nn, value)())
    elif function == "register_buffer":
        hidden = isinstance(value, list)
        size = value[0] if hidden else value
        module.register_buffer(name, None if size is None else torch.empty(size), persistent=not hidden)
    else:
        module.register_parameter(name, None if value is None else torch.nn.Parameter(torch.empty(value)))


def line(kind, calls):
    module, errors = getattr(torch.nn, kind)(), []
    for entry in calls:
        try:
            call(module, *entry)
            errors.append(None)
        except KeyError as error:
            errors.append(f"KeyError: {error.args[0]}")
        except TypeError as error:
            errors.append("TypeError: " + re.sub(r"torch\.nn\.modules\.\w+\.", "", str(error)))
    return {"type": kind, "calls": calls, "errors": errors,
            "state": [[name, data.numel()] for name, data in module.state_dict().items()],
            "buffers": [[name, data.numel()] for name, data in module.named_buffers()],
            "children": [[name, type(child).__name__] for name, child in module._modules.items() if child is not None]}


def attributes():
    """Of all types; those between double underscores as Python 3.11 has them."""
    return sorted({name for kind in TYPES for name in dir(getattr(torch.nn, kind)())})


def rows():
    for name in ["p", "pn", "b", "bn", "bh", "m", "mn", "new", "", "a.b", "forward", "training"]:
        yield from (line("Module", EVERY_KIND + [[function, name, value]]) for function, value in VALUES)
    yield line("Module", [["register_buffer", "a", [1]], ["register_buffer", "a", 2]])
    yield line("Module", [["register_buffer", "a", None], ["register_buffer", "b", 1], ["register_buffer", "a", [2]]])
    others = ["append2", "weight", "in_features", "0", "Keys", "_", "_foo", "key", "size", "ward", "get_", "et",
              "__next__", "__len", "__", "__getitem", "__or"]
    for function, value in (("register_parameter", 1), ("register_buffer", 1), ("add_module", "ReLU")):
        yield from (line(kind, [[function, name, value] for name in attributes() + others]) for kind in TYPES)


def setting():
    """Keys of a ParameterDict that are set again; but for names that break the object itself."""
    for name in ("a", "training", "forward", "keys", "__init__"):
        for length in (1, 2, 3) if name == "a" else (2,):
            for values in itertools.product((4, "ReLU", None, True), repeat=length):
                yield line("ParameterDict", [["__setitem__", name, value] for value in values])
    order = [["a", "ReLU"], ["b", "Tanh"], ["c", "ReLU"], ["a", 1], ["d", 2], ["b", 3],
             ["e", "Tanh"], ["a", 5], ["c", None]]
    yield line("ParameterDict", [["__setitem__", *pair] for pair in order])
    broken = ("_buffers", "_modules", "_parameters", "_state_dict_hooks", "_state_dict_pre_hooks")
    yield from (line("ParameterDict", [["__setitem__", name, value]])
                for name in attributes() if name not in broken for value in (1, "ReLU"))


def main():
    count = write_rows("tests/nn/vectors/registering.txt",
                       "one JSON object per line; see the head of that script", [*rows(), *setting()])
    print(f"{count} cases")


if __name__ == "__main__":
    main()
