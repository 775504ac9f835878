/* Every line of answers-*.txt: the library gives what torch gave.
 * SPDX-License-Identifier: Apache-2.0
 *
 * SOW_CPU chooses the instruction set, as everywhere; the answers are the same for all. */
#include "known/answer.h"

#include "base/dtype.h"
#include "hash.h"
#include "kern/sha256.h"
#include "tensor/tensor.h"
#include <ctype.h>
#include <math.h>
#include <sow/init.h>

#define FOLDER SOW_SOURCE_DIR "/tests/known/"
#define LINE_SIZE (1 << 20)
#define HOLE 0x5A
#define MOST_SHOWN 12
#define WHY_SIZE 2048

static sow_error err;

/* ---- digests ---- */

static bool same_digest(const char *got, const char *expected, const char *what, char *why)
{
    if (strncmp(got, expected, strlen(expected)) == 0 && expected[0] != '\0') {
        return true;
    }
    snprintf(why, WHY_SIZE, "%s: expected %s, got %s", what, expected, got);
    return false;
}

static bool same_state(sow_generator *generator, const char *expected, const char *what, char *why)
{
    char text[65];
    uint8_t state[SOW_GENERATOR_STATE_BYTES];
    if (strcmp(expected, "-") == 0) {
        return true;
    }
    assert_ok(sow_generator_get_state(generator, state, &err), err);
    if (strncmp(expected, "sha256 ", 7) == 0) {
        sha256_text(text, state, sizeof state);
        return same_digest(text, expected + 7, what, why);
    }
    hash_text(state, sizeof state, text);
    return same_digest(text, expected, what, why);
}

/* ---- values ---- */

/* The elements in logical order, without gaps; the caller frees. */
static void *logical_copy(const sow_tensor *t)
{
    sow__order order;
    size_t element_bytes = sow__dtype_bytes(t->storage->dtype);
    void *dense = malloc((size_t)t->numel * element_bytes + 1);
    assert_non_null(dense);
    sow__tensor_logical_order(t, &order);
    sow__order_gather(&order, t->storage->data, element_bytes, 0, t->numel, dense);
    return dense;
}

static uint64_t bits_at(const void *data, size_t i, size_t part_bytes)
{
    uint64_t bits = 0;
    memcpy(&bits, (const unsigned char *)data + i * part_bytes, part_bytes);
    return bits;
}

static double number_of(uint64_t bits, size_t part_bytes)
{
    float narrow;
    double wide;
    uint32_t low = (uint32_t)bits;
    memcpy(&narrow, &low, sizeof narrow);
    memcpy(&wide, &bits, sizeof wide);
    return part_bytes == sizeof narrow ? narrow : wide;
}

/* Bits of numbers of one sign are as far apart as the numbers are in units of the last place. */
static bool close_enough(const answer *a, uint64_t got, uint64_t expected, size_t part_bytes)
{
    if (strcmp(a->kind, "near") == 0) {
        double x = number_of(got, part_bytes), y = number_of(expected, part_bytes);
        return fabs(x - y) <= a->tolerance;
    }
    if (strcmp(a->kind, "ulp") == 0) {
        return (got > expected ? got - expected : expected - got) <= (uint64_t)a->tolerance;
    }
    return got == expected;
}

/* Compares n parts with the hexadecimal words of the result; only_first: it may have fewer. */
static bool same_words(const answer *a, const void *data, size_t n, size_t part_bytes,
                       bool only_first, char *why)
{
    char *at = a->result;
    size_t i = 0;
    for (; i < n && *at != '\0'; i++) {
        uint64_t expected = strtoull(at, &at, 16), got = bits_at(data, i, part_bytes);
        at += *at == ' ';
        if (!close_enough(a, got, expected, part_bytes)) {
            snprintf(why, WHY_SIZE, "number %zu of %zu: expected %0*llx, got %0*llx", i, n,
                     (int)part_bytes * 2, (unsigned long long)expected, (int)part_bytes * 2,
                     (unsigned long long)got);
            return false;
        }
    }
    if (*at != '\0' || (i < n && !only_first) || (only_first && i == 0)) {
        snprintf(why, WHY_SIZE, "%zu numbers, the answer has %s", n, *at != '\0' ? "more" : "less");
        return false;
    }
    return true;
}

static bool same_values(const answer *a, const sow_tensor *t, char *why)
{
    char text[65];
    const sow__storage *storage = t->storage;
    size_t part_bytes = sow__dtype_bytes(sow__dtype_real(a->dtype));
    size_t n_parts = sow__dtype_is_complex(a->dtype) ? 2 : 1;
    size_t storage_bytes = (size_t)storage->numel * part_bytes * n_parts;
    bool only_first = strcmp(a->kind, "first") == 0;
    if (strcmp(a->kind, "none") == 0) {
        return true;
    }
    if (strcmp(a->kind, "xxh3") == 0) {
        hash_text(storage->data, storage_bytes, text);
        return same_digest(text, a->result, "values", why);
    }
    if (strcmp(a->kind, "sha256") == 0) {
        sha256_text(text, storage->data, storage_bytes);
        return same_digest(text, a->result, "values", why);
    }
    if (only_first || strcmp(a->kind, "memory") == 0) {
        return same_words(a, storage->data, (size_t)storage->numel * n_parts, part_bytes,
                          only_first, why);
    }
    assert_true(strcmp(a->kind, "hex") == 0 || strcmp(a->kind, "near") == 0 ||
                strcmp(a->kind, "ulp") == 0);
    void *dense = logical_copy(t);
    bool same = same_words(a, dense, (size_t)t->numel * n_parts, part_bytes, false, why);
    free(dense);
    return same;
}

/* Elements of the storage outside the tensor are as they were. */
static bool gaps_untouched(const sow_tensor *t, char *why)
{
    sow__order order;
    size_t element_bytes = sow__dtype_bytes(t->storage->dtype);
    size_t storage_bytes = (size_t)t->storage->numel * element_bytes;
    unsigned char *copy = malloc(storage_bytes + 1), *holes = malloc(storage_bytes + 1);
    assert_true(copy != NULL && holes != NULL);
    if (storage_bytes > 0) {
        memcpy(copy, t->storage->data, storage_bytes);
    }
    memset(holes, HOLE, storage_bytes + 1);
    sow__tensor_order(t, &order);
    sow__order_scatter(&order, copy, element_bytes, 0, t->numel, holes);
    bool untouched = memcmp(copy, holes, storage_bytes) == 0;
    free(copy);
    free(holes);
    if (!untouched) {
        snprintf(why, WHY_SIZE, "something was written outside the tensor");
    }
    return untouched;
}

/* ---- the call ---- */

static sow_tensor *make_tensor(const answer *a)
{
    sow_tensor *t = a->strided ? sow_empty(a->dtype, 1, &a->extent, SOW_CPU, &err)
                               : sow_empty(a->dtype, a->n_dims, a->sizes, SOW_CPU, &err);
    assert_non_null(t);
    memset(t->storage->data, HOLE, (size_t)t->storage->numel * sow__dtype_bytes(a->dtype));
    if (!a->strided) {
        return t;
    }
    sow_tensor *view = sow_tensor_as_strided(t, a->n_dims, a->sizes, a->strides, a->offset, &err);
    assert_non_null(view);
    sow_tensor_free(t);
    return view;
}

static void set_up(const answer *a, sow_generator **generator, sow_dialect dialect)
{
    if (a->same) {
        return;
    }
    if (*generator != sow_default_generator()) {
        sow_generator_free(*generator);
    }
    *generator = a->use_default ? sow_default_generator() : sow_generator_new(&err);
    assert_ok(sow_generator_set_dialect(*generator, dialect, &err), err);
    assert_ok(sow_generator_manual_seed(*generator, a->seed, &err), err);
    if (a->n_before > 0) {
        sow_tensor *t = sow_empty(SOW_F32, 1, &a->n_before, SOW_CPU, &err);
        assert_ok(sow_normal(t, 0.0, 1.0, *generator, &err), err);
        sow_tensor_free(t);
    }
    if (a->seed_default) {
        sow_generator *fallback = sow_default_generator();
        assert_ok(sow_generator_set_dialect(fallback, dialect, &err), err);
        assert_ok(sow_generator_manual_seed(fallback, a->default_seed, &err), err);
    }
}

/* The two calls that are no initializers. */
static sow_status draw_integers(const answer *a, sow_tensor *t, sow_generator *generator,
                                sow_error *error)
{
    if (strcmp(a->call, "randperm") == 0) {
        return sow_generator_randperm(generator, t->numel, sow_tensor_data(t), error);
    }
    assert_string_equal(a->call, "words");
    for (int64_t i = 0; i < t->numel; i++) {
        uint32_t word;
        assert_ok(sow_generator_random(generator, &word, &err), err);
        int64_t value = word;
        memcpy((unsigned char *)sow_tensor_data(t) + i * 8, &value, sizeof value);
    }
    return SOW_OK;
}

static sow_status run(const answer *a, sow_tensor *t, sow_generator *generator, sow_error *error)
{
    sow_init_args args;
    const sow_initializer *initializer = sow_initializer_find(a->call);
    if (initializer == NULL) {
        assert_int_equal(a->dtype, SOW_I64);
        return draw_integers(a, t, generator, error);
    }
    sow_initializer_defaults(initializer, &args);
    for (int i = 0; i < a->n_args; i++) {
        assert_ok(sow_initializer_set(initializer, &args, a->names[i], a->values[i], &err), err);
    }
    return sow_initializer_apply(initializer, t, &args, a->use_default ? NULL : generator, error);
}

static bool same_outcome(const answer *a, const sow_tensor *t, sow_status status,
                         const sow_error *got, char *why)
{
    char text[SOW_ERROR_MESSAGE_SIZE + 64] = "success";
    bool must_fail = strcmp(a->kind, "error") == 0;
    if (status != SOW_OK) {
        snprintf(text, sizeof text, "%s %s", sow_status_exception(status), got->message);
    }
    if (must_fail != (status != SOW_OK) || (must_fail && strcmp(text, a->result) != 0)) {
        snprintf(why, WHY_SIZE, "expected %s, got %s", must_fail ? a->result : "success", text);
        return false;
    }
    return must_fail || (same_values(a, t, why) && gaps_untouched(t, why));
}

static bool check(const answer *a, sow_generator **generator, sow_dialect dialect, char *why)
{
    sow_error got = {0};
    set_up(a, generator, dialect);
    sow_tensor *t = make_tensor(a);
    sow_status status = run(a, t, *generator, &got);
    bool same = same_outcome(a, t, status, &got, why) &&
                same_state(*generator, a->state, "state", why) &&
                (a->default_state == NULL ||
                 same_state(sow_default_generator(), a->default_state, "default state", why));
    sow_tensor_free(t);
    return same;
}

/* ---- files ---- */

/* "# torch 2.13.0, ..." */
static sow_dialect dialect_of(const char *line)
{
    sow_dialect dialect = SOW_TORCH_2_13;
    int major, minor;
    char name[32];
    assert_int_equal(sscanf(line, "# torch %d.%d", &major, &minor), 2);
    snprintf(name, sizeof name, "torch-%d.%d", major, minor);
    assert_ok(sow_dialect_parse(name, &dialect, &err), err);
    return dialect;
}

static void check_file(const char *path, int at_least)
{
    static char line[LINE_SIZE], begin[200];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("%s can not be read", path);
    }
    sow_dialect dialect = SOW_N_DIALECTS;
    sow_generator *generator = NULL;
    int n_checked = 0, n_different = 0;
    for (int number = 1; fgets(line, sizeof line, file) != NULL; number++) {
        if (line[0] == '#') {
            dialect = strncmp(line, "# torch ", 8) == 0 ? dialect_of(line) : dialect;
            continue;
        }
        assert_true(dialect != SOW_N_DIALECTS && strchr(line, '\n') != NULL);
        answer a;
        char why[WHY_SIZE];
        snprintf(begin, sizeof begin, "%.*s", (int)sizeof begin - 1, line);
        read_answer(line, &a);
        n_checked++;
        if (!check(&a, &generator, dialect, why) && ++n_different <= MOST_SHOWN) {
            begin[strcspn(begin, "\n")] = '\0';
            print_error("%s:%d: %s\n  %s\n", path, number, begin, why);
        }
    }
    fclose(file);
    if (generator != sow_default_generator()) {
        sow_generator_free(generator);
    }
    if (n_different > 0 || n_checked < at_least) {
        fail_msg("%d of %d answers differ", n_different, n_checked);
    }
}

static void test_known_answers__torch_2_13(void **state)
{
    (void)state;
    check_file(FOLDER "answers-2.13.txt", 3000);
}

static void test_known_answers__reference_2_13(void **state)
{
    (void)state;
    check_file(FOLDER "reference-2.13.txt", 40);
}

static void test_known_answers__torch_2_12(void **state)
{
    (void)state;
    check_file(FOLDER "answers-2.12.txt", 3000);
}

static void test_known_answers__reference_2_12(void **state)
{
    (void)state;
    check_file(FOLDER "reference-2.12.txt", 40);
}

static void test_known_answers__torch_2_11(void **state)
{
    (void)state;
    check_file(FOLDER "answers-2.11.txt", 3000);
}

static void test_known_answers__reference_2_11(void **state)
{
    (void)state;
    check_file(FOLDER "reference-2.11.txt", 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers__reference_2_11),
        cmocka_unit_test(test_known_answers__reference_2_12),
        cmocka_unit_test(test_known_answers__reference_2_13),
        cmocka_unit_test(test_known_answers__torch_2_11),
        cmocka_unit_test(test_known_answers__torch_2_12),
        cmocka_unit_test(test_known_answers__torch_2_13),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
