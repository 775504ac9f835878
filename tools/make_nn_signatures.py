"""Writes tests/nn/vectors/signatures.txt: every Module class of torch.nn with the signature of its
constructor, and whether it has reset_parameters.

Run as: .venv-oracle/bin/python tools/make_nn_signatures.py
SPDX-License-Identifier: Apache-2.0
"""
import inspect
import pathlib

import torch
from torch import nn

OUT = pathlib.Path(__file__).parent.parent / "tests/nn/vectors/signatures.txt"


def default_text(value):
    return value.__name__ if callable(value) else repr(value)


def signature_text(cls):
    parts = []
    keyword_only = False
    for parameter in list(inspect.signature(cls.__init__).parameters.values())[1:]:
        text = parameter.name
        if parameter.kind == parameter.VAR_POSITIONAL:
            text = "*" + text
            keyword_only = True
        elif parameter.kind == parameter.VAR_KEYWORD:
            text = "**" + text
        elif parameter.kind == parameter.KEYWORD_ONLY and not keyword_only:
            parts.append("*")
            keyword_only = True
        if parameter.default is not parameter.empty:
            text += "=" + default_text(parameter.default)
        parts.append(text)
    return ", ".join(parts)


def main():
    classes = {name: value for name, value in vars(nn).items()
               if isinstance(value, type) and issubclass(value, nn.Module)}
    # Module itself is what sow_module_new makes. This one is MultiheadAttention's out_proj.
    classes["NonDynamicallyQuantizableLinear"] = nn.modules.linear.NonDynamicallyQuantizableLinear
    with open(OUT, "w", encoding="utf-8") as file:
        print(f"# torch {torch.__version__}: class|reset_parameters|signature", file=file)
        for name in sorted(classes):
            reset = int(hasattr(classes[name], "reset_parameters"))
            print(f"{name}|{reset}|{signature_text(classes[name])}", file=file)


main()
