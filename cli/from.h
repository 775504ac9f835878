/* What became of the tensors of --from and of the model.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FROM_H
#define CLI_FROM_H

#include "model.h"

/* The lines "loaded 2: a, b" and so on, and "from" into a JSON object; nothing without --from. */
void cli_from_put(FILE *out, const cli_model *model);
void cli_from_json(json_t **object, const cli_model *model);

/* Warns of files that have nothing for the model. Returns CLI_GO_ON or an exit status. */
int cli_from_warn(const cli_model *model);

#endif
