/* torch.nn.TransformerEncoder and TransformerDecoder: copies of one layer.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/elements.h"
#include "nn/transformer.h"

#include "base/error.h"

static sow_status add_copies(sow_module *layers, const sow_module *layer, int64_t n_layers,
                             sow_error *err)
{
    sow_status status = SOW_OK;
    for (int64_t i = 0; status == SOW_OK && i < n_layers; i++) {
        char name[SOW__NUMBER_SIZE];
        sow__number_name((size_t)i, name);
        status = layer == NULL
                     ? sow_module_reserve_module(layers, name, err)
                     : sow_module_register_module(layers, name, sow__module_clone(layer, err), err);
    }
    return status;
}

static sow_status build(sow_module *stack, const sow_module *layer, int64_t n_layers,
                        sow_module *norm, sow_error *err)
{
    sow_status status = sow_module_register_module(
        stack, "layers", sow__module_of(sow__class_find("ModuleList"), err), err);
    if (status == SOW_OK) {
        status = add_copies(sow_module_get(stack, "layers"), layer, n_layers, err);
    }
    if (norm == NULL) {
        return status;
    }
    if (status != SOW_OK) {
        sow_module_free(norm);
        return status;
    }
    return sow_module_register_module(stack, "norm", norm, err);
}

sow_module *sow__transformer_stack(int kind, const sow_module *layer, int64_t n_layers,
                                   sow_module *norm, sow_error *err)
{
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    const char *type = kind == SOW__ENCODER ? "TransformerEncoder" : "TransformerDecoder";
    sow_module *stack = sow__module_of(sow__class_find(type), why);
    if (stack == NULL) {
        sow_module_free(norm);
        return NULL;
    }
    if (build(stack, layer, n_layers, norm, why) != SOW_OK) {
        sow_module_free(stack);
        return NULL;
    }
    return stack;
}

sow_status sow__layer_count_read(const sow__value *value, int64_t *count, sow_error *err)
{
    if (value->kind != SOW__VALUE_INT && value->kind != SOW__VALUE_BOOL) {
        return sow__fail(err, SOW_ERROR_TYPE, "'%s' object cannot be interpreted as an integer",
                         sow__value_type_name(value));
    }
    *count = value->kind == SOW__VALUE_INT ? value->integer : value->boolean;
    return SOW_OK;
}

sow_module *sow__construct_transformer_stack(const sow__class *of, sow__args *args, sow_error *err)
{
    const sow__value *layer =
        sow__args_get(args, of->variant == SOW__ENCODER ? "encoder_layer" : "decoder_layer");
    int64_t n_layers = 0;
    if (sow__layer_count_read(sow__args_get(args, "num_layers"), &n_layers, err) != SOW_OK) {
        return NULL;
    }
    const bool is_module = layer->kind == SOW__VALUE_MODULE;
    if (n_layers > 0 && !is_module && layer->kind != SOW__VALUE_NONE) {
        sow__fail_element(layer, err);
        return NULL;
    }
    sow__value *norm =
        sow__args_get(args, "norm"); /* anything else is an attribute without state */
    return sow__transformer_stack(
        of->variant, is_module ? layer->module : NULL, n_layers,
        norm->kind == SOW__VALUE_MODULE ? sow__value_take_module(norm) : NULL, err);
}

/* A typed stack: takes layer and norm. */
static sow_module *typed_stack(int kind, sow_module *layer, int64_t n_layers, sow_module *norm,
                               sow_error *err)
{
    sow_module *stack = NULL;
    if (layer == NULL) {
        sow_module_free(norm);
        if (err == NULL || err->status == SOW_OK) {
            sow__fail(err, SOW_ERROR_VALUE, "the layer is NULL");
        }
    } else {
        stack = sow__transformer_stack(kind, layer, n_layers, norm, err);
    }
    sow_module_free(layer);
    return stack;
}

sow_module *sow_transformer_encoder(sow_module *encoder_layer, int64_t num_layers, sow_module *norm,
                                    sow_error *err)
{
    return typed_stack(SOW__ENCODER, encoder_layer, num_layers, norm, err);
}

sow_module *sow_transformer_decoder(sow_module *decoder_layer, int64_t num_layers, sow_module *norm,
                                    sow_error *err)
{
    return typed_stack(SOW__DECODER, decoder_layer, num_layers, norm, err);
}
