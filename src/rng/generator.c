/* sow_generator: a place in a stream and PyTorch's cached normal; the default generator.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rng/generator.h"

#include "base/error.h"
#include "rng/seed.h"
#include "rng/state.h"
#include <pthread.h>
#include <stdlib.h>

struct sow_generator {
    sow__cursor cursor; /* anywhere in the stream */
    uint64_t position;  /* where the next fill begins */
    sow__cached_normal cached;
    sow_dialect dialect;
    /* From a state blob, for the next one: see sow__state. */
    bool float_valid;
    uint32_t float_bits;
};

/* ---- the default generator ---- */

static sow_generator default_generator;
static pthread_mutex_t default_lock;

static void make_default(void)
{
    static sow__stream first; /* its own reference is never given back */
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    /* sparse_ draws from the default generator while a fill may hold it already. */
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&default_lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    sow__stream_seed(&first, sow__seed_at_start());
    sow__cursor_open(&default_generator.cursor, &first);
}

sow_generator *sow_default_generator(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_default);
    return &default_generator;
}

sow_generator *sow__generator_acquire(sow_generator *generator)
{
    if (generator == NULL) {
        generator = sow_default_generator();
    }
    if (generator == &default_generator) {
        pthread_mutex_lock(&default_lock);
    }
    return generator;
}

void sow__generator_release(sow_generator *generator)
{
    if (generator == &default_generator) {
        pthread_mutex_unlock(&default_lock);
    }
}

/* For a look at a generator: only the lock, which lies outside, is written. */
static const sow_generator *acquire_const(const sow_generator *generator)
{
    return sow__generator_acquire((sow_generator *)generator);
}

static void release_const(const sow_generator *generator)
{
    sow__generator_release((sow_generator *)generator);
}

/* ---- for the rooms that draw ---- */

sow__place sow__generator_place(const sow_generator *generator)
{
    return (sow__place){.stream = generator->cursor.stream,
                        .position = generator->position,
                        .cached = generator->cached,
                        .dialect = generator->dialect};
}

void sow__generator_move(sow_generator *generator, uint64_t position,
                         const sow__cached_normal *cached)
{
    generator->position = position;
    generator->cached = *cached;
}

sow__cursor *sow__generator_cursor(sow_generator *generator)
{
    return &generator->cursor;
}

/* ---- making ---- */

sow_generator *sow_generator_new(sow_error *err)
{
    sow_generator *generator = calloc(1, sizeof *generator);
    sow__stream *stream = sow__stream_from_seed(SOW_DEFAULT_SEED);
    if (generator == NULL || stream == NULL) {
        free(generator);
        free(stream);
        sow__fail_memory(err, sizeof *generator + sizeof *stream);
        return NULL;
    }
    sow__cursor_open(&generator->cursor, stream);
    sow__stream_unref(stream);
    return generator;
}

sow_generator *sow_generator_clone(const sow_generator *generator, sow_error *err)
{
    sow_generator *clone = malloc(sizeof *clone);
    if (clone == NULL) {
        sow__fail_memory(err, sizeof *clone);
        return NULL;
    }
    generator = acquire_const(generator);
    *clone = *generator;
    sow__cursor_copy(&clone->cursor, &generator->cursor);
    release_const(generator);
    return clone;
}

void sow_generator_free(sow_generator *generator)
{
    if (generator != NULL && generator != &default_generator) {
        sow__cursor_close(&generator->cursor);
        free(generator);
    }
}

/* ---- seeds and state ---- */

/* Starts at word 0 of a stream, whose reference it takes. */
static void start(sow_generator *generator, sow__stream *stream, const sow__state *state)
{
    sow__cursor_close(&generator->cursor);
    sow__cursor_open(&generator->cursor, stream);
    sow__stream_unref(stream);
    generator->position = 0;
    generator->cached = (sow__cached_normal){.valid = state != NULL && state->normal_valid,
                                             .known = true,
                                             .value = state != NULL ? state->normal : 0.0};
    generator->float_valid = state != NULL && state->float_valid;
    generator->float_bits = state != NULL ? state->float_bits : 0;
}

sow_status sow_generator_manual_seed(sow_generator *generator, uint64_t seed, sow_error *err)
{
    sow__stream *stream = sow__stream_from_seed(seed);
    if (stream == NULL) {
        return sow__fail_memory(err, sizeof *stream);
    }
    generator = sow__generator_acquire(generator);
    start(generator, stream, NULL);
    sow__generator_release(generator);
    return SOW_OK;
}

sow_status sow_generator_seed(sow_generator *generator, uint64_t *seed, sow_error *err)
{
    uint64_t chosen;
    sow_status status = sow__seed_from_system(&chosen, err);
    if (status == SOW_OK) {
        status = sow_generator_manual_seed(generator, chosen, err);
    }
    if (status == SOW_OK && seed != NULL) {
        *seed = chosen;
    }
    return status;
}

/* The value of the cached normal; found at its first use. */
static sow_status know_cached(sow_generator *generator, sow_error *err)
{
    sow__cached_normal *cached = &generator->cached;
    if (!cached->valid || cached->known) {
        return SOW_OK;
    }
    sow_status status = sow__cursor_pair_sine(&generator->cursor, cached->at, &cached->value, err);
    cached->known = status == SOW_OK;
    return status;
}

static sow_status read_state(sow_generator *generator, sow__state *state, sow_error *err)
{
    sow_status status = know_cached(generator, err);
    if (status == SOW_OK) {
        status = sow__cursor_seek(&generator->cursor, generator->position, err);
    }
    if (status == SOW_OK) {
        sow__cursor_export(&generator->cursor, state->block, &state->next);
        state->seed = generator->cursor.stream->seed;
        state->normal_valid = generator->cached.valid;
        state->normal = generator->cached.value;
        state->float_valid = generator->float_valid;
        state->float_bits = generator->float_bits;
    }
    return status;
}

sow_status sow_generator_get_state(sow_generator *generator, uint8_t *state, sow_error *err)
{
    sow__state now;
    generator = sow__generator_acquire(generator);
    sow_status status = read_state(generator, &now, err);
    sow__generator_release(generator);
    if (status == SOW_OK) {
        sow__state_write(state, &now);
    }
    return status;
}

sow_status sow_generator_set_state(sow_generator *generator, const uint8_t *state, size_t n_bytes,
                                   sow_error *err)
{
    sow__state then;
    sow_status status = sow__state_read(&then, state, n_bytes, err);
    if (status != SOW_OK) {
        return status;
    }
    sow__stream *stream = sow__stream_from_block(then.seed, then.block, then.next);
    if (stream == NULL) {
        return sow__fail_memory(err, sizeof *stream);
    }
    generator = sow__generator_acquire(generator);
    start(generator, stream, &then);
    sow__generator_release(generator);
    return SOW_OK;
}

/* ---- looking and moving ---- */

uint64_t sow_generator_initial_seed(const sow_generator *generator)
{
    generator = acquire_const(generator);
    uint64_t seed = generator->cursor.stream->seed;
    release_const(generator);
    return seed;
}

sow_dialect sow_generator_dialect(const sow_generator *generator)
{
    generator = acquire_const(generator);
    sow_dialect dialect = generator->dialect;
    release_const(generator);
    return dialect;
}

sow_status sow_generator_set_dialect(sow_generator *generator, sow_dialect dialect, sow_error *err)
{
    if (sow_dialect_name(dialect) == NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "dialect %d: there is none of this number",
                         (int)dialect);
    }
    generator = sow__generator_acquire(generator);
    generator->dialect = dialect;
    sow__generator_release(generator);
    return SOW_OK;
}

uint64_t sow_generator_position(const sow_generator *generator)
{
    generator = acquire_const(generator);
    uint64_t position = generator->position;
    release_const(generator);
    return position;
}

sow_status sow_generator_seek(sow_generator *generator, uint64_t position, sow_error *err)
{
    generator = sow__generator_acquire(generator);
    sow_status status = sow__cursor_seek(&generator->cursor, position, err);
    if (status == SOW_OK) {
        generator->position = position;
        generator->cached = (sow__cached_normal){.valid = false};
    }
    sow__generator_release(generator);
    return status;
}

/* ---- drawing ---- */

static sow_status draw(sow_generator *generator, uint32_t *words, size_t n, sow_error *err)
{
    generator = sow__generator_acquire(generator);
    sow_status status = sow__cursor_seek(&generator->cursor, generator->position, err);
    if (status == SOW_OK) {
        sow__cursor_words(&generator->cursor, words, n);
        generator->position += n;
    }
    sow__generator_release(generator);
    return status;
}

sow_status sow_generator_random(sow_generator *generator, uint32_t *word, sow_error *err)
{
    return draw(generator, word, 1, err);
}

sow_status sow_generator_random64(sow_generator *generator, uint64_t *words, sow_error *err)
{
    uint32_t pair[2];
    sow_status status = draw(generator, pair, 2, err);
    if (status == SOW_OK) {
        *words = (uint64_t)pair[0] << 32 | pair[1];
    }
    return status;
}

sow_status sow_generator_randperm(sow_generator *generator, int64_t n, int64_t *result,
                                  sow_error *err)
{
    if (n < 0) {
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "Trying to create tensor with negative dimension %lld: [%lld]",
                         (long long)n, (long long)n);
    }
    generator = sow__generator_acquire(generator);
    sow_status status = sow__cursor_seek(&generator->cursor, generator->position, err);
    if (status == SOW_OK) {
        sow__randperm(&generator->cursor, n, result);
        generator->position += sow__randperm_words(n);
    }
    sow__generator_release(generator);
    return status;
}
