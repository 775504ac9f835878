/* A report as JSON: keys in a fixed order, no NaN or Infinity, ASCII. docs/report.schema.json says
 * what is where.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include "base/text.h"
#include <inttypes.h>
#include <math.h>

#define MAX_SEEDS 64

/* ---- values ---- */

static void put_string(sow__text *text, const char *value)
{
    if (value == NULL) {
        sow__put(text, "null");
        return;
    }
    sow__put(text, "\"");
    sow__put_json(text, value);
    sow__put(text, "\"");
}

/* As few digits as read back the same; NaN is null where it means that there is none. */
static void put_double(sow__text *text, double value)
{
    char room[SOW__REPR_SIZE];
    if (isnan(value)) {
        sow__put(text, "null");
    } else if (isinf(value)) {
        sow__put(text, value > 0 ? "\"inf\"" : "\"-inf\"");
    } else {
        sow__put(text, sow__repr_double(value, room));
    }
}

/* Digits in a string where they do not fit a signed integer of 64 bits. */
static void put_count(sow__text *text, uint64_t value)
{
    sow__putf(text, value <= INT64_MAX ? "%" PRIu64 : "\"%" PRIu64 "\"", value);
}

/* ---- members: the key with what comes before it ---- */

static void key(sow__text *text, const char *indent, const char *name)
{
    sow__putf(text, ",\n%s\"%s\": ", indent, name);
}

static void member_string(sow__text *text, const char *indent, const char *name, const char *value)
{
    key(text, indent, name);
    put_string(text, value);
}

static void member_count(sow__text *text, const char *indent, const char *name, uint64_t value)
{
    key(text, indent, name);
    put_count(text, value);
}

static void member_double(sow__text *text, const char *indent, const char *name, double value)
{
    key(text, indent, name);
    put_double(text, value);
}

/* ---- one tensor ---- */

#define IN_TENSOR "      "
#define IN_FIGURES "        "

static void put_measured(sow__text *text, const sow__told *told)
{
    const sow_stats *values = &told->statistics->values;
    key(text, IN_TENSOR, "measured");
    if (!told->statistics->known) {
        sow__put(text, "null");
        return;
    }
    const bool has_numbers = values->n > values->n_nan;
    sow__putf(text, "{\n" IN_FIGURES "\"n\": %" PRIu64, values->n);
    member_double(text, IN_FIGURES, "mean", told->mean);
    member_double(text, IN_FIGURES, "std", told->std);
    member_double(text, IN_FIGURES, "min", has_numbers ? values->min : (double)NAN);
    member_double(text, IN_FIGURES, "max", has_numbers ? values->max : (double)NAN);
    member_count(text, IN_FIGURES, "n_zero", values->n_zero);
    member_count(text, IN_FIGURES, "n_nan", values->n_nan);
    member_count(text, IN_FIGURES, "n_inf", values->n_inf);
    member_double(text, IN_FIGURES, "z_mean", told->z_mean);
    member_double(text, IN_FIGURES, "z_std", told->z_std);
    sow__put(text, "\n" IN_TENSOR "}");
}

static void put_histogram(sow__text *text, const sow_histogram *histogram)
{
    key(text, IN_TENSOR, "histogram");
    if (histogram->n_bins == 0) {
        sow__put(text, "null");
        return;
    }
    sow__put(text, "{\n" IN_FIGURES "\"from\": ");
    put_double(text, histogram->from);
    member_double(text, IN_FIGURES, "to", histogram->to);
    member_count(text, IN_FIGURES, "below", histogram->below);
    member_count(text, IN_FIGURES, "above", histogram->above);
    key(text, IN_FIGURES, "counts");
    for (int i = 0; i < histogram->n_bins; i++) {
        sow__putf(text, "%s%" PRIu64, i == 0 ? "[" : ", ", histogram->counts[i]);
    }
    sow__put(text, "]\n" IN_TENSOR "}");
}

static void put_shape(sow__text *text, const sow_plan_entry *entry)
{
    key(text, IN_TENSOR, "shape");
    sow__put(text, "[");
    for (int i = 0; i < entry->n_dims; i++) {
        sow__putf(text, "%s%" PRId64, i > 0 ? ", " : "", entry->sizes[i]);
    }
    sow__put(text, "]");
}

static void put_origin(sow__text *text, const sow__told *told)
{
    const sow_plan_entry *entry = told->entry;
    const bool filled = entry->action == SOW_PLAN_FILL, copied = entry->action == SOW_PLAN_COPY;
    member_string(text, IN_TENSOR, "state", told->state);
    member_string(text, IN_TENSOR, "initializer", filled ? entry->initializer : NULL);
    member_string(text, IN_TENSOR, "fill", filled ? entry->fill : NULL);
    member_string(text, IN_TENSOR, "file", copied ? entry->initializer : NULL);
    member_string(text, IN_TENSOR, "name_in_file", copied ? entry->fill : NULL);
    key(text, IN_TENSOR, "seed");
    if (entry->draws) {
        put_count(text, entry->seed);
    } else {
        sow__put(text, "null");
    }
    key(text, IN_TENSOR, "position");
    if (entry->draws) {
        put_count(text, entry->position);
    } else {
        sow__put(text, "null");
    }
    sow__putf(text, ",\n" IN_TENSOR "\"exact\": %s", entry->exact ? "true" : "false");
}

static void put_tensor(sow__text *text, const sow__told *told)
{
    const sow_plan_entry *entry = told->entry;
    sow__put(text, told->index > 0 ? ",\n    {\n" : "\n    {\n");
    sow__put(text, IN_TENSOR "\"name\": ");
    put_string(text, entry->name);
    put_shape(text, entry);
    member_string(text, IN_TENSOR, "dtype", sow__report_dtype(entry->dtype));
    member_count(text, IN_TENSOR, "n_bytes", entry->n_bytes);
    put_origin(text, told);
    key(text, IN_TENSOR, "expected");
    sow__put(text, "{\"mean\": ");
    const bool known = isfinite(entry->mean) && isfinite(entry->std);
    put_double(text, known ? entry->mean : (double)NAN);
    sow__put(text, ", \"std\": ");
    put_double(text, known ? entry->std : (double)NAN);
    sow__put(text, "}");
    put_measured(text, told);
    put_histogram(text, &told->statistics->histogram);
    sow__put(text, "\n    }");
}

/* ---- the head ---- */

static void put_seeds(sow__text *text, const sow_report *report)
{
    uint64_t seeds[MAX_SEEDS];
    key(text, "  ", "seed");
    if (report->has_seed) {
        put_count(text, report->seed);
    } else {
        sow__put(text, "null");
    }
    member_string(text, "  ", "seed_from", report->seed_from);
    key(text, "  ", "stream_seeds");
    sow__put(text, "[");
    const size_t n = sow__report_seeds(report, seeds, MAX_SEEDS);
    for (size_t i = 0; i < n; i++) {
        sow__put(text, i > 0 ? ", " : "");
        put_count(text, seeds[i]);
    }
    sow__put(text, "]");
}

static void put_head(sow__text *text, const sow_report *report)
{
    const sow_model *model = report->model;
    sow__put(text, "{\n  \"report\": 1");
    member_string(text, "  ", "sow", sow_version());
    member_string(text, "  ", "title", report->title);
    member_string(text, "  ", "model", model != NULL ? sow_model_arch(model) : NULL);
    member_string(text, "  ", "profile", model != NULL ? sow_model_profile(model) : NULL);
    member_string(text, "  ", "dtype",
                  model != NULL ? sow__report_dtype(sow_model_dtype(model)) : NULL);
    member_string(text, "  ", "dialect", sow_dialect_name(report->dialect));
    put_seeds(text, report);
}

static void put_files(sow__text *text, const sow_report *report)
{
    key(text, "  ", "files");
    sow__put(text, "[");
    for (size_t i = 0; i < report->n_files; i++) {
        sow__told_file file;
        sow__report_tell_file(report, i, &file);
        sow__put(text, i > 0 ? ",\n    {\"path\": " : "\n    {\"path\": ");
        put_string(text, file.path);
        sow__putf(text, ", \"n_tensors\": %" PRIu64 ", \"n_loaded\": %" PRIu64 "}", file.n_tensors,
                  file.n_loaded);
    }
    sow__put(text, report->n_files > 0 ? "\n  ]" : "]");
}

static void put_totals(sow__text *text, const sow_report *report)
{
    sow__report_totals totals;
    sow__report_sum(report, &totals);
    key(text, "  ", "totals");
    sow__putf(text, "{\n    \"n_tensors\": %" PRIu64, totals.n_tensors);
    member_count(text, "    ", "n_elements", totals.n_elements);
    member_count(text, "    ", "n_bytes", totals.n_bytes);
    member_count(text, "    ", "n_initialised", totals.n_initialised);
    member_count(text, "    ", "n_loaded", totals.n_loaded);
    member_count(text, "    ", "n_in_memory", totals.n_in_memory);
    member_count(text, "    ", "n_mismatched", totals.n_mismatched);
    member_count(text, "    ", "n_unexpected", totals.n_unexpected);
    member_count(text, "    ", "n_wrong", totals.n_wrong);
    sow__put(text, "\n  }");
}

static void put_findings(sow__text *text, const sow_report *report)
{
    bool is_first = true;
    key(text, "  ", "findings");
    sow__put(text, "[");
    for (size_t i = 0; i < sow_plan_count(report->plan); i++) {
        sow__told told;
        sow__report_tell(report, i, &told);
        for (int k = 0; k < told.n_findings; k++) {
            const sow__finding *finding = &told.findings[k];
            sow__put(text, is_first ? "\n    {\"tensor\": " : ",\n    {\"tensor\": ");
            put_string(text, told.entry->name);
            sow__putf(text, ", \"kind\": \"%s\", \"wrong\": %s, \"text\": ",
                      sow__finding_name(finding->kind),
                      sow__finding_is_wrong(finding->kind) ? "true" : "false");
            put_string(text, finding->text);
            sow__put(text, "}");
            is_first = false;
        }
    }
    sow__put(text, is_first ? "]" : "\n  ]");
}

static void put_unexpected(sow__text *text, const sow_report *report)
{
    const char *name;
    size_t i = 0;
    key(text, "  ", "unexpected");
    sow__put(text, "[");
    for (; report->model != NULL && (name = sow_model_unexpected(report->model, i)) != NULL; i++) {
        sow__put(text, i > 0 ? ",\n    " : "\n    ");
        put_string(text, name);
    }
    sow__put(text, i > 0 ? "\n  ]" : "]");
}

void sow__report_json(const sow_report *report, sow__text *text)
{
    put_head(text, report);
    put_files(text, report);
    put_totals(text, report);
    put_findings(text, report);
    put_unexpected(text, report);
    key(text, "  ", "tensors");
    sow__put(text, "[");
    for (size_t i = 0; i < sow_plan_count(report->plan); i++) {
        sow__told told;
        sow__report_tell(report, i, &told);
        put_tensor(text, &told);
    }
    sow__put(text, sow_plan_count(report->plan) > 0 ? "\n  ]\n}\n" : "]\n}\n");
}
