/* Safetensors files: opening and reading.
 * SPDX-License-Identifier: Apache-2.0 */
#include "io/safetensors/read.h"
#include "base/error.h"
#include "io/safetensors/format.h"
#include "io/safetensors/header.h"
#include "io/system.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct sow_safetensors {
    int fd;
    char *path;
    uint64_t n_bytes;
    sow__header header;
};

/* The whole of [offset, offset + n_bytes) or an error. */
static sow_status read_all(const sow_safetensors *file, uint64_t offset, void *buffer,
                           size_t n_bytes, sow_error *err)
{
    char *to = buffer;
    while (n_bytes > 0) {
        ssize_t got = pread(file->fd, to, n_bytes, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return sow__fail_system(err, errno, file->path);
        }
        if (got == 0) {
            return sow__fail_at(err, SOW_ERROR_IO, (int64_t)offset,
                                "%s: byte %" PRIu64 ": the file ends here, it had %" PRIu64
                                " bytes when it was opened",
                                file->path, offset, file->n_bytes);
        }
        to += got;
        offset += (uint64_t)got;
        n_bytes -= (size_t)got;
    }
    return SOW_OK;
}

/* A FIFO or a device must not block the open: hence O_NONBLOCK, which a regular file ignores. */
static sow_status open_regular(sow_safetensors *file, sow_error *err)
{
    file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat info;
    if (file->fd < 0 || fstat(file->fd, &info) != 0) {
        return sow__fail_system(err, errno, file->path);
    }
    if (!S_ISREG(info.st_mode)) {
        return sow__fail(err, SOW_ERROR_IO, "%s: is %s, a regular file is needed", file->path,
                         sow__file_kind(info.st_mode));
    }
    file->n_bytes = (uint64_t)info.st_size;
    return SOW_OK;
}

/* A file of another kind, told by its first bytes. */
static sow_status fail_other_kind(const sow_safetensors *file, const unsigned char *first,
                                  uint64_t length, sow_error *err)
{
    if (memcmp(first, "PK\3\4", 4) == 0 || (first[0] == 0x80 && first[1] >= 2 && first[1] <= 5)) {
        return sow__fail_at(
            err, SOW_ERROR_CORRUPT, 0,
            "%s: byte 0: not a safetensors file: a %s, which is not read", file->path,
            first[0] == 'P' ? "zip archive or pickled checkpoint" : "pickled checkpoint");
    }
    return sow__fail_at(err, SOW_ERROR_CORRUPT, 0,
                        "%s: byte 0: not a safetensors file: a header of %" PRIu64
                        " bytes, at most %d are allowed",
                        file->path, length, SOW__SAFETENSORS_MAX_HEADER_BYTES);
}

static sow_status read_header_length(const sow_safetensors *file, uint64_t *n_bytes, sow_error *err)
{
    unsigned char prefix[SOW__SAFETENSORS_PREFIX_BYTES];
    if (file->n_bytes < sizeof prefix) {
        return sow__fail_at(err, SOW_ERROR_CORRUPT, 0,
                            "%s: byte 0: %" PRIu64 " bytes are too few for a safetensors file",
                            file->path, file->n_bytes);
    }
    sow_status status = read_all(file, 0, prefix, sizeof prefix, err);
    if (status != SOW_OK) {
        return status;
    }
    uint64_t length = 0;
    for (size_t i = sizeof prefix; i-- > 0;) {
        length = length << 8 | prefix[i];
    }
    if (length > SOW__SAFETENSORS_MAX_HEADER_BYTES) {
        return fail_other_kind(file, prefix, length, err);
    }
    if (length > file->n_bytes - sizeof prefix) {
        return sow__fail_at(err, SOW_ERROR_CORRUPT, 0,
                            "%s: byte 0: a header of %" PRIu64 " bytes in a file of %" PRIu64,
                            file->path, length, file->n_bytes);
    }
    *n_bytes = length;
    return SOW_OK;
}

static sow_status read_header(sow_safetensors *file, sow_error *err)
{
    uint64_t n_bytes = 0;
    sow_status status = read_header_length(file, &n_bytes, err);
    if (status != SOW_OK) {
        return status;
    }
    char *text = malloc((size_t)n_bytes + 1);
    if (text == NULL) {
        return sow__fail_memory(err, (size_t)n_bytes + 1);
    }
    text[n_bytes] = '\0';
    status = read_all(file, SOW__SAFETENSORS_PREFIX_BYTES, text, (size_t)n_bytes, err);
    if (status == SOW_OK) {
        const sow__header_source source = {file->path, text, (size_t)n_bytes, file->n_bytes};
        status = sow__header_read(&file->header, &source, err);
    }
    free(text);
    return status;
}

sow_safetensors *sow_safetensors_open(const char *path, sow_error *err)
{
    if (path == NULL) {
        sow__fail(err, SOW_ERROR_VALUE, "safetensors: no path given");
        return NULL;
    }
    sow_safetensors *file = calloc(1, sizeof *file);
    char *copy = strdup(path);
    if (file == NULL || copy == NULL) {
        free(file);
        free(copy);
        sow__fail_memory(err, strlen(path) + 1);
        return NULL;
    }
    file->path = copy;
    file->fd = -1;
    if (open_regular(file, err) != SOW_OK || read_header(file, err) != SOW_OK) {
        sow_safetensors_close(file);
        return NULL;
    }
    return file;
}

void sow_safetensors_close(sow_safetensors *file)
{
    if (file == NULL) {
        return;
    }
    if (file->fd >= 0) {
        close(file->fd);
    }
    sow__header_free(&file->header);
    free(file->path);
    free(file);
}

size_t sow_safetensors_count(const sow_safetensors *file)
{
    return file->header.n_entries;
}

const sow_safetensors_tensor *sow_safetensors_at(const sow_safetensors *file, size_t index)
{
    return index < file->header.n_entries ? &file->header.entries[index].tensor : NULL;
}

static int compare_with_name(const void *name, const void *element)
{
    const sow__header_name *entry = element;
    return strcmp(name, entry->name);
}

const sow_safetensors_tensor *sow_safetensors_find(const sow_safetensors *file, const char *name)
{
    const sow__header *header = &file->header;
    const sow__header_name *found = bsearch(name, header->by_name, header->n_entries,
                                            sizeof *header->by_name, compare_with_name);
    return found != NULL ? &found->entry->tensor : NULL;
}

const char *sow_safetensors_metadata(const sow_safetensors *file, size_t index, const char **value)
{
    if (index >= file->header.n_pairs) {
        return NULL;
    }
    const sow__header_pair *pair = &file->header.pairs[index];
    if (value != NULL) {
        *value = pair->value;
    }
    return pair->key;
}

const char *sow_safetensors_path(const sow_safetensors *file)
{
    return file->path;
}

uint64_t sow_safetensors_n_bytes(const sow_safetensors *file)
{
    return file->n_bytes;
}

sow_status sow_safetensors_read(const sow_safetensors *file, const sow_safetensors_tensor *tensor,
                                uint64_t offset, void *buffer, size_t n_bytes, sow_error *err)
{
    uint64_t held = tensor->end - tensor->begin;
    if (offset > held || n_bytes > held - offset) {
        char quoted[SOW__QUOTE_SIZE];
        return sow__fail(err, SOW_ERROR_VALUE,
                         "%s: tensor %s: %zu bytes from %" PRIu64 " leave its %" PRIu64 " bytes",
                         file->path, sow__safetensors_quote(tensor->name, quoted), n_bytes, offset,
                         held);
    }
    return read_all(file, tensor->begin + offset, buffer, n_bytes, err);
}

int sow__safetensors_descriptor(const sow_safetensors *file)
{
    return file->fd;
}
