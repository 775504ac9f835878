/* Running a plan into the file of -o.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WRITE_H
#define CLI_WRITE_H

#include "options.h"

#include <stdio.h>

typedef struct cli_target {
    const char *path;   /* "-": standard output */
    const char *report; /* NULL: none; "-": standard output */
    int n_threads;      /* 0: one per core */
    size_t memory;      /* most bytes for buffers; 0: no limit */
    bool force, quiet, json;
} cli_target;

extern const cli_option cli_target_rows[];

/* -o must be given, and must not be a terminal. Returns CLI_GO_ON or an exit status. */
int cli_target_check(const cli_target *target, const char *verb);

/* Where the summary goes: standard output, or standard error when data or report go there. */
FILE *cli_target_summary(const cli_target *target);

/* Writes the file, with a progress line; *seconds is how long it took; statistics may be NULL.
 * Returns CLI_GO_ON or, after saying why, an exit status. A signal ends the process here, with
 * nothing left behind. */
int cli_target_write(const cli_target *target, const sow_plan *plan, const char *const *metadata,
                     sow_statistics *statistics, double *seconds);

#endif
