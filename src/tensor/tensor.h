/* Inside a tensor: storage, geometry, element order.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_TENSOR_TENSOR_H
#define SOW_TENSOR_TENSOR_H

#include <sow/init.h>
#include <sow/tensor.h>

/* What a deferred storage remembers; made and freed by fill/. */
typedef struct sow__tape sow__tape;

typedef struct sow__storage {
    int n_refs; /* tensors that share it; those are used from one thread at a time */
    sow_device device;
    sow_dtype dtype;
    bool blank;         /* cpu: nothing was written to data since it was allocated */
    uint64_t n_emptied; /* times that the values went away, and all flags with them */
    bool borrowed;      /* data is the caller's */
    bool approximate;   /* data was computed with last bits of our own (docs/bits.md) */
    void *data;         /* NULL unless device is cpu */
    uint64_t numel;     /* elements that the storage has */
    sow__tape *tape;    /* deferred: recorded fills, NULL: none yet */
    void (*tape_free)(sow__tape *tape);
} sow__storage;

/* The initialized flag. Tensors over one storage have one together or one each. */
typedef struct sow__flag {
    int n_refs;
    uint64_t set_at;        /* the storage's n_emptied + 1 when it was set; 0: not set */
    struct sow__flag *base; /* of what a view was made of, which counts too; NULL: no view */
} sow__flag;

struct sow_tensor {
    int n_refs;
    sow__storage *storage;
    int n_dims;
    int64_t offset; /* of the first element in the storage, in elements */
    int64_t numel;
    sow__flag *flag;
    sow_init_override override;
    void *override_user;
    int64_t sizes[SOW_MAX_DIMS];
    int64_t strides[SOW_MAX_DIMS];
};

typedef enum sow__alias_flag {
    SOW__FLAG_SHARED,  /* setting or clearing it on one tensor is seen on the other */
    SOW__FLAG_OWN,     /* not set; nothing to do with the other's */
    SOW__FLAG_OF_VIEW, /* not set, and counts as set while the other's is */
} sow__alias_flag;

/* A second tensor over the same elements, with the same hook; NULL after filling *err. */
sow_tensor *sow__tensor_alias(const sow_tensor *tensor, sow__alias_flag flag, sow_error *err);

/* A flag of its own, one holder; base (may be NULL) is taken. NULL when there is no memory. */
sow__flag *sow__flag_new(sow__flag *base);
void sow__flag_unref(sow__flag *flag);

/* sow_tensor_data, to write values there. */
void *sow__tensor_write(sow_tensor *tensor);

/* The memory of a cpu storage of numel elements, aligned to 64 bytes and not cleared; for no
 * elements too. NULL when it can not be had. */
void *sow__storage_alloc(sow_dtype dtype, uint64_t numel);

/* Gives a storage memory with values (taken over) and makes it cpu: its tape goes away. */
void sow__storage_set_data(sow__storage *storage, void *data);

/* The memory of a cpu storage of the same size goes over to another, in the place of what that held
 * or recorded, and all of its flags go. */
void sow__storage_take(sow__storage *to, sow__storage *from);

/* ---- shapes ---- */

#define SOW__SIZES_TEXT_SIZE (22 * SOW_MAX_DIMS + 3)

/* "[2, 3]": a list of numbers as PyTorch's messages print it. Returns text. */
const char *sow__sizes_text(int n, const int64_t *values, char text[SOW__SIZES_TEXT_SIZE]);

/* Elements of a storage that a shape with strides (>= 0) reaches over, 0 for a shape without
 * elements. false when the number does not fit int64_t. */
bool sow__shape_extent(int n_dims, const int64_t *sizes, const int64_t *strides, int64_t *extent);

/* A dim as users give it, negative ones counted from the end, into 0..n_dims-1. A scalar has dim 0
 * and -1. SOW_ERROR_INDEX. */
sow_status sow__tensor_dim(const sow_tensor *tensor, int dim, int *wrapped, sow_error *err);

/* ---- element order ---- */

/* The order in which PyTorch's iterator walks a tensor: dims of size 1 dropped, the others sorted
 * by stride, smallest innermost; neighbours that are one run in memory are merged. */
typedef struct sow__order {
    int n_dims; /* innermost first; 0: one element or none */
    int64_t numel;
    int64_t sizes[SOW_MAX_DIMS];
    int64_t strides[SOW_MAX_DIMS];
    int64_t offset;
} sow__order;

void sow__tensor_order(const sow_tensor *tensor, sow__order *order);

/* The same walk in logical row-major order, last dim innermost. */
void sow__tensor_logical_order(const sow_tensor *tensor, sow__order *order);

/* True when the walk is one run of memory without gaps. */
bool sow__order_is_dense(const sow__order *order);

/* True when two elements share a place because a dim of more than one element has stride 0. */
bool sow__tensor_overlaps(const sow_tensor *tensor);

/* SOW_ERROR_RUNTIME in PyTorch's words for a tensor with such elements, which nothing may write. */
sow_status sow__check_written_once(const sow_tensor *tensor, sow_error *err);

/* True when the tensor has every element of its storage, each once. */
bool sow__tensor_is_whole(const sow_tensor *tensor);

/* Writes (scatter) or reads (gather) elements first..first+count of a walk between a dense buffer
 * and the storage's memory; bytes per element 1, 2, 4, 8 or 16. */
void sow__order_scatter(const sow__order *order, void *data, size_t element_bytes, int64_t first,
                        int64_t count, const void *buffer);
void sow__order_gather(const sow__order *order, const void *data, size_t element_bytes,
                       int64_t first, int64_t count, void *buffer);

/* The walk over a target in the iterator's order, and the same steps over a source of the same
 * shape. */
void sow__order_pair(const sow_tensor *target, const sow_tensor *source, sow__order *to,
                     sow__order *from);

/* ---- conversion ---- */

/* True when elements of one type can be converted to the other (all but the opaque ones). */
bool sow__convertible(sow_dtype to, sow_dtype from);
/* SOW_ERROR_UNSUPPORTED when that is not so. */
sow_status sow__check_convertible(sow_dtype to, sow_dtype from, sow_error *err);
/* Whether an element of an integer type or bool holds a number, as PyTorch sees it when it makes
 * one of a Python number. A negative integer wraps once in an unsigned type; the limits of 64 bits
 * are rounded to a double before a double is compared with them. */
bool sow__integer_fits(int64_t integer, sow_dtype dtype);
bool sow__double_fits(double number, sow_dtype dtype);
/* Converts n dense elements as tensor.copy_ does. */
void sow__convert(void *out, sow_dtype to, const void *in, sow_dtype from, size_t n);

/* The failures of target.copy_(source) that do not hang on devices: shapes, types, and overlaps
 * that PyTorch sees, in its words. */
sow_status sow__check_copy(const sow_tensor *target, const sow_tensor *source, sow_error *err);

/* target.copy_(source) between cpu tensors, any strides. Overlaps that PyTorch does not see are
 * copied as if the source was read first. */
sow_status sow__tensor_copy_cpu(sow_tensor *target, const sow_tensor *source, sow_error *err);

#endif
