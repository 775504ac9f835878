/* A line of tests/known/answers-*.txt as a struct; the head of such a file describes it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_TESTS_KNOWN_ANSWER_H
#define SOW_TESTS_KNOWN_ANSWER_H

#include "support.h"

#include <sow/generator.h>
#include <sow/tensor.h>

#define MOST_WORDS 16

typedef struct answer {
    /* generator */
    bool same, use_default, seed_default;
    uint64_t seed, default_seed;
    int64_t n_before; /* normals drawn before the call */
    /* tensor */
    sow_dtype dtype;
    int n_dims;
    int64_t sizes[SOW_MAX_DIMS], strides[SOW_MAX_DIMS], offset, extent;
    bool strided;
    /* call */
    const char *call;
    int n_args;
    const char *names[MOST_WORDS], *values[MOST_WORDS];
    /* what torch gave; kind of result first */
    const char *kind;
    double tolerance; /* of "near" and "ulp" */
    char *result;
    const char *state, *default_state; /* default_state NULL: not looked at */
} answer;

/* Cuts text at every separator; returns the number of parts, of which at most most are stored. */
static inline int split(char *text, const char *separator, char **parts, int most)
{
    int n = 0;
    for (char *at = text; at != NULL; n++) {
        char *end = strstr(at, separator);
        if (n < most) {
            parts[n] = at;
        }
        at = end != NULL ? end + strlen(separator) : NULL;
        if (end != NULL) {
            *end = '\0';
        }
    }
    return n;
}

static inline int read_sizes(const char *text, int64_t *numbers)
{
    int n = 0;
    char *end;
    if (strcmp(text, "scalar") == 0) {
        return 0;
    }
    for (;; text = end + 1) {
        assert_true(n < SOW_MAX_DIMS);
        numbers[n++] = strtoll(text, &end, 10);
        assert_true(end != text);
        if (*end != ',') {
            return n;
        }
    }
}

/* "42 randn 3", "default 42", "42 default 7", "same" */
static inline void read_generator(char *field, answer *out)
{
    char *words[3];
    sow_error err;
    int n = split(field, " ", words, 3);
    out->same = strcmp(words[0], "same") == 0;
    out->use_default = strcmp(words[0], "default") == 0;
    if (out->same) {
        return;
    }
    assert_ok(sow_seed_parse(words[out->use_default ? 1 : 0], &out->seed, &err), err);
    if (n == 3 && strcmp(words[1], "randn") == 0) {
        out->n_before = strtoll(words[2], NULL, 10);
    } else if (n == 3) {
        assert_string_equal(words[1], "default");
        out->seed_default = true;
        assert_ok(sow_seed_parse(words[2], &out->default_seed, &err), err);
    }
}

/* "f32 2,3" or "f32 2,3 strides 1,2 offset 0 of 6" */
static inline void read_tensor(char *field, answer *out)
{
    char *words[8];
    sow_error err;
    int n = split(field, " ", words, 8);
    assert_ok(sow_dtype_parse(words[0], &out->dtype, &err), err);
    out->n_dims = read_sizes(words[1], out->sizes);
    out->strided = n == 8;
    out->extent = 1;
    for (int i = 0; i < out->n_dims; i++) {
        out->extent *= out->sizes[i];
    }
    if (out->strided) {
        assert_int_equal(read_sizes(words[3], out->strides), out->n_dims);
        out->offset = strtoll(words[5], NULL, 10);
        out->extent = strtoll(words[7], NULL, 10);
    }
}

/* "uniform a=-0.3 b=0.7" */
static inline void read_call(char *field, answer *out)
{
    char *words[MOST_WORDS] = {NULL};
    int n = split(field, " ", words, MOST_WORDS);
    out->call = words[0];
    out->n_args = n - 1;
    for (int i = 1; i < n; i++) {
        char *equals = strchr(words[i], '=');
        assert_non_null(equals);
        *equals = '\0';
        out->names[i - 1] = words[i];
        out->values[i - 1] = equals + 1;
    }
}

/* "hex 3F800000 ...", "near 5e-06 ...", "error RuntimeError ..." */
static inline void read_result(char *field, answer *out)
{
    char *rest = strchr(field, ' ');
    out->kind = field;
    out->result = rest != NULL ? rest + 1 : field + strlen(field);
    if (rest != NULL) {
        *rest = '\0';
    }
    if (strcmp(out->kind, "near") == 0 || strcmp(out->kind, "ulp") == 0) {
        out->tolerance = strtod(out->result, &out->result);
        out->result++;
    }
}

/* Writes into line, which the answer then lends from. */
static inline void read_answer(char *line, answer *out)
{
    char *fields[6];
    memset(out, 0, sizeof *out);
    line[strcspn(line, "\n")] = '\0';
    int n = split(line, " | ", fields, 6);
    if (n != 5 && n != 6) {
        fail_msg("%d fields in a line that begins with '%s'", n, line);
    }
    read_generator(fields[0], out);
    read_tensor(fields[1], out);
    read_call(fields[2], out);
    read_result(fields[3], out);
    out->state = fields[4];
    out->default_state = n == 6 ? fields[5] : NULL;
}

#endif
