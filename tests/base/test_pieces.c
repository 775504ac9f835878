/* Pieces of work on threads: each once, and the first failure stops the rest.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/pieces.h"
#include "support.h"

#include <stdatomic.h>

enum { N = 1000 };

static atomic_int n_done[N];
static atomic_int highest_worker;

static sow_status do_piece(void *user, int worker, uint64_t piece, sow_error *err)
{
    const uint64_t *failing = user;
    int highest = atomic_load(&highest_worker);
    while (worker > highest && !atomic_compare_exchange_weak(&highest_worker, &highest, worker)) {
    }
    atomic_fetch_add(&n_done[piece], 1);
    if (piece == *failing) {
        return sow__fail_at(err, SOW_ERROR_IO, 12, "piece %d is broken", (int)piece);
    }
    return SOW_OK;
}

static sow_status run(int n_threads, uint64_t n_pieces, uint64_t failing, sow_error *err)
{
    memset(n_done, 0, sizeof n_done);
    atomic_store(&highest_worker, 0);
    const sow__pieces pieces = {
        .n_threads = n_threads, .n_pieces = n_pieces, .work = do_piece, .user = &failing};
    return sow__pieces_run(&pieces, err);
}

static void test_base_pieces__each_is_done_once(void **unused)
{
    (void)unused;
    const uint64_t counts[] = {0, 1, 2, 7, N};
    for (int n_threads = 1; n_threads <= 8; n_threads++) {
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            sow_error err;
            assert_ok(run(n_threads, counts[c], N, &err), err);
            for (uint64_t i = 0; i < N; i++) {
                assert_int_equal(atomic_load(&n_done[i]), i < counts[c]);
            }
            assert_true(atomic_load(&highest_worker) < n_threads);
        }
    }
}

static void test_base_pieces__a_failure_stops_the_rest(void **unused)
{
    (void)unused;
    sow_error err;
    assert_fails(run(1, N, 5, &err), SOW_ERROR_IO, err, "piece 5 is broken");
    assert_int_equal(err.offset, 12);
    for (uint64_t i = 0; i < N; i++) {
        assert_int_equal(atomic_load(&n_done[i]), i <= 5);
    }
    for (int n_threads = 2; n_threads <= 8; n_threads++) {
        assert_fails(run(n_threads, N, 5, &err), SOW_ERROR_IO, err, "piece 5 is broken");
        assert_int_equal(run(n_threads, N, 5, NULL), SOW_ERROR_IO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_pieces__each_is_done_once),
        cmocka_unit_test(test_base_pieces__a_failure_stops_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
