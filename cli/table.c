/* Tables of text, aligned: the same on a terminal and in a pipe, in every locale.
 * SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include "escape.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define GAP 2 /* spaces between columns */

struct cli_table {
    cli_column *columns;
    size_t n_columns;
    char **cells; /* row after row; NULL: nothing there */
    size_t n_rows, room;
    size_t cell; /* place in the last row */
    bool failed;
};

cli_table *cli_table_new(const cli_column *columns, size_t n_columns)
{
    cli_table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return NULL;
    }
    table->columns = malloc(n_columns * sizeof *columns);
    if (table->columns == NULL) {
        free(table);
        return NULL;
    }
    memcpy(table->columns, columns, n_columns * sizeof *columns);
    table->n_columns = n_columns;
    table->cell = n_columns; /* a cell before the first row fails */
    return table;
}

void cli_table_free(cli_table *table)
{
    if (table != NULL) {
        for (size_t i = 0; i < table->n_rows * table->n_columns; i++) {
            free(table->cells[i]);
        }
        free(table->cells);
        free(table->columns);
        free(table);
    }
}

static bool grow(cli_table *table)
{
    const size_t room = table->room == 0 ? 32 : 2 * table->room;
    char **cells = realloc(table->cells, room * table->n_columns * sizeof *cells);
    if (cells != NULL) {
        table->cells = cells;
        table->room = room;
    }
    return cells != NULL;
}

void cli_table_row(cli_table *table)
{
    if (table == NULL || table->failed) {
        return;
    }
    if (table->n_rows == table->room && !grow(table)) {
        table->failed = true;
        return;
    }
    memset(table->cells + table->n_rows * table->n_columns, 0,
           table->n_columns * sizeof *table->cells);
    table->n_rows++;
    table->cell = 0;
}

void cli_table_cell_take(cli_table *table, char *text)
{
    if (table == NULL || table->failed || text == NULL || table->cell == table->n_columns) {
        if (table != NULL) {
            table->failed = true;
        }
        free(text);
        return;
    }
    table->cells[(table->n_rows - 1) * table->n_columns + table->cell++] = text;
}

void cli_table_cell(cli_table *table, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = n >= 0 ? malloc((size_t)n + 1) : NULL;
    if (text == NULL) {
        cli_table_cell_take(table, NULL);
        return;
    }
    va_start(args, format);
    vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    cli_table_cell_take(table, cli_escape(text));
    free(text);
}

/* ---- printing ---- */

/* Row 0 is that of the titles. */
static const char *text_at(const cli_table *table, size_t row, size_t column)
{
    if (row == 0) {
        return table->columns[column].title;
    }
    const char *text = table->cells[(row - 1) * table->n_columns + column];
    return text != NULL ? text : "";
}

static size_t width_of(const cli_table *table, size_t column)
{
    size_t width = 0;
    for (size_t row = 0; row <= table->n_rows; row++) {
        const size_t here = cli_width(text_at(table, row, column));
        width = here > width ? here : width;
    }
    return width;
}

static void put_spaces(FILE *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fputc(' ', out);
    }
}

static void put_row(FILE *out, const cli_table *table, size_t row, const size_t *widths)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        const char *text = text_at(table, row, i);
        const size_t rest = widths[i] - cli_width(text);
        const bool right = table->columns[i].right, is_last = i + 1 == table->n_columns;
        put_spaces(out, right ? rest : 0);
        fputs(text, out);
        put_spaces(out, is_last ? 0 : (right ? 0 : rest) + GAP);
    }
    fputc('\n', out);
}

bool cli_table_print(cli_table *table, FILE *out)
{
    if (table == NULL || table->failed) {
        return false;
    }
    size_t *widths = malloc(table->n_columns * sizeof *widths);
    if (widths == NULL) {
        return false;
    }
    for (size_t i = 0; i < table->n_columns; i++) {
        widths[i] = width_of(table, i);
    }
    for (size_t row = 0; table->n_rows > 0 && row <= table->n_rows; row++) {
        put_row(out, table, row, widths);
    }
    free(widths);
    return true;
}
