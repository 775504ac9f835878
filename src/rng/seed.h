/* Seeds that nobody chose.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_RNG_SEED_H
#define SOW_RNG_SEED_H

#include <sow/error.h>

/* 64 bits from the system. SOW_ERROR_IO when it has none. */
sow_status sow__seed_from_system(uint64_t *seed, sow_error *err);

/* The same, from the clocks and the addresses of this process where the system has none. */
uint64_t sow__seed_at_start(void);

#endif
