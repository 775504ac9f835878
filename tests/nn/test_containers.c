/* Containers against torch (tests/nn/vectors/containers.txt): what they take, name and refuse.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/module_text.h"

#include "nn/class.h"

/* ---- values as Python would pass them ---- */

static sow__value none(void)
{
    return (sow__value){.kind = SOW__VALUE_NONE};
}

static sow__value integer(int64_t number)
{
    return (sow__value){.kind = SOW__VALUE_INT, .integer = number};
}

static sow__value real(double number)
{
    return (sow__value){.kind = SOW__VALUE_FLOAT, .number = number};
}

static sow__value text(const char *letters)
{
    char *copy = strdup(letters);
    assert_non_null(copy);
    return (sow__value){.kind = SOW__VALUE_STRING, .text = copy};
}

static sow__value module_of(sow_module *module)
{
    assert_non_null(module);
    return (sow__value){.kind = SOW__VALUE_MODULE, .module = module};
}

static sow__value linear(int64_t n_in, int64_t n_out)
{
    return module_of(sow_linear(n_in, n_out, true, NULL, NULL));
}

static sow__value tensor(sow_dtype dtype, int64_t n)
{
    sow_tensor *made = sow_empty(dtype, 1, &n, SOW_CPU, NULL);
    assert_non_null(made);
    return (sow__value){.kind = SOW__VALUE_TENSOR, .tensor = made};
}

static sow__value list(size_t n, sow__value *items)
{
    sow__value made = {.kind = SOW__VALUE_LIST};
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(sow__value_append(&made, NULL, &items[i], NULL), SOW_OK);
    }
    return made;
}

static sow__value dict(sow__value_kind kind, size_t n, const char *const *keys, sow__value *items)
{
    sow__value made = {.kind = kind};
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(sow__value_append(&made, keys[i], &items[i], NULL), SOW_OK);
    }
    return made;
}

#define ITEMS(...)                                                                                 \
    sizeof((sow__value[]){__VA_ARGS__}) / sizeof(sow__value), (sow__value[])                       \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define LIST(...) list(ITEMS(__VA_ARGS__))
#define KEYS(...)                                                                                  \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static sow__value one(sow__value_kind kind, const char *key, sow__value value)
{
    return dict(kind, 1, KEYS(key), &value);
}

static sow__value two(sow__value_kind kind, const char *a, sow__value first, const char *b,
                      sow__value second)
{
    sow__value items[2] = {first, second};
    return dict(kind, 2, KEYS(a, b), items);
}

#define DICT SOW__VALUE_DICT
#define ORDERED SOW__VALUE_ORDERED_DICT

/* The class called with positional arguments. */
static sow_module *call(const char *name, sow__value positional, sow_error *err)
{
    sow__value keyword = {.kind = SOW__VALUE_DICT};
    const sow_factory factory = {.device = SOW_CPU};
    return sow__class_call(sow__class_find(name), &positional, &keyword, &factory, err);
}

static sow_module *call_with(const char *name, sow__value positional, const char *key,
                             sow__value value, sow_error *err)
{
    sow__value keyword = one(DICT, key, value);
    const sow_factory factory = {.device = SOW_CPU};
    return sow__class_call(sow__class_find(name), &positional, &keyword, &factory, err);
}

static sow__value stateless(const char *name)
{
    return module_of(sow_nn(name, NULL, NULL, NULL));
}

/* ---- the cases of the file ---- */

#define CASE(name, made)                                                                           \
    if (strcmp(which, name) == 0) {                                                                \
        return made;                                                                               \
    }

static sow_module *sequential_case(const char *which, sow_error *err)
{
    CASE("", call("Sequential", LIST(linear(2, 3), stateless("ReLU"), linear(3, 4)), err))
    CASE("_none", call("Sequential", LIST(linear(2, 3), none(), linear(3, 4)), err))
    if (strcmp(which, "_names") == 0) {
        sow__value items[3] = {linear(2, 3), none(), linear(2, 3)};
        return call("Sequential", LIST(dict(ORDERED, 3, KEYS("stem", "no", "keys"), items)), err);
    }
    CASE("_int", call("Sequential", LIST(linear(2, 3), integer(3)), err))
    CASE("_dict", call("Sequential", LIST(one(DICT, "a", linear(2, 3))), err))
    CASE("_tensor", call("Sequential", LIST(tensor(SOW_F32, 2)), err))
    CASE("_dot", call("Sequential", LIST(one(ORDERED, "a.b", linear(2, 3))), err))
    CASE("_empty_name", call("Sequential", LIST(one(ORDERED, "", linear(2, 3))), err))
    CASE("_type", call("Sequential", LIST(one(ORDERED, "type", linear(2, 3))), err))
    CASE("_append", call("Sequential", LIST(one(ORDERED, "append", linear(2, 3))), err))
    CASE("_end", call("Sequential", LIST(one(ORDERED, "end", linear(2, 3))), err))
    fail_msg("no case sequential%s", which);
    return NULL;
}

static sow_module *module_list_case(const char *which, sow_error *err)
{
    CASE("", call("ModuleList", LIST(LIST(linear(2, 3), none(), linear(3, 4))), err))
    CASE("_of_sequential",
         call("ModuleList",
              LIST(module_of(call("Sequential", LIST(linear(2, 3), linear(3, 4)), NULL))), err))
    CASE("_int", call("ModuleList", LIST(integer(3)), err))
    CASE("_linear", call("ModuleList", LIST(linear(2, 3)), err))
    CASE("_text", call("ModuleList", LIST(text("ab")), err))
    CASE("_no_text", call("ModuleList", LIST(text("")), err))
    CASE("_dict", call("ModuleList", LIST(one(DICT, "a", linear(2, 3))), err))
    fail_msg("no case module_list%s", which);
    return NULL;
}

static sow_module *module_dict_case(const char *which, sow_error *err)
{
    CASE("", call("ModuleDict", LIST(two(DICT, "b", linear(2, 3), "a", linear(3, 4))), err))
    CASE("_pairs",
         call("ModuleDict",
              LIST(LIST(LIST(text("b"), linear(2, 3)), LIST(text("a"), linear(3, 4)))), err))
    CASE("_int_key", call("ModuleDict", LIST(LIST(LIST(integer(1), linear(2, 3)))), err))
    CASE("_short_pair", call("ModuleDict", LIST(LIST(LIST(text("a")))), err))
    CASE("_no_pair", call("ModuleDict", LIST(LIST(integer(3))), err))
    CASE("_int", call("ModuleDict", LIST(integer(3)), err))
    CASE("_int_value", call("ModuleDict", LIST(one(DICT, "a", integer(3))), err))
    CASE("_keys", call("ModuleDict", LIST(one(DICT, "keys", linear(2, 3))), err))
    fail_msg("no case module_dict%s", which);
    return NULL;
}

static sow_module *parameter_list_case(const char *which, sow_error *err)
{
    CASE("",
         call("ParameterList",
              LIST(LIST(tensor(SOW_F32, 2), integer(3), linear(2, 3), none(), tensor(SOW_F32, 3))),
              err))
    CASE("_int64", call("ParameterList", LIST(LIST(tensor(SOW_I64, 2))), err))
    CASE("_int", call("ParameterList", LIST(integer(5)), err))
    fail_msg("no case parameter_list%s", which);
    return NULL;
}

static sow_module *parameter_dict_case(const char *which, sow_error *err)
{
    if (which[0] == '\0') {
        sow__value items[3] = {tensor(SOW_F32, 2), tensor(SOW_F32, 1), integer(4)};
        return call("ParameterDict", LIST(dict(DICT, 3, KEYS("b", "a", "c"), items)), err);
    }
    CASE("_ordered",
         call("ParameterDict", LIST(two(ORDERED, "b", tensor(SOW_F32, 2), "a", tensor(SOW_F32, 1))),
              err))
    CASE("_pairs",
         call("ParameterDict",
              LIST(LIST(LIST(text("z"), tensor(SOW_F32, 1)), LIST(text("a"), tensor(SOW_F32, 2)))),
              err))
    CASE("_keys", call("ParameterDict", LIST(one(DICT, "keys", tensor(SOW_F32, 2))), err))
    CASE("_dot", call("ParameterDict", LIST(one(DICT, "a.b", tensor(SOW_F32, 2))), err))
    CASE("_int", call("ParameterDict", LIST(integer(7)), err))
    CASE("_int_key", call("ParameterDict", LIST(LIST(LIST(integer(1), integer(2)))), err))
    fail_msg("no case parameter_dict%s", which);
    return NULL;
}

static sow_module *other_case(const char *which, sow_error *err)
{
    const char *encoder = "TransformerEncoder";
    CASE("data_parallel", call("DataParallel", LIST(linear(2, 3)), err))
    CASE("data_parallel_none", call("DataParallel", LIST(none()), err))
    CASE("encoder_of_linear",
         call(encoder,
              LIST(linear(2, 3), integer(2), module_of(sow_layer_norm(3, true, true, NULL, NULL))),
              err))
    CASE("encoder_of_int", call(encoder, LIST(integer(3), integer(2)), err))
    CASE("encoder_of_none", call(encoder, LIST(none(), integer(2)), err))
    CASE("encoder_float_copies", call(encoder, LIST(linear(2, 3), real(2.0)), err))
    CASE("encoder_int_norm", call(encoder, LIST(linear(2, 3), integer(1), integer(5)), err))
    CASE("layer_prelu",
         call_with("TransformerEncoderLayer", LIST(integer(4), integer(2), integer(3)),
                   "activation", stateless("PReLU"), err))
    CASE("transformer_prelu",
         call_with("Transformer", LIST(integer(4), integer(2), integer(1), integer(1), integer(3)),
                   "activation", stateless("PReLU"), err))
    if (strcmp(which, "transformer_custom") == 0) {
        sow__value positional = LIST(integer(4), integer(2));
        sow__value keyword =
            two(DICT, "custom_encoder", linear(2, 3), "custom_decoder", integer(3));
        const sow_factory factory = {.device = SOW_CPU};
        return sow__class_call(sow__class_find("Transformer"), &positional, &keyword, &factory,
                               err);
    }
    fail_msg("no case %s", which);
    return NULL;
}

static sow_module *make(const char *which, sow_error *err)
{
    static const struct {
        const char *prefix;
        sow_module *(*make)(const char *which, sow_error *err);
    } families[] = {
        {"sequential", sequential_case},         {"module_list", module_list_case},
        {"module_dict", module_dict_case},       {"parameter_list", parameter_list_case},
        {"parameter_dict", parameter_dict_case},
    };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        const size_t n = strlen(families[i].prefix);
        if (strncmp(which, families[i].prefix, n) == 0) {
            return families[i].make(which + n, err);
        }
    }
    return other_case(which, err);
}

static bool check_line(char *line, void *user)
{
    (void)user;
    char *rest;
    const char *which = strtok_r(line, " ", &rest);
    sow_error err = {.status = SOW_OK};
    sow_module *module = make(which, &err);
    if (module == NULL) {
        const bool is_same = is_this_error(rest, &err);
        if (!is_same) {
            print_error("got %s: %s\n", sow_status_name(err.status), err.message);
        }
        return is_same;
    }
    static char got[TEXT_SIZE];
    sow_state_dict *state = sow_module_state_dict(module, &err);
    assert_non_null(state);
    size_t used = (size_t)snprintf(got, sizeof got, "ok");
    for (size_t i = 0; i < sow_state_dict_count(state); i++) {
        char shape[64];
        shape_text(sow_state_dict_tensor(state, i), shape, sizeof shape);
        used += (size_t)snprintf(got + used, sizeof got - used, " %s:%s",
                                 sow_state_dict_name(state, i), shape);
    }
    sow_state_dict_free(state);
    sow_module_free(module);
    if (strcmp(got, rest) != 0) {
        print_error("got %s\n", got);
        return false;
    }
    return true;
}

static void test_nn_containers__known_answers(void **state)
{
    (void)state;
    assert_true(for_each_line("containers.txt", check_line, NULL) > 40);
}

/* ---- by C arguments ---- */

static void test_nn_containers__c_arguments(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_module *children[] = {sow_linear(2, 3, true, NULL, &err),
                              sow_linear(3, 4, false, NULL, &err)};
    sow_module *inner = sow_sequential(children, NULL, 2, &err);
    assert_non_null(inner);
    assert_string_equal(sow_module_type(inner), "Sequential");
    const char *const names[] = {"b", "a"};
    const int64_t n = 2;
    sow_tensor *tensors[] = {sow_empty(SOW_F32, 1, &n, SOW_CPU, &err),
                             sow_empty(SOW_F32, 1, &n, SOW_CPU, &err)};
    sow_module *parameters = sow_parameter_dict(tensors, names, 2, &err);
    assert_non_null(parameters);
    sow_module *dict_children[] = {inner, parameters};
    sow_module *outer = sow_module_dict(dict_children, names, 2, &err);
    assert_non_null(outer);
    assert_non_null(sow_module_tensor(outer, "b.1.weight"));
    assert_non_null(sow_module_tensor(outer, "a.b"));
    sow_module_free(outer);
    outer = sow_module_list(NULL, 0, &err);
    assert_non_null(outer);
    sow_module_free(outer);
    sow_tensor *more[] = {sow_empty(SOW_F32, 1, &n, SOW_CPU, &err)};
    outer = sow_parameter_list(more, 1, &err);
    assert_non_null(sow_module_tensor(outer, "0"));
    sow_module_free(outer);
}

static void test_nn_containers__c_arguments_that_failed(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_module *children[] = {sow_linear(2, 3, true, NULL, &err),
                              sow_linear(-1, 4, false, NULL, &err)};
    assert_null(sow_sequential(children, NULL, 2, &err));
    assert_string_equal(err.message, "Trying to create tensor with negative dimension -1: [4, -1]");
    const int64_t n = 2;
    const char *const names[] = {"keys"};
    sow_tensor *tensors[] = {sow_empty(SOW_I64, 1, &n, SOW_CPU, NULL)};
    assert_null(sow_parameter_list(tensors, 1, &err));
    assert_int_equal(err.status, SOW_ERROR_RUNTIME);
    sow_tensor *floats[] = {sow_empty(SOW_F32, 1, &n, SOW_CPU, NULL)};
    assert_null(sow_parameter_dict(floats, names, 1, &err));
    assert_string_equal(err.message, "attribute 'keys' already exists");
    sow_module *modules[] = {NULL};
    assert_null(sow_module_dict(modules, names, 1, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_containers__known_answers),
        cmocka_unit_test(test_nn_containers__c_arguments),
        cmocka_unit_test(test_nn_containers__c_arguments_that_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
