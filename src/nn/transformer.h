/* What the transformer's families share: layers and stacks from resolved arguments.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_TRANSFORMER_H
#define SOW_NN_TRANSFORMER_H

#include "nn/class.h"

/* The variants of the layers and stacks. */
enum { SOW__ENCODER = 1, SOW__DECODER = 2 };

/* The arguments of a layer. The values are lent; a module among them is taken, or copied where a
 * second layer needs it. */
typedef struct sow__layer_args {
    int64_t d_model, nhead, dim_feedforward;
    bool bias;
    const sow__value *dropout;
    sow__value *activation;
    const sow_factory *factory;
} sow__layer_args;

/* Reads d_model, nhead, dim_feedforward, dropout, activation and bias. */
sow_status sow__layer_args_read(sow__layer_args *layer, sow__args *args, sow_error *err);

/* TransformerEncoderLayer or TransformerDecoderLayer. */
sow_module *sow__transformer_layer(int kind, const sow__layer_args *args, sow_error *err);

/* TransformerEncoder or TransformerDecoder: n copies of a layer, then the norm (taken; NULL: none).
 * layer NULL: the places stay empty. */
sow_module *sow__transformer_stack(int kind, const sow_module *layer, int64_t n_layers,
                                   sow_module *norm, sow_error *err);

#endif
