/* constant: one value everywhere.
 * SPDX-License-Identifier: Apache-2.0 */
#include "init/registry.h"
#include <sow/deprecated.h>

sow_status sow__resolve_constant(const sow_tensor *tensor, const sow_init_args *args,
                                 const sow_generator *generator, sow__resolution *out,
                                 sow_error *err)
{
    (void)tensor;
    (void)generator;
    (void)err;
    out->fill = (sow__fill){.kind = SOW__FILL_CONSTANT, .value = args->val};
    return SOW_OK;
}

static sow_status run(int flags, sow_tensor *tensor, double val, sow_error *err)
{
    const sow_init_args args = {.val = val};
    return sow__init_run(&sow__init_constant, flags, tensor, &args, NULL, err);
}

sow_status sow_constant(sow_tensor *tensor, double val, sow_error *err)
{
    return run(SOW__INIT_PLAIN, tensor, val, err);
}

sow_status sow_guarded_constant(sow_tensor *tensor, double val, sow_error *err)
{
    return run(SOW__INIT_GUARDED, tensor, val, err);
}

sow_status sow_deprecated_constant(sow_tensor *tensor, double val, sow_error *err)
{
    return run(SOW__INIT_DEPRECATED, tensor, val, err);
}
