/* torch.randperm.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rng/generator.h"

/* From here on PyTorch draws 64 bits a number: (2^32 - 1) / 20. */
#define FIRST_WIDE 214748364

#define BUFFER_WORDS 1024

uint64_t sow__randperm_words(int64_t n)
{
    if (n < 2) {
        return 0;
    }
    return n < FIRST_WIDE ? (uint64_t)n - 1 : 2 * (uint64_t)n;
}

/* Forward Fisher-Yates, one word a step. */
static void shuffle(sow__cursor *cursor, uint32_t n, int64_t *result)
{
    uint32_t words[BUFFER_WORDS];
    for (uint32_t i = 0; i < n; i++) {
        result[i] = i;
    }
    for (uint32_t i = 0; i + 1 < n; i++) {
        if (i % BUFFER_WORDS == 0) {
            uint32_t n_left = n - 1 - i;
            sow__cursor_words(cursor, words, n_left < BUFFER_WORDS ? n_left : BUFFER_WORDS);
        }
        int64_t *other = result + i + words[i % BUFFER_WORDS] % (n - i);
        int64_t value = *other;
        *other = result[i];
        result[i] = value;
    }
}

/* The inside-out form, two words a step. */
static void shuffle_wide(sow__cursor *cursor, int64_t n, int64_t *result)
{
    uint32_t words[BUFFER_WORDS];
    for (int64_t i = 0; i < n; i++) {
        uint32_t *pair = words + 2 * i % BUFFER_WORDS;
        if (pair == words) {
            uint64_t n_left = 2 * (uint64_t)(n - i);
            sow__cursor_words(cursor, words, n_left < BUFFER_WORDS ? n_left : BUFFER_WORDS);
        }
        uint64_t place = ((uint64_t)pair[0] << 32 | pair[1]) % (uint64_t)(i + 1);
        result[i] = result[place];
        result[place] = i;
    }
}

void sow__randperm(sow__cursor *cursor, int64_t n, int64_t *result)
{
    if (n < FIRST_WIDE) {
        shuffle(cursor, (uint32_t)n, result);
    } else {
        shuffle_wide(cursor, n, result);
    }
}
