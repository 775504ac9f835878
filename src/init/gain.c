/* calculate_gain: by how much a nonlinearity shrinks a signal.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "init/init.h"

#include <math.h>
#include <string.h>

static sow_status leaky_relu_gain(double slope, double *gain, sow_error *err)
{
    const double square = slope * slope;
    if (isinf(square) && !isinf(slope)) {
        return sow__fail(err, SOW_ERROR_OVERFLOW, "(34, 'Numerical result out of range')");
    }
    *gain = sqrt(2.0 / (1 + square));
    return SOW_OK;
}

sow_status sow_calculate_gain(const char *nonlinearity, const double *param, double *gain,
                              sow_error *err)
{
    static const struct {
        const char *name;
        double gain;
    } known[] = {
        {"linear", 1},           {"conv1d", 1},           {"conv2d", 1},  {"conv3d", 1},
        {"conv_transpose1d", 1}, {"conv_transpose2d", 1}, {"sigmoid", 1}, {"conv_transpose3d", 1},
        {"tanh", 5.0 / 3},       {"selu", 3.0 / 4},
    };
    if (nonlinearity == NULL) {
        nonlinearity = "None";
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(nonlinearity, known[i].name) == 0) {
            *gain = known[i].gain;
            return SOW_OK;
        }
    }
    if (strcmp(nonlinearity, "relu") == 0) {
        *gain = sqrt(2.0);
        return SOW_OK;
    }
    if (strcmp(nonlinearity, "leaky_relu") == 0) {
        return leaky_relu_gain(param != NULL ? *param : 0.01, gain, err);
    }
    return sow__fail(err, SOW_ERROR_VALUE, "Unsupported nonlinearity %s", nonlinearity);
}
