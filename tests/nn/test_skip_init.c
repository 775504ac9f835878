/* skip_init, to_empty and reset_parameters: what is drawn, what memory is taken, what stays tied.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "tensor/tensor.h"
#include <sow/init.h>
#include <sow/nn.h>

static sow_module *built(const char *target, const char *args, sow_device device)
{
    sow_error err = {.status = SOW_OK};
    const sow_factory factory = {.device = device};
    sow_module *module = sow_nn(target, args, &factory, &err);
    if (module == NULL) {
        fail_msg("%s %s: %s", target, args, err.message);
    }
    return module;
}

static void get_default_state(uint8_t state[SOW_GENERATOR_STATE_BYTES])
{
    sow_error err;
    assert_ok(sow_generator_get_state(sow_default_generator(), state, &err), err);
}

static void test_nn_skip_init__draws_nothing(void **state)
{
    (void)state;
    static const char *const calls[][2] = {
        {"Linear", "[20, 30]"},
        {"torch.nn.Conv2d", "{\"in_channels\": 3, \"out_channels\": 4, \"kernel_size\": [3, 5]}"},
        {"Embedding", "[10, 7, 3]"},
        {"LSTMCell", "[3, 4]"},
        {"MultiheadAttention", "{\"_args_\": [16, 4], \"add_bias_kv\": true}"},
        {"Transformer", "[16, 4, 1, 1, 32]"},
        {"AdaptiveLogSoftmaxWithLoss", "[8, 20, [4, 10]]"},
        {"BatchNorm2d", "[5]"},
    };
    static uint8_t before[SOW_GENERATOR_STATE_BYTES], after[SOW_GENERATOR_STATE_BYTES];
    sow_error err;
    get_default_state(before);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        sow_module *module = sow_skip_init(calls[i][0], calls[i][1], SOW_CPU, &err);
        assert_non_null(module);
        sow_state_dict *tensors = sow_module_state_dict(module, &err);
        for (size_t k = 0; k < sow_state_dict_count(tensors); k++) {
            const sow_tensor *tensor = sow_state_dict_tensor(tensors, k);
            assert_int_equal(sow_tensor_device(tensor), SOW_CPU);
            assert_false(sow_tensor_is_initialized(tensor));
        }
        assert_true(sow_state_dict_count(tensors) > 0);
        sow_state_dict_free(tensors);
        sow_module_free(module);
        sow_module_free(built(calls[i][0], calls[i][1], SOW_META));
    }
    get_default_state(after);
    assert_memory_equal(before, after, sizeof before);
}

/* 4 EB of float32: there is no memory for it, so none may be asked for. */
static void test_nn_skip_init__meta_takes_no_memory(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_module *module = built("Linear", "[1000000000, 1000000000]", SOW_META);
    assert_true(sow_tensor_n_bytes(sow_module_tensor(module, "weight")) == 4000000000000000000U);
    assert_ok(sow_module_reset_parameters(module, NULL, &err), err);
    assert_ok(sow_module_to_empty(module, SOW_META, &err), err);
    assert_ok(sow_module_to_empty(module, SOW_DEFERRED, &err), err);
    assert_int_equal(sow_module_to_empty(module, SOW_CPU, &err), SOW_ERROR_MEMORY);
    sow_module_free(module);
    assert_null(sow_skip_init("Linear", "[1000000000, 1000000000]", SOW_CPU, &err));
    assert_int_equal(err.status, SOW_ERROR_MEMORY);
}

static void test_nn_skip_init__device_is_a_parameter_or_an_argument(void **state)
{
    (void)state;
    sow_error err;
    sow_module *module = sow_skip_init("Linear", "[2, 3]", SOW_DEFERRED, &err);
    assert_int_equal(sow_tensor_device(sow_module_tensor(module, "bias")), SOW_DEFERRED);
    sow_module_free(module);
    module = sow_skip_init("Linear", "{\"_args_\": [2, 3], \"device\": \"meta\"}", SOW_CPU, &err);
    assert_int_equal(sow_tensor_device(sow_module_tensor(module, "bias")), SOW_META);
    sow_module_free(module);
    module = sow_skip_init("Linear", "{\"_args_\": [2, 3], \"dtype\": \"torch.bfloat16\"}", SOW_CPU,
                           &err);
    assert_int_equal(sow_tensor_dtype(sow_module_tensor(module, "bias")), SOW_BF16);
    sow_module_free(module);
    assert_null(sow_skip_init("LazyLinear", "[3]", SOW_CPU, &err));
    assert_int_equal(err.status, SOW_ERROR_VALUE);
}

/* ---- to_empty ---- */

/* Two Linears with one weight, two with one buffer. */
static sow_module *tied_tree(sow_device device)
{
    sow_error err = {.status = SOW_OK};
    const int64_t size = 3;
    sow_module *root = sow_module_new("Root", &err);
    for (int i = 0; i < 2; i++) {
        const char *name = i == 0 ? "a" : "b";
        assert_ok(sow_module_register_module(root, name, built("Linear", "[3, 2]", device), &err),
                  err);
        assert_ok(sow_module_register_buffer(sow_module_get(root, name), "stats",
                                             sow_empty(SOW_F64, 1, &size, device, &err), i == 0,
                                             &err),
                  err);
    }
    assert_ok(sow_module_tie(root, "b.weight", "a.weight", &err), err);
    assert_ok(sow_module_tie(root, "b.stats", "a.stats", &err), err);
    return root;
}

static void test_nn_skip_init__to_empty_parts_what_crosses_meta(void **state)
{
    (void)state;
    static const struct {
        sow_device from, to;
        bool tied;
    } moves[] = {
        {SOW_CPU, SOW_CPU, true},      {SOW_META, SOW_CPU, false},
        {SOW_CPU, SOW_META, false},    {SOW_META, SOW_META, true},
        {SOW_DEFERRED, SOW_CPU, true}, {SOW_META, SOW_DEFERRED, false},
        {SOW_CPU, SOW_DEFERRED, true},
    };
    sow_error err;
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        sow_module *root = tied_tree(moves[i].from);
        sow_tensor_set_initialized(sow_module_tensor(root, "a.weight"), true);
        assert_ok(sow_module_to_empty(root, moves[i].to, &err), err);
        const sow_tensor *weight = sow_module_tensor(root, "a.weight");
        assert_int_equal(weight == sow_module_tensor(root, "b.weight"), moves[i].tied);
        assert_ptr_not_equal(sow_module_tensor(root, "a.stats"),
                             sow_module_tensor(root, "b.stats"));
        assert_int_equal(sow_tensor_device(weight), moves[i].to);
        assert_int_equal(sow_tensor_device(sow_module_tensor(root, "b.stats")), moves[i].to);
        assert_int_equal(sow_tensor_dtype(sow_module_tensor(root, "b.stats")), SOW_F64);
        assert_false(sow_tensor_is_initialized(weight));
        sow_module_free(root);
    }
}

static void test_nn_skip_init__to_empty_keeps_dense_strides_alone(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    const int64_t sizes[2] = {3, 4}, dense[2] = {1, 3}, gaps[2] = {8, 2};
    sow_module *root = sow_module_new("Root", &err);
    assert_ok(sow_module_register_parameter(
                  root, "dense", sow_empty_strided(SOW_F32, 2, sizes, dense, SOW_META, &err), &err),
              err);
    assert_ok(sow_module_register_parameter(
                  root, "gaps", sow_empty_strided(SOW_F32, 2, sizes, gaps, SOW_META, &err), &err),
              err);
    assert_ok(sow_module_to_empty(root, SOW_CPU, &err), err);
    assert_int_equal(sow_tensor_strides(sow_module_tensor(root, "dense"))[1], 3);
    assert_int_equal(sow_tensor_strides(sow_module_tensor(root, "gaps"))[0], 4);
    assert_true(sow_tensor_is_contiguous(sow_module_tensor(root, "gaps")));
    sow_module_free(root);
}

/* ---- reset_parameters ---- */

static sow_status fill_with_sevens(sow_module *module, sow_generator *generator, sow_error *err)
{
    (void)generator;
    return sow_constant(sow_module_tensor(module, "w"), 7.0, err);
}

static void test_nn_skip_init__reset_parameters_of_any_module(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_module *mine = sow_module_new("Mine", &err);
    assert_ok(
        sow_module_register_parameter(mine, "w", sow_empty(SOW_F32, 0, NULL, SOW_CPU, &err), &err),
        err);
    assert_fails(sow_module_reset_parameters(mine, NULL, &err), SOW_ERROR_NOT_FOUND, err,
                 "'Mine' object has no attribute 'reset_parameters'");
    sow_module_set_reset(mine, fill_with_sevens);
    assert_ok(sow_module_reset_parameters(mine, NULL, &err), err);
    assert_true(*(float *)sow_tensor_data(sow_module_tensor(mine, "w")) == 7.0F);
    sow_module_free(mine);
    sow_module *attention = built("MultiheadAttention", "[4, 2]", SOW_META);
    assert_fails(sow_module_reset_parameters(attention, NULL, &err), SOW_ERROR_NOT_FOUND, err,
                 "'MultiheadAttention' object has no attribute 'reset_parameters'");
    sow_module_free(attention);
}

static void test_nn_skip_init__reset_after_skip_is_the_constructor(void **state)
{
    (void)state;
    sow_error err;
    sow_generator *g = sow_generator_new(&err);
    const sow_factory factory = {.generator = g};
    assert_ok(sow_generator_manual_seed(g, 3, &err), err);
    sow_module *eager = sow_nn("Conv1d", "[4, 6, 3]", &factory, &err);
    sow_module *late = sow_skip_init("Conv1d", "[4, 6, 3]", SOW_CPU, &err);
    assert_ok(sow_generator_manual_seed(g, 3, &err), err);
    assert_ok(sow_module_reset_parameters(late, g, &err), err);
    assert_same_bits(sow_tensor_data(sow_module_tensor(late, "weight")),
                     sow_tensor_data(sow_module_tensor(eager, "weight")), 72, sizeof(float));
    assert_same_bits(sow_tensor_data(sow_module_tensor(late, "bias")),
                     sow_tensor_data(sow_module_tensor(eager, "bias")), 6, sizeof(float));
    sow_module_free(eager);
    sow_module_free(late);
    sow_generator_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_skip_init__draws_nothing),
        cmocka_unit_test(test_nn_skip_init__meta_takes_no_memory),
        cmocka_unit_test(test_nn_skip_init__device_is_a_parameter_or_an_argument),
        cmocka_unit_test(test_nn_skip_init__to_empty_parts_what_crosses_meta),
        cmocka_unit_test(test_nn_skip_init__to_empty_keeps_dense_strides_alone),
        cmocka_unit_test(test_nn_skip_init__reset_parameters_of_any_module),
        cmocka_unit_test(test_nn_skip_init__reset_after_skip_is_the_constructor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
