/* What all transformers models share.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/transformers.h"

#include "base/dtype.h"
#include "base/error.h"
#include "models/load.h"
#include "nn/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- config fields of the base class ---- */

/* id2label's number of entries; `fallback` when it is not there. */
static int64_t count_labels(sow__config *config, int64_t fallback)
{
    const json_t *names = sow__config_get(config, "id2label", NULL);
    if (names == NULL || json_is_null(names)) {
        return fallback;
    }
    if (!json_is_object(names)) {
        sow__config_expected(config, "id2label", "an object");
    }
    return (int64_t)json_object_size(names);
}

int64_t sow__transformers_num_labels(sow__config *config)
{
    const int64_t n_names = count_labels(config, -1);
    const int64_t n_labels =
        sow__config_size(config, "num_labels", NULL, n_names < 0 ? 2 : n_names);
    const char *problem_type = sow__config_string(config, "problem_type", NULL);
    if ((n_names < 0 ? n_labels : n_names) == 1 && problem_type != NULL &&
        strcmp(problem_type, "single_label_classification") == 0) {
        sow__config_fail(config, SOW_ERROR_VALUE,
                         "`problem_type=\"single_label_classification\"` requires `num_labels > "
                         "1`, got num_labels 1");
    }
    return n_labels < 0 ? 0 : n_labels;
}

/* Options before config before checkpoint before float32. */
static sow_dtype choose_dtype(sow__build *build)
{
    sow__config *config = build->config;
    sow_dtype dtype = SOW_F32;
    const char *field = "dtype";
    const char *name = sow__config_string(config, field, NULL);
    if (name == NULL) {
        field = "torch_dtype";
        name = sow__config_string(config, field, NULL);
    }
    if (build->options->has_dtype) {
        dtype = build->options->dtype;
        if (!sow__dtype_is_float(dtype)) {
            sow__config_fail(config, SOW_ERROR_TYPE,
                             "dtype: expected a floating type for a transformers model, got %s",
                             sow_dtype_name(dtype));
        }
    } else if (name != NULL) {
        if (sow_dtype_parse(name, &dtype, NULL) != SOW_OK || !sow__dtype_is_float(dtype)) {
            sow__config_expected(config, field,
                                 "\"float32\", \"float64\", \"float16\" or \"bfloat16\"");
        }
    } else {
        sow__checkpoint_dtype(build->options->checkpoint, &dtype);
    }
    return dtype;
}

/* ---- the base rules ---- */

static bool is_one_of(const char *type, const char *const *types)
{
    for (; *types != NULL; types++) {
        if (strcmp(type, *types) == 0) {
            return true;
        }
    }
    return false;
}

static sow_status init_embedding(const sow_module *module, double std, sow_generator *generator,
                                 sow_error *err)
{
    sow_tensor *weight = sow__module_own_tensor(module, "weight");
    sow_status status = sow_guarded_normal(weight, 0.0, std, generator, err);
    if (status != SOW_OK || module->padding_idx == SOW_NO_PADDING_IDX) {
        return status;
    }
    sow_tensor *row = sow_tensor_select(weight, 0, module->padding_idx, err);
    if (row == NULL) {
        return err->status;
    }
    status = sow_guarded_zeros(row, err);
    sow_tensor_free(row);
    return status;
}

sow_status sow__transformers_base_init(sow_module *module, double std, sow_generator *generator,
                                       sow_error *err)
{
    static const char *const linear[] = {"Linear",          "Conv1d",          "Conv2d", "Conv3d",
                                         "ConvTranspose1d", "ConvTranspose2d", NULL};
    sow_tensor *weight = sow__module_own_tensor(module, "weight");
    sow_tensor *bias = sow__module_own_tensor(module, "bias");
    const double resolved = std == 0.0 ? 0.02 : std;
    sow_status status = SOW_OK;
    if (is_one_of(module->type, linear)) {
        if (weight != NULL) {
            status = sow_guarded_normal(weight, 0.0, resolved, generator, err);
        }
    } else if (strcmp(module->type, "Embedding") == 0) {
        return init_embedding(module, resolved, generator, err);
    } else if (strstr(module->type, "LayerNorm") != NULL ||
               strstr(module->type, "RMSNorm") != NULL) {
        if (weight != NULL) {
            status = sow_guarded_ones(weight, err);
        }
    } else {
        return SOW_OK;
    }
    return status == SOW_OK && bias != NULL ? sow_guarded_zeros(bias, err) : status;
}

static sow_status init_once(sow_module *module, void *user, sow_error *err)
{
    const sow__pretrained *model = user;
    if (module->init_done) {
        return SOW_OK;
    }
    module->init_done = true;
    return model->arch->init_weights(model, module, err);
}

sow_status sow__transformers_post_init(const sow__pretrained *model, sow_module *module,
                                       sow_error *err)
{
    if (model->build->options->checkpoint != NULL) {
        return SOW_OK;
    }
    sow__pretrained copy = *model;
    return sow_module_apply(module, init_once, &copy, err);
}

/* ---- tying ---- */

/* The place of a name in a state_dict; it is there. */
static size_t index_of(const sow_state_dict *tree, const char *name)
{
    size_t i = 0;
    while (strcmp(sow_state_dict_name(tree, i), name) != 0) {
        i++;
    }
    return i;
}

/* Ties one pair and says in *dropped which entry the saved file leaves out. A pair that the
 * checkpoint has with two values stays two tensors. When only the target is in the checkpoint the
 * source takes its values. */
static sow_status tie_pair(const sow__pretrained *model, const sow_state_dict *tree,
                           sow__load *loads, const sow__tie *tie, size_t *dropped, sow_error *err)
{
    const sow_checkpoint *checkpoint = model->build->options->checkpoint;
    sow_module *module = model->build->model->module;
    const size_t target = index_of(tree, tie->target), source = index_of(tree, tie->source);
    const bool has_target = loads[target].state == SOW_LOAD_LOADED;
    const bool has_source = loads[source].state == SOW_LOAD_LOADED;
    if (has_target && has_source &&
        !checkpoint->equal(checkpoint->user, loads[target].source, loads[source].source)) {
        return SOW_OK;
    }
    *dropped = target;
    if (has_target && !has_source) {
        const sow__load swapped = loads[source];
        loads[source] = loads[target];
        loads[target] = swapped;
        return sow_module_tie(module, tie->source, tie->target, err);
    }
    return sow_module_tie(module, tie->target, tie->source, err);
}

/* Fills the model's state_dict: the tree's entries but the dropped ones. */
static sow_status add_entries(const sow__pretrained *model, const sow_state_dict *tree,
                              sow__load *loads, const bool *dropped, sow_error *err)
{
    sow_model *built = model->build->model;
    for (size_t i = 0; i < sow_state_dict_count(tree); i++) {
        if (dropped[i]) {
            continue;
        }
        const char *name = sow_state_dict_name(tree, i);
        const sow_status status =
            sow__model_add(built, name, sow_module_tensor(built->module, name), &loads[i], err);
        if (status != SOW_OK) {
            return status;
        }
    }
    return SOW_OK;
}

static sow_status tie_and_list(const sow__pretrained *model, const sow_state_dict *tree,
                               sow__load *loads, sow_error *err)
{
    const size_t n_entries = sow_state_dict_count(tree);
    bool *dropped = calloc(n_entries + 1, sizeof *dropped);
    if (dropped == NULL) {
        return sow__fail_memory(err, n_entries);
    }
    sow_status status = SOW_OK;
    const sow__tie *tie = model->arch->ties(model->fields);
    for (; status == SOW_OK && tie != NULL && tie->target != NULL; tie++) {
        size_t index = n_entries;
        status = tie_pair(model, tree, loads, tie, &index, err);
        dropped[index] = true;
    }
    if (status == SOW_OK) {
        status = add_entries(model, tree, loads, dropped, err);
    }
    free(dropped);
    return status;
}

/* ---- building ---- */

/* The name with the base prefix taken away, or put before it. */
static bool other_name(const void *user, const char *name, char other[SOW__NAME_SIZE])
{
    const char *prefix = user;
    const size_t n_prefix = strlen(prefix);
    const bool has = strncmp(name, prefix, n_prefix) == 0 && name[n_prefix] == '.';
    const int n = has ? snprintf(other, SOW__NAME_SIZE, "%s", name + n_prefix + 1)
                      : snprintf(other, SOW__NAME_SIZE, "%s.%s", prefix, name);
    return n > 0 && n < SOW__NAME_SIZE;
}

/* Without a checkpoint every constructor draws; with one only the pass over what is
 * missing does. */
static sow_module *construct(const sow__pretrained *model, sow_error *err)
{
    const bool draws = model->build->options->checkpoint == NULL;
    if (!draws) {
        sow_no_init_enter();
    }
    sow_module *module = model->arch->construct(model, err);
    if (!draws) {
        sow_no_init_leave();
    }
    return module;
}

/* The pass over the whole tree that fills what the checkpoint does not hold. */
static sow_status init_missing(const sow__pretrained *model, const sow_state_dict *tree,
                               sow_error *err)
{
    const sow__tie *tie = model->arch->ties(model->fields);
    for (; tie != NULL && tie->target != NULL; tie++) {
        sow_tensor_set_initialized(sow_state_dict_find(tree, tie->target), true);
    }
    sow__pretrained copy = *model;
    sow_guard_enter();
    const sow_status status = sow_module_apply(model->build->model->module, init_once, &copy, err);
    sow_guard_leave();
    return status == SOW_OK ? SOW_OK : sow__config_fail_within(model->build->config, status);
}

static sow_status fill_and_list(const sow__pretrained *model, const sow_state_dict *tree,
                                sow_error *err)
{
    sow__build *build = model->build;
    sow__load *loads = sow__loads_find(build, tree, other_name, model->arch->base_prefix, err);
    if (loads == NULL) {
        return err->status;
    }
    sow_status status =
        sow__loads_find_unexpected(build, tree, loads, model->arch->unused_endings, err);
    if (status == SOW_OK && build->options->checkpoint != NULL) {
        status = init_missing(model, tree, err);
    }
    if (status == SOW_OK) {
        status = tie_and_list(model, tree, loads, err);
    }
    sow__loads_free(loads, sow_state_dict_count(tree));
    return status;
}

static sow_status build_tree(const sow__pretrained *model, sow_error *err)
{
    sow_model *built = model->build->model;
    built->module = construct(model, err);
    if (built->module == NULL) {
        return sow__config_fail_within(model->build->config, err->status);
    }
    sow_state_dict *tree = sow__module_own_state(built->module, err);
    if (tree == NULL) {
        return err->status;
    }
    const sow_status status = fill_and_list(model, tree, err);
    sow_state_dict_free(tree);
    return status;
}

sow_status sow__transformers_build(sow__build *build, const sow__transformers *arch, sow_error *err)
{
    static const char *const metadata[] = {"format", "pt", NULL};
    void *fields = calloc(1, arch->fields_bytes);
    if (fields == NULL) {
        return sow__fail_memory(err, arch->fields_bytes);
    }
    build->factory.dtype = choose_dtype(build);
    build->model->dtype = build->factory.dtype;
    build->model->metadata = metadata;
    arch->read(build, fields);
    sow_status status = build->config->status;
    if (status == SOW_OK) {
        status = build_tree(&(sow__pretrained){build, arch, fields}, err);
    }
    free(fields);
    return status;
}
