/* A file that is there whole or not at all: written beside its place, put there at the end.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* O_TMPFILE, O_DIRECT, fallocate, renameat2 */
#include "io/output.h"

#include "base/error.h"
#include "io/system.h"
#include "io/target.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/fs.h>
#include <sys/ioctl.h>
#endif

#define NAME_SIZE 128 /* of a temporary: short enough for every file system */
#define MAX_TRIES 100 /* at a name that is not taken */

struct sow__output {
    char *path; /* for messages */
    int fd;
    int direct; /* the same file past the page cache; -1: not in use */
    uint64_t n_bytes;
    bool force;
    bool is_sequential;
    uint64_t position; /* sequential: where the next write must start */
    sow__target target;
    char temporary[NAME_SIZE]; /* "" for a file without a name */
};

/* ---- temporaries ---- */

/* Another name at every call: .NAME.sow-XXXXXX, with a long NAME cut between characters. */
static void make_name(const sow__output *output, int try, char name[NAME_SIZE])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t bits = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30 ^ (uint64_t)getpid() << 12 ^
                    (uint64_t)(uintptr_t)output ^ (uint64_t)try << 48;
    char random[7];
    for (int i = 0; i < 6; i++) {
        bits = bits * 6364136223846793005ULL + 1442695040888963407ULL;
        random[i] = letters[(bits >> 40) % (sizeof letters - 1)];
    }
    random[6] = '\0';
    int n = (int)strlen(output->target.name);
    if (n > 100) {
        n = 100;
        while (n > 0 && ((unsigned char)output->target.name[n] & 0xC0) == 0x80) {
            n--;
        }
    }
    snprintf(name, NAME_SIZE, ".%.*s.sow-%s", n, output->target.name, random);
}

/* Puts "/proc/self/fd/N" in name when that leads to the file: without it a file without a name can
 * not be given one. */
static bool descriptor_path(int fd, char name[32])
{
    struct stat file, seen;
    snprintf(name, 32, "/proc/self/fd/%d", fd);
    return fstat(fd, &file) == 0 && stat(name, &seen) == 0 && file.st_dev == seen.st_dev &&
           file.st_ino == seen.st_ino;
}

static int open_unnamed(const sow__output *output)
{
#ifdef O_TMPFILE
    char name[32];
    int fd = openat(output->target.folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    if (fd >= 0 && !descriptor_path(fd, name)) {
        close(fd);
        fd = -1;
    }
    return fd;
#else
    (void)output;
    return -1;
#endif
}

static sow_status open_named(sow__output *output, sow_error *err)
{
    for (int try = 0; try < MAX_TRIES; try++) {
        make_name(output, try, output->temporary);
        output->fd = openat(output->target.folder, output->temporary,
                            O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (output->fd >= 0) {
            return SOW_OK;
        }
        if (errno != EEXIST && errno != EINTR) {
            break;
        }
    }
    output->temporary[0] = '\0'; /* nothing of ours is there */
    return sow__fail_system(err, errno, output->path);
}

/* Not posix_fallocate: where the file system can not, that writes every block by hand. */
static sow_status set_aside(const sow__output *output, sow_error *err)
{
    if (output->n_bytes == 0) {
        return SOW_OK;
    }
    int failed;
#ifdef __linux__
    do {
        failed = fallocate(output->fd, 0, 0, (off_t)output->n_bytes);
    } while (failed != 0 && errno == EINTR);
    if (failed == 0) {
        return SOW_OK;
    }
    if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL && errno != ENODEV) {
        return sow__fail_system(err, errno, output->path);
    }
#endif
    do {
        failed = ftruncate(output->fd, (off_t)output->n_bytes);
    } while (failed != 0 && errno == EINTR);
    return failed == 0 ? SOW_OK : sow__fail_system(err, errno, output->path);
}

static sow_status open_temporary(sow__output *output, bool named, sow_error *err)
{
    output->fd = named ? -1 : open_unnamed(output);
    if (output->fd < 0) {
        sow_status status = open_named(output, err);
        if (status != SOW_OK) {
            return status;
        }
    }
    if (output->target.exists && fchmod(output->fd, output->target.mode) != 0) {
        return sow__fail_system(err, errno, output->path);
    }
    return set_aside(output, err);
}

/* A second way to a long file, past the page cache. Where the file system has none, all goes
 * through the first. */
static void open_direct(sow__output *output)
{
#if defined(O_DIRECT) && defined(__linux__)
    char name[32];
    if (output->n_bytes >= SOW__OUTPUT_DIRECT_BYTES && descriptor_path(output->fd, name)) {
        output->direct = open(name, O_WRONLY | O_DIRECT | O_CLOEXEC);
    }
#else
    (void)output;
#endif
}

/* ---- starting ---- */

static sow_status open_stdout(sow__output *output, sow_error *err)
{
    output->is_sequential = true;
    output->fd = STDOUT_FILENO;
    int flags = fcntl(output->fd, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) {
        return sow__fail_system(err, EBADF, output->path);
    }
    return SOW_OK;
}

static void output_free(sow__output *output)
{
    if (!output->is_sequential && output->fd >= 0) {
        close(output->fd);
    }
    if (output->direct >= 0) {
        close(output->direct);
    }
    sow__target_close(&output->target);
    free(output->path);
    free(output);
}

sow__output *sow__output_create(const char *path, uint64_t n_bytes,
                                const sow__output_options *options, sow_error *err)
{
    const sow__output_options defaults = {0};
    const sow__output_options *chosen = options != NULL ? options : &defaults;
    if (path == NULL) {
        sow__fail(err, SOW_ERROR_VALUE, "output: no path given");
        return NULL;
    }
    bool is_stdout = strcmp(path, "-") == 0;
    sow__output *output = malloc(sizeof *output);
    char *copy = strdup(is_stdout ? "standard output" : path);
    if (output == NULL || copy == NULL) {
        free(output);
        free(copy);
        sow__fail_memory(err, sizeof *output);
        return NULL;
    }
    *output = (sow__output){.path = copy,
                            .fd = -1,
                            .direct = -1,
                            .n_bytes = n_bytes,
                            .force = chosen->force,
                            .target = {.folder = -1}};
    sow_status status;
    if (n_bytes > INT64_MAX) {
        status =
            sow__fail(err, SOW_ERROR_OVERFLOW, "%s: %" PRIu64 " bytes are too many", copy, n_bytes);
    } else if (is_stdout) {
        status = open_stdout(output, err);
    } else {
        status = sow__target_open(&output->target, copy, chosen->force, err);
        if (status == SOW_OK) {
            status = open_temporary(output, chosen->named, err);
        }
        if (status == SOW_OK) {
            open_direct(output);
        }
    }
    if (status != SOW_OK) {
        sow__output_abandon(output);
        return NULL;
    }
    return output;
}

bool sow__output_is_sequential(const sow__output *output)
{
    return output->is_sequential;
}

/* ---- writing ---- */

static bool is_cancelled(const sow__cancel *cancel)
{
    return cancel != NULL && cancel->is != NULL && cancel->is(cancel->user);
}

static sow_status check_range(const sow__output *output, uint64_t offset, size_t n_bytes,
                              sow_error *err)
{
    if (offset > output->n_bytes || n_bytes > output->n_bytes - offset) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "%s: %zu bytes from byte %" PRIu64 " leave a file of %" PRIu64,
                         output->path, n_bytes, offset, output->n_bytes);
    }
    if (output->is_sequential && offset != output->position) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "%s: must be written in order: byte %" PRIu64
                         " is next, got byte %" PRIu64,
                         output->path, output->position, offset);
    }
    return SOW_OK;
}

/* Writes what is aligned past the page cache; 0 when that is nothing, or can not be done. */
static ssize_t write_direct(const sow__output *output, uint64_t offset, const void *bytes,
                            size_t n_bytes)
{
    size_t n_aligned = n_bytes - n_bytes % SOW__OUTPUT_ALIGNMENT;
    if (output->direct < 0 || n_aligned == 0 || offset % SOW__OUTPUT_ALIGNMENT != 0 ||
        (uintptr_t)bytes % SOW__OUTPUT_ALIGNMENT != 0) {
        return 0;
    }
    ssize_t n = pwrite(output->direct, bytes, n_aligned, (off_t)offset);
    return n < 0 && errno == EINVAL ? 0 : n; /* a file system that wants another alignment */
}

/* What write says; a pipe that does not block is waited for. */
static ssize_t write_some(const sow__output *output, uint64_t offset, const void *bytes,
                          size_t n_bytes)
{
    if (!output->is_sequential) {
        ssize_t direct = write_direct(output, offset, bytes, n_bytes);
        return direct != 0 ? direct : pwrite(output->fd, bytes, n_bytes, (off_t)offset);
    }
    ssize_t n = write(output->fd, bytes, n_bytes);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        struct pollfd ready = {.fd = output->fd, .events = POLLOUT};
        return poll(&ready, 1, -1) < 0 ? -1 : 0;
    }
    return n;
}

sow_status sow__output_write(sow__output *output, uint64_t offset, const void *bytes,
                             size_t n_bytes, const sow__cancel *cancel, sow_error *err)
{
    sow_status status = check_range(output, offset, n_bytes, err);
    if (status != SOW_OK) {
        return status;
    }
    const char *from = bytes;
    while (n_bytes > 0) {
        ssize_t n = write_some(output, offset, from, n_bytes);
        if (n < 0 && errno != EINTR) {
            return sow__fail_system(err, errno, output->path);
        }
        if (n > 0) {
            from += n;
            offset += (uint64_t)n;
            n_bytes -= (size_t)n;
            if (output->is_sequential) { /* else threads would race for it */
                output->position = offset;
            }
        }
        if (n_bytes > 0 && is_cancelled(cancel)) {
            return sow__fail(err, SOW_ERROR_CANCELLED, "%s: stopped on request", output->path);
        }
    }
    return SOW_OK;
}

bool sow__output_clone(sow__output *output, uint64_t offset, int from, uint64_t from_offset,
                       uint64_t n_bytes)
{
#ifdef FICLONERANGE
    if (output->is_sequential || check_range(output, offset, n_bytes, NULL) != SOW_OK) {
        return false;
    }
    struct file_clone_range range = {
        .src_fd = from, .src_offset = from_offset, .src_length = n_bytes, .dest_offset = offset};
    return n_bytes > 0 && ioctl(output->fd, FICLONERANGE, &range) == 0;
#else
    (void)output, (void)offset, (void)from, (void)from_offset, (void)n_bytes;
    return false;
#endif
}

/* ---- putting it in place ---- */

/* Each of the following returns 0 or an error number. */

static int flush(int fd)
{
    while (fsync(fd) != 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/* Gives a file without a name one that must not be taken. */
static int give_name(const sow__output *output, const char *name)
{
    char descriptor[32];
    snprintf(descriptor, sizeof descriptor, "/proc/self/fd/%d", output->fd);
    int failed = linkat(AT_FDCWD, descriptor, output->target.folder, name, AT_SYMLINK_FOLLOW);
    return failed != 0 ? errno : 0;
}

static int rename_over(const sow__output *output)
{
    int folder = output->target.folder;
    int failed = renameat(folder, output->temporary, folder, output->target.name);
    return failed != 0 ? errno : 0;
}

/* Renames the temporary unless there is something at its place. */
static int rename_new(const sow__output *output)
{
    int folder = output->target.folder;
    const char *name = output->target.name;
#ifdef RENAME_NOREPLACE
    if (renameat2(folder, output->temporary, folder, name, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return errno;
    }
#endif
    if (linkat(folder, output->temporary, folder, name, 0) == 0) {
        unlinkat(folder, output->temporary, 0);
        return 0;
    }
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) {
        return errno;
    }
    /* A file system that can do neither: the best left is to look and rename. */
    struct stat info;
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        return EEXIST;
    }
    return errno == ENOENT ? rename_over(output) : errno;
}

/* A temporary name for a file that has none, since only a name can be renamed over another. */
static int name_temporary(sow__output *output)
{
    int number = EEXIST;
    for (int try = 0; try < MAX_TRIES && number == EEXIST; try++) {
        char name[NAME_SIZE];
        make_name(output, try, name);
        number = give_name(output, name);
        if (number == 0) {
            memcpy(output->temporary, name, sizeof name);
        }
    }
    return number;
}

static int publish(sow__output *output)
{
    bool is_named = output->temporary[0] != '\0';
    int number;
    if (!output->force) {
        number = is_named ? rename_new(output) : give_name(output, output->target.name);
    } else {
        number = is_named ? 0 : name_temporary(output);
        number = number == 0 ? rename_over(output) : number;
    }
    if (number == 0) {
        output->temporary[0] = '\0'; /* it is no longer ours to remove */
    }
    return number;
}

static sow_status finish_file(sow__output *output, sow_error *err)
{
    int number = flush(output->fd);
    if (number != 0) {
        return sow__fail_system(err, number, output->path);
    }
    sow_status status = sow__target_check(&output->target, output->force, err);
    if (status != SOW_OK) {
        return status;
    }
    number = publish(output);
    if (number == EEXIST) {
        return sow__fail(err, SOW_ERROR_EXISTS, "%s: exists already", output->path);
    }
    if (number != 0) {
        return sow__fail_system(err, number, output->path);
    }
    number = flush(output->target.folder);
    if (number == EIO || number == ENOSPC || number == EDQUOT) {
        sow__fail_system(err, number, "its folder could not be flushed to disk");
        return err != NULL ? sow__fail_within(err, "%s: is written, but", output->path)
                           : SOW_ERROR_IO;
    }
    return SOW_OK; /* other numbers: a folder that can not be flushed at all */
}

sow_status sow__output_finish(sow__output *output, sow_error *err)
{
    sow_status status = SOW_OK;
    if (!output->is_sequential) {
        status = finish_file(output, err);
    } else if (output->position != output->n_bytes) {
        status = sow__fail(err, SOW_ERROR_RUNTIME, "%s: %" PRIu64 " of %" PRIu64 " bytes written",
                           output->path, output->position, output->n_bytes);
    }
    sow__output_abandon(output);
    return status;
}

void sow__output_abandon(sow__output *output)
{
    if (output == NULL) {
        return;
    }
    if (output->temporary[0] != '\0') {
        unlinkat(output->target.folder, output->temporary, 0);
    }
    output_free(output);
}
