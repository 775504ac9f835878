/* Reading a configuration file.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct cli_config {
    char *label; /* names the file in messages */
    char *json;
    size_t n_bytes;
    bool is_native;      /* d_model and n_layers, no model_type */
    bool is_description; /* _target_ */
    bool has_seed;       /* its own seed, a number */
    int64_t seed;
    bool is_file; /* the place of the file, unless it is a pipe */
    dev_t device;
    ino_t inode;
} cli_config;

/* Reads a file, the config.json of a folder, or standard input ("-"). Returns CLI_GO_ON or, after
 * saying why, an exit status; cli_config_free is needed in both cases. Whether the text is a config
 * at all is for the library to say. */
int cli_config_read(cli_config *config, const char *path);
void cli_config_free(cli_config *config);

/* True when a path leads to the file that was read. */
bool cli_config_is_at(const cli_config *config, const char *path);

#endif
