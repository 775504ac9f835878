/* Element order against what torch said about many layouts, and scatter and gather over it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/fields.h"

#include "tensor/tensor.h"

#define LAYOUTS SOW_SOURCE_DIR "/tests/tensor/vectors/layouts.txt"
#define MOST_ELEMENTS 16384
#define LINE_SIZE (8 * MOST_ELEMENTS)

static sow_error err;

typedef struct layout {
    const char *name;
    int n_dims;
    int64_t sizes[SOW_MAX_DIMS], strides[SOW_MAX_DIMS], offset;
    int n_ranks;
    int64_t ranks[MOST_ELEMENTS]; /* of every element of the storage */
} layout;

/* Splits "name | sizes | strides | offset | ranks". */
static void read_layout(char *line, layout *out)
{
    char *fields[5];
    split_fields(line, fields, 5);
    out->name = fields[0];
    out->n_dims = read_numbers(fields[1], out->sizes, SOW_MAX_DIMS);
    assert_int_equal(read_numbers(fields[2], out->strides, SOW_MAX_DIMS), out->n_dims);
    assert_int_equal(read_numbers(fields[3], &out->offset, 1), 1);
    out->n_ranks = read_numbers(fields[4], out->ranks, MOST_ELEMENTS);
}

/* A view of a fresh storage of that layout. */
static sow_tensor *tensor_of(const layout *l, sow_dtype dtype)
{
    int64_t extent = l->n_ranks;
    sow_tensor *storage = sow_empty(dtype, 1, &extent, SOW_CPU, &err);
    assert_non_null(storage);
    sow_tensor *view =
        sow_tensor_as_strided(storage, l->n_dims, l->sizes, l->strides, l->offset, &err);
    assert_non_null(view);
    sow_tensor_free(storage);
    return view;
}

static int for_each_layout(void (*check)(const layout *l))
{
    static char line[LINE_SIZE];
    static layout l;
    FILE *file = fopen(LAYOUTS, "r");
    assert_non_null(file);
    int n = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] != '#') {
            read_layout(line, &l);
            check(&l);
            n++;
        }
    }
    fclose(file);
    return n;
}

static void check_ranks(const layout *l)
{
    sow_tensor *t = tensor_of(l, SOW_I64);
    static int64_t draws[MOST_ELEMENTS];
    int64_t *data = t->storage->data;
    for (int64_t i = 0; i < t->numel; i++) {
        draws[i] = i;
    }
    memset(data, 0xFF, (size_t)l->n_ranks * sizeof *data);
    sow__order order;
    sow__tensor_order(t, &order);
    assert_int_equal(order.numel, t->numel);
    sow__order_scatter(&order, data, sizeof *data, 0, t->numel, draws);
    for (int i = 0; i < l->n_ranks; i++) {
        if (data[i] != l->ranks[i]) {
            fail_msg("%s: element %d of the storage: expected draw %lld, got %lld", l->name, i,
                     (long long)l->ranks[i], (long long)data[i]);
        }
    }
    sow_tensor_free(t);
}

static void test_tensor_order__same_as_torch(void **state)
{
    (void)state;
    assert_true(for_each_layout(check_ranks) >= 280);
}

/* The place of logical element i, by the definition of strides. */
static int64_t logical_place(const sow_tensor *t, int64_t i)
{
    int64_t place = t->offset;
    for (int d = t->n_dims - 1; d >= 0; d--) {
        place += i % t->sizes[d] * t->strides[d];
        i /= t->sizes[d];
    }
    return place;
}

static void check_logical(const layout *l)
{
    sow_tensor *t = tensor_of(l, SOW_I64);
    static int64_t read[MOST_ELEMENTS];
    int64_t *data = t->storage->data;
    for (int i = 0; i < l->n_ranks; i++) {
        data[i] = i;
    }
    sow__order order;
    sow__tensor_logical_order(t, &order);
    sow__order_gather(&order, data, sizeof *data, 0, t->numel, read);
    for (int64_t i = 0; i < t->numel; i++) {
        if (read[i] != logical_place(t, i)) {
            fail_msg("%s: logical element %lld: expected place %lld, got %lld", l->name,
                     (long long)i, (long long)logical_place(t, i), (long long)read[i]);
        }
    }
    sow_tensor_free(t);
}

static void test_tensor_order__logical_is_row_major(void **state)
{
    (void)state;
    assert_true(for_each_layout(check_logical) >= 280);
}

static void check_pieces_of(const layout *l, size_t element_bytes, int64_t piece)
{
    sow_tensor *t = tensor_of(l, SOW_C128);
    size_t storage_bytes = (size_t)l->n_ranks * element_bytes;
    static unsigned char whole[MOST_ELEMENTS * 16], pieces[MOST_ELEMENTS * 16],
        back[MOST_ELEMENTS * 16];
    static unsigned char buffer[MOST_ELEMENTS * 16];
    for (size_t i = 0; i < (size_t)t->numel * element_bytes; i++) {
        buffer[i] = (unsigned char)(i * 7 + i / 251);
    }
    memset(whole, 0xAA, storage_bytes);
    memset(pieces, 0xAA, storage_bytes);
    sow__order order;
    sow__tensor_order(t, &order);
    sow__order_scatter(&order, whole, element_bytes, 0, t->numel, buffer);
    sow__order_gather(&order, whole, element_bytes, 0, t->numel, back);
    for (int64_t first = 0; first < t->numel; first += piece) {
        int64_t n = t->numel - first < piece ? t->numel - first : piece;
        size_t at = (size_t)first * element_bytes;
        static unsigned char got[MOST_ELEMENTS * 16];
        sow__order_scatter(&order, pieces, element_bytes, first, n, buffer + at);
        sow__order_gather(&order, whole, element_bytes, first, n, got);
        assert_same_bits(got, back + at, (size_t)n, element_bytes);
    }
    assert_same_bits(pieces, whole, (size_t)l->n_ranks, element_bytes);
    sow_tensor_free(t);
}

static void check_pieces(const layout *l)
{
    for (size_t bytes = 1; bytes <= 16; bytes *= 2) {
        check_pieces_of(l, bytes, 1);
        check_pieces_of(l, bytes, 7);
    }
}

static void test_tensor_order__pieces_are_the_whole(void **state)
{
    (void)state;
    assert_true(for_each_layout(check_pieces) >= 280);
}

static sow__order order_of(int n_dims, const int64_t *sizes, const int64_t *strides)
{
    sow__order order;
    sow_tensor *t = sow_empty_strided(SOW_F32, n_dims, sizes, strides, SOW_META, &err);
    assert_non_null(t);
    sow__tensor_order(t, &order);
    sow_tensor_free(t);
    return order;
}

#define SIZES(...) ((const int64_t[]){__VA_ARGS__})

static void test_tensor_order__dense_tensors_are_one_run(void **state)
{
    (void)state;
    sow__order order = order_of(3, SIZES(2, 3, 4), SIZES(12, 4, 1));
    assert_true(sow__order_is_dense(&order));
    order = order_of(3, SIZES(2, 3, 4), SIZES(1, 2, 6));
    assert_true(sow__order_is_dense(&order));
    assert_int_equal(order.n_dims, 1);
    assert_int_equal(order.sizes[0], 24);
    order = order_of(2, SIZES(4, 3), SIZES(6, 2));
    assert_false(sow__order_is_dense(&order));
    assert_int_equal(order.n_dims, 1);
    order = order_of(2, SIZES(4, 3), SIZES(4, 1));
    assert_false(sow__order_is_dense(&order));
    assert_int_equal(order.n_dims, 2);
    order = order_of(2, SIZES(0, 3), SIZES(3, 1));
    assert_true(sow__order_is_dense(&order));
    assert_int_equal(order.numel, 0);
    order = order_of(2, SIZES(1, 1), SIZES(3, 9));
    assert_true(sow__order_is_dense(&order));
    assert_int_equal(order.n_dims, 0);
    assert_int_equal(order.numel, 1);
}

static bool overlaps(int n_dims, const int64_t *sizes, const int64_t *strides)
{
    sow_tensor *t = sow_empty_strided(SOW_F32, n_dims, sizes, strides, SOW_META, &err);
    bool result = sow__tensor_overlaps(t);
    sow_tensor_free(t);
    return result;
}

static void test_tensor_order__overlap_is_a_stride_of_0(void **state)
{
    (void)state;
    assert_true(overlaps(2, SIZES(2, 3), SIZES(0, 1)));
    assert_false(overlaps(2, SIZES(1, 3), SIZES(0, 1)));
    assert_false(overlaps(2, SIZES(2, 0), SIZES(0, 1)));
    assert_false(overlaps(2, SIZES(2, 3), SIZES(1, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_order__same_as_torch),
        cmocka_unit_test(test_tensor_order__logical_is_row_major),
        cmocka_unit_test(test_tensor_order__pieces_are_the_whole),
        cmocka_unit_test(test_tensor_order__dense_tensors_are_one_run),
        cmocka_unit_test(test_tensor_order__overlap_is_a_stride_of_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
