/* torch.nn.TransformerEncoderLayer and TransformerDecoderLayer.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/transformer.h"

#include "base/error.h"
#include "nn/family.h"
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
    int64_t d_model;
    options.bias = args->bias;
    /* The number of heads has no part in what is built. */
    return sow__heads_read(args->d_model, args->nhead, &d_model, err) == SOW_OK
               ? sow_multihead_attention(d_model, 1, &options, args->factory, err)
               : NULL;
}

/* linear1 and linear2: the one allocates (dim_feedforward, d_model), the other the reverse. */
static sow_module *linear(bool first, int64_t d_model, const sow__layer_args *args, sow_error *err)
{
    int64_t width;
    if (sow__value_size(args->dim_feedforward, first ? 0 : 1, &width, err) != SOW_OK) {
        return NULL;
    }
    return sow_linear(first ? d_model : width, first ? width : d_model, args->bias, args->factory,
                      err);
}

/* One child, told by its name; the attention, which checks d_model, comes first. */
static sow_module *child(const char *name, const sow__layer_args *args, sow_error *err)
{
    if (strncmp(name, "dropout", 7) == 0) {
        return dropout(args->dropout, err);
    }
    if (strstr(name, "attn") != NULL) {
        return attention(args, err);
    }
    const int64_t d_model = sow__value_int(args->d_model);
    if (strncmp(name, "norm", 4) == 0) {
        return sow_layer_norm(d_model, true, args->bias, args->factory, err);
    }
    return linear(strcmp(name, "linear1") == 0, d_model, args, err);
}

/* A string must be a name that PyTorch knows; a module becomes a child; a function
 * leaves nothing. */
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

/* ---- arguments ---- */

sow__layer_args sow__layer_args_of(sow__args *args)
{
    return (sow__layer_args){.d_model = sow__args_get(args, "d_model"),
                             .nhead = sow__args_get(args, "nhead"),
                             .dim_feedforward = sow__args_get(args, "dim_feedforward"),
                             .dropout = sow__args_get(args, "dropout"),
                             .activation = sow__args_get(args, "activation"),
                             .bias = sow__args_truth(args, "bias"),
                             .factory = &args->factory};
}

sow_module *sow__construct_transformer_layer(const sow__class *of, sow__args *args, sow_error *err)
{
    const sow__layer_args layer = sow__layer_args_of(args);
    return sow__transformer_layer(of->variant, &layer, err);
}

sow__layer_args sow__layer_args_from_c(int64_t d_model, int64_t nhead,
                                       const sow_transformer_options *options,
                                       const sow_factory *factory, sow__layer_values *values)
{
    static const sow_transformer_options defaults = SOW_TRANSFORMER_OPTIONS_INIT;
    const sow_transformer_options *with = options == NULL ? &defaults : options;
    *values = (sow__layer_values){
        .d_model = sow__value_of_int(d_model),
        .nhead = sow__value_of_int(nhead),
        .dim_feedforward = sow__value_of_int(with->dim_feedforward),
        .dropout = {.kind = SOW__VALUE_FLOAT, .number = with->dropout},
        .activation = sow__value_of_module(with->activation),
    };
    return (sow__layer_args){.d_model = &values->d_model,
                             .nhead = &values->nhead,
                             .dim_feedforward = &values->dim_feedforward,
                             .bias = with->bias,
                             .dropout = &values->dropout,
                             .activation = &values->activation,
                             .factory = sow__factory_or_default(factory)};
}

static sow_module *typed_layer(int kind, int64_t d_model, int64_t nhead,
                               const sow_transformer_options *options, const sow_factory *factory,
                               sow_error *err)
{
    sow__layer_values values;
    const sow__layer_args args = sow__layer_args_from_c(d_model, nhead, options, factory, &values);
    sow_module *layer = sow__transformer_layer(kind, &args, err);
    sow__value_clear(&values.activation);
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
