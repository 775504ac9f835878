/* The table of element types.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_BASE_DTYPE_H
#define SOW_BASE_DTYPE_H

#include <sow/dtype.h>
#include <stdbool.h>

typedef enum sow__dtype_class {
    SOW__CLASS_FLOAT,
    SOW__CLASS_FLOAT8, /* takes constants and conversions, no random numbers */
    SOW__CLASS_COMPLEX,
    SOW__CLASS_INT,
    SOW__CLASS_UINT,
    SOW__CLASS_BOOL,
    SOW__CLASS_OPAQUE, /* carried only */
} sow__dtype_class;

typedef struct sow__dtype_info {
    const char *name, *torch_name;
    const char *safetensors_name; /* NULL: not in the format */
    const char *cpp_name;         /* as PyTorch's messages spell it: "float", "c10::Half" */
    int bits;
    int rank; /* place in the reference writer's order, high first; 0 for BOOL and for types not in
                 the format */
    sow__dtype_class kind;
} sow__dtype_info;

/* NULL for a number that is none. */
const sow__dtype_info *sow__dtype_info_of(sow_dtype dtype);

/* PyTorch's ScalarType name as its dispatch errors print it: "Float", "Half", "ComplexFloat",
 * "Int"... */
const char *sow__dtype_scalar_name(sow_dtype dtype);

/* The float type of the parts of a complex one; another type is its own. */
sow_dtype sow__dtype_real(sow_dtype dtype);

static inline bool sow__dtype_is_complex(sow_dtype dtype)
{
    return dtype == SOW_C64 || dtype == SOW_C128;
}

static inline bool sow__dtype_is_float(sow_dtype dtype)
{
    return dtype == SOW_F32 || dtype == SOW_F64 || dtype == SOW_F16 || dtype == SOW_BF16;
}

static inline bool sow__dtype_is_float8(sow_dtype dtype)
{
    return dtype >= SOW_F8_E5M2 && dtype <= SOW_F8_E5M2FNUZ;
}

/* What a parameter may be in PyTorch: SOW_ERROR_RUNTIME in its words for integers and booleans. */
sow_status sow__dtype_check_gradients(sow_dtype dtype, sow_error *err);

/* Of f16, bf16, f32 and f64, and of complex types of these: the distance from 1 to the next number,
 * and the least number above 0. Others have those of f64. */
double sow__dtype_epsilon(sow_dtype dtype);
double sow__dtype_smallest(sow_dtype dtype);

/* Bytes of an element of at least 8 bits. */
size_t sow__dtype_bytes(sow_dtype dtype);

/* numel elements in bytes; false when they do not fit or do not fill whole bytes (4- and 6-bit
 * types). */
bool sow__dtype_n_bytes(sow_dtype dtype, uint64_t numel, uint64_t *n_bytes);

#endif
