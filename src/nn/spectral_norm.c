/* torch.nn.utils.parametrizations.spectral_norm and torch.nn.utils.spectral_norm.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/norms.h"
#include "nn/parametrize.h"

#include "base/error.h"
#include "tensor/tensor.h"

#include <stdlib.h>
#include <string.h>

static const sow_spectral_norm_options defaults = SOW_SPECTRAL_NORM_OPTIONS_INIT;

static int dim_of(const sow_module *module, const sow_spectral_norm_options *options)
{
    if (options->dim != NULL) {
        return *options->dim;
    }
    static const char prefix[] = "Parametrized";
    const char *type = module->type;
    type += strncmp(type, prefix, sizeof prefix - 1) == 0 ? sizeof prefix - 1 : 0;
    return strncmp(type, "ConvTranspose", 13) == 0 ? 1 : 0;
}

static sow_status check_iterations(const sow_spectral_norm_options *options, sow_error *err)
{
    return options->n_power_iterations > 0
               ? SOW_OK
               : sow__fail(err, SOW_ERROR_VALUE,
                           "Expected n_power_iterations to be positive, but got "
                           "n_power_iterations=%lld",
                           (long long)options->n_power_iterations);
}

/* The two vectors of a matrix whose rows are the first dim; drawn one after the other, then
 * normalised when the matrix has values that the result may be led by. */
sow_status sow__draw_singular(const sow_tensor *matrix, double eps, sow_generator *generator,
                              sow_tensor *vectors[2], sow_error *err)
{
    const int64_t height = sow_tensor_sizes(matrix)[0];
    int64_t width = 1;
    for (int i = 1; i < sow_tensor_n_dims(matrix); i++) {
        width *= sow_tensor_sizes(matrix)[i];
    }
    const int64_t sizes[2] = {height, width};
    sow_status status = SOW_OK;
    vectors[0] = vectors[1] = NULL;
    for (int i = 0; status == SOW_OK && i < 2; i++) {
        vectors[i] = sow__empty_beside(matrix, 1, &sizes[i], err);
        status = vectors[i] == NULL ? err->status
                                    : sow__draw_normal(vectors[i], "spectral_norm", generator, err);
    }
    for (int i = 0; status == SOW_OK && i < 2; i++) {
        if (sow_tensor_device(vectors[i]) == SOW_CPU) {
            sow__normalize(vectors[i], eps);
        } else { /* nothing is known of the result: what was drawn is not it */
            status = sow_tensor_to_empty(vectors[i], sow_tensor_device(vectors[i]), err);
        }
    }
    for (int i = 0; status != SOW_OK && i < 2; i++) {
        sow_tensor_free(vectors[i]);
        vectors[i] = NULL;
    }
    return status;
}

/* ---- the parametrization ---- */

/* Leads u and v towards the first singular vectors of a matrix with values. */
static sow_status iterate(const sow_tensor *matrix, sow_tensor *const vectors[2], double eps,
                          int64_t n, sow_error *err)
{
    sow_tensor *values[3] = {sow__values_of(matrix, SOW_F64, err), NULL, NULL};
    bool is_ready = values[0] != NULL;
    for (int i = 0; is_ready && i < 2; i++) {
        values[i + 1] = sow__values_of(vectors[i], SOW_F64, err);
        is_ready = values[i + 1] != NULL;
    }
    sow_status status = is_ready ? SOW_OK : err->status;
    if (is_ready) {
        sow__power_iterations(sow_tensor_data(values[0]), sow_tensor_numel(vectors[0]),
                              sow_tensor_numel(vectors[1]), sow_tensor_data(values[1]),
                              sow_tensor_data(values[2]), eps, n);
    }
    for (int i = 0; status == SOW_OK && i < 2; i++) {
        status = sow_tensor_copy(vectors[i], values[i + 1], err);
        vectors[i]->storage->approximate = true;
    }
    for (int i = 0; i < 3; i++) {
        sow_tensor_free(values[i]);
    }
    return status;
}

static sow_status make_vectors(const sow_tensor *weight, int dim,
                               const sow_spectral_norm_options *options, sow_generator *generator,
                               sow_tensor *vectors[2], sow_error *err)
{
    sow_tensor *matrix = sow__dim_to_front(weight, dim, err);
    if (matrix == NULL) {
        return err->status;
    }
    sow_status status = sow__draw_singular(matrix, options->eps, generator, vectors, err);
    if (status == SOW_OK && sow__is_readable(weight)) {
        status = iterate(matrix, vectors, options->eps, 15 + options->n_power_iterations, err);
    }
    sow_tensor_free(matrix);
    return status;
}

/* The module _SpectralNorm with its buffers; NULL after filling *err. */
static sow_module *make_step(const sow_tensor *weight, int dim,
                             const sow_spectral_norm_options *options, sow_generator *generator,
                             sow_error *err)
{
    sow_module *step = sow_module_new("_SpectralNorm", err);
    if (step == NULL || sow_tensor_n_dims(weight) <= 1) {
        return step;
    }
    sow_tensor *vectors[2] = {NULL, NULL};
    sow_status status = make_vectors(weight, dim, options, generator, vectors, err);
    if (status == SOW_OK) {
        status = sow_module_register_buffer(step, "_u", vectors[0], true, err);
        vectors[0] = NULL;
    }
    if (status == SOW_OK) {
        status = sow_module_register_buffer(step, "_v", vectors[1], true, err);
        vectors[1] = NULL;
    }
    sow_tensor_free(vectors[0]);
    sow_tensor_free(vectors[1]);
    if (status != SOW_OK) {
        sow_module_free(step);
        return NULL;
    }
    return step;
}

static sow_status check_dim(const sow_tensor *weight, int dim, sow_error *err)
{
    const int n_dims = sow_tensor_n_dims(weight);
    return dim < n_dims && dim >= -n_dims
               ? SOW_OK
               : sow__fail(err, SOW_ERROR_INDEX,
                           "Dimension out of range (expected to be in range of [-%d, %d] but got "
                           "%d)",
                           n_dims, n_dims - 1, dim);
}

sow_status sow_parametrize_spectral_norm(sow_module *module, const char *name,
                                         const sow_spectral_norm_options *options,
                                         sow_generator *generator, sow_error *err)
{
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    const sow_spectral_norm_options *with = options == NULL ? &defaults : options;
    sow_status status = sow__parametrize_check(module, name, why);
    if (status != SOW_OK) {
        return status;
    }
    const sow__slot *slot = sow__parametrize_slot(module, name);
    if (slot == NULL) {
        return sow__fail(why, SOW_ERROR_VALUE,
                         "Module '%s' has no parameter or buffer with name '%s'", module->type,
                         name);
    }
    int dim = dim_of(module, with);
    status = check_dim(slot->tensor, dim, why);
    if (status == SOW_OK) {
        status = check_iterations(with, why);
    }
    if (status != SOW_OK) {
        return status;
    }
    dim += dim < 0 ? sow_tensor_n_dims(slot->tensor) : 0;
    sow__parametrization step = {.step = make_step(slot->tensor, dim, with, generator, why)};
    return step.step == NULL ? why->status : sow__parametrize_register(module, name, &step, why);
}

/* ---- the old one ---- */

static sow_status check_twice(const sow_module *module, const char *name, const char *orig_name,
                              sow_error *err)
{
    return sow__module_own_slot(module, name) == NULL &&
                   sow__module_own_slot(module, orig_name) != NULL
               ? sow__fail(err, SOW_ERROR_RUNTIME,
                           "Cannot register two spectral_norm hooks on the same parameter %s", name)
               : SOW_OK;
}

static sow_status check_old(const sow_module *module, const char *name, sow_error *err)
{
    const sow__slot *slot = sow__module_own_slot(module, name);
    const bool is_parameter = slot >= module->parameters.items &&
                              slot < module->parameters.items + module->parameters.n_items;
    if (slot == NULL || !is_parameter) {
        return sow__fail(err, SOW_ERROR_NOT_FOUND, "'%s'", name);
    }
    if (slot->lazy) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "The module passed to `SpectralNorm` can't have uninitialized "
                         "parameters. Make sure to run the dummy forward before applying spectral "
                         "normalization");
    }
    if (slot->tensor == NULL) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "`SpectralNorm` cannot be applied as parameter `%s` is None", name);
    }
    return sow__parametrize_check(module, name, err);
}

static sow_status check_matrix(const sow_tensor *weight, int dim, sow_error *err)
{
    const int n_dims = sow_tensor_n_dims(weight);
    if (dim >= 0 && dim < n_dims && sow_tensor_sizes(weight)[dim] == 0) {
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "cannot reshape tensor of 0 elements into shape [0, -1] because the "
                         "unspecified dimension size -1 can be any value and is ambiguous");
    }
    return dim >= 0 && dim < n_dims
               ? SOW_OK
               : sow__fail(err, SOW_ERROR_RUNTIME,
                           "permute(sparse_coo): number of dimensions in the tensor input does not "
                           "match the length of the desired ordering of dimensions i.e. "
                           "input.dim() = %d is not equal to len(dims) = %d",
                           n_dims, n_dims + 1);
}

static sow_status replace(sow_module *module, const char *name, char *const names[3],
                          sow_tensor *const vectors[2], sow_error *err)
{
    bool is_parameter;
    sow_tensor *weight = sow__take_slot(module, name, &is_parameter);
    sow__forget_reset(module);
    sow_status status = sow_module_register_parameter(module, names[0], weight, err);
    for (int i = 0; i < 2; i++) {
        const sow_status next = sow_module_register_buffer(module, names[i + 1], vectors[i], true,
                                                           status == SOW_OK ? err : NULL);
        status = status == SOW_OK ? next : status;
    }
    return status;
}

static sow_status register_old(sow_module *module, const char *name, char *const names[3],
                               const sow_spectral_norm_options *with, sow_generator *generator,
                               sow_error *err)
{
    sow_status status = check_twice(module, name, names[0], err);
    if (status == SOW_OK) {
        status = check_iterations(with, err);
    }
    if (status == SOW_OK) {
        status = check_old(module, name, err);
    }
    if (status != SOW_OK) {
        return status;
    }
    const sow_tensor *weight = sow_module_tensor(module, name);
    const int dim = dim_of(module, with);
    status = check_matrix(weight, dim, err);
    sow_tensor *matrix = status == SOW_OK ? sow__dim_to_front(weight, dim, err) : NULL;
    sow_tensor *vectors[2];
    if (matrix == NULL) {
        return err->status;
    }
    status = sow__draw_singular(matrix, with->eps, generator, vectors, err);
    sow_tensor_free(matrix);
    return status == SOW_OK ? replace(module, name, names, vectors, err) : status;
}

sow_status sow_spectral_norm(sow_module *module, const char *name,
                             const sow_spectral_norm_options *options, sow_generator *generator,
                             sow_error *err)
{
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    char *names[3] = {sow__suffixed(name, "_orig", why), sow__suffixed(name, "_u", why),
                      sow__suffixed(name, "_v", why)};
    const bool is_ready = names[0] != NULL && names[1] != NULL && names[2] != NULL;
    const sow_status status =
        is_ready ? register_old(module, name, names, options == NULL ? &defaults : options,
                                generator, why)
                 : SOW_ERROR_MEMORY;
    for (int i = 0; i < 3; i++) {
        free(names[i]);
    }
    return status;
}
