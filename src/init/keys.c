/* A weight and its bias by string key.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "init/registry.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef enum bias_rule {
    BIAS_ZEROS,
    BIAS_AS_WEIGHT,
    BIAS_FAN_IN, /* U(-1/sqrt(fan_in), 1/sqrt(fan_in)) with the weight's fan_in */
} bias_rule;

static const struct key {
    const char *name;
    const sow_initializer *initializer;
    bias_rule bias;
} keys[] = {
    {"orthogonal", &sow__init_orthogonal, BIAS_ZEROS},
    {"normal", &sow__init_normal, BIAS_ZEROS},
    {"biased_normal", &sow__init_normal, BIAS_AS_WEIGHT},
    {"uniform", &sow__init_uniform, BIAS_ZEROS},
    {"kaiming_uniform", &sow__init_kaiming_uniform, BIAS_FAN_IN},
    {"kaiming_normal", &sow__init_kaiming_normal, BIAS_FAN_IN},
    {"xavier_uniform", &sow__init_xavier_uniform, BIAS_FAN_IN},
    {"xavier_normal", &sow__init_xavier_normal, BIAS_FAN_IN},
    {"trunc_normal", &sow__init_trunc_normal, BIAS_ZEROS},
    {"dirac", &sow__init_dirac, BIAS_ZEROS},
    {"constant", &sow__init_constant, BIAS_ZEROS},
    {"zeros", &sow__init_zeros, BIAS_ZEROS},
    {"ones", &sow__init_ones, BIAS_ZEROS},
};

#define N_KEYS (sizeof keys / sizeof keys[0])

static const struct key *find_key(const char *name)
{
    for (size_t i = 0; name != NULL && i < N_KEYS; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

static sow_init_args weight_args(const struct key *key, const sow_tensor *weight,
                                 const sow_init_options *options)
{
    const sow_dtype dtype = sow_tensor_dtype(weight);
    const bool in_float32 = dtype == SOW_F16 || dtype == SOW_BF16;
    sow_init_args args = {
        .a = 0.0,
        .b = options->scale,
        .mean = options->mean,
        .std = options->std,
        .gain = 1.0,
        .val = options->scale,
        .groups = options->groups,
    };
    if (key->initializer == &sow__init_orthogonal && in_float32) {
        args.gain = 0.01;
    }
    if (key->initializer == &sow__init_trunc_normal) {
        args.a = options->trunc_clip[0];
        args.b = options->trunc_clip[1];
    }
    return args;
}

static sow_status fill_bias_by_fan_in(sow_tensor *bias, const sow_tensor *weight,
                                      sow_generator *generator, sow_error *err)
{
    int64_t fan_in = 0;
    const sow_status status = sow_calculate_fans(weight, &fan_in, NULL, err);
    if (status != SOW_OK) {
        return status;
    }
    if (fan_in == 0) {
        return sow_zeros(bias, err);
    }
    const double bound = 1 / sqrt((double)fan_in);
    return sow_uniform(bias, -bound, bound, generator, err);
}

sow_status sow_init(sow_tensor *weight, sow_tensor *bias, const char *key,
                    const sow_init_options *options, sow_generator *generator, sow_error *err)
{
    static const sow_init_options defaults = SOW_INIT_OPTIONS_INIT;
    const struct key *found = find_key(key);
    if (found == NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "Unexpected initialization: %s",
                         key != NULL ? key : "None");
    }
    if (weight == NULL) {
        return sow__fail(err, SOW_ERROR_TYPE, "init: weight is NULL");
    }
    if (sow_tensor_device(weight) == SOW_META) {
        return SOW_OK;
    }
    const sow_init_args args = weight_args(found, weight, options != NULL ? options : &defaults);
    const sow_status status =
        sow__init_run(found->initializer, SOW__INIT_FLOAT32, weight, &args, generator, err);
    if (status != SOW_OK || bias == NULL) {
        return status;
    }
    switch (found->bias) {
    case BIAS_AS_WEIGHT:
        return sow__init_run(found->initializer, SOW__INIT_PLAIN, bias, &args, generator, err);
    case BIAS_FAN_IN:
        return fill_bias_by_fan_in(bias, weight, generator, err);
    case BIAS_ZEROS:
        break;
    }
    return sow_zeros(bias, err);
}

const char *sow_init_key(size_t index)
{
    return index < N_KEYS ? keys[index].name : NULL;
}

sow_status sow_init_key_check(const char *key, sow_error *err)
{
    if (find_key(key) != NULL) {
        return SOW_OK;
    }
    char list[256];
    size_t used = 0;
    for (size_t i = 0; i < N_KEYS; i++) {
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "",
                                 keys[i].name);
    }
    return sow__fail(err, SOW_ERROR_VALUE, "initialization must be one of %s; got \"%s\"", list,
                     key != NULL ? key : "NULL");
}
