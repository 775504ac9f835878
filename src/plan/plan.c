/* Plans: names, tape and checkpoint become a list of what to copy and what to fill.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include "base/dtype.h"
#include "base/error.h"
#include "plan/statistics.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void clear_entry(sow__entry *entry)
{
    free(entry->name);
    free(entry->initializer);
    free(entry->fill);
    sow__tape_unref(entry->tape);
    sow_tensor_free(entry->tensor);
}

void sow_plan_free(sow_plan *plan)
{
    if (plan == NULL) {
        return;
    }
    for (size_t i = 0; i < plan->n_entries; i++) {
        clear_entry(&plan->entries[i]);
    }
    free(plan->entries);
    free(plan);
}

static sow_status init_entry(sow__entry *entry, const char *name, sow_tensor *tensor,
                             sow_error *err)
{
    if (tensor->storage->device == SOW_META) {
        return sow__fail(err, SOW_ERROR_RUNTIME, "%s: a meta tensor has no values to write", name);
    }
    entry->name = strdup(name);
    entry->tensor = sow_tensor_ref(tensor);
    if (entry->name == NULL) {
        return sow__fail_memory(err, strlen(name) + 1);
    }
    bool is_deferred = tensor->storage->device == SOW_DEFERRED;
    entry->is = (sow_plan_entry){
        .name = entry->name,
        .dtype = tensor->storage->dtype,
        .n_dims = tensor->n_dims,
        .sizes = tensor->sizes,
        .n_bytes = sow_tensor_n_bytes(tensor),
        .action = is_deferred ? SOW_PLAN_FILL : SOW_PLAN_KEEP,
        .mean = NAN,
        .std = NAN,
        .exact = !tensor->storage->approximate,
    };
    if (is_deferred) {
        sow__tape *tape = sow__tape_of(tensor->storage);
        if (tape == NULL) {
            return sow__fail_memory(err, sizeof *tape);
        }
        entry->tape = sow__tape_ref(tape);
    }
    return sow__entry_describe(entry, err);
}

sow_plan *sow_plan_new(const sow_state_dict *state, sow_error *err)
{
    size_t n = sow_state_dict_count(state);
    sow_plan *plan = calloc(1, sizeof *plan);
    sow__entry *entries = calloc(n + 1, sizeof *entries);
    if (plan == NULL || entries == NULL) {
        free(plan);
        free(entries);
        sow__fail_memory(err, n * sizeof *entries);
        return NULL;
    }
    plan->entries = entries;
    for (size_t i = 0; i < n; i++) {
        plan->n_entries = i + 1;
        if (init_entry(&entries[i], sow_state_dict_name(state, i), sow_state_dict_tensor(state, i),
                       err) != SOW_OK) {
            sow_plan_free(plan);
            return NULL;
        }
    }
    return plan;
}

static bool same_sizes(const sow_plan_entry *entry, const sow_safetensors_tensor *tensor)
{
    return entry->n_dims == tensor->n_dims &&
           (entry->n_dims == 0 ||
            memcmp(entry->sizes, tensor->sizes, (size_t)entry->n_dims * sizeof *entry->sizes) == 0);
}

sow_status sow_plan_copy_from(sow_plan *plan, size_t index, const sow_safetensors *file,
                              const sow_safetensors_tensor *tensor, sow_error *err)
{
    if (index >= plan->n_entries) {
        return sow__fail(err, SOW_ERROR_INDEX, "plan: entry %zu of %zu", index, plan->n_entries);
    }
    sow__entry *entry = &plan->entries[index];
    if (!same_sizes(&entry->is, tensor)) {
        return sow__fail(err, SOW_ERROR_VALUE, "%s: %s in %s has another shape", entry->name,
                         tensor->name, sow_safetensors_path(file));
    }
    sow__tape_unref(entry->tape);
    entry->tape = NULL;
    entry->file = file;
    entry->source = tensor;
    entry->is.action = SOW_PLAN_COPY;
    entry->is.dtype = tensor->dtype;
    entry->is.n_bytes = tensor->end - tensor->begin;
    return sow__entry_describe(entry, err);
}

size_t sow_plan_count(const sow_plan *plan)
{
    return plan->n_entries;
}

const sow_plan_entry *sow_plan_at(const sow_plan *plan, size_t index)
{
    return index < plan->n_entries ? &plan->entries[index].is : NULL;
}

sow_status sow_plan_check(const sow_plan *plan, sow_error *err)
{
    for (size_t i = 0; i < plan->n_entries; i++) {
        const sow__entry *entry = &plan->entries[i];
        if (entry->is.action == SOW_PLAN_FILL &&
            sow__tape_check(entry->tape, entry->tensor, err) != SOW_OK) {
            return sow__fail_within(err, "%s", entry->name);
        }
    }
    return SOW_OK;
}

sow_status sow__plan_start(const sow_plan *plan, const sow_run_options *options, sow_error *err)
{
    const sow_status status = sow_plan_check(plan, err);
    return status == SOW_OK && options->statistics != NULL
               ? sow__statistics_begin(options->statistics, plan, err)
               : status;
}

bool sow__entry_is_streamable(const sow__entry *entry)
{
    return entry->is.action == SOW_PLAN_COPY ||
           (sow_tensor_is_contiguous(entry->tensor) &&
            (entry->tape == NULL || sow__tape_is_streamable(entry->tape)));
}

/* What a tape draws, the tapes it copies from included. */
static void add_totals(const sow__tape *tape, sow_plan_totals *totals)
{
    totals->n_recorded += tape->n_recorded;
    for (size_t i = 0; i < tape->n_records; i++) {
        const sow__record *record = &tape->records[i];
        if (record->source != NULL) {
            add_totals(record->source, totals);
        } else {
            totals->n_drawn += record->n_words;
        }
        totals->n_fills++;
    }
}

void sow_plan_get_totals(const sow_plan *plan, sow_plan_totals *totals)
{
    *totals = (sow_plan_totals){.n_tensors = plan->n_entries};
    for (size_t i = 0; i < plan->n_entries; i++) {
        totals->n_bytes += plan->entries[i].is.n_bytes;
        if (plan->entries[i].tape != NULL) {
            add_totals(plan->entries[i].tape, totals);
        }
    }
}
