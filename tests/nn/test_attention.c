/* Attention and transformers against torch (tests/nn/vectors/attention.txt) and by C arguments.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/module_text.h"

/* "ok name:hash... state:hash" */
static void describe(const sow_module *module, sow_generator *generator, char text[TEXT_SIZE])
{
    sow_error err;
    sow_state_dict *state = sow_module_state_dict(module, &err);
    assert_non_null(state);
    size_t used = (size_t)snprintf(text, TEXT_SIZE, "ok");
    char hash[HASH_SIZE];
    for (size_t i = 0; i < sow_state_dict_count(state); i++) {
        tensor_hash_text(sow_state_dict_tensor(state, i), hash);
        used += (size_t)snprintf(text + used, TEXT_SIZE - used, " %s:%s",
                                 sow_state_dict_name(state, i), hash);
    }
    state_hash_text(generator, hash);
    snprintf(text + used, TEXT_SIZE - used, " state:%s", hash);
    sow_state_dict_free(state);
}

/* The stack of a line whose layer is built; takes the layer. */
static sow_module *stack_of(const char *kind, sow_module *layer, int64_t copies, bool has_norm,
                            const sow_factory *factory, sow_error *err)
{
    sow_module *norm = NULL;
    if (has_norm) {
        norm = sow_layer_norm(8, true, true, factory, err);
        assert_non_null(norm);
    }
    return strstr(kind, "Encoder") != NULL ? sow_transformer_encoder(layer, copies, norm, err)
                                           : sow_transformer_decoder(layer, copies, norm, err);
}

static bool check_line(char *line, void *user)
{
    const sow_factory *factory = user;
    char *rest;
    const char *kind = strtok_r(line, " ", &rest);
    const char *copies = strtok_r(NULL, " ", &rest);
    const bool has_norm = strcmp(strtok_r(NULL, " ", &rest), "1") == 0;
    sow_error err = {.status = SOW_OK};
    assert_ok(sow_generator_manual_seed(factory->generator,
                                        strtoull(strtok_r(NULL, " ", &rest), NULL, 10), &err),
              err);
    const char *arguments = strtok_r(NULL, " ", &rest);
    sow_module *module = sow_nn(kind, arguments, factory, &err);
    if (module != NULL && strcmp(copies, "-") != 0) {
        module = stack_of(kind, module, strtoll(copies, NULL, 10), has_norm, factory, &err);
    }
    if (module == NULL) {
        const bool is_same = is_this_error(rest, &err);
        if (!is_same) {
            print_error("got %s: %s\n", sow_status_name(err.status), err.message);
        }
        return is_same;
    }
    static char got[TEXT_SIZE];
    describe(module, factory->generator, got);
    sow_module_free(module);
    if (strcmp(got, rest) != 0) {
        print_error("got %s\n", got);
        return false;
    }
    return true;
}

static void run_vectors(sow_device device)
{
    sow_error err;
    sow_factory factory = {.device = device, .generator = sow_generator_new(&err)};
    assert_true(for_each_line("attention.txt", check_line, &factory) > 70);
    sow_generator_free(factory.generator);
}

static void test_nn_attention__known_answers(void **state)
{
    (void)state;
    run_vectors(SOW_CPU);
}

static void test_nn_attention__known_answers_deferred(void **state)
{
    (void)state;
    run_vectors(SOW_DEFERRED);
}

static void test_nn_attention__meta_draws_nothing(void **state)
{
    (void)state;
    sow_error err;
    sow_factory factory = {.device = SOW_META, .generator = sow_generator_new(&err)};
    sow_module *module = sow_transformer(8, 2, NULL, &factory, &err);
    assert_non_null(module);
    assert_int_equal(sow_generator_position(factory.generator), 0);
    sow_module_free(module);
    sow_generator_free(factory.generator);
}

/* A constructor by C arguments gives what the call by name gives. Takes both modules. */
static void assert_same_modules(sow_module *typed, sow_module *named)
{
    sow_error err;
    assert_non_null(typed);
    assert_non_null(named);
    assert_string_equal(sow_module_type(typed), sow_module_type(named));
    sow_state_dict *a = sow_module_state_dict(typed, &err);
    sow_state_dict *b = sow_module_state_dict(named, &err);
    assert_int_equal(sow_state_dict_count(a), sow_state_dict_count(b));
    for (size_t i = 0; i < sow_state_dict_count(a); i++) {
        assert_string_equal(sow_state_dict_name(a, i), sow_state_dict_name(b, i));
        sow_tensor *x = sow_state_dict_tensor(a, i), *y = sow_state_dict_tensor(b, i);
        assert_int_equal(sow_tensor_n_bytes(x), sow_tensor_n_bytes(y));
        assert_same_bits(values_in_memory(x), values_in_memory(y), sow_tensor_n_bytes(x), 1);
    }
    sow_state_dict_free(a);
    sow_state_dict_free(b);
    sow_module_free(typed);
    sow_module_free(named);
}

static sow_factory seeded(sow_generator *generator)
{
    sow_error err;
    assert_ok(sow_generator_manual_seed(generator, 7, &err), err);
    return (sow_factory){.generator = generator};
}

static void test_nn_attention__c_arguments(void **state)
{
    (void)state;
    sow_error err;
    sow_generator *generators[2] = {sow_generator_new(&err), sow_generator_new(&err)};
    sow_factory a = seeded(generators[0]), b = seeded(generators[1]);
    sow_multihead_attention_options options = SOW_MULTIHEAD_ATTENTION_OPTIONS_INIT;
    options.add_bias_kv = true;
    options.kdim = 5;
    assert_same_modules(sow_multihead_attention(8, 2, &options, &a, &err),
                        sow_nn("MultiheadAttention",
                               "{\"embed_dim\":8,\"num_heads\":2,\"add_bias_kv\":true,\"kdim\":5}",
                               &b, &err));
    assert_same_modules(sow_multihead_attention(8, 2, NULL, &a, &err),
                        sow_nn("MultiheadAttention", "[8,2]", &b, &err));
    sow_transformer_options with = SOW_TRANSFORMER_OPTIONS_INIT;
    with.dim_feedforward = 6;
    with.num_encoder_layers = 2;
    with.num_decoder_layers = 1;
    with.bias = false;
    static const char text[] = "{\"d_model\":4,\"nhead\":2,\"dim_feedforward\":6,\"bias\":false}";
    assert_same_modules(sow_transformer_encoder_layer(4, 2, &with, &a, &err),
                        sow_nn("TransformerEncoderLayer", text, &b, &err));
    assert_same_modules(sow_transformer_decoder_layer(4, 2, &with, &a, &err),
                        sow_nn("TransformerDecoderLayer", text, &b, &err));
    assert_same_modules(sow_transformer(4, 2, &with, &a, &err),
                        sow_nn("Transformer", "{\"_args_\":[4,2,2,1,6],\"bias\":false}", &b, &err));
    sow_generator_free(generators[0]);
    sow_generator_free(generators[1]);
}

static void test_nn_attention__modules_in_options(void **state)
{
    (void)state;
    sow_error err;
    sow_transformer_options with = SOW_TRANSFORMER_OPTIONS_INIT;
    with.num_encoder_layers = with.num_decoder_layers = 1;
    with.dim_feedforward = 3;
    with.activation = sow_nn("PReLU", NULL, NULL, &err);
    with.custom_encoder = sow_linear(2, 3, true, NULL, &err);
    sow_module *module = sow_transformer(4, 2, &with, NULL, &err);
    assert_non_null(module);
    assert_non_null(sow_module_tensor(module, "encoder.weight"));
    assert_non_null(sow_module_tensor(module, "decoder.layers.0.activation.weight"));
    sow_module_free(module);
    /* taken on failure, too */
    with.activation = sow_nn("PReLU", NULL, NULL, &err);
    with.custom_encoder = sow_linear(2, 3, true, NULL, &err);
    with.custom_decoder = NULL;
    assert_null(sow_transformer(4, 3, &with, NULL, NULL));
}

static void test_nn_attention__stack_of_a_failed_layer(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    sow_module *norm = sow_layer_norm(4, true, true, NULL, &err);
    assert_null(sow_transformer_encoder(sow_transformer_encoder_layer(4, 3, NULL, NULL, &err), 2,
                                        norm, &err));
    assert_string_equal(err.message, "embed_dim must be divisible by num_heads");
    assert_null(sow_transformer_decoder(NULL, 2, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_attention__known_answers),
        cmocka_unit_test(test_nn_attention__known_answers_deferred),
        cmocka_unit_test(test_nn_attention__meta_draws_nothing),
        cmocka_unit_test(test_nn_attention__c_arguments),
        cmocka_unit_test(test_nn_attention__modules_in_options),
        cmocka_unit_test(test_nn_attention__stack_of_a_failed_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
