/* Collecting statistics while a plan runs.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plan/statistics.h"

#include "base/dtype.h"
#include "base/error.h"
#include "plan/mixture.h"
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define DRAWN_BINS 40 /* a fifth of a standard deviation each */
/* One more than DRAWN_BINS, so that the value of a constant tensor is in the middle of a bin. */
#define CONSTANT_BINS 41
#define MAX_INTEGER_BINS 40

/* Numbers that are read and counted at a time: they stay in the first cache. */
#define SLICE 1024
/* Neighbours that are equal go to different tables, so that no count waits for the one before. */
#define N_TABLES 4

struct tally {
    sow_tensor_statistics is;
    uint64_t n_cells;
    sow_stats *cells;
    bool wants_look;
};

struct sow_statistics {
    const sow_plan *plan;
    size_t n_tallies;
    struct tally *tallies;
    bool is_finished;
    pthread_mutex_t lock; /* over the histograms */
};

sow_statistics *sow_statistics_new(const sow_plan *plan, sow_error *err)
{
    sow_statistics *statistics = calloc(1, sizeof *statistics);
    struct tally *tallies = calloc(plan->n_entries + 1, sizeof *tallies);
    if (statistics == NULL || tallies == NULL) {
        free(statistics);
        free(tallies);
        sow__fail_memory(err, (plan->n_entries + 1) * sizeof *tallies);
        return NULL;
    }
    *statistics = (sow_statistics){.plan = plan,
                                   .n_tallies = plan->n_entries,
                                   .tallies = tallies,
                                   .lock = PTHREAD_MUTEX_INITIALIZER};
    return statistics;
}

static void drop_cells(sow_statistics *statistics)
{
    for (size_t i = 0; i < statistics->n_tallies; i++) {
        free(statistics->tallies[i].cells);
        statistics->tallies[i].cells = NULL;
    }
}

void sow_statistics_free(sow_statistics *statistics)
{
    if (statistics == NULL) {
        return;
    }
    drop_cells(statistics);
    free(statistics->tallies);
    free(statistics);
}

const sow_tensor_statistics *sow_statistics_at(const sow_statistics *statistics, size_t index)
{
    return index < statistics->n_tallies ? &statistics->tallies[index].is : NULL;
}

/* ---- the range of a histogram ---- */

/* All values are, or seem to be, the same. */
static void set_around(sow_histogram *histogram, double value)
{
    const double size = fmin(fabs(value), DBL_MAX / 4);
    const double half = size >= 1e-300 ? size : 1.0;
    *histogram = (sow_histogram){.from = copysign(size, value) - half,
                                 .to = copysign(size, value) + half,
                                 .n_bins = CONSTANT_BINS};
}

static void set_range(sow_histogram *histogram, double from, double to)
{
    from = fmax(from, -DBL_MAX / 4);
    to = fmin(to, DBL_MAX / 4);
    if (to - from >= 1e-300) {
        *histogram = (sow_histogram){.from = from, .to = to, .n_bins = DRAWN_BINS};
    } else {
        set_around(histogram, from);
    }
}

/* Bins of whole numbers, in their middle. */
static void set_integers(sow_histogram *histogram, double from, double to)
{
    const double width = ceil((to - from + 1.0) / MAX_INTEGER_BINS);
    const double n_bins = ceil((to - from + 1.0) / width);
    *histogram = (sow_histogram){
        .from = from - 0.5, .to = from - 0.5 + n_bins * width, .n_bins = (int)n_bins};
}

/* The bounds of what a fill gives; infinite for normal values. */
static void find_bounds(const sow__mixture *mixture, double *low, double *high, bool *has_bell)
{
    *low = (double)INFINITY;
    *high = -(double)INFINITY;
    *has_bell = mixture->n_parts == 0;
    for (int i = 0; i < mixture->n_parts; i++) {
        *low = fmin(*low, mixture->parts[i].a);
        *high = fmax(*high, mixture->parts[i].b);
        *has_bell = *has_bell || mixture->parts[i].kind >= SOW__PART_NORMAL;
    }
    if (mixture->n_parts == 0) {
        *low = -(double)INFINITY;
        *high = (double)INFINITY;
    }
}

/* False when the plan does not know enough. */
static bool settle_from_plan(const sow__entry *entry, sow_histogram *histogram)
{
    const double mean = entry->is.mean, std = entry->is.std;
    if (entry->tape == NULL || !isfinite(mean) || !isfinite(std)) {
        return false;
    }
    sow__mixture mixture;
    double low, high;
    bool has_bell;
    sow__entry_mixture(entry, &mixture);
    find_bounds(&mixture, &low, &high, &has_bell);
    const double rounding = sow__dtype_epsilon(entry->is.dtype) / 2; /* a bound is rounded too */
    low -= low < high ? rounding * fabs(low) : 0.0;
    high += low < high ? rounding * fabs(high) : 0.0;
    if (has_bell) {
        low = fmax(low, mean - 4.0 * std);
        high = fmin(high, mean + 4.0 * std);
    }
    if (low < high) {
        set_range(histogram, low, high);
    } else {
        set_around(histogram, mean);
    }
    return true;
}

static bool is_integer(sow_dtype dtype)
{
    const sow__dtype_class kind = sow__dtype_info_of(dtype)->kind;
    return kind == SOW__CLASS_INT || kind == SOW__CLASS_UINT || kind == SOW__CLASS_BOOL;
}

/* Moments of the finite ones alone, min and max too. */
static void add_finite(sow_stats *stats, const double *numbers, size_t n)
{
    double finite[SLICE];
    size_t n_finite = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(numbers[i])) {
            finite[n_finite++] = numbers[i];
        }
    }
    sow_stats_add(stats, SOW_F64, finite, n_finite, NULL);
}

static void settle_from_look(sow_dtype dtype, const sow_stats *seen, sow_histogram *histogram)
{
    if (seen->n == 0) {
        set_around(histogram, 0.0);
        return;
    }
    const double std = seen->n > 1 ? sow_stats_std(seen) : 0.0;
    double from = seen->min, to = seen->max;
    if (isfinite(std) && isfinite(seen->mean)) {
        from = fmax(from, seen->mean - 4.0 * std);
        to = fmin(to, seen->mean + 4.0 * std);
    }
    if (is_integer(dtype)) {
        set_integers(histogram, floor(from), ceil(to));
    } else {
        set_range(histogram, from, to);
    }
}

bool sow__statistics_wants_look(const sow_statistics *statistics, size_t index)
{
    return statistics->tallies[index].wants_look;
}

/* ---- a run ---- */

static sow_status begin_tally(struct tally *tally, const sow__entry *entry, sow_error *err)
{
    *tally = (struct tally){.is.known = false};
    sow_stats_init(&tally->is.values);
    if (!sow_stats_can_read(entry->is.dtype) || entry->is.n_bytes == 0) {
        return SOW_OK;
    }
    tally->n_cells = entry->is.n_bytes / SOW__CELL_BYTES + 2; /* at most */
    tally->cells = malloc(tally->n_cells * sizeof *tally->cells);
    if (tally->cells == NULL) {
        return sow__fail_memory(err, tally->n_cells * sizeof *tally->cells);
    }
    for (uint64_t i = 0; i < tally->n_cells; i++) {
        sow_stats_init(&tally->cells[i]);
    }
    tally->wants_look = !settle_from_plan(entry, &tally->is.histogram);
    return SOW_OK;
}

sow_status sow__statistics_begin(sow_statistics *statistics, const sow_plan *plan, sow_error *err)
{
    if (statistics->plan != plan) {
        return sow__fail(err, SOW_ERROR_VALUE, "the statistics are of another plan");
    }
    drop_cells(statistics);
    statistics->is_finished = false;
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < plan->n_entries; i++) {
        status = begin_tally(&statistics->tallies[i], &plan->entries[i], err);
    }
    return status;
}

/* The numbers of some elements; next gets the first byte after them. */
static size_t read_slice(sow_dtype dtype, const unsigned char **next, size_t *left, double *numbers)
{
    const size_t parts = sow__dtype_is_complex(dtype) ? 2 : 1;
    const size_t element_bytes = sow__dtype_bytes(dtype);
    const size_t n = *left < SLICE / parts ? *left : SLICE / parts;
    sow_values_as_f64(numbers, dtype, *next, n, NULL);
    *next += n * element_bytes;
    *left -= n;
    return n * parts;
}

void sow__statistics_look(sow_statistics *statistics, size_t index, const void *values,
                          size_t n_bytes)
{
    struct tally *tally = &statistics->tallies[index];
    const sow_dtype dtype = statistics->plan->entries[index].is.dtype;
    const unsigned char *next = values;
    if (!tally->wants_look) {
        return;
    }
    size_t left = (n_bytes < SOW__LOOK_BYTES ? n_bytes : SOW__LOOK_BYTES) / sow__dtype_bytes(dtype);
    double numbers[SLICE];
    sow_stats seen;
    sow_stats_init(&seen);
    while (left > 0) {
        const size_t n = read_slice(dtype, &next, &left, numbers);
        add_finite(&seen, numbers, n);
    }
    settle_from_look(dtype, &seen, &tally->is.histogram);
    tally->wants_look = false;
}

/* Place 0 is below, 1 to n_bins the bins, then above, then what is not finite. */
static void count(const sow_histogram *range, const double *numbers, size_t n,
                  uint64_t tables[N_TABLES][SOW_HISTOGRAM_BINS + 3])
{
    const double from = range->from, to = range->to, n_bins = range->n_bins;
    const double scale = n_bins / (to - from);
    for (size_t i = 0; i < n; i++) {
        const double x = numbers[i];
        double place = (x - from) * scale;
        place = place > n_bins - 0.5 ? n_bins - 0.5 : place;
        place = x > to ? n_bins : place;
        place = x < from ? -1.0 : place;
        place = fabs(x) <= DBL_MAX ? place : n_bins + 1.0;
        tables[i % N_TABLES][(int)place + 1]++;
    }
}

static void add_counts(sow_histogram *histogram, uint64_t tables[N_TABLES][SOW_HISTOGRAM_BINS + 3])
{
    for (int t = 0; t < N_TABLES; t++) {
        histogram->below += tables[t][0];
        histogram->above += tables[t][histogram->n_bins + 1];
        for (int i = 0; i < histogram->n_bins; i++) {
            histogram->counts[i] += tables[t][i + 1];
        }
    }
}

void sow__statistics_take(sow_statistics *statistics, size_t index, uint64_t base, uint64_t offset,
                          const void *values, size_t n_bytes)
{
    struct tally *tally = &statistics->tallies[index];
    const sow_dtype dtype = statistics->plan->entries[index].is.dtype;
    if (tally->cells == NULL) {
        return;
    }
    uint64_t tables[N_TABLES][SOW_HISTOGRAM_BINS + 3] = {{0}};
    const unsigned char *next = values;
    for (uint64_t at = base + offset, end = at + n_bytes, cell_end; at < end; at = cell_end) {
        const uint64_t cell = at / SOW__CELL_BYTES;
        cell_end = (cell + 1) * SOW__CELL_BYTES < end ? (cell + 1) * SOW__CELL_BYTES : end;
        sow_stats *stats = &tally->cells[cell - base / SOW__CELL_BYTES];
        double numbers[SLICE];
        for (size_t left = (cell_end - at) / sow__dtype_bytes(dtype); left > 0;) {
            const size_t n = read_slice(dtype, &next, &left, numbers);
            sow_stats_add(stats, SOW_F64, numbers, n, NULL);
            count(&tally->is.histogram, numbers, n, tables);
        }
    }
    pthread_mutex_lock(&statistics->lock);
    add_counts(&tally->is.histogram, tables);
    pthread_mutex_unlock(&statistics->lock);
}

void sow__statistics_finish(sow_statistics *statistics)
{
    for (size_t i = 0; i < statistics->n_tallies; i++) {
        struct tally *tally = &statistics->tallies[i];
        for (uint64_t k = 0; k < tally->n_cells; k++) {
            sow_stats_merge(&tally->is.values, &tally->cells[k]);
        }
        tally->is.known = sow_stats_can_read(statistics->plan->entries[i].is.dtype);
    }
    drop_cells(statistics);
    statistics->is_finished = true;
}

bool sow__statistics_are_of(const sow_statistics *statistics, const sow_plan *plan)
{
    return statistics->plan == plan && statistics->is_finished;
}
