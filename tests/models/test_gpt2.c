/* GPT-2 against transformers: tests/models/vectors/gpt2.txt.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/cases.h"

static void test_models_gpt2__known_answers(void **state)
{
    (void)state;
    run_case_file("gpt2.txt", NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_models_gpt2__known_answers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
