/* Running one function on several threads.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sow/export.h>
#include <stdatomic.h>
#include <stdlib.h>

/* What sow_set_num_threads said; 0: one per core. */
static atomic_int chosen;

int sow__cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 1;
    }
    int n = CPU_COUNT(&set);
    return n > 0 ? n : 1;
}

int sow__thread_count(int n_threads)
{
    if (n_threads <= 0) {
        n_threads = atomic_load_explicit(&chosen, memory_order_relaxed);
    }
    if (n_threads > SOW__MAX_THREADS) {
        return SOW__MAX_THREADS;
    }
    return n_threads > 0 ? n_threads : sow__cpu_count();
}

void sow_set_num_threads(int n_threads)
{
    atomic_store_explicit(&chosen, n_threads, memory_order_relaxed);
}

int sow_get_num_threads(void)
{
    return sow__thread_count(0);
}

struct worker {
    pthread_t thread;
    void (*work)(void *user, int worker);
    void *user;
    int index;
};

static void *run_worker(void *argument)
{
    struct worker *worker = argument;
    worker->work(worker->user, worker->index);
    return NULL;
}

/* Every signal but those that a thread gets for what it does itself. */
static void fill_blocked(sigset_t *set)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    sigfillset(set);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        sigdelset(set, own[i]);
    }
}

void sow__parallel(int n_threads, void (*work)(void *user, int worker), void *user)
{
    int n_extra = n_threads - 1, n_started = 0;
    struct worker *workers = n_extra > 0 ? calloc((size_t)n_extra, sizeof *workers) : NULL;
    if (workers != NULL) {
        sigset_t blocked, before;
        fill_blocked(&blocked);
        pthread_sigmask(SIG_BLOCK, &blocked, &before);
        for (; n_started < n_extra; n_started++) {
            workers[n_started] =
                (struct worker){.work = work, .user = user, .index = n_started + 1};
            if (pthread_create(&workers[n_started].thread, NULL, run_worker, &workers[n_started]) !=
                0) {
                break;
            }
        }
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    work(user, 0);
    for (int i = 0; i < n_started; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    free(workers);
}
