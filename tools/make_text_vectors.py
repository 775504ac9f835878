"""Writes tests/base/vectors/repr.txt: repr() of Python floats, for the tests of src/base/text.c.

Run as:  python3 tools/make_text_vectors.py
SPDX-License-Identifier: Apache-2.0

repr BITS TEXT      bits of the double in hexadecimal, repr() of it
float TEXT BITS     what float() reads
"""

import math
import pathlib
import platform
import random
import struct

FILE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "base" / "vectors" / "repr.txt"


def bits(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def value(pattern):
    return struct.unpack("<d", struct.pack("<Q", pattern))[0]


def neighbours(x):
    return [x, math.nextafter(x, math.inf), math.nextafter(x, -math.inf)]


def values():
    yield from (0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 0.1, 0.2, 0.3, 0.1 + 0.2, 1 / 3, 2 / 3, 0.02, 1e-5)
    yield from (math.pi, math.e, math.sqrt(2.0), 5.0 / 3, 0.03125, 0.04419417382415922, 1.7976931348623157e308, 5e-324)
    yield from (123456789.0, 9007199254740991.0, 9007199254740993.0, 1e15, 1e16, 9999999999999998.0, 123456789012345678.0)
    for exponent in range(-1074, 1024):
        x = math.ldexp(1.0, exponent)
        yield from neighbours(x) if exponent % 7 == 0 else (x,)
    for exponent in range(-324, 309):
        yield from neighbours(float(f"1e{exponent}"))
    rng = random.Random(20260101)
    for _ in range(1500):
        yield value(rng.getrandbits(64))
    for _ in range(1000):
        yield rng.uniform(-10, 10)
    for _ in range(500):
        yield rng.randrange(-(10**6), 10**6) / 10 ** rng.randrange(0, 9)
    for _ in range(300):
        yield float(rng.randrange(0, 10**17))


def main():
    FILE.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"# Python {platform.python_version()}; made by tools/make_text_vectors.py"]
    for x in values():
        lines.append(f"repr {bits(x):016X} {x!r}")
    for text in ("0", "-0", "1", "+1", "1.", ".5", "1e3", "1E3", "1e+3", "1e-3", "1e400", "-1e400", "1e-400", "inf", "-inf",
                 "+inf", "Infinity", "INF", "nan", "0.1", "2.2250738585072011e-308", "0.30000000000000004", "179769313486231580793e289"):
        lines.append(f"float {text} {bits(float(text)):016X}")
    FILE.write_text("\n".join(lines) + "\n")


main()
