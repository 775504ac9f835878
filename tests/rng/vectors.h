/* Reading tests/rng/vectors/, and the digests in them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_TESTS_RNG_VECTORS_H
#define SOW_TESTS_RNG_VECTORS_H

#include "hash.h"

#include <sow/generator.h>

#define MAX_LINE 1024

/* Calls check for each line with the part before " : " and the part after it ("" when there is
 * none). Comments are skipped; a file without lines fails. */
static inline void each_vector(const char *name, void (*check)(char *given, char *expected))
{
    char path[1024], line[MAX_LINE];
    snprintf(path, sizeof path, "%s/tests/rng/vectors/%s.txt", SOW_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("%s can not be read", path);
    }
    int n_checked = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0') {
            continue;
        }
        char *colon = strstr(line, " :");
        char *expected = line + strlen(line);
        if (colon != NULL) {
            *colon = '\0';
            expected = colon[2] == ' ' ? colon + 3 : colon + 2;
        }
        check(line, expected);
        n_checked++;
    }
    fclose(file);
    assert_true(n_checked > 0);
}

static inline void state_digest(sow_generator *generator, char text[33])
{
    sow_error err;
    uint8_t state[SOW_GENERATOR_STATE_BYTES];
    assert_ok(sow_generator_get_state(generator, state, &err), err);
    hash_text(state, sizeof state, text);
}

static inline uint64_t seed_of(const char *text)
{
    sow_error err;
    uint64_t seed = 0;
    assert_ok(sow_seed_parse(text, &seed, &err), err);
    return seed;
}

static inline sow_generator *seeded(uint64_t seed)
{
    sow_error err;
    sow_generator *generator = sow_generator_new(&err);
    assert_non_null(generator);
    assert_ok(sow_generator_manual_seed(generator, seed, &err), err);
    return generator;
}

#endif
