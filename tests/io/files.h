/* What the tests of files share: a folder of their own, whole files as bytes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_TESTS_IO_FILES_H
#define SOW_TESTS_IO_FILES_H

#include "support.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 512

/* The folder of this program; made by make_folder, removed with all in it by remove_folder. */
static char folder[PATH_SIZE / 2];

static inline int make_folder(void **state)
{
    (void)state;
    const char *place = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/sow-test-XXXXXX", place != NULL ? place : "/tmp");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

/* Things in a folder besides . and .. */
static inline int count_files(const char *path)
{
    DIR *dir = opendir(path);
    assert_non_null(dir);
    int n = -2;
    while (readdir(dir) != NULL) {
        n++;
    }
    closedir(dir);
    return n;
}

static inline void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return;
    }
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        char *inner = malloc(strlen(path) + strlen(entry->d_name) + 2);
        assert_non_null(inner);
        sprintf(inner, "%s/%s", path, entry->d_name);
        struct stat info;
        if (lstat(inner, &info) == 0 && S_ISDIR(info.st_mode)) {
            remove_tree(inner);
        } else {
            unlink(inner);
        }
        free(inner);
    }
    closedir(dir);
    rmdir(path);
}

/* Each test starts with the folder empty. */
static inline int empty_folder(void **state)
{
    (void)state;
    remove_tree(folder);
    return mkdir(folder, 0755);
}

static inline int remove_folder(void **state)
{
    (void)state;
    remove_tree(folder);
    return 0;
}

/* The path of a name in the folder; path has PATH_SIZE bytes. Returns path. */
static inline const char *in_folder(char *path, const char *name)
{
    int n = snprintf(path, PATH_SIZE, "%s/%s", folder, name);
    assert_true(n > 0 && n < PATH_SIZE);
    return path;
}

static inline void write_file(const char *path, const void *bytes, size_t n_bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n_bytes, file), n_bytes);
    assert_int_equal(fclose(file), 0);
}

/* The whole of a file, to be freed. */
static inline unsigned char *read_file(const char *path, size_t *n_bytes)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s: %s", path, strerror(errno));
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *n_bytes = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*n_bytes + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *n_bytes, file), *n_bytes);
    bytes[*n_bytes] = '\0';
    fclose(file);
    return bytes;
}

static inline void assert_file_is(const char *path, const void *expected, size_t n_expected)
{
    size_t n_bytes;
    unsigned char *bytes = read_file(path, &n_bytes);
    size_t n = n_bytes < n_expected ? n_bytes : n_expected;
    assert_same_bits(bytes, expected, n, 1);
    assert_int_equal(n_bytes, n_expected);
    free(bytes);
}

#endif
