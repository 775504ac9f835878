/* Numbers as text, the way Python and C++ streams print them, because PyTorch's messages do; and
 * UTF-8.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_BASE_TEXT_H
#define SOW_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOW__REPR_SIZE 40

/* repr(float) of Python: shortest digits that read back the same ("0.1", "1e-05", "2.0", "inf",
 * "nan"). Returns text. */
const char *sow__repr_double(double value, char text[SOW__REPR_SIZE]);

/* Reads a whole text as a number, "inf" and "nan" too; false for anything else, an empty text and
 * white space included. The locale does not matter. */
bool sow__parse_double(const char *text, double *value);
bool sow__parse_i64(const char *text, int64_t *value);

/* Bytes of the UTF-8 sequence at s if it is whole and valid (no surrogates, no overlong forms),
 * else 0. Reads no further than the first byte that is wrong, so a final NUL ends it. */
size_t sow__utf8_length(const unsigned char *s);

#endif
