/* Jumping ahead in MT19937: x[k+n] as a sum of the words at hand, by x^n mod the characteristic
 * polynomial.
 * SPDX-License-Identifier: Apache-2.0
 *
 * After H. Haramoto et al., "Efficient Jump Ahead for F2-Linear Random Number Generators" (2008).
 *
 * The orbit of MT19937 has 19937 bits: of the first word of an array only the top bit takes part,
 * and in a seed array the other 31 bits are not what the recurrence would have put there. The words
 * after it are. So a jump by n is made as one by n - 1 that starts from the second word. */
#include "rng/jump.h"

#include "base/error.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MATRIX_A 0x9908B0DFu

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "bits of a polynomial are found by their byte: this needs a little-endian machine"
#endif

enum {
    DEGREE = SOW__MT_DEGREE,
    N_LOWER = SOW__MT_N_EXPONENTS - 1, /* terms below x^DEGREE */
    FREE_BITS = 14,                    /* x^m with m of so many bits needs no reduction */

    /* Polynomials in blocks of 512 bits: a quotient's bits in one do not reach into the same one,
     * as the second highest exponent is 623 below the top one. */
    BLOCK_BITS = 512,
    BLOCK_BYTES = BLOCK_BITS / 8,
    BLOCK_WORDS = BLOCK_BITS / 64,
    N_BLOCKS = (2 * DEGREE + BLOCK_BITS - 1) / BLOCK_BITS, /* of a square */
    N_LOW = DEGREE / BLOCK_BITS, /* blocks without a bit of the quotient; the next has both */
    N_WORDS = 2 * (N_LOW + 1) * BLOCK_WORDS, /* of 32 bits: a remainder */
    N_QUOTIENT = N_BLOCKS - N_LOW,
    COPY_BYTES = (N_QUOTIENT + 2) * BLOCK_BYTES, /* a zero block before and behind */

    CHUNK_BITS = 6, /* bits of a polynomial that are looked up together */
    N_VALUES = 1 << CHUNK_BITS,
    N_CHUNKS = (DEGREE + CHUNK_BITS - 1) / CHUNK_BITS,
    SUM_WORDS = (SOW__MT_N + CHUNK_BITS + 15) / 16 * 16,
    N_STATES = (DEGREE + SUM_WORDS + SOW__MT_N) / SOW__MT_N + 1,
    ALIGNING = 15, /* words before raw[0], so that raw[1] begins a line */
};

/* x^b times x^(e - DEGREE) is x^(b - distance): bits of the quotient that are `distance` above. */
struct terms {
    uint32_t distance[N_LOWER]; /* rising */
    uint32_t offset[N_LOWER];   /* in bytes, from the copy of the quotient that is shifted down by
                                   distance % 8 bits */
};

struct scratch {
    _Alignas(64) uint64_t square[N_BLOCKS * BLOCK_WORDS + 1]; /* and the 0 above it */
    _Alignas(64) unsigned char copies[8 * COPY_BYTES];
    _Alignas(64) uint32_t raw[ALIGNING + N_STATES * SOW__MT_N + 16];
    _Alignas(64) uint32_t sums[CHUNK_BITS][SUM_WORDS]; /* of the chunks that have the bit */
    _Alignas(64) uint32_t part[CHUNK_BITS][SUM_WORDS];
    _Alignas(64) uint32_t rest[SUM_WORDS];
    _Alignas(64) uint32_t power[N_WORDS];
    struct terms terms;
    uint32_t windows[N_CHUNKS];          /* in bytes, by the value of the chunk */
    uint32_t first_window[N_VALUES + 1]; /* of each value */
};

/* p = x * (Z^32 + sum of Z^(31-i) over the bits i < 31 of MATRIX_A) + 1 with Z = x^623 + x^396.
 * Over GF(2), Z^k is the sum of x^(396 k + 227 j) over the j whose bits are all in k. No two of
 * these exponents are equal. */
void sow__mt_polynomial(uint16_t exponents[SOW__MT_N_EXPONENTS])
{
    int n = 0;
    exponents[n++] = 0;
    for (unsigned k = 1; k <= 32; k++) {
        if (k < 32 && (MATRIX_A >> (31 - k) & 1) == 0) {
            continue;
        }
        unsigned j = k;
        do {
            exponents[n++] = (uint16_t)(1 + (SOW__MT_M - 1) * k + (SOW__MT_N - SOW__MT_M) * j);
            j = (j - 1) & k;
        } while (j != k);
    }
}

static int compare_distances(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void find_terms(struct terms *terms)
{
    uint16_t exponents[SOW__MT_N_EXPONENTS];
    sow__mt_polynomial(exponents);
    int n = 0;
    for (int i = 0; i < SOW__MT_N_EXPONENTS; i++) {
        if (exponents[i] != DEGREE) {
            terms->distance[n++] = DEGREE - (uint32_t)exponents[i];
        }
    }
    qsort(terms->distance, N_LOWER, sizeof *terms->distance, compare_distances);
    for (int i = 0; i < N_LOWER; i++) {
        uint32_t distance = terms->distance[i];
        terms->offset[i] = distance % 8 * COPY_BYTES + distance / 8;
    }
}

/* Writes a block of the quotient into its copies, copy k shifted down by k bits. The word behind
 * the block's last is the one above it. */
static void put_copies(unsigned char *at, const uint64_t bits[BLOCK_WORDS + 1])
{
    for (unsigned k = 0; k < 8; k++, at += COPY_BYTES) {
        uint64_t shifted[BLOCK_WORDS];
        for (int i = 0; i < BLOCK_WORDS; i++) {
            shifted[i] = bits[i] >> k | bits[i + 1] << 1 << (63 - k);
        }
        memcpy(at, shifted, sizeof shifted);
    }
}

/* power = square mod p, from the top block down: a block is final when what the quotient above it
 * contributes is added. */
static void reduce(struct scratch *s)
{
    const sow__kern *kern = sow__kern_get();
    const uint32_t *distance = s->terms.distance;
    int first = 0, end = 0; /* the terms that reach the quotient from this block */
    for (int b = N_BLOCKS - 1; b >= 0; b--) {
        uint64_t *block = s->square + b * BLOCK_WORDS;
        unsigned char *copy = s->copies + (b - N_LOW + 1) * BLOCK_BYTES;
        while (end < N_LOWER && b * BLOCK_BITS + (int)distance[end] < N_BLOCKS * BLOCK_BITS) {
            end++;
        }
        while (first < end && (b + 1) * BLOCK_BITS + (int)distance[first] <= DEGREE) {
            first++;
        }
        kern->xor_windows(block, copy, s->terms.offset + first, (size_t)(end - first),
                          BLOCK_BITS / 32);
        if (b > N_LOW) {
            put_copies(copy, block);
        } else if (b == N_LOW) {
            uint64_t quotient[BLOCK_WORDS + 1] = {0};
            uint64_t *last = block + BLOCK_WORDS - 1;
            quotient[BLOCK_WORDS - 1] = *last >> DEGREE % 64 << DEGREE % 64;
            quotient[BLOCK_WORDS] = last[1];
            *last ^= quotient[BLOCK_WORDS - 1];
            put_copies(copy, quotient);
        }
    }
    memcpy(s->power, s->square, sizeof s->power);
}

/* power = power^2 mod p, times x when odd. */
static void square(struct scratch *s, bool odd)
{
    sow__kern_get()->spread_bits(s->square, s->power, N_WORDS);
    for (uint64_t i = 0, carry = 0; odd && i < N_WORDS; i++) {
        uint64_t word = s->square[i];
        s->square[i] = word << 1 | carry;
        carry = word >> 63;
    }
    reduce(s);
}

/* power = x^n mod p, by squaring from the top bit of n on. */
static void find_power(struct scratch *s, uint64_t n)
{
    int n_left = 0;
    while (n >> n_left >= 1u << FREE_BITS) {
        n_left++;
    }
    uint64_t first = n >> n_left;
    memset(s->power, 0, sizeof s->power);
    memset(s->copies, 0, sizeof s->copies);
    s->square[N_BLOCKS * BLOCK_WORDS] = 0;
    s->power[first / 32] = (uint32_t)1 << first % 32;
    while (n_left-- > 0) {
        square(s, (n >> n_left & 1) != 0);
    }
}

/* ---- applying a power ----
 *
 * Word j of the result is the sum of raw[1 + i + j] over the bits i of the power. The bits are
 * taken six at a time: windows whose chunks have the same value are added up first, then the
 * values that have a bit are, and last the six bits' sums, each shifted by its bit. */

static uint32_t chunk_of(const uint32_t power[N_WORDS], size_t i)
{
    uint32_t bits;
    memcpy(&bits, (const unsigned char *)power + i * CHUNK_BITS / 8, sizeof bits);
    return bits >> i * CHUNK_BITS % 8 & (N_VALUES - 1);
}

/* The windows of each value of a chunk, one value after the other. */
static void sort_windows(struct scratch *s)
{
    memset(s->first_window, 0, sizeof s->first_window);
    for (size_t i = 0; i < N_CHUNKS; i++) {
        s->first_window[chunk_of(s->power, i) + 1]++;
    }
    for (int value = 0; value < N_VALUES; value++) {
        s->first_window[value + 1] += s->first_window[value];
    }
    uint32_t next[N_VALUES];
    memcpy(next, s->first_window, sizeof next);
    for (uint32_t i = 0; i < N_CHUNKS; i++) {
        s->windows[next[chunk_of(s->power, i)]++] = i * CHUNK_BITS * (uint32_t)sizeof *s->raw;
    }
}

/* Adds the windows of the 2^bit values from `value` on to acc, and to the sums of the bits below
 * `bit` what belongs there. */
static void add_values(struct scratch *s, unsigned bit, unsigned value, uint32_t acc[SUM_WORDS])
{
    static const uint32_t here = 0;
    const sow__kern *kern = sow__kern_get();
    if (bit == 0) {
        uint32_t first = s->first_window[value], n = s->first_window[value + 1] - first;
        if (value != 0 && n > 0) {
            kern->xor_windows(acc, (const unsigned char *)(s->raw + ALIGNING + 1),
                              s->windows + first, n, SUM_WORDS);
        }
        return;
    }
    bit--;
    uint32_t *part = s->part[bit];
    add_values(s, bit, value, acc);
    memset(part, 0, sizeof s->part[bit]);
    add_values(s, bit, value | 1u << bit, part);
    kern->xor_windows(s->sums[bit], (const unsigned char *)part, &here, 1, SUM_WORDS);
    kern->xor_windows(acc, (const unsigned char *)part, &here, 1, SUM_WORDS);
}

static void apply(struct scratch *s, uint32_t state[SOW__MT_N])
{
    uint32_t *raw = s->raw + ALIGNING;
    memcpy(raw, state, SOW__MT_N * sizeof *raw);
    for (int i = 0; i + 1 < N_STATES; i++) {
        sow__kern_get()->advance_upper(raw + i * SOW__MT_N);
    }
    sort_windows(s);
    memset(s->sums, 0, sizeof s->sums);
    add_values(s, CHUNK_BITS, 0, s->rest);
    memcpy(state, s->sums[0], SOW__MT_N * sizeof *state);
    for (int bit = 1; bit < CHUNK_BITS; bit++) {
        for (int j = 0; j < SOW__MT_N; j++) {
            state[j] ^= s->sums[bit][j + bit];
        }
    }
}

/* ---- powers that were needed last: pieces of one tensor lie equally far apart ---- */

enum { N_KEPT = 8 };

static struct kept {
    uint64_t n; /* 0: none */
    uint32_t power[N_WORDS];
} kept[N_KEPT];
static unsigned next_kept;
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;

static bool recall(uint32_t power[N_WORDS], uint64_t n)
{
    bool found = false;
    pthread_mutex_lock(&kept_lock);
    for (int i = 0; i < N_KEPT && !found; i++) {
        found = kept[i].n == n;
        if (found) {
            memcpy(power, kept[i].power, sizeof kept[i].power);
        }
    }
    pthread_mutex_unlock(&kept_lock);
    return found;
}

static void keep(const uint32_t power[N_WORDS], uint64_t n)
{
    pthread_mutex_lock(&kept_lock);
    struct kept *place = &kept[next_kept++ % N_KEPT];
    place->n = n;
    memcpy(place->power, power, sizeof place->power);
    pthread_mutex_unlock(&kept_lock);
}

sow_status sow__mt_jump(uint32_t state[SOW__MT_N], uint64_t n, sow_error *err)
{
    if (n == 0) {
        return SOW_OK;
    }
    struct scratch *s = aligned_alloc(_Alignof(struct scratch), sizeof *s);
    if (s == NULL) {
        return sow__fail_memory(err, sizeof *s);
    }
    if (!recall(s->power, n)) {
        find_terms(&s->terms);
        find_power(s, n - 1);
        keep(s->power, n);
    }
    memset(s->rest, 0, sizeof s->rest);
    apply(s, state);
    free(s);
    return SOW_OK;
}
