/* The small makers of tensors that a description can call: torch.zeros, ones, empty, full, rand,
 * randn and tensor.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/description.h"

#include "base/dtype.h"
#include "base/error.h"
#include "fill/fill.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What the makers share: shape, type and place. */
typedef struct factory {
    int n_dims;
    int64_t sizes[SOW_MAX_DIMS];
    bool has_dtype;
    sow_dtype dtype;
    sow_device device;
} factory;

/* ---- arguments ---- */

/* The keywords that all makers take besides their own; those that change nothing in a file are
 * taken as None or their default alone. */
static sow_status read_keywords(sow__call *call, factory *is, sow_error *err)
{
    is->dtype = call->description->factory.dtype;
    is->device = call->description->factory.device;
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < call->keyword.n_items; i++) {
        const char *key = call->keyword.keys[i];
        const sow__value *value = &call->keyword.items[i];
        if (strcmp(key, "dtype") == 0 && value->kind == SOW__VALUE_DTYPE) {
            is->has_dtype = true;
            is->dtype = value->dtype;
        } else if (strcmp(key, "dtype") == 0 && value->kind != SOW__VALUE_NONE) {
            status =
                sow__fail(err, SOW_ERROR_TYPE, "%s(): argument 'dtype' must be torch.dtype, not %s",
                          call->name, sow__value_type_name(value));
        } else if (strcmp(key, "device") == 0) {
            status = sow__call_device(call, value, &is->device, err);
        } else if (strcmp(key, "dtype") != 0 && strcmp(key, "requires_grad") != 0 &&
                   (strcmp(key, "pin_memory") != 0 || sow__value_truth(value))) {
            status = sow__fail(err, SOW_ERROR_TYPE, "%s() got an unexpected keyword argument '%s'",
                               call->name, key);
        }
    }
    return status;
}

static sow_status fail_missing(const sow__call *call, const char *name, sow_error *err)
{
    return sow__fail(err, SOW_ERROR_TYPE, "%s() missing 1 required positional arguments: \"%s\"",
                     call->name, name);
}

static sow_status fail_size_type(const sow__call *call, const char *type, sow_error *err)
{
    return sow__fail(err, SOW_ERROR_TYPE,
                     "%s(): argument 'size' (position 1) must be tuple of ints, not %s", call->name,
                     type);
}

/* A shape from numbers, or from the items of a list. */
static sow_status read_sizes(const sow__call *call, const sow__value *list, factory *is,
                             sow_error *err)
{
    if (list->n_items > SOW_MAX_DIMS) {
        return sow__fail(err, SOW_ERROR_VALUE, "%s(): %zu dims, %d are the most", call->name,
                         list->n_items, SOW_MAX_DIMS);
    }
    for (size_t i = 0; i < list->n_items; i++) {
        const sow__value *item = &list->items[i];
        if (item->kind != SOW__VALUE_INT && i == 0) {
            return fail_size_type(call, sow__value_type_name(item), err);
        }
        if (item->kind != SOW__VALUE_INT) {
            return sow__fail(err, SOW_ERROR_TYPE,
                             "%s(): argument 'size' failed to unpack the object at pos %zu with "
                             "error \"type must be tuple of ints,but got %s\"",
                             call->name, i + 1, sow__value_type_name(item));
        }
        is->sizes[i] = item->integer;
    }
    is->n_dims = (int)list->n_items;
    return SOW_OK;
}

/* A size that is one argument: a list, which must be one for Python, too. */
static sow_status read_size(const sow__call *call, const sow__value *value, factory *is,
                            sow_error *err)
{
    if (value->kind == SOW__VALUE_LIST && call->plain_lists) {
        return read_sizes(call, value, is, err);
    }
    return fail_size_type(
        call, value->kind == SOW__VALUE_LIST ? "ListConfig" : sow__value_type_name(value), err);
}

/* The shape of zeros, ones, empty, rand and randn. */
static sow_status read_shape(sow__call *call, factory *is, sow_error *err)
{
    sow__value size = {.kind = SOW__VALUE_NONE};
    sow_status status;
    if (sow__value_remove(&call->keyword, "size", &size)) {
        status = call->positional.n_items == 0
                     ? read_size(call, &size, is, err)
                     : sow__fail(err, SOW_ERROR_TYPE,
                                 "%s() got multiple values for argument 'size'", call->name);
    } else if (call->positional.n_items == 0) {
        status = fail_missing(call, "size", err);
    } else if (call->positional.n_items == 1 && call->positional.items[0].kind == SOW__VALUE_LIST) {
        status = read_size(call, &call->positional.items[0], is, err);
    } else {
        status = read_sizes(call, &call->positional, is, err);
    }
    sow__value_clear(&size);
    return status == SOW_OK ? read_keywords(call, is, err) : status;
}

/* ---- making ---- */

static sow_status make(const factory *is, sow__value *result, sow_error *err)
{
    result->tensor = sow_empty(is->dtype, is->n_dims, is->sizes, is->device, err);
    if (result->tensor == NULL) {
        return err->status;
    }
    result->kind = SOW__VALUE_TENSOR;
    return SOW_OK;
}

/* Constants are no initialisation: a scope without one does not keep them away. */
static sow_status make_constant(sow__call *call, const factory *is, const char *initializer,
                                double number, sow__value *result, sow_error *err)
{
    const sow__fill fill = {
        .kind = SOW__FILL_CONSTANT, .initializer = initializer, .value = number};
    const sow_status status = make(is, result, err);
    return status == SOW_OK
               ? sow__fill_apply(&fill, result->tensor, call->description->factory.generator, err)
               : status;
}

static sow_status note_undrawn(sow__description *description, sow_tensor *tensor,
                               const char *initializer, sow_error *err)
{
    if (description->n_undrawn == description->undrawn_capacity) {
        const size_t capacity = description->n_undrawn == 0 ? 16 : 2 * description->n_undrawn;
        sow__undrawn *grown = realloc(description->undrawn, capacity * sizeof *grown);
        if (grown == NULL) {
            return sow__fail_memory(err, capacity * sizeof *grown);
        }
        description->undrawn = grown;
        description->undrawn_capacity = capacity;
    }
    description->undrawn[description->n_undrawn++] =
        (sow__undrawn){sow_tensor_ref(tensor), initializer};
    return SOW_OK;
}

static sow_status make_drawn(sow__call *call, const char *initializer, sow__value *result,
                             sow_error *err)
{
    factory is = {.n_dims = 0};
    sow__description *description = call->description;
    sow_status status = read_shape(call, &is, err);
    if (status == SOW_OK) {
        status = make(&is, result, err);
    }
    if (status == SOW_OK) {
        status = sow_initializer_apply(sow_initializer_find(initializer), result->tensor, NULL,
                                       description->factory.generator, err);
    }
    return status == SOW_OK && description->build->options->checkpoint != NULL
               ? note_undrawn(description, result->tensor, initializer, err)
               : status;
}

static sow_status make_filled(sow__call *call, const char *initializer, double number,
                              sow__value *result, sow_error *err)
{
    factory is = {.n_dims = 0};
    const sow_status status = read_shape(call, &is, err);
    return status == SOW_OK ? make_constant(call, &is, initializer, number, result, err) : status;
}

sow_status sow__call_empty(sow__call *call, sow__value *result, sow_error *err)
{
    factory is = {.n_dims = 0};
    const sow_status status = read_shape(call, &is, err);
    return status == SOW_OK ? make(&is, result, err) : status;
}

sow_status sow__call_zeros(sow__call *call, sow__value *result, sow_error *err)
{
    return make_filled(call, "zeros", 0.0, result, err);
}

sow_status sow__call_ones(sow__call *call, sow__value *result, sow_error *err)
{
    return make_filled(call, "ones", 1.0, result, err);
}

sow_status sow__call_rand(sow__call *call, sow__value *result, sow_error *err)
{
    return make_drawn(call, "uniform", result, err);
}

sow_status sow__call_randn(sow__call *call, sow__value *result, sow_error *err)
{
    return make_drawn(call, "normal", result, err);
}

/* ---- torch.full ---- */

/* The type that a Python number gives a tensor. */
static bool number_of(const sow__value *value, sow_dtype of_float, double *number, sow_dtype *dtype)
{
    switch (value->kind) {
    case SOW__VALUE_BOOL:
        *number = value->boolean;
        *dtype = SOW_BOOL;
        return true;
    case SOW__VALUE_INT:
        *number = (double)value->integer;
        *dtype = SOW_I64;
        return true;
    case SOW__VALUE_FLOAT:
        *number = value->number;
        *dtype = of_float;
        return true;
    default:
        return false;
    }
}

/* Argument number at or of that name, moved out of the call; false when it is not there. */
static bool take(sow__call *call, size_t at, const char *name, sow__value *value)
{
    *value = (sow__value){.kind = SOW__VALUE_NONE};
    if (at < call->positional.n_items) {
        *value = call->positional.items[at];
        call->positional.items[at] = (sow__value){.kind = SOW__VALUE_NONE};
        return true;
    }
    return sow__value_remove(&call->keyword, name, value);
}

static sow_status make_full(sow__call *call, const sow__value *size, const sow__value *fill,
                            sow__value *result, sow_error *err)
{
    factory is = {.n_dims = 0};
    double number = 0.0;
    sow_dtype inferred = SOW_F32;
    sow_status status = read_size(call, size, &is, err);
    if (status == SOW_OK) {
        status = read_keywords(call, &is, err);
    }
    if (status == SOW_OK && !number_of(fill, is.dtype, &number, &inferred)) {
        status = sow__fail(err, SOW_ERROR_TYPE,
                           "full(): argument 'fill_value' (position 2) must be Number, not %s",
                           sow__value_type_name(fill));
    }
    if (status != SOW_OK) {
        return status;
    }
    is.dtype = is.has_dtype ? is.dtype : inferred;
    return make_constant(call, &is, "constant", number, result, err);
}

sow_status sow__call_full(sow__call *call, sow__value *result, sow_error *err)
{
    sow__value size, fill;
    const bool has_size = take(call, 0, "size", &size);
    const bool has_fill = take(call, 1, "fill_value", &fill);
    sow_status status = SOW_OK;
    if (call->positional.n_items > 2) {
        status =
            sow__fail(err, SOW_ERROR_TYPE, "full() takes 2 positional arguments but %zu were given",
                      call->positional.n_items);
    } else if (!has_size || !has_fill) {
        status = fail_missing(call, has_size ? "fill_value" : "size", err);
    } else {
        status = make_full(call, &size, &fill, result, err);
    }
    sow__value_clear(&size);
    sow__value_clear(&fill);
    return status;
}

/* ---- torch.tensor ---- */

/* Nested lists on their way into a tensor. */
typedef struct contents {
    factory is;
    sow_dtype inferred; /* the widest of bool, int64 and the default float type */
    size_t n_values, capacity;
    int64_t *integers; /* as long as all are whole */
    double *numbers;
} contents;

/* The shape, as the first elements say. */
static sow_status find_shape(contents *to, const sow__value *data, sow_error *err)
{
    for (const sow__value *at = data; at->kind == SOW__VALUE_LIST; at = &at->items[0]) {
        if (to->is.n_dims == SOW_MAX_DIMS) {
            return sow__fail(err, SOW_ERROR_VALUE, "tensor(): more than %d dims", SOW_MAX_DIMS);
        }
        to->is.sizes[to->is.n_dims++] = (int64_t)at->n_items;
        if (at->n_items == 0) {
            break;
        }
    }
    return SOW_OK;
}

/* bool gives way to int64, both to a float type. */
static int width(sow_dtype dtype)
{
    return dtype == SOW_BOOL ? 0 : dtype == SOW_I64 ? 1 : 2;
}

static sow_status add_number(contents *to, const sow__value *value, sow_error *err)
{
    double number;
    sow_dtype dtype;
    if (!number_of(value, to->is.dtype, &number, &dtype)) {
        return value->kind == SOW__VALUE_STRING
                   ? sow__fail(err, SOW_ERROR_VALUE, "too many dimensions 'str'")
                   : sow__fail(err, SOW_ERROR_RUNTIME, "Could not infer dtype of %s",
                               sow__value_type_name(value));
    }
    if (to->n_values == to->capacity) {
        const size_t capacity = to->capacity == 0 ? 16 : 2 * to->capacity;
        double *numbers = realloc(to->numbers, capacity * sizeof *numbers);
        to->numbers = numbers == NULL ? to->numbers : numbers;
        int64_t *integers = realloc(to->integers, capacity * sizeof *integers);
        to->integers = integers == NULL ? to->integers : integers;
        if (numbers == NULL || integers == NULL) {
            return sow__fail_memory(err, capacity * sizeof *numbers);
        }
        to->capacity = capacity;
    }
    to->integers[to->n_values] = value->kind == SOW__VALUE_BOOL ? value->boolean : value->integer;
    to->numbers[to->n_values++] = number;
    if (to->n_values == 1 || width(dtype) > width(to->inferred)) {
        to->inferred = dtype;
    }
    return SOW_OK;
}

static sow_status add_values(contents *to, const sow__value *data, int dim, sow_error *err)
{
    if (dim == to->is.n_dims) {
        return data->kind == SOW__VALUE_LIST
                   ? sow__fail(err, SOW_ERROR_TYPE, "must be real number, not list")
                   : add_number(to, data, err);
    }
    if (data->kind != SOW__VALUE_LIST || (int64_t)data->n_items != to->is.sizes[dim]) {
        return data->kind != SOW__VALUE_LIST
                   ? sow__fail(err, SOW_ERROR_TYPE,
                               "expected sequence of length %lld at dim %d, got %s",
                               (long long)to->is.sizes[dim], dim, sow__value_type_name(data))
                   : sow__fail(err, SOW_ERROR_VALUE,
                               "expected sequence of length %lld at dim %d (got %zu)",
                               (long long)to->is.sizes[dim], dim, data->n_items);
    }
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < data->n_items; i++) {
        status = add_values(to, &data->items[i], dim + 1, err);
    }
    return status;
}

/* Converts the numbers; a number that an integer type does not hold is refused. */
static sow_status write_values(const contents *from, sow_tensor *tensor, sow_error *err)
{
    const sow_dtype dtype = sow_tensor_dtype(tensor);
    const bool whole = from->inferred == SOW_BOOL || from->inferred == SOW_I64;
    const sow_dtype source = whole ? SOW_I64 : SOW_F64;
    if (!sow__convertible(dtype, source)) {
        return sow__fail(err, SOW_ERROR_UNSUPPORTED, "tensor(): no values of type %s",
                         sow_dtype_torch_name(dtype));
    }
    const sow__dtype_class kind = sow__dtype_info_of(dtype)->kind;
    for (size_t i = 0; i < from->n_values && (kind == SOW__CLASS_INT || kind == SOW__CLASS_UINT);
         i++) {
        const int bits = sow_dtype_bits(dtype);
        const double low = kind == SOW__CLASS_INT ? -ldexp(1.0, bits - 1) : 0.0;
        const double high = ldexp(1.0, kind == SOW__CLASS_INT ? bits - 1 : bits);
        const double number = trunc(from->numbers[i]);
        const bool fits = number >= low && number < high;
        if (!fits && !(whole && bits == 64)) {
            return sow__fail(err, SOW_ERROR_RUNTIME,
                             "value cannot be converted to type %s without overflow",
                             sow__dtype_info_of(dtype)->cpp_name);
        }
    }
    if (from->n_values > 0) {
        sow__convert(sow__tensor_write(tensor), dtype,
                     whole ? (const void *)from->integers : (const void *)from->numbers, source,
                     from->n_values);
    }
    return SOW_OK;
}

static sow_status make_tensor(sow__call *call, const sow__value *data, contents *to,
                              sow__value *result, sow_error *err)
{
    if (data->kind == SOW__VALUE_TENSOR) {
        return sow__fail(err, SOW_ERROR_UNSUPPORTED, "tensor(): data is a tensor already");
    }
    sow_status status = read_keywords(call, &to->is, err);
    if (status == SOW_OK) {
        status = find_shape(to, data, err);
    }
    const sow_dtype given = to->is.dtype;
    to->is.dtype = call->description->factory.dtype; /* of floats without dtype= */
    to->inferred = to->is.dtype;
    if (status == SOW_OK) {
        status = add_values(to, data, 0, err);
    }
    if (status != SOW_OK) {
        return status;
    }
    to->is.dtype = to->is.has_dtype ? given : to->inferred;
    to->is.device = to->is.device == SOW_META ? SOW_META : SOW_CPU;
    status = make(&to->is, result, err);
    return status == SOW_OK && to->is.device == SOW_CPU ? write_values(to, result->tensor, err)
                                                        : status;
}

sow_status sow__call_tensor(sow__call *call, sow__value *result, sow_error *err)
{
    sow__value data;
    contents to = {.n_values = 0};
    sow_status status;
    if (!take(call, 0, "data", &data)) {
        status = fail_missing(call, "data", err);
    } else if (call->positional.n_items > 1) {
        status = sow__fail(err, SOW_ERROR_TYPE,
                           "tensor() takes 1 positional argument but %zu were given",
                           call->positional.n_items);
    } else {
        status = make_tensor(call, &data, &to, result, err);
    }
    free(to.integers);
    free(to.numbers);
    sow__value_clear(&data);
    return status;
}
