/* A tensor on the page: a row of the table.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define DIGITS 4

/* ---- cells ---- */

static void put_name(sow__text *text, const sow__told *told, size_t skip)
{
    const sow_plan_entry *entry = told->entry;
    sow__put(text, "<th role=\"rowheader\" scope=\"row\">");
    sow__html_name(text, entry->name[0] != '\0' ? entry->name + skip : "(no name)", entry->name);
    sow__put(text, "<span class=\"s\">");
    sow__put(text, sow__report_dtype(entry->dtype));
    sow__put(text, " [");
    for (int i = 0; i < entry->n_dims; i++) {
        sow__putf(text, "%s%" PRId64, i > 0 ? ", " : "", entry->sizes[i]);
    }
    sow__put(text, "]</span></th>\n");
}

static const char *after_last_slash(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static void put_loaded(sow__text *text, const sow_plan_entry *entry)
{
    sow__put(text, "loaded from ");
    sow__html_name(text, after_last_slash(entry->initializer), entry->initializer);
    if (strcmp(entry->fill, entry->name) != 0) {
        sow__put(text, "<div class=\"s\">named ");
        sow__html_name(text, entry->fill, entry->fill);
        sow__put(text, " there</div>");
    }
}

static void put_origin(sow__text *text, const sow__told *told)
{
    const sow_plan_entry *entry = told->entry;
    sow__put(text, "<td role=\"cell\" class=\"o\">");
    if (entry->action == SOW_PLAN_COPY) {
        put_loaded(text, entry);
    } else if (entry->action == SOW_PLAN_KEEP) {
        sow__put(text, "as it was in memory");
    } else {
        sow__put_html(text, entry->initializer);
        sow__put(text, "<span class=\"s\">");
        sow__put_html(text, entry->fill);
        sow__put(text, "</span>");
    }
    if (strcmp(told->state, "mismatched") == 0) {
        sow__put(text, "<span class=\"s\">another shape in the checkpoint</span>");
    }
    sow__put(text, "</td>\n");
}

static bool has_finding(const sow__told *told, sow__finding_kind kind)
{
    for (int i = 0; i < told->n_findings; i++) {
        if (told->findings[i].kind == kind) {
            return true;
        }
    }
    return false;
}

struct pair {
    const char *label;
    double measured, expected, z;
    sow__finding_kind kind;
};

/* A measured figure, the expected one, and how far they are apart. */
static void put_pair(sow__text *text, const sow__told *told, const struct pair *pair)
{
    sow__putf(text, "<td role=\"cell\" class=\"n\" data-l=\"%s\">", pair->label);
    if (isnan(pair->measured)) {
        sow__put(text, "&ndash;");
    } else {
        sow__put_number(text, pair->measured, DIGITS);
    }
    if (isfinite(pair->expected)) {
        sow__put(text, "<span class=\"s\">expected ");
        sow__put_number(text, pair->expected, DIGITS);
        sow__put(text, "</span>");
    }
    if (isfinite(pair->z)) {
        sow__putf(text, "<span class=\"s%s\">", has_finding(told, pair->kind) ? " flag" : "");
        sow__put_number(text, round(fabs(pair->z) * 10.0) / 10.0, 3);
        sow__put(text, " s.e. off</span>");
    }
    sow__put(text, "</td>\n");
}

static void put_least_and_greatest(sow__text *text, const sow__told *told)
{
    const sow_stats *values = &told->statistics->values;
    sow__put(text, "<td role=\"cell\" class=\"n\" data-l=\"least, greatest\">");
    if (told->statistics->known && values->n > values->n_nan) {
        sow__put_number(text, values->min, DIGITS);
        sow__put(text, "<br>");
        sow__put_number(text, values->max, DIGITS);
    } else {
        sow__put(text, "&ndash;");
    }
    sow__put(text, "</td>\n");
}

static void put_flag(sow__text *text, uint64_t n, const char *what)
{
    if (n > 0) {
        sow__put(text, "<br><span class=\"flag\">");
        sow__put_grouped(text, n);
        sow__putf(text, " %s</span>", what);
    }
}

static void put_counts(sow__text *text, const sow__told *told)
{
    const sow_stats *values = &told->statistics->values;
    sow__put(text, "<td role=\"cell\" class=\"n\" data-l=\"zeros\">");
    if (told->statistics->known) {
        sow__put_grouped(text, values->n_zero);
        put_flag(text, values->n_nan, "NaN");
        put_flag(text, values->n_inf, "Inf");
    } else {
        sow__put(text, "&ndash;");
    }
    sow__put(text, "</td>\n");
}

/* ---- the picture ---- */

static void put_picture(sow__text *text, const sow__told *told)
{
    const sow_stats *values = &told->statistics->values;
    sow__put(text, "<td role=\"cell\" class=\"g\">");
    if (!told->statistics->known) {
        sow__put(text, "<span class=\"soft\">not read as numbers</span>");
    } else if (values->n == 0) {
        sow__put(text, "<span class=\"soft\">no values</span>");
    } else if (!told->has_values) {
        sow__put(text, "<span class=\"soft\">no finite value</span>");
    } else if (values->min == values->max && values->n_nan == 0) {
        sow__put(text, values->n > 1 ? "<span class=\"soft\">every value is "
                                     : "<span class=\"soft\">one value, ");
        sow__put_number(text, values->min, DIGITS);
        sow__put(text, "</span>");
    } else {
        sow__html_histogram(text, told);
    }
    sow__put(text, "</td>");
}

void sow__html_row(sow__text *text, const sow__told *told, size_t skip)
{
    const sow_plan_entry *entry = told->entry;
    const struct pair mean = {"mean", told->mean, entry->mean, told->z_mean, SOW__FINDING_MEAN};
    const struct pair std = {"std", told->std, entry->std, told->z_std, SOW__FINDING_STD};
    sow__putf(text, "<tr role=\"row\" id=\"t%zu\"%s>", told->index,
              sow__told_n_wrong(told) > 0 ? " class=\"off\"" : "");
    put_name(text, told, skip);
    put_origin(text, told);
    put_pair(text, told, &mean);
    put_pair(text, told, &std);
    put_least_and_greatest(text, told);
    put_counts(text, told);
    put_picture(text, told);
    sow__put(text, "</tr>\n");
}
