#!/usr/bin/env python3
"""Writes tests/io/vectors/: small files made by the safetensors package, and cases.json, which says
what the package reads in them. The writer's test must give the same bytes, the reader's test the
same values.

    .venv-oracle/bin/python tools/make_safetensors_vectors.py

SPDX-License-Identifier: Apache-2.0"""

import ctypes
import json
import pathlib
import platform

import safetensors
from safetensors import TensorSpec, deserialize, serialize

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "io" / "vectors"

# Name in the package and bits of one element of the shape it is given. The 6-bit types exist in the
# format, but this package can not write them. float4_e2m1fn_x2 holds two elements in a byte.
DTYPES = {
    "bool": 8, "uint8": 8, "int8": 8, "float8_e5m2": 8, "float8_e4m3fn": 8, "float8_e8m0fnu": 8,
    "float8_e4m3fnuz": 8, "float8_e5m2fnuz": 8, "float4_e2m1fn_x2": 8, "int16": 16, "uint16": 16,
    "float16": 16, "bfloat16": 16, "int32": 32, "uint32": 32, "float32": 32, "complex64": 64,
    "float64": 64, "int64": 64, "uint64": 64,
}

NAMES = [
    "layers.10.weight", "layers.2.weight", "Zebra", "apple", "", " ", "a b", "\u00e4\u00f6\u00fc",
    "\u6a21\u578b.\u6743\u91cd", "\U0001f600", "\u2028", "\ufeffbom", "\uffff", "\x7f", "quote\"", "back\\slash",
    "slash/", "tab\t", "line\n", "return\r", "bell\x07", "bs\b", "feed\f", "\x01", "\x1f", "\u0080",
    "__metadata", "e\u0301", "\u00e9",
]


def case(name, tensors, metadata=None):
    """tensors: (name, dtype, shape) in the order in which they are given to the package."""
    kept, specs = [], {}
    for number, (key, dtype, shape) in enumerate(tensors):
        n_bytes = DTYPES[dtype] // 8
        for size in shape:
            n_bytes *= size
        data = bytes((17 * number + 31 * i + 5) % 256 for i in range(n_bytes))
        if dtype == "bool":
            data = bytes(byte & 1 for byte in data)
        memory = ctypes.create_string_buffer(data, max(n_bytes, 1))
        kept.append(memory)
        specs[key] = TensorSpec(dtype=dtype, shape=list(shape), data_ptr=ctypes.addressof(memory),
                                data_len=n_bytes)
    written = serialize(specs, metadata=metadata)
    read = dict(deserialize(written))
    (FOLDER / f"{name}.safetensors").write_bytes(written)
    return {
        "file": f"{name}.safetensors",
        "metadata": metadata,
        "tensors": [
            {"name": key, "dtype": read[key]["dtype"], "shape": read[key]["shape"],
             "data": bytes(read[key]["data"]).hex()}
            for key, _, _ in tensors
        ],
    }


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    cases = [
        case("empty", []),
        case("metadata_alone", [], {"format": "pt"}),
        case("metadata_escapes", [("w", "uint8", [1])], {"k\x02\"\\/\u00e9": "v\n\x1f\U0001f600"}),
        case("metadata_empty", [("w", "uint8", [1])], {}),
        case("dtypes", [(f"t.{dtype}", dtype, [2, 3]) for dtype in DTYPES], {"format": "pt"}),
        case("dtypes_reversed", [(f"{dtype}", dtype, [1]) for dtype in reversed(DTYPES)]),
        case("names", [(name, "uint8", [1]) for name in NAMES]),
        case("shapes", [
            ("scalar", "float32", []), ("one", "float32", [1]), ("zero", "float32", [0]),
            ("zero_inside", "float64", [3, 0, 5]), ("bytes", "uint8", [3]),
            ("odd", "int16", [7]), ("zero_last", "bool", [0]), ("deep", "int8", [1] * 70),
        ]),
        *(case(f"padding_{n}", [("n" * (n + 1), "uint8", [2])]) for n in range(8)),
    ]
    versions = {"safetensors": safetensors.__version__, "python": platform.python_version()}
    text = json.dumps({"versions": versions, "cases": cases}, ensure_ascii=True, indent=1)
    (FOLDER / "cases.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
