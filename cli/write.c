/* Running a plan into the file of -o.
 * SPDX-License-Identifier: Apache-2.0 */
#include "write.h"

#include "output.h"
#include "progress.h"
#include "report.h"
#include "signals.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT(field) offsetof(cli_target, field)

const cli_option cli_target_rows[] = {
    {"threads", 0, "N", "threads that work, 1 to 1024 (default: one per core)", AT(n_threads),
     cli_set_threads},
    {"memory", 0, "LIMIT", "most memory for buffers, in bytes or as in 64M (default: no limit)",
     AT(memory), cli_set_memory},
    {"force", 0, NULL, "replace OUT when it is a regular file", AT(force), cli_set_switch},
    {"quiet", 'q', NULL, "no summary", AT(quiet), cli_set_switch},
    {"json", 0, NULL, "the summary as JSON", AT(json), cli_set_switch},
    {"report", 0, "FILE",
     "a report on the values too: a page FILE.html, or FILE.json;"
     "\n                            - is JSON to standard output",
     AT(report), cli_set_text},
    {"output", 'o', "OUT", "safetensors file to write; - is standard output", AT(path),
     cli_set_text},
    {0},
};

static bool is_stdout(const cli_target *target)
{
    return strcmp(target->path, "-") == 0;
}

static bool is_regular(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

int cli_target_check(const cli_target *target, const char *verb)
{
    if (target->path == NULL) {
        return cli_fail(CLI_USAGE, "%s: -o OUT is missing", verb);
    }
    if (is_stdout(target) && isatty(STDOUT_FILENO)) {
        return cli_fail(CLI_USAGE, "-o -: standard output is a terminal; use a pipe or a file");
    }
    return cli_report_check(target);
}

FILE *cli_target_summary(const cli_target *target)
{
    const bool is_taken = target->report != NULL && strcmp(target->report, "-") == 0;
    return is_stdout(target) || is_taken ? stderr : stdout;
}

/* Threads of the library block signals, so that a write to a pipe without readers may have failed
 * without SIGPIPE. Ends the process by it, unless it is ignored. */
static void die_of_broken_pipe(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0) {
        raise(SIGPIPE);
    }
}

static void on_progress(void *user, uint64_t done_bytes, uint64_t all_bytes)
{
    (void)user;
    cli_progress(done_bytes, all_bytes);
}

int cli_target_write(const cli_target *target, const sow_plan *plan, const char *const *metadata,
                     sow_statistics *statistics, double *seconds)
{
    const sow_run_options run = {.n_threads = target->n_threads,
                                 .memory_bytes = target->memory,
                                 .force = target->force,
                                 .metadata = metadata,
                                 .cancelled = cli_signals_came,
                                 .progress = on_progress,
                                 .statistics = statistics};
    sow_error err;
    const double begun = cli_now();
    /* Into a pipe there is nothing to tidy up: signals, SIGPIPE too, end the process at once. */
    const bool hold = !is_stdout(target);
    if (hold) {
        cli_signals_hold();
    }
    cli_progress_begin();
    const sow_status status = sow_plan_write(plan, target->path, &run, &err);
    cli_progress_end();
    if (hold) {
        cli_signals_release();
    }
    *seconds = cli_now() - begun;
    if (status == SOW_ERROR_IO && !hold) {
        die_of_broken_pipe();
    }
    if (status == SOW_ERROR_EXISTS && !target->force && is_regular(target->path)) {
        return cli_fail(CLI_USAGE, "%s (--force replaces it)", err.message);
    }
    return status == SOW_OK ? CLI_GO_ON : cli_fail_output(&err);
}
