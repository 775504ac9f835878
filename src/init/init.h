/* What the files of this room share: how an init call runs, the scopes, and the numbers of Xavier
 * and Kaiming.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_INIT_INIT_H
#define SOW_INIT_INIT_H

#include "fill/fill.h"
#include <sow/init.h>

/* How an initializer was called; several may be set. */
typedef enum sow__init_flag {
    SOW__INIT_PLAIN = 0,
    SOW__INIT_GUARDED = 1,    /* as if the guard scope were open */
    SOW__INIT_DEPRECATED = 2, /* by the old name: warn first */
    SOW__INIT_FLOAT32 = 4,    /* orthogonal makes 16-bit tensors in float32, as under the guard */
} sow__init_flag;

/* What an initializer comes to on one tensor. */
typedef struct sow__resolution {
    bool nothing; /* PyTorch returns here: nothing is drawn or written */
    sow__fill fill;
} sow__resolution;

/* Runs an init call: the no-init scope, the guard, the tensor's own hook, PyTorch's checks, the
 * fill; in this order. flags: of sow__init_flag. */
sow_status sow__init_run(const sow_initializer *initializer, int flags, sow_tensor *tensor,
                         const sow_init_args *args, sow_generator *generator, sow_error *err);

/* Runs a fill on a float32 scratch of the tensor's shape and order of dims, on the same device, and
 * copies it into the tensor. */
sow_status sow__fill_apply_float32(const sow__fill *fill, sow_tensor *tensor,
                                   sow_generator *generator, sow_error *err);

/* The dialect of a call's generator; NULL: the default one. */
sow_dialect sow__init_dialect(const sow_generator *generator);

/* ---- scopes of the calling thread ---- */

bool sow__guard_is_open(void);
/* True when an init call must leave the tensor alone; guarded: the call itself is guarded. */
bool sow__init_leaves(const sow_tensor *tensor, bool guarded);

/* ---- standard deviations ---- */

/* gain * sqrt(2 / (fan_in + fan_out)); the checks of xavier_uniform and xavier_normal. */
sow_status sow__xavier_std(const sow_tensor *tensor, double gain, double *std, sow_error *err);

/* gain / sqrt(fan) from args' a, mode and nonlinearity; the checks of kaiming_uniform and
 * kaiming_normal. *nothing when the tensor has no elements, which is warned about. */
sow_status sow__kaiming_std(const sow_tensor *tensor, const sow_init_args *args, double *std,
                            bool *nothing, sow_error *err);

/* What these two calls mean by NULL. */
#define SOW__KAIMING_MODE "fan_in"
#define SOW__KAIMING_NONLINEARITY "leaky_relu"

#endif
