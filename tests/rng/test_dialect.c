/* The names of the dialects.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <sow/generator.h>

static void test_rng_dialect__names_are_read_back(void **unused)
{
    (void)unused;
    sow_error err;
    for (int i = 0; i < SOW_N_DIALECTS; i++) {
        sow_dialect dialect = SOW_N_DIALECTS;
        assert_ok(sow_dialect_parse(sow_dialect_name((sow_dialect)i), &dialect, &err), err);
        assert_int_equal(dialect, i);
    }
    assert_string_equal(sow_dialect_name(SOW_TORCH_2_13), "torch-2.13");
    assert_string_equal(sow_dialect_name(SOW_TORCH_2_12), "torch-2.12");
    assert_string_equal(sow_dialect_name(SOW_TORCH_2_11), "torch-2.11");
    assert_null(sow_dialect_name(SOW_N_DIALECTS));
    assert_null(sow_dialect_name((sow_dialect)-1));
}

static void test_rng_dialect__other_names_are_refused(void **unused)
{
    (void)unused;
    sow_error err;
    sow_dialect dialect = SOW_TORCH_2_12;
    assert_fails(sow_dialect_parse("torch-2.14", &dialect, &err), SOW_ERROR_VALUE, err,
                 "unknown dialect 'torch-2.14'; one of: torch-2.13 torch-2.12 torch-2.11");
    assert_fails(sow_dialect_parse("", &dialect, &err), SOW_ERROR_VALUE, err,
                 "unknown dialect ''; one of: torch-2.13 torch-2.12 torch-2.11");
    assert_fails(sow_dialect_parse("torch-2.1", &dialect, &err), SOW_ERROR_VALUE, err,
                 "unknown dialect 'torch-2.1'; one of: torch-2.13 torch-2.12 torch-2.11");
    assert_fails(sow_dialect_parse(NULL, &dialect, &err), SOW_ERROR_VALUE, err,
                 "dialect: no name given; one of: torch-2.13 torch-2.12 torch-2.11");
    assert_int_equal(sow_dialect_parse("x", &dialect, NULL), SOW_ERROR_VALUE);
    assert_int_equal(dialect, SOW_TORCH_2_12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rng_dialect__names_are_read_back),
        cmocka_unit_test(test_rng_dialect__other_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
