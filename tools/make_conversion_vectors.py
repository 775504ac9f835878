"""Asks torch what tensor.copy_ makes of edge values, for tests/tensor/vectors/conversions.txt.

SPDX-License-Identifier: Apache-2.0

One line a pair of types: `from to | bits of the inputs | bits of the results`, in hexadecimal. The bits
of a NaN differ between torch's own vector and scalar loops, so a NaN is written `nan`, a complex number
with NaN in either part as two fields joined by `,`. Numbers that do not fit an unsigned 32-bit integer
are left out for it: there torch's vector loop and its scalar loop differ. NaNs of 8 bits are left out for
integers: C++ leaves the result open, and torch's compiler made some 0, unlike those of other types.

Run: .venv-oracle/bin/python tools/make_conversion_vectors.py > tests/tensor/vectors/conversions.txt
"""

import math
import struct
import warnings

import torch

TYPES = {
    "f32": torch.float32,
    "f64": torch.float64,
    "f16": torch.float16,
    "bf16": torch.bfloat16,
    "c64": torch.complex64,
    "c128": torch.complex128,
    "i64": torch.int64,
    "i32": torch.int32,
    "i16": torch.int16,
    "i8": torch.int8,
    "u64": torch.uint64,
    "u32": torch.uint32,
    "u16": torch.uint16,
    "u8": torch.uint8,
    "bool": torch.bool,
}
EIGHT = {
    "f8_e4m3": torch.float8_e4m3fn,
    "f8_e5m2": torch.float8_e5m2,
    "f8_e8m0": torch.float8_e8m0fnu,
    "f8_e4m3fnuz": torch.float8_e4m3fnuz,
    "f8_e5m2fnuz": torch.float8_e5m2fnuz,
}

FLOATS = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.9, 1.5, 2.5, 126.5, 127.5, 128.0, 255.5, 256.0, -128.9, -129.0, 300.7,
    # ties and just beside them, for 16 bits and by way of float32
    1 + 2**-11, 1 + 3 * 2**-11, 1 + 2**-11 + 2**-40, 1 + 2**-11 - 2**-40, 1 + 2**-8, 1 + 3 * 2**-8,
    1 + 2**-8 + 2**-40, 1 + 2**-8 + 2**-23, 1 + 2**-24, 1 + 3 * 2**-24, 1 + 2**-24 + 2**-52,
    # where overflow begins
    65504.0, 65519.0, 65519.999, 65519.9999999, 65520.0, 65536.0, 3.3895e38, 3.3961775e38, 3.3961776e38,
    3.4028234663852886e38, 3.4028235677973362e38, 3.4028235677973366e38, 1e39, 1.7976931348623157e308,
    # denormals and underflow
    6.103515625e-05, 6.097555160522461e-05, 5.960464477539063e-08, 2.9802322387695312e-08,
    2.9802325940409414e-08, 8.940696716308594e-08, 1e-8, 1.1754943508222875e-38, 1.1754942807573643e-38,
    9.183549615799121e-41, 4.591774807899561e-41, 4.6e-41, 1.4e-45, 7e-46, 7.1e-46, 1e-46, 5e-324,
    # integers
    32767.9, 32768.0, 40000.5, 65535.5, 70000.0, 16777217.0, 2147483520.0, 2147483647.5, 2147483648.0,
    -2147483648.0, -2147483648.9, -2147483649.0, 3000000001.0, 4294967295.5, 4294967296.0, 5000000001.0,
    9.2e18, 9.223372036854775e18, 9.223372036854776e18, -9.223372036854776e18, 1.8e19, 1.8446744073709552e19,
    math.inf, -math.inf, math.nan,
]  # fmt: skip
FLOATS += [-value for value in FLOATS[20:52]]

INTS = [
    0, 1, -1, 2, 127, 128, -128, -129, 255, 256, 257, 2048, 2049, 2051, 32767, 32768, -32768, 65504, 65519,
    65520, 65535, 65536, 70000, 2**24 - 1, 2**24 + 1, 2**24 + 3, 2**31 - 1, 2**31, -(2**31), 2**32 - 1, 2**32,
    2**53 - 1, 2**53 + 1, 2**53 + 3, -(2**53) - 1, 2**55 + 2**31 + 1, 2**63 - 1, -(2**63), 2**63, 2**63 + 1024,
    2**63 + 1025, 2**64 - 1,
]  # fmt: skip


def complex_values():
    parts = FLOATS + [0.0, 0.0, -0.0, 2.5]
    return [complex(re, im) for re, im in zip(parts, parts[7:] + parts[:7])] + [0j, 1j, complex(0, math.nan)]


def around_steps(dtype):
    """float32 numbers where the rounding to an 8-bit float steps: its values, the middles between them, and the
    numbers just beside."""
    values = torch.arange(256, dtype=torch.uint8).view(dtype).float()
    values = values[values.isfinite()].double().unique()
    steps = torch.cat([values, (values[1:] + values[:-1]) / 2]).float()
    return torch.cat([steps, steps.nextafter(torch.tensor(math.inf)), steps.nextafter(torch.tensor(-math.inf))])


def inputs(dtype):
    if dtype in EIGHT.values():
        return torch.arange(256, dtype=torch.uint8).view(dtype)
    if dtype == torch.bool:
        return torch.tensor([False, True])
    if dtype.is_complex:
        return torch.tensor(complex_values(), dtype=torch.complex128).to(dtype)
    if dtype.is_floating_point:
        return torch.tensor(FLOATS, dtype=torch.float64).to(torch.float32 if dtype.itemsize < 4 else dtype).to(dtype)
    info = torch.iinfo(dtype)
    return torch.tensor([value for value in INTS if info.min <= value <= info.max], dtype=dtype)


def fits_u32(tensor):
    real = tensor.real if tensor.is_complex() else tensor
    return (real.double() > -(2.0**31)) & (real.double() < 2.0**32)


def element_bits(data, dtype):
    """One field: hexadecimal of the element, most significant digit first; parts of a complex one apart."""
    part = dtype.itemsize // 2 if dtype.is_complex else dtype.itemsize
    parts = []
    for start in range(0, dtype.itemsize, part):
        raw = data[start : start + part]
        parts.append("nan" if is_nan(raw, dtype) else raw[::-1].hex())
    return ",".join(parts)


def is_nan(raw, dtype):
    if not (dtype.is_floating_point or dtype.is_complex):
        return False
    if dtype in EIGHT.values():
        return torch.tensor(list(raw), dtype=torch.uint8).view(dtype).float().isnan().item()
    if dtype == torch.bfloat16:
        return math.isnan(struct.unpack("<f", b"\0\0" + raw)[0])
    return math.isnan(struct.unpack({2: "<e", 4: "<f", 8: "<d"}[len(raw)], raw)[0])


def bits(tensor):
    data = tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes()
    size = tensor.dtype.itemsize
    return " ".join(element_bits(data[i : i + size], tensor.dtype) for i in range(0, len(data), size))


def converted(source, dtype):
    """The results one by one and all at once must agree, or they are not torch's but one loop's."""
    whole = torch.empty(source.shape, dtype=dtype).copy_(source)
    single = torch.cat([torch.empty(1, dtype=dtype).copy_(source[i : i + 1]) for i in range(source.numel())])
    assert bits(whole) == bits(single), (source.dtype, dtype, bits(whole), bits(single))
    return whole


def main():
    warnings.simplefilter("ignore")
    print(f"# torch {torch.__version__}")
    print("# from to | inputs | results")
    types = TYPES | EIGHT
    for from_name, from_dtype in types.items():
        for to_name, to_dtype in types.items():
            source = inputs(from_dtype)
            if from_dtype == torch.float32 and to_name in EIGHT:
                source = torch.cat([source, around_steps(to_dtype)])
            if to_dtype == torch.uint32 and (from_dtype.is_floating_point or from_dtype.is_complex):
                source = source[fits_u32(source)]
            if from_name in EIGHT and not (to_dtype.is_floating_point or to_dtype.is_complex):
                source = source[~source.float().isnan()]
            print(f"{from_name} {to_name} | {bits(source)} | {bits(converted(source, to_dtype))}")


main()
