/* The top of the page: what was written, how, and from which files.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"

#include <inttypes.h>
#include <string.h>

#define MAX_SEEDS 8

static void put_fact(sow__text *text, const char *label, const char *value)
{
    if (value != NULL) {
        sow__putf(text, "<div><dt>%s</dt><dd>", label);
        sow__put_html_name(text, value);
        sow__put(text, "</dd></div>\n");
    }
}

/* Where the heading cuts it. */
static void put_title(sow__text *text, const char *title)
{
    if (title != NULL && sow__is_long(title)) {
        sow__put(text, "<div class=\"wide\"><dt>File</dt><dd>");
        sow__html_name(text, title, title);
        sow__put(text, "</dd></div>\n");
    }
}

static void put_seed(sow__text *text, const sow_report *report)
{
    if (!report->has_seed) {
        return;
    }
    sow__putf(text, "<div><dt>Seed</dt><dd>%" PRIu64, report->seed);
    if (report->seed_from != NULL && strcmp(report->seed_from, "seed") != 0) {
        sow__put(text, " <span class=\"soft\">(");
        sow__put_html(text, report->seed_from);
        sow__put(text, ")</span>");
    }
    sow__put(text, "</dd></div>\n");
}

/* Where they say more than the seed. */
static void put_streams(sow__text *text, const sow_report *report)
{
    uint64_t seeds[MAX_SEEDS];
    const size_t n = sow__report_seeds(report, seeds, MAX_SEEDS);
    if (n == 0 || (n == 1 && report->has_seed && seeds[0] == report->seed)) {
        return;
    }
    sow__put(text, "<div><dt>Streams drawn from</dt><dd>");
    for (size_t i = 0; i < n; i++) {
        sow__putf(text, "%s%" PRIu64, i == 0 ? "seed " : ", ", seeds[i]);
    }
    sow__put(text, n == MAX_SEEDS ? " ...</dd></div>\n" : "</dd></div>\n");
}

static void put_files(sow__text *text, const sow_report *report)
{
    if (report->n_files == 0) {
        return;
    }
    sow__putf(text, "<div class=\"wide\"><dt>%s</dt>",
              report->n_files == 1 ? "Checkpoint" : "Checkpoint files");
    for (size_t i = 0; i < report->n_files; i++) {
        sow__told_file file;
        sow__report_tell_file(report, i, &file);
        sow__put(text, "<dd>");
        sow__html_name(text, file.path, file.path);
        sow__put(text, " <span class=\"soft\">");
        sow__put_grouped(text, file.n_loaded);
        sow__put(text, " of ");
        sow__put_grouped(text, file.n_tensors);
        sow__put(text, file.n_tensors == 1 ? " tensor loaded" : " tensors loaded");
        sow__put(text, "</span></dd>");
    }
    sow__put(text, "</div>\n");
}

static void put_facts(sow__text *text, const sow_report *report)
{
    const sow_model *model = report->model;
    sow__put(text, "<dl class=\"facts\">\n");
    put_title(text, report->title);
    put_fact(text, "Model class", model != NULL ? sow_model_arch(model) : NULL);
    put_fact(text, "Model code", model != NULL ? sow_model_profile(model) : NULL);
    put_fact(text, "Random numbers", sow_dialect_name(report->dialect));
    put_fact(text, "Type of new tensors",
             model != NULL ? sow__report_dtype(sow_model_dtype(model)) : NULL);
    put_seed(text, report);
    put_streams(text, report);
    put_fact(text, "Written by sow", sow_version());
    put_files(text, report);
    sow__put(text, "</dl>\n");
}

static void put_count(sow__text *text, const char *label, uint64_t value)
{
    sow__putf(text, "<div><dt>%s</dt><dd>", label);
    sow__put_grouped(text, value);
    sow__put(text, "</dd></div>\n");
}

static void put_counts(sow__text *text, const sow__report_totals *totals)
{
    sow__put(text, "<dl class=\"facts counts\">\n");
    put_count(text, "Tensors", totals->n_tensors);
    put_count(text, "Elements", totals->n_elements);
    put_count(text, "Bytes", totals->n_bytes);
    put_count(text, "Initialised", totals->n_initialised);
    put_count(text, "Loaded", totals->n_loaded);
    if (totals->n_in_memory > 0) {
        put_count(text, "In memory", totals->n_in_memory);
    }
    put_count(text, "Mismatched", totals->n_mismatched);
    put_count(text, "Not used", totals->n_unexpected);
    sow__put(text, "</dl>\n");
}

void sow__html_head(sow__text *text, const sow_report *report, const sow__report_totals *totals)
{
    sow__put(text, "<h1>");
    sow__put_html_cut(text, report->title != NULL ? report->title : "Initial weights");
    sow__put(text, "</h1>\n");
    put_facts(text, report);
    put_counts(text, totals);
}
