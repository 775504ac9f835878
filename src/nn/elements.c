/* Elements of the containers: from a value to a child or parameter under its name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/elements.h"

#include "base/dtype.h"
#include "base/error.h"
#include "base/text.h"
#include "tensor/tensor.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sow__number_name(size_t index, char name[SOW__NUMBER_SIZE])
{
    snprintf(name, SOW__NUMBER_SIZE, "%zu", index);
}

/* torch.typename(value) of what is no module. */
sow_status sow__fail_element(const sow__value *value, sow_error *err)
{
    if (value->kind == SOW__VALUE_CLASS) {
        return sow__fail(err, SOW_ERROR_TYPE, "%s is not a Module subclass", value->text);
    }
    if (value->kind == SOW__VALUE_TENSOR) {
        return sow__fail(err, SOW_ERROR_TYPE, "torch.%sTensor is not a Module subclass",
                         sow__dtype_scalar_name(sow_tensor_dtype(value->tensor)));
    }
    return sow__fail(err, SOW_ERROR_TYPE, "%s is not a Module subclass",
                     sow__value_type_name(value));
}

/* ---- one element ---- */

sow_status sow__add_module(sow_module *module, const char *name, sow__value *value, sow_error *err)
{
    if (value->kind != SOW__VALUE_MODULE && value->kind != SOW__VALUE_NONE) {
        return sow__fail_element(value, err);
    }
    return value->kind == SOW__VALUE_NONE
               ? sow_module_reserve_module(module, name, err)
               : sow_module_register_module(module, name, sow__value_take_module(value), err);
}

/* A name keeps the kind that it has, but a parameter may follow a child. */
static sow_status set_other(sow_module *module, const char *name, sow__value *value, sow_error *err)
{
    const bool is_parameter = sow__slots_find(&module->parameters, name, strlen(name)) != NULL;
    const bool is_child = sow__module_find_child(module, name, strlen(name)) != NULL;
    if (value->kind == SOW__VALUE_NONE && is_parameter) {
        return sow_module_reserve_parameter(module, name, err);
    }
    if (is_parameter) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "cannot assign '%s' as parameter '%s' (torch.nn.Parameter or None "
                         "expected)",
                         sow__value_type_name(value), name);
    }
    if (value->kind == SOW__VALUE_MODULE || (value->kind == SOW__VALUE_NONE && is_child)) {
        return sow__module_set_child(module, name, sow__value_take_module(value), err);
    }
    return is_child ? sow__fail(err, SOW_ERROR_TYPE,
                                "cannot assign '%s' as child module '%s' (torch.nn.Module or None "
                                "expected)",
                                sow__value_type_name(value), name)
                    : SOW_OK;
}

sow_status sow__add_parameter(sow_module *module, const char *name, sow__value *value,
                              sow_error *err)
{
    if (value->kind != SOW__VALUE_TENSOR) {
        return set_other(module, name, value, err);
    }
    const sow_status status =
        value->is_parameter ? SOW_OK
                            : sow__dtype_check_gradients(sow_tensor_dtype(value->tensor), err);
    if (status != SOW_OK) {
        return status;
    }
    return sow__module_set_parameter(module, name, sow__value_take_tensor(value), err);
}

/* ---- many elements ---- */

/* The children of a module that can be walked over: shared, not taken. names: by name. */
static sow_status add_children(sow_module *module, const sow_module *from, bool by_name,
                               sow__add_fn add, sow_error *err)
{
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < from->n_children; i++) {
        sow_module *child = from->children[i].module;
        sow__value value = {.kind = child == NULL ? SOW__VALUE_NONE : SOW__VALUE_MODULE,
                            .module = child == NULL ? NULL : sow_module_ref(child)};
        char number[SOW__NUMBER_SIZE];
        sow__number_name(i, number);
        status = add(module, by_name ? from->children[i].name : number, &value, err);
        sow__value_clear(&value);
    }
    return status;
}

/* The parameters and children of a container of parameters, shared under their names. Elements of
 * other kinds have left no trace in it, and leave none here. */
static sow_status add_elements(sow_module *module, const sow_module *from, sow__add_fn add,
                               sow_error *err)
{
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < from->parameters.n_items; i++) {
        const sow__slot *slot = &from->parameters.items[i];
        sow__value value = {.kind = SOW__VALUE_TENSOR,
                            .tensor = sow_tensor_ref(slot->tensor),
                            .is_parameter = true};
        status = add(module, slot->name, &value, err);
        sow__value_clear(&value);
    }
    return status == SOW_OK ? add_children(module, from, true, add, err) : status;
}

static bool is_of_type(const sow__value *value, const char *type)
{
    return value->kind == SOW__VALUE_MODULE && strcmp(sow_module_type(value->module), type) == 0;
}

/* How many strings Python finds walking over a value: the characters of a string, the keys of a
 * dict or of a module that is one, whatever they hold. False for a value that gives no strings. */
static bool count_strings(const sow__value *value, size_t *n)
{
    switch (value->kind) {
    case SOW__VALUE_STRING:
        *n = strlen(value->text);
        return true;
    case SOW__VALUE_DICT:
    case SOW__VALUE_ORDERED_DICT:
        *n = value->n_items;
        return true;
    default:
        if (is_of_type(value, "ModuleDict") || is_of_type(value, "ParameterDict")) {
            *n = value->module->n_children + value->module->parameters.n_items;
            return true;
        }
        return false;
    }
}

sow_status sow__extend(sow_module *module, const char *what, sow__value *value, sow__add_fn add,
                       sow_error *err)
{
    if (is_of_type(value, "Sequential") || is_of_type(value, "ModuleList")) {
        return add_children(module, value->module, false, add, err);
    }
    if (is_of_type(value, "ParameterList")) {
        return add_elements(module, value->module, add, err);
    }
    sow__value text = {.kind = SOW__VALUE_STRING};
    size_t n = value->n_items;
    if (value->kind != SOW__VALUE_LIST && !count_strings(value, &n)) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "%s.extend should be called with an iterable, but got %s", what,
                         sow__value_type_name(value));
    }
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < n; i++) {
        char name[SOW__NUMBER_SIZE];
        sow__number_name(i, name);
        status = add(module, name, value->kind == SOW__VALUE_LIST ? &value->items[i] : &text, err);
    }
    return status;
}

static size_t n_characters(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++) {
        n += ((unsigned char)*text & 0xC0) != 0x80; /* no later byte of one */
    }
    return n;
}

static sow_status fail_length(const char *what, size_t index, size_t length, sow_error *err)
{
    return sow__fail(err, SOW_ERROR_VALUE,
                     "%s update sequence element #%zu has length %zu; 2 is required", what, index,
                     length);
}

/* A string of two characters is a pair of them: a name, and a string under it. */
static sow_status add_letters(sow_module *module, const char *what, size_t index, const char *text,
                              sow__add_fn add, sow_error *err)
{
    const size_t length = n_characters(text);
    if (length != 2) {
        return fail_length(what, index, length, err);
    }
    char name[8];
    const size_t n_bytes = sow__utf8_length((const unsigned char *)text);
    snprintf(name, sizeof name, "%.*s", (int)(n_bytes == 0 ? 1 : n_bytes), text);
    return add(module, name, &(sow__value){.kind = SOW__VALUE_STRING}, err);
}

/* Element number index of a list of pairs. */
static sow_status add_pair(sow_module *module, const char *what, size_t index, sow__value *pair,
                           sow__add_fn add, sow_error *err)
{
    if (pair->kind == SOW__VALUE_STRING) {
        return add_letters(module, what, index, pair->text, add, err);
    }
    if (pair->kind != SOW__VALUE_LIST) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "%s update sequence element #%zu should be Iterable; is%s", what, index,
                         sow__value_type_name(pair));
    }
    if (pair->n_items != 2) {
        return fail_length(what, index, pair->n_items, err);
    }
    if (pair->items[0].kind == SOW__VALUE_STRING) {
        return add(module, pair->items[0].text, &pair->items[1], err);
    }
    const char *type = sow__value_type_name(&pair->items[0]);
    if (strcmp(what, "ModuleDict") == 0) {
        return sow__fail(err, SOW_ERROR_TYPE, "module name should be a string. Got %s", type);
    }
    return sow__fail(err, SOW_ERROR_TYPE,
                     "Index given to ParameterDict cannot be used as a key as it is not a string "
                     "(type is '%s'). Open an issue on github if you need non-string keys.",
                     type);
}

/* The other container's names, as the strings that Python finds walking over it. */
static sow_status add_keys(sow_module *module, const char *what, const sow_module *from,
                           sow__add_fn add, sow_error *err)
{
    sow_status status = SOW_OK;
    size_t index = 0;
    for (size_t i = 0; status == SOW_OK && i < from->parameters.n_items; i++) {
        status = add_letters(module, what, index++, from->parameters.items[i].name, add, err);
    }
    for (size_t i = 0; status == SOW_OK && i < from->n_children; i++) {
        status = add_letters(module, what, index++, from->children[i].name, add, err);
    }
    return status;
}

sow_status sow__update(sow_module *module, const char *what, sow__value *value, sow__add_fn add,
                       sow_error *err)
{
    if (is_of_type(value, what)) {
        return add_elements(module, value->module, add, err);
    }
    if (is_of_type(value, "ModuleDict") || is_of_type(value, "ParameterDict")) {
        return add_keys(module, what, value->module, add, err);
    }
    if (value->kind == SOW__VALUE_STRING && value->text[0] != '\0') { /* a sequence of letters */
        return fail_length(what, 0, 1, err);
    }
    const bool is_dict = value->kind == SOW__VALUE_DICT || value->kind == SOW__VALUE_ORDERED_DICT;
    if (!is_dict && value->kind != SOW__VALUE_LIST && value->kind != SOW__VALUE_STRING) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "%s.update should be called with an iterable of key/value pairs, but got "
                         "%s",
                         strcmp(what, "ParameterDict") == 0 ? "ParametersDict" : what,
                         sow__value_type_name(value));
    }
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < value->n_items; i++) {
        status = is_dict ? add(module, value->keys[i], &value->items[i], err)
                         : add_pair(module, what, i, &value->items[i], add, err);
    }
    return status;
}

/* ---- C arguments ---- */

/* Adds n values under names or numbers and clears every one; frees the module on failure. */
static sow_module *fill_container(sow_module *module, sow__value *values, const char *const *names,
                                  size_t n_values, sow__add_fn add, sow_error *err)
{
    sow_status status = module == NULL ? SOW_ERROR_MEMORY : SOW_OK;
    for (size_t i = 0; i < n_values; i++) {
        char number[SOW__NUMBER_SIZE];
        sow__number_name(i, number);
        if (status == SOW_OK && values[i].kind == SOW__VALUE_NONE) {
            status = err != NULL && err->status != SOW_OK
                         ? err->status
                         : sow__fail(err, SOW_ERROR_VALUE, "element %zu is NULL", i);
        }
        if (status == SOW_OK) {
            status = add(module, names == NULL ? number : names[i], &values[i], err);
        }
        sow__value_clear(&values[i]);
    }
    if (status != SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

sow_module *sow__container_of_modules(const char *type, sow_module *const *modules,
                                      const char *const *names, size_t n_modules, sow_error *err)
{
    sow__value *values = calloc(n_modules + 1, sizeof *values);
    if (values == NULL) {
        for (size_t i = 0; i < n_modules; i++) {
            sow_module_free(modules[i]);
        }
        sow__fail_memory(err, (n_modules + 1) * sizeof *values);
        return NULL;
    }
    for (size_t i = 0; i < n_modules; i++) {
        if (modules[i] != NULL) {
            values[i] = (sow__value){.kind = SOW__VALUE_MODULE, .module = modules[i]};
        }
    }
    sow_module *module = fill_container(sow__module_of(sow__class_find(type), err), values, names,
                                        n_modules, sow__add_module, err);
    free(values);
    return module;
}

sow_module *sow__container_of_parameters(const char *type, sow_tensor *const *parameters,
                                         const char *const *names, size_t n_parameters,
                                         sow_error *err)
{
    sow__value *values = calloc(n_parameters + 1, sizeof *values);
    if (values == NULL) {
        for (size_t i = 0; i < n_parameters; i++) {
            sow_tensor_free(parameters[i]);
        }
        sow__fail_memory(err, (n_parameters + 1) * sizeof *values);
        return NULL;
    }
    for (size_t i = 0; i < n_parameters; i++) {
        if (parameters[i] != NULL) {
            values[i] = (sow__value){.kind = SOW__VALUE_TENSOR, .tensor = parameters[i]};
        }
    }
    sow_module *module = fill_container(sow__module_of(sow__class_find(type), err), values, names,
                                        n_parameters, sow__add_parameter, err);
    free(values);
    return module;
}
