/* A limit of memory: pieces get shorter, workers fewer, and what can not be made within it is
 * refused beforehand; the file is the same.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "plan/budget.h"
#include <sow/sow.h>
#include <unistd.h>

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

typedef struct tensors {
    sow_state_dict *state;
    sow_generator *generator;
    sow_plan *plan;
    sow_error err;
} tensors;

static void start(tensors *t)
{
    t->state = sow_state_dict_new(&t->err);
    t->generator = sow_generator_new(&t->err);
    assert_non_null(t->state);
    assert_non_null(t->generator);
}

static sow_tensor *add(tensors *t, const char *name, sow_dtype dtype, int64_t rows, int64_t cols)
{
    const int64_t sizes[] = {rows, cols};
    sow_tensor *tensor = sow_empty(dtype, 2, sizes, SOW_DEFERRED, &t->err);
    assert_non_null(tensor);
    assert_ok(sow_state_dict_add(t->state, name, tensor, &t->err), t->err);
    sow_tensor_free(tensor); /* the list keeps it */
    return tensor;
}

static void add_normal(tensors *t, const char *name, int64_t rows, int64_t cols)
{
    assert_ok(sow_normal(add(t, name, SOW_F32, rows, cols), 0, 1, t->generator, &t->err), t->err);
}

static void add_orthogonal(tensors *t, const char *name, int64_t rows, int64_t cols)
{
    assert_ok(sow_orthogonal(add(t, name, SOW_F32, rows, cols), 1, t->generator, &t->err), t->err);
}

static void make_plan(tensors *t)
{
    t->plan = sow_plan_new(t->state, &t->err);
    assert_non_null(t->plan);
}

static void finish(tensors *t)
{
    sow_plan_free(t->plan);
    sow_state_dict_free(t->state);
    sow_generator_free(t->generator);
}

static sow__budget budget_of(tensors *t, sow_run_options options)
{
    sow__budget budget;
    assert_ok(sow__budget_make(t->plan, &options, &budget, &t->err), t->err);
    return budget;
}

static void check(tensors *t, sow_run_options options, size_t piece_bytes, int n_workers,
                  int n_computing)
{
    const sow__budget budget = budget_of(t, options);
    assert_int_equal(budget.piece_bytes, piece_bytes);
    assert_int_equal(budget.n_workers, n_workers);
    assert_int_equal(budget.n_computing, n_computing);
}

static void test_plan_budget__many_threads_hold_no_more_than_a_few(void **state)
{
    (void)state;
    tensors t;
    start(&t);
    add_normal(&t, "a", 64, 64);
    make_plan(&t);
    check(&t, (sow_run_options){.n_threads = 1}, 4 * MIB, 2, 1);
    check(&t, (sow_run_options){.n_threads = 4}, 2 * MIB, 8, 4);
    check(&t, (sow_run_options){.n_threads = 8}, MIB, 16, 8);
    check(&t, (sow_run_options){.n_threads = 64}, 128 * KIB, 128, 64);
    check(&t, (sow_run_options){.n_threads = 1000}, 64 * KIB, 2000, 1000);
    check(&t, (sow_run_options){.n_threads = 64, .piece_bytes = MIB}, MIB, 128, 64);
    finish(&t);
}

static void test_plan_budget__pieces_get_shorter_then_workers_fewer(void **state)
{
    (void)state;
    tensors t;
    start(&t);
    add_normal(&t, "w", 100, 100);
    make_plan(&t);
    check(&t, (sow_run_options){.n_threads = 2}, 4 * MIB, 4, 2);
    check(&t, (sow_run_options){.n_threads = 2, .memory_bytes = 16 * MIB}, 4 * MIB, 4, 2);
    check(&t, (sow_run_options){.n_threads = 2, .memory_bytes = 8 * MIB}, 2 * MIB, 4, 2);
    check(&t, (sow_run_options){.n_threads = 2, .memory_bytes = 8 * MIB - 1}, 2 * MIB - 4 * KIB, 4,
          2);
    check(&t, (sow_run_options){.n_threads = 2, .memory_bytes = 4 * 64 * KIB}, 64 * KIB, 4, 2);
    check(&t, (sow_run_options){.n_threads = 2, .memory_bytes = 4 * 64 * KIB - 1}, 84 * KIB, 3, 2);
    check(&t, (sow_run_options){.n_threads = 2, .memory_bytes = 2 * 64 * KIB}, 64 * KIB, 2, 2);
    check(&t, (sow_run_options){.n_threads = 2, .memory_bytes = 64 * KIB}, 64 * KIB, 1, 1);
    check(&t, (sow_run_options){.n_threads = 1, .piece_bytes = 5000, .memory_bytes = MIB}, 8 * KIB,
          2, 1);
    check(&t, (sow_run_options){.n_threads = 1, .piece_bytes = SIZE_MAX, .memory_bytes = MIB},
          512 * KIB, 2, 1);
    finish(&t);
}

/* Their cells are whole in a piece. */
static void test_plan_budget__statistics_want_whole_mib(void **state)
{
    (void)state;
    tensors t;
    start(&t);
    add_normal(&t, "w", 100, 100);
    make_plan(&t);
    sow_statistics *statistics = sow_statistics_new(t.plan, &t.err);
    assert_non_null(statistics);
    sow_run_options options = {.n_threads = 2, .memory_bytes = 7 * MIB, .statistics = statistics};
    check(&t, options, MIB, 4, 2);
    options.memory_bytes = 3 * MIB;
    check(&t, options, MIB, 3, 2);
    sow__budget budget;
    options.memory_bytes = MIB - 1;
    assert_fails(sow__budget_make(t.plan, &options, &budget, &t.err), SOW_ERROR_LIMIT, t.err,
                 "a limit of 1048575 bytes of memory: at least 1048576 are needed");
    sow_statistics_free(statistics);
    finish(&t);
}

/* float64 on its way to 16 bits takes four times the piece beside it, candidates of trunc_normal
 * three times. */
static void test_plan_budget__counts_what_lies_beside_a_piece(void **state)
{
    (void)state;
    tensors t;
    start(&t);
    sow_tensor *source = sow_empty(SOW_F64, 2, (const int64_t[]){100, 100}, SOW_DEFERRED, &t.err);
    assert_non_null(source);
    assert_ok(sow_normal(source, 0, 1, t.generator, &t.err), t.err);
    assert_ok(sow_tensor_copy(add(&t, "half", SOW_BF16, 100, 100), source, &t.err), t.err);
    make_plan(&t);
    check(&t, (sow_run_options){.n_threads = 1, .memory_bytes = 10 * MIB}, MIB, 2, 1);
    sow_tensor_free(source);
    finish(&t);

    start(&t);
    assert_ok(sow_trunc_normal(add(&t, "w", SOW_F32, 100, 100), 0, 1, -1, 1, t.generator, &t.err),
              t.err);
    make_plan(&t);
    check(&t, (sow_run_options){.n_threads = 1, .memory_bytes = 8 * MIB}, MIB, 2, 1);
    finish(&t);
}

static void test_plan_budget__tensor_made_whole_is_named_beforehand(void **state)
{
    (void)state;
    tensors t;
    start(&t);
    add_orthogonal(&t, "small", 10, 10);
    add_orthogonal(&t, "layers.0.weight", 300, 200);
    add_normal(&t, "other", 1000, 1000);
    make_plan(&t);
    /* The values, those being written, the matrix twice for QR, which works with two times
     * 128 x 200 numbers, one piece. */
    const size_t least = 4 * 240000 + 2 * 128 * 200 * sizeof(float) + 64 * KIB;
    char path[] = "/tmp/sow-budget-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    char message[160];
    snprintf(message, sizeof message,
             "layers.0.weight: is made whole (orthogonal(1)), for which %zu bytes of memory are "
             "needed; the limit is %zu",
             least, least - 1);
    sow_run_options options = {.n_threads = 2, .memory_bytes = least - 1};
    assert_fails(sow_plan_write(t.plan, path, &options, &t.err), SOW_ERROR_LIMIT, t.err, message);
    assert_int_equal(access(path, F_OK), -1);
    options.memory_bytes = least;
    check(&t, options, 64 * KIB, 1, 1);
    assert_ok(sow_plan_write(t.plan, path, &options, &t.err), t.err);
    unlink(path);
    finish(&t);
}

static unsigned char *written(tensors *t, sow_run_options options, size_t *n_bytes)
{
    char path[] = "/tmp/sow-budget-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    options.force = true;
    assert_ok(sow_plan_write(t->plan, path, &options, &t->err), t->err);
    close(fd);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    unsigned char *bytes = malloc(8 * MIB);
    assert_non_null(bytes);
    *n_bytes = fread(bytes, 1, 8 * MIB, file);
    fclose(file);
    unlink(path);
    return bytes;
}

static void test_plan_budget__same_file_within_any_limit(void **state)
{
    (void)state;
    tensors t;
    start(&t);
    add_normal(&t, "a", 700, 700);
    add_orthogonal(&t, "b", 100, 90);
    add_normal(&t, "c", 300, 300);
    make_plan(&t);
    size_t n_expected, n;
    unsigned char *expected = written(&t, (sow_run_options){.n_threads = 2}, &n_expected);
    static const size_t limits[] = {256 * KIB, 400 * KIB, MIB, 64 * MIB};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const sow_run_options options = {.n_threads = (int)i + 1, .memory_bytes = limits[i]};
        unsigned char *got = written(&t, options, &n);
        assert_int_equal(n, n_expected);
        assert_same_bits(got, expected, n, 1);
        free(got);
    }
    free(expected);
    finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_budget__many_threads_hold_no_more_than_a_few),
        cmocka_unit_test(test_plan_budget__pieces_get_shorter_then_workers_fewer),
        cmocka_unit_test(test_plan_budget__statistics_want_whole_mib),
        cmocka_unit_test(test_plan_budget__counts_what_lies_beside_a_piece),
        cmocka_unit_test(test_plan_budget__tensor_made_whole_is_named_beforehand),
        cmocka_unit_test(test_plan_budget__same_file_within_any_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
