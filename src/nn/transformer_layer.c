/* torch.nn.TransformerEncoderLayer and TransformerDecoderLayer.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/transformer.h"

#include "base/error.h"
#include <string.h>

/* Dropout(p), whose only effect here is its check. Of a value that is no number only the type
 * counts there. */
static sow_module *dropout(const sow__value *p, sow_error *err)
{
    sow__value copy = {.kind = p->kind == SOW__VALUE_MODULE ? SOW__VALUE_NONE : p->kind,
                       .boolean = p->boolean,
                       .integer = p->integer,
                       .number = p->number};
    sow__value positional = {.kind = SOW__VALUE_LIST}, keyword = {.kind = SOW__VALUE_DICT};
    if (sow__value_append(&positional, NULL, &copy, err) != SOW_OK) {
        return NULL;
    }
    return sow__class_call(sow__class_find("Dropout"), &positional, &keyword,
                           sow__factory_or_default(NULL), err);
}

static sow_module *attention(const sow__layer_args *args, sow_error *err)
{
    sow_multihead_attention_options options = SOW_MULTIHEAD_ATTENTION_OPTIONS_INIT;
    options.bias = args->bias;
    return sow_multihead_attention(args->d_model, args->nhead, &options, args->factory, err);
}

/* One child, told by its name. */
static sow_module *child(const char *name, const sow__layer_args *args, sow_error *err)
{
    if (strcmp(name, "linear1") == 0) {
        return sow_linear(args->d_model, args->dim_feedforward, args->bias, args->factory, err);
    }
    if (strcmp(name, "linear2") == 0) {
        return sow_linear(args->dim_feedforward, args->d_model, args->bias, args->factory, err);
    }
    if (strncmp(name, "dropout", 7) == 0) {
        return dropout(args->dropout, err);
    }
    if (strncmp(name, "norm", 4) == 0) {
        return sow_layer_norm(args->d_model, true, args->bias, args->factory, err);
    }
    return attention(args, err);
}

/* A string must be a name that PyTorch knows; a module becomes a child; a function leaves nothing.
 */
static sow_status add_activation(sow_module *layer, sow__value *activation, sow_error *err)
{
    if (activation->kind == SOW__VALUE_STRING && strcmp(activation->text, "relu") != 0 &&
        strcmp(activation->text, "gelu") != 0) {
        return sow__fail(err, SOW_ERROR_RUNTIME, "activation should be relu/gelu, not %s",
                         activation->text);
    }
    if (activation->kind != SOW__VALUE_MODULE) {
        return SOW_OK;
    }
    return sow_module_register_module(layer, "activation", sow__value_take_module(activation), err);
}

sow_module *sow__transformer_layer(int kind, const sow__layer_args *args, sow_error *err)
{
    static const char *const encoder[] = {"self_attn", "linear1",  "dropout",  "linear2", "norm1",
                                          "norm2",     "dropout1", "dropout2", NULL};
    static const char *const decoder[] = {"self_attn", "multihead_attn", "linear1",  "dropout",
                                          "linear2",   "norm1",          "norm2",    "norm3",
                                          "dropout1",  "dropout2",       "dropout3", NULL};
    const char *type = kind == SOW__ENCODER ? "TransformerEncoderLayer" : "TransformerDecoderLayer";
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    sow_module *layer = sow__module_of(sow__class_find(type), why);
    sow_status status = layer == NULL ? why->status : SOW_OK;
    const char *const *names = kind == SOW__ENCODER ? encoder : decoder;
    for (; status == SOW_OK && *names != NULL; names++) {
        status = sow_module_register_module(layer, *names, child(*names, args, why), why);
    }
    if (status == SOW_OK) {
        status = add_activation(layer, args->activation, why);
    }
    if (status != SOW_OK) {
        sow_module_free(layer);
        return NULL;
    }
    return layer;
}

/* ---- arguments
 * --------------------------------------------------------------------------------------------- */

sow_status sow__layer_args_read(sow__layer_args *layer, sow__args *args, sow_error *err)
{
    sow_status status = sow__args_int(args, "d_model", &layer->d_model, err);
    if (status == SOW_OK) {
        status = sow__args_int(args, "nhead", &layer->nhead, err);
    }
    if (status == SOW_OK) {
        status = sow__args_int(args, "dim_feedforward", &layer->dim_feedforward, err);
    }
    layer->bias = sow__args_truth(args, "bias");
    layer->dropout = sow__args_get(args, "dropout");
    layer->activation = sow__args_get(args, "activation");
    layer->factory = &args->factory;
    return status;
}

sow_module *sow__construct_transformer_layer(const sow__class *of, sow__args *args, sow_error *err)
{
    sow__layer_args layer;
    if (sow__layer_args_read(&layer, args, err) != SOW_OK) {
        return NULL;
    }
    return sow__transformer_layer(of->variant, &layer, err);
}

static sow_module *typed_layer(int kind, int64_t d_model, int64_t nhead,
                               const sow_transformer_options *options, const sow_factory *factory,
                               sow_error *err)
{
    static const sow_transformer_options defaults = SOW_TRANSFORMER_OPTIONS_INIT;
    const sow_transformer_options *with = options == NULL ? &defaults : options;
    const sow__value p = {.kind = SOW__VALUE_FLOAT, .number = with->dropout};
    sow__value activation = {.kind = SOW__VALUE_NONE};
    if (with->activation != NULL) {
        activation = (sow__value){.kind = SOW__VALUE_MODULE, .module = with->activation};
    }
    const sow__layer_args args = {.d_model = d_model,
                                  .nhead = nhead,
                                  .dim_feedforward = with->dim_feedforward,
                                  .bias = with->bias,
                                  .dropout = &p,
                                  .activation = &activation,
                                  .factory = sow__factory_or_default(factory)};
    sow_module *layer = sow__transformer_layer(kind, &args, err);
    sow__value_clear(&activation);
    return layer;
}

sow_module *sow_transformer_encoder_layer(int64_t d_model, int64_t nhead,
                                          const sow_transformer_options *options,
                                          const sow_factory *factory, sow_error *err)
{
    return typed_layer(SOW__ENCODER, d_model, nhead, options, factory, err);
}

sow_module *sow_transformer_decoder_layer(int64_t d_model, int64_t nhead,
                                          const sow_transformer_options *options,
                                          const sow_factory *factory, sow_error *err)
{
    return typed_layer(SOW__DECODER, d_model, nhead, options, factory, err);
}
