/* How much memory a run may take for its buffers, and what it makes of that.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plan/budget.h"

#include "base/dtype.h"
#include "base/error.h"
#include "base/threads.h"
#include "fill/qr.h"
#include "io/output.h"
#include "plan/statistics.h"
#include <inttypes.h>

/* Pieces when none are asked for, and the most for all of them: many cores must not mean much
 * memory. */
#define DEFAULT_PIECE_BYTES ((uint64_t)4 << 20)
#define DEFAULT_PIECES_BYTES ((uint64_t)16 << 20)
#define LEAST_PIECE_BYTES ((uint64_t)64 << 10)

/* What the entries of a plan take beside the pieces. */
struct needs {
    uint64_t per_byte;       /* of a piece, for values on their way to another dtype */
    uint64_t values;         /* of the largest entry that is made whole */
    uint64_t making;         /* at most, while one is made */
    const sow__entry *whole; /* the one that takes most; NULL: there is none */
};

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Bytes beside each byte of a piece of a streamable tape: a copy between dtypes holds the source's
 * piece, trunc_normal two candidates and a mark per element. */
static uint64_t per_byte_of(const sow__tape *tape)
{
    uint64_t most = 0;
    for (size_t i = 0; i < tape->n_records; i++) {
        const sow__tape *source = tape->records[i].source;
        uint64_t below = tape->records[i].fill.kind == SOW__FILL_TRUNC_NORMAL ? 3 : 0;
        if (source != NULL) {
            below = per_byte_of(source);
        }
        if (source != NULL && source->dtype != tape->dtype) {
            size_t from = sow__dtype_bytes(source->dtype), to = sow__dtype_bytes(tape->dtype);
            below = (1 + below) * ((from + to - 1) / to);
        }
        most = larger(most, below);
    }
    return most;
}

/* Bytes for the storage of a tape and for what its fills hold while they run: QR takes the matrix
 * twice, and some. */
static uint64_t making_of(const sow__tape *tape)
{
    uint64_t most = 0, bytes = sow__dtype_bytes(tape->dtype);
    for (size_t i = 0; i < tape->n_records; i++) {
        const sow__record *record = &tape->records[i];
        uint64_t rows = record->view->n_dims > 0 ? (uint64_t)record->view->sizes[0] : 0;
        uint64_t beside = SOW__OUTPUT_ALIGNMENT;
        if (record->source != NULL) {
            beside = making_of(record->source);
        } else if (record->fill.kind == SOW__FILL_ORTHOGONAL) {
            const int64_t numel = record->view->numel;
            const int64_t cols = numel > 0 ? numel / (int64_t)rows : 0;
            beside = 2 * (uint64_t)numel * bytes +
                     sow__qr_spare_bytes(tape->dtype, cols < (int64_t)rows ? cols : (int64_t)rows);
        } else if (record->fill.kind == SOW__FILL_SPARSE) {
            beside = rows * sizeof(int64_t);
        }
        most = larger(most, beside);
    }
    return (uint64_t)tape->numel * bytes + most;
}

static struct needs needs_of(const sow_plan *plan)
{
    struct needs all = {0};
    uint64_t most = 0;
    for (size_t i = 0; i < plan->n_entries; i++) {
        const sow__entry *entry = &plan->entries[i];
        if (sow__entry_is_streamable(entry)) {
            all.per_byte = larger(all.per_byte, entry->tape != NULL ? per_byte_of(entry->tape) : 0);
            continue;
        }
        uint64_t making = entry->tape != NULL ? making_of(entry->tape) : 0;
        all.values = larger(all.values, entry->is.n_bytes);
        all.making = larger(all.making, making);
        if (all.whole == NULL || entry->is.n_bytes + making > most) {
            all.whole = entry;
            most = entry->is.n_bytes + making;
        }
    }
    return all;
}

/* Bytes for all but the pieces. A tensor that is made whole lives until its last part is taken: one
 * may lie across each end of each piece that is at work. */
static uint64_t fixed_bytes(const struct needs *needs, int n_workers)
{
    uint64_t n_alive = 2 * (uint64_t)n_workers - 1;
    if (needs->values > 0 && n_alive > UINT64_MAX / 2 / needs->values) {
        return UINT64_MAX / 2;
    }
    return n_alive * needs->values + needs->making;
}

static sow_status fail_limit(const struct needs *needs, uint64_t limit, uint64_t least,
                             sow_error *err)
{
    uint64_t wanted = fixed_bytes(needs, 1) + least;
    if (needs->whole != NULL) {
        return sow__fail(err, SOW_ERROR_LIMIT,
                         "%s: is made whole (%s), for which %" PRIu64
                         " bytes of memory are needed; the limit is %" PRIu64,
                         needs->whole->name,
                         needs->whole->is.fill != NULL ? needs->whole->is.fill : "strided", wanted,
                         limit);
    }
    return sow__fail(err, SOW_ERROR_LIMIT,
                     "a limit of %" PRIu64 " bytes of memory: at least %" PRIu64 " are needed",
                     limit, wanted);
}

static uint64_t default_piece(int n_workers)
{
    const uint64_t share = DEFAULT_PIECES_BYTES / (uint64_t)n_workers;
    return share > DEFAULT_PIECE_BYTES ? DEFAULT_PIECE_BYTES : larger(share, LEAST_PIECE_BYTES);
}

sow_status sow__budget_make(const sow_plan *plan, const sow_run_options *options,
                            sow__budget *budget, sow_error *err)
{
    /* Of whole cells when statistics are taken, so that each cell is of one piece. */
    const uint64_t unit =
        options->statistics != NULL ? SOW__CELL_BYTES : (uint64_t)SOW__OUTPUT_ALIGNMENT;
    const int n_threads = sow__thread_count(options->n_threads);
    const uint64_t asked =
        options->piece_bytes > 0 ? options->piece_bytes : default_piece(2 * n_threads);
    const uint64_t most = (uint64_t)1 << 40, limit = options->memory_bytes;
    const uint64_t wanted = ((asked < most ? asked : most) + unit - 1) / unit * unit;
    *budget = (sow__budget){(size_t)wanted, 2 * n_threads, n_threads};
    if (limit == 0) {
        return SOW_OK;
    }
    const struct needs needs = needs_of(plan);
    const uint64_t shortest = larger(unit, LEAST_PIECE_BYTES);
    const uint64_t least = (wanted < shortest ? wanted : shortest), factor = 1 + needs.per_byte;
    for (int n = 2 * n_threads; n > 0; n--) {
        const uint64_t fixed = fixed_bytes(&needs, n);
        const uint64_t share = limit > fixed ? (limit - fixed) / (uint64_t)n / factor : 0;
        if (share >= least) {
            budget->piece_bytes = (size_t)(share < wanted ? share / unit * unit : wanted);
            budget->n_workers = n;
            budget->n_computing = n < n_threads ? n : n_threads;
            return SOW_OK;
        }
    }
    return fail_limit(&needs, limit, least * factor, err);
}
