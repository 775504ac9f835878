/* What torch.nn says to wrong arguments and names (tests/nn/vectors/errors.txt): the exception, the
 * first line of its text, and what was drawn by then.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/cases.h"

static const char vectors[] = SOW_SOURCE_DIR "/tests/nn/vectors/errors.txt";

static sow_status register_new(sow_module *module, const char *step, const char *name,
                               sow_error *err)
{
    sow_error own;
    const int64_t size = 1;
    if (strcmp(step, "add_module") == 0) {
        return sow_module_register_module(module, name, sow_module_new("ReLU", &own), err);
    }
    sow_tensor *tensor = sow_empty(SOW_F32, 1, &size, SOW_CPU, &own);
    assert_non_null(tensor);
    if (strcmp(step, "register_parameter") == 0) {
        return sow_module_register_parameter(module, name, tensor, err);
    }
    assert_string_equal(step, "register_buffer");
    return sow_module_register_buffer(module, name, tensor, true, err);
}

static sow_status do_then(sow_module *module, const json_t *then, sow_generator *generator,
                          sow_error *err)
{
    const char *step = json_string_value(json_array_get(then, 0));
    if (strcmp(step, "reset_parameters") == 0) {
        return sow_module_reset_parameters(module, generator, err);
    }
    if (strcmp(step, "to_empty") == 0) {
        return sow_module_to_empty(module, SOW_CPU, err);
    }
    return register_new(module, step, json_string_value(json_array_get(then, 1)), err);
}

/* SOW_OK is what none of the cases gives. */
static sow_status run_failing(nn_case *of, const sow_factory *factory, sow_error *err)
{
    const json_t *node = json_object_get(of->row, "build"),
                 *then = json_object_get(of->row, "then");
    if (json_is_true(json_object_get(of->row, "skip"))) {
        char *args = args_text(node);
        sow_module *module = sow_skip_init(text_of(node, "_target_"), args, SOW_CPU, err);
        free(args);
        sow_module_free(module);
        return module == NULL ? err->status : SOW_OK;
    }
    built module = build(node, factory, err);
    if (module.module == NULL) {
        if (then != NULL) {
            case_fail(of, "build: %s", err->message);
        }
        return err->status;
    }
    const sow_status status =
        then == NULL ? SOW_OK : do_then(module.module, then, factory->generator, err);
    built_free(&module);
    return status;
}

static void run(nn_case *of, void *user)
{
    const sow_factory *factory = user;
    const bool nested = is_nested(json_object_get(of->row, "build"), true);
    sow_error err = {.status = SOW_OK};
    assert_ok(sow_generator_manual_seed(factory->generator, 0, &err), err);
    const sow_status status = run_failing(of, factory, &err);
    if (status == SOW_OK) {
        case_fail(of, "no failure, expected %s", text_of(of->row, "error"));
        return;
    }
    assert_int_equal(status, err.status);
    check_failure(of, "failure", &err, of->row, nested);
    check_state(of, factory->generator, text_of(of->row, "state"));
}

static void test_nn_errors__as_torch_says(void **state)
{
    (void)state;
    for_each_case_on(SOW_CPU, vectors, 551, run);
}

static void test_nn_errors__as_torch_says_deferred(void **state)
{
    (void)state;
    for_each_case_on(SOW_DEFERRED, vectors, 551, run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_errors__as_torch_says),
        cmocka_unit_test(test_nn_errors__as_torch_says_deferred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
