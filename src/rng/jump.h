/* Jumping ahead in MT19937.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_RNG_JUMP_H
#define SOW_RNG_JUMP_H

#include "kern/kern.h"
#include <sow/error.h>

/* state: 624 consecutive raw words x[k]..x[k+623] of the recurrence; becomes x[k+n]..x[k+n+623].
 * Bits of x[k+n] below the top one are right only if n >= 1 (the orbit has 19937 bits; see the note
 * in jump.c). SOW_ERROR_MEMORY leaves state as it was. */
sow_status sow__mt_jump(uint32_t state[SOW__MT_N], uint64_t n, sow_error *err);

#endif
