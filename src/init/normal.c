/* normal: values from N(mean, std^2).
 * SPDX-License-Identifier: Apache-2.0 */
#include "init/registry.h"
#include <sow/deprecated.h>

sow_status sow__resolve_normal(const sow_tensor *tensor, const sow_init_args *args,
                               const sow_generator *generator, sow__resolution *out, sow_error *err)
{
    (void)tensor;
    (void)generator;
    (void)err;
    out->fill = (sow__fill){.kind = SOW__FILL_NORMAL, .mean = args->mean, .std = args->std};
    return SOW_OK;
}

static sow_status run(int flags, sow_tensor *tensor, double mean, double std,
                      sow_generator *generator, sow_error *err)
{
    const sow_init_args args = {.mean = mean, .std = std};
    return sow__init_run(&sow__init_normal, flags, tensor, &args, generator, err);
}

sow_status sow_normal(sow_tensor *tensor, double mean, double std, sow_generator *generator,
                      sow_error *err)
{
    return run(SOW__INIT_PLAIN, tensor, mean, std, generator, err);
}

sow_status sow_guarded_normal(sow_tensor *tensor, double mean, double std, sow_generator *generator,
                              sow_error *err)
{
    return run(SOW__INIT_GUARDED, tensor, mean, std, generator, err);
}

sow_status sow_deprecated_normal(sow_tensor *tensor, double mean, double std,
                                 sow_generator *generator, sow_error *err)
{
    return run(SOW__INIT_DEPRECATED, tensor, mean, std, generator, err);
}
