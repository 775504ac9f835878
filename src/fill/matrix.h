/* The two fills that need a whole matrix at once: orthogonal and sparse.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_FILL_MATRIX_H
#define SOW_FILL_MATRIX_H

#include "fill/draw.h"

/* The normal draw inside them: orthogonal draws a new contiguous N(0, 1) matrix whatever the
 * tensor's strides, sparse fills the tensor itself. */
sow__draw sow__matrix_draw(const sow__fill *fill, const sow_tensor *view, const sow__place *place);

sow_status sow__orthogonal_run(const sow__fill *fill, sow_tensor *view,
                               const sow__fill_source *source, sow_error *err);
sow_status sow__sparse_run(const sow__fill *fill, sow_tensor *view, const sow__fill_source *source,
                           sow_error *err);

/* The first half of sparse: the normal values. */
sow__fill sow__sparse_normal(const sow__fill *fill);

/* The second half of sparse: sets the zeros of values that are there, with permutations from a
 * place that cursor reads. */
sow_status sow__sparse_zero(const sow__fill *fill, sow_tensor *view, const sow__place *permutations,
                            sow__cursor *cursor, sow_error *err);

/* What PyTorch finds only after it has drawn: a dtype without QR, strides that can not be viewed as
 * a matrix. */
sow_status sow__orthogonal_check(const sow_tensor *view, sow_error *err);

/* Words that sparse takes from the default generator. */
uint64_t sow__sparse_permutation_words(const sow_tensor *view);

#endif
