/* PyTorch's state blob of a CPU generator.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_RNG_STATE_H
#define SOW_RNG_STATE_H

#include "kern/kern.h"
#include <sow/generator.h>

/* What a blob says. */
typedef struct sow__state {
    uint64_t seed;
    uint32_t block[SOW__MT_N];
    uint32_t next; /* words of the block that are gone; 0: fresh from seeding */
    bool normal_valid;
    double normal; /* +0 when not valid, as the float sample */
    /* A float32 sample that PyTorch's CPU fills neither make nor use; carried. */
    bool float_valid;
    uint32_t float_bits;
} sow__state;

/* The canonical form: what PyTorch would write. */
void sow__state_write(uint8_t blob[SOW_GENERATOR_STATE_BYTES], const sow__state *state);

/* Refuses what PyTorch refuses, in its order and words, and positions that it would go wrong on;
 * *state is then undefined. */
sow_status sow__state_read(sow__state *state, const uint8_t *blob, size_t n_bytes, sow_error *err);

#endif
