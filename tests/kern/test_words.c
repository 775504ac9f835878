/* Words: MT19937 blocks, tempering, xor.
 * SPDX-License-Identifier: Apache-2.0 */
#include "kern/vectors.h"

static void test_kern_words__blocks_equal_torch(void **unused)
{
    (void)unused;
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        uint32_t state[SOW__MT_N] = {0};
        vector_file v = vectors_open("words.txt");
        while (vectors_next(&v)) {
            unsigned seed;
            if (sscanf(v.key, "state %u", &seed) == 1) {
                seed_state(state, seed);
            } else if (strncmp(v.key, "words", 5) != 0) {
                kern->twist(state);
            } else {
                continue;
            }
            check_answer(v.key, state, SOW__MT_N, sizeof *state, v.answer, false);
        }
        vectors_close(&v);
    }
}

static void test_kern_words__a_ring_walks_as_blocks_do(void **unused)
{
    (void)unused;
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        uint32_t ring[SOW__RING_ROOM] = {0}, state[SOW__MT_N];
        seed_state(state, 8);
        memcpy(ring, state, sizeof state);
        for (int i = 0; i < 6; i++) {
            kern->advance_upper(ring);
            kern->twist(state);
            assert_same_bits(ring + SOW__MT_N, state, SOW__MT_N, sizeof *state);
            kern->advance_lower(ring);
            kern->twist(state);
            assert_same_bits(ring, state, SOW__MT_N, sizeof *state);
        }
    }
}

static void test_kern_words__words_equal_torch(void **unused)
{
    (void)unused;
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        vector_file v = vectors_open("words.txt");
        while (vectors_next(&v)) {
            unsigned seed;
            size_t n;
            if (sscanf(v.key, "words %u %zu", &seed, &n) == 2) {
                uint32_t *const words = words_of(kern, seed, n);
                check_answer(v.key, words, n, sizeof *words, v.answer, false);
                free(words);
            }
        }
        vectors_close(&v);
    }
}

static void test_kern_words__temper_works_in_place_at_every_length(void **unused)
{
    (void)unused;
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        for (size_t n = 0; n <= 100; n++) {
            uint32_t apart[101], in_place[101], state[SOW__MT_N];
            seed_state(state, 7);
            memset(apart, 0xA5, sizeof apart);
            memcpy(in_place, state, sizeof in_place);
            kern->temper(apart, state, n);
            kern->temper(in_place, in_place, n);
            assert_same_bits(in_place, apart, n, sizeof *apart);
            assert_int_equal(apart[n], 0xA5A5A5A5u);
            assert_int_equal(in_place[n], state[n]);
        }
    }
}

static void test_kern_words__windows_add_up_at_every_length(void **unused)
{
    (void)unused;
    static const uint32_t offsets[] = {0, 1, 5, 64, 3, 999, 2};
    const size_t n_offsets = sizeof offsets / sizeof *offsets;
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        for (size_t n = 0; n <= 368; n += 16) {
            uint32_t acc[369], before[369], state[SOW__MT_N];
            const unsigned char *const base = (const unsigned char *)state;
            seed_state(state, 7);
            memcpy(acc, state + 200, sizeof acc);
            memcpy(before, acc, sizeof acc);
            kern->xor_windows(acc, base, offsets, n_offsets, n);
            for (size_t k = 0; k < n_offsets; k++) {
                for (size_t i = 0; i < n; i++) {
                    uint32_t word;
                    memcpy(&word, base + offsets[k] + i * sizeof word, sizeof word);
                    before[i] ^= word;
                }
            }
            assert_same_bits(acc, before, 369, sizeof *acc);
        }
    }
}

static void test_kern_words__bits_spread_at_every_length(void **unused)
{
    (void)unused;
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        for (size_t n = 0; n <= 40; n++) {
            uint64_t out[41];
            uint32_t state[SOW__MT_N];
            seed_state(state, 7);
            memset(out, 0xA5, sizeof out);
            kern->spread_bits(out, state, n);
            for (size_t i = 0; i < n; i++) {
                for (unsigned bit = 0; bit < 64; bit++) {
                    const uint64_t expected = bit % 2 == 0 ? state[i] >> bit / 2 & 1 : 0;
                    assert_int_equal(out[i] >> bit & 1, expected);
                }
            }
            assert_int_equal(out[n], 0xA5A5A5A5A5A5A5A5u);
        }
    }
}

static void test_kern_words__get_is_the_best_level_at_hand(void **unused)
{
    (void)unused;
    const int level = (int)sow__cpu_level_get();
    assert_ptr_equal(sow__kern_get(), sow__kern_at(level));
    assert_string_equal(sow__kern_get()->name, sow__cpu_level_name(sow__cpu_level_get()));
    assert_non_null(sow__kern_at(SOW__CPU_SCALAR));
    assert_null(sow__kern_at(level + 1));
    assert_null(sow__kern_at(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kern_words__blocks_equal_torch),
        cmocka_unit_test(test_kern_words__a_ring_walks_as_blocks_do),
        cmocka_unit_test(test_kern_words__words_equal_torch),
        cmocka_unit_test(test_kern_words__temper_works_in_place_at_every_length),
        cmocka_unit_test(test_kern_words__windows_add_up_at_every_length),
        cmocka_unit_test(test_kern_words__bits_spread_at_every_length),
        cmocka_unit_test(test_kern_words__get_is_the_best_level_at_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
