/* Initializers by name, their arguments from text, and the deprecated names.
 * SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"

#include <math.h>

static const sow_initializer *find(const char *name)
{
    const sow_initializer *initializer = sow_initializer_find(name);
    assert_non_null(initializer);
    return initializer;
}

static void test_init_registry__lists_the_fourteen(void **state)
{
    (void)state;
    size_t n = 0;
    for (const sow_initializer *i; (i = sow_initializer_at(n)) != NULL; n++) {
        assert_string_equal(sow_initializer_name(i), forms[n].name);
        assert_ptr_equal(sow_initializer_find(forms[n].name), i);
        assert_true(strlen(sow_initializer_summary(i)) > 0);
        assert_null(strchr(sow_initializer_summary(i), '\n'));
    }
    assert_int_equal(n, N_INITIALIZERS);
    assert_null(sow_initializer_find("uniform_"));
    assert_null(sow_initializer_find("lecun_normal"));
    assert_null(sow_initializer_find(""));
    assert_null(sow_initializer_find(NULL));
}

static void test_init_registry__arguments_have_pytorch_s_names_and_defaults(void **state)
{
    (void)state;
    static const struct {
        const char *name, *args; /* as in a Python signature */
    } expected[] = {
        {"uniform", "a=0.0,b=1.0,"},
        {"normal", "mean=0.0,std=1.0,"},
        {"trunc_normal", "mean=0.0,std=1.0,a=-2.0,b=2.0,"},
        {"constant", "val,"},
        {"ones", ""},
        {"zeros", ""},
        {"eye", ""},
        {"dirac", "groups=1,"},
        {"xavier_uniform", "gain=1.0,"},
        {"xavier_normal", "gain=1.0,"},
        {"kaiming_uniform", "a=0,mode=fan_in,nonlinearity=leaky_relu,"},
        {"kaiming_normal", "a=0,mode=fan_in,nonlinearity=leaky_relu,"},
        {"orthogonal", "gain=1,"},
        {"sparse", "sparsity,std=0.01,"},
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        char text[256] = "";
        const sow_initializer *initializer = find(expected[i].name);
        const char *fallback, *name;
        for (size_t k = 0; (name = sow_initializer_arg(initializer, k, &fallback)) != NULL; k++) {
            const size_t used = strlen(text);
            snprintf(text + used, sizeof text - used, "%s%s%s,", name, fallback != NULL ? "=" : "",
                     fallback != NULL ? fallback : "");
            assert_string_equal(sow_initializer_arg(initializer, k, NULL), name);
        }
        assert_null(fallback);
        assert_string_equal(text, expected[i].args);
        assert_null(sow_initializer_arg(initializer, 100, NULL));
    }
}

static void test_init_registry__defaults_are_the_declared_ones(void **state)
{
    (void)state;
    sow_init_args args;
    sow_initializer_defaults(find("trunc_normal"), &args);
    assert_true(args.mean == 0.0 && args.std == 1.0 && args.a == -2.0 && args.b == 2.0);
    sow_initializer_defaults(find("kaiming_normal"), &args);
    assert_true(args.a == 0.0);
    assert_string_equal(args.mode, "fan_in");
    assert_string_equal(args.nonlinearity, "leaky_relu");
    sow_initializer_defaults(find("sparse"), &args);
    assert_true(args.std == 0.01 && isnan(args.sparsity));
    sow_initializer_defaults(find("dirac"), &args);
    assert_int_equal(args.groups, 1);
}

static void test_init_registry__set_reads_numbers_and_names(void **state)
{
    (void)state;
    sow_error err;
    sow_init_args args;
    sow_initializer_defaults(find("uniform"), &args);
    assert_ok(sow_initializer_set(find("uniform"), &args, "a", "-1e-3", &err), err);
    assert_ok(sow_initializer_set(find("uniform"), &args, "b", "inf", &err), err);
    assert_true(args.a == -1e-3 && isinf(args.b));
    assert_ok(sow_initializer_set(find("dirac"), &args, "groups", "-7", &err), err);
    assert_int_equal(args.groups, -7);
    assert_ok(sow_initializer_set(find("kaiming_normal"), &args, "mode", "fan_out", &err), err);
    assert_string_equal(args.mode, "fan_out");
}

static void test_init_registry__set_names_what_is_wrong(void **state)
{
    (void)state;
    sow_error err;
    sow_init_args args, before;
    sow_initializer_defaults(find("uniform"), &args);
    before = args;
    assert_fails(sow_initializer_set(find("uniform"), &args, "std", "1", &err), SOW_ERROR_VALUE,
                 err, "uniform has no argument \"std\": it takes a, b");
    assert_fails(sow_initializer_set(find("trunc_normal"), &args, "", "1", &err), SOW_ERROR_VALUE,
                 err, "trunc_normal has no argument \"\": it takes mean, std, a, b");
    assert_fails(sow_initializer_set(find("eye"), &args, "a", "1", &err), SOW_ERROR_VALUE, err,
                 "eye has no argument \"a\": it takes none");
    assert_fails(sow_initializer_set(find("uniform"), &args, "a", "one", &err), SOW_ERROR_VALUE,
                 err, "uniform: a must be a number, got \"one\"");
    assert_fails(sow_initializer_set(find("uniform"), &args, "a", "", &err), SOW_ERROR_VALUE, err,
                 "uniform: a must be a number, got \"\"");
    assert_fails(sow_initializer_set(find("uniform"), &args, "b", "1 ", &err), SOW_ERROR_VALUE, err,
                 "uniform: b must be a number, got \"1 \"");
    assert_fails(sow_initializer_set(find("dirac"), &args, "groups", "1.5", &err), SOW_ERROR_VALUE,
                 err, "dirac: groups must be a whole number, got \"1.5\"");
    assert_fails(sow_initializer_set(find("dirac"), &args, NULL, "1", &err), SOW_ERROR_VALUE, err,
                 "dirac: an argument needs a name and a text");
    assert_fails(sow_initializer_set(find("dirac"), &args, "groups", NULL, &err), SOW_ERROR_VALUE,
                 err, "dirac: an argument needs a name and a text");
    assert_memory_equal(&args, &before, sizeof args);
}

static void test_init_registry__apply_gives_the_bytes_of_the_direct_call(void **state)
{
    (void)state;
    sow_error err;
    for (size_t i = 0; i < N_INITIALIZERS; i++) {
        const sow_init_args args = usual_args(&forms[i]);
        sow_tensor *direct = make_f32(forms[i].sizes), *named = make_f32(forms[i].sizes);
        sow_generator *g = make_generator(9), *h = make_generator(9);
        assert_ok(sow_generator_manual_seed(sow_default_generator(), 4, &err), err);
        assert_ok(forms[i].plain(direct, &args, g, &err), err);
        assert_ok(sow_generator_manual_seed(sow_default_generator(), 4, &err), err);
        assert_ok(sow_initializer_apply(find(forms[i].name), named, &args, h, &err), err);
        assert_same_tensor(named, direct);
        assert_false(is_untouched(named));
        uint8_t blob[SOW_GENERATOR_STATE_BYTES];
        get_state(g, blob);
        assert_state(h, blob);
        assert_true(forms[i].draws == (sow_generator_position(g) > 0));
        sow_tensor_free(direct);
        sow_tensor_free(named);
        sow_generator_free(g);
        sow_generator_free(h);
    }
}

static void test_init_registry__apply_without_args_needs_none(void **state)
{
    (void)state;
    sow_error err;
    sow_tensor *tensor = make_f32("4,3"), *expected = make_f32("4,3");
    sow_generator *g = make_generator(1), *h = make_generator(1);
    assert_ok(sow_initializer_apply(find("kaiming_uniform"), tensor, NULL, g, &err), err);
    assert_ok(sow_kaiming_uniform(expected, 0.0, NULL, NULL, h, &err), err);
    assert_same_tensor(tensor, expected);
    assert_fails(sow_initializer_apply(find("constant"), tensor, NULL, g, &err), SOW_ERROR_TYPE,
                 err, "constant: val must be given");
    assert_fails(sow_initializer_apply(find("sparse"), tensor, NULL, g, &err), SOW_ERROR_TYPE, err,
                 "sparse: sparsity must be given");
    assert_fails(sow_initializer_apply(NULL, tensor, NULL, g, &err), SOW_ERROR_TYPE, err,
                 "initializer is NULL");
    assert_same_tensor(tensor, expected);
    sow_tensor_free(tensor);
    sow_tensor_free(expected);
    sow_generator_free(g);
    sow_generator_free(h);
}

static void test_init_registry__deprecated_names_warn_and_do_the_same(void **state)
{
    (void)state;
    sow_error err;
    size_t n_deprecated = 0;
    for (size_t i = 0; i < N_INITIALIZERS; i++) {
        if (forms[i].deprecated == NULL) {
            continue;
        }
        const sow_init_args args = usual_args(&forms[i]);
        sow_tensor *plain = make_f32(forms[i].sizes), *old = make_f32(forms[i].sizes);
        sow_generator *g = make_generator(9), *h = make_generator(9);
        assert_ok(sow_generator_manual_seed(sow_default_generator(), 4, &err), err);
        watch_warnings();
        assert_ok(forms[i].plain(plain, &args, g, &err), err);
        assert_string_equal(warned, "");
        assert_ok(sow_generator_manual_seed(sow_default_generator(), 4, &err), err);
        assert_ok(forms[i].deprecated(old, &args, h, &err), err);
        assert_same_tensor(old, plain);
        char expected[256];
        snprintf(expected, sizeof expected,
                 "\tFutureWarning: `nn.init.%s` is now deprecated in favor of `nn.init.%s_`.",
                 forms[i].name, forms[i].name);
        assert_string_equal(warned, expected);
        n_deprecated++;
        sow_tensor_free(plain);
        sow_tensor_free(old);
        sow_generator_free(g);
        sow_generator_free(h);
    }
    assert_int_equal(n_deprecated, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_registry__lists_the_fourteen),
        cmocka_unit_test(test_init_registry__arguments_have_pytorch_s_names_and_defaults),
        cmocka_unit_test(test_init_registry__defaults_are_the_declared_ones),
        cmocka_unit_test(test_init_registry__set_reads_numbers_and_names),
        cmocka_unit_test(test_init_registry__set_names_what_is_wrong),
        cmocka_unit_test(test_init_registry__apply_gives_the_bytes_of_the_direct_call),
        cmocka_unit_test(test_init_registry__apply_without_args_needs_none),
        cmocka_unit_test(test_init_registry__deprecated_names_warn_and_do_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
