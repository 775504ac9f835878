/* trunc_normal in whole blocks of 16: later rounds make only the blocks that still hold a value
 * outside the bounds.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fill/trunc.h"

#include "base/dtype.h"
#include "base/error.h"
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = SOW__NORMAL_BLOCK,
    MOST_BLOCKS = SOW__RING_WORDS / BLOCK, /* that a reader lends at a time */
    MOST_AT_A_TIME = 1 << 18,              /* blocks: 16 MB of float32, and 2 MB of list */
};

struct pending {
    uint32_t block; /* of the job */
    uint32_t mask;  /* bit j: value j is outside */
};

struct job {
    const sow__draw *draw;
    sow__cursor *cursor;
    double low, high;
    int64_t first; /* block of the draw */
    int64_t n_blocks;
    unsigned char *out;
    size_t words_per_block, block_bytes;
    struct pending *pending;
    size_t n_pending;
};

/* masks[b] for blocks of the draw's type. */
static void find_outside(const struct job *job, uint16_t masks[MOST_BLOCKS], const void *values,
                         size_t n_blocks)
{
    const sow__kern *kern = sow__kern_get();
    float wide[MOST_BLOCKS * BLOCK];
    if (job->draw->real == SOW_F64) {
        kern->outside_f64(masks, values, n_blocks, job->low, job->high);
        return;
    }
    if (job->draw->real != SOW_F32) {
        sow__convert(wide, SOW_F32, values, job->draw->real, n_blocks * BLOCK);
        values = wide;
    }
    kern->outside_f32(masks, values, n_blocks, (float)job->low, (float)job->high);
}

static sow_status first_round(struct job *job, uint64_t position, sow_error *err)
{
    sow_status status = sow__cursor_seek(job->cursor, position, err);
    if (status != SOW_OK) {
        return status;
    }
    unsigned char *out = job->out;
    uint32_t block = 0;
    size_t n_raw;
    const uint32_t *raw;
    sow__reader reader;
    sow__reader_open(&reader, job->cursor, (uint64_t)job->n_blocks * job->words_per_block);
    while ((n_raw = sow__reader_next(&reader, &raw)) > 0) {
        uint16_t masks[MOST_BLOCKS];
        size_t n = n_raw / job->words_per_block;
        sow__normal_blocks(job->draw, out, raw, n);
        find_outside(job, masks, out, n);
        for (size_t i = 0; i < n; i++, block++) {
            job->pending[job->n_pending] = (struct pending){block, masks[i]};
            job->n_pending += masks[i] != 0;
        }
        out += n * job->block_bytes;
    }
    return SOW_OK;
}

/* Puts the values of a candidate block where the mask has bits. */
static void replace(unsigned char *out, const unsigned char *candidate, uint32_t mask,
                    size_t value_bytes)
{
    for (; mask != 0; mask &= mask - 1) {
        size_t at = (size_t)__builtin_ctz(mask) * value_bytes;
        memcpy(out + at, candidate + at, value_bytes);
    }
}

/* The candidates of n pending blocks, whose words a reader lends in one piece from the first one's
 * on. Keeps at `kept` those that are still pending; returns how many. */
static size_t redraw_few(struct job *job, const struct pending *few, size_t n, struct pending *kept)
{
    uint32_t gathered[SOW__RING_WORDS];
    double candidates[MOST_BLOCKS * BLOCK];
    uint16_t masks[MOST_BLOCKS];
    size_t n_kept = 0, n_words = (few[n - 1].block - few[0].block + 1) * job->words_per_block;
    const uint32_t *raw, *end;
    sow__reader reader;
    sow__reader_open(&reader, job->cursor, n_words);
    sow__reader_next(&reader, &raw);
    for (size_t i = 0; i < n; i++) {
        memcpy(gathered + i * job->words_per_block,
               raw + (few[i].block - few[0].block) * job->words_per_block,
               job->words_per_block * sizeof *raw);
    }
    sow__reader_next(&reader, &end);
    sow__normal_blocks(job->draw, candidates, gathered, n);
    find_outside(job, masks, candidates, n);
    for (size_t i = 0; i < n; i++) {
        struct pending p = few[i];
        replace(job->out + p.block * job->block_bytes,
                (const unsigned char *)candidates + i * job->block_bytes, p.mask,
                job->block_bytes / BLOCK);
        p.mask &= masks[i];
        kept[n_kept] = p;
        n_kept += p.mask != 0;
    }
    return n_kept;
}

static sow_status later_round(struct job *job, uint64_t position, sow_error *err)
{
    const size_t most = SOW__RING_WORDS / job->words_per_block;
    size_t n_kept = 0;
    for (size_t i = 0, n; i < job->n_pending; i += n) {
        const struct pending *few = job->pending + i;
        for (n = 1; i + n < job->n_pending && few[n].block - few[0].block < most; n++) {
        }
        sow_status status =
            sow__cursor_seek(job->cursor, position + few->block * job->words_per_block, err);
        if (status != SOW_OK) {
            return status;
        }
        n_kept += redraw_few(job, few, n, job->pending + n_kept);
    }
    job->n_pending = n_kept;
    return SOW_OK;
}

static sow_status run_job(struct job *job, uint64_t *n_rounds, sow_error *err)
{
    uint64_t before = (uint64_t)job->first * job->words_per_block, k = 0;
    sow__draw normal = sow__trunc_round(job->draw, 0, NULL);
    sow_status status = first_round(job, normal.place.position + before, err);
    while (status == SOW_OK && job->n_pending > 0) {
        if (++k > SOW__TRUNC_MOST_ROUNDS) {
            return sow__trunc_fail(job->draw, err);
        }
        normal = sow__trunc_round(job->draw, k, &normal);
        status = later_round(job, normal.place.position + before, err);
    }
    *n_rounds = k > *n_rounds ? k : *n_rounds;
    return status;
}

sow_status sow__trunc_blocks(const sow__draw *draw, sow__cursor *cursor,
                             const sow__trunc_bounds *bounds, int64_t first, int64_t n_blocks,
                             void *out, uint64_t *n_rounds, sow_error *err)
{
    int64_t most = n_blocks < MOST_AT_A_TIME ? n_blocks : MOST_AT_A_TIME;
    struct job job = {
        .draw = draw,
        .cursor = cursor,
        .low = bounds->low,
        .high = bounds->high,
        .words_per_block = draw->real == SOW_F64 ? 2 * BLOCK : BLOCK,
        .block_bytes = BLOCK * sow__dtype_bytes(draw->real),
        /* one more, which the last block may write and not keep */
        .pending = malloc(((size_t)most + 1) * sizeof *job.pending),
    };
    if (job.pending == NULL) {
        return sow__fail_memory(err, ((size_t)most + 1) * sizeof *job.pending);
    }
    sow_status status = SOW_OK;
    for (int64_t done = 0; status == SOW_OK && done < n_blocks; done += most) {
        job.first = first + done;
        job.n_blocks = n_blocks - done < most ? n_blocks - done : most;
        job.out = (unsigned char *)out + (size_t)done * job.block_bytes;
        job.n_pending = 0;
        status = run_job(&job, n_rounds, err);
    }
    free(job.pending);
    return status;
}
