/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_TABLE_H
#define KVM_HPET_TABLE_H

#include <stddef.h>

#define TABLE_COLUMNS	16

/**
 * struct table - text in columns, each as wide as its longest cell
 * @columns: how many, at most TABLE_COLUMNS
 * @left: bit mask of columns aligned to the left
 * @cells: row by row, the heading first
 * @count: of @cells
 */
struct table {
	unsigned int columns;
	unsigned int left;
	char **cells;
	size_t count;
};

void table_add(struct table *table, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void table_cut(struct table *table, size_t rows);
void table_print(struct table *table, const char *indent);

#endif
