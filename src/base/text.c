/* Numbers as text, the way Python and C++ streams print them, and UTF-8.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The C locale as an object: the caller's locale may write a decimal comma. NULL when it can not be
 * had. */
static locale_t c_locale;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static locale_t enter_c_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_c_locale);
    return c_locale != (locale_t)0 ? uselocale(c_locale) : (locale_t)0;
}

static void leave_c_locale(locale_t before)
{
    if (before != (locale_t)0) {
        uselocale(before);
    }
}

/* Adds one to the last digit of "1.5e-07"; false when that takes another digit. */
static bool add_to_last_digit(char *text)
{
    for (char *d = strchr(text, 'e') - 1; d >= text; d--) {
        if (*d >= '0' && *d < '9') {
            ++*d;
            return true;
        }
        if (*d == '9') {
            *d = '0';
        }
    }
    return false;
}

/* The value rounded to a number of digits, if that reads back as the value. The numbers that do
 * reach further up than down from a power of two, so there the next digit may do as well. */
static bool format_digits(double value, int n_digits, char text[SOW__REPR_SIZE])
{
    snprintf(text, SOW__REPR_SIZE, "%.*e", n_digits - 1, value);
    return strtod(text, NULL) == value || (add_to_last_digit(text) && strtod(text, NULL) == value);
}

/* "1.5e-07" as Python spells an exponent: at least two digits, which printf does too; only the
 * choice of form differs: Python writes 1e16 and above and below 1e-4 with an exponent. */
static void format_repr(double value, char text[SOW__REPR_SIZE])
{
    int precision = 1;
    while (!format_digits(value, precision, text) && precision < 17) {
        precision++;
    }
    int exponent = atoi(strchr(text, 'e') + 1);
    if (exponent < -4 || exponent >= 16) {
        return;
    }
    int decimals = precision - 1 - exponent;
    snprintf(text, SOW__REPR_SIZE, "%.*f", decimals > 1 ? decimals : 1, value);
}

const char *sow__repr_double(double value, char text[SOW__REPR_SIZE])
{
    if (isnan(value)) {
        return strcpy(text, "nan");
    }
    if (isinf(value)) {
        return strcpy(text, value > 0 ? "inf" : "-inf");
    }
    locale_t before = enter_c_locale();
    format_repr(value, text);
    leave_c_locale(before);
    return text;
}

bool sow__parse_double(const char *text, double *value)
{
    /* strtod knows hexadecimal and nan(...) as well, which Python does not. */
    if (text[0] == '\0' || isspace((unsigned char)text[0]) || strpbrk(text, "xX(") != NULL) {
        return false;
    }
    char *end;
    locale_t before = enter_c_locale();
    double read = strtod(text, &end);
    leave_c_locale(before);
    if (*end != '\0') {
        return false;
    }
    *value = read;
    return true;
}

bool sow__parse_i64(const char *text, int64_t *value)
{
    if (text[0] == '\0' || isspace((unsigned char)text[0])) {
        return false;
    }
    char *end;
    errno = 0;
    long long read = strtoll(text, &end, 10);
    if (*end != '\0' || errno != 0) {
        return false;
    }
    *value = read;
    return true;
}

size_t sow__utf8_length(const unsigned char *s)
{
    static const unsigned char second_low[] = {0xE0, 0xF0}, second_min[] = {0xA0, 0x90};
    size_t n = s[0] < 0x80                   ? 1
               : s[0] >= 0xC2 && s[0] < 0xE0 ? 2
               : s[0] >= 0xE0 && s[0] < 0xF0 ? 3
               : s[0] >= 0xF0 && s[0] < 0xF5 ? 4
                                             : 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    for (size_t i = 0; i < sizeof second_low; i++) {
        if (n > 1 && s[0] == second_low[i] && s[1] < second_min[i]) {
            return 0;
        }
    }
    if ((s[0] == 0xED && n > 1 && s[1] > 0x9F) || (s[0] == 0xF4 && n > 1 && s[1] > 0x8F)) {
        return 0;
    }
    return n;
}
