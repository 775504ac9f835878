/* What a load found, and how PyTorch says it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/load_report.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes the text, NULL for one that there was no memory for; at: where it goes. */
static sow_status insert(sow__texts *texts, size_t at, char *text, sow_error *err)
{
    char **items =
        text == NULL ? NULL : realloc(texts->items, (texts->n_items + 1) * sizeof *items);
    if (items == NULL) {
        free(text);
        return sow__fail_memory(err, (texts->n_items + 1) * sizeof *items);
    }
    texts->items = items;
    memmove(items + at + 1, items + at, (texts->n_items - at) * sizeof *items);
    items[at] = text;
    texts->n_items++;
    return SOW_OK;
}

sow_status sow__texts_add(sow__texts *texts, const char *text, sow_error *err)
{
    return insert(texts, texts->n_items, strdup(text), err);
}

sow_status sow__texts_format(sow__texts *texts, sow_error *err, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int n_text = vsnprintf(NULL, 0, format, args);
    char *text = n_text < 0 ? NULL : malloc((size_t)n_text + 1);
    if (text != NULL) {
        vsnprintf(text, (size_t)n_text + 1, format, again);
    }
    va_end(again);
    va_end(args);
    return insert(texts, texts->n_items, text, err);
}

static void clear(sow__texts *texts)
{
    for (size_t i = 0; i < texts->n_items; i++) {
        free(texts->items[i]);
    }
    free(texts->items);
}

/* title "a", "b". - in new memory; NULL when there is none. */
static char *keys_line(const char *title, const sow__texts *keys)
{
    size_t size = strlen(title) + 3;
    for (size_t i = 0; i < keys->n_items; i++) {
        size += strlen(keys->items[i]) + 4;
    }
    char *line = malloc(size);
    if (line == NULL) {
        return NULL;
    }
    char *end = stpcpy(line, title);
    for (size_t i = 0; i < keys->n_items; i++) {
        end = stpcpy(stpcpy(stpcpy(end, i > 0 ? ", \"" : "\""), keys->items[i]), "\"");
    }
    stpcpy(end, ". ");
    return line;
}

static sow_status fail_with(const sow_load_report *report, const char *type, sow_error *err)
{
    char text[SOW_ERROR_MESSAGE_SIZE];
    size_t used = 0;
    for (size_t i = 0; i < report->errors.n_items && used < sizeof text; i++) {
        const char *line = report->errors.items[i];
        size_t n_line = strlen(line);
        n_line -= n_line > 0 && line[n_line - 1] == ' ';
        const size_t room = sizeof text - used;
        const int n = snprintf(text + used, room, "%s%.*s", i > 0 ? "; " : "",
                               (int)(n_line < room ? n_line : room), line);
        used += n > 0 ? (size_t)n : 0;
    }
    return sow__fail(err, SOW_ERROR_RUNTIME, "Error(s) in loading state_dict for %s: %s", type,
                     text);
}

sow_status sow__load_report_end(sow_load_report *report, const char *type, bool strict,
                                sow_error *err)
{
    sow_status status = SOW_OK;
    if (strict && report->unexpected.n_items > 0) {
        status = insert(&report->errors, 0,
                        keys_line("Unexpected key(s) in state_dict: ", &report->unexpected), err);
    }
    if (status == SOW_OK && strict && report->missing.n_items > 0) {
        status = insert(&report->errors, 0,
                        keys_line("Missing key(s) in state_dict: ", &report->missing), err);
    }
    return status == SOW_OK && report->errors.n_items > 0 ? fail_with(report, type, err) : status;
}

static const char *at(const sow__texts *texts, size_t index)
{
    return index < texts->n_items ? texts->items[index] : NULL;
}

const char *sow_load_report_missing(const sow_load_report *report, size_t index)
{
    return report == NULL ? NULL : at(&report->missing, index);
}

const char *sow_load_report_unexpected(const sow_load_report *report, size_t index)
{
    return report == NULL ? NULL : at(&report->unexpected, index);
}

const char *sow_load_report_error(const sow_load_report *report, size_t index)
{
    return report == NULL ? NULL : at(&report->errors, index);
}

void sow_load_report_free(sow_load_report *report)
{
    if (report != NULL) {
        clear(&report->missing);
        clear(&report->unexpected);
        clear(&report->errors);
        free(report);
    }
}
