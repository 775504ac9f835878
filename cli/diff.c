/* sow diff.
 * SPDX-License-Identifier: Apache-2.0 */
#include "compare.h"
#include "json.h"
#include "options.h"
#include "table.h"
#include "verbs.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct diff_options {
    bool ignore_metadata, quiet, json;
} diff_options;

static const cli_option rows[] = {
    {"ignore-metadata", 0, NULL, "metadata does not count", offsetof(diff_options, ignore_metadata),
     cli_set_switch},
    {"quiet", 'q', NULL, "print nothing, stop at the first difference",
     offsetof(diff_options, quiet), cli_set_switch},
    {"json", 0, NULL, "everything as JSON", offsetof(diff_options, json), cli_set_switch},
    {0},
};

static const char *state_name(cli_compared state)
{
    static const char *const names[] = {"same", "values", "dtype", "shape", "only_a", "only_b"};
    return names[state];
}

/* ---- JSON ---- */

static json_t *json_side(const sow_safetensors_tensor *tensor)
{
    if (tensor == NULL) {
        return json_null();
    }
    json_t *side = json_object();
    cli_json_set(&side, "dtype", cli_json_text(sow_dtype_name(tensor->dtype)));
    cli_json_set(&side, "shape", cli_json_shape(tensor->n_dims, tensor->sizes));
    return side;
}

static json_t *json_pair(const cli_pair *pair)
{
    json_t *object = json_object();
    cli_json_set(&object, "name", cli_json_text(cli_pair_name(pair)));
    cli_json_set(&object, "state", cli_json_text(state_name(pair->state)));
    cli_json_set(&object, "a", json_side(pair->a));
    cli_json_set(&object, "b", json_side(pair->b));
    if (pair->state == CLI_VALUES) {
        int64_t index[SOW_MAX_DIMS];
        const bool counted = pair->counted;
        const int n_dims = counted ? cli_pair_first(pair, index) : -1;
        cli_json_set(&object, "n_different",
                     counted ? cli_json_count(pair->n_different) : json_null());
        cli_json_set(&object, "max_difference",
                     counted && !isnan(pair->max) ? cli_json_number(pair->max) : json_null());
        cli_json_set(&object, "first_index",
                     n_dims >= 0 ? cli_json_shape(n_dims, index) : json_null());
    }
    return object;
}

static json_t *json_metadata(const cli_comparison *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->n_metadata; i++) {
        json_t *object = json_object();
        cli_json_set(&object, "key", cli_json_text(c->metadata[i].key));
        cli_json_set(&object, "a", cli_json_text(c->metadata[i].a));
        cli_json_set(&object, "b", cli_json_text(c->metadata[i].b));
        cli_json_push(&list, object);
    }
    return list;
}

static int print_json(const cli_comparison *c, bool same)
{
    json_t *root = json_object();
    cli_json_set(&root, "a", cli_json_text(sow_safetensors_path(c->a)));
    cli_json_set(&root, "b", cli_json_text(sow_safetensors_path(c->b)));
    cli_json_set(&root, "same", json_boolean(same));
    cli_json_set(&root, "metadata", json_metadata(c));
    json_t *tensors = json_array();
    for (size_t i = 0; i < c->n_pairs; i++) {
        cli_json_push(&tensors, json_pair(&c->pairs[i]));
    }
    cli_json_set(&root, "tensors", tensors);
    return cli_json_print(root, stdout);
}

/* ---- text ---- */

static char *first_place(const cli_pair *pair)
{
    int64_t index[SOW_MAX_DIMS];
    const int n_dims = cli_pair_first(pair, index);
    return cli_shape(n_dims, index);
}

static void add_values(cli_table *table, const cli_pair *pair)
{
    cli_table_row(table);
    cli_table_cell(table, "%s", cli_pair_name(pair));
    cli_table_cell(table, "%s", sow_dtype_name(pair->a->dtype));
    cli_table_cell_take(table, cli_shape(pair->a->n_dims, pair->a->sizes));
    if (pair->counted) {
        cli_table_cell(table, "%" PRIu64, pair->n_different);
        cli_table_cell(table, isnan(pair->max) ? "-" : "%.6g", pair->max);
        cli_table_cell_take(table, first_place(pair));
    } else {
        cli_table_cell(table, "some");
        cli_table_cell(table, "-");
        cli_table_cell(table, "-");
    }
}

static cli_table *make_table(const cli_comparison *c)
{
    static const cli_column columns[] = {{"NAME", false},        {"DTYPE", false},
                                         {"SHAPE", false},       {"DIFFERENT", true},
                                         {"MAX ABS DIFF", true}, {"FIRST AT", false}};
    cli_table *table = cli_table_new(columns, 6);
    for (size_t i = 0; i < c->n_pairs; i++) {
        if (c->pairs[i].state == CLI_VALUES) {
            add_values(table, &c->pairs[i]);
        }
    }
    return table;
}

static void put_side(FILE *out, const sow_safetensors_tensor *tensor)
{
    fprintf(out, "%s ", sow_dtype_name(tensor->dtype));
    cli_put_shape(out, tensor->n_dims, tensor->sizes);
}

static void put_pair(FILE *out, const cli_comparison *c, const cli_pair *pair)
{
    switch (pair->state) {
    case CLI_ONLY_A:
    case CLI_ONLY_B:
        fputs("only in ", out);
        cli_put(out, sow_safetensors_path(pair->state == CLI_ONLY_A ? c->a : c->b));
        fputs(": ", out);
        cli_put(out, cli_pair_name(pair));
        fputc(' ', out);
        put_side(out, pair->state == CLI_ONLY_A ? pair->a : pair->b);
        fputc('\n', out);
        break;
    case CLI_DTYPE:
    case CLI_SHAPE:
        fprintf(out, "%s differs: ", state_name(pair->state));
        cli_put(out, cli_pair_name(pair));
        fputc(' ', out);
        put_side(out, pair->a);
        fputs(" and ", out);
        put_side(out, pair->b);
        fputc('\n', out);
        break;
    default:
        break;
    }
}

static void put_metadata(FILE *out, const cli_comparison *c)
{
    for (size_t i = 0; i < c->n_metadata; i++) {
        const cli_metadata_pair *pair = &c->metadata[i];
        fputs("metadata differs: ", out);
        cli_put(out, pair->key);
        fputs(": ", out);
        cli_put(out, pair->a != NULL ? pair->a : "(none)");
        fputs(" and ", out);
        cli_put(out, pair->b != NULL ? pair->b : "(none)");
        fputc('\n', out);
    }
}

static size_t count_state(const cli_comparison *c, cli_compared state)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_pairs; i++) {
        n += c->pairs[i].state == state;
    }
    return n;
}

static int print_text(const cli_comparison *c)
{
    cli_page page;
    if (!cli_page_open(&page)) {
        return cli_fail_memory();
    }
    put_metadata(page.out, c);
    for (size_t i = 0; i < c->n_pairs; i++) {
        put_pair(page.out, c, &c->pairs[i]);
    }
    cli_table *table = make_table(c);
    const bool complete = cli_table_print(table, page.out);
    cli_table_free(table);
    if (!complete) {
        cli_page_drop(&page);
        return cli_fail_memory();
    }
    const size_t n_same = count_state(c, CLI_SAME);
    fprintf(page.out, "%zu of %zu tensors have the same bits\n", n_same, c->n_pairs);
    return cli_page_print(&page, stdout);
}

/* ---- the verb ---- */

static int run(const diff_options *options, char **paths)
{
    cli_comparison c;
    int status = cli_compare(&c, paths[0], paths[1], options->quiet);
    if (status == CLI_GO_ON) {
        const bool same = count_state(&c, CLI_SAME) == c.n_pairs &&
                          (options->ignore_metadata || c.n_metadata == 0);
        status = options->quiet ? CLI_DONE : options->json ? print_json(&c, same) : print_text(&c);
        if (status == CLI_DONE && !same) {
            status = CLI_DIFFERENT;
        }
    }
    cli_comparison_free(&c);
    return status;
}

int cli_diff(int argc, char **argv)
{
    static const cli_option_group groups[] = {{rows, 0}, {0}};
    static const char *const names[] = {"A", "B", NULL};
    static const cli_usage usage = {
        .verb = "diff",
        .synopsis = "A.safetensors B.safetensors [OPTION]...",
        .about =
            "Compares names, types, shapes, metadata and bits. Exit status: 0 when all is the\n"
            "same, 1 when something differs. Tensors with the same bits are only counted. The\n"
            "files are read in pieces.\n",
        .groups = groups,
        .words = names,
    };
    diff_options options = {0};
    cli_words words;
    const int status = cli_options_read(&usage, argc, argv, &options, &words);
    return status == CLI_GO_ON ? run(&options, words.words) : status;
}
