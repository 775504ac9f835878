/* Text on its way out: numbers without a locale, names made safe.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_REPORT_TEXT_H
#define SOW_REPORT_TEXT_H

#include <sow/report.h>

#define SOW__TEXT_ROOM ((size_t)1 << 14)

/* Collects what is written and hands it on when it is full. Once the sink has said no, nothing more
 * is written. */
typedef struct sow__text {
    sow_report_sink sink;
    void *user;
    bool stopped;
    size_t used;
    char room[SOW__TEXT_ROOM];
} sow__text;

void sow__text_flush(sow__text *text);

void sow__put(sow__text *text, const char *words);
void sow__put_bytes(sow__text *text, const char *bytes, size_t n_bytes);
/* For texts of ours: at most 255 bytes, no floating point (the locale has its own comma). */
void sow__putf(sow__text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A name from a file: the characters of HTML as entities; control characters, those that turn the
 * direction of writing and bytes that are no UTF-8 as \xNN. */
void sow__put_html(sow__text *text, const char *name);
/* The same with places to break a line after dots, underscores and slashes. */
void sow__put_html_name(sow__text *text, const char *name);
/* The same of a long name without its middle, which is told apart. */
void sow__put_html_cut(sow__text *text, const char *name);
bool sow__is_long(const char *name);
/* The inside of a JSON string, ASCII alone. */
void sow__put_json(sow__text *text, const char *name);

/* A number rounded to n_digits, "0.02" or "1e-05", with a dot in any locale. */
#define SOW__NUMBER_SIZE 40
const char *sow__number(double value, int n_digits, char room[SOW__NUMBER_SIZE]);
void sow__put_number(sow__text *text, double value, int n_digits);
/* 1234567 as "1,234,567". */
void sow__put_grouped(sow__text *text, uint64_t value);

#endif
