/* torch.nn.LayerNorm.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/family.h"

sow_status sow__reset_layer_norm(sow_module *module, sow_generator *generator, sow_error *err)
{
    (void)generator;
    return sow__reset_affine(module, err);
}

static sow_status build(sow_module *module, const sow__shape *shape, const bool has[2],
                        const sow_factory *factory, sow_error *err)
{
    sow_status status = sow__module_add_or_reserve(module, "weight", has[0], shape, factory, err);
    if (status == SOW_OK) {
        status = sow__module_add_or_reserve(module, "bias", has[0] && has[1], shape, factory, err);
    }
    return status == SOW_OK ? sow__reset_affine(module, err) : status;
}

sow_module *sow__construct_layer_norm(const sow__class *of, sow__args *args, sow_error *err)
{
    const bool has[2] = {sow__args_truth(args, "elementwise_affine"),
                         sow__args_truth(args, "bias")};
    sow__shape shape;
    if (sow__normalized_shape(args, has[0], &shape, err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_of(of, err);
    return module == NULL
               ? NULL
               : sow__module_finish(module, build(module, &shape, has, &args->factory, err));
}

sow_module *sow_layer_norm_nd(int n_dims, const int64_t *normalized_shape, bool affine, bool bias,
                              const sow_factory *factory, sow_error *err)
{
    const bool has[2] = {affine, bias};
    sow__shape shape;
    if (sow__shape_from_c(n_dims, normalized_shape, &shape, err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_named("LayerNorm", err);
    return module == NULL
               ? NULL
               : sow__module_finish(
                     module, build(module, &shape, has, sow__factory_or_default(factory), err));
}

sow_module *sow_layer_norm(int64_t dim, bool affine, bool bias, const sow_factory *factory,
                           sow_error *err)
{
    return sow_layer_norm_nd(1, &dim, affine, bias, factory, err);
}
