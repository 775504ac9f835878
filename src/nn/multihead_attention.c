/* torch.nn.MultiheadAttention.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/class.h"

#include "base/error.h"
#include <stdlib.h>
#include <string.h>

/* The numbers of one module, kdim and vdim resolved. */
typedef struct attention {
    int64_t embed_dim, kdim, vdim;
    bool bias, add_bias_kv;
} attention;

static sow_status check_heads(int64_t embed_dim, int64_t num_heads, sow_error *err)
{
    if (embed_dim <= 0 || num_heads <= 0) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "embed_dim and num_heads must be greater than 0, got embed_dim=%lld and "
                         "num_heads=%lld instead",
                         (long long)embed_dim, (long long)num_heads);
    }
    if (embed_dim % num_heads != 0) {
        return sow__fail(err, SOW_ERROR_VALUE, "embed_dim must be divisible by num_heads");
    }
    return SOW_OK;
}

static bool has_same_dims(const attention *is)
{
    return is->kdim == is->embed_dim && is->vdim == is->embed_dim;
}

/* One matrix for query, key and value, or one each; the names of the other kind stay reserved. */
static sow_status add_in_proj(sow_module *module, const attention *is, const sow_factory *factory,
                              sow_error *err)
{
    static const char *const split[] = {"q_proj_weight", "k_proj_weight", "v_proj_weight"};
    const int64_t widths[] = {is->embed_dim, is->kdim, is->vdim};
    const int64_t whole[] = {3 * is->embed_dim, is->embed_dim};
    sow_status status = SOW_OK;
    if (has_same_dims(is)) {
        status = sow__module_add_parameter(module, "in_proj_weight", 2, whole, factory, err);
    }
    for (int i = 0; status == SOW_OK && i < 3; i++) {
        const int64_t sizes[] = {is->embed_dim, widths[i]};
        status = has_same_dims(is)
                     ? sow_module_reserve_parameter(module, split[i], err)
                     : sow__module_add_parameter(module, split[i], 2, sizes, factory, err);
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

/* PyTorch's private _reset_parameters: leaves out_proj.weight as its Linear drew it. */
static sow_status fill(sow_module *module, const attention *is, sow_generator *generator,
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
    for (size_t i = 0; status == SOW_OK && is->bias && i < 2; i++) {
        status = sow_zeros(sow_module_tensor(module, zeroed[i]), err);
    }
    for (size_t i = 0; status == SOW_OK && is->add_bias_kv && i < 2; i++) {
        status = sow_xavier_normal(sow_module_tensor(module, normal[i]), 1.0, generator, err);
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
        status = fill(module, is, factory->generator, err);
    }
    if (status != SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

sow_module *sow_multihead_attention(int64_t embed_dim, int64_t num_heads,
                                    const sow_multihead_attention_options *options,
                                    const sow_factory *factory, sow_error *err)
{
    static const sow_multihead_attention_options defaults = SOW_MULTIHEAD_ATTENTION_OPTIONS_INIT;
    const sow_multihead_attention_options *with = options == NULL ? &defaults : options;
    if (check_heads(embed_dim, num_heads, err) != SOW_OK) {
        return NULL;
    }
    const attention is = {.embed_dim = embed_dim,
                          .kdim = with->kdim == SOW_EMBED_DIM ? embed_dim : with->kdim,
                          .vdim = with->vdim == SOW_EMBED_DIM ? embed_dim : with->vdim,
                          .bias = with->bias,
                          .add_bias_kv = with->add_bias_kv};
    return build(&is, sow__factory_or_default(factory), err);
}

static sow_status read_dim(sow__args *args, const char *name, int64_t *dim, sow_error *err)
{
    bool is_none;
    int64_t value;
    const sow_status status = sow__args_optional_int(args, name, &value, &is_none, err);
    if (status == SOW_OK && !is_none) {
        *dim = value;
    }
    return status;
}

sow_module *sow__construct_multihead_attention(const sow__class *of, sow__args *args,
                                               sow_error *err)
{
    (void)of;
    attention is = {.bias = sow__args_truth(args, "bias"),
                    .add_bias_kv = sow__args_truth(args, "add_bias_kv")};
    int64_t num_heads;
    if (sow__args_int(args, "embed_dim", &is.embed_dim, err) != SOW_OK ||
        sow__args_int(args, "num_heads", &num_heads, err) != SOW_OK ||
        check_heads(is.embed_dim, num_heads, err) != SOW_OK) {
        return NULL;
    }
    is.kdim = is.vdim = is.embed_dim;
    if (read_dim(args, "kdim", &is.kdim, err) != SOW_OK ||
        read_dim(args, "vdim", &is.vdim, err) != SOW_OK) {
        return NULL;
    }
    return build(&is, &args->factory, err);
}
