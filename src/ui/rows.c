/* The lists of ui/output.h: cells by a description, then as a table or as JSON. */
#include "mlops/ui/output.h"

#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/ui/text_table.h"

void rows_init(struct rows *rows, const struct row_spec *specs)
{
	*rows = (struct rows){
		.specs = specs, .arena = ARENA_INIT(1u << 30), .failure = ERROR_INIT
	};
	while (specs[rows->n_columns].kind != ROW_KIND_END)
		rows->n_columns++;
}

void rows_release(struct rows *rows)
{
	vec_release(&rows->cells);
	arena_release(&rows->arena);
}

void rows_next(struct rows *rows)
{
	if (rows->failure.code || !vec_reserve(&rows->cells, rows->n_columns))
		return;
	memset(rows->cells.items + rows->cells.count, 0,
		rows->n_columns * sizeof *rows->cells.items);
	rows->cells.count += rows->n_columns;
	rows->n_rows++;
}

/* The cell of the present row; NULL if memory has run out. */
static struct row_cell *rows_cell(
	struct rows *rows, size_t column, enum row_kind kind, enum row_kind other)
{
	if (column >= rows->n_columns ||
		(rows->specs[column].kind != kind && rows->specs[column].kind != other))
		BUG("column %zu is not of this kind", column);
	if (rows->failure.code || rows->cells.state.failed)
		return NULL;
	if (!rows->n_rows)
		BUG("a cell before the first row");
	struct row_cell *cell = &rows->cells.items[rows->cells.count - rows->n_columns + column];
	cell->set = true;
	return cell;
}

void rows_text(struct rows *rows, size_t column, const char *text)
{
	struct row_cell *cell = rows_cell(rows, column, ROW_TEXT, ROW_ID);
	if (!cell)
		return;
	cell->set = text != NULL;
	char *copy = text ? arena_copy_string(&rows->arena, text, &rows->failure) : NULL;
	cell->text = text_of(copy);
}

void rows_count(struct rows *rows, size_t column, uint64_t count)
{
	struct row_cell *cell = rows_cell(rows, column, ROW_COUNT, ROW_BYTES);
	if (cell)
		cell->count = count;
}

void rows_integer(struct rows *rows, size_t column, int64_t value)
{
	struct row_cell *cell = rows_cell(rows, column, ROW_INTEGER, ROW_INTEGER);
	if (cell)
		cell->integer = value;
}

void rows_number(struct rows *rows, size_t column, double value)
{
	struct row_cell *cell = rows_cell(rows, column, ROW_NUMBER, ROW_DURATION);
	if (cell)
		cell->number = value;
}

void rows_time(struct rows *rows, size_t column, int64_t microseconds)
{
	struct row_cell *cell = rows_cell(rows, column, ROW_TIME, ROW_AGE);
	if (cell)
		cell->integer = microseconds;
}

void rows_boolean(struct rows *rows, size_t column, bool value)
{
	struct row_cell *cell = rows_cell(rows, column, ROW_BOOLEAN, ROW_BOOLEAN);
	if (cell)
		cell->boolean = value;
}

static void rows_json_cell(
	struct json_writer *json, enum row_kind kind, const struct row_cell *cell)
{
	if (!cell->set) {
		json_null(json);
		return;
	}
	switch (kind) {
	case ROW_TEXT:
	case ROW_ID:
		json_text(json, cell->text);
		break;
	case ROW_COUNT:
	case ROW_BYTES:
		json_unsigned(json, cell->count);
		break;
	case ROW_INTEGER:
		json_integer(json, cell->integer);
		break;
	case ROW_NUMBER:
	case ROW_DURATION:
		json_number(json, cell->number);
		break;
	case ROW_TIME:
	case ROW_AGE:
		json_time(json, cell->integer);
		break;
	case ROW_BOOLEAN:
		json_boolean(json, cell->boolean);
		break;
	case ROW_KIND_END:
		break;
	}
}

static void rows_json(const struct rows *rows, const char *key, struct json_writer *json)
{
	json_key(json, key);
	json_array(json);
	for (size_t row = 0; row < rows->n_rows; row++) {
		json_object(json);
		for (size_t column = 0; column < rows->n_columns; column++) {
			const struct row_spec *spec = &rows->specs[column];
			if (spec->flags & ROW_TEXT_ONLY)
				continue;
			json_key(json, spec->key);
			rows_json_cell(json, spec->kind,
				&rows->cells.items[row * rows->n_columns + column]);
		}
		json_end(json);
	}
	json_end(json);
}

/* "2026-11-24 15:03" */
static void rows_add_time(struct strbuf *buffer, int64_t microseconds)
{
	struct clock_civil civil = clock_civil(microseconds);
	strbuf_printf(buffer, "%04jd-%02d-%02d %02d:%02d", (intmax_t)civil.year, civil.month,
		civil.day, civil.hour, civil.minute);
}

static void rows_add_cell(
	struct strbuf *buffer, enum row_kind kind, const struct row_cell *cell, int64_t now)
{
	switch (kind) {
	case ROW_TEXT:
		strbuf_add_bytes(buffer, cell->text.at, cell->text.length);
		break;
	case ROW_ID:
		strbuf_add_bytes(
			buffer, cell->text.at, cell->text.length < 7 ? cell->text.length : 7);
		break;
	case ROW_COUNT:
		output_add_count(buffer, cell->count);
		break;
	case ROW_BYTES:
		output_add_bytes(buffer, cell->count);
		break;
	case ROW_INTEGER:
		strbuf_printf(buffer, "%jd", (intmax_t)cell->integer);
		break;
	case ROW_NUMBER:
		output_add_number(buffer, cell->number);
		break;
	case ROW_DURATION:
		clock_format_duration(buffer, cell->number);
		break;
	case ROW_TIME:
		rows_add_time(buffer, cell->integer);
		break;
	case ROW_AGE:
		clock_format_age(buffer, cell->integer, now);
		break;
	case ROW_BOOLEAN:
		strbuf_add(buffer, cell->boolean ? "yes" : "no");
		break;
	case ROW_KIND_END:
		break;
	}
}

static bool rows_is_right(enum row_kind kind)
{
	return kind == ROW_COUNT || kind == ROW_BYTES || kind == ROW_INTEGER ||
	       kind == ROW_NUMBER || kind == ROW_DURATION;
}

static int rows_table(const struct rows *rows, struct output *output, struct error *err)
{
	AUTO(text_table_release) struct text_table table;
	text_table_init(&table);
	for (size_t column = 0; column < rows->n_columns; column++) {
		const struct row_spec *spec = &rows->specs[column];
		if (!(spec->flags & ROW_JSON_ONLY))
			text_table_column(&table, spec->heading,
				(rows_is_right(spec->kind) ? TABLE_RIGHT : TABLE_LEFT) |
					(spec->flags & ROW_SHRINK ? TABLE_SHRINK : 0u) |
					(spec->flags & ROW_OPTIONAL ? TABLE_OPTIONAL : 0u));
	}
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	for (size_t i = 0; rows->n_columns && i < rows->cells.count; i++) {
		const struct row_spec *spec = &rows->specs[i % rows->n_columns];
		if (spec->flags & ROW_JSON_ONLY)
			continue;
		strbuf_clear(&text);
		if (rows->cells.items[i].set)
			rows_add_cell(&text, spec->kind, &rows->cells.items[i], output->now);
		if (strbuf_check(&text, err) < 0)
			return -err->code;
		text_table_cell(&table, (struct text){ text.text, text.length },
			spec->kind == ROW_ID ? COLOUR_ID : COLOUR_NONE);
	}
	return text_table_render(&table, &output->style, &output->buffer, err);
}

int output_rows(struct output *output, const char *key, struct rows *rows, struct error *err)
{
	if (rows->failure.code) {
		*err = rows->failure;
		return -err->code;
	}
	if (vec_check(&rows->cells, err) < 0)
		return -err->code;
	struct json_writer *json = output_json(output);
	if (!json)
		return rows_table(rows, output, err);
	rows_json(rows, key, json);
	return strbuf_check(&output->buffer, err);
}
