/* The generator behind sow_generator: a place in a stream, and PyTorch's cached normal.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_RNG_GENERATOR_H
#define SOW_RNG_GENERATOR_H

#include "rng/stream.h"
#include <sow/generator.h>

/* The normal that a small fill left for the next one. Its value is a function of the stream: the
 * sine half of the pair whose words begin at `at`. It need not be known before somebody uses it, so
 * recorded fills stay arithmetic. */
typedef struct sow__cached_normal {
    bool valid;
    bool known; /* value holds it; else it is found from `at` */
    double value;
    uint64_t at;
} sow__cached_normal;

/* Where a fill begins: what a tape keeps. Owns no reference by itself; see the holder. */
typedef struct sow__place {
    sow__stream *stream;
    uint64_t position;
    sow__cached_normal cached;
    sow_dialect dialect;
} sow__place;

/* The generator of an init call: the given one, or the default one locked. Each acquire needs one
 * release. */
sow_generator *sow__generator_acquire(sow_generator *generator);
void sow__generator_release(sow_generator *generator);

/* The place of an acquired generator; the stream is lent. */
sow__place sow__generator_place(const sow_generator *generator);

/* Moves an acquired generator to where a fill that was run or recorded left it, in the
 * same stream. */
void sow__generator_move(sow_generator *generator, uint64_t position,
                         const sow__cached_normal *cached);

/* The acquired generator's own cursor, anywhere in its stream (seek before reading). */
sow__cursor *sow__generator_cursor(sow_generator *generator);

/* randperm from a cursor at its position: n - 1 words, 2n from n = 214748364 on. */
uint64_t sow__randperm_words(int64_t n);
void sow__randperm(sow__cursor *cursor, int64_t n, int64_t *result);

#endif
