/* Tensors: shape, strides, device, and where the values are.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_TENSOR_H
#define SOW_TENSOR_H

#include <sow/dtype.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SOW_MAX_DIMS 64

typedef enum sow_device {
    SOW_CPU = 0,  /* has storage */
    SOW_META,     /* shape and dtype only: init calls do nothing and draw nothing */
    SOW_DEFERRED, /* no storage yet: init calls are recorded with their place in the stream */
} sow_device;

/* "cpu", "meta", "deferred"; NULL for a number that is none. */
SOW_API const char *sow_device_name(sow_device device);

/* A tensor: a view of a storage that other tensors may share. Distinct storages may be used from
 * distinct threads; tensors that share one may not. */
typedef struct sow_tensor sow_tensor;

/* ---- making ---- */

/* torch.empty: contiguous, values undefined. sizes: n_dims extents >= 0 (NULL when n_dims is 0, a
 * scalar). On SOW_META and SOW_DEFERRED no memory is taken for elements. Storage is aligned to 64
 * bytes. SOW_ERROR_RUNTIME for a negative extent, in PyTorch's words; SOW_ERROR_VALUE for n_dims
 * outside 0..SOW_MAX_DIMS or a dtype that is none; SOW_ERROR_OVERFLOW when the bytes do not fit;
 * SOW_ERROR_MEMORY. The caller frees the result. */
SOW_API sow_tensor *sow_empty(sow_dtype dtype, int n_dims, const int64_t *sizes, sow_device device,
                              sow_error *err);

/* torch.empty_strided: like sow_empty, with strides in elements (>= 0). */
SOW_API sow_tensor *sow_empty_strided(sow_dtype dtype, int n_dims, const int64_t *sizes,
                                      const int64_t *strides, sow_device device, sow_error *err);

/* torch.from_blob: a cpu tensor on the caller's memory, which must outlive it and every view of it.
 * strides in elements, NULL: contiguous. n_bytes is the size of the memory and is checked against
 * the shape; data must be aligned to the element (SOW_ERROR_VALUE). */
SOW_API sow_tensor *sow_from_blob(void *data, size_t n_bytes, sow_dtype dtype, int n_dims,
                                  const int64_t *sizes, const int64_t *strides, sow_error *err);

/* One more holder of the tensor: returns it. What takes a tensor takes one holder, so that this is
 * how to register a tensor at a second place, or to keep one that was registered or lent. NULL
 * gives NULL. */
SOW_API sow_tensor *sow_tensor_ref(sow_tensor *tensor);

/* Drops one holder; the last one frees the tensor, and the storage goes with the last tensor that
 * shares it. Not to be called on a tensor that was taken (by a module, say) or lent. NULL is fine.
 */
SOW_API void sow_tensor_free(sow_tensor *tensor);

/* ---- views (share the storage; the caller frees each) ---- */

/* tensor.transpose(dim0, dim1). Dims may be negative, counting from the end. SOW_ERROR_INDEX. */
SOW_API sow_tensor *sow_tensor_transpose(const sow_tensor *tensor, int dim0, int dim1,
                                         sow_error *err);

/* tensor.permute(dims): n_dims numbers, each dim once. */
SOW_API sow_tensor *sow_tensor_permute(const sow_tensor *tensor, const int *dims, sow_error *err);

/* tensor[..., start:stop:step, ...] on one dim, with Python's clamping and negative counts; step
 * >= 1. */
SOW_API sow_tensor *sow_tensor_slice(const sow_tensor *tensor, int dim, int64_t start, int64_t stop,
                                     int64_t step, sow_error *err);

/* tensor.select(dim, index): the dim goes away. A negative index counts from the end. */
SOW_API sow_tensor *sow_tensor_select(const sow_tensor *tensor, int dim, int64_t index,
                                      sow_error *err);

/* tensor.as_strided: any shape and strides (>= 0, in elements) from an offset in elements of the
 * storage. SOW_ERROR_RUNTIME when it would leave the storage. */
SOW_API sow_tensor *sow_tensor_as_strided(const sow_tensor *tensor, int n_dims,
                                          const int64_t *sizes, const int64_t *strides,
                                          int64_t offset, sow_error *err);

/* ---- looking ---- */

SOW_API sow_dtype sow_tensor_dtype(const sow_tensor *tensor);
SOW_API sow_device sow_tensor_device(const sow_tensor *tensor);
SOW_API int sow_tensor_n_dims(const sow_tensor *tensor);
/* n_dims numbers, lent. */
SOW_API const int64_t *sow_tensor_sizes(const sow_tensor *tensor);
/* n_dims numbers in elements, lent. */
SOW_API const int64_t *sow_tensor_strides(const sow_tensor *tensor);
SOW_API int64_t sow_tensor_numel(const sow_tensor *tensor);
/* Bytes that the elements take when stored without gaps. */
SOW_API size_t sow_tensor_n_bytes(const sow_tensor *tensor);
/* PyTorch's is_contiguous(): row-major without gaps, dims of size 1 not looked at. */
SOW_API bool sow_tensor_is_contiguous(const sow_tensor *tensor);
/* The first element, lent; NULL unless the device is SOW_CPU, or when there are no elements. */
SOW_API void *sow_tensor_data(const sow_tensor *tensor);

/* ---- the initialized flag ---- */

/* True when the values came from a checkpoint or the user said so. A view of an initialized tensor
 * is initialized. */
SOW_API bool sow_tensor_is_initialized(const sow_tensor *tensor);
/* Sets or clears the flag; on a view it is set for that view alone, and clearing it does not clear
 * its base's. */
SOW_API void sow_tensor_set_initialized(sow_tensor *tensor, bool initialized);

/* ---- values ---- */

/* tensor.copy_(source): same shape, element by element, converting the dtype as PyTorch does
 * (double to 16 bit by way of float32). Works on initialized tensors: it is the explicit copy. A
 * deferred source into a deferred target is recorded, and elements that had no value in the source
 * have none in the target; a cpu source into a deferred target gives the target storage first, a
 * deferred source of a cpu target is computed (SOW_ERROR_RUNTIME "neither loaded nor initialised"
 * when nothing was recorded for some element). A meta target stays as it is. SOW_ERROR_RUNTIME in
 * PyTorch's words for a target several of whose elements are one, and for a source that overlaps
 * the target where PyTorch sees that (both without gaps); other overlaps are copied as if the
 * source was read first. Types below 8 bits convert to no other (SOW_ERROR_UNSUPPORTED). 8-bit
 * floats convert as in PyTorch 2.13: what is too large becomes the largest number in e4m3, infinity
 * in e5m2, NaN in the others. */
SOW_API sow_status sow_tensor_copy(sow_tensor *target, const sow_tensor *source, sow_error *err);

/* Gives a deferred tensor (and all that share its storage) memory and runs its recorded fills. A
 * cpu tensor is left as it is; SOW_ERROR_RUNTIME for meta. On failure the tensor stays deferred
 * with its record. Uses up to n_threads threads; 0: one per core. */
SOW_API sow_status sow_tensor_materialize(sow_tensor *tensor, int n_threads, sow_error *err);

/* torch.empty_like(..., device): gives a meta or deferred tensor memory without values and forgets
 * recorded fills; on a cpu tensor fresh memory without values. Everything that shares the storage
 * changes with it, and is not initialized any more. */
SOW_API sow_status sow_tensor_to_empty(sow_tensor *tensor, sow_device device, sow_error *err);

#ifdef __cplusplus
}
#endif
#endif
