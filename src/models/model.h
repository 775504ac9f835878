/* What the files of this room share: a model, a build in progress, and the table of classes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_MODELS_MODEL_H
#define SOW_MODELS_MODEL_H

#include "models/config.h"
#include <sow/models.h>

/* How a tensor of the tree relates to the checkpoint. */
typedef struct sow__load {
    sow_load_state state;
    char *source; /* the name in the checkpoint, owned; NULL when missing */
} sow__load;

struct sow_model {
    const char *arch, *profile;
    sow_dtype dtype;
    sow_module *module;
    const char *const *metadata; /* key, value, ..., NULL; static */
    sow_state_dict *state;
    sow__load *loads; /* one per entry of state */
    size_t load_capacity;
    char **decided_by; /* one per entry of state, NULL where nothing is known; NULL: of no entry */
    char **unexpected;
    size_t n_unexpected, unexpected_capacity;
};

/* Everything that building a model needs. */
typedef struct sow__build {
    sow__config *config;
    const sow_model_options *options;
    sow_factory factory; /* deferred, with the options' generator */
    sow_model *model;    /* arch and profile are set; a family fills the rest */
} sow__build;

typedef enum sow__model_kind {
    SOW__MODEL_TRANSFORMERS,
    SOW__MODEL_NATIVE,
    SOW__MODEL_DESCRIPTION,
} sow__model_kind;

/* What builds the classes of one model_type: one file. build fills build->model; err is
 * not NULL. */
typedef struct sow__family {
    sow__model_kind kind;
    sow_status (*build)(sow__build *build, sow_error *err);
} sow__family;

#define SOW_X(arch, model_type, family) extern const sow__family family;
#include "models/registry.def"
#undef SOW_X

/* Of descriptions, which name no class. */
extern const sow__family sow__description_family;

/* Appends to the model's state_dict; load (NULL: missing) gives up its source name. */
sow_status sow__model_add(sow_model *model, const char *name, sow_tensor *tensor, sow__load *load,
                          sow_error *err);

#endif
