/* torch.nn.RMSNorm.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/family.h"

sow_status sow__reset_rms_norm(sow_module *module, sow_generator *generator, sow_error *err)
{
    (void)generator;
    return sow__reset_affine(module, err);
}

static sow_status build(sow_module *module, const sow__shape *shape, bool affine,
                        const sow_factory *factory, sow_error *err)
{
    const sow_status status =
        sow__module_add_or_reserve(module, "weight", affine, shape, factory, err);
    return status == SOW_OK ? sow__reset_affine(module, err) : status;
}

sow_module *sow__construct_rms_norm(const sow__class *of, sow__args *args, sow_error *err)
{
    const bool affine = sow__args_truth(args, "elementwise_affine");
    sow__shape shape;
    if (sow__normalized_shape(args, affine, &shape, err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_of(of, err);
    return module == NULL
               ? NULL
               : sow__module_finish(module, build(module, &shape, affine, &args->factory, err));
}

sow_module *sow_rms_norm_nd(int n_dims, const int64_t *normalized_shape, bool affine,
                            const sow_factory *factory, sow_error *err)
{
    sow__shape shape;
    if (sow__shape_from_c(n_dims, normalized_shape, &shape, err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_named("RMSNorm", err);
    return module == NULL
               ? NULL
               : sow__module_finish(
                     module, build(module, &shape, affine, sow__factory_or_default(factory), err));
}

sow_module *sow_rms_norm(int64_t dim, bool affine, const sow_factory *factory, sow_error *err)
{
    return sow_rms_norm_nd(1, &dim, affine, factory, err);
}
