/* The writer seen as a file of bytes: where each tensor lies, and writing across tensors.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_IO_SAFETENSORS_WRITE_H
#define SOW_IO_SAFETENSORS_WRITE_H

#include <sow/safetensors.h>

/* Bytes [begin, end) of the file. */
typedef struct sow__file_range {
    uint64_t begin, end;
} sow__file_range;

/* Where the data of tensor number index in the caller's list lie. */
sow__file_range sow__safetensors_place(const sow_safetensors_writer *writer, size_t index);

/* All data: what is left to write once the writer is made. */
sow__file_range sow__safetensors_data(const sow_safetensors_writer *writer);

/* Like sow_safetensors_write, but a piece of the file's data from an offset in the file; it may
 * hold parts of several tensors. Pieces whose memory, offset and size are multiples of
 * SOW__OUTPUT_ALIGNMENT go to disk without passing through the page cache where that is quicker. */
sow_status sow__safetensors_write_at(sow_safetensors_writer *writer, uint64_t offset,
                                     const void *buffer, size_t n_bytes,
                                     bool (*cancelled)(void *user), void *user, sow_error *err);

/* The same with bytes of a file that was opened for reading, from an offset in it, which the file
 * system then shares (sow__output_clone). False, with nothing written, where it can not. */
bool sow__safetensors_clone_at(sow_safetensors_writer *writer, uint64_t offset,
                               const sow_safetensors *from, uint64_t from_offset, size_t n_bytes);

#endif
