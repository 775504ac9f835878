/* torch.nn.utils.parametrizations.weight_norm and torch.nn.utils.weight_norm.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/norms.h"
#include "nn/parametrize.h"

#include "base/dtype.h"
#include "base/error.h"

#include <stdlib.h>

/* How torch.norm_except_dim goes about it. */
typedef struct except {
    int dim;        /* kept; 0 when all is */
    bool is_whole;  /* one norm over everything */
    bool by_column; /* the last dim: columns are added up one element after the other */
} except;

static sow_status check_dim(const sow_tensor *weight, int dim, sow_error *err)
{
    const int n_dims = sow_tensor_n_dims(weight);
    if (dim != SOW_NO_DIM && n_dims == 0) {
        return sow__fail(err, SOW_ERROR_INDEX,
                         "Dimension specified as %d but tensor has no dimensions", dim);
    }
    return dim == SOW_NO_DIM || (dim >= -n_dims && dim < n_dims)
               ? SOW_OK
               : sow__fail(err, SOW_ERROR_INDEX,
                           "Dimension out of range (expected to be in range of [%d, %d], but got "
                           "%d)",
                           -n_dims, n_dims - 1, dim);
}

static sow_status resolve(const sow_tensor *weight, int dim, except *is, sow_error *err)
{
    const int n_dims = sow_tensor_n_dims(weight);
    const sow_status status = check_dim(weight, dim, err);
    if (status != SOW_OK) {
        return status;
    }
    *is = (except){.is_whole = dim == SOW_NO_DIM};
    if (sow__dtype_is_float8(sow_tensor_dtype(weight))) {
        return sow__fail(err, SOW_ERROR_UNSUPPORTED, "\"norm_cpu\" not implemented for '%s'",
                         sow__dtype_scalar_name(sow_tensor_dtype(weight)));
    }
    if (!sow__dtype_is_float(sow_tensor_dtype(weight))) {
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "linalg.vector_norm: Expected a floating point or complex tensor as "
                         "input. Got %s",
                         sow__dtype_scalar_name(sow_tensor_dtype(weight)));
    }
    is->dim = is->is_whole ? 0 : dim < 0 ? dim + n_dims : dim;
    is->by_column = !is->is_whole && dim > 0 && dim == n_dims - 1;
    return is->is_whole || sow_tensor_sizes(weight)[is->dim] > 0
               ? SOW_OK
               : sow__fail(err, SOW_ERROR_RUNTIME,
                           "cannot reshape tensor of 0 elements into shape [%s] because the "
                           "unspecified dimension size -1 can be any value and is ambiguous",
                           is->by_column ? "-1, 0" : "0, -1");
}

/* The dim in front and, as PyTorch has it, dim 0 in its old place. */
static sow_tensor *swapped(const sow_tensor *weight, const except *is, sow_error *err)
{
    return is->by_column || is->is_whole ? sow_tensor_transpose(weight, -1, -1, err)
                                         : sow_tensor_transpose(weight, 0, is->dim, err);
}

static sow_status fill_norms(sow_tensor *norms, const sow_tensor *weight, const except *is,
                             sow_error *err)
{
    if (!sow__is_readable(weight)) {
        return SOW_OK;
    }
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    const bool is_scalar = sow_tensor_n_dims(weight) == 0;
    sow_tensor *view = is_scalar ? NULL : swapped(weight, is, why);
    sow_tensor *values = !is_scalar && view == NULL ? NULL
                                                    : sow__values_of(is_scalar ? weight : view,
                                                                     sow_tensor_dtype(weight), why);
    sow_tensor_free(view);
    if (values == NULL) {
        return why->status;
    }
    const int64_t n = sow_tensor_numel(norms);
    const int64_t rest = n == 0 ? 0 : sow_tensor_numel(weight) / n;
    if (is->by_column) {
        sow__column_norms(values, rest, n, norms);
    } else {
        sow__row_norms(values, n, rest, norms);
    }
    sow_tensor_free(values);
    return SOW_OK;
}

/* g: the norms over all dims but one, those of size 1. NULL after filling *err. */
static sow_tensor *norms_of(const sow_tensor *weight, int dim, sow_error *err)
{
    except is;
    if (resolve(weight, dim, &is, err) != SOW_OK) {
        return NULL;
    }
    int64_t sizes[SOW_MAX_DIMS];
    const int n_dims = is.is_whole ? 0 : sow_tensor_n_dims(weight);
    for (int i = 0; i < n_dims; i++) {
        sizes[i] = i == is.dim ? sow_tensor_sizes(weight)[i] : 1;
    }
    sow_tensor *norms = sow__empty_beside(weight, n_dims, sizes, err);
    if (norms != NULL && fill_norms(norms, weight, &is, err) != SOW_OK) {
        sow_tensor_free(norms);
        return NULL;
    }
    return norms;
}

sow_status sow_parametrize_weight_norm(sow_module *module, const char *name, int dim,
                                       sow_error *err)
{
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    const sow_status status = sow__parametrize_check(module, name, why);
    if (status != SOW_OK) {
        return status;
    }
    const sow__slot *slot = sow__module_own_slot(module, name);
    if (slot == NULL) {
        return sow__fail(why, SOW_ERROR_VALUE,
                         "Module '%s' does not have a parameter, a buffer, or a parametrized "
                         "element with name '%s'",
                         module->type, name);
    }
    if (slot->tensor == NULL) {
        return sow__fail(why, SOW_ERROR_NOT_FOUND, "'NoneType' object has no attribute 'shape'");
    }
    sow__parametrization with = {.first = NULL};
    /* PyTorch has no norm of 8-bit floats, and then goes on without one */
    if (sow__dtype_is_float8(sow_tensor_dtype(slot->tensor))) {
        if (check_dim(slot->tensor, dim, why) != SOW_OK) {
            return why->status;
        }
    } else if ((with.first = norms_of(slot->tensor, dim, why)) == NULL) {
        return why->status;
    }
    with.step = sow_module_new("_WeightNorm", why);
    return sow__parametrize_register(module, name, &with, why);
}

/* ---- the old one ---- */

static sow_status check_old(const sow_module *module, const char *name, const char *g_name,
                            sow_error *err)
{
    const sow__slot *slot = sow__module_own_slot(module, name);
    if (slot == NULL && sow__module_own_slot(module, g_name) != NULL) {
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "Cannot register two weight_norm hooks on the same parameter %s", name);
    }
    if (slot == NULL) {
        return sow__fail(err, SOW_ERROR_NOT_FOUND, "'%s' object has no attribute '%s'",
                         module->type, name);
    }
    if (slot->lazy) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "The module passed to `WeightNorm` can't have uninitialized parameters. "
                         "Make sure to run the dummy forward before applying weight "
                         "normalization");
    }
    if (slot < module->parameters.items ||
        slot >= module->parameters.items + module->parameters.n_items) {
        return sow__fail(err, SOW_ERROR_NOT_FOUND, "'%s'", name);
    }
    if (slot->tensor == NULL) {
        return sow__fail(
            err, SOW_ERROR_TYPE,
            "norm_except_dim(): argument 'v' (position 1) must be Tensor, not NoneType");
    }
    if (sow__dtype_is_complex(sow_tensor_dtype(slot->tensor))) {
        return sow__fail(err, SOW_ERROR_UNSUPPORTED,
                         "\"weight_norm_kernel\" not implemented for '%s'",
                         sow__dtype_scalar_name(sow_tensor_dtype(slot->tensor)));
    }
    return SOW_OK;
}

static sow_status replace(sow_module *module, const char *name, const char *const names[2], int dim,
                          sow_error *err)
{
    sow_tensor *norms = norms_of(sow_module_tensor(module, name), dim, err);
    if (norms == NULL) {
        return err->status;
    }
    bool is_parameter;
    sow_tensor *weight = sow__take_slot(module, name, &is_parameter);
    sow__forget_reset(module);
    module->has_computed = true; /* by the hook, from g and v */
    const sow_status status = sow_module_register_parameter(module, names[0], norms, err);
    if (status != SOW_OK) {
        sow_tensor_free(weight);
        return status;
    }
    return sow_module_register_parameter(module, names[1], weight, err);
}

sow_status sow_weight_norm(sow_module *module, const char *name, int dim, sow_error *err)
{
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    sow__warn(SOW_WARNING_DEPRECATED, "`torch.nn.utils.weight_norm` is deprecated in favor of "
                                      "`torch.nn.utils.parametrizations.weight_norm`.");
    char *names[2] = {sow__suffixed(name, "_g", why), sow__suffixed(name, "_v", why)};
    sow_status status = names[0] == NULL || names[1] == NULL ? SOW_ERROR_MEMORY : SOW_OK;
    if (status == SOW_OK) {
        status = check_old(module, name, names[0], why);
    }
    if (status == SOW_OK) {
        status = replace(module, name, (const char *const *)names, dim, why);
    }
    free(names[0]);
    free(names[1]);
    return status;
}
