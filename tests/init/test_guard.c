/* The guard and no-init scopes: what they leave alone, how they nest, and that they are a thread's.
 * SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"

#include <pthread.h>

/* An initialized tensor and two generators, all as they were before. */
typedef struct scene {
    sow_tensor *tensor;
    sow_generator *generator;
    uint8_t before[SOW_GENERATOR_STATE_BYTES], default_before[SOW_GENERATOR_STATE_BYTES];
} scene;

static scene set_up(const char *sizes, sow_dtype dtype)
{
    scene s = {make_tensor(dtype, sizes, SOW_CPU), make_generator(3), {0}, {0}};
    sow_tensor_set_initialized(s.tensor, true);
    get_state(s.generator, s.before);
    get_state(sow_default_generator(), s.default_before);
    return s;
}

static void assert_nothing_happened(const scene *s)
{
    assert_true(is_untouched(s->tensor));
    assert_true(sow_tensor_is_initialized(s->tensor));
    assert_state(s->generator, s->before);
    assert_state(sow_default_generator(), s->default_before);
}

static void tear_down(scene *s)
{
    sow_tensor_free(s->tensor);
    sow_generator_free(s->generator);
}

static void test_init_guard__guarded_forms_leave_an_initialized_tensor(void **state)
{
    (void)state;
    static const sow_dtype dtypes[] = {SOW_F32, SOW_F64, SOW_F16, SOW_BF16};
    sow_error err;
    for (size_t i = 0; i < N_FORMS; i++) {
        const sow_init_args args = usual_args(&forms[i]);
        for (size_t k = 0; k < 4; k++) {
            scene s = set_up(forms[i].sizes, dtypes[k]);
            assert_ok(forms[i].guarded(s.tensor, &args, s.generator, &err), err);
            assert_ok(forms[i].guarded(s.tensor, &args, NULL, &err), err);
            assert_nothing_happened(&s);
            tear_down(&s);
        }
    }
}

static void test_init_guard__comes_before_every_check(void **state)
{
    (void)state;
    sow_error err;
    watch_warnings();
    for (size_t i = 0; i < N_FORMS; i++) {
        /* No initializer can do this: a scalar of an integer type, and numbers that are none. */
        sow_init_args args = {.a = 1.0, .b = -1.0, .std = -1.0, .gain = -1.0, .mode = "no"};
        scene s = set_up("-", SOW_I32);
        assert_ok(forms[i].guarded(s.tensor, &args, s.generator, &err), err);
        assert_nothing_happened(&s);
        tear_down(&s);
    }
    assert_string_equal(warned, "");
}

static void test_init_guard__guarded_forms_fill_a_tensor_that_is_not(void **state)
{
    (void)state;
    sow_error err;
    for (size_t i = 0; i < N_INITIALIZERS; i++) {
        const sow_init_args args = usual_args(&forms[i]);
        sow_tensor *guarded = make_f32(forms[i].sizes), *plain = make_f32(forms[i].sizes);
        sow_generator *g = make_generator(2), *h = make_generator(2);
        assert_ok(sow_generator_manual_seed(sow_default_generator(), 8, &err), err);
        assert_ok(forms[i].guarded(guarded, &args, g, &err), err);
        assert_ok(sow_generator_manual_seed(sow_default_generator(), 8, &err), err);
        assert_ok(forms[i].plain(plain, &args, h, &err), err);
        assert_false(is_untouched(guarded));
        assert_false(sow_tensor_is_initialized(guarded));
        assert_same_tensor(guarded, plain);
        uint8_t blob[SOW_GENERATOR_STATE_BYTES];
        get_state(h, blob);
        assert_state(g, blob);
        sow_tensor_free(guarded);
        sow_tensor_free(plain);
        sow_generator_free(g);
        sow_generator_free(h);
    }
}

/* transformers makes 16-bit orthogonal matrices in float32 and rounds them. */
static void check_wide_orthogonal(sow_dtype dtype, const char *geometry, bool by_scope)
{
    sow_error err;
    sow_tensor *narrow = make_tensor(dtype, geometry, SOW_CPU);
    sow_tensor *wide = make_f32(geometry), *expected = make_tensor(dtype, geometry, SOW_CPU);
    sow_generator *g = make_generator(2), *h = make_generator(2);
    assert_ok(sow_orthogonal(wide, 0.5, h, &err), err);
    assert_ok(sow_tensor_copy(expected, wide, &err), err);
    if (by_scope) {
        sow_guard_enter();
        assert_ok(sow_orthogonal(narrow, 0.5, g, &err), err);
        sow_guard_leave();
    } else {
        assert_ok(sow_guarded_orthogonal(narrow, 0.5, g, &err), err);
    }
    assert_same_tensor(narrow, expected);
    uint8_t blob[SOW_GENERATOR_STATE_BYTES];
    get_state(h, blob);
    assert_state(g, blob);
    sow_tensor_free(narrow);
    sow_tensor_free(wide);
    sow_tensor_free(expected);
    sow_generator_free(g);
    sow_generator_free(h);
}

static void test_init_guard__orthogonal_of_16_bit_goes_by_way_of_float32(void **state)
{
    (void)state;
    for (int by_scope = 0; by_scope < 2; by_scope++) {
        check_wide_orthogonal(SOW_F16, "4,3", by_scope);
        check_wide_orthogonal(SOW_BF16, "3,7", by_scope);
        check_wide_orthogonal(SOW_BF16, "6,2,3", by_scope);
        check_wide_orthogonal(SOW_F16, "5,4:1,5", by_scope);
    }
}

static void test_init_guard__copy_leaves_an_initialized_target(void **state)
{
    (void)state;
    sow_error err;
    scene s = set_up("4", SOW_F32);
    sow_tensor *source = make_f32("4");
    assert_ok(sow_constant(source, 2.0, &err), err);
    assert_ok(sow_guarded_copy(s.tensor, source, &err), err);
    assert_nothing_happened(&s);
    sow_tensor_set_initialized(s.tensor, false);
    sow_no_init_enter();
    assert_ok(sow_guarded_copy(s.tensor, source, &err), err);
    sow_no_init_leave();
    assert_true(is_untouched(s.tensor));
    assert_ok(sow_guarded_copy(s.tensor, source, &err), err);
    assert_same_tensor(s.tensor, source);
    sow_tensor_free(source);
    tear_down(&s);
}

/* Every way to call initializer number i on an initialized tensor. */
static void call_all_ways(size_t i, const scene *s)
{
    sow_error err;
    const sow_init_args args = usual_args(&forms[i]);
    const sow_initializer *named = sow_initializer_find(forms[i].name);
    if (named != NULL) {
        assert_ok(forms[i].plain(s->tensor, &args, s->generator, &err), err);
        assert_ok(sow_initializer_apply(named, s->tensor, &args, s->generator, &err), err);
    }
    assert_ok(forms[i].guarded(s->tensor, &args, s->generator, &err), err);
    if (forms[i].deprecated != NULL) {
        watch_warnings();
        assert_ok(forms[i].deprecated(s->tensor, &args, s->generator, &err), err);
        assert_non_null(strstr(warned, "is now deprecated in favor of"));
    }
}

static void test_init_guard__scope_guards_every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FORMS; i++) {
        scene s = set_up(forms[i].sizes, SOW_F32);
        sow_guard_enter();
        call_all_ways(i, &s);
        sow_guard_leave();
        assert_nothing_happened(&s);
        tear_down(&s);
    }
}

static void test_init_guard__no_init_scope_stops_every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FORMS; i++) {
        scene s = set_up(forms[i].sizes, SOW_F32);
        sow_tensor_set_initialized(s.tensor, false);
        sow_no_init_enter();
        call_all_ways(i, &s);
        sow_no_init_leave();
        sow_tensor_set_initialized(s.tensor, true);
        assert_nothing_happened(&s);
        tear_down(&s);
    }
}

static void test_init_guard__plain_forms_overwrite_outside_the_scope(void **state)
{
    (void)state;
    sow_error err;
    for (size_t i = 0; i < N_INITIALIZERS; i++) {
        const sow_init_args args = usual_args(&forms[i]);
        scene s = set_up(forms[i].sizes, SOW_F32);
        sow_guard_enter();
        sow_guard_leave();
        assert_ok(forms[i].plain(s.tensor, &args, s.generator, &err), err);
        assert_false(is_untouched(s.tensor));
        tear_down(&s);
    }
}

static void test_init_guard__deferred_and_viewed_tensors_are_guarded_too(void **state)
{
    (void)state;
    sow_error err;
    sow_tensor *deferred = make_tensor(SOW_F32, "4,3", SOW_DEFERRED), *base = make_f32("4,3");
    sow_generator *generator = make_generator(1);
    sow_tensor_set_initialized(deferred, true);
    sow_tensor_set_initialized(base, true);
    sow_tensor *view = sow_tensor_transpose(base, 0, 1, &err);
    assert_non_null(view);
    assert_ok(sow_guarded_normal(deferred, 0.0, 1.0, generator, &err), err);
    assert_ok(sow_guarded_normal(view, 0.0, 1.0, generator, &err), err);
    assert_int_equal(sow_generator_position(generator), 0);
    assert_true(is_untouched(base));
    sow_tensor_free(view);
    sow_tensor_free(base);
    sow_tensor_free(deferred);
    sow_generator_free(generator);
}

/* ---- scopes ---- */

static bool is_guarded(void)
{
    sow_error err;
    sow_tensor *tensor = make_f32("2");
    sow_tensor_set_initialized(tensor, true);
    assert_ok(sow_ones(tensor, &err), err);
    const bool guarded = is_untouched(tensor);
    sow_tensor_free(tensor);
    return guarded;
}

static bool is_stopped(void)
{
    sow_error err;
    sow_tensor *tensor = make_f32("2");
    assert_ok(sow_ones(tensor, &err), err);
    const bool stopped = is_untouched(tensor);
    sow_tensor_free(tensor);
    return stopped;
}

static void test_init_guard__scopes_nest(void **state)
{
    (void)state;
    assert_false(is_guarded() || is_stopped());
    sow_guard_enter();
    sow_guard_enter();
    assert_true(is_guarded());
    sow_guard_leave();
    assert_true(is_guarded());
    sow_no_init_enter();
    sow_no_init_enter();
    sow_guard_leave();
    assert_true(is_stopped());
    sow_no_init_leave();
    assert_true(is_stopped());
    sow_no_init_leave();
    assert_false(is_guarded() || is_stopped());
}

static void test_init_guard__a_leave_too_many_does_nothing(void **state)
{
    (void)state;
    sow_guard_leave();
    sow_no_init_leave();
    sow_guard_enter();
    assert_true(is_guarded());
    sow_guard_leave();
    sow_no_init_enter();
    assert_true(is_stopped());
    sow_no_init_leave();
    assert_false(is_guarded() || is_stopped());
}

static void *look_from_another_thread(void *user)
{
    bool *saw = user;
    saw[0] = is_guarded();
    saw[1] = is_stopped();
    /* Left open on purpose: the scope ends with the thread. */
    sow_guard_enter();
    sow_no_init_enter();
    return NULL;
}

static void test_init_guard__scopes_belong_to_a_thread(void **state)
{
    (void)state;
    bool saw[2] = {true, true};
    pthread_t thread;
    sow_guard_enter();
    sow_no_init_enter();
    assert_int_equal(pthread_create(&thread, NULL, look_from_another_thread, saw), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    sow_guard_leave();
    sow_no_init_leave();
    assert_false(saw[0] || saw[1]);
    assert_false(is_guarded() || is_stopped());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_guard__guarded_forms_leave_an_initialized_tensor),
        cmocka_unit_test(test_init_guard__comes_before_every_check),
        cmocka_unit_test(test_init_guard__guarded_forms_fill_a_tensor_that_is_not),
        cmocka_unit_test(test_init_guard__orthogonal_of_16_bit_goes_by_way_of_float32),
        cmocka_unit_test(test_init_guard__copy_leaves_an_initialized_target),
        cmocka_unit_test(test_init_guard__scope_guards_every_form),
        cmocka_unit_test(test_init_guard__no_init_scope_stops_every_form),
        cmocka_unit_test(test_init_guard__plain_forms_overwrite_outside_the_scope),
        cmocka_unit_test(test_init_guard__deferred_and_viewed_tensors_are_guarded_too),
        cmocka_unit_test(test_init_guard__scopes_nest),
        cmocka_unit_test(test_init_guard__a_leave_too_many_does_nothing),
        cmocka_unit_test(test_init_guard__scopes_belong_to_a_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
