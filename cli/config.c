/* Reading a configuration file.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_BYTES ((size_t)64 << 20)
#define FILE_IN_FOLDER "config.json"

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* The name of the file that path means; NULL when there is no memory. */
static char *file_name(const char *path)
{
    if (strcmp(path, "-") == 0) {
        return strdup("standard input");
    }
    if (!is_folder(path)) {
        return strdup(path);
    }
    const size_t size = strlen(path) + sizeof "/" FILE_IN_FOLDER;
    char *name = malloc(size);
    if (name != NULL) {
        const bool ends = path[0] != '\0' && path[strlen(path) - 1] == '/';
        snprintf(name, size, "%s%s%s", path, ends ? "" : "/", FILE_IN_FOLDER);
    }
    return name;
}

/* A descriptor to read from, or -1 with *status said. O_NONBLOCK: a FIFO must not hold us up. */
static int open_regular(const char *name, int *status)
{
    struct stat about;
    const int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0) {
        *status = cli_fail(CLI_INPUT, "%s: %s", name, strerror(errno));
    } else if (!S_ISREG(about.st_mode)) {
        *status = cli_fail(CLI_INPUT, "%s: is not a regular file (`-` reads standard input)", name);
    } else {
        return fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

static void note_place(cli_config *config, int fd)
{
    struct stat about;
    config->is_file = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    config->device = config->is_file ? about.st_dev : 0;
    config->inode = config->is_file ? about.st_ino : 0;
}

static bool grow(cli_config *config, size_t *room)
{
    const size_t more = *room == 0 ? (size_t)1 << 16 : 2 * *room;
    char *json = realloc(config->json, more);
    if (json != NULL) {
        config->json = json;
        *room = more;
    }
    return json != NULL;
}

static int read_all(cli_config *config, int fd)
{
    size_t room = 0;
    for (;;) {
        if (config->n_bytes == room && !grow(config, &room)) {
            return cli_fail_memory();
        }
        const ssize_t n = read(fd, config->json + config->n_bytes, room - config->n_bytes);
        if (n == 0) {
            return CLI_GO_ON;
        }
        if (n < 0 && errno != EINTR) {
            return cli_fail(CLI_INPUT, "%s: %s", config->label, strerror(errno));
        }
        config->n_bytes += n > 0 ? (size_t)n : 0;
        if (config->n_bytes > MAX_BYTES) {
            return cli_fail(CLI_INPUT, "%s: a config has at most 64 MiB", config->label);
        }
    }
}

/* Options mean different things for a native config, or nothing for other kinds, so its kind must
 * be known here too. Anything that is not such a config stays as it is. */
static void find_kind(cli_config *config)
{
    json_t *root = json_loadb(config->json, config->n_bytes, 0, NULL);
    config->is_native = json_object_get(root, "model_type") == NULL &&
                        json_object_get(root, "d_model") != NULL &&
                        json_object_get(root, "n_layers") != NULL;
    config->is_description = json_object_get(root, "_target_") != NULL;
    const json_t *seed = json_object_get(root, "seed");
    config->has_seed = json_is_integer(seed);
    config->seed = json_integer_value(seed);
    json_decref(root);
}

int cli_config_read(cli_config *config, const char *path)
{
    *config = (cli_config){.label = file_name(path)};
    if (config->label == NULL) {
        return cli_fail_memory();
    }
    const bool from_stdin = strcmp(path, "-") == 0;
    int status = CLI_GO_ON;
    const int fd = from_stdin ? STDIN_FILENO : open_regular(config->label, &status);
    if (fd < 0) {
        return status;
    }
    note_place(config, fd);
    status = read_all(config, fd);
    if (!from_stdin) {
        close(fd);
    }
    if (status == CLI_GO_ON) {
        find_kind(config);
    }
    return status;
}

bool cli_config_is_at(const cli_config *config, const char *path)
{
    struct stat about;
    return config->is_file && stat(path, &about) == 0 && about.st_dev == config->device &&
           about.st_ino == config->inode;
}

void cli_config_free(cli_config *config)
{
    free(config->label);
    free(config->json);
    *config = (cli_config){0};
}
