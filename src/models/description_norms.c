/* torch.nn.utils in a description: weight norm, spectral norm, orthogonal weights.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/description.h"

#include "base/error.h"
#include <sow/parametrize.h>

/* Their results are computed while the tree is built: all of a file together at most this. */
#define MAX_COMPUTED_ELEMENTS ((int64_t)1 << 28)

/* Arguments of a call, bound: the module taken out of them. */
typedef struct wrapped {
    sow__args args;
    sow_module *module;
    const char *name;
} wrapped;

static sow_status bind(sow__call *call, const char *signature, size_t n_most, wrapped *is,
                       sow_error *err)
{
    is->module = NULL;
    sow_status status = sow__call_bind(call, call->name, signature, n_most, &is->args, err);
    if (status != SOW_OK) {
        return status;
    }
    sow__value *module = sow__args_get(&is->args, "module");
    is->name = sow__args_text(&is->args, "name");
    if (module->kind != SOW__VALUE_MODULE) {
        status = sow__fail(err, SOW_ERROR_TYPE, "'%s' object has no attribute '_parameters'",
                           sow__value_type_name(module));
    } else if (is->name == NULL) {
        status = sow__fail(err, SOW_ERROR_TYPE, "%s(): name must be a str, not %s", call->name,
                           sow__value_type_name(sow__args_get(&is->args, "name")));
    }
    if (status != SOW_OK) {
        sow__args_clear(&is->args);
        return status;
    }
    is->module = sow__value_take_module(module);
    return SOW_OK;
}

/* An orthogonal matrix is square: rows and columns count as the larger of the two. */
static sow_status check_size(sow__call *call, const wrapped *is, bool square, sow_error *err)
{
    const sow_tensor *tensor = sow_module_tensor(is->module, is->name);
    int64_t n = tensor == NULL ? 0 : sow_tensor_numel(tensor);
    if (square && n > 0 && sow_tensor_n_dims(tensor) >= 2) {
        const int64_t *sizes = sow_tensor_sizes(tensor) + sow_tensor_n_dims(tensor) - 2;
        const int64_t longer = sizes[0] > sizes[1] ? sizes[0] : sizes[1];
        const int64_t shorter = sizes[0] > sizes[1] ? sizes[1] : sizes[0];
        n = n / shorter > MAX_COMPUTED_ELEMENTS / longer ? MAX_COMPUTED_ELEMENTS + 1
                                                         : n / shorter * longer;
    }
    int64_t *n_computed = &call->description->n_computed;
    if (n > MAX_COMPUTED_ELEMENTS - *n_computed) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "%s(): a description computes at most %lld elements while it is built",
                         call->name, (long long)MAX_COMPUTED_ELEMENTS);
    }
    *n_computed += n;
    return SOW_OK;
}

/* The module is the result, or goes away. */
static sow_status finish(wrapped *is, sow_status status, sow__value *result)
{
    sow__args_clear(&is->args);
    if (status != SOW_OK) {
        sow_module_free(is->module);
        return status;
    }
    *result = (sow__value){.kind = SOW__VALUE_MODULE, .module = is->module};
    return SOW_OK;
}

/* ---- weight norm ---- */

typedef sow_status (*weight_norm)(sow_module *module, const char *name, int dim, sow_error *err);

static sow_status call_weight_norm(sow__call *call, weight_norm run, sow__value *result,
                                   sow_error *err)
{
    wrapped is;
    sow_status status = bind(call, "module, name='weight', dim=0", 3, &is, err);
    if (status != SOW_OK) {
        return status;
    }
    int64_t dim = 0;
    bool none = false;
    status = sow__args_optional_int(&is.args, "dim", &dim, &none, err);
    if (status == SOW_OK && (dim < INT32_MIN || dim > INT32_MAX)) {
        status = sow__fail(err, SOW_ERROR_INDEX, "Dimension out of range");
    }
    if (status == SOW_OK) {
        status = check_size(call, &is, false, err);
    }
    if (status == SOW_OK) {
        status = run(is.module, is.name, none ? SOW_NO_DIM : (int)dim, err);
    }
    return finish(&is, status, result);
}

sow_status sow__call_weight_norm(sow__call *call, sow__value *result, sow_error *err)
{
    return call_weight_norm(call, sow_parametrize_weight_norm, result, err);
}

sow_status sow__call_old_weight_norm(sow__call *call, sow__value *result, sow_error *err)
{
    return call_weight_norm(call, sow_weight_norm, result, err);
}

/* ---- spectral norm ---- */

typedef sow_status (*spectral_norm)(sow_module *module, const char *name,
                                    const sow_spectral_norm_options *options,
                                    sow_generator *generator, sow_error *err);

static sow_status call_spectral_norm(sow__call *call, spectral_norm run, sow__value *result,
                                     sow_error *err)
{
    wrapped is;
    sow_status status =
        bind(call, "module, name='weight', n_power_iterations=1, eps=1e-12, dim=None", 5, &is, err);
    if (status != SOW_OK) {
        return status;
    }
    sow_spectral_norm_options options = SOW_SPECTRAL_NORM_OPTIONS_INIT;
    int64_t dim = 0;
    bool none = true;
    status = sow__args_int(&is.args, "n_power_iterations", &options.n_power_iterations, err);
    if (status == SOW_OK) {
        status = sow__args_number(&is.args, "eps", &options.eps, err);
    }
    if (status == SOW_OK) {
        status = sow__args_optional_int(&is.args, "dim", &dim, &none, err);
    }
    if (status == SOW_OK && (dim < INT32_MIN || dim > INT32_MAX)) {
        status = sow__fail(err, SOW_ERROR_INDEX, "Dimension out of range");
    }
    if (status == SOW_OK && options.n_power_iterations > 1000) {
        status =
            sow__fail(err, SOW_ERROR_VALUE, "a description computes at most 1000 power iterations");
    }
    if (status == SOW_OK) {
        status = check_size(call, &is, false, err);
    }
    const int place = (int)dim;
    options.dim = none ? NULL : &place;
    if (status == SOW_OK) {
        status = run(is.module, is.name, &options, call->description->factory.generator, err);
    }
    return finish(&is, status, result);
}

sow_status sow__call_spectral_norm(sow__call *call, sow__value *result, sow_error *err)
{
    return call_spectral_norm(call, sow_parametrize_spectral_norm, result, err);
}

sow_status sow__call_old_spectral_norm(sow__call *call, sow__value *result, sow_error *err)
{
    return call_spectral_norm(call, sow_spectral_norm, result, err);
}

/* ---- orthogonal ---- */

sow_status sow__call_orthogonal(sow__call *call, sow__value *result, sow_error *err)
{
    wrapped is;
    sow_status status =
        bind(call, "module, name='weight', orthogonal_map=None, *, use_trivialization=True", 3, &is,
             err);
    if (status != SOW_OK) {
        return status;
    }
    const sow__value *map = sow__args_get(&is.args, "orthogonal_map");
    if (map->kind != SOW__VALUE_NONE && map->kind != SOW__VALUE_STRING) {
        char text[64];
        status = sow__fail(err, SOW_ERROR_VALUE,
                           "orthogonal_map has to be one of \"matrix_exp\", \"cayley\", "
                           "\"householder\". Got: %s",
                           sow__value_repr(map, text, sizeof text));
    }
    if (status == SOW_OK) {
        status = check_size(call, &is, true, err);
    }
    if (status == SOW_OK) {
        status = sow_parametrize_orthogonal(is.module, is.name, map->text,
                                            sow__args_truth(&is.args, "use_trivialization"),
                                            call->description->factory.generator, err);
    }
    return finish(&is, status, result);
}
