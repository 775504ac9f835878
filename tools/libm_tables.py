#!/usr/bin/env python3
"""Write src/kern/libm_tables.inc: the figures that glibc's log, sin and cos look up.

    tools/libm_tables.py [/lib/x86_64-linux-gnu/libm.so.6] > src/kern/libm_tables.inc

They are found in the data of the C library by their beginnings, and checked against the functions
that they are tables of. Nothing but the standard library is needed.
SPDX-License-Identifier: Apache-2.0
"""
import math
import platform
import struct
import sys

DEFAULT = "/lib/x86_64-linux-gnu/libm.so.6"
LN2_HIGH, LN2_LOW = float.fromhex("0x1.62e42fefa3800p-1"), float.fromhex("0x1.ef35793c76730p-45")
ABOUT_MINUS_HALF = float.fromhex("-0x1.0000000000001p-1")
N_NEAR_0, N_NEAR_1, N_LOG = 5, 11, 128  # the two polynomials, the intervals of the significand
N_SINE = 110  # multiples of 1/128 from 0


def doubles(data, offset, n):
    return struct.unpack_from(f"<{n}d", data, offset)


def find(data, start):
    """Where the doubles `start` are, and nowhere else."""
    wanted = struct.pack(f"<{len(start)}d", *start)
    offset = data.find(wanted)
    if offset < 0 or data.find(wanted, offset + 1) >= 0:
        sys.exit(f"the table that starts with {start} is not there exactly once")
    return offset


def log_figures(data):
    offset = find(data, (LN2_HIGH, LN2_LOW, ABOUT_MINUS_HALF))
    head = doubles(data, offset, 2 + N_NEAR_0 + N_NEAR_1)
    table = doubles(data, offset + 8 * len(head), 2 * N_LOG)
    for inverse, logarithm in zip(table[::2], table[1::2]):
        if abs(math.log(inverse) + logarithm) > 1e-12:
            sys.exit("the table of logarithms holds something else")
    return head[2:2 + N_NEAR_0], head[2 + N_NEAR_0:], table


def sine_figures(data):
    offset = find(data, (0.0, 0.0, 1.0, 0.0, float.fromhex("0x1.fffeaaaaeeeefp-8")))
    table = doubles(data, offset, 4 * N_SINE)
    for k in range(N_SINE):
        sine, sine_tail, cosine, cosine_tail = table[4 * k:4 * k + 4]
        if abs(sine - math.sin(k / 128)) + abs(cosine - math.cos(k / 128)) > 1e-15:
            sys.exit("the table of sines holds something else")
        if max(abs(sine_tail), abs(cosine_tail)) > 1e-16:
            sys.exit("the tails of the table of sines hold something else")
    return table


def show(name, values, columns, comment):
    print(f"\n/* {comment} */")
    if columns:
        print(f"static const double {name}[{len(values) // columns}][{columns}] = {{")
    else:
        print(f"static const double {name}[{len(values)}] = {{")
    width = columns or 1
    for i in range(0, len(values), width):
        row = ", ".join(v.hex() for v in values[i:i + width])
        print(f"    {{{row}}}," if columns else f"    {row},")
    print("};")


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else DEFAULT
    with open(path, "rb") as file:
        data = file.read()
    near_0, near_1, logs = log_figures(data)
    print("/* The figures that the C library's log, sin and cos look up. Made by")
    print(f" * tools/libm_tables.py from the data of the x86-64 libm of {' '.join(platform.libc_ver())}.")
    print(" * SPDX-License-Identifier: Apache-2.0 */")
    print("\n/* clang-format off */")
    show("log_near_0", near_0, 0, "log(1 + r) - r for a small r: from r^2 on")
    show("log_near_1", near_1, 0, "log(1 + r) - r for |r| < 1/16: from r^2 on")
    show("log_rows", logs, 2, "1/c and log c, c in the middle of each 128th of [0.6875, 1.375)")
    show("sine_rows", sine_figures(data), 4, "sine, its tail, cosine, its tail of k / 128")
    print("\n/* clang-format on */")


if __name__ == "__main__":
    main()
