"""Asks torch for the constructors' values of the layers in src/nn.

usage: make_layer_vectors.py [tests/nn/vectors/layers.txt]

LAYER ARG... DTYPE SEED ok NAME:XXH3-128... state:XXH3-128 of the generator's state afterwards
LAYER ARG... DTYPE SEED error TYPE MESSAGE
linear IN OUT BIAS, embedding ROWS COLUMNS PADDING_IDX, layer_norm DIM AFFINE BIAS, rms_norm DIM AFFINE
SPDX-License-Identifier: Apache-2.0
"""
import warnings

import torch

from case_file import DTYPES, state_hash, tensor_hash, write_lines

DTYPE_NAMES = {text: dtype for dtype, text in DTYPES.items()} | {"i64": torch.int64}


def linear(n_in, n_out, bias, dtype):
    return torch.nn.Linear(n_in, n_out, bias=bool(bias), dtype=dtype)


def embedding(rows, columns, padding_idx, dtype):
    return torch.nn.Embedding(rows, columns, padding_idx, dtype=dtype)


def layer_norm(dim, affine, bias, dtype):
    return torch.nn.LayerNorm(dim, elementwise_affine=bool(affine), bias=bool(bias), dtype=dtype)


def rms_norm(dim, affine, dtype):
    return torch.nn.RMSNorm(dim, elementwise_affine=bool(affine), dtype=dtype)


def line(layer, *args, dtype="f32", seed=42):
    torch.manual_seed(seed)
    shown = " ".join("none" if arg is None else str(arg) for arg in args)
    head = f"{layer.__name__} {shown} {dtype} {seed}"
    try:
        module = layer(*args, DTYPE_NAMES[dtype])
    except (RuntimeError, AssertionError, IndexError) as error:
        message = str(error).split("\n", 1)[0]
        return f"{head} error {type(error).__name__} {message}"
    hashes = [f"{name}:{tensor_hash(tensor)}" for name, tensor in module.state_dict().items()]
    return " ".join([head, "ok", *hashes, f"state:{state_hash()}"])


def lines():
    for dtype in ("f32", "f64", "f16", "bf16", "c64"):
        for seed in (0, 42, -7):
            for sizes in ((1, 1), (2, 3), (5, 3), (12, 7), (20, 30), (64, 33), (3, 200)):
                yield line(linear, *sizes, 1, dtype=dtype, seed=seed)
                yield line(linear, *sizes, 0, dtype=dtype, seed=seed)
            for rows, columns, padding in ((3, 5, None), (10, 7, 9), (10, 16, -1), (10, 16, -10),
                                           (40, 8, 0), (1, 1, None), (17, 1, 3)):
                yield line(embedding, rows, columns, padding, dtype=dtype, seed=seed)
    for sizes in ((0, 3), (3, 0), (0, 0)):
        yield line(linear, *sizes, 1)
        yield line(linear, *sizes, 0)
    yield line(embedding, 0, 4, None)
    yield line(embedding, 4, 0, 2)
    for dtype in ("f32", "f64", "f16", "bf16", "c64"):
        for affine in (0, 1):
            yield line(rms_norm, 7, affine, dtype=dtype)
            for bias in (0, 1):
                yield line(layer_norm, 7, affine, bias, dtype=dtype)
    yield line(layer_norm, 0, 1, 1)
    yield line(layer_norm, -3, 0, 1)
    yield line(linear, -1, 2, 1)
    yield line(linear, 2, -1, 1)
    yield line(linear, 2, 3, 1, dtype="i64")
    yield line(embedding, -1, 8, None)
    yield line(embedding, 4, -8, None)
    yield line(embedding, 4, 2, 4)
    yield line(embedding, 4, 2, -5)
    yield line(embedding, -4, 2, 1)
    yield line(embedding, -4, 2, -1)
    yield line(embedding, 3, 2, 0, dtype="i64")
    yield line(layer_norm, -3, 1, 1)
    yield line(rms_norm, -3, 1)
    yield line(layer_norm, 3, 1, 1, dtype="i64")


def main():
    warnings.simplefilter("ignore")
    write_lines("tests/nn/vectors/layers.txt", lines())


if __name__ == "__main__":
    main()
