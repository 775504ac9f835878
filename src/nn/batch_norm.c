/* torch.nn.BatchNorm1d, BatchNorm2d, BatchNorm3d, SyncBatchNorm and the lazy ones.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/running_norm.h"

sow_status sow__reset_batch_norm(sow_module *module, sow_generator *generator, sow_error *err)
{
    (void)generator;
    return sow__reset_running_norm(module, err);
}

sow_status sow__reset_lazy_batch_norm(sow_module *module, sow_generator *generator, sow_error *err)
{
    (void)generator;
    return sow__reset_running_norm(module, err);
}

sow_module *sow__construct_batch_norm(const sow__class *of, sow__args *args, sow_error *err)
{
    return sow__construct_running_norm(of, args, err);
}

sow_module *sow__construct_lazy_batch_norm(const sow__class *of, sow__args *args, sow_error *err)
{
    return sow__construct_lazy_norm(of, args, err);
}

static sow_module *make(const char *name, int64_t num_features,
                        const sow_batch_norm_options *options, const sow_factory *factory,
                        sow_error *err)
{
    static const sow_batch_norm_options defaults = {.no_affine = false};
    const sow_batch_norm_options *chosen = options == NULL ? &defaults : options;
    const sow__running_norm norm = {.affine = !chosen->no_affine,
                                    .bias = !chosen->no_bias,
                                    .track_running_stats = !chosen->no_running_stats};
    return sow__make_running_norm(name, num_features, norm, sow__factory_or_default(factory), err);
}

sow_module *sow_batch_norm1d(int64_t num_features, const sow_batch_norm_options *options,
                             const sow_factory *factory, sow_error *err)
{
    return make("BatchNorm1d", num_features, options, factory, err);
}

sow_module *sow_batch_norm2d(int64_t num_features, const sow_batch_norm_options *options,
                             const sow_factory *factory, sow_error *err)
{
    return make("BatchNorm2d", num_features, options, factory, err);
}

sow_module *sow_batch_norm3d(int64_t num_features, const sow_batch_norm_options *options,
                             const sow_factory *factory, sow_error *err)
{
    return make("BatchNorm3d", num_features, options, factory, err);
}
