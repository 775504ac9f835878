/* Arguments of a constructor as Python would pass them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/value.h"

#include "base/error.h"
#include "base/text.h"
#include "nn/parametrize.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sow__value_clear(sow__value *value)
{
    for (size_t i = 0; i < value->n_items; i++) {
        sow__value_clear(&value->items[i]);
        if (value->keys != NULL) {
            free(value->keys[i]);
        }
    }
    free(value->items);
    free(value->keys);
    free(value->text);
    sow_module_free(value->module);
    sow_tensor_free(value->tensor);
    *value = (sow__value){.kind = SOW__VALUE_NONE};
}

/* Room doubles whenever the number of items is a power of two: long lists are not copied for each
 * item. What was taken out only leaves more room. */
static bool make_room(sow__value *to, bool with_key)
{
    const size_t n = to->n_items;
    if ((n & (n - 1)) != 0) {
        return true;
    }
    const size_t room = n == 0 ? 1 : 2 * n;
    sow__value *items = realloc(to->items, room * sizeof *items);
    if (items == NULL) {
        return false;
    }
    to->items = items;
    char **keys = with_key ? realloc(to->keys, room * sizeof *keys) : NULL;
    if (keys != NULL) {
        to->keys = keys;
    }
    return keys != NULL || !with_key;
}

sow_status sow__value_append(sow__value *to, const char *key, sow__value *value, sow_error *err)
{
    char *copy = key == NULL ? NULL : strdup(key);
    if ((key != NULL && copy == NULL) || !make_room(to, key != NULL)) {
        free(copy);
        sow__value_clear(value);
        return sow__fail_memory(err, (to->n_items + 1) * sizeof *to->items);
    }
    if (key != NULL) {
        to->keys[to->n_items] = copy;
    }
    to->items[to->n_items++] = *value;
    *value = (sow__value){.kind = SOW__VALUE_NONE};
    return SOW_OK;
}

sow_module *sow__value_take_module(sow__value *value)
{
    sow_module *module = value->module;
    value->module = NULL;
    sow__value_clear(value);
    return module;
}

sow_tensor *sow__value_take_tensor(sow__value *value)
{
    sow_tensor *tensor = value->tensor;
    value->tensor = NULL;
    sow__value_clear(value);
    return tensor;
}

const char *sow__value_type_name(const sow__value *value)
{
    static const char *const names[] = {
        [SOW__VALUE_NONE] = "NoneType", [SOW__VALUE_BOOL] = "bool",
        [SOW__VALUE_INT] = "int",       [SOW__VALUE_FLOAT] = "float",
        [SOW__VALUE_STRING] = "str",    [SOW__VALUE_LIST] = "list",
        [SOW__VALUE_DICT] = "dict",     [SOW__VALUE_ORDERED_DICT] = "OrderedDict",
        [SOW__VALUE_TENSOR] = "Tensor", [SOW__VALUE_DTYPE] = "torch.dtype",
        [SOW__VALUE_CLASS] = "type",
    };
    return value->kind == SOW__VALUE_MODULE ? sow_module_type(value->module) : names[value->kind];
}

const char *sow__value_type_name_in_full(const sow__value *value)
{
    return value->kind == SOW__VALUE_LIST && value->is_list_config ? "ListConfig"
                                                                   : sow__value_type_name(value);
}

bool sow__value_has_truth(const sow__value *value)
{
    return value->kind != SOW__VALUE_TENSOR || sow_tensor_numel(value->tensor) == 1;
}

/* Without a value, or the memory to look at it, true. */
static bool tensor_truth(const sow_tensor *tensor)
{
    const bool is_known = sow_tensor_numel(tensor) == 1 && sow__is_readable(tensor);
    sow_tensor *truth = is_known ? sow__values_of(tensor, SOW_BOOL, NULL) : NULL;
    const bool is_true = truth == NULL || *(const unsigned char *)sow_tensor_data(truth) != 0;
    sow_tensor_free(truth);
    return is_true;
}

bool sow__value_truth(const sow__value *value)
{
    switch (value->kind) {
    case SOW__VALUE_NONE:
        return false;
    case SOW__VALUE_BOOL:
        return value->boolean;
    case SOW__VALUE_INT:
        return value->integer != 0;
    case SOW__VALUE_FLOAT:
        return value->number != 0;
    case SOW__VALUE_STRING:
        return value->text[0] != '\0';
    case SOW__VALUE_LIST:
    case SOW__VALUE_DICT:
    case SOW__VALUE_ORDERED_DICT:
        return value->n_items > 0;
    case SOW__VALUE_TENSOR:
        return tensor_truth(value->tensor);
    default:
        return true;
    }
}

/* ---- repr ---- */

/* A text that is cut when it is full. */
typedef struct cut {
    char *text;
    size_t size, used;
} cut;

static void put(cut *out, const char *part)
{
    for (; *part != '\0' && out->used + 1 < out->size; part++) {
        out->text[out->used++] = *part;
    }
    out->text[out->used] = '\0';
}

/* Python takes double quotes for a text with single quotes and without double ones. */
static void put_string(cut *out, const char *text)
{
    const char quote = strchr(text, '\'') != NULL && strchr(text, '"') == NULL ? '"' : '\'';
    put(out, (char[]){quote, '\0'});
    for (; *text != '\0'; text++) {
        if (*text == quote || *text == '\\') {
            put(out, "\\");
        }
        put(out, *text == '\n'   ? "\\n"
                 : *text == '\t' ? "\\t"
                 : *text == '\r' ? "\\r"
                                 : (char[]){*text, '\0'});
    }
    put(out, (char[]){quote, '\0'});
}

static void put_value(cut *out, const sow__value *value);

static void put_items(cut *out, const sow__value *value)
{
    put(out, value->kind == SOW__VALUE_ORDERED_DICT ? "OrderedDict(" : "");
    put(out, value->kind == SOW__VALUE_LIST ? "[" : "{");
    for (size_t i = 0; i < value->n_items; i++) {
        put(out, i > 0 ? ", " : "");
        if (value->keys != NULL) {
            put_string(out, value->keys[i]);
            put(out, ": ");
        }
        put_value(out, &value->items[i]);
    }
    put(out, value->kind == SOW__VALUE_LIST ? "]" : "}");
    put(out, value->kind == SOW__VALUE_ORDERED_DICT ? ")" : "");
}

static void put_value(cut *out, const sow__value *value)
{
    char number[SOW__REPR_SIZE];
    switch (value->kind) {
    case SOW__VALUE_NONE:
        put(out, "None");
        break;
    case SOW__VALUE_BOOL:
        put(out, value->boolean ? "True" : "False");
        break;
    case SOW__VALUE_INT:
        snprintf(number, sizeof number, "%" PRId64, value->integer);
        put(out, number);
        break;
    case SOW__VALUE_FLOAT:
        put(out, sow__repr_double(value->number, number));
        break;
    case SOW__VALUE_STRING:
        put_string(out, value->text);
        break;
    case SOW__VALUE_LIST:
    case SOW__VALUE_DICT:
    case SOW__VALUE_ORDERED_DICT:
        put_items(out, value);
        break;
    case SOW__VALUE_DTYPE:
        put(out, "torch.");
        put(out, sow_dtype_torch_name(value->dtype));
        break;
    case SOW__VALUE_CLASS:
        put(out, value->text);
        break;
    default:
        put(out, sow__value_type_name(value));
        put(out, "(...)");
    }
}

const char *sow__value_repr(const sow__value *value, char *text, size_t size)
{
    cut out = {.text = text, .size = size};
    text[0] = '\0';
    put_value(&out, value);
    return text;
}
