/* Plans: the file is the same whoever makes it, nothing unfilled gets into it, and failures leave
 * nothing.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"
#include <math.h>
#include <sow/sow.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/sow-plan-XXXXXX";

static const char *path_of(const char *name)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void ok(sow_status status)
{
    assert_int_equal(status, SOW_OK);
}

static sow_tensor *add(sow_state_dict *state, const char *name, sow_dtype dtype, int64_t rows,
                       int64_t cols)
{
    sow_error err;
    sow_tensor *t = sow_empty(dtype, 2, (const int64_t[]){rows, cols}, SOW_DEFERRED, &err);
    assert_non_null(t);
    assert_ok(sow_state_dict_add(state, name, t, &err), err);
    sow_tensor_free(t); /* the state dict keeps it; the pointer stays good while it does */
    return t;
}

/* Every kind of entry: streamed, rejected, whole, copied, empty, with a zero row, in memory. */
static sow_state_dict *make_state(void)
{
    sow_error err;
    sow_state_dict *state = sow_state_dict_new(&err);
    sow_generator *g = sow_generator_new(&err);
    ok(sow_generator_manual_seed(g, 42, &err));
    ok(sow_generator_manual_seed(sow_default_generator(), 1, &err));
    sow_tensor *big = add(state, "z.big", SOW_F32, 301, 333);
    ok(sow_normal(big, 0, 1, g, &err));
    ok(sow_normal(big, 0, 0.02, g, &err));
    sow_tensor *half = add(state, "half", SOW_BF16, 77, 91);
    ok(sow_trunc_normal(half, 0, 1, -1, 1, g, &err));
    sow_tensor *q = add(state, "q", SOW_F32, 40, 30);
    ok(sow_orthogonal(q, 1, g, &err));
    ok(sow_sparse(add(state, "holes", SOW_F32, 50, 20), 0.3, 0.01, g, &err));
    sow_tensor *table = add(state, "table", SOW_F64, 40, 30);
    ok(sow_normal(table, 0, 1, g, &err));
    sow_tensor *row = sow_tensor_select(table, 0, 3, &err);
    ok(sow_zeros(row, &err));
    sow_tensor_free(row);
    ok(sow_tensor_copy(add(state, "copy", SOW_F16, 301, 333), big, &err));
    ok(sow_ones(add(state, "none", SOW_F32, 0, 5), &err));
    ok(sow_eye(add(state, "eye", SOW_F32, 65, 64), &err));
    sow_tensor *real = sow_empty(SOW_F32, 1, (const int64_t[]){3}, SOW_CPU, &err);
    ok(sow_constant(real, 2.5, &err));
    ok(sow_state_dict_add(state, "real", real, &err));
    sow_tensor_free(real);
    sow_generator_free(g);
    return state;
}

static unsigned char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    unsigned char *data = malloc(1 << 22);
    *size = fread(data, 1, 1 << 22, f);
    fclose(f);
    return data;
}

static void write_plan(const sow_plan *plan, const char *path, int n_threads, size_t piece_bytes)
{
    sow_error err;
    sow_run_options options = {.n_threads = n_threads, .piece_bytes = piece_bytes, .force = true};
    assert_ok(sow_plan_write(plan, path, &options, &err), err);
}

static void test_plan_run__same_file_for_any_threads_and_pieces(void **state_)
{
    (void)state_;
    sow_error err;
    sow_state_dict *state = make_state();
    sow_plan *plan = sow_plan_new(state, &err);
    assert_non_null(plan);
    write_plan(plan, path_of("one"), 1, 0);
    size_t n, m;
    unsigned char *expected = read_file(path_of("one"), &n);
    static const size_t pieces[] = {256, 1024, 100000};
    for (int threads = 1; threads <= 5; threads++) {
        write_plan(plan, path_of("other"), threads, pieces[threads % 3]);
        unsigned char *got = read_file(path_of("other"), &m);
        assert_int_equal(m, n);
        assert_same_bits(got, expected, n, 1);
        free(got);
    }
    free(expected);
    sow_plan_free(plan);
    sow_state_dict_free(state);
}

/* The file holds what materializing the same tensors gives. */
static void test_plan_run__memory_equals_file(void **state_)
{
    (void)state_;
    sow_error err;
    sow_state_dict *state = make_state();
    sow_plan *plan = sow_plan_new(state, &err);
    write_plan(plan, path_of("file"), 2, 0);
    assert_ok(sow_plan_run(plan, NULL, &err), err);
    sow_safetensors *file = sow_safetensors_open(path_of("file"), &err);
    assert_non_null(file);
    for (size_t i = 0; i < sow_state_dict_count(state); i++) {
        const sow_safetensors_tensor *entry =
            sow_safetensors_find(file, sow_state_dict_name(state, i));
        sow_tensor *t = sow_state_dict_tensor(state, i);
        size_t n = sow_tensor_n_bytes(t);
        unsigned char *values = malloc(n + 1);
        assert_ok(sow_safetensors_read(file, entry, 0, values, n, &err), err);
        assert_same_bits(sow_tensor_data(t), values, n, 1);
        free(values);
    }
    sow_safetensors_close(file);
    sow_plan_free(plan);
    sow_state_dict_free(state);
}

static void test_plan_check__unfilled_tensor_is_refused(void **state_)
{
    (void)state_;
    sow_error err;
    sow_state_dict *state = sow_state_dict_new(&err);
    sow_tensor *t = add(state, "layer.weight", SOW_F32, 4, 4);
    sow_tensor *row = sow_tensor_select(t, 0, 0, &err);
    ok(sow_zeros(row, &err));
    sow_tensor_free(row);
    sow_plan *plan = sow_plan_new(state, &err);
    assert_fails(sow_plan_write(plan, path_of("never"), NULL, &err), SOW_ERROR_RUNTIME, err,
                 "layer.weight: neither loaded nor initialised");
    assert_int_equal(access(path_of("never"), F_OK), -1);
    sow_plan_free(plan);
    sow_state_dict_free(state);
}

/* Without a look at its elements, which no memory would hold. */
static void test_plan_check__unfilled_tensor_of_any_size_is_refused(void **state_)
{
    (void)state_;
    sow_error err;
    sow_state_dict *state = sow_state_dict_new(&err);
    add(state, "t", SOW_F32, (int64_t)1 << 30, (int64_t)1 << 20);
    sow_plan *plan = sow_plan_new(state, &err);
    assert_non_null(plan);
    assert_fails(sow_plan_check(plan, &err), SOW_ERROR_RUNTIME, err,
                 "t: neither loaded nor initialised");
    sow_plan_free(plan);
    sow_state_dict_free(state);
}

static void test_plan_check__copy_of_an_unfilled_tensor_is_refused(void **state_)
{
    (void)state_;
    sow_error err;
    sow_state_dict *state = sow_state_dict_new(&err);
    sow_tensor *t = add(state, "t", SOW_F32, 4, 4);
    sow_tensor *source = sow_empty(SOW_F32, 2, (const int64_t[]){4, 4}, SOW_DEFERRED, &err);
    ok(sow_ones(t, &err));
    ok(sow_tensor_copy(t, source, &err));
    ok(sow_ones(source, &err)); /* too late for the copy */
    sow_plan *plan = sow_plan_new(state, &err);
    assert_fails(sow_plan_check(plan, &err), SOW_ERROR_RUNTIME, err,
                 "t: neither loaded nor initialised");
    sow_plan_free(plan);
    sow_tensor_free(source);
    sow_state_dict_free(state);
}

static void test_plan_new__meta_tensor_is_refused(void **state_)
{
    (void)state_;
    sow_error err;
    sow_state_dict *state = sow_state_dict_new(&err);
    sow_tensor *t = sow_empty(SOW_F32, 0, NULL, SOW_META, &err);
    ok(sow_state_dict_add(state, "x", t, &err));
    sow_tensor_free(t);
    assert_null(sow_plan_new(state, &err));
    assert_string_equal(err.message, "x: a meta tensor has no values to write");
    sow_state_dict_free(state);
}

/* A plan is what was recorded when it was made. */
static void test_plan_new__later_fills_do_not_reach_it(void **state_)
{
    (void)state_;
    sow_error err;
    sow_state_dict *state = sow_state_dict_new(&err);
    sow_tensor *t = add(state, "t", SOW_F32, 2, 2);
    ok(sow_ones(t, &err));
    sow_plan *plan = sow_plan_new(state, &err);
    ok(sow_zeros(t, &err));
    assert_string_equal(sow_plan_at(plan, 0)->fill, "constant(1)");
    write_plan(plan, path_of("ones"), 1, 0);
    sow_safetensors *file = sow_safetensors_open(path_of("ones"), &err);
    float values[4];
    ok(sow_safetensors_read(file, sow_safetensors_at(file, 0), 0, values, sizeof values, &err));
    assert_true(values[3] == 1.0f);
    sow_safetensors_close(file);
    sow_plan_free(plan);
    sow_state_dict_free(state);
}

static void test_plan_copy_from__bytes_and_dtype_of_the_file(void **state_)
{
    (void)state_;
    sow_error err;
    sow_state_dict *state = make_state();
    sow_plan *plan = sow_plan_new(state, &err);
    write_plan(plan, path_of("source"), 1, 0);
    sow_safetensors *file = sow_safetensors_open(path_of("source"), &err);
    sow_state_dict *target = sow_state_dict_new(&err);
    add(target, "weight", SOW_F32, 77, 91);
    sow_plan *copy = sow_plan_new(target, &err);
    const sow_safetensors_tensor *half = sow_safetensors_find(file, "half");
    char message[512];
    snprintf(message, sizeof message, "weight: eye in %s has another shape", path_of("source"));
    assert_fails(sow_plan_copy_from(copy, 0, file, sow_safetensors_find(file, "eye"), &err),
                 SOW_ERROR_VALUE, err, message);
    assert_ok(sow_plan_copy_from(copy, 0, file, half, &err), err);
    assert_int_equal(sow_plan_at(copy, 0)->dtype, SOW_BF16);
    assert_int_equal(sow_plan_at(copy, 0)->action, SOW_PLAN_COPY);
    write_plan(copy, path_of("target"), 2, 256);
    sow_safetensors *written = sow_safetensors_open(path_of("target"), &err);
    unsigned char a[77 * 91 * 2], b[sizeof a];
    ok(sow_safetensors_read(file, half, 0, a, sizeof a, &err));
    ok(sow_safetensors_read(written, sow_safetensors_at(written, 0), 0, b, sizeof b, &err));
    assert_same_bits(b, a, sizeof a, 1);
    sow_safetensors_close(written);
    sow_plan_free(copy);
    sow_state_dict_free(target);
    sow_safetensors_close(file);
    sow_plan_free(plan);
    sow_state_dict_free(state);
}

/* The file got shorter since it was opened: the tensor keeps its record, and a new plan fills it.
 */
static void test_plan_run__a_read_that_fails_leaves_the_record(void **state_)
{
    (void)state_;
    sow_error err;
    sow_state_dict *state = sow_state_dict_new(&err);
    sow_tensor *t = add(state, "w", SOW_F32, 100, 100);
    ok(sow_ones(t, &err));
    sow_plan *plan = sow_plan_new(state, &err);
    write_plan(plan, path_of("shorter"), 1, 0);
    sow_safetensors *file = sow_safetensors_open(path_of("shorter"), &err);
    assert_ok(sow_plan_copy_from(plan, 0, file, sow_safetensors_at(file, 0), &err), err);
    assert_int_equal(truncate(path_of("shorter"), 2000), 0);
    assert_int_equal(sow_plan_run(plan, NULL, &err), SOW_ERROR_IO);
    assert_int_equal(sow_tensor_device(t), SOW_DEFERRED);
    sow_plan *again = sow_plan_new(state, &err);
    assert_int_equal(sow_plan_at(again, 0)->action, SOW_PLAN_FILL);
    assert_ok(sow_plan_run(again, NULL, &err), err);
    assert_true(((const float *)sow_tensor_data(t))[9999] == 1.0f);
    sow_plan_free(again);
    sow_safetensors_close(file);
    sow_plan_free(plan);
    sow_state_dict_free(state);
}

static bool cancel_after_some(void *user)
{
    return __atomic_fetch_add((int *)user, 1, __ATOMIC_RELAXED) > 5;
}

static void test_plan_write__cancelled_leaves_nothing(void **state_)
{
    (void)state_;
    sow_error err;
    sow_state_dict *state = make_state();
    sow_plan *plan = sow_plan_new(state, &err);
    for (int threads = 1; threads < 4; threads++) {
        int asked = 0;
        sow_run_options options = {.n_threads = threads,
                                   .piece_bytes = 256,
                                   .cancelled = cancel_after_some,
                                   .user = &asked};
        assert_fails(sow_plan_write(plan, path_of("cancelled"), &options, &err),
                     SOW_ERROR_CANCELLED, err, "stopped on request");
        assert_int_equal(access(path_of("cancelled"), F_OK), -1);
    }
    sow_plan_free(plan);
    sow_state_dict_free(state);
}

static void test_plan_describe__says_what_is_known(void **state_)
{
    (void)state_;
    sow_error err;
    sow_state_dict *state = make_state();
    sow_plan *plan = sow_plan_new(state, &err);
    const sow_plan_entry *big = sow_plan_at(plan, 0);
    assert_string_equal(big->name, "z.big");
    assert_string_equal(big->initializer, "normal");
    assert_string_equal(big->fill, "normal(0, 0.02)");
    assert_true(big->draws && big->seed == 42 && big->exact);
    assert_int_equal(big->position, 301 * 333 + 16);
    assert_int_equal(big->n_words, 301 * 333 + 16);
    assert_true(big->mean == 0 && big->std == 0.02);
    const sow_plan_entry *table = sow_plan_at(plan, 4);
    assert_string_equal(table->initializer, "normal + zeros");
    assert_true(fabs(table->std - sqrt(39.0 / 40)) < 1e-12);
    assert_false(sow_plan_at(plan, 2)->exact);
    assert_string_equal(sow_plan_at(plan, 5)->fill, "normal(0, 0.02)");
    assert_int_equal(sow_plan_at(plan, 8)->action, SOW_PLAN_KEEP);
    assert_null(sow_plan_at(plan, 9));
    sow_plan_totals totals;
    sow_plan_get_totals(plan, &totals);
    assert_int_equal(totals.n_tensors, 9);
    assert_true(totals.n_recorded > totals.n_fills);
    sow_plan_free(plan);
    sow_state_dict_free(state);
}

static int make_folder(void **state_)
{
    (void)state_;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state_)
{
    (void)state_;
    static const char *const names[] = {"one", "other", "file", "ones", "source", "target"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        unlink(path_of(names[i]));
    }
    return rmdir(folder); /* fails when something else was left there */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_run__same_file_for_any_threads_and_pieces),
        cmocka_unit_test(test_plan_run__memory_equals_file),
        cmocka_unit_test(test_plan_check__unfilled_tensor_is_refused),
        cmocka_unit_test(test_plan_check__unfilled_tensor_of_any_size_is_refused),
        cmocka_unit_test(test_plan_check__copy_of_an_unfilled_tensor_is_refused),
        cmocka_unit_test(test_plan_new__meta_tensor_is_refused),
        cmocka_unit_test(test_plan_new__later_fills_do_not_reach_it),
        cmocka_unit_test(test_plan_copy_from__bytes_and_dtype_of_the_file),
        cmocka_unit_test(test_plan_run__a_read_that_fails_leaves_the_record),
        cmocka_unit_test(test_plan_write__cancelled_leaves_nothing),
        cmocka_unit_test(test_plan_describe__says_what_is_known),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
