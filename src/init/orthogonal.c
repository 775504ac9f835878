/* orthogonal: a (semi-)orthogonal matrix (Saxe et al. 2013).
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "init/registry.h"
#include <sow/deprecated.h>

sow_status sow__resolve_orthogonal(const sow_tensor *tensor, const sow_init_args *args,
                                   const sow_generator *generator, sow__resolution *out,
                                   sow_error *err)
{
    (void)generator;
    if (sow_tensor_n_dims(tensor) < 2) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "Only tensors with 2 or more dimensions are supported");
    }
    out->nothing = sow_tensor_numel(tensor) == 0 || sow_tensor_device(tensor) == SOW_META;
    out->fill = (sow__fill){.kind = SOW__FILL_ORTHOGONAL, .gain = args->gain};
    return SOW_OK;
}

static sow_status run(int flags, sow_tensor *tensor, double gain, sow_generator *generator,
                      sow_error *err)
{
    const sow_init_args args = {.gain = gain};
    return sow__init_run(&sow__init_orthogonal, flags, tensor, &args, generator, err);
}

sow_status sow_orthogonal(sow_tensor *tensor, double gain, sow_generator *generator, sow_error *err)
{
    return run(SOW__INIT_PLAIN, tensor, gain, generator, err);
}

sow_status sow_guarded_orthogonal(sow_tensor *tensor, double gain, sow_generator *generator,
                                  sow_error *err)
{
    return run(SOW__INIT_GUARDED, tensor, gain, generator, err);
}

sow_status sow_deprecated_orthogonal(sow_tensor *tensor, double gain, sow_generator *generator,
                                     sow_error *err)
{
    return run(SOW__INIT_DEPRECATED, tensor, gain, generator, err);
}
