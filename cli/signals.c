/* What signals do to a run that has a temporary file to remove.
 * SPDX-License-Identifier: Apache-2.0 */
#include "signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

static const int held[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
#define N_HELD (sizeof held / sizeof *held)

static struct sigaction before[N_HELD];
/* The number of the signal. Lock-free, so that a handler may write it; atomic, as threads
 * read it. */
static atomic_int came;
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler needs a lock-free int");

static void remember(int number)
{
    atomic_store(&came, number);
}

void cli_signals_start(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGXFSZ, &ignore, NULL);
}

/* Without SA_RESTART: a write that waits comes back and asks cli_signals_came. */
void cli_signals_hold(void)
{
    for (size_t i = 0; i < N_HELD; i++) {
        struct sigaction action = {.sa_handler = held[i] == SIGPIPE ? SIG_IGN : remember};
        sigaction(held[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) {
            sigaction(held[i], &action, NULL);
        }
    }
}

bool cli_signals_came(void *user)
{
    (void)user;
    return atomic_load(&came) != 0;
}

static void die_by(int number)
{
    struct sigaction fall = {.sa_handler = SIG_DFL};
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    sigaction(number, &fall, NULL);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    raise(number);
    _exit(128 + number);
}

void cli_signals_release(void)
{
    for (size_t i = 0; i < N_HELD; i++) {
        sigaction(held[i], &before[i], NULL);
    }
    const int number = atomic_load(&came);
    if (number != 0) {
        die_by(number);
    }
}
