/* sow init.
 * SPDX-License-Identifier: Apache-2.0 */
#include "from.h"
#include "report.h"
#include "table.h"
#include "verbs.h"
#include "write.h"

#include <inttypes.h>
#include <math.h>

typedef struct init_options {
    cli_model_options model;
    cli_target target;
} init_options;

/* ---- --explain ---- */

static json_t *json_decisions(const cli_model *model)
{
    json_t *object = json_object();
    for (size_t i = 0; i < sow_plan_count(model->plan); i++) {
        cli_json_set(&object, sow_plan_at(model->plan, i)->name,
                     cli_json_text(cli_model_decided_by(model, i)));
    }
    return object;
}

/* False when memory ran out. */
static bool put_decisions(FILE *out, const cli_model *model)
{
    static const cli_column columns[] = {{"NAME", false}, {"DECIDED BY", false}};
    cli_table *table = cli_table_new(columns, 2);
    for (size_t i = 0; i < sow_plan_count(model->plan); i++) {
        cli_table_row(table);
        cli_table_cell(table, "%s", sow_plan_at(model->plan, i)->name);
        cli_table_cell(table, "%s", cli_model_decided_by(model, i));
    }
    const bool complete = cli_table_print(table, out);
    cli_table_free(table);
    return complete;
}

/* ---- the summary ---- */

static int print_json(const init_options *options, const cli_model *model, const sow_report *report,
                      double seconds)
{
    sow_plan_totals totals;
    sow_plan_get_totals(model->plan, &totals);
    json_t *root = json_object();
    cli_json_set(&root, "path", cli_json_text(options->target.path));
    cli_model_json(&root, model);
    cli_json_set(&root, "n_tensors", cli_json_count(totals.n_tensors));
    cli_json_set(&root, "n_parameters", cli_json_count(cli_model_n_parameters(model)));
    cli_json_set(&root, "n_bytes", cli_json_count(totals.n_bytes));
    cli_json_set(&root, "n_recorded", cli_json_count(totals.n_recorded));
    cli_json_set(&root, "n_fills", cli_json_count(totals.n_fills));
    cli_json_set(&root, "seconds", cli_json_number(round(seconds * 1e6) / 1e6));
    cli_from_json(&root, model);
    if (model->options->explain) {
        cli_json_set(&root, "decided_by", json_decisions(model));
    }
    cli_report_json(&root, &options->target, report);
    return cli_json_print(root, cli_target_summary(&options->target));
}

static int print_text(const init_options *options, const cli_model *model, const sow_report *report,
                      double seconds)
{
    cli_page page;
    if (!cli_page_open(&page)) {
        return cli_fail_memory();
    }
    sow_plan_totals totals;
    sow_plan_get_totals(model->plan, &totals);
    cli_put(page.out, options->target.path);
    fprintf(page.out, ": %s, %s, %s\n", sow_model_arch(model->model),
            sow_dtype_name(sow_model_dtype(model->model)), sow_model_profile(model->model));
    cli_model_put_seed(page.out, model);
    fprintf(page.out, ", %s\n", sow_dialect_name(options->model.dialect));
    cli_put_count(page.out, totals.n_tensors, "tensor");
    fputs(", ", page.out);
    cli_put_count(page.out, cli_model_n_parameters(model), "parameter");
    fprintf(page.out, ", %" PRIu64 " bytes\n%" PRIu64 " of ", totals.n_bytes, totals.n_fills);
    cli_put_count(page.out, totals.n_recorded, "recorded fill");
    fputs(" run\n", page.out);
    cli_from_put(page.out, model);
    if (model->options->explain && !put_decisions(page.out, model)) {
        cli_page_drop(&page);
        return cli_fail_memory();
    }
    cli_report_put(page.out, &options->target, report);
    fprintf(page.out, "%.2f s, %.0f MB/s\n", seconds,
            seconds > 0 ? (double)totals.n_bytes / 1e6 / seconds : 0.0);
    return cli_page_print(&page, cli_target_summary(&options->target));
}

/* ---- the verb ---- */

static int write_and_tell(const init_options *options, const cli_model *model,
                          sow_statistics *statistics)
{
    const cli_target *target = &options->target;
    double seconds = 0.0;
    sow_report report = {.statistics = statistics, .title = target->path};
    cli_model_tell(&report, model);
    int status = cli_target_write(target, model->plan, model->metadata, statistics, &seconds);
    if (status == CLI_GO_ON) {
        status = cli_report_save(target, &report);
    }
    if (status != CLI_GO_ON || target->quiet) {
        return status == CLI_GO_ON ? CLI_DONE : status;
    }
    return target->json ? print_json(options, model, &report, seconds)
                        : print_text(options, model, &report, seconds);
}

/* --force is for yesterday's OUT, not for the file that was just read. */
static int spare_config(const cli_target *target, const cli_config *config)
{
    if (cli_config_is_at(config, target->path)) {
        return cli_fail(CLI_USAGE, "-o %s: is the CONFIG", target->path);
    }
    if (target->report != NULL && cli_config_is_at(config, target->report)) {
        return cli_fail(CLI_USAGE, "--report %s: is the CONFIG", target->report);
    }
    return CLI_GO_ON;
}

static int run(const init_options *options, const char *config)
{
    cli_model model;
    sow_statistics *statistics = NULL;
    int status = cli_model_build(&model, config, &options->model);
    if (status == CLI_GO_ON) {
        status = spare_config(&options->target, &model.config);
    }
    if (status == CLI_GO_ON) {
        status = cli_report_start(&options->target, model.plan, &statistics);
    }
    if (status == CLI_GO_ON) {
        status = write_and_tell(options, &model, statistics);
    }
    sow_statistics_free(statistics);
    cli_model_free(&model);
    return status;
}

int cli_init(int argc, char **argv)
{
    static const cli_option_group groups[] = {
        {cli_model_rows, offsetof(init_options, model)},
        {cli_target_rows, offsetof(init_options, target)},
        {0},
    };
    static const char *const names[] = {"CONFIG", NULL};
    static const cli_usage usage = {
        .verb = "init",
        .synopsis = "CONFIG|FOLDER [OPTION]... -o OUT",
        .about = "Writes the initial weights of the model that a JSON config describes, with the\n"
                 "bits that PyTorch would give for the same seed. CONFIG is a transformers\n"
                 "config.json, a folder that holds one, a TransformerLens native config, a\n"
                 "description of torch.nn modules (docs/descriptions.md), or - for standard\n"
                 "input. OUT is the old file or the whole new one at every moment.\n",
        .groups = groups,
        .words = names,
    };
    init_options options = {0};
    cli_words words;
    int status = cli_options_read(&usage, argc, argv, &options, &words);
    if (status == CLI_GO_ON) {
        status = cli_target_check(&options.target, "init");
    }
    if (status == CLI_GO_ON) {
        status = run(&options, words.words[0]);
    }
    cli_list_free(&options.model.from);
    return status;
}
