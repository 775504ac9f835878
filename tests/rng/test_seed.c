/* Seeds as text.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <inttypes.h>
#include <sow/generator.h>

static void test_rng_seed__reads_whole_numbers(void **unused)
{
    (void)unused;
    const struct {
        const char *text;
        uint64_t seed;
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"+7", 7},
        {"007", 7},
        {"42", 42},
        {"67280421310721", 67280421310721u},
        {"9223372036854775807", INT64_MAX},
        {"9223372036854775808", (uint64_t)1 << 63},
        {"18446744073709551615", UINT64_MAX},
        {"-1", UINT64_MAX},
        {"-5", UINT64_MAX - 4},
        {"-9223372036854775808", (uint64_t)1 << 63},
        {"0000000000000000000000000000000000000000000000000000000000000000000001", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sow_error err;
        uint64_t seed = 99;
        assert_ok(sow_seed_parse(cases[i].text, &seed, &err), err);
        if (seed != cases[i].seed) {
            fail_msg("%s: expected %" PRIu64 ", got %" PRIu64, cases[i].text, cases[i].seed, seed);
        }
    }
}

static void test_rng_seed__refuses_the_rest(void **unused)
{
    (void)unused;
    const struct {
        const char *text, *message;
    } cases[] = {
        {NULL, "seed: no text given"},
        {"", "seed '': not a whole number"},
        {"-", "seed '-': not a whole number"},
        {"+-1", "seed '+-1': not a whole number"},
        {" 1", "seed ' 1': not a whole number"},
        {"1 ", "seed '1 ': not a whole number"},
        {"1.5", "seed '1.5': not a whole number"},
        {"0x10", "seed '0x10': not a whole number"},
        {"1e3", "seed '1e3': not a whole number"},
        {"1\n", "seed '1\\x0a': not a whole number"},
        {"18446744073709551616", "seed 18446744073709551616: Overflow when unpacking long long"},
        {"99999999999999999999", "seed 99999999999999999999: Overflow when unpacking long long"},
        {"184467440737095516150", "seed 184467440737095516150: Overflow when unpacking long long"},
        {"-9223372036854775809", "seed -9223372036854775809: Overflow when unpacking long long"},
        {"-18446744073709551615", "seed -18446744073709551615: Overflow when unpacking long long"},
        {"1000000000000000000000000000000000000000000000000000000000000000000000",
         "seed 1000000000000000000000000000000000000000000000000000000000000000...: Overflow when "
         "unpacking long long"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sow_error err;
        uint64_t seed = 99;
        assert_fails(sow_seed_parse(cases[i].text, &seed, &err), SOW_ERROR_VALUE, err,
                     cases[i].message);
        assert_int_equal(seed, 99);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rng_seed__reads_whole_numbers),
        cmocka_unit_test(test_rng_seed__refuses_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
