/* Running a plan into memory.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"
#include "plan/read.h"

#include "base/dtype.h"
#include "base/error.h"
#include "base/pieces.h"
#include "base/threads.h"
#include "plan/statistics.h"
#include <stdlib.h>

/* ---- one tensor ---- */

static sow_status load(const sow__entry *entry, sow_error *err)
{
    sow_tensor *tensor = entry->tensor;
    if (tensor->storage->dtype != entry->is.dtype || !sow_tensor_is_contiguous(tensor)) {
        return sow__fail(err, SOW_ERROR_UNSUPPORTED, "%s: %s in the file, %s%s in memory",
                         entry->name, sow_dtype_name(entry->is.dtype),
                         sow_dtype_name(tensor->storage->dtype),
                         sow_tensor_is_contiguous(tensor) ? "" : " with strides");
    }
    const sow_status status = sow__read_tensor(entry->file, entry->source, tensor, err);
    if (status == SOW_OK) {
        sow_tensor_set_initialized(tensor, true);
    }
    return status;
}

/* ---- its statistics ---- */

struct look_back {
    const sow_plan *plan;
    const sow_run_options *options;
    size_t index;
    sow__order order;
};

static sow_status look_back(void *user, int worker, uint64_t piece, sow_error *err)
{
    const struct look_back *back = user;
    const sow__entry *entry = &back->plan->entries[back->index];
    const size_t bytes = sow__dtype_bytes(entry->is.dtype), most = SOW__CELL_BYTES / bytes;
    const int64_t first = (int64_t)(piece * most), left = back->order.numel - first;
    const size_t n = left < (int64_t)most ? (size_t)left : most;
    unsigned char *values = malloc(SOW__CELL_BYTES);
    (void)worker;
    if (values == NULL) {
        return sow__fail_memory(err, SOW__CELL_BYTES);
    }
    sow__order_gather(&back->order, entry->tensor->storage->data, bytes, first, (int64_t)n, values);
    sow__statistics_look(back->options->statistics, back->index, values, n * bytes);
    sow__statistics_take(back->options->statistics, back->index, 0, piece * SOW__CELL_BYTES, values,
                         n * bytes);
    free(values);
    return SOW_OK;
}

static sow_status look_back_rest(void *user, int worker, uint64_t piece, sow_error *err)
{
    return look_back(user, worker, piece + 1, err);
}

/* Of one tensor that has its values. The first cell goes first: it may settle the range. */
static sow_status take_from_memory(const sow_plan *plan, size_t index,
                                   const sow_run_options *options, sow_error *err)
{
    struct look_back back = {.plan = plan, .options = options, .index = index};
    const sow__entry *entry = &plan->entries[index];
    const uint64_t n_cells = (entry->is.n_bytes + SOW__CELL_BYTES - 1) / SOW__CELL_BYTES;
    if (n_cells == 0 || !sow_stats_can_read(entry->is.dtype)) {
        return SOW_OK;
    }
    sow__tensor_logical_order(entry->tensor, &back.order);
    const sow_status status = look_back(&back, 0, 0, err);
    const sow__pieces rest = {.n_threads = sow__thread_count(options->n_threads),
                              .n_pieces = n_cells - 1,
                              .work = look_back_rest,
                              .user = &back};
    return status == SOW_OK ? sow__pieces_run(&rest, err) : status;
}

/* ---- the whole ---- */

sow_status sow_plan_run(const sow_plan *plan, const sow_run_options *options, sow_error *err)
{
    static const sow_run_options defaults = {0};
    options = options != NULL ? options : &defaults;
    sow_status status = sow__plan_start(plan, options, err);
    for (size_t i = 0; status == SOW_OK && i < plan->n_entries; i++) {
        const sow__entry *entry = &plan->entries[i];
        if (options->cancelled != NULL && options->cancelled(options->user)) {
            return sow__fail(err, SOW_ERROR_CANCELLED, "stopped on request");
        }
        status = entry->is.action == SOW_PLAN_COPY
                     ? load(entry, err)
                     : sow_tensor_materialize(entry->tensor, options->n_threads, err);
        if (status == SOW_OK && options->statistics != NULL) {
            status = take_from_memory(plan, i, options, err);
        }
    }
    if (status == SOW_OK && options->statistics != NULL) {
        sow__statistics_finish(options->statistics);
    }
    return status;
}
