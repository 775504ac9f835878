/* Tables of text, aligned.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stdio.h>

typedef struct cli_column {
    const char *title;
    bool right; /* numbers stand right */
} cli_column;

typedef struct cli_table cli_table;

/* NULL when there is no memory; the other functions then do nothing, and cli_table_print fails. */
cli_table *cli_table_new(const cli_column *columns, size_t n_columns);
void cli_table_free(cli_table *table);

/* Starts the next row, and the cells of the current row from left to right. Texts are escaped. */
void cli_table_row(cli_table *table);
void cli_table_cell(cli_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes text (malloc); NULL counts as no memory. */
void cli_table_cell_take(cli_table *table, char *text);

/* False when memory ran out anywhere. */
bool cli_table_print(cli_table *table, FILE *out);

#endif
