/* Building a module from the name of its class and JSON arguments; skip_init.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/class.h"

#include "base/error.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

/* A path into torch.nn without what stands before the class, else the path as it is. */
static const char *class_part(const char *path)
{
    static const char package[] = "torch.nn.", modules[] = "modules.";
    if (strncmp(path, package, sizeof package - 1) != 0) {
        return path;
    }
    path += sizeof package - 1;
    if (strncmp(path, modules, sizeof modules - 1) == 0) {
        path += sizeof modules - 1;
        const char *dot = strchr(path, '.');
        path = dot == NULL ? path : dot + 1;
    }
    return path;
}

const sow__class *sow__class_of_path(const char *path)
{
    return sow__class_find(class_part(path));
}

/* ---- values ---- */

static sow_status value_of(sow__value *value, const json_t *json, sow_error *err);

static sow_status list_of(sow__value *value, const json_t *json, sow_error *err)
{
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < json_array_size(json); i++) {
        sow__value item;
        status = value_of(&item, json_array_get(json, i), err);
        if (status == SOW_OK) {
            status = sow__value_append(value, NULL, &item, err);
        }
    }
    return status;
}

static sow_status dict_of(sow__value *value, const json_t *json, sow_error *err)
{
    sow_status status = SOW_OK;
    const char *key;
    json_t *of;
    json_object_foreach((json_t *)json, key, of)
    {
        sow__value item;
        status = value_of(&item, of, err);
        if (status == SOW_OK) {
            status = sow__value_append(value, key, &item, err);
        }
        if (status != SOW_OK) {
            break;
        }
    }
    return status;
}

/* On failure the value is cleared. */
static sow_status value_of(sow__value *value, const json_t *json, sow_error *err)
{
    sow_status status = SOW_OK;
    *value = (sow__value){.kind = SOW__VALUE_NONE};
    switch (json_typeof(json)) {
    case JSON_NULL:
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        *value = (sow__value){.kind = SOW__VALUE_BOOL, .boolean = json_is_true(json)};
        break;
    case JSON_INTEGER:
        *value = (sow__value){.kind = SOW__VALUE_INT, .integer = json_integer_value(json)};
        break;
    case JSON_REAL:
        *value = (sow__value){.kind = SOW__VALUE_FLOAT, .number = json_real_value(json)};
        break;
    case JSON_STRING:
        *value = (sow__value){.kind = SOW__VALUE_STRING, .text = strdup(json_string_value(json))};
        status = value->text == NULL ? sow__fail_memory(err, json_string_length(json)) : SOW_OK;
        break;
    case JSON_ARRAY:
        value->kind = SOW__VALUE_LIST;
        status = list_of(value, json, err);
        break;
    case JSON_OBJECT:
        value->kind = SOW__VALUE_DICT;
        status = dict_of(value, json, err);
        break;
    }
    if (status != SOW_OK) {
        sow__value_clear(value);
    }
    return status;
}

/* ---- the arguments of one call ---- */

typedef struct sow__call {
    sow__value positional, keyword;
} sow__call;

static void clear_call(sow__call *call)
{
    sow__value_clear(&call->positional);
    sow__value_clear(&call->keyword);
}

/* Takes a key out of a dict; *value is None when it is not there. */
static void pop(sow__value *dict, const char *key, sow__value *value)
{
    *value = (sow__value){.kind = SOW__VALUE_NONE};
    for (size_t i = 0; i < dict->n_items; i++) {
        if (strcmp(dict->keys[i], key) == 0) {
            *value = dict->items[i];
            free(dict->keys[i]);
            dict->n_items--;
            memmove(dict->keys + i, dict->keys + i + 1, (dict->n_items - i) * sizeof *dict->keys);
            memmove(dict->items + i, dict->items + i + 1,
                    (dict->n_items - i) * sizeof *dict->items);
            return;
        }
    }
}

/* JSON has no types of elements: under this key a name is one. */
static void read_dtype(sow__value *keyword)
{
    for (size_t i = 0; i < keyword->n_items; i++) {
        sow__value *value = &keyword->items[i];
        sow_dtype dtype;
        if (strcmp(keyword->keys[i], "dtype") == 0 && value->kind == SOW__VALUE_STRING &&
            sow_dtype_parse(value->text, &dtype, NULL) == SOW_OK) {
            sow__value_clear(value);
            *value = (sow__value){.kind = SOW__VALUE_DTYPE, .dtype = dtype};
        }
    }
}

static sow_status read_call(sow__call *call, const json_t *json, sow_error *err)
{
    *call =
        (sow__call){.positional = {.kind = SOW__VALUE_LIST}, .keyword = {.kind = SOW__VALUE_DICT}};
    if (json == NULL) {
        return SOW_OK;
    }
    if (json_is_array(json)) {
        return value_of(&call->positional, json, err);
    }
    if (!json_is_object(json)) {
        return sow__fail(err, SOW_ERROR_TYPE, "arguments must be a JSON array or object");
    }
    const sow_status status = value_of(&call->keyword, json, err);
    if (status == SOW_OK && json_object_get(json, "_args_") != NULL) {
        pop(&call->keyword, "_args_", &call->positional);
        if (call->positional.kind != SOW__VALUE_LIST) {
            return sow__fail(err, SOW_ERROR_TYPE, "_args_ must be a list, not %s",
                             sow__value_type_name(&call->positional));
        }
    }
    read_dtype(&call->keyword);
    return status;
}

static sow_status parse_call(sow__call *call, const char *text, sow_error *err)
{
    json_error_t why;
    *call = (sow__call){.positional = {.kind = SOW__VALUE_LIST}};
    json_t *json = text == NULL ? NULL : json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (text != NULL && json == NULL) {
        return sow__fail_at(err, SOW_ERROR_VALUE, why.position, "arguments are not JSON: %s",
                            why.text);
    }
    const sow_status status = read_call(call, json, err);
    json_decref(json);
    if (status != SOW_OK) {
        clear_call(call);
    }
    return status;
}

/* The class and the arguments; NULL after filling *err. */
static const sow__class *parse_target(sow__call *call, const char *target, const char *json_args,
                                      sow_error *err)
{
    if (target == NULL) {
        sow__fail(err, SOW_ERROR_VALUE, "the name of the class is NULL");
        return NULL;
    }
    const sow__class *class = sow__class_of_path(target);
    if (class == NULL) {
        sow__fail(err, SOW_ERROR_NOT_FOUND, "module 'torch.nn' has no attribute '%s'",
                  class_part(target));
        return NULL;
    }
    return parse_call(call, json_args, err) == SOW_OK ? class : NULL;
}

sow_module *sow_nn(const char *target, const char *json_args, const sow_factory *factory,
                   sow_error *err)
{
    sow__call call;
    const sow__class *class = parse_target(&call, target, json_args, err);
    return class == NULL ? NULL
                         : sow__class_call(class, &call.positional, &call.keyword, factory, err);
}

/* ---- skip_init ---- */

/* Replaces "device" among the keywords by meta; *device is what stood there. */
static sow_status put_meta(sow__value *keyword, sow_device *device, sow_error *err)
{
    sow__value given, meta = {.kind = SOW__VALUE_STRING, .text = strdup("meta")};
    pop(keyword, "device", &given);
    sow_status status =
        given.kind == SOW__VALUE_NONE ? SOW_OK : sow__value_device(&given, device, err);
    sow__value_clear(&given);
    if (status == SOW_OK && meta.text == NULL) {
        status = sow__fail_memory(err, sizeof "meta");
    }
    if (status != SOW_OK) {
        sow__value_clear(&meta);
        return status;
    }
    return sow__value_append(keyword, "device", &meta, err);
}

sow_module *sow__class_skip_init(const sow__class *class, sow__value *positional,
                                 sow__value *keyword, sow_device device, const sow_factory *factory,
                                 sow_error *err)
{
    sow_status status =
        sow__class_takes(class, "device")
            ? put_meta(keyword, &device, err)
            : sow__fail(err, SOW_ERROR_RUNTIME,
                        "Module must support a 'device' arg to skip initialization");
    if (status != SOW_OK) {
        sow__value_clear(positional);
        sow__value_clear(keyword);
        return NULL;
    }
    sow_module *module = sow__class_call(class, positional, keyword, factory, err);
    if (module != NULL && sow_module_to_empty(module, device, err) != SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

sow_module *sow_skip_init(const char *target, const char *json_args, sow_device device,
                          sow_error *err)
{
    sow__call call;
    const sow__class *class = parse_target(&call, target, json_args, err);
    return class == NULL
               ? NULL
               : sow__class_skip_init(class, &call.positional, &call.keyword, device, NULL, err);
}
