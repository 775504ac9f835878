/* Statistics of a run against figures that numpy has of PyTorch's tensors, and the same for any
 * threads and pieces.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"
#include <math.h>
#include <sow/sow.h>
#include <unistd.h>

#define VECTORS SOW_SOURCE_DIR "/tests/plan/vectors/statistics"
#define MAX_CASES 64

static char folder[] = "/tmp/sow-statistics-XXXXXX";
static char out[64];

/* ---- the vectors ---- */

struct expected {
    char name[64];
    bool has_values;
    uint64_t n, n_zero, n_nan, n_inf;
    double min, max, mean, std;
    double from, to;
    int n_bins;
    uint64_t below, above, counts[SOW_HISTOGRAM_BINS];
};

static struct expected expected[MAX_CASES];
static size_t n_expected, n_fills;
static sow_state_dict *fills;

static uint64_t next_count(void)
{
    return strtoull(strtok(NULL, " \n"), NULL, 10);
}

static double next_double(void)
{
    return strtod(strtok(NULL, " \n"), NULL);
}

/* The rest of a line "fill ...": a deferred tensor with the fill recorded. */
static void add_fill(struct expected *e)
{
    sow_error err;
    sow_dtype dtype;
    int64_t sizes[SOW_MAX_DIMS];
    int n_dims = 0;
    sow_init_args args;
    snprintf(e->name, sizeof e->name, "%03zu", n_expected);
    const sow_initializer *initializer = sow_initializer_find(strtok(NULL, " \n"));
    assert_non_null(initializer);
    assert_ok(sow_dtype_parse(strtok(NULL, " \n"), &dtype, &err), err);
    for (char *at = strtok(NULL, " \n"); *at != '\0'; at += *at == ',') {
        sizes[n_dims++] = strtoll(at, &at, 10);
    }
    assert_ok(sow_generator_manual_seed(sow_default_generator(), next_count(), &err), err);
    sow_initializer_defaults(initializer, &args);
    for (char *key; (key = strtok(NULL, " \n")) != NULL;) {
        char *equals = strchr(key, '=');
        *equals = '\0';
        assert_ok(sow_initializer_set(initializer, &args, key, equals + 1, &err), err);
    }
    sow_tensor *tensor = sow_empty(dtype, n_dims, sizes, SOW_DEFERRED, &err);
    assert_non_null(tensor);
    assert_ok(sow_initializer_apply(initializer, tensor, &args, NULL, &err), err);
    assert_ok(sow_state_dict_add(fills, e->name, tensor, &err), err);
    sow_tensor_free(tensor);
    n_fills++;
}

static void read_line(char *line)
{
    const char *word = strtok(line, " \n");
    struct expected *e = &expected[n_expected > 0 ? n_expected - 1 : 0];
    if (strcmp(word, "fill") == 0) {
        add_fill(&expected[n_expected++]);
    } else if (strcmp(word, "file") == 0) {
        snprintf(expected[n_expected++].name, sizeof e->name, "%s", strtok(NULL, " \n"));
    } else if (strcmp(word, "figures") == 0) {
        e->has_values = true;
        e->n = next_count();
        e->n_zero = next_count();
        e->n_nan = next_count();
        e->n_inf = next_count();
        e->min = next_double();
        e->max = next_double();
        e->mean = next_double();
        e->std = next_double();
    } else if (strcmp(word, "range") == 0) {
        e->from = next_double();
        e->to = next_double();
        e->n_bins = (int)next_count();
    } else if (strcmp(word, "counts") == 0) {
        e->below = next_count();
        e->above = next_count();
        for (int i = 0; i < e->n_bins; i++) {
            e->counts[i] = next_count();
        }
    }
}

static int read_vectors(void **state)
{
    static char line[4096];
    sow_error err;
    (void)state;
    FILE *file = fopen(VECTORS ".txt", "r");
    if (file == NULL || mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(out, sizeof out, "%s/out", folder);
    fills = sow_state_dict_new(&err);
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] != '#') {
            read_line(line);
        }
    }
    fclose(file);
    return n_fills > 10 && n_expected > n_fills + 15 ? 0 : -1;
}

static int clean(void **state)
{
    (void)state;
    sow_state_dict_free(fills);
    unlink(out);
    return rmdir(folder);
}

/* ---- comparing ---- */

static void assert_near(const char *name, const char *what, double got, double wanted, double scale)
{
    const bool both_nan = isnan(got) && isnan(wanted);
    if (!both_nan && got != wanted && !(fabs(got - wanted) <= 1e-12 * scale)) {
        fail_msg("%s: %s: expected %.17g, got %.17g", name, what, wanted, got);
    }
}

static void assert_count(const char *name, const char *what, uint64_t got, uint64_t wanted)
{
    if (got != wanted) {
        fail_msg("%s: %s: expected %llu, got %llu", name, what, (unsigned long long)wanted,
                 (unsigned long long)got);
    }
}

static void compare(const struct expected *e, const sow_tensor_statistics *got)
{
    assert_true(got->known);
    assert_count(e->name, "n", got->values.n, e->n);
    assert_count(e->name, "zeros", got->values.n_zero, e->n_zero);
    assert_count(e->name, "NaN", got->values.n_nan, e->n_nan);
    assert_count(e->name, "Inf", got->values.n_inf, e->n_inf);
    if (e->n > e->n_nan) {
        assert_near(e->name, "min", got->values.min, e->min, 0.0);
        assert_near(e->name, "max", got->values.max, e->max, 0.0);
    }
    const double std = sow_stats_std(&got->values);
    if (e->has_values && !isnan(e->mean)) {
        assert_near(e->name, "mean", got->values.mean, e->mean, fabs(e->mean));
        assert_near(e->name, "std", std, e->std, fabs(e->std));
    }
    const sow_histogram *h = &got->histogram;
    assert_int_equal(h->n_bins, e->n_bins);
    assert_near(e->name, "from", h->from, e->from, fabs(e->to - e->from));
    assert_near(e->name, "to", h->to, e->to, fabs(e->to - e->from));
    assert_count(e->name, "below", h->below, e->below);
    assert_count(e->name, "above", h->above, e->above);
    uint64_t sum = h->below + h->above;
    for (int i = 0; i < h->n_bins; i++) {
        char bin[16];
        snprintf(bin, sizeof bin, "bin %d", i);
        assert_count(e->name, bin, h->counts[i], e->counts[i]);
        sum += h->counts[i];
    }
    assert_count(e->name, "all counts", sum, e->n - e->n_nan - e->n_inf);
}

static sow_statistics *run(const sow_plan *plan, int n_threads, size_t piece_bytes)
{
    sow_error err;
    sow_statistics *statistics = sow_statistics_new(plan, &err);
    assert_non_null(statistics);
    const sow_run_options options = {.n_threads = n_threads,
                                     .piece_bytes = piece_bytes,
                                     .force = true,
                                     .statistics = statistics};
    assert_ok(sow_plan_write(plan, out, &options, &err), err);
    return statistics;
}

static const struct expected *find(const char *name)
{
    for (size_t i = 0; i < n_expected; i++) {
        if (strcmp(expected[i].name, name) == 0) {
            return &expected[i];
        }
    }
    fail_msg("no figures of %s", name);
    return NULL;
}

static void compare_all(const sow_plan *plan, const sow_statistics *statistics)
{
    for (size_t i = 0; i < sow_plan_count(plan); i++) {
        compare(find(sow_plan_at(plan, i)->name), sow_statistics_at(statistics, i));
    }
    assert_null(sow_statistics_at(statistics, sow_plan_count(plan)));
}

/* ---- plans ---- */

/* Every tensor of the file copied into a module of the same shapes. */
static sow_plan *copy_plan(const sow_safetensors *file, sow_state_dict *state)
{
    sow_error err;
    const sow_safetensors_tensor *tensor;
    for (size_t i = 0; (tensor = sow_safetensors_at(file, i)) != NULL; i++) {
        sow_tensor *target =
            sow_empty(tensor->dtype, tensor->n_dims, tensor->sizes, SOW_DEFERRED, &err);
        assert_non_null(target);
        assert_ok(sow_state_dict_add(state, tensor->name, target, &err), err);
        sow_tensor_free(target);
    }
    sow_plan *plan = sow_plan_new(state, &err);
    assert_non_null(plan);
    for (size_t i = 0; i < sow_plan_count(plan); i++) {
        const char *name = sow_plan_at(plan, i)->name;
        assert_ok(sow_plan_copy_from(plan, i, file, sow_safetensors_find(file, name), &err), err);
    }
    return plan;
}

static void test_plan_statistics__fills_have_the_figures_of_torch(void **state)
{
    (void)state;
    sow_error err;
    sow_plan *plan = sow_plan_new(fills, &err);
    assert_non_null(plan);
    sow_statistics *statistics = run(plan, 2, 0);
    assert_int_equal(sow_plan_count(plan), n_fills);
    compare_all(plan, statistics);
    sow_statistics_free(statistics);
    sow_plan_free(plan);
}

static void test_plan_statistics__copies_have_the_figures_of_torch(void **state)
{
    (void)state;
    sow_error err;
    sow_safetensors *file = sow_safetensors_open(VECTORS ".safetensors", &err);
    assert_non_null(file);
    sow_state_dict *tensors = sow_state_dict_new(&err);
    sow_plan *plan = copy_plan(file, tensors);
    sow_statistics *statistics = run(plan, 2, 0);
    assert_int_equal(sow_plan_count(plan), n_expected - n_fills);
    compare_all(plan, statistics);
    sow_statistics_free(statistics);
    sow_plan_free(plan);
    sow_state_dict_free(tensors);
    sow_safetensors_close(file);
}

static void test_plan_statistics__same_bits_for_any_threads_and_pieces(void **state)
{
    (void)state;
    static const size_t pieces[] = {0, 1, 100000, 1500000, (size_t)3 << 20, (size_t)64 << 20};
    sow_error err;
    sow_plan *plan = sow_plan_new(fills, &err);
    sow_statistics *first = run(plan, 1, 0);
    for (int threads = 1; threads <= 3; threads++) {
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
            sow_statistics *other = run(plan, threads, pieces[p]);
            for (size_t i = 0; i < n_fills; i++) {
                const sow_tensor_statistics *a = sow_statistics_at(first, i);
                const sow_tensor_statistics *b = sow_statistics_at(other, i);
                assert_same_bits(&b->values, &a->values, sizeof a->values / 8, 8);
                assert_same_bits(&b->histogram.from, &a->histogram.from, 2, 8);
                assert_same_bits(b->histogram.counts, a->histogram.counts, SOW_HISTOGRAM_BINS, 8);
                assert_int_equal(b->histogram.below, a->histogram.below);
                assert_int_equal(b->histogram.above, a->histogram.above);
            }
            sow_statistics_free(other);
        }
    }
    sow_statistics_free(first);
    sow_plan_free(plan);
}

static void test_plan_statistics__into_memory_too(void **state)
{
    (void)state;
    sow_error err;
    sow_safetensors *file = sow_safetensors_open(VECTORS ".safetensors", &err);
    sow_state_dict *tensors = sow_state_dict_new(&err);
    sow_plan *plan = copy_plan(file, tensors);
    sow_statistics *statistics = sow_statistics_new(plan, &err);
    const sow_run_options options = {.n_threads = 2, .statistics = statistics};
    assert_ok(sow_plan_run(plan, &options, &err), err);
    compare_all(plan, statistics);
    sow_statistics_free(statistics);
    sow_plan_free(plan);

    /* The tensors have their values now: they are kept, and the figures are the same. */
    plan = sow_plan_new(tensors, &err);
    statistics = run(plan, 2, 0);
    assert_int_equal(sow_plan_at(plan, 0)->action, SOW_PLAN_KEEP);
    compare_all(plan, statistics);
    sow_statistics_free(statistics);
    sow_plan_free(plan);
    sow_state_dict_free(tensors);
    sow_safetensors_close(file);
}

static void test_plan_statistics__belong_to_a_plan(void **state)
{
    (void)state;
    sow_error err;
    sow_plan *plan = sow_plan_new(fills, &err), *other = sow_plan_new(fills, &err);
    sow_statistics *statistics = sow_statistics_new(other, &err);
    const sow_run_options options = {.statistics = statistics};
    assert_false(sow_statistics_at(statistics, 0)->known);
    assert_fails(sow_plan_write(plan, out, &options, &err), SOW_ERROR_VALUE, err,
                 "the statistics are of another plan");
    assert_fails(sow_plan_run(plan, &options, &err), SOW_ERROR_VALUE, err,
                 "the statistics are of another plan");
    sow_statistics_free(statistics);
    sow_statistics_free(NULL);
    sow_plan_free(other);
    sow_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_statistics__fills_have_the_figures_of_torch),
        cmocka_unit_test(test_plan_statistics__copies_have_the_figures_of_torch),
        cmocka_unit_test(test_plan_statistics__same_bits_for_any_threads_and_pieces),
        cmocka_unit_test(test_plan_statistics__into_memory_too),
        cmocka_unit_test(test_plan_statistics__belong_to_a_plan),
    };
    return cmocka_run_group_tests(tests, read_vectors, clean);
}
