/* Numbered pieces of work, handed to threads in order.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/pieces.h"

#include "base/error.h"
#include "base/threads.h"
#include <pthread.h>
#include <stdatomic.h>

struct run {
    const sow__pieces *pieces;
    atomic_uint_fast64_t next;
    atomic_bool stopped;
    pthread_mutex_t lock; /* over status and error */
    sow_status status;
    sow_error error;
};

static void stop(struct run *run, sow_status status, const sow_error *error)
{
    pthread_mutex_lock(&run->lock);
    /* A piece that gave up because another failed may be here before the one that failed. */
    if (run->status == SOW_OK || run->status == SOW_ERROR_CANCELLED) {
        run->status = status;
        run->error = *error;
    }
    pthread_mutex_unlock(&run->lock);
    atomic_store(&run->stopped, true);
}

static void work(void *user, int worker)
{
    struct run *run = user;
    const sow__pieces *pieces = run->pieces;
    const uint64_t n_in_a_row = pieces->n_in_a_row > 0 ? pieces->n_in_a_row : 1;
    uint64_t piece = 0, end = 0;
    while (!atomic_load(&run->stopped)) {
        if (piece == end) {
            piece = atomic_fetch_add(&run->next, n_in_a_row);
            end = piece + n_in_a_row;
        }
        if (piece >= pieces->n_pieces) {
            return;
        }
        sow_error error;
        sow_status status = pieces->work(pieces->user, worker, piece++, &error);
        if (status != SOW_OK) {
            stop(run, status, &error);
        }
    }
}

sow_status sow__pieces_run(const sow__pieces *pieces, sow_error *err)
{
    struct run run = {.pieces = pieces, .lock = PTHREAD_MUTEX_INITIALIZER};
    int n_threads =
        (uint64_t)pieces->n_threads < pieces->n_pieces ? pieces->n_threads : (int)pieces->n_pieces;
    sow__parallel(n_threads > 0 ? n_threads : 1, work, &run);
    if (run.status != SOW_OK && err != NULL) {
        *err = run.error;
    }
    return run.status;
}
