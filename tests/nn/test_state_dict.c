/* The ordered list of named tensors.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <sow/nn.h>

static void test_nn_state_dict__keeps_order_and_finds(void **state)
{
    (void)state;
    enum { N_NAMES = 5000 };
    sow_error err;
    sow_state_dict *dict = sow_state_dict_new(&err);
    assert_non_null(dict);
    assert_null(sow_state_dict_find(dict, "0"));
    char name[32];
    for (int64_t i = 0; i < N_NAMES; i++) {
        sow_tensor *tensor = sow_empty(SOW_F32, 1, &i, SOW_META, &err);
        assert_non_null(tensor);
        snprintf(name, sizeof name, "layer.%d", (int)(i * 7919 % N_NAMES));
        assert_ok(sow_state_dict_add(dict, name, tensor, &err), err);
        sow_tensor_free(tensor);
    }
    assert_int_equal(sow_state_dict_count(dict), N_NAMES);
    for (int i = 0; i < N_NAMES; i++) {
        snprintf(name, sizeof name, "layer.%d", i * 7919 % N_NAMES);
        assert_string_equal(sow_state_dict_name(dict, (size_t)i), name);
        assert_int_equal(sow_tensor_numel(sow_state_dict_tensor(dict, (size_t)i)), i);
        assert_ptr_equal(sow_state_dict_find(dict, name), sow_state_dict_tensor(dict, (size_t)i));
    }
    assert_null(sow_state_dict_find(dict, "layer.5000"));
    assert_null(sow_state_dict_find(dict, ""));
    sow_state_dict_free(dict);
}

static void test_nn_state_dict__a_name_stands_once(void **state)
{
    (void)state;
    sow_error err;
    sow_state_dict *dict = sow_state_dict_new(&err);
    sow_tensor *tensor = sow_empty(SOW_F32, 0, NULL, SOW_META, &err);
    assert_ok(sow_state_dict_add(dict, "a", tensor, &err), err);
    assert_fails(sow_state_dict_add(dict, "a", tensor, &err), SOW_ERROR_VALUE, err,
                 "the name 'a' is there already");
    assert_ok(sow_state_dict_add(dict, "b", tensor, &err), err);
    assert_int_equal(sow_state_dict_count(dict), 2);
    sow_tensor_free(tensor);
    sow_state_dict_free(dict);
    sow_state_dict_free(NULL);
}

static void test_nn_state_dict__null_and_past_the_end(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_state_dict *dict = sow_state_dict_new(&err);
    const int64_t bad = -1;
    assert_fails(sow_state_dict_add(dict, "x", NULL, &err), SOW_ERROR_VALUE, err,
                 "tensor 'x' is NULL");
    assert_fails(sow_state_dict_add(dict, NULL, NULL, &err), SOW_ERROR_VALUE, err,
                 "the name of a tensor is NULL");
    err.status = SOW_OK;
    sow_tensor *tensor = sow_empty(SOW_F32, 1, &bad, SOW_META, &err);
    assert_int_equal(sow_state_dict_add(dict, "x", tensor, &err), SOW_ERROR_RUNTIME);
    assert_int_equal(sow_state_dict_count(dict), 0);
    assert_null(sow_state_dict_name(dict, 0));
    assert_null(sow_state_dict_tensor(dict, 0));
    sow_state_dict_free(dict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_state_dict__keeps_order_and_finds),
        cmocka_unit_test(test_nn_state_dict__a_name_stands_once),
        cmocka_unit_test(test_nn_state_dict__null_and_past_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
