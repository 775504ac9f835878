/* A config, its options and its checkpoint as a plan: what init and plan have in common.
 * SPDX-License-Identifier: Apache-2.0 */
#include "from.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(cli_model_options, field)
#define MORE "\n                            "

const cli_option cli_model_rows[] = {
    {"arch", 0, "NAME", "class to build (default: the config's architectures[0])", AT(arch),
     cli_set_text},
    {"profile", 0, "NAME", "whose model code, see `sow help profiles` (default: the newest)",
     AT(profile), cli_set_profile},
    {"names", 0, "KIND", "native config: tensor names native (default) or bridge", AT(names),
     cli_set_names},
    {"dialect", 0, "NAME", "whose numbers, see `sow help dialects` (default: the newest)",
     AT(dialect), cli_set_dialect},
    {"seed", 0, "N",
     "torch.manual_seed(N) before the build (default 0);" MORE
     "native config: the seed of its init, before the config's own",
     AT(seed), cli_set_seed},
    {"global-seed", 0, "N",
     "native config: torch.manual_seed(N) before the build (default" MORE
     "0), which counts when there is no other seed",
     AT(global_seed), cli_set_seed},
    {"dtype", 0, "TYPE",
     "type of new tensors, see `sow help dtypes` (default: the" MORE "config's)", AT(dtype),
     cli_set_dtype},
    {"from", 0, "FILE", "safetensors file whose tensors are copied; repeatable", AT(from),
     cli_set_list},
    {"ignore-mismatched", 0, NULL, "initialise what --from has in another shape",
     AT(ignore_mismatched), cli_set_switch},
    {"explain", 0, NULL,
     "description: say for each tensor which rule or constructor" MORE "decided it", AT(explain),
     cli_set_switch},
    {0},
};

/* ---- which seed counts ---- */

typedef struct effective_seed {
    uint64_t value;
    const char *from;           /* for JSON */
    const char *before, *after; /* in the summary */
} effective_seed;

static bool is_native(const cli_model *model)
{
    const char *arch = model->options->arch;
    return model->config.is_native || (arch != NULL && strcmp(arch, "native") == 0);
}

static effective_seed find_seed(const cli_model *model)
{
    const cli_model_options *options = model->options;
    const cli_config *config = &model->config;
    if (options->seed.given) {
        return (effective_seed){options->seed.value, "seed", "seed ", ""};
    }
    if (!is_native(model)) {
        return (effective_seed){0, "default", "seed ", " (default)"};
    }
    if (config->has_seed) {
        return (effective_seed){(uint64_t)config->seed, "config", "seed ", " (config)"};
    }
    if (options->global_seed.given) {
        return (effective_seed){options->global_seed.value, "global-seed", "global seed ", ""};
    }
    return (effective_seed){0, "default", "global seed ", " (default)"};
}

void cli_model_put_seed(FILE *out, const cli_model *model)
{
    const effective_seed seed = find_seed(model);
    fprintf(out, "%s%" PRIu64 "%s", seed.before, seed.value, seed.after);
}

/* ---- options that would do nothing ---- */

static int refuse_idle(const cli_model *model)
{
    const cli_model_options *options = model->options;
    const char *label = model->config.label;
    const bool native = is_native(model);
    if (!native && options->global_seed.given) {
        return cli_fail(CLI_USAGE,
                        "--global-seed is for native configs, which %s is not; use --seed", label);
    }
    if (!native && options->names != NULL) {
        return cli_fail(CLI_USAGE, "--names is for native configs, which %s is not", label);
    }
    if (!model->config.is_description && options->explain) {
        return cli_fail(CLI_USAGE, "--explain is for descriptions, which %s is not", label);
    }
    return CLI_GO_ON;
}

/* ---- building ---- */

static int build(cli_model *model)
{
    const cli_model_options *options = model->options;
    const bool native = is_native(model);
    const cli_seed global = native ? options->global_seed : options->seed;
    sow_generator *generator = sow_default_generator();
    const sow_model_options model_options = {
        .arch = options->arch,
        .profile = options->profile,
        .names = options->names,
        .generator = generator,
        .has_seed = native && options->seed.given,
        .seed = options->seed.value,
        .has_dtype = options->dtype.given,
        .dtype = options->dtype.value,
        .checkpoint = model->checkpoint.n_files > 0 ? &model->checkpoint.callbacks : NULL,
        .ignore_mismatched = true, /* refuse_mismatched knows the files and says it better */
    };
    sow_error err;
    if (sow_generator_set_dialect(generator, options->dialect, &err) != SOW_OK ||
        sow_generator_manual_seed(generator, global.given ? global.value : 0, &err) != SOW_OK) {
        return cli_fail_input(&err);
    }
    model->model = sow_model_from_config(model->config.json, model->config.n_bytes,
                                         model->config.label, &model_options, &err);
    if (model->checkpoint.read_error.status != SOW_OK) {
        return cli_fail_input(&model->checkpoint.read_error);
    }
    return model->model != NULL ? CLI_GO_ON : cli_fail_input(&err);
}

/* ---- from the checkpoint ---- */

static int fail_mismatched(const cli_model *model, size_t index, const char *source)
{
    const sow_plan_entry *entry = sow_plan_at(model->plan, index);
    const sow_safetensors *file = NULL;
    const sow_safetensors_tensor *found = cli_checkpoint_find(&model->checkpoint, source, &file);
    char *here = cli_shape(entry->n_dims, entry->sizes);
    char *there = found != NULL ? cli_shape(found->n_dims, found->sizes) : NULL;
    int status;
    if (here == NULL || there == NULL) {
        status = cli_fail_memory();
    } else {
        status =
            cli_fail(CLI_INPUT,
                     "%s: %s has shape %s, the model needs %s (--ignore-mismatched initialises it)",
                     sow_safetensors_path(file), source, there, here);
    }
    free(here);
    free(there);
    return status;
}

static int copy_loaded(cli_model *model)
{
    for (size_t i = 0; i < sow_plan_count(model->plan); i++) {
        const char *source = NULL;
        const sow_load_state state = sow_model_load_state(model->model, i, &source);
        if (state == SOW_LOAD_MISMATCHED && !model->options->ignore_mismatched) {
            return fail_mismatched(model, i, source);
        }
        if (state != SOW_LOAD_LOADED) {
            continue;
        }
        sow_error err;
        const sow_safetensors *file = NULL;
        const sow_safetensors_tensor *tensor =
            cli_checkpoint_find(&model->checkpoint, source, &file);
        if (tensor == NULL) {
            return cli_fail(CLI_INPUT, "tensor %s is in no file of --from", source);
        }
        if (sow_plan_copy_from(model->plan, i, file, tensor, &err) != SOW_OK) {
            return cli_fail_input(&err);
        }
    }
    return CLI_GO_ON;
}

static int collect_metadata(cli_model *model)
{
    const char *value;
    size_t n = 0;
    while (sow_model_metadata(model->model, n, &value) != NULL) {
        n++;
    }
    if (n == 0) {
        return CLI_GO_ON; /* an empty list would be written as one */
    }
    model->metadata = calloc(2 * n + 1, sizeof *model->metadata);
    if (model->metadata == NULL) {
        return cli_fail_memory();
    }
    for (size_t i = 0; i < n; i++) {
        model->metadata[2 * i] = sow_model_metadata(model->model, i, &model->metadata[2 * i + 1]);
    }
    return CLI_GO_ON;
}

static int make_plan(cli_model *model)
{
    sow_error err;
    model->plan = sow_plan_new(sow_model_state_dict(model->model), &err);
    if (model->plan == NULL) {
        return cli_fail_input(&err);
    }
    int status = copy_loaded(model);
    if (status == CLI_GO_ON) {
        status = collect_metadata(model);
    }
    if (status == CLI_GO_ON && sow_plan_check(model->plan, &err) != SOW_OK) {
        status = cli_fail(CLI_INPUT, "%s: %s", model->config.label, err.message);
    }
    return status;
}

int cli_model_build(cli_model *model, const char *config, const cli_model_options *options)
{
    *model = (cli_model){.options = options};
    if (options->ignore_mismatched && options->from.n_items == 0) {
        return cli_fail(CLI_USAGE, "--ignore-mismatched is for --from, which is not given");
    }
    int status = cli_config_read(&model->config, config);
    if (status == CLI_GO_ON) {
        status = cli_checkpoint_open(&model->checkpoint, &options->from);
    }
    if (status == CLI_GO_ON) {
        status = build(model);
    }
    if (status == CLI_GO_ON) {
        status = refuse_idle(model); /* after it: what is no config has no kind */
    }
    if (status == CLI_GO_ON) {
        status = make_plan(model);
    }
    return status == CLI_GO_ON ? cli_from_warn(model) : status;
}

void cli_model_free(cli_model *model)
{
    free(model->metadata);
    sow_plan_free(model->plan);
    sow_model_free(model->model);
    cli_checkpoint_close(&model->checkpoint);
    cli_config_free(&model->config);
}

/* ---- telling ---- */

const char *cli_model_decided_by(const cli_model *model, size_t index)
{
    const char *text = sow_model_decided_by(model->model, index);
    return text != NULL ? text : "-";
}

void cli_model_tell(sow_report *report, const cli_model *model)
{
    const effective_seed seed = find_seed(model);
    report->plan = model->plan;
    report->model = model->model;
    report->files = (const sow_safetensors *const *)model->checkpoint.files;
    report->n_files = model->checkpoint.n_files;
    report->dialect = model->options->dialect;
    report->has_seed = true;
    report->seed = seed.value;
    report->seed_from = seed.from;
}

/* As PyTorch counts them: buffers are none, a tied one counts once. 0 when there is no memory. */
uint64_t cli_model_n_parameters(const cli_model *model)
{
    sow_state_dict *list = sow_module_named_parameters(sow_model_module(model->model), NULL);
    uint64_t n_parameters = 0;
    for (size_t i = 0; list != NULL && i < sow_state_dict_count(list); i++) {
        n_parameters += (uint64_t)sow_tensor_numel(sow_state_dict_tensor(list, i));
    }
    sow_state_dict_free(list);
    return n_parameters;
}

void cli_model_json(json_t **object, const cli_model *model)
{
    const effective_seed seed = find_seed(model);
    cli_json_set(object, "arch", cli_json_text(sow_model_arch(model->model)));
    cli_json_set(object, "profile", cli_json_text(sow_model_profile(model->model)));
    cli_json_set(object, "dialect", cli_json_text(sow_dialect_name(model->options->dialect)));
    cli_json_set(object, "seed", cli_json_count(seed.value));
    cli_json_set(object, "seed_from", cli_json_text(seed.from));
    cli_json_set(object, "dtype", cli_json_text(sow_dtype_name(sow_model_dtype(model->model))));
}
