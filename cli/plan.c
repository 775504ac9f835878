/* sow plan.
 * SPDX-License-Identifier: Apache-2.0 */
#include "from.h"
#include "table.h"
#include "verbs.h"

#include <inttypes.h>
#include <math.h>

typedef struct plan_options {
    cli_model_options model;
    bool json;
} plan_options;

static const cli_option rows[] = {
    {"json", 0, NULL, "the plan as JSON", offsetof(plan_options, json), cli_set_switch},
    {0},
};

static const char *action_name(sow_plan_action action)
{
    static const char *const names[] = {"fill", "copy", "keep"};
    return names[action];
}

/* ---- JSON ---- */

static json_t *json_entry(const sow_plan_entry *entry, const char *decided_by)
{
    json_t *object = json_object();
    const bool known = !isnan(entry->std);
    cli_json_set(&object, "name", cli_json_text(entry->name));
    cli_json_set(&object, "shape", cli_json_shape(entry->n_dims, entry->sizes));
    cli_json_set(&object, "dtype", cli_json_text(sow_dtype_name(entry->dtype)));
    cli_json_set(&object, "n_bytes", cli_json_count(entry->n_bytes));
    cli_json_set(&object, "action", cli_json_text(action_name(entry->action)));
    cli_json_set(&object, "initializer", cli_json_text(entry->initializer));
    cli_json_set(&object, "fill", cli_json_text(entry->fill));
    cli_json_set(&object, "mean", known ? cli_json_number(entry->mean) : json_null());
    cli_json_set(&object, "std", known ? cli_json_number(entry->std) : json_null());
    cli_json_set(&object, "seed", entry->draws ? cli_json_count(entry->seed) : json_null());
    cli_json_set(&object, "position", entry->draws ? cli_json_count(entry->position) : json_null());
    cli_json_set(&object, "n_words", cli_json_count(entry->n_words));
    cli_json_set(&object, "exact", json_boolean(entry->exact));
    if (decided_by != NULL) {
        cli_json_set(&object, "decided_by", cli_json_text(decided_by));
    }
    return object;
}

static int print_json(const cli_model *model)
{
    sow_plan_totals totals;
    sow_plan_get_totals(model->plan, &totals);
    json_t *root = json_object();
    cli_model_json(&root, model);
    json_t *tensors = json_array();
    const sow_plan_entry *entry;
    for (size_t i = 0; (entry = sow_plan_at(model->plan, i)) != NULL; i++) {
        const bool explain = model->options->explain;
        cli_json_push(&tensors, json_entry(entry, explain ? cli_model_decided_by(model, i) : NULL));
    }
    cli_json_set(&root, "tensors", tensors);
    json_t *sums = json_object();
    cli_json_set(&sums, "n_tensors", cli_json_count(totals.n_tensors));
    cli_json_set(&sums, "n_parameters", cli_json_count(cli_model_n_parameters(model)));
    cli_json_set(&sums, "n_bytes", cli_json_count(totals.n_bytes));
    cli_json_set(&sums, "n_recorded", cli_json_count(totals.n_recorded));
    cli_json_set(&sums, "n_fills", cli_json_count(totals.n_fills));
    cli_json_set(&sums, "n_drawn", cli_json_count(totals.n_drawn));
    cli_json_set(&root, "totals", sums);
    cli_from_json(&root, model);
    return cli_json_print(root, stdout);
}

/* ---- text ---- */

/* Several streams: one seed is not enough to read the positions. */
static bool has_several_seeds(const sow_plan *plan)
{
    const sow_plan_entry *entry, *first = NULL;
    for (size_t i = 0; (entry = sow_plan_at(plan, i)) != NULL; i++) {
        if (entry->draws && first == NULL) {
            first = entry;
        }
        if (entry->draws && entry->seed != first->seed) {
            return true;
        }
    }
    return false;
}

static void add_row(cli_table *table, const sow_plan_entry *entry, bool seeds,
                    const char *decided_by)
{
    const bool copied = entry->action == SOW_PLAN_COPY;
    cli_table_row(table);
    cli_table_cell(table, "%s", entry->name);
    cli_table_cell_take(table, cli_shape(entry->n_dims, entry->sizes));
    cli_table_cell(table, "%s", sow_dtype_name(entry->dtype));
    cli_table_cell(table, "%s%s", copied ? "copy of " : "",
                   entry->initializer != NULL ? entry->initializer : "-");
    cli_table_cell(table, "%s%s", entry->fill != NULL ? entry->fill : "-",
                   entry->exact ? "" : " (*)");
    cli_table_cell(table, isnan(entry->std) ? "-" : "%.6g", entry->std);
    cli_table_cell(table, "%" PRIu64, entry->n_bytes);
    cli_table_cell(table, entry->draws ? "%" PRIu64 : "-", entry->position);
    if (seeds) {
        cli_table_cell(table, entry->draws ? "%" PRIu64 : "-", entry->seed);
    }
    if (decided_by != NULL) {
        cli_table_cell(table, "%s", decided_by);
    }
}

static cli_table *make_table(const cli_model *model)
{
    cli_column columns[10] = {
        {"NAME", false}, {"SHAPE", false}, {"DTYPE", false}, {"INITIALIZER", false},
        {"FILL", false}, {"STD", true},    {"BYTES", true},  {"POSITION", true},
    };
    size_t n_columns = 8;
    const bool seeds = has_several_seeds(model->plan), explain = model->options->explain;
    if (seeds) {
        columns[n_columns++] = (cli_column){"SEED", true};
    }
    if (explain) {
        columns[n_columns++] = (cli_column){"DECIDED BY", false};
    }
    cli_table *table = cli_table_new(columns, n_columns);
    const sow_plan_entry *entry;
    for (size_t i = 0; (entry = sow_plan_at(model->plan, i)) != NULL; i++) {
        add_row(table, entry, seeds, explain ? cli_model_decided_by(model, i) : NULL);
    }
    return table;
}

static void put_totals(FILE *out, const cli_model *model)
{
    sow_plan_totals totals;
    sow_plan_get_totals(model->plan, &totals);
    size_t n_inexact = 0;
    const sow_plan_entry *entry;
    for (size_t i = 0; (entry = sow_plan_at(model->plan, i)) != NULL; i++) {
        n_inexact += !entry->exact;
    }
    fprintf(out, "\n%s, %s, %s, %s, ", sow_model_arch(model->model),
            sow_dtype_name(sow_model_dtype(model->model)), sow_model_profile(model->model),
            sow_dialect_name(model->options->dialect));
    cli_model_put_seed(out, model);
    fputc('\n', out);
    cli_put_count(out, totals.n_tensors, "tensor");
    fputs(", ", out);
    cli_put_count(out, cli_model_n_parameters(model), "parameter");
    fprintf(out, ", %" PRIu64 " bytes; ", totals.n_bytes);
    cli_put_count(out, totals.n_recorded, "fill");
    fprintf(out, " recorded, %" PRIu64 " run, %" PRIu64 " fell out; ", totals.n_fills,
            totals.n_recorded - totals.n_fills);
    cli_put_count(out, totals.n_drawn, "word");
    fputs(" drawn\n", out);
    if (n_inexact > 0) {
        fprintf(out, "(*) %zu not bit-exact: the last bits depend on LAPACK or the system's libm\n",
                n_inexact);
    }
}

static int print_text(const cli_model *model)
{
    cli_page page;
    if (!cli_page_open(&page)) {
        return cli_fail_memory();
    }
    cli_table *table = make_table(model);
    const bool complete = cli_table_print(table, page.out);
    cli_table_free(table);
    if (!complete) {
        cli_page_drop(&page);
        return cli_fail_memory();
    }
    put_totals(page.out, model);
    cli_from_put(page.out, model);
    return cli_page_print(&page, stdout);
}

/* ---- the verb ---- */

static int run(const plan_options *options, const char *config)
{
    cli_model model;
    int status = cli_model_build(&model, config, &options->model);
    if (status == CLI_GO_ON) {
        status = options->json ? print_json(&model) : print_text(&model);
    }
    cli_model_free(&model);
    return status;
}

int cli_plan(int argc, char **argv)
{
    static const cli_option_group groups[] = {
        {cli_model_rows, offsetof(plan_options, model)}, {rows, 0}, {0}};
    static const char *const names[] = {"CONFIG", NULL};
    static const cli_usage usage = {
        .verb = "plan",
        .synopsis = "CONFIG|FOLDER [OPTION]...",
        .about = "Lists every tensor that init would write with the same options: what fills it,\n"
                 "the standard deviation to expect, and where in the random stream its numbers\n"
                 "begin (in 32-bit words from the seed). Nothing is computed or written.\n",
        .groups = groups,
        .words = names,
    };
    plan_options options = {0};
    cli_words words;
    int status = cli_options_read(&usage, argc, argv, &options, &words);
    if (status == CLI_GO_ON) {
        status = run(&options, words.words[0]);
    }
    cli_list_free(&options.model.from);
    return status;
}
