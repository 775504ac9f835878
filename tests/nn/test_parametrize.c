/* Weight norm, spectral norm and orthogonal weights against torch
 * (tests/nn/vectors/parametrize.txt), on deferred modules, and in a plan.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/module_text.h"

#include <jansson.h>
#include <math.h>
#include <sow/init.h>
#include <sow/parametrize.h>
#include <sow/plan.h>
#include <sow/stats.h>

typedef struct call {
    const char *function, *kind, *name;
    json_t *arguments, *options;
} call;

static json_t *parsed(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(json);
    return json;
}

/* dim as the options give it; absent is what the function's default is. */
static int dim_or(const json_t *options, int absent)
{
    const json_t *dim = json_object_get(options, "dim");
    return dim == NULL ? absent : json_is_null(dim) ? SOW_NO_DIM : (int)json_integer_value(dim);
}

static sow_status spectral(const call *is, sow_module *module, sow_generator *generator,
                           sow_error *err)
{
    sow_spectral_norm_options with = SOW_SPECTRAL_NORM_OPTIONS_INIT;
    const int dim = dim_or(is->options, 0);
    with.dim = json_object_get(is->options, "dim") == NULL ? NULL : &dim;
    const json_t *n = json_object_get(is->options, "n_power_iterations");
    with.n_power_iterations = n == NULL ? 1 : json_integer_value(n);
    return is->function[0] == 'o'
               ? sow_spectral_norm(module, is->name, &with, generator, err)
               : sow_parametrize_spectral_norm(module, is->name, &with, generator, err);
}

static sow_status run(const call *is, sow_module *module, sow_generator *generator, sow_error *err)
{
    if (strcmp(is->function, "weight_norm") == 0) {
        return sow_parametrize_weight_norm(module, is->name, dim_or(is->options, 0), err);
    }
    if (strcmp(is->function, "old_weight_norm") == 0) {
        return sow_weight_norm(module, is->name, dim_or(is->options, 0), err);
    }
    if (strcmp(is->function, "orthogonal") == 0) {
        const json_t *trivial = json_object_get(is->options, "use_trivialization");
        return sow_parametrize_orthogonal(
            module, is->name, json_string_value(json_object_get(is->options, "orthogonal_map")),
            trivial == NULL || json_is_true(trivial), generator, err);
    }
    return spectral(is, module, generator, err);
}

/* "1.5,-2" against the values of a tensor. */
static bool are_near(const char *numbers, sow_tensor *tensor)
{
    const void *data = values_in_memory(tensor);
    const int64_t n = sow_tensor_numel(tensor);
    double values[1024];
    assert_true(n <= 1024);
    sow_error err;
    assert_ok(sow_values_as_f64(values, sow_tensor_dtype(tensor), data, (size_t)n, &err), err);
    const bool is_double = sow_tensor_dtype(tensor) == SOW_F64;
    for (int64_t i = 0; i < n; i++) {
        char *end;
        const double expected = strtod(numbers, &end);
        const double least = is_double ? 1e-8 : sow_tensor_dtype(tensor) == SOW_F32 ? 3e-6 : 2e-2;
        if (!(fabs(values[i] - expected) <= least)) {
            print_error("element %" PRId64 ": expected %.9g, got %.9g\n", i, expected, values[i]);
            return false;
        }
        numbers = end + (*end == ',');
    }
    return *numbers == '\0';
}

/* One "name:shape:values" of a line. */
static bool check_tensor(char *expected, const char *name, sow_tensor *tensor)
{
    char *rest, shape[64], hash[HASH_SIZE];
    const char *expected_name = strtok_r(expected, ":", &rest);
    const char *expected_shape = strtok_r(NULL, ":", &rest);
    shape_text(tensor, shape, sizeof shape);
    if (strcmp(expected_name, name) != 0 || strcmp(expected_shape, shape) != 0) {
        print_error("expected %s %s, got %s %s\n", expected_name, expected_shape, name, shape);
        return false;
    }
    if (rest[0] == '~') {
        return are_near(rest + 1, tensor);
    }
    tensor_hash_text(tensor, hash);
    if (strcmp(hash, rest) != 0) {
        print_error("%s: expected %s, got %s\n", name, rest, hash);
        return false;
    }
    return true;
}

static bool check_module(char *rest, const sow_module *module, sow_generator *generator)
{
    sow_error err;
    sow_state_dict *state = sow_module_state_dict(module, &err);
    assert_non_null(state);
    bool is_right = strcmp(strtok_r(rest, " ", &rest), "ok") == 0;
    for (size_t i = 0; is_right && i < sow_state_dict_count(state); i++) {
        is_right = check_tensor(strtok_r(NULL, " ", &rest), sow_state_dict_name(state, i),
                                sow_state_dict_tensor(state, i));
    }
    sow_state_dict_free(state);
    char hash[HASH_SIZE];
    state_hash_text(generator, hash);
    if (is_right && (strncmp(rest, "state:", 6) != 0 || strcmp(rest + 6, hash) != 0)) {
        print_error("expected %s, got state:%s\n", rest, hash);
        return false;
    }
    return is_right;
}

static sow_module *build(const call *is, const sow_factory *factory)
{
    sow_error err;
    sow_factory with = *factory;
    assert_ok(
        sow_dtype_parse(json_string_value(json_array_get(is->arguments, 1)), &with.dtype, &err),
        err);
    char *text = json_dumps(json_array_get(is->arguments, 0), JSON_COMPACT);
    sow_module *module = sow_nn(is->kind, text, &with, &err);
    assert_non_null(module);
    free(text);
    return module;
}

static bool check_line(char *line, void *user)
{
    const sow_factory *factory = user;
    char *rest;
    call is = {.function = strtok_r(line, " ", &rest)};
    is.kind = strtok_r(NULL, " ", &rest);
    is.arguments = parsed(strtok_r(NULL, " ", &rest));
    is.name = strtok_r(NULL, " ", &rest);
    is.options = parsed(strtok_r(NULL, " ", &rest));
    sow_error err = {.status = SOW_OK};
    assert_ok(sow_generator_manual_seed(factory->generator,
                                        strtoull(strtok_r(NULL, " ", &rest), NULL, 10), &err),
              err);
    sow_module *module = build(&is, factory);
    const bool is_twice = json_object_get(is.options, "times") != NULL;
    sow_status status = run(&is, module, factory->generator, &err);
    if (status == SOW_OK && is_twice) {
        status = run(&is, module, factory->generator, &err);
    }
    bool is_right;
    if (status != SOW_OK) {
        is_right = is_this_error(rest, &err);
        if (!is_right) {
            print_error("got %s: %s\n", sow_status_name(status), err.message);
        }
    } else {
        /* what was drawn before stays drawn when values are made later */
        is_right = check_module(rest, module, factory->generator);
    }
    sow_module_free(module);
    json_decref(is.arguments);
    json_decref(is.options);
    return is_right;
}

static void run_vectors(sow_device device)
{
    sow_error err;
    sow_factory factory = {.device = device, .generator = sow_generator_new(&err)};
    assert_true(for_each_line("parametrize.txt", check_line, &factory) > 300);
    sow_generator_free(factory.generator);
}

static void test_nn_parametrize__known_answers(void **state)
{
    (void)state;
    run_vectors(SOW_CPU);
}

static void test_nn_parametrize__known_answers_deferred(void **state)
{
    (void)state;
    run_vectors(SOW_DEFERRED);
}

static void test_nn_parametrize__deferred_weight_stays_deferred(void **state)
{
    (void)state;
    sow_error err;
    const sow_factory factory = {.device = SOW_DEFERRED};
    sow_module *module = sow_linear(6, 5, true, &factory, &err);
    assert_ok(sow_parametrize_weight_norm(module, "weight", 0, &err), err);
    assert_string_equal(sow_module_type(module), "ParametrizedLinear");
    assert_null(sow_module_tensor(module, "weight"));
    assert_int_equal(
        sow_tensor_device(sow_module_tensor(module, "parametrizations.weight.original1")),
        SOW_DEFERRED);
    assert_int_equal(
        sow_tensor_device(sow_module_tensor(module, "parametrizations.weight.original0")), SOW_CPU);
    sow_module_free(module);
}

static void test_nn_parametrize__meta_draws_nothing(void **state)
{
    (void)state;
    sow_error err;
    sow_factory factory = {.device = SOW_META, .generator = sow_generator_new(&err)};
    sow_module *module = sow_linear(4, 3, true, &factory, &err);
    assert_ok(sow_parametrize_spectral_norm(module, "weight", NULL, factory.generator, &err), err);
    assert_ok(sow_parametrize_weight_norm(module, "bias", SOW_NO_DIM, &err), err);
    assert_int_equal(sow_tensor_device(sow_module_tensor(module, "parametrizations.weight.0._u")),
                     SOW_META);
    assert_int_equal(
        sow_tensor_n_dims(sow_module_tensor(module, "parametrizations.bias.original0")), 0);
    assert_int_equal(sow_generator_position(factory.generator), 0);
    sow_module_free(module);
    module = sow_linear(3, 3, true, &factory, &err);
    assert_fails(sow_parametrize_orthogonal(module, "weight", NULL, true, factory.generator, &err),
                 SOW_ERROR_RUNTIME, err, "Tensor.item() cannot be called on meta tensors");
    sow_module_free(module);
    sow_generator_free(factory.generator);
}

/* Values that nobody recorded give results that nobody may write. */
static void test_nn_parametrize__no_values_no_results(void **state)
{
    (void)state;
    sow_error err;
    sow_factory factory = {.device = SOW_DEFERRED, .generator = sow_generator_new(&err)};
    sow_no_init_enter();
    sow_module *module = sow_linear(4, 3, false, &factory, &err);
    sow_no_init_leave();
    assert_ok(sow_parametrize_spectral_norm(module, "weight", NULL, factory.generator, &err), err);
    assert_int_equal(sow_generator_position(factory.generator), 16);
    sow_state_dict *names = sow_module_state_dict(module, &err);
    sow_plan *plan = sow_plan_new(names, &err);
    assert_non_null(plan);
    assert_int_equal(sow_plan_check(plan, &err), SOW_ERROR_RUNTIME);
    sow_plan_free(plan);
    assert_int_equal(sow_tensor_device(sow_module_tensor(module, "parametrizations.weight.0._u")),
                     SOW_DEFERRED);
    sow_state_dict_free(names);
    sow_module_free(module);
    sow_generator_free(factory.generator);
}

static void test_nn_parametrize__a_plan_says_what_is_not_exact(void **state)
{
    (void)state;
    sow_error err;
    const sow_factory factory = {.device = SOW_DEFERRED};
    sow_module *module = sow_linear(4, 3, true, &factory, &err);
    assert_ok(sow_parametrize_spectral_norm(module, "weight", NULL, NULL, &err), err);
    assert_ok(sow_parametrize_weight_norm(module, "bias", 0, &err), err);
    sow_state_dict *names = sow_module_state_dict(module, &err);
    sow_plan *plan = sow_plan_new(names, &err);
    int n_inexact = 0;
    for (size_t i = 0; i < sow_plan_count(plan); i++) {
        const sow_plan_entry *entry = sow_plan_at(plan, i);
        const char *end = entry->name + strlen(entry->name) - 3;
        assert_int_equal(entry->exact, strcmp(end, "._u") != 0 && strcmp(end, "._v") != 0);
        n_inexact += !entry->exact;
    }
    assert_int_equal(n_inexact, 2);
    sow_plan_free(plan);
    sow_state_dict_free(names);
    sow_module_free(module);
}

static void test_nn_parametrize__refuses(void **state)
{
    (void)state;
    sow_error err;
    sow_module *module = sow_linear(4, 3, true, NULL, &err);
    assert_ok(sow_parametrize_weight_norm(module, "weight", 0, &err), err);
    assert_fails(sow_parametrize_spectral_norm(module, "weight", NULL, NULL, &err),
                 SOW_ERROR_UNSUPPORTED, err, "'weight' is parametrized already");
    assert_int_equal(sow_module_reset_parameters(module, NULL, NULL), SOW_ERROR_NOT_FOUND);
    sow_module_free(module);
    const sow_factory complex = {.dtype = SOW_C64};
    module = sow_linear(4, 3, true, &complex, &err);
    assert_fails(sow_parametrize_orthogonal(module, "weight", NULL, true, NULL, &err),
                 SOW_ERROR_UNSUPPORTED, err, "'weight' is complex: no parametrization of it");
    assert_int_equal(sow_weight_norm(module, "weight", 0, NULL), SOW_ERROR_UNSUPPORTED);
    sow_module_free(module);
}

static void keep_warning(sow_warning kind, const char *message, void *user)
{
    assert_int_equal(kind, SOW_WARNING_DEPRECATED);
    snprintf(user, 256, "%s", message);
}

static void test_nn_parametrize__old_weight_norm_warns(void **state)
{
    (void)state;
    sow_error err;
    char text[256] = "";
    sow_module *module = sow_linear(4, 3, true, NULL, &err);
    sow_set_warning_handler(keep_warning, text);
    assert_ok(sow_weight_norm(module, "weight", 0, &err), err);
    sow_set_warning_handler(NULL, NULL);
    assert_string_equal(text, "`torch.nn.utils.weight_norm` is deprecated in favor of "
                              "`torch.nn.utils.parametrizations.weight_norm`.");
    sow_module_free(module);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_parametrize__known_answers),
        cmocka_unit_test(test_nn_parametrize__known_answers_deferred),
        cmocka_unit_test(test_nn_parametrize__deferred_weight_stays_deferred),
        cmocka_unit_test(test_nn_parametrize__meta_draws_nothing),
        cmocka_unit_test(test_nn_parametrize__no_values_no_results),
        cmocka_unit_test(test_nn_parametrize__a_plan_says_what_is_not_exact),
        cmocka_unit_test(test_nn_parametrize__refuses),
        cmocka_unit_test(test_nn_parametrize__old_weight_norm_warns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
