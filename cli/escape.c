/* Text from argv and from files, made fit for a terminal.
 * SPDX-License-Identifier: Apache-2.0 */
#define _XOPEN_SOURCE 700 /* wcwidth */
#include "escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Bytes of the UTF-8 character at s and its code point; 0 for what is no shortest-form UTF-8. */
static size_t utf8_character(const unsigned char *s, uint32_t *code)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};

    for (size_t n = 1; n <= 4; n++) {
        if ((s[0] & forms[n - 1].mask) != forms[n - 1].lead) {
            continue;
        }
        uint32_t value = s[0] & (unsigned char)~forms[n - 1].mask;
        for (size_t i = 1; i < n; i++) {
            if ((s[i] & 0xC0) != 0x80) {
                return 0;
            }
            value = value << 6 | (s[i] & 0x3F);
        }
        const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
        *code = value;
        return value < forms[n - 1].least || value > 0x10FFFF || surrogate ? 0 : n;
    }
    return 0;
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x200E || code == 0x200F ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

size_t cli_escape_into(char *out, size_t size, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t used = 0, kept = 0;
    for (const unsigned char *s = (const unsigned char *)text; *s != '\0';) {
        uint32_t code = 0;
        const size_t whole = utf8_character(s, &code);
        const bool plain = whole > 0 && !is_control(code);
        const size_t n = whole > 0 ? whole : 1;
        const size_t needs = plain ? n : 4 * n;
        if (used == kept && used + needs < size) {
            for (size_t i = 0; i < n; i++) {
                if (plain) {
                    out[kept++] = (char)s[i];
                } else {
                    memcpy(out + kept, "\\x", 2);
                    out[kept + 2] = digits[s[i] >> 4];
                    out[kept + 3] = digits[s[i] & 15];
                    kept += 4;
                }
            }
        }
        used += needs;
        s += n;
    }
    if (size > 0) {
        out[kept] = '\0';
    }
    return used;
}

char *cli_escape(const char *text)
{
    const size_t size = cli_escape_into(NULL, 0, text) + 1;
    char *out = malloc(size);
    if (out != NULL) {
        cli_escape_into(out, size, text);
    }
    return out;
}

size_t cli_width(const char *text)
{
    size_t width = 0;
    for (const unsigned char *s = (const unsigned char *)text; *s != '\0';) {
        uint32_t code = 0;
        const size_t n = utf8_character(s, &code);
        const int columns = n > 0 ? wcwidth((wchar_t)code) : 1;
        width += columns >= 0 ? (size_t)columns : 1;
        s += n > 0 ? n : 1;
    }
    return width;
}
