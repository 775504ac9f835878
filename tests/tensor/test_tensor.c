/* Making tensors: sizes that are refused, storage, flags, devices.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "tensor/tensor.h"

static sow_error err;

/* AddressSanitizer stops the program at an allocation it finds too large, unless told to
 * fail it. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* sow_empty as a status, so that assert_fails can look at it. */
static sow_status try_empty(sow_dtype dtype, int n_dims, const int64_t *sizes, sow_device device)
{
    sow_tensor *tensor = sow_empty(dtype, n_dims, sizes, device, &err);
    sow_tensor_free(tensor);
    return tensor != NULL ? SOW_OK : err.status;
}

static sow_status try_strided(sow_dtype dtype, int n_dims, const int64_t *sizes,
                              const int64_t *strides)
{
    sow_tensor *tensor = sow_empty_strided(dtype, n_dims, sizes, strides, SOW_CPU, &err);
    sow_tensor_free(tensor);
    return tensor != NULL ? SOW_OK : err.status;
}

static sow_status try_blob(void *data, size_t n_bytes, sow_dtype dtype, int64_t size)
{
    sow_tensor *tensor = sow_from_blob(data, n_bytes, dtype, 1, &size, NULL, &err);
    sow_tensor_free(tensor);
    return tensor != NULL ? SOW_OK : err.status;
}

#define SIZES(...) ((const int64_t[]){__VA_ARGS__})
#define BIG ((int64_t)1 << 62)

static void test_tensor_tensor__empty_is_contiguous_and_aligned(void **state)
{
    (void)state;
    sow_tensor *t = sow_empty(SOW_BF16, 3, SIZES(2, 3, 4), SOW_CPU, &err);
    assert_non_null(t);
    assert_int_equal(sow_tensor_numel(t), 24);
    assert_int_equal(sow_tensor_n_bytes(t), 48);
    assert_int_equal(sow_tensor_dtype(t), SOW_BF16);
    assert_int_equal(sow_tensor_n_dims(t), 3);
    assert_memory_equal(sow_tensor_sizes(t), SIZES(2, 3, 4), 3 * sizeof(int64_t));
    assert_memory_equal(sow_tensor_strides(t), SIZES(12, 4, 1), 3 * sizeof(int64_t));
    assert_true(sow_tensor_is_contiguous(t));
    assert_int_equal((uintptr_t)sow_tensor_data(t) % 64, 0);
    sow_tensor_free(t);
}

static void test_tensor_tensor__scalar_and_no_elements(void **state)
{
    (void)state;
    sow_tensor *scalar = sow_empty(SOW_F32, 0, NULL, SOW_CPU, &err);
    assert_int_equal(sow_tensor_numel(scalar), 1);
    assert_non_null(sow_tensor_data(scalar));
    sow_tensor_free(scalar);
    sow_tensor *none = sow_empty(SOW_F32, 3, SIZES(2, 0, 3), SOW_CPU, &err);
    assert_int_equal(sow_tensor_numel(none), 0);
    assert_null(sow_tensor_data(none));
    assert_true(sow_tensor_is_contiguous(none));
    assert_memory_equal(sow_tensor_strides(none), SIZES(3, 3, 1), 3 * sizeof(int64_t));
    sow_tensor_free(none);
}

static void test_tensor_tensor__sizes_refused_in_pytorchs_words(void **state)
{
    (void)state;
    assert_fails(try_empty(SOW_F32, 2, SIZES(-1, 8), SOW_CPU), SOW_ERROR_RUNTIME, err,
                 "Trying to create tensor with negative dimension -1: [-1, 8]");
    assert_fails(try_empty(SOW_F32, 3, SIZES(0, -1, 8), SOW_META), SOW_ERROR_RUNTIME, err,
                 "Trying to create tensor with negative dimension -1: [0, -1, 8]");
    assert_fails(try_empty(SOW_F32, 2, SIZES(BIG, 8), SOW_CPU), SOW_ERROR_OVERFLOW, err,
                 "Storage size calculation overflowed with sizes=[4611686018427387904, 8]");
    assert_fails(try_empty(SOW_F64, 1, SIZES(BIG), SOW_META), SOW_ERROR_OVERFLOW, err,
                 "Storage size calculation overflowed with sizes=[4611686018427387904]");
    assert_fails(try_empty(SOW_F32, 3, SIZES(0, BIG, BIG), SOW_CPU), SOW_ERROR_OVERFLOW, err,
                 "Stride calculation overflowed");
    assert_fails(try_strided(SOW_F32, 2, SIZES((int64_t)1 << 40, 3), SIZES((int64_t)1 << 60, 1)),
                 SOW_ERROR_OVERFLOW, err,
                 "Storage size calculation overflowed with sizes=[1099511627776, 3] and "
                 "strides=[1152921504606846976, 1]");
    assert_fails(try_strided(SOW_F32, 2, SIZES(2, 3), SIZES(-1, 3)), SOW_ERROR_RUNTIME, err,
                 "Negative strides are not supported, got [-1, 3]");
}

static void test_tensor_tensor__other_arguments_refused(void **state)
{
    (void)state;
    int64_t ones[SOW_MAX_DIMS + 1];
    for (int i = 0; i <= SOW_MAX_DIMS; i++) {
        ones[i] = 1;
    }
    assert_int_equal(try_empty(SOW_F32, SOW_MAX_DIMS, ones, SOW_CPU), SOW_OK);
    assert_fails(try_empty(SOW_F32, SOW_MAX_DIMS + 1, ones, SOW_CPU), SOW_ERROR_VALUE, err,
                 "n_dims must be in 0..64, got 65");
    assert_fails(try_empty(SOW_F32, -1, ones, SOW_CPU), SOW_ERROR_VALUE, err,
                 "n_dims must be in 0..64, got -1");
    assert_fails(try_empty(SOW_N_DTYPES, 1, ones, SOW_CPU), SOW_ERROR_VALUE, err,
                 "dtype 23 is none");
    assert_fails(try_empty(SOW_F32, 1, ones, (sow_device)3), SOW_ERROR_VALUE, err,
                 "device 3 is none");
    assert_fails(try_empty(SOW_F4, 1, SIZES(3), SOW_CPU), SOW_ERROR_VALUE, err,
                 "f4: shape [3] does not fill whole bytes");
    assert_fails(try_strided(SOW_F4, 1, SIZES(2), SIZES(2)), SOW_ERROR_VALUE, err,
                 "f4: shape [2] can not have strides");
    assert_int_equal(try_empty(SOW_F4, 1, SIZES(4), SOW_CPU), SOW_OK);
}

static void test_tensor_tensor__memory_that_is_not_there(void **state)
{
    (void)state;
    assert_fails(try_empty(SOW_F32, 1, SIZES((int64_t)1 << 60), SOW_CPU), SOW_ERROR_MEMORY, err,
                 "out of memory: 4611686018427387904 bytes could not be had");
    assert_int_equal(try_empty(SOW_F32, 1, SIZES((int64_t)1 << 60), SOW_META), SOW_OK);
    assert_int_equal(try_empty(SOW_F32, 1, SIZES((int64_t)1 << 60), SOW_DEFERRED), SOW_OK);
}

static void test_tensor_tensor__blob_is_checked(void **state)
{
    (void)state;
    double memory[4] = {0};
    sow_tensor *t =
        sow_from_blob(memory, sizeof memory, SOW_F64, 2, SIZES(2, 2), SIZES(1, 2), &err);
    assert_non_null(t);
    assert_ptr_equal(sow_tensor_data(t), memory);
    assert_false(sow_tensor_is_contiguous(t));
    sow_tensor_free(t);
    assert_int_equal(try_blob(memory, sizeof memory, SOW_F64, 4), SOW_OK);
    assert_int_equal(try_blob(memory, sizeof memory, SOW_C64, 4), SOW_OK);
    assert_fails(try_blob(memory, sizeof memory, SOW_F64, 5), SOW_ERROR_VALUE, err,
                 "from_blob: 40 bytes are needed, got 32");
    assert_fails(try_blob(NULL, sizeof memory, SOW_F64, 1), SOW_ERROR_VALUE, err,
                 "from_blob: 8 bytes are needed, got 0");
    assert_fails(try_blob((char *)memory + 2, 8, SOW_F32, 1), SOW_ERROR_VALUE, err,
                 "from_blob: data is not aligned to 4 bytes");
    assert_int_equal(try_blob(NULL, 0, SOW_F32, 0), SOW_OK);
}

static void test_tensor_tensor__contiguity_does_not_look_at_size_1(void **state)
{
    (void)state;
    sow_tensor *t = sow_empty_strided(SOW_F32, 3, SIZES(2, 1, 3), SIZES(3, 77, 1), SOW_CPU, &err);
    assert_true(sow_tensor_is_contiguous(t));
    sow_tensor_free(t);
    t = sow_empty_strided(SOW_F32, 2, SIZES(2, 3), SIZES(1, 2), SOW_CPU, &err);
    assert_false(sow_tensor_is_contiguous(t));
    sow_tensor_free(t);
    t = sow_empty_strided(SOW_F32, 2, SIZES(0, 3), SIZES(1, 2), SOW_CPU, &err);
    assert_true(sow_tensor_is_contiguous(t));
    sow_tensor_free(t);
}

static void test_tensor_tensor__initialized_flag_of_views(void **state)
{
    (void)state;
    sow_tensor *base = sow_empty(SOW_F32, 2, SIZES(4, 4), SOW_CPU, &err);
    sow_tensor *before = sow_tensor_slice(base, 0, 0, 2, 1, &err);
    assert_false(sow_tensor_is_initialized(before));
    sow_tensor_set_initialized(before, true);
    assert_true(sow_tensor_is_initialized(before));
    assert_false(sow_tensor_is_initialized(base));
    sow_tensor *inner = sow_tensor_select(before, 0, 0, &err);
    assert_true(sow_tensor_is_initialized(inner));
    sow_tensor_set_initialized(before, false);
    assert_false(sow_tensor_is_initialized(before));

    sow_tensor_set_initialized(base, true);
    assert_true(sow_tensor_is_initialized(before));
    sow_tensor_set_initialized(before, false);
    assert_true(sow_tensor_is_initialized(before));
    assert_true(sow_tensor_is_initialized(base));
    sow_tensor_set_initialized(base, false);
    assert_false(sow_tensor_is_initialized(before));
    sow_tensor_free(inner);
    sow_tensor_free(before);
    sow_tensor_free(base);
}

static int n_tapes_freed;

static void count_tape(sow__tape *tape)
{
    (void)tape;
    n_tapes_freed++;
}

static void test_tensor_tensor__to_empty_changes_all_that_share(void **state)
{
    (void)state;
    sow_tensor *base = sow_empty(SOW_F32, 2, SIZES(4, 4), SOW_DEFERRED, &err);
    sow_tensor *view = sow_tensor_transpose(base, 0, 1, &err);
    int tape;
    base->storage->tape = (sow__tape *)&tape;
    base->storage->tape_free = count_tape;
    n_tapes_freed = 0;
    sow_tensor_set_initialized(base, true);
    assert_null(sow_tensor_data(view));
    assert_ok(sow_tensor_to_empty(view, SOW_CPU, &err), err);
    assert_int_equal(n_tapes_freed, 1);
    assert_int_equal(sow_tensor_device(base), SOW_CPU);
    assert_non_null(sow_tensor_data(base));
    assert_ptr_equal(sow_tensor_data(base), sow_tensor_data(view));
    assert_false(sow_tensor_is_initialized(base));
    assert_ok(sow_tensor_to_empty(base, SOW_META, &err), err);
    assert_int_equal(sow_tensor_device(view), SOW_META);
    assert_null(sow_tensor_data(view));
    sow_tensor_free(base);
    assert_ok(sow_tensor_to_empty(view, SOW_CPU, &err), err);
    assert_non_null(sow_tensor_data(view));
    sow_tensor_free(view);
}

static void test_tensor_tensor__to_empty_lets_go_of_a_blob(void **state)
{
    (void)state;
    float memory[4] = {1, 2, 3, 4};
    sow_tensor *t = sow_from_blob(memory, sizeof memory, SOW_F32, 1, SIZES(4), NULL, &err);
    assert_ok(sow_tensor_to_empty(t, SOW_CPU, &err), err);
    assert_ptr_not_equal(sow_tensor_data(t), memory);
    *(float *)sow_tensor_data(t) = 9;
    assert_true(memory[0] == 1);
    sow_tensor_free(t);
}

static void test_tensor_tensor__failed_to_empty_changes_nothing(void **state)
{
    (void)state;
    sow_tensor *t = sow_empty(SOW_F32, 1, SIZES((int64_t)1 << 60), SOW_DEFERRED, &err);
    sow_tensor_set_initialized(t, true);
    assert_fails(sow_tensor_to_empty(t, SOW_CPU, &err), SOW_ERROR_MEMORY, err,
                 "out of memory: 4611686018427387904 bytes could not be had");
    assert_int_equal(sow_tensor_device(t), SOW_DEFERRED);
    assert_true(sow_tensor_is_initialized(t));
    sow_tensor_free(t);
}

static sow_status no_override(sow_tensor *tensor, const sow_init_call *call, void *user,
                              sow_error *error)
{
    (void)tensor, (void)call, (void)user, (void)error;
    return SOW_OK;
}

static void test_tensor_tensor__override_is_not_inherited(void **state)
{
    (void)state;
    int user;
    sow_tensor *t = sow_empty(SOW_F32, 1, SIZES(4), SOW_CPU, &err);
    sow_tensor_set_init_override(t, no_override, &user);
    assert_true(t->override == no_override && t->override_user == &user);
    sow_tensor *view = sow_tensor_slice(t, 0, 0, 2, 1, &err);
    assert_true(view->override == NULL && view->override_user == NULL);
    sow_tensor_set_init_override(t, NULL, NULL);
    assert_true(t->override == NULL);
    sow_tensor_free(view);
    sow_tensor_free(t);
}

static void test_tensor_tensor__a_reference_keeps_it_alive(void **state)
{
    (void)state;
    sow_tensor *t = sow_empty(SOW_F32, 1, SIZES(4), SOW_CPU, &err);
    assert_ptr_equal(sow_tensor_ref(t), t);
    sow_tensor_free(t);
    assert_int_equal(sow_tensor_numel(t), 4);
    sow_tensor_free(t);
    sow_tensor_free(NULL);
}

static void test_tensor_tensor__device_names(void **state)
{
    (void)state;
    assert_string_equal(sow_device_name(SOW_CPU), "cpu");
    assert_string_equal(sow_device_name(SOW_META), "meta");
    assert_string_equal(sow_device_name(SOW_DEFERRED), "deferred");
    assert_null(sow_device_name((sow_device)3));
    assert_null(sow_device_name((sow_device)-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_tensor__empty_is_contiguous_and_aligned),
        cmocka_unit_test(test_tensor_tensor__scalar_and_no_elements),
        cmocka_unit_test(test_tensor_tensor__sizes_refused_in_pytorchs_words),
        cmocka_unit_test(test_tensor_tensor__other_arguments_refused),
        cmocka_unit_test(test_tensor_tensor__memory_that_is_not_there),
        cmocka_unit_test(test_tensor_tensor__blob_is_checked),
        cmocka_unit_test(test_tensor_tensor__contiguity_does_not_look_at_size_1),
        cmocka_unit_test(test_tensor_tensor__initialized_flag_of_views),
        cmocka_unit_test(test_tensor_tensor__to_empty_changes_all_that_share),
        cmocka_unit_test(test_tensor_tensor__to_empty_lets_go_of_a_blob),
        cmocka_unit_test(test_tensor_tensor__failed_to_empty_changes_nothing),
        cmocka_unit_test(test_tensor_tensor__override_is_not_inherited),
        cmocka_unit_test(test_tensor_tensor__a_reference_keeps_it_alive),
        cmocka_unit_test(test_tensor_tensor__device_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
