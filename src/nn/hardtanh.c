/* torch.nn.Hardtanh: a check and no state.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "nn/family.h"

/* The bound under its name, unless it was given under its old one. */
static const sow__value *bound(sow__args *args, const char *name, const char *old_name)
{
    const sow__value *old = sow__args_get(args, old_name);
    if (old->kind == SOW__VALUE_NONE) {
        return sow__args_get(args, name);
    }
    sow__warn(SOW_WARNING_DEPRECATED, "keyword argument `%s` is deprecated and renamed to `%s`",
              old_name, name);
    return old;
}

sow_module *sow__construct_hardtanh(const sow__class *of, sow__args *args, sow_error *err)
{
    const sow__value *least = bound(args, "min_val", "min_value");
    const sow__value *most = bound(args, "max_val", "max_value");
    char least_text[64], most_text[64];
    int order;
    if (sow__value_compare(most, "<=", least, &order, err) != SOW_OK) {
        return NULL;
    }
    if (order == -1 || order == 0) {
        sow__fail(err, SOW_ERROR_VALUE, "max_val (%s) must be greater than min_val (%s)",
                  sow__value_repr(most, most_text, sizeof most_text),
                  sow__value_repr(least, least_text, sizeof least_text));
        return NULL;
    }
    return sow__module_of(of, err);
}
