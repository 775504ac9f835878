/* randperm against torch.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rng/generator.h"
#include "vectors.h"

#include <inttypes.h>

static void check_values(int64_t n, const int64_t *got, char *expected)
{
    char *text = expected;
    for (int64_t i = 0; i < n; i++) {
        int64_t value = strtoll(text, &text, 10);
        if (got[i] != value) {
            fail_msg("n %" PRId64 ", element %" PRId64 ": expected %" PRId64 ", got %" PRId64, n, i,
                     value, got[i]);
        }
    }
    assert_string_equal(text, "");
}

static void check_hash(int64_t n, const int64_t *got, sow_generator *generator, char *expected)
{
    char both[66];
    hash_text(got, (size_t)n * sizeof *got, both);
    both[32] = ' ';
    state_digest(generator, both + 33);
    if (strcmp(both, expected) != 0) {
        fail_msg("n %" PRId64 ": expected %s, got %s", n, expected, both);
    }
}

static void check_permutation(const char *kind, char *expected)
{
    sow_error err;
    sow_generator *generator = seeded(seed_of(strtok(NULL, " ")));
    int64_t n = strtoll(strtok(NULL, " "), NULL, 10);
    int64_t *values = n > 0 ? malloc((size_t)n * sizeof *values) : NULL;
    assert_ok(sow_generator_randperm(generator, n, values, &err), err);
    assert_int_equal(sow_generator_position(generator), sow__randperm_words(n));
    if (strcmp(kind, "values") == 0) {
        check_values(n, values, expected);
    } else {
        check_hash(n, values, generator, expected);
    }
    free(values);
    sow_generator_free(generator);
}

static void check_line(char *given, char *expected)
{
    const char *kind = strtok(given, " ");
    if (strcmp(kind, "error") != 0) {
        check_permutation(kind, expected);
        return;
    }
    sow_error err;
    sow_generator *generator = seeded(0);
    int64_t n = strtoll(strtok(NULL, " "), NULL, 10);
    assert_fails(sow_generator_randperm(generator, n, NULL, &err), SOW_ERROR_RUNTIME, err,
                 expected);
    assert_int_equal(sow_generator_position(generator), 0);
    sow_generator_free(generator);
}

static void test_rng_randperm__is_that_of_torch(void **unused)
{
    (void)unused;
    each_vector("randperm", check_line);
}

static void test_rng_randperm__words_per_number(void **unused)
{
    (void)unused;
    assert_int_equal(sow__randperm_words(0), 0);
    assert_int_equal(sow__randperm_words(1), 0);
    assert_int_equal(sow__randperm_words(2), 1);
    assert_int_equal(sow__randperm_words(214748363), 214748362);
    assert_int_equal(sow__randperm_words(214748364), 429496728);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rng_randperm__is_that_of_torch),
        cmocka_unit_test(test_rng_randperm__words_per_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
