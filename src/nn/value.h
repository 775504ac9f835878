/* Arguments of a constructor as Python would pass them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_VALUE_H
#define SOW_NN_VALUE_H

#include <sow/nn.h>

typedef enum sow__value_kind {
    SOW__VALUE_NONE = 0,
    SOW__VALUE_BOOL,
    SOW__VALUE_INT,
    SOW__VALUE_FLOAT,
    SOW__VALUE_STRING,
    SOW__VALUE_LIST,
    SOW__VALUE_DICT,         /* keys in order */
    SOW__VALUE_ORDERED_DICT, /* collections.OrderedDict: names the children of a Sequential */
    SOW__VALUE_MODULE,
    SOW__VALUE_TENSOR,
    SOW__VALUE_DTYPE,
    SOW__VALUE_CLASS, /* a class or function itself, not a call of it; text is its name */
} sow__value_kind;

/* A value and everything below it. A module or tensor is owned until something takes it. */
typedef struct sow__value {
    sow__value_kind kind;
    bool boolean;
    int64_t integer;
    double number;
    char *text; /* string, class */
    size_t n_items;
    struct sow__value *items; /* list, dict */
    bool is_list_config;      /* a list that is Hydra's ListConfig: no list or tuple for torch */
    bool is_parameter;        /* a tensor that is a torch.nn.Parameter already */
    char **keys;              /* dict: one per item */
    sow_module *module;
    sow_tensor *tensor;
    sow_dtype dtype;
} sow__value;

/* Frees what the value owns and makes it None. */
void sow__value_clear(sow__value *value);

/* Moves a value to the end of a list (key NULL) or dict (key copied); *value is None afterwards, on
 * failure cleared. */
sow_status sow__value_append(sow__value *to, const char *key, sow__value *value, sow_error *err);

/* Gives up the module or tensor: the caller owns it, the value is None. */
sow_module *sow__value_take_module(sow__value *value);
sow_tensor *sow__value_take_tensor(sow__value *value);

/* type(value).__name__ as PyTorch's messages print it: "int", "str", "NoneType",
 * "list", "Linear". */
const char *sow__value_type_name(const sow__value *value);

/* The same, but "ListConfig" for a list that is one: where that is what is wrong. */
const char *sow__value_type_name_in_full(const sow__value *value);

/* repr(value) cut to the size of text: 'x', 2.0, [1, 2], None. Returns text. */
const char *sow__value_repr(const sow__value *value, char *text, size_t size);

/* bool(value). A tensor without known values, or of another number of elements than 1, is true; the
 * latter has no truth in Python: sow__value_has_truth. */
bool sow__value_truth(const sow__value *value);
bool sow__value_has_truth(const sow__value *value);

#endif
