/* torch.nn.TripletMarginWithDistanceLoss: a distance that may be a module.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/family.h"
#include "nn/triplet_margin_loss.h"

sow_module *sow__construct_triplet_with_distance(const sow__class *of, sow__args *args,
                                                 sow_error *err)
{
    static const char name[] = "distance_function";
    sow__value *distance = sow__args_get(args, name);
    if (sow__check_margin(of->name, sow__args_get(args, "margin"), err) != SOW_OK) {
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
