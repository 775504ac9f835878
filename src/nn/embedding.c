/* torch.nn.Embedding.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/module.h"

#include "base/error.h"

/* PyTorch checks every index but 0, which fails later when there is no row. */
static sow_status resolve_padding_idx(int64_t num_embeddings, int64_t *padding_idx, sow_error *err)
{
    const int64_t index = *padding_idx;
    if (index == SOW_NO_PADDING_IDX || index == 0) {
        return SOW_OK;
    }
    if (index > 0 ? index >= num_embeddings : num_embeddings < 0 || index < -num_embeddings) {
        return sow__fail(err, SOW_ERROR_VALUE, "Padding_idx must be within num_embeddings");
    }
    *padding_idx = index > 0 ? index : index + num_embeddings;
    return SOW_OK;
}

static sow_status zero_padding_row(const sow_module *module, sow_error *err)
{
    if (module->padding_idx == SOW_NO_PADDING_IDX) {
        return SOW_OK;
    }
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    sow_tensor *row =
        sow_tensor_select(sow_module_tensor(module, "weight"), 0, module->padding_idx, why);
    if (row == NULL) {
        return why->status;
    }
    const sow_status status = sow_zeros(row, err);
    sow_tensor_free(row);
    return status;
}

static sow_status build(sow_module *module, int64_t num_embeddings, int64_t embedding_dim,
                        const sow_factory *factory, sow_error *err)
{
    sow_status status = resolve_padding_idx(num_embeddings, &module->padding_idx, err);
    if (status == SOW_OK) {
        const int64_t sizes[2] = {num_embeddings, embedding_dim};
        status = sow__module_add_parameter(module, "weight", 2, sizes, factory, err);
    }
    if (status == SOW_OK) {
        status = sow_normal(sow_module_tensor(module, "weight"), 0.0, 1.0, factory->generator, err);
    }
    return status == SOW_OK ? zero_padding_row(module, err) : status;
}

sow_module *sow_embedding(int64_t num_embeddings, int64_t embedding_dim, int64_t padding_idx,
                          const sow_factory *factory, sow_error *err)
{
    sow_module *module = sow_module_new("Embedding", err);
    if (module == NULL) {
        return NULL;
    }
    module->padding_idx = padding_idx;
    if (build(module, num_embeddings, embedding_dim, sow__factory_or_default(factory), err) !=
        SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}
