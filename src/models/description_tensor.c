/* The small makers of tensors that a description can call: torch.zeros, ones, empty, full, rand,
 * randn and tensor.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/description.h"

#include "base/dtype.h"
#include "base/error.h"
#include "fill/fill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the makers share: shape, type and place. */
typedef struct factory {
    int n_dims;
    int64_t sizes[SOW_MAX_DIMS];
    bool has_dtype, requires_grad;
    sow_dtype dtype;
    sow_device device;
} factory;

/* ---- arguments ---- */

static sow_status fail_keyword(const sow__call *call, const char *key, const char *expected,
                               const sow__value *value, sow_error *err)
{
    return sow__fail(err, SOW_ERROR_TYPE, "%s(): argument '%s' must be %s, not %s", call->name, key,
                     expected, sow__value_type_name(value));
}

/* None stands for the default, but not in torch.tensor. */
static sow_status read_switch(const sow__call *call, const char *key, const sow__value *value,
                              bool *flag, sow_error *err)
{
    const bool may_be_none = strcmp(call->name, "tensor") != 0;
    if (value->kind != SOW__VALUE_BOOL && (value->kind != SOW__VALUE_NONE || !may_be_none)) {
        return fail_keyword(call, key, "bool", value, err);
    }
    *flag = value->boolean;
    return SOW_OK;
}

/* Keywords that a file can only give as None, and the makers that have them. */
static bool takes_none(const char *maker, const char *key)
{
    static const struct {
        const char *key, *makers; /* each with a blank before and after */
    } unset[] = {
        {"generator", " rand randn "},
        {"layout", " empty full ones rand randn zeros "},
        {"memory_format", " empty "},
        {"out", " empty full ones rand randn zeros "},
    };
    char word[16];
    snprintf(word, sizeof word, " %s ", maker);
    for (size_t i = 0; i < sizeof unset / sizeof unset[0]; i++) {
        if (strcmp(unset[i].key, key) == 0) {
            return strstr(unset[i].makers, word) != NULL;
        }
    }
    return false;
}

static sow_status read_keyword(const sow__call *call, const char *key, const sow__value *value,
                               factory *is, sow_error *err)
{
    if (strcmp(key, "dtype") == 0) {
        is->has_dtype = value->kind == SOW__VALUE_DTYPE;
        is->dtype = is->has_dtype ? value->dtype : is->dtype;
        return is->has_dtype || value->kind == SOW__VALUE_NONE
                   ? SOW_OK
                   : fail_keyword(call, key, "torch.dtype", value, err);
    }
    if (strcmp(key, "device") == 0) {
        return sow__call_device(call, value, &is->device, err);
    }
    if (strcmp(key, "requires_grad") == 0) {
        return read_switch(call, key, value, &is->requires_grad, err);
    }
    if (strcmp(key, "pin_memory") == 0) {
        bool pinned = false;
        const sow_status status = read_switch(call, key, value, &pinned, err);
        return status == SOW_OK && pinned
                   ? sow__fail(err, SOW_ERROR_RUNTIME,
                               "pin_memory=True requires a CUDA or other accelerator backend; no "
                               "pinned memory allocator is available on this system.")
                   : status;
    }
    return value->kind == SOW__VALUE_NONE && takes_none(call->name, key)
               ? SOW_OK
               : sow__fail(err, SOW_ERROR_TYPE, "%s() got an unexpected keyword argument '%s'",
                           call->name, key);
}

/* The keywords that all makers take besides their own. */
static sow_status read_keywords(sow__call *call, factory *is, sow_error *err)
{
    is->dtype = call->description->factory.dtype;
    is->device = call->description->factory.device;
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < call->keyword.n_items; i++) {
        status = read_keyword(call, call->keyword.keys[i], &call->keyword.items[i], is, err);
    }
    return status;
}

/* What PyTorch asks of a tensor after it has made it. */
static sow_status check_grad(const factory *is, sow_error *err)
{
    return is->requires_grad ? sow__dtype_check_gradients(is->dtype, err) : SOW_OK;
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
    return value->kind == SOW__VALUE_LIST && !value->is_list_config
               ? read_sizes(call, value, is, err)
               : fail_size_type(call, sow__value_type_name_in_full(value), err);
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
static sow_status make_constant(sow__call *call, const factory *is, const sow__fill *fill,
                                sow__value *result, sow_error *err)
{
    sow_status status = make(is, result, err);
    if (status == SOW_OK) {
        status = sow__fill_apply(fill, result->tensor, call->description->factory.generator, err);
    }
    return status == SOW_OK ? check_grad(is, err) : status;
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
    if (status == SOW_OK) {
        status = check_grad(&is, err);
    }
    return status == SOW_OK && description->build->options->checkpoint != NULL
               ? note_undrawn(description, result->tensor, initializer, err)
               : status;
}

/* PyTorch's zeros looks at the shape itself; the other makers leave that to what they call. */
static sow_status check_sizes(const factory *is, sow_error *err)
{
    for (int i = 0; i < is->n_dims; i++) {
        if (is->sizes[i] < 0) {
            return sow__fail(err, SOW_ERROR_RUNTIME, "zeros: Dimension size must be non-negative.");
        }
    }
    return SOW_OK;
}

static sow_status make_filled(sow__call *call, const char *initializer, double number,
                              sow__value *result, sow_error *err)
{
    const sow__fill fill = {
        .kind = SOW__FILL_CONSTANT, .initializer = initializer, .value = number};
    factory is = {.n_dims = 0};
    sow_status status = read_shape(call, &is, err);
    if (status == SOW_OK && strcmp(initializer, "zeros") == 0) {
        status = check_sizes(&is, err);
    }
    return status == SOW_OK ? make_constant(call, &is, &fill, result, err) : status;
}

sow_status sow__call_empty(sow__call *call, sow__value *result, sow_error *err)
{
    factory is = {.n_dims = 0};
    sow_status status = read_shape(call, &is, err);
    if (status == SOW_OK) {
        status = make(&is, result, err);
    }
    return status == SOW_OK ? check_grad(&is, err) : status;
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

/* A Python number: an int or bool keeps all its bits. */
typedef struct python_number {
    bool is_integer;
    int64_t integer;
    double value; /* its nearest double */
} python_number;

/* dtype gets the type that a Python number gives a tensor. */
static bool number_of(const sow__value *value, sow_dtype of_float, python_number *to,
                      sow_dtype *dtype)
{
    switch (value->kind) {
    case SOW__VALUE_BOOL:
        *to =
            (python_number){.is_integer = true, .integer = value->boolean, .value = value->boolean};
        *dtype = SOW_BOOL;
        return true;
    case SOW__VALUE_INT:
        *to = (python_number){
            .is_integer = true, .integer = value->integer, .value = (double)value->integer};
        *dtype = SOW_I64;
        return true;
    case SOW__VALUE_FLOAT:
        *to = (python_number){.value = value->number};
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
    python_number of = {.is_integer = false};
    sow_dtype inferred = SOW_F32;
    sow_status status = read_size(call, size, &is, err);
    if (status == SOW_OK) {
        status = read_keywords(call, &is, err);
    }
    if (status == SOW_OK && !number_of(fill, is.dtype, &of, &inferred)) {
        status = sow__fail(err, SOW_ERROR_TYPE,
                           "full(): argument 'fill_value' (position 2) must be Number, not %s",
                           sow__value_type_name(fill));
    }
    if (status != SOW_OK) {
        return status;
    }
    is.dtype = is.has_dtype ? is.dtype : inferred;
    const sow__fill constant = {.kind = SOW__FILL_CONSTANT,
                                .initializer = "constant",
                                .value = of.value,
                                .integer = of.integer,
                                .is_integer = of.is_integer};
    return make_constant(call, &is, &constant, result, err);
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
    python_number *numbers;
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
    python_number of;
    sow_dtype dtype;
    if (!number_of(value, to->is.dtype, &of, &dtype)) {
        return value->kind == SOW__VALUE_STRING
                   ? sow__fail(err, SOW_ERROR_VALUE, "too many dimensions 'str'")
                   : sow__fail(err, SOW_ERROR_RUNTIME, "Could not infer dtype of %s",
                               sow__value_type_name(value));
    }
    if (to->n_values == to->capacity) {
        const size_t capacity = to->capacity == 0 ? 16 : 2 * to->capacity;
        python_number *numbers = realloc(to->numbers, capacity * sizeof *numbers);
        if (numbers == NULL) {
            return sow__fail_memory(err, capacity * sizeof *numbers);
        }
        to->numbers = numbers;
        to->capacity = capacity;
    }
    to->numbers[to->n_values++] = of;
    if (to->n_values == 1 || width(dtype) > width(to->inferred)) {
        to->inferred = dtype;
    }
    return SOW_OK;
}

/* A tensor without elements needs no shape below the empty list that comes first, and PyTorch looks
 * at what is there for the type alone: a float's, for an empty list. */
static sow_status pass_over(contents *to, const sow__value *data, sow_error *err)
{
    if (data->kind != SOW__VALUE_LIST) {
        const sow_status status = add_number(to, data, err);
        to->n_values = 0;
        return status;
    }
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < data->n_items; i++) {
        status = pass_over(to, &data->items[i], err);
    }
    return status;
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

/* The numbers that an integer type takes; of uint64 alone PyTorch asks for what is one. */
static sow_status check_whole(const python_number *of, sow_dtype dtype, sow_error *err)
{
    if (dtype == SOW_U64 && !of->is_integer) {
        return sow__fail(err, SOW_ERROR_TYPE, "an integer is required");
    }
    if (dtype == SOW_U64 && of->integer < 0) {
        return sow__fail(err, SOW_ERROR_OVERFLOW, "can't convert negative int to unsigned");
    }
    return (of->is_integer ? sow__integer_fits(of->integer, dtype)
                           : sow__double_fits(of->value, dtype))
               ? SOW_OK
               : sow__fail(err, SOW_ERROR_RUNTIME,
                           "value cannot be converted to type %s without overflow",
                           sow_dtype_torch_name(dtype));
}

/* Converts the numbers: to integers as they are, to any other type by way of double. */
static sow_status write_values(const contents *from, sow_tensor *tensor, sow_error *err)
{
    const sow_dtype dtype = sow_tensor_dtype(tensor);
    if (!sow__convertible(dtype, SOW_F64)) {
        return sow__fail(err, SOW_ERROR_UNSUPPORTED, "tensor(): no values of type %s",
                         sow_dtype_torch_name(dtype));
    }
    const sow__dtype_class kind = sow__dtype_info_of(dtype)->kind;
    const bool is_whole = kind == SOW__CLASS_INT || kind == SOW__CLASS_UINT;
    unsigned char *out = sow__tensor_write(tensor);
    for (size_t i = 0; i < from->n_values; i++) {
        const python_number *of = &from->numbers[i];
        const sow_status status = is_whole ? check_whole(of, dtype, err) : SOW_OK;
        if (status != SOW_OK) {
            return status;
        }
        const bool as_integer = is_whole && of->is_integer;
        sow__convert(out + i * sow__dtype_bytes(dtype), dtype,
                     as_integer ? (const void *)&of->integer : (const void *)&of->value,
                     as_integer ? SOW_I64 : SOW_F64, 1);
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
    const bool is_empty = to->is.n_dims > 0 && to->is.sizes[to->is.n_dims - 1] == 0;
    if (status == SOW_OK && !is_empty) {
        status = add_values(to, data, 0, err);
    } else if (status == SOW_OK && !to->is.has_dtype) {
        status = pass_over(to, data, err);
        to->inferred = to->is.dtype;
    }
    if (status != SOW_OK) {
        return status;
    }
    to->is.dtype = to->is.has_dtype ? given : to->inferred;
    to->is.device = to->is.device == SOW_META ? SOW_META : SOW_CPU;
    status = make(&to->is, result, err);
    if (status == SOW_OK && to->is.device == SOW_CPU) {
        status = write_values(to, result->tensor, err);
    }
    return status == SOW_OK ? check_grad(&to->is, err) : status;
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
    free(to.numbers);
    sow__value_clear(&data);
    return status;
}
