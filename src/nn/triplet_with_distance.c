/* torch.nn.TripletMarginWithDistanceLoss: a distance that may be a module.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "nn/family.h"

static sow_status check(const sow__value *margin, sow_error *err)
{
    const sow__value zero = sow__value_of_int(0);
    int order = 0;
    const sow_status status = sow__value_compare(margin, "<=", &zero, &order, err);
    if (status != SOW_OK || order > 0) {
        return status;
    }
    char text[64];
    return sow__fail(
        err, SOW_ERROR_VALUE,
        "TripletMarginWithDistanceLoss: expected margin to be greater than 0, got %s instead",
        sow__value_repr(margin, text, sizeof text));
}

sow_module *sow__construct_triplet_with_distance(const sow__class *of, sow__args *args,
                                                 sow_error *err)
{
    static const char name[] = "distance_function";
    sow__value *distance = sow__args_get(args, name);
    if (check(sow__args_get(args, "margin"), err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_of(of, err);
    if (module == NULL) {
        return NULL;
    }
    sow_status status = SOW_OK;
    if (distance->kind == SOW__VALUE_NONE) {
        status = sow_module_register_module(module, name,
                                            sow__module_named("PairwiseDistance", err), err);
    } else if (distance->kind == SOW__VALUE_MODULE) {
        status = sow_module_register_module(module, name, sow__value_take_module(distance), err);
    }
    return sow__module_finish(module, status);
}
