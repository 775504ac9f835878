/* Running one function on several threads.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_BASE_THREADS_H
#define SOW_BASE_THREADS_H

/* Cores that this process may use, at least 1. */
int sow__cpu_count(void);

#define SOW__MAX_THREADS 1024

/* n_threads as users give it: 0 or less is what sow_set_num_threads said, one per core at first;
 * SOW__MAX_THREADS is the most. */
int sow__thread_count(int n_threads);

/* Calls work(user, worker) for worker = 0..n_threads-1, worker 0 on the caller's thread, and
 * returns when all have. When a thread can not be had the others do without it: work must not count
 * on all of them. Signals are blocked in the threads that it starts. */
void sow__parallel(int n_threads, void (*work)(void *user, int worker), void *user);

#endif
