/* torch.nn.ParameterList.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/elements.h"

sow_module *sow__construct_parameter_list(const sow__class *of, sow__args *args, sow_error *err)
{
    sow_module *module = sow__module_of(of, err);
    sow__value *values = sow__args_get(args, "values");
    if (module == NULL || values->kind == SOW__VALUE_NONE) {
        return module;
    }
    if (sow__extend(module, "ParameterList", values, sow__add_parameter, err) != SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

sow_module *sow_parameter_list(sow_tensor *const *parameters, size_t n_parameters, sow_error *err)
{
    return sow__container_of_parameters("ParameterList", parameters, NULL, n_parameters, err);
}
