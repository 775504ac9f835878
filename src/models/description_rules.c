/* The init rules of a description: initializers over parameters by name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/description.h"

#include "base/error.h"
#include "base/text.h"
#include "init/registry.h"

#include <sow/nearest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PATTERN_BYTES = 256 };

/* How much matching a file may ask for: characters of names and bytes of sets looked at. */
#define MAX_MATCH_STEPS ((size_t)1 << 30)
/* Rejection sampling has to draw to know how much it draws. */
#define MAX_TRUNC_NORMAL_ELEMENTS ((int64_t)1 << 32)

/* ---- patterns ---- */

/* The end of the set that begins after "["; NULL when there is none, and "[" stands for itself. */
static const char *set_end(const char *set)
{
    const char *at = set + (set[0] == '!');
    at += at[0] == ']';
    return strchr(at, ']');
}

/* The code point at *at, past which it goes; a byte that begins none stands for itself. */
static uint32_t next_char(const char **at)
{
    const unsigned char *bytes = (const unsigned char *)*at;
    const size_t n_bytes = sow__utf8_length(bytes);
    *at += n_bytes > 1 ? n_bytes : 1;
    if (n_bytes <= 1) {
        return bytes[0];
    }
    uint32_t code = bytes[0] & (0x7FU >> n_bytes);
    for (size_t i = 1; i < n_bytes; i++) {
        code = code << 6 | (bytes[i] & 0x3FU);
    }
    return code;
}

static bool in_set(const char *set, const char *end, uint32_t wanted)
{
    const bool negated = set[0] == '!';
    bool found = false;
    for (const char *at = set + negated; at < end;) {
        const uint32_t low = next_char(&at);
        uint32_t high = low;
        if (at + 1 < end && at[0] == '-') {
            at++;
            high = next_char(&at);
        }
        found |= low <= wanted && wanted <= high;
    }
    return found != negated;
}

static void use_up(size_t *steps, size_t n)
{
    *steps -= n < *steps ? n : *steps;
}

/* One element of a pattern that is no star against one character; *next gets what follows it. */
static bool match_one(const char *pattern, uint32_t wanted, const char **next, size_t *steps)
{
    *next = pattern;
    const uint32_t c = next_char(next);
    if (c == '?') {
        return true;
    }
    if (c != '[') {
        return c == wanted;
    }
    const char *end = set_end(pattern + 1);
    use_up(steps, end != NULL ? (size_t)(end - pattern) : strlen(pattern));
    if (end != NULL) {
        *next = end + 1;
        return in_set(pattern + 1, end, wanted);
    }
    return c == wanted;
}

/* A star takes as little as it can; when the rest fails the last star takes one character more. */
bool sow__glob_match(const char *pattern, const char *text, size_t *steps)
{
    const char *after_star = NULL, *star_text = NULL;
    while (*text != '\0') {
        if (*steps == 0) {
            return false;
        }
        use_up(steps, 1);
        const char *next, *after = text;
        const uint32_t c = next_char(&after);
        if (*pattern == '*') {
            after_star = ++pattern;
            star_text = text;
        } else if (*pattern != '\0' && match_one(pattern, c, &next, steps)) {
            pattern = next;
            text = after;
        } else if (after_star != NULL) {
            pattern = after_star;
            next_char(&star_text);
            text = star_text;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

/* ---- finding the list ---- */

static const sow__step top = {.outer = NULL};
static const sow__step init_step = {.outer = &top, .key = "init"};

/* The description's own target knows no argument init, so that a list under it can only be rules.
 */
static bool top_takes_no_init(const json_t *root)
{
    sow__target target;
    const char *path = json_string_value(json_object_get(root, "_target_"));
    return path != NULL && sow__target_find(path, &target) && target.class != NULL &&
           !sow__class_takes(target.class, "init") && !sow__class_takes_keywords(target.class);
}

sow_status sow__rules_take(sow__description *description, json_t *root, json_t **rules,
                           sow_error *err)
{
    json_t *list = json_object_get(root, "init");
    bool is_rules = json_is_array(list) && (json_array_size(list) == 0 || top_takes_no_init(root));
    *rules = NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        is_rules |= json_object_get(json_array_get(list, i), "match") != NULL;
    }
    if (!is_rules) {
        return SOW_OK;
    }
    if (json_array_size(list) > SOW__MAX_TARGETS) {
        return sow__describe_fail(description, &init_step, err, SOW_ERROR_VALUE,
                                  "more than %d rules", SOW__MAX_TARGETS);
    }
    *rules = json_incref(list);
    json_object_del(root, "init");
    return SOW_OK;
}

/* ---- one rule ---- */

typedef struct rule {
    const sow__description *description;
    sow__step step;
    const json_t *match, *exclude; /* a pattern or a list of them; exclude NULL: none */
    const sow_initializer *initializer;
    sow_init_args args;
    size_t index;
} rule;

static sow_status check_pattern(const rule *is, const sow__step *step, const json_t *pattern,
                                sow_error *err)
{
    const char *text = json_string_value(pattern);
    if (text == NULL) {
        return sow__describe_fail(is->description, step, err, SOW_ERROR_TYPE,
                                  "expected a pattern (a string)");
    }
    return strlen(text) <= MAX_PATTERN_BYTES
               ? SOW_OK
               : sow__describe_fail(is->description, step, err, SOW_ERROR_VALUE,
                                    "a pattern has at most %d bytes", MAX_PATTERN_BYTES);
}

static sow_status check_patterns(const rule *is, const char *key, const json_t *patterns,
                                 sow_error *err)
{
    const sow__step step = {.outer = &is->step, .key = key};
    if (!json_is_array(patterns)) {
        return patterns == NULL ? SOW_OK : check_pattern(is, &step, patterns, err);
    }
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < json_array_size(patterns); i++) {
        const sow__step below = {.outer = &step, .index = i};
        status = check_pattern(is, &below, json_array_get(patterns, i), err);
    }
    return status;
}

/* A number as sow_initializer_set reads it; NULL for another value. */
static const char *number_text(const json_t *value, char text[SOW__REPR_SIZE])
{
    char digits[SOW__INTEGER_SIZE];
    const char *integer = sow__config_integer_text(value, digits);
    if (integer != NULL) {
        snprintf(text, SOW__REPR_SIZE, "%s", integer);
        return text;
    }
    return json_is_real(value) ? sow__repr_double(json_real_value(value), text) : NULL;
}

/* One argument of the rule's initializer. PyTorch takes no number as a text and no text as a
 * number. */
static sow_status read_argument(rule *is, const sow__step *step, const json_t *value,
                                sow_error *err)
{
    char text[SOW__REPR_SIZE];
    const char *number = number_text(value, text);
    const char *string = number == NULL ? json_string_value(value) : NULL;
    const char *initializer = sow_initializer_name(is->initializer);
    if (number == NULL && string == NULL) {
        return sow__describe_fail(is->description, step, err, SOW_ERROR_TYPE,
                                  "expected a number or a string");
    }
    const sow__arg_type type = sow__init_arg_type(is->initializer, step->key);
    if (type == SOW__ARG_TEXT && string == NULL) {
        return sow__describe_fail(is->description, step, err, SOW_ERROR_TYPE,
                                  "%s: %s must be a string, got %s", initializer, step->key,
                                  number);
    }
    if (type == SOW__ARG_NUMBER && string != NULL) {
        return sow__describe_fail(is->description, step, err, SOW_ERROR_TYPE,
                                  "%s: %s must be a number, got \"%s\"", initializer, step->key,
                                  string);
    }
    return sow_initializer_set(is->initializer, &is->args, step->key,
                               string != NULL ? string : number, err) == SOW_OK
               ? SOW_OK
               : sow__describe_fail_within(is->description, step, err);
}

static sow_status read_arguments(rule *is, const char *name, json_t *arguments, sow_error *err)
{
    const sow__step step = {.outer = &is->step, .key = name};
    if (!json_is_object(arguments)) {
        return sow__describe_fail(is->description, &step, err, SOW_ERROR_TYPE,
                                  "expected an object of arguments");
    }
    sow_initializer_defaults(is->initializer, &is->args);
    const char *key;
    json_t *value;
    json_object_foreach(arguments, key, value)
    {
        const sow__step below = {.outer = &step, .key = key};
        const sow_status status = read_argument(is, &below, value, err);
        if (status != SOW_OK) {
            return status;
        }
    }
    const char *argument, *fallback;
    for (size_t i = 0; (argument = sow_initializer_arg(is->initializer, i, &fallback)) != NULL;
         i++) {
        if (fallback == NULL && json_object_get(arguments, argument) == NULL) {
            return sow__describe_fail(is->description, &step, err, SOW_ERROR_TYPE,
                                      "%s: %s must be given", name, argument);
        }
    }
    return SOW_OK;
}

static sow_status fail_unknown_key(const rule *is, const sow__step *step, sow_error *err)
{
    sow_nearest nearest = {0};
    const sow_initializer *other;
    sow_nearest_try(&nearest, step->key, "match");
    sow_nearest_try(&nearest, step->key, "exclude");
    for (size_t i = 0; (other = sow_initializer_at(i)) != NULL; i++) {
        sow_nearest_try(&nearest, step->key, sow_initializer_name(other));
    }
    if (nearest.word == NULL) {
        return sow__describe_fail(is->description, step, err, SOW_ERROR_NOT_FOUND,
                                  "no initializer \"%s\"; a rule has \"match\", \"exclude\" and "
                                  "one initializer",
                                  step->key);
    }
    return sow__describe_fail(is->description, step, err, SOW_ERROR_NOT_FOUND,
                              "no initializer \"%s\" (did you mean %s?)", step->key, nearest.word);
}

/* What is neither match nor exclude names the initializer. */
static sow_status read_initializer(rule *is, json_t *object, sow_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        const sow__step step = {.outer = &is->step, .key = key};
        if (strcmp(key, "match") == 0 || strcmp(key, "exclude") == 0) {
            continue;
        }
        const sow_initializer *named = sow_initializer_find(key);
        if (named == NULL) {
            return fail_unknown_key(is, &step, err);
        }
        if (is->initializer != NULL) {
            return sow__describe_fail(is->description, &step, err, SOW_ERROR_VALUE,
                                      "a rule has one initializer, this one has %s already",
                                      sow_initializer_name(is->initializer));
        }
        is->initializer = named;
        const sow_status status = read_arguments(is, key, value, err);
        if (status != SOW_OK) {
            return status;
        }
    }
    return is->initializer != NULL ? SOW_OK
                                   : sow__describe_fail(is->description, &is->step, err,
                                                        SOW_ERROR_VALUE, "names no initializer");
}

static sow_status read_rule(rule *is, json_t *object, sow_error *err)
{
    is->match = json_object_get(object, "match");
    is->exclude = json_object_get(object, "exclude");
    if (is->match == NULL) {
        return sow__describe_fail(is->description, &is->step, err, SOW_ERROR_TYPE,
                                  "expected an object with \"match\"");
    }
    sow_status status = check_patterns(is, "match", is->match, err);
    if (status == SOW_OK) {
        status = check_patterns(is, "exclude", is->exclude, err);
    }
    return status == SOW_OK ? read_initializer(is, object, err) : status;
}

static bool matches(const json_t *patterns, const char *name, size_t *steps)
{
    if (!json_is_array(patterns)) {
        return patterns != NULL && sow__glob_match(json_string_value(patterns), name, steps);
    }
    for (size_t i = 0; i < json_array_size(patterns); i++) {
        use_up(steps, 1);
        if (sow__glob_match(json_string_value(json_array_get(patterns, i)), name, steps)) {
            return true;
        }
    }
    return false;
}

/* ---- running ---- */

static sow_status note_decision(const rule *is, sow__described_tensor *tensor, sow_error *err)
{
    char text[64];
    snprintf(text, sizeof text, "$.init[%zu] %s", is->index, sow_initializer_name(is->initializer));
    free(tensor->decided_by);
    tensor->decided_by = strdup(text);
    return tensor->decided_by != NULL ? SOW_OK : sow__fail_memory(err, sizeof text);
}

static sow_status apply_to(const rule *is, sow__described_tensor *tensor, sow_error *err)
{
    if (sow_tensor_is_initialized(tensor->tensor)) {
        return SOW_OK;
    }
    if (sow_tensor_numel(tensor->tensor) > MAX_TRUNC_NORMAL_ELEMENTS &&
        strcmp(sow_initializer_name(is->initializer), "trunc_normal") == 0) {
        return sow__describe_fail(is->description, &is->step, err, SOW_ERROR_VALUE,
                                  "%s: too many elements for trunc_normal", tensor->name);
    }
    if (sow_initializer_apply(is->initializer, tensor->tensor, &is->args,
                              is->description->factory.generator, err) != SOW_OK) {
        sow__fail_within(err, "%s", tensor->name);
        return sow__describe_fail_within(is->description, &is->step, err);
    }
    return note_decision(is, tensor, err);
}

static sow_status apply_rule(const rule *is, sow__described_tensor *tensors, size_t n_tensors,
                             size_t *steps, sow_error *err)
{
    const sow__step match_step = {.outer = &is->step, .key = "match"};
    size_t n_matched = 0;
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < n_tensors; i++) {
        use_up(steps, 1);
        if (!tensors[i].is_parameter || !matches(is->match, tensors[i].name, steps) ||
            matches(is->exclude, tensors[i].name, steps)) {
            continue;
        }
        n_matched++;
        status = apply_to(is, &tensors[i], err);
    }
    if (status == SOW_OK && *steps == 0) {
        return sow__describe_fail(is->description, &init_step, err, SOW_ERROR_VALUE,
                                  "too many rules and patterns for so many names");
    }
    return status == SOW_OK && n_matched == 0
               ? sow__describe_fail(is->description, &match_step, err, SOW_ERROR_NOT_FOUND,
                                    "matches no parameter")
               : status;
}

sow_status sow__rules_apply(sow__description *description, const json_t *rules,
                            sow__described_tensor *tensors, size_t n_tensors, sow_error *err)
{
    /* Without a checkpoint nothing is to be kept, and the plain functions have other limits:
     * the guarded orthogonal computes 16-bit types in float32, where torch.nn.init refuses them. */
    const bool is_guarded = description->build->options->checkpoint != NULL;
    size_t steps = MAX_MATCH_STEPS;
    sow_status status = SOW_OK;
    if (is_guarded) {
        sow_guard_enter();
    }
    for (size_t i = 0; status == SOW_OK && i < json_array_size(rules); i++) {
        rule is = {
            .description = description, .step = {.outer = &init_step, .index = i}, .index = i};
        status = read_rule(&is, json_array_get(rules, i), err);
        if (status == SOW_OK) {
            status = apply_rule(&is, tensors, n_tensors, &steps, err);
        }
    }
    if (is_guarded) {
        sow_guard_leave();
    }
    return status;
}
