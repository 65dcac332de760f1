/*
 * text_table: aligned columns for people.
 *
 *	AUTO(text_table_release) struct text_table table;
 *	text_table_init(&table);
 *	text_table_column(&table, "run", TABLE_LEFT);
 *	text_table_column(&table, "roc_auc", TABLE_RIGHT);
 *	text_table_cell(&table, TEXT("7f3a9c2"), COLOUR_ID);
 *	text_table_cell(&table, TEXT("0.995"), COLOUR_NONE);
 *	if (text_table_render(&table, &style, &buffer, err) < 0) ...
 *
 * Cells are given row by row, and copied. Columns stand two blanks apart; widths are columns of the
 * terminal, and untrusted bytes are escaped. If the table is wider than the style allows, columns
 * with TABLE_SHRINK lose width, the widest first, and cut cells end in an ellipsis; if that does
 * not do, the last columns are left out and a line says which. A failure sticks until render.
 */
#ifndef MLOPS_UI_TEXT_TABLE_H
#define MLOPS_UI_TEXT_TABLE_H

#include "mlops/base/arena.h"
#include "mlops/base/text.h"
#include "mlops/base/vec.h"
#include "mlops/ui/colour.h"

enum text_table_layout {
	TABLE_LEFT = 0,
	TABLE_RIGHT = 1 << 0,
	TABLE_SHRINK = 1 << 1, /* may be cut */
	TABLE_OPTIONAL = 1 << 2 /* left out if all its cells are empty */
};

struct text_table_column {
	const char *heading;
	unsigned layout;
	size_t natural, width;
	bool shown;
};

struct text_table_cell {
	struct text text; /* escaped */
	size_t width;
	enum colour colour;
};

struct text_table {
	VEC(struct text_table_column) columns;
	VEC(struct text_table_cell) cells;
	struct arena arena;
	struct error failure;
	bool no_heading;
};

void text_table_init(struct text_table *table);
void text_table_release(struct text_table *table);
AUTO_RELEASE(struct text_table, text_table_release)

void text_table_column(struct text_table *table, const char *heading, unsigned layout);
void text_table_cell(struct text_table *table, struct text text, enum colour colour);
void text_table_cell_format(struct text_table *table, enum colour colour, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* Ends the row: the cells that it lacks stay empty. Does nothing at the start of a row. */
void text_table_end_row(struct text_table *table);

int text_table_render(struct text_table *table, const struct style *style, struct strbuf *buffer,
	struct error *err) MUST_CHECK;

#endif
