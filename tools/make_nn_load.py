"""Writes tests/nn/vectors/load.txt: what torch's load_state_dict does with small trees.

case NAME
  options not_strict assign versioned meta   any of them; versioned: the state knows versions of
                                             modules, as one that state_dict() made; meta: the
                                             module is on meta
  param|buffer|hidden PATH DTYPE SHAPE       the module, in order; all its elements are 0
  none PATH | nochild PATH                   a reserved parameter, a reserved child
  child PATH                                 an empty module
  nn PATH CLASS JSON                         torch.nn.CLASS(*JSON)
  give KEY DTYPE SHAPE VALUE                 the state, in order; VALUE "meta": on meta
missing KEY, unexpected KEY, error LINE      what torch says, in order
warn TEXT
  value PATH DTYPE VALUE                     afterwards; VALUE "meta": still on meta
end

SHAPE is "2,3", "scalar". Run as: .venv-oracle/bin/python tools/make_nn_load.py
SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import re
import warnings
from collections import OrderedDict

import torch
from torch import nn

OUT = pathlib.Path(__file__).parent.parent / "tests/nn/vectors/load.txt"
DTYPES = {"f32": torch.float32, "f64": torch.float64, "f16": torch.float16,
          "bf16": torch.bfloat16, "i64": torch.int64}
NAMES = {value: key for key, value in DTYPES.items()}

TREE = """
  param w f32 2,3
  buffer b f32 3
  hidden h f32 1
  none n
  child a
  param a.w f32 2
  child a.deep
  param a.deep.w f64 2
  nochild gone
  param z f32 scalar
"""
FULL = """
  give w f32 2,3 1
  give b f32 3 2
  give a.w f32 2 3
  give a.deep.w f64 2 4
  give z f32 scalar 5
"""

CASES = f"""
case all_keys_match
{TREE}{FULL}
case shuffled_order
{TREE}
  give a.deep.w f64 2 4
  give z f32 scalar 5
  give b f32 3 2
  give w f32 2,3 1
  give a.w f32 2 3
case nothing_given
{TREE}
case unexpected_everywhere
{TREE}{FULL}
  give zz.w f32 1 1
  give a f32 1 1
  give a.x f32 1 1
  give a.deep.x.y f32 1 1
  give c f32 1 1
  give n f32 1 1
  give h f32 1 1
  give gone.w f32 1 1
  give gone f32 1 1
  give a.deep.w.w f32 1 1
  give .w f32 1 1
  give a..w f32 1 1
  give aa.w f32 1 1
  give a-b f32 1 1
  give a/b f32 1 1
  give ab f32 1 1
  give a0.w f32 1 1
  give a._extra_state f32 1 1
case not_strict
  options not_strict
{TREE}
  give w f32 2,3 1
  give x f32 1 1
case mismatch
{TREE}
  give w f32 3,2 1
  give b f32 3 2
  give a.w f32 2 3
  give a.deep.w f64 scalar 4
  give z f32 2 5
case mismatch_not_strict
  options not_strict
{TREE}
  give w f32 6 1
  give b f32 3 2
case everything_wrong
{TREE}
  give b f32 4 1
  give c f32 3 2
  give a.c f32 3 2
case converted
{TREE}
  give w f64 2,3 0.1
  give b bf16 3 2.5
  give a.w f16 2 1.5
  give a.deep.w f32 2 0.1
  give z i64 scalar 7
case scalar_of_one
  param z f32 scalar
  param y f32 1
  give z f32 1 5
  give y f32 1 6
case one_of_scalar
  param y f32 1
  give y f32 scalar 6
case assign
  options assign
{TREE}
  give w f64 2,3 0.1
  give b i64 3 2
  give a.w f16 2 1.5
  give a.deep.w f32 2 0.1
  give z f32 1 7
case assign_integers
  options assign
  param w f32 2
  give w i64 2 1
case assign_mismatch
  options assign
  param w f32 2
  give w f32 3 1
case meta_target
  options meta
  param w f32 2
  buffer b f32 1
  give w f32 2 1
  give b f32 1 1
case meta_target_assign
  options meta assign
  param w f32 2
  buffer b f32 1
  hidden h f32 1
  give w f32 2 1
  give b f32 1 1
case meta_source
  param w f32 2
  give w f32 2 meta
case meta_both
  options meta
  param w f32 2
  give w f32 2 meta
case counter_without_versions
  nn bn BatchNorm2d [2]
  give bn.weight f32 2 3
  give bn.bias f32 2 4
  give bn.running_mean f32 2 5
  give bn.running_var f32 2 6
case counter_with_versions
  options versioned
  nn bn BatchNorm2d [2]
  give bn.weight f32 2 3
  give bn.bias f32 2 4
  give bn.running_mean f32 2 5
  give bn.running_var f32 2 6
case counter_on_meta
  options meta assign
  nn bn BatchNorm1d [2]
  give bn.weight f32 2 3
  give bn.bias f32 2 4
  give bn.running_mean f32 2 5
  give bn.running_var f32 2 6
case counter_given
  nn bn BatchNorm2d [2]
  give bn.weight f32 2 3
  give bn.bias f32 2 4
  give bn.running_mean f32 2 5
  give bn.running_var f32 2 6
  give bn.num_batches_tracked i64 scalar 7
case stats_that_are_not_kept
  nn norm InstanceNorm1d [2]
  give norm.running_var f32 2 3
  give norm.running_mean f32 2 3
  give norm.other f32 2 3
case one_stat_that_is_not_kept
  options not_strict
  nn norm InstanceNorm2d [2]
  give norm.running_var f32 2 3
case stats_with_versions
  options versioned
  nn norm InstanceNorm1d [2]
  give norm.running_var f32 2 3
case bias_that_is_not_there
  nn fc Linear [2,1,false]
  give fc.weight f32 1,2 1
  give fc.bias f32 1 1
case lazy
  nn fc LazyLinear [3]
  give fc.weight f64 3,2 1
  give fc.bias f32 3 2
case root_has_no_name
  param w f32 1
  give w f32 1 2
  give b f32 1 2
  give _extra_state f32 1 2
"""


class Net(nn.Module):
    pass


def size_of(text):
    return () if text == "scalar" else tuple(int(size) for size in text.split(","))


def owner_of(net, path):
    *parts, name = path.split(".")
    for part in parts:
        net = getattr(net, part)
    return net, name


def add(net, words, device):
    kind, path, *rest = words
    owner, name = owner_of(net, path)
    if kind == "none":
        owner.register_parameter(name, None)
    elif kind == "nochild":
        owner.register_module(name, None)
    elif kind == "child":
        owner.register_module(name, Net())
    elif kind == "nn":
        owner.register_module(name, getattr(nn, rest[0])(*json.loads(rest[1]), device=device))
    else:
        tensor = torch.zeros(size_of(rest[1]), dtype=DTYPES[rest[0]], device=device)
        if kind == "param":
            owner.register_parameter(name, nn.Parameter(tensor))
        else:
            owner.register_buffer(name, tensor, persistent=kind == "buffer")


def given(words):
    dtype, shape, value = DTYPES[words[1]], size_of(words[2]), words[3]
    if value == "meta":
        return torch.empty(shape, dtype=dtype, device="meta")
    return torch.full(shape, float(value), dtype=dtype)


def versions_of(net):
    return net.state_dict()._metadata


def value_line(path, tensor):
    if tensor.is_meta:
        value = "meta"
    else:
        numbers = set(tensor.detach().double().flatten().tolist())
        assert len(numbers) == 1, (path, tensor)
        value = repr(numbers.pop())
    return f"  value {path} {NAMES[tensor.dtype]} {value}"


def error_lines(error):
    # lines begin with a tab after the first
    return [re.sub(r"^\s*", "", line) for line in str(error).split("\n\t")[1:]]


def keys_in(line):
    for word in ("missing", "unexpected"):
        if line.startswith(word.capitalize() + " key(s)"):
            return [f"{word} {key}" for key in re.findall(r'"([^"]*)"', line)]
    return []


def load(net, state, options):
    lines = []
    assign = "assign" in options
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = net.load_state_dict(state, strict="not_strict" not in options, assign=assign)
            lines += [f"missing {key}" for key in found.missing_keys]
            lines += [f"unexpected {key}" for key in found.unexpected_keys]
        except RuntimeError as error:
            for line in error_lines(error):
                lines += [*keys_in(line), f"error {line}"]
            if "not_strict" in options:  # the keys are found all the same, and not told
                try:
                    net.load_state_dict(state, assign=assign)
                except RuntimeError as told:
                    lines += [key for line in error_lines(told) for key in keys_in(line)]
    return lines + [f"warn {warning.message}" for warning in caught]


def run(text):
    name, *rows = text.strip().split("\n")
    rows = [row.split() for row in rows if row.strip()]
    options = next((row[1:] for row in rows if row[0] == "options"), [])
    net = Net()
    state = OrderedDict()
    for row in rows:
        if row[0] == "give":
            state[row[1]] = given(row[1:])
        elif row[0] != "options":
            add(net, row, "meta" if "meta" in options else "cpu")
    if "versioned" in options:
        state._metadata = versions_of(net)
    with torch.no_grad():  # what is random must not be seen
        for parameter in net.parameters():
            if not isinstance(parameter, nn.parameter.UninitializedParameter):
                parameter.zero_()
    lines = [f"case {name}", *("  " + " ".join(row) for row in rows)]
    lines += load(net, state, options)
    tensors = {**dict(net.named_parameters()), **dict(net.named_buffers())}
    return [*lines, *(value_line(path, tensor) for path, tensor in tensors.items()), "end"]


def main():
    with open(OUT, "w", encoding="utf-8") as file:
        print(f"# torch {torch.__version__}, tools/make_nn_load.py", file=file)
        for text in CASES.split("case ")[1:]:
            print("\n".join(run(text)), file=file)


main()
