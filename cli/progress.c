/* The line on a terminal that says how far the work is.
 * SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define FIRST_AFTER 1.0 /* seconds */
#define AGAIN_AFTER 0.1

static struct {
    bool wanted;
    double begun, last;
} work;

/* The line is on the terminal; warnings of other threads look at it. */
static atomic_bool shown;

double cli_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void cli_progress_begin(void)
{
    work.wanted = isatty(STDERR_FILENO) == 1;
    work.begun = cli_now();
    work.last = work.begun + FIRST_AFTER - AGAIN_AFTER;
}

void cli_progress(uint64_t done_bytes, uint64_t all_bytes)
{
    const double now = work.wanted ? cli_now() : 0.0;
    if (!work.wanted || now - work.last < AGAIN_AFTER) {
        return;
    }
    work.last = now;
    const double share = all_bytes > 0 ? (double)done_bytes / (double)all_bytes : 1.0;
    const double speed = (double)done_bytes / 1e6 / (now - work.begun);
    fprintf(stderr, "\r%3.0f%%  %.0f of %.0f MB  %.0f MB/s  ", 100.0 * share,
            (double)done_bytes / 1e6, (double)all_bytes / 1e6, speed);
    fflush(stderr);
    atomic_store(&shown, true);
}

void cli_progress_clear(void)
{
    if (atomic_exchange(&shown, false)) {
        fprintf(stderr, "\r%*s\r", 60, "");
        fflush(stderr);
    }
}

void cli_progress_end(void)
{
    cli_progress_clear();
    work.wanted = false;
}
