/* NativeModel of TransformerLens, as boot_native builds it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Two things differ from boot_native, where it has no counterpart. The options' seed stands before
 * the config's, like the seed argument of initialize_native_model, but the global generator stays
 * untouched as in a seeded boot. With a checkpoint no constructor draws: the tensors that it holds
 * are kept, and the others are drawn in the usual order; init_weights does not count then. */
#include "models/native.h"

#include "base/dtype.h"
#include "base/error.h"
#include "models/load.h"
#include "nn/module.h"

#include <stdio.h>
#include <string.h>

/* ---- seeds ---- */

/* The effective seed, if there is one. */
static sow_status find_seed(const sow__build *build, const sow__native_fields *fields,
                            bool *has_seed, uint64_t *seed, sow_error *err)
{
    *has_seed = build->options->has_seed;
    if (*has_seed) {
        *seed = build->options->seed;
        return SOW_OK;
    }
    *has_seed = fields->seed != NULL;
    if (!*has_seed) {
        return SOW_OK;
    }
    char text[SOW__INTEGER_SIZE];
    const char *digits = sow__config_integer_text(fields->seed, text);
    if (digits == NULL) {
        return sow__fail(err, SOW_ERROR_RUNTIME, "manual_seed expected a long, but got %s",
                         sow__native_python_class(fields->seed));
    }
    return sow_seed_parse(digits, seed, err);
}

/* A generator of its own; the caller frees it. */
static sow_generator *seeded(const sow__build *build, uint64_t seed, sow_error *err)
{
    sow_generator *generator = sow_generator_new(err);
    if (generator == NULL) {
        return NULL;
    }
    const sow_generator *given = build->options->generator;
    const sow_dialect dialect =
        sow_generator_dialect(given != NULL ? given : sow_default_generator());
    if (sow_generator_set_dialect(generator, dialect, err) != SOW_OK ||
        sow_generator_manual_seed(generator, seed, err) != SOW_OK) {
        sow_generator_free(generator);
        return NULL;
    }
    return generator;
}

/* ---- names ---- */

/* Replaces a leading or inner part of a name. */
typedef struct rename {
    const char *native, *bridge;
} rename_rule;

/* The name that TransformerBridge.state_dict() gives a tensor. */
static bool bridge_name(const void *user, const char *name, char other[SOW__NAME_SIZE])
{
    static const rename_rule rules[] = {{"tok_embed.", "embed."},   {"pos.", "pos_embed."},
                                        {"layers.", "blocks."},     {"ln_out.", "ln_final."},
                                        {"head.", "unembed."},      {"mlp.fc_in.", "mlp.in."},
                                        {"mlp.fc_out.", "mlp.out."}};
    (void)user;
    size_t n = 0;
    for (const char *part = name; *part != '\0' && n < SOW__NAME_SIZE;) {
        const bool at_start = part == name || part[-1] == '.';
        const rename_rule *rule = NULL;
        for (size_t i = 0; at_start && rule == NULL && i < sizeof rules / sizeof rules[0]; i++) {
            if (strncmp(part, rules[i].native, strlen(rules[i].native)) == 0) {
                rule = &rules[i];
            }
        }
        if (rule != NULL) {
            n += (size_t)snprintf(other + n, SOW__NAME_SIZE - n, "%s", rule->bridge);
            part += strlen(rule->native);
        } else {
            other[n++] = *part++;
        }
    }
    if (n >= SOW__NAME_SIZE) {
        return false;
    }
    other[n] = '\0';
    return true;
}

/* Adds entry number i of the tree under the name that is asked for. */
static sow_status add_entry(const sow__build *build, const sow_state_dict *tree, sow__load *loads,
                            size_t i, sow_error *err)
{
    const char *native = sow_state_dict_name(tree, i);
    char bridge[SOW__NAME_SIZE];
    const char *names = build->options->names;
    const bool renamed = names != NULL && strcmp(names, "bridge") == 0;
    const char *name = renamed && bridge_name(NULL, native, bridge) ? bridge : native;
    sow_model *model = build->model;
    return sow__model_add(model, name, sow_module_tensor(model->module, native), &loads[i], err);
}

/* The zero bias that the bridge gives the unembedding. */
static sow_status add_unembed_bias(const sow__build *build, sow_error *err)
{
    const int64_t *head = sow_tensor_sizes(sow_module_tensor(build->model->module, "head.weight"));
    sow_tensor *bias = sow_empty(build->model->dtype, 1, head, SOW_DEFERRED, err);
    if (bias == NULL) {
        return err->status;
    }
    sow_state_dict *alone = sow_state_dict_new(err);
    sow_status status =
        alone == NULL ? err->status : sow_state_dict_add(alone, "unembed.bias", bias, err);
    sow__load *load =
        status == SOW_OK ? sow__loads_find(build, alone, bridge_name, NULL, err) : NULL;
    status = load == NULL ? err->status : sow_guarded_zeros(bias, err);
    if (status == SOW_OK) {
        status = sow__model_add(build->model, "unembed.bias", bias, load, err);
    }
    sow__loads_free(load, 1);
    sow_state_dict_free(alone);
    sow_tensor_free(bias);
    return status;
}

/* In the bridge's order a LayerNorm inside an MLP stands before the MLP's weights. */
static sow_status list_entries(const sow__build *build, const sow_state_dict *tree,
                               sow__load *loads, bool solu_ln, sow_error *err)
{
    enum { N_MLP = 4, N_LN = 2 }; /* fc_in, fc_out, ln: a weight and a bias each */
    const char *names = build->options->names;
    const bool bridge = names != NULL && strcmp(names, "bridge") == 0;
    const size_t n_entries = sow_state_dict_count(tree);
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < n_entries;) {
        const char *name = sow_state_dict_name(tree, i);
        if (bridge && solu_ln && strstr(name, ".mlp.fc_in.weight") != NULL) {
            for (size_t k = 0; status == SOW_OK && k < N_MLP + N_LN; k++) {
                status = add_entry(build, tree, loads, i + (k + N_MLP) % (N_MLP + N_LN), err);
            }
            i += N_MLP + N_LN;
        } else {
            status = add_entry(build, tree, loads, i++, err);
        }
    }
    return status == SOW_OK && bridge ? add_unembed_bias(build, err) : status;
}

/* ---- building ---- */

/* model.to(dtype): every tensor becomes a new one, copied and rounded. */
static sow_status convert(sow_module *module, const sow_state_dict *tree, sow_dtype dtype,
                          sow_error *err)
{
    for (size_t i = 0; i < sow_state_dict_count(tree); i++) {
        sow_tensor *old = sow_state_dict_tensor(tree, i);
        sow_tensor *converted = sow_empty(dtype, sow_tensor_n_dims(old), sow_tensor_sizes(old),
                                          sow_tensor_device(old), err);
        if (converted == NULL) {
            return err->status;
        }
        const bool kept = sow_tensor_is_initialized(old);
        sow_tensor_set_initialized(converted, kept);
        sow_status status = kept ? SOW_OK : sow_tensor_copy(converted, old, err);
        if (status != SOW_OK) {
            sow_tensor_free(converted);
            return status;
        }
        status = sow_module_set_tensor(module, sow_state_dict_name(tree, i), converted, err);
        if (status != SOW_OK) {
            return status;
        }
    }
    return SOW_OK;
}

/* The constructors draw where their draws count: from scratch, unless a seeded initialisation
 * covers everything and leaves the global generator as it was. */
static sow_status construct(const sow__build *build, const sow__native_fields *fields,
                            sow_error *err)
{
    const bool seeded_boot =
        fields->init_weights && (fields->seed != NULL || build->options->has_seed);
    const bool draws = build->options->checkpoint == NULL && !seeded_boot;
    if (!draws) {
        sow_no_init_enter();
    }
    build->model->module = sow__native_construct(fields, &build->factory, err);
    if (!draws) {
        sow_no_init_leave();
    }
    return build->model->module == NULL ? err->status : SOW_OK;
}

static sow_status initialize(const sow__build *build, const sow__native_fields *fields,
                             sow_error *err)
{
    bool has_seed;
    uint64_t seed = 0;
    const sow_status found = find_seed(build, fields, &has_seed, &seed, err);
    if (found != SOW_OK) {
        return found;
    }
    sow_generator *own = has_seed ? seeded(build, seed, err) : NULL;
    if (has_seed && own == NULL) {
        return err->status;
    }
    const sow_status status = sow__native_initialize(
        fields, build->model->module, has_seed ? own : build->factory.generator, err);
    sow_generator_free(own);
    return status;
}

static sow_status fill_and_list(sow__build *build, const sow__native_fields *fields,
                                const sow_state_dict *tree, sow_error *err)
{
    const bool fresh = build->options->checkpoint == NULL;
    sow__load *loads = sow__loads_find(build, tree, bridge_name, NULL, err);
    if (loads == NULL) {
        return err->status;
    }
    sow_status status = SOW_OK;
    if (fields->init_weights || !fresh) {
        status = initialize(build, fields, err);
    }
    sow_model *model = build->model;
    if (status == SOW_OK && model->dtype != SOW_F32) {
        status = convert(model->module, tree, model->dtype, err);
    }
    if (status == SOW_OK) {
        status = list_entries(build, tree, loads, fields->solu_ln, err);
    }
    if (status == SOW_OK) {
        status = sow__loads_find_unexpected(build, model->state, model->loads, NULL, err);
    }
    sow__loads_free(loads, sow_state_dict_count(tree));
    return status;
}

/* Only an argument converts; the config's dtype does not count. Without one, what a checkpoint
 * lacks takes the checkpoint's type. */
static void choose_dtype(sow__build *build)
{
    build->model->dtype = SOW_F32;
    if (build->options->has_dtype) {
        build->model->dtype = build->options->dtype;
        if (!sow__dtype_is_float(build->options->dtype) &&
            !sow__dtype_is_complex(build->options->dtype)) {
            sow__config_fail(build->config, SOW_ERROR_TYPE,
                             "nn.Module.to only accepts floating point or complex dtypes, but got "
                             "desired dtype=torch.%s",
                             sow_dtype_torch_name(build->options->dtype));
        }
    } else {
        sow__checkpoint_dtype(build->options->checkpoint, &build->model->dtype);
    }
}

static void check_names(sow__build *build)
{
    const char *names = build->options->names;
    if (names != NULL && strcmp(names, "native") != 0 && strcmp(names, "bridge") != 0) {
        sow__config_fail(build->config, SOW_ERROR_VALUE,
                         "names: expected \"native\" or \"bridge\", got \"%s\"", names);
    }
}

static sow_status build_native(sow__build *build, sow_error *err)
{
    sow__native_fields fields = {0};
    sow__native_read(build, &fields);
    choose_dtype(build);
    check_names(build);
    if (build->config->status != SOW_OK) {
        return build->config->status;
    }
    sow_status status = construct(build, &fields, err);
    if (status != SOW_OK) {
        return sow__config_fail_within(build->config, status);
    }
    sow_state_dict *tree = sow__module_own_state(build->model->module, err);
    if (tree == NULL) {
        return sow__config_fail_within(build->config, err->status);
    }
    status = fill_and_list(build, &fields, tree, err);
    sow_state_dict_free(tree);
    return status == SOW_OK ? SOW_OK : sow__config_fail_within(build->config, status);
}

const sow__family sow__native = {.kind = SOW__MODEL_NATIVE, .build = build_native};
