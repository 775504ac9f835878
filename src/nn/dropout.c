/* torch.nn's dropout classes: a check and no state.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "nn/family.h"

static sow_status check(const sow__value *p, sow_error *err)
{
    /* What a tensor holds is not looked at. */
    if (p->kind == SOW__VALUE_TENSOR) {
        return SOW_OK;
    }
    const sow__value zero = sow__value_of_int(0), one = sow__value_of_int(1);
    int to_zero = 0, to_one = 0;
    sow_status status = sow__value_compare(p, "<", &zero, &to_zero, err);
    if (status == SOW_OK) {
        status = sow__value_compare(p, ">", &one, &to_one, err);
    }
    if (status != SOW_OK || (to_zero != -1 && to_one != 1)) {
        return status;
    }
    char text[64];
    return sow__fail(err, SOW_ERROR_VALUE,
                     "dropout probability has to be between 0 and 1, but got %s",
                     sow__value_repr(p, text, sizeof text));
}

sow_module *sow__construct_dropout(const sow__class *of, sow__args *args, sow_error *err)
{
    return check(sow__args_get(args, "p"), err) == SOW_OK ? sow__module_of(of, err) : NULL;
}
