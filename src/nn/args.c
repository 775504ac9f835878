/* Binding arguments to the signature of a class, as a Python call does.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/args.h"

#include "base/error.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a signature says besides names and defaults. */
typedef struct sow__signature {
    int n_positional; /* parameters before "*" */
    bool required[SOW__MAX_PARAMETERS];
    bool takes_rest, takes_keywords;
} sow__signature;

/* ---- reading a signature ---- */

/* A default as Python spells it; a word that is none of its constants is the name of a class. */
static sow_status read_default(const char *text, size_t n_text, sow__value *value, sow_error *err)
{
    const bool quoted = text[0] == '\'';
    char *copy = strndup(text + quoted, n_text - 2 * quoted);
    if (copy == NULL) {
        return sow__fail_memory(err, n_text);
    }
    *value = (sow__value){.kind = SOW__VALUE_NONE};
    if (quoted) {
        *value = (sow__value){.kind = SOW__VALUE_STRING, .text = copy};
        return SOW_OK;
    }
    if (strcmp(copy, "True") == 0 || strcmp(copy, "False") == 0) {
        *value = (sow__value){.kind = SOW__VALUE_BOOL, .boolean = copy[0] == 'T'};
    } else if (strcmp(copy, "()") == 0) {
        value->kind = SOW__VALUE_LIST;
    } else if (sow__parse_i64(copy, &value->integer)) {
        value->kind = SOW__VALUE_INT;
    } else if (sow__parse_double(copy, &value->number)) {
        value->kind = SOW__VALUE_FLOAT;
    } else if (strcmp(copy, "None") != 0) {
        *value = (sow__value){.kind = SOW__VALUE_CLASS, .text = copy};
        return SOW_OK;
    }
    free(copy);
    return SOW_OK;
}

static sow_status read_parameter(const char *text, size_t n_text, sow__args *args,
                                 sow__signature *of, bool *keyword_only, sow_error *err)
{
    if (text[0] == '*') {
        of->takes_keywords |= n_text > 1 && text[1] == '*';
        of->takes_rest |= n_text > 1 && text[1] != '*';
        *keyword_only = true;
        return SOW_OK;
    }
    const char *equals = memchr(text, '=', n_text);
    const size_t n_name = equals == NULL ? n_text : (size_t)(equals - text);
    const int at = args->n_parameters++;
    snprintf(args->names[at], sizeof args->names[at], "%.*s", (int)n_name, text);
    of->required[at] = equals == NULL;
    of->n_positional += !*keyword_only;
    return equals == NULL ? SOW_OK
                          : read_default(equals + 1, n_text - n_name - 1, &args->values[at], err);
}

const char *sow__signature_next(const char *at, char name[SOW__PARAMETER_SIZE])
{
    while (at[0] == '*' || at[0] == ',' || at[0] == ' ') {
        const char *comma = at[0] == '*' ? strstr(at, ", ") : at + 1;
        at = comma != NULL ? comma : at + strlen(at);
    }
    if (at[0] == '\0') {
        return NULL;
    }
    const char *comma = strstr(at, ", ");
    const size_t n_name = strcspn(at, "=,");
    snprintf(name, SOW__PARAMETER_SIZE, "%.*s", (int)n_name, at);
    return comma != NULL ? comma : at + strlen(at);
}

static sow_status read_signature(const char *text, sow__args *args, sow__signature *of,
                                 sow_error *err)
{
    bool keyword_only = false;
    sow_status status = SOW_OK;
    while (status == SOW_OK && text[0] != '\0') {
        const char *comma = strstr(text, ", ");
        const size_t n_text = comma == NULL ? strlen(text) : (size_t)(comma - text);
        if (args->n_parameters == SOW__MAX_PARAMETERS) {
            return sow__fail(err, SOW_ERROR_VALUE, "%s has more than %d parameters",
                             args->class_name, SOW__MAX_PARAMETERS);
        }
        status = read_parameter(text, n_text, args, of, &keyword_only, err);
        text += n_text + (comma == NULL ? 0 : 2);
    }
    return status;
}

/* ---- what Python says ---- */

static int find(const sow__args *args, const char *name)
{
    for (int i = 0; i < args->n_parameters; i++) {
        if (strcmp(args->names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

/* Counts include self, as Python's do. */
static sow_status fail_too_many(const sow__args *args, const sow__signature *of, size_t n_given,
                                sow_error *err)
{
    int n_least = 1, n_keyword_only = 0;
    for (int i = 0; i < args->n_parameters; i++) {
        n_least += i < of->n_positional && of->required[i];
        n_keyword_only += i >= of->n_positional && args->given[i];
    }
    const int n_most = of->n_positional + 1;
    char takes[64], also[64] = "";
    if (n_least == n_most) {
        snprintf(takes, sizeof takes, "%d positional argument%s", n_most, n_most == 1 ? "" : "s");
    } else {
        snprintf(takes, sizeof takes, "from %d to %d positional arguments", n_least, n_most);
    }
    if (n_keyword_only > 0) {
        snprintf(also, sizeof also, " positional arguments (and %d keyword-only argument%s)",
                 n_keyword_only, n_keyword_only == 1 ? "" : "s");
    }
    return sow__fail(err, SOW_ERROR_TYPE, "%s.__init__() takes %s but %zu%s were given",
                     args->class_name, takes, n_given + 1, also);
}

/* Names parameters first..end that are required and not given: "'a'", "'a' and 'b'", "'a', 'b', and
 * 'c'". */
static sow_status fail_absent(const sow__args *args, const sow__signature *of, int first, int end,
                              int n_absent, sow_error *err)
{
    char names[SOW__MAX_PARAMETERS * 40] = "";
    size_t used = 0;
    for (int i = first, n = 0; i < end; i++) {
        if (!of->required[i] || args->given[i]) {
            continue;
        }
        const char *join = n == 0             ? ""
                           : n + 1 < n_absent ? ", "
                           : n_absent == 2    ? " and "
                                              : ", and ";
        used += (size_t)snprintf(names + used, sizeof names - used, "%s'%s'", join, args->names[i]);
        n++;
    }
    return sow__fail(err, SOW_ERROR_TYPE, "%s.__init__() missing %d required %s argument%s: %s",
                     args->class_name, n_absent, first == 0 ? "positional" : "keyword-only",
                     n_absent == 1 ? "" : "s", names);
}

static sow_status check_required(const sow__args *args, const sow__signature *of, int first,
                                 int end, sow_error *err)
{
    int n_absent = 0;
    for (int i = first; i < end; i++) {
        n_absent += of->required[i] && !args->given[i];
    }
    return n_absent == 0 ? SOW_OK : fail_absent(args, of, first, end, n_absent, err);
}

/* ---- binding ---- */

static void give(sow__args *args, int at, sow__value *value)
{
    sow__value_clear(&args->values[at]);
    args->values[at] = *value;
    args->given[at] = true;
    *value = (sow__value){.kind = SOW__VALUE_NONE};
}

static sow_status bind_positional(sow__args *args, const sow__signature *of, sow__value *list,
                                  sow_error *err)
{
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < list->n_items; i++) {
        if (i < (size_t)of->n_positional) {
            give(args, (int)i, &list->items[i]);
        } else if (of->takes_rest) {
            status = sow__value_append(&args->rest, NULL, &list->items[i], err);
        }
    }
    return status;
}

static sow_status bind_keyword(sow__args *args, const sow__signature *of, const char *key,
                               sow__value *value, sow_error *err)
{
    const int at = find(args, key);
    if (at >= 0 && args->given[at]) {
        return sow__fail(err, SOW_ERROR_TYPE, "%s.__init__() got multiple values for argument '%s'",
                         args->class_name, key);
    }
    if (at >= 0) {
        give(args, at, value);
        return SOW_OK;
    }
    if (!of->takes_keywords) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "%s.__init__() got an unexpected keyword argument '%s'", args->class_name,
                         key);
    }
    return sow__value_append(&args->keywords, key, value, err);
}

/* In the order in which Python finds what is wrong. */
static sow_status bind(sow__args *args, const char *signature, sow__value *positional,
                       sow__value *keyword, sow_error *err)
{
    sow__signature of = {.n_positional = 0};
    sow_status status = read_signature(signature, args, &of, err);
    if (status == SOW_OK) {
        status = bind_positional(args, &of, positional, err);
    }
    for (size_t i = 0; status == SOW_OK && i < keyword->n_items; i++) {
        status = bind_keyword(args, &of, keyword->keys[i], &keyword->items[i], err);
    }
    if (status == SOW_OK && positional->n_items > (size_t)of.n_positional && !of.takes_rest) {
        status = fail_too_many(args, &of, positional->n_items, err);
    }
    if (status == SOW_OK) {
        status = check_required(args, &of, 0, of.n_positional, err);
    }
    return status == SOW_OK ? check_required(args, &of, of.n_positional, args->n_parameters, err)
                            : status;
}

/* ---- device and dtype ---- */

sow_status sow__value_device(const sow__value *value, sow_device *device, sow_error *err)
{
    if (value->kind != SOW__VALUE_STRING) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "empty(): argument 'device' must be torch.device, not %s",
                         sow__value_type_name(value));
    }
    if (value->text[0] == '\0') {
        return sow__fail(err, SOW_ERROR_RUNTIME, "Device string must not be empty");
    }
    const size_t n_kind = strcspn(value->text, ":");
    const char *number = value->text + n_kind + (value->text[n_kind] == ':');
    const bool well_formed = value->text[n_kind] == '\0' ||
                             (number[0] != '\0' && strspn(number, "0123456789") == strlen(number));
    for (int i = 0; well_formed && sow_device_name((sow_device)i) != NULL; i++) {
        const char *name = sow_device_name((sow_device)i);
        if (strlen(name) == n_kind && strncmp(name, value->text, n_kind) == 0) {
            *device = (sow_device)i;
            return SOW_OK;
        }
    }
    return sow__fail(
        err, SOW_ERROR_RUNTIME,
        "Expected one of cpu, meta, deferred device type at start of device string: %s",
        value->text);
}

static sow_status read_factory(sow__args *args, sow_error *err)
{
    const sow__value *device = sow__args_get(args, "device");
    const sow__value *dtype = sow__args_get(args, "dtype");
    if (dtype != NULL && dtype->kind == SOW__VALUE_DTYPE) {
        args->factory.dtype = dtype->dtype;
    } else if (dtype != NULL && dtype->kind != SOW__VALUE_NONE) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "empty(): argument 'dtype' must be torch.dtype, not %s",
                         sow__value_type_name(dtype));
    }
    return device == NULL || device->kind == SOW__VALUE_NONE
               ? SOW_OK
               : sow__value_device(device, &args->factory.device, err);
}

sow_status sow__args_bind(sow__args *args, const char *class_name, const char *signature,
                          sow__value *positional, sow__value *keyword, const sow_factory *factory,
                          sow_error *err)
{
    *args = (sow__args){.class_name = class_name,
                        .ambiguous = 1,
                        .rest = {.kind = SOW__VALUE_LIST},
                        .keywords = {.kind = SOW__VALUE_DICT},
                        .factory = factory == NULL ? (sow_factory){.device = SOW_CPU} : *factory};
    sow_status status = bind(args, signature, positional, keyword, err);
    if (status == SOW_OK) {
        status = read_factory(args, err);
    }
    sow__value_clear(positional);
    sow__value_clear(keyword);
    if (status != SOW_OK) {
        sow__args_clear(args);
    }
    return status;
}

void sow__args_clear(sow__args *args)
{
    for (int i = 0; i < args->n_parameters; i++) {
        sow__value_clear(&args->values[i]);
    }
    sow__value_clear(&args->rest);
    sow__value_clear(&args->keywords);
    args->n_parameters = 0;
}

/* ---- reading ---- */

sow__value *sow__args_get(sow__args *args, const char *name)
{
    const int at = find(args, name);
    return at < 0 ? NULL : &args->values[at];
}

/* An int or a bool. */
static bool read_int(const sow__value *value, int64_t *number)
{
    if (value->kind == SOW__VALUE_BOOL) {
        *number = value->boolean;
        return true;
    }
    *number = value->integer;
    return value->kind == SOW__VALUE_INT;
}

sow_status sow__value_size(const sow__value *value, int place, int64_t *size, sow_error *err)
{
    /* torch looks at the first element to tell a list of ints from other things. */
    if (place == 0 && value->kind != SOW__VALUE_INT) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "empty(): argument 'size' (position 1) must be tuple of ints, but found "
                         "element of type %s at pos 0",
                         sow__value_type_name(value));
    }
    if (!read_int(value, size)) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "empty(): argument 'size' failed to unpack the object at pos %d with "
                         "error \"type must be tuple of ints,but got %s\"",
                         place + 1, sow__value_type_name(value));
    }
    return SOW_OK;
}

sow_status sow__args_shape(sow__args *args, int n, const char *const *names, int64_t *sizes,
                           sow_error *err)
{
    sow_status status = SOW_OK;
    for (int i = 0; status == SOW_OK && i < n; i++) {
        status = sow__value_size(sow__args_get(args, names[i]), i, &sizes[i], err);
    }
    return status;
}

sow_status sow__args_int(sow__args *args, const char *name, int64_t *value, sow_error *err)
{
    const sow__value *bound = sow__args_get(args, name);
    if (!read_int(bound, value)) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "empty(): argument 'size' (position 1) must be tuple of ints, not %s",
                         sow__value_type_name(bound));
    }
    return SOW_OK;
}

sow_status sow__args_optional_int(sow__args *args, const char *name, int64_t *value, bool *is_none,
                                  sow_error *err)
{
    *is_none = sow__args_get(args, name)->kind == SOW__VALUE_NONE;
    return *is_none ? SOW_OK : sow__args_int(args, name, value, err);
}

sow_status sow__args_number(sow__args *args, const char *name, double *value, sow_error *err)
{
    const sow__value *bound = sow__args_get(args, name);
    int64_t integer;
    if (bound->kind == SOW__VALUE_FLOAT) {
        *value = bound->number;
        return SOW_OK;
    }
    if (!read_int(bound, &integer)) {
        return sow__fail(err, SOW_ERROR_TYPE, "%s: %s must be real number, not %s",
                         args->class_name, name, sow__value_type_name(bound));
    }
    *value = (double)integer;
    return SOW_OK;
}

bool sow__args_truth(sow__args *args, const char *name)
{
    const sow__value *value = sow__args_get(args, name);
    if (!sow__value_has_truth(value) && args->ambiguous == 1) {
        args->ambiguous = sow_tensor_numel(value->tensor);
    }
    return sow__value_truth(value);
}

sow_status sow__args_check_truth(const sow__args *args, sow_error *err)
{
    return args->ambiguous == 1
               ? SOW_OK
               : sow__fail(err, SOW_ERROR_RUNTIME, "Boolean value of Tensor with %s is ambiguous",
                           args->ambiguous == 0 ? "no values" : "more than one value");
}

const char *sow__args_text(sow__args *args, const char *name)
{
    const sow__value *value = sow__args_get(args, name);
    return value->kind == SOW__VALUE_STRING ? value->text : NULL;
}
