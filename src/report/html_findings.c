/* What looks wrong, what is worth knowing, and what of the checkpoint was not used.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"

#include <inttypes.h>

#define MOST_LISTED 50

static void put_more(sow__text *text, uint64_t n)
{
    if (n > MOST_LISTED) {
        sow__putf(text, "<li>and %" PRIu64 " more</li>\n", n - MOST_LISTED);
    }
}

static void put_finding(sow__text *text, const sow__told *told, const sow__finding *finding)
{
    sow__putf(text, "<li><a href=\"#t%zu\"><code>", told->index);
    sow__put_html_cut(text, told->entry->name);
    sow__put(text, "</code></a> ");
    sow__put_html(text, finding->text);
    sow__put(text, "</li>\n");
}

/* Returns how many items the list has now. */
static uint64_t put_findings(sow__text *text, const sow_report *report, bool wrong, uint64_t n_put)
{
    for (size_t i = 0; n_put < MOST_LISTED && i < sow_plan_count(report->plan); i++) {
        sow__told told;
        sow__report_tell(report, i, &told);
        for (int k = 0; k < told.n_findings && n_put < MOST_LISTED; k++) {
            if (sow__finding_is_wrong(told.findings[k].kind) == wrong) {
                put_finding(text, &told, &told.findings[k]);
                n_put++;
            }
        }
    }
    return n_put;
}

static void put_idle(sow__text *text, uint64_t n_tensors)
{
    if (n_tensors < 2) {
        sow__put(text,
                 n_tensors == 0 ? "has no tensors" : "was of no use: its tensor was not loaded");
    } else {
        sow__put(text, "was of no use: none of its ");
        sow__put_grouped(text, n_tensors);
        sow__put(text, " tensors was loaded");
    }
    sow__put(text, "</li>\n");
}

/* Files of which nothing was loaded. */
static uint64_t put_idle_files(sow__text *text, const sow_report *report)
{
    uint64_t n_put = 0;
    for (size_t i = 0; n_put < MOST_LISTED && i < report->n_files; i++) {
        sow__told_file file;
        sow__report_tell_file(report, i, &file);
        if (file.n_loaded > 0) {
            continue;
        }
        sow__put(text, "<li><code>");
        sow__put_html_cut(text, file.path);
        sow__put(text, "</code> ");
        put_idle(text, file.n_tensors);
        n_put++;
    }
    return n_put;
}

static void put_wrong(sow__text *text, const sow_report *report, uint64_t n)
{
    sow__putf(text, "<h2>Looks wrong: %" PRIu64 "</h2>\n<div class=\"wrong\"><ul>\n", n);
    put_findings(text, report, true, 0);
    put_more(text, n);
    sow__put(text, "</ul></div>\n");
}

static void put_fine(sow__text *text, bool has_initialised)
{
    sow__put(text, "<h2>Nothing looks wrong</h2>\n<p class=\"fine\">There is no NaN, no infinity "
                   "and no weight that is zero by mistake");
    sow__put(text, has_initialised
                       ? ", and the means and standard deviations of what was initialised are as "
                         "near to the expected ones as chance brings them.</p>\n"
                       : ".</p>\n");
}

static void put_notes(sow__text *text, const sow_report *report, uint64_t n)
{
    sow__putf(text, "<h2>Worth knowing: %" PRIu64 "</h2>\n<div class=\"notes\"><ul>\n", n);
    put_findings(text, report, false, put_idle_files(text, report));
    put_more(text, n);
    sow__put(text, "</ul></div>\n");
}

static void put_unexpected(sow__text *text, const sow_report *report, uint64_t n)
{
    const char *name;
    sow__putf(text, "<h2>In the checkpoint but not used: %" PRIu64 "</h2>\n", n);
    sow__put(text, "<div class=\"notes\"><ul>\n");
    for (size_t i = 0; i < MOST_LISTED && (name = sow_model_unexpected(report->model, i)) != NULL;
         i++) {
        sow__put(text, "<li>");
        sow__html_name(text, name, name);
        sow__put(text, "</li>\n");
    }
    put_more(text, n);
    sow__put(text, "</ul></div>\n");
}

void sow__html_findings(sow__text *text, const sow_report *report, const sow__report_totals *totals)
{
    if (totals->n_wrong > 0) {
        put_wrong(text, report, totals->n_wrong);
    } else if (totals->n_tensors > 0) {
        put_fine(text, totals->n_initialised > 0);
    }
    if (totals->n_notes > 0) {
        put_notes(text, report, totals->n_notes);
    }
    if (totals->n_unexpected > 0) {
        put_unexpected(text, report, totals->n_unexpected);
    }
}
