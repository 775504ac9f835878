/* Python's arithmetic and comparisons on arguments, and the shapes that they name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/family.h"

#include "base/checked.h"
#include "base/error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool sow__value_is_int(const sow__value *value)
{
    return value->kind == SOW__VALUE_INT || value->kind == SOW__VALUE_BOOL;
}

bool sow__value_is_number(const sow__value *value)
{
    return sow__value_is_int(value) || value->kind == SOW__VALUE_FLOAT;
}

int64_t sow__value_int(const sow__value *value)
{
    return value->kind == SOW__VALUE_BOOL ? value->boolean : value->integer;
}

double sow__value_number(const sow__value *value)
{
    return value->kind == SOW__VALUE_FLOAT ? value->number : (double)sow__value_int(value);
}

sow__value sow__value_of_int(int64_t integer)
{
    return (sow__value){.kind = SOW__VALUE_INT, .integer = integer};
}

sow__value sow__value_of_module(sow_module *module)
{
    return (sow__value){.kind = module == NULL ? SOW__VALUE_NONE : SOW__VALUE_MODULE,
                        .module = module};
}

sow_status sow__value_compare(const sow__value *left, const char *op, const sow__value *right,
                              int *order, sow_error *err)
{
    if (!sow__value_is_number(left) || !sow__value_is_number(right)) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "'%s' not supported between instances of '%s' and '%s'", op,
                         sow__value_type_name(left), sow__value_type_name(right));
    }
    if (sow__value_is_int(left) && sow__value_is_int(right)) {
        const int64_t a = sow__value_int(left), b = sow__value_int(right);
        *order = (a > b) - (a < b);
        return SOW_OK;
    }
    const double a = sow__value_number(left), b = sow__value_number(right);
    *order = isnan(a) || isnan(b) ? SOW__UNORDERED : (a > b) - (a < b);
    return SOW_OK;
}

sow_status sow__fail_operands(const char *op, const sow__value *left, const sow__value *right,
                              sow_error *err)
{
    return sow__fail(err, SOW_ERROR_TYPE, "unsupported operand type(s) for %s: '%s' and '%s'", op,
                     sow__value_type_name(left), sow__value_type_name(right));
}

sow_status sow__value_divides(const sow__value *left, const sow__value *right, bool *divides,
                              sow_error *err)
{
    if (left->kind == SOW__VALUE_STRING) {
        /* text % value puts the value into the text */
        return sow__fail(err, SOW_ERROR_TYPE,
                         "not all arguments converted during string formatting");
    }
    if (!sow__value_is_number(left) || !sow__value_is_number(right)) {
        return sow__fail_operands("%", left, right, err);
    }
    if (sow__value_is_int(left) && sow__value_is_int(right)) {
        const int64_t a = sow__value_int(left), b = sow__value_int(right);
        if (b == 0) {
            return sow__fail(err, SOW_ERROR_ZERO_DIVISION, "integer modulo by zero");
        }
        *divides = b == -1 || a % b == 0;
        return SOW_OK;
    }
    const double b = sow__value_number(right);
    if (b == 0) {
        return sow__fail(err, SOW_ERROR_ZERO_DIVISION, "float modulo");
    }
    *divides = fmod(sow__value_number(left), b) == 0;
    return SOW_OK;
}

static bool is_sequence(const sow__value *value)
{
    return value->kind == SOW__VALUE_LIST || value->kind == SOW__VALUE_STRING;
}

sow_status sow__value_multiply(const sow__value *left, const sow__value *right, sow__value *product,
                               sow_error *err)
{
    if (is_sequence(left) || is_sequence(right)) {
        const sow__value *sequence = is_sequence(left) ? left : right;
        const sow__value *times = sequence == left ? right : left;
        *product = (sow__value){.kind = sequence->kind};
        return sow__value_is_int(times)
                   ? SOW_OK
                   : sow__fail(err, SOW_ERROR_TYPE,
                               "can't multiply sequence by non-int of type '%s'",
                               sow__value_type_name(times));
    }
    if (!sow__value_is_number(left) || !sow__value_is_number(right)) {
        return sow__fail_operands("*", left, right, err);
    }
    if (!sow__value_is_int(left) || !sow__value_is_int(right)) {
        *product = (sow__value){.kind = SOW__VALUE_FLOAT,
                                .number = sow__value_number(left) * sow__value_number(right)};
        return SOW_OK;
    }
    int64_t result;
    if (!sow__mul_i64(sow__value_int(left), sow__value_int(right), &result)) {
        return sow__fail(err, SOW_ERROR_TYPE, "Overflow when unpacking long long");
    }
    *product = sow__value_of_int(result);
    return SOW_OK;
}

const char *sow__value_str(const sow__value *value, char *text, size_t size)
{
    if (value->kind != SOW__VALUE_STRING) {
        return sow__value_repr(value, text, size);
    }
    snprintf(text, size, "%s", value->text);
    return text;
}

/* ---- shapes ---- */

sow_status sow__value_tuple(const sow__value *value, sow__value *items, int *n_items,
                            sow_error *err)
{
    static char letter[] = "?";
    const bool is_list = value->kind == SOW__VALUE_LIST;
    const bool is_dict = value->kind == SOW__VALUE_DICT || value->kind == SOW__VALUE_ORDERED_DICT;
    if (!is_list && !is_dict && value->kind != SOW__VALUE_STRING) {
        return sow__fail(err, SOW_ERROR_TYPE, "'%s' object is not iterable",
                         sow__value_type_name(value));
    }
    /* What stands in a text or among keys only matters as not being a number. */
    const size_t n = is_list || is_dict ? value->n_items : value->text[0] != '\0';
    if (n > SOW_MAX_DIMS) {
        return sow__fail(err, SOW_ERROR_VALUE, "at most %d items are supported, got %zu",
                         SOW_MAX_DIMS, n);
    }
    for (size_t i = 0; i < n; i++) {
        items[i] =
            is_list ? value->items[i] : (sow__value){.kind = SOW__VALUE_STRING, .text = letter};
    }
    *n_items = (int)n;
    return SOW_OK;
}

sow_status sow__shape_of_items(int n_items, const sow__value *items, sow__shape *shape,
                               sow_error *err)
{
    if (n_items > SOW_MAX_DIMS) {
        return sow__fail(err, SOW_ERROR_VALUE, "at most %d dims are supported, got %d",
                         SOW_MAX_DIMS, n_items);
    }
    sow_status status = SOW_OK;
    shape->n_dims = n_items;
    for (int i = 0; status == SOW_OK && i < n_items; i++) {
        status = sow__value_size(&items[i], i, &shape->sizes[i], err);
    }
    return status;
}

sow_status sow__shape_of_size(const sow__value *size, const char *function, sow__shape *shape,
                              sow_error *err)
{
    if (size->kind == SOW__VALUE_LIST && !size->is_list_config) {
        return sow__shape_of_items(size->n_items > SOW_MAX_DIMS ? SOW_MAX_DIMS + 1
                                                                : (int)size->n_items,
                                   size->items, shape, err);
    }
    if (size->kind != SOW__VALUE_INT) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "%s(): argument 'size' (position 1) must be tuple of ints, not %s",
                         function, sow__value_type_name_in_full(size));
    }
    *shape = (sow__shape){.n_dims = 1, .sizes = {size->integer}};
    return SOW_OK;
}

sow_status sow__normalized_shape(sow__args *args, bool affine, sow__shape *shape, sow_error *err)
{
    const sow__value *value = sow__args_get(args, "normalized_shape");
    sow__value items[SOW_MAX_DIMS];
    int n_items = 1;
    sow_status status = SOW_OK;
    if (sow__value_is_int(value)) {
        items[0] = *value;
    } else {
        status = sow__value_tuple(value, items, &n_items, err);
    }
    shape->n_dims = 0;
    return status == SOW_OK && affine ? sow__shape_of_items(n_items, items, shape, err) : status;
}

sow_status sow__shape_from_c(int n_dims, const int64_t *sizes, sow__shape *shape, sow_error *err)
{
    if (n_dims < 0 || n_dims > SOW_MAX_DIMS) {
        return sow__fail(err, SOW_ERROR_VALUE, "n_dims must be between 0 and %d, got %d",
                         SOW_MAX_DIMS, n_dims);
    }
    shape->n_dims = n_dims;
    if (n_dims > 0) {
        memcpy(shape->sizes, sizes, (size_t)n_dims * sizeof sizes[0]);
    }
    return SOW_OK;
}
