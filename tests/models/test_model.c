/* Choosing what to build, and a native model over a checkpoint.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <sow/init.h>
#include <sow/models.h>

#define NATIVE                                                                                     \
    "{\"d_model\": 4, \"d_head\": 2, \"n_layers\": 1, \"n_ctx\": 3, \"d_vocab\": 5, \"seed\": 7"
#define GPT2                                                                                       \
    "{\"model_type\": \"gpt2\", \"n_embd\": 4, \"n_head\": 2, \"n_layer\": 1, \"vocab_size\": 5, " \
    "\"n_positions\": 3, \"architectures\": [\"GPT2LMHeadModel\"]"

/* ---- a checkpoint of names ---- */

typedef struct made_up {
    const char *const *names; /* NULL-terminated */
    const sow_state_dict *shapes;
    const int64_t *sizes; /* of every tensor, in place of the shapes; two of them */
    sow_dtype dtype;
} made_up;

static const char *made_up_name(void *user, size_t index)
{
    const made_up *checkpoint = user;
    for (size_t i = 0; checkpoint->names[i] != NULL; i++) {
        if (i == index) {
            return checkpoint->names[i];
        }
    }
    return NULL;
}

static bool made_up_find(void *user, const char *name, sow_dtype *dtype, int *n_dims,
                         const int64_t **sizes)
{
    const made_up *checkpoint = user;
    const char *at;
    for (size_t i = 0; (at = made_up_name(user, i)) != NULL; i++) {
        if (strcmp(at, name) != 0) {
            continue;
        }
        const sow_tensor *tensor =
            checkpoint->shapes == NULL ? NULL : sow_state_dict_find(checkpoint->shapes, name);
        *dtype = checkpoint->dtype;
        *n_dims = tensor == NULL ? 2 : sow_tensor_n_dims(tensor);
        *sizes = tensor == NULL ? checkpoint->sizes : sow_tensor_sizes(tensor);
        return true;
    }
    return false;
}

static bool made_up_equal(void *user, const char *a, const char *b)
{
    (void)user;
    (void)a;
    (void)b;
    return true;
}

static sow_model *must_build(const char *json, const sow_model_options *options)
{
    sow_error err;
    sow_model *model = sow_model_from_config(json, strlen(json), "config.json", options, &err);
    if (model == NULL) {
        fail_msg("%s: %s", json, err.message);
    }
    return model;
}

static void assert_refused(const char *json, const sow_model_options *options, sow_status status,
                           const char *message)
{
    sow_error err = {.status = SOW_OK};
    sow_model *model = sow_model_from_config(json, strlen(json), "config.json", options, &err);
    assert_null(model);
    assert_string_equal(err.message, message);
    assert_int_equal(err.status, status);
}

static sow_tensor *tensor_of(const sow_model *model, const char *name)
{
    sow_tensor *tensor = sow_state_dict_find(sow_model_state_dict(model), name);
    assert_non_null(tensor);
    return tensor;
}

static void assert_same_values(sow_tensor *a, sow_tensor *b)
{
    sow_error err;
    assert_false(sow_tensor_is_initialized(a));
    assert_ok(sow_tensor_materialize(a, 1, &err), err);
    assert_ok(sow_tensor_materialize(b, 1, &err), err);
    assert_int_equal(sow_tensor_numel(a), sow_tensor_numel(b));
    assert_same_bits(sow_tensor_data(a), sow_tensor_data(b), (size_t)sow_tensor_numel(a), 4);
}

/* ---- what to build ---- */

static void test_models_model__kind_is_told_by_the_keys(void **state)
{
    (void)state;
    sow_model *native = must_build(NATIVE "}", NULL), *gpt2 = must_build(GPT2 "}", NULL);
    assert_string_equal(sow_model_arch(native), "NativeModel");
    assert_string_equal(sow_model_profile(native), "transformerlens-4.3");
    assert_null(sow_model_metadata(native, 0, NULL));
    assert_string_equal(sow_model_arch(gpt2), "GPT2LMHeadModel");
    assert_string_equal(sow_model_profile(gpt2), "transformers-5.23");
    const char *value = NULL;
    assert_string_equal(sow_model_metadata(gpt2, 0, &value), "format");
    assert_string_equal(value, "pt");
    assert_null(sow_model_metadata(gpt2, 1, &value));
    assert_string_equal(sow_module_type(sow_model_module(gpt2)), "GPT2LMHeadModel");
    assert_int_equal(sow_model_dtype(gpt2), SOW_F32);
    const char *source = "";
    assert_int_equal(sow_model_load_state(gpt2, 0, &source), SOW_LOAD_MISSING);
    assert_null(source);
    assert_null(sow_model_unexpected(gpt2, 0));
    sow_model_free(native);
    sow_model_free(gpt2);
    sow_model_free(NULL);
}

static void test_models_model__every_class_can_be_named(void **state)
{
    (void)state;
    const char *arch;
    size_t n = 0;
    for (; (arch = sow_model_arch_at(n)) != NULL; n++) {
        const sow_model_options options = {.arch = arch};
        const bool native = strcmp(arch, "NativeModel") == 0;
        sow_model *model = must_build(native ? NATIVE "}" : GPT2 "}", &options);
        assert_string_equal(sow_model_arch(model), arch);
        sow_model_free(model);
    }
    assert_int_equal(n, 7);
    sow_model *model = must_build(NATIVE "}", &(sow_model_options){.arch = "native"});
    assert_string_equal(sow_model_arch(model), "NativeModel");
    sow_model_free(model);
}

static void test_models_model__every_profile_fits_one_kind(void **state)
{
    static const struct {
        const char *begins, *fits, *other, *there_is; /* there_is: for the other config */
    } kinds[] = {
        {"transformers-", GPT2 "}", NATIVE "}", "transformerlens-4.3, transformerlens-3.7"},
        {"transformerlens-", NATIVE "}", GPT2 "}", "transformers-5.23"},
        {"torch-nn-", "{\"_target_\": \"torch.nn.ReLU\"}", GPT2 "}", "transformers-5.23"},
    };
    (void)state;
    const char *profile;
    size_t n = 0;
    for (; (profile = sow_model_profile_at(n)) != NULL; n++) {
        size_t k = 0;
        while (strncmp(profile, kinds[k].begins, strlen(kinds[k].begins)) != 0) {
            assert_true(++k < sizeof kinds / sizeof *kinds);
        }
        const sow_model_options options = {.profile = profile};
        sow_model *model = must_build(kinds[k].fits, &options);
        assert_string_equal(sow_model_profile(model), profile);
        sow_model_free(model);
        char message[256];
        snprintf(message, sizeof message,
                 "config.json: profile: no \"%s\" for this kind of config; there is: %s", profile,
                 kinds[k].there_is);
        assert_refused(kinds[k].other, &options, SOW_ERROR_VALUE, message);
    }
    assert_int_equal(n, 4);
}

static void test_models_model__options_are_checked(void **state)
{
    (void)state;
    const sow_model_options llama = {.arch = "LlamaModel"}, names = {.names = "hooked"};
    const sow_model_options integer = {.has_dtype = true, .dtype = SOW_I32};
    const sow_model_options complex = {.has_dtype = true, .dtype = SOW_C64};
    const sow_model_options native = {.arch = "native"};
    assert_refused(NATIVE "}", &llama, SOW_ERROR_VALUE,
                   "config.json: arch: no class \"LlamaModel\" for a TransformerLens native "
                   "config; there is: NativeModel");
    assert_refused(GPT2 "}", &llama, SOW_ERROR_VALUE,
                   "config.json: arch: no class \"LlamaModel\" of model_type \"gpt2\"; there are: "
                   "GPT2Model, GPT2LMHeadModel, GPT2DoubleHeadsModel, "
                   "GPT2ForSequenceClassification, GPT2ForTokenClassification, "
                   "GPT2ForQuestionAnswering");
    assert_refused(NATIVE "}", &names, SOW_ERROR_VALUE,
                   "config.json: names: expected \"native\" or \"bridge\", got \"hooked\"");
    assert_refused(NATIVE "}", &integer, SOW_ERROR_TYPE,
                   "config.json: nn.Module.to only accepts floating point or complex dtypes, but "
                   "got desired dtype=torch.int32");
    assert_refused(GPT2 "}", &complex, SOW_ERROR_TYPE,
                   "config.json: dtype: expected a floating type for a transformers model, got "
                   "c64");
    assert_refused(GPT2 "}", &native, SOW_ERROR_TYPE,
                   "config.json: TransformerBridgeConfig.__init__() missing 4 required positional "
                   "arguments: 'd_model', 'd_head', 'n_layers', and 'n_ctx'");
}

static void test_models_model__draws_from_the_default_generator(void **state)
{
    (void)state;
    sow_error err;
    sow_generator *generator = sow_generator_new(&err);
    assert_ok(sow_generator_manual_seed(generator, 5, &err), err);
    assert_ok(sow_generator_manual_seed(sow_default_generator(), 5, &err), err);
    sow_model *given = must_build(GPT2 "}", &(sow_model_options){.generator = generator});
    sow_model *other = must_build(GPT2 "}", NULL);
    assert_same_values(tensor_of(given, "transformer.h.0.mlp.c_proj.weight"),
                       tensor_of(other, "transformer.h.0.mlp.c_proj.weight"));
    assert_int_equal(sow_generator_position(generator),
                     sow_generator_position(sow_default_generator()));
    sow_model_free(given);
    sow_model_free(other);
    sow_generator_free(generator);
}

/* ---- checkpoints ---- */

static void test_models_model__another_shape_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"wpe.weight", NULL};
    made_up content = {.names = names, .sizes = (const int64_t[]){9, 4}};
    const sow_checkpoint checkpoint = {&content, made_up_find, made_up_equal, made_up_name};
    sow_model_options options = {.checkpoint = &checkpoint};
    assert_refused(GPT2 "}", &options, SOW_ERROR_RUNTIME,
                   "wpe.weight: the checkpoint has the shape [9, 4], the model has [3, 4]");
    options.ignore_mismatched = true;
    sow_model *model = must_build(GPT2 "}", &options);
    const char *source;
    assert_int_equal(sow_model_load_state(model, 1, &source), SOW_LOAD_MISMATCHED);
    assert_string_equal(source, "wpe.weight");
    sow_model_free(model);
}

/* A build that fails or ends must close its scopes. */
static void test_models_model__scopes_are_closed(void **state)
{
    (void)state;
    static const char *const names[] = {"wte.weight", NULL};
    made_up content = {.names = names, .sizes = (const int64_t[]){5, 4}};
    const sow_checkpoint checkpoint = {&content, made_up_find, made_up_equal, made_up_name};
    const sow_model_options options = {.checkpoint = &checkpoint};
    sow_model_free(must_build(GPT2 "}", &options));
    assert_refused(GPT2 ", \"initializer_range\": -1.0}", &options, SOW_ERROR_RUNTIME,
                   "config.json: normal expects std >= 0.0, but found std -1");
    assert_refused(GPT2 ", \"n_inner\": -1}", &options, SOW_ERROR_RUNTIME,
                   "config.json: Trying to create tensor with negative dimension -1: [4, -1]");
    sow_error err;
    const int64_t size = 3;
    sow_tensor *tensor = sow_empty(SOW_F32, 1, &size, SOW_CPU, &err);
    sow_tensor_set_initialized(tensor, true);
    assert_ok(sow_constant(tensor, 2.5, &err), err);
    assert_float_equal(((const float *)sow_tensor_data(tensor))[2], 2.5F, 0.0F);
    sow_tensor_free(tensor);
}

/* Builds a native model over a checkpoint that has some names of `shapes`. */
static sow_model *over(const char *json, const char *const *names, const sow_state_dict *shapes,
                       const char *naming)
{
    made_up content = {.names = names, .shapes = shapes, .sizes = (const int64_t[]){1, 1}};
    const sow_checkpoint checkpoint = {&content, made_up_find, made_up_equal, made_up_name};
    return must_build(json, &(sow_model_options){.checkpoint = &checkpoint, .names = naming});
}

static void test_models_model__native_over_nothing_is_from_scratch(void **state)
{
    (void)state;
    static const char json[] = NATIVE ", \"act_fn\": \"solu_ln\"}";
    static const char *const none[] = {NULL};
    sow_model *fresh = must_build(json, NULL);
    const sow_state_dict *entries = sow_model_state_dict(fresh);
    sow_model *model = over(json, none, entries, NULL);
    for (size_t i = 0; i < sow_state_dict_count(entries); i++) {
        const char *name = sow_state_dict_name(entries, i);
        assert_string_equal(sow_state_dict_name(sow_model_state_dict(model), i), name);
        assert_same_values(tensor_of(model, name), tensor_of(fresh, name));
    }
    sow_model_free(model);
    sow_model_free(fresh);
}

static void test_models_model__native_draws_only_what_is_missing(void **state)
{
    (void)state;
    static const char json[] = NATIVE ", \"initializer_range\": 0.5}";
    sow_model *fresh = must_build(json, NULL);
    const sow_state_dict *entries = sow_model_state_dict(fresh);
    const char *names[64] = {NULL};
    size_t n = 0;
    for (size_t i = 0; i < sow_state_dict_count(entries); i++) {
        const char *name = sow_state_dict_name(entries, i);
        if (strcmp(name, "head.weight") != 0) {
            names[n++] = name;
        }
    }
    sow_model *model = over(json, names, entries, NULL);
    sow_error err;
    sow_generator *generator = sow_generator_new(&err);
    assert_ok(sow_generator_manual_seed(generator, 7, &err), err);
    sow_tensor *head = sow_empty(SOW_F32, 2, (const int64_t[]){5, 4}, SOW_CPU, &err);
    assert_ok(sow_normal(head, 0.0, 0.5, generator, &err), err);
    assert_same_values(tensor_of(model, "head.weight"), head);
    assert_true(sow_tensor_is_initialized(tensor_of(model, "tok_embed.weight")));
    assert_null(sow_model_unexpected(model, 0));
    sow_tensor_free(head);
    sow_generator_free(generator);
    sow_model_free(model);
    sow_model_free(fresh);
}

static void test_models_model__native_takes_either_naming(void **state)
{
    (void)state;
    static const char *const native[] = {"layers.0.mlp.fc_in.weight", "other", NULL};
    static const char *const bridge[] = {"blocks.0.mlp.in.weight", "unembed.bias", NULL};
    sow_model *plain = must_build(NATIVE "}", NULL);
    sow_model *renamed = must_build(NATIVE "}", &(sow_model_options){.names = "bridge"});
    const sow_state_dict *plain_shapes = sow_model_state_dict(plain);
    const sow_state_dict *renamed_shapes = sow_model_state_dict(renamed);
    sow_model *models[] = {over(NATIVE "}", native, plain_shapes, "native"),
                           over(NATIVE "}", native, plain_shapes, "bridge"),
                           over(NATIVE "}", bridge, renamed_shapes, "native"),
                           over(NATIVE "}", bridge, renamed_shapes, "bridge")};
    static const char *const expected[] = {"layers.0.mlp.fc_in.weight", "blocks.0.mlp.in.weight",
                                           "layers.0.mlp.fc_in.weight", "blocks.0.mlp.in.weight"};
    static const char *const unexpected[] = {"other", "other", "unembed.bias", NULL};
    for (size_t i = 0; i < 4; i++) {
        assert_true(sow_tensor_is_initialized(tensor_of(models[i], expected[i])));
        const char *name = sow_model_unexpected(models[i], 0);
        assert_true(unexpected[i] == NULL ? name == NULL : strcmp(name, unexpected[i]) == 0);
    }
    assert_true(sow_tensor_is_initialized(tensor_of(models[3], "unembed.bias")));
    assert_false(sow_tensor_is_initialized(tensor_of(models[1], "unembed.bias")));
    for (size_t i = 0; i < 4; i++) {
        sow_model_free(models[i]);
    }
    sow_model_free(plain);
    sow_model_free(renamed);
}

static void test_models_model__native_missing_ones_take_the_type_of_the_file(void **state)
{
    (void)state;
    static const char *const names[] = {"head.weight", NULL};
    sow_model *plain = must_build(NATIVE "}", NULL);
    made_up content = {.names = names, .shapes = sow_model_state_dict(plain), .dtype = SOW_BF16};
    const sow_checkpoint checkpoint = {&content, made_up_find, made_up_equal, made_up_name};
    sow_model_options options = {.checkpoint = &checkpoint};
    sow_model *model = must_build(NATIVE "}", &options);
    assert_int_equal(sow_model_dtype(model), SOW_BF16);
    assert_int_equal(sow_tensor_dtype(tensor_of(model, "pos.weight")), SOW_BF16);
    assert_true(sow_tensor_is_initialized(tensor_of(model, "head.weight")));
    sow_model_free(model);
    options.has_dtype = true;
    model = must_build(NATIVE "}", &options);
    assert_int_equal(sow_tensor_dtype(tensor_of(model, "pos.weight")), SOW_F32);
    sow_model_free(model);
    sow_model_free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_model__kind_is_told_by_the_keys),
        cmocka_unit_test(test_models_model__every_class_can_be_named),
        cmocka_unit_test(test_models_model__every_profile_fits_one_kind),
        cmocka_unit_test(test_models_model__options_are_checked),
        cmocka_unit_test(test_models_model__draws_from_the_default_generator),
        cmocka_unit_test(test_models_model__another_shape_is_refused),
        cmocka_unit_test(test_models_model__scopes_are_closed),
        cmocka_unit_test(test_models_model__native_over_nothing_is_from_scratch),
        cmocka_unit_test(test_models_model__native_draws_only_what_is_missing),
        cmocka_unit_test(test_models_model__native_takes_either_naming),
        cmocka_unit_test(test_models_model__native_missing_ones_take_the_type_of_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
