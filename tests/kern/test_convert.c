/* Conversions and scaling: every 16-bit number, every tie.
 * SPDX-License-Identifier: Apache-2.0 */
#include "kern/vectors.h"

#include "kern/scalar.h"
#include <math.h>

enum { n_halves = 65536 };

typedef struct half_kernels {
    const char *type;
    uint32_t n_finite; /* of one sign */
    void (*narrow)(uint16_t *, const float *, size_t);
    void (*widen)(float *, const uint16_t *, size_t);
    uint16_t (*narrow_one)(float);
    float (*widen_one)(uint16_t);
} half_kernels;

static half_kernels half_kernels_of(const sow__kern *kern, const char *type)
{
    if (strcmp(type, "f16") == 0) {
        return (half_kernels){
            type, 0x7C00, kern->f32_to_f16, kern->f16_to_f32, sow__f16_from_f32, sow__f32_from_f16};
    }
    assert_string_equal(type, "bf16");
    return (half_kernels){
        type, 0x7F80, kern->f32_to_bf16, kern->bf16_to_f32, sow__bf16_from_f32, sow__f32_from_bf16};
}

/* The vectors' inputs: every finite value, then the midpoints to the next one less an ulp, exactly
 * and plus an ulp, and all of them negative. Returns their number. */
static size_t make_inputs(const half_kernels *h, float *out)
{
    const uint32_t n = h->n_finite, n_all = 4 * n - 3;
    for (uint32_t i = 0; i < n; i++) {
        out[i] = h->widen_one((uint16_t)i);
        if (i + 1 < n) {
            const double next = (double)h->widen_one((uint16_t)(i + 1));
            const float middle = (float)(((double)out[i] + next) / 2.0);
            out[n + i] = nextafterf(middle, 0.0f);
            out[2 * n - 1 + i] = middle;
            out[3 * n - 2 + i] = nextafterf(middle, INFINITY);
        }
    }
    for (uint32_t i = 0; i < n_all; i++) {
        out[n_all + i] = -out[i];
    }
    return 2 * (size_t)n_all;
}

static void check_narrowing(const half_kernels *h, size_t n_expected, const char *answer)
{
    float *const in = room_for(8 * (size_t)h->n_finite, sizeof *in);
    uint16_t *const out = room_for(8 * (size_t)h->n_finite, sizeof *out);
    const size_t n = make_inputs(h, in);
    assert_int_equal(n, n_expected);
    h->narrow(out, in, n);
    check_answer(h->type, out, n, sizeof *out, answer, true);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(h->narrow_one(in[i]), out[i]);
    }
    free(out);
    free(in);
}

static void check_widening(const half_kernels *h, size_t n_expected, const char *answer)
{
    static uint16_t in[n_halves];
    static float out[n_halves];
    size_t n = 0;
    for (uint32_t i = 0; i < n_halves; i++) {
        const uint16_t bits = (uint16_t)i;
        if (!isnan(h->widen_one(bits))) {
            in[n++] = bits;
        }
    }
    assert_int_equal(n, n_expected);
    h->widen(out, in, n);
    check_answer(h->type, out, n, sizeof *out, answer, true);
    for (size_t i = 0; i < n; i++) {
        const float one = h->widen_one(in[i]);
        assert_memory_equal(&one, &out[i], sizeof one);
        assert_int_equal(h->narrow_one(out[i]), in[i]); /* there and back */
    }
}

static void check_edges(const half_kernels *h, const char *answer)
{
    char *end;
    for (const char *text = answer; *text != '\0'; text = end) {
        const uint32_t bits = (uint32_t)strtoul(text, &end, 16);
        const uint16_t expected = (uint16_t)strtoul(end, &end, 16);
        float in;
        uint16_t out;
        memcpy(&in, &bits, sizeof in);
        h->narrow(&out, &in, 1);
        assert_int_equal(out, expected);
        assert_int_equal(h->narrow_one(in), expected);
    }
}

static void test_kern_convert__equals_torch(void **unused)
{
    (void)unused;
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        vector_file v = vectors_open("convert.txt");
        while (vectors_next(&v)) {
            char what[8], type[8];
            size_t n = 0;
            assert_true(sscanf(v.key, "%7s %7s %zu", what, type, &n) >= 2);
            const half_kernels h = half_kernels_of(kern, type);
            if (strcmp(what, "to") == 0) {
                check_narrowing(&h, n, v.answer);
            } else if (strcmp(what, "from") == 0) {
                check_widening(&h, n, v.answer);
            } else {
                check_edges(&h, v.answer);
            }
        }
        vectors_close(&v);
    }
}

static void test_kern_convert__nan_stays_nan(void **unused)
{
    (void)unused;
    const uint32_t nans[] = {0x7F800001, 0x7FC00000, 0x7FFFFFFF, 0xFF800001, 0xFFFFFFFF};
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        for (size_t i = 0; i < sizeof nans / sizeof *nans; i++) {
            float value, wide;
            uint16_t half;
            memcpy(&value, &nans[i], sizeof value);
            kern->f32_to_f16(&half, &value, 1);
            assert_int_equal(half, 0x7E00 | (nans[i] >> 16 & 0x8000));
            kern->f16_to_f32(&wide, &half, 1);
            assert_true(isnan(wide));
            kern->f32_to_bf16(&half, &value, 1);
            assert_int_equal(half, 0x7FC0);
            kern->bf16_to_f32(&wide, &half, 1);
            assert_true(isnan(wide));
        }
    }
}

/* float64 to float32 and back: what the C language does, at every length. */
static void test_kern_convert__double_and_scaling_at_every_length(void **unused)
{
    (void)unused;
    enum { max_values = 70 };
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        for (size_t n = 0; n <= max_values; n++) {
            double in[max_values], wide[max_values + 1], scaled[max_values];
            float narrow[max_values + 1], scaled32[max_values];
            for (size_t i = 0; i < max_values; i++) {
                in[i] = scaled[i] = exp((double)i - 35.0) / 3.0;
                scaled32[i] = (float)in[i];
            }
            narrow[n] = -7.0f;
            wide[n] = -7.0;
            kern->f64_to_f32(narrow, in, n);
            kern->f32_to_f64(wide, narrow, n);
            kern->mul_f64(scaled, n, 0.1);
            kern->mul_f32(scaled32, n, 0.1);
            for (size_t i = 0; i < max_values; i++) {
                assert_true(i >= n || narrow[i] == (float)in[i]);
                assert_true(i >= n || wide[i] == (double)(float)in[i]);
                assert_true(scaled[i] == (i < n ? in[i] * 0.1 : in[i]));
                assert_true(scaled32[i] == (i < n ? (float)in[i] * 0.1f : (float)in[i]));
            }
            assert_true(narrow[n] == -7.0f && wide[n] == -7.0);
        }
    }
}

/* Ends, numbers next to them, both zeros, infinities and NaN. */
static void test_kern_convert__outside_sees_each_value(void **unused)
{
    (void)unused;
    enum { n_blocks = 5, block = 16 };
    static const float some[] = {-0.25f, -0.2500001f, 0.5f,     0.50000006f, 0.0f, -0.0f,
                                 1e30f,  -INFINITY,   INFINITY, NAN,         0.1f};
    float x[n_blocks * block];
    double wide[n_blocks * block];
    const sow__kern *kern;
    for (size_t i = 0; i < n_blocks * block; i++) {
        x[i] = some[i * 7 % (sizeof some / sizeof *some)];
        wide[i] = (double)x[i];
    }
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        for (size_t n = 0; n <= n_blocks; n++) {
            uint16_t masks[n_blocks + 1], masks_of_wide[n_blocks + 1];
            memset(masks, 0xA5, sizeof masks);
            memset(masks_of_wide, 0xA5, sizeof masks_of_wide);
            kern->outside_f32(masks, x, n, -0.25f, 0.5f);
            kern->outside_f64(masks_of_wide, wide, n, -0.25, 0.5);
            for (size_t i = 0; i < n * block; i++) {
                const int expected = x[i] < -0.25f || x[i] > 0.5f;
                assert_int_equal(masks[i / block] >> i % block & 1, expected);
                assert_int_equal(masks_of_wide[i / block] >> i % block & 1, expected);
            }
            assert_int_equal(masks[n], 0xA5A5);
            assert_int_equal(masks_of_wide[n], 0xA5A5);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kern_convert__equals_torch),
        cmocka_unit_test(test_kern_convert__nan_stays_nan),
        cmocka_unit_test(test_kern_convert__double_and_scaling_at_every_length),
        cmocka_unit_test(test_kern_convert__outside_sees_each_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
