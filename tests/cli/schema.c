/* Checks JSON from standard input against a JSON schema: the words that docs/report.schema.json
 * uses and no others.
 * SPDX-License-Identifier: Apache-2.0
 *
 *   schema SCHEMA     status 0, or 1 with a line that says what is wrong where */
#include <jansson.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const json_t *root;
static char place[1024]; /* "$.tensors[3].shape" */
static jmp_buf *attempt; /* where a failure within anyOf goes on */

static void fail(const char *what)
{
    if (attempt != NULL) {
        longjmp(*attempt, 1);
    }
    fprintf(stderr, "%s: %s\n", place, what);
    exit(1);
}

static void check(const json_t *schema, const json_t *value);

static bool is_type(const char *type, const json_t *value)
{
    return (strcmp(type, "object") == 0 && json_is_object(value)) ||
           (strcmp(type, "array") == 0 && json_is_array(value)) ||
           (strcmp(type, "string") == 0 && json_is_string(value)) ||
           (strcmp(type, "integer") == 0 && json_is_integer(value)) ||
           (strcmp(type, "number") == 0 && json_is_number(value)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
           (strcmp(type, "null") == 0 && json_is_null(value));
}

static void check_type(const json_t *types, const json_t *value)
{
    size_t i;
    const json_t *type;
    if (json_is_string(types)) {
        if (!is_type(json_string_value(types), value)) {
            fail(json_string_value(types));
        }
        return;
    }
    json_array_foreach(types, i, type)
    {
        if (is_type(json_string_value(type), value)) {
            return;
        }
    }
    fail("is of no type that is allowed");
}

static void check_enum(const json_t *values, const json_t *value)
{
    size_t i;
    const json_t *one;
    json_array_foreach(values, i, one)
    {
        if (json_equal(one, value)) {
            return;
        }
    }
    fail("is not in the enum");
}

static void check_below(const json_t *schema, const json_t *value, const char *key, size_t index)
{
    const size_t n = strlen(place);
    if (key != NULL) {
        snprintf(place + n, sizeof place - n, ".%s", key);
    } else {
        snprintf(place + n, sizeof place - n, "[%zu]", index);
    }
    check(schema, value);
    place[n] = '\0';
}

static void check_properties(const json_t *schema, const json_t *value)
{
    const char *key;
    json_t *one;
    json_object_foreach((json_t *)value, key, one)
    {
        const json_t *property = json_object_get(json_object_get(schema, "properties"), key);
        if (property == NULL) {
            fail(key);
        }
        check_below(property, one, key, 0);
    }
}

static void check_required(const json_t *required, const json_t *value)
{
    size_t i;
    const json_t *key;
    json_array_foreach(required, i, key)
    {
        if (json_object_get(value, json_string_value(key)) == NULL) {
            fail(json_string_value(key));
        }
    }
}

static void check_items(const json_t *items, const json_t *value)
{
    size_t i;
    const json_t *one;
    json_array_foreach(value, i, one)
    {
        check_below(items, one, NULL, i);
    }
}

static bool is_valid(const json_t *schema, const json_t *value)
{
    jmp_buf here, *const before = attempt;
    attempt = &here;
    const bool failed = setjmp(here) != 0;
    if (!failed) {
        check(schema, value);
    }
    attempt = before;
    return !failed;
}

static void check_any(const json_t *schemas, const json_t *value)
{
    size_t i;
    const json_t *one;
    json_array_foreach(schemas, i, one)
    {
        if (is_valid(one, value)) {
            return;
        }
    }
    fail("is none of what it may be");
}

static void check_reference(const char *reference, const json_t *value)
{
    const char *name = strrchr(reference, '/') + 1;
    const json_t *schema = json_object_get(json_object_get(root, "$defs"), name);
    if (strncmp(reference, "#/$defs/", 8) != 0 || schema == NULL) {
        fail(reference);
    }
    check(schema, value);
}

static void check_word(const json_t *schema, const char *word, const json_t *rule,
                       const json_t *value)
{
    static const char *const silent[] = {"$schema", "$defs", "title", "description", "properties"};
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
        if (strcmp(word, silent[i]) == 0) {
            return;
        }
    }
    if (strcmp(word, "type") == 0) {
        check_type(rule, value);
    } else if (strcmp(word, "enum") == 0) {
        check_enum(rule, value);
    } else if (strcmp(word, "const") == 0) {
        if (!json_equal(rule, value)) {
            fail("is not the constant");
        }
    } else if (strcmp(word, "required") == 0) {
        check_required(rule, value);
    } else if (strcmp(word, "additionalProperties") == 0 && json_is_false(rule)) {
        check_properties(schema, value);
    } else if (strcmp(word, "items") == 0) {
        check_items(rule, value);
    } else if (strcmp(word, "$ref") == 0) {
        check_reference(json_string_value(rule), value);
    } else if (strcmp(word, "anyOf") == 0) {
        check_any(rule, value);
    } else if (strcmp(word, "minimum") == 0) {
        if (json_is_number(value) && json_number_value(value) < json_number_value(rule)) {
            fail("is less than the minimum");
        }
    } else if (strcmp(word, "minItems") == 0) {
        if (json_is_array(value) && (json_int_t)json_array_size(value) < json_integer_value(rule)) {
            fail("has too few items");
        }
    } else if (strcmp(word, "maxItems") == 0) {
        if (json_is_array(value) && (json_int_t)json_array_size(value) > json_integer_value(rule)) {
            fail("has too many items");
        }
    } else {
        fail(word);
    }
}

static void check(const json_t *schema, const json_t *value)
{
    const char *word;
    json_t *rule;
    json_object_foreach((json_t *)schema, word, rule)
    {
        check_word(schema, word, rule, value);
    }
}

int main(int argc, char **argv)
{
    json_error_t error;
    root = argc == 2 ? json_load_file(argv[1], JSON_REJECT_DUPLICATES, &error) : NULL;
    const json_t *value = root != NULL ? json_loadf(stdin, JSON_REJECT_DUPLICATES, &error) : NULL;
    if (value == NULL) {
        fprintf(stderr, "line %d: %s\n", error.line, error.text);
        return 1;
    }
    strcpy(place, "$");
    check(root, value);
    return 0;
}
