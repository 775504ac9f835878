/* What the two halves of trunc_normal share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_FILL_TRUNC_H
#define SOW_FILL_TRUNC_H

#include "fill/draw.h"

/* Beyond these PyTorch would still be drawing: in the normal branch each round accepts 30% and
 * more, unless rounding leaves no number inside the bounds. */
#define SOW__TRUNC_MOST_ROUNDS 4096

/* Rounded to the type of the draw. */
typedef struct sow__trunc_bounds {
    double low, high;
} sow__trunc_bounds;

/* The normal draw of round k; before: that of round k - 1, not looked at for round 0. */
sow__draw sow__trunc_round(const sow__draw *draw, uint64_t k, const sow__draw *before);

/* The error after too many rounds. */
sow_status sow__trunc_fail(const sow__draw *draw, sow_error *err);

/* Blocks first..first + n_blocks of 16 reals, none of which the tail draws again, of a draw whose
 * rounds are all made in blocks (bulk and bulk_redraw). *n_rounds is raised as
 * by sow__trunc_piece. */
sow_status sow__trunc_blocks(const sow__draw *draw, sow__cursor *cursor,
                             const sow__trunc_bounds *bounds, int64_t first, int64_t n_blocks,
                             void *out, uint64_t *n_rounds, sow_error *err);

#endif
