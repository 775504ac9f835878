/* What the command says: exit statuses, one-line errors, and text that appears whole or not at all.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <sow/sow.h>
#include <stdio.h>

enum {
    CLI_GO_ON = -1,    /* no exit status: nothing has failed */
    CLI_DONE = 0,      /* done; for diff: the same */
    CLI_DIFFERENT = 1, /* diff found a difference */
    CLI_USAGE = 2,     /* the command line is wrong */
    CLI_INPUT = 3,     /* a file, or what it says, is wrong */
    CLI_MACHINE = 4,   /* the system refused a write or memory */
};

/* Gives the three standard streams a file descriptor each, so that no file of ours becomes one, and
 * sends the library's warnings to standard error. */
void cli_output_start(void);

/* Ends standard output; what could not be written is a failure. Returns the exit status. */
int cli_output_end(int status);

/* Writes "sow: " and the message as one line without control characters to standard error; returns
 * status. */
int cli_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
int cli_fail_memory(void);

/* The same with "sow: warning: ". */
void cli_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The library's error about something that was read or asked for: CLI_INPUT, or CLI_MACHINE when
 * memory ran out. */
int cli_fail_input(const sow_error *err);

/* The library's error about writing: CLI_USAGE for an output that is there already or a limit
 * that is too low, CLI_MACHINE when the system refused, CLI_INPUT for the rest. */
int cli_fail_output(const sow_error *err);

/* Text that is collected first and then printed whole. */
typedef struct cli_page {
    FILE *out;
    char *text;
    size_t n_bytes;
} cli_page;

/* False when there is no memory. */
bool cli_page_open(cli_page *page);
/* Prints the page to a stream and ends it in every case. Returns an exit status. A standard error
 * that cannot be written is no failure: nobody could be told. */
int cli_page_print(cli_page *page, FILE *to);
/* Ends the page without printing it. */
void cli_page_drop(cli_page *page);

/* Prints text from a file or argv, escaped. */
void cli_put(FILE *out, const char *text);

/* "1 tensor", "2 tensors". */
void cli_put_count(FILE *out, uint64_t n, const char *noun);

/* "[64, 3, 7, 7]". */
void cli_put_shape(FILE *out, int n_dims, const int64_t *sizes);

/* The same as new text, which the caller frees; NULL when there is no memory. */
char *cli_shape(int n_dims, const int64_t *sizes);

#endif
