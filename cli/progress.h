/* The line on a terminal that says how far the work is.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdint.h>

/* Seconds of a clock that only goes forward. */
double cli_now(void);

/* Starts a piece of work. The line appears after one second, and only when standard error is a
 * terminal. */
void cli_progress_begin(void);

/* Bytes done of all; from one thread at a time. */
void cli_progress(uint64_t done_bytes, uint64_t all_bytes);

/* Takes the line away; any thread. */
void cli_progress_clear(void);

void cli_progress_end(void);

#endif
