/* Numbered pieces of work, handed to threads in order.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_BASE_PIECES_H
#define SOW_BASE_PIECES_H

#include <sow/error.h>
#include <stdbool.h>

typedef struct sow__pieces {
    int n_threads; /* 1 or more */
    uint64_t n_pieces;
    uint64_t n_in_a_row; /* that a thread takes at a time; 0: 1 */
    /* Does one piece; worker is 0..n_threads-1. The first failure stops the others before their
     * next piece. */
    sow_status (*work)(void *user, int worker, uint64_t piece, sow_error *err);
    void *user;
} sow__pieces;

/* Runs all pieces; returns the first failure, whose text is in *err. */
sow_status sow__pieces_run(const sow__pieces *pieces, sow_error *err);

#endif
