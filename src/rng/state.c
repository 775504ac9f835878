/* PyTorch's state blob of a CPU generator: 5056 bytes, little-endian.
 * SPDX-License-Identifier: Apache-2.0
 *
 *     0  u64  seed                  5016  f64  always 0
 *     8  i32  left                  5024  f64  cached normal
 *    12  i32  seeded                5032  f64  always 0
 *    16  u64  next                  5040  i32  cached normal is valid
 *    24  u64  state[624]            5048  f32  cached float sample, 5052 u8 it is valid
 *
 * left + next is 625, but for a generator that has drawn nothing: left 1, next 0. */
#include "rng/state.h"

#include "base/error.h"
#include <string.h>

enum {
    AT_SEED = 0,
    AT_LEFT = 8,
    AT_SEEDED = 12,
    AT_NEXT = 16,
    AT_BLOCK = 24,
    AT_NORMAL = 5024,
    AT_NORMAL_VALID = 5040,
    AT_FLOAT = 5048,
    AT_FLOAT_VALID = 5052,
};

static void put(uint8_t *bytes, uint64_t value, int n_bytes)
{
    for (int i = 0; i < n_bytes; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
}

static uint64_t get(const uint8_t *bytes, int n_bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < n_bytes; i++) {
        value |= (uint64_t)bytes[i] << 8 * i;
    }
    return value;
}

void sow__state_write(uint8_t blob[SOW_GENERATOR_STATE_BYTES], const sow__state *state)
{
    uint64_t normal_bits = 0;
    if (state->normal_valid) {
        memcpy(&normal_bits, &state->normal, sizeof normal_bits);
    }
    memset(blob, 0, SOW_GENERATOR_STATE_BYTES);
    put(blob + AT_SEED, state->seed, 8);
    put(blob + AT_LEFT, state->next == 0 ? 1 : SOW__MT_N + 1 - state->next, 4);
    put(blob + AT_SEEDED, 1, 4);
    put(blob + AT_NEXT, state->next, 8);
    for (int i = 0; i < SOW__MT_N; i++) {
        put(blob + AT_BLOCK + 8 * i, state->block[i], 8);
    }
    put(blob + AT_NORMAL, normal_bits, 8);
    put(blob + AT_NORMAL_VALID, state->normal_valid, 4);
    put(blob + AT_FLOAT, state->float_valid ? state->float_bits : 0, 4);
    put(blob + AT_FLOAT_VALID, state->float_valid, 1);
}

/* Whether a generator can get to this pair. PyTorch checks each of them for itself and not how they
 * go together; it would then read beside its array. */
static bool is_reachable(uint32_t left, uint32_t next)
{
    return (left == 1 && next == 0) ||
           (left >= 1 && left <= SOW__MT_N && left + next == SOW__MT_N + 1);
}

sow_status sow__state_read(sow__state *state, const uint8_t *blob, size_t n_bytes, sow_error *err)
{
    if (n_bytes != SOW_GENERATOR_STATE_BYTES) {
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "Expected a CPUGeneratorImplState of size %d but found the input RNG "
                         "state size to be %zu",
                         SOW_GENERATOR_STATE_BYTES, n_bytes);
    }
    uint32_t left = (uint32_t)get(blob + AT_LEFT, 4);
    state->next = (uint32_t)get(blob + AT_NEXT, 8);
    if (get(blob + AT_SEEDED, 4) == 0 || !is_reachable(left, state->next)) {
        return sow__fail(err, SOW_ERROR_RUNTIME, "Invalid mt19937 state");
    }
    state->seed = get(blob + AT_SEED, 8);
    for (int i = 0; i < SOW__MT_N; i++) {
        state->block[i] = (uint32_t)get(blob + AT_BLOCK + 8 * i, 8);
    }
    uint64_t normal_bits = get(blob + AT_NORMAL, 8);
    state->normal_valid = get(blob + AT_NORMAL_VALID, 4) != 0;
    memcpy(&state->normal, &normal_bits, sizeof state->normal);
    state->float_valid = get(blob + AT_FLOAT_VALID, 1) != 0;
    state->float_bits = (uint32_t)get(blob + AT_FLOAT, 4);
    return SOW_OK;
}
