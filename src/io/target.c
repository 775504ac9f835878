/* Where an output goes: the folder and the name in it, links followed, and what is there now.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* O_PATH */
#include "io/target.h"

#include "base/error.h"
#include "io/system.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINKS 40 /* as many as the kernel follows */

static sow_status refuse_existing(const sow__target *target, mode_t mode, bool force,
                                  sow_error *err)
{
    if (!S_ISREG(mode)) {
        return sow__fail(err, SOW_ERROR_EXISTS, "%s: is %s, only a regular file can be replaced",
                         target->path, sow__file_kind(mode));
    }
    if (!force) {
        return sow__fail(err, SOW_ERROR_EXISTS, "%s: exists already", target->path);
    }
    return SOW_OK;
}

/* What a symbolic link says, to be freed; NULL and errno. */
static char *read_link(const char *path)
{
    for (size_t size = 256;; size *= 2) {
        char *text = malloc(size);
        if (text == NULL) {
            return NULL;
        }
        ssize_t n = readlink(path, text, size);
        if (n >= 0 && (size_t)n < size) {
            text[n] = '\0';
            return text;
        }
        int number = errno;
        free(text);
        if (n < 0) {
            errno = number;
            return NULL;
        }
    }
}

/* Length of the part of a path up to and with its last slash. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

/* The path that a link at path leads to, to be freed; NULL and errno. */
static char *follow_link(const char *path)
{
    char *link = read_link(path);
    if (link == NULL || link[0] == '/') {
        return link;
    }
    size_t before = folder_length(path), n = strlen(link) + 1;
    char *joined = malloc(before + n);
    if (joined != NULL) {
        memcpy(joined, path, before);
        memcpy(joined + before, link, n);
    }
    free(link);
    return joined;
}

/* A copy of path with links at its end followed, to be freed; the last one need not lead to
 * anything. NULL and errno. */
static char *follow_links(const char *path)
{
    char *at = strdup(path);
    struct stat info;
    for (int n = 0; at != NULL && lstat(at, &info) == 0 && S_ISLNK(info.st_mode); n++) {
        char *next = NULL;
        if (n < MAX_LINKS) {
            next = follow_link(at);
        } else {
            errno = ELOOP;
        }
        int number = errno;
        free(at);
        errno = number;
        at = next;
    }
    return at;
}

/* A folder that may be entered and written but not read can still be used, though not flushed. */
static int open_folder(const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
#ifdef O_PATH
    if (folder < 0 && errno == EACCES) {
        folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
#endif
    return folder;
}

static sow_status open_place(sow__target *target, sow_error *err)
{
    char *place = follow_links(target->path);
    if (place == NULL) {
        return sow__fail_system(err, errno, target->path);
    }
    size_t before = folder_length(place);
    target->name = strdup(place + before);
    if (target->name == NULL) {
        free(place);
        return sow__fail_memory(err, strlen(target->path));
    }
    if (target->name[0] == '\0') {
        free(place);
        return sow__fail_system(err, EISDIR, target->path);
    }
    place[before] = '\0';
    target->folder = open_folder(before > 0 ? place : ".");
    sow_status status = SOW_OK;
    if (target->folder < 0 && errno == ENOENT) {
        status =
            sow__fail(err, SOW_ERROR_IO, "%s: the folder %s does not exist", target->path, place);
    } else if (target->folder < 0) {
        status = sow__fail_system(err, errno, target->path);
    }
    free(place);
    return status;
}

sow_status sow__target_open(sow__target *target, const char *path, bool force, sow_error *err)
{
    *target = (sow__target){.path = path, .folder = -1};
    if (path[0] == '\0') {
        return sow__fail_system(err, ENOENT, "output path \"\"");
    }
    /* The system's own look comes first: it follows /dev/stdout, which cannot be read as a path. */
    struct stat info;
    if (stat(path, &info) == 0) {
        sow_status status = refuse_existing(target, info.st_mode, force, err);
        if (status != SOW_OK) {
            return status;
        }
    } else if (errno != ENOENT) {
        return sow__fail_system(err, errno, path);
    }
    sow_status status = open_place(target, err);
    return status == SOW_OK ? sow__target_check(target, force, err) : status;
}

sow_status sow__target_check(sow__target *target, bool force, sow_error *err)
{
    struct stat info;
    target->exists = fstatat(target->folder, target->name, &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (!target->exists) {
        return errno == ENOENT ? SOW_OK : sow__fail_system(err, errno, target->path);
    }
    target->mode = info.st_mode & 0777;
    return refuse_existing(target, info.st_mode, force, err);
}

void sow__target_close(sow__target *target)
{
    if (target->folder >= 0) {
        close(target->folder);
    }
    free(target->name);
    *target = (sow__target){.folder = -1};
}
