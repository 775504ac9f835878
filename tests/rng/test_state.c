/* State blobs against those of torch: after draws, after forged bytes, and what is refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rng/generator.h"
#include "vectors.h"

#include <inttypes.h>

/* What n words of a fill do to a generator. */
static void draw_words(sow_generator *generator, uint64_t n)
{
    sow__place place = sow__generator_place(generator);
    sow__generator_move(generator, place.position + n, &place.cached);
}

/* What n normals one by one do, without looking at any value. */
static void draw_normals(sow_generator *generator, uint64_t n)
{
    sow__place place = sow__generator_place(generator);
    for (uint64_t i = 0; i < n; i++) {
        if (place.cached.valid) {
            place.cached.valid = false;
        } else {
            place.cached = (sow__cached_normal){.valid = true, .at = place.position};
            place.position += 4;
        }
    }
    sow__generator_move(generator, place.position, &place.cached);
}

static void check_state(char *given, char *expected)
{
    sow_error err;
    char got[33], name[MAX_LINE];
    strcpy(name, given);
    strtok(given, " ");
    sow_generator *generator = seeded(seed_of(strtok(NULL, " ")));
    for (char *step = strtok(NULL, " "); step != NULL; step = strtok(NULL, " ")) {
        uint64_t count = strtoull(step + 1, NULL, 10);
        if (step[0] == 'w') {
            draw_words(generator, count);
        } else if (step[0] == 'n') {
            draw_normals(generator, count);
        } else {
            assert_ok(sow_generator_manual_seed(generator, count, &err), err);
        }
    }
    sow_generator *clone = sow_generator_clone(generator, &err);
    state_digest(generator, got);
    if (strcmp(got, expected) != 0) {
        fail_msg("%s: expected %s, got %s", name, expected, got);
    }
    state_digest(generator, got);
    assert_string_equal(got, expected);
    state_digest(clone, got);
    assert_string_equal(got, expected);
    sow_generator_free(clone);
    sow_generator_free(generator);
}

static void test_rng_state__is_that_of_torch(void **unused)
{
    (void)unused;
    each_vector("states", check_state);
}

/* A generator that takes its own state goes on in the same way. */
static void test_rng_state__round_trips(void **unused)
{
    (void)unused;
    const uint64_t positions[] = {0, 1, 623, 624, 625, 1247, 1248, 1249, 100000};
    for (size_t i = 0; i < sizeof positions / sizeof *positions; i++) {
        sow_error err;
        uint8_t state[SOW_GENERATOR_STATE_BYTES], again[SOW_GENERATOR_STATE_BYTES];
        sow_generator *from = seeded(42), *to = seeded(1);
        draw_words(from, positions[i]);
        draw_normals(from, i % 2);
        assert_ok(sow_generator_get_state(from, state, &err), err);
        assert_ok(sow_generator_set_state(to, state, sizeof state, &err), err);
        assert_int_equal(sow_generator_position(to), 0);
        assert_int_equal(sow_generator_initial_seed(to), 42);
        assert_ok(sow_generator_get_state(to, again, &err), err);
        assert_same_bits(again, state, sizeof state, 1);
        for (int k = 0; k < 1500; k++) {
            uint32_t a, b;
            assert_ok(sow_generator_random(from, &a, &err), err);
            assert_ok(sow_generator_random(to, &b, &err), err);
            assert_int_equal(b, a);
        }
        assert_ok(sow_generator_get_state(from, state, &err), err);
        assert_ok(sow_generator_get_state(to, again, &err), err);
        assert_same_bits(again, state, sizeof state, 1);
        sow_generator_free(from);
        sow_generator_free(to);
    }
}

/* Applies "OFFSET=BYTES" edits to a blob. */
static void edit_blob(uint8_t *blob, char *edits)
{
    for (char *edit = strtok(edits, " "); edit != NULL; edit = strtok(NULL, " ")) {
        char *digits;
        size_t offset = strtoul(edit, &digits, 10);
        for (digits++; *digits != '\0'; digits += 2) {
            char byte[3] = {digits[0], digits[1], '\0'};
            blob[offset++] = (uint8_t)strtoul(byte, NULL, 16);
        }
    }
}

/* Sets a blob; the outcome must be "ok DIGEST" or "error MESSAGE", and an error changes nothing. */
static void expect_outcome(const char *name, sow_generator *generator, const uint8_t *blob,
                           size_t n_bytes, const char *expected)
{
    sow_error err = {.status = SOW_OK};
    char got[SOW_ERROR_MESSAGE_SIZE + 8], before[33], after[33];
    state_digest(generator, before);
    sow_status status = sow_generator_set_state(generator, blob, n_bytes, &err);
    state_digest(generator, after);
    if (status == SOW_OK) {
        snprintf(got, sizeof got, "ok %s", after);
    } else {
        assert_int_equal(status, SOW_ERROR_RUNTIME);
        assert_string_equal(after, before);
        snprintf(got, sizeof got, "error %s", err.message);
    }
    if (strcmp(got, expected) != 0) {
        fail_msg("%s: expected %s, got %s", name, expected, got);
    }
}

static void check_forged(char *given, char *expected)
{
    sow_error err;
    uint8_t blob[SOW_GENERATOR_STATE_BYTES + 1] = {0};
    char name[MAX_LINE];
    strcpy(name, given);
    bool is_size = strcmp(strtok(given, " "), "size") == 0;
    uint64_t number = seed_of(strtok(NULL, " "));
    sow_generator *generator = seeded(number);
    if (is_size) {
        expect_outcome(name, generator, blob, number, expected);
    } else {
        draw_words(generator, strtoull(strtok(NULL, " "), NULL, 10));
        assert_ok(sow_generator_get_state(generator, blob, &err), err);
        edit_blob(blob, strtok(NULL, ""));
        expect_outcome(name, generator, blob, SOW_GENERATOR_STATE_BYTES, expected);
    }
    sow_generator_free(generator);
}

static void test_rng_state__forged_ones_count_as_in_torch(void **unused)
{
    (void)unused;
    each_vector("forged", check_forged);
}

/* PyTorch takes these and then reads beside its array. */
static void test_rng_state__unreachable_places_are_refused(void **unused)
{
    (void)unused;
    char edits[][48] = {
        "8=01000000 16=0100000000000000", "8=02000000 16=0000000000000000",
        "8=70020000 16=0000000000000000", "8=70020000 16=7002000000000000",
        "8=02000000 16=7002000000000000", "8=64000000 16=6400000000000000",
        "8=01000000 16=6F02000000000000", "8=6F020000 16=0100000000000000",
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        sow_error err;
        uint8_t blob[SOW_GENERATOR_STATE_BYTES];
        char name[48];
        strcpy(name, edits[i]);
        sow_generator *generator = seeded(42);
        draw_words(generator, 8);
        assert_ok(sow_generator_get_state(generator, blob, &err), err);
        edit_blob(blob, edits[i]);
        expect_outcome(name, generator, blob, sizeof blob, "error Invalid mt19937 state");
        sow_generator_free(generator);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rng_state__is_that_of_torch),
        cmocka_unit_test(test_rng_state__round_trips),
        cmocka_unit_test(test_rng_state__forged_ones_count_as_in_torch),
        cmocka_unit_test(test_rng_state__unreachable_places_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
