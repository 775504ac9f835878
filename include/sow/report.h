/* Reports: a run of a plan told to people (a page of HTML) and to programs (JSON).
 * SPDX-License-Identifier: Apache-2.0
 *
 * A report says of every tensor what filled it or where it was loaded from, the mean and standard
 * deviation to expect and those that the run measured, and shows a histogram. What looks wrong
 * stands on top (docs/report.md). */
#ifndef SOW_REPORT_H
#define SOW_REPORT_H

#include <sow/models.h>
#include <sow/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is told. Everything is the caller's and must stay while a function is at work; zero is not
 * told, except for plan and statistics, which must be there. */
typedef struct sow_report {
    const sow_plan *plan;
    const sow_statistics *statistics; /* after a run of this plan that succeeded */
    const sow_model *model; /* the plan is of its state_dict: gives class, profile, dtype, and which
                               names of a checkpoint were not used */
    /* The checkpoint's files, open: listed with how much of each the plan copies. */
    const sow_safetensors *const *files;
    size_t n_files;
    const char *title; /* names what was written, such as its path */
    sow_dialect dialect;
    bool has_seed;
    uint64_t seed;
    const char *seed_from; /* who gave the seed: "default" */
} sow_report;

typedef enum sow_report_format {
    SOW_REPORT_HTML = 0, /* HTML5 that needs nothing else; UTF-8 */
    SOW_REPORT_JSON,     /* strict JSON as docs/report.schema.json has it; ASCII */
} sow_report_format;

/* Takes the next n_bytes of a text; false stops. */
typedef bool (*sow_report_sink)(void *user, const char *text, size_t n_bytes);

/* Writes a report into sink, in pieces, from the caller's thread. The text depends on the report
 * and the version of sow alone. SOW_ERROR_VALUE when the statistics are of another plan or of no
 * run; SOW_ERROR_CANCELLED when sink says no. */
SOW_API sow_status sow_report_write(const sow_report *report, sow_report_format format,
                                    sow_report_sink sink, void *user, sow_error *err);

/* The same into a file, which is there whole or not at all: as sow_safetensors_create to
 * sow_safetensors_finish do it, with the same failures. "-" is standard output. */
SOW_API sow_status sow_report_save(const sow_report *report, sow_report_format format,
                                   const char *path, bool force, sow_error *err);

/* How many things look wrong: NaN and infinities; a measured mean or standard deviation so far from
 * the expected one that chance does not explain it; a weight that is all zero and was not told to
 * be. SIZE_MAX where sow_report_write would fail. */
SOW_API size_t sow_report_count_findings(const sow_report *report);

#ifdef __cplusplus
}
#endif
#endif
