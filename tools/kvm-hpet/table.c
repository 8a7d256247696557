// SPDX-License-Identifier: GPL-2.0
/*
 * Tables for reading.
 */
#include <err.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

/**
 * table_add() - add a cell
 * @table: the table
 * @fmt: its text
 */
void table_add(struct table *table, const char *fmt, ...)
{
	va_list args;
	char **cells = realloc(table->cells, (table->count + 1) * sizeof(*cells));

	va_start(args, fmt);
	if (!cells || vasprintf(&cells[table->count], fmt, args) < 0)
		errx(EXIT_FAILURE, "out of memory");
	va_end(args);
	table->cells = cells;
	table->count++;
}

static int column_width(const struct table *table, unsigned int column)
{
	size_t width = 0;

	for (size_t i = column; i < table->count; i += table->columns)
		if (strlen(table->cells[i]) > width)
			width = strlen(table->cells[i]);
	return width;
}

static void print_cell(const struct table *table, size_t i, int width)
{
	unsigned int column = i % table->columns;
	bool last = column == table->columns - 1;

	if (column)
		putchar(' ');
	if (!(table->left & 1U << column))
		printf("%*s", width, table->cells[i]);
	else
		printf("%-*s", last ? 0 : width, table->cells[i]);
	if (last)
		putchar('\n');
}

/**
 * table_cut() - take the last rows away
 * @table: the table
 * @rows: how many
 */
void table_cut(struct table *table, size_t rows)
{
	for (size_t cells = rows * table->columns; cells; cells--)
		free(table->cells[--table->count]);
}

/**
 * table_print() - print and empty it
 * @table: the table
 * @indent: printed before each row
 */
void table_print(struct table *table, const char *indent)
{
	int widths[TABLE_COLUMNS];

	for (unsigned int i = 0; i < table->columns; i++)
		widths[i] = column_width(table, i);
	for (size_t i = 0; i < table->count; i++) {
		if (i % table->columns == 0)
			printf("%s", indent);
		print_cell(table, i, widths[i % table->columns]);
		free(table->cells[i]);
	}
	free(table->cells);
	table->cells = NULL;
	table->count = 0;
}
