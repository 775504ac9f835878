/* How much memory a run may take for its buffers, and what it makes of that.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_PLAN_BUDGET_H
#define SOW_PLAN_BUDGET_H

#include "plan/plan.h"

typedef struct sow__budget {
    size_t piece_bytes; /* a multiple of SOW__OUTPUT_ALIGNMENT */
    int n_workers;      /* that hold a piece each */
    int n_computing;    /* of them at a time, the others write */
} sow__budget;

/* Pieces and workers for the options. A limit of memory makes the pieces shorter, then the workers
 * fewer. SOW_ERROR_MEMORY when one worker with the shortest piece does not fit; it names the tensor
 * when that is due to one that is made whole. */
sow_status sow__budget_make(const sow_plan *plan, const sow_run_options *options,
                            sow__budget *budget, sow_error *err);

#endif
