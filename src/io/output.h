/* A file that is there whole or not at all: written beside its place, put there at the end.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_IO_OUTPUT_H
#define SOW_IO_OUTPUT_H

#include <sow/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sow__output sow__output;

/* What memory, offset and size of a write must be multiples of to go past the page cache. */
#define SOW__OUTPUT_ALIGNMENT 4096

/* Files shorter than this are written through the page cache, where they are at hand afterwards. */
#define SOW__OUTPUT_DIRECT_BYTES ((uint64_t)64 << 20)

/* Zero is every default. */
typedef struct sow__output_options {
    bool force; /* an existing regular file is replaced, with its mode bits */
    bool named; /* a temporary with a name even where the file system can do without */
} sow__output_options;

/* Asked after every interrupted or short write; is may be NULL: go on always. */
typedef struct sow__cancel {
    bool (*is)(void *user);
    void *user;
} sow__cancel;

/* Starts a file of n_bytes. path "-" is standard output, written in order. Else the space is set
 * aside now in a temporary in the same folder: without a name where the file system has those, so
 * that not even a kill leaves litter, else hidden as .NAME.sow-XXXXXX. A symbolic link is followed,
 * also one whose target is yet to be. SOW_ERROR_EXISTS for a file that exists without force and,
 * always, for one that is not regular; SOW_ERROR_IO with the system's text. NULL on failure. */
sow__output *sow__output_create(const char *path, uint64_t n_bytes,
                                const sow__output_options *options, sow_error *err);

/* True for standard output: each write must start where the last one ended, one thread at
 * a time. */
bool sow__output_is_sequential(const sow__output *output);

/* Writes all of [offset, offset + n_bytes), which must lie within the file. Any thread may write to
 * a file, also at the same time. In a long file the aligned part goes to disk at once where the
 * file system allows it: the page cache would take more time than the disk. The caller should
 * ignore SIGPIPE and SIGXFSZ, so that a closed pipe and a limit on the size come back as errors;
 * this library does not touch signals. */
sow_status sow__output_write(sow__output *output, uint64_t offset, const void *bytes,
                             size_t n_bytes, const sow__cancel *cancel, sow_error *err);

/* Lets the file system share bytes [from_offset, from_offset + n_bytes) of an open file with this
 * one at offset, so that none are moved. False, with nothing changed, where it can not: most can
 * not at all, none across file systems or for places that are not whole blocks in both files. Any
 * thread, not for standard output. */
bool sow__output_clone(sow__output *output, uint64_t offset, int from, uint64_t from_offset,
                       uint64_t n_bytes);

/* Flushes the file to disk, puts it in place in one step and flushes the folder. Without force
 * SOW_ERROR_EXISTS when a file has come to be there since. Frees the output in every case; on
 * failure the temporary is gone and the place is as it was, except that a failure to flush the
 * folder, which says so, leaves the finished file. */
sow_status sow__output_finish(sow__output *output, sow_error *err);

/* Drops everything; the place is as it was. NULL is fine. */
void sow__output_abandon(sow__output *output);

#endif
