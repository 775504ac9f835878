/* A random stream as an immutable place to start from, and cursors that read words from it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Word k of a stream is fixed for ever; a cursor may go to any k. */
#ifndef SOW_RNG_STREAM_H
#define SOW_RNG_STREAM_H

#include "kern/kern.h"
#include <sow/error.h>
#include <stdatomic.h>

/* Shared by generators, tapes and plans; freed with the last reference. */
typedef struct sow__stream {
    atomic_int n_refs;
    uint64_t seed;   /* in full; the low 32 bits made the words */
    bool fresh;      /* nothing was drawn since seeding: PyTorch's `next` is 0 at word 0 */
    uint32_t offset; /* words of the block that are gone: word 0 is block[offset], or the next
                        block's first when 624 */
    uint32_t block[SOW__MT_N]; /* raw state */
} sow__stream;

/* One reference for the caller; NULL when there is no memory. */
sow__stream *sow__stream_from_seed(uint64_t seed);
/* The same in the caller's memory, which must never lose its last reference. */
void sow__stream_seed(sow__stream *stream, uint64_t seed);
/* offset 0..624, as `next` of a state blob; 0 makes a fresh stream. */
sow__stream *sow__stream_from_block(uint64_t seed, const uint32_t block[SOW__MT_N],
                                    uint32_t offset);
sow__stream *sow__stream_ref(sow__stream *stream);
/* NULL is fine. */
void sow__stream_unref(sow__stream *stream);

/* A reader of words. Holds one reference to its stream. Plain data otherwise: copy it with
 * sow__cursor_copy. */
typedef struct sow__cursor {
    sow__stream *stream;
    uint64_t position;         /* of the next word */
    uint64_t block_index;      /* which block is held; 0 is the stream's own */
    uint32_t block[SOW__MT_N]; /* raw */
    /* The second normal of the pair that was read last at position pair_at; UINT64_MAX: none. */
    uint64_t pair_at;
    double pair_sine;
} sow__cursor;

void sow__cursor_open(sow__cursor *cursor, sow__stream *stream);
void sow__cursor_copy(sow__cursor *to, const sow__cursor *from);
void sow__cursor_close(sow__cursor *cursor);

/* Goes to a position, forward or back: a near one by running the recurrence, a far one by a jump.
 * SOW_ERROR_MEMORY when the jump has no memory; the cursor is then where it was. */
sow_status sow__cursor_seek(sow__cursor *cursor, uint64_t position, sow_error *err);

/* Reads the next n words. Can not fail: a cursor always holds the block that it needs first. */
void sow__cursor_words(sow__cursor *cursor, uint32_t *words, size_t n);

/* Lends the words of a cursor raw, without moving them where it can. It is the loop
 *     sow__reader_open(&reader, cursor, n);
 *     while ((n_now = sow__reader_next(&reader, &raw)) > 0) { ... }
 * which must run to its end: then the cursor stands behind the n words. Each time but the last
 * gives a multiple of 32 words. */
typedef struct sow__reader {
    sow__cursor *cursor;
    uint64_t n_left;
    size_t n_lent;
    bool is_ring; /* else the words are in one piece */
    bool begun;
    _Alignas(64) uint32_t ring[SOW__RING_ROOM]; /* from the first word on, not from a block's */
} sow__reader;

void sow__reader_open(sow__reader *reader, sow__cursor *cursor, uint64_t n);
size_t sow__reader_next(sow__reader *reader, const uint32_t **raw);

/* The raw block that PyTorch's generator would hold at the cursor's position, and its `next` (0 for
 * a fresh stream at 0). */
void sow__cursor_export(sow__cursor *cursor, uint32_t block[SOW__MT_N], uint32_t *next);

/* The sine half (second value) of the normal pair whose four words begin at a position; the cursor
 * may move. */
sow_status sow__cursor_pair_sine(sow__cursor *cursor, uint64_t pair_at, double *sine,
                                 sow_error *err);

#endif
