/* Conversions between all pairs of types against torch's tensor.copy_.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "base/dtype.h"
#include "kern/float8.h"
#include "tensor/tensor.h"
#include <math.h>

#define VECTORS SOW_SOURCE_DIR "/tests/tensor/vectors/conversions.txt"
#define MOST_VALUES 2048
#define LINE_SIZE 65536

static sow_error err;

typedef struct values {
    sow_dtype dtype;
    size_t n;
    unsigned char data[MOST_VALUES * 16];
    bool nan[MOST_VALUES][2]; /* of each part */
} values;

static size_t part_bytes_of(sow_dtype dtype)
{
    return sow__dtype_bytes(sow__dtype_real(dtype));
}

/* A NaN to feed in: its bits do not matter. */
static uint64_t some_nan(sow_dtype real)
{
    return real == SOW_F8_E4M3FNUZ || real == SOW_F8_E5M2FNUZ ? 0x80
           : sow__dtype_is_float8(real)                       ? 0xFF
           : real == SOW_F16                                  ? 0x7E00
           : real == SOW_BF16                                 ? 0x7FC0
           : real == SOW_F32                                  ? 0x7FC00000
                                                              : UINT64_C(0x7FF8000000000000);
}

/* Reads "3F800000 nan ..." or "3F800000,nan ...". */
static void read_values(char *field, values *out)
{
    int n_parts = sow__dtype_is_complex(out->dtype) ? 2 : 1;
    size_t part_bytes = part_bytes_of(out->dtype);
    unsigned char *at = out->data;
    out->n = 0;
    char *save;
    for (char *word = strtok_r(field, " \n", &save); word != NULL;
         word = strtok_r(NULL, " \n", &save)) {
        assert_true(out->n < MOST_VALUES);
        for (int k = 0; k < n_parts; k++, at += part_bytes) {
            bool is_nan = strncmp(word, "nan", 3) == 0;
            uint64_t bits =
                is_nan ? some_nan(sow__dtype_real(out->dtype)) : strtoull(word, NULL, 16);
            memcpy(at, &bits, part_bytes);
            out->nan[out->n][k] = is_nan;
            word = strchr(word, ',') != NULL ? strchr(word, ',') + 1 : word;
        }
        out->n++;
    }
}

static bool is_nan_at(const unsigned char *part, sow_dtype real)
{
    uint64_t bits = 0;
    memcpy(&bits, part, sow__dtype_bytes(real));
    if (sow__dtype_is_float8(real)) {
        return isnan(sow__f8_values(real)[bits]);
    }
    switch (real) {
    case SOW_F16:
        return (bits & 0x7FFF) > 0x7C00;
    case SOW_BF16:
        return (bits & 0x7FFF) > 0x7F80;
    case SOW_F32:
        return (bits & 0x7FFFFFFF) > 0x7F800000;
    default:
        return (bits & INT64_MAX) > UINT64_C(0x7FF0000000000000);
    }
}

static void compare(const values *in, const values *expected, const unsigned char *got)
{
    sow_dtype real = sow__dtype_real(expected->dtype);
    size_t part_bytes = part_bytes_of(expected->dtype);
    size_t n_parts = sow__dtype_is_complex(expected->dtype) ? 2 : 1;
    for (size_t i = 0; i < expected->n * n_parts; i++) {
        const unsigned char *e = expected->data + i * part_bytes, *g = got + i * part_bytes;
        bool same = expected->nan[i / n_parts][i % n_parts] ? is_nan_at(g, real)
                                                            : memcmp(e, g, part_bytes) == 0;
        if (!same) {
            uint64_t eb = 0, gb = 0;
            memcpy(&eb, e, part_bytes);
            memcpy(&gb, g, part_bytes);
            fail_msg("%s to %s: value %zu: expected %llX, got %llX", sow_dtype_name(in->dtype),
                     sow_dtype_name(expected->dtype), i / n_parts, (unsigned long long)eb,
                     (unsigned long long)gb);
        }
    }
}

/* "from to | inputs | results" */
static void check_line(char *line)
{
    static values in, expected;
    static unsigned char got[MOST_VALUES * 16];
    char *inputs = strchr(line, '|'), *results = strrchr(line, '|');
    assert_true(inputs != NULL && results != inputs);
    *inputs++ = *results++ = '\0';
    char from[16], to[16];
    assert_int_equal(sscanf(line, "%15s %15s", from, to), 2);
    assert_ok(sow_dtype_parse(from, &in.dtype, &err), err);
    assert_ok(sow_dtype_parse(to, &expected.dtype, &err), err);
    read_values(inputs, &in);
    read_values(results, &expected);
    assert_true(in.n > 0 && in.n == expected.n);
    assert_true(sow__convertible(expected.dtype, in.dtype));
    sow__convert(got, expected.dtype, in.data, in.dtype, in.n);
    compare(&in, &expected, got);
    /* one at a time, so that vector and scalar ends of a loop are the same */
    for (size_t i = 0; i < in.n; i++) {
        sow__convert(got + i * sow__dtype_bytes(expected.dtype), expected.dtype,
                     in.data + i * sow__dtype_bytes(in.dtype), in.dtype, 1);
    }
    compare(&in, &expected, got);
}

static void test_tensor_convert__same_as_torch(void **state)
{
    (void)state;
    static char line[LINE_SIZE];
    FILE *file = fopen(VECTORS, "r");
    assert_non_null(file);
    int n_pairs = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] != '#') {
            check_line(line);
            n_pairs++;
        }
    }
    fclose(file);
    assert_int_equal(n_pairs, 20 * 20);
}

static void test_tensor_convert__pieces_are_the_whole(void **state)
{
    (void)state;
    enum { N = 1000 };
    static double in[2 * N], back[2 * N];
    static float narrow[2 * N];
    for (int i = 0; i < 2 * N; i++) {
        in[i] = (i - N) * 0.25;
    }
    sow__convert(narrow, SOW_C64, in, SOW_C128, N);
    sow__convert(back, SOW_C128, narrow, SOW_C64, N);
    assert_same_bits(back, in, 2 * N, sizeof *in);
    sow__convert(narrow, SOW_F32, in, SOW_C128, N);
    for (int i = 0; i < N; i++) {
        assert_true(narrow[i] == in[2 * i]);
    }
    sow__convert(narrow, SOW_F32, in, SOW_F64, 0);
}

static void test_tensor_convert__carried_types_do_not_convert(void **state)
{
    (void)state;
    assert_false(sow__convertible(SOW_F32, SOW_F4));
    assert_false(sow__convertible(SOW_F6_E2M3, SOW_F32));
    assert_false(sow__convertible(SOW_F32, SOW_N_DTYPES));
    assert_true(sow__convertible(SOW_BOOL, SOW_C128));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_convert__same_as_torch),
        cmocka_unit_test(test_tensor_convert__pieces_are_the_whole),
        cmocka_unit_test(test_tensor_convert__carried_types_do_not_convert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
