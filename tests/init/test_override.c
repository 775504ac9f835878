/* The tensor's own handler of init calls.
 * SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"

/* What the hook saw, and what it is to answer. */
typedef struct watch {
    int n_calls;
    sow_init_call last;
    sow_status answer;
} watch;

static sow_status hook(sow_tensor *tensor, const sow_init_call *call, void *user, sow_error *err)
{
    watch *seen = user;
    (void)tensor;
    seen->n_calls++;
    seen->last = *call;
    if (seen->answer != SOW_OK && err != NULL) {
        err->status = seen->answer;
        snprintf(err->message, sizeof err->message, "from the hook");
    }
    return seen->answer;
}

static bool honours_hook(const char *name)
{
    return strcmp(name, "uniform") == 0 || strcmp(name, "normal") == 0 ||
           strcmp(name, "constant") == 0 || strcmp(name, "kaiming_uniform") == 0;
}

static void test_init_override__four_initializers_honour_it(void **state)
{
    (void)state;
    sow_error err;
    watch_warnings();
    for (size_t i = 0; i < N_INITIALIZERS; i++) {
        const init_form all[] = {forms[i].plain, forms[i].guarded, forms[i].deprecated};
        const sow_init_args args = usual_args(&forms[i]);
        for (size_t k = 0; k < 3; k++) {
            if (all[k] == NULL) {
                continue;
            }
            watch seen = {0};
            sow_tensor *tensor = make_f32(forms[i].sizes);
            sow_generator *generator = make_generator(1);
            sow_tensor_set_init_override(tensor, hook, &seen);
            assert_ok(all[k](tensor, &args, generator, &err), err);
            assert_int_equal(seen.n_calls, honours_hook(forms[i].name));
            assert_true(is_untouched(tensor) == honours_hook(forms[i].name));
            if (seen.n_calls > 0) {
                assert_string_equal(seen.last.initializer, forms[i].name);
                assert_ptr_equal(seen.last.generator, forms[i].draws ? generator : NULL);
                assert_int_equal(sow_generator_position(generator), 0);
            }
            sow_tensor_free(tensor);
            sow_generator_free(generator);
        }
    }
}

static void test_init_override__sees_the_arguments_as_given(void **state)
{
    (void)state;
    sow_error err;
    watch seen = {0};
    sow_tensor *tensor = make_f32("2,0");
    sow_tensor_set_init_override(tensor, hook, &seen);
    assert_ok(sow_uniform(tensor, 5.0, -5.0, NULL, &err), err);
    assert_true(seen.last.a == 5.0 && seen.last.b == -5.0);
    assert_null(seen.last.generator);
    assert_ok(sow_normal(tensor, 2.0, -1.0, NULL, &err), err);
    assert_true(seen.last.mean == 2.0 && seen.last.std == -1.0);
    assert_ok(sow_constant(tensor, 1e300, &err), err);
    assert_true(seen.last.val == 1e300);
    watch_warnings();
    assert_ok(sow_kaiming_uniform(tensor, 0.5, NULL, NULL, NULL, &err), err);
    assert_true(seen.last.a == 0.5);
    assert_string_equal(seen.last.mode, "fan_in");
    assert_string_equal(seen.last.nonlinearity, "leaky_relu");
    assert_string_equal(warned, "");
    assert_ok(sow_kaiming_uniform(tensor, 0.5, "FAN_OUT", "what", NULL, &err), err);
    assert_string_equal(seen.last.mode, "FAN_OUT");
    assert_string_equal(seen.last.nonlinearity, "what");
    sow_tensor_free(tensor);
}

static void test_init_override__its_answer_is_the_result(void **state)
{
    (void)state;
    sow_error err;
    watch seen = {.answer = SOW_ERROR_INDEX};
    sow_tensor *tensor = make_f32("3");
    sow_tensor_set_init_override(tensor, hook, &seen);
    assert_fails(sow_constant(tensor, 1.0, &err), SOW_ERROR_INDEX, err, "from the hook");
    assert_int_equal(sow_constant(tensor, 1.0, NULL), SOW_ERROR_INDEX);
    sow_tensor_set_init_override(tensor, NULL, NULL);
    assert_ok(sow_constant(tensor, 1.0, &err), err);
    assert_int_equal(seen.n_calls, 2);
    sow_tensor_free(tensor);
}

static void test_init_override__guard_and_no_init_come_first(void **state)
{
    (void)state;
    sow_error err;
    watch seen = {0};
    sow_tensor *tensor = make_f32("3");
    sow_tensor_set_init_override(tensor, hook, &seen);
    sow_no_init_enter();
    assert_ok(sow_constant(tensor, 1.0, &err), err);
    sow_no_init_leave();
    sow_tensor_set_initialized(tensor, true);
    assert_ok(sow_guarded_constant(tensor, 1.0, &err), err);
    sow_guard_enter();
    assert_ok(sow_constant(tensor, 1.0, &err), err);
    sow_guard_leave();
    assert_int_equal(seen.n_calls, 0);
    assert_ok(sow_constant(tensor, 1.0, &err), err);
    assert_int_equal(seen.n_calls, 1);
    sow_tensor_free(tensor);
}

static void test_init_override__works_on_meta_and_by_name_and_by_key(void **state)
{
    (void)state;
    sow_error err;
    watch seen = {0};
    sow_tensor *meta = make_tensor(SOW_F32, "3,3", SOW_META), *cpu = make_f32("3,3");
    sow_tensor_set_init_override(meta, hook, &seen);
    sow_tensor_set_init_override(cpu, hook, &seen);
    assert_ok(sow_normal(meta, 0.0, 1.0, NULL, &err), err);
    assert_int_equal(seen.n_calls, 1);
    assert_ok(sow_initializer_apply(sow_initializer_find("normal"), cpu, NULL, NULL, &err), err);
    assert_int_equal(seen.n_calls, 2);
    assert_ok(sow_init(cpu, NULL, "constant", NULL, NULL, &err), err);
    assert_int_equal(seen.n_calls, 3);
    assert_true(seen.last.val == 0.02);
    sow_tensor_free(meta);
    sow_tensor_free(cpu);
}

static void test_init_override__a_view_does_not_inherit_it(void **state)
{
    (void)state;
    sow_error err;
    watch seen = {0};
    sow_tensor *tensor = make_f32("3,3");
    sow_tensor_set_init_override(tensor, hook, &seen);
    sow_tensor *view = sow_tensor_transpose(tensor, 0, 1, &err);
    assert_non_null(view);
    assert_ok(sow_constant(view, 1.0, &err), err);
    assert_int_equal(seen.n_calls, 0);
    sow_tensor_free(view);
    sow_tensor_free(tensor);
}

/* Halves the deviation and hands the call on to the initializer itself. */
static sow_status halve(sow_tensor *tensor, const sow_init_call *call, void *user, sow_error *err)
{
    ++*(int *)user;
    return sow_normal(tensor, call->mean, call->std / 2, call->generator, err);
}

static void test_init_override__a_hook_may_call_the_initializer_on_its_tensor(void **state)
{
    (void)state;
    sow_error err;
    int n_calls = 0;
    sow_tensor *tensor = make_f32("20"), *expected = make_f32("20");
    sow_generator *g = make_generator(1), *h = make_generator(1);
    sow_tensor_set_init_override(tensor, halve, &n_calls);
    assert_ok(sow_normal(tensor, 0.0, 1.0, g, &err), err);
    assert_ok(sow_normal(tensor, 0.0, 1.0, g, &err), err);
    assert_int_equal(n_calls, 2);
    assert_ok(sow_normal(expected, 0.0, 0.5, h, &err), err);
    assert_ok(sow_normal(expected, 0.0, 0.5, h, &err), err);
    assert_same_tensor(tensor, expected);
    sow_tensor_free(tensor);
    sow_tensor_free(expected);
    sow_generator_free(g);
    sow_generator_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_override__four_initializers_honour_it),
        cmocka_unit_test(test_init_override__sees_the_arguments_as_given),
        cmocka_unit_test(test_init_override__its_answer_is_the_result),
        cmocka_unit_test(test_init_override__guard_and_no_init_come_first),
        cmocka_unit_test(test_init_override__works_on_meta_and_by_name_and_by_key),
        cmocka_unit_test(test_init_override__a_view_does_not_inherit_it),
        cmocka_unit_test(test_init_override__a_hook_may_call_the_initializer_on_its_tensor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
