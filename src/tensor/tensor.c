/* Making and freeing tensors, and what can be asked of one.
 * SPDX-License-Identifier: Apache-2.0 */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* madvise */
#endif
#include "tensor/tensor.h"

#include "base/checked.h"
#include "base/dtype.h"
#include "base/error.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT 64

/* From this size on memory begins at a large page and asks for large ones: the first touch of 4 KiB
 * pages costs more than the numbers that are written there. */
#define LARGE_PAGE ((size_t)2 << 20)
#define LARGE_BYTES (4 * LARGE_PAGE)

const char *sow_device_name(sow_device device)
{
    static const char *const names[] = {"cpu", "meta", "deferred"};
    return (unsigned)device < sizeof names / sizeof *names ? names[device] : NULL;
}

/* ---- storage ---- */

void *sow__storage_alloc(sow_dtype dtype, uint64_t numel)
{
    uint64_t n_bytes, padded;
    if (!sow__dtype_n_bytes(dtype, numel, &n_bytes)) {
        return NULL;
    }
    size_t alignment = n_bytes >= LARGE_BYTES ? LARGE_PAGE : ALIGNMENT;
    if (!sow__add_u64(n_bytes, alignment, &padded) || padded > PTRDIFF_MAX) {
        return NULL;
    }
    /* aligned_alloc wants whole multiples; no elements still take one, so that NULL is failure. */
    size_t size = (size_t)(n_bytes == 0 ? alignment : (padded - 1) / alignment * alignment);
    void *data = aligned_alloc(alignment, size);
#ifdef MADV_HUGEPAGE
    if (data != NULL && alignment == LARGE_PAGE) {
        madvise(data, size, MADV_HUGEPAGE); /* a wish: refused, it changes nothing */
    }
#endif
    return data;
}

static void drop_content(sow__storage *storage)
{
    if (!storage->borrowed) {
        free(storage->data);
    }
    if (storage->tape != NULL) {
        storage->tape_free(storage->tape);
    }
    storage->data = NULL;
    storage->borrowed = false;
    storage->tape = NULL;
}

void sow__storage_set_data(sow__storage *storage, void *data)
{
    drop_content(storage);
    storage->data = data;
    storage->device = SOW_CPU;
    storage->blank = false;
}

void sow__storage_take(sow__storage *to, sow__storage *from)
{
    sow__storage_set_data(to, from->data);
    to->n_emptied++;
    from->data = NULL;
}

static void storage_unref(sow__storage *storage)
{
    if (--storage->n_refs == 0) {
        drop_content(storage);
        free(storage);
    }
}

/* ---- shapes ---- */

const char *sow__sizes_text(int n, const int64_t *values, char text[SOW__SIZES_TEXT_SIZE])
{
    size_t used = 0;
    text[used++] = '[';
    for (int i = 0; i < n; i++) {
        used += (size_t)snprintf(text + used, SOW__SIZES_TEXT_SIZE - used, "%s%" PRId64,
                                 i > 0 ? ", " : "", values[i]);
    }
    text[used++] = ']';
    text[used] = '\0';
    return text;
}

/* false when the product does not fit. A shape with a zero has no elements, however large
 * the rest. */
static bool shape_numel(int n_dims, const int64_t *sizes, int64_t *numel)
{
    *numel = 1;
    for (int i = 0; i < n_dims; i++) {
        if (sizes[i] == 0) {
            *numel = 0;
            return true;
        }
    }
    for (int i = 0; i < n_dims; i++) {
        if (!sow__mul_i64(*numel, sizes[i], numel)) {
            return false;
        }
    }
    return true;
}

static bool contiguous_strides(int n_dims, const int64_t *sizes, int64_t *strides)
{
    int64_t stride = 1;
    for (int i = n_dims - 1; i >= 0; i--) {
        strides[i] = stride;
        if (i > 0 && !sow__mul_i64(stride, sizes[i] > 1 ? sizes[i] : 1, &stride)) {
            return false;
        }
    }
    return true;
}

bool sow__shape_extent(int n_dims, const int64_t *sizes, const int64_t *strides, int64_t *extent)
{
    int64_t numel, last = 0;
    if (!shape_numel(n_dims, sizes, &numel)) {
        return false;
    }
    for (int i = 0; i < n_dims && numel > 0; i++) {
        int64_t reach;
        if (!sow__mul_i64(sizes[i] - 1, strides[i], &reach) || !sow__add_i64(last, reach, &last)) {
            return false;
        }
    }
    *extent = 0;
    return numel == 0 || sow__add_i64(last, 1, extent);
}

/* What every maker checks first. */
static sow_status check_shape(sow_dtype dtype, int n_dims, const int64_t *sizes, sow_error *err)
{
    char text[SOW__SIZES_TEXT_SIZE];
    if (sow__dtype_info_of(dtype) == NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "dtype %d is none", (int)dtype);
    }
    if (n_dims < 0 || n_dims > SOW_MAX_DIMS) {
        return sow__fail(err, SOW_ERROR_VALUE, "n_dims must be in 0..%d, got %d", SOW_MAX_DIMS,
                         n_dims);
    }
    for (int i = 0; i < n_dims; i++) {
        if (sizes[i] < 0) {
            return sow__fail(err, SOW_ERROR_RUNTIME,
                             "Trying to create tensor with negative dimension %" PRId64 ": %s",
                             sizes[i], sow__sizes_text(n_dims, sizes, text));
        }
    }
    return SOW_OK;
}

/* Fills in the geometry of a tensor; strides NULL: contiguous. *extent: elements that the storage
 * must have. */
static sow_status set_shape(sow_tensor *tensor, sow_dtype dtype, const int64_t *sizes,
                            const int64_t *strides, int64_t *extent, sow_error *err)
{
    int n = tensor->n_dims;
    char sizes_text[SOW__SIZES_TEXT_SIZE], strides_text[SOW__SIZES_TEXT_SIZE];
    uint64_t n_bytes;
    bool fits = shape_numel(n, sizes, &tensor->numel);
    for (int i = 0; i < n; i++) {
        tensor->sizes[i] = sizes[i];
        tensor->strides[i] = strides != NULL ? strides[i] : 0;
        if (tensor->strides[i] < 0) {
            return sow__fail(err, SOW_ERROR_RUNTIME, "Negative strides are not supported, got %s",
                             sow__sizes_text(n, strides, strides_text));
        }
    }
    if (strides != NULL) {
        fits = fits && sow__shape_extent(n, sizes, strides, extent);
    } else {
        *extent = tensor->numel;
    }
    if (fits && sow_dtype_bits(dtype) < 8 &&
        (strides != NULL || !sow__dtype_n_bytes(dtype, (uint64_t)*extent, &n_bytes))) {
        return sow__fail(err, SOW_ERROR_VALUE, "%s: shape %s %s", sow_dtype_name(dtype),
                         sow__sizes_text(n, sizes, sizes_text),
                         strides != NULL ? "can not have strides" : "does not fill whole bytes");
    }
    if (!fits || !sow__dtype_n_bytes(dtype, (uint64_t)*extent, &n_bytes) || n_bytes > PTRDIFF_MAX) {
        return sow__fail(
            err, SOW_ERROR_OVERFLOW, "Storage size calculation overflowed with sizes=%s%s%s",
            sow__sizes_text(n, sizes, sizes_text), strides != NULL ? " and strides=" : "",
            strides != NULL ? sow__sizes_text(n, strides, strides_text) : "");
    }
    if (strides == NULL && !contiguous_strides(n, sizes, tensor->strides)) {
        return sow__fail(err, SOW_ERROR_OVERFLOW, "Stride calculation overflowed");
    }
    return SOW_OK;
}

/* ---- flags ---- */

sow__flag *sow__flag_new(sow__flag *base)
{
    sow__flag *flag = malloc(sizeof *flag);
    if (flag == NULL) {
        sow__flag_unref(base);
        return NULL;
    }
    *flag = (sow__flag){.n_refs = 1, .base = base};
    return flag;
}

void sow__flag_unref(sow__flag *flag)
{
    while (flag != NULL && --flag->n_refs == 0) {
        sow__flag *base = flag->base;
        free(flag);
        flag = base;
    }
}

static sow__flag *flag_ref(sow__flag *flag)
{
    flag->n_refs++;
    return flag;
}

bool sow_tensor_is_initialized(const sow_tensor *tensor)
{
    const uint64_t now = tensor->storage->n_emptied + 1;
    const sow__flag *flag = tensor->flag;
    while (flag != NULL && flag->set_at != now) {
        flag = flag->base;
    }
    return flag != NULL;
}

void sow_tensor_set_initialized(sow_tensor *tensor, bool initialized)
{
    tensor->flag->set_at = initialized ? tensor->storage->n_emptied + 1 : 0;
}

/* ---- making ---- */

/* A tensor with a storage that has no memory yet. NULL after filling *err. */
static sow_tensor *tensor_new(sow_dtype dtype, int n_dims, const int64_t *sizes,
                              const int64_t *strides, sow_error *err)
{
    int64_t extent = 0;
    if (check_shape(dtype, n_dims, sizes, err) != SOW_OK) {
        return NULL;
    }
    sow_tensor *tensor = calloc(1, sizeof *tensor);
    sow__storage *storage = calloc(1, sizeof *storage);
    sow__flag *flag = sow__flag_new(NULL);
    if (tensor == NULL || storage == NULL || flag == NULL) {
        sow__fail_memory(err, sizeof *tensor + sizeof *storage + sizeof *flag);
        goto out;
    }
    tensor->n_dims = n_dims;
    if (set_shape(tensor, dtype, sizes, strides, &extent, err) != SOW_OK) {
        goto out;
    }
    *storage =
        (sow__storage){.n_refs = 1, .device = SOW_META, .dtype = dtype, .numel = (uint64_t)extent};
    tensor->n_refs = 1;
    tensor->storage = storage;
    tensor->flag = flag;
    return tensor;
out:
    free(flag);
    free(storage);
    free(tensor);
    return NULL;
}

static size_t storage_bytes(const sow__storage *storage)
{
    uint64_t n_bytes = 0;
    sow__dtype_n_bytes(storage->dtype, storage->numel, &n_bytes);
    return (size_t)n_bytes;
}

/* Moves a storage to a device without values; it stays as it was on failure. */
static sow_status storage_to_empty(sow__storage *storage, sow_device device, sow_error *err)
{
    if (sow_device_name(device) == NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "device %d is none", (int)device);
    }
    void *data = NULL;
    if (device == SOW_CPU) {
        data = sow__storage_alloc(storage->dtype, storage->numel);
        if (data == NULL) {
            return sow__fail_memory(err, storage_bytes(storage));
        }
    }
    sow__storage_set_data(storage, data);
    storage->device = device;
    storage->blank = true;
    storage->n_emptied++;
    return SOW_OK;
}

static sow_tensor *make_empty(sow_dtype dtype, int n_dims, const int64_t *sizes,
                              const int64_t *strides, sow_device device, sow_error *err)
{
    sow_tensor *tensor = tensor_new(dtype, n_dims, sizes, strides, err);
    if (tensor != NULL && storage_to_empty(tensor->storage, device, err) != SOW_OK) {
        sow_tensor_free(tensor);
        return NULL;
    }
    return tensor;
}

sow_tensor *sow_empty(sow_dtype dtype, int n_dims, const int64_t *sizes, sow_device device,
                      sow_error *err)
{
    return make_empty(dtype, n_dims, sizes, NULL, device, err);
}

sow_tensor *sow_empty_strided(sow_dtype dtype, int n_dims, const int64_t *sizes,
                              const int64_t *strides, sow_device device, sow_error *err)
{
    return make_empty(dtype, n_dims, sizes, n_dims > 0 ? strides : NULL, device, err);
}

sow_tensor *sow_from_blob(void *data, size_t n_bytes, sow_dtype dtype, int n_dims,
                          const int64_t *sizes, const int64_t *strides, sow_error *err)
{
    sow_tensor *tensor = tensor_new(dtype, n_dims, sizes, n_dims > 0 ? strides : NULL, err);
    if (tensor == NULL) {
        return NULL;
    }
    sow__storage *storage = tensor->storage;
    size_t needed = storage_bytes(storage);
    size_t alignment = sow__dtype_bytes(sow__dtype_real(dtype));
    if (needed > n_bytes || (data == NULL && needed > 0)) {
        sow__fail(err, SOW_ERROR_VALUE, "from_blob: %zu bytes are needed, got %zu", needed,
                  data == NULL ? (size_t)0 : n_bytes);
    } else if (alignment > 1 && (uintptr_t)data % alignment != 0) {
        sow__fail(err, SOW_ERROR_VALUE, "from_blob: data is not aligned to %zu bytes", alignment);
    } else {
        storage->device = SOW_CPU;
        storage->borrowed = true;
        storage->data = data;
        storage->numel = alignment > 0 ? n_bytes / sow__dtype_bytes(dtype) : storage->numel;
        return tensor;
    }
    sow_tensor_free(tensor);
    return NULL;
}

sow_tensor *sow_tensor_ref(sow_tensor *tensor)
{
    if (tensor != NULL) {
        tensor->n_refs++;
    }
    return tensor;
}

void sow_tensor_free(sow_tensor *tensor)
{
    if (tensor != NULL && --tensor->n_refs == 0) {
        storage_unref(tensor->storage);
        sow__flag_unref(tensor->flag);
        free(tensor);
    }
}

sow_tensor *sow__tensor_alias(const sow_tensor *tensor, sow__alias_flag flag, sow_error *err)
{
    sow_tensor *alias = malloc(sizeof *alias);
    sow__flag *own = flag == SOW__FLAG_SHARED
                         ? flag_ref(tensor->flag)
                         : sow__flag_new(flag == SOW__FLAG_OWN ? NULL : flag_ref(tensor->flag));
    if (alias == NULL || own == NULL) {
        free(alias);
        sow__flag_unref(own);
        sow__fail_memory(err, sizeof *alias + sizeof *own);
        return NULL;
    }
    *alias = *tensor;
    alias->n_refs = 1;
    alias->flag = own;
    alias->storage->n_refs++;
    return alias;
}

sow_status sow_tensor_to_empty(sow_tensor *tensor, sow_device device, sow_error *err)
{
    return storage_to_empty(tensor->storage, device, err);
}

/* ---- looking ---- */

sow_dtype sow_tensor_dtype(const sow_tensor *tensor)
{
    return tensor->storage->dtype;
}

sow_device sow_tensor_device(const sow_tensor *tensor)
{
    return tensor->storage->device;
}

int sow_tensor_n_dims(const sow_tensor *tensor)
{
    return tensor->n_dims;
}

const int64_t *sow_tensor_sizes(const sow_tensor *tensor)
{
    return tensor->sizes;
}

const int64_t *sow_tensor_strides(const sow_tensor *tensor)
{
    return tensor->strides;
}

int64_t sow_tensor_numel(const sow_tensor *tensor)
{
    return tensor->numel;
}

size_t sow_tensor_n_bytes(const sow_tensor *tensor)
{
    uint64_t n_bytes = 0;
    /* A view can repeat elements and so be larger than any storage. */
    return sow__dtype_n_bytes(tensor->storage->dtype, (uint64_t)tensor->numel, &n_bytes)
               ? (size_t)n_bytes
               : SIZE_MAX;
}

bool sow_tensor_is_contiguous(const sow_tensor *tensor)
{
    int64_t expected = 1;
    for (int i = tensor->n_dims - 1; i >= 0 && tensor->numel > 0; i--) {
        if (tensor->sizes[i] != 1) {
            if (tensor->strides[i] != expected) {
                return false;
            }
            expected *= tensor->sizes[i];
        }
    }
    return true;
}

void *sow_tensor_data(const sow_tensor *tensor)
{
    const sow__storage *storage = tensor->storage;
    if (storage->data == NULL || tensor->numel == 0) {
        return NULL;
    }
    return (unsigned char *)storage->data +
           (size_t)tensor->offset * sow__dtype_bytes(storage->dtype);
}

void *sow__tensor_write(sow_tensor *tensor)
{
    tensor->storage->blank = false;
    return sow_tensor_data(tensor);
}

/* ---- the hook ---- */

void sow_tensor_set_init_override(sow_tensor *tensor, sow_init_override override, void *user)
{
    tensor->override = override;
    tensor->override_user = user;
}
