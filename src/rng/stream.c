/* Streams and the cursors that read words from them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rng/stream.h"

#include "rng/jump.h"
#include <stdlib.h>
#include <string.h>

/* A cursor runs over at most so many blocks before it jumps instead. Measured: running over these 2
 * million words 0.07 ms with AVX-512, 0.17 ms with AVX2; a jump of that length 0.1 ms. */
#define RUN_BLOCKS 3072

/* Jumps are whole multiples of so many blocks and the rest is run, 3 us at most: so that pieces
 * that lie equally far apart, to a block, have jumps of one length, whose polynomial is kept. */
#define JUMP_BLOCKS 128

static void set_block(uint32_t block[SOW__MT_N], uint64_t seed)
{
    block[0] = (uint32_t)seed;
    for (uint32_t j = 1; j < SOW__MT_N; j++) {
        block[j] = 1812433253u * (block[j - 1] ^ block[j - 1] >> 30) + j;
    }
}

void sow__stream_seed(sow__stream *stream, uint64_t seed)
{
    atomic_init(&stream->n_refs, 1);
    stream->seed = seed;
    stream->fresh = true;
    stream->offset = SOW__MT_N;
    set_block(stream->block, seed);
}

sow__stream *sow__stream_from_seed(uint64_t seed)
{
    sow__stream *stream = malloc(sizeof *stream);
    if (stream != NULL) {
        sow__stream_seed(stream, seed);
    }
    return stream;
}

sow__stream *sow__stream_from_block(uint64_t seed, const uint32_t block[SOW__MT_N], uint32_t offset)
{
    sow__stream *stream = malloc(sizeof *stream);
    if (stream != NULL) {
        atomic_init(&stream->n_refs, 1);
        stream->seed = seed;
        stream->fresh = offset == 0;
        stream->offset = offset == 0 ? SOW__MT_N : offset;
        memcpy(stream->block, block, sizeof stream->block);
    }
    return stream;
}

sow__stream *sow__stream_ref(sow__stream *stream)
{
    atomic_fetch_add_explicit(&stream->n_refs, 1, memory_order_relaxed);
    return stream;
}

void sow__stream_unref(sow__stream *stream)
{
    if (stream != NULL &&
        atomic_fetch_sub_explicit(&stream->n_refs, 1, memory_order_acq_rel) == 1) {
        free(stream);
    }
}

/* Where PyTorch's generator stands at a position: it makes a block when it needs its first word,
 * not sooner. So `next` words of the block are gone, 1..624. */
struct place {
    uint64_t block_index;
    uint32_t next;
};

static struct place find_place(const sow__stream *stream, uint64_t position)
{
    if (position == 0) {
        return (struct place){.block_index = 0, .next = stream->offset};
    }
    uint64_t before = (position - 1) % SOW__MT_N + stream->offset;
    return (struct place){.block_index = (position - 1) / SOW__MT_N + before / SOW__MT_N,
                          .next = (uint32_t)(before % SOW__MT_N) + 1};
}

void sow__cursor_open(sow__cursor *cursor, sow__stream *stream)
{
    cursor->stream = sow__stream_ref(stream);
    cursor->position = 0;
    cursor->block_index = 0;
    memcpy(cursor->block, stream->block, sizeof cursor->block);
    cursor->pair_at = UINT64_MAX;
    cursor->pair_sine = 0.0;
}

void sow__cursor_copy(sow__cursor *to, const sow__cursor *from)
{
    *to = *from;
    sow__stream_ref(to->stream);
}

void sow__cursor_close(sow__cursor *cursor)
{
    sow__stream_unref(cursor->stream);
    cursor->stream = NULL;
}

/* Brings a block that is near before a far one: by a jump from the block at hand or, back, from the
 * stream's own. The jump is in words, and those before target fit in 64 bits where those before its
 * end need not. */
static sow_status fetch_block(sow__cursor *cursor, uint64_t target, sow_error *err)
{
    uint32_t block[SOW__MT_N];
    bool is_back = target < cursor->block_index;
    uint64_t from = is_back ? 0 : cursor->block_index, distance = target - from;
    uint64_t n_jumped = distance > RUN_BLOCKS ? (distance - 1) / JUMP_BLOCKS * JUMP_BLOCKS : 0;
    memcpy(block, is_back ? cursor->stream->block : cursor->block, sizeof block);
    sow_status status = sow__mt_jump(block, n_jumped * SOW__MT_N, err);
    if (status == SOW_OK) {
        memcpy(cursor->block, block, sizeof block);
        cursor->block_index = from + n_jumped;
    }
    return status;
}

/* Runs over n blocks. */
static void run_blocks(sow__cursor *cursor, uint64_t n)
{
    const sow__kern *kern = sow__kern_get();
    _Alignas(64) uint32_t ring[SOW__RING_ROOM];
    cursor->block_index += n;
    if (n >= 4) {
        memcpy(ring, cursor->block, sizeof cursor->block);
        for (; n >= 2; n -= 2) {
            kern->advance_upper(ring);
            kern->advance_lower(ring);
        }
        memcpy(cursor->block, ring, sizeof cursor->block);
    }
    for (; n > 0; n--) {
        kern->twist(cursor->block);
    }
}

sow_status sow__cursor_seek(sow__cursor *cursor, uint64_t position, sow_error *err)
{
    uint64_t target = find_place(cursor->stream, position).block_index;
    if (target < cursor->block_index || target - cursor->block_index > RUN_BLOCKS) {
        sow_status status = fetch_block(cursor, target, err);
        if (status != SOW_OK) {
            return status;
        }
    }
    run_blocks(cursor, target - cursor->block_index);
    cursor->position = position;
    return SOW_OK;
}

/* ---- reading words ---- */

/* Up to n of the words left in the block, after a new block where there are none. */
static size_t take_raw(sow__cursor *cursor, size_t n, const uint32_t **raw)
{
    uint32_t next = find_place(cursor->stream, cursor->position).next;
    if (next == SOW__MT_N && n > 0) {
        run_blocks(cursor, 1);
        next = 0;
    }
    size_t n_now = n < SOW__MT_N - next ? n : SOW__MT_N - next;
    *raw = cursor->block + next;
    cursor->position += n_now;
    return n_now;
}

/* Copies n words, no more than the ring holds. */
static void copy_raw(sow__cursor *cursor, uint32_t *to, size_t n)
{
    for (size_t done = 0; done < n;) {
        const uint32_t *raw;
        size_t n_now = take_raw(cursor, n - done, &raw);
        memcpy(to + done, raw, n_now * sizeof *to);
        done += n_now;
    }
}

void sow__cursor_words(sow__cursor *cursor, uint32_t *words, size_t n)
{
    while (n > 0) {
        const uint32_t *raw;
        size_t n_now = take_raw(cursor, n, &raw);
        sow__kern_get()->temper(words, raw, n_now);
        words += n_now;
        n -= n_now;
    }
}

void sow__reader_open(sow__reader *reader, sow__cursor *cursor, uint64_t n)
{
    reader->cursor = cursor;
    reader->n_left = n;
    reader->n_lent = 0;
    reader->begun = false;
    reader->is_ring = n > SOW__RING_WORDS;
    if (reader->is_ring) {
        copy_raw(cursor, reader->ring, SOW__MT_N);
        cursor->position += n - SOW__MT_N;
    }
}

/* Gives the cursor the block of its position, out of a ring whose last n_lent words before that
 * position are the lower half, or both halves. Before the lower half comes what is left of the
 * upper one. */
static void give_back_block(sow__reader *reader)
{
    sow__cursor *cursor = reader->cursor;
    struct place place = find_place(cursor->stream, cursor->position);
    size_t lent = reader->n_lent, next = place.next;
    bool both = lent > SOW__MT_N;
    /* Where the block begins, counted from the lower half; it may lie before it or go beyond what
     * the ring has. */
    ptrdiff_t begin = (ptrdiff_t)lent - (ptrdiff_t)next;
    if (begin > 0 && !both) {
        sow__kern_get()->advance_upper(reader->ring);
    } else if (begin > SOW__MT_N) {
        sow__kern_get()->advance_lower(reader->ring);
    }
    size_t at = (size_t)(begin < 0 ? begin + SOW__RING_WORDS : begin);
    size_t n_first = SOW__RING_WORDS - at < SOW__MT_N ? SOW__RING_WORDS - at : SOW__MT_N;
    memcpy(cursor->block, reader->ring + at, n_first * sizeof *cursor->block);
    memcpy(cursor->block + n_first, reader->ring, (SOW__MT_N - n_first) * sizeof *cursor->block);
    cursor->block_index = place.block_index;
}

static size_t next_of_ring(sow__reader *reader, const uint32_t **raw)
{
    const sow__kern *kern = sow__kern_get();
    if (reader->n_left == 0) {
        if (reader->begun) {
            give_back_block(reader);
            reader->begun = false;
        }
        return 0;
    }
    if (reader->begun) {
        kern->advance_lower(reader->ring);
    }
    reader->begun = true;
    if (reader->n_left > SOW__MT_N) {
        kern->advance_upper(reader->ring);
    }
    reader->n_lent =
        reader->n_left < SOW__RING_WORDS ? (size_t)reader->n_left : (size_t)SOW__RING_WORDS;
    reader->n_left -= reader->n_lent;
    *raw = reader->ring;
    return reader->n_lent;
}

size_t sow__reader_next(sow__reader *reader, const uint32_t **raw)
{
    if (reader->is_ring) {
        return next_of_ring(reader, raw);
    }
    size_t n = (size_t)reader->n_left;
    size_t n_now = n > 0 ? take_raw(reader->cursor, n, raw) : 0;
    if (n_now < n) {
        memcpy(reader->ring, *raw, n_now * sizeof **raw);
        copy_raw(reader->cursor, reader->ring + n_now, n - n_now);
        *raw = reader->ring;
    }
    reader->n_left = 0;
    return n;
}

void sow__cursor_export(sow__cursor *cursor, uint32_t block[SOW__MT_N], uint32_t *next)
{
    bool is_fresh = cursor->stream->fresh && cursor->position == 0;
    *next = is_fresh ? 0 : find_place(cursor->stream, cursor->position).next;
    memcpy(block, cursor->block, sizeof cursor->block);
}

sow_status sow__cursor_pair_sine(sow__cursor *cursor, uint64_t pair_at, double *sine,
                                 sow_error *err)
{
    if (cursor->pair_at != pair_at) {
        sow_status status = sow__cursor_seek(cursor, pair_at, err);
        if (status != SOW_OK) {
            return status;
        }
        uint32_t raw[4];
        double pair[2];
        copy_raw(cursor, raw, 4);
        sow__kern_get()->normal_pairs(pair, raw, 1);
        cursor->pair_at = pair_at;
        cursor->pair_sine = pair[1];
    }
    *sine = cursor->pair_sine;
    return SOW_OK;
}
