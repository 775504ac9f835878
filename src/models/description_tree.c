/* From the JSON of a description to values and modules: Hydra's instantiate. Depth first, the keys
 * of an object in file order, then the call.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/description.h"

#include "base/error.h"

#include <sow/nearest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What a value inherits from those around it. */
typedef struct mode {
    int nesting;
    bool recursive; /* _recursive_ */
    bool plain;     /* _convert_: lists and dicts reach the call as such */
    bool raw;       /* below a call that does not build its arguments: nothing is called */
} mode;

static sow_status evaluate(sow__description *description, json_t *node, const sow__step *step,
                           mode inherited, sow__value *value, sow_error *err);

/* ---- plain values ---- */

static sow_status evaluate_string(const sow__description *description, const json_t *node,
                                  const sow__step *step, sow__value *value, sow_error *err)
{
    char text[SOW__INTEGER_SIZE];
    const char *string = json_string_value(node);
    if (sow__config_integer_text(node, text) != NULL) {
        return sow__describe_fail(description, step, err, SOW_ERROR_OVERFLOW,
                                  "Overflow when unpacking long long");
    }
    if (strstr(string, "${") != NULL) {
        return sow__describe_fail(description, step, err, SOW_ERROR_UNSUPPORTED,
                                  "interpolation (\"${...}\") is not supported");
    }
    if (strcmp(string, "???") == 0) {
        return sow__describe_fail(description, step, err, SOW_ERROR_VALUE,
                                  "Missing mandatory value");
    }
    return sow__value_set_text(value, SOW__VALUE_STRING, string, err);
}

/* What Hydra puts into a ListConfig becomes one, also below. */
static void become_list_config(sow__value *value)
{
    if (value->kind != SOW__VALUE_LIST || value->is_list_config) {
        return;
    }
    value->is_list_config = true;
    for (size_t i = 0; i < value->n_items; i++) {
        become_list_config(&value->items[i]);
    }
}

static sow_status evaluate_list(sow__description *description, const json_t *node,
                                const sow__step *step, mode inherited, sow__value *value,
                                sow_error *err)
{
    *value = (sow__value){.kind = SOW__VALUE_LIST};
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < json_array_size(node); i++) {
        const sow__step below = {.outer = step, .index = i};
        sow__value item = {.kind = SOW__VALUE_NONE};
        status = evaluate(description, json_array_get(node, i), &below, inherited, &item, err);
        if (status == SOW_OK) {
            status = sow__value_append(value, NULL, &item, err);
        } else {
            sow__value_clear(&item);
        }
    }
    if (!inherited.plain) {
        become_list_config(value);
    }
    return status;
}

/* One entry of an object into a dict. */
static sow_status evaluate_entry(sow__description *description, const char *key, json_t *node,
                                 const sow__step *step, mode inherited, sow__value *dict,
                                 sow_error *err)
{
    const sow__step below = {.outer = step, .key = key};
    sow__value item = {.kind = SOW__VALUE_NONE};
    if (strlen(key) > SOW__MAX_KEY_BYTES) {
        return sow__describe_fail(description, step, err, SOW_ERROR_VALUE,
                                  "a key has more than %d bytes", SOW__MAX_KEY_BYTES);
    }
    sow_status status = evaluate(description, node, &below, inherited, &item, err);
    if (status == SOW_OK) {
        status = sow__value_append(dict, key, &item, err);
    } else {
        sow__value_clear(&item);
    }
    return status;
}

static sow_status evaluate_dict(sow__description *description, json_t *node, const sow__step *step,
                                mode inherited, sow__value *value, sow_error *err)
{
    *value = (sow__value){.kind = SOW__VALUE_DICT};
    const char *key;
    json_t *item;
    json_object_foreach(node, key, item)
    {
        const sow_status status =
            evaluate_entry(description, key, item, step, inherited, value, err);
        if (status != SOW_OK) {
            return status;
        }
    }
    return SOW_OK;
}

/* ---- calls ---- */

static bool is_flag(const char *key)
{
    static const char *const flags[] = {"_target_", "_convert_", "_recursive_", "_partial_"};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(flags[i], key) == 0) {
            return true;
        }
    }
    return false;
}

/* The name of the type that Hydra sees. */
static const char *python_type(const json_t *node)
{
    switch (json_typeof(node)) {
    case JSON_OBJECT:
        return "DictConfig";
    case JSON_ARRAY:
        return "ListConfig";
    case JSON_STRING:
        return "str";
    case JSON_INTEGER:
        return "int";
    case JSON_REAL:
        return "float";
    case JSON_NULL:
        return "NoneType";
    default:
        return "bool";
    }
}

static sow_status read_flag(const sow__description *description, const json_t *node,
                            const sow__step *step, const char *key, bool *flag, sow_error *err)
{
    const json_t *given = json_object_get(node, key);
    if (given == NULL) {
        return SOW_OK;
    }
    if (!json_is_boolean(given)) {
        return sow__describe_fail(description, step, err, SOW_ERROR_TYPE,
                                  "Instantiation: %s flag must be a bool, got <class '%s'>", key,
                                  python_type(given));
    }
    *flag = json_is_true(given);
    return SOW_OK;
}

static sow_status read_flags(const sow__description *description, const json_t *node,
                             const sow__step *step, mode *own, bool *partial, sow_error *err)
{
    const json_t *given = json_object_get(node, "_convert_");
    const char *convert = json_string_value(given);
    if (given != NULL) {
        own->plain = convert != NULL &&
                     (strcasecmp(convert, "all") == 0 || strcasecmp(convert, "partial") == 0 ||
                      strcasecmp(convert, "object") == 0);
    }
    const sow_status status =
        read_flag(description, node, step, "_recursive_", &own->recursive, err);
    return status == SOW_OK ? read_flag(description, node, step, "_partial_", partial, err)
                            : status;
}

static sow_status find_target(const sow__description *description, const json_t *node,
                              const sow__step *step, sow__target *target, sow_error *err)
{
    const json_t *given = json_object_get(node, "_target_");
    const char *path = json_string_value(given);
    if (path == NULL) {
        return sow__describe_fail(description, step, err, SOW_ERROR_TYPE,
                                  "Expected a callable target, got a value of type '%s'",
                                  python_type(given));
    }
    if (!sow__target_find(path, target)) {
        char hint[SOW__HINT_SIZE];
        return sow__describe_fail(description, step, err, SOW_ERROR_NOT_FOUND,
                                  "Error locating target '%s': not in torch 2.13, or none that a "
                                  "description may use%s",
                                  path, sow__target_hint(path, hint));
    }
    if (target->is_dtype) {
        return sow__describe_fail(description, step, err, SOW_ERROR_TYPE,
                                  "Expected a callable target, got '%s' of type 'dtype'", path);
    }
    return SOW_OK;
}

/* Evaluates what is passed, in file order. */
static sow_status evaluate_arguments(sow__call *call, json_t *node, const sow__step *step, mode own,
                                     sow_error *err)
{
    const char *key;
    json_t *item;
    json_object_foreach(node, key, item)
    {
        if (is_flag(key)) {
            continue;
        }
        const bool is_args = strcmp(key, "_args_") == 0;
        const sow__step below = {.outer = step, .key = key};
        const sow_status status =
            is_args ? evaluate(call->description, item, &below, own, &call->positional, err)
                    : evaluate_entry(call->description, key, item, step, own, &call->keyword, err);
        if (status != SOW_OK) {
            return status;
        }
    }
    if (call->positional.kind != SOW__VALUE_LIST) {
        char text[128];
        const json_t *args = json_object_get(node, "_args_");
        return sow__describe_fail(call->description, &(sow__step){.outer = step, .key = "_args_"},
                                  err, SOW_ERROR_TYPE, "Unsupported _args_ type: '%s'. value: '%s'",
                                  python_type(args),
                                  sow__value_repr(&call->positional, text, sizeof text));
    }
    return SOW_OK;
}

/* What is in a new module and nobody else built has the same origin. */
static void mark_origin(sow_module *module, size_t origin)
{
    if (module->origin != 0) {
        return;
    }
    module->origin = origin;
    for (size_t i = 0; i < module->n_children; i++) {
        if (module->children[i].module != NULL) {
            mark_origin(module->children[i].module, origin);
        }
    }
}

/* Remembers who built a new module. */
static sow_status note_origin(sow__description *description, sow_module *module, const char *path,
                              const sow__step *step, sow_error *err)
{
    if (description->n_origins == description->origin_capacity) {
        const size_t capacity = description->n_origins == 0 ? 32 : 2 * description->n_origins;
        char **grown = realloc(description->origins, capacity * sizeof *grown);
        if (grown == NULL) {
            return sow__fail_memory(err, capacity * sizeof *grown);
        }
        description->origins = grown;
        description->origin_capacity = capacity;
    }
    char steps[SOW__STEPS_SIZE], text[2 * SOW__STEPS_SIZE];
    snprintf(text, sizeof text, "%s %s", path, sow__steps_text(step, steps));
    char *copy = strdup(text);
    if (copy == NULL) {
        return sow__fail_memory(err, strlen(text) + 1);
    }
    description->origins[description->n_origins++] = copy;
    mark_origin(module, description->n_origins);
    /* weight_norm and its like give a module that is marked a new child */
    for (size_t i = 0; i < module->n_children; i++) {
        if (module->children[i].module != NULL) {
            mark_origin(module->children[i].module, description->n_origins);
        }
    }
    return SOW_OK;
}

/* Appends the parameter that a mistyped keyword is near to. */
static void suggest_parameter(const sow__class *class, const char *typed, sow_error *err)
{
    char parameter[SOW__PARAMETER_SIZE], best[SOW__PARAMETER_SIZE];
    sow_nearest nearest = {0};
    const char *at = class->signature;
    while ((at = sow__signature_next(at, parameter)) != NULL) {
        const size_t distance = nearest.distance;
        const bool first = nearest.word == NULL;
        sow_nearest_try(&nearest, typed, parameter);
        if (nearest.word != NULL && (first || nearest.distance < distance)) {
            nearest.word = strcpy(best, parameter);
        }
    }
    if (nearest.word != NULL) {
        const size_t used = strlen(err->message);
        snprintf(err->message + used, sizeof err->message - used, " (did you mean %s?)", best);
    }
}

/* Python names the argument last: then the failure is at it, when it is in the file by
 * that name. */
static sow_status fail_call(const sow__call *call, const sow__target *target, const json_t *node,
                            const sow__step *step, sow_error *err)
{
    char key[SOW__MAX_KEY_BYTES + 1];
    const char *at = strstr(err->message, " argument '");
    const size_t n = at == NULL ? 0 : strcspn(at + 11, "'");
    if (n > 0 && n < sizeof key) {
        memcpy(key, at + 11, n);
        key[n] = '\0';
        if (json_object_get(node, key) != NULL) {
            if (target->class != NULL && strstr(err->message, " unexpected keyword ") != NULL) {
                suggest_parameter(target->class, key, err);
            }
            return sow__describe_fail_within(call->description,
                                             &(sow__step){.outer = step, .key = key}, err);
        }
    }
    return sow__describe_fail_within(call->description, step, err);
}

static sow_status run_call(sow__call *call, const sow__target *target, const char *path,
                           sow__value *value, sow_error *err)
{
    if (target->call != NULL) {
        return target->call(call, value, err);
    }
    if (target->class == NULL) {
        return sow__fail(err, SOW_ERROR_UNSUPPORTED,
                         "%s computes, which a description does not; hydra.utils.get_object hands "
                         "it over",
                         path);
    }
    sow_module *module = sow__call_class(call, target->class, err);
    if (module == NULL) {
        return err->status;
    }
    *value = (sow__value){.kind = SOW__VALUE_MODULE, .module = module};
    return SOW_OK;
}

static sow_status evaluate_call(sow__description *description, json_t *node, const sow__step *step,
                                mode inherited, sow__value *value, sow_error *err)
{
    bool partial = false;
    mode own = inherited;
    sow__target target;
    sow_status status = read_flags(description, node, step, &own, &partial, err);
    if (status == SOW_OK) {
        status = find_target(description, node, step, &target, err);
    }
    if (status == SOW_OK && ++description->n_targets > SOW__MAX_TARGETS) {
        status = sow__describe_fail(description, step, err, SOW_ERROR_VALUE, "more than %d targets",
                                    SOW__MAX_TARGETS);
    }
    if (status != SOW_OK) {
        return status;
    }
    const char *path = json_string_value(json_object_get(node, "_target_"));
    sow__call call = {.description = description,
                      .name = strrchr(path, '.') == NULL ? path : strrchr(path, '.') + 1,
                      .positional = {.kind = SOW__VALUE_LIST},
                      .keyword = {.kind = SOW__VALUE_DICT}};
    own.raw = !own.recursive;
    status = evaluate_arguments(&call, node, step, own, err);
    if (status == SOW_OK && partial) {
        status = sow__value_set_text(value, SOW__VALUE_CLASS, "functools.partial", err);
    } else if (status == SOW_OK) {
        status = run_call(&call, &target, path, value, err);
        if (status != SOW_OK) {
            status = fail_call(&call, &target, node, step, err);
        } else if (value->kind == SOW__VALUE_MODULE) {
            status = note_origin(description, value->module, path, step, err);
        }
    }
    sow__value_clear(&call.positional);
    sow__value_clear(&call.keyword);
    return status;
}

/* ---- any value ---- */

static sow_status check_limits(sow__description *description, const sow__step *step, int nesting,
                               sow_error *err)
{
    if (nesting > SOW__MAX_NESTING) {
        return sow__describe_fail(description, step, err, SOW_ERROR_VALUE,
                                  "more than %d lists and objects inside each other",
                                  SOW__MAX_NESTING);
    }
    if (++description->n_values > SOW__MAX_VALUES) {
        return sow__describe_fail(description, step, err, SOW_ERROR_VALUE, "more than %d values",
                                  SOW__MAX_VALUES);
    }
    return SOW_OK;
}

static sow_status evaluate_object(sow__description *description, json_t *node,
                                  const sow__step *step, mode inherited, sow__value *value,
                                  sow_error *err)
{
    if (!inherited.raw && json_object_get(node, "_target_") != NULL) {
        return evaluate_call(description, node, step, inherited, value, err);
    }
    mode own = inherited;
    bool partial = false;
    const sow_status status =
        inherited.raw ? SOW_OK : read_flags(description, node, step, &own, &partial, err);
    return status == SOW_OK ? evaluate_dict(description, node, step, own, value, err) : status;
}

/* On failure *value may hold a part, for the caller to clear. */
static sow_status evaluate(sow__description *description, json_t *node, const sow__step *step,
                           mode inherited, sow__value *value, sow_error *err)
{
    const bool nests = json_is_object(node) || json_is_array(node);
    inherited.nesting += nests;
    const sow_status status = check_limits(description, step, inherited.nesting, err);
    if (status != SOW_OK) {
        return status;
    }
    switch (json_typeof(node)) {
    case JSON_OBJECT:
        return evaluate_object(description, node, step, inherited, value, err);
    case JSON_ARRAY:
        return evaluate_list(description, node, step, inherited, value, err);
    case JSON_STRING:
        return evaluate_string(description, node, step, value, err);
    case JSON_INTEGER:
        *value = (sow__value){.kind = SOW__VALUE_INT, .integer = json_integer_value(node)};
        return SOW_OK;
    case JSON_REAL:
        *value = (sow__value){.kind = SOW__VALUE_FLOAT, .number = json_real_value(node)};
        return SOW_OK;
    case JSON_NULL:
        *value = (sow__value){.kind = SOW__VALUE_NONE};
        return SOW_OK;
    default:
        *value = (sow__value){.kind = SOW__VALUE_BOOL, .boolean = json_is_true(node)};
        return SOW_OK;
    }
}

sow_status sow__description_instantiate(sow__description *description, json_t *node,
                                        const sow__step *step, sow__value *value, sow_error *err)
{
    const sow_status status =
        evaluate(description, node, step, (mode){.recursive = true}, value, err);
    if (status != SOW_OK) {
        sow__value_clear(value);
    }
    return status;
}
