/* The core: a fill as a value, how many words it draws, and running it on a tensor or a piece of
 * one. SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_FILL_FILL_H
#define SOW_FILL_FILL_H

#include "rng/generator.h"
#include "tensor/tensor.h"

typedef enum sow__fill_kind {
    SOW__FILL_CONSTANT,     /* value */
    SOW__FILL_UNIFORM,      /* a, b */
    SOW__FILL_NORMAL,       /* mean, std */
    SOW__FILL_TRUNC_NORMAL, /* mean, std, a, b */
    SOW__FILL_EYE,
    SOW__FILL_DIRAC,      /* groups */
    SOW__FILL_ORTHOGONAL, /* gain */
    SOW__FILL_SPARSE,     /* std, sparsity */
    SOW__FILL_MUL,        /* value: tensor.mul_(value); needs what was there before */
    SOW__FILL_COPY,       /* from another tensor's record */
} sow__fill_kind;

/* What is written. Plain numbers in double as PyTorch computes them; each kind looks at its own. */
typedef struct sow__fill {
    sow__fill_kind kind;
    const char *initializer; /* registry name that led here, static; for reports */
    double a, b, mean, std, value, gain, sparsity;
    int64_t groups;
} sow__fill;

/* Checks a fill against a tensor as PyTorch's kernel does, in its order and words. Draws and writes
 * nothing. */
sow_status sow__fill_check(const sow__fill *fill, const sow_tensor *tensor, sow_error *err);

/* Runs a fill on a cpu tensor, records it on a deferred one, does nothing on a meta one (after the
 * checks that PyTorch makes there). generator NULL: the default one. */
sow_status sow__fill_apply(const sow__fill *fill, sow_tensor *tensor, sow_generator *generator,
                           sow_error *err);

/* Expected mean and standard deviation of the values in exact arithmetic; NaN where there is no
 * closed form. */
void sow__fill_moments(const sow__fill *fill, double *mean, double *std);

/* "uniform(-0.25, 0.25)": a text for people, at most size bytes. */
void sow__fill_text(const sow__fill *fill, char *text, size_t size);

#endif
