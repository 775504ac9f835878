/* Uniform and normal values against PyTorch's, at every level.
 * SPDX-License-Identifier: Apache-2.0 */
#include "kern/vectors.h"

#include <math.h>

enum { block_values = 16 };

/* A kernel by the name that the vectors have, as one of the two shapes. */
typedef struct kernel {
    const char *name;
    size_t element_bytes;
    bool
        redraws_tail_after_all; /* of n = 16k + r values: r words are drawn before the last block */
    bool to_becomes_from;
    size_t uniform_at, normal_at; /* offset in the table; 0: not of this shape */
} kernel;

#define UNIFORM(type, bytes, keeps)                                                                \
    {                                                                                              \
        "uniform_" #type, bytes, false, !(keeps), offsetof(sow__kern, uniform_##type), 0           \
    }
#define NORMAL(type, bytes, redraws)                                                               \
    {                                                                                              \
        "normal_" #type, bytes, redraws, false, 0, offsetof(sow__kern, normal_##type)              \
    }

static const kernel kernels[] = {
    UNIFORM(f32, 4, false),
    UNIFORM(f64, 8, false),
    UNIFORM(f16, 2, false),
    UNIFORM(bf16, 2, false),
    UNIFORM(f16_2_11, 2, true),
    UNIFORM(bf16_2_11, 2, true),
    {"uniform_f32_2_11", 4, false, false, offsetof(sow__kern, uniform_f32), 0},
    NORMAL(f32, 4, true),
    NORMAL(f64, 8, true),
    NORMAL(f16, 2, false),
    NORMAL(bf16, 2, false),
    NORMAL(f16_2_12, 2, false),
    NORMAL(bf16_2_12, 2, false),
    NORMAL(f16_2_11, 2, true),
    NORMAL(bf16_2_11, 2, true),
};

/* The 16-bit kernels share a type and are found by their offset. */
static void call_uniform(const sow__kern *kern, const kernel *k, void *out, const uint32_t *raw,
                         size_t n, const sow__uniform *u)
{
    const char *const at = (const char *)kern + k->uniform_at;
    if (k->element_bytes == 4) {
        kern->uniform_f32(out, raw, n, u);
    } else if (k->element_bytes == 8) {
        kern->uniform_f64(out, raw, n, u);
    } else {
        void (*half)(uint16_t *, const uint32_t *, size_t, const sow__uniform *);
        memcpy(&half, at, sizeof half);
        half(out, raw, n, u);
    }
}

static void call_normal(const sow__kern *kern, const kernel *k, void *out, const uint32_t *raw,
                        size_t n_blocks, double mean, double std)
{
    const char *const at = (const char *)kern + k->normal_at;
    if (k->element_bytes == 4) {
        kern->normal_f32(out, raw, n_blocks, mean, std);
    } else if (k->element_bytes == 8) {
        kern->normal_f64(out, raw, n_blocks, mean, std);
    } else {
        void (*half)(uint16_t *, const uint32_t *, size_t, double, double);
        memcpy(&half, at, sizeof half);
        half(out, raw, n_blocks, mean, std);
    }
}

/* normal_ of n >= 16 contiguous elements: whole blocks, then the last 16 values again. */
static void fill_normal(const sow__kern *kern, const kernel *k, void *out, const uint32_t *raw,
                        size_t n, double mean, double std)
{
    const size_t words_each = k->element_bytes == 8 ? 2 : 1;
    const size_t n_blocks = n / block_values, n_rest = n % block_values;
    call_normal(kern, k, out, raw, n_blocks, mean, std);
    if (n_rest > 0) {
        const size_t drawn = k->redraws_tail_after_all ? n : n - n_rest;
        call_normal(kern, k, (char *)out + (n - block_values) * k->element_bytes,
                    raw + drawn * words_each, 1, mean, std);
    }
}

static void check_line(const sow__kern *kern, const kernel *k, const vector_file *v,
                       const char *numbers)
{
    unsigned seed;
    double a, b;
    size_t n;
    char hashed[8] = "", label[512];
    assert_true(sscanf(numbers, "%u %la %la %zu %7s", &seed, &a, &b, &n, hashed) >= 4);
    snprintf(label, sizeof label, "%s: %s %s", kern->name, k->name, v->key);
    uint32_t *const raw = raw_of(kern, seed, 2 * (n + block_values));
    void *const out = room_for(n, k->element_bytes);
    if (k->uniform_at != 0) {
        call_uniform(kern, k, out, raw, n,
                     &(sow__uniform){.from = a, .to = b, .to_becomes_from = k->to_becomes_from});
    } else {
        fill_normal(kern, k, out, raw, n, a, b);
    }
    check_answer(label, out, n, k->element_bytes, v->answer, hashed[0] != '\0');
    free(out);
    free(raw);
}

static const kernel *kernel_named(const char *prefix, const char *key)
{
    char name[64];
    snprintf(name, sizeof name, "%s%.*s", prefix, (int)strcspn(key, " "), key);
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        if (strcmp(kernels[i].name, name) == 0) {
            return &kernels[i];
        }
    }
    fail_msg("no kernel %s", name);
    return NULL;
}

static void check_file(const char *file, const char *prefix)
{
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        vector_file v = vectors_open(file);
        while (vectors_next(&v)) {
            check_line(kern, kernel_named(prefix, v.key), &v, strchr(v.key, ' '));
        }
        vectors_close(&v);
    }
}

static void test_kern_fills__uniform_equals_torch(void **unused)
{
    (void)unused;
    check_file("uniform.txt", "uniform_");
}

static void test_kern_fills__normal_equals_torch(void **unused)
{
    (void)unused;
    check_file("normal.txt", "normal_");
}

static void test_kern_fills__older_rules_equal_published_values(void **unused)
{
    (void)unused;
    check_file("published.txt", "");
}

/* normal_ of n < 16 values: pairs in double, scaled, narrowed. */
static void fill_serial(const sow__kern *kern, const char *type, void *out, const uint32_t *raw,
                        size_t n, double mean, double std)
{
    double z[16];
    float z32[16];
    kern->normal_pairs(z, raw, (n + 1) / 2);
    kern->scale_shift(z, z, n, mean, std);
    kern->f64_to_f32(z32, z, n);
    if (strcmp(type, "f64") == 0) {
        memcpy(out, z, n * sizeof *z);
    } else if (strcmp(type, "f32") == 0) {
        memcpy(out, z32, n * sizeof *z32);
    } else if (strcmp(type, "f16") == 0) {
        kern->f32_to_f16(out, z32, n);
    } else {
        kern->f32_to_bf16(out, z32, n);
    }
}

static void test_kern_fills__serial_normal_equals_torch(void **unused)
{
    (void)unused;
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        vector_file v = vectors_open("serial.txt");
        while (vectors_next(&v)) {
            char type[8];
            unsigned seed;
            double mean, std, out[16];
            size_t n;
            assert_int_equal(sscanf(v.key, "%7s %u %la %la %zu", type, &seed, &mean, &std, &n), 5);
            uint32_t *const raw = raw_of(kern, seed, 32);
            fill_serial(kern, type, out, raw, n, mean, std);
            const size_t element_bytes = kernel_named("normal_", type)->element_bytes;
            check_answer(v.key, out, n, element_bytes, v.answer, false);
            free(raw);
        }
        vectors_close(&v);
    }
}

/* Every radius and every angle of normal_f32: 2^24 words each. The scalar level is compared with
 * torch's hash, the others with the scalar one. */
static void check_pairs(const vector_file *v, uint32_t *raw, float *expected, float *got)
{
    const size_t n_pairs = (size_t)1 << 24, n_values = 2 * n_pairs;
    uint32_t multiplier;
    assert_int_equal(sscanf(v->key, "f32 %u", &multiplier), 1);
    for (uint32_t i = 0; i < n_pairs; i++) {
        const size_t at = (i / 8) * (size_t)block_values + i % 8;
        raw[at] = raw_from_word(i);
        raw[at + 8] = raw_from_word(i * multiplier & 0xFFFFFFu);
    }
    const sow__kern *kern = sow__kern_at(SOW__CPU_SCALAR);
    kern->normal_f32(expected, raw, n_values / block_values, 0.0, 1.0);
    check_answer(v->key, expected, n_values, sizeof *expected, v->answer, true);
    for (int level = SOW__CPU_AVX2; (kern = level_next(&level)) != NULL;) {
        kern->normal_f32(got, raw, n_values / block_values, 0.0, 1.0);
        assert_same_bits(got, expected, n_values, sizeof *got);
    }
}

static void test_kern_fills__every_radius_and_angle_equals_torch(void **unused)
{
    (void)unused;
    const size_t n_values = (size_t)1 << 25;
    uint32_t *const raw = room_for(n_values, sizeof *raw);
    float *const expected = room_for(n_values, sizeof *expected);
    float *const got = room_for(n_values, sizeof *got);
    vector_file v = vectors_open("pairs.txt");
    while (vectors_next(&v)) {
        check_pairs(&v, raw, expected, got);
    }
    vectors_close(&v);
    free(got);
    free(expected);
    free(raw);
}

/* The high bits of a word must not count, and nothing may be written behind the last value. */
static void test_kern_fills__every_level_equals_scalar_at_every_length(void **unused)
{
    (void)unused;
    enum { max_values = 41 * block_values };
    const sow__kern *const scalar = sow__kern_at(SOW__CPU_SCALAR), *kern;
    uint32_t *const raw = raw_of(scalar, 3, 2 * max_values);
    sow__uniform u = {.from = -0.3, .to = 0.7, .to_becomes_from = true};
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
            const kernel *const k = &kernels[i];
            for (size_t units = 0; units <= 41; units++) {
                const size_t n = k->uniform_at != 0 ? units * 3 : units * block_values;
                _Alignas(64) unsigned char expected[8 * max_values + 8], got[8 * max_values + 8];
                memset(expected, 0xA5, sizeof expected);
                memset(got, 0xA5, sizeof got);
                u.past_caches = units % 2 != 0;
                if (k->uniform_at != 0) {
                    call_uniform(scalar, k, expected, raw, n, &u);
                    call_uniform(kern, k, got, raw, n, &u);
                } else {
                    call_normal(scalar, k, expected, raw, units, 0.1, 0.7);
                    call_normal(kern, k, got, raw, units, 0.1, 0.7);
                }
                assert_same_bits(got, expected, sizeof got / k->element_bytes, k->element_bytes);
                assert_int_equal(got[n * k->element_bytes], 0xA5);
            }
        }
    }
    free(raw);
}

static void test_kern_fills__pairs_and_scaling_equal_scalar_at_every_length(void **unused)
{
    (void)unused;
    enum { max_pairs = 40 };
    const sow__kern *const scalar = sow__kern_at(SOW__CPU_SCALAR), *kern;
    uint32_t *const raw = raw_of(scalar, 9, 4 * max_pairs);
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        for (size_t n = 0; n < max_pairs; n++) {
            double expected[2 * max_pairs] = {0}, got[2 * max_pairs] = {0};
            double scaled[2 * max_pairs] = {0};
            scalar->normal_pairs(expected, raw, n);
            kern->normal_pairs(got, raw, n);
            assert_same_bits(got, expected, 2 * max_pairs, sizeof *got);
            for (size_t i = 0; i < 2 * n; i++) {
                expected[i] = fma(expected[i], 0.7, 0.1);
            }
            kern->scale_shift(scaled, got, 2 * n, 0.1, 0.7);
            kern->scale_shift(got, got, 2 * n, 0.1, 0.7);
            assert_same_bits(scaled, expected, 2 * max_pairs, sizeof *got);
            assert_same_bits(got, expected, 2 * max_pairs, sizeof *got);
        }
    }
    free(raw);
}

/* The flag off: the value that rounds to `to` stays. bf16 [0, 1) reaches 1 once in 512. */
static void test_kern_fills__to_stays_when_it_does_not_become_from(void **unused)
{
    (void)unused;
    enum { n_values = 4096 };
    const sow__uniform open = {.to = 1.0, .to_becomes_from = true}, closed = {.to = 1.0};
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        uint16_t with[n_values], without[n_values];
        size_t n_ones = 0;
        uint32_t *const raw = raw_of(kern, 42, n_values);
        kern->uniform_bf16(with, raw, n_values, &open);
        kern->uniform_bf16(without, raw, n_values, &closed);
        for (size_t i = 0; i < n_values; i++) {
            n_ones += without[i] == 0x3F80;
            assert_int_equal(with[i], without[i] == 0x3F80 ? 0 : without[i]);
        }
        assert_true(n_ones > 0);
        raw[0] = raw_from_word(0xFFFFFF);
        kern->uniform_f16(with, raw, 1, &open);
        kern->uniform_f16(without, raw, 1, &closed);
        assert_int_equal(with[0], 0);
        assert_int_equal(without[0], 0x3C00);
        free(raw);
    }
}

static void test_kern_fills__not_finite_mean_and_std(void **unused)
{
    (void)unused;
    const sow__kern *kern;
    for (int level = 0; (kern = level_next(&level)) != NULL;) {
        float out[16];
        uint16_t half[16];
        uint32_t *const raw = raw_of(kern, 42, 16);
        kern->normal_f32(out, raw, 1, -INFINITY, 1.0);
        for (size_t i = 0; i < 16; i++) {
            assert_true(out[i] == -INFINITY);
        }
        kern->normal_f32(out, raw, 1, 0.0, INFINITY);
        for (size_t i = 0; i < 16; i++) {
            assert_true(isinf(out[i]));
        }
        kern->normal_bf16(half, raw, 1, NAN, 1.0); /* torch stores 7FC0 and 7E00 */
        assert_int_equal(half[15], 0x7FC0);
        kern->normal_f16(half, raw, 1, NAN, 1.0);
        assert_int_equal(half[15], 0x7E00);
        free(raw);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kern_fills__uniform_equals_torch),
        cmocka_unit_test(test_kern_fills__normal_equals_torch),
        cmocka_unit_test(test_kern_fills__older_rules_equal_published_values),
        cmocka_unit_test(test_kern_fills__serial_normal_equals_torch),
        cmocka_unit_test(test_kern_fills__every_radius_and_angle_equals_torch),
        cmocka_unit_test(test_kern_fills__every_level_equals_scalar_at_every_length),
        cmocka_unit_test(test_kern_fills__pairs_and_scaling_equal_scalar_at_every_length),
        cmocka_unit_test(test_kern_fills__to_stays_when_it_does_not_become_from),
        cmocka_unit_test(test_kern_fills__not_finite_mean_and_std),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
