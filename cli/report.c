/* --report: a page or JSON about what was written.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "signals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_stdout(const char *path)
{
    return strcmp(path, "-") == 0;
}

static bool ends_in(const char *path, const char *suffix)
{
    const size_t n = strlen(path), n_suffix = strlen(suffix);
    return n > n_suffix && strcmp(path + n - n_suffix, suffix) == 0;
}

static sow_report_format format_of(const char *path)
{
    return ends_in(path, ".html") ? SOW_REPORT_HTML : SOW_REPORT_JSON;
}

/* ---- before the run ---- */

/* A long run should not end in a report that cannot be written. */
static int check_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    if (folder == NULL) {
        return cli_fail_memory();
    }
    const bool may = access(folder, W_OK | X_OK) == 0;
    free(folder);
    return may ? CLI_GO_ON : cli_fail(CLI_MACHINE, "--report %s: %s", path, strerror(errno));
}

static int check_file(const cli_target *target)
{
    struct stat there;
    if (stat(target->report, &there) != 0) {
        return check_folder(target->report);
    }
    if (!S_ISREG(there.st_mode)) {
        return cli_fail(CLI_USAGE, "--report %s: is not a regular file", target->report);
    }
    if (!target->force) {
        return cli_fail(CLI_USAGE, "%s: exists already (--force replaces it)", target->report);
    }
    return check_folder(target->report);
}

static int check_target(const cli_target *target)
{
    const char *path = target->report;
    if (is_stdout(path)) {
        return is_stdout(target->path)
                   ? cli_fail(CLI_USAGE, "--report - and -o - cannot both be standard output")
                   : CLI_GO_ON;
    }
    if (!ends_in(path, ".html") && !ends_in(path, ".json")) {
        return cli_fail(CLI_USAGE, "--report '%s': must end in .html or .json, or be -", path);
    }
    if (strcmp(path, target->path) == 0) {
        return cli_fail(CLI_USAGE, "--report '%s': is the file of -o", path);
    }
    return check_file(target);
}

int cli_report_check(const cli_target *target)
{
    return target->report != NULL ? check_target(target) : CLI_GO_ON;
}

int cli_report_start(const cli_target *target, const sow_plan *plan, sow_statistics **statistics)
{
    sow_error err;
    *statistics = NULL;
    if (target->report == NULL) {
        return CLI_GO_ON;
    }
    *statistics = sow_statistics_new(plan, &err);
    return *statistics != NULL ? CLI_GO_ON : cli_fail_input(&err);
}

/* ---- after it ---- */

static bool is_output(const cli_target *target)
{
    struct stat a, b;
    return stat(target->report, &a) == 0 && stat(target->path, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

static bool to_stdout(void *user, const char *text, size_t n_bytes)
{
    return fwrite(text, 1, n_bytes, user) == n_bytes;
}

static int print(const sow_report *report)
{
    sow_error err;
    const sow_status status = sow_report_write(report, SOW_REPORT_JSON, to_stdout, stdout, &err);
    if (status != SOW_OK && status != SOW_ERROR_CANCELLED) {
        return cli_fail_input(&err);
    }
    if (status != SOW_OK || fflush(stdout) != 0) {
        return cli_fail(CLI_MACHINE, "standard output: %s", strerror(errno));
    }
    return CLI_GO_ON;
}

int cli_report_save(const cli_target *target, const sow_report *report)
{
    sow_error err;
    const char *path = target->report;
    if (path == NULL) {
        return CLI_GO_ON;
    }
    if (is_stdout(path)) {
        return print(report);
    }
    if (is_output(target)) {
        return cli_fail(CLI_USAGE, "--report '%s': is the file of -o", path);
    }
    cli_signals_hold();
    const sow_status status = sow_report_save(report, format_of(path), path, target->force, &err);
    cli_signals_release();
    return status == SOW_OK ? CLI_GO_ON : cli_fail_output(&err);
}

/* ---- the summary ---- */

void cli_report_put(FILE *out, const cli_target *target, const sow_report *report)
{
    if (target->report == NULL) {
        return;
    }
    const size_t n = sow_report_count_findings(report);
    cli_put(out, target->report);
    if (n == 0) {
        fputs(": nothing looks wrong\n", out);
    } else {
        fprintf(out, ": %zu thing%s wrong\n", n, n == 1 ? " looks" : "s look");
    }
}

void cli_report_json(json_t **object, const cli_target *target, const sow_report *report)
{
    if (target->report != NULL) {
        cli_json_set(object, "report", cli_json_text(target->report));
        cli_json_set(object, "n_wrong", cli_json_count(sow_report_count_findings(report)));
    }
}
