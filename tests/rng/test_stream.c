/* Words of streams, and cursors that go anywhere in them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rng/stream.h"
#include "vectors.h"

#include <inttypes.h>

static void check_words(char *given, char *expected)
{
    (void)expected;
    sow_error err;
    strtok(given, " ");
    uint64_t seed = seed_of(strtok(NULL, " "));
    uint64_t position = strtoull(strtok(NULL, " "), NULL, 10);
    sow__stream *stream = sow__stream_from_seed(seed);
    sow__cursor cursor;
    sow__cursor_open(&cursor, stream);
    assert_ok(sow__cursor_seek(&cursor, position, &err), err);
    for (char *text = strtok(NULL, " "); text != NULL; text = strtok(NULL, " ")) {
        uint32_t word;
        uint64_t at = cursor.position;
        sow__cursor_words(&cursor, &word, 1);
        if (word != strtoul(text, NULL, 16)) {
            fail_msg("seed %" PRIu64 " word %" PRIu64 ": expected %s, got %08" PRIX32, seed, at,
                     text, word);
        }
    }
    sow__cursor_close(&cursor);
    sow__stream_unref(stream);
}

static void test_rng_stream__words_are_those_of_torch(void **unused)
{
    (void)unused;
    each_vector("words", check_words);
}

enum { N_SERIAL = 1300000 };

/* Reading in pieces of any size gives what reading in one gives. */
static void test_rng_stream__pieces_do_not_matter(void **unused)
{
    (void)unused;
    static uint32_t whole[20000], pieces[20000];
    sow__stream *stream = sow__stream_from_seed(42);
    sow__cursor cursor;
    sow__cursor_open(&cursor, stream);
    sow__cursor_words(&cursor, whole, 20000);
    sow__cursor_close(&cursor);
    const size_t sizes[] = {1, 2, 3, 7, 622, 623, 624, 625, 1247, 1248, 1249, 5000, 20000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        sow__cursor_open(&cursor, stream);
        for (size_t i = 0; i < 20000; i += sizes[s]) {
            sow__cursor_words(&cursor, pieces + i, sizes[s] < 20000 - i ? sizes[s] : 20000 - i);
        }
        assert_int_equal(cursor.position, 20000);
        assert_same_bits(pieces, whole, 20000, sizeof *whole);
        sow__cursor_close(&cursor);
    }
    sow__stream_unref(stream);
}

static void expect_word_at(sow__cursor *cursor, uint64_t position, const uint32_t *serial)
{
    sow_error err;
    uint32_t word;
    assert_ok(sow__cursor_seek(cursor, position, &err), err);
    assert_int_equal(cursor->position, position);
    sow__cursor_words(cursor, &word, 1);
    if (word != serial[position]) {
        fail_msg("word %" PRIu64 ": expected %08" PRIX32 ", got %08" PRIX32, position,
                 serial[position], word);
    }
}

/* Seeks between near places, forward and back, from a stream at every offset that matters. */
static void test_rng_stream__seeks_forward_and_back(void **unused)
{
    (void)unused;
    uint32_t *serial = malloc(N_SERIAL * sizeof *serial);
    uint32_t block[SOW__MT_N];
    sow__stream *seeded_stream = sow__stream_from_seed(7);
    memcpy(block, seeded_stream->block, sizeof block);
    sow__stream_unref(seeded_stream);
    const uint64_t places[] = {0,    1,   622, 623,  624,     625, 1246, 1247,  1248, 1249,
                               9999, 100, 624, 1299, 1299999, 0,   623,  77777, 3,    700000};
    for (uint32_t offset = 0; offset <= SOW__MT_N;
         offset += offset == 1 || offset == 622 ? 1 : 207) {
        sow__stream *stream = sow__stream_from_block(7, block, offset);
        sow__cursor cursor;
        sow__cursor_open(&cursor, stream);
        sow__cursor_words(&cursor, serial, N_SERIAL);
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            expect_word_at(&cursor, places[i], serial);
        }
        sow__cursor_close(&cursor);
        sow__stream_unref(stream);
    }
    free(serial);
}

/* A seek that jumps and running there give the same words; the far end of the range works too. */
static void test_rng_stream__seeks_far(void **unused)
{
    (void)unused;
    sow_error err;
    static uint32_t skipped[1 << 20];
    uint32_t run[1300], jumped[1300];
    sow__stream *stream = sow__stream_from_seed(5489);
    sow__cursor a, b;
    sow__cursor_open(&a, stream);
    sow__cursor_open(&b, stream);
    for (int i = 0; i < 40; i++) {
        sow__cursor_words(&a, skipped, 1 << 20);
    }
    sow__cursor_words(&a, run, 1300);
    assert_ok(sow__cursor_seek(&b, (uint64_t)40 << 20, &err), err);
    sow__cursor_words(&b, jumped, 1300);
    assert_same_bits(jumped, run, 1300, sizeof *run);

    /* Backward to a far block, and the last positions of all. */
    assert_ok(sow__cursor_seek(&b, (uint64_t)1 << 40, &err), err);
    assert_ok(sow__cursor_seek(&b, (uint64_t)40 << 20, &err), err);
    sow__cursor_words(&b, jumped, 1300);
    assert_same_bits(jumped, run, 1300, sizeof *run);
    assert_ok(sow__cursor_seek(&a, UINT64_MAX - 1300, &err), err);
    sow__cursor_words(&a, run, 1300);
    assert_ok(sow__cursor_seek(&b, UINT64_MAX - 700, &err), err);
    sow__cursor_words(&b, jumped, 700);
    assert_same_bits(jumped, run + 600, 700, sizeof *run);
    sow__cursor_close(&a);
    sow__cursor_close(&b);
    sow__stream_unref(stream);
}

static void test_rng_stream__copies_are_independent(void **unused)
{
    (void)unused;
    uint32_t first[700], second[700];
    sow__stream *stream = sow__stream_from_seed(1);
    sow__cursor a, b;
    sow__cursor_open(&a, stream);
    sow__stream_unref(stream);
    sow__cursor_words(&a, first, 300);
    sow__cursor_copy(&b, &a);
    sow__cursor_words(&a, first, 700);
    sow__cursor_close(&a);
    sow__cursor_words(&b, second, 700);
    sow__cursor_close(&b);
    assert_same_bits(second, first, 700, sizeof *first);
}

static void check_pair(char *given, char *expected)
{
    (void)expected;
    sow_error err;
    strtok(given, " ");
    sow__stream *stream = sow__stream_from_seed(seed_of(strtok(NULL, " ")));
    uint64_t position = strtoull(strtok(NULL, " "), NULL, 10);
    uint64_t bits = strtoull(strtok(NULL, " "), NULL, 16);
    sow__cursor cursor;
    double sine;
    sow__cursor_open(&cursor, stream);
    for (int i = 0; i < 2; i++) { /* found, then remembered */
        assert_ok(sow__cursor_pair_sine(&cursor, position, &sine, &err), err);
        assert_same_bits(&sine, &bits, 1, sizeof bits);
    }
    sow__cursor_close(&cursor);
    sow__stream_unref(stream);
}

static void test_rng_stream__pair_sine_is_the_cached_normal_of_torch(void **unused)
{
    (void)unused;
    each_vector("pairs", check_pair);
}

/* n words lent raw are those that reading gives, and the cursor ends where reading ends, block and
 * all. */
static void check_reader(sow__stream *stream, uint64_t position, size_t n)
{
    enum { n_most = 6000 };
    static uint32_t expected[n_most], got[n_most];
    sow_error err;
    sow__cursor lending, reading;
    sow__cursor_open(&lending, stream);
    sow__cursor_open(&reading, stream);
    assert_ok(sow__cursor_seek(&lending, position, &err), err);
    assert_ok(sow__cursor_seek(&reading, position, &err), err);
    sow__cursor_words(&reading, expected, n);
    size_t n_now, done = 0;
    const uint32_t *raw;
    sow__reader reader;
    sow__reader_open(&reader, &lending, n);
    while ((n_now = sow__reader_next(&reader, &raw)) > 0) {
        sow__kern_get()->temper(got + done, raw, n_now);
        assert_true(n_now % 32 == 0 || done + n_now == n);
        done += n_now;
    }
    assert_int_equal(done, n);
    assert_same_bits(got, expected, n, sizeof *got);
    uint32_t block[SOW__MT_N], block_of_reading[SOW__MT_N], next, next_of_reading;
    sow__cursor_export(&lending, block, &next);
    sow__cursor_export(&reading, block_of_reading, &next_of_reading);
    assert_int_equal(next, next_of_reading);
    assert_same_bits(block, block_of_reading, SOW__MT_N, sizeof *block);
    assert_int_equal(lending.block_index, reading.block_index);
    sow__cursor_words(&lending, got, 700);
    sow__cursor_words(&reading, expected, 700);
    assert_same_bits(got, expected, 700, sizeof *got);
    sow__cursor_close(&lending);
    sow__cursor_close(&reading);
}

static void test_rng_stream__reader_lends_what_reading_gives(void **unused)
{
    (void)unused;
    static const uint64_t positions[] = {0, 1, 15, 100, 623, 624, 625, 1000, 1248, 3000};
    static const size_t counts[] = {0,    1,    16,   623,  624,  625,  1247, 1248, 1249, 1872,
                                    1873, 2000, 2495, 2496, 2497, 3119, 3120, 3121, 3744, 5001};
    uint32_t block[SOW__MT_N];
    sow__stream *seeded = sow__stream_from_seed(11);
    memcpy(block, seeded->block, sizeof block);
    sow__stream *inside = sow__stream_from_block(11, block, 77);
    for (size_t p = 0; p < sizeof positions / sizeof *positions; p++) {
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            check_reader(seeded, positions[p], counts[c]);
            check_reader(inside, positions[p], counts[c]);
        }
    }
    sow__stream_unref(seeded);
    sow__stream_unref(inside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rng_stream__words_are_those_of_torch),
        cmocka_unit_test(test_rng_stream__pieces_do_not_matter),
        cmocka_unit_test(test_rng_stream__seeks_forward_and_back),
        cmocka_unit_test(test_rng_stream__seeks_far),
        cmocka_unit_test(test_rng_stream__copies_are_independent),
        cmocka_unit_test(test_rng_stream__pair_sine_is_the_cached_normal_of_torch),
        cmocka_unit_test(test_rng_stream__reader_lends_what_reading_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
