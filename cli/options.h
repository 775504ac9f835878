/* The options of a verb as a table: it is parsed, printed as help and used for suggestions.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <sow/sow.h>
#include <stdbool.h>
#include <stddef.h>

/* Stores the text of an option (NULL for a switch) at target. On failure it says so and returns the
 * exit status; else CLI_GO_ON. */
typedef int (*cli_setter)(void *target, const char *option, const char *text);

typedef struct cli_option {
    const char *name;     /* without the dashes; NULL ends the table */
    char letter;          /* short form; 0: none */
    const char *argument; /* what help calls it; NULL: a switch */
    const char *help;
    size_t offset; /* of the setter's target in the verb's struct */
    cli_setter set;
} cli_option;

/* Rows that verbs share, and where their struct lies in the verb's. */
typedef struct cli_option_group {
    const cli_option *rows; /* NULL ends the list */
    size_t base;
} cli_option_group;

#define CLI_MAX_OPTIONS 24

typedef struct cli_usage {
    const char *verb;
    const char *synopsis; /* what follows the verb */
    const char *about;    /* lines of at most 80 characters, each with its end */
    const cli_option_group *groups;
    const char *const *words; /* names of the words that must be there; NULL at the end */
    bool more_words;          /* further words may follow */
} cli_usage;

/* Words of the command line that are no options. */
typedef struct cli_words {
    char **words;
    int n_words;
} cli_words;

/* Reads the command line of a verb (argv[0] is the verb) into its struct. --help prints the help.
 * Returns CLI_GO_ON or the exit status. */
int cli_options_read(const cli_usage *usage, int argc, char **argv, void *into, cli_words *words);

/* ---- targets and their setters ---- */

typedef struct cli_list {
    const char **items;
    size_t n_items;
} cli_list;
void cli_list_free(cli_list *list);

typedef struct cli_seed {
    bool given;
    uint64_t value;
} cli_seed;

typedef struct cli_dtype {
    bool given;
    sow_dtype value;
} cli_dtype;

int cli_set_switch(void *target, const char *option, const char *text);  /* bool */
int cli_set_text(void *target, const char *option, const char *text);    /* const char * */
int cli_set_list(void *target, const char *option, const char *text);    /* cli_list, appended */
int cli_set_seed(void *target, const char *option, const char *text);    /* cli_seed */
int cli_set_dtype(void *target, const char *option, const char *text);   /* cli_dtype */
int cli_set_dialect(void *target, const char *option, const char *text); /* sow_dialect */
int cli_set_profile(void *target, const char *option, const char *text); /* const char * */
int cli_set_names(void *target, const char *option, const char *text);   /* const char * */
int cli_set_threads(void *target, const char *option, const char *text); /* int */
int cli_set_memory(void *target, const char *option, const char *text);  /* size_t, bytes */

#endif
