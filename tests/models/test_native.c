/* The native model against both TransformerLens releases: tests/models/vectors/native-*.txt.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/cases.h"

static void test_models_native__known_answers_4_3(void **state)
{
    (void)state;
    run_case_file("native-4.3.txt", "native", "transformerlens-4.3");
}

static void test_models_native__known_answers_3_7(void **state)
{
    (void)state;
    run_case_file("native-3.7.txt", "native", "transformerlens-3.7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_native__known_answers_4_3),
        cmocka_unit_test(test_models_native__known_answers_3_7),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
