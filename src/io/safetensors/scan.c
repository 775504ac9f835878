/* Walks the JSON of a header from left to right and knows where it stands.
 * SPDX-License-Identifier: Apache-2.0 */
#include "io/safetensors/scan.h"

#include "base/error.h"
#include "base/text.h"
#include "io/safetensors/format.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

sow_status sow__scan_fail(const sow__scan *scan, sow_error *err, sow_status status, size_t position,
                          const char *format, ...)
{
    char text[SOW_ERROR_MESSAGE_SIZE], name[SOW__QUOTE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    int64_t offset = (int64_t)position + SOW__SAFETENSORS_PREFIX_BYTES;
    bool has_subject = scan->subject != NULL;
    return sow__fail_at(err, status, offset, "%s: byte %" PRId64 ": %s%s%s%s", scan->path, offset,
                        has_subject ? "tensor " : "",
                        has_subject ? sow__safetensors_quote(scan->subject, name) : "",
                        has_subject ? ": " : "", text);
}

sow_status sow__scan_check_utf8(const sow__scan *scan, sow_error *err)
{
    const unsigned char *text = (const unsigned char *)scan->text;
    for (size_t at = 0; at < scan->n_bytes;) {
        size_t n = sow__utf8_length(text + at);
        if (n == 0 || n > scan->n_bytes - at) {
            return sow__scan_fail(scan, err, SOW_ERROR_CORRUPT, at,
                                  "the header is not UTF-8 (0x%02x)", text[at]);
        }
        at += n;
    }
    return SOW_OK;
}

int sow__scan_peek(sow__scan *scan)
{
    while (scan->at < scan->n_bytes) {
        char c = scan->text[scan->at];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            return (unsigned char)c;
        }
        scan->at++;
    }
    return -1;
}

const char *sow__scan_kind(int first)
{
    switch (first) {
    case '{':
        return "an object";
    case '[':
        return "an array";
    case '"':
        return "a string";
    case 't':
    case 'f':
        return "a boolean";
    case 'n':
        return "null";
    case '-':
        return "a negative number";
    case -1:
        return "the end of the header";
    default:
        return first >= '0' && first <= '9' ? "a number" : "no JSON value";
    }
}

/* "'x'" for a printable character, "0x01" for another, in words for the end. */
static const char *character(int c, char text[8])
{
    if (c < 0) {
        return "the end of the header";
    }
    snprintf(text, 8, c > 0x20 && c < 0x7F ? "'%c'" : "0x%02x", c);
    return text;
}

sow_status sow__scan_expect(sow__scan *scan, char wanted, const char *where, sow_error *err)
{
    int got = sow__scan_peek(scan);
    if (got != wanted) {
        char text[8];
        return sow__scan_fail(scan, err, SOW_ERROR_CORRUPT, scan->at, "expected '%c' %s, got %s",
                              wanted, where, character(got, text));
    }
    scan->at++;
    return SOW_OK;
}

sow_status sow__scan_next(sow__scan *scan, char closing, bool *is_first, bool *is_end,
                          sow_error *err)
{
    int got = sow__scan_peek(scan);
    bool was_first = *is_first;
    *is_first = false;
    *is_end = got == closing;
    if (*is_end) {
        scan->at++;
        return SOW_OK;
    }
    if (was_first) {
        return SOW_OK;
    }
    if (got != ',') {
        char text[8];
        return sow__scan_fail(scan, err, SOW_ERROR_CORRUPT, scan->at,
                              "expected ',' or '%c', got %s", closing, character(got, text));
    }
    scan->at++;
    return SOW_OK;
}

/* Why jansson could not read the value at scan->at; blame is the position to name when the text is
 * JSON and the value can not be held. */
static sow_status fail_load(const sow__scan *scan, const json_error_t *why, size_t blame,
                            sow_error *err)
{
    size_t position = scan->at + (size_t)(why->position > 0 ? why->position : 0);
    switch (json_error_code(why)) {
    case json_error_null_character:
        return sow__scan_fail(scan, err, SOW_ERROR_CORRUPT, blame, "a string holds NUL (\\u0000)");
    case json_error_numeric_overflow:
        return sow__scan_fail(scan, err, SOW_ERROR_CORRUPT, blame, "a number is too large");
    case json_error_premature_end_of_input:
        return sow__scan_fail(scan, err, SOW_ERROR_CORRUPT, scan->n_bytes,
                              "the header ends inside a string");
    case json_error_invalid_syntax:
    case json_error_invalid_utf8:
        return sow__scan_fail(scan, err, SOW_ERROR_CORRUPT, position, "the header is not JSON");
    default:
        return sow__fail_memory(err, scan->n_bytes - scan->at);
    }
}

/* One string or number; the caller drops *value. */
static sow_status load(sow__scan *scan, size_t blame, json_t **value, sow_error *err)
{
    json_error_t why = {0};
    *value = json_loadb(scan->text + scan->at, scan->n_bytes - scan->at,
                        JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &why);
    if (*value == NULL) {
        return fail_load(scan, &why, blame, err);
    }
    scan->at += (size_t)why.position;
    return SOW_OK;
}

sow_status sow__scan_string(sow__scan *scan, sow__buffer *buffer, sow_error *err)
{
    int first = sow__scan_peek(scan);
    if (first != '"') {
        return sow__scan_fail(scan, err, SOW_ERROR_CORRUPT, scan->at, "expected a string, got %s",
                              sow__scan_kind(first));
    }
    json_t *value;
    sow_status status = load(scan, scan->at, &value, err);
    if (status != SOW_OK) {
        return status;
    }
    status =
        sow__buffer_append(buffer, json_string_value(value), json_string_length(value) + 1, err);
    json_decref(value);
    return status;
}

sow_status sow__scan_count(sow__scan *scan, size_t blame, const char *what, int64_t *count,
                           sow_error *err)
{
    int first = sow__scan_peek(scan);
    if (first < '0' || first > '9') { /* jansson would take -0 for 0 */
        return sow__scan_fail(scan, err, SOW_ERROR_CORRUPT, blame,
                              "%s must hold whole numbers >= 0, got %s", what,
                              sow__scan_kind(first));
    }
    json_t *value;
    sow_status status = load(scan, blame, &value, err);
    if (status != SOW_OK) {
        return status;
    }
    bool is_whole = json_is_integer(value);
    *count = json_integer_value(value);
    json_decref(value);
    if (!is_whole) {
        return sow__scan_fail(scan, err, SOW_ERROR_CORRUPT, blame,
                              "%s must hold whole numbers >= 0, got a fraction or exponent", what);
    }
    return SOW_OK;
}

sow_status sow__scan_end(sow__scan *scan, sow_error *err)
{
    int got = sow__scan_peek(scan);
    if (got >= 0) {
        char text[8];
        return sow__scan_fail(scan, err, SOW_ERROR_CORRUPT, scan->at,
                              "%s follows the end of the JSON", character(got, text));
    }
    return SOW_OK;
}
