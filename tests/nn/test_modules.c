/* Every class of torch.nn against torch (tests/nn/vectors/modules.txt).
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/cases.h"

#include "nn/module.h"

static const char vectors[] = SOW_SOURCE_DIR "/tests/nn/vectors/modules.txt";

enum { MOST_MODULES = 4 };

/* ---- pieces of a case ---- */

static bool is_lazy(const json_t *tensors)
{
    return json_is_string(json_array_get(tensors, 0));
}

static void seed(const nn_case *of, sow_generator *generator)
{
    sow_error err;
    const json_int_t value = json_integer_value(json_object_get(of->row, "seed"));
    assert_ok(sow_generator_manual_seed(generator, (uint64_t)value, &err), err);
}

/* Reserved names are in no list; those of a lazy module are in its slots alone. */
static void check_lazy(nn_case *of, const sow_module *module, const json_t *names)
{
    const sow__slots *both[] = {&module->parameters, &module->buffers};
    sow_error err;
    size_t n = 0;
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < both[k]->n_items; i++) {
            if (both[k]->items[i].tensor != NULL) {
                const char *name = json_string_value(json_array_get(names, n++));
                same_text(of, "name", both[k]->items[i].name, name == NULL ? "none" : name);
            }
        }
    }
    if (n != json_array_size(names)) {
        case_fail(of, "%zu names, expected %zu", n, json_array_size(names));
    }
    sow_state_dict *state = sow_module_state_dict(module, &err);
    if (state != NULL || err.status != SOW_ERROR_VALUE) {
        case_fail(of, "a lazy module has a state_dict");
    }
    sow_state_dict_free(state);
}

static void check_module(nn_case *of, const sow_module *module, const json_t *tensors)
{
    if (is_lazy(tensors)) {
        check_lazy(of, module, tensors);
    } else {
        check_tensors(of, module, tensors, true);
    }
}

/* reset_parameters from the same seed: the row's "reset". */
static void check_reset(nn_case *of, sow_module *module, const json_t *tensors,
                        sow_generator *generator)
{
    const json_t *expected = json_object_get(of->row, "reset");
    const bool same = json_is_string(expected);
    sow_error err = {.status = SOW_OK};
    seed(of, generator);
    const sow_status status = sow_module_reset_parameters(module, generator, &err);
    if (json_object_get(expected, "error") != NULL) {
        if (status == SOW_OK) {
            case_fail(of, "reset_parameters: there is none in torch");
        } else {
            check_failure(of, "reset_parameters", &err, expected, false);
        }
        return;
    }
    if (status != SOW_OK) {
        case_fail(of, "reset_parameters: %s", err.message);
        return;
    }
    check_state(of, generator, text_of(same ? of->row : expected, "state"));
    check_module(of, module, same ? tensors : json_object_get(expected, "tensors"));
}

/* ---- tests ---- */

static void run_build(nn_case *of, void *user)
{
    const sow_factory *factory = user;
    const json_t *nodes = json_object_get(of->row, "build");
    const json_t *tensors = json_object_get(of->row, "tensors");
    const size_t n = json_array_size(nodes);
    built modules[MOST_MODULES] = {{NULL, NULL}};
    sow_error err = {.status = SOW_OK};
    heard all;
    assert_in_range(n, 1, MOST_MODULES);
    seed(of, factory->generator);
    listen_to(&all);
    for (size_t i = 0; i < n; i++) {
        modules[i] = build(json_array_get(nodes, i), factory, &err);
        if (modules[i].module == NULL) {
            case_fail(of, "module %zu: %s: %s", i, sow_status_name(err.status), err.message);
        }
    }
    check_warnings(of, &all, json_object_get(of->row, "warnings"));
    if (of->n_failures == 0) {
        check_state(of, factory->generator, text_of(of->row, "state"));
    }
    for (size_t i = 0; i < n; i++) {
        if (modules[i].module != NULL) {
            check_module(of, modules[i].module, json_array_get(tensors, i));
        }
        built_free(&modules[i]);
    }
}

/* As run_build, but what the constructor recorded or wrote is replaced before it is looked at. */
static void run_reset(nn_case *of, void *user)
{
    const sow_factory *factory = user;
    const json_t *node = json_array_get(json_object_get(of->row, "build"), 0);
    sow_error err = {.status = SOW_OK};
    if (json_object_get(of->row, "reset") == NULL) {
        return;
    }
    seed(of, factory->generator);
    built module = build(node, factory, &err);
    if (module.module == NULL) {
        case_fail(of, "%s: %s", sow_status_name(err.status), err.message);
        return;
    }
    check_reset(of, module.module, json_array_get(json_object_get(of->row, "tensors"), 0),
                factory->generator);
    built_free(&module);
}

static void run_skip_init(nn_case *of, void *user)
{
    const json_t *node = json_array_get(json_object_get(of->row, "build"), 0);
    const json_t *expected = json_object_get(of->row, "skip");
    sow_error err = {.status = SOW_OK};
    (void)user;
    if (expected == NULL) {
        return;
    }
    seed(of, sow_default_generator());
    char *args = args_text(node);
    const uint64_t before = sow_generator_position(sow_default_generator());
    sow_module *module = sow_skip_init(text_of(node, "_target_"), args, SOW_CPU, &err);
    free(args);
    if (before != sow_generator_position(sow_default_generator())) {
        case_fail(of, "skip_init drew numbers");
    }
    if (json_is_object(expected) && module != NULL) {
        case_fail(of, "skip_init: expected %s", text_of(expected, "error"));
    } else if (json_is_object(expected)) {
        check_failure(of, "skip_init", &err, expected, false);
    } else if (module == NULL) {
        case_fail(of, "skip_init: %s", err.message);
    } else {
        check_tensors(of, module, json_array_get(json_object_get(of->row, "tensors"), 0), false);
    }
    sow_module_free(module);
}

static void test_nn_modules__known_answers(void **state)
{
    (void)state;
    for_each_case_on(SOW_CPU, vectors, 1501, run_build);
}

static void test_nn_modules__known_answers_deferred(void **state)
{
    (void)state;
    for_each_case_on(SOW_DEFERRED, vectors, 1501, run_build);
}

static void test_nn_modules__reset_parameters(void **state)
{
    (void)state;
    for_each_case_on(SOW_CPU, vectors, 1501, run_reset);
}

static void test_nn_modules__reset_parameters_deferred(void **state)
{
    (void)state;
    for_each_case_on(SOW_DEFERRED, vectors, 1501, run_reset);
}

static void test_nn_modules__skip_init(void **state)
{
    (void)state;
    for_each_case_on(SOW_CPU, vectors, 1501, run_skip_init);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_modules__known_answers),
        cmocka_unit_test(test_nn_modules__known_answers_deferred),
        cmocka_unit_test(test_nn_modules__reset_parameters),
        cmocka_unit_test(test_nn_modules__reset_parameters_deferred),
        cmocka_unit_test(test_nn_modules__skip_init),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
