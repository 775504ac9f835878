/* The ways in which guarded initializers are used when a checkpoint holds a part of a model.
 * SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"

#include <math.h>
#include <time.h>

/* A model of the least size: named weights, in the order in which they are initialised. */
typedef struct model {
    sow_tensor *embedding, *weight, *bias, *head;
} model;

static model make_model(sow_device device)
{
    return (model){make_tensor(SOW_F32, "10,4", device), make_tensor(SOW_F32, "6,4", device),
                   make_tensor(SOW_F32, "6", device), make_tensor(SOW_F32, "10,6", device)};
}

static void free_model(model *m)
{
    sow_tensor_free(m->embedding);
    sow_tensor_free(m->weight);
    sow_tensor_free(m->bias);
    sow_tensor_free(m->head);
}

/* What a model's own _init_weights does. */
static void init_weights(model *m, sow_generator *generator)
{
    sow_error err;
    assert_ok(sow_guarded_normal(m->embedding, 0.0, 0.02, generator, &err), err);
    assert_ok(sow_guarded_xavier_uniform(m->weight, 1.0, generator, &err), err);
    assert_ok(sow_guarded_zeros(m->bias, &err), err);
    assert_ok(sow_guarded_trunc_normal(m->head, 0.0, 0.02, -0.04, 0.04, generator, &err), err);
}

/* A checkpoint gives a tensor storage and values. */
static void load(sow_tensor *tensor, double value)
{
    sow_error err;
    const int64_t one = 1;
    double source_value = value;
    sow_tensor *source = sow_from_blob(&source_value, 8, SOW_F64, 1, &one, NULL, &err);
    const int64_t strides[2] = {0, 0};
    sow_tensor *spread = sow_tensor_as_strided(source, sow_tensor_n_dims(tensor),
                                               sow_tensor_sizes(tensor), strides, 0, &err);
    assert_non_null(spread);
    if (sow_tensor_device(tensor) != SOW_CPU) {
        assert_ok(sow_tensor_to_empty(tensor, SOW_CPU, &err), err);
    }
    assert_ok(sow_tensor_copy(tensor, spread, &err), err);
    sow_tensor_set_initialized(tensor, true);
    sow_tensor_free(spread);
    sow_tensor_free(source);
}

static void assert_all(const sow_tensor *tensor, float value)
{
    const float *values = sow_tensor_data(tensor);
    for (int64_t i = 0; i < sow_tensor_numel(tensor); i++) {
        assert_same_bits(&values[i], &value, 1, sizeof value);
    }
}

static void test_init_patterns__basic_guard(void **state)
{
    (void)state;
    sow_error err;
    sow_generator *generator = make_generator(1);
    sow_tensor *loaded = make_f32("3,3"), *missing = make_f32("3,3");
    load(loaded, 7.0);
    assert_ok(sow_guarded_kaiming_uniform(loaded, 0.0, NULL, NULL, generator, &err), err);
    assert_int_equal(sow_generator_position(generator), 0);
    assert_all(loaded, 7.0f);
    assert_ok(sow_guarded_kaiming_uniform(missing, 0.0, NULL, NULL, generator, &err), err);
    assert_int_equal(sow_generator_position(generator), 9);
    sow_tensor_free(loaded);
    sow_tensor_free(missing);
    sow_generator_free(generator);
}

/* Code that knows nothing of guards, inside the scope. */
static void test_init_patterns__scope_around_foreign_code(void **state)
{
    (void)state;
    sow_error err;
    sow_generator *generator = make_generator(1);
    model m = make_model(SOW_CPU);
    load(m.weight, 7.0);
    sow_guard_enter();
    assert_ok(sow_normal(m.weight, 0.0, 1.0, generator, &err), err);
    assert_ok(sow_init(m.weight, m.bias, "normal", NULL, generator, &err), err);
    sow_guard_leave();
    assert_int_equal(sow_generator_position(generator), 0);
    assert_all(m.weight, 7.0f);
    assert_all(m.bias, 0.0f);
    free_model(&m);
    sow_generator_free(generator);
}

static void test_init_patterns__custom_init_weights_draws_for_missing_tensors_alone(void **state)
{
    (void)state;
    sow_error err;
    sow_generator *g = make_generator(1), *h = make_generator(1);
    model m = make_model(SOW_CPU);
    load(m.embedding, 7.0);
    load(m.bias, 8.0);
    init_weights(&m, g);
    sow_tensor *weight = make_f32("6,4"), *head = make_f32("10,6");
    assert_ok(sow_xavier_uniform(weight, 1.0, h, &err), err);
    assert_ok(sow_trunc_normal(head, 0.0, 0.02, -0.04, 0.04, h, &err), err);
    assert_all(m.embedding, 7.0f);
    assert_all(m.bias, 8.0f);
    assert_same_tensor(m.weight, weight);
    assert_same_tensor(m.head, head);
    assert_int_equal(sow_generator_position(g), sow_generator_position(h));
    sow_tensor_free(weight);
    sow_tensor_free(head);
    free_model(&m);
    sow_generator_free(g);
    sow_generator_free(h);
}

static void test_init_patterns__meta_model_is_loaded_then_completed(void **state)
{
    (void)state;
    sow_error err;
    sow_generator *g = make_generator(1), *h = make_generator(1);
    model m = make_model(SOW_META);
    init_weights(&m, g);
    assert_int_equal(sow_generator_position(g), 0);
    load(m.embedding, 1.0);
    load(m.weight, 2.0);
    load(m.head, 3.0);
    assert_ok(sow_tensor_to_empty(m.bias, SOW_CPU, &err), err);
    init_weights(&m, g);
    assert_int_equal(sow_generator_position(g), 0);
    assert_all(m.embedding, 1.0f);
    assert_all(m.weight, 2.0f);
    assert_all(m.bias, 0.0f);
    assert_all(m.head, 3.0f);
    free_model(&m);
    sow_generator_free(g);
    sow_generator_free(h);
}

static void test_init_patterns__a_cleared_flag_allows_a_new_init(void **state)
{
    (void)state;
    sow_error err;
    sow_generator *generator = make_generator(1);
    sow_tensor *tensor = make_f32("4,4");
    load(tensor, 7.0);
    assert_ok(sow_guarded_constant(tensor, 1.0, &err), err);
    assert_all(tensor, 7.0f);
    sow_tensor_set_initialized(tensor, false);
    assert_ok(sow_guarded_constant(tensor, 1.0, &err), err);
    assert_all(tensor, 1.0f);
    sow_tensor_free(tensor);
    sow_generator_free(generator);
}

static void moments(const sow_tensor *tensor, double *mean, double *std)
{
    const float *values = sow_tensor_data(tensor);
    const int64_t n = sow_tensor_numel(tensor);
    double sum = 0.0, squares = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += values[i];
    }
    *mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) {
        squares += (values[i] - *mean) * (values[i] - *mean);
    }
    *std = sqrt(squares / (double)(n - 1));
}

static void test_init_patterns__mean_five_stays_when_flagged(void **state)
{
    (void)state;
    sow_error err;
    sow_generator *generator = make_generator(1);
    sow_tensor *tensor = make_f32("100,100"), *before = make_f32("100,100");
    double mean, std;
    assert_ok(sow_guarded_normal(tensor, 5.0, 1.0, generator, &err), err);
    moments(tensor, &mean, &std);
    assert_true(fabs(mean - 5.0) < 0.05 && fabs(std - 1.0) < 0.05);
    assert_ok(sow_tensor_copy(before, tensor, &err), err);
    sow_tensor_set_initialized(tensor, true);
    assert_ok(sow_guarded_normal(tensor, 100.0, 1.0, generator, &err), err);
    assert_same_tensor(tensor, before);
    sow_tensor_set_initialized(tensor, false);
    assert_ok(sow_guarded_normal(tensor, 100.0, 1.0, generator, &err), err);
    moments(tensor, &mean, &std);
    assert_true(fabs(mean - 100.0) < 0.05);
    sow_tensor_free(tensor);
    sow_tensor_free(before);
    sow_generator_free(generator);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Processor time of 20 Linear-like initializations. */
static double time_init(sow_tensor *weight, sow_generator *generator)
{
    sow_error err;
    const double start = seconds();
    for (int i = 0; i < 20; i++) {
        assert_ok(
            sow_guarded_kaiming_uniform(weight, 2.23606797749979, NULL, NULL, generator, &err),
            err);
    }
    return seconds() - start;
}

static void test_init_patterns__loaded_weights_cost_neither_numbers_nor_time(void **state)
{
    (void)state;
    sow_generator *generator = make_generator(1);
    sow_tensor *weight = make_f32("1000,1000");
    const double without_guard = time_init(weight, generator);
    assert_int_equal(sow_generator_position(generator), 20 * 1000 * 1000);
    sow_tensor_set_initialized(weight, true);
    const double with_guard = time_init(weight, generator);
    assert_int_equal(sow_generator_position(generator), 20 * 1000 * 1000);
    assert_true(with_guard * 5 < without_guard);
    sow_tensor_free(weight);
    sow_generator_free(generator);
}

/* One line of the report: shape, flag, mean, standard deviation. */
static void report(const char *name, const sow_tensor *tensor, char *text, size_t size)
{
    double mean, std;
    moments(tensor, &mean, &std);
    snprintf(text, size, "%s [%lld, %lld] %s mean %.2f std %.2f", name,
             (long long)sow_tensor_sizes(tensor)[0], (long long)sow_tensor_sizes(tensor)[1],
             sow_tensor_is_initialized(tensor) ? "initialized" : "missing", mean, std);
}

static void test_init_patterns__debug_report_before_and_after(void **state)
{
    (void)state;
    sow_error err;
    char line[128];
    sow_generator *generator = make_generator(1);
    model m = make_model(SOW_CPU);
    load(m.embedding, 7.0);
    assert_ok(sow_zeros(m.head, &err), err);
    report("embedding", m.embedding, line, sizeof line);
    assert_string_equal(line, "embedding [10, 4] initialized mean 7.00 std 0.00");
    report("head", m.head, line, sizeof line);
    assert_string_equal(line, "head [10, 6] missing mean 0.00 std 0.00");
    init_weights(&m, generator);
    report("embedding", m.embedding, line, sizeof line);
    assert_string_equal(line, "embedding [10, 4] initialized mean 7.00 std 0.00");
    report("head", m.head, line, sizeof line);
    assert_non_null(strstr(line, "head [10, 6] missing mean"));
    assert_non_null(strstr(line, "std 0.02"));
    free_model(&m);
    sow_generator_free(generator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_patterns__basic_guard),
        cmocka_unit_test(test_init_patterns__scope_around_foreign_code),
        cmocka_unit_test(test_init_patterns__custom_init_weights_draws_for_missing_tensors_alone),
        cmocka_unit_test(test_init_patterns__meta_model_is_loaded_then_completed),
        cmocka_unit_test(test_init_patterns__a_cleared_flag_allows_a_new_init),
        cmocka_unit_test(test_init_patterns__mean_five_stays_when_flagged),
        cmocka_unit_test(test_init_patterns__loaded_weights_cost_neither_numbers_nor_time),
        cmocka_unit_test(test_init_patterns__debug_report_before_and_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
