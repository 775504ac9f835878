/* The verbs of the command.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include <stddef.h>
#include <stdio.h>

/* A verb reads its command line (argv[0] is its name) and returns the exit status. */
typedef struct cli_verb {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} cli_verb;

/* Verb number index in the registry's order; NULL past the end. */
const cli_verb *cli_verb_at(size_t index);
/* NULL when there is none. */
const cli_verb *cli_verb_find(const char *name);
/* Says that there is no such verb and which is near; returns the exit status. */
int cli_verb_fail(const char *name);

/* What `sow --help` prints, and `sow` alone. Returns an exit status. */
int cli_print_usage(FILE *to);

#define VERB(name, summary, function) int function(int argc, char **argv);
#include "registry.def"
#undef VERB

#endif
