/* Collecting statistics while a plan runs.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_PLAN_STATISTICS_H
#define SOW_PLAN_STATISTICS_H

#include "plan/plan.h"

/* The file is cut into cells at every multiple of this, tensors into what lies in one cell. The
 * moments of such parts are kept until all are there and are then merged in their order: so no sum
 * depends on who did what. 64 bytes per cell. */
#define SOW__CELL_BYTES ((size_t)1 << 20)

/* How much of the values is looked at where the range of the histogram cannot be told without. */
#define SOW__LOOK_BYTES ((size_t)1 << 16)

/* Forgets the last run and settles the ranges that follow from the plan. SOW_ERROR_VALUE when it is
 * another plan's. */
sow_status sow__statistics_begin(sow_statistics *statistics, const sow_plan *plan, sow_error *err);

/* True when the first values of an entry are needed for its range. */
bool sow__statistics_wants_look(const sow_statistics *statistics, size_t index);

/* Settles the range from the first values of an entry, if it wants that: from SOW__LOOK_BYTES or
 * all; n_bytes may be more. Before any is taken. */
void sow__statistics_look(sow_statistics *statistics, size_t index, const void *values,
                          size_t n_bytes);

/* Takes values of an entry from offset on. The entry begins at base in the file; no cell of it may
 * be given in two parts. Any thread. */
void sow__statistics_take(sow_statistics *statistics, size_t index, uint64_t base, uint64_t offset,
                          const void *values, size_t n_bytes);

/* True after a run of this plan has succeeded. */
bool sow__statistics_are_of(const sow_statistics *statistics, const sow_plan *plan);

/* Merges the cells. */
void sow__statistics_finish(sow_statistics *statistics);

#endif
