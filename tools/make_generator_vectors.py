"""Writes tests/rng/vectors/: what torch's CPU generator gives, for the tests of src/rng.

Run as:  .venv-oracle/bin/python tools/make_generator_vectors.py
Needs torch and xxhash. SPDX-License-Identifier: Apache-2.0

words.txt     words SEED FIRST_POSITION WORD...       32-bit words, hexadecimal
states.txt    state SEED STEP... : XXH3_128           hash of get_state() after the steps
pairs.txt     pair SEED POSITION BITS                 cached normal of a draw at POSITION, as bits of a double
forged.txt    forged SEED N_WORDS OFFSET=BYTES... : ok XXH3_128 | error MESSAGE
              set_state() of a blob with bytes replaced, then get_state()
randperm.txt  values SEED N : VALUE...
              hash SEED N : XXH3_128 of the int64 values, XXH3_128 of get_state() afterwards
              error N : MESSAGE
large.txt     lines of the form `hash` that need gigabytes

Steps: wN draws N words (float32 uniform_), nN draws N normals one by one (float64 normal_, N < 16),
mS calls manual_seed(S).
"""

import pathlib
import platform

import torch
import xxhash

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "rng" / "vectors"
SEEDS = [0, 1, 2, 42, 123, 5489, 67280421310721, 2**31, 2**32 - 1, 2**32, 2**32 + 42, 2**63 - 1, 2**63, 2**64 - 1,
         -1, -5, -42, -(2**31), -(2**63)]
POSITIONS = [0, 1, 2, 622, 623, 624, 625, 1247, 1248, 1249, 1872, 1873, 9999, 10000, 100000, 624 * 777, 1000003]


def generator(seed):
    return torch.Generator().manual_seed(seed)


def draw_words(g, n):
    torch.empty(n).uniform_(generator=g)


def draw_normals(g, n):
    assert n < 16
    torch.empty(n, dtype=torch.float64).normal_(generator=g)


def read_words(g, n):
    """The raw words: the full 64-bit range takes random64, whose first word is the high half."""
    words = []
    for value in torch.empty(n // 2, dtype=torch.int64).random_(-(2**63), None, generator=g).tolist():
        value %= 2**64
        words += [value >> 32, value % 2**32]
    return words


def digest(tensor):
    return xxhash.xxh3_128_hexdigest(tensor.numpy().tobytes())


def run_steps(seed, steps):
    g = generator(seed)
    for step in steps.split():
        count = int(step[1:])
        {"w": draw_words, "n": draw_normals, "m": lambda g, s: g.manual_seed(s)}[step[0]](g, count)
    return g


def words():
    for seed in SEEDS:
        yield f"words {seed} 0 " + " ".join(f"{w:08X}" for w in read_words(generator(seed), 8))
    for seed in (0, 42, -5):
        for position in POSITIONS[1:]:
            g = generator(seed)
            draw_words(g, position)
            yield f"words {seed} {position} " + " ".join(f"{w:08X}" for w in read_words(g, 4))


def states():
    steps = [f"w{p}" if p else "" for p in POSITIONS]
    steps += ["n1", "n2", "n3", "n15", "n3 w1", "n1 w623", "n1 n1", "n1 n2 n3", "w621 n1", "w622 n3", "w623 n5",
              "w624 n1", "w1000 n7 w5000", "n1 w1247 n1", "n5 w1000000", "n1 m7", "n3 w700 m42 w3", "m9 n1 w999999 n2"]
    for seed in SEEDS:
        yield f"state {seed} : {digest(generator(seed).get_state())}"
    for seed in (42, -5):
        for s in steps:
            yield f"state {seed} {s} : ".replace("  ", " ") + digest(run_steps(seed, s).get_state())


def pairs():
    for seed in (0, 42, 2**32 + 7):
        for position in (0, 4, 8, 619, 620, 621, 622, 623, 624, 1245, 1247, 1248, 99999, 1000001):
            g = generator(seed)
            draw_words(g, position)
            draw_normals(g, 1)
            bits = int.from_bytes(g.get_state().numpy().tobytes()[5024:5032], "little")
            yield f"pair {seed} {position} {bits:016X}"


def forged():
    edits = [
        "", "12=00000000", "12=02000000", "12=00010000", "8=00000000", "8=FFFFFFFF", "8=71020000 16=0000000000000000",
        "8=71020000", "16=7102000000000000", "16=FFFFFFFF00000000", "8=00000080", "20=01000000", "20=FFFFFFFF", "28=01000000",
        "0=0102030405060708", "5016=0102030405060708 5032=1112131415161718", "5044=01020304 5053=010203",
        "5024=0102030405060708", "5040=01000000", "5024=0102030405060708 5040=01000000", "5024=0102030405060708 5040=00010000",
        "5024=000000000000F87F 5040=01000000", "5024=0000000000000080 5040=FFFFFFFF", "5024=0000000000000080",
        "5048=01020304", "5052=01", "5048=01020304 5052=01", "8=70020000 16=0100000000000000", "8=01000000 16=7002000000000000",
    ]
    for seed, n_words in ((42, 0), (42, 8), (-5, 624), (7, 1000)):
        for edit in edits:
            g = generator(seed)
            draw_words(g, n_words)
            blob = bytearray(g.get_state().numpy().tobytes())
            for e in edit.split():
                offset, value = e.split("=")
                blob[int(offset) : int(offset) + len(value) // 2] = bytes.fromhex(value)
            left = int.from_bytes(blob[8:12], "little", signed=True)
            following = int.from_bytes(blob[16:20], "little")
            seeded = int.from_bytes(blob[12:16], "little")
            if seeded and 0 < left <= 624 and following <= 624 and left + following != 625 and (left, following) != (1, 0):
                continue  # torch takes it and then reads beside its array
            yield f"forged {seed} {n_words} {edit} : ".replace("  ", " ") + set_and_get(g, blob)
    for n_bytes in (0, 1, 5048, 5055, 5057):
        yield f"size {n_bytes} : " + set_and_get(generator(0), bytes(n_bytes))


def set_and_get(g, blob):
    try:
        g.set_state(torch.tensor(list(blob), dtype=torch.uint8))
    except RuntimeError as error:
        return f"error {error}"
    return f"ok {digest(g.get_state())}"


def randperm_hash(seed, n):
    g = generator(seed)
    values = torch.randperm(n, generator=g)
    return f"hash {seed} {n} : {digest(values)} {digest(g.get_state())}"


def randperm():
    for n in (0, 1, 2, 3, 10, 33):
        for seed in (0, 42, -5):
            values = torch.randperm(n, generator=generator(seed)).tolist()
            yield " ".join([f"values {seed} {n} :"] + [str(v) for v in values])
    for n in (0, 1, 2, 623, 624, 625, 626, 1024, 1025, 1026, 2049, 100003, 1000000):
        for seed in (42, 123):
            yield randperm_hash(seed, n)
    for n in (-1, -7, -(2**31)):
        try:
            torch.randperm(n)
        except RuntimeError as error:
            yield f"error {n} : " + str(error).splitlines()[0]


def large():
    for n in (214748363, 214748364, 214748365):
        yield randperm_hash(42, n)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    head = f"# torch {torch.__version__}, Python {platform.python_version()}; made by tools/make_generator_vectors.py"
    for lines in (words, states, pairs, forged, randperm, large):
        (FOLDER / f"{lines.__name__}.txt").write_text("\n".join([head, *lines()]) + "\n")


main()
