/* What all transformers models share: when and in which order modules are initialised, the base
 * rules, tying, and filling the missing keys of a checkpoint.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_MODELS_TRANSFORMERS_H
#define SOW_MODELS_TRANSFORMERS_H

#include "models/model.h"

typedef struct sow__transformers sow__transformers;

/* A model under construction: its fields are the architecture's own struct. */
typedef struct sow__pretrained {
    sow__build *build;
    const sow__transformers *arch;
    const void *fields;
} sow__pretrained;

/* One name that takes the tensor of another. */
typedef struct sow__tie {
    const char *target, *source; /* target NULL: end of a list */
} sow__tie;

/* An architecture; one const struct in its file. */
struct sow__transformers {
    const char *base_prefix;           /* "transformer": names may come with or without it */
    const char *const *unused_endings; /* of checkpoint names that are no news; NULL at the end */
    size_t fields_bytes;
    /* Reads the config into the zeroed fields; failures go to the build's config. */
    void (*read)(sow__build *build, void *fields);
    /* Builds the tree; the constructor of each nested PreTrainedModel ends with
     * sow__transformers_post_init. NULL on failure. */
    sow_module *(*construct)(const sow__pretrained *model, sow_error *err);
    /* _init_weights of one module. */
    sow_status (*init_weights)(const sow__pretrained *model, sow_module *module, sow_error *err);
    /* The names to tie, or NULL. */
    const sow__tie *(*ties)(const void *fields);
};

/* Builds build->model for an architecture. */
sow_status sow__transformers_build(sow__build *build, const sow__transformers *arch,
                                   sow_error *err);

/* post_init: one initialisation pass over the modules that none has handled yet. With a checkpoint
 * nothing happens here: one pass over the whole tree follows later. */
sow_status sow__transformers_post_init(const sow__pretrained *model, sow_module *module,
                                       sow_error *err);

/* The base _init_weights; std is the config's, 0 standing for 0.02. */
sow_status sow__transformers_base_init(sow_module *module, double std, sow_generator *generator,
                                       sow_error *err);

/* num_labels as the config class finds it: the field, else the entries of id2label, else 2. */
int64_t sow__transformers_num_labels(sow__config *config);

#endif
