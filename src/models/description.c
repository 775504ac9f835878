/* A model from a description: a tree of torch.nn modules in the convention of Hydra's instantiate,
 * rules that initialise over again, and a checkpoint.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/description.h"

#include "base/dtype.h"
#include "base/error.h"
#include "models/load.h"

#include <stdlib.h>
#include <string.h>

static const sow__step top = {.outer = NULL};

/* torch.set_default_dtype. */
static sow_status choose_dtype(sow__description *description, sow_error *err)
{
    const sow_model_options *options = description->build->options;
    if (options->has_dtype && !sow__dtype_is_float(options->dtype)) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "%s: dtype: only floating-point types are supported as the default type, "
                         "got %s",
                         description->build->config->label, sow_dtype_name(options->dtype));
    }
    description->factory.dtype = options->has_dtype ? options->dtype : SOW_F32;
    description->build->model->dtype = description->factory.dtype;
    return SOW_OK;
}

/* ---- the tree ---- */

static sow_status instantiate(sow__description *description, sow__value *value, sow_error *err)
{
    const bool draws = description->build->options->checkpoint == NULL;
    if (!draws) {
        sow_no_init_enter();
    }
    const sow_status status = sow__description_instantiate(
        description, description->build->config->object, &top, value, err);
    if (!draws) {
        sow_no_init_leave();
    }
    return status;
}

static sow_status build_tree(sow__description *description, sow_error *err)
{
    sow__value value = {.kind = SOW__VALUE_NONE};
    const sow_status status = instantiate(description, &value, err);
    if (status != SOW_OK) {
        return status;
    }
    if (value.kind != SOW__VALUE_MODULE) {
        sow__describe_fail(description, &top, err, SOW_ERROR_TYPE,
                           "the description makes a value of type %s, not a module",
                           sow__value_type_name(&value));
        sow__value_clear(&value);
        return SOW_ERROR_TYPE;
    }
    sow_model *model = description->build->model;
    model->module = sow__value_take_module(&value);
    model->arch = sow_module_type(model->module);
    return SOW_OK;
}

/* ---- its tensors ---- */

/* What the names of a tree take. */
typedef struct extent {
    size_t n_modules, n_tensors, n_name_bytes;
} extent;

static void measure_slots(const sow__slots *slots, size_t n_prefix, extent *is)
{
    for (size_t i = 0; i < slots->n_items; i++) {
        is->n_tensors++;
        is->n_name_bytes += n_prefix + strlen(slots->items[i].name) + 1;
    }
}

/* False as soon as something is too large. */
static bool measure(const sow_module *module, size_t n_prefix, extent *is)
{
    is->n_modules++;
    measure_slots(&module->parameters, n_prefix, is);
    measure_slots(&module->buffers, n_prefix, is);
    bool fits = is->n_modules <= SOW__MAX_MODULES && is->n_tensors <= SOW__MAX_TENSORS &&
                is->n_name_bytes <= SOW__MAX_NAME_BYTES;
    for (size_t i = 0; fits && i < module->n_children; i++) {
        const sow__child *child = &module->children[i];
        if (child->module != NULL) {
            fits = measure(child->module, n_prefix + strlen(child->name) + 1, is);
        }
    }
    return fits;
}

/* A walk that gives the tensors in the order of state_dict. */
typedef struct walk {
    sow__described_tensor *tensors;
    size_t n_tensors, at;
} walk;

static void visit_slots(const sow_module *module, const sow__slots *slots, bool are_parameters,
                        walk *is)
{
    for (size_t i = 0; i < slots->n_items; i++) {
        const sow__slot *slot = &slots->items[i];
        if (slot->tensor != NULL && (are_parameters || slot->persistent) &&
            is->at < is->n_tensors) {
            is->tensors[is->at].origin = module->origin;
            is->tensors[is->at++].is_parameter = are_parameters;
        }
    }
}

static void visit(const sow_module *module, walk *is)
{
    visit_slots(module, &module->parameters, true, is);
    visit_slots(module, &module->buffers, false, is);
    for (size_t i = 0; i < module->n_children; i++) {
        if (module->children[i].module != NULL) {
            visit(module->children[i].module, is);
        }
    }
}

/* The tensors of a state_dict and where each comes from; NULL when there is no memory. */
static sow__described_tensor *list_tensors(const sow_module *module, const sow_state_dict *tree,
                                           sow_error *err)
{
    const size_t n_tensors = sow_state_dict_count(tree);
    sow__described_tensor *tensors = calloc(n_tensors + 1, sizeof *tensors);
    if (tensors == NULL) {
        sow__fail_memory(err, n_tensors * sizeof *tensors);
        return NULL;
    }
    walk is = {.tensors = tensors, .n_tensors = n_tensors};
    visit(module, &is);
    for (size_t i = 0; i < n_tensors; i++) {
        tensors[i].name = sow_state_dict_name(tree, i);
        tensors[i].tensor = sow_state_dict_tensor(tree, i);
    }
    return tensors;
}

static void free_tensors(sow__described_tensor *tensors, size_t n_tensors)
{
    for (size_t i = 0; tensors != NULL && i < n_tensors; i++) {
        free(tensors[i].decided_by);
    }
    free(tensors);
}

/* ---- checkpoint, rules, result ---- */

static bool no_other_name(const void *user, const char *name, char other[SOW__NAME_SIZE])
{
    (void)user;
    (void)name;
    (void)other;
    return false;
}

/* A file has values: a tensor that stays on meta is the description's mistake. */
static sow_status check_devices(const sow__description *description,
                                const sow__described_tensor *tensors, size_t n_tensors,
                                sow_error *err)
{
    for (size_t i = 0; i < n_tensors; i++) {
        if (sow_tensor_device(tensors[i].tensor) == SOW_META) {
            const char *origin =
                tensors[i].origin == 0 ? "" : description->origins[tensors[i].origin - 1];
            const char *path = strrchr(origin, ' ') == NULL ? "$" : strrchr(origin, ' ') + 1;
            return sow__fail(err, SOW_ERROR_RUNTIME,
                             "%s: %s: %s is on the device meta, and a file needs values",
                             description->build->config->label, path, tensors[i].name);
        }
    }
    return SOW_OK;
}

static const char *decision(const sow__description *description,
                            const sow__described_tensor *tensor)
{
    if (tensor->decided_by != NULL) {
        return tensor->decided_by;
    }
    return tensor->origin == 0 ? NULL : description->origins[tensor->origin - 1];
}

static sow_status add_entries(const sow__description *description,
                              const sow__described_tensor *tensors, size_t n_tensors,
                              sow__load *loads, sow_error *err)
{
    sow_model *model = description->build->model;
    model->decided_by = calloc(n_tensors + 1, sizeof *model->decided_by);
    if (model->decided_by == NULL) {
        return sow__fail_memory(err, n_tensors * sizeof *model->decided_by);
    }
    for (size_t i = 0; i < n_tensors; i++) {
        const bool loaded = loads[i].state == SOW_LOAD_LOADED;
        const char *text = loaded ? "checkpoint" : decision(description, &tensors[i]);
        model->decided_by[i] = text == NULL ? NULL : strdup(text);
        if (text != NULL && model->decided_by[i] == NULL) {
            return sow__fail_memory(err, strlen(text) + 1);
        }
        const sow_status status =
            sow__model_add(model, tensors[i].name, tensors[i].tensor, &loads[i], err);
        if (status != SOW_OK) {
            free(model->decided_by[i]);
            model->decided_by[i] = NULL;
            return status;
        }
    }
    return SOW_OK;
}

static sow_status initialise(sow__description *description, const json_t *rules,
                             const sow_state_dict *tree, sow__load *loads, sow_error *err)
{
    sow__build *build = description->build;
    const size_t n_tensors = sow_state_dict_count(tree);
    sow__described_tensor *tensors = list_tensors(build->model->module, tree, err);
    if (tensors == NULL) {
        return SOW_ERROR_MEMORY;
    }
    sow_status status = SOW_OK;
    if (build->options->checkpoint != NULL) {
        status = sow__description_fill(description, build->model->module, err);
        if (status != SOW_OK) {
            sow__describe_fail_within(description, &top, err);
        }
    }
    if (status == SOW_OK) {
        status = sow__rules_apply(description, rules, tensors, n_tensors, err);
    }
    if (status == SOW_OK) {
        status = check_devices(description, tensors, n_tensors, err);
    }
    if (status == SOW_OK) {
        status = add_entries(description, tensors, n_tensors, loads, err);
    }
    free_tensors(tensors, n_tensors);
    return status;
}

static sow_status load_and_initialise(sow__description *description, const json_t *rules,
                                      sow_error *err)
{
    sow__build *build = description->build;
    extent is = {.n_modules = 0};
    if (!measure(build->model->module, 0, &is)) {
        return sow__describe_fail(description, &top, err, SOW_ERROR_VALUE,
                                  "more than %d modules, %d tensors or %d bytes of names",
                                  SOW__MAX_MODULES, SOW__MAX_TENSORS, SOW__MAX_NAME_BYTES);
    }
    sow_state_dict *tree = sow__module_own_state(build->model->module, err);
    if (tree == NULL) {
        return sow__describe_fail_within(description, &top, err);
    }
    sow__load *loads = sow__loads_find(build, tree, no_other_name, NULL, err);
    sow_status status = loads == NULL ? err->status : SOW_OK;
    if (status == SOW_OK) {
        status = sow__loads_find_unexpected(build, tree, loads, NULL, err);
    }
    if (status == SOW_OK) {
        status = initialise(description, rules, tree, loads, err);
    }
    sow__loads_free(loads, sow_state_dict_count(tree));
    sow_state_dict_free(tree);
    return status;
}

static sow_status build_model(sow__description *description, sow_error *err)
{
    json_t *rules = NULL;
    sow_status status = choose_dtype(description, err);
    if (status == SOW_OK) {
        status = sow__rules_take(description, description->build->config->object, &rules, err);
    }
    if (status == SOW_OK) {
        status = build_tree(description, err);
    }
    if (status == SOW_OK) {
        status = load_and_initialise(description, rules, err);
    }
    json_decref(rules);
    return status;
}

static sow_status build(sow__build *build, sow_error *err)
{
    sow__description description = {.build = build, .factory = build->factory};
    const sow_status status = build_model(&description, err);
    for (size_t i = 0; i < description.n_origins; i++) {
        free(description.origins[i]);
    }
    free(description.origins);
    for (size_t i = 0; i < description.n_undrawn; i++) {
        sow_tensor_free(description.undrawn[i].tensor);
    }
    free(description.undrawn);
    return status;
}

const sow__family sow__description_family = {SOW__MODEL_DESCRIPTION, build};
