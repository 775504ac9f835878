/* Registering against torch (tests/nn/vectors/registering.txt): names, what replaces what, and what
 * becomes of what was replaced; modules that would hold themselves or stand too deep;
 * many names.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/cases.h"
#include "nn/elements.h"

static const char vectors[] = SOW_SOURCE_DIR "/tests/nn/vectors/registering.txt";

static sow_module *module_of(const char *type)
{
    sow_error err;
    sow_module *module = sow_module_new(type, &err);
    assert_non_null(module);
    return module;
}

static sow_tensor *tensor_of(int64_t size)
{
    sow_error err;
    sow_tensor *tensor = sow_empty(SOW_F32, 1, &size, SOW_CPU, &err);
    assert_non_null(tensor);
    return tensor;
}

/* ---- against torch ---- */

/* [function, name, value]. */
static sow_status call(sow_module *module, const json_t *row, sow_error *err)
{
    const char *function = string_at(row, 0), *name = string_at(row, 1);
    const json_t *value = json_array_get(row, 2);
    const bool is_none = json_is_null(value), hidden = json_is_array(value);
    const int64_t size = json_integer_value(hidden ? json_array_get(value, 0) : value);
    if (strcmp(function, "__setitem__") == 0) {
        sow__value set = {.kind = json_is_true(value)      ? SOW__VALUE_BOOL
                                  : json_is_string(value)  ? SOW__VALUE_MODULE
                                  : json_is_integer(value) ? SOW__VALUE_TENSOR
                                                           : SOW__VALUE_NONE};
        set.module = json_is_string(value) ? module_of(json_string_value(value)) : NULL;
        set.tensor = json_is_integer(value) ? tensor_of(size) : NULL;
        const sow_status status = sow__add_parameter(module, name, &set, err);
        sow__value_clear(&set);
        return status;
    }
    if (strcmp(function, "add_module") == 0) {
        return is_none ? sow_module_reserve_module(module, name, err)
                       : sow_module_register_module(module, name,
                                                    module_of(json_string_value(value)), err);
    }
    if (strcmp(function, "register_buffer") == 0) {
        return is_none ? sow_module_reserve_buffer(module, name, err)
                       : sow_module_register_buffer(module, name, tensor_of(size), !hidden, err);
    }
    return is_none ? sow_module_reserve_parameter(module, name, err)
                   : sow_module_register_parameter(module, name, tensor_of(size), err);
}

static void check_call(nn_case *of, const sow_module *module, const char *name, sow_status status,
                       const sow_error *err, const char *expected)
{
    char got[SOW_ERROR_MESSAGE_SIZE + 16] = "nothing";
    if (status != SOW_OK) {
        const bool is_type = status == SOW_ERROR_TYPE;
        snprintf(got, sizeof got, "%s: %s", is_type ? "TypeError" : "KeyError", err->message);
        same_text(of, "status", sow_status_name(status),
                  sow_status_name(is_type ? SOW_ERROR_TYPE : SOW_ERROR_VALUE));
    }
    same_text(of, sow_module_type(module), got, expected == NULL ? "nothing" : expected);
    if (of->n_failures > 0) {
        case_fail(of, "registering '%s'", name);
    }
}

/* Takes the list. */
static void check_sizes(nn_case *of, const char *what, sow_state_dict *list, const json_t *expected)
{
    assert_non_null(list);
    if (sow_state_dict_count(list) != json_array_size(expected)) {
        case_fail(of, "%s: %zu", what, sow_state_dict_count(list));
    }
    for (size_t i = 0; i < sow_state_dict_count(list) && i < json_array_size(expected); i++) {
        const json_t *row = json_array_get(expected, i);
        same_text(of, what, sow_state_dict_name(list, i), string_at(row, 0));
        if (sow_tensor_numel(sow_state_dict_tensor(list, i)) !=
            json_integer_value(json_array_get(row, 1))) {
            case_fail(of, "%s: another tensor", sow_state_dict_name(list, i));
        }
    }
    sow_state_dict_free(list);
}

static void run(nn_case *of, void *user)
{
    (void)user;
    size_t i;
    const json_t *row, *errors = json_object_get(of->row, "errors");
    sow_module *module = module_of(text_of(of->row, "type"));
    json_array_foreach(json_object_get(of->row, "calls"), i, row)
    {
        sow_error err = {.status = SOW_OK};
        const sow_status status = call(module, row, &err);
        check_call(of, module, string_at(row, 1), status, &err, string_at(errors, i));
    }
    check_sizes(of, "state", sow_module_state_dict(module, NULL),
                json_object_get(of->row, "state"));
    check_sizes(of, "buffers", sow_module_named_buffers(module, NULL),
                json_object_get(of->row, "buffers"));
    const json_t *children = json_object_get(of->row, "children");
    for (i = 0; sow_module_child(module, i) != NULL; i++) {
        row = json_array_get(children, i);
        same_text(of, "child", sow_module_child_name(module, i),
                  i < json_array_size(children) ? string_at(row, 0) : "nothing");
        same_text(of, "type", sow_module_type(sow_module_child(module, i)),
                  i < json_array_size(children) ? string_at(row, 1) : "nothing");
    }
    assert_int_equal(i, json_array_size(children));
    sow_module_free(module);
}

static void test_nn_register__as_torch_does(void **state)
{
    (void)state;
    for_each_case(vectors, 545, run, NULL);
}

/* ---- what is replaced ---- */

static void test_nn_register__a_layer_is_replaced(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_module *net = module_of("Net");
    assert_ok(sow_module_register_module(net, "fc", sow_linear(8, 3, true, NULL, &err), &err), err);
    assert_ok(sow_module_register_module(net, "out", module_of("Out"), &err), err);
    sow_tensor *kept = sow_tensor_ref(sow_module_tensor(net, "fc.weight"));
    assert_ok(sow_module_register_module(net, "fc", sow_linear(8, 10, true, NULL, &err), &err),
              err);
    assert_int_equal(sow_tensor_sizes(sow_module_tensor(net, "fc.weight"))[0], 10);
    assert_int_equal(sow_tensor_sizes(kept)[0], 3);
    assert_string_equal(sow_module_child_name(net, 0), "fc");
    assert_null(sow_module_child(net, 2));
    sow_tensor_free(kept);
    assert_ok(
        sow_module_register_module(net, "fc", sow_module_ref(sow_module_get(net, "fc")), &err),
        err); /* by itself */
    assert_non_null(sow_module_tensor(net, "fc.weight"));
    sow_module_free(net);
    sow_module *const pair[] = {module_of("A"), module_of("B")};
    static const char *const names[] = {"x", "x"};
    sow_module *dict = sow_module_dict(pair, names, 2, &err);
    assert_non_null(dict);
    assert_string_equal(sow_module_type(sow_module_child(dict, 0)), "B");
    assert_null(sow_module_child(dict, 1));
    sow_module_free(dict);
}

static void test_nn_register__a_tensor_at_two_places(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_module *a = module_of("A"), *b = module_of("B");
    sow_tensor *tensor = tensor_of(3);
    assert_ok(sow_module_register_parameter(a, "w", sow_tensor_ref(tensor), &err), err);
    assert_ok(sow_module_register_parameter(b, "w", sow_tensor_ref(tensor), &err), err);
    sow_module_free(a);
    assert_ptr_equal(sow_module_tensor(b, "w"), tensor);
    sow_module_free(b);
    assert_int_equal(sow_tensor_numel(tensor), 3);
    sow_tensor_free(tensor);
    assert_null(sow_tensor_ref(NULL));
    assert_null(sow_module_ref(NULL));
}

static void test_nn_register__a_failed_constructor_changes_nothing(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    const int64_t bad = -1;
    sow_module *net = sow_linear(2, 2, true, NULL, &err);
    sow_tensor *before = sow_module_tensor(net, "weight");
    assert_fails(
        sow_module_set_tensor(net, "weight", sow_empty(SOW_F32, 1, &bad, SOW_CPU, &err), &err),
        SOW_ERROR_RUNTIME, err, "Trying to create tensor with negative dimension -1: [-1]");
    assert_int_equal(sow_module_register_parameter(
                         net, "weight", sow_empty(SOW_F32, 1, &bad, SOW_CPU, &err), &err),
                     SOW_ERROR_RUNTIME);
    assert_ptr_equal(sow_module_tensor(net, "weight"), before);
    assert_ok(sow_module_set_tensor(net, "weight", NULL, NULL), err);
    assert_null(sow_module_tensor(net, "weight"));
    sow_module_free(net);
}

static void test_nn_register__null(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    const char *const names[1] = {NULL};
    sow_module *child = module_of("A"), *net = module_of("Net");
    assert_null(sow_sequential(&child, names, 1, &err));
    assert_string_equal(err.message, "module name can't be empty string \"\"");
    assert_fails(sow_module_register_parameter(net, NULL, tensor_of(1), &err), SOW_ERROR_VALUE, err,
                 "parameter name can't be empty string \"\"");
    assert_fails(sow_module_register_parameter(net, NULL, NULL, &err), SOW_ERROR_VALUE, err,
                 "parameter '' is NULL");
    assert_null(sow_module_new(NULL, &err));
    assert_string_equal(err.message, "the type of a module is NULL");
    assert_null(sow_nn(NULL, NULL, NULL, &err));
    assert_string_equal(err.message, "the name of the class is NULL");
    assert_null(sow_skip_init(NULL, NULL, SOW_CPU, &err));
    assert_null(sow_load_report_missing(NULL, 0));
    assert_null(sow_load_report_unexpected(NULL, 0));
    assert_null(sow_load_report_error(NULL, 0));
    sow_module_free(net);
}

/* ---- trees ---- */

/* A module that holds another as "a", and as "b" too; takes it. */
static sow_module *over(sow_module *child, bool twice)
{
    sow_error err;
    sow_module *module = module_of("M");
    if (twice) {
        assert_ok(sow_module_register_module(module, "b", sow_module_ref(child), &err), err);
    }
    assert_ok(sow_module_register_module(module, "a", child, &err), err);
    return module;
}

static void test_nn_register__no_module_holds_itself(void **state)
{
    (void)state;
    sow_error err;
    sow_module *leaf = module_of("Leaf"), *root = over(over(leaf, true), false);
    sow_module *const above[] = {root, sow_module_get(root, "a"), leaf};
    for (size_t i = 0; i < 3; i++) {
        assert_fails(sow_module_register_module(leaf, "x", sow_module_ref(above[i]), &err),
                     SOW_ERROR_VALUE, err, "module 'x' would hold itself");
    }
    assert_ok(sow_module_register_module(leaf, "x", module_of("X"), &err), err);
    assert_ok(sow_module_register_module(root, "leaf", sow_module_ref(leaf), &err), err);
    assert_fails(
        sow_module_register_module(sow_module_get(leaf, "x"), "y", sow_module_ref(root), &err),
        SOW_ERROR_VALUE, err, "module 'y' would hold itself");
    sow_module_free(root);
}

/* A walk over every way would take 2^200 steps. */
static void test_nn_register__modules_held_twice_cost_no_more(void **state)
{
    (void)state;
    sow_module *module = module_of("Leaf");
    for (int i = 0; i < 200; i++) {
        module = over(module, true);
    }
    sow_module_free(module);
}

static void test_nn_register__a_tree_has_a_depth(void **state)
{
    (void)state;
    enum { half = 500 };
    static const char message[] = "module 'a' would reach more than 1000 levels below its root";
    sow_error err;
    sow_module *upper = module_of("Top"), *bottom = upper, *lower = module_of("Leaf");
    for (int i = 0; i < half; i++) { /* downwards */
        sow_module *next = module_of("M");
        assert_ok(sow_module_register_module(bottom, "a", next, &err), err);
        bottom = next;
    }
    for (int i = 0; i < half - 1; i++) { /* upwards */
        lower = over(lower, false);
    }
    sow_module *longer = over(sow_module_ref(lower), false);
    assert_fails(sow_module_register_module(bottom, "a", longer, &err), SOW_ERROR_VALUE, err,
                 message);
    assert_ok(sow_module_register_module(bottom, "a", lower, &err), err);
    sow_module *root = module_of("Root");
    assert_fails(sow_module_register_module(root, "a", upper, &err), SOW_ERROR_VALUE, err, message);
    sow_module_free(root);
}

/* ---- many ---- */

/* Comparing every name with those before it would take minutes. */
static void test_nn_register__many_names(void **state)
{
    (void)state;
    enum { n_names = 100000 };
    char name[16];
    sow_error err = {.status = SOW_OK};
    sow_module *net = module_of("Net"), *child = module_of("Child");
    sow_tensor *tensor = tensor_of(1), *other = tensor_of(2);
    for (int i = 0; i < n_names; i++) {
        snprintf(name, sizeof name, "p%d", i);
        assert_ok(sow_module_register_parameter(net, name, sow_tensor_ref(tensor), &err), err);
        name[0] = 'b';
        assert_ok(sow_module_register_buffer(net, name, sow_tensor_ref(tensor), true, &err), err);
        name[0] = 'm';
        assert_ok(sow_module_register_module(net, name, sow_module_ref(child), &err), err);
        assert_fails(sow_module_reserve_buffer(net, "p0", &err), SOW_ERROR_VALUE, err,
                     "attribute 'p0' already exists");
    }
    sow_module_free(child);
    for (int i = 0; i < n_names; i++) { /* each is replaced in its place */
        snprintf(name, sizeof name, "p%d", i);
        assert_ok(sow_module_register_parameter(net, name, sow_tensor_ref(other), &err), err);
        assert_ptr_equal(sow_module_tensor(net, name), other);
        name[0] = 'b';
        assert_ptr_equal(sow_module_tensor(net, name), tensor);
        name[0] = 'm';
        assert_ptr_equal(sow_module_get(net, name), child);
        assert_ok(sow_module_reserve_module(net, name, &err), err);
        assert_null(sow_module_get(net, name));
    }
    sow_state_dict *all = sow_module_named_parameters(net, &err);
    sow_tensor_free(tensor);
    sow_tensor_free(other);
    assert_non_null(all);
    assert_int_equal(sow_state_dict_count(all), 1); /* one tensor under all names */
    assert_string_equal(sow_state_dict_name(all, 0), "p0");
    sow_state_dict_free(all);
    sow_module_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_register__as_torch_does),
        cmocka_unit_test(test_nn_register__a_layer_is_replaced),
        cmocka_unit_test(test_nn_register__a_tensor_at_two_places),
        cmocka_unit_test(test_nn_register__a_failed_constructor_changes_nothing),
        cmocka_unit_test(test_nn_register__null),
        cmocka_unit_test(test_nn_register__no_module_holds_itself),
        cmocka_unit_test(test_nn_register__modules_held_twice_cost_no_more),
        cmocka_unit_test(test_nn_register__a_tree_has_a_depth),
        cmocka_unit_test(test_nn_register__many_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
