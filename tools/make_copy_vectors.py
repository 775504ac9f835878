"""Asks torch which copies between views of one storage it makes, for tests/tensor/vectors/copies.txt.

SPDX-License-Identifier: Apache-2.0

One line a copy of one view of a storage of 24 elements into another of the same sizes:

    sizes | target strides | target offset | source strides | source offset | answer

The answer is the message of the failure, or the storage after the copy as numbers of the elements
before it. torch looks for overlaps where that is cheap and else copies in an order of its own, so the
values are those of target.copy_(source.clone()).

Run: .venv-oracle/bin/python tools/make_copy_vectors.py > tests/tensor/vectors/copies.txt
"""

import random

import torch

NUMEL = 24


def extent(sizes, strides):
    return 1 + sum((size - 1) * stride for size, stride in zip(sizes, strides)) if 0 not in sizes else 0


def answer(sizes, target, source):
    storage = torch.arange(NUMEL, dtype=torch.float64)
    try:
        storage.as_strided(sizes, *target).copy_(storage.as_strided(sizes, *source))
    except RuntimeError as error:
        return str(error)
    storage = torch.arange(NUMEL, dtype=torch.float64)
    storage.as_strided(sizes, *target).copy_(storage.as_strided(sizes, *source).clone())
    return " ".join(str(int(value)) for value in storage.tolist())


def line(sizes, target, source):
    fields = sizes, target[0], [target[1]], source[0], [source[1]]
    print(" | ".join([" ".join(map(str, field)) for field in fields] + [answer(sizes, target, source)]))


def named():
    yield (4, 4), ((4, 1), 0), ((1, 4), 0)  # its own transpose
    yield (4, 4), ((4, 1), 0), ((4, 1), 0)  # itself
    yield (4, 4), ((1, 4), 0), ((1, 4), 0)
    yield (9,), ((1,), 0), ((1,), 1)  # shifted by one
    yield (9,), ((1,), 1), ((1,), 0)
    yield (9,), ((1,), 0), ((1,), 9)  # beside it
    yield (8,), ((2,), 0), ((2,), 1)  # between
    yield (8,), ((2,), 2), ((2,), 0)
    yield (3, 3), ((4, 1), 0), ((4, 1), 1)  # columns
    yield (3, 3), ((4, 1), 1), ((4, 1), 0)
    yield (2, 3), ((0, 1), 0), ((3, 1), 0)  # expanded targets
    yield (2, 3), ((0, 1), 0), ((3, 1), 6)
    yield (1, 3), ((0, 1), 0), ((3, 1), 6)
    yield (0, 3), ((0, 0), 0), ((3, 1), 0)
    yield (2, 3), ((3, 1), 6), ((0, 1), 0)  # expanded sources
    yield (2, 3), ((3, 1), 0), ((0, 1), 0)
    yield (1, 3), ((3, 1), 0), ((7, 1), 0)  # strides that play no part
    yield (), ((), 3), ((), 3)
    yield (), ((), 3), ((), 4)


def drawn(rng):
    sizes = [rng.randint(1, 4) for _ in range(rng.randint(1, 3))]
    views = []
    for _ in range(2):
        order = rng.sample(range(len(sizes)), len(sizes))
        strides, step = [0] * len(sizes), 1
        for dim in order:
            strides[dim] = step
            step *= sizes[dim]
        if rng.random() < 0.3:
            strides = [stride * 2 for stride in strides]
        if extent(sizes, strides) > NUMEL:
            return None
        views.append((strides, rng.randint(0, NUMEL - extent(sizes, strides))))
    target = views[0]
    places = [target[1]]
    for size, stride in zip(sizes, target[0]):
        places = [place + i * stride for place in places for i in range(size)]
    return (sizes, *views) if len(set(places)) == len(places) else None


def main():
    print("# torch %s" % torch.__version__)
    print("# sizes | target strides | target offset | source strides | source offset | answer")
    for case in named():
        line(*case)
    rng = random.Random(5)
    cases = [case for case in (drawn(rng) for _ in range(400)) if case is not None]
    for case in cases:
        line(*case)


main()
