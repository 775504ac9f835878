/* Filling the caller's error record, and warnings.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_BASE_ERROR_H
#define SOW_BASE_ERROR_H

#include <sow/error.h>
#include <stddef.h>

/* Fills *err (may be NULL) and returns status, so that callers write `return sow__fail(err, ...)`.
 * Control characters in the text are escaped, a message too long is cut. */
sow_status sow__fail(sow_error *err, sow_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with a byte offset in a file. */
sow_status sow__fail_at(sow_error *err, sow_status status, int64_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* sow__fail for a failed allocation of n_bytes. */
sow_status sow__fail_memory(sow_error *err, size_t n_bytes);

/* Puts "prefix: " before the message of a record that a callee filled; returns its status. To be
 * called right after the callee failed on this thread: err may then be NULL, too. */
sow_status sow__fail_within(sow_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Tells the process-wide handler, if there is one. */
void sow__warn(sow_warning kind, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
