/* What a report says of one tensor and what looks wrong with it, and of one file.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include "base/dtype.h"
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Distances up to this are taken for chance: it goes further once in two million tries. */
#define MOST_STANDARD_ERRORS 5.0

const char *sow__finding_name(sow__finding_kind kind)
{
    static const char *const names[SOW__N_FINDINGS] = {"nan",  "inf",        "mean",      "std",
                                                       "zero", "asked-zero", "mismatched"};
    return names[kind];
}

bool sow__finding_is_wrong(sow__finding_kind kind)
{
    return kind < SOW__FINDING_ASKED_ZERO;
}

const char *sow__report_dtype(sow_dtype dtype)
{
    const char *name = sow_dtype_name(dtype);
    return name != NULL ? name : "?";
}

static void find(sow__told *told, sow__finding_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void find(sow__told *told, sow__finding_kind kind, const char *format, ...)
{
    sow__finding *finding = &told->findings[told->n_findings++];
    va_list args;
    finding->kind = kind;
    va_start(args, format);
    vsnprintf(finding->text, sizeof finding->text, format, args);
    va_end(args);
}

/* ---- distances ---- */

/* How far rounding to the type may move a mean or a standard deviation of values of this size. What
 * was summed in double is not trusted beyond a float. */
static double rounding_of(const sow_plan_entry *entry)
{
    const double size = fabs(entry->mean) + 2.0 * entry->std;
    return fmax(sow__dtype_epsilon(entry->dtype), 0x1p-23) * size +
           sow__dtype_smallest(entry->dtype);
}

/* The difference without what rounding explains. */
static double beyond(double measured, double expected, double rounding)
{
    const double difference = measured - expected;
    return fabs(difference) <= rounding ? 0.0 : difference - copysign(rounding, difference);
}

/* The variance of n values has that of a chi-square distribution whose degrees of freedom follow
 * from the kurtosis; its cube root is nearly normal (Wilson and Hilferty 1931), so that the
 * distance means the same for few values as for many. */
static double std_distance(double std, double expected, double kurtosis, double n)
{
    const double variance = kurtosis / n - (n - 3.0) / (n * (n - 1.0));
    if (!(variance > 0.0)) {
        return (double)NAN;
    }
    const double freedom = 2.0 / variance, unit = 2.0 / (9.0 * freedom);
    return (cbrt(std * std / (expected * expected)) - (1.0 - unit)) / sqrt(unit);
}

static void measure(sow__told *told)
{
    const sow_stats *values = &told->statistics->values;
    const sow_plan_entry *entry = told->entry;
    const double n = (double)(values->n - values->n_nan - values->n_inf);
    told->mean = told->std = told->z_mean = told->z_std = (double)NAN;
    told->has_values = told->statistics->known && n > 0.0;
    if (!told->has_values) {
        return;
    }
    told->mean = values->mean;
    told->std = sow_stats_std(values);
    if (!isfinite(entry->mean) || !isfinite(entry->std) || entry->std <= 0.0) {
        return;
    }
    const double rounding = rounding_of(entry);
    told->z_mean = beyond(told->mean, entry->mean, rounding) / (entry->std / sqrt(n));
    if (n > 1.0) {
        const double std = entry->std + beyond(told->std, entry->std, rounding);
        told->z_std = std_distance(std, entry->std, sow__mixture_kurtosis(&told->mixture), n);
    }
}

/* ---- findings ---- */

static void find_moments(sow__told *told)
{
    const sow_plan_entry *entry = told->entry;
    char got[SOW__NUMBER_SIZE], expected[SOW__NUMBER_SIZE], times[SOW__NUMBER_SIZE];
    if (fabs(told->z_mean) > MOST_STANDARD_ERRORS) {
        find(told, SOW__FINDING_MEAN, "mean %s, expected %s: %s standard errors off",
             sow__number(told->mean, 4, got), sow__number(entry->mean, 4, expected),
             sow__number(fabs(told->z_mean), 3, times));
    }
    if (fabs(told->z_std) > MOST_STANDARD_ERRORS) {
        find(told, SOW__FINDING_STD, "standard deviation %s, expected %s: %s standard errors off",
             sow__number(told->std, 4, got), sow__number(entry->std, 4, expected),
             sow__number(fabs(told->z_std), 3, times));
    }
    if (told->has_values && entry->std == 0.0 &&
        (fabs(told->mean - entry->mean) > rounding_of(entry) || told->std > rounding_of(entry))) {
        find(told, SOW__FINDING_MEAN, "every value should be %s; the mean is %s",
             sow__number(entry->mean, 4, expected), sow__number(told->mean, 4, got));
    }
}

/* By its shape or by the last part of its name. */
static bool is_weight(const sow_plan_entry *entry)
{
    const char *dot = strrchr(entry->name, '.');
    return entry->n_dims > 1 || strstr(dot != NULL ? dot : entry->name, "weight") != NULL;
}

static void find_zeros(sow__told *told)
{
    const sow_stats *values = &told->statistics->values;
    if (values->n == 0 || values->n_zero != values->n || !is_weight(told->entry)) {
        return;
    }
    if (told->entry->action == SOW_PLAN_FILL && told->entry->mean == 0.0 &&
        told->entry->std == 0.0) {
        find(told, SOW__FINDING_ASKED_ZERO, "is all zero, as its initializer says");
    } else {
        find(told, SOW__FINDING_ZERO, "is all zero");
    }
}

static void find_all(const sow_report *report, sow__told *told)
{
    const sow_stats *values = &told->statistics->values;
    told->n_findings = 0;
    if (values->n_nan > 0) {
        find(told, SOW__FINDING_NAN, "%" PRIu64 " of %" PRIu64 " values %s NaN", values->n_nan,
             values->n, values->n_nan == 1 ? "is" : "are");
    }
    if (values->n_inf > 0) {
        find(told, SOW__FINDING_INF, "%" PRIu64 " of %" PRIu64 " values %s infinite", values->n_inf,
             values->n, values->n_inf == 1 ? "is" : "are");
    }
    find_moments(told);
    find_zeros(told);
    if (report->model != NULL &&
        sow_model_load_state(report->model, told->index, NULL) == SOW_LOAD_MISMATCHED) {
        find(told, SOW__FINDING_MISMATCHED,
             "has another shape in the checkpoint and was initialised instead");
        told->state = "mismatched";
    }
}

void sow__report_tell(const sow_report *report, size_t index, sow__told *told)
{
    static const char *const states[] = {"initialised", "loaded", "in memory"};
    told->index = index;
    told->entry = sow_plan_at(report->plan, index);
    told->statistics = sow_statistics_at(report->statistics, index);
    told->state = states[told->entry->action];
    sow__entry_mixture(&report->plan->entries[index], &told->mixture);
    measure(told);
    find_all(report, told);
}

int sow__told_n_wrong(const sow__told *told)
{
    int n_wrong = 0;
    for (int i = 0; i < told->n_findings; i++) {
        n_wrong += sow__finding_is_wrong(told->findings[i].kind);
    }
    return n_wrong;
}

void sow__report_tell_file(const sow_report *report, size_t index, sow__told_file *told)
{
    const sow_safetensors *file = report->files[index];
    *told = (sow__told_file){.path = sow_safetensors_path(file),
                             .n_tensors = sow_safetensors_count(file)};
    for (size_t i = 0; i < report->plan->n_entries; i++) {
        told->n_loaded += report->plan->entries[i].file == file;
    }
}
