/* src/tensor/stats.c against torch's conversions and figures, and cut into pieces.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <math.h>
#include <sow/sow.h>

#define MAX_BYTES 4096
#define MAX_WORDS 11

/* ---- reading tests/tensor/vectors/stats.txt ---- */

static size_t read_bytes(const char *hex, unsigned char *bytes)
{
    const size_t n = strlen(hex) / 2;
    assert_true(n <= MAX_BYTES);
    for (size_t i = 0; i < n; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        bytes[i] = (unsigned char)byte;
    }
    return n;
}

/* Sixteen digits, the highest first. */
static double read_double(const char *hex)
{
    char digits[17] = {0};
    memcpy(digits, hex, 16);
    const uint64_t bits = strtoull(digits, NULL, 16);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static sow_dtype read_dtype(const char *name)
{
    sow_dtype dtype;
    sow_error err;
    assert_ok(sow_dtype_parse(name, &dtype, &err), err);
    return dtype;
}

/* Calls check for the words after `kind` of every line that begins with it. */
static void each_line(const char *kind, void (*check)(char *words[MAX_WORDS]))
{
    static char line[1 << 16];
    FILE *file = fopen(SOW_SOURCE_DIR "/tests/tensor/vectors/stats.txt", "r");
    assert_non_null(file);
    int n_checked = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        char *words[MAX_WORDS] = {0};
        const char *first = strtok(line, " \n");
        for (int i = 0; i < MAX_WORDS; i++) {
            words[i] = strtok(NULL, " \n");
        }
        if (strcmp(first, kind) == 0) {
            check(words);
            n_checked++;
        }
    }
    fclose(file);
    assert_true(n_checked > 0);
}

static bool same_number(double a, double b)
{
    return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b));
}

/* Sums are rounded in another order than torch's. */
static void assert_near(double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-13 * fabs(expected)) && !same_number(got, expected)) {
        fail_msg("expected %.17g, got %.17g", expected, got);
    }
}

/* ---- values and figures ---- */

static void check_values(char *words[MAX_WORDS])
{
    const sow_dtype dtype = read_dtype(words[0]);
    unsigned char room[MAX_BYTES + 1];
    const size_t n_bytes = read_bytes(words[1], room + 1); /* not aligned */
    const size_t n_values = strlen(words[2]) / 16;
    double values[MAX_BYTES];
    sow_error err;
    assert_ok(sow_values_as_f64(values, dtype, room + 1,
                                n_bytes * 8 / (size_t)sow_dtype_bits(dtype), &err),
              err);
    for (size_t i = 0; i < n_values; i++) {
        const double expected = read_double(words[2] + 16 * i);
        if (!same_number(values[i], expected)) {
            fail_msg("%s number %zu: expected %.17g, got %.17g", words[0], i, expected, values[i]);
        }
    }
}

static void test_tensor_stats__values_are_those_of_torch(void **state)
{
    (void)state;
    each_line("values", check_values);
}

static void check_figures(char *words[MAX_WORDS])
{
    const sow_dtype dtype = read_dtype(words[0]);
    unsigned char bytes[MAX_BYTES];
    const size_t n_elements = read_bytes(words[1], bytes) * 8 / (size_t)sow_dtype_bits(dtype);
    sow_stats stats;
    sow_error err;
    sow_stats_init(&stats);
    assert_ok(sow_stats_add(&stats, dtype, bytes, n_elements, &err), err);
    assert_int_equal(stats.n, atoi(words[2]));
    assert_int_equal(stats.n_nan, atoi(words[3]));
    assert_int_equal(stats.n_inf, atoi(words[4]));
    assert_int_equal(stats.n_zero, atoi(words[5]));
    assert_true(stats.min == read_double(words[6]));
    assert_true(stats.max == read_double(words[7]));
    assert_near(stats.mean, read_double(words[8]));
    assert_near(sow_stats_std(&stats), read_double(words[9]));
}

static void test_tensor_stats__figures_are_those_of_torch(void **state)
{
    (void)state;
    each_line("figures", check_figures);
}

static void fill_squares(int32_t *values, int n)
{
    for (int64_t i = 0; i < n; i++) {
        values[i] = (int32_t)(i * i % 1009);
    }
}

static void check_squares(char *words[MAX_WORDS])
{
    const int n = atoi(words[0]);
    int32_t *values = malloc((size_t)n * sizeof *values);
    assert_non_null(values);
    fill_squares(values, n);
    sow_stats stats;
    sow_stats_init(&stats);
    assert_int_equal(sow_stats_add(&stats, SOW_I32, values, (size_t)n, NULL), SOW_OK);
    assert_near(stats.mean, read_double(words[1]));
    assert_near(sow_stats_std(&stats), read_double(words[2]));
    free(values);
}

static void test_tensor_stats__many_values(void **state)
{
    (void)state;
    each_line("squares", check_squares);
}

/* ---- pieces ---- */

static void test_tensor_stats__pieces_and_merging_change_rounding_only(void **state)
{
    (void)state;
    enum { n = 5000 };
    static int32_t values[n];
    fill_squares(values, n);
    sow_stats whole, pieces, halves[2];
    sow_stats_init(&whole);
    sow_stats_init(&pieces);
    sow_stats_init(&halves[0]);
    sow_stats_init(&halves[1]);
    sow_stats_add(&whole, SOW_I32, values, n, NULL);
    for (size_t i = 0; i < n; i += 100) {
        sow_stats_add(&pieces, SOW_I32, values + i, 100, NULL);
        sow_stats_add(&halves[i >= 700], SOW_I32, values + i, 100, NULL);
    }
    sow_stats_merge(&halves[0], &halves[1]);
    const sow_stats *others[] = {&pieces, &halves[0]};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(others[i]->n, n);
        assert_int_equal(others[i]->n_zero, whole.n_zero);
        assert_true(others[i]->min == whole.min && others[i]->max == whole.max);
        assert_near(others[i]->mean, whole.mean);
        assert_near(sow_stats_std(others[i]), sow_stats_std(&whole));
    }
}

static void test_tensor_stats__nothing_and_one(void **state)
{
    (void)state;
    const float one = 3.5F;
    sow_stats stats;
    sow_stats_init(&stats);
    assert_int_equal(sow_stats_add(&stats, SOW_F32, NULL, 0, NULL), SOW_OK);
    assert_int_equal(stats.n, 0);
    assert_true(stats.min == (double)INFINITY && stats.max == -(double)INFINITY);
    assert_true(isnan(sow_stats_std(&stats)));
    assert_int_equal(sow_stats_add(&stats, SOW_F32, &one, 1, NULL), SOW_OK);
    assert_true(stats.mean == 3.5 && stats.min == 3.5 && stats.max == 3.5);
    assert_true(isnan(sow_stats_std(&stats)));
}

static void test_tensor_stats__types_without_numbers(void **state)
{
    (void)state;
    const sow_dtype none[] = {SOW_F6_E2M3, SOW_F6_E3M2, SOW_F4, (sow_dtype)99};
    const char *const names[] = {"f6_e2m3", "f6_e3m2", "f4", "?"};
    for (int i = 0; i < 4; i++) {
        sow_stats stats;
        double value = 1.0;
        sow_error err;
        char message[64];
        snprintf(message, sizeof message, "values of dtype %s cannot be read as numbers", names[i]);
        sow_stats_init(&stats);
        assert_false(sow_stats_can_read(none[i]));
        assert_fails(sow_stats_add(&stats, none[i], "abc", 3, &err), SOW_ERROR_UNSUPPORTED, err,
                     message);
        assert_fails(sow_values_as_f64(&value, none[i], "abc", 3, &err), SOW_ERROR_UNSUPPORTED, err,
                     message);
        assert_int_equal(stats.n, 0);
        assert_true(value == 1.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_stats__values_are_those_of_torch),
        cmocka_unit_test(test_tensor_stats__figures_are_those_of_torch),
        cmocka_unit_test(test_tensor_stats__many_values),
        cmocka_unit_test(test_tensor_stats__pieces_and_merging_change_rounding_only),
        cmocka_unit_test(test_tensor_stats__nothing_and_one),
        cmocka_unit_test(test_tensor_stats__types_without_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
