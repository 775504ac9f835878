/* The logarithm, sine and cosine of a thousand million uniforms; needs about a minute a level.
 * SPDX-License-Identifier: Apache-2.0 */
#include "kern/libm_units.h"

static void exhaustive_kern_libm__random_units(void **unused)
{
    (void)unused;
    const char *const seed = getenv("SOW_TEST_SEED"); /* other units in every run */
    uint64_t state = seed == NULL ? 1 : strtoull(seed, NULL, 10) | 1;
    check_random_units(&state, (uint64_t)1 << 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(exhaustive_kern_libm__random_units)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
