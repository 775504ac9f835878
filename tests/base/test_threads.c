/* Running a function on several threads.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/threads.h"
#include "support.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

enum { N = 8 };

static atomic_int n_calls[N];
static atomic_bool on_caller[N], takes_interrupts[N], takes_faults[N];
static pthread_t caller;

static void note(void *user, int worker)
{
    sigset_t blocked;
    assert_ptr_equal(user, n_calls);
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    atomic_fetch_add(&n_calls[worker], 1);
    atomic_store(&on_caller[worker], pthread_equal(pthread_self(), caller) != 0);
    atomic_store(&takes_interrupts[worker], sigismember(&blocked, SIGINT) == 0);
    atomic_store(&takes_faults[worker], sigismember(&blocked, SIGSEGV) == 0);
}

static void test_base_threads__each_worker_is_called_once(void **unused)
{
    (void)unused;
    caller = pthread_self();
    for (int n_threads = 1; n_threads <= N; n_threads++) {
        memset(n_calls, 0, sizeof n_calls);
        sow__parallel(n_threads, note, n_calls);
        for (int i = 0; i < N; i++) {
            assert_int_equal(atomic_load(&n_calls[i]), i < n_threads);
        }
        assert_true(atomic_load(&on_caller[0]));
        for (int i = 1; i < n_threads; i++) {
            assert_false(atomic_load(&on_caller[i]));
        }
    }
}

static void test_base_threads__signals_are_left_to_the_program(void **unused)
{
    (void)unused;
    sigset_t before, after;
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    sow__parallel(3, note, n_calls);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    for (int i = 1; i < 3; i++) {
        assert_false(atomic_load(&takes_interrupts[i]));
        assert_true(atomic_load(&takes_faults[i]));
    }
    assert_true(atomic_load(&takes_interrupts[0]));
    assert_int_equal(sigismember(&after, SIGINT), sigismember(&before, SIGINT));
    assert_int_equal(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
}

static void test_base_threads__no_count_below_one_is_used(void **unused)
{
    (void)unused;
    memset(n_calls, 0, sizeof n_calls);
    sow__parallel(0, note, n_calls);
    sow__parallel(-5, note, n_calls);
    assert_int_equal(atomic_load(&n_calls[0]), 2);
    assert_int_equal(atomic_load(&n_calls[1]), 0);
}

static void test_base_threads__counts(void **unused)
{
    (void)unused;
    assert_true(sow__cpu_count() >= 1);
    assert_int_equal(sow__thread_count(0), sow__cpu_count());
    assert_int_equal(sow__thread_count(-1), sow__cpu_count());
    assert_int_equal(sow__thread_count(1), 1);
    assert_int_equal(sow__thread_count(7), 7);
    assert_int_equal(sow__thread_count(1024), 1024);
    assert_int_equal(sow__thread_count(INT32_MAX), 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_threads__each_worker_is_called_once),
        cmocka_unit_test(test_base_threads__signals_are_left_to_the_program),
        cmocka_unit_test(test_base_threads__no_count_below_one_is_used),
        cmocka_unit_test(test_base_threads__counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
