/* torch.nn.Linear, NonDynamicallyQuantizableLinear and LazyLinear.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/family.h"

#include <math.h>

sow_status sow__reset_linear(sow_module *module, sow_generator *generator, sow_error *err)
{
    const sow_status status = sow_kaiming_uniform(sow__module_own_tensor(module, "weight"),
                                                  sqrt(5.0), NULL, NULL, generator, err);
    return status == SOW_OK ? sow__reset_bias(module, generator, err) : status;
}

/* sizes: out_features, in_features. */
static sow_status build(sow_module *module, const int64_t sizes[2], bool bias,
                        const sow_factory *factory, sow_error *err)
{
    const sow_status status = sow__module_add_pair(module, 2, sizes, bias, factory, err);
    return status == SOW_OK ? sow__reset_linear(module, factory->generator, err) : status;
}

sow_module *sow__construct_linear(const sow__class *of, sow__args *args, sow_error *err)
{
    int64_t sizes[2];
    if (sow__args_shape(args, 2, (const char *const[]){"out_features", "in_features"}, sizes,
                        err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_of(of, err);
    return module == NULL
               ? NULL
               : sow__module_finish(module, build(module, sizes, sow__args_truth(args, "bias"),
                                                  &args->factory, err));
}

sow_module *sow_linear(int64_t in_features, int64_t out_features, bool bias,
                       const sow_factory *factory, sow_error *err)
{
    const int64_t sizes[2] = {out_features, in_features};
    sow_module *module = sow__module_named("Linear", err);
    return module == NULL
               ? NULL
               : sow__module_finish(
                     module, build(module, sizes, bias, sow__factory_or_default(factory), err));
}

/* ---- lazy ---- */

sow_status sow__reset_lazy_linear(sow_module *module, sow_generator *generator, sow_error *err)
{
    return sow__module_is_lazy(module) ? SOW_OK : sow__reset_linear(module, generator, err);
}

sow_module *sow__construct_lazy_linear(const sow__class *of, sow__args *args, sow_error *err)
{
    sow_module *module = sow__module_of(of, err);
    return module == NULL
               ? NULL
               : sow__module_finish(module,
                                    sow__module_add_lazy_pair(module, sow__args_truth(args, "bias"),
                                                              &args->factory, err));
}
