/* zeros: the constant 0.
 * SPDX-License-Identifier: Apache-2.0 */
#include "init/registry.h"

sow_status sow__resolve_zeros(const sow_tensor *tensor, const sow_init_args *args,
                              const sow_generator *generator, sow__resolution *out, sow_error *err)
{
    (void)tensor;
    (void)args;
    (void)generator;
    (void)err;
    out->fill = (sow__fill){.kind = SOW__FILL_CONSTANT, .value = 0.0};
    return SOW_OK;
}

static sow_status run(int flags, sow_tensor *tensor, sow_error *err)
{
    const sow_init_args args = {0};
    return sow__init_run(&sow__init_zeros, flags, tensor, &args, NULL, err);
}

sow_status sow_zeros(sow_tensor *tensor, sow_error *err)
{
    return run(SOW__INIT_PLAIN, tensor, err);
}

sow_status sow_guarded_zeros(sow_tensor *tensor, sow_error *err)
{
    return run(SOW__INIT_GUARDED, tensor, err);
}
