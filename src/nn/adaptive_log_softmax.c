/* torch.nn.AdaptiveLogSoftmaxWithLoss.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/checked.h"
#include "base/error.h"
#include "nn/family.h"

#include <math.h>
#include <stdio.h>

/* The constructor's arguments, lent; cutoffs is n_cutoffs values. */
typedef struct adaptive {
    sow__value in_features, n_classes, div_value;
    const sow__value *cutoffs;
    size_t n_cutoffs;
    bool head_bias;
} adaptive;

/* ---- reset_parameters ---- */

sow_status sow__reset_adaptive_log_softmax(sow_module *module, sow_generator *generator,
                                           sow_error *err)
{
    sow_status status = sow_module_reset_parameters(sow_module_get(module, "head"), generator, err);
    const sow_module *tail = sow_module_get(module, "tail");
    for (size_t i = 0; status == SOW_OK && sow_module_child(tail, i) != NULL; i++) {
        const sow_module *pair = sow_module_child(tail, i);
        status = sow_module_reset_parameters(sow_module_child(pair, 0), generator, err);
        if (status == SOW_OK) {
            status = sow_module_reset_parameters(sow_module_child(pair, 1), generator, err);
        }
    }
    return status;
}

/* ---- checks ---- */

static sow_status fail_cutoffs(sow_error *err)
{
    return sow__fail(err, SOW_ERROR_VALUE,
                     "cutoffs should be a sequence of unique, positive integers sorted in an "
                     "increasing order, where each value is between 1 and n_classes-1");
}

static bool is_whole(const sow__value *value)
{
    return sow__value_is_int(value) || value->number == floor(value->number);
}

/* Rising, from 1 on. Python can sort what are no numbers, too, and then fails at the first. */
static sow_status check_order(const adaptive *given, sow_error *err)
{
    const sow__value zero = sow__value_of_int(0);
    int order = 0;
    for (size_t i = 1; i < given->n_cutoffs; i++) {
        if (!sow__value_is_number(&given->cutoffs[i]) &&
            given->cutoffs[i].kind == given->cutoffs[i - 1].kind) {
            continue;
        }
        const sow_status status =
            sow__value_compare(&given->cutoffs[i], "<", &given->cutoffs[i - 1], &order, err);
        if (status != SOW_OK) {
            return status;
        }
        if (order != 1) {
            return fail_cutoffs(err);
        }
    }
    const sow_status status = sow__value_compare(&given->cutoffs[0], "<=", &zero, &order, err);
    return status == SOW_OK && order != 1 ? fail_cutoffs(err) : status;
}

static sow_status check(const adaptive *given, sow_error *err)
{
    const sow__value one = sow__value_of_int(1);
    if (given->n_cutoffs == 0) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "cutoffs should be a sequence of length larger than 0");
    }
    const sow_status status = check_order(given, err);
    if (status != SOW_OK) {
        return status;
    }
    if (!sow__value_is_number(&given->n_classes)) {
        return sow__fail_operands("-", &given->n_classes, &one, err);
    }
    /* Above n_classes - 1, for whole numbers: not below n_classes. */
    int order = 0;
    sow__value_compare(&given->cutoffs[given->n_cutoffs - 1], ">", &given->n_classes, &order, NULL);
    if (order != -1) {
        return fail_cutoffs(err);
    }
    for (size_t i = 0; i < given->n_cutoffs; i++) {
        if (!is_whole(&given->cutoffs[i])) {
            return fail_cutoffs(err);
        }
    }
    return SOW_OK;
}

/* ---- the width of a cluster: int(in_features // div_value ** exponent)
 * ---------------------------------------------- */

/* Python's floor division of floats. */
static double floor_divide(double a, double b)
{
    double rest = fmod(a, b);
    double quotient = (a - rest) / b;
    if (rest != 0 && (b < 0) != (rest < 0)) {
        quotient -= 1.0;
    }
    const double whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1.0 : whole;
}

static sow_status width_by_float(double in_features, double div_value, int exponent, int64_t *width,
                                 sow_error *err)
{
    const double divisor = pow(div_value, exponent);
    if (isinf(divisor) && !isinf(div_value)) {
        return sow__fail(err, SOW_ERROR_OVERFLOW, "(34, 'Numerical result out of range')");
    }
    if (divisor == 0) {
        return sow__fail(err, SOW_ERROR_ZERO_DIVISION, "float floor division by zero");
    }
    const double result = floor_divide(in_features, divisor);
    if (isnan(result)) {
        return sow__fail(err, SOW_ERROR_VALUE, "cannot convert float NaN to integer");
    }
    if (isinf(result)) {
        return sow__fail(err, SOW_ERROR_OVERFLOW, "cannot convert float infinity to integer");
    }
    if (!(result >= -0x1p63 && result < 0x1p63)) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "empty(): argument 'size' failed to unpack the object at pos 1 with error "
                         "\"Overflow when unpacking long long\"");
    }
    *width = (int64_t)result;
    return SOW_OK;
}

static sow_status width_by_int(int64_t in_features, int64_t div_value, int exponent, int64_t *width,
                               sow_error *err)
{
    int64_t divisor = 1;
    bool fits = true;
    for (int i = 0; i < exponent && fits; i++) {
        fits = sow__mul_i64(divisor, div_value, &divisor);
    }
    if (div_value == 0) {
        return sow__fail(err, SOW_ERROR_ZERO_DIVISION, "integer division or modulo by zero");
    }
    if (!fits) {
        /* Beyond every in_features: only the signs count. */
        const bool is_negative = div_value < 0 && exponent % 2 == 1;
        *width = in_features != 0 && is_negative != (in_features < 0) ? -1 : 0;
        return SOW_OK;
    }
    *width =
        in_features / divisor - (in_features % divisor != 0 && (in_features < 0) != (divisor < 0));
    return SOW_OK;
}

static sow_status width_of(const adaptive *given, int exponent, int64_t *width, sow_error *err)
{
    const sow__value power = sow__value_of_int(exponent);
    if (!sow__value_is_number(&given->div_value)) {
        return sow__fail_operands("** or pow()", &given->div_value, &power, err);
    }
    return sow__value_is_int(&given->div_value)
               ? width_by_int(sow__value_int(&given->in_features),
                              sow__value_int(&given->div_value), exponent, width, err)
               : width_by_float(sow__value_number(&given->in_features), given->div_value.number,
                                exponent, width, err);
}

/* ---- building ---- */

/* a + sign * b, a float when one of them is. */
static sow__value sum(const sow__value *a, int sign, const sow__value *b)
{
    return sow__value_is_int(a) && sow__value_is_int(b)
               ? sow__value_of_int(sow__value_int(a) + sign * sow__value_int(b))
               : (sow__value){.kind = SOW__VALUE_FLOAT};
}

/* Linear(in_features, out_features, bias) of Python numbers. */
static sow_module *linear(const sow__value *in_features, const sow__value *out_features, bool bias,
                          const sow_factory *factory, sow_error *err)
{
    const sow__value items[2] = {*out_features, *in_features};
    sow__shape shape;
    return sow__shape_of_items(2, items, &shape, err) == SOW_OK
               ? sow_linear(shape.sizes[1], shape.sizes[0], bias, factory, err)
               : NULL;
}

static sow_status add_cluster(sow_module *tail, const adaptive *given, size_t index,
                              const sow_factory *factory, sow_error *err)
{
    int64_t width = 0;
    sow_status status = width_of(given, (int)index + 1, &width, err);
    sow_module *pair = status == SOW_OK ? sow__module_named("Sequential", err) : NULL;
    if (pair == NULL) {
        return status == SOW_OK ? SOW_ERROR_MEMORY : status;
    }
    const sow__value hidden = sow__value_of_int(width);
    const sow__value *next =
        index + 1 < given->n_cutoffs ? &given->cutoffs[index + 1] : &given->n_classes;
    const sow__value n_classes = sum(next, -1, &given->cutoffs[index]);
    status = sow_module_register_module(
        pair, "0", linear(&given->in_features, &hidden, false, factory, err), err);
    if (status == SOW_OK) {
        status = sow_module_register_module(pair, "1",
                                            linear(&hidden, &n_classes, false, factory, err), err);
    }
    if (status != SOW_OK) {
        sow_module_free(pair);
        return status;
    }
    char name[24];
    snprintf(name, sizeof name, "%zu", index);
    return sow_module_register_module(tail, name, pair, err);
}

static sow_status build(sow_module *module, const adaptive *given, const sow_factory *factory,
                        sow_error *err)
{
    const sow__value n_clusters = sow__value_of_int((int64_t)given->n_cutoffs);
    const sow__value head_size = sum(&given->cutoffs[0], 1, &n_clusters);
    sow_status status = sow_module_register_module(
        module, "head", linear(&given->in_features, &head_size, given->head_bias, factory, err),
        err);
    if (status == SOW_OK) {
        status =
            sow_module_register_module(module, "tail", sow__module_named("ModuleList", err), err);
    }
    for (size_t i = 0; status == SOW_OK && i < given->n_cutoffs; i++) {
        status = add_cluster(sow_module_get(module, "tail"), given, i, factory, err);
    }
    return status;
}

static sow_module *finish(sow_module *module, const adaptive *given, const sow_factory *factory,
                          sow_error *err)
{
    return module == NULL ? NULL : sow__module_finish(module, build(module, given, factory, err));
}

/* Dicts and texts are read as far as to fail. */
static sow_status read_cutoffs(const sow__value *value, adaptive *given, sow__value *items,
                               sow_error *err)
{
    if (value->kind == SOW__VALUE_LIST) {
        given->cutoffs = value->items;
        given->n_cutoffs = value->n_items;
        return SOW_OK;
    }
    int n_items = 0;
    const sow_status status = sow__value_tuple(value, items, &n_items, err);
    given->cutoffs = items;
    given->n_cutoffs = n_items > 0 ? 1 : 0;
    return status;
}

sow_module *sow__construct_adaptive_log_softmax(const sow__class *of, sow__args *args,
                                                sow_error *err)
{
    adaptive given = {.in_features = *sow__args_get(args, "in_features"),
                      .n_classes = *sow__args_get(args, "n_classes"),
                      .div_value = *sow__args_get(args, "div_value"),
                      .head_bias = sow__args_truth(args, "head_bias")};
    sow__value items[SOW_MAX_DIMS];
    if (read_cutoffs(sow__args_get(args, "cutoffs"), &given, items, err) != SOW_OK ||
        check(&given, err) != SOW_OK) {
        return NULL;
    }
    return finish(sow__module_of(of, err), &given, &args->factory, err);
}

sow_module *sow_adaptive_log_softmax_with_loss(int64_t in_features, int64_t n_classes,
                                               const sow_adaptive_log_softmax_options *options,
                                               const sow_factory *factory, sow_error *err)
{
    enum { MOST_CUTOFFS = 64 };
    if (options == NULL || options->n_cutoffs > MOST_CUTOFFS) {
        sow__fail(err, SOW_ERROR_VALUE,
                  options == NULL ? "cutoffs should be a sequence of length larger than 0"
                                  : "at most 64 cutoffs are supported");
        return NULL;
    }
    sow__value cutoffs[MOST_CUTOFFS];
    for (size_t i = 0; i < options->n_cutoffs; i++) {
        cutoffs[i] = sow__value_of_int(options->cutoffs[i]);
    }
    const adaptive given = {
        .in_features = sow__value_of_int(in_features),
        .n_classes = sow__value_of_int(n_classes),
        .div_value = {.kind = SOW__VALUE_FLOAT,
                      .number = options->div_value == 0 ? 4.0 : options->div_value},
        .cutoffs = cutoffs,
        .n_cutoffs = options->n_cutoffs,
        .head_bias = options->head_bias};
    if (check(&given, err) != SOW_OK) {
        return NULL;
    }
    return finish(sow__module_named("AdaptiveLogSoftmaxWithLoss", err), &given,
                  sow__factory_or_default(factory), err);
}
