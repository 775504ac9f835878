/* The options of a verb as a table: it is parsed, printed as help and used for suggestions.
 * SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include "output.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* What getopt_long returns for a long option is this plus its place in the table, so that it never
 * looks like a letter. */
#define FIRST_LONG 256

static const cli_option help_option = {"help", 'h', NULL, "this text", 0, NULL};

/* The verb's options, group after group, then --help; NULL past the end. *base (may be NULL) gets
 * the place of the group's struct. */
static const cli_option *option_at(const cli_usage *usage, size_t index, size_t *base)
{
    for (const cli_option_group *group = usage->groups; group->rows != NULL; group++) {
        for (const cli_option *row = group->rows; row->name != NULL; row++) {
            if (index-- == 0) {
                if (base != NULL) {
                    *base = group->base;
                }
                return row;
            }
        }
    }
    return index == 0 ? &help_option : NULL;
}

static const cli_option *option_of(const cli_usage *usage, int code, size_t *base)
{
    if (code >= FIRST_LONG) {
        return option_at(usage, (size_t)(code - FIRST_LONG), base);
    }
    const cli_option *option;
    for (size_t i = 0; (option = option_at(usage, i, base)) != NULL; i++) {
        if (option->letter != 0 && option->letter == code) {
            return option;
        }
    }
    return NULL;
}

/* ---- help ---- */

static void print_option(FILE *out, const cli_option *option)
{
    char left[64];
    const char letter[] = {'-', option->letter, ',', ' ', '\0'};
    snprintf(left, sizeof left, "%s--%s%s%s", option->letter != 0 ? letter : "    ", option->name,
             option->argument != NULL ? " " : "", option->argument != NULL ? option->argument : "");
    fprintf(out, "  %-24s  %s\n", left, option->help);
}

static int print_help(const cli_usage *usage)
{
    cli_page page;
    if (!cli_page_open(&page)) {
        return cli_fail_memory();
    }
    fprintf(page.out, "Usage: sow %s%s%s\n\n%s\nOptions:\n", usage->verb,
            usage->synopsis[0] != '\0' ? " " : "", usage->synopsis, usage->about);
    const cli_option *option;
    for (size_t i = 0; (option = option_at(usage, i, NULL)) != NULL; i++) {
        print_option(page.out, option);
    }
    return cli_page_print(&page, stdout);
}

/* ---- errors ---- */

static int fail_unknown(const cli_usage *usage, const char *typed)
{
    const char *name = typed + strspn(typed, "-");
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)strcspn(name, "="), name);
    sow_nearest nearest = {0};
    const cli_option *option;
    for (size_t i = 0; (option = option_at(usage, i, NULL)) != NULL; i++) {
        sow_nearest_try(&nearest, word, option->name);
    }
    if (nearest.word != NULL) {
        return cli_fail(CLI_USAGE, "%s: unknown option --%s (did you mean --%s?)", usage->verb,
                        word, nearest.word);
    }
    return cli_fail(CLI_USAGE, "%s: unknown option --%s (`sow help %s` lists the options)",
                    usage->verb, word, usage->verb);
}

/* getopt_long has refused argv[optind - 1] or, in optopt, a letter. */
static int fail_option(const cli_usage *usage, int code, char **argv)
{
    const cli_option *option = optopt != 0 ? option_of(usage, optopt, NULL) : NULL;
    if (code == ':' && option != NULL) {
        return cli_fail(CLI_USAGE, "%s: --%s needs a value: %s", usage->verb, option->name,
                        option->argument);
    }
    if (option != NULL) {
        return cli_fail(CLI_USAGE, "%s: --%s takes no value", usage->verb, option->name);
    }
    if (optopt != 0) {
        return cli_fail(CLI_USAGE, "%s: unknown option -%c (`sow help %s` lists the options)",
                        usage->verb, optopt, usage->verb);
    }
    return fail_unknown(usage, argv[optind - 1]);
}

static int check_words(const cli_usage *usage, const cli_words *words)
{
    int n_named = 0;
    for (; usage->words[n_named] != NULL; n_named++) {
        if (n_named >= words->n_words) {
            return cli_fail(CLI_USAGE, "%s: %s is missing (usage: sow %s %s)", usage->verb,
                            usage->words[n_named], usage->verb, usage->synopsis);
        }
        if (words->words[n_named][0] == '\0') {
            return cli_fail(CLI_USAGE, "%s: %s must not be empty", usage->verb,
                            usage->words[n_named]);
        }
    }
    if (words->n_words > n_named && !usage->more_words) {
        return cli_fail(CLI_USAGE, "%s: unexpected argument '%s'", usage->verb,
                        words->words[n_named]);
    }
    return CLI_GO_ON;
}

/* ---- reading ---- */

/* The tables that getopt_long wants. */
typedef struct getopt_tables {
    struct option longs[CLI_MAX_OPTIONS + 2];
    char shorts[2 * CLI_MAX_OPTIONS + 4];
} getopt_tables;

static void fill_tables(const cli_usage *usage, getopt_tables *tables)
{
    const cli_option *option;
    char *letter = tables->shorts;
    *letter++ = ':'; /* tells a missing value from an unknown option */
    for (size_t i = 0; i <= CLI_MAX_OPTIONS && (option = option_at(usage, i, NULL)) != NULL; i++) {
        const bool takes_value = option->argument != NULL;
        tables->longs[i] = (struct option){
            option->name, takes_value ? required_argument : no_argument, NULL, FIRST_LONG + (int)i};
        if (option->letter != 0) {
            *letter++ = option->letter;
            if (takes_value) {
                *letter++ = ':';
            }
        }
    }
}

int cli_options_read(const cli_usage *usage, int argc, char **argv, void *into, cli_words *words)
{
    getopt_tables tables = {0};
    fill_tables(usage, &tables);
    opterr = 0;
    for (;;) {
        const int code = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
        if (code == -1) {
            break;
        }
        size_t base = 0;
        const cli_option *option = option_of(usage, code, &base);
        if (code == '?' || code == ':' || option == NULL) {
            return fail_option(usage, code, argv);
        }
        if (option == &help_option) {
            return print_help(usage);
        }
        const int status = option->set((char *)into + base + option->offset, option->name, optarg);
        if (status != CLI_GO_ON) {
            return status;
        }
    }
    *words = (cli_words){argv + optind, argc - optind};
    return check_words(usage, words);
}
