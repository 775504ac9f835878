/* The module tree: registration, paths, tying, apply, state_dict.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "nn/class.h"
#include "tensor/tensor.h"
#include <sow/init.h>
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
        const sow_tensor *own = sow_module_tensor(module, names[n]);
        assert_ptr_not_equal(sow_state_dict_tensor(state, n), own);
        assert_ptr_equal(sow_state_dict_tensor(state, n)->storage, own->storage);
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
    assert_fails(sow_module_register_buffer(root, "w", scalar(), true, &err), SOW_ERROR_VALUE, err,
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

static float first_value(const sow_tensor *tensor)
{
    return *(const float *)sow_tensor_data(tensor);
}

/* As torch's detached tensors: the state keeps what to_empty takes from the module. */
static void test_nn_module__a_state_dict_survives_to_empty(void **state)
{
    (void)state;
    sow_error err;
    sow_module *linear = sow_linear(3, 2, true, NULL, &err);
    const float before = first_value(sow_module_tensor(linear, "weight"));
    sow_state_dict *kept = sow_module_state_dict(linear, &err);
    assert_non_null(kept);
    sow_tensor *entry = sow_state_dict_find(kept, "weight");
    assert_ok(sow_module_to_empty(linear, SOW_CPU, &err), err);
    assert_ok(sow_constant(sow_module_tensor(linear, "weight"), before + 1.0, &err), err);
    assert_true(first_value(entry) == before);
    assert_ok(sow_module_load_state_dict(linear, kept, NULL, NULL, &err), err);
    assert_true(first_value(sow_module_tensor(linear, "weight")) == before);
    assert_false(sow_tensor_is_initialized(entry));
    sow_state_dict_free(kept);
    sow_module_free(linear);
}

/* Also of a tensor that is a view, which has a flag of its own. */
static void test_nn_module__a_state_dict_shares_the_flag(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_module *root = module_of("Root");
    sow_tensor *base = sow_empty(SOW_F32, 1, &(int64_t){4}, SOW_DEFERRED, &err);
    assert_ok(
        sow_module_register_parameter(root, "w", sow_tensor_slice(base, 0, 0, 2, 1, &err), &err),
        err);
    assert_ok(sow_module_register_parameter(root, "base", base, &err), err);
    sow_state_dict *kept = sow_module_state_dict(root, &err);
    sow_tensor *w = sow_module_tensor(root, "w"), *entry = sow_state_dict_find(kept, "w");
    sow_tensor_set_initialized(entry, true);
    assert_true(sow_tensor_is_initialized(w));
    assert_false(sow_tensor_is_initialized(sow_module_tensor(root, "base")));
    sow_tensor_set_initialized(w, false);
    assert_false(sow_tensor_is_initialized(entry));
    sow_tensor_set_initialized(sow_state_dict_find(kept, "base"), true);
    assert_true(sow_tensor_is_initialized(w));
    assert_ok(sow_tensor_to_empty(entry, SOW_CPU, &err), err);
    assert_false(sow_tensor_is_initialized(w));
    assert_false(sow_tensor_is_initialized(sow_module_tensor(root, "base")));
    sow_state_dict_free(kept);
    sow_module_free(root);
}

/* ---- data of one's own ---- */

static sow_status reset_by_data(sow_module *module, sow_generator *generator, sow_error *err)
{
    (void)generator;
    const double *value = sow_module_data(module);
    return sow_constant(sow_module_tensor(module, "weight"), *value, err);
}

/* The layers of a stack are copies: each has the data, and none another's. */
static void test_nn_module__data_is_copied_with_the_module(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_module *layer = sow_linear(2, 2, false, NULL, &err);
    assert_null(sow_module_data(layer));
    double *value = sow_module_new_data(layer, sizeof *value, &err);
    assert_non_null(value);
    assert_true(*value == 0.0);
    *value = 3.0;
    sow_module_set_reset(layer, reset_by_data);
    sow_module *stack = sow_transformer_encoder(layer, 2, NULL, &err);
    assert_non_null(stack);
    sow_module *first = sow_module_get(stack, "layers.0");
    sow_module *second = sow_module_get(stack, "layers.1");
    *(double *)sow_module_data(first) = 4.0;
    assert_ok(sow_module_reset_parameters(first, NULL, &err), err);
    assert_ok(sow_module_reset_parameters(second, NULL, &err), err);
    assert_true(first_value(sow_module_tensor(first, "weight")) == 4.0F);
    assert_true(first_value(sow_module_tensor(second, "weight")) == 3.0F);
    sow_module_free(stack);
}

/* A class that keeps numbers of its own keeps them beside the data. */
static void test_nn_module__data_leaves_the_class_alone(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_module *prelu = sow_prelu(3, 0.5, NULL, &err);
    assert_null(sow_module_data(prelu));
    memset(sow_module_new_data(prelu, 64, &err), 0xff, 64);
    assert_ok(sow_module_reset_parameters(prelu, NULL, &err), err);
    assert_true(first_value(sow_module_tensor(prelu, "weight")) == 0.5F);
    err.status = SOW_OK;
    assert_null(sow_module_new_data(prelu, 8, &err));
    assert_int_equal(err.status, SOW_ERROR_VALUE);
    assert_string_equal(err.message, "PReLU has data already");
    assert_null(sow_module_new_data(prelu, 0, &err));
    assert_string_equal(err.message, "PReLU: data of 0 bytes");
    sow_module_free(prelu);
}

/* ---- reserved names, shared modules, lists ---- */

static void test_nn_module__a_reserved_name_keeps_its_place(void **state)
{
    (void)state;
    sow_module *root = module_of("Root");
    sow_error err = {.status = SOW_OK};
    assert_ok(sow_module_reserve_parameter(root, "first", &err), err);
    assert_ok(sow_module_register_parameter(root, "w", scalar(), &err), err);
    assert_ok(sow_module_reserve_buffer(root, "stats", &err), err);
    assert_ok(sow_module_reserve_module(root, "0", &err), err);
    assert_ok(sow_module_register_module(root, "1", module_of("A"), &err), err);
    const char *const before[] = {"w", NULL}, *const after[] = {"first", "w", NULL};
    assert_names(root, before);
    assert_null(sow_module_tensor(root, "first"));
    assert_null(sow_module_get(root, "0"));
    assert_string_equal(sow_module_child_name(root, 0), "1");
    assert_ok(sow_module_set_tensor(root, "first", scalar(), &err), err);
    assert_names(root, after);
    assert_ok(sow_module_reserve_parameter(root, "first", &err), err);
    assert_names(root, before);
    assert_ok(sow_module_register_parameter(root, "first", scalar(), &err), err);
    assert_names(root, after);
    assert_ok(sow_module_register_module(root, "0", module_of("X"), &err), err);
    assert_string_equal(sow_module_child_name(root, 0), "0");
    assert_ok(sow_module_set_tensor(root, "first", NULL, &err), err);
    assert_names(root, before);
    assert_fails(sow_module_set_tensor(root, "x.y", scalar(), &err), SOW_ERROR_NOT_FOUND, err,
                 "Root has no parameter or buffer 'x.y'");
    sow_module_free(root);
}

/* root: "p" holds shared twice, "q" once more; shared has w. */
static sow_module *shared_tree(void)
{
    sow_error err = {.status = SOW_OK};
    sow_module *root = module_of("Root"), *shared = module_of("S");
    sow_module *p = module_of("P"), *q = module_of("Q");
    assert_ok(sow_module_register_parameter(shared, "w", scalar(), &err), err);
    assert_ok(sow_module_register_buffer(shared, "h", scalar(), false, &err), err);
    assert_ok(sow_module_register_module(p, "one", shared, &err), err);
    assert_ok(sow_module_register_module(p, "two", sow_module_ref(shared), &err), err);
    assert_ok(sow_module_register_module(q, "three", sow_module_ref(shared), &err), err);
    assert_ok(sow_module_register_module(root, "p", p, &err), err);
    assert_ok(sow_module_register_module(root, "q", q, &err), err);
    return root;
}

static sow_status name_it(const char *name, sow_module *module, void *user, sow_error *err)
{
    (void)err;
    (void)module;
    strcat(strcat(user, name), " ");
    return strcmp(name, "stop") == 0 ? SOW_ERROR_RUNTIME : SOW_OK;
}

static void test_nn_module__a_shared_module_is_visited_once_per_parent(void **state)
{
    (void)state;
    sow_module *root = shared_tree();
    sow_error err;
    visits seen = {.text = ""};
    assert_int_equal(sow_module_apply(root, visit, &seen, NULL), SOW_OK);
    assert_string_equal(seen.text, "S P S Q Root ");
    const char *const names[] = {"p.one.w", "p.two.w", "q.three.w", NULL};
    assert_names(root, names);
    char text[64] = "";
    assert_ok(sow_module_named_modules(root, name_it, text, &err), err);
    assert_string_equal(text, " p p.one q ");
    assert_fails(sow_module_register_module(sow_module_get(root, "p.one"), "loop",
                                            sow_module_ref(root), &err),
                 SOW_ERROR_VALUE, err, "module 'loop' would hold itself");
    sow_module_free(root);
}

static void test_nn_module__named_modules_stops_at_a_failure(void **state)
{
    (void)state;
    sow_module *root = small_tree();
    sow_error err = {.status = SOW_OK};
    char text[64] = "";
    assert_ok(sow_module_register_module(root, "stop", module_of("X"), &err), err);
    assert_ok(sow_module_register_module(root, "z", module_of("X"), &err), err);
    assert_int_equal(sow_module_named_modules(root, name_it, text, NULL), SOW_ERROR_RUNTIME);
    assert_string_equal(text, " a a.aa b2 stop ");
    sow_module_free(root);
}

static void assert_list(sow_state_dict *list, const char *const *names)
{
    size_t n = 0;
    assert_non_null(list);
    for (; names[n] != NULL; n++) {
        assert_true(n < sow_state_dict_count(list));
        assert_string_equal(sow_state_dict_name(list, n), names[n]);
    }
    assert_int_equal(sow_state_dict_count(list), n);
    sow_state_dict_free(list);
}

static void test_nn_module__named_lists_have_each_tensor_once(void **state)
{
    (void)state;
    sow_module *root = shared_tree();
    sow_error err;
    assert_list(sow_module_named_parameters(root, &err), (const char *const[]){"p.one.w", NULL});
    assert_list(sow_module_named_buffers(root, &err), (const char *const[]){"p.one.h", NULL});
    sow_module_free(root);
    root = small_tree();
    assert_ok(sow_module_tie(root, "b2.w", "w", &err), err);
    assert_list(sow_module_named_parameters(root, &err),
                (const char *const[]){"w", "a.w", "a.aa.w", NULL});
    assert_list(sow_module_named_buffers(root, &err), (const char *const[]){"b", "c", NULL});
    sow_module_free(root);
}

static void test_nn_module__a_lazy_module_has_no_lists(void **state)
{
    (void)state;
    sow_error err;
    sow_module *module = sow_nn("LazyLinear", "[3]", NULL, &err);
    assert_non_null(module);
    assert_null(sow_module_state_dict(module, &err));
    assert_int_equal(err.status, SOW_ERROR_VALUE);
    assert_null(sow_module_named_parameters(module, &err));
    assert_null(sow_module_tensor(module, "weight"));
    assert_int_equal(sow_module_to_empty(module, SOW_CPU, &err), SOW_ERROR_VALUE);
    sow_module_free(module);
}

/* ---- deep copies ---- */

static void test_nn_module__a_clone_has_its_own_tensors_and_its_ties(void **state)
{
    (void)state;
    sow_error err;
    const sow_device devices[] = {SOW_CPU, SOW_DEFERRED};
    for (int i = 0; i < 2; i++) {
        const sow_factory factory = {.device = devices[i]};
        sow_module *root = module_of("Root");
        err.status = SOW_OK;
        assert_ok(
            sow_module_register_module(root, "a", sow_linear(5, 4, true, &factory, &err), &err),
            err);
        assert_ok(
            sow_module_register_module(root, "b", sow_linear(5, 4, false, &factory, &err), &err),
            err);
        assert_ok(
            sow_module_register_module(root, "c", sow_module_ref(sow_module_get(root, "a")), &err),
            err);
        assert_ok(sow_module_tie(root, "b.weight", "a.weight", &err), err);
        sow_module *copy = sow__module_clone(root, &err);
        assert_non_null(copy);
        sow_tensor *weight = sow_module_tensor(copy, "a.weight");
        assert_ptr_not_equal(weight, sow_module_tensor(root, "a.weight"));
        assert_ptr_equal(weight, sow_module_tensor(copy, "b.weight"));
        assert_ptr_equal(sow_module_get(copy, "a"), sow_module_get(copy, "c"));
        assert_int_equal(sow_tensor_device(weight), devices[i]);
        sow_tensor *old = sow_module_tensor(root, "a.weight");
        assert_ok(sow_tensor_materialize(old, 1, &err), err);
        assert_ok(sow_tensor_materialize(weight, 1, &err), err);
        assert_same_bits(sow_tensor_data(weight), sow_tensor_data(old), 20, sizeof(float));
        assert_ok(sow_zeros(weight, &err), err);
        assert_true(((float *)sow_tensor_data(old))[0] != 0);
        assert_ok(sow_module_reset_parameters(sow_module_get(copy, "a"), NULL, &err), err);
        sow_module_free(root);
        sow_module_free(copy);
    }
}

/* A view of a view of a view...: a copy does not go down the stack with it. */
static void test_nn_module__deep_views_are_cloned(void **state)
{
    (void)state;
    sow_error err;
    sow_tensor *view = sow_empty(SOW_F32, 2, (int64_t[]){2, 3}, SOW_CPU, &err);
    for (int i = 0; i < 200000; i++) {
        sow_tensor *next = sow_tensor_transpose(view, 0, 1, &err);
        assert_non_null(next);
        sow_tensor_free(view);
        view = next;
    }
    sow_module *layer = sow_module_new("Layer", &err);
    assert_ok(sow_module_register_parameter(layer, "weight", view, &err), err);
    sow_module *stack = sow_transformer_encoder(layer, 2, NULL, &err);
    assert_non_null(stack);
    assert_false(sow_tensor_is_initialized(sow_module_tensor(stack, "layers.1.weight")));
    sow_module_free(stack);
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
        cmocka_unit_test(test_nn_module__a_state_dict_survives_to_empty),
        cmocka_unit_test(test_nn_module__a_state_dict_shares_the_flag),
        cmocka_unit_test(test_nn_module__data_is_copied_with_the_module),
        cmocka_unit_test(test_nn_module__data_leaves_the_class_alone),
        cmocka_unit_test(test_nn_module__a_reserved_name_keeps_its_place),
        cmocka_unit_test(test_nn_module__a_shared_module_is_visited_once_per_parent),
        cmocka_unit_test(test_nn_module__named_modules_stops_at_a_failure),
        cmocka_unit_test(test_nn_module__named_lists_have_each_tensor_once),
        cmocka_unit_test(test_nn_module__a_lazy_module_has_no_lists),
        cmocka_unit_test(test_nn_module__a_clone_has_its_own_tensors_and_its_ties),
        cmocka_unit_test(test_nn_module__deep_views_are_cloned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
