/* --report: a page or JSON about what was written.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "json.h"
#include "write.h"

/* Refuses, before anything is done, what --report cannot be written to. Returns CLI_GO_ON or an
 * exit status. */
int cli_report_check(const cli_target *target);

/* Statistics for a run of the plan when --report is given, else NULL; the caller frees them.
 * Returns CLI_GO_ON or an exit status. */
int cli_report_start(const cli_target *target, const sow_plan *plan, sow_statistics **statistics);

/* Writes what --report asks for. Returns CLI_GO_ON or, after saying why, an exit status. */
int cli_report_save(const cli_target *target, const sow_report *report);

/* For the summary: the line "FILE: nothing looks wrong", and "report" and "n_wrong" of JSON;
 * nothing without --report. */
void cli_report_put(FILE *out, const cli_target *target, const sow_report *report);
void cli_report_json(json_t **object, const cli_target *target, const sow_report *report);

#endif
