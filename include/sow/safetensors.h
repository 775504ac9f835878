/* Reading and writing safetensors files.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Neither side needs memory for more than the header: tensors are read and written in pieces. */
#ifndef SOW_SAFETENSORS_H
#define SOW_SAFETENSORS_H

#include <sow/dtype.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "F32", "BF16"...; NULL for a type that the format does not have (complex128). */
SOW_API const char *sow_safetensors_dtype_name(sow_dtype dtype);

/* ---- reading ---- */

typedef struct sow_safetensors sow_safetensors;

/* One tensor of a file. Everything is lent by the file. */
typedef struct sow_safetensors_tensor {
    const char *name; /* UTF-8 */
    sow_dtype dtype;
    int n_dims;
    const int64_t *sizes;
    uint64_t begin, end; /* byte offsets in the file */
} sow_safetensors_tensor;

/* Opens a file and checks its whole header against the file's length; nothing in it is believed
 * before. Refuses (SOW_ERROR_CORRUPT, with the byte offset) all that the reference refuses, and
 * what two readers could read as two different models: a name or metadata key given twice, unknown
 * fields, a null or array in place of an object, NUL in a name, products that overflow in any
 * order. SOW_ERROR_UNSUPPORTED for a dtype name that is none. Messages name file, tensor and
 * offset. SOW_ERROR_IO when it can not be read (also a FIFO, a device or a folder, without waiting
 * for one). */
SOW_API sow_safetensors *sow_safetensors_open(const char *path, sow_error *err);
/* NULL is fine. */
SOW_API void sow_safetensors_close(sow_safetensors *file);

SOW_API size_t sow_safetensors_count(const sow_safetensors *file);
/* Tensor number index, in the order of their data; NULL past the end. */
SOW_API const sow_safetensors_tensor *sow_safetensors_at(const sow_safetensors *file, size_t index);
/* By name, in the time of a binary search; NULL when there is none. */
SOW_API const sow_safetensors_tensor *sow_safetensors_find(const sow_safetensors *file,
                                                           const char *name);
/* Key number index of __metadata__ in byte order; NULL past the end. *value (may be NULL) is its
 * value. */
SOW_API const char *sow_safetensors_metadata(const sow_safetensors *file, size_t index,
                                             const char **value);
SOW_API const char *sow_safetensors_path(const sow_safetensors *file);
/* Length of the file in bytes. */
SOW_API uint64_t sow_safetensors_n_bytes(const sow_safetensors *file);

/* Reads n_bytes of a tensor from offset bytes into it. Any thread may read, also at the same time.
 * SOW_ERROR_VALUE outside the tensor; SOW_ERROR_IO when the file got shorter since it
 * was opened. */
SOW_API sow_status sow_safetensors_read(const sow_safetensors *file,
                                        const sow_safetensors_tensor *tensor, uint64_t offset,
                                        void *buffer, size_t n_bytes, sow_error *err);

/* ---- writing ---- */

/* One tensor to be written; the name is UTF-8 without NUL. */
typedef struct sow_safetensors_spec {
    const char *name;
    sow_dtype dtype;
    int n_dims;
    const int64_t *sizes;
} sow_safetensors_spec;

/* Zero is every default. */
typedef struct sow_safetensors_options {
    /* key, value, key, value..., NULL at the end; NULL: none. Keys are sorted. */
    const char *const *metadata;
    /* Replace an existing regular file; else SOW_ERROR_EXISTS. */
    bool force;
} sow_safetensors_options;

typedef struct sow_safetensors_writer sow_safetensors_writer;

/* Starts a file with the bytes of the reference writer: tensors by dtype rank descending, then by
 * name. path "-" is standard output. Else a temporary is made beside path with its full length set
 * aside, so that a full disk shows here. Nothing is at path until sow_safetensors_finish. Refuses a
 * path that exists without force, and anything that is not a regular file (device, FIFO, folder; a
 * symbolic link is followed) always: SOW_ERROR_EXISTS. A file that is replaced keeps its mode bits.
 * SOW_ERROR_VALUE for a name given twice, "__metadata__" as a name, text that is not UTF-8, a
 * header longer than the format allows; SOW_ERROR_UNSUPPORTED for a dtype that it does not have.
 * The list and the options are not needed afterwards. The caller should ignore SIGPIPE and SIGXFSZ,
 * so that a closed pipe and a limit on the size come back as errors; this library does not touch
 * signals. */
SOW_API sow_safetensors_writer *
sow_safetensors_create(const char *path, const sow_safetensors_spec *tensors, size_t n_tensors,
                       const sow_safetensors_options *options, sow_error *err);
/* The number (in the caller's list) of the tensor that comes at place index in the file; SIZE_MAX
 * past the end. */
SOW_API size_t sow_safetensors_writer_order(const sow_safetensors_writer *writer, size_t index);
/* True for a pipe: pieces must then come in the order of the file, from one thread at a time. */
SOW_API bool sow_safetensors_writer_is_sequential(const sow_safetensors_writer *writer);
/* Length of the finished file in bytes. */
SOW_API uint64_t sow_safetensors_writer_n_bytes(const sow_safetensors_writer *writer);
/* Writes n_bytes of tensor number index (in the caller's list) at offset bytes into it, each byte
 * once. Distinct pieces may be written from distinct threads. An interrupted system call returns
 * SOW_ERROR_CANCELLED when cancelled (may be NULL) says so, else it goes on. */
SOW_API sow_status sow_safetensors_write(sow_safetensors_writer *writer, size_t index,
                                         uint64_t offset, const void *buffer, size_t n_bytes,
                                         bool (*cancelled)(void *user), void *user, sow_error *err);
/* fsync, put it in place of path, fsync the folder; frees the writer in every case. On failure path
 * is as it was and no temporary is left, except that a failure to fsync the folder, which says so,
 * leaves the finished file. SOW_ERROR_RUNTIME when fewer bytes were written than the tensors have;
 * SOW_ERROR_EXISTS when a file has come to be at path since. */
SOW_API sow_status sow_safetensors_finish(sow_safetensors_writer *writer, sow_error *err);
/* Drops everything; path is as it was. NULL is fine. */
SOW_API void sow_safetensors_abandon(sow_safetensors_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
