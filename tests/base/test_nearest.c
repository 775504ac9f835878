/* The word that a mistyped one is near to.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <sow/nearest.h>

static const char *nearest_of(const char *typed, const char *const *words, size_t *distance)
{
    sow_nearest nearest = {0};
    for (; *words != NULL; words++) {
        sow_nearest_try(&nearest, typed, *words);
    }
    *distance = nearest.distance;
    return nearest.word;
}

static void test_base_nearest__counts_edits(void **state)
{
    (void)state;
    static const char *const words[] = {"normal", "uniform", "ones", "in_features", NULL};
    static const struct {
        const char *typed, *word;
        size_t distance;
    } cases[] = {
        {"normal", "normal", 0},          {"normla", "normal", 1},
        {"norml", "normal", 1},           {"normmal", "normal", 1},
        {"narmol", "normal", 2},          {"unifrom", "uniform", 1},
        {"in_feature", "in_features", 1}, {"n_eatures", "in_features", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t distance;
        assert_string_equal(nearest_of(cases[i].typed, words, &distance), cases[i].word);
        assert_int_equal(distance, cases[i].distance);
    }
}

static void test_base_nearest__names_nothing_that_is_far(void **state)
{
    (void)state;
    static const char *const words[] = {"normal", "ab", NULL};
    char long_word[80];
    memset(long_word, 'a', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    const char *const typed[] = {"magic", "", "xy", "normalisation", long_word};
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        size_t distance;
        assert_null(nearest_of(typed[i], words, &distance));
    }
    sow_nearest nearest = {0};
    sow_nearest_try(&nearest, long_word, long_word);
    sow_nearest_try(&nearest, NULL, "a");
    sow_nearest_try(&nearest, "a", NULL);
    assert_null(nearest.word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_nearest__counts_edits),
        cmocka_unit_test(test_base_nearest__names_nothing_that_is_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
