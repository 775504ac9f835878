/* The native model of TransformerLens: its config fields, tree and initialisation.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_MODELS_NATIVE_H
#define SOW_MODELS_NATIVE_H

#include "models/model.h"

typedef enum sow__native_norm {
    SOW__NORM_LAYER, /* weight and bias */
    SOW__NORM_RMS,   /* weight */
    SOW__NORM_BARE,  /* no parameters */
} sow__native_norm;

enum { SOW__NATIVE_TEXT = 64 };

typedef struct sow__native_fields {
    bool v37; /* profile transformerlens-3.7 */
    int64_t d_model, d_head, n_layers, n_ctx, n_heads, n_kv_heads, d_vocab, d_vocab_out, d_mlp;
    int64_t rotary_dim;
    bool rotary, attn_only, gated_mlp, solu_ln, init_weights;
    bool has_scale; /* attn_scale stands in place of sqrt(d_head) */
    bool unscaled;  /* and it is 1 */
    bool has_range; /* initializer_range is not null */
    double initializer_range;
    sow__native_norm norm, final_norm;
    /* Lower case; too long ones are cut. */
    char position[SOW__NATIVE_TEXT], act_fn[SOW__NATIVE_TEXT], init_mode[SOW__NATIVE_TEXT];
    bool mode_is_gpt2;  /* init_mode is exactly "gpt2" */
    const json_t *seed; /* NULL: none */
} sow__native_fields;

/* Reads and checks the config as TransformerBridgeConfig and boot_native do; failures go to the
 * build's config. */
void sow__native_read(sow__build *build, sow__native_fields *fields);

/* type(value).__name__ of the value as Python reads it. */
const char *sow__native_python_class(const json_t *value);

/* NativeModel(cfg): constructor draws from the factory's generator. NULL on failure. */
sow_module *sow__native_construct(const sow__native_fields *fields, const sow_factory *factory,
                                  sow_error *err);

/* initialize_native_model on a float32 tree: mode check, then every weight in order, norms and
 * biases. The seed is the generator's affair. */
sow_status sow__native_initialize(const sow__native_fields *fields, sow_module *module,
                                  sow_generator *generator, sow_error *err);

#endif
