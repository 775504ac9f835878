"""Asks torch in which order it walks tensors of many layouts, for tests/tensor/vectors/layouts.txt.

SPDX-License-Identifier: Apache-2.0

A layout is filled by uniform_; the same seed on a contiguous tensor tells which draw each value was.
One line a layout:

    name | sizes | strides | offset | draw of every element of the storage, from 0; -1 where none went

Run: .venv-oracle/bin/python tools/make_layout_vectors.py > tests/tensor/vectors/layouts.txt
"""

import random

import torch


def draws(sizes, strides, offset):
    numel = 1
    for size in sizes:
        numel *= size
    extent = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides)) + 1
    storage = torch.full((extent,), -1.0, dtype=torch.float64)
    generator = torch.Generator()
    storage.as_strided(sizes, strides, offset).uniform_(generator=generator.manual_seed(42))
    dense = torch.empty(numel, dtype=torch.float64).uniform_(generator=generator.manual_seed(42))
    rank = {value: index for index, value in enumerate(dense.tolist())}
    assert len(rank) == numel
    return [rank.get(value, -1) for value in storage.tolist()]


def line(name, tensor):
    layout = list(tensor.shape), list(tensor.stride()), tensor.storage_offset()
    ranks = draws(*layout)
    fields = [name] + [" ".join(map(str, field)) for field in (layout[0], layout[1], [layout[2]], ranks)]
    print(" | ".join(fields))


def strided(sizes, strides, offset=0):
    extent = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides)) + 1
    return torch.empty(extent).as_strided(sizes, strides, offset)


def named_layouts():
    yield "scalar", torch.empty(())
    yield "one", torch.empty(1)
    yield "vector", torch.empty(7)
    yield "matrix", torch.empty(2, 3)
    yield "contiguous_4d", torch.empty(2, 3, 4, 5)
    yield "transposed", torch.empty(2, 3).t()
    yield "transposed_large", torch.empty(17, 33).t()
    for dims in ((2, 0, 1), (1, 2, 0), (0, 2, 1), (2, 1, 0), (1, 0, 2)):
        yield "permuted_%d%d%d" % dims, torch.empty(3, 4, 5).permute(dims)
    yield "channels_last", torch.empty(2, 3, 4, 5, memory_format=torch.channels_last)
    yield "channels_last_3d", torch.empty(2, 3, 2, 3, 2, memory_format=torch.channels_last_3d)
    yield "slice", torch.empty(8, 12)[::2, 1:9:3]
    yield "slice_transposed", torch.empty(8, 12)[::2, 1:9:3].t()
    yield "slice_rows", torch.empty(8, 6)[2:7]
    yield "slice_columns", torch.empty(8, 6)[:, 2:5]
    yield "slice_every_second", torch.empty(20)[::2]
    yield "select_column", torch.empty(5, 4)[:, 2]
    yield "select_middle", torch.empty(3, 4, 5)[:, 1]
    yield "permuted_slice", torch.empty(4, 6, 5).permute(1, 2, 0)[1:5, ::2]
    yield "size_1_odd_stride", strided((3, 1, 4), (4, 77, 1))
    yield "size_1_small_stride", strided((3, 1, 4), (8, 1, 2))
    yield "size_1_zero_stride", strided((4, 1, 3), (1, 0, 4))
    yield "size_1_all", strided((1, 1, 1), (5, 0, 9))
    yield "size_1_expanded", torch.empty(1, 5).expand(1, 5).t()
    yield "interleaving", strided((3, 4), (2, 3))
    yield "interleaving_rows", strided((4, 3), (5, 2), 3)
    yield "interleaving_3d", strided((2, 3, 2), (1, 4, 6))
    yield "interleaving_large", strided((7, 5), (11, 3))
    yield "equal_strides", strided((3, 3), (1, 1))
    yield "equal_strides_small_first", strided((2, 3), (1, 1))
    yield "equal_strides_large_first", strided((3, 2), (1, 1))
    yield "equal_strides_3d", strided((2, 3, 2), (2, 2, 1))
    yield "partial_overlap", strided((4, 4), (2, 1))
    yield "mergeable_pieces", strided((2, 3, 4, 5), (200, 20, 5, 1))
    yield "mergeable_reversed", strided((5, 4, 3, 2), (1, 5, 20, 200))


def random_layouts(count):
    """Dims of a storage in any order, with gaps, size-1 dims of any stride, and now and then overlaps."""
    rng = random.Random(20)
    for index in range(count):
        n_dims = rng.randint(1, 6)
        sizes = [rng.choice((1, 1, 2, 2, 3, 4, 5)) for _ in range(n_dims)]
        strides, step = [], rng.choice((1, 1, 1, 2, 3))
        for size in sizes:
            odd = size == 1 and rng.random() < 0.5
            strides.append(rng.randint(0, 90) if odd else step)
            step = max(1, step * size + rng.choice((0, 0, 0, 1, -1)))
        order = rng.sample(range(n_dims), n_dims)
        sizes, strides = [sizes[i] for i in order], [strides[i] for i in order]
        yield f"random_{index}", strided(sizes, strides, rng.choice((0, 0, 3)))


def main():
    print(f"# torch {torch.__version__}")
    print("# name | sizes | strides | offset | draw of every element of the storage, -1 where none went")
    for name, tensor in named_layouts():
        line(name, tensor)
    for name, tensor in random_layouts(250):
        line(name, tensor)


main()
