/* Calls of classes against torch.nn's own: tools/make_nn_calls.py; reading bound arguments.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "nn/args.h"

#define VECTORS SOW_SOURCE_DIR "/tests/nn/vectors/calls.txt"

/* The status that stands for an exception. */
static sow_status status_of(const char *exception)
{
    if (strcmp(exception, "-") == 0) {
        return SOW_OK;
    }
    if (strcmp(exception, "AssertionError") == 0 || strcmp(exception, "KeyError") == 0) {
        return SOW_ERROR_VALUE;
    }
    if (strcmp(exception, "AttributeError") == 0) {
        return SOW_ERROR_NOT_FOUND;
    }
    for (int i = SOW_OK + 1; i <= SOW_ERROR_LIMIT; i++) {
        if (strcmp(sow_status_exception((sow_status)i), exception) == 0) {
            return (sow_status)i;
        }
    }
    fail_msg("%s is no exception", exception);
    return SOW_OK;
}

/* The next field of a line, cut off at the bar. */
static char *field(char **rest)
{
    char *at = *rest, *bar = strchr(at, '|');
    assert_non_null(bar);
    *bar = '\0';
    *rest = bar + 1;
    return at;
}

/* function|class|arguments|exception|message; true when sow says the same. */
static bool same_answer(char *line)
{
    char *rest = line;
    const char *function = field(&rest), *name = field(&rest), *args = field(&rest);
    const sow_status expected = status_of(field(&rest));
    sow_error err = {.status = SOW_OK, .message = ""};
    sow_module *module = strcmp(function, "nn") == 0 ? sow_nn(name, args, NULL, &err)
                                                     : sow_skip_init(name, args, SOW_CPU, &err);
    const bool same = (module != NULL) == (expected == SOW_OK) && err.status == expected &&
                      strcmp(err.message, rest) == 0;
    if (!same) {
        print_error("%s %s %s\n  expected %s: %s\n  got      %s: %s\n", function, name, args,
                    sow_status_name(expected), rest, sow_status_name(err.status), err.message);
    }
    sow_module_free(module);
    return same;
}

static void test_nn_args__calls_say_what_torch_says(void **state)
{
    (void)state;
    char line[2048];
    size_t n_lines = 0, n_bad = 0;
    FILE *file = fopen(VECTORS, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#') {
            n_bad += !same_answer(line);
            n_lines++;
        }
    }
    fclose(file);
    assert_true(n_lines > 100);
    assert_int_equal(n_bad, 0);
}

static void test_nn_args__json_that_is_none(void **state)
{
    (void)state;
    sow_error err;
    const char *const texts[] = {"[1, 2", "{\"a\": 1, \"a\": 2}", "1", "\"x\"",
                                 "[99999999999999999999]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        err.status = SOW_OK;
        assert_null(sow_nn("ReLU", texts[i], NULL, &err));
        assert_true(err.status == SOW_ERROR_VALUE || err.status == SOW_ERROR_TYPE);
    }
    assert_null(sow_nn("ReLU", "{\"_args_\": 3}", NULL, &err));
    assert_int_equal(err.status, SOW_ERROR_TYPE);
    assert_string_equal(err.message, "_args_ must be a list, not int");
    assert_null(sow_nn("ReLU", "[1, 2", NULL, NULL));
}

/* ---- bound by hand ---- */

static sow__value whole(int64_t integer)
{
    return (sow__value){.kind = SOW__VALUE_INT, .integer = integer};
}

static sow__value text(const char *of)
{
    return (sow__value){.kind = SOW__VALUE_STRING, .text = strdup(of)};
}

static void put(sow__value *to, const char *key, sow__value value)
{
    sow_error err;
    assert_ok(sow__value_append(to, key, &value, &err), err);
    assert_int_equal(value.kind, SOW__VALUE_NONE);
}

/* f(a, b='x', *rest, c=1.5, d=True, e=(), g=relu, **more) called with (1, 'y', 3, 4, c=2, h=7) */
static void test_nn_args__every_parameter_is_bound(void **state)
{
    (void)state;
    sow_error err;
    sow__args args;
    sow__value list = {.kind = SOW__VALUE_LIST}, dict = {.kind = SOW__VALUE_DICT};
    put(&list, NULL, whole(1));
    put(&list, NULL, text("y"));
    put(&list, NULL, whole(3));
    put(&list, NULL, whole(4));
    put(&dict, "c", whole(2));
    put(&dict, "h", whole(7));
    assert_ok(sow__args_bind(&args, "f", "a, b='x', *rest, c=1.5, d=True, e=(), g=relu, **more",
                             &list, &dict, NULL, &err),
              err);
    assert_int_equal(list.kind, SOW__VALUE_NONE);
    int64_t a = 0;
    double c = 0;
    assert_ok(sow__args_int(&args, "a", &a, &err), err);
    assert_ok(sow__args_number(&args, "c", &c, &err), err);
    assert_int_equal(a, 1);
    assert_true(c == 2);
    assert_string_equal(sow__args_text(&args, "b"), "y");
    assert_null(sow__args_text(&args, "c"));
    assert_true(sow__args_truth(&args, "d"));
    assert_int_equal(sow__args_get(&args, "e")->kind, SOW__VALUE_LIST);
    assert_false(sow__args_truth(&args, "e"));
    assert_int_equal(sow__args_get(&args, "g")->kind, SOW__VALUE_CLASS);
    assert_string_equal(sow__args_get(&args, "g")->text, "relu");
    assert_null(sow__args_get(&args, "nothing"));
    assert_int_equal(args.rest.n_items, 2);
    assert_int_equal(args.rest.items[1].integer, 4);
    assert_int_equal(args.keywords.n_items, 1);
    assert_string_equal(args.keywords.keys[0], "h");
    assert_true(args.given[0] && args.given[1] && args.given[2] && !args.given[3]);
    sow__args_clear(&args);
}

static void test_nn_args__factory_is_what_is_not_said(void **state)
{
    (void)state;
    sow_error err;
    sow__args args;
    const sow_factory base = {.device = SOW_DEFERRED, .dtype = SOW_F64};
    sow__value list = {.kind = SOW__VALUE_LIST}, dict = {.kind = SOW__VALUE_DICT};
    assert_ok(sow__args_bind(&args, "f", "device=None, dtype=None", &list, &dict, &base, &err),
              err);
    assert_int_equal(args.factory.device, SOW_DEFERRED);
    assert_int_equal(args.factory.dtype, SOW_F64);
    sow__args_clear(&args);
    list = (sow__value){.kind = SOW__VALUE_LIST};
    dict = (sow__value){.kind = SOW__VALUE_DICT};
    put(&dict, "device", text("meta"));
    put(&dict, "dtype", (sow__value){.kind = SOW__VALUE_DTYPE, .dtype = SOW_BF16});
    assert_ok(sow__args_bind(&args, "f", "device=None, dtype=None", &list, &dict, &base, &err),
              err);
    assert_int_equal(args.factory.device, SOW_META);
    assert_int_equal(args.factory.dtype, SOW_BF16);
    sow__args_clear(&args);
    dict = (sow__value){.kind = SOW__VALUE_DICT};
    put(&dict, "device", text("cuda:0"));
    assert_fails(sow__args_bind(&args, "f", "device=None", &list, &dict, &base, &err),
                 SOW_ERROR_RUNTIME, err,
                 "Expected one of cpu, meta, deferred device type at start of device string: "
                 "cuda:0");
}

static void test_nn_args__python_spells_values(void **state)
{
    (void)state;
    char repr[64];
    sow__value list = {.kind = SOW__VALUE_LIST};
    put(&list, NULL, whole(-1));
    put(&list, NULL, (sow__value){.kind = SOW__VALUE_FLOAT, .number = 2});
    put(&list, NULL, text("it's"));
    put(&list, NULL, text("a\"'\n"));
    put(&list, NULL, (sow__value){.kind = SOW__VALUE_BOOL, .boolean = true});
    put(&list, NULL, (sow__value){.kind = SOW__VALUE_NONE});
    put(&list, NULL, (sow__value){.kind = SOW__VALUE_DTYPE, .dtype = SOW_BF16});
    assert_string_equal(sow__value_repr(&list, repr, sizeof repr),
                        "[-1, 2.0, \"it's\", 'a\"\\'\\n', True, None, torch.bfloat16]");
    assert_string_equal(sow__value_repr(&list, repr, 8), "[-1, 2.");
    assert_string_equal(sow__value_type_name(&list.items[5]), "NoneType");
    sow__value_clear(&list);
    sow__value dict = {.kind = SOW__VALUE_DICT};
    put(&dict, "k", whole(0));
    assert_string_equal(sow__value_repr(&dict, repr, sizeof repr), "{'k': 0}");
    assert_true(sow__value_truth(&dict));
    assert_false(sow__value_truth(&dict.items[0]));
    sow__value_clear(&dict);
    sow__value_clear(&dict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_args__calls_say_what_torch_says),
        cmocka_unit_test(test_nn_args__json_that_is_none),
        cmocka_unit_test(test_nn_args__every_parameter_is_bound),
        cmocka_unit_test(test_nn_args__factory_is_what_is_not_said),
        cmocka_unit_test(test_nn_args__python_spells_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
