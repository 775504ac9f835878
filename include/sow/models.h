/* Models from configuration files.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_MODELS_H
#define SOW_MODELS_H

#include <sow/nn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a checkpoint has under a name; handed to sow_model_from_config so that models need not know
 * file formats. */
typedef struct sow_checkpoint {
    void *user;
    /* True when there is such a tensor; fills the other pointers, sizes lent. */
    bool (*find)(void *user, const char *name, sow_dtype *dtype, int *n_dims,
                 const int64_t **sizes);
    /* True when both are there and hold the same bytes. */
    bool (*equal)(void *user, const char *a, const char *b);
    /* Name number index, lent; NULL past the end. The first floating tensor in this order can
     * decide the dtype of the model; safetensors lists names sorted by their bytes. */
    const char *(*name)(void *user, size_t index);
} sow_checkpoint;

/* Zero is every default. */
typedef struct sow_model_options {
    /* Class to build, one of sow_model_arch_at(0...); "native" is NativeModel and settles the kind
     * of config. NULL: the config's architectures[0]. */
    const char *arch;
    /* "transformers-5.23", "transformerlens-4.3", "transformerlens-3.7"; NULL: the newest. */
    const char *profile;
    /* native: "native" or "bridge"; NULL: "native". */
    const char *names;
    /* torch's global generator of the build; NULL: sow_default_generator(). */
    sow_generator *generator;
    /* native: seed is the seed argument of initialize_native_model, before the config's own. */
    bool has_seed;
    uint64_t seed;
    /* dtype is used in place of the config's. Without it: transformers: the config's, the
     * checkpoint's first floating tensor's, f32; native: the checkpoint's, f32, drawn in f32 and
     * converted. description: torch.set_default_dtype before the build. */
    bool has_dtype;
    sow_dtype dtype;
    /* NULL: from scratch. Else tensors found there are flagged initialized, and only the others are
     * initialised, in transformers' order for missing keys; of a native model in its usual order,
     * without constructor draws; of a description in the order of docs/descriptions.md. */
    const sow_checkpoint *checkpoint;
    /* A found tensor of another shape counts as missing; else SOW_ERROR_RUNTIME. */
    bool ignore_mismatched;
} sow_model_options;

typedef struct sow_model sow_model;

/* Builds the module tree that a JSON config describes, on SOW_DEFERRED: nothing is computed, the
 * fills are recorded. Two names that a config ties are one tensor, unless the checkpoint has both
 * with different bytes; when it has the tied one alone, the other takes its values. json: n_bytes
 * of text; label names it in messages ("config.json"). options NULL: the defaults. The kind of
 * config is told by its keys: "_target_" (a description, docs/descriptions.md), "model_type"
 * (transformers) or "d_model" and "n_layers" (TransformerLens native). Every error names label and
 * field, of a description the place: "net.json: $._args_[2]: ...". The caller frees the model. */
SOW_API sow_model *sow_model_from_config(const char *json, size_t n_bytes, const char *label,
                                         const sow_model_options *options, sow_error *err);
/* NULL is fine. A module of it that has another holder lives on. */
SOW_API void sow_model_free(sow_model *model);

/* The tree, lent. */
SOW_API sow_module *sow_model_module(const sow_model *model);
/* What a checkpoint of this model holds, in order, under the names on disk; tied names
 * once. Lent. */
SOW_API const sow_state_dict *sow_model_state_dict(const sow_model *model);
/* "GPT2LMHeadModel", "NativeModel"; "transformers-5.23"... Lent. */
SOW_API const char *sow_model_arch(const sow_model *model);
SOW_API const char *sow_model_profile(const sow_model *model);
/* The dtype that missing and new tensors have. */
SOW_API sow_dtype sow_model_dtype(const sow_model *model);
/* Value of a metadata key that the reference puts into the file ("format": "pt" for transformers);
 * NULL past the end. */
SOW_API const char *sow_model_metadata(const sow_model *model, size_t index, const char **value);

/* How state_dict entry number index relates to the checkpoint. */
typedef enum sow_load_state {
    SOW_LOAD_MISSING = 0, /* not there: initialised (always, without a checkpoint) */
    SOW_LOAD_LOADED,
    SOW_LOAD_MISMATCHED, /* there in another shape, ignored: initialised */
} sow_load_state;

/* index < count of the state_dict. *source (may be NULL) gets the name in the checkpoint for loaded
 * and mismatched ones, lent, else NULL. Names may stand there with or without the base prefix
 * ("transformer."), native ones in either naming. */
SOW_API sow_load_state sow_model_load_state(const sow_model *model, size_t index,
                                            const char **source);
/* What decided the values of entry number index: of a description "torch.nn.Linear $._args_[0]",
 * the target and place of its constructor, "$.init[1] kaiming_normal", the last rule, or
 * "checkpoint"; NULL for other kinds of config. Lent. */
SOW_API const char *sow_model_decided_by(const sow_model *model, size_t index);
/* Names that the checkpoint has and the model has no use for; NULL past the end. */
SOW_API const char *sow_model_unexpected(const sow_model *model, size_t index);

/* What there is: architecture names and profiles for help and docs; NULL past the end. */
SOW_API const char *sow_model_arch_at(size_t index);
SOW_API const char *sow_model_profile_at(size_t index);
/* What a description may call: the dotted path number index, classes of torch.nn first, then
 * functions; NULL past the end. *signature (may be NULL) gets the parameters of a class as PyTorch
 * writes them, "" for none, and NULL for a function. Static text; any thread. */
SOW_API const char *sow_model_target_at(size_t index, const char **signature);

#ifdef __cplusplus
}
#endif
#endif
