/* Conversion between element types, as tensor.copy_ does it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Floats go through float32 or double, integers through 64 bits, each in pieces that fit
 * the stack. */
#include "base/dtype.h"
#include "kern/float8.h"
#include "kern/kern.h"
#include "tensor/tensor.h"
#include <math.h>
#include <string.h>

#define PIECE ((size_t)256)

bool sow__convertible(sow_dtype to, sow_dtype from)
{
    const sow__dtype_info *a = sow__dtype_info_of(to), *b = sow__dtype_info_of(from);
    return a != NULL && b != NULL && a->kind != SOW__CLASS_OPAQUE && b->kind != SOW__CLASS_OPAQUE;
}

bool sow__integer_fits(int64_t integer, sow_dtype dtype)
{
    const sow__dtype_info *info = sow__dtype_info_of(dtype);
    if (info->kind == SOW__CLASS_BOOL || info->bits == 64) {
        return true;
    }
    const bool is_signed = info->kind == SOW__CLASS_INT;
    const int64_t most = (INT64_C(1) << (is_signed ? info->bits - 1 : info->bits)) - 1;
    return integer <= most && integer >= (is_signed ? -most - 1 : -most);
}

bool sow__double_fits(double number, sow_dtype dtype)
{
    const sow__dtype_info *info = sow__dtype_info_of(dtype);
    if (info->kind == SOW__CLASS_BOOL) {
        return true;
    }
    const bool is_signed = info->kind == SOW__CLASS_INT;
    const double limit = ldexp(1.0, is_signed ? info->bits - 1 : info->bits);
    return number >= (is_signed ? -limit : 0.0) && number <= (info->bits == 64 ? limit : limit - 1);
}

/* ---- floats ---- */

static void f8_to_f32(float *out, const unsigned char *in, sow_dtype from, size_t n)
{
    const float *values = sow__f8_values(from);
    for (size_t i = 0; i < n; i++) {
        out[i] = values[in[i]];
    }
}

static void f32_to_f8(unsigned char *out, sow_dtype to, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = sow__f8_from_f32(to, in[i]);
    }
}

static void to_f32(float *out, const void *in, sow_dtype from, size_t n)
{
    const sow__kern *kern = sow__kern_get();
    if (sow__dtype_is_float8(from)) {
        f8_to_f32(out, in, from, n);
        return;
    }
    switch (from) {
    case SOW_F16:
        kern->f16_to_f32(out, in, n);
        break;
    case SOW_BF16:
        kern->bf16_to_f32(out, in, n);
        break;
    case SOW_F64:
        kern->f64_to_f32(out, in, n);
        break;
    default:
        memcpy(out, in, n * sizeof *out);
    }
}

static void from_f32(void *out, sow_dtype to, const float *in, size_t n)
{
    const sow__kern *kern = sow__kern_get();
    if (sow__dtype_is_float8(to)) {
        f32_to_f8(out, to, in, n);
        return;
    }
    switch (to) {
    case SOW_F16:
        kern->f32_to_f16(out, in, n);
        break;
    case SOW_BF16:
        kern->f32_to_bf16(out, in, n);
        break;
    case SOW_F64:
        kern->f32_to_f64(out, in, n);
        break;
    default:
        memcpy(out, in, n * sizeof *in);
    }
}

/* Exact: every float is a double. */
static void to_f64(double *out, const void *in, sow_dtype from, size_t n)
{
    if (from == SOW_F64) {
        memcpy(out, in, n * sizeof *out);
        return;
    }
    float wide[PIECE];
    to_f32(wide, in, from, n);
    sow__kern_get()->f32_to_f64(out, wide, n);
}

static void floats(void *out, sow_dtype to, const void *in, sow_dtype from, size_t n)
{
    if (to == from) {
        memcpy(out, in, n * sow__dtype_bytes(to));
    } else if (from == SOW_F32) {
        from_f32(out, to, in, n);
    } else if (to == SOW_F32) {
        to_f32(out, in, from, n);
    } else {
        float wide[PIECE];
        to_f32(wide, in, from, n);
        from_f32(out, to, wide, n);
    }
}

/* ---- integers ---- */

#define EACH_INT(X)                                                                                \
    X(SOW_I64, int64_t)                                                                            \
    X(SOW_I32, int32_t)                                                                            \
    X(SOW_I16, int16_t)                                                                            \
    X(SOW_I8, int8_t)                                                                              \
    X(SOW_U64, uint64_t)                                                                           \
    X(SOW_U32, uint32_t)                                                                           \
    X(SOW_U16, uint16_t)                                                                           \
    X(SOW_U8, uint8_t)

/* Sign or zero extended; the bits of u64 stay. A bool is any byte but 0. */
static void read_ints(uint64_t *out, const void *in, sow_dtype from, size_t n)
{
    switch (from) {
#define READ(dtype, type)                                                                          \
    case dtype:                                                                                    \
        for (size_t i = 0; i < n; i++) {                                                           \
            type x;                                                                                \
            memcpy(&x, (const unsigned char *)in + i * sizeof x, sizeof x);                        \
            out[i] = (uint64_t)x;                                                                  \
        }                                                                                          \
        break;
        EACH_INT(READ)
#undef READ
    default:
        for (size_t i = 0; i < n; i++) {
            out[i] = ((const unsigned char *)in)[i] != 0;
        }
    }
}

/* The low bits. */
static void write_ints(void *out, sow_dtype to, const uint64_t *in, size_t n)
{
    switch (to) {
#define WRITE(dtype, type)                                                                         \
    case dtype:                                                                                    \
        for (size_t i = 0; i < n; i++) {                                                           \
            type x = (type)in[i];                                                                  \
            memcpy((unsigned char *)out + i * sizeof x, &x, sizeof x);                             \
        }                                                                                          \
        break;
        EACH_INT(WRITE)
#undef WRITE
    default:
        for (size_t i = 0; i < n; i++) {
            ((unsigned char *)out)[i] = in[i] != 0;
        }
    }
}

static void ints_to_floats(void *out, sow_dtype to, const uint64_t *in, bool is_signed, size_t n)
{
    if (to == SOW_F64) {
        for (size_t i = 0; i < n; i++) {
            double x = is_signed ? (double)(int64_t)in[i] : (double)in[i];
            memcpy((unsigned char *)out + i * sizeof x, &x, sizeof x);
        }
        return;
    }
    float wide[PIECE];
    for (size_t i = 0; i < n; i++) {
        wide[i] = is_signed ? (float)(int64_t)in[i] : (float)in[i];
    }
    from_f32(out, to, wide, n);
}

/* What C leaves undefined, a number that does not fit, is what the x86-64 instructions give, since
 * PyTorch's results are theirs: the integer with only the top bit set. */
static uint64_t truncate_to_32(double x)
{
    return (uint64_t)(x > -2147483649.0 && x < 2147483648.0 ? (int32_t)x : INT32_MIN);
}

static uint64_t truncate_to_64(double x)
{
    return (uint64_t)(x >= -0x1p63 && x < 0x1p63 ? (int64_t)x : INT64_MIN);
}

/* Types narrower than 32 bits keep the low bits of an int32, but for u8, which PyTorch takes by way
 * of int64. */
static uint64_t truncate_to(sow_dtype to, double x)
{
    switch (to) {
    case SOW_I64:
    case SOW_U32:
    case SOW_U8:
        return truncate_to_64(x);
    case SOW_U64:
        return x >= 0x1p63 ? truncate_to_64(x - 0x1p63) ^ UINT64_C(1) << 63 : truncate_to_64(x);
    default:
        return truncate_to_32(x);
    }
}

static void floats_to_ints(void *out, sow_dtype to, const double *in, size_t n)
{
    uint64_t ints[PIECE];
    for (size_t i = 0; i < n; i++) {
        ints[i] = to == SOW_BOOL ? in[i] != 0 : truncate_to(to, in[i]);
    }
    write_ints(out, to, ints, n);
}

/* ---- any real type ---- */

/* At most PIECE elements. */
static void reals(void *out, sow_dtype to, const void *in, sow_dtype from, size_t n)
{
    bool to_float = sow__dtype_is_float(to) || sow__dtype_is_float8(to);
    if (sow__dtype_is_float(from) || sow__dtype_is_float8(from)) {
        if (to_float) {
            floats(out, to, in, from, n);
        } else {
            double wide[PIECE];
            to_f64(wide, in, from, n);
            floats_to_ints(out, to, wide, n);
        }
        return;
    }
    uint64_t ints[PIECE];
    read_ints(ints, in, from, n);
    if (to_float) {
        ints_to_floats(out, to, ints, sow__dtype_info_of(from)->kind == SOW__CLASS_INT, n);
    } else {
        write_ints(out, to, ints, n);
    }
}

/* ---- complex ---- */

/* Copies n parts of part_bytes each between places that lie so many bytes apart. */
static void copy_parts(unsigned char *out, size_t out_step, const unsigned char *in, size_t in_step,
                       size_t part_bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        memcpy(out + i * out_step, in + i * in_step, part_bytes);
    }
}

/* A complex number is true when either part is not zero. */
static void complex_to_bool(unsigned char *out, const void *in, sow_dtype from, size_t n)
{
    double parts[PIECE];
    to_f64(parts, in, sow__dtype_real(from), 2 * n);
    for (size_t i = 0; i < n; i++) {
        out[i] = parts[2 * i] != 0 || parts[2 * i + 1] != 0;
    }
}

static void complex_to_real(void *out, sow_dtype to, const void *in, sow_dtype from, size_t n)
{
    double parts[PIECE]; /* wide enough for either type */
    size_t part_bytes = sow__dtype_bytes(sow__dtype_real(from));
    copy_parts((unsigned char *)parts, part_bytes, in, 2 * part_bytes, part_bytes, n);
    reals(out, to, parts, sow__dtype_real(from), n);
}

static void real_to_complex(void *out, sow_dtype to, const void *in, sow_dtype from, size_t n)
{
    double parts[PIECE];
    size_t part_bytes = sow__dtype_bytes(sow__dtype_real(to));
    reals(parts, sow__dtype_real(to), in, from, n);
    memset(out, 0, 2 * n * part_bytes);
    copy_parts(out, 2 * part_bytes, (const unsigned char *)parts, part_bytes, part_bytes, n);
}

static void convert_piece(void *out, sow_dtype to, const void *in, sow_dtype from, size_t n)
{
    bool to_complex = sow__dtype_is_complex(to), from_complex = sow__dtype_is_complex(from);
    if (to_complex && from_complex) {
        reals(out, sow__dtype_real(to), in, sow__dtype_real(from), 2 * n);
    } else if (from_complex && to == SOW_BOOL) {
        complex_to_bool(out, in, from, n);
    } else if (from_complex) {
        complex_to_real(out, to, in, from, n);
    } else if (to_complex) {
        real_to_complex(out, to, in, from, n);
    } else {
        reals(out, to, in, from, n);
    }
}

void sow__convert(void *out, sow_dtype to, const void *in, sow_dtype from, size_t n)
{
    size_t to_bytes = sow__dtype_bytes(to), from_bytes = sow__dtype_bytes(from);
    if (to == from) {
        memmove(out, in, n * to_bytes);
        return;
    }
    size_t most = PIECE / 2; /* a complex element is two numbers */
    for (size_t done = 0; done < n; done += most) {
        convert_piece((unsigned char *)out + done * to_bytes, to,
                      (const unsigned char *)in + done * from_bytes, from,
                      n - done < most ? n - done : most);
    }
}
