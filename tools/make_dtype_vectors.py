"""Writes tests/base/vectors/dtypes.txt: torch's element types and their names, for the tests of src/base/dtype.c.

Run as:  .venv-oracle/bin/python tools/make_dtype_vectors.py
SPDX-License-Identifier: Apache-2.0

name ALIAS NAME BYTES     torch.ALIAS is torch.NAME
scalar NAME SCALAR        what dispatch errors call it
"""

import pathlib
import platform
import re

import torch

FILE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "base" / "vectors" / "dtypes.txt"


def scalar_name(dtype):
    """From the messages of uniform_: one for types that it does not fill, one for a range too wide for those that it does."""
    try:
        limit = torch.finfo(dtype).max if dtype.is_floating_point else 1.0
        torch.empty(1, dtype=dtype).uniform_(-limit, limit)
    except RuntimeError as error:
        match = re.search(r"not implemented for '(\w+)'|numeric_limits<(\w+)>", str(error))
        return match and (match[1] or match[2])


def lines():
    names = {alias: dtype for alias, dtype in vars(torch).items() if isinstance(dtype, torch.dtype)}
    for alias, dtype in sorted(names.items()):
        yield f"name {alias} {str(dtype).removeprefix('torch.')} {dtype.itemsize}"
    for dtype in sorted(set(names.values()), key=str):
        scalar = scalar_name(dtype)
        if scalar and not dtype.is_complex:
            yield f"scalar {str(dtype).removeprefix('torch.')} {scalar}"


def main():
    FILE.parent.mkdir(parents=True, exist_ok=True)
    head = f"# torch {torch.__version__}, Python {platform.python_version()}; made by tools/make_dtype_vectors.py"
    FILE.write_text("\n".join([head, *lines()]) + "\n")


main()
