/* Inside a report: what both formats tell.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_REPORT_REPORT_H
#define SOW_REPORT_REPORT_H

#include "plan/mixture.h"
#include "report/text.h"
#include <sow/report.h>

/* ---- findings ---- */

typedef enum sow__finding_kind {
    SOW__FINDING_NAN = 0,
    SOW__FINDING_INF,
    SOW__FINDING_MEAN,
    SOW__FINDING_STD,
    SOW__FINDING_ZERO,       /* a weight that is all zero */
    SOW__FINDING_ASKED_ZERO, /* a note: so its initializer says */
    SOW__FINDING_MISMATCHED, /* a note: the checkpoint has it in another shape */
    SOW__N_FINDINGS
} sow__finding_kind;

typedef struct sow__finding {
    sow__finding_kind kind;
    char text[160]; /* for people: what follows the name */
} sow__finding;

/* "nan", "mean"... */
const char *sow__finding_name(sow__finding_kind kind);
/* True for what looks wrong, false for notes. */
bool sow__finding_is_wrong(sow__finding_kind kind);

/* ---- one tensor ---- */

typedef struct sow__told {
    size_t index;
    const sow_plan_entry *entry;
    const sow_tensor_statistics *statistics;
    bool has_values;      /* the values are known and there are finite ones */
    double mean, std;     /* measured; NaN where there is none */
    double z_mean, z_std; /* distances from the expected ones in standard errors; NaN where there is
                             none */
    sow__mixture mixture;
    const char *state; /* "initialised", "loaded", "mismatched", "in memory" */
    int n_findings;
    sow__finding findings[SOW__N_FINDINGS];
} sow__told;

void sow__report_tell(const sow_report *report, size_t index, sow__told *told);

/* Of the findings those that look wrong. */
int sow__told_n_wrong(const sow__told *told);

/* "f32"; "?" for a number that is none. */
const char *sow__report_dtype(sow_dtype dtype);

/* ---- one file of the checkpoint ---- */

typedef struct sow__told_file {
    const char *path;
    uint64_t n_tensors, n_loaded;
} sow__told_file;

/* index < report->n_files. */
void sow__report_tell_file(const sow_report *report, size_t index, sow__told_file *told);

/* ---- the whole ---- */

typedef struct sow__report_totals {
    uint64_t n_tensors, n_elements, n_bytes;
    uint64_t n_initialised, n_loaded, n_in_memory; /* together n_tensors */
    uint64_t n_mismatched;                         /* among the initialised */
    uint64_t n_unexpected;                         /* names of the checkpoint */
    uint64_t n_wrong;                              /* findings */
    uint64_t n_notes; /* the other findings, and files of which nothing was loaded */
} sow__report_totals;

void sow__report_sum(const sow_report *report, sow__report_totals *totals);

/* Number of elements. */
uint64_t sow__report_numel(const sow_plan_entry *entry);

/* The seeds of the streams that the plan draws from, each once, at most n_most of them; returns how
 * many there are. */
size_t sow__report_seeds(const sow_report *report, uint64_t *seeds, size_t n_most);

sow_status sow__report_check(const sow_report *report, sow_error *err);

void sow__report_json(const sow_report *report, sow__text *text);
sow_status sow__report_html(const sow_report *report, sow__text *text, sow_error *err);

#endif
