/* Statistics: exact small cases, hard sums, the same bits at every level.
 * SPDX-License-Identifier: Apache-2.0 */
#include "kern/vectors.h"

#include <math.h>

static sow__moments moments_of(const sow__kern *kern, const double *x, size_t n)
{
    sow__moments m;
    sow__moments_init(&m);
    kern->moments_f64(&m, x, n);
    return m;
}

static void assert_same_moments(const sow__moments *got, const sow__moments *expected)
{
    assert_int_equal(got->n, expected->n);
    assert_int_equal(got->n_nan, expected->n_nan);
    assert_int_equal(got->n_inf, expected->n_inf);
    assert_int_equal(got->n_zero, expected->n_zero);
    assert_same_bits(&got->mean, &expected->mean, 4, sizeof(double)); /* mean, m2, min, max */
}

static void test_kern_moments__counts_and_extremes(void **unused)
{
    (void)unused;
    const double x[] = {1.0, NAN, -0.0, 3.0, INFINITY, 0.0, -INFINITY, -4.0, NAN};
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        const sow__moments m = moments_of(kern, x, 9);
        const sow__moments expected = {9, 2, 2, 2, 0.0, 26.0, -INFINITY, INFINITY};
        assert_same_moments(&m, &expected);
    }
}

static void test_kern_moments__of_nothing_and_of_nan(void **unused)
{
    (void)unused;
    const double nans[] = {NAN, NAN};
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        const sow__moments none = {.min = INFINITY, .max = -INFINITY};
        const sow__moments nothing = moments_of(kern, NULL, 0),
                           only_nan = moments_of(kern, nans, 2);
        assert_same_moments(&nothing, &none);
        const sow__moments two = {.n = 2, .n_nan = 2, .min = INFINITY, .max = -INFINITY};
        assert_same_moments(&only_nan, &two);
    }
}

/* 1e9 and small integers: all sums are exact, a naive sum of squares would not be. */
static void test_kern_moments__large_mean_small_deviation(void **unused)
{
    (void)unused;
    enum { n_values = 30000 };
    static double x[n_values];
    for (size_t i = 0; i < n_values; i++) {
        x[i] = 1e9 + (double)(i % 3); /* deviations -1, 0, 1 */
    }
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        const sow__moments m = moments_of(kern, x, n_values);
        assert_true(fabs(m.mean - (1e9 + 1.0)) < 1e-6);
        assert_true(fabs(m.m2 - 20000.0) < 1e-6);
        assert_true(m.min == 1e9 && m.max == 1e9 + 2.0);
    }
}

/* The mean is not representable and a chunk's sum is not exact: the second pass must correct. */
static void test_kern_moments__rounded_mean(void **unused)
{
    (void)unused;
    enum { n_values = 1000 };
    double x[n_values];
    for (size_t i = 0; i < n_values; i++) {
        x[i] = 1e15 + (i % 10 == 0 ? 1.0 : 0.0);
    }
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        const sow__moments m = moments_of(kern, x, n_values);
        assert_true(fabs(m.m2 - 90.0) < 1e-9); /* 100 * 0.9^2 + 900 * 0.1^2 */
    }
}

/* Against sums in long double, for every length around the lanes and chunks. */
static void test_kern_moments__levels_agree_and_are_right_at_every_length(void **unused)
{
    (void)unused;
    enum { n_values = 2100 };
    const sow__kern *const scalar = sow__kern_at(SOW__CPU_SCALAR), *kern;
    uint32_t *const words = words_of(scalar, 5, 2112);
    float x[2112];
    scalar->normal_f32(x, words, 132, 0.3, 2.0);
    x[77] = NAN;
    x[78] = -INFINITY;
    x[1500] = 0.0f;
    long double sum = 0.0L, squares = 0.0L, count = 0.0L;
    for (size_t n = 0; n <= n_values; n++) {
        sow__moments expected, got;
        sow__moments_init(&expected);
        scalar->moments_f32(&expected, x, n);
        for (int level = 0; (kern = level_next(&level)) != NULL;) {
            sow__moments_init(&got);
            kern->moments_f32(&got, x, n);
            assert_same_moments(&got, &expected);
        }
        if (count > 0.0L) {
            const long double mean = sum / count, m2 = squares - sum * mean;
            assert_true(fabsl((long double)got.mean - mean) < 1e-14L);
            assert_true(fabsl((long double)got.m2 - m2) <= 1e-13L * (1.0L + m2));
        }
        if (isfinite(x[n])) {
            sum += (long double)x[n];
            squares += (long double)x[n] * (long double)x[n];
            count += 1.0L;
        }
    }
    free(words);
}

static void test_kern_moments__merge_with_nothing_changes_nothing(void **unused)
{
    (void)unused;
    const double x[] = {1.5, 2.5, 4.25};
    const sow__moments m = moments_of(sow__kern_get(), x, 3);
    sow__moments none, merged = m;
    sow__moments_init(&none);
    sow__moments_merge(&merged, &none);
    assert_same_moments(&merged, &m);
    sow__moments_merge(&none, &m);
    assert_same_moments(&none, &m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kern_moments__counts_and_extremes),
        cmocka_unit_test(test_kern_moments__of_nothing_and_of_nan),
        cmocka_unit_test(test_kern_moments__large_mean_small_deviation),
        cmocka_unit_test(test_kern_moments__rounded_mean),
        cmocka_unit_test(test_kern_moments__levels_agree_and_are_right_at_every_length),
        cmocka_unit_test(test_kern_moments__merge_with_nothing_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
