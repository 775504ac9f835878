/* sow help.
 * SPDX-License-Identifier: Apache-2.0 */
#include "options.h"
#include "output.h"
#include "table.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

/* ---- lists from the library's registries ---- */

/* "a=0, b=1", "sparsity, std=0.01". */
static char *arguments(const sow_initializer *initializer)
{
    cli_page page;
    if (!cli_page_open(&page)) {
        return NULL;
    }
    const char *name, *fallback = NULL;
    for (size_t i = 0; (name = sow_initializer_arg(initializer, i, &fallback)) != NULL; i++) {
        fprintf(page.out, "%s%s%s%s", i > 0 ? ", " : "", name, fallback != NULL ? "=" : "",
                fallback != NULL ? fallback : "");
    }
    fclose(page.out);
    return page.text;
}

static cli_table *initializers(void)
{
    static const cli_column columns[] = {{"NAME", false}, {"ARGUMENTS", false}, {"WRITES", false}};
    cli_table *table = cli_table_new(columns, 3);
    const sow_initializer *initializer;
    for (size_t i = 0; (initializer = sow_initializer_at(i)) != NULL; i++) {
        cli_table_row(table);
        cli_table_cell(table, "%s", sow_initializer_name(initializer));
        cli_table_cell_take(table, arguments(initializer));
        cli_table_cell(table, "%s", sow_initializer_summary(initializer));
    }
    return table;
}

static cli_table *modules(void)
{
    static const cli_column columns[] = {{"TARGET", false}, {"ARGUMENTS", false}};
    cli_table *table = cli_table_new(columns, 2);
    const char *path, *signature;
    for (size_t i = 0; (path = sow_model_target_at(i, &signature)) != NULL; i++) {
        cli_table_row(table);
        cli_table_cell(table, "%s", path);
        cli_table_cell(table, "%s", signature != NULL ? signature : "(a function)");
    }
    return table;
}

static cli_table *names(const char *(*name_at)(size_t index))
{
    static const cli_column columns[] = {{"NAME", false}};
    cli_table *table = cli_table_new(columns, 1);
    const char *name;
    for (size_t i = 0; (name = name_at(i)) != NULL; i++) {
        cli_table_row(table);
        cli_table_cell(table, "%s", name);
    }
    return table;
}

static cli_table *architectures(void)
{
    return names(sow_model_arch_at);
}

static cli_table *profiles(void)
{
    return names(sow_model_profile_at);
}

static const char *dialect_at(size_t index)
{
    return sow_dialect_name((sow_dialect)index);
}

static cli_table *dialects(void)
{
    return names(dialect_at);
}

static cli_table *dtypes(void)
{
    static const cli_column columns[] = {{"NAME", false},
                                         {"PYTORCH", false},
                                         {"SAFETENSORS", false},
                                         {"BITS", true},
                                         {"USE", false}};
    cli_table *table = cli_table_new(columns, 5);
    for (int i = 0; i < SOW_N_DTYPES; i++) {
        const sow_dtype dtype = (sow_dtype)i;
        const char *stored = sow_safetensors_dtype_name(dtype);
        cli_table_row(table);
        cli_table_cell(table, "%s", sow_dtype_name(dtype));
        cli_table_cell(table, "%s", sow_dtype_torch_name(dtype));
        cli_table_cell(table, "%s", stored != NULL ? stored : "-");
        cli_table_cell(table, "%d", sow_dtype_bits(dtype));
        cli_table_cell(table, "%s",
                       dtype <= SOW_C128            ? "filled, converted"
                       : sow_dtype_bits(dtype) >= 8 ? "constants, converted"
                                                    : "copied");
    }
    return table;
}

static const struct {
    const char *name;
    cli_table *(*make)(void);
} topics[] = {
    {"initializers", initializers}, {"modules", modules},   {"architectures", architectures},
    {"profiles", profiles},         {"dialects", dialects}, {"dtypes", dtypes},
};
#define N_TOPICS (sizeof topics / sizeof *topics)

static int print_topic(size_t index)
{
    cli_page page;
    if (!cli_page_open(&page)) {
        return cli_fail_memory();
    }
    cli_table *table = topics[index].make();
    const bool complete = cli_table_print(table, page.out);
    cli_table_free(table);
    if (!complete) {
        cli_page_drop(&page);
        return cli_fail_memory();
    }
    return cli_page_print(&page, stdout);
}

/* ---- the verb ---- */

static int fail_topic(const char *name)
{
    sow_nearest nearest = {0};
    const cli_verb *verb;
    for (size_t i = 0; (verb = cli_verb_at(i)) != NULL; i++) {
        sow_nearest_try(&nearest, name, verb->name);
    }
    for (size_t i = 0; i < N_TOPICS; i++) {
        sow_nearest_try(&nearest, name, topics[i].name);
    }
    if (nearest.word != NULL) {
        return cli_fail(CLI_USAGE, "no help on '%s' (did you mean %s?)", name, nearest.word);
    }
    return cli_fail(CLI_USAGE, "no help on '%s' (`sow help help` lists what there is help on)",
                    name);
}

static int help_on(char *name)
{
    for (size_t i = 0; i < N_TOPICS; i++) {
        if (strcmp(topics[i].name, name) == 0) {
            return print_topic(i);
        }
    }
    const cli_verb *verb = cli_verb_find(name);
    if (verb == NULL) {
        return fail_topic(name);
    }
    char help[] = "--help";
    char *argv[] = {name, help, NULL};
    return verb->run(2, argv);
}

int cli_help(int argc, char **argv)
{
    static const cli_option_group groups[] = {{0}};
    static const char *const no_words[] = {NULL};
    static const cli_usage usage = {
        .verb = "help",
        .synopsis =
            "[VERB | initializers | modules | architectures | profiles | dialects | dtypes]",
        .about =
            "Explains a verb, or lists what there is; modules are what a description may call.\n",
        .groups = groups,
        .words = no_words,
        .more_words = true,
    };
    cli_words words;
    const int status = cli_options_read(&usage, argc, argv, NULL, &words);
    if (status != CLI_GO_ON) {
        return status;
    }
    if (words.n_words > 1) {
        return cli_fail(CLI_USAGE, "help: unexpected argument '%s'", words.words[1]);
    }
    return words.n_words == 0 ? cli_print_usage(stdout) : help_on(words.words[0]);
}
