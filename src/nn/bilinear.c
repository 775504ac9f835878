/* torch.nn.Bilinear.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "nn/family.h"

#include <inttypes.h>
#include <math.h>

sow_status sow__reset_bilinear(sow_module *module, sow_generator *generator, sow_error *err)
{
    sow_tensor *weight = sow__module_own_tensor(module, "weight");
    sow_tensor *bias = sow__module_own_tensor(module, "bias");
    if (weight == NULL || sow_tensor_n_dims(weight) < 2) {
        return sow__fail(err, SOW_ERROR_RUNTIME, "Bilinear: no weight of at least 2 dims to reset");
    }
    const int64_t in1_features = sow_tensor_sizes(weight)[1];
    if (in1_features <= 0) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "in1_features must be > 0, but got (in1_features=%" PRId64 ")",
                         in1_features);
    }
    const double bound = 1.0 / sqrt((double)in1_features);
    const sow_status status = sow_uniform(weight, -bound, bound, generator, err);
    return status == SOW_OK && bias != NULL ? sow_uniform(bias, -bound, bound, generator, err)
                                            : status;
}

/* sizes: out_features, in1_features, in2_features. */
static sow_status build(sow_module *module, const int64_t sizes[3], bool bias,
                        const sow_factory *factory, sow_error *err)
{
    const sow_status status = sow__module_add_pair(module, 3, sizes, bias, factory, err);
    return status == SOW_OK ? sow__reset_bilinear(module, factory->generator, err) : status;
}

sow_module *sow__construct_bilinear(const sow__class *of, sow__args *args, sow_error *err)
{
    static const char *const names[3] = {"out_features", "in1_features", "in2_features"};
    int64_t sizes[3];
    if (sow__args_shape(args, 3, names, sizes, err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_of(of, err);
    return module == NULL
               ? NULL
               : sow__module_finish(module, build(module, sizes, sow__args_truth(args, "bias"),
                                                  &args->factory, err));
}

sow_module *sow_bilinear(int64_t in1_features, int64_t in2_features, int64_t out_features,
                         bool bias, const sow_factory *factory, sow_error *err)
{
    const int64_t sizes[3] = {out_features, in1_features, in2_features};
    sow_module *module = sow__module_named("Bilinear", err);
    return module == NULL
               ? NULL
               : sow__module_finish(
                     module, build(module, sizes, bias, sow__factory_or_default(factory), err));
}
