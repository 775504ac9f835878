/* sow inspect.
 * SPDX-License-Identifier: Apache-2.0 */
#include "json.h"
#include "options.h"
#include "progress.h"
#include "table.h"
#include "verbs.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* A multiple of every element that sow can read. */
#define PIECE_BYTES ((size_t)1 << 20)

typedef struct inspect_options {
    bool no_stats, json;
} inspect_options;

static const cli_option rows[] = {
    {"no-stats", 0, NULL, "read the header only", offsetof(inspect_options, no_stats),
     cli_set_switch},
    {"json", 0, NULL, "everything as JSON", offsetof(inspect_options, json), cli_set_switch},
    {0},
};

/* A tensor that is shown. */
typedef struct shown {
    const sow_safetensors_tensor *tensor;
    uint64_t n_elements;
    bool has_stats;
    sow_stats stats;
} shown;

typedef struct inspection {
    sow_safetensors *file;
    shown *tensors;
    size_t n_tensors;
    uint64_t n_elements, n_bytes;
} inspection;

static uint64_t n_bytes_of(const sow_safetensors_tensor *tensor)
{
    return tensor->end - tensor->begin;
}

/* ---- choosing ---- */

static bool is_chosen(const char *name, const cli_words *globs, bool *used)
{
    bool chosen = globs->n_words == 0;
    for (int i = 0; i < globs->n_words; i++) {
        if (fnmatch(globs->words[i], name, 0) == 0) {
            used[i] = true;
            chosen = true;
        }
    }
    return chosen;
}

static int refuse_unused(const inspection *all, const cli_words *globs, const bool *used)
{
    for (int i = 0; i < globs->n_words; i++) {
        if (!used[i]) {
            return cli_fail(CLI_INPUT, "%s: no tensor matches '%s'",
                            sow_safetensors_path(all->file), globs->words[i]);
        }
    }
    return CLI_GO_ON;
}

static void add(inspection *all, const sow_safetensors_tensor *tensor)
{
    shown *s = &all->tensors[all->n_tensors++];
    s->tensor = tensor;
    s->n_elements = 1;
    for (int k = 0; k < tensor->n_dims; k++) {
        s->n_elements *= (uint64_t)tensor->sizes[k];
    }
    all->n_elements += s->n_elements;
    all->n_bytes += n_bytes_of(tensor);
}

static int choose(inspection *all, const cli_words *globs)
{
    bool *used = calloc((size_t)globs->n_words + 1, sizeof *used);
    all->tensors = calloc(sow_safetensors_count(all->file) + 1, sizeof *all->tensors);
    int status;
    if (used == NULL || all->tensors == NULL) {
        status = cli_fail_memory();
    } else {
        const sow_safetensors_tensor *tensor;
        for (size_t i = 0; (tensor = sow_safetensors_at(all->file, i)) != NULL; i++) {
            if (is_chosen(tensor->name, globs, used)) {
                add(all, tensor);
            }
        }
        status = refuse_unused(all, globs, used);
    }
    free(used);
    return status;
}

/* ---- reading ---- */

static sow_status read_stats(const inspection *all, shown *s, void *piece, uint64_t *done,
                             sow_error *err)
{
    const size_t element_bytes = (size_t)sow_dtype_bits(s->tensor->dtype) / 8;
    const uint64_t n_bytes = n_bytes_of(s->tensor);
    sow_stats_init(&s->stats);
    for (uint64_t at = 0; at < n_bytes; at += PIECE_BYTES) {
        const size_t n = n_bytes - at < PIECE_BYTES ? (size_t)(n_bytes - at) : PIECE_BYTES;
        sow_status status = sow_safetensors_read(all->file, s->tensor, at, piece, n, err);
        if (status == SOW_OK) {
            status = sow_stats_add(&s->stats, s->tensor->dtype, piece, n / element_bytes, err);
        }
        if (status != SOW_OK) {
            return status;
        }
        *done += n;
        cli_progress(*done, all->n_bytes);
    }
    s->has_stats = true;
    return SOW_OK;
}

static int read_all(inspection *all)
{
    void *piece = malloc(PIECE_BYTES);
    if (piece == NULL) {
        return cli_fail_memory();
    }
    sow_error err;
    sow_status status = SOW_OK;
    uint64_t done = 0;
    cli_progress_begin();
    for (size_t i = 0; i < all->n_tensors && status == SOW_OK; i++) {
        if (sow_stats_can_read(all->tensors[i].tensor->dtype)) {
            status = read_stats(all, &all->tensors[i], piece, &done, &err);
        }
    }
    cli_progress_end();
    free(piece);
    return status == SOW_OK ? CLI_GO_ON : cli_fail_input(&err);
}

/* ---- JSON ---- */

/* The bounds of no number at all are none. */
static bool has_bounds(const shown *s)
{
    return s->has_stats && s->stats.n > s->stats.n_nan;
}

static void json_stats(json_t **object, const shown *s)
{
    const sow_stats *stats = &s->stats;
    const double std = sow_stats_std(stats);
    const bool finite = s->has_stats && stats->n > stats->n_nan + stats->n_inf;
    const bool bounds = has_bounds(s);
    cli_json_set(object, "mean", finite ? cli_json_number(stats->mean) : json_null());
    cli_json_set(object, "std", finite && !isnan(std) ? cli_json_number(std) : json_null());
    cli_json_set(object, "min", bounds ? cli_json_number(stats->min) : json_null());
    cli_json_set(object, "max", bounds ? cli_json_number(stats->max) : json_null());
    cli_json_set(object, "n_zero", s->has_stats ? cli_json_count(stats->n_zero) : json_null());
    cli_json_set(object, "n_nan", s->has_stats ? cli_json_count(stats->n_nan) : json_null());
    cli_json_set(object, "n_inf", s->has_stats ? cli_json_count(stats->n_inf) : json_null());
}

static json_t *json_tensor(const shown *s, bool with_stats)
{
    json_t *object = json_object();
    cli_json_set(&object, "name", cli_json_text(s->tensor->name));
    cli_json_set(&object, "dtype", cli_json_text(sow_dtype_name(s->tensor->dtype)));
    cli_json_set(&object, "shape", cli_json_shape(s->tensor->n_dims, s->tensor->sizes));
    cli_json_set(&object, "n_bytes", cli_json_count(n_bytes_of(s->tensor)));
    if (with_stats) {
        json_stats(&object, s);
    }
    return object;
}

static json_t *json_metadata(const sow_safetensors *file)
{
    json_t *object = json_object();
    const char *key, *value;
    for (size_t i = 0; (key = sow_safetensors_metadata(file, i, &value)) != NULL; i++) {
        cli_json_set(&object, key, cli_json_text(value));
    }
    return object;
}

static int print_json(const inspection *all, bool with_stats)
{
    json_t *root = json_object();
    cli_json_set(&root, "path", cli_json_text(sow_safetensors_path(all->file)));
    cli_json_set(&root, "file_bytes", cli_json_count(sow_safetensors_n_bytes(all->file)));
    cli_json_set(&root, "metadata", json_metadata(all->file));
    json_t *tensors = json_array();
    for (size_t i = 0; i < all->n_tensors; i++) {
        cli_json_push(&tensors, json_tensor(&all->tensors[i], with_stats));
    }
    cli_json_set(&root, "tensors", tensors);
    json_t *totals = json_object();
    cli_json_set(&totals, "n_tensors", cli_json_count(all->n_tensors));
    cli_json_set(&totals, "n_elements", cli_json_count(all->n_elements));
    cli_json_set(&totals, "n_bytes", cli_json_count(all->n_bytes));
    cli_json_set(&root, "totals", totals);
    return cli_json_print(root, stdout);
}

/* ---- text ---- */

static void add_figure(cli_table *table, bool known, double value)
{
    cli_table_cell(table, known && !isnan(value) ? "%.6g" : "-", value);
}

static void add_stats(cli_table *table, const shown *s)
{
    const sow_stats *stats = &s->stats;
    const bool finite = s->has_stats && stats->n > stats->n_nan + stats->n_inf;
    add_figure(table, finite, stats->mean);
    add_figure(table, finite, sow_stats_std(stats));
    add_figure(table, has_bounds(s), stats->min);
    add_figure(table, has_bounds(s), stats->max);
    cli_table_cell(table, s->has_stats ? "%" PRIu64 : "-", stats->n_zero);
    cli_table_cell(table, s->has_stats ? "%" PRIu64 : "-", stats->n_nan);
}

static cli_table *make_table(const inspection *all, bool with_stats)
{
    static const cli_column columns[] = {
        {"NAME", false}, {"DTYPE", false}, {"SHAPE", false}, {"BYTES", true}, {"MEAN", true},
        {"STD", true},   {"MIN", true},    {"MAX", true},    {"ZEROS", true}, {"NAN", true},
    };
    cli_table *table = cli_table_new(columns, with_stats ? 10 : 4);
    for (size_t i = 0; i < all->n_tensors; i++) {
        const sow_safetensors_tensor *tensor = all->tensors[i].tensor;
        cli_table_row(table);
        cli_table_cell(table, "%s", tensor->name);
        cli_table_cell(table, "%s", sow_dtype_name(tensor->dtype));
        cli_table_cell_take(table, cli_shape(tensor->n_dims, tensor->sizes));
        cli_table_cell(table, "%" PRIu64, n_bytes_of(tensor));
        if (with_stats) {
            add_stats(table, &all->tensors[i]);
        }
    }
    return table;
}

static void put_metadata(FILE *out, const sow_safetensors *file)
{
    const char *key, *value;
    size_t i = 0;
    for (; (key = sow_safetensors_metadata(file, i, &value)) != NULL; i++) {
        fputs("metadata ", out);
        cli_put(out, key);
        fputs(": ", out);
        cli_put(out, value);
        fputc('\n', out);
    }
    fputs(i > 0 ? "\n" : "", out);
}

static int print_text(const inspection *all, bool with_stats)
{
    cli_page page;
    if (!cli_page_open(&page)) {
        return cli_fail_memory();
    }
    put_metadata(page.out, all->file);
    cli_table *table = make_table(all, with_stats);
    const bool complete = cli_table_print(table, page.out);
    cli_table_free(table);
    if (!complete) {
        cli_page_drop(&page);
        return cli_fail_memory();
    }
    fputs(all->n_tensors > 0 ? "\n" : "", page.out);
    cli_put_count(page.out, all->n_tensors, "tensor");
    fputs(", ", page.out);
    cli_put_count(page.out, all->n_elements, "element");
    fprintf(page.out, ", %" PRIu64 " bytes\n", all->n_bytes);
    return cli_page_print(&page, stdout);
}

/* ---- the verb ---- */

static int run(const inspect_options *options, const char *path, const cli_words *globs)
{
    sow_error err;
    inspection all = {.file = sow_safetensors_open(path, &err)};
    if (all.file == NULL) {
        return cli_fail_input(&err);
    }
    int status = choose(&all, globs);
    if (status == CLI_GO_ON && !options->no_stats) {
        status = read_all(&all);
    }
    if (status == CLI_GO_ON) {
        status = options->json ? print_json(&all, !options->no_stats)
                               : print_text(&all, !options->no_stats);
    }
    free(all.tensors);
    sow_safetensors_close(all.file);
    return status;
}

int cli_inspect(int argc, char **argv)
{
    static const cli_option_group groups[] = {{rows, 0}, {0}};
    static const char *const names[] = {"FILE", NULL};
    static const cli_usage usage = {
        .verb = "inspect",
        .synopsis = "FILE.safetensors [NAME-GLOB]... [OPTION]...",
        .about = "Shows metadata and tensors in the order of their data, with mean, standard\n"
                 "deviation (divisor n - 1), smallest and largest value, zeros and NaNs. NaNs are\n"
                 "in no other figure, infinities not in mean and std; a complex element counts as\n"
                 "two numbers; - is what cannot be told. The file is read in pieces.\n",
        .groups = groups,
        .words = names,
        .more_words = true,
    };
    inspect_options options = {0};
    cli_words words;
    const int status = cli_options_read(&usage, argc, argv, &options, &words);
    if (status != CLI_GO_ON) {
        return status;
    }
    const cli_words globs = {words.words + 1, words.n_words - 1};
    return run(&options, words.words[0], &globs);
}
