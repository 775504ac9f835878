/* torch.nn's losses that keep a weight for each class or element.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "nn/family.h"

#include <string.h>

/* None counts as true in both. */
static void warn_of_old_arguments(sow__args *args)
{
    const sow__value *average = sow__args_get(args, "size_average");
    const sow__value *reduce = sow__args_get(args, "reduce");
    if (average->kind == SOW__VALUE_NONE && reduce->kind == SOW__VALUE_NONE) {
        return;
    }
    const bool averages = average->kind == SOW__VALUE_NONE || sow__args_truth(args, "size_average");
    const bool reduces = reduce->kind == SOW__VALUE_NONE || sow__args_truth(args, "reduce");
    sow__warn(SOW_WARNING_USER,
              "size_average and reduce args will be deprecated, please use reduction='%s' instead.",
              !reduces   ? "none"
              : averages ? "mean"
                         : "sum");
}

static bool is_one_or_two(const sow__value *p)
{
    return sow__value_is_number(p) && (sow__value_number(p) == 1 || sow__value_number(p) == 2);
}

static sow_status check_multi_margin(const sow_module *module, sow__args *args, sow_error *err)
{
    if (!is_one_or_two(sow__args_get(args, "p"))) {
        return sow__fail(err, SOW_ERROR_VALUE, "only p == 1 and p == 2 supported");
    }
    const sow_tensor *weight = sow__module_own_tensor(module, "weight");
    if (weight != NULL && sow_tensor_n_dims(weight) != 1) {
        return sow__fail(
            err, SOW_ERROR_VALUE,
            "MultiMarginLoss: expected weight to be None or 1D tensor, got %dD instead",
            sow_tensor_n_dims(weight));
    }
    return SOW_OK;
}

static sow_status build(sow_module *module, sow__args *args, sow_error *err)
{
    sow__value *pos_weight = sow__args_get(args, "pos_weight");
    sow_status status =
        sow__module_take_buffer(module, "weight", sow__args_get(args, "weight"), err);
    if (status == SOW_OK && pos_weight != NULL) {
        status = sow__module_take_buffer(module, "pos_weight", pos_weight, err);
    }
    return status == SOW_OK && sow__args_get(args, "p") != NULL
               ? check_multi_margin(module, args, err)
               : status;
}

sow_module *sow__construct_weighted_loss(const sow__class *of, sow__args *args, sow_error *err)
{
    if (strcmp(of->name, "NLLLoss2d") == 0) {
        sow__warn(SOW_WARNING_DEPRECATED,
                  "`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in "
                  "replacement and see https://pytorch.org/docs/main/nn.html#torch.nn.NLLLoss for "
                  "more details.");
    }
    warn_of_old_arguments(args);
    sow_module *module = sow__module_of(of, err);
    return module == NULL ? NULL : sow__module_finish(module, build(module, args, err));
}
