#include "mlops/ui/text_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/utf8.h"

enum {
	TEXT_TABLE_GAP = 2,
	TEXT_TABLE_SHORTEST = 8
}; /* blanks between columns; what a cut column keeps */

void text_table_init(struct text_table *table)
{
	*table = (struct text_table){ .arena = ARENA_INIT(1u << 30), .failure = ERROR_INIT };
}

void text_table_release(struct text_table *table)
{
	vec_release(&table->columns);
	vec_release(&table->cells);
	arena_release(&table->arena);
}

void text_table_column(struct text_table *table, const char *heading, unsigned layout)
{
	char *copy = arena_copy_string(&table->arena, heading, &table->failure);
	if (copy)
		vec_push(&table->columns,
			(struct text_table_column){ .heading = copy, .layout = layout });
}

void text_table_cell(struct text_table *table, struct text text, enum colour colour)
{
	AUTO(strbuf_release) struct strbuf escaped = STRBUF_INIT;
	utf8_escape(&escaped, text);
	char *copy = NULL;
	if (strbuf_check(&escaped, &table->failure) == 0)
		copy = arena_copy_bytes(
			&table->arena, escaped.text, escaped.length, &table->failure);
	if (!copy)
		return;
	struct text kept = { copy, escaped.length };
	vec_push(
		&table->cells, (struct text_table_cell){
				       .text = kept, .width = utf8_width(kept), .colour = colour });
}

void text_table_cell_format(struct text_table *table, enum colour colour, const char *format, ...)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	va_list args;
	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);
	if (strbuf_check(&text, &table->failure) == 0)
		text_table_cell(table, (struct text){ text.text, text.length }, colour);
}

void text_table_end_row(struct text_table *table)
{
	while (table->columns.count && table->cells.count % table->columns.count &&
		!table->cells.state.failed)
		vec_push(&table->cells, (struct text_table_cell){ .text = TEXT("") });
}

static void text_table_measure(struct text_table *table)
{
	size_t n_columns = table->columns.count;
	for (size_t i = 0; i < n_columns; i++) {
		struct text_table_column *column = &table->columns.items[i];
		size_t widest = 0;
		for (size_t cell = i; cell < table->cells.count; cell += n_columns) {
			if (table->cells.items[cell].width > widest)
				widest = table->cells.items[cell].width;
		}
		column->shown = widest > 0 || !(column->layout & TABLE_OPTIONAL);
		size_t heading = table->no_heading ? 0 : utf8_width(text_of(column->heading));
		column->natural = column->width = heading > widest ? heading : widest;
	}
}

/* The signs that this terminal shows, before anything is measured. */
static void text_table_plain_signs(struct text_table *table, const struct style *style)
{
	vec_each (cell, &table->cells) {
		AUTO(strbuf_release) struct strbuf plain = STRBUF_INIT;
		style_add_signs(&plain, style, cell->text);
		char *copy = strbuf_check(&plain, &table->failure) < 0
				     ? NULL
				     : arena_copy_bytes(&table->arena, plain.text, plain.length,
					       &table->failure);
		if (!copy)
			return;
		cell->text = (struct text){ copy, plain.length };
		cell->width = utf8_width(cell->text);
	}
}

static size_t text_table_total(const struct text_table *table)
{
	size_t total = 0;
	vec_each (column, &table->columns) {
		if (column->shown)
			total += column->width + (total ? TEXT_TABLE_GAP : 0);
	}
	return total;
}

/* Takes width from the widest column that may shrink, down to the next widest, until it fits. */
static void text_table_shrink(struct text_table *table, size_t width)
{
	for (;;) {
		size_t total = text_table_total(table), next = TEXT_TABLE_SHORTEST;
		struct text_table_column *widest = NULL;
		if (total <= width)
			return;
		vec_each (column, &table->columns) {
			if (column->shown && (column->layout & TABLE_SHRINK) &&
				column->width > TEXT_TABLE_SHORTEST &&
				(!widest || column->width > widest->width))
				widest = column;
		}
		if (!widest)
			return;
		vec_each (column, &table->columns) {
			if (column != widest && column->shown && (column->layout & TABLE_SHRINK) &&
				column->width > next)
				next = column->width;
		}
		/* Equals lose one column of the terminal each in turn. */
		if (next == widest->width)
			next--;
		size_t excess = total - width, give = widest->width - next;
		widest->width -= give < excess ? give : excess;
	}
}

/* What still does not fit is left out from the end, the first column never. */
static size_t text_table_leave_out(struct text_table *table, size_t width)
{
	size_t left_out = 0;
	for (size_t i = table->columns.count; i > 1 && text_table_total(table) > width; i--) {
		if (table->columns.items[i - 1].shown) {
			table->columns.items[i - 1].shown = false;
			left_out++;
		}
	}
	return left_out;
}

/* What leaving out has freed goes back to the cut columns, the first one first. */
static void text_table_give_back(struct text_table *table, size_t width)
{
	vec_each (column, &table->columns) {
		size_t total = text_table_total(table);
		if (total >= width)
			return;
		size_t more = column->natural - column->width, free = width - total;
		if (column->shown)
			column->width += more < free ? more : free;
	}
}

static void text_table_render_cell(const struct text_table_column *column,
	const struct text_table_cell *cell, size_t pending, const struct style *style,
	struct strbuf *buffer)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	utf8_truncate(&text, cell->text, column->width, !style->utf8);
	size_t used = utf8_width((struct text){ text.text, text.length });
	if (column->layout & TABLE_RIGHT)
		pending += column->width > used ? column->width - used : 0;
	strbuf_add_repeated(buffer, ' ', pending);
	colour_add(buffer, style, cell->colour, text.text);
	if (text.failed)
		buffer->failed = true;
}

/* Blanks are written only when something follows them: no line ends in one. */
static void text_table_render_line(const struct text_table *table,
	const struct text_table_cell *cells, const struct style *style, struct strbuf *buffer)
{
	size_t pending = 0;
	bool first = true;
	for (size_t i = 0; i < table->columns.count; i++) {
		const struct text_table_column *column = &table->columns.items[i];
		struct text_table_cell heading = { .text = text_of(column->heading),
			.colour = COLOUR_HEADING };
		const struct text_table_cell *cell = cells ? &cells[i] : &heading;
		if (!column->shown)
			continue;
		pending += first ? 0 : TEXT_TABLE_GAP;
		first = false;
		if (!cell->text.length) {
			pending += column->width;
			continue;
		}
		text_table_render_cell(column, cell, pending, style, buffer);
		size_t used = utf8_width(cell->text);
		bool right = column->layout & TABLE_RIGHT;
		pending = right || used >= column->width ? 0 : column->width - used;
	}
	strbuf_add_char(buffer, '\n');
}

int text_table_render(struct text_table *table, const struct style *style, struct strbuf *buffer,
	struct error *err)
{
	text_table_end_row(table);
	if (!style->utf8)
		text_table_plain_signs(table, style);
	if (table->failure.code) {
		*err = table->failure;
		return -err->code;
	}
	if (vec_check(&table->columns, err) < 0 || vec_check(&table->cells, err) < 0)
		return -err->code;
	text_table_measure(table);
	text_table_shrink(table, style->width);
	size_t left_out = text_table_leave_out(table, style->width);
	text_table_give_back(table, style->width);
	if (!table->no_heading)
		text_table_render_line(table, NULL, style, buffer);
	for (size_t i = 0; i + table->columns.count <= table->cells.count && table->columns.count;
		i += table->columns.count)
		text_table_render_line(table, table->cells.items + i, style, buffer);
	if (left_out)
		strbuf_printf(buffer, "(%zu more column%s: use a wider terminal or --json)\n",
			left_out, left_out == 1 ? "" : "s");
	return strbuf_check(buffer, err);
}
