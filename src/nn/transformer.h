/* What the transformer's families share: layers and stacks from resolved arguments.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_TRANSFORMER_H
#define SOW_NN_TRANSFORMER_H

#include "nn/class.h"

/* The variants of the layers and stacks. */
enum { SOW__ENCODER = 1, SOW__DECODER = 2 };

/* embed_dim and num_heads as MultiheadAttention checks them; *size is embed_dim. */
sow_status sow__heads_read(const sow__value *embed_dim, const sow__value *num_heads, int64_t *size,
                           sow_error *err);

/* The arguments of a layer, read where PyTorch reads them. The values are lent; a module among them
 * is taken, or copied where a second layer needs it. */
typedef struct sow__layer_args {
    const sow__value *d_model, *nhead, *dim_feedforward, *dropout;
    sow__value *activation;
    bool bias;
    const sow_factory *factory;
} sow__layer_args;

/* Lends d_model, nhead, dim_feedforward, dropout, activation and bias. */
sow__layer_args sow__layer_args_of(sow__args *args);

/* The values behind the arguments of a C call; the caller clears activation. */
typedef struct sow__layer_values {
    sow__value d_model, nhead, dim_feedforward, dropout, activation;
} sow__layer_values;

/* Lends values, which it sets; options NULL: the defaults. */
sow__layer_args sow__layer_args_from_c(int64_t d_model, int64_t nhead,
                                       const sow_transformer_options *options,
                                       const sow_factory *factory, sow__layer_values *values);

/* TransformerEncoderLayer or TransformerDecoderLayer. */
sow_module *sow__transformer_layer(int kind, const sow__layer_args *args, sow_error *err);

/* range(num_layers) */
sow_status sow__layer_count_read(const sow__value *value, int64_t *count, sow_error *err);

/* TransformerEncoder or TransformerDecoder: n copies of a layer, then the norm (taken; NULL: none).
 * layer NULL: the places stay empty. */
sow_module *sow__transformer_stack(int kind, const sow_module *layer, int64_t n_layers,
                                   sow_module *norm, sow_error *err);

#endif
