/* torch.nn.HuberLoss: a check and no state.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "nn/family.h"

sow_module *sow__construct_huber_loss(const sow__class *of, sow__args *args, sow_error *err)
{
    const sow__value *delta = sow__args_get(args, "delta");
    if (!sow__value_is_number(delta)) {
        sow__fail(err, SOW_ERROR_TYPE, "delta must be a float or int, got: <class '%s'>",
                  sow__value_type_name(delta));
        return NULL;
    }
    return sow__module_of(of, err);
}
