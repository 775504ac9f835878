/* Jumping ahead in MT19937: x[k+n] as a sum of the words at hand, by x^n mod the characteristic
 * polynomial. SPDX-License-Identifier: Apache-2.0
 *
 * After H. Haramoto et al., "Efficient Jump Ahead for F2-Linear Random Number Generators" (2008).
 *
 * The orbit of MT19937 has 19937 bits: of the first word of an array only the top bit takes part,
 * and in a seed array the other 31 bits are not what the recurrence would have put there. The words
 * after it are. So a jump by n is made as one by n - 1 that starts from the second word. */
#include "rng/jump.h"

#include "base/error.h"
#include <stdlib.h>
#include <string.h>

#define MATRIX_A 0x9908B0DFu

enum {
    DEGREE = SOW__MT_DEGREE,
    N_LOWER = SOW__MT_N_EXPONENTS - 1, /* terms below x^DEGREE */
    N_WORDS = (DEGREE + 63) / 64,      /* of a polynomial of degree < DEGREE */
    FREE_BITS = 14,                    /* x^m with m of so many bits needs no reduction */
    GROUP = 8,                         /* words that are reduced together */
    SHIFTED = GROUP + 2, /* words of a shifted group, the last one 0: an even number */
    N_BLOCKS = (DEGREE + SOW__MT_N + SOW__MT_N - 1) / SOW__MT_N,
};

/* x^(64 * i) times x^(e - DEGREE) begins `back` words below word i, `shift` bits into it. Kept by
 * shift, so that terms with the same one follow each other. */
struct term {
    unsigned back, shift;
};

struct scratch {
    struct term terms[N_LOWER];
    uint64_t power[N_WORDS];
    uint64_t square[2 * N_WORDS];
    uint32_t raw[N_BLOCKS * SOW__MT_N];
    uint32_t sum[SOW__MT_N];
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

static void find_terms(struct term terms[N_LOWER])
{
    uint16_t exponents[SOW__MT_N_EXPONENTS];
    sow__mt_polynomial(exponents);
    int n = 0;
    for (unsigned shift = 0; shift < 64; shift++) {
        for (int i = 0; i < SOW__MT_N_EXPONENTS; i++) {
            unsigned distance = DEGREE - (unsigned)exponents[i];
            if (distance != 0 && (distance + shift) % 64 == 0) {
                terms[n++] = (struct term){.back = (distance + shift) / 64, .shift = shift};
            }
        }
    }
}

static void shift_group(uint64_t *restrict shifted, const uint64_t *restrict padded, unsigned shift)
{
    for (int i = 0; i < SHIFTED; i++) {
        shifted[i] = padded[i + 1] << shift | padded[i] >> 1 >> (63 - shift);
    }
}

static void add_group(uint64_t *restrict words, const uint64_t *restrict shifted)
{
    for (int i = 0; i < SHIFTED; i++) {
        words[i] ^= shifted[i];
    }
}

/* Adds what a group of words above the degree is modulo p. The second highest exponent is 623 below
 * the top one, so the words of a group do not reach into each other. */
static void reduce_group(uint64_t *group, const struct term terms[N_LOWER])
{
    uint64_t padded[SHIFTED + 1] = {0}, shifted[SHIFTED];
    unsigned shift = 64;
    memcpy(padded + 1, group, GROUP * sizeof *group);
    for (int t = 0; t < N_LOWER; t++) {
        if (terms[t].shift != shift) {
            shift = terms[t].shift;
            shift_group(shifted, padded, shift);
        }
        add_group(group - terms[t].back, shifted);
    }
}

/* Reduces a polynomial of 2 * N_WORDS words modulo p. */
static void reduce(uint64_t words[2 * N_WORDS], const struct term terms[N_LOWER])
{
    for (int i = 2 * N_WORDS - GROUP; i >= N_WORDS; i -= GROUP) {
        reduce_group(words + i, terms);
    }
    /* The last word holds the top DEGREE % 64 bits of the remainder and what is still above. */
    uint64_t high = words[N_WORDS - 1] >> DEGREE % 64 << DEGREE % 64;
    words[N_WORDS - 1] ^= high;
    for (int t = 0; t < N_LOWER; t++) {
        unsigned i = N_WORDS - terms[t].back;
        uint64_t lower = high << terms[t].shift;
        words[i] ^= high >> 1 >> (63 - terms[t].shift);
        if (lower != 0) {
            words[i - 1] ^= lower;
        }
    }
}

/* Puts a zero after every bit. */
static uint64_t spread(uint64_t bits)
{
    bits = (bits | bits << 16) & 0x0000FFFF0000FFFFu;
    bits = (bits | bits << 8) & 0x00FF00FF00FF00FFu;
    bits = (bits | bits << 4) & 0x0F0F0F0F0F0F0F0Fu;
    bits = (bits | bits << 2) & 0x3333333333333333u;
    return (bits | bits << 1) & 0x5555555555555555u;
}

/* power = power^2 mod p, times x when odd. */
static void square(struct scratch *s, bool odd)
{
    for (int i = 0; i < N_WORDS; i++) {
        s->square[2 * i] = spread(s->power[i] & 0xFFFFFFFFu);
        s->square[2 * i + 1] = spread(s->power[i] >> 32);
    }
    if (odd) {
        for (int i = 2 * N_WORDS - 1; i > 0; i--) {
            s->square[i] = s->square[i] << 1 | s->square[i - 1] >> 63;
        }
        s->square[0] <<= 1;
    }
    reduce(s->square, s->terms);
    memcpy(s->power, s->square, sizeof s->power);
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
    s->power[first / 64] = (uint64_t)1 << first % 64;
    while (n_left-- > 0) {
        square(s, (n >> n_left & 1) != 0);
    }
}

/* sum = the 624 words that power makes of those from raw[1] on. */
static void apply(struct scratch *s)
{
    const sow__kern *kern = sow__kern_get();
    for (int b = 1; b < N_BLOCKS; b++) {
        uint32_t *block = s->raw + b * SOW__MT_N;
        memcpy(block, block - SOW__MT_N, SOW__MT_N * sizeof *block);
        kern->twist(block);
    }
    memset(s->sum, 0, sizeof s->sum);
    for (int i = 0; i < DEGREE; i++) {
        if ((s->power[i / 64] >> i % 64 & 1) != 0) {
            kern->xor_words(s->sum, s->raw + 1 + i, SOW__MT_N);
        }
    }
}

sow_status sow__mt_jump(uint32_t state[SOW__MT_N], uint64_t n, sow_error *err)
{
    if (n == 0) {
        return SOW_OK;
    }
    struct scratch *s = malloc(sizeof *s);
    if (s == NULL) {
        return sow__fail_memory(err, sizeof *s);
    }
    find_terms(s->terms);
    find_power(s, n - 1);
    memcpy(s->raw, state, sizeof s->sum);
    apply(s);
    memcpy(state, s->sum, sizeof s->sum);
    free(s);
    return SOW_OK;
}
