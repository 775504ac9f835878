/* sow_generator: seeds, places, clones, and the default one among threads.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rng/generator.h"
#include "vectors.h"

#include <pthread.h>

static uint32_t draw(sow_generator *generator)
{
    sow_error err;
    uint32_t word = 0;
    assert_ok(sow_generator_random(generator, &word, &err), err);
    return word;
}

static void test_rng_generator__a_new_one_has_the_seed_of_torch(void **unused)
{
    (void)unused;
    sow_error err;
    sow_generator *fresh = sow_generator_new(&err), *same = seeded(SOW_DEFAULT_SEED);
    char a[33], b[33];
    assert_int_equal(sow_generator_initial_seed(fresh), SOW_DEFAULT_SEED);
    assert_int_equal(sow_generator_position(fresh), 0);
    assert_int_equal(sow_generator_dialect(fresh), SOW_TORCH_2_13);
    state_digest(fresh, a);
    state_digest(same, b);
    assert_string_equal(a, b);
    sow_generator_free(fresh);
    sow_generator_free(same);
    sow_generator_free(NULL);
}

static void test_rng_generator__low_bits_of_the_seed_choose_the_words(void **unused)
{
    (void)unused;
    sow_generator *a = seeded(42), *b = seeded(((uint64_t)1 << 32) + 42);
    for (int i = 0; i < 2000; i++) {
        assert_int_equal(draw(a), draw(b));
    }
    assert_int_equal(sow_generator_initial_seed(b), ((uint64_t)1 << 32) + 42);
    sow_generator_free(a);
    sow_generator_free(b);
}

static void test_rng_generator__random64_takes_the_high_half_first(void **unused)
{
    (void)unused;
    sow_error err;
    sow_generator *a = seeded(3), *b = seeded(3);
    for (int i = 0; i < 700; i++) {
        uint64_t both;
        assert_ok(sow_generator_random64(a, &both, &err), err);
        uint64_t high = draw(b), low = draw(b);
        assert_int_equal(both, high << 32 | low);
    }
    assert_int_equal(sow_generator_position(a), 1400);
    sow_generator_free(a);
    sow_generator_free(b);
}

static void test_rng_generator__seek_goes_anywhere(void **unused)
{
    (void)unused;
    sow_error err;
    uint32_t words[1300];
    sow_generator *g = seeded(42);
    for (int i = 0; i < 1300; i++) {
        words[i] = draw(g);
    }
    const uint64_t places[] = {0, 623, 624, 1, 1299, 625, 1248, 1247};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        assert_ok(sow_generator_seek(g, places[i], &err), err);
        assert_int_equal(sow_generator_position(g), places[i]);
        assert_int_equal(draw(g), words[places[i]]);
        assert_int_equal(sow_generator_position(g), places[i] + 1);
        assert_ok(sow_generator_seek(g, (uint64_t)1 << 50, &err), err);
    }
    sow_generator_free(g);
}

static const sow__cached_normal planted = {.valid = true, .known = true, .value = 0.5};

static void test_rng_generator__cached_normal_is_kept_and_dropped(void **unused)
{
    (void)unused;
    sow_error err;
    int64_t permutation[5];
    sow_generator *g = seeded(42);
    sow__generator_move(g, 4, &planted);
    draw(g);
    assert_ok(sow_generator_randperm(g, 5, permutation, &err), err);
    assert_ok(sow_generator_set_dialect(g, SOW_TORCH_2_11, &err), err);
    assert_true(sow__generator_place(g).cached.valid);
    assert_ok(sow_generator_seek(g, 4, &err), err);
    assert_false(sow__generator_place(g).cached.valid);
    sow__generator_move(g, 4, &planted);
    assert_ok(sow_generator_manual_seed(g, 42, &err), err);
    assert_false(sow__generator_place(g).cached.valid);
    sow__generator_move(g, 4, &planted);
    assert_ok(sow_generator_seed(g, NULL, &err), err);
    assert_false(sow__generator_place(g).cached.valid);
    assert_int_equal(sow_generator_dialect(g), SOW_TORCH_2_11);
    sow_generator_free(g);
}

static void test_rng_generator__clones_go_their_own_way(void **unused)
{
    (void)unused;
    sow_error err;
    sow_generator *g = seeded(42);
    sow__generator_move(g, 1000, &planted);
    assert_ok(sow_generator_set_dialect(g, SOW_TORCH_2_12, &err), err);
    sow_generator *clone = sow_generator_clone(g, &err);
    assert_int_equal(sow_generator_dialect(clone), SOW_TORCH_2_12);
    assert_int_equal(sow_generator_position(clone), 1000);
    assert_true(sow__generator_place(clone).cached.valid);
    uint32_t first = draw(g), second = draw(g);
    assert_ok(sow_generator_manual_seed(g, 1, &err), err);
    sow_generator_free(g);
    assert_int_equal(draw(clone), first);
    assert_int_equal(draw(clone), second);
    assert_int_equal(sow_generator_initial_seed(clone), 42);
    sow_generator_free(clone);
}

static void test_rng_generator__seed_is_reported(void **unused)
{
    (void)unused;
    sow_error err;
    uint64_t seed = 0, other = 0;
    sow_generator *g = seeded(42);
    draw(g);
    assert_ok(sow_generator_seed(g, &seed, &err), err);
    assert_int_equal(sow_generator_initial_seed(g), seed);
    assert_int_equal(sow_generator_position(g), 0);
    sow_generator *same = seeded(seed);
    assert_int_equal(draw(g), draw(same));
    assert_ok(sow_generator_seed(g, &other, &err), err);
    assert_int_not_equal(other, seed);
    sow_generator_free(same);
    sow_generator_free(g);
}

static void test_rng_generator__dialect_numbers_are_checked(void **unused)
{
    (void)unused;
    sow_error err;
    sow_generator *g = seeded(42);
    assert_fails(sow_generator_set_dialect(g, SOW_N_DIALECTS, &err), SOW_ERROR_VALUE, err,
                 "dialect 3: there is none of this number");
    assert_int_equal(sow_generator_dialect(g), SOW_TORCH_2_13);
    sow_generator_free(g);
}

/* A recorded fill moves the generator; its stream lives as long as somebody needs it. */
static void test_rng_generator__places_outlive_the_generator(void **unused)
{
    (void)unused;
    sow_error err;
    sow_generator *g = seeded(42), *again = seeded(42);
    sow__generator_move(g, 700, &planted);
    sow__place place = sow__generator_place(sow__generator_acquire(g));
    sow__stream_ref(place.stream);
    sow__generator_release(g);
    sow_generator_free(g);
    sow__cursor cursor;
    uint32_t word;
    sow__cursor_open(&cursor, place.stream);
    assert_ok(sow__cursor_seek(&cursor, place.position, &err), err);
    sow__cursor_words(&cursor, &word, 1);
    assert_ok(sow_generator_seek(again, 700, &err), err);
    assert_int_equal(word, draw(again));
    sow__cursor_close(&cursor);
    sow__stream_unref(place.stream);
    sow_generator_free(again);
}

/* ---- the default generator ---- */

static void test_rng_generator__null_is_the_default_one(void **unused)
{
    (void)unused;
    sow_error err;
    sow_generator *given = sow_default_generator();
    assert_ptr_equal(sow_default_generator(), given);
    sow_generator *held = sow__generator_acquire(NULL), *twice = sow__generator_acquire(given);
    assert_ptr_equal(held, given);
    assert_ptr_equal(twice, given);
    sow__generator_release(twice);
    sow__generator_release(held);
    sow_generator_free(given);
    assert_ok(sow_generator_manual_seed(given, 42, &err), err);
    assert_int_equal(sow_generator_initial_seed(NULL), 42);
    draw(NULL);
    assert_int_equal(sow_generator_position(given), 1);
}

enum { N_THREADS = 4, N_DRAWS = 5000 };

static void *draw_many(void *argument)
{
    uint32_t *words = argument;
    for (int i = 0; i < N_DRAWS; i++) {
        if (sow_generator_random(NULL, &words[i], NULL) != SOW_OK) {
            return NULL;
        }
    }
    return words;
}

static int compare_words(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Threads share the default generator: each word is drawn once. */
static void test_rng_generator__default_one_is_shared_by_threads(void **unused)
{
    (void)unused;
    sow_error err;
    static uint32_t words[N_THREADS * N_DRAWS], serial[N_THREADS * N_DRAWS];
    pthread_t threads[N_THREADS];
    assert_ok(sow_generator_manual_seed(sow_default_generator(), 42, &err), err);
    for (int i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, draw_many, words + i * N_DRAWS), 0);
    }
    for (int i = 0; i < N_THREADS; i++) {
        void *done;
        pthread_join(threads[i], &done);
        assert_non_null(done);
    }
    assert_int_equal(sow_generator_position(NULL), N_THREADS * N_DRAWS);
    sow_generator *g = seeded(42);
    for (int i = 0; i < N_THREADS * N_DRAWS; i++) {
        serial[i] = draw(g);
    }
    sow_generator_free(g);
    qsort(words, N_THREADS * N_DRAWS, sizeof *words, compare_words);
    qsort(serial, N_THREADS * N_DRAWS, sizeof *serial, compare_words);
    assert_same_bits(words, serial, N_THREADS * N_DRAWS, sizeof *serial);
}

/* Every public function at once on the default generator and on clones; for ThreadSanitizer. */
static void *use_everything(void *failed)
{
    for (uint64_t i = 0; i < 50; i++) {
        sow_generator *g = sow_default_generator();
        uint8_t state[SOW_GENERATOR_STATE_BYTES];
        uint64_t words;
        int64_t permutation[9];
        bool ok = sow_generator_random64(g, &words, NULL) == SOW_OK &&
                  sow_generator_randperm(g, 9, permutation, NULL) == SOW_OK &&
                  sow_generator_get_state(g, state, NULL) == SOW_OK &&
                  sow_generator_set_state(g, state, sizeof state, NULL) == SOW_OK &&
                  sow_generator_seek(g, 5000 * i, NULL) == SOW_OK &&
                  sow_generator_manual_seed(g, i, NULL) == SOW_OK &&
                  sow_generator_set_dialect(g, SOW_TORCH_2_13, NULL) == SOW_OK &&
                  sow_generator_dialect(g) == SOW_TORCH_2_13;
        sow_generator *clone = sow_generator_clone(g, NULL);
        if (!ok || clone == NULL || sow_generator_random(clone, (uint32_t[1]){0}, NULL) != SOW_OK) {
            *(bool *)failed = true;
        }
        sow_generator_free(clone);
    }
    return NULL;
}

static void test_rng_generator__default_one_locks_itself(void **unused)
{
    (void)unused;
    pthread_t threads[N_THREADS];
    bool failed[N_THREADS] = {false};
    for (int i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, use_everything, &failed[i]), 0);
    }
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_false(failed[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rng_generator__a_new_one_has_the_seed_of_torch),
        cmocka_unit_test(test_rng_generator__low_bits_of_the_seed_choose_the_words),
        cmocka_unit_test(test_rng_generator__random64_takes_the_high_half_first),
        cmocka_unit_test(test_rng_generator__seek_goes_anywhere),
        cmocka_unit_test(test_rng_generator__cached_normal_is_kept_and_dropped),
        cmocka_unit_test(test_rng_generator__clones_go_their_own_way),
        cmocka_unit_test(test_rng_generator__seed_is_reported),
        cmocka_unit_test(test_rng_generator__dialect_numbers_are_checked),
        cmocka_unit_test(test_rng_generator__places_outlive_the_generator),
        cmocka_unit_test(test_rng_generator__null_is_the_default_one),
        cmocka_unit_test(test_rng_generator__default_one_is_shared_by_threads),
        cmocka_unit_test(test_rng_generator__default_one_locks_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
