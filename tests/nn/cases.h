/* The files in tests/nn/vectors that have one JSON object per line: reading them, building what a
 * line describes, and comparing tensors, failures and the generator.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_TESTS_NN_CASES_H
#define SOW_TESTS_NN_CASES_H

#include "hash.h"

#include <jansson.h>
#include <sow/models.h>
#include <sow/nn.h>

enum { CASES_TEXT_SIZE = 4096, CASES_MOST_WARNINGS = 16 };

/* What a runner is handed: the parsed line and its text. */
typedef struct nn_case {
    json_t *row;
    const char *text;
    int n_failures;
} nn_case;

/* ---- reading ---- */

/* Prints a failure of a case; the start of its line says which. */
static inline void case_fail(nn_case *of, const char *format, ...)
{
    char why[CASES_TEXT_SIZE];
    va_list list;
    va_start(list, format);
    vsnprintf(why, sizeof why, format, list);
    va_end(list);
    if (of->n_failures++ == 0) {
        char *build = json_dumps(of->row, JSON_COMPACT);
        print_error("\n%.300s\n", build != NULL ? build : of->text);
        free(build);
    }
    print_error("  %s\n", why);
}

/* Calls run for every line that is no comment, at least n_least. A failure in one does not stop the
 * others. */
static inline void for_each_case(const char *path, int n_least,
                                 void (*run)(nn_case *of, void *user), void *user)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    int n_lines = 0, n_failed = 0;
    assert_non_null(file);
    while (getline(&line, &capacity, file) > 0) {
        json_error_t why;
        if (line[0] == '#') {
            continue;
        }
        nn_case of = {.row = json_loads(line, 0, &why), .text = line};
        if (of.row == NULL) {
            fail_msg("%s: %s in %.100s", path, why.text, line);
        }
        run(&of, user);
        json_decref(of.row);
        n_failed += of.n_failures > 0;
        n_lines++;
    }
    free(line);
    fclose(file);
    assert_true(n_lines >= n_least);
    if (n_failed > 0) {
        fail_msg("%d of %d cases failed", n_failed, n_lines);
    }
}

/* The same with a factory of that device and a generator of its own as user. */
static inline void for_each_case_on(sow_device device, const char *path, int n_least,
                                    void (*run)(nn_case *of, void *user))
{
    sow_error err;
    sow_factory factory = {.device = device, .generator = sow_generator_new(&err)};
    assert_non_null(factory.generator);
    for_each_case(path, n_least, run, &factory);
    sow_generator_free(factory.generator);
}

static inline const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static inline const char *string_at(const json_t *array, size_t index)
{
    return json_string_value(json_array_get(array, index));
}

/* ---- numbers as text ---- */

static inline void state_text(const sow_generator *generator, char text[HASH_SIZE])
{
    sow_error err;
    uint8_t state[SOW_GENERATOR_STATE_BYTES];
    assert_ok(sow_generator_get_state((sow_generator *)generator, state, &err), err);
    hash_text(state, sizeof state, text);
}

static inline void hex_text(const void *data, size_t n_bytes, char *text)
{
    text[0] = '\0';
    for (size_t i = 0; i < n_bytes; i++) {
        snprintf(text + 2 * i, 3, "%02x", ((const unsigned char *)data)[i]);
    }
}

/* ---- building ---- */

/* True when something below the top is a description, too. */
static inline bool is_nested(const json_t *node, bool top)
{
    if (json_is_array(node)) {
        for (size_t i = 0; i < json_array_size(node); i++) {
            if (is_nested(json_array_get(node, i), false)) {
                return true;
            }
        }
        return false;
    }
    if (!json_is_object(node)) {
        return false;
    }
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)node, key, value)
    {
        if ((!top && strcmp(key, "_target_") == 0) || is_nested(value, false)) {
            return true;
        }
    }
    return false;
}

/* A module and what keeps it alive: the caller's reference, or a model. */
typedef struct built {
    sow_module *module;
    sow_model *model;
} built;

static inline void built_free(built *of)
{
    if (of->model != NULL) {
        sow_model_free(of->model);
    } else {
        sow_module_free(of->module);
    }
    of->module = NULL;
    of->model = NULL;
}

/* The arguments of a description that is no nested one, as sow_nn takes them. */
static inline char *args_text(const json_t *description)
{
    json_t *args = json_copy((json_t *)description);
    json_object_del(args, "_target_");
    char *text = json_dumps(args, JSON_COMPACT);
    json_decref(args);
    assert_non_null(text);
    return text;
}

/* Whole descriptions go through sow_model_from_config, plain ones through sow_nn. */
static inline built build(const json_t *description, const sow_factory *factory, sow_error *err)
{
    built result = {NULL, NULL};
    const char *target = text_of(description, "_target_");
    /* Only descriptions have class methods. */
    if (is_nested(description, true) || strstr(target, ".from_pretrained") != NULL) {
        char *text = json_dumps(description, JSON_COMPACT);
        const sow_model_options options = {.generator = factory->generator};
        result.model = sow_model_from_config(text, strlen(text), "case.json", &options, err);
        result.module = result.model == NULL ? NULL : sow_model_module(result.model);
        free(text);
        return result;
    }
    char *args = args_text(description);
    result.module = sow_nn(target, args, factory, err);
    free(args);
    return result;
}

/* ---- comparing ---- */

static inline bool same_text(nn_case *of, const char *what, const char *got, const char *expected)
{
    if (got != NULL && strcmp(got, expected) == 0) {
        return true;
    }
    case_fail(of, "%s: expected %s, got %s", what, expected, got == NULL ? "none" : got);
    return false;
}

/* Shows the first of the up to four known elements that is not as expected. */
static inline void show_elements(nn_case *of, const char *name, const sow_tensor *tensor,
                                 const char *expected)
{
    const size_t n_bytes = strlen(expected) / 2;
    const size_t width = 2 * (size_t)sow_dtype_bits(sow_tensor_dtype(tensor)) / 8;
    char got[2 * 64 + 1];
    if (n_bytes > sizeof got / 2 || n_bytes > sow_tensor_n_bytes(tensor)) {
        return;
    }
    hex_text(sow_tensor_data(tensor), n_bytes, got);
    for (size_t i = 0; width > 0 && i < 2 * n_bytes; i += width) {
        if (strncmp(got + i, expected + i, width) != 0) {
            case_fail(of, "%s: element %zu: expected %.*s, got %.*s", name, i / width, (int)width,
                      expected + i, (int)width, got + i);
            return;
        }
    }
    case_fail(of, "%s: the first elements are as expected, later ones are not", name);
}

/* entry: [name, dtype, shape, hash, hex] or, on meta, [name, dtype, shape]. */
static inline void check_tensor(nn_case *of, const char *name, sow_tensor *tensor,
                                const json_t *entry, bool values)
{
    sow_error err;
    char text[HASH_SIZE], what[256];
    const json_t *shape = json_array_get(entry, 2);
    bool same = sow_tensor_n_dims(tensor) == (int)json_array_size(shape);
    snprintf(what, sizeof what, "%.200s: dtype", name);
    same_text(of, what, sow_dtype_torch_name(sow_tensor_dtype(tensor)), string_at(entry, 1));
    for (size_t i = 0; same && i < json_array_size(shape); i++) {
        same = sow_tensor_sizes(tensor)[i] == json_integer_value(json_array_get(shape, i));
    }
    if (!same) {
        case_fail(of, "%s: another shape (%d dimensions, expected %zu)", name,
                  sow_tensor_n_dims(tensor), json_array_size(shape));
        return;
    }
    const char *expected = string_at(entry, 3);
    if (expected == NULL || !values) {
        if (expected == NULL && sow_tensor_device(tensor) != SOW_META) {
            case_fail(of, "%s: not on meta", name);
        }
        return;
    }
    if (sow_tensor_materialize(tensor, 1, &err) != SOW_OK) {
        case_fail(of, "%s: materialize: %s", name, err.message);
        return;
    }
    hash_text(sow_tensor_data(tensor), sow_tensor_n_bytes(tensor), text);
    if (strcmp(text, expected) != 0) {
        show_elements(of, name, tensor, string_at(entry, 4));
    }
}

/* Names, order, dtypes, shapes and, when values is set, bits of module.state_dict(). */
static inline void check_tensors(nn_case *of, const sow_module *module, const json_t *entries,
                                 bool values)
{
    sow_error err;
    sow_state_dict *state = sow_module_state_dict(module, &err);
    if (state == NULL) {
        case_fail(of, "state_dict: %s", err.message);
        return;
    }
    const size_t n = sow_state_dict_count(state);
    if (n != json_array_size(entries)) {
        case_fail(of, "%zu tensors, expected %zu", n, json_array_size(entries));
    }
    for (size_t i = 0; i < n && i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        const char *name = string_at(entry, 0);
        char what[32];
        snprintf(what, sizeof what, "key %zu", i);
        if (same_text(of, what, sow_state_dict_name(state, i), name)) {
            check_tensor(of, name, sow_state_dict_tensor(state, i), entry, values);
        }
    }
    sow_state_dict_free(state);
}

/* ---- warnings ---- */

/* What was warned of since listen_to. */
typedef struct heard {
    sow_warning kinds[CASES_MOST_WARNINGS];
    char *texts[CASES_MOST_WARNINGS];
    size_t n_texts;
} heard;

static inline void hear(sow_warning kind, const char *message, void *user)
{
    heard *all = user;
    assert_true(all->n_texts < CASES_MOST_WARNINGS);
    all->kinds[all->n_texts] = kind;
    all->texts[all->n_texts++] = strdup(message);
}

static inline void listen_to(heard *all)
{
    all->n_texts = 0;
    sow_set_warning_handler(hear, all);
}

/* Ends listening; expected: pairs of category and text, NULL for none. */
static inline void check_warnings(nn_case *of, heard *all, const json_t *expected)
{
    sow_set_warning_handler(NULL, NULL);
    for (size_t i = 0; i < all->n_texts; i++) {
        const json_t *pair = json_array_get(expected, i);
        if (same_text(of, "warning", all->texts[i], pair == NULL ? "none" : string_at(pair, 1))) {
            same_text(of, "category",
                      all->kinds[i] == SOW_WARNING_USER ? "UserWarning" : "FutureWarning",
                      string_at(pair, 0));
        }
        free(all->texts[i]);
    }
    for (size_t i = all->n_texts; i < json_array_size(expected); i++) {
        case_fail(of, "no warning: %s", string_at(json_array_get(expected, i), 1));
    }
}

static inline void check_state(nn_case *of, const sow_generator *generator, const char *expected)
{
    char text[HASH_SIZE];
    state_text(generator, text);
    same_text(of, "generator", text, expected);
}

/* Where sow has another status than Python's exception: it has no AssertionError and no
 * AttributeError, a name that is refused is a wrong value, and a size that is too large for any
 * tensor is an overflow. */
static inline const char *exception_of(const char *python, const char *message)
{
    if (strcmp(python, "AttributeError") == 0) {
        return strstr(message, "'reset_parameters'") != NULL ? "KeyError" : "TypeError";
    }
    if (strcmp(python, "AssertionError") == 0 || strcmp(python, "KeyError") == 0) {
        return "ValueError";
    }
    return strncmp(message, "Storage size", 12) == 0 ? "OverflowError" : python;
}

static inline int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Puts the members of the first {...} into order, as the file has them. */
static inline void sort_set(char *text)
{
    char *start = strchr(text, '{'), *end = start == NULL ? NULL : strchr(start, '}');
    char *parts[16], copy[CASES_TEXT_SIZE], *rest = NULL;
    size_t n = 0;
    if (end == NULL) {
        return;
    }
    snprintf(copy, sizeof copy, "%.*s", (int)(end - start - 1), start + 1);
    for (char *part = strtok_r(copy, ",", &rest); part != NULL && n < 16;
         part = strtok_r(NULL, ",", &rest)) {
        parts[n++] = part + strspn(part, " ");
    }
    qsort(parts, n, sizeof *parts, by_text);
    char *at = start + 1;
    for (size_t i = 0; i < n; i++) {
        const size_t n_part = strlen(parts[i]);
        if (i > 0) {
            memcpy(at, ", ", 2);
            at += 2;
        }
        memcpy(at, parts[i], n_part);
        at += n_part;
    }
}

/* outcome: {"error", "message"} or {"error", "begins"}. ending: what stands before the message is
 * sow's own, as the names of file and field that a description's failure has. */
static inline void check_failure(nn_case *of, const char *what, const sow_error *err,
                                 const json_t *outcome, bool ending)
{
    const char *expected = text_of(outcome, "message"), *begins = text_of(outcome, "begins");
    const char *exception =
        exception_of(text_of(outcome, "error"), expected != NULL ? expected : begins);
    char got[SOW_ERROR_MESSAGE_SIZE];
    snprintf(got, sizeof got, "%s", err->message);
    sort_set(got);
    same_text(of, what, sow_status_exception(err->status), exception);
    if (begins != NULL) {
        if (strncmp(got, begins, strlen(begins)) != 0) {
            same_text(of, what, got, begins);
        }
        return;
    }
    const size_t n_got = strlen(got), n_expected = strlen(expected);
    const size_t skipped = ending && n_got > n_expected ? n_got - n_expected : 0;
    if (skipped > 0 && strcmp(got + skipped, expected) == 0) {
        return;
    }
    same_text(of, what, got, expected);
}

#endif
