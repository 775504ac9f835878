/* Jumps against running the recurrence, and the polynomial against Berlekamp-Massey.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rng/jump.h"
#include "rng/stream.h"
#include "support.h"

#include <inttypes.h>

/* x[n]..x[n+623] of a seed array, by running it. */
static void run(uint32_t state[SOW__MT_N], uint64_t n)
{
    uint32_t both[2 * SOW__MT_N];
    for (uint64_t i = 0; i < n / SOW__MT_N; i++) {
        sow__kern_get()->twist(state);
    }
    memcpy(both, state, SOW__MT_N * sizeof *state);
    sow__kern_get()->twist(state);
    memcpy(both + SOW__MT_N, state, SOW__MT_N * sizeof *state);
    memcpy(state, both + n % SOW__MT_N, SOW__MT_N * sizeof *state);
}

static void start(uint32_t state[SOW__MT_N], uint64_t seed)
{
    sow__stream *stream = sow__stream_from_seed(seed);
    memcpy(state, stream->block, sizeof stream->block);
    sow__stream_unref(stream);
}

static void expect_same(const uint32_t *got, const uint32_t *expected, uint64_t n)
{
    for (int i = 0; i < SOW__MT_N; i++) {
        if (got[i] != expected[i]) {
            fail_msg("jump %" PRIu64 ", word %d: expected %08" PRIX32 ", got %08" PRIX32, n, i,
                     expected[i], got[i]);
        }
    }
}

static void test_rng_jump__equals_running(void **unused)
{
    (void)unused;
    const uint64_t counts[] = {0,     1,     2,     3,     396,   397,     622,
                               623,   624,   625,   1247,  1248,  1249,    9984,
                               16383, 16384, 16385, 19313, 19314, 19935,   19936,
                               19937, 19938, 19939, 32768, 39999, 1000007, 100000003};
    for (uint64_t seed = 0; seed < 2; seed++) {
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            sow_error err;
            uint32_t jumped[SOW__MT_N], ran[SOW__MT_N];
            start(jumped, 4357 + seed);
            start(ran, 4357 + seed);
            assert_ok(sow__mt_jump(jumped, counts[i], &err), err);
            run(ran, counts[i]);
            expect_same(jumped, ran, counts[i]);
        }
    }
}

/* A small generator of numbers for the test itself (Marsaglia's xorshift64). */
static uint64_t random_number(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static void test_rng_jump__equals_running_at_random_counts(void **unused)
{
    (void)unused;
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < 60; i++) {
        sow_error err;
        uint32_t jumped[SOW__MT_N], ran[SOW__MT_N];
        uint64_t n = random_number(&x) % 700000;
        start(jumped, (uint64_t)i);
        start(ran, (uint64_t)i);
        assert_ok(sow__mt_jump(jumped, n, &err), err);
        run(ran, n);
        expect_same(jumped, ran, n);
    }
}

static void test_rng_jump__compositions_agree(void **unused)
{
    (void)unused;
    uint64_t x = 362436069u;
    for (int i = 0; i < 48; i++) {
        sow_error err;
        uint32_t once[SOW__MT_N], twice[SOW__MT_N];
        uint64_t a = random_number(&x) >> (1 + i), b = random_number(&x) >> (1 + (i * 7) % 50);
        start(once, 1);
        start(twice, 1);
        assert_ok(sow__mt_jump(once, a + b, &err), err);
        assert_ok(sow__mt_jump(twice, a, &err), err);
        assert_ok(sow__mt_jump(twice, b, &err), err);
        expect_same(twice, once, a + b);
    }
}

/* ---- Berlekamp-Massey over GF(2), 64 coefficients a word ---- */

enum { N_BITS = 2 * SOW__MT_DEGREE, N_POLY = (N_BITS + 64) / 64 + 1 };

struct massey {
    uint64_t connection[N_POLY], previous[N_POLY], kept[N_POLY];
    uint64_t window[N_POLY]; /* the sequence so far, newest bit lowest */
    int length;
};

/* to ^= from * x^shift */
static void add_shifted(uint64_t *to, const uint64_t *from, int shift)
{
    int words = shift / 64, bits = shift % 64;
    for (int i = N_POLY - 1; i >= words; i--) {
        uint64_t value = from[i - words] << bits;
        if (bits != 0 && i > words) {
            value |= from[i - words - 1] >> (64 - bits);
        }
        to[i] ^= value;
    }
}

static int discrepancy(struct massey *m, unsigned bit)
{
    uint64_t sum = 0;
    for (int i = N_POLY - 1; i > 0; i--) {
        m->window[i] = m->window[i] << 1 | m->window[i - 1] >> 63;
    }
    m->window[0] = m->window[0] << 1 | bit;
    for (int i = 0; i <= m->length / 64; i++) {
        sum ^= m->window[i] & m->connection[i];
    }
    return __builtin_parityll(sum);
}

static void find_connection(struct massey *m, const uint8_t *bits)
{
    int since = 1;
    m->connection[0] = m->previous[0] = 1;
    for (int n = 0; n < N_BITS; n++, since++) {
        if (discrepancy(m, bits[n]) == 0) {
            continue;
        }
        bool longer = 2 * m->length <= n;
        if (longer) {
            memcpy(m->kept, m->connection, sizeof m->kept);
        }
        add_shifted(m->connection, m->previous, since);
        if (longer) {
            m->length = n + 1 - m->length;
            memcpy(m->previous, m->kept, sizeof m->previous);
            since = 0;
        }
    }
}

static void test_rng_jump__polynomial_is_characteristic(void **unused)
{
    (void)unused;
    static uint8_t bits[N_BITS + SOW__MT_N];
    static struct massey m;
    uint32_t block[SOW__MT_N];
    start(block, 19650218);
    for (int n = 0; n < N_BITS; n += SOW__MT_N) {
        sow__kern_get()->twist(block);
        for (int i = 0; i < SOW__MT_N; i++) {
            bits[n + i] = block[i] & 1;
        }
    }
    find_connection(&m, bits);
    assert_int_equal(m.length, SOW__MT_DEGREE);

    /* The connection polynomial is the characteristic one with its coefficients reversed. */
    uint16_t exponents[SOW__MT_N_EXPONENTS];
    static uint64_t expected[N_POLY];
    sow__mt_polynomial(exponents);
    for (int i = 0; i < SOW__MT_N_EXPONENTS; i++) {
        int reversed = SOW__MT_DEGREE - exponents[i];
        expected[reversed / 64] ^= (uint64_t)1 << reversed % 64;
    }
    assert_same_bits(m.connection, expected, N_POLY, sizeof *expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rng_jump__equals_running),
        cmocka_unit_test(test_rng_jump__equals_running_at_random_counts),
        cmocka_unit_test(test_rng_jump__compositions_agree),
        cmocka_unit_test(test_rng_jump__polynomial_is_characteristic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
