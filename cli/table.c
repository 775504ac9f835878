/* Tables of text, aligned.
 * SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include "escape.h"

#include <libsmartcols.h>
#include <stdarg.h>
#include <stdlib.h>

struct cli_table {
    struct libscols_table *grid;
    struct libscols_line *row;
    size_t cell;
    bool failed;
};

cli_table *cli_table_new(const cli_column *columns, size_t n_columns)
{
    cli_table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return NULL;
    }
    table->grid = scols_new_table();
    if (table->grid == NULL) {
        free(table);
        return NULL;
    }
    /* The same text on a terminal and in a pipe; escaping is ours. */
    scols_table_set_termforce(table->grid, SCOLS_TERMFORCE_NEVER);
    scols_table_enable_noencoding(table->grid, 1);
    scols_table_set_column_separator(table->grid, "  ");
    for (size_t i = 0; i < n_columns; i++) {
        const int flags = columns[i].right ? SCOLS_FL_RIGHT : 0;
        if (scols_table_new_column(table->grid, columns[i].title, 0, flags) == NULL) {
            table->failed = true;
        }
    }
    return table;
}

void cli_table_free(cli_table *table)
{
    if (table != NULL) {
        scols_unref_table(table->grid);
        free(table);
    }
}

void cli_table_row(cli_table *table)
{
    if (table != NULL && !table->failed) {
        table->row = scols_table_new_line(table->grid, NULL);
        table->cell = 0;
        table->failed = table->row == NULL;
    }
}

void cli_table_cell_take(cli_table *table, char *text)
{
    if (table == NULL || table->failed || text == NULL) {
        if (table != NULL) {
            table->failed = true;
        }
        free(text);
        return;
    }
    if (scols_line_refer_data(table->row, table->cell++, text) != 0) {
        table->failed = true;
        free(text);
    }
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

bool cli_table_print(cli_table *table, FILE *out)
{
    char *text = NULL;
    if (table == NULL || table->failed) {
        return false;
    }
    if (scols_table_is_empty(table->grid)) {
        return true;
    }
    if (scols_print_table_to_string(table->grid, &text) != 0 || text == NULL) {
        return false;
    }
    fputs(text, out);
    fputc('\n', out);
    free(text);
    return true;
}
