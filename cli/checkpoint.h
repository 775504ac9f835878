/* The files of --from as one checkpoint.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CHECKPOINT_H
#define CLI_CHECKPOINT_H

#include "options.h"

typedef struct cli_checkpoint {
    sow_checkpoint callbacks; /* what the library is handed; callbacks.user is this struct */
    sow_safetensors **files;
    size_t n_files;
    const char **names; /* file by file and by name, the order in which safetensors lists keys */
    size_t n_names;
    sow_error read_error; /* the first failed read of a comparison; status SOW_OK: none */
} cli_checkpoint;

/* Opens every file. A tensor that two of them hold is an error. Returns CLI_GO_ON or, after saying
 * why, an exit status; cli_checkpoint_close is needed in both cases. The struct must stay where it
 * is. */
int cli_checkpoint_open(cli_checkpoint *checkpoint, const cli_list *paths);
void cli_checkpoint_close(cli_checkpoint *checkpoint);

/* The tensor of a name and, in *file, the file that holds it; NULL when none does. */
const sow_safetensors_tensor *cli_checkpoint_find(const cli_checkpoint *checkpoint,
                                                  const char *name, const sow_safetensors **file);

#endif
