/* kaiming_normal: normal values of the variance that He et al. 2015 ask for.
 * SPDX-License-Identifier: Apache-2.0 */
#include "init/registry.h"
#include <sow/deprecated.h>

sow_status sow__resolve_kaiming_normal(const sow_tensor *tensor, const sow_init_args *args,
                                       const sow_generator *generator, sow__resolution *out,
                                       sow_error *err)
{
    (void)generator;
    double std = 0.0;
    const sow_status status = sow__kaiming_std(tensor, args, &std, &out->nothing, err);
    if (status != SOW_OK || out->nothing) {
        return status;
    }
    out->fill = (sow__fill){.kind = SOW__FILL_NORMAL, .mean = 0.0, .std = std};
    return SOW_OK;
}

static sow_status run(int flags, sow_tensor *tensor, double a, const char *mode,
                      const char *nonlinearity, sow_generator *generator, sow_error *err)
{
    const sow_init_args args = {.a = a, .mode = mode, .nonlinearity = nonlinearity};
    return sow__init_run(&sow__init_kaiming_normal, flags, tensor, &args, generator, err);
}

sow_status sow_kaiming_normal(sow_tensor *tensor, double a, const char *mode,
                              const char *nonlinearity, sow_generator *generator, sow_error *err)
{
    return run(SOW__INIT_PLAIN, tensor, a, mode, nonlinearity, generator, err);
}

sow_status sow_guarded_kaiming_normal(sow_tensor *tensor, double a, const char *mode,
                                      const char *nonlinearity, sow_generator *generator,
                                      sow_error *err)
{
    return run(SOW__INIT_GUARDED, tensor, a, mode, nonlinearity, generator, err);
}

sow_status sow_deprecated_kaiming_normal(sow_tensor *tensor, double a, const char *mode,
                                         const char *nonlinearity, sow_generator *generator,
                                         sow_error *err)
{
    return run(SOW__INIT_DEPRECATED, tensor, a, mode, nonlinearity, generator, err);
}
