/* sparse: normal values with a share of each column set to zero (Martens 2010).
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "init/registry.h"
#include <sow/deprecated.h>

#include <math.h>

sow_status sow__resolve_sparse(const sow_tensor *tensor, const sow_init_args *args,
                               const sow_generator *generator, sow__resolution *out, sow_error *err)
{
    if (sow_tensor_n_dims(tensor) != 2) {
        return sow__fail(err, SOW_ERROR_VALUE, "Only tensors with 2 dimensions are supported");
    }
    if (sow_tensor_device(tensor) == SOW_META && sow__init_dialect(generator) != SOW_TORCH_2_11) {
        out->nothing = true;
        return SOW_OK;
    }
    const double n_zeros = args->sparsity * (double)sow_tensor_sizes(tensor)[0];
    if (isnan(n_zeros)) {
        return sow__fail(err, SOW_ERROR_VALUE, "cannot convert float NaN to integer");
    }
    if (isinf(n_zeros)) {
        return sow__fail(err, SOW_ERROR_OVERFLOW, "cannot convert float infinity to integer");
    }
    out->fill = (sow__fill){.kind = SOW__FILL_SPARSE, .std = args->std, .sparsity = args->sparsity};
    return SOW_OK;
}

static sow_status run(int flags, sow_tensor *tensor, double sparsity, double std,
                      sow_generator *generator, sow_error *err)
{
    const sow_init_args args = {.sparsity = sparsity, .std = std};
    return sow__init_run(&sow__init_sparse, flags, tensor, &args, generator, err);
}

sow_status sow_sparse(sow_tensor *tensor, double sparsity, double std, sow_generator *generator,
                      sow_error *err)
{
    return run(SOW__INIT_PLAIN, tensor, sparsity, std, generator, err);
}

sow_status sow_guarded_sparse(sow_tensor *tensor, double sparsity, double std,
                              sow_generator *generator, sow_error *err)
{
    return run(SOW__INIT_GUARDED, tensor, sparsity, std, generator, err);
}

sow_status sow_deprecated_sparse(sow_tensor *tensor, double sparsity, double std,
                                 sow_generator *generator, sow_error *err)
{
    return run(SOW__INIT_DEPRECATED, tensor, sparsity, std, generator, err);
}
