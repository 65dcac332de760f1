/*
 * tables: what the tests of this floor share: tables as text, so that a failure can be read.
 */
#ifndef MLOPS_UNIT_DATA_TABLES_H
#define MLOPS_UNIT_DATA_TABLES_H

#include "mlops/base/strbuf.h"
#include "mlops/data/table.h"

/* "name:type" of each column, then the rows: fields between '|', missing ones as '~'. */
static inline void table_show(const struct table *table, struct strbuf *out)
{
	for (size_t c = 0; c < table->n_columns; c++)
		strbuf_printf(out, "%s%s:%s", c ? "|" : "", table->columns[c].name,
			column_type_name(table->columns[c].type));
	strbuf_add(out, "\n");
	for (size_t r = 0; r < table->n_rows; r++) {
		for (size_t c = 0; c < table->n_columns; c++) {
			const struct column *column = &table->columns[c];
			strbuf_add(out, c ? "|" : "");
			strbuf_add(out, column_is_missing(column, r) ? "~" : "");
			column_format(column, r, out);
			if (column->type == COLUMN_CATEGORY)
				strbuf_printf(out, "#%u", column->codes[r]);
		}
		strbuf_add(out, "\n");
	}
}

#endif
