/* Strict JSON out: no NaN or Infinity, keys in a fixed order, one newline at the end.
 * SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include "escape.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

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

int cli_json_print(json_t *root, FILE *to)
{
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(2) | JSON_ENSURE_ASCII) : NULL;
    json_decref(root);
    cli_page page;
    if (text == NULL || !cli_page_open(&page)) {
        free(text);
        return cli_fail_memory();
    }
    fputs(text, page.out);
    fputc('\n', page.out);
    free(text);
    return cli_page_print(&page, to);
}
