/* A drawing fill on a given shape: which words make which element. The one place that knows how
 * many words a fill draws.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_FILL_DRAW_H
#define SOW_FILL_DRAW_H

#include "fill/fill.h"

/* Elements count as PyTorch's iterator walks them; complex ones as two reals, real part first. */
typedef struct sow__draw {
    const sow__fill *fill; /* lent */
    sow__fill_kind kind;   /* UNIFORM, NORMAL or TRUNC_NORMAL */
    sow_dtype real;        /* f32, f64, f16 or bf16 */
    int64_t n;             /* reals */
    bool bulk;             /* normal: blocks of 16 by the vector path, not pairs in double */
    bool bulk_redraw;      /* the same for the dense candidates of trunc_normal's later rounds */
    double a, b, mean, std;
    sow__place place;
} sow__draw;

/* The draw that a fill makes on a view (dtype, shape and strides are looked at). The place's stream
 * is lent. */
sow__draw sow__draw_of(const sow__fill *fill, const sow_tensor *view, const sow__place *place);

/* Where the next fill begins after one uniform or normal draw. */
sow__place sow__draw_after(const sow__draw *draw);

/* Reals first..first+count of a uniform or normal draw. */
sow_status sow__draw_piece(const sow__draw *draw, sow__cursor *cursor, int64_t first, int64_t count,
                           void *out, sow_error *err);

/* Values in a block of normals. */
#define SOW__NORMAL_BLOCK 16

/* Blocks of a bulk normal draw from raw words that begin where the first block's do. */
void sow__normal_blocks(const sow__draw *draw, void *out, const uint32_t *raw, size_t n_blocks);

/* Looks at three pages of memory: false when one of them is not there before it is touched, as in
 * new memory, or when it can not be told. For decisions about speed alone. */
bool sow__memory_is_resident(const void *memory, size_t n_bytes);

/* Like sow__draw_piece, for trunc_normal. *n_rounds is raised to the number of extra rounds that
 * this piece needed. */
sow_status sow__trunc_piece(const sow__draw *draw, sow__cursor *cursor, int64_t first,
                            int64_t count, void *out, uint64_t *n_rounds, sow_error *err);

/* Where the next fill begins after trunc_normal with that many extra rounds. */
sow__place sow__trunc_after(const sow__draw *draw, uint64_t n_rounds);

/* What PyTorch finds only after trunc_normal's first draw: no such kernel for complex numbers; in
 * torch-2.11 also a bound that the dtype can not hold. */
sow_status sow__trunc_check_drawn(const sow__fill *fill, const sow_tensor *view,
                                  sow_dialect dialect, sow_error *err);

/* Where the next fill begins after trunc_normal has failed so. */
sow__place sow__trunc_after_failure(const sow__draw *draw);

/* True when no value that the stream can make falls outside the bounds: no extra round, without
 * looking. */
bool sow__trunc_never_rejects(const sow__draw *draw);

/* The distribution function of the normal that trunc_normal cuts, in doubles as PyTorch's Python
 * computes it. */
double sow__trunc_cdf(const sow__fill *fill, double x);

/* True when rejection takes its values from normal draws and bounds (the usual case), false when
 * from uniform proposals. */
bool sow__trunc_is_normal(const sow__fill *fill);

#endif
