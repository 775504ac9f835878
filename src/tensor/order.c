/* The order in which PyTorch's iterator walks the elements of a tensor.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tensor/tensor.h"

#include "base/error.h"
#include <string.h>

/* Dims of size 1 play no part; the last dim comes first, as the iterator starts from there. */
static int significant_dims(const sow_tensor *tensor, int dims[SOW_MAX_DIMS])
{
    int n = 0;
    for (int i = tensor->n_dims - 1; i >= 0 && tensor->numel > 0; i--) {
        if (tensor->sizes[i] != 1) {
            dims[n++] = i;
        }
    }
    return n;
}

/* Smaller strides go inside; of equal ones, which overlap, the smaller size does. */
static bool goes_inside(const sow_tensor *tensor, int dim, int other)
{
    if (tensor->strides[dim] != tensor->strides[other]) {
        return tensor->strides[dim] < tensor->strides[other];
    }
    return tensor->sizes[dim] < tensor->sizes[other];
}

static void sort_dims(const sow_tensor *tensor, int *dims, int n)
{
    for (int i = 1; i < n; i++) {
        int dim = dims[i], at = i;
        for (; at > 0 && goes_inside(tensor, dim, dims[at - 1]); at--) {
            dims[at] = dims[at - 1];
        }
        dims[at] = dim;
    }
}

static bool continues(const sow__order *order, int64_t stride)
{
    int inner = order->n_dims - 1;
    int64_t run;
    return !__builtin_mul_overflow(order->sizes[inner], order->strides[inner], &run) &&
           run == stride;
}

static void push_dim(sow__order *order, int64_t size, int64_t stride, bool merge)
{
    if (merge) {
        order->sizes[order->n_dims - 1] *= size;
        return;
    }
    order->sizes[order->n_dims] = size;
    order->strides[order->n_dims++] = stride;
}

/* Walks the listed dims, the innermost first. b NULL: there is one tensor. */
static void walk(const sow_tensor *const tensors[2], sow__order *const orders[2], const int *dims,
                 int n)
{
    int n_tensors = tensors[1] != NULL ? 2 : 1;
    for (int k = 0; k < n_tensors; k++) {
        orders[k]->n_dims = 0;
        orders[k]->numel = tensors[k]->numel;
        orders[k]->offset = tensors[k]->offset;
    }
    for (int i = 0; i < n; i++) {
        bool merge = i > 0;
        for (int k = 0; k < n_tensors; k++) {
            merge = merge && continues(orders[k], tensors[k]->strides[dims[i]]);
        }
        for (int k = 0; k < n_tensors; k++) {
            push_dim(orders[k], tensors[k]->sizes[dims[i]], tensors[k]->strides[dims[i]], merge);
        }
    }
}

void sow__tensor_order(const sow_tensor *tensor, sow__order *order)
{
    sow__order_pair(tensor, NULL, order, NULL);
}

void sow__order_pair(const sow_tensor *target, const sow_tensor *source, sow__order *to,
                     sow__order *from)
{
    int dims[SOW_MAX_DIMS];
    int n = significant_dims(target, dims);
    sort_dims(target, dims, n);
    walk((const sow_tensor *const[2]){target, source}, (sow__order *const[2]){to, from}, dims, n);
}

void sow__tensor_logical_order(const sow_tensor *tensor, sow__order *order)
{
    int dims[SOW_MAX_DIMS];
    int n = significant_dims(tensor, dims);
    walk((const sow_tensor *const[2]){tensor, NULL}, (sow__order *const[2]){order, NULL}, dims, n);
}

bool sow__order_is_dense(const sow__order *order)
{
    return order->n_dims == 0 || (order->n_dims == 1 && order->strides[0] == 1);
}

bool sow__tensor_overlaps(const sow_tensor *tensor)
{
    for (int i = 0; i < tensor->n_dims && tensor->numel > 0; i++) {
        if (tensor->sizes[i] > 1 && tensor->strides[i] == 0) {
            return true;
        }
    }
    return false;
}

sow_status sow__check_written_once(const sow_tensor *tensor, sow_error *err)
{
    return sow__tensor_overlaps(tensor)
               ? sow__fail(err, SOW_ERROR_RUNTIME,
                           "unsupported operation: more than one element of the written-to tensor "
                           "refers to a single memory location. Please clone() the tensor before "
                           "performing the operation.")
               : SOW_OK;
}

bool sow__tensor_is_whole(const sow_tensor *tensor)
{
    sow__order order;
    sow__tensor_order(tensor, &order);
    return (uint64_t)tensor->numel == tensor->storage->numel && sow__order_is_dense(&order);
}

/* ---- scatter and gather ---- */

/* Copies n elements between places that lie to_step and from_step bytes apart. memcpy of a constant
 * size is one move. */
static void copy_run(unsigned char *to, size_t to_step, const unsigned char *from, size_t from_step,
                     size_t element_bytes, size_t n)
{
#define COPY_EACH(bytes)                                                                           \
    case bytes:                                                                                    \
        for (size_t i = 0; i < n; i++, to += to_step, from += from_step) {                         \
            memcpy(to, from, bytes);                                                               \
        }                                                                                          \
        break;
    if (to_step == element_bytes && from_step == element_bytes) {
        memcpy(to, from, n * element_bytes);
        return;
    }
    switch (element_bytes) {
        COPY_EACH(1)
        COPY_EACH(2)
        COPY_EACH(4)
        COPY_EACH(8)
        COPY_EACH(16)
    }
#undef COPY_EACH
}

/* A place in a walk: the index in every dim and the element it stands for. */
typedef struct position {
    int64_t index[SOW_MAX_DIMS];
    int64_t element;
} position;

static void position_set(position *at, const sow__order *order, int64_t first)
{
    at->element = order->offset;
    for (int i = 0; i < order->n_dims; i++) {
        at->index[i] = first % order->sizes[i];
        first /= order->sizes[i];
        at->element += at->index[i] * order->strides[i];
    }
}

/* Steps over n elements of the innermost dim, to its end or before it. */
static void position_advance(position *at, const sow__order *order, int64_t n)
{
    at->index[0] += n;
    at->element += n * order->strides[0];
    for (int i = 0; at->index[i] == order->sizes[i]; i++) {
        at->element -= at->index[i] * order->strides[i];
        at->index[i] = 0;
        if (i + 1 == order->n_dims) {
            return;
        }
        at->index[i + 1]++;
        at->element += order->strides[i + 1];
    }
}

/* Elements that can be taken from here in one run. */
static int64_t run_at(const position *at, const sow__order *order, int64_t count)
{
    int64_t n = order->n_dims > 0 ? order->sizes[0] - at->index[0] : 1;
    return n < count ? n : count;
}

void sow__order_scatter(const sow__order *order, void *data, size_t element_bytes, int64_t first,
                        int64_t count, const void *buffer)
{
    position at;
    const unsigned char *in = buffer;
    position_set(&at, order, first);
    while (count > 0) {
        int64_t n = run_at(&at, order, count);
        size_t step = (order->n_dims > 0 ? (size_t)order->strides[0] : 1) * element_bytes;
        copy_run((unsigned char *)data + (size_t)at.element * element_bytes, step, in,
                 element_bytes, element_bytes, (size_t)n);
        in += (size_t)n * element_bytes;
        count -= n;
        if (count > 0) {
            position_advance(&at, order, n);
        }
    }
}

void sow__order_gather(const sow__order *order, const void *data, size_t element_bytes,
                       int64_t first, int64_t count, void *buffer)
{
    position at;
    unsigned char *out = buffer;
    position_set(&at, order, first);
    while (count > 0) {
        int64_t n = run_at(&at, order, count);
        size_t step = (order->n_dims > 0 ? (size_t)order->strides[0] : 1) * element_bytes;
        copy_run(out, element_bytes,
                 (const unsigned char *)data + (size_t)at.element * element_bytes, step,
                 element_bytes, (size_t)n);
        out += (size_t)n * element_bytes;
        count -= n;
        if (count > 0) {
            position_advance(&at, order, n);
        }
    }
}
