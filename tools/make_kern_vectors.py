#!/usr/bin/env python3
"""Writes tests/kern/vectors/*.txt from a real PyTorch.

SPDX-License-Identifier: Apache-2.0

    .venv-oracle/bin/python tools/make_kern_vectors.py tests/kern/vectors

Doubles are C hexadecimal floats, results the bits of the elements in hexadecimal. Needs torch and
numpy; run it on an x86-64 machine with AVX2, whose bits the torch-* dialects name.
"""
import hashlib
import math
import pathlib
import sys

import numpy
import torch

DTYPES = {"f32": torch.float32, "f64": torch.float64, "f16": torch.float16, "bf16": torch.bfloat16}
UINTS = {"f32": numpy.uint32, "f64": numpy.uint64, "f16": numpy.uint16, "bf16": numpy.uint16}
VIEWS = {"f32": torch.int32, "f64": torch.int64, "f16": torch.int16, "bf16": torch.int16}
N_BIG = 200_000  # a multiple of 16: whole blocks only

UNIFORM_RANGES = [(0, 1), (-0.3, 0.7), (-0.04419417382415922, 0.04419417382415922), (-1, 2), (1, 1.0000005),
           (-0.0, 0.0), (0.1, 0.1), (-30000, 30000), (0, 6e-8), (1000, 1000.5), (-1e-5, 0)]
MEANS_AND_STDS = [(0, 1), (0, 0.02), (0.1, 0.37), (-3, 1e-3), (1e4, 50), (0, 0), (0.1, 0), (0, 1e-7),
          (0, 1e5), (-0.0, 1), (1, 1e-40)]


def bits(tensor, name):
    return tensor.contiguous().view(VIEWS[name]).numpy().view(UINTS[name])


def text(values):
    return " ".join(f"{int(v):0{2 * values.dtype.itemsize}X}" for v in values)


def sha(values):
    return hashlib.sha256(values.astype(values.dtype.newbyteorder("<")).tobytes()).hexdigest()


def filled(method, name, seed, n, a, b):
    generator = torch.Generator().manual_seed(seed)
    return bits(getattr(torch.empty(n, dtype=DTYPES[name]), method)(a, b, generator=generator), name)


def fills(method, arguments, counts):
    """Lines `dtype seed a b n : values`, and `... n sha256 : hash` for many values."""
    for name in DTYPES:
        for k, (a, b) in enumerate(arguments):
            key = f"{float(a).hex()} {float(b).hex()}"
            for n in counts:
                seed = 42 + k + n
                yield f"{name} {seed} {key} {n} : {text(filled(method, name, seed, n, a, b))}"
            if N_BIG > max(counts) >= 16:
                yield f"{name} 123 {key} {N_BIG} sha256 : {sha(filled(method, name, 123, N_BIG, a, b))}"


def words():
    """Lines `state seed : 624 raw words`, `next seed : the block after`, `words seed n : words`."""
    for seed in (0, 42):
        generator = torch.Generator().manual_seed(seed)
        raw = [generator.get_state().numpy()[24:24 + 8 * 624].view(numpy.uint64)]
        for _ in range(2):
            torch.empty(624, dtype=torch.float32).uniform_(generator=generator)
            raw.append(generator.get_state().numpy()[24:24 + 8 * 624].view(numpy.uint64))
        for label, block in zip(("state", "next", "after"), raw):
            yield f"{label} {seed} : {text(block.astype(numpy.uint32))}"
    for seed in (0, 1, 42, 5489, 2**32 - 1):
        generator = torch.Generator().manual_seed(seed)
        drawn = torch.empty(320, dtype=torch.int64).random_(-(2**63), None, generator=generator)
        halves = drawn.numpy().view(numpy.uint64)
        both = numpy.stack([halves >> numpy.uint64(32), halves & numpy.uint64(0xFFFFFFFF)], 1)
        yield f"words {seed} 640 : {text(both.ravel().astype(numpy.uint32))}"


def untempered(word):
    """The state words that tempering makes into these words."""
    word = word ^ (word >> 18)
    word = word ^ ((word << 15) & 0xEFC60000)
    undone = word
    for _ in range(5):
        undone = word ^ ((undone << 7) & 0x9D2C5680)
    word = undone & 0xFFFFFFFF
    for _ in range(3):
        undone = word ^ (undone >> 11)
    return undone & 0xFFFFFFFF


def pairs():
    """Lines `f32 multiplier : hash` of normal_(0, 1) over all 2^24 pairs whose words are i and
    i * multiplier mod 2^24, eight pairs a block: every radius and every angle once."""
    n_pairs, n_blocks = 2**24, 38  # whole blocks in the 623 words that a planted state can give
    generator = torch.Generator()
    blob = generator.manual_seed(0).get_state()
    header, planted = blob.numpy(), blob.numpy()[24:24 + 8 * 624].view(numpy.uint64)
    header[8:12].view(numpy.int32)[0] = 624
    header[16:24].view(numpy.uint64)[0] = 1
    for multiplier in (1, 0x9E3779):
        first = numpy.arange(n_pairs, dtype=numpy.int64)
        words = numpy.stack([first.reshape(-1, 8), (first * multiplier % n_pairs).reshape(-1, 8)], 1)
        words = untempered(words.reshape(-1)).astype(numpy.uint64)
        values = torch.empty(len(words))
        for start in range(0, len(words), 16 * n_blocks):
            part = words[start:start + 16 * n_blocks]
            planted[1:1 + len(part)] = part
            generator.set_state(blob)
            values[start:start + len(part)].normal_(generator=generator)
        yield f"f32 {multiplier} : {sha(bits(values, 'f32'))}"


def conversion_inputs(name):
    """Every finite value of the type, and round its upper neighbour's midpoint, of both signs."""
    n_finite = 0x7C00 if name == "f16" else 0x7F80
    halves = torch.arange(n_finite, dtype=torch.int32).to(torch.int16).view(DTYPES[name])
    values = halves.to(torch.float64).numpy()
    middles = ((values[:-1] + values[1:]) / 2).astype(numpy.float32).view(numpy.uint32)
    magnitudes = numpy.concatenate([values.astype(numpy.float32).view(numpy.uint32), middles - 1,
                                    middles, middles + 1])
    return numpy.concatenate([magnitudes, magnitudes | numpy.uint32(0x80000000)])


def convert():
    """`to TYPE n : hash` of rounding conversion_inputs; `from TYPE n : hash` of widening every
    non-NaN value; `edge TYPE : f32 bits=result ...`."""
    edges = numpy.array([0x477FEFFF, 0x477FF000, 0x47800000, 0x7F7F7FFF, 0x7F7F8000, 0x7F7FFFFF, 0x7F800000,
                         0xFF800000, 0x33000000, 0x33000001, 0x00000001, 0x00007FFF, 0x00008000,
                         0x00008001, 0x80000000], dtype=numpy.uint32)
    for name in ("f16", "bf16"):
        inputs = conversion_inputs(name)
        rounded = torch.from_numpy(inputs.view(numpy.float32)).to(DTYPES[name])
        yield f"to {name} {len(inputs)} : {sha(bits(rounded, name))}"
        every = torch.arange(65536, dtype=torch.int32).to(torch.int16).view(DTYPES[name])
        every = every[~every.isnan()]
        yield f"from {name} {len(every)} : {sha(bits(every.to(torch.float32), 'f32'))}"
        got = bits(torch.from_numpy(edges.view(numpy.float32)).to(DTYPES[name]), name)
        yield f"edge {name} : " + " ".join(f"{e:08X} {int(g):04X}" for e, g in zip(edges, got))


def erfinv():
    """`half TYPE : hash` over all 2^16 inputs, NaNs as 7E00 or 7FC0; `TYPE n : input result ...`."""
    for name, nan in (("f16", 0x7E00), ("bf16", 0x7FC0)):
        result = torch.arange(65536, dtype=torch.int32).to(torch.int16).view(DTYPES[name]).erfinv()
        yield f"half {name} : {sha(numpy.where(result.isnan().numpy(), nan, bits(result, name)).astype(numpy.uint16))}"
    for name in ("f32", "f64"):
        generator = torch.Generator().manual_seed(7)
        y = torch.empty(1000, dtype=DTYPES[name]).uniform_(-1, 1, generator=generator)
        near = 1 - 10.0 ** -torch.arange(1, 8, dtype=DTYPES[name])
        small = 10.0 ** -torch.arange(1, 38, dtype=DTYPES[name])
        y = torch.cat([y, near, -near, small, -small])
        inputs_and_results = numpy.stack([bits(y, name), bits(y.erfinv(), name)], 1).ravel()
        yield f"{name} {len(y)} : {text(inputs_and_results)}"


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    capability = torch.backends.cpu.get_cpu_capability()
    if capability not in ("AVX2", "AVX512"):
        sys.exit(f"needs a CPU with AVX2, torch found {capability}")
    files = {
        "words": words(),
        "uniform": fills("uniform_", UNIFORM_RANGES, (33,)),
        "normal": fills("normal_", MEANS_AND_STDS, (16, 64)),
        "serial": fills("normal_", MEANS_AND_STDS[:5], range(1, 16)),
        "pairs": pairs(),
        "convert": convert(),
        "erfinv": erfinv(),
    }
    for name, lines in files.items():
        doc = " ".join((globals()[name] if name in globals() else fills).__doc__.split())
        head = f"# torch {torch.__version__}, numpy {numpy.__version__}; tools/make_kern_vectors.py\n# {doc}\n"
        (folder / f"{name}.txt").write_text(head + "".join(line + "\n" for line in lines))


if __name__ == "__main__":
    main()
