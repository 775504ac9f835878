/* Finding the tensors of a tree in a checkpoint.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/load.h"

#include "base/dtype.h"
#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "[2, 3]", cut when it is long. */
static void shape_text(int n_dims, const int64_t *sizes, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < n_dims && used < size; i++) {
        used +=
            (size_t)snprintf(text + used, size - used, "%s%" PRId64, i == 0 ? "" : ", ", sizes[i]);
    }
    if (used < size) {
        snprintf(text + used, size - used, "]");
    }
}

static bool same_shape(const sow_tensor *tensor, int n_dims, const int64_t *sizes)
{
    return sow_tensor_n_dims(tensor) == n_dims &&
           (n_dims == 0 ||
            memcmp(sow_tensor_sizes(tensor), sizes, (size_t)n_dims * sizeof *sizes) == 0);
}

static sow_status fail_mismatch(const sow_tensor *tensor, const char *name, int n_dims,
                                const int64_t *sizes, sow_error *err)
{
    char there[128], here[128];
    shape_text(n_dims, sizes, there, sizeof there);
    shape_text(sow_tensor_n_dims(tensor), sow_tensor_sizes(tensor), here, sizeof here);
    return sow__fail(err, SOW_ERROR_RUNTIME,
                     "%s: the checkpoint has the shape %s, the model has %s", name, there, here);
}

/* Looks for a tensor under one name; load stays missing when it is not there. */
static sow_status find_one(const sow__build *build, const char *name, sow_tensor *tensor,
                           sow__load *load, sow_error *err)
{
    const sow_checkpoint *checkpoint = build->options->checkpoint;
    sow_dtype dtype;
    int n_dims;
    const int64_t *sizes;
    if (!checkpoint->find(checkpoint->user, name, &dtype, &n_dims, &sizes)) {
        return SOW_OK;
    }
    const bool fits = same_shape(tensor, n_dims, sizes);
    if (!fits && !build->options->ignore_mismatched) {
        return fail_mismatch(tensor, name, n_dims, sizes, err);
    }
    load->source = strdup(name);
    if (load->source == NULL) {
        return sow__fail_memory(err, strlen(name) + 1);
    }
    load->state = fits ? SOW_LOAD_LOADED : SOW_LOAD_MISMATCHED;
    sow_tensor_set_initialized(tensor, fits);
    return SOW_OK;
}

sow__load *sow__loads_find(const sow__build *build, const sow_state_dict *tree,
                           sow__other_name other_name, const void *user, sow_error *err)
{
    const size_t n_loads = sow_state_dict_count(tree);
    sow__load *loads = calloc(n_loads + 1, sizeof *loads);
    if (loads == NULL) {
        sow__fail_memory(err, n_loads * sizeof *loads);
        return NULL;
    }
    sow_status status = SOW_OK;
    const bool look = build->options->checkpoint != NULL;
    for (size_t i = 0; look && status == SOW_OK && i < n_loads; i++) {
        const char *name = sow_state_dict_name(tree, i);
        sow_tensor *tensor = sow_state_dict_tensor(tree, i);
        char other[SOW__NAME_SIZE];
        status = find_one(build, name, tensor, &loads[i], err);
        if (status == SOW_OK && loads[i].source == NULL && other_name(user, name, other)) {
            status = find_one(build, other, tensor, &loads[i], err);
        }
    }
    if (status != SOW_OK) {
        sow__loads_free(loads, n_loads);
        return NULL;
    }
    return loads;
}

void sow__loads_free(sow__load *loads, size_t n_loads)
{
    for (size_t i = 0; loads != NULL && i < n_loads; i++) {
        free(loads[i].source);
    }
    free(loads);
}

static bool ends_in_any(const char *name, const char *const *endings)
{
    const size_t n_name = strlen(name);
    for (; endings != NULL && *endings != NULL; endings++) {
        const size_t n_ending = strlen(*endings);
        if (n_name >= n_ending && strcmp(name + n_name - n_ending, *endings) == 0) {
            return true;
        }
    }
    return false;
}

static sow_status add_unexpected(sow_model *model, const char *name, sow_error *err)
{
    if (model->n_unexpected == model->unexpected_capacity) {
        const size_t capacity = model->unexpected_capacity == 0 ? 16 : model->n_unexpected * 2;
        char **grown = realloc(model->unexpected, capacity * sizeof *grown);
        if (grown == NULL) {
            return sow__fail_memory(err, capacity * sizeof *grown);
        }
        model->unexpected = grown;
        model->unexpected_capacity = capacity;
    }
    char *copy = strdup(name);
    if (copy == NULL) {
        return sow__fail_memory(err, strlen(name) + 1);
    }
    model->unexpected[model->n_unexpected++] = copy;
    return SOW_OK;
}

/* The names that the loads use, as a set; NULL when there is no memory. */
static sow_state_dict *used_names(const sow_state_dict *tree, const sow__load *loads,
                                  sow_error *err)
{
    sow_state_dict *used = sow_state_dict_new(err);
    for (size_t i = 0; used != NULL && i < sow_state_dict_count(tree); i++) {
        const char *source = loads[i].source;
        if (source != NULL && sow_state_dict_find(used, source) == NULL &&
            sow_state_dict_add(used, source, sow_state_dict_tensor(tree, i), err) != SOW_OK) {
            sow_state_dict_free(used);
            return NULL;
        }
    }
    return used;
}

sow_status sow__loads_find_unexpected(const sow__build *build, const sow_state_dict *tree,
                                      const sow__load *loads, const char *const *endings,
                                      sow_error *err)
{
    const sow_checkpoint *checkpoint = build->options->checkpoint;
    if (checkpoint == NULL) {
        return SOW_OK;
    }
    sow_state_dict *used = used_names(tree, loads, err);
    if (used == NULL) {
        return SOW_ERROR_MEMORY;
    }
    sow_status status = SOW_OK;
    const char *name;
    for (size_t i = 0; status == SOW_OK && (name = checkpoint->name(checkpoint->user, i)) != NULL;
         i++) {
        if (sow_state_dict_find(used, name) == NULL && !ends_in_any(name, endings)) {
            status = add_unexpected(build->model, name, err);
        }
    }
    sow_state_dict_free(used);
    return status;
}

bool sow__checkpoint_dtype(const sow_checkpoint *checkpoint, sow_dtype *dtype)
{
    const char *name;
    for (size_t i = 0; checkpoint != NULL && (name = checkpoint->name(checkpoint->user, i)) != NULL;
         i++) {
        int n_dims;
        const int64_t *sizes;
        sow_dtype found;
        if (checkpoint->find(checkpoint->user, name, &found, &n_dims, &sizes) &&
            sow__dtype_is_float(found)) {
            *dtype = found;
            return true;
        }
    }
    return false;
}
