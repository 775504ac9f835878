/* Strict JSON out: no NaN or Infinity, keys in a fixed order, one newline at the end.
 * SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include "escape.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

json_t *cli_json_text(const char *text)
{
    if (text == NULL) {
        return json_null();
    }
    json_t *value = json_string(text);
    if (value == NULL) {
        char *escaped = cli_escape(text);
        value = escaped != NULL ? json_string(escaped) : NULL;
        free(escaped);
    }
    return value;
}

json_t *cli_json_number(double value)
{
    if (isnan(value)) {
        return json_string("nan");
    }
    return isinf(value) ? json_string(value > 0 ? "inf" : "-inf") : json_real(value);
}

json_t *cli_json_count(uint64_t value)
{
    if (value <= INT64_MAX) {
        return json_integer((json_int_t)value);
    }
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, value);
    return json_string(digits);
}

json_t *cli_json_shape(int n_dims, const int64_t *sizes)
{
    json_t *shape = json_array();
    for (int i = 0; i < n_dims; i++) {
        cli_json_push(&shape, json_integer(sizes[i]));
    }
    return shape;
}

void cli_json_push(json_t **array, json_t *value)
{
    if (json_array_append_new(*array, value) != 0) {
        json_decref(*array);
        *array = NULL;
    }
}

void cli_json_set(json_t **object, const char *key, json_t *value)
{
    if (json_object_set_new_nocheck(*object, key, value) != 0) {
        json_decref(*object);
        *object = NULL;
    }
}

/* ---- printing ---- */

/* Writes a number token of jansson, which has 17 digits where fewer may read back the same. */
static size_t put_number(char *to, const char *token, size_t n_token)
{
    char text[40];
    const bool real = memchr(token, '.', n_token) != NULL || memchr(token, 'e', n_token) != NULL;
    const double value = real ? strtod(token, NULL) : 0.0;
    for (int n_digits = 15; real && n_digits < 17; n_digits++) {
        const size_t n = (size_t)snprintf(text, sizeof text, "%.*g", n_digits, value);
        if (n < n_token && strpbrk(text, ".e") != NULL && strtod(text, NULL) == value) {
            memcpy(to, text, n);
            return n;
        }
    }
    memmove(to, token, n_token);
    return n_token;
}

/* Makes every number outside strings as short as it can be. */
static void shorten_numbers(char *json)
{
    char *to = json;
    bool in_string = false;
    for (const char *at = json; *at != '\0';) {
        if (in_string && *at == '\\') {
            *to++ = *at++;
        } else if (*at == '"') {
            in_string = !in_string;
        } else if (!in_string && (*at == '-' || (*at >= '0' && *at <= '9'))) {
            const size_t n = strspn(at, "+-.0123456789e");
            to += put_number(to, at, n);
            at += n;
            continue;
        }
        *to++ = *at++;
    }
    *to = '\0';
}

int cli_json_print(json_t *root, FILE *to)
{
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(2) | JSON_ENSURE_ASCII) : NULL;
    json_decref(root);
    cli_page page;
    if (text == NULL || !cli_page_open(&page)) {
        free(text);
        return cli_fail_memory();
    }
    shorten_numbers(text);
    fputs(text, page.out);
    fputc('\n', page.out);
    free(text);
    return cli_page_print(&page, to);
}
