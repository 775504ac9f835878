/* The table of initializers and the functions that look them up and call them by name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "init/registry.h"

#include "base/error.h"
#include "base/text.h"
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* ---- the table ---- */

#define SOW__ARG(name, fallback) {#name, fallback},
#define SOW__INITIALIZER(name, summary, overridable, arguments)                                    \
    static const sow__init_arg name##_args[] = {arguments{NULL, NULL}};                            \
    const sow_initializer sow__init_##name = {#name, summary, overridable, name##_args,            \
                                              sow__resolve_##name};
#include "init/registry.def"
#undef SOW__INITIALIZER
#undef SOW__ARG

static const sow_initializer *const initializers[] = {
#define SOW__INITIALIZER(name, summary, overridable, arguments) &sow__init_##name,
#include "init/registry.def"
#undef SOW__INITIALIZER
};

#define N_INITIALIZERS (sizeof initializers / sizeof initializers[0])

/* ---- the fields of sow_init_args ---- */

typedef enum field_kind { NUMBER, WHOLE_NUMBER, TEXT } field_kind;

static const struct field {
    const char *name;
    field_kind kind;
    size_t offset;
} fields[] = {
    {"a", NUMBER, offsetof(sow_init_args, a)},
    {"b", NUMBER, offsetof(sow_init_args, b)},
    {"mean", NUMBER, offsetof(sow_init_args, mean)},
    {"std", NUMBER, offsetof(sow_init_args, std)},
    {"gain", NUMBER, offsetof(sow_init_args, gain)},
    {"val", NUMBER, offsetof(sow_init_args, val)},
    {"sparsity", NUMBER, offsetof(sow_init_args, sparsity)},
    {"groups", WHOLE_NUMBER, offsetof(sow_init_args, groups)},
    {"mode", TEXT, offsetof(sow_init_args, mode)},
    {"nonlinearity", TEXT, offsetof(sow_init_args, nonlinearity)},
};

#define N_FIELDS (sizeof fields / sizeof fields[0])

static const struct field *find_field(const char *name)
{
    for (size_t i = 0; i < N_FIELDS; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return &fields[i];
        }
    }
    return NULL;
}

/* "1e400" reads as infinity, as in Python, and is a slip; "inf" is meant. */
static bool overflows(double number, const char *text)
{
    return isinf(number) && strpbrk(text, "0123456789") != NULL;
}

/* False when the text is not a value of the field's kind. */
static bool set_field(const struct field *field, sow_init_args *args, const char *text)
{
    char *place = (char *)args + field->offset;
    switch (field->kind) {
    case NUMBER: {
        double number;
        if (!sow__parse_double(text, &number) || overflows(number, text)) {
            return false;
        }
        memcpy(place, &number, sizeof number);
        return true;
    }
    case WHOLE_NUMBER: {
        int64_t number;
        if (!sow__parse_i64(text, &number)) {
            return false;
        }
        memcpy(place, &number, sizeof number);
        return true;
    }
    case TEXT:
        memcpy(place, &text, sizeof text);
        return true;
    }
    return false;
}

static const sow__init_arg *find_arg(const sow_initializer *initializer, const char *name)
{
    for (const sow__init_arg *arg = initializer->args; arg->name != NULL; arg++) {
        if (strcmp(arg->name, name) == 0) {
            return arg;
        }
    }
    return NULL;
}

sow__arg_type sow__init_arg_type(const sow_initializer *initializer, const char *name)
{
    if (find_arg(initializer, name) == NULL) {
        return SOW__ARG_UNKNOWN;
    }
    return find_field(name)->kind == TEXT ? SOW__ARG_TEXT : SOW__ARG_NUMBER;
}

static sow_status fail_unknown_arg(const sow_initializer *initializer, const char *name,
                                   sow_error *err)
{
    if (initializer->args->name == NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "%s has no argument \"%s\": it takes none",
                         initializer->name, name);
    }
    char list[256];
    size_t used = 0;
    for (const sow__init_arg *arg = initializer->args; arg->name != NULL; arg++) {
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "",
                                 arg->name);
    }
    return sow__fail(err, SOW_ERROR_VALUE, "%s has no argument \"%s\": it takes %s",
                     initializer->name, name, list);
}

/* SOW_ERROR_TYPE for an initializer that has an argument without a default. */
static sow_status need_no_args(const sow_initializer *initializer, sow_error *err)
{
    for (const sow__init_arg *arg = initializer->args; arg->name != NULL; arg++) {
        if (arg->fallback == NULL) {
            return sow__fail(err, SOW_ERROR_TYPE, "%s: %s must be given", initializer->name,
                             arg->name);
        }
    }
    return SOW_OK;
}

/* ---- by name ---- */

const sow_initializer *sow_initializer_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < N_INITIALIZERS; i++) {
        if (strcmp(initializers[i]->name, name) == 0) {
            return initializers[i];
        }
    }
    return NULL;
}

const sow_initializer *sow_initializer_at(size_t index)
{
    return index < N_INITIALIZERS ? initializers[index] : NULL;
}

const char *sow_initializer_name(const sow_initializer *initializer)
{
    return initializer->name;
}

const char *sow_initializer_summary(const sow_initializer *initializer)
{
    return initializer->summary;
}

const char *sow_initializer_arg(const sow_initializer *initializer, size_t index,
                                const char **fallback)
{
    const sow__init_arg *arg = initializer->args;
    for (; index > 0 && arg->name != NULL; index--) {
        arg++;
    }
    if (fallback != NULL) {
        *fallback = arg->fallback;
    }
    return arg->name;
}

void sow_initializer_defaults(const sow_initializer *initializer, sow_init_args *args)
{
    *args = (sow_init_args){.val = NAN, .sparsity = NAN};
    for (const sow__init_arg *arg = initializer->args; arg->name != NULL; arg++) {
        if (arg->fallback != NULL) {
            set_field(find_field(arg->name), args, arg->fallback);
        }
    }
}

sow_status sow_initializer_set(const sow_initializer *initializer, sow_init_args *args,
                               const char *name, const char *text, sow_error *err)
{
    if (name == NULL || text == NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "%s: an argument needs a name and a text",
                         initializer->name);
    }
    if (find_arg(initializer, name) == NULL) {
        return fail_unknown_arg(initializer, name, err);
    }
    const struct field *field = find_field(name);
    if (!set_field(field, args, text)) {
        double number;
        const char *what = field->kind == WHOLE_NUMBER        ? "whole number"
                           : sow__parse_double(text, &number) ? "number that a double can hold"
                                                              : "number";
        return sow__fail(err, SOW_ERROR_VALUE, "%s: %s must be a %s, got \"%s\"", initializer->name,
                         name, what, text);
    }
    return SOW_OK;
}

sow_status sow_initializer_apply(const sow_initializer *initializer, sow_tensor *tensor,
                                 const sow_init_args *args, sow_generator *generator,
                                 sow_error *err)
{
    if (initializer == NULL) {
        return sow__fail(err, SOW_ERROR_TYPE, "initializer is NULL");
    }
    sow_init_args defaults;
    if (args == NULL) {
        sow_status status = need_no_args(initializer, err);
        if (status != SOW_OK) {
            return status;
        }
        sow_initializer_defaults(initializer, &defaults);
        args = &defaults;
    }
    return sow__init_run(initializer, SOW__INIT_PLAIN, tensor, args, generator, err);
}
