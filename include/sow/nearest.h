/* "did you mean": the word of a list that is nearest to a mistyped one.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NEAREST_H
#define SOW_NEAREST_H

#include <sow/export.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The best candidate so far; start with zeros. */
typedef struct sow_nearest {
    const char
        *word;       /* one of the candidates, lent; NULL: none is near enough to be worth naming */
    size_t distance; /* edits: a byte inserted, removed or replaced, two neighbours swapped */
} sow_nearest;

/* Makes candidate the best one when it is nearer to typed than the best so far, and near enough for
 * a word of that length: one edit below 3 bytes, two below 8, three above. Words of more than 63
 * bytes are near to none. typed or candidate NULL: nothing changes. Candidates must outlive
 * *nearest. Any thread. */
SOW_API void sow_nearest_try(sow_nearest *nearest, const char *typed, const char *candidate);

#ifdef __cplusplus
}
#endif
#endif
