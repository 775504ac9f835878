/* torch.nn.EmbeddingBag.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/embedding.h"

static const sow__embedding_kind embedding_bag = {"EmbeddingBag",
                                                  "padding_idx must be within num_embeddings"};

sow_status sow__reset_embedding_bag(sow_module *module, sow_generator *generator, sow_error *err)
{
    return sow__reset_embedding(module, generator, err);
}

sow_module *sow__construct_embedding_bag(const sow__class *of, sow__args *args, sow_error *err)
{
    return sow__embedding_construct(&embedding_bag, of, args, false, err);
}

sow_module *sow_embedding_bag(int64_t num_embeddings, int64_t embedding_dim, int64_t padding_idx,
                              const sow_factory *factory, sow_error *err)
{
    return sow__embedding_make(&embedding_bag, (int64_t[]){num_embeddings, embedding_dim},
                               padding_idx, factory, err);
}
