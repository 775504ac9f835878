/* The layers' constructors against torch (tests/nn/vectors/layers.txt), and in the scopes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/module_text.h"

#include <sow/init.h>

enum { LINE_SIZE = 1024, N_ARGS = 3 };

static sow_module *build(const char *layer, const int64_t args[N_ARGS], const sow_factory *factory,
                         sow_error *err)
{
    if (strcmp(layer, "linear") == 0) {
        return sow_linear(args[0], args[1], args[2] != 0, factory, err);
    }
    if (strcmp(layer, "embedding") == 0) {
        return sow_embedding(args[0], args[1], args[2], factory, err);
    }
    if (strcmp(layer, "layer_norm") == 0) {
        return sow_layer_norm(args[0], args[1] != 0, args[2] != 0, factory, err);
    }
    assert_string_equal(layer, "rms_norm");
    return sow_rms_norm(args[0], args[1] != 0, factory, err);
}

/* "ok weight:... bias:... state:..." or "error STATUS MESSAGE" of a layer. */
static void describe(sow_module *module, sow_generator *generator, const sow_error *err,
                     char text[LINE_SIZE])
{
    if (module == NULL) {
        snprintf(text, LINE_SIZE, "error %s %.900s", sow_status_exception(err->status),
                 err->message);
        return;
    }
    sow_error own;
    sow_state_dict *state = sow_module_state_dict(module, &own);
    assert_non_null(state);
    size_t used = (size_t)snprintf(text, LINE_SIZE, "ok");
    char hash[HASH_SIZE];
    for (size_t i = 0; i < sow_state_dict_count(state); i++) {
        tensor_hash_text(sow_state_dict_tensor(state, i), hash);
        used += (size_t)snprintf(text + used, LINE_SIZE - used, " %s:%s",
                                 sow_state_dict_name(state, i), hash);
    }
    state_hash_text(generator, hash);
    snprintf(text + used, LINE_SIZE - used, " state:%s", hash);
    sow_state_dict_free(state);
}

/* Splits "LAYER ARG... DTYPE SEED" from what is expected, which is returned. */
static char *parse(char *line, char *layer, int64_t args[N_ARGS], sow_factory *factory)
{
    char *rest;
    const char *word = strtok_r(line, " ", &rest);
    snprintf(layer, 16, "%s", word);
    const int n_args = strcmp(layer, "rms_norm") == 0 ? 2 : 3;
    for (int i = 0; i < n_args; i++) {
        word = strtok_r(NULL, " ", &rest);
        args[i] = strcmp(word, "none") == 0 ? SOW_NO_PADDING_IDX : strtoll(word, NULL, 10);
    }
    sow_error err;
    assert_ok(sow_dtype_parse(strtok_r(NULL, " ", &rest), &factory->dtype, &err), err);
    uint64_t seed;
    assert_ok(sow_seed_parse(strtok_r(NULL, " ", &rest), &seed, &err), err);
    assert_ok(sow_generator_manual_seed(factory->generator, seed, &err), err);
    return rest;
}

/* torch's AssertionError and sow's words for it. */
static void as_sow_says(char *expected)
{
    static const char assertion[] = "error AssertionError ";
    if (strncmp(expected, assertion, sizeof assertion - 1) == 0) {
        char rest[LINE_SIZE];
        snprintf(rest, sizeof rest, "%s", expected + sizeof assertion - 1);
        snprintf(expected, LINE_SIZE, "error ValueError %.900s", rest);
    }
}

static bool check_line(char *line, void *user)
{
    sow_factory *factory = user;
    sow_error err = {.status = SOW_OK};
    char expected[LINE_SIZE], got[LINE_SIZE], layer[16];
    int64_t args[N_ARGS] = {0};
    snprintf(expected, sizeof expected, "%s", parse(line, layer, args, factory));
    as_sow_says(expected);
    sow_module *module = build(layer, args, factory, &err);
    describe(module, factory->generator, &err, got);
    sow_module_free(module);
    if (strcmp(got, expected) != 0) {
        print_error("got %s\n", got);
        return false;
    }
    return true;
}

static void run_vectors(sow_device device)
{
    sow_factory factory = {.device = device, .generator = sow_generator_new(NULL)};
    assert_true(for_each_line("layers.txt", check_line, &factory) > 300);
    sow_generator_free(factory.generator);
}

static void test_nn_layers__known_answers(void **state)
{
    (void)state;
    run_vectors(SOW_CPU);
}

static void test_nn_layers__known_answers_deferred(void **state)
{
    (void)state;
    run_vectors(SOW_DEFERRED);
}

static void test_nn_layers__meta_draws_nothing(void **state)
{
    (void)state;
    sow_error err;
    sow_factory factory = {.device = SOW_META, .generator = sow_generator_new(&err)};
    sow_module *linear = sow_linear(4, 3, true, &factory, &err);
    sow_module *embedding = sow_embedding(4, 3, 1, &factory, &err);
    assert_non_null(linear);
    assert_non_null(embedding);
    assert_int_equal(sow_generator_position(factory.generator), 0);
    assert_int_equal(sow_tensor_device(sow_module_tensor(linear, "weight")), SOW_META);
    sow_module_free(linear);
    sow_module_free(embedding);
    sow_generator_free(factory.generator);
}

static void test_nn_layers__no_init_scope_draws_nothing(void **state)
{
    (void)state;
    sow_error err;
    sow_factory factory = {.generator = sow_generator_new(&err)};
    sow_no_init_enter();
    sow_module *module = sow_linear(4, 3, true, &factory, &err);
    sow_no_init_leave();
    assert_non_null(module);
    assert_int_equal(sow_generator_position(factory.generator), 0);
    sow_module_free(module);
    sow_generator_free(factory.generator);
}

static void test_nn_layers__defaults_are_cpu_f32_and_the_default_generator(void **state)
{
    (void)state;
    sow_error err;
    assert_ok(sow_generator_manual_seed(sow_default_generator(), 3, &err), err);
    sow_module *module = sow_linear(4, 3, false, NULL, &err);
    assert_non_null(module);
    const sow_tensor *weight = sow_module_tensor(module, "weight");
    assert_int_equal(sow_tensor_dtype(weight), SOW_F32);
    assert_int_equal(sow_tensor_device(weight), SOW_CPU);
    assert_null(sow_module_tensor(module, "bias"));
    assert_int_equal(sow_generator_position(sow_default_generator()), 12);
    assert_string_equal(sow_module_type(module), "Linear");
    sow_module_free(module);
}

static void test_nn_layers__failure_without_a_record(void **state)
{
    (void)state;
    assert_null(sow_linear(-1, 2, true, NULL, NULL));
    assert_null(sow_embedding(3, 2, 3, NULL, NULL));
    assert_null(sow_layer_norm(-1, true, true, NULL, NULL));
    assert_null(sow_rms_norm(-1, true, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_layers__known_answers),
        cmocka_unit_test(test_nn_layers__known_answers_deferred),
        cmocka_unit_test(test_nn_layers__meta_draws_nothing),
        cmocka_unit_test(test_nn_layers__no_init_scope_draws_nothing),
        cmocka_unit_test(test_nn_layers__defaults_are_cpu_f32_and_the_default_generator),
        cmocka_unit_test(test_nn_layers__failure_without_a_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
