/* randperm against torch where it changes its method; needs 1.7 GB and a minute.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rng/generator.h"
#include "vectors.h"

static void check_line(char *given, char *expected)
{
    sow_error err;
    char got[66];
    strtok(given, " ");
    sow_generator *generator = seeded(seed_of(strtok(NULL, " ")));
    int64_t n = strtoll(strtok(NULL, " "), NULL, 10);
    int64_t *values = malloc((size_t)n * sizeof *values);
    assert_non_null(values);
    assert_ok(sow_generator_randperm(generator, n, values, &err), err);
    hash_text(values, (size_t)n * sizeof *values, got);
    got[32] = ' ';
    state_digest(generator, got + 33);
    assert_string_equal(got, expected);
    assert_int_equal(sow_generator_position(generator), sow__randperm_words(n));
    free(values);
    sow_generator_free(generator);
}

static void exhaustive_rng_randperm__large_ones(void **unused)
{
    (void)unused;
    each_vector("large", check_line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(exhaustive_rng_randperm__large_ones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
