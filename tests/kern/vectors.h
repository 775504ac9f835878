/* Known answers from files, words of a seed, and the walk over CPU levels.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_TESTS_KERN_VECTORS_H
#define SOW_TESTS_KERN_VECTORS_H

#include "support.h"

#include "base/cpu.h"
#include "kern/kern.h"
#include "kern/sha256.h"

/* The lines of tests/kern/vectors/NAME; "key : answer" without comments. */
typedef struct vector_file {
    FILE *file;
    char *line;
    size_t room;
    char *key, *answer; /* the two halves of the line read last */
    size_t n_lines;
} vector_file;

static inline vector_file vectors_open(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/kern/vectors/%s", SOW_SOURCE_DIR, name);
    vector_file v = {.file = fopen(path, "r")};
    if (v.file == NULL) {
        fail_msg("can not open %s", path);
    }
    return v;
}

static inline bool vectors_next(vector_file *v)
{
    while (getline(&v->line, &v->room, v->file) > 0) {
        if (v->line[0] == '#') {
            continue;
        }
        char *const colon = strstr(v->line, " : ");
        assert_non_null(colon);
        *colon = '\0';
        v->key = v->line;
        v->answer = colon + 3;
        v->answer[strcspn(v->answer, "\n")] = '\0';
        v->n_lines++;
        return true;
    }
    return false;
}

/* A file without lines would be a test that can not fail. */
static inline void vectors_close(vector_file *v)
{
    assert_true(v->n_lines > 0);
    fclose(v->file);
    free(v->line);
}

static inline void *room_for(size_t n, size_t element_bytes)
{
    void *const room = malloc(n * element_bytes + 1);
    assert_non_null(room);
    return room;
}

/* Reads up to n hexadecimal numbers of element_bytes each; returns how many there were. */
static inline size_t parse_hex(void *out, size_t n, size_t element_bytes, const char *text)
{
    size_t count = 0;
    char *end;
    for (;; text = end, count++) {
        const unsigned long long value = strtoull(text, &end, 16);
        if (end == text) {
            return count;
        }
        assert_true(count < n);
        unsigned char *const to = (unsigned char *)out + count * element_bytes;
        for (size_t i = 0; i < element_bytes; i++) { /* the vectors are little-endian */
            to[i] = (unsigned char)(value >> (8 * i));
        }
    }
}

/* The answer of a line is either the bits of n elements or, when hashed, their SHA-256. */
static inline void check_answer(const char *label, const void *got, size_t n, size_t element_bytes,
                                const char *answer, bool hashed)
{
    if (hashed) {
        char text[65];
        sha256_text(text, got, n * element_bytes);
        if (strcmp(text, answer) != 0) {
            fail_msg("%s: expected %s, got %s", label, answer, text);
        }
        return;
    }
    void *const expected = room_for(n, element_bytes);
    assert_int_equal(parse_hex(expected, n, element_bytes, answer), n);
    if (memcmp(got, expected, n * element_bytes) != 0) {
        print_error("%s:\n", label);
    }
    assert_same_bits(got, expected, n, element_bytes);
    free(expected);
}

/* torch.manual_seed's first state: nothing is drawn yet. */
static inline void seed_state(uint32_t state[SOW__MT_N], uint32_t seed)
{
    state[0] = seed;
    for (uint32_t j = 1; j < SOW__MT_N; j++) {
        state[j] = 1812433253u * (state[j - 1] ^ (state[j - 1] >> 30)) + j;
    }
}

/* The first n words of a seed, made by the level's own kernels. The caller frees them. */
static inline uint32_t *words_of(const sow__kern *kern, uint32_t seed, size_t n)
{
    uint32_t state[SOW__MT_N];
    uint32_t *const words = room_for(n, sizeof *words);
    seed_state(state, seed);
    for (size_t done = 0; done < n; done += SOW__MT_N) {
        kern->twist(state);
        kern->temper(words + done, state, n - done < SOW__MT_N ? n - done : SOW__MT_N);
    }
    return words;
}

/* The same words as state that is not tempered yet. */
static inline uint32_t *raw_of(const sow__kern *kern, uint32_t seed, size_t n)
{
    uint32_t state[SOW__MT_N];
    uint32_t *const raw = room_for(n, sizeof *raw);
    seed_state(state, seed);
    for (size_t done = 0; done < n; done += SOW__MT_N) {
        kern->twist(state);
        memcpy(raw + done, state, (n - done < SOW__MT_N ? n - done : SOW__MT_N) * sizeof *raw);
    }
    return raw;
}

/* The raw word that tempering makes a word of: its four steps undone from the last one on. */
static inline uint32_t raw_from_word(uint32_t word)
{
    word ^= word >> 18;
    word ^= (word << 15) & 0xEFC60000u;
    for (uint32_t tempered = word, i = 0; i < 4; i++) { /* 7 more bits are right each time */
        word = tempered ^ ((word << 7) & 0x9D2C5680u);
    }
    return word ^ (word >> 11) ^ (word >> 22);
}

/* The levels of this machine in turn: `for (int level = 0; (kern = level_next(&level))
 * != NULL;)`. */
static inline const sow__kern *level_next(int *level)
{
    while (*level <= SOW__CPU_AVX512) {
        const sow__kern *const kern = sow__kern_at((*level)++);
        if (kern != NULL) {
            return kern;
        }
    }
    return NULL;
}

#endif
