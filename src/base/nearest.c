/* "did you mean": the word of a list that is nearest to a mistyped one.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sow/nearest.h>

#include <stdint.h>
#include <string.h>

#define MAX_WORD 63

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits from a to b: optimal string alignment, row by row. SIZE_MAX for words that are too long. */
static size_t distance_of(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    if (n > MAX_WORD || m > MAX_WORD) {
        return SIZE_MAX;
    }
    size_t rows[3][MAX_WORD + 1];
    for (size_t j = 0; j <= m; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= n; i++) {
        const size_t *before = rows[(i + 1) % 3], *above = rows[(i - 1) % 3];
        size_t *row = rows[i % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(replaced, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
    }
    return rows[n % 3][m];
}

void sow_nearest_try(sow_nearest *nearest, const char *typed, const char *candidate)
{
    if (typed == NULL || candidate == NULL) {
        return;
    }
    const size_t distance = distance_of(typed, candidate);
    const size_t length = strlen(typed);
    const size_t most = length < 3 ? 1 : length < 8 ? 2 : 3;
    if (distance <= most && distance < strlen(candidate) &&
        (nearest->word == NULL || distance < nearest->distance)) {
        *nearest = (sow_nearest){candidate, distance};
    }
}
