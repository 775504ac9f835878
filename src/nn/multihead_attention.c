/* torch.nn.MultiheadAttention.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/transformer.h"

#include "base/error.h"
#include "nn/family.h"
#include <stdlib.h>
#include <string.h>

/* The numbers of one module; kdim and vdim, when either is not embed_dim, are read where their
 * matrices are made. */
typedef struct attention {
    int64_t embed_dim;
    const sow__value *kdim, *vdim; /* lent; None: embed_dim */
    bool bias, add_bias_kv;
} attention;

static bool is_embed_dim(const sow__value *value, int64_t embed_dim)
{
    const sow__value size = sow__value_of_int(embed_dim);
    int order;
    return value->kind == SOW__VALUE_NONE ||
           (sow__value_is_number(value) &&
            sow__value_compare(value, "==", &size, &order, NULL) == SOW_OK && order == 0);
}

static bool has_same_dims(const attention *is)
{
    return is_embed_dim(is->kdim, is->embed_dim) && is_embed_dim(is->vdim, is->embed_dim);
}

static sow_status add_matrix(sow_module *module, const char *name, const attention *is,
                             const sow__value *width, const sow_factory *factory, sow_error *err)
{
    int64_t sizes[] = {is->embed_dim, is->embed_dim};
    const sow_status status = width == NULL || width->kind == SOW__VALUE_NONE
                                  ? SOW_OK
                                  : sow__value_size(width, 1, &sizes[1], err);
    return status == SOW_OK ? sow__module_add_parameter(module, name, 2, sizes, factory, err)
                            : status;
}

/* One matrix for query, key and value, or one each; the names of the other kind stay reserved. */
static sow_status add_in_proj(sow_module *module, const attention *is, const sow_factory *factory,
                              sow_error *err)
{
    static const char *const split[] = {"q_proj_weight", "k_proj_weight", "v_proj_weight"};
    const sow__value *const widths[] = {NULL, is->kdim, is->vdim};
    const int64_t whole[] = {3 * is->embed_dim, is->embed_dim};
    sow_status status = SOW_OK;
    if (has_same_dims(is)) {
        status = sow__module_add_parameter(module, "in_proj_weight", 2, whole, factory, err);
    }
    for (int i = 0; status == SOW_OK && i < 3; i++) {
        status = has_same_dims(is) ? sow_module_reserve_parameter(module, split[i], err)
                                   : add_matrix(module, split[i], is, widths[i], factory, err);
    }
    if (status == SOW_OK && !has_same_dims(is)) {
        status = sow_module_reserve_parameter(module, "in_proj_weight", err);
    }
    if (status != SOW_OK) {
        return status;
    }
    return is->bias ? sow__module_add_parameter(module, "in_proj_bias", 1, whole, factory, err)
                    : sow_module_reserve_parameter(module, "in_proj_bias", err);
}

/* A Linear by the name that PyTorch gives it here; draws as Linear does. */
static sow_status add_out_proj(sow_module *module, const attention *is, const sow_factory *factory,
                               sow_error *err)
{
    static const char type[] = "NonDynamicallyQuantizableLinear";
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    sow_module *linear = sow_linear(is->embed_dim, is->embed_dim, is->bias, factory, why);
    if (linear == NULL) {
        return why->status;
    }
    char *name = strdup(type);
    if (name == NULL) {
        sow_module_free(linear);
        return sow__fail_memory(err, sizeof type);
    }
    free(linear->type);
    linear->type = name;
    linear->class = sow__class_find(type);
    return sow_module_register_module(module, "out_proj", linear, err);
}

static sow_status add_bias_kv(sow_module *module, const attention *is, const sow_factory *factory,
                              sow_error *err)
{
    const int64_t sizes[] = {1, 1, is->embed_dim};
    const sow_status status = sow__module_add_parameter(module, "bias_k", 3, sizes, factory, err);
    return status != SOW_OK ? status
                            : sow__module_add_parameter(module, "bias_v", 3, sizes, factory, err);
}

/* Leaves out_proj.weight as its Linear drew it. What a module lacks is left out. */
sow_status sow__private_reset_multihead_attention(sow_module *module, sow_generator *generator,
                                                  sow_error *err)
{
    static const char *const drawn[] = {"in_proj_weight", "q_proj_weight", "k_proj_weight",
                                        "v_proj_weight"};
    static const char *const zeroed[] = {"in_proj_bias", "out_proj.bias"};
    static const char *const normal[] = {"bias_k", "bias_v"};
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < sizeof drawn / sizeof *drawn; i++) {
        sow_tensor *weight = sow_module_tensor(module, drawn[i]);
        status = weight == NULL ? SOW_OK : sow_xavier_uniform(weight, 1.0, generator, err);
    }
    for (size_t i = 0; status == SOW_OK && i < sizeof zeroed / sizeof *zeroed; i++) {
        sow_tensor *bias = sow_module_tensor(module, zeroed[i]);
        status = bias == NULL ? SOW_OK : sow_zeros(bias, err);
    }
    for (size_t i = 0; status == SOW_OK && i < sizeof normal / sizeof *normal; i++) {
        sow_tensor *bias = sow_module_tensor(module, normal[i]);
        status = bias == NULL ? SOW_OK : sow_xavier_normal(bias, 1.0, generator, err);
    }
    return status;
}

static sow_module *build(const attention *is, const sow_factory *factory, sow_error *err)
{
    sow_module *module = sow__module_of(sow__class_find("MultiheadAttention"), err);
    if (module == NULL) {
        return NULL;
    }
    sow_status status = add_in_proj(module, is, factory, err);
    if (status == SOW_OK) {
        status = add_out_proj(module, is, factory, err);
    }
    if (status == SOW_OK && is->add_bias_kv) {
        status = add_bias_kv(module, is, factory, err);
    }
    if (status == SOW_OK) {
        status = sow__private_reset_multihead_attention(module, factory->generator, err);
    }
    if (status != SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

/* ---- arguments ---- */

static bool is_positive(const sow__value *value, bool *positive, sow_error *err)
{
    const sow__value zero = sow__value_of_int(0);
    int order;
    if (sow__value_compare(value, "<=", &zero, &order, err) != SOW_OK) {
        return false;
    }
    *positive = order > 0; /* NaN is not less than 0, either */
    return true;
}

sow_status sow__heads_read(const sow__value *embed_dim, const sow__value *num_heads, int64_t *size,
                           sow_error *err)
{
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    bool positive, divides;
    if (!is_positive(embed_dim, &positive, why) ||
        (positive && !is_positive(num_heads, &positive, why))) {
        return why->status;
    }
    if (!positive) {
        char left[64], right[64];
        return sow__fail(err, SOW_ERROR_VALUE,
                         "embed_dim and num_heads must be greater than 0, got embed_dim=%s and "
                         "num_heads=%s instead",
                         sow__value_str(embed_dim, left, sizeof left),
                         sow__value_str(num_heads, right, sizeof right));
    }
    const sow_status status = sow__value_divides(embed_dim, num_heads, &divides, err);
    if (status != SOW_OK) {
        return status;
    }
    if (!divides) {
        return sow__fail(err, SOW_ERROR_VALUE, "embed_dim must be divisible by num_heads");
    }
    return sow__value_size(embed_dim, 0, size, err);
}

sow_module *sow__construct_multihead_attention(const sow__class *of, sow__args *args,
                                               sow_error *err)
{
    (void)of;
    attention is = {.kdim = sow__args_get(args, "kdim"),
                    .vdim = sow__args_get(args, "vdim"),
                    .bias = sow__args_truth(args, "bias"),
                    .add_bias_kv = sow__args_truth(args, "add_bias_kv")};
    if (sow__heads_read(sow__args_get(args, "embed_dim"), sow__args_get(args, "num_heads"),
                        &is.embed_dim, err) != SOW_OK) {
        return NULL;
    }
    return build(&is, &args->factory, err);
}

sow_module *sow_multihead_attention(int64_t embed_dim, int64_t num_heads,
                                    const sow_multihead_attention_options *options,
                                    const sow_factory *factory, sow_error *err)
{
    static const sow_multihead_attention_options defaults = SOW_MULTIHEAD_ATTENTION_OPTIONS_INIT;
    const sow_multihead_attention_options *with = options == NULL ? &defaults : options;
    const sow__value dim = sow__value_of_int(embed_dim), heads = sow__value_of_int(num_heads);
    if (sow__heads_read(&dim, &heads, &embed_dim, err) != SOW_OK) {
        return NULL;
    }
    const sow__value none = {.kind = SOW__VALUE_NONE};
    const sow__value kdim = with->kdim == SOW_EMBED_DIM ? none : sow__value_of_int(with->kdim);
    const sow__value vdim = with->vdim == SOW_EMBED_DIM ? none : sow__value_of_int(with->vdim);
    const attention is = {.embed_dim = embed_dim,
                          .kdim = &kdim,
                          .vdim = &vdim,
                          .bias = with->bias,
                          .add_bias_kv = with->add_bias_kv};
    return build(&is, sow__factory_or_default(factory), err);
}
