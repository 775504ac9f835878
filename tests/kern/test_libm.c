/* The logarithm, sine and cosine of uniforms: the bits of the libm that runs.
 * SPDX-License-Identifier: Apache-2.0 */
#include "kern/libm_units.h"

#include <math.h>

enum { n_around = 8 };

/* Collects units and checks them when there are enough. */
typedef struct unit_list {
    double unit[units_at_once];
    size_t n;
    uint64_t n_checked;
} unit_list;

static void unit_list_check(unit_list *list)
{
    check_units(list->unit, list->n);
    list->n_checked += list->n;
    list->n = 0;
}

/* The multiples of 2^-53 around a place, as far as they are in [0, 1). */
static void unit_list_add_around(unit_list *list, double place)
{
    const int64_t middle = (int64_t)(place * 0x1p53);
    for (int64_t value = middle - n_around; value <= middle + n_around; value++) {
        if (list->n == units_at_once) {
            unit_list_check(list);
        }
        if (value >= 0 && value < (int64_t)n_units) {
            list->unit[list->n++] = (double)value * 0x1p-53;
        }
    }
}

static void test_kern_libm__logarithm_at_every_row_of_its_table(void **unused)
{
    (void)unused;
    unit_list list = {.n = 0};
    for (int e = 0; e < 54; e++) {
        for (int i = 0; i < 256; i++) { /* the middles of the intervals too */
            unit_list_add_around(&list, 1.0 - ldexp(0.6875 * (1.0 + i / 256.0), -e));
            unit_list_add_around(&list, 1.0 - ldexp(1.0 + i / 256.0, -e));
        }
    }
    unit_list_add_around(&list, 0x1p-4); /* where the polynomial near 1 begins */
    unit_list_check(&list);
    assert_true(list.n_checked > 200000);
}

static void test_kern_libm__sine_and_cosine_at_every_row_of_their_table(void **unused)
{
    (void)unused;
    const double turn = 6.283185307179586;
    unit_list list = {.n = 0};
    for (int quarters = 0; quarters <= 4; quarters++) {
        for (int i = -256; i <= 256; i++) {
            unit_list_add_around(&list, (quarters * (turn / 4) + i / 256.0) / turn);
        }
    }
    for (int i = -1; i <= 1; i += 2) {
        for (int quarters = 0; quarters <= 4; quarters++) { /* where the series ends */
            unit_list_add_around(&list, quarters / 4.0 + i * 0.126 / turn);
        }
    }
    unit_list_add_around(&list, 0x1.b6p-1 / turn); /* where the ranges end */
    unit_list_add_around(&list, 0x1.368fdp+1 / turn);
    for (int e = 1; e <= 53; e++) {
        unit_list_add_around(&list, ldexp(1.0, -e));
        unit_list_add_around(&list, ldexp(1.0 / turn, -e));
    }
    unit_list_check(&list);
    assert_true(list.n_checked > 35000);
}

static void test_kern_libm__random_units(void **unused)
{
    (void)unused;
    uint64_t state = 20240601;
    check_random_units(&state, 20 * 1000 * 1000);
}

static void test_kern_libm__every_length(void **unused)
{
    (void)unused;
    double unit[3 * 8] = {0};
    uint64_t state = 7;
    for (size_t n = 0; n <= sizeof unit / sizeof *unit; n++) {
        for (size_t i = 0; i < n; i++) {
            unit[i] = (double)(next_random(&state) >> 11) * 0x1p-53;
        }
        check_units(unit, n);
    }
}

/* There the cosine's reduction rounds to another row of the table than the sine's: the size of the
 * difference from pi / 2 is half way between two rows before its tail is taken off. */
static void test_kern_libm__angles_between_two_rows(void **unused)
{
    (void)unused;
    const double turn = 6.283185307179586, quarter = 0x1.921fb54442d18p+0;
    unit_list list = {.n = 0};
    size_t n_between = 0;
    for (int i = -219; i <= 219; i += 2) {
        const size_t before = list.n;
        unit_list_add_around(&list, (quarter + i / 256.0) / turn);
        for (size_t k = before; k < list.n; k++) {
            const double coarse = turn * list.unit[k] - quarter;
            const double fine = coarse - 0x1.1a62633145c07p-54;
            n_between += fabs(coarse) + 0x1.8p45 != fabs(fine) + 0x1.8p45;
        }
    }
    assert_int_equal(n_between, 44);
    unit_list_check(&list);
}

static void test_kern_libm__blocks_equal_scalar(void **unused)
{
    (void)unused;
    enum { n_blocks = 4096, n_values = 16 * n_blocks };
    const sow__kern *const scalar = sow__kern_at(SOW__CPU_SCALAR), *kern;
    static double expected[n_values], got[n_values];
    static uint32_t raw[2 * n_values];
    uint64_t state = 5;
    for (size_t i = 0; i < 2 * n_values; i++) {
        raw[i] = (uint32_t)(next_random(&state) >> 32);
    }
    scalar->normal_f64(expected, raw, n_blocks, 0.25, 1.5);
    for (int level = SOW__CPU_AVX2; (kern = level_next(&level)) != NULL;) {
        kern->normal_f64(got, raw, n_blocks, 0.25, 1.5);
        assert_same_bits(got, expected, n_values, sizeof *got);
    }
}

/* mean and std that are no numbers, zeros and the largest. */
static void test_kern_libm__unusual_mean_and_std(void **unused)
{
    (void)unused;
    static const double unusual[] = {0.0, -0.0, 1.0, INFINITY, -INFINITY, NAN, 1e308, 0x1p-1074};
    enum { n_unusual = sizeof unusual / sizeof *unusual };
    const sow__kern *const scalar = sow__kern_at(SOW__CPU_SCALAR), *kern;
    double expected[16], got[16];
    uint32_t raw[32] = {0}; /* u1 = 1 and angle 0 in all but one pair */
    raw[2] = raw_from_word(0x12345);
    raw[18] = raw_from_word(0x54321);
    for (size_t i = 0; i < (size_t)n_unusual * n_unusual; i++) {
        const double mean = unusual[i / n_unusual], std = unusual[i % n_unusual];
        scalar->normal_f64(expected, raw, 1, mean, std);
        for (int level = SOW__CPU_AVX2; (kern = level_next(&level)) != NULL;) {
            kern->normal_f64(got, raw, 1, mean, std);
            for (int j = 0; j < 16; j++) {
                if (!(isnan(got[j]) && isnan(expected[j]))) { /* a NaN's sign is not promised */
                    assert_same_bits(&got[j], &expected[j], 1, sizeof *got);
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kern_libm__logarithm_at_every_row_of_its_table),
        cmocka_unit_test(test_kern_libm__sine_and_cosine_at_every_row_of_their_table),
        cmocka_unit_test(test_kern_libm__random_units),
        cmocka_unit_test(test_kern_libm__every_length),
        cmocka_unit_test(test_kern_libm__angles_between_two_rows),
        cmocka_unit_test(test_kern_libm__blocks_equal_scalar),
        cmocka_unit_test(test_kern_libm__unusual_mean_and_std),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
