/* Reports: distances that mean what they say, findings, groups, names made safe, sinks that stop.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"
#include "report/report.h"
#include "support.h"
#include <math.h>
#include <sow/sow.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a plan of tensors in memory or deferred, with the statistics of a run ---- */

struct told {
    sow_state_dict *state;
    sow_plan *plan;
    sow_statistics *statistics;
    sow_report report;
};

static sow_tensor *add(struct told *t, const char *name, sow_dtype dtype, int64_t n)
{
    sow_error err;
    sow_tensor *tensor = sow_empty(dtype, 1, &n, SOW_DEFERRED, &err);
    assert_non_null(tensor);
    assert_ok(sow_state_dict_add(t->state, name, tensor, &err), err);
    sow_tensor_free(tensor);
    return tensor;
}

static void add_values(struct told *t, const char *name, int64_t n, const float *values)
{
    sow_error err;
    sow_tensor *tensor = sow_empty(SOW_F32, 1, &n, SOW_CPU, &err);
    assert_non_null(tensor);
    memcpy(sow_tensor_data(tensor), values, (size_t)n * sizeof *values);
    assert_ok(sow_state_dict_add(t->state, name, tensor, &err), err);
    sow_tensor_free(tensor);
}

static void begin(struct told *t)
{
    sow_error err;
    *t = (struct told){.state = sow_state_dict_new(&err)};
    assert_non_null(t->state);
}

static void make_plan(struct told *t)
{
    sow_error err;
    t->plan = sow_plan_new(t->state, &err);
    assert_non_null(t->plan);
    t->statistics = sow_statistics_new(t->plan, &err);
    assert_non_null(t->statistics);
    t->report = (sow_report){.plan = t->plan, .statistics = t->statistics};
}

static void run(struct told *t)
{
    sow_error err;
    make_plan(t);
    const sow_run_options options = {.n_threads = 2, .statistics = t->statistics};
    assert_ok(sow_plan_run(t->plan, &options, &err), err);
}

static void end(struct told *t)
{
    sow_statistics_free(t->statistics);
    sow_plan_free(t->plan);
    sow_state_dict_free(t->state);
}

/* ---- the text of a report ---- */

struct page {
    char *text;
    size_t n_bytes, n_calls, n_most;
};

static bool collect(void *user, const char *text, size_t n_bytes)
{
    struct page *page = user;
    if (++page->n_calls > page->n_most) {
        return false;
    }
    page->text = realloc(page->text, page->n_bytes + n_bytes + 1);
    memcpy(page->text + page->n_bytes, text, n_bytes);
    page->n_bytes += n_bytes;
    page->text[page->n_bytes] = '\0';
    return true;
}

static char *text_of(const struct told *t, sow_report_format format)
{
    sow_error err;
    struct page page = {.n_most = SIZE_MAX};
    assert_ok(sow_report_write(&t->report, format, collect, &page, &err), err);
    return page.text;
}

static void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("expected to find: %s", part);
    }
}

/* ---- distances ---- */

static void draw(sow_tensor *x, int kind)
{
    sow_error err;
    switch (kind) {
    case 0:
        assert_ok(sow_normal(x, 0.5, 0.02, NULL, &err), err);
        break;
    case 1:
        assert_ok(sow_uniform(x, -0.1, 0.3, NULL, &err), err);
        break;
    case 2:
        assert_ok(sow_trunc_normal(x, 0, 1, -1, 2, NULL, &err), err);
        break;
    default:
        assert_ok(sow_trunc_normal(x, 0, 0.02, -2, 2, NULL, &err), err);
    }
}

/* Many fills of every length: distances have mean 0 and variance 1, and none looks wrong. Values of
 * a uniform fill are so few in the tails that a short one stays nearer. */
static void test_report_tell__distances_are_those_of_chance(void **state)
{
    static const int64_t lengths[] = {10, 33, 1000, 5000};
    (void)state;
    sow_error err;
    assert_int_equal(sow_generator_manual_seed(sow_default_generator(), 1, &err), SOW_OK);
    for (size_t l = 0; l < 4; l++) {
        for (int kind = 0; kind < 4; kind++) {
            struct told t;
            double sums[2] = {0}, squares[2] = {0};
            begin(&t);
            for (int i = 0; i < 800; i++) {
                char name[16];
                snprintf(name, sizeof name, "t%d", i);
                const sow_dtype dtype = i % 2 == 0 ? SOW_F32 : SOW_BF16;
                sow_tensor *x = add(&t, name, dtype, lengths[l]);
                draw(x, kind);
            }
            run(&t);
            assert_int_equal(sow_report_count_findings(&t.report), 0);
            for (size_t i = 0; i < 800; i += 2) {
                sow__told told;
                sow__report_tell(&t.report, i, &told);
                const double z[2] = {told.z_mean, told.z_std};
                for (int k = 0; k < 2; k++) {
                    sums[k] += z[k] / 400;
                    squares[k] += z[k] * z[k] / 400;
                }
            }
            for (int k = 0; k < 2; k++) {
                if (fabs(sums[k]) > 0.2 || squares[k] < 0.75 || squares[k] > 1.25) {
                    fail_msg("fill %d of %d values, %s: mean %g and mean square %g", kind,
                             (int)lengths[l], k == 0 ? "mean" : "std", sums[k], squares[k]);
                }
            }
            end(&t);
        }
    }
}

/* ---- no alarm without a reason ---- */

static const struct asked {
    int n_dims;
    int64_t sizes[4];
    double val, std, sparsity; /* std 0: the default */
} asked[] = {
    {2, {30, 20}, .val = 1, .sparsity = 0.3},
    {2, {200, 300}, .val = -0.1, .sparsity = 0.91, .std = 3},
    {2, {7, 1}, .val = 1e-7, .sparsity = 0.5},
    {2, {40, 50}, .val = 1e-7, .sparsity = 0.05, .std = 2e-8},
    {1, {1000}, .val = 1e-8, .std = 1e-8},
    {3, {6, 4, 3}, .val = 3e4, .std = 3e3},
    {4, {40, 20, 3, 3}, .val = 0.3},
    {2, {1, 1}, .val = 2, .sparsity = 0.5},
    {2, {0, 3}, .val = 2, .sparsity = 0.5},
};

/* False when PyTorch does not have the initializer for the type or the number of dims. */
static bool add_asked(struct told *t, const sow_initializer *initializer, sow_dtype dtype,
                      const struct asked *a, double mean)
{
    sow_error err;
    sow_init_args args;
    sow_initializer_defaults(initializer, &args);
    args.val = a->val;
    args.sparsity = a->sparsity;
    args.std = a->std != 0 ? a->std : args.std;
    args.mean = mean;
    sow_tensor *tensor = sow_empty(dtype, a->n_dims, a->sizes, SOW_DEFERRED, &err);
    assert_non_null(tensor);
    const sow_status status = sow_initializer_apply(initializer, tensor, &args, NULL, &err);
    if (status == SOW_OK) {
        char name[64];
        snprintf(name, sizeof name, "%s.%zu", sow_initializer_name(initializer),
                 sow_state_dict_count(t->state));
        assert_ok(sow_state_dict_add(t->state, name, tensor, &err), err);
    } else {
        assert_true(status == SOW_ERROR_UNSUPPORTED || status == SOW_ERROR_VALUE ||
                    status == SOW_ERROR_RUNTIME);
    }
    sow_tensor_free(tensor);
    return status == SOW_OK;
}

/* Every initializer, type and shape that go together: nothing looks wrong. */
static void test_report_tell__no_initializer_looks_wrong(void **state)
{
    static const sow_dtype dtypes[] = {SOW_C64,         SOW_F64,        SOW_F32,     SOW_F16,
                                       SOW_BF16,        SOW_F8_E5M2,    SOW_F8_E4M3, SOW_F8_E8M0,
                                       SOW_F8_E4M3FNUZ, SOW_F8_E5M2FNUZ};
    (void)state;
    sow_error err;
    const sow_initializer *initializer;
    for (size_t k = 0; (initializer = sow_initializer_at(k)) != NULL; k++) {
        size_t n_added = 0;
        for (size_t d = 0; d < sizeof dtypes / sizeof *dtypes; d++) {
            struct told t;
            begin(&t);
            for (uint64_t seed = 0; seed < 12; seed++) {
                assert_ok(sow_generator_manual_seed(sow_default_generator(), seed, &err), err);
                for (size_t a = 0; a < sizeof asked / sizeof *asked; a++) {
                    n_added += add_asked(&t, initializer, dtypes[d], &asked[a], seed % 3);
                }
            }
            run(&t);
            for (size_t i = 0; i < sow_state_dict_count(t.state); i++) {
                sow__told told;
                sow__report_tell(&t.report, i, &told);
                for (int f = 0; f < told.n_findings; f++) {
                    if (sow__finding_is_wrong(told.findings[f].kind)) {
                        fail_msg("%s %s: %s", told.entry->name, sow_dtype_name(dtypes[d]),
                                 told.findings[f].text);
                    }
                }
            }
            end(&t);
        }
        assert_true(n_added > 0);
    }
}

/* What is expected is changed behind the run's back: a tenth of the std is far off for 10000. */
static void test_report_tell__finds_what_chance_does_not_explain(void **state)
{
    (void)state;
    sow_error err;
    struct told t;
    sow__told told;
    begin(&t);
    assert_ok(sow_normal(add(&t, "a.weight", SOW_F32, 10000), 0, 0.02, NULL, &err), err);
    assert_ok(sow_normal(add(&t, "b.weight", SOW_F32, 10000), 0, 0.02, NULL, &err), err);
    assert_ok(sow_ones(add(&t, "c.weight", SOW_F32, 10), &err), err);
    run(&t);
    assert_int_equal(sow_report_count_findings(&t.report), 0);
    t.plan->entries[0].is.std = 0.022;
    t.plan->entries[1].is.mean = 0.002;
    t.plan->entries[2].is.mean = 2.0;
    assert_int_equal(sow_report_count_findings(&t.report), 3);
    sow__report_tell(&t.report, 0, &told);
    assert_int_equal(told.n_findings, 1);
    assert_int_equal(told.findings[0].kind, SOW__FINDING_STD);
    assert_true(told.z_std < -10.0);
    sow__report_tell(&t.report, 1, &told);
    assert_int_equal(told.findings[0].kind, SOW__FINDING_MEAN);
    assert_true(told.z_mean < -7.0 && told.z_mean > -13.0);
    sow__report_tell(&t.report, 2, &told);
    assert_int_equal(told.findings[0].kind, SOW__FINDING_MEAN);
    assert_string_equal(told.findings[0].text, "every value should be 2; the mean is 1");
    end(&t);
}

static void test_report_tell__finds_odd_values(void **state)
{
    (void)state;
    sow_error err;
    struct told t;
    const float odd[] = {NAN, 1, INFINITY, -INFINITY, 2, 3}, zeros[4] = {0};
    begin(&t);
    add_values(&t, "odd", 6, odd);
    add_values(&t, "x.bias", 4, zeros);
    add_values(&t, "x.weight", 4, zeros);
    assert_ok(sow_zeros(add(&t, "y.weight", SOW_BF16, 4), &err), err);
    assert_ok(sow_zeros(add(&t, "none.weight", SOW_F32, 0), &err), err);
    run(&t);
    static const struct {
        int n;
        sow__finding_kind kind;
        const char *text;
    } expected[] = {
        {2, SOW__FINDING_NAN, "1 of 6 values is NaN"},
        {0, SOW__FINDING_NAN, NULL},
        {1, SOW__FINDING_ZERO, "is all zero"},
        {1, SOW__FINDING_ASKED_ZERO, "is all zero, as its initializer says"},
        {0, SOW__FINDING_NAN, NULL},
    };
    sow__told told;
    for (size_t i = 0; i < 5; i++) {
        sow__report_tell(&t.report, i, &told);
        assert_int_equal(told.n_findings, expected[i].n);
        if (expected[i].n > 0) {
            assert_int_equal(told.findings[0].kind, expected[i].kind);
            assert_string_equal(told.findings[0].text, expected[i].text);
        }
    }
    sow__report_tell(&t.report, 0, &told);
    assert_string_equal(told.findings[1].text, "2 of 6 values are infinite");
    assert_int_equal(sow_report_count_findings(&t.report), 3);
    end(&t);
}

/* ---- names ---- */

static void test_report_groups__by_layer_and_module(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"transformer.h.3.attn.c_proj.weight", "transformer.h.3"},
        {"transformer.wte.weight", "transformer"},
        {"lm_head.weight", ""},
        {"weight", ""},
        {"", ""},
        {".", ""},
        {"..", ""},
        {"0.weight", ""},
        {"0.conv.weight", "0"},
        {"features.10.weight", "features"},
        {"layer1.0.downsample.1.weight", "layer1.0"},
        {"a.b.12", "a"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const size_t n = sow__group_prefix(names[i][0]);
        if (n != strlen(names[i][1]) || strncmp(names[i][0], names[i][1], n) != 0) {
            fail_msg("%s: expected %s, got %.*s", names[i][0], names[i][1], (int)n, names[i][0]);
        }
    }
}

static void test_report_text__names_are_made_safe(void **state)
{
    (void)state;
    const float one = 1;
    struct told t;
    begin(&t);
    add_values(&t, "<script>alert('x')</script>&\"", 1, &one);
    add_values(&t, "a\n\x1b[31m\xe2\x80\xae\xff\xc3\xa9\xf0\x9f\x8c\xb1\\", 1, &one);
    run(&t);
    t.report.title = "</title><b>";
    char *html = text_of(&t, SOW_REPORT_HTML), *json = text_of(&t, SOW_REPORT_JSON);
    assert_null(strstr(html, "<script"));
    assert_holds(html, "<title>&lt;/title&gt;&lt;b&gt;</title>");
    assert_holds(html, "&lt;script&gt;alert(&#39;x&#39;)&lt;/<wbr>script&gt;&amp;&quot;</code>");
    assert_holds(html, "a\\x0a\\x1b[31m\\xe2\\x80\\xae\\xff\xc3\xa9\xf0\x9f\x8c\xb1\\</code>");
    assert_holds(json, "\"<script>alert('x')</script>&\\\"\"");
    assert_holds(json, "\"a\\u000a\\u001b[31m\\u202e\\\\xff\\u00e9\\ud83c\\udf31\\\\\"");
    free(html);
    free(json);
    end(&t);
}

/* A long name is cut between characters wherever the cut falls, and stands whole beside. */
static void test_report_text__long_names_are_cut(void **state)
{
    (void)state;
    const float one = 1;
    for (size_t shift = 0; shift < 4; shift++) {
        struct told t;
        char name[5001];
        memcpy(name, "abcd", shift);
        for (size_t i = shift; i < 5000; i++) {
            name[i] = "\xf0\x9f\x8c\xb1"[(i - shift) % 4];
        }
        name[5000 - (5000 - shift) % 4] = '\0';
        begin(&t);
        add_values(&t, name, 1, &one);
        run(&t);
        char *html = text_of(&t, SOW_REPORT_HTML), *whole = strstr(html, "<code>");
        assert_non_null(whole);
        assert_null(strstr(html, "\\x"));
        assert_non_null(strstr(html, " ... "));
        assert_true(strstr(html, " ... ") - whole < 100);
        whole = strstr(html, name);
        assert_non_null(whole);
        assert_null(strstr(whole + 1, name));
        free(html);
        end(&t);
    }
    struct told t;
    char broken[400];
    memset(broken, 0x80, sizeof broken);
    broken[sizeof broken - 1] = '\0';
    begin(&t);
    add_values(&t, broken, 1, &one);
    run(&t);
    char *html = text_of(&t, SOW_REPORT_HTML);
    assert_holds(html, "\\x80 ... \\x80");
    free(html);
    end(&t);
}

/* ---- where it goes ---- */

static void test_report_write__empty(void **state)
{
    (void)state;
    struct told t;
    begin(&t);
    run(&t);
    char *html = text_of(&t, SOW_REPORT_HTML), *json = text_of(&t, SOW_REPORT_JSON);
    assert_holds(html, "<h2>Tensors</h2>\n<p>There are none.</p>");
    assert_holds(json, "\"tensors\": []\n}\n");
    free(html);
    free(json);
    end(&t);
}

static void test_report_write__refuses(void **state)
{
    static const char message[] = "the statistics of a report must be of a run of its plan";
    (void)state;
    sow_error err;
    struct told t;
    struct page page = {.n_most = SIZE_MAX};
    begin(&t);
    assert_ok(sow_normal(add(&t, "w", SOW_F32, 100000), 0, 1, NULL, &err), err);
    make_plan(&t);
    assert_fails(sow_report_write(&t.report, SOW_REPORT_HTML, collect, &page, &err),
                 SOW_ERROR_VALUE, err, message);
    assert_true(sow_report_count_findings(&t.report) == SIZE_MAX);
    sow_plan *plan = t.plan;
    sow_statistics *statistics = t.statistics;
    run(&t);
    t.report.statistics = statistics;
    assert_fails(sow_report_write(&t.report, SOW_REPORT_JSON, collect, &page, &err),
                 SOW_ERROR_VALUE, err, message);
    assert_int_equal(page.n_calls, 0);
    sow_statistics_free(statistics);
    sow_plan_free(plan);
    end(&t);
}

static void test_report_write__a_sink_may_stop(void **state)
{
    (void)state;
    sow_error err;
    struct told t;
    const float one = 1;
    begin(&t);
    for (int i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof name, "layer.%d.w", i);
        add_values(&t, name, 1, &one);
    }
    run(&t);
    for (size_t most = 0; most < 3; most++) {
        struct page page = {.n_most = most};
        assert_fails(sow_report_write(&t.report, SOW_REPORT_HTML, collect, &page, &err),
                     SOW_ERROR_CANCELLED, err, "the report was stopped");
        assert_int_equal(page.n_calls, most + 1);
        free(page.text);
    }
    end(&t);
}

static void test_report_save__whole_or_not_at_all(void **state)
{
    (void)state;
    sow_error err;
    struct told t;
    char folder[] = "/tmp/sow-report-XXXXXX", path[64], message[128];
    begin(&t);
    assert_ok(sow_normal(add(&t, "w", SOW_F32, 1000), 0, 1, NULL, &err), err);
    run(&t);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/r.json", folder);
    assert_ok(sow_report_save(&t.report, SOW_REPORT_JSON, path, false, &err), err);
    snprintf(message, sizeof message, "%s: exists already", path);
    assert_fails(sow_report_save(&t.report, SOW_REPORT_HTML, path, false, &err), SOW_ERROR_EXISTS,
                 err, message);
    char *json = text_of(&t, SOW_REPORT_JSON);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_size, strlen(json));
    assert_ok(sow_report_save(&t.report, SOW_REPORT_HTML, path, true, &err), err);
    assert_int_equal(stat(path, &about), 0);
    assert_int_not_equal(about.st_size, strlen(json));
    free(json);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_tell__distances_are_those_of_chance),
        cmocka_unit_test(test_report_tell__no_initializer_looks_wrong),
        cmocka_unit_test(test_report_tell__finds_what_chance_does_not_explain),
        cmocka_unit_test(test_report_tell__finds_odd_values),
        cmocka_unit_test(test_report_groups__by_layer_and_module),
        cmocka_unit_test(test_report_text__names_are_made_safe),
        cmocka_unit_test(test_report_text__long_names_are_cut),
        cmocka_unit_test(test_report_write__empty),
        cmocka_unit_test(test_report_write__refuses),
        cmocka_unit_test(test_report_write__a_sink_may_stop),
        cmocka_unit_test(test_report_save__whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
