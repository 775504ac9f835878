/* torch.nn.Unflatten: a check and no state.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "nn/family.h"

static sow_status check(const sow__value *size, sow_error *err)
{
    if (size->kind != SOW__VALUE_LIST || size->is_list_config) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "unflattened_size must be a tuple of ints, but found type %s",
                         sow__value_type_name_in_full(size));
    }
    for (size_t i = 0; i < size->n_items; i++) {
        if (!sow__value_is_int(&size->items[i])) {
            return sow__fail(err, SOW_ERROR_TYPE,
                             "unflattened_size must be tuple of ints, but found element of type "
                             "%s at pos %zu",
                             sow__value_type_name(&size->items[i]), i);
        }
    }
    return SOW_OK;
}

sow_module *sow__construct_unflatten(const sow__class *of, sow__args *args, sow_error *err)
{
    return check(sow__args_get(args, "unflattened_size"), err) == SOW_OK ? sow__module_of(of, err)
                                                                         : NULL;
}
