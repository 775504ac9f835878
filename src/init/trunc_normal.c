/* trunc_normal: normal values cut to absolute bounds.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "fill/draw.h"
#include "init/registry.h"

#include <math.h>

/* Python refuses to square a number when the result is not finite; PyTorch squares the distance of
 * the mode when it is about to propose uniform values. */
static bool peak_overflows(const sow__fill *fill)
{
    if (sow__trunc_is_normal(fill)) {
        return false;
    }
    const double upper = fill->b < fill->mean ? fill->b : fill->mean;
    const double mode = upper > fill->a ? upper : fill->a;
    const double distance = (mode - fill->mean) / fill->std;
    return isfinite(distance) && isinf(distance * distance);
}

sow_status sow__resolve_trunc_normal(const sow_tensor *tensor, const sow_init_args *args,
                                     const sow_generator *generator, sow__resolution *out,
                                     sow_error *err)
{
    const bool rejects = sow__init_dialect(generator) != SOW_TORCH_2_11;
    if (rejects && sow_tensor_device(tensor) == SOW_META) {
        out->nothing = true;
        return SOW_OK;
    }
    if (args->mean < args->a - 2 * args->std || args->mean > args->b + 2 * args->std) {
        sow__warn(SOW_WARNING_USER,
                  "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution "
                  "of values may be incorrect.");
    }
    if (args->std == 0) {
        return sow__fail(err, SOW_ERROR_ZERO_DIVISION, "float division by zero");
    }
    out->fill = (sow__fill){.kind = SOW__FILL_TRUNC_NORMAL,
                            .a = args->a,
                            .b = args->b,
                            .mean = args->mean,
                            .std = args->std};
    if (rejects && peak_overflows(&out->fill)) {
        return sow__fail(err, SOW_ERROR_OVERFLOW, "(34, 'Numerical result out of range')");
    }
    return SOW_OK;
}

static sow_status run(int flags, sow_tensor *tensor, double mean, double std, double a, double b,
                      sow_generator *generator, sow_error *err)
{
    const sow_init_args args = {.a = a, .b = b, .mean = mean, .std = std};
    return sow__init_run(&sow__init_trunc_normal, flags, tensor, &args, generator, err);
}

sow_status sow_trunc_normal(sow_tensor *tensor, double mean, double std, double a, double b,
                            sow_generator *generator, sow_error *err)
{
    return run(SOW__INIT_PLAIN, tensor, mean, std, a, b, generator, err);
}

sow_status sow_guarded_trunc_normal(sow_tensor *tensor, double mean, double std, double a, double b,
                                    sow_generator *generator, sow_error *err)
{
    return run(SOW__INIT_GUARDED, tensor, mean, std, a, b, generator, err);
}
