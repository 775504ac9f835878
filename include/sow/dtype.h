/* Element types.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_DTYPE_H
#define SOW_DTYPE_H

#include <sow/error.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The six types that take random numbers come first; float32 is 0, so that a zeroed option means
 * PyTorch's default. Integers, booleans and the 8-bit floats take constants and are converted; the
 * types below 8 bits are carried: read, copied bit for bit, written, never filled. */
typedef enum sow_dtype {
    SOW_F32 = 0,
    SOW_F64,
    SOW_F16,
    SOW_BF16,
    SOW_C64,
    SOW_C128,
    SOW_I64,
    SOW_I32,
    SOW_I16,
    SOW_I8,
    SOW_U64,
    SOW_U32,
    SOW_U16,
    SOW_U8,
    SOW_BOOL,
    SOW_F8_E5M2,
    SOW_F8_E4M3,
    SOW_F8_E8M0,
    SOW_F8_E4M3FNUZ,
    SOW_F8_E5M2FNUZ,
    SOW_F6_E2M3,
    SOW_F6_E3M2,
    SOW_F4,
    SOW_N_DTYPES,
} sow_dtype;

/* sow's name of a type: "f32", "bf16", "c64", "i64", "bool", "f8_e4m3"...; NULL for a number that
 * is none. */
SOW_API const char *sow_dtype_name(sow_dtype dtype);

/* PyTorch's name without "torch.": "float32", "bfloat16"...; NULL for a number that is none. */
SOW_API const char *sow_dtype_torch_name(sow_dtype dtype);

/* Bits of one element (4, 6, 8, 16, 32, 64, 128); 0 for a number that is none. */
SOW_API int sow_dtype_bits(sow_dtype dtype);

/* Finds a type by sow's name, PyTorch's name (with or without "torch.") or PyTorch's short names
 * (half, float, double, cfloat...). Returns SOW_ERROR_VALUE and leaves *dtype for a name that is
 * none; NULL is none. */
SOW_API sow_status sow_dtype_parse(const char *name, sow_dtype *dtype, sow_error *err);

#ifdef __cplusplus
}
#endif
#endif
