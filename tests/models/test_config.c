/* Configs that are wrong: a clean error that names label and field, from the public entry.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <sow/models.h>

#define GPT2_START "{\"model_type\": \"gpt2\", \"architectures\": [\"GPT2Model\"], "
#define NATIVE_START "{\"d_model\": 4, \"d_head\": 2, \"n_layers\": 1, \"n_ctx\": 3, "

typedef struct bad_config {
    const char *json;
    sow_status status;
    const char *message;
} bad_config;

static void assert_refused(const char *json, size_t n_bytes, sow_status status, const char *message)
{
    sow_error err = {.status = SOW_OK};
    sow_model *model = sow_model_from_config(json, n_bytes, "config.json", NULL, &err);
    if (model != NULL || err.status != status || strcmp(err.message, message) != 0) {
        fail_msg("%s\n  expected %s: %s\n  got      %s: %s", json, sow_status_name(status), message,
                 model != NULL ? "a model" : sow_status_name(err.status), err.message);
    }
}

static void assert_all_refused(const bad_config *configs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_refused(configs[i].json, strlen(configs[i].json), configs[i].status,
                       configs[i].message);
    }
}

static void test_models_config__text_that_is_not_an_object(void **state)
{
    (void)state;
    static const bad_config configs[] = {
        {"", SOW_ERROR_CORRUPT,
         "config.json: not JSON: line 1, column 0: '[' or '{' expected near end of file"},
        {"\xEF\xBB\xBF{}", SOW_ERROR_CORRUPT,
         "config.json: not JSON: begins with a UTF-8 byte order mark (BOM)"},
        {"[]", SOW_ERROR_CORRUPT, "config.json: expected a JSON object"},
        {"12", SOW_ERROR_CORRUPT,
         "config.json: not JSON: line 1, column 2: '[' or '{' expected near '12'"},
        {"{\"a\": 1,\n\"a\": 2}", SOW_ERROR_CORRUPT,
         "config.json: not JSON: line 2, column 3: duplicate object key near '\"a\"'"},
        {"{\"a\": 1} x", SOW_ERROR_CORRUPT,
         "config.json: not JSON: line 1, column 10: end of file expected near 'x'"},
        {"{\"a\": 1e999}", SOW_ERROR_CORRUPT,
         "config.json: not JSON: line 1, column 11: real number overflow near '1e999'"},
        {"{\"a\": NaN}", SOW_ERROR_CORRUPT,
         "config.json: not JSON: line 1, column 9: invalid token near 'NaN'"},
        {"{\"a", SOW_ERROR_CORRUPT,
         "config.json: not JSON: line 1, column 3: premature end of input near '\"a'"},
    };
    assert_all_refused(configs, sizeof configs / sizeof configs[0]);
    sow_error err;
    assert_null(sow_model_from_config("{\"b\": 1, \"a\": }", 15, NULL, NULL, &err));
    assert_int_equal(err.offset, 15);
    assert_null(sow_model_from_config("{}", 2, NULL, NULL, NULL));
}

static void test_models_config__bytes_that_are_not_text(void **state)
{
    (void)state;
    sow_error err;
    static const char with_nul[] = "{\"model_type\": \"gp\0t2\"}";
    static const char not_utf8[] = "{\"model_type\": \"\xff\xfe\"}";
    assert_null(sow_model_from_config(with_nul, sizeof with_nul - 1, "c", NULL, &err));
    assert_int_equal(err.status, SOW_ERROR_CORRUPT);
    assert_null(sow_model_from_config(not_utf8, sizeof not_utf8 - 1, "c", NULL, &err));
    assert_int_equal(err.status, SOW_ERROR_CORRUPT);
}

static void test_models_config__deep_nesting(void **state)
{
    (void)state;
    enum { DEPTH = 1000000 };
    char *json = malloc(DEPTH + 5);
    assert_non_null(json);
    memcpy(json, "{\"a\":", 5);
    memset(json + 5, '[', DEPTH);
    sow_error err;
    assert_null(sow_model_from_config(json, DEPTH + 5, "config.json", NULL, &err));
    assert_int_equal(err.status, SOW_ERROR_CORRUPT);
    assert_non_null(strstr(err.message, "maximum parsing depth reached"));
    free(json);
}

static void test_models_config__kind_and_class(void **state)
{
    (void)state;
    static const bad_config configs[] = {
        {"{}", SOW_ERROR_VALUE,
         "config.json: no kind of config: it has neither \"model_type\" (transformers) nor "
         "\"d_model\" and \"n_layers\" (TransformerLens native) nor \"_target_\" (a description)"},
        {"{\"d_model\": 4}", SOW_ERROR_VALUE,
         "config.json: no kind of config: it has neither \"model_type\" (transformers) nor "
         "\"d_model\" and \"n_layers\" (TransformerLens native) nor \"_target_\" (a description)"},
        {"{\"model_type\": \"gtp2\"}", SOW_ERROR_VALUE,
         "config.json: model_type: unknown \"gtp2\"; there is: gpt2"},
        {"{\"model_type\": 7}", SOW_ERROR_VALUE,
         "config.json: model_type: expected a string, got 7"},
        {"{\"model_type\": null}", SOW_ERROR_VALUE,
         "config.json: model_type: expected a string, got null"},
        {"{\"model_type\": \"gpt2\", \"architectures\": \"GPT2Model\"}", SOW_ERROR_VALUE,
         "config.json: architectures: expected a list of class names, got \"GPT2Model\""},
        {"{\"model_type\": \"gpt2\", \"architectures\": [3]}", SOW_ERROR_VALUE,
         "config.json: architectures: expected a list of class names, got [3]"},
        {"{\"model_type\": \"gpt2\", \"architectures\": [\"NativeModel\"]}", SOW_ERROR_VALUE,
         "config.json: architectures: no class \"NativeModel\" of model_type \"gpt2\"; there are: "
         "GPT2Model, GPT2LMHeadModel, GPT2DoubleHeadsModel, GPT2ForSequenceClassification, "
         "GPT2ForTokenClassification, GPT2ForQuestionAnswering"},
        {"{\"model_type\": \"gpt2\"}", SOW_ERROR_VALUE,
         "config.json: architectures: names no class to build; there are: "
         "GPT2Model, GPT2LMHeadModel, GPT2DoubleHeadsModel, GPT2ForSequenceClassification, "
         "GPT2ForTokenClassification, GPT2ForQuestionAnswering"},
    };
    assert_all_refused(configs, sizeof configs / sizeof configs[0]);
}

static void test_models_config__fields_of_transformers(void **state)
{
    (void)state;
    static const bad_config configs[] = {
        {GPT2_START "\"n_head\": \"twelve\"}", SOW_ERROR_VALUE,
         "config.json: n_head: expected an integer, got \"twelve\""},
        {GPT2_START "\"num_attention_heads\": 12.0}", SOW_ERROR_VALUE,
         "config.json: num_attention_heads: expected an integer, got 12.0"},
        {GPT2_START "\"n_embd\": null}", SOW_ERROR_VALUE,
         "config.json: n_embd: expected an integer, got null"},
        {GPT2_START "\"n_embd\": true}", SOW_ERROR_VALUE,
         "config.json: n_embd: expected an integer, got true"},
        {GPT2_START "\"vocab_size\": {\"a\": [1, 2]}}", SOW_ERROR_VALUE,
         "config.json: vocab_size: expected an integer, got {\"a\":[1,2]}"},
        {GPT2_START "\"vocab_size\": 2147483648}", SOW_ERROR_VALUE,
         "config.json: vocab_size: expected an integer of at most 2147483647, got 2147483648"},
        {GPT2_START "\"vocab_size\": 9223372036854775807}", SOW_ERROR_VALUE,
         "config.json: vocab_size: expected an integer of at most 2147483647, got "
         "9223372036854775807"},
        {GPT2_START "\"vocab_size\": 123456789012345678901234567890}", SOW_ERROR_VALUE,
         "config.json: vocab_size: expected an integer of at most 2147483647, got "
         "123456789012345678901234567890"},
        {GPT2_START "\"vocab_size\": -9223372036854775809}", SOW_ERROR_VALUE,
         "config.json: vocab_size: expected an integer of at least -2147483647, got "
         "-9223372036854775809"},
        {GPT2_START "\"n_layer\": 10001}", SOW_ERROR_VALUE,
         "config.json: n_layer: expected an integer of at most 10000, got 10001"},
        {GPT2_START "\"n_head\": 0}", SOW_ERROR_ZERO_DIVISION,
         "config.json: n_head: integer division or modulo by zero, got 0"},
        {GPT2_START "\"initializer_range\": \"0.02\"}", SOW_ERROR_VALUE,
         "config.json: initializer_range: expected a number, got \"0.02\""},
        {GPT2_START "\"initializer_range\": null}", SOW_ERROR_VALUE,
         "config.json: initializer_range: expected a number, got null"},
        {GPT2_START "\"add_cross_attention\": 1}", SOW_ERROR_VALUE,
         "config.json: add_cross_attention: expected true or false, got 1"},
        {GPT2_START "\"dtype\": \"int8\"}", SOW_ERROR_VALUE,
         "config.json: dtype: expected \"float32\", \"float64\", \"float16\" or \"bfloat16\", got "
         "\"int8\""},
        {GPT2_START "\"torch_dtype\": \"float33\"}", SOW_ERROR_VALUE,
         "config.json: torch_dtype: expected \"float32\", \"float64\", \"float16\" or "
         "\"bfloat16\", got \"float33\""},
        {GPT2_START "\"dtype\": 32}", SOW_ERROR_VALUE,
         "config.json: dtype: expected a string, got 32"},
        {GPT2_START "\"id2label\": [\"a\"]}", SOW_ERROR_VALUE,
         "config.json: id2label: expected an object, got [\"a\"]"},
        {GPT2_START "\"num_labels\": 1, \"problem_type\": \"single_label_classification\"}",
         SOW_ERROR_VALUE,
         "config.json: `problem_type=\"single_label_classification\"` requires `num_labels > 1`, "
         "got num_labels 1"},
        {GPT2_START "\"n_head\": \"a long text that goes on and on and on and on and on and on\"}",
         SOW_ERROR_VALUE,
         "config.json: n_head: expected an integer, got \"a long text that goes on and on and on "
         "and on and on and on..."},
    };
    assert_all_refused(configs, sizeof configs / sizeof configs[0]);
}

static void test_models_config__fields_of_native(void **state)
{
    (void)state;
    static const bad_config configs[] = {
        {NATIVE_START "\"d_vocab\": \"5\"}", SOW_ERROR_VALUE,
         "config.json: d_vocab: expected an integer, got \"5\""},
        {NATIVE_START "\"d_vocab\": 5, \"attn_only\": \"false\"}", SOW_ERROR_VALUE,
         "config.json: attn_only: expected true or false, got \"false\""},
        {NATIVE_START "\"d_vocab\": 5, \"init_mode\": 3}", SOW_ERROR_VALUE,
         "config.json: init_mode: expected a string, got 3"},
        {NATIVE_START "\"d_vocab\": 5, \"act_fn\": 18446744073709551616}", SOW_ERROR_VALUE,
         "config.json: act_fn: expected a string, got 18446744073709551616"},
        {NATIVE_START "\"d_vocab\": 5, \"architecture\": 18446744073709551616}", SOW_ERROR_VALUE,
         "config.json: architecture must be a string, got <class 'int'>"},
        {NATIVE_START "\"d_vocab\": 5, \"n_heads\": 1e3}", SOW_ERROR_VALUE,
         "config.json: n_heads: expected an integer, got 1000.0"},
        {"{\"d_model\": 4, \"n_layers\": 99999}", SOW_ERROR_TYPE,
         "config.json: TransformerBridgeConfig.__init__() missing 2 required positional arguments: "
         "'d_head' and 'n_ctx'"},
    };
    assert_all_refused(configs, sizeof configs / sizeof configs[0]);
}

/* Values of these sizes would not fit into memory; as a plan one is fine. */
static void test_models_config__huge_sizes_take_no_memory(void **state)
{
    (void)state;
    static const bad_config configs[] = {
        {GPT2_START "\"vocab_size\": 2147483647, \"n_embd\": 2147483640, \"n_layer\": 1}",
         SOW_ERROR_OVERFLOW,
         "config.json: Storage size calculation overflowed with sizes=[2147483647, 2147483640]"},
        {"{\"d_model\": 1, \"d_head\": 2147483647, \"n_heads\": 2147483647, \"n_layers\": 1, "
         "\"n_ctx\": 2147483647, \"d_vocab\": 1, \"positional_embedding_type\": \"rotary\", "
         "\"rotary_dim\": 2}",
         SOW_ERROR_OVERFLOW,
         "config.json: Storage size calculation overflowed with sizes=[4611686014132420609, 1]"},
    };
    assert_all_refused(configs, sizeof configs / sizeof configs[0]);
    static const char fine[] =
        GPT2_START "\"vocab_size\": 2147483647, \"n_head\": 1, \"n_layer\": 1}";
    sow_error err;
    sow_model *model = sow_model_from_config(fine, sizeof fine - 1, "config.json", NULL, &err);
    assert_non_null(model);
    const sow_tensor *wte = sow_state_dict_find(sow_model_state_dict(model), "wte.weight");
    assert_int_equal(sow_tensor_numel(wte), 2147483647LL * 768);
    sow_model_free(model);
}

/* Every prefix of a config, and the config with each byte replaced, ends in a model or an error. */
static void test_models_config__cut_and_broken(void **state)
{
    (void)state;
    static const char json[] =
        "{\"model_type\": \"gpt2\", \"architectures\": [\"GPT2LMHeadModel\"], \"n_embd\": 4, "
        "\"n_layer\": 1, \"n_head\": 2, \"vocab_size\": 5, \"n_positions\": 3, \"x\": "
        "[\"\\u00e9\\\"\", -12345678901234567890, 1.5e3, null, true]}";
    enum { N_BYTES = sizeof json - 1 };
    static const char bytes[] = {'"', '\\', '{', '}', '[', ',', '0', '9', '-', 'e', '\0', '\xff'};
    char text[N_BYTES];
    for (size_t n = 0; n < N_BYTES; n++) {
        memcpy(text, json, n);
        sow_error err;
        assert_null(sow_model_from_config(text, n, "config.json", NULL, &err));
    }
    int n_models = 0;
    for (size_t i = 0; i < N_BYTES; i++) {
        for (size_t k = 0; k < sizeof bytes; k++) {
            memcpy(text, json, N_BYTES);
            text[i] = bytes[k];
            sow_error err = {.status = SOW_OK};
            sow_model *model = sow_model_from_config(text, N_BYTES, "config.json", NULL, &err);
            assert_true((model == NULL) == (err.status != SOW_OK));
            n_models += model != NULL;
            sow_model_free(model);
        }
    }
    assert_true(n_models > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_config__text_that_is_not_an_object),
        cmocka_unit_test(test_models_config__bytes_that_are_not_text),
        cmocka_unit_test(test_models_config__deep_nesting),
        cmocka_unit_test(test_models_config__kind_and_class),
        cmocka_unit_test(test_models_config__fields_of_transformers),
        cmocka_unit_test(test_models_config__fields_of_native),
        cmocka_unit_test(test_models_config__huge_sizes_take_no_memory),
        cmocka_unit_test(test_models_config__cut_and_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
