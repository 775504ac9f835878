/* Recorded fills: what is run later equals what would have been run at once, and overwritten fills
 * fall out.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fill/tape.h"
#include "support.h"
#include <pthread.h>
#include <sow/sow.h>

/* A sequence of init calls on two tensors of one device. */
typedef void (*script)(sow_tensor *a, sow_tensor *b, sow_generator *g);

static void ok(sow_status status)
{
    assert_int_equal(status, SOW_OK);
}

static void overwrite(sow_tensor *a, sow_tensor *b, sow_generator *g)
{
    ok(sow_kaiming_uniform(a, 2.0, NULL, NULL, g, NULL));
    ok(sow_normal(b, 0, 1, g, NULL));
    ok(sow_normal(a, 0, 0.02, g, NULL));
    ok(sow_uniform(b, -1, 1, g, NULL));
}

static void row_of_zeros(sow_tensor *a, sow_tensor *b, sow_generator *g)
{
    ok(sow_normal(a, 0, 1, g, NULL));
    sow_tensor *row = sow_tensor_select(a, 0, 2, NULL);
    ok(sow_zeros(row, NULL));
    sow_tensor_free(row);
    ok(sow_eye(b, NULL));
}

static void strided(sow_tensor *a, sow_tensor *b, sow_generator *g)
{
    ok(sow_constant(a, 3, NULL));
    sow_tensor *columns = sow_tensor_slice(a, 1, 1, 1000, 2, NULL),
               *turned = sow_tensor_transpose(b, 0, 1, NULL);
    ok(sow_normal(columns, 0, 1, g, NULL));
    ok(sow_normal(turned, 0, 1, g, NULL));
    sow_tensor_free(columns);
    sow_tensor_free(turned);
}

static void rejection(sow_tensor *a, sow_tensor *b, sow_generator *g)
{
    ok(sow_trunc_normal(a, 0, 1, -1, 1, g, NULL));
    ok(sow_trunc_normal(b, 0, 1, 2, 3, g, NULL));
    ok(sow_trunc_normal(a, 0, 1, -0.8, 2, g, NULL));
}

static void matrices(sow_tensor *a, sow_tensor *b, sow_generator *g)
{
    ok(sow_orthogonal(a, 1.5, g, NULL));
    ok(sow_sparse(b, 0.4, 0.01, g, NULL));
}

static void copies(sow_tensor *a, sow_tensor *b, sow_generator *g)
{
    sow_error err;
    ok(sow_normal(a, 0, 1, g, NULL));
    sow_tensor *rows = sow_tensor_slice(a, 0, 0, sow_tensor_sizes(b)[0], 1, &err);
    sow_tensor *part = sow_tensor_slice(rows, 1, 0, sow_tensor_sizes(b)[1], 1, &err);
    ok(sow_tensor_copy(b, part, NULL));
    sow_tensor_free(part);
    sow_tensor_free(rows);
    ok(sow_uniform(a, 0, 1, g, NULL)); /* must not reach b */
}

/* Small odd fills, so that the cached normal of one is the first value of the next. */
static void carried_normal(sow_tensor *a, sow_tensor *b, sow_generator *g)
{
    for (int64_t n = 1; n < 6; n++) {
        sow_tensor *head = sow_tensor_slice(a, 0, 0, 1, 1, NULL),
                   *few = sow_tensor_slice(head, 1, 0, n, 1, NULL);
        ok(sow_normal(few, 0, 1, g, NULL));
        sow_tensor_free(few);
        sow_tensor_free(head);
    }
    ok(sow_normal(b, 0, 1, g, NULL));
    sow_tensor *rest = sow_tensor_slice(a, 0, 1, 1000, 1, NULL);
    ok(sow_normal(rest, 0, 1, g, NULL));
    sow_tensor_free(rest);
    sow_tensor *row = sow_tensor_select(a, 0, 0, NULL);
    ok(sow_normal(row, 0, 1, g, NULL));
    sow_tensor_free(row);
}

static void check(script run, sow_dtype dtype, const int64_t a_sizes[2], const int64_t b_sizes[2])
{
    sow_error err;
    sow_tensor *tensors[2][2];
    sow_generator *generators[2];
    uint8_t states[2][SOW_GENERATOR_STATE_BYTES], defaults[2][SOW_GENERATOR_STATE_BYTES];
    for (int d = 0; d < 2; d++) {
        sow_device device = d == 0 ? SOW_CPU : SOW_DEFERRED;
        tensors[d][0] = sow_empty(dtype, 2, a_sizes, device, &err);
        tensors[d][1] = sow_empty(dtype, 2, b_sizes, device, &err);
        generators[d] = sow_generator_new(&err);
        assert_non_null(generators[d]);
        ok(sow_generator_manual_seed(generators[d], 42, &err));
        ok(sow_generator_manual_seed(sow_default_generator(), 9, &err));
        run(tensors[d][0], tensors[d][1], generators[d]);
        ok(sow_generator_get_state(sow_default_generator(), defaults[d], &err));
    }
    for (int i = 0; i < 2; i++) {
        assert_null(sow_tensor_data(tensors[1][i]));
        assert_ok(sow_tensor_materialize(tensors[1][i], 2, &err), err);
        assert_same_bits(sow_tensor_data(tensors[1][i]), sow_tensor_data(tensors[0][i]),
                         (size_t)sow_tensor_numel(tensors[0][i]),
                         (size_t)sow_dtype_bits(dtype) / 8);
    }
    for (int d = 0; d < 2; d++) {
        ok(sow_generator_get_state(generators[d], states[d], &err));
        sow_tensor_free(tensors[d][0]);
        sow_tensor_free(tensors[d][1]);
        sow_generator_free(generators[d]);
    }
    assert_same_bits(states[1], states[0], sizeof states[0], 1);
    assert_same_bits(defaults[1], defaults[0], sizeof defaults[0], 1);
}

static void test_fill_tape__recorded_equals_run_at_once(void **state)
{
    (void)state;
    static const script scripts[] = {overwrite, row_of_zeros, strided,       rejection,
                                     matrices,  copies,       carried_normal};
    static const int64_t small[2] = {4, 6}, large[2] = {101, 67}, odd[2] = {5, 7};
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        check(scripts[i], SOW_F32, large, odd);
        check(scripts[i], SOW_F32, small, (const int64_t[]){3, 6});
        check(scripts[i], SOW_F64, large, (const int64_t[]){60, 67});
        if (scripts[i] != matrices) {
            check(scripts[i], SOW_BF16, large, odd);
        }
    }
}

static const sow__tape *tape_of(const sow_tensor *tensor)
{
    return tensor->storage->tape;
}

static void test_fill_tape__overwritten_fills_fall_out(void **state)
{
    (void)state;
    sow_error err;
    int64_t sizes[2] = {8, 8};
    sow_tensor *t = sow_empty(SOW_F32, 2, sizes, SOW_DEFERRED, &err);
    sow_generator *g = sow_generator_new(&err);
    ok(sow_normal(t, 0, 1, g, &err));
    ok(sow_normal(t, 0, 2, g, &err));
    assert_int_equal(tape_of(t)->n_records, 1);
    assert_int_equal(tape_of(t)->n_recorded, 2);
    assert_int_equal(tape_of(t)->records[0].place.position, 64);
    sow_tensor *turned = sow_tensor_transpose(t, 0, 1, &err);
    ok(sow_uniform(turned, 0, 1, g, &err));
    assert_int_equal(tape_of(t)->n_records, 1);
    sow_tensor *row = sow_tensor_select(t, 0, 0, &err);
    ok(sow_zeros(row, &err));
    assert_int_equal(tape_of(t)->n_records, 2);
    sow_tensor_free(row);
    sow_tensor_free(turned);
    sow_tensor_free(t);
    sow_generator_free(g);
}

static bool is_written(const sow_tensor *tensor)
{
    sow_error err;
    const sow_status status = sow__tape_check(tape_of(tensor), tensor, &err);
    if (status != SOW_OK) {
        assert_int_equal(status, SOW_ERROR_RUNTIME);
        assert_string_equal(err.message, "neither loaded nor initialised");
    }
    return status == SOW_OK;
}

static void test_fill_tape__coverage(void **state)
{
    (void)state;
    sow_error err;
    int64_t sizes[2] = {4, 5};
    sow_tensor *t = sow_empty(SOW_F32, 2, sizes, SOW_DEFERRED, &err);
    sow_tensor *even = sow_tensor_slice(t, 1, 0, 5, 2, &err),
               *odd = sow_tensor_slice(t, 1, 1, 5, 2, &err);
    assert_false(is_written(t));
    ok(sow_ones(even, &err));
    assert_true(is_written(even));
    assert_false(is_written(odd));
    assert_false(is_written(t));
    ok(sow_zeros(odd, &err));
    assert_true(is_written(t));
    sow_tensor_free(even);
    sow_tensor_free(odd);
    sow_tensor_free(t);
    sow_tensor *none = sow_empty(SOW_F32, 1, (const int64_t[]){0}, SOW_DEFERRED, &err);
    assert_true(is_written(none));
    sow_tensor_free(none);
}

static void test_fill_tape__a_copy_covers_what_its_source_had(void **state)
{
    (void)state;
    sow_error err;
    int64_t sizes[2] = {4, 5}, turned_sizes[2] = {5, 4};
    sow_tensor *s = sow_empty(SOW_F32, 2, sizes, SOW_DEFERRED, &err),
               *t = sow_empty(SOW_F32, 2, turned_sizes, SOW_DEFERRED, &err),
               *u = sow_empty(SOW_BF16, 2, turned_sizes, SOW_DEFERRED, &err);
    sow_tensor *turned = sow_tensor_transpose(s, 0, 1, &err),
               *row = sow_tensor_select(s, 0, 1, &err),
               *rest = sow_tensor_slice(s, 0, 2, 4, 1, &err),
               *column = sow_tensor_select(t, 1, 1, &err),
               *first = sow_tensor_select(t, 1, 0, &err),
               *first_two = sow_tensor_slice(t, 1, 0, 2, 1, &err),
               *last_two = sow_tensor_slice(t, 1, 2, 4, 1, &err),
               *of_u = sow_tensor_select(u, 1, 1, &err),
               *cpu = sow_empty(SOW_F32, 2, sizes, SOW_CPU, &err);
    ok(sow_ones(t, &err));
    assert_true(is_written(t));
    ok(sow_tensor_copy(t, turned, &err)); /* nothing comes over what was there */
    assert_false(is_written(t));
    ok(sow_normal(row, 0, 1, NULL, &err));
    assert_false(is_written(t));
    ok(sow_tensor_copy(t, turned, &err));
    ok(sow_tensor_copy(u, t, &err)); /* the parts go from copy to copy */
    assert_false(is_written(t));
    assert_true(is_written(column));
    ok(sow_zeros(first, &err));
    ok(sow_tensor_copy(last_two, first_two, &err));
    assert_true(is_written(t));
    assert_false(is_written(u));
    assert_true(is_written(of_u));
    ok(sow_ones(rest, &err));
    assert_false(is_written(s));
    assert_fails(sow_tensor_copy(cpu, s, &err), SOW_ERROR_RUNTIME, err,
                 "the source of a copy: neither loaded nor initialised");
    sow_tensor *const all[] = {s,      t,     u,         turned,   row,  rest,
                               column, first, first_two, last_two, of_u, cpu};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        sow_tensor_free(all[i]);
    }
}

static void test_fill_tape__meta_draws_nothing(void **state)
{
    (void)state;
    sow_error err;
    int64_t sizes[2] = {100, 100};
    sow_tensor *t = sow_empty(SOW_F32, 2, sizes, SOW_META, &err);
    sow_generator *g = sow_generator_new(&err);
    ok(sow_normal(t, 0, 1, g, &err));
    ok(sow_xavier_uniform(t, 1, g, &err));
    ok(sow_trunc_normal(t, 0, 1, -1, 1, g, &err));
    ok(sow_orthogonal(t, 1, g, &err));
    assert_int_equal(sow_generator_position(g), 0);
    sow_tensor_free(t);
    sow_generator_free(g);
}

/* Records once more, so that a shared tape is left for one of its own, and makes the values. */
static void *finish(void *tensor)
{
    sow_tensor *first = sow_tensor_select(tensor, 0, 0, NULL);
    const bool done = first != NULL && sow_constant(first, 7, NULL) == SOW_OK &&
                      sow_tensor_materialize(tensor, 1, NULL) == SOW_OK;
    sow_tensor_free(first);
    return done ? tensor : NULL;
}

/* Three storages hold one tape. What their threads do to it shows under ThreadSanitizer. */
static void test_fill_tape__copies_of_one_source_on_three_threads(void **state)
{
    (void)state;
    enum { n_tensors = 3, n_elements = 64 };
    sow_error err;
    const int64_t size = n_elements;
    sow_tensor *tensors[n_tensors];
    pthread_t threads[n_tensors];
    for (int i = 0; i < n_tensors; i++) {
        tensors[i] = sow_empty(SOW_F32, 1, &size, SOW_DEFERRED, &err);
        assert_non_null(tensors[i]);
    }
    assert_ok(sow_normal(tensors[0], 0, 1, NULL, &err), err);
    for (int i = 1; i < n_tensors; i++) {
        assert_ok(sow_tensor_copy(tensors[i], tensors[0], &err), err);
    }
    for (int i = 0; i < n_tensors; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, finish, tensors[i]), 0);
    }
    for (int i = 0; i < n_tensors; i++) {
        void *finished;
        assert_int_equal(pthread_join(threads[i], &finished), 0);
        assert_ptr_equal(finished, tensors[i]);
    }
    for (int i = 0; i < n_tensors; i++) {
        assert_same_bits(sow_tensor_data(tensors[i]), sow_tensor_data(tensors[0]), n_elements, 4);
    }
    for (int i = 0; i < n_tensors; i++) {
        sow_tensor_free(tensors[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fill_tape__recorded_equals_run_at_once),
        cmocka_unit_test(test_fill_tape__overwritten_fills_fall_out),
        cmocka_unit_test(test_fill_tape__coverage),
        cmocka_unit_test(test_fill_tape__a_copy_covers_what_its_source_had),
        cmocka_unit_test(test_fill_tape__meta_draws_nothing),
        cmocka_unit_test(test_fill_tape__copies_of_one_source_on_three_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
