/* A weight and its bias by string key, against the same table run in torch.
 * SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"

#include <math.h>

/* As "others" of tools/make_init_keys.py. */
static const sow_init_options others = {0.25, 0.5, 3.0, 2, {-0.5, 0.75}};

/* ---- known answers ---- */

static size_t read_hex(const char *text, unsigned char *bytes, size_t size)
{
    size_t n = 0;
    unsigned byte;
    for (; text[0] != '-' && n < size && sscanf(text + 2 * n, "%2x", &byte) == 1; n++) {
        bytes[n] = (unsigned char)byte;
    }
    return n;
}

static double element(const sow_tensor *tensor, const unsigned char *bytes, size_t i)
{
    sow_error err;
    const size_t each = sow_tensor_n_bytes(tensor) / (size_t)sow_tensor_numel(tensor);
    const int64_t one = 1;
    unsigned char copy[8] __attribute__((aligned(8)));
    double value;
    memcpy(copy, bytes + i * each, each);
    sow_tensor *from = sow_from_blob(copy, each, sow_tensor_dtype(tensor), 1, &one, NULL, &err);
    sow_tensor *to = sow_from_blob(&value, sizeof value, SOW_F64, 1, &one, NULL, &err);
    assert_ok(sow_tensor_copy(to, from, &err), err);
    sow_tensor_free(from);
    sow_tensor_free(to);
    return value;
}

/* Orthogonal alone is not promised to the last bit; tolerance is what the type can show. */
static void assert_near(const sow_tensor *tensor, const unsigned char *expected)
{
    static const double tolerances[SOW_N_DTYPES] = {
        [SOW_F32] = 2e-6, [SOW_F64] = 1e-14, [SOW_F16] = 8e-6, [SOW_BF16] = 8e-5};
    const double tolerance = tolerances[sow_tensor_dtype(tensor)];
    for (size_t i = 0; i < (size_t)sow_tensor_numel(tensor); i++) {
        const double got = element(tensor, sow_tensor_data(tensor), i);
        const double want = element(tensor, expected, i);
        if (!(fabs(got - want) <= tolerance)) {
            fail_msg("element %zu: expected %.17g, got %.17g", i, want, got);
        }
    }
}

static void assert_bytes(const sow_tensor *tensor, const char *hex, bool exactly)
{
    unsigned char expected[2048];
    const size_t n_bytes = read_hex(hex, expected, sizeof expected);
    assert_int_equal(n_bytes, sow_tensor_n_bytes(tensor));
    if (n_bytes > 0 && exactly) {
        const size_t n = (size_t)sow_tensor_numel(tensor);
        assert_same_bits(sow_tensor_data(tensor), expected, n, n_bytes / n);
    } else if (n_bytes > 0) {
        assert_near(tensor, expected);
    }
}

/* One more normal and one more uniform number from where the call left the generator. */
static void assert_next_numbers(sow_generator *generator, const char *hex)
{
    sow_error err;
    unsigned char expected[16];
    double numbers[2];
    const int64_t one = 1;
    assert_int_equal(read_hex(hex, expected, sizeof expected), sizeof expected);
    sow_tensor *normal = sow_from_blob(&numbers[0], 8, SOW_F64, 1, &one, NULL, &err);
    sow_tensor *uniform = sow_from_blob(&numbers[1], 8, SOW_F64, 1, &one, NULL, &err);
    assert_ok(sow_normal(normal, 0.0, 1.0, generator, &err), err);
    assert_ok(sow_uniform(uniform, 0.0, 1.0, generator, &err), err);
    assert_same_bits(numbers, expected, 2, 8);
    sow_tensor_free(normal);
    sow_tensor_free(uniform);
}

enum { KEY, DTYPE, SIZES, N_BIAS, OPTIONS, SEED, WEIGHT, BIAS, AFTER, N_FIELDS };

static void run_case(char **fields, sow_device device)
{
    sow_error err;
    sow_dtype dtype;
    assert_ok(sow_dtype_parse(fields[DTYPE], &dtype, &err), err);
    sow_tensor *weight = make_tensor(dtype, fields[SIZES], device), *bias = NULL;
    if (strcmp(fields[N_BIAS], "none") != 0) {
        bias = make_tensor(dtype, fields[N_BIAS], device);
    }
    sow_generator *generator = make_generator(strtoull(fields[SEED], NULL, 10));
    assert_ok(sow_init(weight, bias, fields[KEY],
                       strcmp(fields[OPTIONS], "others") == 0 ? &others : NULL, generator, &err),
              err);
    assert_next_numbers(generator, fields[AFTER]);
    /* Kaiming leaves an empty weight alone, so it has nothing to materialize. */
    assert_ok(sow_tensor_materialize(weight, 1, &err), err);
    assert_bytes(weight, fields[WEIGHT], strcmp(fields[KEY], "orthogonal") != 0);
    if (bias != NULL) {
        assert_ok(sow_tensor_materialize(bias, 1, &err), err);
        assert_bytes(bias, fields[BIAS], true);
    }
    sow_tensor_free(weight);
    sow_tensor_free(bias);
    sow_generator_free(generator);
}

static int run_vectors(sow_device device)
{
    FILE *file = open_vectors("keys.txt");
    char line[8192], *fields[N_FIELDS];
    int n_cases = 0;
    while (next_line(file, line, sizeof line)) {
        assert_int_equal(split_line(line, fields, N_FIELDS), N_FIELDS);
        run_case(fields, device);
        n_cases++;
    }
    fclose(file);
    return n_cases;
}

static void test_init_keys__give_pytorch_s_weights_and_biases(void **state)
{
    (void)state;
    watch_warnings();
    assert_int_equal(run_vectors(SOW_CPU), 315);
}

static void test_init_keys__give_the_same_when_deferred(void **state)
{
    (void)state;
    watch_warnings();
    assert_int_equal(run_vectors(SOW_DEFERRED), 315);
}

/* ---- names ---- */

static void test_init_keys__are_thirteen(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "orthogonal",     "normal",         "biased_normal", "uniform",      "kaiming_uniform",
        "kaiming_normal", "xavier_uniform", "xavier_normal", "trunc_normal", "dirac",
        "constant",       "zeros",          "ones",
    };
    sow_error err;
    for (size_t i = 0; i < 13; i++) {
        assert_string_equal(sow_init_key(i), expected[i]);
        assert_ok(sow_init_key_check(expected[i], &err), err);
    }
    assert_null(sow_init_key(13));
    assert_null(sow_init_key(SIZE_MAX));
}

static void test_init_keys__a_wrong_key_is_named_and_changes_nothing(void **state)
{
    (void)state;
    sow_error err;
    sow_tensor *weight = make_f32("3,3"), *bias = make_f32("3");
    sow_tensor *meta = make_tensor(SOW_F32, "3,3", SOW_META);
    assert_fails(sow_init(weight, bias, "xavier", NULL, NULL, &err), SOW_ERROR_VALUE, err,
                 "Unexpected initialization: xavier");
    assert_fails(sow_init(meta, bias, "Normal", NULL, NULL, &err), SOW_ERROR_VALUE, err,
                 "Unexpected initialization: Normal");
    assert_fails(sow_init(weight, bias, NULL, NULL, NULL, &err), SOW_ERROR_VALUE, err,
                 "Unexpected initialization: None");
    assert_fails(sow_init(NULL, bias, "normal", NULL, NULL, &err), SOW_ERROR_TYPE, err,
                 "init: weight is NULL");
    assert_true(is_untouched(weight) && is_untouched(bias));
    assert_fails(sow_init_key_check("sparse", &err), SOW_ERROR_VALUE, err,
                 "initialization must be one of orthogonal, normal, biased_normal, uniform, "
                 "kaiming_uniform, kaiming_normal, xavier_uniform, xavier_normal, trunc_normal, "
                 "dirac, constant, zeros, ones; got \"sparse\"");
    assert_int_equal(sow_init_key_check(NULL, NULL), SOW_ERROR_VALUE);
    sow_tensor_free(weight);
    sow_tensor_free(bias);
    sow_tensor_free(meta);
}

/* ---- devices and scopes ---- */

static const char *shape_for(const char *key)
{
    return strcmp(key, "dirac") == 0 ? "4,3,5" : "4,3";
}

static void test_init_keys__a_meta_weight_leaves_both_alone(void **state)
{
    (void)state;
    sow_error err;
    for (size_t i = 0; sow_init_key(i) != NULL; i++) {
        sow_tensor *weight = make_tensor(SOW_F32, shape_for(sow_init_key(i)), SOW_META);
        sow_tensor *bias = make_f32("4");
        sow_generator *generator = make_generator(1);
        assert_ok(sow_init(weight, bias, sow_init_key(i), NULL, generator, &err), err);
        assert_true(is_untouched(bias));
        assert_int_equal(sow_generator_position(generator), 0);
        sow_tensor_free(weight);
        sow_tensor_free(bias);
        sow_generator_free(generator);
    }
}

static void run_scoped(const char *key, sow_dtype dtype, bool weight_is_initialized)
{
    sow_error err;
    sow_tensor *weight = make_tensor(dtype, shape_for(key), SOW_CPU);
    sow_tensor *bias = make_tensor(dtype, "4", SOW_CPU);
    sow_tensor_set_initialized(weight_is_initialized ? weight : bias, true);
    sow_generator *generator = make_generator(1);
    sow_guard_enter();
    const sow_status status = sow_init(weight, bias, key, NULL, generator, &err);
    sow_guard_leave();
    assert_ok(status, err);
    assert_true(is_untouched(weight) == weight_is_initialized);
    assert_true(is_untouched(bias) != weight_is_initialized);
    const bool bias_draws = strstr(key, "_uniform") != NULL || strstr(key, "kaiming") != NULL ||
                            strstr(key, "xavier") != NULL || strcmp(key, "biased_normal") == 0;
    if (weight_is_initialized) {
        assert_true((sow_generator_position(generator) > 0) == bias_draws);
    }
    sow_tensor_free(weight);
    sow_tensor_free(bias);
    sow_generator_free(generator);
}

static void test_init_keys__the_guard_counts_for_each(void **state)
{
    (void)state;
    for (size_t i = 0; sow_init_key(i) != NULL; i++) {
        run_scoped(sow_init_key(i), SOW_F32, true);
        run_scoped(sow_init_key(i), SOW_F32, false);
        run_scoped(sow_init_key(i), SOW_BF16, true);
        run_scoped(sow_init_key(i), SOW_F16, false);
    }
}

static void test_init_keys__do_nothing_in_a_no_init_scope(void **state)
{
    (void)state;
    sow_error err;
    for (size_t i = 0; sow_init_key(i) != NULL; i++) {
        sow_tensor *weight = make_f32(shape_for(sow_init_key(i))), *bias = make_f32("4");
        sow_generator *generator = make_generator(1);
        sow_no_init_enter();
        const sow_status status = sow_init(weight, bias, sow_init_key(i), NULL, generator, &err);
        sow_no_init_leave();
        assert_ok(status, err);
        assert_true(is_untouched(weight) && is_untouched(bias));
        assert_int_equal(sow_generator_position(generator), 0);
        sow_tensor_free(weight);
        sow_tensor_free(bias);
        sow_generator_free(generator);
    }
}

static void test_init_keys__a_weight_that_fails_leaves_the_bias(void **state)
{
    (void)state;
    sow_error err;
    sow_tensor *weight = make_f32("4"), *bias = make_f32("4");
    assert_fails(sow_init(weight, bias, "xavier_uniform", NULL, NULL, &err), SOW_ERROR_VALUE, err,
                 "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions");
    assert_true(is_untouched(weight) && is_untouched(bias));
    sow_tensor_free(weight);
    sow_tensor_free(bias);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_keys__give_pytorch_s_weights_and_biases),
        cmocka_unit_test(test_init_keys__give_the_same_when_deferred),
        cmocka_unit_test(test_init_keys__are_thirteen),
        cmocka_unit_test(test_init_keys__a_wrong_key_is_named_and_changes_nothing),
        cmocka_unit_test(test_init_keys__a_meta_weight_leaves_both_alone),
        cmocka_unit_test(test_init_keys__the_guard_counts_for_each),
        cmocka_unit_test(test_init_keys__do_nothing_in_a_no_init_scope),
        cmocka_unit_test(test_init_keys__a_weight_that_fails_leaves_the_bias),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
