/* Building and initialising: the steps that several families share.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/family.h"

#include "base/error.h"
#include "fill/fill.h"
#include "init/init.h"

#include <math.h>

/* ---- building ---- */

sow_module *sow__module_named(const char *name, sow_error *err)
{
    const sow__class *of = sow__class_find(name);
    return of != NULL ? sow__module_of(of, err) : sow_module_new(name, err);
}

sow_module *sow__module_finish(sow_module *module, sow_status status)
{
    if (status == SOW_OK) {
        return module;
    }
    sow_module_free(module);
    return NULL;
}

sow_status sow__module_add_or_reserve(sow_module *module, const char *name, bool present,
                                      const sow__shape *shape, const sow_factory *factory,
                                      sow_error *err)
{
    return present
               ? sow__module_add_parameter(module, name, shape->n_dims, shape->sizes, factory, err)
               : sow_module_reserve_parameter(module, name, err);
}

sow_status sow__module_take_buffer(sow_module *module, const char *name, sow__value *value,
                                   sow_error *err)
{
    if (value->kind == SOW__VALUE_NONE) {
        return sow_module_reserve_buffer(module, name, err);
    }
    if (value->kind != SOW__VALUE_TENSOR) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "cannot assign '%s' object to buffer '%s' (torch Tensor or None required)",
                         sow__value_type_name(value), name);
    }
    return sow_module_register_buffer(module, name, sow__value_take_tensor(value), true, err);
}

sow_status sow__module_add_pair(sow_module *module, int n_dims, const int64_t *sizes, bool bias,
                                const sow_factory *factory, sow_error *err)
{
    const sow__shape of_bias = {.n_dims = 1, .sizes = {sizes[0]}};
    const sow_status status =
        sow__module_add_parameter(module, "weight", n_dims, sizes, factory, err);
    return status == SOW_OK
               ? sow__module_add_or_reserve(module, "bias", bias, &of_bias, factory, err)
               : status;
}

sow_status sow__module_add_lazy_pair(sow_module *module, bool bias, const sow_factory *factory,
                                     sow_error *err)
{
    const sow_status status = sow__module_add_lazy(module, "weight", true, factory, err);
    if (status != SOW_OK) {
        return status;
    }
    return bias ? sow__module_add_lazy(module, "bias", true, factory, err)
                : sow_module_reserve_parameter(module, "bias", err);
}

static bool has_lazy(const sow__slots *slots)
{
    for (size_t i = 0; i < slots->n_items; i++) {
        if (slots->items[i].lazy) {
            return true;
        }
    }
    return false;
}

bool sow__module_is_lazy(const sow_module *module)
{
    return has_lazy(&module->parameters) || has_lazy(&module->buffers);
}

/* ---- initialising ---- */

static sow_status fill_as(const char *initializer, sow_tensor *tensor, double value, sow_error *err)
{
    if (sow__guard_is_open() && sow_tensor_is_initialized(tensor)) {
        return SOW_OK;
    }
    const sow__fill fill = {.kind = SOW__FILL_CONSTANT, .initializer = initializer, .value = value};
    return sow__fill_apply(&fill, tensor, NULL, err);
}

sow_status sow__tensor_fill(sow_tensor *tensor, double value, sow_error *err)
{
    return fill_as("constant", tensor, value, err);
}

sow_status sow__tensor_zero(sow_tensor *tensor, sow_error *err)
{
    return fill_as("zeros", tensor, 0.0, err);
}

/* U(-1/sqrt(n), 1/sqrt(n)); n 0: PyTorch's bound is the integer 0, which has no sign. */
static sow_status uniform_within(sow_tensor *tensor, int64_t n, sow_generator *generator,
                                 sow_error *err)
{
    const double bound = n > 0 ? 1.0 / sqrt((double)n) : 0.0;
    return sow_uniform(tensor, n > 0 ? -bound : 0.0, bound, generator, err);
}

sow_status sow__reset_bias(const sow_module *module, sow_generator *generator, sow_error *err)
{
    sow_tensor *bias = sow__module_own_tensor(module, "bias");
    if (bias == NULL) {
        return SOW_OK;
    }
    int64_t fan_in;
    const sow_status status =
        sow_calculate_fans(sow__module_own_tensor(module, "weight"), &fan_in, NULL, err);
    if (status != SOW_OK) {
        return status;
    }
    return uniform_within(bias, fan_in, generator, err);
}

sow_status sow__reset_affine(const sow_module *module, sow_error *err)
{
    sow_tensor *weight = sow__module_own_tensor(module, "weight");
    sow_tensor *bias = sow__module_own_tensor(module, "bias");
    const sow_status status = weight != NULL ? sow_ones(weight, err) : SOW_OK;
    return status == SOW_OK && bias != NULL ? sow_zeros(bias, err) : status;
}

sow_status sow__reset_recurrent(const sow_module *module, int64_t hidden_size,
                                sow_generator *generator, sow_error *err)
{
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    sow_state_dict *parameters = sow_module_named_parameters(module, why);
    if (parameters == NULL) {
        return why->status;
    }
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < sow_state_dict_count(parameters); i++) {
        status = uniform_within(sow_state_dict_tensor(parameters, i), hidden_size, generator, err);
    }
    sow_state_dict_free(parameters);
    return status;
}
