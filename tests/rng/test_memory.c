/* Every allocation of the room, refused: an error, and everything as it was.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The sources are compiled into this test with an allocator that runs dry. */
#include "limited_memory.h"
#include "vectors.h"

#undef malloc
#undef calloc
#undef aligned_alloc
#define malloc limited_malloc
#define calloc limited_calloc
#define aligned_alloc limited_aligned_alloc
#include "rng/generator.c"
#include "rng/jump.c"
#include "rng/stream.c"
#undef malloc
#undef calloc
#undef aligned_alloc

#define FAR ((uint64_t)1 << 40)

/* What a call does with n allocations granted; everything afterwards is granted. */
#define with_granted(n, call, status)                                                              \
    do {                                                                                           \
        n_granted = (n);                                                                           \
        (status) = (call);                                                                         \
        n_granted = -1;                                                                            \
    } while (0)

static sow_generator *at_place(uint64_t position)
{
    sow_generator *g = seeded(42);
    const sow__cached_normal cached = {.valid = true, .at = position};
    sow__generator_move(g, position + 4, &cached);
    return g;
}

/* A call failed: the message, and a generator that is where it was. */
static void expect_untouched(sow_status status, const sow_error *err, sow_generator *g,
                             uint64_t position)
{
    char got[33], expected[33];
    sow_generator *same = at_place(position);
    assert_int_equal(status, SOW_ERROR_MEMORY);
    assert_int_equal(err->status, SOW_ERROR_MEMORY);
    assert_memory_equal(err->message, "out of memory: ", 15);
    assert_int_equal(sow_generator_position(g), position + 4);
    state_digest(g, got);
    state_digest(same, expected);
    assert_string_equal(got, expected);
    sow_generator_free(same);
    sow_generator_free(g);
}

static void test_rng_memory__no_generator_is_made(void **unused)
{
    (void)unused;
    for (int n = 0; n < 2; n++) {
        sow_error err = {.status = SOW_OK};
        n_granted = n;
        assert_null(sow_generator_new(&err));
        n_granted = -1;
        assert_int_equal(err.status, SOW_ERROR_MEMORY);
    }
    sow_error err = {.status = SOW_OK};
    sow_generator *g = seeded(1);
    n_granted = 0;
    assert_null(sow_generator_clone(g, &err));
    n_granted = -1;
    assert_int_equal(err.status, SOW_ERROR_MEMORY);
    sow_generator_free(g);
}

static void test_rng_memory__seeds_and_states_change_nothing(void **unused)
{
    (void)unused;
    sow_error err;
    sow_status status;
    uint8_t state[SOW_GENERATOR_STATE_BYTES];
    sow_generator *g = at_place(100);
    with_granted(0, sow_generator_manual_seed(g, 7, &err), status);
    expect_untouched(status, &err, g, 100);

    g = at_place(100);
    uint64_t seed = 5;
    with_granted(0, sow_generator_seed(g, &seed, &err), status);
    assert_int_equal(seed, 5);
    expect_untouched(status, &err, g, 100);

    g = seeded(7);
    assert_ok(sow_generator_get_state(g, state, &err), err);
    sow_generator_free(g);
    g = at_place(100);
    with_granted(0, sow_generator_set_state(g, state, sizeof state, &err), status);
    expect_untouched(status, &err, g, 100);
}

static void test_rng_memory__jumps_change_nothing(void **unused)
{
    (void)unused;
    sow_error err;
    sow_status status;
    uint32_t word = 5;
    uint64_t both = 5;
    int64_t permutation[3] = {5, 5, 5};
    uint8_t state[SOW_GENERATOR_STATE_BYTES] = {5};

    sow_generator *g = at_place(100);
    with_granted(0, sow_generator_seek(g, FAR, &err), status);
    expect_untouched(status, &err, g, 100);

    g = at_place(FAR);
    with_granted(0, sow_generator_random(g, &word, &err), status);
    assert_int_equal(word, 5);
    expect_untouched(status, &err, g, FAR);

    g = at_place(FAR);
    with_granted(0, sow_generator_random64(g, &both, &err), status);
    assert_int_equal(both, 5);
    expect_untouched(status, &err, g, FAR);

    g = at_place(FAR);
    with_granted(0, sow_generator_randperm(g, 3, permutation, &err), status);
    assert_int_equal(permutation[0], 5);
    expect_untouched(status, &err, g, FAR);

    g = at_place(FAR);
    with_granted(0, sow_generator_get_state(g, state, &err), status);
    assert_int_equal(state[0], 5);
    expect_untouched(status, &err, g, FAR);
}

/* The cached normal is near and is found; the jump to the place is refused. */
static void test_rng_memory__cached_normal_is_still_there(void **unused)
{
    (void)unused;
    sow_error err;
    sow_status status;
    uint8_t state[SOW_GENERATOR_STATE_BYTES];
    const sow__cached_normal cached = {.valid = true, .at = 0};
    char got[33], expected[33];
    sow_generator *g = seeded(42), *same = seeded(42);
    sow__generator_move(g, FAR, &cached);
    sow__generator_move(same, FAR, &cached);
    with_granted(0, sow_generator_get_state(g, state, &err), status);
    assert_int_equal(status, SOW_ERROR_MEMORY);
    state_digest(g, got);
    state_digest(same, expected);
    assert_string_equal(got, expected);
    sow_generator_free(g);
    sow_generator_free(same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rng_memory__no_generator_is_made),
        cmocka_unit_test(test_rng_memory__seeds_and_states_change_nothing),
        cmocka_unit_test(test_rng_memory__jumps_change_nothing),
        cmocka_unit_test(test_rng_memory__cached_normal_is_still_there),
    };
    n_granted = -1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
