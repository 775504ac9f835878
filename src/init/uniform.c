/* uniform: values from U[a, b).
 * SPDX-License-Identifier: Apache-2.0 */
#include "init/registry.h"
#include <sow/deprecated.h>

sow_status sow__resolve_uniform(const sow_tensor *tensor, const sow_init_args *args,
                                const sow_generator *generator, sow__resolution *out,
                                sow_error *err)
{
    (void)tensor;
    (void)generator;
    (void)err;
    out->fill = (sow__fill){.kind = SOW__FILL_UNIFORM, .a = args->a, .b = args->b};
    return SOW_OK;
}

static sow_status run(int flags, sow_tensor *tensor, double a, double b, sow_generator *generator,
                      sow_error *err)
{
    const sow_init_args args = {.a = a, .b = b};
    return sow__init_run(&sow__init_uniform, flags, tensor, &args, generator, err);
}

sow_status sow_uniform(sow_tensor *tensor, double a, double b, sow_generator *generator,
                       sow_error *err)
{
    return run(SOW__INIT_PLAIN, tensor, a, b, generator, err);
}

sow_status sow_guarded_uniform(sow_tensor *tensor, double a, double b, sow_generator *generator,
                               sow_error *err)
{
    return run(SOW__INIT_GUARDED, tensor, a, b, generator, err);
}

sow_status sow_deprecated_uniform(sow_tensor *tensor, double a, double b, sow_generator *generator,
                                  sow_error *err)
{
    return run(SOW__INIT_DEPRECATED, tensor, a, b, generator, err);
}
