/* Values of a description, places in the file, and failures that name them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/description.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- places ---- */

/* A step as text: ".key" or "[index]"; returns its bytes, which may be more than size. */
static size_t put_step(const sow__step *step, char *text, size_t size)
{
    return (size_t)(step->key != NULL ? snprintf(text, size, ".%s", step->key)
                                      : snprintf(text, size, "[%zu]", step->index));
}

const char *sow__steps_text(const sow__step *step, char text[SOW__STEPS_SIZE])
{
    char tail[SOW__STEPS_SIZE];
    size_t begin = sizeof tail - 1;
    tail[begin] = '\0';
    for (; step->outer != NULL; step = step->outer) {
        char one[SOW__MAX_KEY_BYTES + 2];
        const size_t n = put_step(step, one, sizeof one);
        /* "$..." must fit before it */
        if (n >= sizeof one || n + sizeof "$..." > begin) {
            snprintf(text, SOW__STEPS_SIZE, "$...%s", tail + begin);
            return text;
        }
        begin -= n;
        memcpy(tail + begin, one, n);
    }
    snprintf(text, SOW__STEPS_SIZE, "$%s", tail + begin);
    return text;
}

/* ---- failures ---- */

sow_status sow__describe_fail_within(const sow__description *description, const sow__step *step,
                                     sow_error *err)
{
    char text[SOW__STEPS_SIZE];
    return sow__fail_within(err, "%s: %s", description->build->config->label,
                            sow__steps_text(step, text));
}

sow_status sow__describe_fail(const sow__description *description, const sow__step *step,
                              sow_error *err, sow_status status, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    sow__fail(err, status, "%s", message);
    return sow__describe_fail_within(description, step, err);
}

/* ---- values ---- */

sow_status sow__value_set_text(sow__value *value, sow__value_kind kind, const char *text,
                               sow_error *err)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        return sow__fail_memory(err, strlen(text) + 1);
    }
    *value = (sow__value){.kind = kind, .text = copy};
    return SOW_OK;
}

sow__value *sow__value_find(const sow__value *dict, const char *key)
{
    for (size_t i = 0; i < dict->n_items; i++) {
        if (strcmp(dict->keys[i], key) == 0) {
            return &dict->items[i];
        }
    }
    return NULL;
}

bool sow__value_remove(sow__value *dict, const char *key, sow__value *item)
{
    sow__value *found = sow__value_find(dict, key);
    if (found == NULL) {
        return false;
    }
    const size_t at = (size_t)(found - dict->items), n_after = dict->n_items - at - 1;
    *item = *found;
    free(dict->keys[at]);
    memmove(found, found + 1, n_after * sizeof *found);
    memmove(dict->keys + at, dict->keys + at + 1, n_after * sizeof *dict->keys);
    dict->n_items--;
    return true;
}

void sow__value_shift(sow__value *list, sow__value *item)
{
    *item = list->items[0];
    list->n_items--;
    memmove(list->items, list->items + 1, list->n_items * sizeof *list->items);
}
