/* xavier_uniform: uniform values of the variance that Glorot & Bengio 2010 ask for.
 * SPDX-License-Identifier: Apache-2.0 */
#include "init/registry.h"
#include <sow/deprecated.h>

#include <math.h>

sow_status sow__resolve_xavier_uniform(const sow_tensor *tensor, const sow_init_args *args,
                                       const sow_generator *generator, sow__resolution *out,
                                       sow_error *err)
{
    (void)generator;
    double std = 0.0;
    const sow_status status = sow__xavier_std(tensor, args->gain, &std, err);
    if (status != SOW_OK) {
        return status;
    }
    const double a = sqrt(3.0) * std;
    out->fill = (sow__fill){.kind = SOW__FILL_UNIFORM, .a = -a, .b = a};
    return SOW_OK;
}

static sow_status run(int flags, sow_tensor *tensor, double gain, sow_generator *generator,
                      sow_error *err)
{
    const sow_init_args args = {.gain = gain};
    return sow__init_run(&sow__init_xavier_uniform, flags, tensor, &args, generator, err);
}

sow_status sow_xavier_uniform(sow_tensor *tensor, double gain, sow_generator *generator,
                              sow_error *err)
{
    return run(SOW__INIT_PLAIN, tensor, gain, generator, err);
}

sow_status sow_guarded_xavier_uniform(sow_tensor *tensor, double gain, sow_generator *generator,
                                      sow_error *err)
{
    return run(SOW__INIT_GUARDED, tensor, gain, generator, err);
}

sow_status sow_deprecated_xavier_uniform(sow_tensor *tensor, double gain, sow_generator *generator,
                                         sow_error *err)
{
    return run(SOW__INIT_DEPRECATED, tensor, gain, generator, err);
}
