/* torch.nn.FractionalMaxPool2d and FractionalMaxPool3d: a buffer that may be given.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "nn/family.h"

/* Item i of what a ratio stands for: one number for every dim, or a list. */
static sow_status ratio_at(const sow__value *ratio, int i, sow__value *item, sow_error *err)
{
    if (ratio->kind == SOW__VALUE_LIST && (size_t)i >= ratio->n_items) {
        return sow__fail(err, SOW_ERROR_INDEX, "tuple index out of range");
    }
    *item = ratio->kind == SOW__VALUE_LIST ? ratio->items[i] : *ratio;
    return SOW_OK;
}

static sow_status check_ratio(const sow__value *ratio, int n_dims, sow_error *err)
{
    const sow__value zero = sow__value_of_int(0), one = sow__value_of_int(1);
    for (int i = 0; i < n_dims; i++) {
        sow__value item;
        int above = 0, below = 0;
        sow_status status = ratio_at(ratio, i, &item, err);
        if (status == SOW_OK) {
            status = sow__value_compare(&zero, "<", &item, &above, err);
        }
        if (status == SOW_OK) {
            status = sow__value_compare(&item, "<", &one, &below, err);
        }
        if (status != SOW_OK) {
            return status;
        }
        if (above != -1 || below != -1) {
            char text[256];
            return sow__fail(err, SOW_ERROR_VALUE, "output_ratio must be between 0 and 1 (got %s)",
                             sow__value_repr(ratio, text, sizeof text));
        }
    }
    return SOW_OK;
}

static sow_status check(const sow__class *of, sow__args *args, sow_error *err)
{
    const bool has_size = sow__args_get(args, "output_size")->kind != SOW__VALUE_NONE;
    const sow__value *ratio = sow__args_get(args, "output_ratio");
    const bool has_ratio = ratio->kind != SOW__VALUE_NONE;
    if (!has_size && !has_ratio) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "%s requires specifying either an output size, or a pooling ratio",
                         of->name);
    }
    if (has_size && has_ratio) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "only one of output_size and output_ratio may be specified");
    }
    return has_ratio ? check_ratio(ratio, of->variant, err) : SOW_OK;
}

sow_module *sow__construct_fractional_max_pool(const sow__class *of, sow__args *args,
                                               sow_error *err)
{
    sow_module *module = sow__module_of(of, err);
    if (module == NULL) {
        return NULL;
    }
    sow_status status = sow__module_take_buffer(module, "_random_samples",
                                                sow__args_get(args, "_random_samples"), err);
    if (status == SOW_OK) {
        status = check(of, args, err);
    }
    return sow__module_finish(module, status);
}
