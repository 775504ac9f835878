/* torch.nn.LayerNorm over one dim.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/module.h"

static sow_status build(sow_module *module, int64_t dim, bool bias, const sow_factory *factory,
                        sow_error *err)
{
    sow_status status = sow__module_add_parameter(module, "weight", 1, &dim, factory, err);
    if (status == SOW_OK && bias) {
        status = sow__module_add_parameter(module, "bias", 1, &dim, factory, err);
    }
    if (status == SOW_OK) {
        status = sow_ones(sow_module_tensor(module, "weight"), err);
    }
    return status == SOW_OK && bias ? sow_zeros(sow_module_tensor(module, "bias"), err) : status;
}

sow_module *sow_layer_norm(int64_t dim, bool affine, bool bias, const sow_factory *factory,
                           sow_error *err)
{
    sow_module *module = sow_module_new("LayerNorm", err);
    if (module != NULL && affine &&
        build(module, dim, bias, sow__factory_or_default(factory), err) != SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}
