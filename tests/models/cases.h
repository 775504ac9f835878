/* Running the case files that tools/case_file.py writes: each case is built and every line of it
 * compared.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_TESTS_MODELS_CASES_H
#define SOW_TESTS_MODELS_CASES_H

#include "hash.h"

#include <sow/models.h>

enum { N_CASE_LINES = 256, N_HAVE = 64, N_CASE_DIMS = 4, WORD_SIZE = 96 };

/* A tensor of the made-up checkpoint. */
typedef struct have {
    char name[WORD_SIZE];
    sow_dtype dtype;
    int n_dims;
    int64_t sizes[N_CASE_DIMS];
    long value;
} have;

typedef struct model_case {
    const char *file, *name;
    char *lines[N_CASE_LINES];
    size_t n_lines;
    have haves[N_HAVE];
    size_t n_haves;
    const char *config;
    uint64_t seed;
    sow_model_options options;
    sow_checkpoint checkpoint;
    int n_failures;
} model_case;

/* Counts a difference and shows where it is. */
#define CASE_FAIL(test, ...)                                                                       \
    do {                                                                                           \
        print_error("%s: %s: ", (test)->file, (test)->name);                                       \
        print_error(__VA_ARGS__);                                                                  \
        print_error("\n");                                                                         \
        (test)->n_failures++;                                                                      \
    } while (0)

/* "37,6"; "scalar". */
static inline void sizes_text(int n_dims, const int64_t *sizes, char text[WORD_SIZE])
{
    size_t used = (size_t)snprintf(text, WORD_SIZE, "%s", n_dims == 0 ? "scalar" : "");
    for (int i = 0; i < n_dims; i++) {
        used += (size_t)snprintf(text + used, WORD_SIZE - used, "%s%" PRId64, i == 0 ? "" : ",",
                                 sizes[i]);
    }
}

/* ---- the checkpoint ---- */

static inline const have *find_have(const model_case *test, const char *name)
{
    for (size_t i = 0; i < test->n_haves; i++) {
        if (strcmp(test->haves[i].name, name) == 0) {
            return &test->haves[i];
        }
    }
    return NULL;
}

static inline bool have_find(void *user, const char *name, sow_dtype *dtype, int *n_dims,
                             const int64_t **sizes)
{
    const have *found = find_have(user, name);
    if (found != NULL) {
        *dtype = found->dtype;
        *n_dims = found->n_dims;
        *sizes = found->sizes;
    }
    return found != NULL;
}

static inline bool have_equal(void *user, const char *a, const char *b)
{
    const have *first = find_have(user, a), *second = find_have(user, b);
    return first != NULL && second != NULL && first->value == second->value;
}

static inline const char *have_name(void *user, size_t index)
{
    const model_case *test = user;
    return index < test->n_haves ? test->haves[index].name : NULL;
}

static inline void add_have(model_case *test, const char *line)
{
    assert_true(test->n_haves < N_HAVE);
    have *item = &test->haves[test->n_haves++];
    char dtype[16], sizes[WORD_SIZE];
    sow_error err;
    assert_int_equal(sscanf(line, "%95s %15s %95s %ld", item->name, dtype, sizes, &item->value), 4);
    assert_ok(sow_dtype_parse(dtype, &item->dtype, &err), err);
    for (char *at = sizes; *at != '\0' && strcmp(sizes, "scalar") != 0;) {
        assert_true(item->n_dims < N_CASE_DIMS);
        item->sizes[item->n_dims++] = strtoll(at, &at, 10);
        at += *at == ',';
    }
}

/* ---- one case ---- */

/* What follows a word and a space at the start of a line; NULL when it begins otherwise. */
static inline const char *after(const char *line, const char *word)
{
    const size_t n = strlen(word);
    return strncmp(line, word, n) == 0 && line[n] == ' ' ? line + n + 1 : NULL;
}

/* Reads an option or the config; false for another line. */
static inline bool read_option(model_case *test, const char *line)
{
    sow_error err;
    const char *rest;
    if ((rest = after(line, "arch")) != NULL) {
        test->options.arch = rest;
    } else if ((rest = after(line, "names")) != NULL) {
        test->options.names = rest;
    } else if ((rest = after(line, "seed")) != NULL) {
        assert_ok(sow_seed_parse(rest, &test->seed, &err), err);
    } else if ((rest = after(line, "init_seed")) != NULL) {
        test->options.has_seed = true;
        assert_ok(sow_seed_parse(rest, &test->options.seed, &err), err);
    } else if ((rest = after(line, "dtype")) != NULL) {
        test->options.has_dtype = true;
        assert_ok(sow_dtype_parse(rest, &test->options.dtype, &err), err);
    } else if ((rest = after(line, "have")) != NULL) {
        add_have(test, rest);
    } else if ((rest = after(line, "config")) != NULL) {
        test->config = rest;
    } else if (strcmp(line, "ignore_mismatched") == 0) {
        test->options.ignore_mismatched = true;
    } else if (strcmp(line, "checkpoint") == 0) {
        test->options.checkpoint = &test->checkpoint;
    } else {
        return false;
    }
    return true;
}

/* What a filled entry holds. */
static inline void filled_text(sow_tensor *tensor, char got[WORD_SIZE])
{
    sow_error err;
    if (sow_tensor_is_initialized(tensor)) {
        snprintf(got, WORD_SIZE, "flagged");
        return;
    }
    assert_ok(sow_tensor_materialize(tensor, 1, &err), err);
    hash_text(sow_tensor_data(tensor), sow_tensor_n_bytes(tensor), got);
}

/* A "tensor" or "loaded" line against entry number index. */
static inline void check_entry(model_case *test, const sow_model *model, size_t index,
                               const char *line, bool loaded)
{
    const sow_state_dict *state = sow_model_state_dict(model);
    if (index >= sow_state_dict_count(state)) {
        CASE_FAIL(test, "expected %s, got no more entries", line);
        return;
    }
    sow_tensor *tensor = sow_state_dict_tensor(state, index);
    char sizes[WORD_SIZE], value[WORD_SIZE] = "", got[4 * WORD_SIZE];
    sizes_text(sow_tensor_n_dims(tensor), sow_tensor_sizes(tensor), sizes);
    const char *source;
    const sow_load_state load = sow_model_load_state(model, index, &source);
    if (loaded && load == SOW_LOAD_LOADED && sow_tensor_is_initialized(tensor)) {
        snprintf(value, sizeof value, "%ld", find_have(test, source)->value);
    } else if (!loaded && load != SOW_LOAD_LOADED) {
        filled_text(tensor, value);
    }
    snprintf(got, sizeof got, "%s %s %s %s", sow_state_dict_name(state, index),
             sow_dtype_name(sow_tensor_dtype(tensor)), sizes, value);
    if (strcmp(got, line) != 0) {
        CASE_FAIL(test, "entry %zu\n  expected %s\n  got      %s", index, line, got);
    }
}

/* True when the model has an entry of that name and state. */
static inline bool has_load_state(const sow_model *model, const char *name, sow_load_state state)
{
    const sow_state_dict *entries = sow_model_state_dict(model);
    for (size_t i = 0; i < sow_state_dict_count(entries); i++) {
        if (strcmp(sow_state_dict_name(entries, i), name) == 0) {
            return sow_model_load_state(model, i, NULL) == state;
        }
    }
    return false;
}

static inline bool is_unexpected(const sow_model *model, const char *name)
{
    const char *at;
    for (size_t i = 0; (at = sow_model_unexpected(model, i)) != NULL; i++) {
        if (strcmp(at, name) == 0) {
            return true;
        }
    }
    return false;
}

static inline void check_state(model_case *test, const char *expected)
{
    uint8_t blob[SOW_GENERATOR_STATE_BYTES];
    char got[HASH_SIZE];
    sow_error err;
    assert_ok(sow_generator_get_state(test->options.generator, blob, &err), err);
    hash_text(blob, sizeof blob, got);
    if (strcmp(got, expected) != 0) {
        CASE_FAIL(test, "generator state: expected %s, got %s", expected, got);
    }
}

static inline void check_built(model_case *test, const sow_model *model, size_t first_line)
{
    size_t index = 0, n_unexpected = 0;
    for (size_t i = first_line; i < test->n_lines; i++) {
        const char *line = test->lines[i], *rest;
        if ((rest = after(line, "tensor")) != NULL || (rest = after(line, "loaded")) != NULL) {
            check_entry(test, model, index++, rest, line[0] == 'l');
        } else if ((rest = after(line, "mismatched")) != NULL) {
            if (!has_load_state(model, rest, SOW_LOAD_MISMATCHED)) {
                CASE_FAIL(test, "%s is not mismatched", rest);
            }
        } else if ((rest = after(line, "unexpected")) != NULL) {
            n_unexpected++;
            if (!is_unexpected(model, rest)) {
                CASE_FAIL(test, "%s is not unexpected", rest);
            }
        } else if ((rest = after(line, "state")) != NULL) {
            check_state(test, rest);
        } else {
            CASE_FAIL(test, "expected %s, but it was built", line);
        }
    }
    if (index != sow_state_dict_count(sow_model_state_dict(model))) {
        CASE_FAIL(test, "expected %zu entries, got %zu", index,
                  sow_state_dict_count(sow_model_state_dict(model)));
    }
    if (sow_model_unexpected(model, n_unexpected) != NULL) {
        CASE_FAIL(test, "%s is unexpected", sow_model_unexpected(model, n_unexpected));
    }
}

/* The message must be "config.json: ..." and end with the words of the real error, which a field
 * name may precede. */
static inline void check_error(model_case *test, const sow_error *err, const char *line)
{
    static const char label[] = "config.json: ";
    const char *rest = after(line, "error");
    const char *message = rest == NULL ? NULL : strchr(rest, ' ');
    if (message == NULL) {
        CASE_FAIL(test, "expected %s, got %s: %s", line, sow_status_name(err->status),
                  err->message);
        return;
    }
    const size_t n_type = (size_t)(message++ - rest);
    const char *type = sow_status_exception(err->status);
    const size_t n_got = strlen(err->message), n_message = strlen(message);
    if (strlen(type) != n_type || strncmp(type, rest, n_type) != 0 ||
        strncmp(err->message, label, sizeof label - 1) != 0 || n_got < n_message ||
        strcmp(err->message + n_got - n_message, message) != 0) {
        CASE_FAIL(test, "\n  expected %s\n  got      %s %s", rest, type, err->message);
    }
}

static inline void run_case(model_case *test)
{
    sow_error err = {.status = SOW_OK};
    size_t first = 0;
    while (first < test->n_lines && read_option(test, test->lines[first])) {
        first++;
    }
    assert_non_null(test->config);
    test->checkpoint = (sow_checkpoint){test, have_find, have_equal, have_name};
    sow_generator *generator = sow_generator_new(&err);
    assert_non_null(generator);
    assert_ok(sow_generator_manual_seed(generator, test->seed, &err), err);
    test->options.generator = generator;
    sow_model *model = sow_model_from_config(test->config, strlen(test->config), "config.json",
                                             &test->options, &err);
    if (model != NULL) {
        check_built(test, model, first);
    } else {
        check_error(test, &err, test->lines[first]);
    }
    sow_model_free(model);
    sow_generator_free(generator);
}

/* ---- a file ---- */

static inline void free_lines(model_case *test)
{
    for (size_t i = 0; i < test->n_lines; i++) {
        free(test->lines[i]);
    }
    test->n_lines = 0;
}

/* Runs every case of a file with this arch, unless a case names its own, and profile. */
static inline void run_case_file(const char *name, const char *arch, const char *profile)
{
    char path[512], line[8192], case_name[256] = "";
    snprintf(path, sizeof path, "%s/tests/models/vectors/%s", SOW_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    static model_case test;
    int n_cases = 0, n_failures = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        assert_non_null(strchr(line, '\n'));
        line[strcspn(line, "\n")] = '\0';
        if (after(line, "case") != NULL) {
            snprintf(case_name, sizeof case_name, "%.200s", after(line, "case"));
            test = (model_case){.file = name, .name = case_name};
            test.options.arch = arch;
            test.options.profile = profile;
        } else if (strcmp(line, "end") == 0) {
            run_case(&test);
            n_failures += test.n_failures;
            n_cases++;
            free_lines(&test);
        } else if (line[0] != '#') {
            assert_true(test.n_lines < N_CASE_LINES);
            assert_non_null(test.lines[test.n_lines++] = strdup(line));
        }
    }
    fclose(file);
    assert_true(n_cases > 100);
    assert_int_equal(n_failures, 0);
}

#endif
