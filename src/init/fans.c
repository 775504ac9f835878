/* Fans, and the standard deviations that Xavier and Kaiming make of them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/checked.h"
#include "base/error.h"
#include "init/init.h"

#include <math.h>
#include <string.h>

sow_status sow_calculate_fans(const sow_tensor *tensor, int64_t *fan_in, int64_t *fan_out,
                              sow_error *err)
{
    if (tensor == NULL) {
        return sow__fail(err, SOW_ERROR_TYPE, "calculate_fans: tensor is NULL");
    }
    const int n_dims = sow_tensor_n_dims(tensor);
    const int64_t *sizes = sow_tensor_sizes(tensor);
    if (n_dims < 2) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "Fan in and fan out can not be computed for tensor with fewer than 2 "
                         "dimensions");
    }
    /* Only a tensor without elements can have fans that do not fit. */
    int64_t in = sizes[1], out = sizes[0];
    bool fits = true;
    for (int i = 2; i < n_dims; i++) {
        fits = sow__mul_i64(in, sizes[i], &in) && fits;
        fits = sow__mul_i64(out, sizes[i], &out) && fits;
    }
    if (!fits) {
        return sow__fail(err, SOW_ERROR_OVERFLOW, "fan_in or fan_out does not fit 64 bits");
    }
    if (fan_in != NULL) {
        *fan_in = in;
    }
    if (fan_out != NULL) {
        *fan_out = out;
    }
    return SOW_OK;
}

sow_status sow__xavier_std(const sow_tensor *tensor, double gain, double *std, sow_error *err)
{
    int64_t fan_in = 0, fan_out = 0;
    sow_status status = sow_calculate_fans(tensor, &fan_in, &fan_out, err);
    if (status != SOW_OK) {
        return status;
    }
    /* As uint64_t the sum is exact, and rounds once on its way to double. */
    const uint64_t fans = (uint64_t)fan_in + (uint64_t)fan_out;
    if (fans == 0) {
        return sow__fail(err, SOW_ERROR_ZERO_DIVISION, "float division by zero");
    }
    *std = gain * sqrt(2.0 / (double)fans);
    return SOW_OK;
}

/* The lower-cased text; ASCII, as far as it fits. */
static void lower(const char *text, char *lowered, size_t size)
{
    size_t i = 0;
    for (; text[i] != '\0' && i + 1 < size; i++) {
        lowered[i] = text[i];
        if (text[i] >= 'A' && text[i] <= 'Z') {
            lowered[i] = (char)(text[i] - 'A' + 'a');
        }
    }
    lowered[i] = '\0';
}

static sow_status calculate_correct_fan(const sow_tensor *tensor, const char *mode, int64_t *fan,
                                        sow_error *err)
{
    char lowered[SOW_ERROR_MESSAGE_SIZE];
    lower(mode != NULL ? mode : SOW__KAIMING_MODE, lowered, sizeof lowered);
    const bool wants_in = strcmp(lowered, "fan_in") == 0;
    if (!wants_in && strcmp(lowered, "fan_out") != 0) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "Mode %s not supported, please use one of ['fan_in', 'fan_out']", lowered);
    }
    return sow_calculate_fans(tensor, wants_in ? fan : NULL, wants_in ? NULL : fan, err);
}

sow_status sow__kaiming_std(const sow_tensor *tensor, const sow_init_args *args, double *std,
                            bool *nothing, sow_error *err)
{
    if (sow_tensor_numel(tensor) == 0) {
        sow__warn(SOW_WARNING_USER, "Initializing zero-element tensors is a no-op");
        *nothing = true;
        return SOW_OK;
    }
    int64_t fan = 0;
    sow_status status = calculate_correct_fan(tensor, args->mode, &fan, err);
    if (status != SOW_OK) {
        return status;
    }
    double gain = 0.0;
    status = sow_calculate_gain(args->nonlinearity != NULL ? args->nonlinearity
                                                           : SOW__KAIMING_NONLINEARITY,
                                &args->a, &gain, err);
    if (status != SOW_OK) {
        return status;
    }
    *std = gain / sqrt((double)fan);
    return SOW_OK;
}
