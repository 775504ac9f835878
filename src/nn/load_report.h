/* What a load found: three lists of texts.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_LOAD_REPORT_H
#define SOW_NN_LOAD_REPORT_H

#include <sow/nn.h>

typedef struct sow__texts {
    char **items;
    size_t n_items;
} sow__texts;

struct sow_load_report {
    sow__texts missing, unexpected, errors;
};

/* Appends a copy of a text, or a formatted one. */
sow_status sow__texts_add(sow__texts *texts, const char *text, sow_error *err);
sow_status sow__texts_format(sow__texts *texts, sow_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Ends a load: puts the lines about keys (strict alone) before the others, and fails with all of
 * them when there are any. */
sow_status sow__load_report_end(sow_load_report *report, const char *type, bool strict,
                                sow_error *err);

#endif
