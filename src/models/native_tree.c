/* The tree of the native model, built in the order and with the checks of its constructors.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/native.h"

#include "base/error.h"
#include "nn/module.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool add(sow_module *module, const char *name, sow_module *child, sow_error *err)
{
    return sow_module_register_module(module, name, child, err) == SOW_OK;
}

static sow_module *norm(const sow__native_fields *fields, sow__native_norm kind,
                        const sow_factory *factory, sow_error *err)
{
    switch (kind) {
    case SOW__NORM_LAYER:
        return sow_layer_norm(fields->d_model, true, true, factory, err);
    case SOW__NORM_RMS:
        return sow_rms_norm(fields->d_model, true, factory, err);
    case SOW__NORM_BARE:
    default:
        return sow_module_new("Identity", err);
    }
}

static bool check_position(const sow__native_fields *fields, sow_error *err)
{
    if (!fields->rotary && strcmp(fields->position, "standard") != 0) {
        sow__fail(err, SOW_ERROR_VALUE,
                  "Unsupported positional_embedding_type='%s'. NativeModel supports 'standard' and "
                  "'rotary'.",
                  fields->position);
        return false;
    }
    if (fields->rotary && (fields->rotary_dim <= 0 || fields->rotary_dim % 2 != 0)) {
        sow__fail(err, SOW_ERROR_VALUE, "rotary_dim must be a positive even integer, got %" PRId64,
                  fields->rotary_dim);
        return false;
    }
    if (fields->rotary && fields->n_ctx < 0) {
        sow__fail(err, SOW_ERROR_RUNTIME,
                  "upper bound and lower bound inconsistent with step sign");
        return false;
    }
    return true;
}

static bool check_groups(const sow__native_fields *fields, sow_error *err)
{
    if (fields->n_kv_heads == 0) {
        sow__fail(err, SOW_ERROR_ZERO_DIVISION, "integer modulo by zero");
        return false;
    }
    if (fields->n_heads % fields->n_kv_heads != 0) {
        sow__fail(err, SOW_ERROR_VALUE,
                  "n_heads (%" PRId64 ") must be divisible by n_key_value_heads (%" PRId64
                  ") for GQA.",
                  fields->n_heads, fields->n_kv_heads);
        return false;
    }
    return true;
}

static bool check_scale(const sow__native_fields *fields, sow_error *err)
{
    if (fields->unscaled && fields->d_head > 1) {
        sow__fail(err, SOW_ERROR_VALUE,
                  "attn_scale=1.0 with d_head=%" PRId64
                  " (>1) is unscaled attention; softmax will saturate. For standard scaling leave "
                  "attn_scale at -1 (sentinel for sqrt(d_head)).",
                  fields->d_head);
        return false;
    }
    if (!fields->has_scale && fields->d_head < 0) {
        sow__fail(err, SOW_ERROR_VALUE, "math domain error");
        return false;
    }
    return true;
}

static bool check_act_fn(const sow__native_fields *fields, sow_error *err)
{
    static const char *const names[] = {"gelu",  "gelu_new", "relu",   "silu",
                                        "swish", "solu",     "solu_ln"};
    const size_t n_names = fields->v37 ? 5 : 7;
    for (size_t i = 0; i < n_names; i++) {
        if (strcmp(names[i], fields->act_fn) == 0) {
            return true;
        }
    }
    sow__fail(err, SOW_ERROR_VALUE,
              "Unsupported act_fn='%s'. Supported: ['gelu', 'gelu_new', 'relu', 'silu', %s'swish']",
              fields->act_fn, fields->v37 ? "" : "'solu', 'solu_ln', ");
    return false;
}

static sow_module *attention(const sow__native_fields *fields, const sow_factory *factory,
                             sow_error *err)
{
    const int64_t d_model = fields->d_model;
    const int64_t q_rows = fields->n_heads * fields->d_head;
    const int64_t kv_rows = fields->n_kv_heads * fields->d_head;
    sow_module *module = check_groups(fields, err) ? sow_module_new("NativeAttention", err) : NULL;
    if (module == NULL || !add(module, "q", sow_linear(d_model, q_rows, true, factory, err), err) ||
        !add(module, "k", sow_linear(d_model, kv_rows, true, factory, err), err) ||
        !add(module, "v", sow_linear(d_model, kv_rows, true, factory, err), err) ||
        !add(module, "o", sow_linear(q_rows, d_model, true, factory, err), err) ||
        !check_scale(fields, err)) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

static sow_module *plain_mlp(const sow__native_fields *fields, const sow_factory *factory,
                             sow_error *err)
{
    const int64_t d_model = fields->d_model, d_mlp = fields->d_mlp;
    sow_module *module = sow_module_new("NativeMLP", err);
    if (module == NULL ||
        !add(module, "fc_in", sow_linear(d_model, d_mlp, true, factory, err), err) ||
        !add(module, "fc_out", sow_linear(d_mlp, d_model, true, factory, err), err) ||
        !check_act_fn(fields, err) ||
        (fields->solu_ln &&
         !add(module, "ln", sow_layer_norm(d_mlp, true, true, factory, err), err))) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

static sow_module *gated_mlp(const sow__native_fields *fields, const sow_factory *factory,
                             sow_error *err)
{
    const int64_t d_model = fields->d_model, d_mlp = fields->d_mlp;
    sow_module *module = sow_module_new("NativeGatedMLP", err);
    if (module == NULL ||
        !add(module, "gate", sow_linear(d_model, d_mlp, false, factory, err), err) ||
        !add(module, "in", sow_linear(d_model, d_mlp, false, factory, err), err) ||
        !add(module, "out", sow_linear(d_mlp, d_model, false, factory, err), err) ||
        !check_act_fn(fields, err)) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

static sow_module *mlp(const sow__native_fields *fields, const sow_factory *factory, sow_error *err)
{
    return fields->gated_mlp ? gated_mlp(fields, factory, err) : plain_mlp(fields, factory, err);
}

static sow_module *block(const sow__native_fields *fields, const sow_factory *factory,
                         sow_error *err)
{
    sow_module *module = sow_module_new("NativeBlock", err);
    if (module == NULL || !add(module, "ln1", norm(fields, fields->norm, factory, err), err) ||
        !add(module, "attn", attention(fields, factory, err), err) ||
        (!fields->attn_only &&
         (!add(module, "ln2", norm(fields, fields->norm, factory, err), err) ||
          !add(module, "mlp", mlp(fields, factory, err), err)))) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

static sow_module *layers(const sow__native_fields *fields, const sow_factory *factory,
                          sow_error *err)
{
    sow_module *list = sow_module_new("ModuleList", err);
    for (int64_t i = 0; list != NULL && i < fields->n_layers; i++) {
        char name[SOW__INTEGER_SIZE];
        snprintf(name, sizeof name, "%" PRId64, i);
        if (!add(list, name, block(fields, factory, err), err)) {
            sow_module_free(list);
            return NULL;
        }
    }
    return list;
}

sow_module *sow__native_construct(const sow__native_fields *fields, const sow_factory *factory,
                                  sow_error *err)
{
    const int64_t none = SOW_NO_PADDING_IDX, d_model = fields->d_model;
    sow_module *module = sow_module_new("NativeModel", err);
    if (module == NULL ||
        !add(module, "tok_embed", sow_embedding(fields->d_vocab, d_model, none, factory, err),
             err) ||
        !check_position(fields, err) ||
        (!fields->rotary &&
         !add(module, "pos", sow_embedding(fields->n_ctx, d_model, none, factory, err), err)) ||
        !add(module, "layers", layers(fields, factory, err), err) ||
        !add(module, "ln_out", norm(fields, fields->final_norm, factory, err), err) ||
        !add(module, "head", sow_linear(d_model, fields->d_vocab_out, false, factory, err), err)) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}
