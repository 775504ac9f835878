/* Completing a load: what is missing, memory for it, and initialising it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <math.h>
#include <sow/init.h>
#include <sow/plan.h>
#include <unistd.h>

#define PATH "nn_test_missing.safetensors"

static sow_generator *seeded(uint64_t seed)
{
    sow_error err;
    sow_generator *generator = sow_generator_new(&err);
    assert_non_null(generator);
    assert_ok(sow_generator_manual_seed(generator, seed, &err), err);
    return generator;
}

/* A file with the state of a module but one name; without: NULL for all of it. */
static sow_safetensors *file_without(const sow_module *module, const char *without)
{
    sow_error err = {.status = SOW_OK};
    sow_state_dict *all = sow_module_state_dict(module, &err), *some = sow_state_dict_new(&err);
    assert_non_null(all);
    for (size_t i = 0; i < sow_state_dict_count(all); i++) {
        const char *name = sow_state_dict_name(all, i);
        if (without == NULL || strcmp(name, without) != 0) {
            assert_ok(sow_state_dict_add(some, name, sow_state_dict_tensor(all, i), &err), err);
        }
    }
    sow_plan *plan = sow_plan_new(some, &err);
    assert_non_null(plan);
    assert_ok(sow_plan_write(plan, PATH, &(sow_run_options){.force = true}, &err), err);
    sow_plan_free(plan);
    sow_state_dict_free(some);
    sow_state_dict_free(all);
    sow_safetensors *file = sow_safetensors_open(PATH, &err);
    assert_non_null(file);
    return file;
}

static void load_what_is_there(sow_module *module, sow_safetensors *file)
{
    sow_error err;
    const sow_load_options options = {.not_strict = true};
    assert_ok(sow_module_load_safetensors(module, file, &options, NULL, &err), err);
    sow_safetensors_close(file);
    unlink(PATH);
}

static void assert_missing(const sow_module *module, const char *expected)
{
    sow_error err;
    char text[512] = "";
    sow_state_dict *missing = sow_module_list_missing(module, &err);
    assert_non_null(missing);
    for (size_t i = 0; i < sow_state_dict_count(missing); i++) {
        assert_ptr_equal(sow_state_dict_tensor(missing, i),
                         sow_module_tensor(module, sow_state_dict_name(missing, i)));
        strcat(strcat(text, sow_state_dict_name(missing, i)), " ");
    }
    assert_string_equal(text, expected);
    sow_state_dict_free(missing);
}

static void assert_same_tensor(const sow_module *got, const sow_module *expected, const char *name)
{
    const sow_tensor *a = sow_module_tensor(got, name), *b = sow_module_tensor(expected, name);
    assert_int_equal(sow_tensor_device(a), SOW_CPU);
    assert_int_equal(sow_tensor_n_bytes(a), sow_tensor_n_bytes(b));
    assert_same_bits(sow_tensor_data(a), sow_tensor_data(b), sow_tensor_n_bytes(a) / 4, 4);
}

static void assert_same_state(const sow_module *got, const sow_module *expected)
{
    sow_state_dict *state = sow_module_state_dict(expected, NULL);
    for (size_t i = 0; i < sow_state_dict_count(state); i++) {
        assert_same_tensor(got, expected, sow_state_dict_name(state, i));
    }
    sow_state_dict_free(state);
}

/* ---- ties ---- */

static sow_module *tied(sow_device device, uint64_t seed)
{
    static const char *const names[] = {"wte", "lm_head"};
    sow_error err = {.status = SOW_OK};
    sow_generator *generator = seeded(seed);
    const sow_factory factory = {.device = device, .generator = generator};
    sow_module *const layers[] = {sow_embedding(4, 3, SOW_NO_PADDING_IDX, &factory, &err),
                                  sow_linear(3, 4, false, &factory, &err)};
    sow_module *module = sow_sequential(layers, names, 2, &err);
    assert_ok(sow_module_tie(module, "lm_head.weight", "wte.weight", &err), err);
    sow_generator_free(generator);
    return module;
}

/* One of two tied names is in the file: the report misses the other, which has its values. */
static void test_nn_missing__a_tied_tensor_is_loaded_by_one_name(void **state)
{
    (void)state;
    sow_error err;
    sow_module *from = tied(SOW_CPU, 1), *module = tied(SOW_META, 2);
    sow_generator *generator = seeded(3);
    assert_missing(module, "wte.weight ");
    load_what_is_there(module, file_without(from, "lm_head.weight"));
    assert_missing(module, "");
    assert_ok(sow_module_to_empty_missing(module, SOW_CPU, &err), err);
    assert_ok(sow_module_init_missing(module, generator, &err), err);
    assert_same_state(module, from);
    assert_ptr_equal(sow_module_tensor(module, "lm_head.weight"),
                     sow_module_tensor(module, "wte.weight"));
    assert_true(sow_tensor_is_initialized(sow_module_tensor(module, "lm_head.weight")));
    assert_int_equal(sow_generator_position(generator), 0);
    sow_generator_free(generator);
    sow_module_free(module);
    sow_module_free(from);
}

/* ---- modules whose reset is private ---- */

static sow_module *attention(sow_device device, sow_generator *generator)
{
    sow_error err;
    const sow_multihead_attention_options options = {
        .bias = true, .add_bias_kv = true, .kdim = SOW_EMBED_DIM, .vdim = SOW_EMBED_DIM};
    sow_module *module = sow_multihead_attention(
        8, 2, &options, &(sow_factory){.device = device, .generator = generator}, &err);
    assert_non_null(module);
    return module;
}

/* Nothing loaded: the pass over the tree draws what the constructor draws. */
static void test_nn_missing__attention_is_as_constructed(void **state)
{
    (void)state;
    sow_error err;
    sow_generator *one = seeded(5), *other = seeded(5);
    sow_module *expected = attention(SOW_CPU, one), *module = attention(SOW_META, other);
    assert_int_equal(sow_generator_position(other), 0);
    assert_ok(sow_module_to_empty_missing(module, SOW_CPU, &err), err);
    assert_missing(module,
                   "in_proj_weight in_proj_bias bias_k bias_v out_proj.weight out_proj.bias ");
    assert_ok(sow_module_init_missing(module, other, &err), err);
    assert_missing(module, "");
    assert_same_state(module, expected);
    assert_int_equal(sow_generator_position(other), sow_generator_position(one));
    sow_module_free(module);
    sow_module_free(expected);
    sow_generator_free(other);
    sow_generator_free(one);
}

/* The one tensor that is drawn is drawn from the start of the stream; the others are the file's. */
static void test_nn_missing__attention_gets_the_matrix_that_a_file_lacks(void **state)
{
    (void)state;
    sow_error err;
    sow_generator *first = seeded(5), *generator = seeded(6), *same = seeded(6);
    sow_module *from = attention(SOW_CPU, first), *module = attention(SOW_META, generator);
    load_what_is_there(module, file_without(from, "in_proj_weight"));
    assert_missing(module, "in_proj_weight ");
    assert_ok(sow_module_to_empty_missing(module, SOW_CPU, &err), err);
    assert_ok(sow_module_init_missing(module, generator, &err), err);
    assert_ok(sow_xavier_uniform(sow_module_tensor(from, "in_proj_weight"), 1.0, same, &err), err);
    assert_same_state(module, from);
    assert_int_equal(sow_generator_position(generator), sow_generator_position(same));
    assert_missing(module, "");
    sow_module_free(module);
    sow_module_free(from);
    sow_generator_free(same);
    sow_generator_free(generator);
    sow_generator_free(first);
}

static sow_module *transformer(sow_device device, sow_generator *generator)
{
    sow_error err;
    sow_transformer_options options = SOW_TRANSFORMER_OPTIONS_INIT;
    options.num_encoder_layers = options.num_decoder_layers = 1;
    options.dim_feedforward = 5;
    sow_module *module = sow_transformer(
        4, 2, &options, &(sow_factory){.device = device, .generator = generator}, &err);
    assert_non_null(module);
    return module;
}

/* linear2's own draw, then Xavier over the matrix that is missing, and over no other. */
static void test_nn_missing__a_transformer_fills_its_matrices_last(void **state)
{
    (void)state;
    static const char name[] = "encoder.layers.0.linear2.weight";
    sow_error err;
    sow_generator *first = seeded(5), *generator = seeded(6), *same = seeded(6);
    sow_module *from = transformer(SOW_CPU, first), *module = transformer(SOW_META, generator);
    load_what_is_there(module, file_without(from, name));
    assert_ok(sow_module_to_empty_missing(module, SOW_CPU, &err), err);
    assert_ok(sow_module_init_missing(module, generator, &err), err);
    sow_tensor *matrix = sow_module_tensor(from, name);
    assert_ok(sow_kaiming_uniform(matrix, sqrt(5.0), "fan_in", "leaky_relu", same, &err), err);
    assert_ok(sow_xavier_uniform(matrix, 1.0, same, &err), err);
    assert_same_state(module, from);
    assert_int_equal(sow_generator_position(generator), sow_generator_position(same));
    sow_module_free(module);
    sow_module_free(from);
    sow_generator_free(same);
    sow_generator_free(generator);
    sow_generator_free(first);
}

/* ---- memory ---- */

static sow_tensor *vector(sow_device device)
{
    sow_error err;
    sow_tensor *tensor = sow_empty(SOW_F32, 1, &(int64_t){4}, device, &err);
    assert_non_null(tensor);
    return tensor;
}

static sow_module *of_vectors(const sow_device devices[3])
{
    sow_error err = {.status = SOW_OK};
    sow_module *module = sow_module_new("Net", &err);
    assert_ok(sow_module_register_parameter(module, "w", vector(devices[0]), &err), err);
    assert_ok(sow_module_register_buffer(module, "b", vector(devices[1]), true, &err), err);
    assert_ok(sow_module_register_buffer(module, "hidden", vector(devices[2]), false, &err), err);
    return module;
}

static sow_device device_of(const sow_module *module, const char *name)
{
    return sow_tensor_device(sow_module_tensor(module, name));
}

static void test_nn_missing__every_buffer_gets_memory(void **state)
{
    (void)state;
    sow_error err;
    sow_module *module = of_vectors((sow_device[]){SOW_META, SOW_META, SOW_META});
    assert_ok(sow_module_to_empty_missing(module, SOW_DEFERRED, &err), err);
    assert_int_equal(device_of(module, "w"), SOW_DEFERRED);
    assert_int_equal(device_of(module, "hidden"), SOW_DEFERRED);
    assert_ok(sow_module_to_empty_missing(module, SOW_CPU, &err), err);
    assert_int_equal(device_of(module, "w"), SOW_CPU);
    assert_int_equal(device_of(module, "b"), SOW_CPU);
    assert_int_equal(device_of(module, "hidden"), SOW_CPU);
    assert_missing(module, "w b hidden ");
    sow_module_free(module);
}

/* What is recorded, flagged or in memory stays. */
static void test_nn_missing__what_is_there_keeps_its_place(void **state)
{
    (void)state;
    sow_error err;
    sow_module *module = of_vectors((sow_device[]){SOW_DEFERRED, SOW_META, SOW_CPU});
    sow_tensor *w = sow_module_tensor(module, "w"), *hidden = sow_module_tensor(module, "hidden");
    sow_tensor *half = sow_tensor_slice(w, 0, 0, 2, 1, &err);
    const void *memory = sow_tensor_data(hidden);
    assert_ok(sow_ones(half, &err), err);
    sow_tensor_set_initialized(sow_module_tensor(module, "b"), true);
    assert_missing(module, "w hidden ");
    assert_ok(sow_module_to_empty_missing(module, SOW_CPU, &err), err);
    assert_int_equal(device_of(module, "w"), SOW_DEFERRED);
    assert_int_equal(device_of(module, "b"), SOW_META);
    assert_ptr_equal(sow_tensor_data(hidden), memory);
    assert_ok(sow_ones(w, &err), err);
    assert_ok(sow_tensor_copy(hidden, w, &err), err);
    assert_missing(module, "");
    sow_tensor_free(half);
    sow_module_free(module);
}

/* ---- the list ---- */

static sow_status reset_w(sow_module *module, sow_generator *generator, sow_error *err)
{
    return sow_uniform(sow_module_tensor(module, "w"), 0.0, 1.0, generator, err);
}

static void test_nn_missing__what_a_reset_leaves_out_is_listed(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_module *root = of_vectors((sow_device[]){SOW_CPU, SOW_CPU, SOW_CPU});
    sow_module *child = of_vectors((sow_device[]){SOW_CPU, SOW_CPU, SOW_CPU});
    sow_module_set_reset(child, reset_w);
    assert_ok(sow_module_register_module(root, "child", child, &err), err);
    sow_tensor_set_initialized(sow_module_tensor(root, "b"), true);
    assert_ok(sow_module_init_missing(root, NULL, &err), err);
    assert_missing(root, "w hidden child.b child.hidden ");
    assert_ok(sow_tensor_to_empty(sow_module_tensor(child, "w"), SOW_CPU, &err), err);
    assert_missing(root, "w hidden child.w child.b child.hidden ");
    sow_module_free(root);
}

static sow_status refuse(sow_module *module, sow_generator *generator, sow_error *err)
{
    (void)generator;
    return sow_ones(sow_module_tensor(module, "none"), err);
}

static void test_nn_missing__failures_say_why(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_module *module = of_vectors((sow_device[]){SOW_META, SOW_META, SOW_META});
    assert_fails(sow_module_to_empty_missing(module, SOW_META, &err), SOW_ERROR_VALUE, err,
                 "to_empty_missing: expected cpu or deferred, got meta");
    assert_fails(sow_module_to_empty_missing(module, (sow_device)9, &err), SOW_ERROR_VALUE, err,
                 "to_empty_missing: expected cpu or deferred, got device 9, which is none");
    assert_int_equal(device_of(module, "w"), SOW_META);
    sow_module_set_reset(module, refuse);
    assert_fails(sow_module_init_missing(module, NULL, &err), SOW_ERROR_TYPE, err,
                 "ones: tensor is NULL");
    assert_int_equal(sow_module_init_missing(module, NULL, NULL), SOW_ERROR_TYPE);
    sow_module_free(module);
    module = sow_nn("LazyLinear", "[4]", NULL, &err);
    assert_non_null(module);
    static const char lazy[] = "Attempted to use an uninitialized parameter: weight belongs to a "
                               "lazy module whose shape is not known yet";
    assert_fails(sow_module_to_empty_missing(module, SOW_CPU, &err), SOW_ERROR_VALUE, err, lazy);
    assert_null(sow_module_list_missing(module, &err));
    assert_string_equal(err.message, lazy);
    sow_module_free(module);
}

/* The counter that a checkpoint of another version lacks is written, not only made. */
static void test_nn_missing__a_supplied_counter_is_there(void **state)
{
    (void)state;
    sow_error err;
    sow_module *from = sow_nn("BatchNorm1d", "[3]", NULL, &err);
    sow_module *norm = sow_nn("BatchNorm1d", "{\"_args_\": [3], \"device\": \"meta\"}", NULL, &err);
    sow_state_dict *all = sow_module_state_dict(from, &err), *old = sow_state_dict_new(&err);
    for (size_t i = 0; i + 1 < sow_state_dict_count(all); i++) {
        assert_ok(sow_state_dict_add(old, sow_state_dict_name(all, i),
                                     sow_state_dict_tensor(all, i), &err),
                  err);
    }
    const sow_load_options assign = {.assign = true};
    assert_ok(sow_module_load_state_dict(norm, old, &assign, NULL, &err), err);
    sow_tensor *counter = sow_module_tensor(norm, "num_batches_tracked");
    sow_tensor_set_initialized(counter, false);
    assert_missing(norm, "");
    assert_int_equal(*(const int64_t *)sow_tensor_data(counter), 0);
    sow_state_dict_free(old);
    sow_state_dict_free(all);
    sow_module_free(norm);
    sow_module_free(from);
}

/* reset_parameters of every class finds out that its weight was taken away. */
static void test_nn_missing__reset_without_weight(void **state)
{
    (void)state;
    static const char *const classes[][2] = {
        {"Linear", "[2, 3]"},    {"Bilinear", "[2, 3, 4]"},
        {"Conv2d", "[2, 3, 1]"}, {"ConvTranspose1d", "[2, 3, 1]"},
        {"Embedding", "[2, 3]"}, {"EmbeddingBag", "[2, 3]"},
        {"LayerNorm", "[2]"},    {"RMSNorm", "[2]"},
        {"GroupNorm", "[1, 2]"}, {"BatchNorm1d", "[2]"},
        {"PReLU", "[]"},
    };
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        sow_error err = {.status = SOW_OK};
        sow_module *module = sow_nn(classes[i][0], classes[i][1], NULL, &err);
        assert_non_null(module);
        assert_ok(sow_module_set_tensor(module, "weight", NULL, &err), err);
        const sow_status status = sow_module_reset_parameters(module, NULL, &err);
        assert_true(status == SOW_OK || err.message[0] != '\0');
        sow_module_free(module);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_missing__a_supplied_counter_is_there),
        cmocka_unit_test(test_nn_missing__reset_without_weight),
        cmocka_unit_test(test_nn_missing__a_tied_tensor_is_loaded_by_one_name),
        cmocka_unit_test(test_nn_missing__attention_is_as_constructed),
        cmocka_unit_test(test_nn_missing__attention_gets_the_matrix_that_a_file_lacks),
        cmocka_unit_test(test_nn_missing__a_transformer_fills_its_matrices_last),
        cmocka_unit_test(test_nn_missing__every_buffer_gets_memory),
        cmocka_unit_test(test_nn_missing__what_is_there_keeps_its_place),
        cmocka_unit_test(test_nn_missing__what_a_reset_leaves_out_is_listed),
        cmocka_unit_test(test_nn_missing__failures_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
