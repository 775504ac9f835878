/* libFuzzer target: any bytes as a safetensors file. What opens must keep its promises.
 *
 * Built and run by tools/fuzz.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memfd_create */
#include <sow/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static void check(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

/* The tensors must cover the data without a gap, be found by name and be readable to the end. */
static void check_file(const sow_safetensors *file, const uint8_t *data, size_t size)
{
    size_t n = sow_safetensors_count(file);
    uint64_t end = n > 0 ? sow_safetensors_at(file, 0)->begin : size;
    for (size_t i = 0; i < n; i++) {
        const sow_safetensors_tensor *tensor = sow_safetensors_at(file, i);
        check(tensor->begin == end && tensor->end >= tensor->begin && tensor->end <= size,
              "tensors follow each other");
        end = tensor->end;
        check(sow_safetensors_find(file, tensor->name) == tensor, "a name finds its tensor");
        size_t n_bytes = (size_t)(tensor->end - tensor->begin);
        uint8_t *bytes = malloc(n_bytes + 1);
        check(bytes != NULL, "memory");
        check(sow_safetensors_read(file, tensor, 0, bytes, n_bytes, NULL) == SOW_OK &&
                  memcmp(bytes, data + tensor->begin, n_bytes) == 0,
              "the data are read");
        free(bytes);
    }
    check(end == size, "the data are covered");
    check(sow_safetensors_at(file, n) == NULL, "there is an end");
    const char *value, *key, *before = NULL;
    for (size_t i = 0; (key = sow_safetensors_metadata(file, i, &value)) != NULL; i++) {
        check(before == NULL || strcmp(before, key) < 0, "metadata keys are sorted");
        before = key;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, data, size) == (ssize_t)size, "a file in memory");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    sow_error err = {SOW_OK, -2, ""};
    sow_safetensors *file = sow_safetensors_open(path, &err);
    if (file != NULL) {
        check_file(file, data, size);
    } else {
        check(err.status == SOW_ERROR_CORRUPT || err.status == SOW_ERROR_UNSUPPORTED,
              "bytes alone can only be corrupt or unsupported");
        check(err.offset >= 0 && err.offset <= (int64_t)size, "an offset in the file");
        check(strncmp(err.message, path, strlen(path)) == 0, "a message that names the file");
    }
    sow_safetensors_close(file);
    close(fd);
    return 0;
}

/* Changes the header alone and mends its length, so that most inputs get past the first check; one
 * time in eight anything. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    uint64_t length = 0;
    for (size_t i = 8; size >= 8 && i-- > 0;) {
        length = length << 8 | data[i];
    }
    if (size < 8 || length > size - 8 || max_size <= size || seed % 8 == 0) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    size_t n_header = (size_t)length, n_data = size - 8 - n_header;
    uint8_t *tail = malloc(n_data + 1);
    check(tail != NULL, "memory");
    memcpy(tail, data + 8 + n_header, n_data);
    n_header = LLVMFuzzerMutate(data + 8, n_header, max_size - 8 - n_data);
    memcpy(data + 8 + n_header, tail, n_data);
    free(tail);
    for (size_t i = 0; i < 8; i++) {
        data[i] = (uint8_t)((uint64_t)n_header >> 8 * i);
    }
    return 8 + n_header + n_data;
}
