/* A config, its options and its checkpoint as a plan: what init and plan have in common.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MODEL_H
#define CLI_MODEL_H

#include "checkpoint.h"
#include "config.h"
#include "json.h"

typedef struct cli_model_options {
    const char *arch, *profile, *names;
    sow_dialect dialect;
    cli_seed seed, global_seed;
    cli_dtype dtype;
    cli_list from;
    bool ignore_mismatched, explain;
} cli_model_options;

extern const cli_option cli_model_rows[];

/* A built model. Everything lives until cli_model_free. */
typedef struct cli_model {
    cli_config config;
    cli_checkpoint checkpoint;
    sow_model *model;
    sow_plan *plan;
    const char **metadata; /* as sow_run_options wants it */
    const cli_model_options *options;
} cli_model;

/* Builds the plan of a config. Returns CLI_GO_ON or, after saying why, an exit status;
 * cli_model_free is needed in both cases. The struct must stay where it is. */
int cli_model_build(cli_model *model, const char *config, const cli_model_options *options);
void cli_model_free(cli_model *model);

/* Where the numbers come from: "seed 42", "global seed 0 (default)"... */
void cli_model_put_seed(FILE *out, const cli_model *model);

/* What decided tensor number index, "-" where that is not known. */
const char *cli_model_decided_by(const cli_model *model, size_t index);

/* What a report says of the model and the seed. */
void cli_model_tell(sow_report *report, const cli_model *model);

uint64_t cli_model_n_parameters(const cli_model *model);

/* "arch", "profile", "dialect", "seed", "seed_from" and "dtype" into a JSON object. */
void cli_model_json(json_t **object, const cli_model *model);

#endif
