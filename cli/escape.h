/* Text from argv and from files, made fit for a terminal.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_ESCAPE_H
#define CLI_ESCAPE_H

#include <stddef.h>

/* Writes text into out (size bytes, always ended by NUL when size > 0) with every control character
 * and every byte that is no UTF-8 as \xNN; the characters that turn the direction of writing count
 * as control characters. Returns the length that the whole takes, as snprintf does. */
size_t cli_escape_into(char *out, size_t size, const char *text);

/* The same in new memory, which the caller frees; NULL when there is none. */
char *cli_escape(const char *text);

/* How many columns of a terminal escaped text takes. A character that the locale does not know,
 * such as any but ASCII in the locale C, counts as one. */
size_t cli_width(const char *text);

#endif
