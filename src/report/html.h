/* Inside the page: its parts.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_REPORT_HTML_H
#define SOW_REPORT_HTML_H

#include "report/report.h"

extern const char sow__html_style[];

/* ---- the parts, from top to bottom ---- */

void sow__html_head(sow__text *text, const sow_report *report, const sow__report_totals *totals);
void sow__html_findings(sow__text *text, const sow_report *report,
                        const sow__report_totals *totals);
sow_status sow__html_tensors(sow__text *text, const sow_report *report, sow_error *err);

/* A name as code. When what is to be shown of it is long, that is cut and unfolds to the whole. */
void sow__html_name(sow__text *text, const char *shown, const char *whole);

/* ---- groups of tensors, by the module that they are below ---- */

typedef struct sow__member {
    size_t index; /* of the tensor */
    const char *name;
    size_t prefix_bytes; /* of the name, without the dot; 0: none */
    size_t group;        /* index of the first tensor of the group */
} sow__member;

/* Bytes of a name that are its group's name. */
size_t sow__group_prefix(const char *name);

/* The tensors of a plan, group by group, each in the plan's order; the caller frees them. NULL when
 * there is no memory. */
sow__member *sow__group_members(const sow_plan *plan);

/* ---- a row of the table ---- */

/* Names are told from byte skip on. */
void sow__html_row(sow__text *text, const sow__told *told, size_t skip);

/* The histogram with the expected density. */
void sow__html_histogram(sow__text *text, const sow__told *told);

#endif
