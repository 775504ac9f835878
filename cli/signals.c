/* What signals do to a run that has a temporary file to remove.
 * SPDX-License-Identifier: Apache-2.0 */
#include "signals.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static const int held[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
#define N_HELD (sizeof held / sizeof *held)

static struct sigaction before[N_HELD];
static volatile sig_atomic_t came;

static void remember(int number)
{
    came = number;
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
    return came != 0;
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
    if (came != 0) {
        die_by(came);
    }
}
