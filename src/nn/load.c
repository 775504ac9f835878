/* load_state_dict: PyTorch's walk, its checks and its words.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/load.h"

#include "base/dtype.h"
#include "base/error.h"
#include "nn/load_report.h"
#include "nn/running_norm.h"
#include "tensor/tensor.h"

#include <stdlib.h>
#include <string.h>

/* A key and its number in the source, counted from 1. */
typedef struct sow__key {
    const char *name;
    size_t index;
} sow__key;

/* Keys sorted by name: those below a module are one run. */
typedef struct sow__keys {
    const sow__key *items;
    size_t n_items;
} sow__keys;

typedef struct sow__loader {
    const sow__load_source *source;
    sow_load_options options;
    sow_load_report *report;
    sow__path path;
} sow__loader;

/* ---- keys ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const sow__key *)a)->name, ((const sow__key *)b)->name);
}

static int by_index(const void *a, const void *b)
{
    const size_t left = ((const sow__key *)a)->index, right = ((const sow__key *)b)->index;
    return (left > right) - (left < right);
}

/* How a key stands to the names that begin with n_prefix bytes and a dot: before, one of them,
 * after. */
static int compare_below(const char *key, const char *prefix, size_t n_prefix)
{
    const int order = strncmp(key, prefix, n_prefix);
    return order != 0 ? order : (unsigned char)key[n_prefix] - '.';
}

/* The first key of a run that compares above limit. */
static size_t first_above(const sow__keys *keys, const char *prefix, size_t n_prefix, int limit)
{
    size_t low = 0, high = keys->n_items;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare_below(keys->items[middle].name, prefix, n_prefix) > limit) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Those of a run that are below a prefix. */
static sow__keys keys_below(const sow__keys *keys, const char *prefix, size_t n_prefix)
{
    const size_t first = first_above(keys, prefix, n_prefix, -1);
    const sow__keys from = {.items = keys->items + first, .n_items = keys->n_items - first};
    return (sow__keys){.items = from.items, .n_items = first_above(&from, prefix, n_prefix, 0)};
}

/* ---- one tensor ---- */

#define SIZES(n_dims, sizes, text) sow__sizes_text((n_dims), (sizes), (text))

static bool same_shape(const sow_tensor *target, const sow__load_item *item)
{
    if (target->n_dims == 0 && item->n_dims == 1) {
        return item->sizes[0] == 1; /* how releases before 0.4 wrote a scalar */
    }
    return target->n_dims == item->n_dims &&
           memcmp(target->sizes, item->sizes, (size_t)item->n_dims * sizeof *item->sizes) == 0;
}

static sow_status note_mismatch(sow__loader *loader, const sow_tensor *target,
                                const sow__load_item *item, sow_error *err)
{
    char from[SOW__SIZES_TEXT_SIZE], to[SOW__SIZES_TEXT_SIZE];
    return sow__texts_format(
        &loader->report->errors, err,
        "size mismatch for %s: copying a param with shape torch.Size(%s) from checkpoint, the "
        "shape in current model is torch.Size(%s).",
        loader->path.text, SIZES(item->n_dims, item->sizes, from),
        SIZES(target->n_dims, target->sizes, to));
}

/* What stops one tensor is a line of the report; what stops everything is returned. */
static sow_status note_failure(sow__loader *loader, const sow_tensor *target,
                               const sow__load_item *item, const sow_error *why, sow_error *err)
{
    char from[SOW__SIZES_TEXT_SIZE], to[SOW__SIZES_TEXT_SIZE];
    if (why->status == SOW_ERROR_MEMORY || why->status == SOW_ERROR_IO ||
        why->status == SOW_ERROR_CORRUPT) {
        if (err != NULL) {
            *err = *why;
        }
        return why->status;
    }
    return sow__texts_format(
        &loader->report->errors, err,
        "While copying the parameter named \"%s\", whose dimensions in the model are "
        "torch.Size(%s) and whose dimensions in the checkpoint are torch.Size(%s), an exception "
        "occurred : ('%s',).",
        loader->path.text, SIZES(target->n_dims, target->sizes, to),
        SIZES(item->n_dims, item->sizes, from), why->message);
}

/* The source's tensor in the shape of the slot's; NULL after filling *err. */
static sow_tensor *take(sow__loader *loader, const sow__slot *slot, bool is_parameter,
                        const sow__load_item *item, sow_error *err)
{
    if (is_parameter && sow__dtype_check_gradients(item->dtype, err) != SOW_OK) {
        return NULL;
    }
    sow_tensor *tensor = loader->source->take(loader->source->of, loader->path.text, err);
    if (tensor == NULL || tensor->n_dims == slot->tensor->n_dims) {
        return tensor;
    }
    sow_tensor *scalar = sow_tensor_select(tensor, 0, 0, err);
    sow_tensor_free(tensor);
    return scalar;
}

static sow_status put(sow__loader *loader, sow__slot *slot, bool is_parameter,
                      const sow__load_item *item, sow_error *why)
{
    if (loader->options.assign) {
        sow_tensor *tensor = take(loader, slot, is_parameter, item, why);
        if (tensor == NULL) {
            return why->status;
        }
        sow_tensor_free(slot->tensor);
        slot->tensor = tensor;
    } else {
        const sow_status status =
            loader->source->copy(loader->source->of, loader->path.text, slot->tensor, why);
        if (status != SOW_OK) {
            return status;
        }
    }
    if (sow_tensor_device(slot->tensor) != SOW_META) {
        sow_tensor_set_initialized(slot->tensor, true);
    }
    return SOW_OK;
}

/* A copy onto the meta device leaves it as it is. */
static bool stays_on_meta(const sow__loader *loader, const sow__slot *slot)
{
    return sow_tensor_device(slot->tensor) == SOW_META && !loader->options.assign &&
           !loader->source->fills_meta;
}

static void warn_of_meta(const sow__loader *loader)
{
    sow__warn(SOW_WARNING_USER,
              "for %s: copying from a non-meta parameter in the checkpoint to a meta parameter in "
              "the current model, which is a no-op. (Did you mean to pass `assign=True` to assign "
              "items in the state dictionary to their corresponding key in the module instead of "
              "copying them in place?)",
              loader->path.text);
}

static sow_status load_found(sow__loader *loader, sow_module *module, sow__slot *slot,
                             bool is_parameter, sow_error *err)
{
    sow__load_item item;
    sow_error why = {.status = SOW_OK};
    loader->source->find(loader->source->of, loader->path.text, &item);
    if (slot->lazy) {
        const sow_status status =
            sow__module_set_lazy(module, slot->name, item.n_dims, item.sizes, err);
        if (status != SOW_OK) {
            return status;
        }
    }
    if (!same_shape(slot->tensor, &item)) {
        return note_mismatch(loader, slot->tensor, &item, err);
    }
    if (!item.is_meta && stays_on_meta(loader, slot)) {
        warn_of_meta(loader);
        return SOW_OK;
    }
    return put(loader, slot, is_parameter, &item, &why) == SOW_OK
               ? SOW_OK
               : note_failure(loader, slot->tensor, &item, &why, err);
}

/* ---- what older releases did not write ---- */

/* Of the module in the source that stands where the walk is; 0: not known. */
static int version_here(const sow__loader *loader)
{
    return loader->source->version == NULL
               ? 0
               : loader->source->version(loader->source->of,
                                         loader->path.n_text == 0 ? "" : loader->path.text);
}

/* The batch counter came with version 2 of the norms: from what is older, or another class, it may
 * be absent. */
static bool may_be_absent(const sow_module *module, const sow__slot *slot, int version)
{
    return version < 2 && sow__module_version(module) >= 2 &&
           strcmp(slot->name, "num_batches_tracked") == 0;
}

/* A counter that is absent keeps its value; one on meta has none to keep, so that a 0 is loaded in
 * its place. */
static sow_status zero_counter(const sow__loader *loader, sow__slot *slot, sow_error *err)
{
    if (sow_tensor_device(slot->tensor) != SOW_META) {
        return SOW_OK;
    }
    if (stays_on_meta(loader, slot)) {
        warn_of_meta(loader);
        return SOW_OK;
    }
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    sow_tensor *zero = sow_empty(SOW_I64, 0, NULL, SOW_CPU, why);
    if (zero == NULL) {
        return why->status;
    }
    *(int64_t *)sow__tensor_write(zero) = 0;
    sow_tensor_set_initialized(zero, true);
    sow_tensor_free(slot->tensor);
    slot->tensor = zero;
    return SOW_OK;
}

/* An InstanceNorm that keeps no running stats. */
static bool refuses_stats(const sow__loader *loader, const sow_module *module)
{
    const sow__slot *mean = sow__module_own_slot(module, "running_mean");
    return version_here(loader) == 0 && sow__module_version(module) >= 2 &&
           strstr(module->class->name, "InstanceNorm") != NULL && mean != NULL &&
           mean->tensor == NULL;
}

static bool is_stats(const char *name)
{
    return strcmp(name, "running_mean") == 0 || strcmp(name, "running_var") == 0;
}

/* keys are those below the module; n_prefix bytes of each are its path and a dot. */
static sow_status note_stats(sow__loader *loader, const sow_module *module, const sow__keys *keys,
                             size_t n_prefix, sow_error *err)
{
    const char *found[2] = {NULL, NULL};
    for (size_t i = 0, n = 0; i < keys->n_items && n < 2; i++) {
        if (is_stats(keys->items[i].name + n_prefix)) {
            found[n++] = keys->items[i].name; /* sorted: running_mean before running_var */
        }
    }
    if (found[0] == NULL) {
        return SOW_OK;
    }
    return sow__texts_format(
        &loader->report->errors, err,
        "Unexpected running stats buffer(s) \"%s\"%s%s%s for %s with track_running_stats=False. If "
        "state_dict is a checkpoint saved before 0.4.0, this may be expected because %s does not "
        "track running stats by default since 0.4.0. Please remove these keys from state_dict. If "
        "the running stats are actually needed, instead set track_running_stats=True in %s to "
        "enable them. See the documentation of %s for details.",
        found[0], found[1] == NULL ? "" : " and \"", found[1] == NULL ? "" : found[1],
        found[1] == NULL ? "" : "\"", module->type, module->type, module->type, module->type);
}

/* ---- one module ---- */

static sow_status load_slot(sow__loader *loader, sow_module *module, sow__slot *slot,
                            bool is_parameter, sow_error *err)
{
    sow__load_item item;
    const size_t n_text = loader->path.n_text;
    if (slot->tensor == NULL || !slot->persistent) {
        return SOW_OK;
    }
    const int version = version_here(loader);
    sow_status status = sow__path_push(&loader->path, slot->name, err);
    if (status == SOW_OK && loader->source->find(loader->source->of, loader->path.text, &item)) {
        status = load_found(loader, module, slot, is_parameter, err);
    } else if (status == SOW_OK && may_be_absent(module, slot, version)) {
        status = zero_counter(loader, slot, err);
    } else if (status == SOW_OK) {
        status = sow__texts_add(&loader->report->missing, loader->path.text, err);
    }
    sow__path_cut(&loader->path, n_text);
    return status;
}

static sow_status load_slots(sow__loader *loader, sow_module *module, sow__slots *slots,
                             sow_error *err)
{
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < slots->n_items; i++) {
        status = load_slot(loader, module, &slots->items[i], slots == &module->parameters, err);
    }
    return status;
}

static bool expects(const sow__loader *loader, const sow_module *module, const char *name)
{
    const sow__slot *slot = sow__module_own_slot(module, name);
    return (slot != NULL && slot->tensor != NULL && slot->persistent) ||
           (is_stats(name) && refuses_stats(loader, module));
}

/* Keys that no tensor or child of this module has the name of, in the order of the source. */
static sow_status note_unexpected(sow__loader *loader, const sow_module *module,
                                  const sow__keys *keys, size_t n_prefix, sow_error *err)
{
    sow__key *found = malloc((keys->n_items + 1) * sizeof *found);
    size_t n_found = 0;
    if (found == NULL) {
        return sow__fail_memory(err, (keys->n_items + 1) * sizeof *found);
    }
    for (size_t i = 0, next; i < keys->n_items; i = next) {
        const char *key = keys->items[i].name, *name = key + n_prefix;
        const char *dot = strchr(name, '.');
        const sow__keys rest = {.items = keys->items + i, .n_items = keys->n_items - i};
        next = dot == NULL ? i + 1 : i + first_above(&rest, key, (size_t)(dot - key), 0);
        const bool known = dot == NULL
                               ? expects(loader, module, name)
                               : sow__module_find_child(module, name, (size_t)(dot - name)) != NULL;
        for (size_t k = i; !known && k < next; k++) {
            found[n_found] = keys->items[k];
            if (strcmp(found[n_found].name + n_prefix, "_extra_state") == 0) {
                found[n_found].index = 0; /* PyTorch asks for this one before the others */
            }
            n_found++;
        }
    }
    qsort(found, n_found, sizeof *found, by_index);
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < n_found; i++) {
        status = sow__texts_add(&loader->report->unexpected, found[i].name, err);
    }
    free(found);
    return status;
}

static sow_status load_module(sow__loader *loader, sow_module *module, const sow__keys *keys,
                              sow_error *err)
{
    const size_t n_text = loader->path.n_text, n_prefix = n_text == 0 ? 0 : n_text + 1;
    sow_status status =
        refuses_stats(loader, module) ? note_stats(loader, module, keys, n_prefix, err) : SOW_OK;
    if (status == SOW_OK) {
        status = load_slots(loader, module, &module->parameters, err);
    }
    if (status == SOW_OK) {
        status = load_slots(loader, module, &module->buffers, err);
    }
    if (status == SOW_OK) {
        status = note_unexpected(loader, module, keys, n_prefix, err);
    }
    for (size_t i = 0; status == SOW_OK && i < module->n_children; i++) {
        if (module->children[i].module == NULL) {
            continue;
        }
        status = sow__path_push(&loader->path, module->children[i].name, err);
        if (status == SOW_OK) {
            const sow__keys below = keys_below(keys, loader->path.text, loader->path.n_text);
            status = load_module(loader, module->children[i].module, &below, err);
        }
        sow__path_cut(&loader->path, n_text);
    }
    return status;
}

/* ---- the whole ---- */

static sow_status load_all(sow__loader *loader, sow_module *module, sow_error *err)
{
    const sow__load_source *source = loader->source;
    sow__key *keys = malloc((source->n_keys + 1) * sizeof *keys);
    if (keys == NULL) {
        return sow__fail_memory(err, (source->n_keys + 1) * sizeof *keys);
    }
    for (size_t i = 0; i < source->n_keys; i++) {
        keys[i] = (sow__key){.name = source->name(source->of, i), .index = i + 1};
    }
    qsort(keys, source->n_keys, sizeof *keys, by_name);
    const sow__keys all = {.items = keys, .n_items = source->n_keys};
    const sow_status status = load_module(loader, module, &all, err);
    free(keys);
    return status;
}

sow_status sow__module_load(sow_module *module, const sow__load_source *source,
                            const sow_load_options *options, sow_load_report **report,
                            sow_error *err)
{
    sow__loader loader = {.source = source};
    if (options != NULL) {
        loader.options = *options;
    }
    if (report != NULL) {
        *report = NULL;
    }
    loader.report = calloc(1, sizeof *loader.report);
    if (loader.report == NULL) {
        return sow__fail_memory(err, sizeof *loader.report);
    }
    sow_status status = load_all(&loader, module, err);
    const bool finished = status == SOW_OK;
    if (finished) {
        status = sow__load_report_end(loader.report, module->type, !loader.options.not_strict, err);
    }
    free(loader.path.text);
    if (report != NULL && finished && (status == SOW_OK || status == SOW_ERROR_RUNTIME)) {
        *report = loader.report;
    } else {
        sow_load_report_free(loader.report);
    }
    return status;
}
