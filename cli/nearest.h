/* "did you mean": the word of a list that is nearest to a mistyped one.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

/* Edits (insert, remove, replace a byte, swap two neighbours) from a to b; SIZE_MAX for words of
 * more than 63 bytes. */
size_t cli_distance(const char *a, const char *b);

/* The best candidate so far; start with zeros. */
typedef struct cli_nearest {
    const char *word; /* NULL: none is near enough to be worth naming */
    size_t distance;
} cli_nearest;

void cli_nearest_try(cli_nearest *nearest, const char *typed, const char *candidate);

#endif
