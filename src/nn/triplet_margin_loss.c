/* torch.nn.TripletMarginLoss: a check and no state.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/triplet_margin_loss.h"

#include "base/error.h"
#include "nn/family.h"

sow_status sow__check_margin(const char *class_name, const sow__value *margin, sow_error *err)
{
    const sow__value zero = sow__value_of_int(0);
    int order = 0;
    const sow_status status = sow__value_compare(margin, "<=", &zero, &order, err);
    if (status != SOW_OK || order > 0) {
        return status;
    }
    char text[64];
    return sow__fail(err, SOW_ERROR_VALUE,
                     "%s: expected margin to be greater than 0, got %s instead", class_name,
                     sow__value_repr(margin, text, sizeof text));
}

sow_module *sow__construct_triplet_margin_loss(const sow__class *of, sow__args *args,
                                               sow_error *err)
{
    return sow__check_margin(of->name, sow__args_get(args, "margin"), err) == SOW_OK
               ? sow__module_of(of, err)
               : NULL;
}
