/* Reading a JSON config.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/config.h"

#include "base/error.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- integers beyond 64 bits ---- */

/* jansson refuses them without saying where, and a seed may be as large as 2^64 - 1. They are given
 * to it as strings that begin with a private-use character. */

#define BIG_MARK "\xEE\x80\x80"
#define N_BIG_MARK 3

/* The digits of an integer that was too large for 64 bits; NULL for another value. */
static const char *big_digits(const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL && strncmp(text, BIG_MARK, N_BIG_MARK) == 0 ? text + N_BIG_MARK : NULL;
}

/* Bytes of the number token at text[0]. */
static size_t number_bytes(const char *text, size_t n_bytes)
{
    size_t n = 0;
    while (n < n_bytes && memchr("+-.0123456789eE", text[n], 15) != NULL) {
        n++;
    }
    return n;
}

static bool is_big_integer(const char *token, size_t n_bytes)
{
    const size_t sign = token[0] == '-';
    const size_t n_digits = n_bytes - sign;
    if (n_digits < 19 || token[sign] == '0' || memchr(token + sign, '.', n_digits) != NULL ||
        memchr(token, 'e', n_bytes) != NULL || memchr(token, 'E', n_bytes) != NULL ||
        memchr(token + sign, '-', n_digits) != NULL || memchr(token, '+', n_bytes) != NULL) {
        return false;
    }
    const char *limit = sign ? "9223372036854775808" : "9223372036854775807";
    return n_digits > 19 || memcmp(token + sign, limit, 19) > 0;
}

/* Bytes of the string token that begins with the quote at text[0]; all of them when it does not
 * end. */
static size_t string_bytes(const char *text, size_t n_bytes)
{
    for (size_t i = 1; i < n_bytes; i++) {
        if (text[i] == '\\') {
            i++;
        } else if (text[i] == '"') {
            return i + 1;
        }
    }
    return n_bytes;
}

/* The text with every too large integer made a marked string: *n_out bytes, the caller's; NULL when
 * there is no memory. A token of at least 19 digits grows by 5 bytes. */
static char *mark_big_integers(const char *json, size_t n_bytes, size_t *n_out)
{
    char *out = malloc(n_bytes + n_bytes / 19 * 5 + 1);
    size_t n = 0;
    for (size_t i = 0, n_token; out != NULL && i < n_bytes; i += n_token) {
        const bool number = json[i] == '-' || (json[i] >= '0' && json[i] <= '9');
        n_token = json[i] == '"' ? string_bytes(json + i, n_bytes - i)
                  : number       ? number_bytes(json + i, n_bytes - i)
                                 : 1;
        if (number && is_big_integer(json + i, n_token)) {
            memcpy(out + n, "\"" BIG_MARK, 1 + N_BIG_MARK);
            memcpy(out + n + 1 + N_BIG_MARK, json + i, n_token);
            n += 1 + N_BIG_MARK + n_token;
            out[n++] = '"';
        } else {
            memcpy(out + n, json + i, n_token);
            n += n_token;
        }
    }
    *n_out = n;
    return out;
}

/* ---- opening ---- */

sow_status sow__config_open(sow__config *config, const char *json, size_t n_bytes,
                            const char *label, sow_error *err)
{
    *config = (sow__config){.label = label, .err = err};
    if (n_bytes >= 3 && memcmp(json, "\xEF\xBB\xBF", 3) == 0) {
        return sow__fail_at(err, SOW_ERROR_CORRUPT, 0,
                            "%s: not JSON: begins with a UTF-8 byte order mark (BOM)", label);
    }
    size_t n_text;
    char *text = mark_big_integers(json, n_bytes, &n_text);
    if (text == NULL) {
        return sow__fail_memory(err, n_bytes);
    }
    json_error_t error;
    json_t *root = json_loadb(text, n_text, JSON_REJECT_DUPLICATES, &error);
    free(text);
    if (root == NULL && json_error_code(&error) == json_error_out_of_memory) {
        return sow__fail_memory(err, n_bytes);
    }
    if (root == NULL) {
        /* Marks before the place would shift it. */
        const int64_t offset = n_text == n_bytes ? error.position : -1;
        return sow__fail_at(err, SOW_ERROR_CORRUPT, offset, "%s: not JSON: line %d, column %d: %s",
                            label, error.line, error.column, error.text);
    }
    if (!json_is_object(root)) {
        json_decref(root);
        return sow__fail(err, SOW_ERROR_CORRUPT, "%s: expected a JSON object", label);
    }
    config->object = root;
    return SOW_OK;
}

void sow__config_close(sow__config *config)
{
    json_decref(config->object);
    config->object = NULL;
}

bool sow__config_has(const sow__config *config, const char *name)
{
    return json_object_get(config->object, name) != NULL;
}

/* The one of two names that counts: the alias when it is there. */
static const char *name_there(const sow__config *config, const char *name, const char *alias)
{
    return alias != NULL && sow__config_has(config, alias) ? alias : name;
}

const json_t *sow__config_get(const sow__config *config, const char *name, const char *alias)
{
    return json_object_get(config->object, name_there(config, name, alias));
}

/* ---- failures ---- */

sow_status sow__config_fail(sow__config *config, sow_status status, const char *format, ...)
{
    if (config->status == SOW_OK) {
        char text[SOW_ERROR_MESSAGE_SIZE];
        va_list args;
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        config->status = sow__fail(config->err, status, "%s: %s", config->label, text);
    }
    return config->status;
}

sow_status sow__config_fail_within(sow__config *config, sow_status status)
{
    if (config->status == SOW_OK) {
        config->status = status;
        sow__fail_within(config->err, "%s", config->label);
    }
    return config->status;
}

/* Records what was expected of a value, with the value as JSON, cut when it is long. */
static void expected(sow__config *config, const char *name, const char *what, const json_t *value)
{
    enum { N_SHOWN = 60 };
    const char *big = big_digits(value);
    char *dump = big != NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    const char *text = big != NULL ? big : dump == NULL ? "?" : dump;
    const bool cut = strlen(text) > N_SHOWN;
    sow__config_fail(config, SOW_ERROR_VALUE, "%s: expected %s, got %.*s%s", name, what,
                     cut ? (int)N_SHOWN : (int)strlen(text), text, cut ? "..." : "");
    free(dump);
}

void sow__config_expected(sow__config *config, const char *name, const char *what)
{
    expected(config, name, what, sow__config_get(config, name, NULL));
}

/* ---- getters ---- */

static int64_t size_within(sow__config *config, const char *name, const json_t *value, int64_t max)
{
    if (big_digits(value) == NULL && !json_is_integer(value)) {
        expected(config, name, "an integer", value);
        return 0;
    }
    const int64_t n = json_integer_value(value);
    if (big_digits(value) != NULL || n > max || n < -(int64_t)SOW__CONFIG_MAX_SIZE) {
        char what[64];
        snprintf(what, sizeof what, "an integer of at most %" PRId64, max);
        if (n < 0 || (big_digits(value) != NULL && big_digits(value)[0] == '-')) {
            snprintf(what, sizeof what, "an integer of at least %d", -SOW__CONFIG_MAX_SIZE);
        }
        expected(config, name, what, value);
        return 0;
    }
    return n;
}

int64_t sow__config_size(sow__config *config, const char *name, const char *alias, int64_t fallback)
{
    const json_t *value = sow__config_get(config, name, alias);
    return value == NULL
               ? fallback
               : size_within(config, name_there(config, name, alias), value, SOW__CONFIG_MAX_SIZE);
}

int64_t sow__config_size_or_null(sow__config *config, const char *name, const char *alias,
                                 int64_t fallback, int64_t when_null)
{
    return json_is_null(sow__config_get(config, name, alias))
               ? when_null
               : sow__config_size(config, name, alias, fallback);
}

int64_t sow__config_layers(sow__config *config, const char *name, const char *alias,
                           int64_t fallback)
{
    const json_t *value = sow__config_get(config, name, alias);
    return value == NULL ? fallback
                         : size_within(config, name_there(config, name, alias), value,
                                       SOW__CONFIG_MAX_LAYERS);
}

double sow__config_number(sow__config *config, const char *name, double fallback)
{
    const json_t *value = sow__config_get(config, name, NULL);
    if (value == NULL) {
        return fallback;
    }
    if (!json_is_number(value)) {
        expected(config, name, "a number", value);
        return fallback;
    }
    return json_number_value(value);
}

bool sow__config_bool(sow__config *config, const char *name, bool fallback)
{
    const json_t *value = sow__config_get(config, name, NULL);
    if (value == NULL) {
        return fallback;
    }
    if (!json_is_boolean(value)) {
        expected(config, name, "true or false", value);
        return fallback;
    }
    return json_is_true(value);
}

const char *sow__config_string(sow__config *config, const char *name, const char *fallback)
{
    const json_t *value = sow__config_get(config, name, NULL);
    if (value == NULL || json_is_null(value)) {
        return value == NULL ? fallback : NULL;
    }
    if (!json_is_string(value) || big_digits(value) != NULL) {
        expected(config, name, "a string", value);
        return fallback;
    }
    return json_string_value(value);
}

const char *sow__config_integer_text(const json_t *value, char text[SOW__INTEGER_SIZE])
{
    if (!json_is_integer(value)) {
        return big_digits(value);
    }
    snprintf(text, SOW__INTEGER_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return text;
}
