/* What the command says: exit statuses, one-line errors, and text that appears whole or not at all.
 * SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include "escape.h"
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE 8192

/* One write, so that lines of two processes do not mix. */
static void put_line(const char *prefix, const char *message)
{
    char line[LINE_SIZE];
    const size_t n = strlen(prefix);
    memcpy(line, prefix, n);
    cli_escape_into(line + n, sizeof line - n - 1, message);
    strcat(line, "\n");
    cli_progress_clear();
    fputs(line, stderr);
}

static void on_warning(sow_warning kind, const char *message, void *user)
{
    (void)kind;
    (void)user;
    cli_warn("%s", message);
}

void cli_output_start(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF) {
            /* Opened the wrong way round: reading or writing it fails, as on a closed one. */
            (void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
        }
    }
    sow_set_warning_handler(on_warning, NULL);
}

int cli_output_end(int status)
{
    if (fclose(stdout) != 0 && status <= CLI_DIFFERENT) {
        return cli_fail(CLI_MACHINE, "standard output: %s", strerror(errno));
    }
    return status;
}

int cli_fail(int status, const char *format, ...)
{
    char message[LINE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    put_line("sow: ", message);
    return status;
}

void cli_warn(const char *format, ...)
{
    char message[LINE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    put_line("sow: warning: ", message);
}

int cli_fail_memory(void)
{
    return cli_fail(CLI_MACHINE, "out of memory");
}

int cli_fail_input(const sow_error *err)
{
    return cli_fail(err->status == SOW_ERROR_MEMORY ? CLI_MACHINE : CLI_INPUT, "%s", err->message);
}

int cli_fail_output(const sow_error *err)
{
    switch (err->status) {
    case SOW_ERROR_EXISTS:
    case SOW_ERROR_LIMIT:
        return cli_fail(CLI_USAGE, "%s", err->message);
    case SOW_ERROR_IO:
    case SOW_ERROR_MEMORY:
        return cli_fail(CLI_MACHINE, "%s", err->message);
    default:
        return cli_fail(CLI_INPUT, "%s", err->message);
    }
}

bool cli_page_open(cli_page *page)
{
    *page = (cli_page){0};
    page->out = open_memstream(&page->text, &page->n_bytes);
    return page->out != NULL;
}

static int print_whole(const cli_page *page, FILE *to)
{
    const bool written = fwrite(page->text, 1, page->n_bytes, to) == page->n_bytes;
    if ((!written || fflush(to) != 0) && to != stderr) {
        return cli_fail(CLI_MACHINE, "standard output: %s", strerror(errno));
    }
    return CLI_DONE;
}

int cli_page_print(cli_page *page, FILE *to)
{
    const bool complete = !ferror(page->out);
    const bool closed = fclose(page->out) == 0;
    const int status = complete && closed ? print_whole(page, to) : cli_fail_memory();
    free(page->text);
    return status;
}

void cli_page_drop(cli_page *page)
{
    fclose(page->out);
    free(page->text);
}

void cli_put(FILE *out, const char *text)
{
    char *escaped = cli_escape(text);
    fputs(escaped != NULL ? escaped : "?", out);
    free(escaped);
}

void cli_put_count(FILE *out, uint64_t n, const char *noun)
{
    fprintf(out, "%" PRIu64 " %s%s", n, noun, n == 1 ? "" : "s");
}

void cli_put_shape(FILE *out, int n_dims, const int64_t *sizes)
{
    fputc('[', out);
    for (int i = 0; i < n_dims; i++) {
        fprintf(out, "%s%" PRId64, i > 0 ? ", " : "", sizes[i]);
    }
    fputc(']', out);
}

char *cli_shape(int n_dims, const int64_t *sizes)
{
    cli_page page;
    if (!cli_page_open(&page)) {
        return NULL;
    }
    cli_put_shape(page.out, n_dims, sizes);
    if (fclose(page.out) != 0) {
        free(page.text);
        return NULL;
    }
    return page.text;
}
