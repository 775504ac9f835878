/* sow fill.
 * SPDX-License-Identifier: Apache-2.0 */
#include "json.h"
#include "options.h"
#include "report.h"
#include "verbs.h"
#include "write.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TENSOR_NAME "weight"

typedef struct fill_options {
    cli_list args;
    cli_seed seed;
    cli_dtype dtype;
    sow_dialect dialect;
    cli_target target;
} fill_options;

#define AT(field) offsetof(fill_options, field)

static const cli_option rows[] = {
    {"arg", 0, "KEY=VALUE", "argument of the initializer; repeatable", AT(args), cli_set_list},
    {"seed", 0, "N", "torch.manual_seed(N) before the fill (default 0)", AT(seed), cli_set_seed},
    {"dtype", 0, "TYPE", "f32 (default), f64, f16, bf16, c64 or c128", AT(dtype), cli_set_dtype},
    {"dialect", 0, "NAME", "whose numbers, see `sow help dialects` (default: the newest)",
     AT(dialect), cli_set_dialect},
    {0},
};

/* What is to be written. */
typedef struct job {
    const fill_options *options;
    const sow_initializer *initializer;
    sow_init_args args;
    int n_dims;
    int64_t sizes[SOW_MAX_DIMS];
    /* made by build() */
    sow_tensor *tensor; /* as the initializer sees it */
    sow_tensor *stored; /* as the file has it: tensor, or the real view of a complex128 one */
    sow_state_dict *state;
    sow_plan *plan;
    sow_statistics *statistics; /* NULL: no report */
} job;

/* ---- the command line ---- */

static int read_initializer(job *j, const char *name)
{
    j->initializer = sow_initializer_find(name);
    if (j->initializer != NULL) {
        sow_initializer_defaults(j->initializer, &j->args);
        return CLI_GO_ON;
    }
    sow_nearest nearest = {0};
    const sow_initializer *other;
    for (size_t i = 0; (other = sow_initializer_at(i)) != NULL; i++) {
        sow_nearest_try(&nearest, name, sow_initializer_name(other));
    }
    if (nearest.word != NULL) {
        return cli_fail(CLI_USAGE, "no initializer '%s' (did you mean %s?)", name, nearest.word);
    }
    return cli_fail(CLI_USAGE, "no initializer '%s' (`sow help initializers` lists them)", name);
}

/* "64,3,7,7" or "64x3x7x7"; "scalar" for no dims. */
static int read_shape(job *j, const char *text)
{
    if (strcmp(text, "scalar") == 0) {
        return CLI_GO_ON;
    }
    const char separator = strchr(text, 'x') != NULL ? 'x' : ',';
    for (const char *at = text;; at++) {
        char *end;
        errno = 0;
        const long long size = strtoll(at, &end, 10);
        if (*at < '0' || *at > '9' || errno != 0 || (*end != '\0' && *end != separator)) {
            return cli_fail(CLI_USAGE, "SHAPE '%s': must be sizes as in 64,3,7,7, or `scalar`",
                            text);
        }
        if (j->n_dims == SOW_MAX_DIMS) {
            return cli_fail(CLI_USAGE, "SHAPE '%s': has more than %d sizes", text, SOW_MAX_DIMS);
        }
        j->sizes[j->n_dims++] = size;
        if (*end == '\0') {
            return CLI_GO_ON;
        }
        at = end;
    }
}

static int read_args(job *j)
{
    const cli_list *list = &j->options->args;
    for (size_t i = 0; i < list->n_items; i++) {
        const char *equals = strchr(list->items[i], '=');
        if (equals == NULL || equals == list->items[i]) {
            return cli_fail(CLI_USAGE, "--arg '%s': must be KEY=VALUE", list->items[i]);
        }
        char *key = strndup(list->items[i], (size_t)(equals - list->items[i]));
        if (key == NULL) {
            return cli_fail_memory();
        }
        sow_error err;
        const sow_status status =
            sow_initializer_set(j->initializer, &j->args, key, equals + 1, &err);
        free(key);
        if (status != SOW_OK) {
            return cli_fail(CLI_USAGE, "--arg '%s': %s", list->items[i], err.message);
        }
    }
    return CLI_GO_ON;
}

/* sparsity and val have no default. */
static int require_args(const job *j)
{
    const cli_list *list = &j->options->args;
    const char *name, *fallback;
    for (size_t i = 0; (name = sow_initializer_arg(j->initializer, i, &fallback)) != NULL; i++) {
        bool given = fallback != NULL;
        for (size_t k = 0; k < list->n_items && !given; k++) {
            const size_t n = strlen(name);
            given = strncmp(list->items[k], name, n) == 0 && list->items[k][n] == '=';
        }
        if (!given) {
            return cli_fail(CLI_USAGE, "fill: %s needs --arg %s=VALUE",
                            sow_initializer_name(j->initializer), name);
        }
    }
    return CLI_GO_ON;
}

/* ---- building ---- */

static bool is_complex128(const job *j)
{
    return j->options->dtype.value == SOW_C128;
}

/* torch.view_as_real: the file format has no complex128. */
static sow_tensor *real_view(job *j, sow_error *err)
{
    int64_t sizes[SOW_MAX_DIMS + 1];
    memcpy(sizes, j->sizes, (size_t)j->n_dims * sizeof *sizes);
    sizes[j->n_dims] = 2;
    void *data = sow_tensor_data(j->tensor);
    if (data == NULL) {
        return sow_empty(SOW_F64, j->n_dims + 1, sizes, SOW_CPU, err);
    }
    return sow_from_blob(data, sow_tensor_n_bytes(j->tensor), SOW_F64, j->n_dims + 1, sizes, NULL,
                         err);
}

static sow_status start_generator(const job *j, sow_error *err)
{
    sow_generator *generator = sow_default_generator();
    const sow_status status = sow_generator_set_dialect(generator, j->options->dialect, err);
    return status == SOW_OK ? sow_generator_manual_seed(generator, j->options->seed.value, err)
                            : status;
}

/* PyTorch's words seldom say which initializer they are about. */
static void name_initializer(const job *j, sow_status status, sow_error *err)
{
    const char *name = sow_initializer_name(j->initializer);
    char message[SOW_ERROR_MESSAGE_SIZE];
    if (status != SOW_OK && strncmp(err->message, name, strlen(name)) != 0) {
        memcpy(message, err->message, sizeof message);
        snprintf(err->message, sizeof err->message, "%s: %.900s", name, message);
    }
}

static sow_status build(job *j, sow_error *err)
{
    const sow_device device = is_complex128(j) ? SOW_CPU : SOW_DEFERRED;
    j->tensor = sow_empty(j->options->dtype.value, j->n_dims, j->sizes, device, err);
    if (j->tensor == NULL) {
        return err->status;
    }
    sow_status status = start_generator(j, err);
    if (status == SOW_OK) {
        status = sow_initializer_apply(j->initializer, j->tensor, &j->args, NULL, err);
        name_initializer(j, status, err);
    }
    if (status != SOW_OK) {
        return status;
    }
    j->stored = is_complex128(j) ? real_view(j, err) : j->tensor;
    j->state = j->stored != NULL ? sow_state_dict_new(err) : NULL;
    if (j->state == NULL) {
        return err->status;
    }
    status = sow_state_dict_add(j->state, TENSOR_NAME, j->stored, err);
    if (status != SOW_OK) {
        return status;
    }
    j->plan = sow_plan_new(j->state, err);
    return j->plan != NULL ? SOW_OK : err->status;
}

static void job_free(job *j)
{
    sow_statistics_free(j->statistics);
    sow_plan_free(j->plan);
    sow_state_dict_free(j->state);
    if (j->stored != j->tensor) {
        sow_tensor_free(j->stored);
    }
    sow_tensor_free(j->tensor);
}

/* ---- the summary ---- */

static int print_json(const job *j, const sow_report *report, double seconds)
{
    const sow_plan_entry *entry = sow_plan_at(j->plan, 0);
    json_t *root = json_object();
    const fill_options *options = j->options;
    const bool planned = entry->action == SOW_PLAN_FILL;
    cli_json_set(&root, "path", cli_json_text(options->target.path));
    cli_json_set(&root, "name", cli_json_text(entry->name));
    cli_json_set(&root, "initializer", cli_json_text(sow_initializer_name(j->initializer)));
    cli_json_set(&root, "fill", planned ? cli_json_text(entry->fill) : json_null());
    cli_json_set(&root, "std",
                 planned && !isnan(entry->std) ? cli_json_number(entry->std) : json_null());
    cli_json_set(&root, "dialect", cli_json_text(sow_dialect_name(options->dialect)));
    cli_json_set(&root, "seed", cli_json_count(options->seed.value));
    cli_json_set(&root, "seed_from", cli_json_text(options->seed.given ? "seed" : "default"));
    cli_json_set(&root, "dtype", cli_json_text(sow_dtype_name(options->dtype.value)));
    cli_json_set(&root, "shape", cli_json_shape(j->n_dims, j->sizes));
    cli_json_set(&root, "stored_dtype", cli_json_text(sow_dtype_name(entry->dtype)));
    cli_json_set(&root, "stored_shape", cli_json_shape(entry->n_dims, entry->sizes));
    cli_json_set(&root, "n_elements", cli_json_count((uint64_t)sow_tensor_numel(j->tensor)));
    cli_json_set(&root, "n_bytes", cli_json_count(entry->n_bytes));
    cli_json_set(&root, "seconds", cli_json_number(round(seconds * 1e6) / 1e6));
    cli_report_json(&root, &options->target, report);
    return cli_json_print(root, cli_target_summary(&options->target));
}

static int print_text(const job *j, const sow_report *report, double seconds)
{
    cli_page page;
    if (!cli_page_open(&page)) {
        return cli_fail_memory();
    }
    const sow_plan_entry *entry = sow_plan_at(j->plan, 0);
    const fill_options *options = j->options;
    cli_put(page.out, options->target.path);
    fprintf(page.out, ": %s %s ", entry->name, sow_dtype_name(options->dtype.value));
    cli_put_shape(page.out, j->n_dims, j->sizes);
    fprintf(page.out, "\n%s", sow_initializer_name(j->initializer));
    if (entry->action == SOW_PLAN_FILL) {
        fprintf(page.out, ": %s", entry->fill);
    }
    fprintf(page.out, "\nseed %" PRIu64 "%s, %s\n", options->seed.value,
            options->seed.given ? "" : " (default)", sow_dialect_name(options->dialect));
    cli_put_count(page.out, (uint64_t)sow_tensor_numel(j->tensor), "element");
    fprintf(page.out, ", %" PRIu64 " bytes, %.2f s\n", entry->n_bytes, seconds);
    if (is_complex128(j)) {
        fputs("stored as torch.view_as_real has it, f64 ", page.out);
        cli_put_shape(page.out, entry->n_dims, entry->sizes);
        fputs(": safetensors has no complex128\n", page.out);
    }
    cli_report_put(page.out, &options->target, report);
    return cli_page_print(&page, cli_target_summary(&options->target));
}

/* ---- the verb ---- */

static int run(job *j)
{
    sow_error err;
    double seconds = 0.0;
    if (build(j, &err) != SOW_OK) {
        return cli_fail_input(&err);
    }
    const cli_target *target = &j->options->target;
    int status = cli_report_start(target, j->plan, &j->statistics);
    if (status == CLI_GO_ON) {
        status = cli_target_write(target, j->plan, NULL, j->statistics, &seconds);
    }
    const sow_report report = {.plan = j->plan,
                               .statistics = j->statistics,
                               .title = target->path,
                               .dialect = j->options->dialect,
                               .has_seed = true,
                               .seed = j->options->seed.value,
                               .seed_from = j->options->seed.given ? "seed" : "default"};
    if (status == CLI_GO_ON) {
        status = cli_report_save(target, &report);
    }
    if (status != CLI_GO_ON || target->quiet) {
        return status == CLI_GO_ON ? CLI_DONE : status;
    }
    return target->json ? print_json(j, &report, seconds) : print_text(j, &report, seconds);
}

static int read_words(job *j, const cli_words *words)
{
    int status = read_initializer(j, words->words[0]);
    if (status == CLI_GO_ON) {
        status = read_shape(j, words->words[1]);
    }
    if (status == CLI_GO_ON) {
        status = read_args(j);
    }
    return status == CLI_GO_ON ? require_args(j) : status;
}

int cli_fill(int argc, char **argv)
{
    static const cli_option_group groups[] = {{rows, 0}, {cli_target_rows, AT(target)}, {0}};
    static const char *const names[] = {"INITIALIZER", "SHAPE", NULL};
    static const cli_usage usage = {
        .verb = "fill",
        .synopsis = "INITIALIZER SHAPE [OPTION]... -o OUT",
        .about =
            "Writes one tensor named `weight`: torch.manual_seed(N), then\n"
            "torch.nn.init.INITIALIZER_(torch.empty(SHAPE, dtype=TYPE), KEY=VALUE...).\n"
            "SHAPE is 64,3,7,7 or 64x3x7x7; `scalar` has no dims. complex128, which the file\n"
            "format lacks, is stored as f64 with a last dim of 2, and is made whole in memory.\n",
        .groups = groups,
        .words = names,
    };
    fill_options options = {0};
    job j = {.options = &options};
    cli_words words;
    int status = cli_options_read(&usage, argc, argv, &options, &words);
    if (status == CLI_GO_ON) {
        status = cli_target_check(&options.target, "fill");
    }
    if (status == CLI_GO_ON) {
        status = read_words(&j, &words);
    }
    if (status == CLI_GO_ON) {
        status = run(&j);
    }
    job_free(&j);
    cli_list_free(&options.args);
    return status;
}
