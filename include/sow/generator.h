/* Random streams: PyTorch's CPU generator.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_GENERATOR_H
#define SOW_GENERATOR_H

#include <sow/error.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whose numbers: the fill rules of a PyTorch release (official x86-64 Linux wheel, CPU with AVX2).
 * The word stream is MT19937 in all of them. 0 is the newest. */
typedef enum sow_dialect {
    SOW_TORCH_2_13 = 0,
    SOW_TORCH_2_12,
    SOW_TORCH_2_11,
    SOW_N_DIALECTS,
} sow_dialect;

/* "torch-2.13"...; NULL for a number that is none. Static text. */
SOW_API const char *sow_dialect_name(sow_dialect dialect);

/* Finds a dialect by name. SOW_ERROR_VALUE lists the names; *dialect is then left as it was. */
SOW_API sow_status sow_dialect_parse(const char *name, sow_dialect *dialect, sow_error *err);

/* A place in a random stream: seed, number of words drawn, and the second normal value of a pair
 * that PyTorch keeps for the next small fill. One thread at a time may use a generator, except the
 * default one, which locks itself. */
typedef struct sow_generator sow_generator;

/* Size of PyTorch's state blob, torch.Generator.get_state(). */
#define SOW_GENERATOR_STATE_BYTES 5056

/* The seed of a new generator, as torch.Generator() has it. */
#define SOW_DEFAULT_SEED 67280421310721ULL

/* A new generator with SOW_DEFAULT_SEED, dialect torch-2.13. NULL and SOW_ERROR_MEMORY when there
 * is no memory. The caller frees it. */
SOW_API sow_generator *sow_generator_new(sow_error *err);

/* A new generator in the same state and dialect: torch.Generator.clone_state(). The caller frees
 * it. */
SOW_API sow_generator *sow_generator_clone(const sow_generator *generator, sow_error *err);

/* NULL is fine; the default generator is not freed. Deferred tensors that recorded fills keep what
 * they need of the stream. */
SOW_API void sow_generator_free(sow_generator *generator);

/* The process-wide generator that init functions use when they are given NULL, as
 * torch.default_generator. It starts from a non-deterministic seed. Never freed; any thread may use
 * it. */
SOW_API sow_generator *sow_default_generator(void);

/* torch.Generator.manual_seed: restarts the stream, drops the cached normal. Only the low 32 bits
 * choose the words; a negative number counts modulo 2^64, which a C cast does. Keeps
 * the dialect. */
SOW_API sow_status sow_generator_manual_seed(sow_generator *generator, uint64_t seed,
                                             sow_error *err);

/* Reads a seed as int() in Python would read a decimal text: -2^63 to 2^64-1, negative ones modulo
 * 2^64. SOW_ERROR_VALUE "Overflow when unpacking long long" beyond that, or a message that names
 * the text. */
SOW_API sow_status sow_seed_parse(const char *text, uint64_t *seed, sow_error *err);

/* torch.Generator.seed(): a non-deterministic seed from the system, which is returned in *seed
 * (NULL: not). */
SOW_API sow_status sow_generator_seed(sow_generator *generator, uint64_t *seed, sow_error *err);

/* torch.Generator.initial_seed(): the full 64-bit seed. */
SOW_API uint64_t sow_generator_initial_seed(const sow_generator *generator);

/* Whose numbers it draws. */
SOW_API sow_dialect sow_generator_dialect(const sow_generator *generator);

/* Chooses the fill rules for what is drawn from now on; the stream and the cached normal stay.
 * SOW_ERROR_VALUE for a number that is none. */
SOW_API sow_status sow_generator_set_dialect(sow_generator *generator, sow_dialect dialect,
                                             sow_error *err);

/* Words (32-bit outputs) drawn since the last manual_seed, seed or set_state. */
SOW_API uint64_t sow_generator_position(const sow_generator *generator);

/* Goes to a position counted as sow_generator_position counts, forward or back, and drops the
 * cached normal. Takes no longer for a far place than for a near one, about a millisecond
 * at most. */
SOW_API sow_status sow_generator_seek(sow_generator *generator, uint64_t position, sow_error *err);

/* Draws one 32-bit word. */
SOW_API sow_status sow_generator_random(sow_generator *generator, uint32_t *word, sow_error *err);

/* Draws two words; the first is the high half, as in PyTorch's random64. */
SOW_API sow_status sow_generator_random64(sow_generator *generator, uint64_t *words,
                                          sow_error *err);

/* torch.randperm(n, generator=g) as int64 values into result[0..n). SOW_ERROR_RUNTIME for n < 0, in
 * PyTorch's words; n = 0 writes nothing and result may be NULL. */
SOW_API sow_status sow_generator_randperm(sow_generator *generator, int64_t n, int64_t *result,
                                          sow_error *err);

/* torch.Generator.get_state(): writes SOW_GENERATOR_STATE_BYTES bytes, the same that PyTorch would
 * give. */
SOW_API sow_status sow_generator_get_state(sow_generator *generator, uint8_t *state,
                                           sow_error *err);

/* torch.Generator.set_state() with PyTorch's checks and messages (SOW_ERROR_RUNTIME): n_bytes must
 * be SOW_GENERATOR_STATE_BYTES; seeded, left and next must be possible. A pair of left and next
 * that no generator reaches (left + next != 625) is refused too, where PyTorch would read outside
 * its array. On failure the generator is as it was. The position counts from this state. */
SOW_API sow_status sow_generator_set_state(sow_generator *generator, const uint8_t *state,
                                           size_t n_bytes, sow_error *err);

#ifdef __cplusplus
}
#endif
#endif
