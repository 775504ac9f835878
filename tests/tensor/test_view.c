/* Views: geometry, and what PyTorch refuses in its words.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "tensor/tensor.h"

#define SIZES(...) ((const int64_t[]){__VA_ARGS__})

static sow_error err;

/* A maker of views as a status; frees what it made. */
static sow_status tried(sow_tensor *view)
{
    sow_tensor_free(view);
    return view != NULL ? SOW_OK : err.status;
}

/* base[i] = i, 4 x 5. */
static sow_tensor *numbered(void)
{
    sow_tensor *t = sow_empty(SOW_F32, 2, SIZES(4, 5), SOW_CPU, &err);
    for (int i = 0; i < 20; i++) {
        ((float *)sow_tensor_data(t))[i] = (float)i;
    }
    return t;
}

static void assert_shape(const sow_tensor *t, int n_dims, const int64_t *sizes,
                         const int64_t *strides, float first)
{
    assert_non_null(t);
    assert_int_equal(sow_tensor_n_dims(t), n_dims);
    int64_t numel = 1;
    for (int i = 0; i < n_dims; i++) {
        assert_int_equal(sow_tensor_sizes(t)[i], sizes[i]);
        assert_int_equal(sow_tensor_strides(t)[i], strides[i]);
        numel *= sizes[i];
    }
    assert_int_equal(sow_tensor_numel(t), numel);
    if (numel > 0) {
        assert_true(*(const float *)sow_tensor_data(t) == first);
    } else {
        assert_null(sow_tensor_data(t));
    }
}

static void test_tensor_view__geometry(void **state)
{
    (void)state;
    sow_tensor *t = numbered(), *v;
    assert_shape(v = sow_tensor_transpose(t, 0, -1, &err), 2, SIZES(5, 4), SIZES(1, 5), 0);
    sow_tensor_free(v);
    assert_shape(v = sow_tensor_permute(t, (const int[]){-1, 0}, &err), 2, SIZES(5, 4), SIZES(1, 5),
                 0);
    sow_tensor_free(v);
    assert_shape(v = sow_tensor_select(t, 0, -1, &err), 1, SIZES(5), SIZES(1), 15);
    sow_tensor_free(v);
    assert_shape(v = sow_tensor_select(t, 1, 2, &err), 1, SIZES(4), SIZES(5), 2);
    sow_tensor_free(v);
    assert_shape(v = sow_tensor_as_strided(t, 2, SIZES(2, 3), SIZES(3, 2), 4, &err), 2, SIZES(2, 3),
                 SIZES(3, 2), 4);
    sow_tensor_free(v);
    sow_tensor_free(t);
}

static void test_tensor_view__slices_as_python_does(void **state)
{
    (void)state;
    /* start, stop, step, then size and first value of range(4)[start:stop:step] times 5 */
    static const int64_t cases[][5] = {
        {0, 4, 1, 4, 0},         {1, 3, 1, 2, 5},         {0, 4, 2, 2, 0},
        {1, 4, 2, 2, 5},         {-1, 4, 1, 1, 15},       {-3, -1, 1, 2, 5},
        {-100, 100, 1, 4, 0},    {3, 1, 1, 0, 0},         {100, 200, 1, 0, 0},
        {0, INT64_MAX, 3, 2, 0}, {0, 4, INT64_MAX, 1, 0}, {INT64_MIN, INT64_MAX, 1, 4, 0},
    };
    sow_tensor *t = numbered();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int64_t *c = cases[i];
        sow_tensor *v = sow_tensor_slice(t, 0, c[0], c[1], c[2], &err);
        assert_non_null(v);
        assert_int_equal(sow_tensor_sizes(v)[0], c[3]);
        assert_int_equal(sow_tensor_numel(v), 5 * c[3]);
        if (c[3] > 0) {
            assert_true(*(const float *)sow_tensor_data(v) == (float)c[4]);
        }
        sow_tensor_free(v);
    }
    sow_tensor_free(t);
}

static void test_tensor_view__view_of_a_view_shares_the_storage(void **state)
{
    (void)state;
    sow_tensor *t = numbered();
    sow_tensor *a = sow_tensor_slice(t, 1, 1, 5, 2, &err); /* columns 1 and 3 */
    sow_tensor *b = sow_tensor_transpose(a, 0, 1, &err);
    sow_tensor *c = sow_tensor_select(b, 0, 1, &err); /* column 3 */
    sow_tensor_free(t);
    sow_tensor_free(a);
    sow_tensor_free(b);
    assert_shape(c, 1, SIZES(4), SIZES(5), 3);
    sow_tensor *all = sow_tensor_as_strided(c, 1, SIZES(20), SIZES(1), 0, &err);
    assert_shape(all, 1, SIZES(20), SIZES(1), 0);
    ((float *)sow_tensor_data(all))[3] = 77;
    assert_true(*(float *)sow_tensor_data(c) == 77);
    sow_tensor_free(all);
    sow_tensor_free(c);
}

static void test_tensor_view__dims_refused(void **state)
{
    (void)state;
    sow_tensor *t = numbered(), *scalar = sow_empty(SOW_F32, 0, NULL, SOW_CPU, &err);
    assert_fails(tried(sow_tensor_transpose(t, 2, 0, &err)), SOW_ERROR_INDEX, err,
                 "Dimension out of range (expected to be in range of [-2, 1], but got 2)");
    assert_fails(tried(sow_tensor_transpose(t, -3, 0, &err)), SOW_ERROR_INDEX, err,
                 "Dimension out of range (expected to be in range of [-2, 1], but got -3)");
    assert_fails(tried(sow_tensor_transpose(scalar, 0, 1, &err)), SOW_ERROR_INDEX, err,
                 "Dimension out of range (expected to be in range of [-1, 0], but got 1)");
    assert_int_equal(tried(sow_tensor_transpose(scalar, 0, -1, &err)), SOW_OK);
    assert_fails(tried(sow_tensor_permute(t, (const int[]){1, -1}, &err)), SOW_ERROR_RUNTIME, err,
                 "permute(): duplicate dims are not allowed.");
    assert_fails(tried(sow_tensor_permute(t, (const int[]){0, 2}, &err)), SOW_ERROR_INDEX, err,
                 "Dimension out of range (expected to be in range of [-2, 1], but got 2)");
    sow_tensor_free(scalar);
    sow_tensor_free(t);
}

static void test_tensor_view__slice_and_select_refused(void **state)
{
    (void)state;
    sow_tensor *t = numbered(), *scalar = sow_empty(SOW_F32, 0, NULL, SOW_CPU, &err);
    assert_fails(tried(sow_tensor_slice(t, 0, 0, 1, 0, &err)), SOW_ERROR_RUNTIME, err,
                 "slice step must be positive");
    assert_fails(tried(sow_tensor_slice(t, 2, 0, 1, 1, &err)), SOW_ERROR_INDEX, err,
                 "Dimension out of range (expected to be in range of [-2, 1], but got 2)");
    assert_fails(tried(sow_tensor_slice(scalar, 0, 0, 1, 1, &err)), SOW_ERROR_INDEX, err,
                 "slice() cannot be applied to a 0-dim tensor.");
    assert_fails(tried(sow_tensor_select(t, 0, 4, &err)), SOW_ERROR_INDEX, err,
                 "select(): index 4 out of range for tensor of size [4, 5] at dimension 0");
    assert_fails(tried(sow_tensor_select(t, 1, -6, &err)), SOW_ERROR_INDEX, err,
                 "select(): index -6 out of range for tensor of size [4, 5] at dimension 1");
    assert_fails(tried(sow_tensor_select(scalar, 0, 0, &err)), SOW_ERROR_INDEX, err,
                 "select() cannot be applied to a 0-dim tensor.");
    sow_tensor_free(scalar);
    sow_tensor_free(t);
}

static sow_status try_as_strided(const sow_tensor *t, const int64_t *sizes, const int64_t *strides,
                                 int64_t offset)
{
    return tried(sow_tensor_as_strided(t, 2, sizes, strides, offset, &err));
}

static void test_tensor_view__as_strided_stays_in_the_storage(void **state)
{
    (void)state;
    sow_tensor *t = numbered();
    assert_int_equal(try_as_strided(t, SIZES(4, 5), SIZES(5, 1), 0), SOW_OK);
    assert_int_equal(try_as_strided(t, SIZES(0, 5), SIZES(5, 1), 100), SOW_OK);
    assert_fails(try_as_strided(t, SIZES(4, 6), SIZES(5, 1), 0), SOW_ERROR_RUNTIME, err,
                 "setStorage: sizes [4, 6], strides [5, 1], storage offset 0, and itemsize 4 "
                 "requiring a storage size of 84 are out of bounds for storage of size 80");
    assert_fails(try_as_strided(t, SIZES(4, 5), SIZES(5, 1), 1), SOW_ERROR_RUNTIME, err,
                 "setStorage: sizes [4, 5], strides [5, 1], storage offset 1, and itemsize 4 "
                 "requiring a storage size of 84 are out of bounds for storage of size 80");
    assert_fails(try_as_strided(t, SIZES(4, 5), SIZES(-5, 1), 0), SOW_ERROR_RUNTIME, err,
                 "as_strided: Negative strides are not supported at the moment, got strides: "
                 "[-5, 1]");
    assert_fails(try_as_strided(t, SIZES(4, 5), SIZES(5, 1), -1), SOW_ERROR_RUNTIME, err,
                 "Tensor: invalid storage offset -1");
    assert_fails(try_as_strided(t, SIZES(4, -5), SIZES(5, 1), 0), SOW_ERROR_RUNTIME, err,
                 "Trying to create tensor with negative dimension -5: [4, -5]");
    assert_fails(try_as_strided(t, SIZES((int64_t)1 << 62, (int64_t)1 << 62), SIZES(1, 1), 0),
                 SOW_ERROR_RUNTIME, err,
                 "Storage size calculation overflowed with sizes=[4611686018427387904, "
                 "4611686018427387904] and strides=[1, 1]");
    sow_tensor_free(t);
}

static void test_tensor_view__blob_larger_than_its_shape_can_be_reached(void **state)
{
    (void)state;
    float memory[10] = {0};
    sow_tensor *t = sow_from_blob(memory, sizeof memory, SOW_F32, 1, SIZES(4), NULL, &err);
    sow_tensor *v = sow_tensor_as_strided(t, 1, SIZES(5), SIZES(2), 1, &err);
    assert_non_null(v);
    assert_ptr_equal(sow_tensor_data(v), memory + 1);
    sow_tensor_free(v);
    sow_tensor_free(t);
}

static void test_tensor_view__odd_strides_of_empty_tensors_do_not_move(void **state)
{
    (void)state;
    sow_tensor *t =
        sow_empty_strided(SOW_F32, 2, SIZES(0, 5), SIZES(1, (int64_t)1 << 62), SOW_CPU, &err);
    assert_int_equal(tried(sow_tensor_select(t, 1, 4, &err)), SOW_OK);
    assert_int_equal(tried(sow_tensor_slice(t, 1, 3, 5, 2, &err)), SOW_OK);
    sow_tensor_free(t);
}

static void test_tensor_view__small_elements_have_no_views(void **state)
{
    (void)state;
    sow_tensor *t = sow_empty(SOW_F4, 2, SIZES(4, 4), SOW_CPU, &err);
    assert_fails(tried(sow_tensor_transpose(t, 0, 1, &err)), SOW_ERROR_UNSUPPORTED, err,
                 "f4: elements smaller than a byte have no views");
    sow_tensor_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_view__geometry),
        cmocka_unit_test(test_tensor_view__slices_as_python_does),
        cmocka_unit_test(test_tensor_view__view_of_a_view_shares_the_storage),
        cmocka_unit_test(test_tensor_view__dims_refused),
        cmocka_unit_test(test_tensor_view__slice_and_select_refused),
        cmocka_unit_test(test_tensor_view__as_strided_stays_in_the_storage),
        cmocka_unit_test(test_tensor_view__blob_larger_than_its_shape_can_be_reached),
        cmocka_unit_test(test_tensor_view__odd_strides_of_empty_tensors_do_not_move),
        cmocka_unit_test(test_tensor_view__small_elements_have_no_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
