/* Jumps against running the recurrence over 2^32 words and more; needs about a minute.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rng/jump.h"
#include "rng/stream.h"
#include "support.h"

/* Places in rising order, so that one run passes them all. */
static const uint64_t places[] = {
    ((uint64_t)1 << 30) + 1, ((uint64_t)1 << 32) - 1,     ((uint64_t)1 << 32),
    ((uint64_t)1 << 32) + 1, ((uint64_t)1 << 32) + 12345, ((uint64_t)1 << 33) + 3123,
    ((uint64_t)1 << 34) + 7, ((uint64_t)1 << 35) - 1,
};

static void exhaustive_rng_jump__equals_running(void **unused)
{
    (void)unused;
    uint64_t at = 0; /* both[0] is word `at` */
    uint32_t both[2 * SOW__MT_N], seed_array[SOW__MT_N], jumped[SOW__MT_N];
    sow__stream *stream = sow__stream_from_seed(42);
    memcpy(seed_array, stream->block, sizeof seed_array);
    sow__stream_unref(stream);
    memcpy(both, seed_array, sizeof seed_array);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        sow_error err;
        for (; places[i] - at >= SOW__MT_N; at += SOW__MT_N) {
            sow__kern_get()->twist(both);
        }
        memcpy(both + SOW__MT_N, both, sizeof seed_array);
        sow__kern_get()->twist(both + SOW__MT_N);
        memcpy(jumped, seed_array, sizeof seed_array);
        assert_ok(sow__mt_jump(jumped, places[i], &err), err);
        assert_same_bits(jumped, both + (places[i] - at), SOW__MT_N, sizeof *jumped);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(exhaustive_rng_jump__equals_running)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
