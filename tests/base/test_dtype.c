/* Element types against torch.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/dtype.h"
#include "vectors.h"

/* The type that sow calls by a name of torch; SOW_N_DTYPES when it has none. */
static sow_dtype find(const char *torch_name)
{
    for (int i = 0; i < SOW_N_DTYPES; i++) {
        if (strcmp(sow_dtype_torch_name((sow_dtype)i), torch_name) == 0) {
            return (sow_dtype)i;
        }
    }
    return SOW_N_DTYPES;
}

static void expect_parsed(const char *name, sow_dtype expected)
{
    sow_error err;
    sow_dtype dtype = SOW_N_DTYPES;
    if (expected != SOW_N_DTYPES) {
        assert_ok(sow_dtype_parse(name, &dtype, &err), err);
    } else {
        assert_int_equal(sow_dtype_parse(name, &dtype, &err), SOW_ERROR_VALUE);
    }
    if (dtype != expected) {
        fail_msg("%s: expected %d, got %d", name, expected, dtype);
    }
}

static int n_known;

static void check_line(char *words[4])
{
    if (strcmp(words[0], "scalar") == 0) {
        sow_dtype dtype = find(words[1]);
        if (dtype != SOW_N_DTYPES) {
            assert_string_equal(sow__dtype_scalar_name(dtype), words[2]);
            n_known++;
        }
        return;
    }
    sow_dtype dtype = find(words[2]);
    char qualified[64];
    snprintf(qualified, sizeof qualified, "torch.%s", words[1]);
    expect_parsed(words[1], dtype);
    expect_parsed(qualified, dtype);
    if (dtype != SOW_N_DTYPES) {
        assert_int_equal(sow_dtype_bits(dtype), 8 * atoi(words[3]));
        n_known++;
    }
}

static void test_base_dtype__names_are_those_of_torch(void **unused)
{
    (void)unused;
    n_known = 0;
    each_vector("dtypes", check_line);
    assert_int_equal(n_known, 46);
}

static void test_base_dtype__own_names_are_read_back(void **unused)
{
    (void)unused;
    for (int i = 0; i < SOW_N_DTYPES; i++) {
        expect_parsed(sow_dtype_name((sow_dtype)i), (sow_dtype)i);
        expect_parsed(sow_dtype_torch_name((sow_dtype)i), (sow_dtype)i);
        assert_non_null(sow__dtype_info_of((sow_dtype)i));
    }
    const sow_dtype none[] = {SOW_N_DTYPES, (sow_dtype)-1, (sow_dtype)1000};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_null(sow_dtype_name(none[i]));
        assert_null(sow_dtype_torch_name(none[i]));
        assert_null(sow__dtype_info_of(none[i]));
        assert_int_equal(sow_dtype_bits(none[i]), 0);
    }
}

static void test_base_dtype__other_names_are_refused(void **unused)
{
    (void)unused;
    sow_error err;
    sow_dtype dtype = SOW_BF16;
    assert_fails(sow_dtype_parse("float33", &dtype, &err), SOW_ERROR_VALUE, err,
                 "unknown dtype 'float33'");
    assert_fails(sow_dtype_parse("", &dtype, &err), SOW_ERROR_VALUE, err, "unknown dtype ''");
    assert_fails(sow_dtype_parse("torch.f32", &dtype, &err), SOW_ERROR_VALUE, err,
                 "unknown dtype 'torch.f32'");
    assert_fails(sow_dtype_parse("F32", &dtype, &err), SOW_ERROR_VALUE, err, "unknown dtype 'F32'");
    assert_fails(sow_dtype_parse(NULL, &dtype, &err), SOW_ERROR_VALUE, err, "dtype: no name given");
    assert_int_equal(sow_dtype_parse("x", &dtype, NULL), SOW_ERROR_VALUE);
    assert_int_equal(dtype, SOW_BF16);
}

static void test_base_dtype__bytes(void **unused)
{
    (void)unused;
    uint64_t n_bytes = 0;
    assert_true(sow__dtype_n_bytes(SOW_F32, 10, &n_bytes));
    assert_int_equal(n_bytes, 40);
    assert_true(sow__dtype_n_bytes(SOW_C128, 0, &n_bytes));
    assert_int_equal(n_bytes, 0);
    assert_true(sow__dtype_n_bytes(SOW_F4, 10, &n_bytes));
    assert_int_equal(n_bytes, 5);
    assert_true(sow__dtype_n_bytes(SOW_F6_E2M3, 4, &n_bytes));
    assert_int_equal(n_bytes, 3);
    assert_false(sow__dtype_n_bytes(SOW_F4, 3, &n_bytes));
    assert_false(sow__dtype_n_bytes(SOW_F6_E3M2, 5, &n_bytes));
    assert_false(sow__dtype_n_bytes(SOW_C128, (uint64_t)1 << 60, &n_bytes));
    assert_true(sow__dtype_n_bytes(SOW_C128, ((uint64_t)1 << 60) - 1, &n_bytes));
    assert_false(sow__dtype_n_bytes(SOW_F6_E3M2, UINT64_MAX, &n_bytes));
    assert_int_equal(sow__dtype_bytes(SOW_F64), 8);
}

static void test_base_dtype__parts_of_complex(void **unused)
{
    (void)unused;
    for (int i = 0; i < SOW_N_DTYPES; i++) {
        sow_dtype dtype = (sow_dtype)i, real = sow__dtype_real(dtype);
        if (sow__dtype_is_complex(dtype)) {
            assert_true(sow__dtype_is_float(real));
            assert_int_equal(2 * sow_dtype_bits(real), sow_dtype_bits(dtype));
        } else {
            assert_int_equal(real, dtype);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_dtype__names_are_those_of_torch),
        cmocka_unit_test(test_base_dtype__own_names_are_read_back),
        cmocka_unit_test(test_base_dtype__other_names_are_refused),
        cmocka_unit_test(test_base_dtype__bytes),
        cmocka_unit_test(test_base_dtype__parts_of_complex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
