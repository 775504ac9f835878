/* The fused step without a fused instruction, and the inverse of erf.
 * SPDX-License-Identifier: Apache-2.0 */
#include "kern/vectors.h"

#include "kern/lanes.h"
#include "kern/scalar.h"

enum { n_halves = 65536 };

static void check_half(const char *type, const char *answer)
{
    const bool is_f16 = strcmp(type, "f16") == 0;
    static uint16_t out[n_halves];
    for (uint32_t i = 0; i < n_halves; i++) {
        const uint16_t bits = (uint16_t)i;
        const float y = is_f16 ? sow__f32_from_f16(bits) : sow__f32_from_bf16(bits);
        const float x = sow__erfinv_half(y);
        out[i] = is_f16 ? sow__f16_from_f32(x) : sow__bf16_from_f32(x);
        if (isnan(x)) {
            out[i] = is_f16 ? 0x7E00 : 0x7FC0;
        }
    }
    check_answer(type, out, n_halves, sizeof *out, answer, true);
}

static void test_kern_scalar__erfinv_half_equals_torch(void **unused)
{
    (void)unused;
    vector_file v = vectors_open("erfinv.txt");
    while (vectors_next(&v)) {
        char type[8];
        if (sscanf(v.key, "half %7s", type) == 1) {
            check_half(type, v.answer);
        }
    }
    vectors_close(&v);
}

/* The bits of f32 and f64 are not promised (MKL's last bit); one unit in the last place is, and
 * equality almost everywhere. */
static void test_kern_scalar__erfinv_is_within_one_ulp_of_torch(void **unused)
{
    (void)unused;
    vector_file v = vectors_open("erfinv.txt");
    while (vectors_next(&v)) {
        char type[8];
        size_t n, n_unequal = 0;
        if (sscanf(v.key, "%7s %zu", type, &n) != 2) {
            continue;
        }
        uint64_t *const pairs = room_for(2 * n, sizeof *pairs);
        assert_int_equal(parse_hex(pairs, 2 * n, sizeof *pairs, v.answer), 2 * n);
        for (size_t i = 0; i < n; i++) {
            uint64_t got = 0;
            if (strcmp(type, "f64") == 0) {
                double y;
                memcpy(&y, &pairs[2 * i], sizeof y);
                y = sow__erfinv_f64(y);
                memcpy(&got, &y, sizeof y);
            } else {
                float y;
                memcpy(&y, &pairs[2 * i], sizeof y); /* little-endian: the low half */
                y = sow__erfinv_f32(y);
                memcpy(&got, &y, sizeof y);
            }
            const int64_t apart = (int64_t)(got - pairs[2 * i + 1]);
            assert_in_range(apart + 1, 0, 2);
            n_unequal += apart != 0;
        }
        assert_in_range(n_unequal, 0, n / 500);
        free(pairs);
    }
    vectors_close(&v);
}

static void test_kern_scalar__erfinv_at_and_beyond_the_ends(void **unused)
{
    (void)unused;
    assert_true(sow__erfinv_f64(1.0) == INFINITY && sow__erfinv_f64(-1.0) == -INFINITY);
    assert_true(sow__erfinv_f32(1.0f) == INFINITY && sow__erfinv_f32(-1.0f) == -INFINITY);
    assert_true(sow__erfinv_half(1.0f) == INFINITY && sow__erfinv_half(-1.0f) == -INFINITY);
    const double beyond[] = {1.5, -1.5, INFINITY, NAN};
    for (size_t i = 0; i < 4; i++) {
        assert_true(isnan(sow__erfinv_f64(beyond[i])));
        assert_true(isnan(sow__erfinv_f32((float)beyond[i])));
        assert_true(isnan(sow__erfinv_half((float)beyond[i])));
    }
    assert_true(sow__erfinv_f64(-0.0) == 0.0 && signbit(sow__erfinv_f64(-0.0)));
    assert_true(sow__erfinv_f64(0.0) == 0.0 && !signbit(sow__erfinv_f64(0.0)));
}

static uint32_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 16);
}

/* bits with the exponent limited to n_exponents values (a power of two) from first on. */
static float float_near(uint32_t bits, uint32_t first, uint32_t n_exponents)
{
    const uint32_t exponent = first + ((bits >> 23) & (n_exponents - 1));
    return float_of((bits & 0x807FFFFFu) | exponent << 23);
}

static void check_fused(float a, float b, float c)
{
    const float got = fma32(a, b, c), expected = fmaf(a, b, c);
    if (!(isnan(got) && isnan(expected)) && bits_of(got) != bits_of(expected)) {
        fail_msg("fma32(%a, %a, %a): expected %a, got %a", (double)a, (double)b, (double)c,
                 (double)expected, (double)got);
    }
}

/* Built without FMA flags this is the arithmetic of the scalar level. Random operands hardly ever
 * need the rounding to odd; a sum next to a midpoint of two floats does: 1 + an odd multiple of
 * 2^-24, plus or minus something below the last bit of a double. */
static void test_kern_scalar__fma32_equals_the_c_library(void **unused)
{
    (void)unused;
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 1000000; i++) {
        const uint32_t a = next_random(&state), b = next_random(&state), c = next_random(&state);
        const float x = float_near(a, 120, 16), y = float_near(b, 120, 16);
        check_fused(float_of(a), float_of(b), float_of(c));
        check_fused(x, y, float_near(c, 120, 16));
        check_fused(x, y, -(x * y));
        check_fused(x, y, float_near(c, 60, 64));
        check_fused(float_near(a, 50, 16), float_near(b, 20, 32), float_near(c, 0, 2));
        const float significand = (float)(4097 + 2 * (int32_t)(a & 0x3FFu)); /* 13 bits, odd */
        check_fused(significand, 4097.0f, float_near(c, 60, 16));            /* 25 or 26 bits */
    }
}

static void test_kern_scalar__fma32_of_infinities(void **unused)
{
    (void)unused;
    const float values[] = {0.0f,      -0.0f,    1.5f,      -3.0f, 0x1p127f,
                            0x1p-149f, INFINITY, -INFINITY, NAN};
    const size_t n = sizeof values / sizeof *values;
    for (size_t i = 0; i < n * n * n; i++) {
        check_fused(values[i % n], values[i / n % n], values[i / n / n]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kern_scalar__fma32_equals_the_c_library),
        cmocka_unit_test(test_kern_scalar__fma32_of_infinities),
        cmocka_unit_test(test_kern_scalar__erfinv_half_equals_torch),
        cmocka_unit_test(test_kern_scalar__erfinv_is_within_one_ulp_of_torch),
        cmocka_unit_test(test_kern_scalar__erfinv_at_and_beyond_the_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
