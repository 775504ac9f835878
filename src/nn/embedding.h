/* What Embedding and EmbeddingBag share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_EMBEDDING_H
#define SOW_NN_EMBEDDING_H

#include "nn/family.h"

typedef struct sow__embedding_kind {
    const char *name;
    const char *out_of_range; /* what is said of such a padding_idx */
} sow__embedding_kind;

/* is_frozen: a given weight needs no gradient, so that any dtype will do. */
sow_module *sow__embedding_construct(const sow__embedding_kind *kind, const sow__class *of,
                                     sow__args *args, bool is_frozen, sow_error *err);

/* sizes: num_embeddings, embedding_dim. */
sow_module *sow__embedding_make(const sow__embedding_kind *kind, const int64_t sizes[2],
                                int64_t padding_idx, const sow_factory *factory, sow_error *err);

#endif
