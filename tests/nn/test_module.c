/* The module tree: registration, paths, tying, apply, state_dict.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <sow/nn.h>

static sow_tensor *scalar(void)
{
    sow_error err;
    sow_tensor *tensor = sow_empty(SOW_F32, 0, NULL, SOW_META, &err);
    assert_non_null(tensor);
    return tensor;
}

static sow_module *module_of(const char *type)
{
    sow_error err;
    sow_module *module = sow_module_new(type, &err);
    assert_non_null(module);
    return module;
}

/* root(w, buffer b, hidden buffer c) with a(w) that has aa(w), and b2(w). */
static sow_module *small_tree(void)
{
    sow_error err = {.status = SOW_OK};
    sow_module *root = module_of("Root"), *a = module_of("A"), *aa = module_of("AA");
    sow_module *b2 = module_of("B2");
    assert_ok(sow_module_register_buffer(root, "b", scalar(), true, &err), err);
    assert_ok(sow_module_register_module(root, "a", a, &err), err);
    assert_ok(sow_module_register_parameter(root, "w", scalar(), &err), err);
    assert_ok(sow_module_register_buffer(root, "c", scalar(), false, &err), err);
    assert_ok(sow_module_register_module(a, "aa", aa, &err), err);
    assert_ok(sow_module_register_parameter(a, "w", scalar(), &err), err);
    assert_ok(sow_module_register_parameter(aa, "w", scalar(), &err), err);
    assert_ok(sow_module_register_module(root, "b2", b2, &err), err);
    assert_ok(sow_module_register_parameter(b2, "w", scalar(), &err), err);
    return root;
}

static void assert_names(const sow_module *module, const char *const *names)
{
    sow_error err;
    sow_state_dict *state = sow_module_state_dict(module, &err);
    assert_non_null(state);
    size_t n = 0;
    for (; names[n] != NULL; n++) {
        assert_true(n < sow_state_dict_count(state));
        assert_string_equal(sow_state_dict_name(state, n), names[n]);
        assert_ptr_equal(sow_state_dict_tensor(state, n), sow_module_tensor(module, names[n]));
    }
    assert_int_equal(sow_state_dict_count(state), n);
    sow_state_dict_free(state);
}

static void test_nn_module__state_dict_has_parameters_then_buffers_then_children(void **state)
{
    (void)state;
    sow_module *root = small_tree();
    const char *const names[] = {"w", "b", "a.w", "a.aa.w", "b2.w", NULL};
    assert_names(root, names);
    sow_module_free(root);
}

static void test_nn_module__paths(void **state)
{
    (void)state;
    sow_module *root = small_tree();
    assert_ptr_equal(sow_module_get(root, ""), root);
    assert_string_equal(sow_module_type(sow_module_get(root, "a.aa")), "AA");
    assert_non_null(sow_module_tensor(root, "c"));
    const char *const absent[] = {"x", "a.x", "x.w", "a.aa.w.w", "aa", "a.", ".a", "a..aa"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        assert_null(sow_module_get(root, absent[i]));
        assert_null(sow_module_tensor(root, absent[i]));
    }
    assert_string_equal(sow_module_child_name(root, 1), "b2");
    assert_ptr_equal(sow_module_child(root, 1), sow_module_get(root, "b2"));
    assert_null(sow_module_child(root, 2));
    assert_null(sow_module_child_name(root, 2));
    sow_module_free(root);
}

static void test_nn_module__names_are_checked(void **state)
{
    (void)state;
    sow_module *root = small_tree();
    sow_error err;
    assert_fails(sow_module_register_parameter(root, "", scalar(), &err), SOW_ERROR_VALUE, err,
                 "parameter name can't be empty string \"\"");
    assert_fails(sow_module_register_buffer(root, "x.y", scalar(), true, &err), SOW_ERROR_VALUE,
                 err, "buffer name can't contain \".\"");
    assert_fails(sow_module_register_parameter(root, "w", scalar(), &err), SOW_ERROR_VALUE, err,
                 "attribute 'w' already exists");
    assert_fails(sow_module_register_module(root, "b", module_of("X"), &err), SOW_ERROR_VALUE, err,
                 "attribute 'b' already exists");
    assert_fails(sow_module_register_parameter(root, "a", scalar(), &err), SOW_ERROR_VALUE, err,
                 "attribute 'a' already exists");
    sow_module_free(root);
}

static void test_nn_module__null_is_a_constructor_that_failed(void **state)
{
    (void)state;
    sow_module *root = module_of("Root");
    sow_error err = {.status = SOW_OK};
    const int64_t size = -2;
    assert_fails(sow_module_register_module(root, "m", NULL, &err), SOW_ERROR_VALUE, err,
                 "module 'm' is NULL");
    assert_int_equal(sow_module_register_parameter(
                         root, "p", sow_empty(SOW_F32, 1, &size, SOW_META, &err), &err),
                     SOW_ERROR_RUNTIME);
    assert_string_equal(err.message, "Trying to create tensor with negative dimension -2: [-2]");
    assert_int_equal(sow_module_register_buffer(root, "b", NULL, true, NULL), SOW_ERROR_VALUE);
    assert_null(sow_module_tensor(root, "p"));
    sow_module_free(root);
    sow_module_free(NULL);
}

static void test_nn_module__tie_gives_one_tensor_two_names(void **state)
{
    (void)state;
    sow_module *root = small_tree();
    sow_error err;
    sow_tensor *source = sow_module_tensor(root, "a.aa.w");
    assert_ok(sow_module_tie(root, "b2.w", "a.aa.w", &err), err);
    assert_ptr_equal(sow_module_tensor(root, "b2.w"), source);
    assert_ok(sow_module_tie(root, "b2.w", "b2.w", &err), err);
    assert_fails(sow_module_tie(root, "b2.w", "a.x", &err), SOW_ERROR_NOT_FOUND, err,
                 "Root has no parameter or buffer 'a.x'");
    assert_fails(sow_module_tie(root, "y", "w", &err), SOW_ERROR_NOT_FOUND, err,
                 "Root has no parameter or buffer 'y'");
    assert_ptr_equal(sow_module_tensor(root, "b2.w"), source);
    sow_module_free(root);
}

typedef struct visits {
    char text[64];
    const char *stop_at;
} visits;

static sow_status visit(sow_module *module, void *user, sow_error *err)
{
    visits *seen = user;
    (void)err;
    strcat(strcat(seen->text, sow_module_type(module)), " ");
    const bool stop = seen->stop_at != NULL && strcmp(seen->stop_at, sow_module_type(module)) == 0;
    return stop ? SOW_ERROR_RUNTIME : SOW_OK;
}

static void test_nn_module__apply_goes_children_first(void **state)
{
    (void)state;
    sow_module *root = small_tree();
    visits seen = {.text = ""};
    assert_int_equal(sow_module_apply(root, visit, &seen, NULL), SOW_OK);
    assert_string_equal(seen.text, "AA A B2 Root ");
    seen = (visits){.stop_at = "A"};
    assert_int_equal(sow_module_apply(root, visit, &seen, NULL), SOW_ERROR_RUNTIME);
    assert_string_equal(seen.text, "AA A ");
    sow_module_free(root);
}

static void test_nn_module__a_tensor_outlives_its_tree_in_a_state_dict(void **state)
{
    (void)state;
    sow_module *root = small_tree();
    sow_error err;
    sow_state_dict *kept = sow_module_state_dict(root, &err);
    assert_non_null(kept);
    sow_module_free(root);
    assert_int_equal(sow_tensor_numel(sow_state_dict_find(kept, "a.aa.w")), 1);
    sow_state_dict_free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_module__state_dict_has_parameters_then_buffers_then_children),
        cmocka_unit_test(test_nn_module__paths),
        cmocka_unit_test(test_nn_module__names_are_checked),
        cmocka_unit_test(test_nn_module__null_is_a_constructor_that_failed),
        cmocka_unit_test(test_nn_module__tie_gives_one_tensor_two_names),
        cmocka_unit_test(test_nn_module__apply_goes_children_first),
        cmocka_unit_test(test_nn_module__a_tensor_outlives_its_tree_in_a_state_dict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
