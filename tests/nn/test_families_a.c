/* Constructors with C arguments, reset_parameters, tensors as arguments and lazy modules.
 * SPDX-License-Identifier: Apache-2.0 */
#include "kern/sha256.h"
#include "support.h"

#include "nn/class.h"
#include <inttypes.h>
#include <sow/init.h>
#include <sow/nn.h>

/* ---- the typed constructors ---- */

static const int64_t kernel[3] = {3, 5, 2}, cutoffs[2] = {5, 15}, shape[3] = {2, 3, 4};
static const sow_conv_options groups = {.groups = 2}, no_bias = {.no_bias = true};
static const sow_adaptive_log_softmax_options clusters = {
    .cutoffs = cutoffs, .n_cutoffs = 2, .head_bias = true};
static const sow_rnn_options wide = {.num_layers = 2, .bidirectional = true},
                             narrow = {.num_layers = 2, .bidirectional = true, .proj_size = 3},
                             unbiased = {.no_bias = true};
static const sow_batch_norm_options without_bias = {.no_bias = true},
                                    statistics_alone = {.no_affine = true},
                                    affine_alone = {.no_running_stats = true};
static const sow_instance_norm_options full = {.affine = true, .track_running_stats = true};

/* X(number, class, arguments, C call, SHA-256, next). Where the last two are given, they are
 *     torch.manual_seed(0); m = torch.nn.CLASS(...)
 * of torch 2.13.0: the first 16 digits over the bytes of m.state_dict().values(), and the bits of
 * torch.rand(1) after it. */
#define CONSTRUCTORS(X)                                                                            \
    X(0, "Linear", "[20, 30]", sow_linear(20, 30, true, f, e), "5d1007511b465e14", 0x3f5062ba)     \
    X(1, "Linear", "[20, 30, false]", sow_linear(20, 30, false, f, e), "c89d81f58d9b7d69",         \
      0x3da02b40)                                                                                  \
    X(2, "Bilinear", "[7, 5, 3]", sow_bilinear(7, 5, 3, true, f, e), "6d1fe8463322fa99",           \
      0x3ef1e4fe)                                                                                  \
    X(3, "Conv1d", "[6, 4, 3]", sow_conv1d(6, 4, kernel, NULL, f, e), NULL, 0)                     \
    X(4, "Conv2d", "{\"_args_\": [6, 4, [3, 5]], \"groups\": 2}",                                  \
      sow_conv2d(6, 4, kernel, &groups, f, e), "8e0f8b4a28595122", 0x3f3d8133)                     \
    X(5, "Conv3d", "{\"_args_\": [6, 4, [3, 5, 2]], \"bias\": false}",                             \
      sow_conv3d(6, 4, kernel, &no_bias, f, e), NULL, 0)                                           \
    X(6, "ConvTranspose1d", "[6, 4, 3]", sow_conv_transpose1d(6, 4, kernel, NULL, f, e), NULL, 0)  \
    X(7, "ConvTranspose2d", "{\"_args_\": [6, 4, [3, 5]], \"groups\": 2}",                         \
      sow_conv_transpose2d(6, 4, kernel, &groups, f, e), "b6a6a0c494680b67", 0x3f3d8133)           \
    X(8, "ConvTranspose3d", "{\"_args_\": [6, 4, [3, 5, 2]], \"bias\": false}",                    \
      sow_conv_transpose3d(6, 4, kernel, &no_bias, f, e), NULL, 0)                                 \
    X(9, "BatchNorm1d", "{\"_args_\": [5], \"bias\": false}",                                      \
      sow_batch_norm1d(5, &without_bias, f, e), NULL, 0)                                           \
    X(10, "BatchNorm2d", "[5]", sow_batch_norm2d(5, NULL, f, e), "83e1cb8b2e719b19", 0x3efe1558)   \
    X(11, "BatchNorm3d", "{\"_args_\": [5], \"affine\": false}",                                   \
      sow_batch_norm3d(5, &statistics_alone, f, e), NULL, 0)                                       \
    X(12, "BatchNorm1d", "{\"_args_\": [5], \"track_running_stats\": false}",                      \
      sow_batch_norm1d(5, &affine_alone, f, e), NULL, 0)                                           \
    X(13, "InstanceNorm1d", "[5]", sow_instance_norm1d(5, NULL, f, e), NULL, 0)                    \
    X(14, "InstanceNorm2d", "{\"_args_\": [5], \"affine\": true, \"track_running_stats\": true}",  \
      sow_instance_norm2d(5, &full, f, e), NULL, 0)                                                \
    X(15, "InstanceNorm3d", "[5]", sow_instance_norm3d(5, NULL, f, e), NULL, 0)                    \
    X(16, "LayerNorm", "[7]", sow_layer_norm(7, true, true, f, e), NULL, 0)                        \
    X(17, "LayerNorm", "[[2, 3, 4]]", sow_layer_norm_nd(3, shape, true, true, f, e), NULL, 0)      \
    X(18, "LayerNorm", "[[]]", sow_layer_norm_nd(0, NULL, true, true, f, e), NULL, 0)              \
    X(19, "RMSNorm", "[[2, 3, 4]]", sow_rms_norm_nd(3, shape, true, f, e), NULL, 0)                \
    X(20, "GroupNorm", "[2, 6]", sow_group_norm(2, 6, true, true, f, e), NULL, 0)                  \
    X(21, "PReLU", "[3, 0.5]", sow_prelu(3, 0.5, f, e), NULL, 0)                                   \
    X(22, "Embedding", "{\"_args_\": [10, 7], \"padding_idx\": 9}", sow_embedding(10, 7, 9, f, e), \
      "ee13b5693084178f", 0x3ed5df52)                                                              \
    X(23, "Embedding", "[3, 5]", sow_embedding(3, 5, SOW_NO_PADDING_IDX, f, e),                    \
      "feb39d97c8afee24", 0x3e3421cc)                                                              \
    X(24, "EmbeddingBag", "{\"_args_\": [10, 7], \"padding_idx\": -2}",                            \
      sow_embedding_bag(10, 7, -2, f, e), NULL, 0)                                                 \
    X(25, "RNN", "[5, 6]", sow_rnn(5, 6, NULL, f, e), NULL, 0)                                     \
    X(26, "RNN", "{\"_args_\": [5, 6], \"bias\": false}", sow_rnn(5, 6, &unbiased, f, e), NULL, 0) \
    X(27, "GRU", "{\"_args_\": [5, 6, 2], \"bidirectional\": true}", sow_gru(5, 6, &wide, f, e),   \
      NULL, 0)                                                                                     \
    X(28, "LSTM", "{\"_args_\": [5, 6, 2], \"bidirectional\": true, \"proj_size\": 3}",            \
      sow_lstm(5, 6, &narrow, f, e), "304de3e28ee63ed4", 0x3f312869)                               \
    X(29, "RNNCell", "[5, 6, false]", sow_rnn_cell(5, 6, false, f, e), NULL, 0)                    \
    X(30, "GRUCell", "[5, 6]", sow_gru_cell(5, 6, true, f, e), "811f157d4f9b1580", 0x3f4e4c98)     \
    X(31, "LSTMCell", "[5, 6]", sow_lstm_cell(5, 6, true, f, e), NULL, 0)                          \
    X(32, "AdaptiveLogSoftmaxWithLoss", "{\"_args_\": [64, 35, [5, 15]], \"head_bias\": true}",    \
      sow_adaptive_log_softmax_with_loss(64, 35, &clusters, f, e), "1d26453cda75a464", 0x3ea198d4)

#define MAKE(number, class, json, call, digest, next)                                              \
    static sow_module *make_##number(const sow_factory *f, sow_error *e)                           \
    {                                                                                              \
        return call;                                                                               \
    }
CONSTRUCTORS(MAKE)

static const struct constructor {
    const char *class, *json;
    sow_module *(*make)(const sow_factory *factory, sow_error *err);
    const char *digest;
    uint32_t next;
} constructors[] = {
#define ROW(number, class, json, call, digest, next) {class, json, make_##number, digest, next},
    CONSTRUCTORS(ROW)};

#define N_CONSTRUCTORS (sizeof constructors / sizeof constructors[0])

static void seed(uint64_t value)
{
    sow_error err;
    assert_ok(sow_generator_manual_seed(sow_default_generator(), value, &err), err);
}

static void digest_of(const sow_module *module, char digest[65])
{
    sow_error err;
    sow_state_dict *state = sow_module_state_dict(module, &err);
    assert_non_null(state);
    size_t n_bytes = 0;
    unsigned char *bytes = malloc(1U << 20);
    assert_non_null(bytes);
    for (size_t i = 0; i < sow_state_dict_count(state); i++) {
        sow_tensor *tensor = sow_state_dict_tensor(state, i);
        assert_ok(sow_tensor_materialize(tensor, 1, &err), err);
        const size_t n_more = sow_tensor_n_bytes(tensor);
        assert_true(n_bytes + n_more <= 1U << 20);
        if (n_more > 0) {
            memcpy(bytes + n_bytes, sow_tensor_data(tensor), n_more);
        }
        n_bytes += n_more;
    }
    sha256_text(digest, bytes, n_bytes);
    free(bytes);
    sow_state_dict_free(state);
}

/* The bits of torch.rand(1) in float32. */
static uint32_t next_bits(void)
{
    sow_error err;
    uint32_t word, bits;
    assert_ok(sow_generator_random(sow_default_generator(), &word, &err), err);
    const float number = (float)(word & 0xffffff) * 0x1p-24F;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static void test_nn_families_a__typed_constructors_give_the_classes(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CONSTRUCTORS; i++) {
        const struct constructor *of = &constructors[i];
        const sow_dtype dtypes[] = {SOW_F32, SOW_F64, SOW_BF16};
        for (size_t k = 0; k < 3; k++) {
            sow_error err = {.status = SOW_OK};
            const sow_factory factory = {.dtype = dtypes[k]};
            char by_name[65], typed[65];
            seed(3);
            sow_module *module = sow_nn(of->class, of->json, &factory, &err);
            assert_non_null(module);
            const uint32_t next = next_bits();
            digest_of(module, by_name);
            sow_module_free(module);
            seed(3);
            module = of->make(&factory, &err);
            assert_non_null(module);
            assert_string_equal(sow_module_type(module), of->class);
            assert_int_equal(next_bits(), next);
            digest_of(module, typed);
            assert_string_equal(typed, by_name);
            sow_module_free(module);
        }
    }
}

static void test_nn_families_a__known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CONSTRUCTORS; i++) {
        const struct constructor *of = &constructors[i];
        for (int device = SOW_CPU; of->digest != NULL && device <= SOW_DEFERRED; device += 2) {
            sow_error err = {.status = SOW_OK};
            const sow_factory factory = {.device = (sow_device)device};
            char digest[65];
            seed(0);
            sow_module *module = of->make(&factory, &err);
            assert_non_null(module);
            assert_int_equal(next_bits(), of->next);
            digest_of(module, digest);
            digest[16] = '\0';
            assert_string_equal(digest, of->digest);
            sow_module_free(module);
        }
    }
}

static void test_nn_families_a__reset_repeats_the_constructor(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CONSTRUCTORS; i++) {
        sow_error err = {.status = SOW_OK};
        char built[65], reset[65];
        seed(9);
        sow_module *module = constructors[i].make(NULL, &err);
        assert_non_null(module);
        const uint32_t next = next_bits();
        digest_of(module, built);
        assert_ok(sow_module_to_empty(module, SOW_CPU, &err), err);
        seed(9);
        assert_ok(sow_module_reset_parameters(module, NULL, &err), err);
        assert_int_equal(next_bits(), next);
        digest_of(module, reset);
        assert_string_equal(reset, built);
        sow_module_free(module);
    }
}

/* ---- failures of typed constructors ---- */

static void assert_none(sow_module *module, sow_status status, const sow_error *err,
                        const char *message)
{
    assert_null(module);
    assert_string_equal(err->message, message);
    assert_int_equal(err->status, status);
}

static void test_nn_families_a__typed_constructors_say_what_pytorch_says(void **state)
{
    (void)state;
    sow_error err;
    const sow_rnn_options minus = {.proj_size = -1}, six = {.proj_size = 6},
                          bad = {.num_layers = -1};
    const sow_conv_options by_three = {.groups = 3}, by_four = {.groups = 4}, none = {.groups = -1};
    assert_none(sow_bilinear(0, 2, 3, true, NULL, &err), SOW_ERROR_VALUE, &err,
                "in1_features must be > 0, but got (in1_features=0)");
    assert_none(sow_conv2d(4, 6, kernel, &none, NULL, &err), SOW_ERROR_VALUE, &err,
                "groups must be a positive integer");
    assert_none(sow_conv2d(4, 6, kernel, &by_three, NULL, &err), SOW_ERROR_VALUE, &err,
                "in_channels must be divisible by groups");
    assert_none(sow_conv_transpose1d(4, 6, kernel, &by_four, NULL, &err), SOW_ERROR_VALUE, &err,
                "out_channels must be divisible by groups");
    assert_none(sow_group_norm(2, 5, true, true, NULL, &err), SOW_ERROR_VALUE, &err,
                "num_channels (5) must be divisible by num_groups (2)");
    assert_none(sow_group_norm(0, 5, true, true, NULL, &err), SOW_ERROR_ZERO_DIVISION, &err,
                "integer modulo by zero");
    assert_none(sow_rnn(0, 3, NULL, NULL, &err), SOW_ERROR_VALUE, &err,
                "input_size must be greater than zero");
    assert_none(sow_gru(2, 0, NULL, NULL, &err), SOW_ERROR_VALUE, &err,
                "hidden_size must be greater than zero");
    assert_none(sow_lstm(2, 3, &bad, NULL, &err), SOW_ERROR_VALUE, &err,
                "num_layers must be greater than zero");
    assert_none(sow_lstm(2, 3, &minus, NULL, &err), SOW_ERROR_VALUE, &err,
                "proj_size should be a positive integer or zero to disable projections");
    assert_none(sow_lstm(2, 6, &six, NULL, &err), SOW_ERROR_VALUE, &err,
                "proj_size has to be smaller than hidden_size");
    assert_none(sow_gru(2, 7, &six, NULL, &err), SOW_ERROR_VALUE, &err,
                "proj_size argument is only supported for LSTM, not RNN or GRU");
    assert_none(sow_embedding_bag(3, 4, 3, NULL, &err), SOW_ERROR_VALUE, &err,
                "padding_idx must be within num_embeddings");
    assert_none(sow_embedding(0, 4, 0, NULL, &err), SOW_ERROR_INDEX, &err,
                "index 0 is out of bounds for dimension 0 with size 0");
    assert_none(sow_adaptive_log_softmax_with_loss(8, 15, &clusters, NULL, &err), SOW_ERROR_VALUE,
                &err,
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing "
                "order, where each value is between 1 and n_classes-1");
    assert_none(sow_layer_norm_nd(SOW_MAX_DIMS + 1, shape, true, true, NULL, &err), SOW_ERROR_VALUE,
                &err, "n_dims must be between 0 and 64, got 65");
}

/* ---- reset_parameters on tensors that were changed ---- */

static sow_tensor *channels_last(sow_device device)
{
    sow_error err;
    sow_tensor *tensor = sow_empty_strided(SOW_F32, 4, (const int64_t[]){4, 6, 3, 5},
                                           (const int64_t[]){90, 1, 30, 6}, device, &err);
    assert_non_null(tensor);
    return tensor;
}

static void test_nn_families_a__conv_draws_in_row_major_order_whatever_the_strides(void **state)
{
    (void)state;
    for (int device = SOW_CPU; device <= SOW_DEFERRED; device += 2) {
        sow_error err = {.status = SOW_OK};
        seed(5);
        sow_module *plain = sow_conv2d(6, 4, kernel, NULL, NULL, &err);
        sow_module *module = sow_conv2d(6, 4, kernel, NULL, NULL, &err);
        assert_non_null(plain);
        assert_non_null(module);
        assert_ok(sow_module_set_tensor(module, "weight", channels_last((sow_device)device), &err),
                  err);
        seed(5);
        assert_ok(sow_module_reset_parameters(module, NULL, &err), err);
        sow_tensor *weight = sow_module_tensor(module, "weight");
        assert_ok(sow_tensor_materialize(weight, 1, &err), err);
        sow_tensor *dense = sow_empty(SOW_F32, 4, sow_tensor_sizes(weight), SOW_CPU, &err);
        assert_ok(sow_tensor_copy(dense, weight, &err), err);
        assert_same_bits(sow_tensor_data(dense),
                         sow_tensor_data(sow_module_tensor(plain, "weight")), 4 * 6 * 3 * 5, 4);
        assert_same_bits(sow_tensor_data(sow_module_tensor(module, "bias")),
                         sow_tensor_data(sow_module_tensor(plain, "bias")), 4, 4);
        sow_tensor_free(dense);
        sow_module_free(module);
        sow_module_free(plain);
    }
}

/* The copy into a strided weight is no way around the guard. */
static void test_nn_families_a__conv_leaves_an_initialized_strided_weight(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_module *module = sow_conv2d(6, 4, kernel, NULL, NULL, &err);
    assert_non_null(module);
    assert_ok(sow_module_set_tensor(module, "weight", channels_last(SOW_CPU), &err), err);
    sow_tensor *weight = sow_module_tensor(module, "weight");
    assert_ok(sow_constant(weight, 7.0, &err), err);
    sow_tensor_set_initialized(weight, true);
    sow_guard_enter();
    const sow_status status = sow_module_reset_parameters(module, NULL, &err);
    sow_guard_leave();
    assert_ok(status, err);
    for (size_t i = 0; i < 4 * 6 * 3 * 5; i++) {
        assert_true(((const float *)sow_tensor_data(weight))[i] == 7.0F);
    }
    sow_module_free(module);
}

/* Running statistics are not torch.nn.init's business; the guard is for them, too. */
static void test_nn_families_a__running_statistics_in_the_scopes(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_no_init_enter();
    sow_module *module = sow_batch_norm1d(2, NULL, NULL, &err);
    sow_no_init_leave();
    assert_non_null(module);
    float *mean = sow_tensor_data(sow_module_tensor(module, "running_mean"));
    const float *variance = sow_tensor_data(sow_module_tensor(module, "running_var"));
    const int64_t *count = sow_tensor_data(sow_module_tensor(module, "num_batches_tracked"));
    assert_true(mean[0] == 0 && mean[1] == 0 && variance[0] == 1 && variance[1] == 1 &&
                *count == 0);
    mean[0] = 5;
    sow_tensor_set_initialized(sow_module_tensor(module, "running_mean"), true);
    sow_guard_enter();
    const sow_status status = sow_module_reset_parameters(module, NULL, &err);
    sow_guard_leave();
    assert_ok(status, err);
    assert_true(mean[0] == 5);
    sow_module_free(module);
}

static void test_nn_families_a__bias_without_fan_in_is_zero_and_drawn(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    seed(0);
    sow_module *module = sow_linear(0, 3, true, NULL, &err);
    assert_non_null(module);
    const uint32_t zeros[3] = {0};
    assert_same_bits(sow_tensor_data(sow_module_tensor(module, "bias")), zeros, 3, 4);
    assert_int_equal(sow_generator_position(sow_default_generator()), 3);
    sow_module_free(module);
}

/* ---- tensors and modules as arguments ---- */

static sow__value tensor_value(sow_dtype dtype, int n_dims, const int64_t *sizes)
{
    sow_error err;
    sow__value value = {.kind = SOW__VALUE_TENSOR,
                        .tensor = sow_empty(dtype, n_dims, sizes, SOW_CPU, &err)};
    assert_non_null(value.tensor);
    assert_ok(sow_zeros(value.tensor, &err), err);
    return value;
}

/* class(*args, name=value) */
static sow_module *call(const char *class, size_t n_args, const int64_t *args, const char *name,
                        sow__value value, sow_error *err)
{
    sow__value positional = {.kind = SOW__VALUE_LIST, .n_items = n_args};
    sow__value keyword = {.kind = SOW__VALUE_DICT, .n_items = 1};
    positional.items = calloc(n_args + 1, sizeof *positional.items);
    for (size_t i = 0; i < n_args; i++) {
        positional.items[i] = (sow__value){.kind = SOW__VALUE_INT, .integer = args[i]};
    }
    keyword.items = calloc(1, sizeof *keyword.items);
    keyword.keys = calloc(1, sizeof *keyword.keys);
    keyword.items[0] = value;
    keyword.keys[0] = strdup(name);
    err->status = SOW_OK;
    return sow__class_call(sow__class_find(class), &positional, &keyword, NULL, err);
}

static void test_nn_families_a__tensors_become_weights_and_buffers(void **state)
{
    (void)state;
    static const struct {
        const char *class;
        size_t n_args;
        const char *argument;
        int n_dims;
    } cases[] = {{"Embedding", 2, "_weight", 2},
                 {"EmbeddingBag", 2, "_weight", 2},
                 {"NLLLoss", 0, "weight", 1},
                 {"CrossEntropyLoss", 0, "weight", 1},
                 {"BCELoss", 0, "weight", 2},
                 {"MultiMarginLoss", 0, "weight", 1},
                 {"BCEWithLogitsLoss", 0, "pos_weight", 1},
                 {"LinearCrossEntropyLoss", 2, "weight", 1},
                 {"FractionalMaxPool2d", 2, "_random_samples", 2}};
    const int64_t args[2] = {3, 4}, sizes[2] = {3, 4};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sow_error err = {.message = ""};
        const int64_t *of = cases[i].n_dims == 1 ? sizes + 1 : sizes;
        const sow__value value = tensor_value(SOW_F32, cases[i].n_dims, of);
        sow_module *module =
            call(cases[i].class, cases[i].n_args, args, cases[i].argument, value, &err);
        assert_string_equal(err.message, "");
        const char *name = cases[i].argument[1] == 'w' ? "weight" : cases[i].argument;
        assert_ptr_equal(sow_module_tensor(module, name), value.tensor);
        sow_module_free(module);
    }
}

static void test_nn_families_a__tensors_that_do_not_fit(void **state)
{
    (void)state;
    sow_error err = {.message = ""};
    const int64_t args[2] = {3, 4}, sizes[2] = {3, 5};
    assert_none(call("Embedding", 2, args, "_weight", tensor_value(SOW_F32, 2, sizes), &err),
                SOW_ERROR_VALUE, &err,
                "Shape of weight does not match num_embeddings and embedding_dim");
    assert_none(call("EmbeddingBag", 2, args, "_weight", tensor_value(SOW_I32, 2, args), &err),
                SOW_ERROR_RUNTIME, &err,
                "Only Tensors of floating point and complex dtype can require gradients");
    assert_none(call("MultiMarginLoss", 0, args, "weight", tensor_value(SOW_F32, 2, sizes), &err),
                SOW_ERROR_VALUE, &err,
                "MultiMarginLoss: expected weight to be None or 1D tensor, got 2D instead");
    assert_none(
        call("LinearCrossEntropyLoss", 2, args, "weight", tensor_value(SOW_F32, 1, sizes), &err),
        SOW_ERROR_RUNTIME, &err, "expected weight shape to be (4,), got (3,)");
    assert_none(call("NLLLoss", 0, args, "weight", (sow__value){.kind = SOW__VALUE_INT}, &err),
                SOW_ERROR_TYPE, &err,
                "cannot assign 'int' object to buffer 'weight' (torch Tensor or None required)");
}

static void test_nn_families_a__a_module_becomes_the_distance(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_module *distance = sow_linear(2, 1, true, NULL, &err);
    sow_module *module = call("TripletMarginWithDistanceLoss", 0, NULL, "distance_function",
                              (sow__value){.kind = SOW__VALUE_MODULE, .module = distance}, &err);
    assert_non_null(module);
    assert_ptr_equal(sow_module_get(module, "distance_function"), distance);
    sow_module_free(module);
}

/* ---- lazy modules ---- */

static void test_nn_families_a__lazy_modules_have_names_and_no_shapes(void **state)
{
    (void)state;
    static const struct {
        const char *class, *json, *first;
    } cases[] = {{"LazyLinear", "[3]", "weight"},
                 {"LazyConv2d", "[4, 3]", "weight"},
                 {"LazyConvTranspose1d", "{\"_args_\": [4, 3], \"bias\": false}", "weight"},
                 {"LazyBatchNorm1d", "[]", "weight"},
                 {"LazyInstanceNorm3d", "{\"affine\": false}", "running_mean"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sow_error err = {.status = SOW_OK};
        seed(0);
        sow_module *module = sow_nn(cases[i].class, cases[i].json, NULL, &err);
        assert_non_null(module);
        assert_ok(sow_module_reset_parameters(module, NULL, &err), err);
        assert_int_equal(sow_generator_position(sow_default_generator()), 0);
        assert_null(sow_module_state_dict(module, &err));
        assert_non_null(strstr(err.message, cases[i].first));
        assert_non_null(strstr(err.message, "uninitialized parameter"));
        sow_module_free(module);
    }
}

/* Once it has its shape, a lazy module resets as the class that it stands for. */
static void test_nn_families_a__lazy_modules_reset_when_they_have_shapes(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_module *lazy = sow_nn("LazyLinear", "[3]", NULL, &err);
    assert_non_null(lazy);
    assert_ok(sow__module_set_lazy(lazy, "weight", 2, (const int64_t[]){3, 4}, &err), err);
    assert_ok(sow__module_set_lazy(lazy, "bias", 1, (const int64_t[]){3}, &err), err);
    char got[65], expected[65];
    seed(2);
    assert_ok(sow_module_reset_parameters(lazy, NULL, &err), err);
    digest_of(lazy, got);
    seed(2);
    sow_module *eager = sow_linear(4, 3, true, NULL, &err);
    assert_non_null(eager);
    digest_of(eager, expected);
    assert_string_equal(got, expected);
    sow_module_free(lazy);
    sow_module_free(eager);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_families_a__typed_constructors_give_the_classes),
        cmocka_unit_test(test_nn_families_a__known_answers),
        cmocka_unit_test(test_nn_families_a__reset_repeats_the_constructor),
        cmocka_unit_test(test_nn_families_a__typed_constructors_say_what_pytorch_says),
        cmocka_unit_test(test_nn_families_a__conv_draws_in_row_major_order_whatever_the_strides),
        cmocka_unit_test(test_nn_families_a__conv_leaves_an_initialized_strided_weight),
        cmocka_unit_test(test_nn_families_a__running_statistics_in_the_scopes),
        cmocka_unit_test(test_nn_families_a__bias_without_fan_in_is_zero_and_drawn),
        cmocka_unit_test(test_nn_families_a__tensors_become_weights_and_buffers),
        cmocka_unit_test(test_nn_families_a__tensors_that_do_not_fit),
        cmocka_unit_test(test_nn_families_a__a_module_becomes_the_distance),
        cmocka_unit_test(test_nn_families_a__lazy_modules_have_names_and_no_shapes),
        cmocka_unit_test(test_nn_families_a__lazy_modules_reset_when_they_have_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
