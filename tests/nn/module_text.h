/* A module as the vector files show it: names and hashes of its values, or how it failed.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_TESTS_NN_MODULE_TEXT_H
#define SOW_TESTS_NN_MODULE_TEXT_H

#include "hash.h"

#include <sow/nn.h>

enum { TEXT_SIZE = 16384 };

/* The values in memory, which a deferred tensor gets here. */
static inline const void *values_in_memory(sow_tensor *tensor)
{
    sow_error err;
    assert_ok(sow_tensor_materialize(tensor, 1, &err), err);
    return sow_tensor_data(tensor);
}

static inline void tensor_hash_text(sow_tensor *tensor, char text[HASH_SIZE])
{
    hash_text(values_in_memory(tensor), sow_tensor_n_bytes(tensor), text);
}

static inline void state_hash_text(sow_generator *generator, char text[HASH_SIZE])
{
    uint8_t blob[SOW_GENERATOR_STATE_BYTES];
    sow_error err;
    assert_ok(sow_generator_get_state(generator, blob, &err), err);
    hash_text(blob, sizeof blob, text);
}

/* "3,4"; "scalar" for no dims. */
static inline void shape_text(const sow_tensor *tensor, char *text, size_t size)
{
    size_t used = 0;
    snprintf(text, size, "scalar");
    for (int i = 0; i < sow_tensor_n_dims(tensor); i++) {
        used += (size_t)snprintf(text + used, size - used, i == 0 ? "%" PRId64 : ",%" PRId64,
                                 sow_tensor_sizes(tensor)[i]);
    }
}

/* Python's exceptions for which sow has another status. */
static inline const char *as_sow_has_it(const char *exception, const char *message)
{
    if (strcmp(exception, "AssertionError") == 0) {
        return "ValueError";
    }
    if (strcmp(exception, "AttributeError") == 0) {
        return "KeyError";
    }
    /* names that are not acceptable are wrong values here; a name that is missing is quoted */
    if (strcmp(exception, "KeyError") == 0 && message[0] != '\'') {
        return "ValueError";
    }
    return exception;
}

/* Whether "error TYPE MESSAGE" is what err says. Cuts the expected text. */
static inline bool is_this_error(char *expected, const sow_error *err)
{
    static const char head[] = "error ";
    if (strncmp(expected, head, sizeof head - 1) != 0) {
        return false;
    }
    char *message = strchr(expected + sizeof head - 1, ' ');
    assert_non_null(message);
    *message++ = '\0';
    return strcmp(sow_status_exception(err->status),
                  as_sow_has_it(expected + sizeof head - 1, message)) == 0 &&
           strcmp(err->message, message) == 0;
}

/* Calls fn for every line of a file of tests/nn/vectors that is no comment; returns how many. */
typedef bool (*line_fn)(char *line, void *user);

static inline int for_each_line(const char *name, line_fn fn, void *user)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/nn/vectors/%s", SOW_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    static char line[TEXT_SIZE], whole[TEXT_SIZE];
    int n_lines = 0, n_failures = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#') {
            continue;
        }
        memcpy(whole, line, sizeof whole);
        if (!fn(line, user)) {
            print_error("in %s\n", whole);
            n_failures++;
        }
        n_lines++;
    }
    fclose(file);
    assert_int_equal(n_failures, 0);
    return n_lines;
}

#endif
