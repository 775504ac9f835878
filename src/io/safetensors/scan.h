/* Walks the JSON of a header from left to right and knows where it stands. Brackets, commas and
 * colons are read here; strings and numbers are jansson's. Nothing is kept of what was passed, so
 * the memory needed does not grow with what a hostile header nests or repeats.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_IO_SAFETENSORS_SCAN_H
#define SOW_IO_SAFETENSORS_SCAN_H

#include "io/buffer.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct sow__scan {
    const char *path; /* for messages */
    const char *text; /* the header; a NUL follows it */
    size_t n_bytes, at;
    const char *subject; /* the tensor that is being read, for messages; NULL: none */
} sow__scan;

/* Fails with "path: byte N: tensor "subject": ..." and the byte offset in the file of a position in
 * the header. */
sow_status sow__scan_fail(const sow__scan *scan, sow_error *err, sow_status status, size_t position,
                          const char *format, ...) __attribute__((format(printf, 5, 6)));

/* SOW_ERROR_CORRUPT unless the whole header is UTF-8. */
sow_status sow__scan_check_utf8(const sow__scan *scan, sow_error *err);

/* The next character that is not white space, -1 at the end of the header; stays before it. */
int sow__scan_peek(sow__scan *scan);

/* What a value that starts with a character is: "an object", "a string"... */
const char *sow__scan_kind(int first);

/* Passes the next character, which must be one; where names what it is part of. */
sow_status sow__scan_expect(sow__scan *scan, char wanted, const char *where, sow_error *err);

/* Between members: passes a comma, or the closing bracket, and says which. *is_first is set before
 * the first member and cleared. */
sow_status sow__scan_next(sow__scan *scan, char closing, bool *is_first, bool *is_end,
                          sow_error *err);

/* Passes a string and appends it, with its NUL, to buffer. The next character must be a quote. */
sow_status sow__scan_string(sow__scan *scan, sow__buffer *buffer, sow_error *err);

/* Passes a number, which must be whole and not negative; blame is the position to name and what the
 * thing, when it is not. */
sow_status sow__scan_count(sow__scan *scan, size_t blame, const char *what, int64_t *count,
                           sow_error *err);

/* Only white space may follow. */
sow_status sow__scan_end(sow__scan *scan, sow_error *err);

#endif
