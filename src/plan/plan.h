/* Inside a plan.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_PLAN_PLAN_H
#define SOW_PLAN_PLAN_H

#include "fill/tape.h"
#include <sow/plan.h>

typedef struct sow__entry {
    sow_plan_entry is; /* what the user sees; texts are owned here */
    char *name, *initializer, *fill;
    sow_tensor *tensor; /* one reference */
    /* fill: one reference, so that later records do not change the plan; else NULL. */
    sow__tape *tape;
    const sow_safetensors *file;          /* copy */
    const sow_safetensors_tensor *source; /* copy */
} sow__entry;

struct sow_plan {
    size_t n_entries;
    sow__entry *entries;
};

/* Fills the reporting half of an entry from its tape: initializer, fill, mean, std, seed, position,
 * words, exact. */
sow_status sow__entry_describe(sow__entry *entry, sow_error *err);

/* True when any piece of the entry's values can be had without the rest. */
bool sow__entry_is_streamable(const sow__entry *entry);

/* What every run begins with: sow_plan_check, and statistics as new when they are wanted. */
sow_status sow__plan_start(const sow_plan *plan, const sow_run_options *options, sow_error *err);

#endif
