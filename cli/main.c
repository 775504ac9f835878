/* The command `sow`: finds the verb and hands over.
 * SPDX-License-Identifier: Apache-2.0 */
#include "output.h"
#include "signals.h"
#include "verbs.h"

#include <locale.h>
#include <string.h>

static const cli_verb verbs[] = {
#define VERB(name, summary, function) {#name, summary, function},
#include "registry.def"
#undef VERB
};
#define N_VERBS (sizeof verbs / sizeof *verbs)

const cli_verb *cli_verb_at(size_t index)
{
    return index < N_VERBS ? &verbs[index] : NULL;
}

const cli_verb *cli_verb_find(const char *name)
{
    for (size_t i = 0; i < N_VERBS; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

int cli_verb_fail(const char *name)
{
    sow_nearest nearest = {0};
    for (size_t i = 0; i < N_VERBS; i++) {
        sow_nearest_try(&nearest, name, verbs[i].name);
    }
    if (nearest.word != NULL) {
        return cli_fail(CLI_USAGE, "no verb '%s' (did you mean %s?)", name, nearest.word);
    }
    return cli_fail(CLI_USAGE, "no verb '%s' (`sow help` lists them)", name);
}

int cli_print_usage(FILE *to)
{
    cli_page page;
    if (!cli_page_open(&page)) {
        return cli_fail_memory();
    }
    fputs("Usage: sow VERB ...\n\n"
          "Writes the initial weights of neural networks with PyTorch's bits.\n\nVerbs:\n",
          page.out);
    for (size_t i = 0; i < N_VERBS; i++) {
        fprintf(page.out, "  %-8s  %s\n", verbs[i].name, verbs[i].summary);
    }
    fputs("\n`sow help VERB` explains a verb.\n", page.out);
    return cli_page_print(&page, to);
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        return cli_fail(CLI_USAGE, "a verb is missing (`sow help` lists them)");
    }
    const char *first = argv[1];
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
        return cli_print_usage(stdout);
    }
    if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0) {
        first = "version";
    }
    const cli_verb *verb = cli_verb_find(first);
    if (verb == NULL) {
        return cli_verb_fail(first);
    }
    return verb->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    cli_output_start();
    cli_signals_start();
    /* Names are UTF-8 whatever the user's locale is; this one knows how wide they are. */
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
        setlocale(LC_CTYPE, "");
    }
    return cli_output_end(run(argc, argv));
}
