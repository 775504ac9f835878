/* A report as a page: head, what looks wrong, then the tensors, module by module. It needs no
 * script and nothing from elsewhere.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"

#include "base/error.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Groups are unfolded from the start when all of them together are short. */
#define OPEN_TENSORS 60
/* Findings and names in a list on top. */
#define MOST_LISTED 50
#define MAX_SEEDS 8

/* ---- facts ---- */

static void put_fact(sow__text *text, const char *label, const char *value)
{
    if (value != NULL) {
        sow__putf(text, "<div><dt>%s</dt><dd>", label);
        sow__put_html_name(text, value);
        sow__put(text, "</dd></div>\n");
    }
}

static void put_seed(sow__text *text, const sow_report *report)
{
    uint64_t seeds[MAX_SEEDS];
    const size_t n = sow__report_seeds(report, seeds, MAX_SEEDS);
    if (report->has_seed) {
        sow__putf(text, "<div><dt>Seed</dt><dd>%" PRIu64, report->seed);
        if (report->seed_from != NULL && strcmp(report->seed_from, "seed") != 0) {
            sow__put(text, " <span class=\"soft\">(");
            sow__put_html(text, report->seed_from);
            sow__put(text, ")</span>");
        }
        sow__put(text, "</dd></div>\n");
    }
    if (n == 0 || (n == 1 && report->has_seed && seeds[0] == report->seed)) {
        return;
    }
    sow__put(text, "<div><dt>Streams drawn from</dt><dd>");
    for (size_t i = 0; i < n; i++) {
        sow__putf(text, "%s%" PRIu64, i == 0 ? "seed " : ", ", seeds[i]);
    }
    sow__put(text, n == MAX_SEEDS ? " ...</dd></div>\n" : "</dd></div>\n");
}

static void put_count(sow__text *text, const char *label, uint64_t value)
{
    sow__putf(text, "<div><dt>%s</dt><dd>", label);
    sow__put_grouped(text, value);
    sow__put(text, "</dd></div>\n");
}

static void put_head(sow__text *text, const sow_report *report, const sow__report_totals *totals)
{
    const sow_model *model = report->model;
    sow__put(text, "<h1>");
    sow__put_html_name(text, report->title != NULL ? report->title : "Initial weights");
    sow__put(text, "</h1>\n<dl class=\"facts\">\n");
    put_fact(text, "Model class", model != NULL ? sow_model_arch(model) : NULL);
    put_fact(text, "Model code", model != NULL ? sow_model_profile(model) : NULL);
    put_fact(text, "Numbers of", sow_dialect_name(report->dialect));
    put_fact(text, "Type of new tensors",
             model != NULL ? sow__report_dtype(sow_model_dtype(model)) : NULL);
    put_seed(text, report);
    put_fact(text, "Written by sow", sow_version());
    sow__put(text, "</dl>\n<dl class=\"facts counts\">\n");
    put_count(text, "Tensors", totals->n_tensors);
    put_count(text, "Elements", totals->n_elements);
    put_count(text, "Bytes", totals->n_bytes);
    put_count(text, "Initialised", totals->n_initialised);
    put_count(text, "Loaded", totals->n_loaded);
    if (totals->n_in_memory > 0) {
        put_count(text, "In memory", totals->n_in_memory);
    }
    put_count(text, "Mismatched", totals->n_mismatched);
    put_count(text, "Unexpected", totals->n_unexpected);
    sow__put(text, "</dl>\n");
}

/* ---- findings ---- */

static void put_more(sow__text *text, uint64_t n)
{
    if (n > MOST_LISTED) {
        sow__putf(text, "<li>and %" PRIu64 " more</li>\n", n - MOST_LISTED);
    }
}

static void put_findings(sow__text *text, const sow_report *report, bool wrong, uint64_t n)
{
    uint64_t n_put = 0;
    sow__put(text, "<ul>\n");
    for (size_t i = 0; n_put < MOST_LISTED && i < sow_plan_count(report->plan); i++) {
        sow__told told;
        sow__report_tell(report, i, &told);
        for (int k = 0; k < told.n_findings && n_put < MOST_LISTED; k++) {
            if (sow__finding_is_wrong(told.findings[k].kind) == wrong) {
                sow__putf(text, "<li><a href=\"#t%zu\"><code>", i);
                sow__put_html_name(text, told.entry->name);
                sow__put(text, "</code></a> ");
                sow__put_html(text, told.findings[k].text);
                sow__put(text, "</li>\n");
                n_put++;
            }
        }
    }
    put_more(text, n);
    sow__put(text, "</ul>");
}

static void put_unexpected(sow__text *text, const sow_report *report, uint64_t n)
{
    const char *name;
    sow__putf(text, "<h2>In the checkpoint and of no use: %" PRIu64 "</h2>\n", n);
    sow__put(text, "<div class=\"notes\"><ul>\n");
    for (size_t i = 0; i < MOST_LISTED && (name = sow_model_unexpected(report->model, i)) != NULL;
         i++) {
        sow__put(text, "<li><code>");
        sow__put_html_name(text, name);
        sow__put(text, "</code></li>\n");
    }
    put_more(text, n);
    sow__put(text, "</ul></div>\n");
}

static void put_verdict(sow__text *text, const sow_report *report, const sow__report_totals *totals)
{
    if (totals->n_wrong > 0) {
        sow__putf(text, "<h2>Looks wrong: %" PRIu64 "</h2>\n<div class=\"wrong\">",
                  totals->n_wrong);
        put_findings(text, report, true, totals->n_wrong);
        sow__put(text, "</div>\n");
    } else if (totals->n_tensors > 0) {
        sow__put(text,
                 "<h2>Nothing looks wrong</h2>\n<p class=\"fine\">There is no NaN, no infinity "
                 "and no weight that is zero by mistake");
        sow__put(text,
                 totals->n_initialised > 0
                     ? ", and the means and standard deviations of what was initialised are as "
                       "near to the expected ones as chance brings them.</p>\n"
                     : ".</p>\n");
    }
    if (totals->n_notes > 0) {
        sow__putf(text, "<h2>To know: %" PRIu64 "</h2>\n<div class=\"notes\">", totals->n_notes);
        put_findings(text, report, false, totals->n_notes);
        sow__put(text, "</div>\n");
    }
    if (totals->n_unexpected > 0) {
        put_unexpected(text, report, totals->n_unexpected);
    }
}

/* ---- tensors ---- */

struct group {
    const sow__member *members;
    size_t n_members;
    uint64_t n_elements, n_wrong;
};

static struct group group_at(const sow_report *report, const sow__member *members, size_t n_left)
{
    struct group group = {.members = members};
    for (; group.n_members < n_left && members[group.n_members].group == members[0].group;
         group.n_members++) {
        sow__told told;
        sow__report_tell(report, members[group.n_members].index, &told);
        group.n_elements += sow__report_numel(told.entry);
        for (int k = 0; k < told.n_findings; k++) {
            group.n_wrong += sow__finding_is_wrong(told.findings[k].kind);
        }
    }
    return group;
}

static void put_summary(sow__text *text, const struct group *group, bool open)
{
    const sow__member *first = group->members;
    sow__put(text, open ? "<details open><summary><b>" : "<details><summary><b>");
    if (first->prefix_bytes == 0) {
        sow__put(text, "Top level");
    } else {
        sow__put(text, "<code>");
        /* No name that is valid UTF-8 is cut within a character: it ends before a dot. */
        char *prefix = strndup(first->name, first->prefix_bytes);
        sow__put_html_name(text, prefix != NULL ? prefix : "...");
        free(prefix);
        sow__put(text, "</code>");
    }
    sow__put(text, "</b><span class=\"soft\">");
    sow__put_grouped(text, group->n_members);
    sow__put(text, group->n_members == 1 ? " tensor, " : " tensors, ");
    sow__put_grouped(text, group->n_elements);
    sow__put(text, group->n_elements == 1 ? " element</span>" : " elements</span>");
    if (group->n_wrong > 0) {
        sow__putf(text, "<span class=\"flag\">%" PRIu64 " %s</span>", group->n_wrong,
                  group->n_wrong == 1 ? "thing looks wrong" : "things look wrong");
    }
    sow__put(text, "</summary>\n");
}

static void put_group(sow__text *text, const sow_report *report, const struct group *group,
                      bool open)
{
    put_summary(text, group, open || group->n_wrong > 0);
    sow__put(text,
             "<table><colgroup><col class=\"cn\"><col class=\"co\"><col class=\"cm\">"
             "<col class=\"cm\"><col class=\"cm\"><col class=\"cz\"><col class=\"ch\">"
             "</colgroup>\n<thead><tr><th scope=\"col\">Tensor</th><th scope=\"col\">Values"
             "</th><th scope=\"col\" class=\"n\">Mean</th><th scope=\"col\" class=\"n\">Std"
             "</th><th scope=\"col\" class=\"n\">Least, greatest</th><th scope=\"col\" "
             "class=\"n\">Zeros</th><th scope=\"col\">Histogram</th></tr></thead>\n<tbody>\n");
    const size_t prefix = group->members[0].prefix_bytes;
    for (size_t i = 0; i < group->n_members; i++) {
        sow__told told;
        sow__report_tell(report, group->members[i].index, &told);
        sow__html_row(text, &told, prefix > 0 ? prefix + 1 : 0);
    }
    sow__put(text, "</tbody></table></details>\n");
}

static void put_tensors(sow__text *text, const sow_report *report, const sow__member *members)
{
    const size_t n = sow_plan_count(report->plan);
    sow__put(text, "<h2>Tensors</h2>\n");
    if (n == 0) {
        sow__put(text, "<p>There are none.</p>\n");
        return;
    }
    sow__put(text,
             "<p class=\"soft legend\"><span><i class=\"key\"></i> values as counted</span> "
             "<span><i class=\"key c\"></i> what the initializer promises</span> "
             "<span><i class=\"key o\"></i> values beyond the range, at its ends</span></p>\n");
    for (size_t i = 0; i < n;) {
        const struct group group = group_at(report, members + i, n - i);
        put_group(text, report, &group, n <= OPEN_TENSORS);
        i += group.n_members;
    }
}

sow_status sow__report_html(const sow_report *report, sow__text *text, sow_error *err)
{
    sow__member *members = sow__group_members(report->plan);
    if (members == NULL) {
        return sow__fail_memory(err, sow_plan_count(report->plan) * sizeof *members);
    }
    sow__report_totals totals;
    sow__report_sum(report, &totals);
    sow__put(text, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                   "style-src 'unsafe-inline'\">\n<title>");
    sow__put_html(text, report->title != NULL ? report->title : "Initial weights");
    sow__put(text, "</title>\n<style>\n");
    sow__put(text, sow__html_style);
    sow__put(text, "</style>\n</head>\n<body>\n");
    put_head(text, report, &totals);
    put_verdict(text, report, &totals);
    put_tensors(text, report, members);
    sow__put(text, "</body>\n</html>\n");
    free(members);
    return SOW_OK;
}
