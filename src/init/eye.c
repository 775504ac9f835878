/* eye: the identity matrix, as far as the shape allows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "init/registry.h"
#include <sow/deprecated.h>

sow_status sow__resolve_eye(const sow_tensor *tensor, const sow_init_args *args,
                            const sow_generator *generator, sow__resolution *out, sow_error *err)
{
    (void)args;
    (void)generator;
    if (sow_tensor_n_dims(tensor) != 2) {
        return sow__fail(err, SOW_ERROR_VALUE, "Only tensors with 2 dimensions are supported");
    }
    out->fill = (sow__fill){.kind = SOW__FILL_EYE};
    return SOW_OK;
}

static sow_status run(int flags, sow_tensor *tensor, sow_error *err)
{
    const sow_init_args args = {0};
    return sow__init_run(&sow__init_eye, flags, tensor, &args, NULL, err);
}

sow_status sow_eye(sow_tensor *tensor, sow_error *err)
{
    return run(SOW__INIT_PLAIN, tensor, err);
}

sow_status sow_guarded_eye(sow_tensor *tensor, sow_error *err)
{
    return run(SOW__INIT_GUARDED, tensor, err);
}

sow_status sow_deprecated_eye(sow_tensor *tensor, sow_error *err)
{
    return run(SOW__INIT_DEPRECATED, tensor, err);
}
