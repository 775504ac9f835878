/* A tensor of a narrower type made in float32, because LAPACK has none.
 * SPDX-License-Identifier: Apache-2.0 */
#include "init/init.h"

/* True when dim i lies inside dim k in memory: it has the smaller stride; among equals the later
 * dim. */
static bool is_inside(const sow_tensor *tensor, int i, int k)
{
    const int64_t *strides = sow_tensor_strides(tensor);
    return strides[i] != strides[k] ? strides[i] < strides[k] : i > k;
}

/* Strides of torch.empty_like: no gaps, the dims in the tensor's order. */
static void dense_strides(const sow_tensor *tensor, int64_t *strides)
{
    const int n_dims = sow_tensor_n_dims(tensor);
    const int64_t *sizes = sow_tensor_sizes(tensor);
    for (int i = 0; i < n_dims; i++) {
        strides[i] = 1;
        for (int k = 0; k < n_dims; k++) {
            if (k != i && is_inside(tensor, k, i)) {
                strides[i] *= sizes[k];
            }
        }
    }
}

sow_status sow__fill_apply_float32(const sow__fill *fill, sow_tensor *tensor,
                                   sow_generator *generator, sow_error *err)
{
    sow_error unwanted;
    err = err != NULL ? err : &unwanted;
    int64_t strides[SOW_MAX_DIMS];
    dense_strides(tensor, strides);
    sow_tensor *scratch =
        sow_empty_strided(SOW_F32, sow_tensor_n_dims(tensor), sow_tensor_sizes(tensor), strides,
                          sow_tensor_device(tensor), err);
    if (scratch == NULL) {
        return err->status;
    }
    sow_status status = sow__fill_apply(fill, scratch, generator, err);
    if (status == SOW_OK) {
        status = sow_tensor_copy(tensor, scratch, err);
    }
    sow_tensor_free(scratch);
    return status;
}
