/* torch.nn.LinearCrossEntropyLoss: a Linear and a weight for each class.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "nn/family.h"

#include <inttypes.h>
#include <stdio.h>

/* "(5,)", "(5, 1)", "()": as Python prints a tuple; cut when it is full. */
static void tuple_text(const sow_tensor *tensor, char *text, size_t size)
{
    const int n_dims = sow_tensor_n_dims(tensor);
    size_t used = (size_t)snprintf(text, size, "(");
    for (int i = 0; i < n_dims && used < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%" PRId64 "%s", i > 0 ? ", " : "",
                                 sow_tensor_sizes(tensor)[i], n_dims == 1 ? "," : "");
    }
    if (used < size) {
        snprintf(text + used, size - used, ")");
    }
}

static sow_status check_weight(const sow__value *weight, const sow__value *num_classes,
                               sow_error *err)
{
    if (weight->kind == SOW__VALUE_NONE) {
        return SOW_OK;
    }
    if (weight->kind != SOW__VALUE_TENSOR) {
        return sow__fail(err, SOW_ERROR_TYPE, "'%s' object has no attribute 'shape'",
                         sow__value_type_name(weight));
    }
    if (sow_tensor_n_dims(weight->tensor) == 1 && sow__value_is_number(num_classes) &&
        sow__value_number(num_classes) == (double)sow_tensor_sizes(weight->tensor)[0]) {
        return SOW_OK;
    }
    char expected[64], got[256];
    tuple_text(weight->tensor, got, sizeof got);
    return sow__fail(err, SOW_ERROR_RUNTIME, "expected weight shape to be (%s,), got %s",
                     sow__value_repr(num_classes, expected, sizeof expected), got);
}

static sow_status check_smoothing(const sow__value *smoothing, sow_error *err)
{
    const sow__value zero = sow__value_of_int(0), one = sow__value_of_int(1);
    int to_zero = 0, to_one = 0;
    sow_status status = sow__value_compare(smoothing, "<", &zero, &to_zero, err);
    if (status == SOW_OK) {
        status = sow__value_compare(smoothing, ">", &one, &to_one, err);
    }
    if (status != SOW_OK || (to_zero != -1 && to_one != 1)) {
        return status;
    }
    char text[64];
    return sow__fail(err, SOW_ERROR_RUNTIME,
                     "expected label_smoothing to be in range [0, 1], got %s",
                     sow__value_repr(smoothing, text, sizeof text));
}

/* num_classes times every number of out_features. */
static sow_status count_rows(sow__args *args, sow__value *rows, sow_error *err)
{
    sow__value items[SOW_MAX_DIMS];
    int n_items = 0;
    sow_status status = sow__value_tuple(sow__args_get(args, "out_features"), items, &n_items, err);
    *rows = *sow__args_get(args, "num_classes");
    for (int i = 0; status == SOW_OK && i < n_items; i++) {
        sow__value product = {.kind = SOW__VALUE_NONE};
        status = sow__value_multiply(rows, &items[i], &product, err);
        *rows = product;
    }
    return status;
}

static sow_status build(sow_module *module, sow__args *args, sow_error *err)
{
    sow__value sizes[2] = {{.kind = SOW__VALUE_NONE}, *sow__args_get(args, "in_features")};
    sow__shape shape;
    sow_status status = count_rows(args, &sizes[0], err);
    if (status == SOW_OK) {
        status = sow__shape_of_items(2, sizes, &shape, err);
    }
    if (status == SOW_OK) {
        status = sow__module_take_buffer(module, "weight", sow__args_get(args, "weight"), err);
    }
    return status == SOW_OK ? sow_module_register_module(module, "linear",
                                                         sow_linear(shape.sizes[1], shape.sizes[0],
                                                                    sow__args_truth(args, "bias"),
                                                                    &args->factory, err),
                                                         err)
                            : status;
}

sow_module *sow__construct_linear_cross_entropy_loss(const sow__class *of, sow__args *args,
                                                     sow_error *err)
{
    if (check_weight(sow__args_get(args, "weight"), sow__args_get(args, "num_classes"), err) !=
            SOW_OK ||
        check_smoothing(sow__args_get(args, "label_smoothing"), err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_of(of, err);
    return module == NULL ? NULL : sow__module_finish(module, build(module, args, err));
}
