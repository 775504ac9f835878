/* torch.nn.Transformer: two stacks, then Xavier over every matrix.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/transformer.h"

#include "base/error.h"
#include "nn/family.h"

/* One half of the model: given, or built from a layer. */
typedef struct half {
    int kind;
    const char *name;
    sow__value *custom;         /* None: build it */
    const sow__value *n_layers; /* read when the layer is there */
} half;

static sow_module *build_half(const half *is, const sow__layer_args *args, sow_error *err)
{
    int64_t n_layers;
    sow_module *stack = NULL, *layer = sow__transformer_layer(is->kind, args, err);
    if (layer != NULL && sow__layer_count_read(is->n_layers, &n_layers, err) == SOW_OK) {
        sow_module *norm =
            sow_layer_norm(sow__value_int(args->d_model), true, args->bias, args->factory, err);
        stack = norm == NULL ? NULL : sow__transformer_stack(is->kind, layer, n_layers, norm, err);
    }
    sow_module_free(layer);
    return stack;
}

/* Anything given that is no module is an attribute without state. */
static sow_status add_half(sow_module *module, const half *is, const sow__layer_args *args,
                           sow_error *err)
{
    if (is->custom->kind == SOW__VALUE_MODULE) {
        return sow_module_register_module(module, is->name, sow__value_take_module(is->custom),
                                          err);
    }
    if (is->custom->kind != SOW__VALUE_NONE) {
        return SOW_OK;
    }
    return sow_module_register_module(module, is->name, build_half(is, args, err), err);
}

/* Vectors keep what their layers gave them. */
sow_status sow__private_reset_transformer(sow_module *module, sow_generator *generator,
                                          sow_error *err)
{
    sow_error own = {.status = SOW_OK};
    err = err == NULL ? &own : err;
    sow_state_dict *parameters = sow_module_named_parameters(module, err);
    if (parameters == NULL) {
        return err->status;
    }
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < sow_state_dict_count(parameters); i++) {
        sow_tensor *parameter = sow_state_dict_tensor(parameters, i);
        if (sow_tensor_n_dims(parameter) > 1) {
            status = sow_xavier_uniform(parameter, 1.0, generator, err);
        }
    }
    sow_state_dict_free(parameters);
    return status;
}

/* A module as activation goes into both layers: the encoder's layer gets a copy. */
static sow_status build(sow_module *module, const half halves[2], const sow__layer_args *args,
                        sow_error *err)
{
    sow__value copy = {.kind = SOW__VALUE_NONE};
    sow__layer_args encoder = *args;
    const bool is_shared = args->activation->kind == SOW__VALUE_MODULE;
    if (is_shared) {
        copy.module = sow__module_clone(args->activation->module, err);
        if (copy.module == NULL) {
            return err->status;
        }
        copy.kind = SOW__VALUE_MODULE;
        encoder.activation = &copy;
    }
    sow_status status = add_half(module, &halves[0], &encoder, err);
    sow__value_clear(&copy);
    if (status == SOW_OK) {
        status = add_half(module, &halves[1], args, err);
    }
    return status == SOW_OK ? sow__private_reset_transformer(module, args->factory->generator, err)
                            : status;
}

static sow_module *transformer(const half halves[2], const sow__layer_args *args, sow_error *err)
{
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    sow_module *module = sow__module_of(sow__class_find("Transformer"), why);
    if (module != NULL && build(module, halves, args, why) != SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

sow_module *sow__construct_transformer(const sow__class *of, sow__args *args, sow_error *err)
{
    (void)of;
    const half halves[2] = {
        {.kind = SOW__ENCODER,
         .name = "encoder",
         .custom = sow__args_get(args, "custom_encoder"),
         .n_layers = sow__args_get(args, "num_encoder_layers")},
        {.kind = SOW__DECODER,
         .name = "decoder",
         .custom = sow__args_get(args, "custom_decoder"),
         .n_layers = sow__args_get(args, "num_decoder_layers")},
    };
    const sow__layer_args layer = sow__layer_args_of(args);
    return transformer(halves, &layer, err);
}

sow_module *sow_transformer(int64_t d_model, int64_t nhead, const sow_transformer_options *options,
                            const sow_factory *factory, sow_error *err)
{
    static const sow_transformer_options defaults = SOW_TRANSFORMER_OPTIONS_INIT;
    const sow_transformer_options *with = options == NULL ? &defaults : options;
    sow__value encoder = sow__value_of_module(with->custom_encoder);
    sow__value decoder = sow__value_of_module(with->custom_decoder);
    const sow__value n_encoder = sow__value_of_int(with->num_encoder_layers);
    const sow__value n_decoder = sow__value_of_int(with->num_decoder_layers);
    const half halves[2] = {
        {SOW__ENCODER, "encoder", &encoder, &n_encoder},
        {SOW__DECODER, "decoder", &decoder, &n_decoder},
    };
    sow__layer_values values;
    const sow__layer_args args = sow__layer_args_from_c(d_model, nhead, with, factory, &values);
    sow_module *module = transformer(halves, &args, err);
    sow__value_clear(&values.activation);
    sow__value_clear(&encoder);
    sow__value_clear(&decoder);
    return module;
}
