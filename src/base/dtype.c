/* The table of element types.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/dtype.h"

#include "base/checked.h"
#include "base/error.h"
#include <math.h>
#include <string.h>

static const sow__dtype_info table[] = {
#define X(symbol, name, torch, file, cpp, bits, rank, kind)                                        \
    [symbol] = {name, torch, file, cpp, bits, rank, kind},
#include "base/dtype.def"
#undef X
};

const sow__dtype_info *sow__dtype_info_of(sow_dtype dtype)
{
    return (unsigned)dtype < SOW_N_DTYPES ? &table[dtype] : NULL;
}

const char *sow_dtype_name(sow_dtype dtype)
{
    const sow__dtype_info *info = sow__dtype_info_of(dtype);
    return info != NULL ? info->name : NULL;
}

const char *sow_dtype_torch_name(sow_dtype dtype)
{
    const sow__dtype_info *info = sow__dtype_info_of(dtype);
    return info != NULL ? info->torch_name : NULL;
}

int sow_dtype_bits(sow_dtype dtype)
{
    const sow__dtype_info *info = sow__dtype_info_of(dtype);
    return info != NULL ? info->bits : 0;
}

const char *sow__dtype_scalar_name(sow_dtype dtype)
{
    static const char *const names[SOW_N_DTYPES] = {
        [SOW_F32] = "Float",
        [SOW_F64] = "Double",
        [SOW_F16] = "Half",
        [SOW_BF16] = "BFloat16",
        [SOW_C64] = "ComplexFloat",
        [SOW_C128] = "ComplexDouble",
        [SOW_I64] = "Long",
        [SOW_I32] = "Int",
        [SOW_I16] = "Short",
        [SOW_I8] = "Char",
        [SOW_U64] = "UInt64",
        [SOW_U32] = "UInt32",
        [SOW_U16] = "UInt16",
        [SOW_U8] = "Byte",
        [SOW_BOOL] = "Bool",
        [SOW_F8_E5M2] = "Float8_e5m2",
        [SOW_F8_E4M3] = "Float8_e4m3fn",
        [SOW_F8_E8M0] = "Float8_e8m0fnu",
        [SOW_F8_E4M3FNUZ] = "Float8_e4m3fnuz",
        [SOW_F8_E5M2FNUZ] = "Float8_e5m2fnuz",
    };
    const char *name = (unsigned)dtype < SOW_N_DTYPES ? names[dtype] : NULL;
    return name != NULL ? name : "Undefined";
}

/* PyTorch's short names beside the full ones. */
static const struct {
    const char *name;
    sow_dtype dtype;
} aliases[] = {
    {"half", SOW_F16},     {"float", SOW_F32}, {"double", SOW_F64}, {"cfloat", SOW_C64},
    {"cdouble", SOW_C128}, {"long", SOW_I64},  {"int", SOW_I32},    {"short", SOW_I16},
};

sow_status sow_dtype_parse(const char *name, sow_dtype *dtype, sow_error *err)
{
    if (name == NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "dtype: no name given");
    }
    const char *bare = strncmp(name, "torch.", 6) == 0 ? name + 6 : name;
    for (int i = 0; i < SOW_N_DTYPES; i++) {
        if (strcmp(name, table[i].name) == 0 || strcmp(bare, table[i].torch_name) == 0) {
            *dtype = (sow_dtype)i;
            return SOW_OK;
        }
    }
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        if (strcmp(bare, aliases[i].name) == 0) {
            *dtype = aliases[i].dtype;
            return SOW_OK;
        }
    }
    return sow__fail(err, SOW_ERROR_VALUE, "unknown dtype '%s'", name);
}

sow_dtype sow__dtype_real(sow_dtype dtype)
{
    return dtype == SOW_C64 ? SOW_F32 : dtype == SOW_C128 ? SOW_F64 : dtype;
}

/* log2 of epsilon and of the least number above 0. */
static void grid_of(sow_dtype dtype, int *epsilon, int *smallest)
{
    switch (sow__dtype_real(dtype)) {
    case SOW_F16:
        *epsilon = -10;
        *smallest = -24;
        break;
    case SOW_BF16:
        *epsilon = -7;
        *smallest = -133;
        break;
    case SOW_F32:
        *epsilon = -23;
        *smallest = -149;
        break;
    default:
        *epsilon = -52;
        *smallest = -1074;
    }
}

double sow__dtype_epsilon(sow_dtype dtype)
{
    int epsilon, smallest;
    grid_of(dtype, &epsilon, &smallest);
    return ldexp(1.0, epsilon);
}

double sow__dtype_smallest(sow_dtype dtype)
{
    int epsilon, smallest;
    grid_of(dtype, &epsilon, &smallest);
    return ldexp(1.0, smallest);
}

sow_status sow__dtype_check_gradients(sow_dtype dtype, sow_error *err)
{
    const sow__dtype_class kind = table[dtype].kind;
    return kind == SOW__CLASS_INT || kind == SOW__CLASS_UINT || kind == SOW__CLASS_BOOL
               ? sow__fail(err, SOW_ERROR_RUNTIME,
                           "Only Tensors of floating point and complex dtype can require gradients")
               : SOW_OK;
}

size_t sow__dtype_bytes(sow_dtype dtype)
{
    return (size_t)sow_dtype_bits(dtype) / 8;
}

bool sow__dtype_n_bytes(sow_dtype dtype, uint64_t numel, uint64_t *n_bytes)
{
    uint64_t bits = (uint64_t)sow_dtype_bits(dtype);
    if (bits >= 8) {
        return sow__mul_u64(numel, bits / 8, n_bytes);
    }
    uint64_t all_bits;
    if (!sow__mul_u64(numel, bits, &all_bits) || all_bits % 8 != 0) {
        return false;
    }
    *n_bytes = all_bits / 8;
    return true;
}
