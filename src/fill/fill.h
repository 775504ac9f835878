/* The core: a fill as a value, how many words it draws, and running it on a tensor or a piece of
 * one.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_FILL_FILL_H
#define SOW_FILL_FILL_H

#include "rng/generator.h"
#include "tensor/tensor.h"

typedef enum sow__fill_kind {
    SOW__FILL_CONSTANT,     /* value; or integer, when is_integer */
    SOW__FILL_UNIFORM,      /* a, b */
    SOW__FILL_NORMAL,       /* mean, std */
    SOW__FILL_TRUNC_NORMAL, /* mean, std, a, b */
    SOW__FILL_EYE,
    SOW__FILL_DIRAC,      /* groups */
    SOW__FILL_ORTHOGONAL, /* gain */
    SOW__FILL_SPARSE,     /* std, sparsity */
    SOW__FILL_MUL,        /* value: tensor.mul_(value); needs what was there before */
    SOW__FILL_COPY,       /* from another tensor's record */
} sow__fill_kind;

/* What is written. Plain numbers in double as PyTorch computes them; each kind looks at its own.
 * A constant that is an integer keeps all its bits and is converted by other rules; value is then
 * its nearest double, for texts and statistics. */
typedef struct sow__fill {
    sow__fill_kind kind;
    const char *initializer; /* registry name that led here, static; for reports */
    double a, b, mean, std, value, gain, sparsity;
    int64_t groups, integer;
    bool is_integer;
} sow__fill;

/* Checks a fill against a tensor as PyTorch's kernel does, in its order and words. Draws and writes
 * nothing. */
sow_status sow__fill_check(const sow__fill *fill, const sow_tensor *tensor, sow_dialect dialect,
                           sow_error *err);

/* Runs a fill on a cpu tensor, records it on a deferred one, does nothing on a meta one (after the
 * checks that PyTorch makes there). generator NULL: the default one. */
sow_status sow__fill_apply(const sow__fill *fill, sow_tensor *tensor, sow_generator *generator,
                           sow_error *err);

/* "uniform(-0.25, 0.25)": a text for people, at most size bytes. */
void sow__fill_text(const sow__fill *fill, char *text, size_t size);

/* True when a fill's values do not depend on what was there before. */
bool sow__fill_overwrites(const sow__fill *fill);

/* True when it reads words from a generator. */
bool sow__fill_draws(const sow__fill *fill);

/* True when any piece of it can be computed without the rest (not orthogonal, not sparse). */
bool sow__fill_is_streamable(const sow__fill *fill);

/* Where a fill ended: what its generator must be moved to. */
typedef struct sow__fill_end {
    uint64_t n_words;
    sow__cached_normal cached;
} sow__fill_end;

/* Where a fill that begins at a place ends. Arithmetic, except for rejection sampling whose rounds
 * may have to be drawn (through the cursor, in pieces). view gives dtype, shape and strides. cursor
 * must read place->stream. */
sow_status sow__fill_measure(const sow__fill *fill, const sow_tensor *view, const sow__place *place,
                             sow__cursor *cursor, sow__fill_end *end, sow_error *err);

/* Runs a fill from a place on a view with memory. permutations: the place in the default
 * generator's stream from which sparse takes its permutations, NULL for other kinds; sparse_cursor
 * reads it. end may be NULL. */
typedef struct sow__fill_source {
    const sow__place *place;
    sow__cursor *cursor;
    const sow__place *permutations;
    sow__cursor *permutations_cursor;
    bool threads; /* a long fill may use as many as sow_set_num_threads allows */
} sow__fill_source;

sow_status sow__fill_run(const sow__fill *fill, sow_tensor *view, const sow__fill_source *source,
                         sow__fill_end *end, sow_error *err);

/* Computes elements first..first+count of a streamable fill on a contiguous view (shape and dtype
 * count, not its memory) into a dense buffer. MUL multiplies what the buffer holds. */
sow_status sow__fill_piece(const sow__fill *fill, const sow_tensor *view,
                           const sow__fill_source *source, int64_t first, int64_t count, void *out,
                           sow_error *err);

#endif
