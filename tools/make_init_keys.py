#!/usr/bin/env python3
"""Runs the thirteen string keys in torch and writes the weights and biases for tests/init.

SPDX-License-Identifier: Apache-2.0

    .venv-oracle/bin/python tools/make_init_keys.py

Writes tests/init/vectors/keys.txt. by_key below is the table of docs/init-keys.md in Python.
"""

import math
import pathlib

import torch
from torch.nn import init

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "init" / "vectors" / "keys.txt"
DTYPES = {"f32": torch.float32, "f64": torch.float64, "f16": torch.float16, "bf16": torch.bfloat16}
DEFAULTS = dict(mean=0.0, std=0.01, scale=0.02, groups=1, clip=(-2.0, 2.0))
OTHERS = dict(mean=0.25, std=0.5, scale=3.0, groups=2, clip=(-0.5, 0.75))


def by_fan_in(weight, bias):
    fan_in, _ = init._calculate_fan_in_and_fan_out(weight)
    if fan_in == 0:
        init.zeros_(bias)
    else:
        bound = 1 / math.sqrt(fan_in)
        init.uniform_(bias, -bound, bound)


def orthogonal(weight):
    if weight.dtype in (torch.float16, torch.bfloat16):
        scratch = weight.float()
        init.orthogonal_(scratch, gain=0.01)
        weight.copy_(scratch)
    else:
        init.orthogonal_(weight)


def by_key(weight, bias, key, mean, std, scale, groups, clip):
    zeros = lambda w, b: init.zeros_(b)
    weight_rule, bias_rule = {
        "orthogonal": (orthogonal, zeros),
        "normal": (lambda w: init.normal_(w, mean, std), zeros),
        "biased_normal": (lambda w: init.normal_(w, mean, std),
                          lambda w, b: init.normal_(b, mean, std)),
        "uniform": (lambda w: init.uniform_(w, 0.0, scale), zeros),
        "kaiming_uniform": (init.kaiming_uniform_, by_fan_in),
        "kaiming_normal": (init.kaiming_normal_, by_fan_in),
        "xavier_uniform": (init.xavier_uniform_, by_fan_in),
        "xavier_normal": (init.xavier_normal_, by_fan_in),
        "trunc_normal": (lambda w: init.trunc_normal_(w, mean, std, clip[0], clip[1]), zeros),
        "dirac": (lambda w: init.dirac_(w, groups), zeros),
        "constant": (lambda w: init.constant_(w, scale), zeros),
        "zeros": (init.zeros_, zeros),
        "ones": (init.ones_, zeros),
    }[key]
    weight_rule(weight)
    if bias is not None:
        bias_rule(weight, bias)


def hexed(tensor):
    """The bytes of the elements in logical order; "-" for none."""
    if tensor is None or tensor.numel() == 0:
        return "-"
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes().hex()


def case(key, dtype, sizes, n_bias, named, seed):
    torch.manual_seed(seed)
    shape = [int(n) for n in sizes.split(",")]
    weight = torch.full(shape, 7.0, dtype=DTYPES[dtype])
    bias = None if n_bias is None else torch.full([n_bias], 7.0, dtype=DTYPES[dtype])
    by_key(weight, bias, key, **(OTHERS if named == "others" else DEFAULTS))
    # One more normal and one more uniform number: the cached normal and the place in the stream.
    after = torch.empty(2, dtype=torch.float64)
    after[:1].normal_()
    after[1:].uniform_()
    size = "none" if n_bias is None else str(n_bias)
    return "\t".join([key, dtype, sizes, size, named, str(seed),
                      hexed(weight), hexed(bias), hexed(after)])


def cases():
    keys = ["orthogonal", "normal", "biased_normal", "uniform", "kaiming_uniform", "kaiming_normal",
            "xavier_uniform", "xavier_normal", "trunc_normal", "dirac", "constant", "zeros", "ones"]
    for number, key in enumerate(keys):
        for dtype in DTYPES:
            for sizes, n_bias in (("4,3,5", 4), ("6,3,3", None), ("2,2,3", 19)):
                for named in ("defaults", "others"):
                    yield case(key, dtype, sizes, n_bias, named, 100 + number)
    for key in ("kaiming_uniform", "xavier_uniform", "xavier_normal"):
        yield case(key, "f32", "5,0", 5, "defaults", 3)


if __name__ == "__main__":
    OUT.parent.mkdir(parents=True, exist_ok=True)
    head = (f"# torch {torch.__version__}; made by tools/make_init_keys.py\n"
            "# key, dtype, sizes, bias elements, options, seed, weight, bias, next numbers (hex of "
            "the bytes); separated by tabs\n"
            f"# others: {OTHERS}\n")
    OUT.write_text(head + "\n".join(cases()) + "\n")
