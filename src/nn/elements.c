/* Elements of the containers: from a value to a child or parameter under its name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/elements.h"

#include "base/dtype.h"
#include "base/error.h"
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

sow_status sow__add_parameter(sow_module *module, const char *name, sow__value *value,
                              sow_error *err)
{
    if (value->kind == SOW__VALUE_MODULE) { /* setattr looks at no other attributes here */
        return sow__module_set_child(module, name, sow__value_take_module(value), err);
    }
    if (value->kind != SOW__VALUE_TENSOR) {
        return SOW_OK;
    }
    if (!sow__dtype_has_gradients(sow_tensor_dtype(value->tensor))) {
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "Only Tensors of floating point and complex dtype can require gradients");
    }
    return sow_module_register_parameter(module, name, sow__value_take_tensor(value), err);
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

static bool is_of_type(const sow__value *value, const char *type)
{
    return value->kind == SOW__VALUE_MODULE && strcmp(sow_module_type(value->module), type) == 0;
}

/* A string's characters and a dict's keys are strings, whatever they hold. */
static size_t n_strings(const sow__value *value)
{
    return value->kind == SOW__VALUE_STRING ? strlen(value->text) : value->n_items;
}

sow_status sow__extend(sow_module *module, const char *what, sow__value *value, sow__add_fn add,
                       sow_error *err)
{
    if (is_of_type(value, "Sequential") || is_of_type(value, "ModuleList")) {
        return add_children(module, value->module, false, add, err);
    }
    sow__value text = {.kind = SOW__VALUE_STRING};
    size_t n = 0;
    switch (value->kind) {
    case SOW__VALUE_LIST:
        n = value->n_items;
        break;
    case SOW__VALUE_STRING:
    case SOW__VALUE_DICT:
    case SOW__VALUE_ORDERED_DICT:
        n = n_strings(value);
        break;
    default:
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

/* Element number index of a list of pairs. */
static sow_status add_pair(sow_module *module, const char *what, size_t index, sow__value *pair,
                           sow__add_fn add, sow_error *err)
{
    if (pair->kind != SOW__VALUE_LIST) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "%s update sequence element #%zu should be Iterable; is%s", what, index,
                         sow__value_type_name(pair));
    }
    if (pair->n_items != 2) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "%s update sequence element #%zu has length %zu; 2 is required", what,
                         index, pair->n_items);
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

sow_status sow__update(sow_module *module, const char *what, sow__value *value, sow__add_fn add,
                       sow_error *err)
{
    if (is_of_type(value, "ModuleDict")) {
        return add_children(module, value->module, true, add, err);
    }
    if (value->kind == SOW__VALUE_STRING && value->text[0] != '\0') { /* a sequence of letters */
        return sow__fail(err, SOW_ERROR_VALUE,
                         "%s update sequence element #0 has length 1; 2 is required", what);
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
