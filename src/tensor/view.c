/* Views: other shapes over the same storage.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/checked.h"
#include "base/dtype.h"
#include "base/error.h"
#include "tensor/tensor.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A view with the shape of its base, to be changed by the caller. NULL after filling *err. */
static sow_tensor *view_new(const sow_tensor *base, sow_error *err)
{
    if (sow_dtype_bits(base->storage->dtype) < 8) {
        sow__fail(err, SOW_ERROR_UNSUPPORTED, "%s: elements smaller than a byte have no views",
                  sow_dtype_name(base->storage->dtype));
        return NULL;
    }
    sow_tensor *view = sow__tensor_alias(base, SOW__FLAG_OF_VIEW, err);
    if (view != NULL) {
        view->override = NULL;
        view->override_user = NULL;
    }
    return view;
}

sow_status sow__tensor_dim(const sow_tensor *tensor, int dim, int *wrapped, sow_error *err)
{
    int n = tensor->n_dims > 0 ? tensor->n_dims : 1;
    if (dim < -n || dim >= n) {
        return sow__fail(err, SOW_ERROR_INDEX,
                         "Dimension out of range (expected to be in range of [%d, %d], but got %d)",
                         -n, n - 1, dim);
    }
    *wrapped = dim < 0 ? dim + n : dim;
    return SOW_OK;
}

sow_tensor *sow_tensor_transpose(const sow_tensor *tensor, int dim0, int dim1, sow_error *err)
{
    int a = 0, b = 0;
    if (sow__tensor_dim(tensor, dim0, &a, err) != SOW_OK ||
        sow__tensor_dim(tensor, dim1, &b, err) != SOW_OK) {
        return NULL;
    }
    sow_tensor *view = view_new(tensor, err);
    if (view != NULL && tensor->n_dims > 0) {
        view->sizes[a] = tensor->sizes[b];
        view->sizes[b] = tensor->sizes[a];
        view->strides[a] = tensor->strides[b];
        view->strides[b] = tensor->strides[a];
    }
    return view;
}

sow_tensor *sow_tensor_permute(const sow_tensor *tensor, const int *dims, sow_error *err)
{
    int from[SOW_MAX_DIMS];
    bool seen[SOW_MAX_DIMS] = {false};
    for (int i = 0; i < tensor->n_dims; i++) {
        if (sow__tensor_dim(tensor, dims[i], &from[i], err) != SOW_OK) {
            return NULL;
        }
        if (seen[from[i]]) {
            sow__fail(err, SOW_ERROR_RUNTIME, "permute(): duplicate dims are not allowed.");
            return NULL;
        }
        seen[from[i]] = true;
    }
    sow_tensor *view = view_new(tensor, err);
    for (int i = 0; view != NULL && i < tensor->n_dims; i++) {
        view->sizes[i] = tensor->sizes[from[i]];
        view->strides[i] = tensor->strides[from[i]];
    }
    return view;
}

/* Python's reading of a slice bound: negative ones count from the end, then clamped to
 * lowest..size. */
static int64_t clamp_bound(int64_t bound, int64_t lowest, int64_t size)
{
    if (bound < 0) {
        bound += size;
    }
    return bound < lowest ? lowest : bound > size ? size : bound;
}

static void set_numel(sow_tensor *view)
{
    /* Fits: no view made by slicing has more elements than its base. */
    view->numel = 1;
    for (int i = 0; i < view->n_dims; i++) {
        if (view->sizes[i] == 0) {
            view->numel = 0;
            return;
        }
    }
    for (int i = 0; i < view->n_dims; i++) {
        view->numel *= view->sizes[i];
    }
}

/* Strides of a tensor without elements may be anything, so only one with elements moves. */
static void move_start(sow_tensor *view, int64_t steps, int64_t stride)
{
    if (view->numel > 0) {
        view->offset += steps * stride;
    }
}

sow_tensor *sow_tensor_slice(const sow_tensor *tensor, int dim, int64_t start, int64_t stop,
                             int64_t step, sow_error *err)
{
    int d = 0;
    if (tensor->n_dims == 0) {
        sow__fail(err, SOW_ERROR_INDEX, "slice() cannot be applied to a 0-dim tensor.");
        return NULL;
    }
    if (sow__tensor_dim(tensor, dim, &d, err) != SOW_OK) {
        return NULL;
    }
    if (step < 1) {
        sow__fail(err, SOW_ERROR_RUNTIME, "slice step must be positive");
        return NULL;
    }
    sow_tensor *view = view_new(tensor, err);
    if (view == NULL) {
        return NULL;
    }
    int64_t first = clamp_bound(start, 0, tensor->sizes[d]);
    int64_t end = clamp_bound(stop, first, tensor->sizes[d]);
    view->sizes[d] = (end - first) / step + ((end - first) % step != 0);
    if (!sow__mul_i64(tensor->strides[d], step, &view->strides[d])) {
        /* Such a step takes one element, or none, and a stride is never walked. */
        view->strides[d] = tensor->strides[d];
    }
    set_numel(view);
    move_start(view, first, tensor->strides[d]);
    return view;
}

sow_tensor *sow_tensor_select(const sow_tensor *tensor, int dim, int64_t index, sow_error *err)
{
    int d = 0;
    if (tensor->n_dims == 0) {
        sow__fail(err, SOW_ERROR_INDEX, "select() cannot be applied to a 0-dim tensor.");
        return NULL;
    }
    if (sow__tensor_dim(tensor, dim, &d, err) != SOW_OK) {
        return NULL;
    }
    int64_t size = tensor->sizes[d];
    if (index < -size || index >= size) {
        char text[SOW__SIZES_TEXT_SIZE];
        sow__fail(err, SOW_ERROR_INDEX,
                  "select(): index %" PRId64 " out of range for tensor of size %s at dimension %d",
                  index, sow__sizes_text(tensor->n_dims, tensor->sizes, text), d);
        return NULL;
    }
    sow_tensor *view = view_new(tensor, err);
    if (view == NULL) {
        return NULL;
    }
    view->n_dims--;
    size_t n_after = (size_t)(view->n_dims - d);
    memmove(view->sizes + d, view->sizes + d + 1, n_after * sizeof *view->sizes);
    memmove(view->strides + d, view->strides + d + 1, n_after * sizeof *view->strides);
    set_numel(view);
    move_start(view, index < 0 ? index + size : index, tensor->strides[d]);
    return view;
}

static sow_status check_as_strided(const sow_tensor *tensor, int n_dims, const int64_t *sizes,
                                   const int64_t *strides, int64_t offset, sow_error *err)
{
    char text[SOW__SIZES_TEXT_SIZE], strides_text[SOW__SIZES_TEXT_SIZE];
    if (n_dims < 0 || n_dims > SOW_MAX_DIMS) {
        return sow__fail(err, SOW_ERROR_VALUE, "n_dims must be in 0..%d, got %d", SOW_MAX_DIMS,
                         n_dims);
    }
    for (int i = 0; i < n_dims; i++) {
        if (strides[i] < 0) {
            return sow__fail(err, SOW_ERROR_RUNTIME,
                             "as_strided: Negative strides are not supported at the moment, got "
                             "strides: %s",
                             sow__sizes_text(n_dims, strides, text));
        }
        if (sizes[i] < 0) {
            return sow__fail(err, SOW_ERROR_RUNTIME,
                             "Trying to create tensor with negative dimension %" PRId64 ": %s",
                             sizes[i], sow__sizes_text(n_dims, sizes, text));
        }
    }
    if (offset < 0) {
        return sow__fail(err, SOW_ERROR_RUNTIME, "Tensor: invalid storage offset %" PRId64, offset);
    }
    int64_t extent, end;
    size_t element_bytes = sow__dtype_bytes(tensor->storage->dtype);
    uint64_t n_bytes;
    if (!sow__shape_extent(n_dims, sizes, strides, &extent) ||
        !sow__add_i64(extent, offset, &end) ||
        !sow__mul_u64((uint64_t)end, element_bytes, &n_bytes)) {
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "Storage size calculation overflowed with sizes=%s and strides=%s",
                         sow__sizes_text(n_dims, sizes, text),
                         sow__sizes_text(n_dims, strides, strides_text));
    }
    if (extent > 0 && (uint64_t)end > tensor->storage->numel) {
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "setStorage: sizes %s, strides %s, storage offset %" PRId64
                         ", and itemsize %zu requiring a storage size of %" PRIu64
                         " are out of bounds for storage of size %" PRIu64,
                         sow__sizes_text(n_dims, sizes, text),
                         sow__sizes_text(n_dims, strides, strides_text), offset, element_bytes,
                         n_bytes, tensor->storage->numel * element_bytes);
    }
    return SOW_OK;
}

sow_tensor *sow_tensor_as_strided(const sow_tensor *tensor, int n_dims, const int64_t *sizes,
                                  const int64_t *strides, int64_t offset, sow_error *err)
{
    if (check_as_strided(tensor, n_dims, sizes, strides, offset, err) != SOW_OK) {
        return NULL;
    }
    sow_tensor *view = view_new(tensor, err);
    if (view == NULL) {
        return NULL;
    }
    view->n_dims = n_dims;
    view->offset = offset;
    for (int i = 0; i < n_dims; i++) {
        view->sizes[i] = sizes[i];
        view->strides[i] = strides[i];
    }
    set_numel(view);
    return view;
}
