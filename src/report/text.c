/* Text on its way out: numbers without a locale, names made safe.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/text.h"

#include "base/text.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Bytes of a name: more are cut, to what it begins and ends with. */
#define MOST_SHOWN 120
#define SHOWN_BEGIN 50
#define SHOWN_END 40

/* ---- bytes ---- */

void sow__text_flush(sow__text *text)
{
    if (text->used > 0 && !text->stopped) {
        text->stopped = !text->sink(text->user, text->room, text->used);
    }
    text->used = 0;
}

void sow__put_bytes(sow__text *text, const char *bytes, size_t n_bytes)
{
    while (n_bytes > 0) {
        const size_t left = SOW__TEXT_ROOM - text->used, n = n_bytes < left ? n_bytes : left;
        memcpy(text->room + text->used, bytes, n);
        text->used += n;
        bytes += n;
        n_bytes -= n;
        if (text->used == SOW__TEXT_ROOM) {
            sow__text_flush(text);
        }
    }
}

void sow__put(sow__text *text, const char *words)
{
    sow__put_bytes(text, words, strlen(words));
}

void sow__putf(sow__text *text, const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    sow__put(text, line);
}

/* ---- names ---- */

/* The code point of a valid sequence of n bytes. */
static uint32_t code_of(const unsigned char *s, size_t n)
{
    if (n == 1) {
        return s[0];
    }
    uint32_t code = s[0] & (0xFFU >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        code = code << 6 | (s[i] & 0x3F);
    }
    return code;
}

static bool is_hidden(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x200E || code == 0x200F ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0xFEFF || (code & 0xFFFE) == 0xFFFE;
}

static void put_html(sow__text *text, const char *name, size_t n_bytes, bool breaks)
{
    static const char special[] = "&<>\"'";
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    const unsigned char *s = (const unsigned char *)name, *end = s + n_bytes;
    while (s < end) {
        const size_t whole = sow__utf8_length(s), n = whole > 0 ? whole : 1;
        const char *entity = memchr(special, *s, sizeof special - 1);
        if (entity != NULL) {
            sow__put(text, entities[entity - special]);
        } else if (whole > 0 && !is_hidden(code_of(s, n))) {
            sow__put_bytes(text, (const char *)s, n);
        } else {
            for (size_t i = 0; i < n; i++) {
                sow__putf(text, "\\x%02x", s[i]);
            }
        }
        if (breaks && (*s == '.' || *s == '_' || *s == '/')) {
            sow__put(text, "<wbr>");
        }
        s += n;
    }
}

void sow__put_html(sow__text *text, const char *name)
{
    put_html(text, name, strlen(name), false);
}

void sow__put_html_name(sow__text *text, const char *name)
{
    put_html(text, name, strlen(name), true);
}

bool sow__is_long(const char *name)
{
    return strlen(name) > MOST_SHOWN;
}

/* The place of a character's first byte, at or shortly before one. */
static size_t character_at(const char *name, size_t at)
{
    size_t first = at;
    while (first > 0 && at - first < 3 && ((unsigned char)name[first] & 0xC0) == 0x80) {
        first--;
    }
    return first;
}

void sow__put_html_cut(sow__text *text, const char *name)
{
    const size_t n = strlen(name);
    if (n <= MOST_SHOWN) {
        sow__put_html_name(text, name);
        return;
    }
    const size_t end = character_at(name, n - SHOWN_END);
    put_html(text, name, character_at(name, SHOWN_BEGIN), true);
    sow__put(text, " ... ");
    put_html(text, name + end, n - end, true);
}

void sow__put_json(sow__text *text, const char *name)
{
    for (const unsigned char *s = (const unsigned char *)name; *s != '\0';) {
        const size_t n = sow__utf8_length(s);
        const uint32_t code = n > 0 ? code_of(s, n) : 0;
        if (n == 0) {
            sow__putf(text, "\\\\x%02x", *s);
        } else if (code == '"' || code == '\\') {
            sow__putf(text, "\\%c", (int)code);
        } else if (code >= 0x20 && code < 0x7F) {
            sow__putf(text, "%c", (int)code);
        } else if (code < 0x10000) {
            sow__putf(text, "\\u%04" PRIx32, code);
        } else {
            sow__putf(text, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xD7C0 + (code >> 10),
                      0xDC00 + (code & 0x3FF));
        }
        s += n > 0 ? n : 1;
    }
}

/* ---- numbers ---- */

const char *sow__number(double value, int n_digits, char room[SOW__NUMBER_SIZE])
{
    char text[SOW__NUMBER_SIZE];
    snprintf(text, sizeof text, "%.*g", n_digits, value);
    char *to = room;
    for (const char *from = text; *from != '\0'; from++) {
        if (strchr("0123456789+-einfa", *from) != NULL) {
            *to++ = *from;
        } else if (to == room || to[-1] != '.') {
            *to++ = '.'; /* whatever the locale has there, of one byte or more */
        }
    }
    *to = '\0';
    return room;
}

void sow__put_number(sow__text *text, double value, int n_digits)
{
    char room[SOW__NUMBER_SIZE];
    sow__put(text, sow__number(value, n_digits, room));
}

void sow__put_grouped(sow__text *text, uint64_t value)
{
    char digits[24];
    const int n = snprintf(digits, sizeof digits, "%" PRIu64, value);
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) {
            sow__put(text, ",");
        }
        sow__put_bytes(text, &digits[i], 1);
    }
}
