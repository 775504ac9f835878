/* The strided, converting copy between cpu tensors.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/fields.h"

#include "tensor/tensor.h"
#include <sow/sow.h>

#define SIZES(...) ((const int64_t[]){__VA_ARGS__})

static sow_error err;

static int64_t place(const sow_tensor *t, int64_t i)
{
    int64_t at = t->offset;
    for (int d = t->n_dims - 1; d >= 0; d--) {
        at += i % t->sizes[d] * t->strides[d];
        i /= t->sizes[d];
    }
    return at;
}

/* Tensors of shape (7, 9, 11) in several layouts. */
static sow_tensor *layout(int kind, sow_dtype dtype)
{
    static const int64_t strides[][3] = {
        {99, 11, 1},  {1, 7, 63},   {11, 77, 1},  {400, 20, 1},
        {1, 20, 400}, {198, 22, 2}, {3, 31, 300},
    };
    if ((size_t)kind >= sizeof strides / sizeof *strides) {
        return NULL;
    }
    return sow_empty_strided(dtype, 3, SIZES(7, 9, 11), strides[kind], SOW_CPU, &err);
}

static void check_copy(sow_tensor *target, const sow_tensor *source)
{
    float *in = source->storage->data;
    double *out = target->storage->data;
    for (uint64_t i = 0; i < source->storage->numel; i++) {
        in[i] = -1;
    }
    for (uint64_t i = 0; i < target->storage->numel; i++) {
        out[i] = -2;
    }
    for (int64_t i = 0; i < source->numel; i++) {
        in[place(source, i)] = (float)i;
    }
    assert_ok(sow__tensor_copy_cpu(target, source, &err), err);
    int64_t n_untouched = 0;
    for (uint64_t i = 0; i < target->storage->numel; i++) {
        n_untouched += out[i] == -2;
    }
    assert_int_equal(n_untouched, (int64_t)target->storage->numel - target->numel);
    for (int64_t i = 0; i < target->numel; i++) {
        if (out[place(target, i)] != (double)i) {
            fail_msg("element %lld: got %g", (long long)i, out[place(target, i)]);
        }
    }
}

static void test_tensor_copy__between_all_layouts(void **state)
{
    (void)state;
    sow_tensor *target, *source;
    for (int a = 0; (target = layout(a, SOW_F64)) != NULL; a++) {
        for (int b = 0; (source = layout(b, SOW_F32)) != NULL; b++) {
            check_copy(target, source);
            sow_tensor_free(source);
        }
        sow_tensor_free(target);
    }
}

static void test_tensor_copy__same_type_keeps_every_bit(void **state)
{
    (void)state;
    /* signalling NaNs with a payload */
    static const uint32_t bits[6] = {0x7F800001, 0xFFA12345, 0x80000000, 1, 0x7FC00000, 0xFFFFFFFF};
    sow_tensor *a = sow_empty(SOW_F32, 2, SIZES(2, 3), SOW_CPU, &err);
    sow_tensor *b = sow_empty_strided(SOW_F32, 2, SIZES(2, 3), SIZES(1, 2), SOW_CPU, &err);
    memcpy(sow_tensor_data(a), bits, sizeof bits);
    assert_ok(sow__tensor_copy_cpu(b, a, &err), err);
    memset(sow_tensor_data(a), 0, sizeof bits);
    assert_ok(sow__tensor_copy_cpu(a, b, &err), err);
    assert_same_bits(sow_tensor_data(a), bits, 6, sizeof *bits);
    assert_ok(sow__tensor_copy_cpu(a, a, &err), err);
    assert_same_bits(sow_tensor_data(a), bits, 6, sizeof *bits);
    sow_tensor_free(b);
    sow_tensor_free(a);
}

static void test_tensor_copy__carried_types(void **state)
{
    (void)state;
    sow_tensor *a = sow_empty(SOW_F8_E4M3, 2, SIZES(2, 3), SOW_CPU, &err);
    sow_tensor *t = sow_tensor_transpose(a, 0, 1, &err);
    sow_tensor *b = sow_empty(SOW_F8_E4M3, 2, SIZES(3, 2), SOW_CPU, &err);
    sow_tensor *f = sow_empty(SOW_F32, 1, SIZES(4), SOW_CPU, &err);
    memcpy(sow_tensor_data(a), "abcdef", 6);
    assert_ok(sow__tensor_copy_cpu(b, t, &err), err);
    assert_memory_equal(sow_tensor_data(b), "adbecf", 6);
    sow_tensor *c = sow_empty(SOW_F4, 1, SIZES(4), SOW_CPU, &err);
    sow_tensor *d = sow_empty(SOW_F4, 1, SIZES(4), SOW_CPU, &err);
    memcpy(sow_tensor_data(c), "xy", 2);
    assert_ok(sow__tensor_copy_cpu(d, c, &err), err);
    assert_memory_equal(sow_tensor_data(d), "xy", 2);
    assert_fails(sow__tensor_copy_cpu(f, d, &err), SOW_ERROR_UNSUPPORTED, err,
                 "copy: f4 can not be converted to f32");
    sow_tensor *const all[] = {a, t, b, f, c, d};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        sow_tensor_free(all[i]);
    }
}

static void test_tensor_copy__refused(void **state)
{
    (void)state;
    sow_tensor *a = sow_empty(SOW_F32, 2, SIZES(2, 3), SOW_CPU, &err);
    sow_tensor *b = sow_empty(SOW_F32, 2, SIZES(3, 2), SOW_CPU, &err);
    sow_tensor *m = sow_empty(SOW_F32, 2, SIZES(2, 3), SOW_META, &err);
    assert_fails(sow__tensor_copy_cpu(a, b, &err), SOW_ERROR_RUNTIME, err,
                 "copy: target has shape [2, 3], source [3, 2]");
    assert_fails(sow__tensor_copy_cpu(a, m, &err), SOW_ERROR_RUNTIME, err,
                 "copy: meta to cpu has no values to copy");
    sow_tensor_free(a);
    sow_tensor_free(b);
    sow_tensor_free(m);
}

static void test_tensor_copy__no_elements(void **state)
{
    (void)state;
    sow_tensor *a = sow_empty(SOW_F32, 2, SIZES(0, 3), SOW_CPU, &err);
    sow_tensor *b = sow_empty(SOW_I8, 2, SIZES(0, 3), SOW_CPU, &err);
    assert_ok(sow__tensor_copy_cpu(a, b, &err), err);
    sow_tensor_free(a);
    sow_tensor_free(b);
}

/* ---- between views of one storage, against torch ---- */

#define STORAGE_ELEMENTS 24

typedef struct view_pair {
    int n_dims;
    int64_t sizes[4], strides[2][4], offset[2]; /* target, source */
    char *answer;
} view_pair;

static void read_pair(char *line, view_pair *pair)
{
    char *fields[6];
    split_fields(line, fields, 6);
    pair->n_dims = read_numbers(fields[0], pair->sizes, 4);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(read_numbers(fields[1 + 2 * i], pair->strides[i], 4), pair->n_dims);
        assert_int_equal(read_numbers(fields[2 + 2 * i], &pair->offset[i], 1), 1);
    }
    pair->answer = fields[5] + 1;
    pair->answer[strcspn(pair->answer, "\n")] = '\0';
}

static sow_tensor *random_storage(sow_device device)
{
    sow_tensor *storage = sow_empty(SOW_F64, 1, SIZES(STORAGE_ELEMENTS), device, &err);
    assert_ok(sow_generator_manual_seed(sow_default_generator(), 3, &err), err);
    assert_ok(sow_uniform(storage, 0, 1, NULL, &err), err);
    return storage;
}

/* The answer's numbers say which element of before came where. */
static void compare(sow_tensor *storage, const view_pair *pair)
{
    int64_t from[STORAGE_ELEMENTS];
    double expected[STORAGE_ELEMENTS];
    sow_tensor *before = random_storage(SOW_CPU);
    assert_int_equal(read_numbers(pair->answer, from, STORAGE_ELEMENTS), STORAGE_ELEMENTS);
    for (int i = 0; i < STORAGE_ELEMENTS; i++) {
        expected[i] = ((const double *)sow_tensor_data(before))[from[i]];
    }
    assert_ok(sow_tensor_materialize(storage, 1, &err), err);
    assert_same_bits(sow_tensor_data(storage), expected, STORAGE_ELEMENTS, 8);
    sow_tensor_free(before);
}

static void copy_pair(const view_pair *pair, sow_device device)
{
    sow_tensor *storage = random_storage(device), *views[2];
    for (int i = 0; i < 2; i++) {
        views[i] = sow_tensor_as_strided(storage, pair->n_dims, pair->sizes, pair->strides[i],
                                         pair->offset[i], &err);
        assert_non_null(views[i]);
    }
    if (strncmp(pair->answer, "unsupported", 11) == 0) {
        assert_fails(sow_tensor_copy(views[0], views[1], &err), SOW_ERROR_RUNTIME, err,
                     pair->answer);
    } else {
        assert_ok(sow_tensor_copy(views[0], views[1], &err), err);
        compare(storage, pair);
    }
    sow_tensor_free(views[0]);
    sow_tensor_free(views[1]);
    sow_tensor_free(storage);
}

static void test_tensor_copy__within_a_storage_as_torch(void **state)
{
    (void)state;
    char line[1024];
    int n = 0;
    FILE *file = fopen(SOW_SOURCE_DIR "/tests/tensor/vectors/copies.txt", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        view_pair pair;
        if (line[0] != '#') {
            read_pair(line, &pair);
            copy_pair(&pair, SOW_CPU);
            copy_pair(&pair, SOW_DEFERRED);
            n++;
        }
    }
    fclose(file);
    assert_int_equal(n, 375);
}

/* Two storages on one memory, of two types. */
static void test_tensor_copy__storages_that_share_memory(void **state)
{
    (void)state;
    double memory[8];
    float *values = (float *)memory;
    for (int i = 0; i < 8; i++) {
        values[i] = (float)i;
    }
    sow_tensor *target = sow_from_blob(memory, sizeof memory, SOW_F64, 1, SIZES(8), NULL, &err);
    sow_tensor *source = sow_from_blob(memory, sizeof memory, SOW_F32, 1, SIZES(8), NULL, &err);
    assert_ok(sow_tensor_copy(target, source, &err), err);
    for (int i = 0; i < 8; i++) {
        assert_true(memory[i] == i);
    }
    sow_tensor_free(target);
    sow_tensor_free(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_copy__between_all_layouts),
        cmocka_unit_test(test_tensor_copy__same_type_keeps_every_bit),
        cmocka_unit_test(test_tensor_copy__carried_types),
        cmocka_unit_test(test_tensor_copy__refused),
        cmocka_unit_test(test_tensor_copy__no_elements),
        cmocka_unit_test(test_tensor_copy__within_a_storage_as_torch),
        cmocka_unit_test(test_tensor_copy__storages_that_share_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
