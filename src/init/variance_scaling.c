/* The guarded initializers that transformers adds to torch's: lecun_normal, default_flax_embed_init
 * and copy.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "init/init.h"

#include <math.h>

/* Standard deviation of N(0, 1) cut to [-2, 2], in transformers' digits. */
#define CUT_NORMAL_STD 0.87962566103423978

/* sqrt(1 / fan_in). */
static sow_status fan_in_std(const sow_tensor *tensor, double *std, sow_error *err)
{
    int64_t fan_in = 0;
    const sow_status status = sow_calculate_fans(tensor, &fan_in, NULL, err);
    if (status != SOW_OK) {
        return status;
    }
    if (fan_in == 0) {
        return sow__fail(err, SOW_ERROR_ZERO_DIVISION, "float division by zero");
    }
    *std = sqrt(1.0 / (double)fan_in);
    return SOW_OK;
}

sow_status sow_guarded_lecun_normal(sow_tensor *tensor, sow_generator *generator, sow_error *err)
{
    if (tensor == NULL) {
        return sow__fail(err, SOW_ERROR_TYPE, "lecun_normal: tensor is NULL");
    }
    if (sow__init_leaves(tensor, true)) {
        return SOW_OK;
    }
    double std = 0.0;
    const sow_status status = fan_in_std(tensor, &std, err);
    if (status != SOW_OK) {
        return status;
    }
    return sow_guarded_trunc_normal(tensor, 0.0, std / CUT_NORMAL_STD, -2.0, 2.0, generator, err);
}

sow_status sow_guarded_default_flax_embed_init(sow_tensor *tensor, sow_generator *generator,
                                               sow_error *err)
{
    if (tensor == NULL) {
        return sow__fail(err, SOW_ERROR_TYPE, "default_flax_embed_init: tensor is NULL");
    }
    if (sow__init_leaves(tensor, true)) {
        return SOW_OK;
    }
    double std = 0.0;
    const sow_status status = fan_in_std(tensor, &std, err);
    if (status != SOW_OK) {
        return status;
    }
    return sow_guarded_normal(tensor, 0.0, std, generator, err);
}

sow_status sow_guarded_copy(sow_tensor *target, const sow_tensor *source, sow_error *err)
{
    if (target == NULL || source == NULL) {
        return sow__fail(err, SOW_ERROR_TYPE, "copy: %s is NULL",
                         target == NULL ? "target" : "source");
    }
    if (sow__init_leaves(target, true)) {
        return SOW_OK;
    }
    return sow_tensor_copy(target, source, err);
}
