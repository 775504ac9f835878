/* torch.nn.GroupNorm.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "nn/family.h"

sow_status sow__reset_group_norm(sow_module *module, sow_generator *generator, sow_error *err)
{
    (void)generator;
    return sow__reset_affine(module, err);
}

static sow_status check(const sow__value *groups, const sow__value *channels, sow_error *err)
{
    bool divides = false;
    const sow_status status = sow__value_divides(channels, groups, &divides, err);
    if (status != SOW_OK || divides) {
        return status;
    }
    char text[2][64];
    return sow__fail(err, SOW_ERROR_VALUE, "num_channels (%s) must be divisible by num_groups (%s)",
                     sow__value_str(channels, text[0], sizeof text[0]),
                     sow__value_str(groups, text[1], sizeof text[1]));
}

static sow_status build(sow_module *module, const sow__value *channels, const bool has[2],
                        const sow_factory *factory, sow_error *err)
{
    sow__shape shape = {.n_dims = 0};
    sow_status status = has[0] ? sow__shape_of_size(channels, "empty", &shape, err) : SOW_OK;
    if (status == SOW_OK) {
        status = sow__module_add_or_reserve(module, "weight", has[0], &shape, factory, err);
    }
    if (status == SOW_OK) {
        status = sow__module_add_or_reserve(module, "bias", has[0] && has[1], &shape, factory, err);
    }
    return status == SOW_OK ? sow__reset_affine(module, err) : status;
}

sow_module *sow__construct_group_norm(const sow__class *of, sow__args *args, sow_error *err)
{
    const sow__value *channels = sow__args_get(args, "num_channels");
    const bool has[2] = {sow__args_truth(args, "affine"), sow__args_truth(args, "bias")};
    if (check(sow__args_get(args, "num_groups"), channels, err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_of(of, err);
    return module == NULL
               ? NULL
               : sow__module_finish(module, build(module, channels, has, &args->factory, err));
}

sow_module *sow_group_norm(int64_t num_groups, int64_t num_channels, bool affine, bool bias,
                           const sow_factory *factory, sow_error *err)
{
    const sow__value groups = sow__value_of_int(num_groups);
    const sow__value channels = sow__value_of_int(num_channels);
    const bool has[2] = {affine, bias};
    if (check(&groups, &channels, err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_named("GroupNorm", err);
    return module == NULL
               ? NULL
               : sow__module_finish(
                     module, build(module, &channels, has, sow__factory_or_default(factory), err));
}
