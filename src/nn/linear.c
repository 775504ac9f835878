/* torch.nn.Linear.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/module.h"

#include <math.h>

static sow_status reset_parameters(sow_module *module, sow_generator *generator, sow_error *err)
{
    sow_tensor *weight = sow_module_tensor(module, "weight");
    sow_tensor *bias = sow_module_tensor(module, "bias");
    sow_status status =
        sow_kaiming_uniform(weight, sqrt(5.0), "fan_in", "leaky_relu", generator, err);
    if (status != SOW_OK || bias == NULL) {
        return status;
    }
    int64_t fan_in;
    status = sow_calculate_fans(weight, &fan_in, NULL, err);
    if (status != SOW_OK) {
        return status;
    }
    if (fan_in == 0) { /* a bound of -0.0 would show in the values */
        return sow_uniform(bias, 0.0, 0.0, generator, err);
    }
    const double bound = 1.0 / sqrt((double)fan_in);
    return sow_uniform(bias, -bound, bound, generator, err);
}

static sow_status build(sow_module *module, int64_t in_features, int64_t out_features, bool bias,
                        const sow_factory *factory, sow_error *err)
{
    const int64_t sizes[2] = {out_features, in_features};
    sow_status status = sow__module_add_parameter(module, "weight", 2, sizes, factory, err);
    if (status == SOW_OK && bias) {
        status = sow__module_add_parameter(module, "bias", 1, sizes, factory, err);
    }
    return status == SOW_OK ? reset_parameters(module, factory->generator, err) : status;
}

sow_module *sow_linear(int64_t in_features, int64_t out_features, bool bias,
                       const sow_factory *factory, sow_error *err)
{
    sow_module *module = sow_module_new("Linear", err);
    if (module != NULL && build(module, in_features, out_features, bias,
                                sow__factory_or_default(factory), err) != SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}
