/* dirac: a convolution that passes its input through.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "init/registry.h"
#include <sow/deprecated.h>

/* The centre must exist when there is a channel to set. */
static sow_status check_centre(int n_dims, const int64_t *sizes, int64_t groups, sow_error *err)
{
    if (groups < 0 || sizes[0] == 0 || sizes[1] == 0) {
        return SOW_OK;
    }
    for (int i = 2; i < n_dims; i++) {
        if (sizes[i] == 0) {
            return sow__fail(err, SOW_ERROR_INDEX,
                             "index 0 is out of bounds for dimension %d with size 0", i);
        }
    }
    return SOW_OK;
}

sow_status sow__resolve_dirac(const sow_tensor *tensor, const sow_init_args *args,
                              const sow_generator *generator, sow__resolution *out, sow_error *err)
{
    const int n_dims = sow_tensor_n_dims(tensor);
    if (n_dims < 3 || n_dims > 5) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "Only tensors with 3, 4, or 5 dimensions are supported");
    }
    if (args->groups == 0) {
        return sow__fail(err, SOW_ERROR_ZERO_DIVISION, "integer modulo by zero");
    }
    const int64_t *sizes = sow_tensor_sizes(tensor);
    if (sizes[0] % args->groups != 0) {
        return sow__fail(err, SOW_ERROR_VALUE, "dim 0 must be divisible by groups");
    }
    if (sow_tensor_device(tensor) == SOW_META && sow__init_dialect(generator) != SOW_TORCH_2_11) {
        out->nothing = true;
        return SOW_OK;
    }
    const sow_status status = check_centre(n_dims, sizes, args->groups, err);
    if (status != SOW_OK) {
        return status;
    }
    out->fill = (sow__fill){.kind = SOW__FILL_DIRAC, .groups = args->groups};
    return SOW_OK;
}

static sow_status run(int flags, sow_tensor *tensor, int64_t groups, sow_error *err)
{
    const sow_init_args args = {.groups = groups};
    return sow__init_run(&sow__init_dirac, flags, tensor, &args, NULL, err);
}

sow_status sow_dirac(sow_tensor *tensor, int64_t groups, sow_error *err)
{
    return run(SOW__INIT_PLAIN, tensor, groups, err);
}

sow_status sow_guarded_dirac(sow_tensor *tensor, int64_t groups, sow_error *err)
{
    return run(SOW__INIT_GUARDED, tensor, groups, err);
}

sow_status sow_deprecated_dirac(sow_tensor *tensor, int64_t groups, sow_error *err)
{
    return run(SOW__INIT_DEPRECATED, tensor, groups, err);
}
