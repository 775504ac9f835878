"""Asks torch for weight norm, spectral norm and orthogonal weights.

usage: make_parametrize_vectors.py [tests/nn/vectors/parametrize.txt]

FUNCTION CLASS ARGUMENTS TENSOR OPTIONS SEED ok NAME:SHAPE:VALUES... state:XXH3-128
FUNCTION CLASS ARGUMENTS TENSOR OPTIONS SEED error TYPE MESSAGE
FUNCTION is weight_norm, spectral_norm or orthogonal of torch.nn.utils.parametrizations, or
old_weight_norm or old_spectral_norm of torch.nn.utils. CLASS of torch.nn is built with the positional
ARGUMENTS (JSON) from SEED; OPTIONS are keywords (JSON). VALUES are an XXH3-128, or ~ and numbers
where the bits are not promised. In messages the module's repr is cut to its class: sow has no repr.
SPDX-License-Identifier: Apache-2.0
"""
import json
import warnings

import torch
from torch import nn

from case_file import error_line, shape_text, state_hash, tensor_hash, write_lines

FUNCTIONS = {
    "weight_norm": nn.utils.parametrizations.weight_norm,
    "spectral_norm": nn.utils.parametrizations.spectral_norm,
    "orthogonal": nn.utils.parametrizations.orthogonal,
    "old_weight_norm": nn.utils.weight_norm,
    "old_spectral_norm": nn.utils.spectral_norm,
}


def values(function, key, tensor):
    is_near = function == "spectral_norm" and key.endswith(("._u", "._v"))
    is_near = is_near or function == "orthogonal" and "parametrizations" in key
    if not is_near:
        return tensor_hash(tensor)
    return "~" + ",".join(f"{value:.9g}" for value in tensor.double().flatten().tolist())


def line(function, kind, arguments, name="weight", seed=0, **options):
    torch.manual_seed(seed)
    arguments = list(arguments)
    dtype = options.pop("dtype", "float32")
    head = [function, kind, json.dumps([arguments, dtype], separators=(",", ":")), name,
            json.dumps(options, separators=(",", ":")), str(seed)]
    module = getattr(nn, kind)(*arguments, dtype=getattr(torch, dtype))
    shown = repr(module)
    times = options.pop("times", 1)
    try:
        for _ in range(times):
            FUNCTIONS[function](module, name, **options)
    except (ValueError, TypeError, RuntimeError, LookupError, AttributeError) as error:
        return " ".join([*head, error_line(error).replace(shown, kind)])
    shown = [f"{key}:{shape_text(tensor)}:{values(function, key, tensor)}"
             for key, tensor in module.state_dict().items()]
    return " ".join([*head, "ok", *shown, f"state:{state_hash()}"])


def lines():
    for dtype in ("float32", "float64", "float16", "bfloat16"):
        for sizes in ((4, 3), (1, 5), (7, 2), (8, 3), (9, 3), (15, 4), (16, 4), (29, 3), (31, 5),
                      (32, 2), (100, 7), (257, 3)):
            for dim in (0, None):
                yield line("weight_norm", "Linear", sizes, dim=dim, dtype=dtype)
            yield line("weight_norm", "Linear", sizes, dim=1, dtype=dtype)
            yield line("old_spectral_norm", "Linear", sizes, dtype=dtype)
        for dim in (0, 1, 2, -2, -3, None):
            yield line("weight_norm", "Conv1d", (4, 3, 5), dim=dim, dtype=dtype)
            yield line("weight_norm", "ConvTranspose2d", (4, 3, [2, 5]), dim=dim, dtype=dtype)
        yield line("old_weight_norm", "Linear", (29, 3), dim=0, dtype=dtype)
        yield line("old_weight_norm", "Conv2d", (6, 3, 3), dim=None, seed=42, dtype=dtype)
        yield line("weight_norm", "Linear", (6, 5), "bias", dim=0, dtype=dtype)
        yield line("old_spectral_norm", "ConvTranspose1d", (4, 3, 5), dtype=dtype)
        yield line("old_spectral_norm", "Conv1d", (4, 3, 5), dim=2, seed=42, dtype=dtype)
        yield line("old_spectral_norm", "Linear", (6, 5), "bias", dtype=dtype)
    for dtype in ("float32", "float64"):
        yield line("spectral_norm", "Linear", (4, 3), dtype=dtype)
        yield line("spectral_norm", "Linear", (6, 5), n_power_iterations=4, seed=42, dtype=dtype)
        yield line("spectral_norm", "Linear", (6, 5), dim=-1, dtype=dtype)
        yield line("spectral_norm", "Linear", (6, 5), "bias", dtype=dtype)
        yield line("spectral_norm", "ConvTranspose1d", (4, 3, 5), dtype=dtype)
        yield line("spectral_norm", "BatchNorm1d", (4,), "running_var", dtype=dtype)
        for use_trivialization in (True, False):
            for sizes in ((4, 3), (3, 4), (3, 3)):
                for orthogonal_map in (None, "householder", "cayley"):
                    yield line("orthogonal", "Linear", sizes, orthogonal_map=orthogonal_map,
                               use_trivialization=use_trivialization, dtype=dtype)
            yield line("orthogonal", "Conv1d", (3, 4, 2), use_trivialization=use_trivialization,
                       dtype=dtype)
    yield line("spectral_norm", "Linear", (4, 3), dtype="float16")
    yield line("orthogonal", "Linear", (4, 3), dtype="float16")
    yield line("orthogonal", "Linear", (4, 4), dtype="float16")
    yield line("orthogonal", "Linear", (32, 32), dtype="bfloat16")
    yield line("orthogonal", "Linear", (4, 3), dtype="float16", use_trivialization=False)
    yield line("weight_norm", "Linear", (0, 3))
    yield line("orthogonal", "Linear", (0, 3))
    for function in ("weight_norm", "old_weight_norm"):
        yield line(function, "Linear", (4, 3), dim=9)
        yield line(function, "Linear", (4, 3), dim=-3)
        yield line(function, "Linear", (4, 3), "x")
        yield line(function, "Linear", (4, 3, False), "bias")
    yield line("weight_norm", "BatchNorm1d", (4,), "num_batches_tracked")
    yield line("weight_norm", "BatchNorm1d", (4,), "running_var")
    yield line("old_weight_norm", "BatchNorm1d", (4,), "running_var")
    for function in ("spectral_norm", "old_spectral_norm"):
        yield line(function, "Linear", (4, 3), dim=9)
        yield line(function, "Linear", (4, 3), "x")
        yield line(function, "Linear", (4, 3, False), "bias")
        yield line(function, "Linear", (4, 3), n_power_iterations=0)
        yield line(function, "LazyLinear", (3,))
    yield line("weight_norm", "LazyLinear", (3,))
    yield line("old_weight_norm", "LazyLinear", (3,))
    yield line("orthogonal", "LazyLinear", (3,))
    yield line("orthogonal", "Linear", (4, 3), "x")
    yield line("orthogonal", "Linear", (4, 3), "bias")
    yield line("orthogonal", "Linear", (4, 3), orthogonal_map="x")
    yield line("old_weight_norm", "Linear", (4, 3), times=2)
    yield line("old_spectral_norm", "Linear", (4, 3), times=2)


def main():
    warnings.simplefilter("ignore")
    write_lines("tests/nn/vectors/parametrize.txt", lines())


if __name__ == "__main__":
    main()
