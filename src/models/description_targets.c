/* What a dotted path in a description means.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/description.h"

#include <sow/models.h>
#include <sow/nearest.h>
#include <stdio.h>
#include <string.h>

typedef struct named_list {
    const char *prefix, *names; /* separated by spaces */
} named_list;

typedef struct function {
    const char *path;
    sow__call_fn call;
} function;

#define SOW__FUNCTION(path, call)
#define SOW__CALLABLES(prefix, names)
#define SOW__HOME(file, classes) {file, classes},
static const named_list homes[] = {
#include "models/targets.def"
};
#undef SOW__HOME
#undef SOW__CALLABLES
#define SOW__HOME(file, classes)
#define SOW__CALLABLES(prefix, names) {prefix, names},
static const named_list callables[] = {
#include "models/targets.def"
};
#undef SOW__CALLABLES
#undef SOW__FUNCTION
#define SOW__CALLABLES(prefix, names)
#define SOW__FUNCTION(path, call) {path, sow__call_##call},
static const function functions[] = {
#include "models/targets.def"
};
#undef SOW__CALLABLES
#undef SOW__FUNCTION
#undef SOW__HOME

#define N_OF(table) (sizeof(table) / sizeof(table)[0])

/* What is left of text after a prefix; NULL when it does not begin so. */
static const char *after(const char *text, const char *prefix)
{
    const size_t n = strlen(prefix);
    return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

static bool has_word(const char *words, const char *word)
{
    const size_t n = strchr(word, ' ') == NULL ? strlen(word) : 0;
    for (const char *at = words; n > 0 && (at = strstr(at, word)) != NULL; at++) {
        const bool begins = at == words || at[-1] == ' ';
        if (begins && (at[n] == ' ' || at[n] == '\0')) {
            return true;
        }
    }
    return false;
}

/* "linear.Linear", with the file that defines the class. */
static const sow__class *find_at_home(const char *path)
{
    for (size_t i = 0; i < N_OF(homes); i++) {
        const char *rest = after(path, homes[i].prefix);
        if (rest != NULL && rest[0] == '.' && has_word(homes[i].names, rest + 1)) {
            return sow__class_find(rest + 1);
        }
    }
    return NULL;
}

static bool is_exported(const char *name)
{
    return strcmp(name, "NonDynamicallyQuantizableLinear") != 0;
}

static const sow__class *find_class(const char *path)
{
    if (strcmp(path, "torch.nn.parallel.DataParallel") == 0 ||
        strcmp(path, "torch.nn.parallel.data_parallel.DataParallel") == 0) {
        return sow__class_find("DataParallel");
    }
    const char *name = after(path, "torch.nn.");
    if (name == NULL) {
        return NULL;
    }
    const char *in_modules = after(name, "modules.");
    if (in_modules != NULL) {
        const bool here = is_exported(in_modules) && strcmp(in_modules, "DataParallel") != 0;
        const sow__class *class = here ? sow__class_find(in_modules) : NULL;
        return class != NULL ? class : find_at_home(in_modules);
    }
    return is_exported(name) ? sow__class_find(name) : NULL;
}

static bool find_callable(const char *path)
{
    for (size_t i = 0; i < N_OF(callables); i++) {
        const char *name = after(path, callables[i].prefix);
        if (name != NULL && has_word(callables[i].names, name)) {
            return true;
        }
    }
    return false;
}

static sow__call_fn find_function(const char *path)
{
    for (size_t i = 0; i < N_OF(functions); i++) {
        if (strcmp(functions[i].path, path) == 0) {
            return functions[i].call;
        }
    }
    return NULL;
}

bool sow__target_find(const char *path, sow__target *target)
{
    *target = (sow__target){.class = find_class(path), .call = find_function(path)};
    if (target->class == NULL && target->call == NULL) {
        target->is_callable = find_callable(path);
        target->is_dtype = after(path, "torch.") != NULL &&
                           sow_dtype_parse(path, &target->dtype, NULL) == SOW_OK &&
                           sow_dtype_bits(target->dtype) >= 8;
    }
    return target->class != NULL || target->call != NULL || target->is_callable || target->is_dtype;
}

/* ---- listing ---- */

const char *sow_model_target_at(size_t index, const char **signature)
{
    const sow__class *class;
    for (size_t i = 0; (class = sow__class_at(i)) != NULL; i++) {
        /* not those that torch.nn does not export */
        if (find_class(class->path) != NULL && index-- == 0) {
            if (signature != NULL) {
                *signature = class->signature;
            }
            return class->path;
        }
    }
    if (index < N_OF(functions) && signature != NULL) {
        *signature = NULL;
    }
    return index < N_OF(functions) ? functions[index].path : NULL;
}

/* What follows the last dot. */
static const char *last_name(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL ? dot + 1 : path;
}

/* "nn." and "" stand for "torch.nn.", "n." does not. */
static bool is_end_of_prefix(const char *typed, size_t n_typed, const char *path, size_t n_prefix)
{
    return n_typed <= n_prefix && strncmp(path + n_prefix - n_typed, typed, n_typed) == 0 &&
           (n_typed == n_prefix || path[n_prefix - n_typed - 1] == '.');
}

/* A name that is there in another place; else the nearest name of the place. */
static const char *find_near(const char *typed)
{
    const char *name = last_name(typed), *path, *best = NULL;
    sow_nearest nearest = {0};
    const char *elsewhere = NULL;
    for (size_t i = 0; (path = sow_model_target_at(i, NULL)) != NULL; i++) {
        const char *candidate = last_name(path);
        if (strcmp(candidate, name) == 0 &&
            (elsewhere == NULL || strlen(path) < strlen(elsewhere))) {
            elsewhere = path;
        }
        if (is_end_of_prefix(typed, (size_t)(name - typed), path, (size_t)(candidate - path))) {
            sow_nearest_try(&nearest, name, candidate);
            best = nearest.word == candidate ? path : best;
        }
    }
    return elsewhere != NULL ? elsewhere : best;
}

const char *sow__target_hint(const char *path, char text[SOW__HINT_SIZE])
{
    const char *near = find_near(path);
    text[0] = '\0';
    if (near != NULL) {
        snprintf(text, SOW__HINT_SIZE, " (did you mean %s?)", near);
    }
    return text;
}
