#include "unit.h"

#include <math.h>
#include <string.h>

#include "data/table_internal.h"
#include "mlops/base/strbuf.h"
#include "mlops/data/table.h"

enum { ROWS = 70 };

static void fill_column(struct column *column, const char *name, enum column_type type)
{
	struct error err = ERROR_INIT;
	column->name = memory_copy_string(name, &err);
	ck_assert_int_eq(column_allocate(column, type, ROWS, &err), 0);
	ck_assert_int_eq(column_allocate_mask(column, ROWS, &err), 0);
}

/* Each type once; row r of each is missing if r % 7 == 3. */
static void make_table(struct table *table)
{
	struct error err = ERROR_INIT;
	ck_assert_int_eq(table_init(table, COLUMN_TYPE_COUNT, &err), 0);
	table->n_rows = ROWS;
	struct column *columns = table->columns;
	for (enum column_type type = 0; type < COLUMN_TYPE_COUNT; type++)
		fill_column(&columns[type], column_type_name(type), type);
	struct text categories[] = { TEXT("red"), TEXT("green, or so"), TEXT("") };
	ck_assert_int_eq(column_set_categories(&columns[COLUMN_CATEGORY], categories, 3, &err), 0);
	struct column *text = &columns[COLUMN_TEXT];
	text->bytes = memory_allocate(ROWS, 4, &err);
	uint64_t at = 0;
	for (size_t r = 0; r < ROWS; r++) {
		bool missing = r % 7 == 3;
		for (size_t c = 0; c < table->n_columns && missing; c++)
			column_set_missing(&columns[c], r);
		columns[COLUMN_FLOAT64].float64[r] = missing ? (double)NAN : (double)r / 8;
		columns[COLUMN_INT64].int64[r] = missing ? 0 : INT64_MIN + (int64_t)r;
		columns[COLUMN_BOOLEAN].boolean[r] = !missing && r % 2;
		columns[COLUMN_CATEGORY].codes[r] = missing ? 0 : (uint32_t)(r % 3);
		columns[COLUMN_TIMESTAMP].int64[r] = missing ? 0 : (int64_t)r * 1000000;
		text->offsets[r] = at;
		for (size_t i = 0; i < r % 4 && !missing; i++)
			text->bytes[at++] = (char)('a' + i);
	}
	text->offsets[ROWS] = at;
	for (size_t c = 0; c < table->n_columns; c++)
		column_count_missing(&columns[c], ROWS);
}

START_TEST(values_are_seen_by_row)
{
	AUTO(table_release) struct table table = { 0 };
	make_table(&table);
	size_t index;
	const struct column *real = table_column(&table, "float64", &index);
	ck_assert_uint_eq(index, COLUMN_FLOAT64);
	ck_assert_uint_eq(real->n_missing, 10);
	ck_assert(column_number(real, 1) == 0.125);
	ck_assert(isnan(column_number(real, 10)));
	ck_assert(column_number(&table.columns[COLUMN_TIMESTAMP], 69) == 69);
	ck_assert(text_is(column_text(&table.columns[COLUMN_CATEGORY], 1), "green, or so"));
	ck_assert(text_is(column_text(&table.columns[COLUMN_CATEGORY], 3), ""));
	ck_assert(text_is(column_text(&table.columns[COLUMN_TEXT], 7), "abc"));
	ck_assert(!column_is_numeric(&table.columns[COLUMN_TEXT]));
	ck_assert_ptr_null(table_column(&table, "nothing", NULL));
}
END_TEST

START_TEST(values_are_shown_as_in_a_file)
{
	AUTO(table_release) struct table table = { 0 };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	make_table(&table);
	for (size_t c = 0; c < table.n_columns; c++) {
		column_format(&table.columns[c], 1, &text);
		strbuf_add(&text, "|");
		column_format(&table.columns[c], 3, &text);
		strbuf_add(&text, "|");
	}
	ck_assert_str_eq(text.text, "0.125||-9223372036854775807||true||green, or so||a||"
				    "1970-01-01T00:00:01Z||");
}
END_TEST

START_TEST(taking_rows_keeps_values_and_masks)
{
	AUTO(table_release) struct table table = { 0 }, taken = { 0 };
	struct error err = ERROR_INIT;
	make_table(&table);
	const size_t rows[] = { 69, 3, 0, 69, 10, 7 };
	ck_assert_int_eq(table_take(&table, rows, 6, NULL, 0, &taken, &err), 0);
	ck_assert_uint_eq(taken.n_rows, 6);
	for (size_t c = 0; c < table.n_columns; c++) {
		const struct column *from = &table.columns[c], *to = &taken.columns[c];
		ck_assert_uint_eq(to->n_missing, 2);
		ck_assert_uint_eq(to->n_categories, from->n_categories);
		for (size_t i = 0; i < 6; i++) {
			AUTO(strbuf_release) struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
			column_format(from, rows[i], &a);
			column_format(to, i, &b);
			ck_assert_str_eq(a.text, b.text);
			ck_assert_int_eq(
				column_is_missing(from, rows[i]), column_is_missing(to, i));
		}
	}
}
END_TEST

START_TEST(taking_columns_goes_by_name)
{
	AUTO(table_release) struct table table = { 0 }, taken = { 0 };
	struct error err = ERROR_INIT;
	make_table(&table);
	const size_t rows[] = { 1, 2 };
	const char *const names[] = { "text", "int64" }, *const wrong[] = { "text", "int" };
	ck_assert_int_eq(table_take(&table, rows, 2, names, 2, &taken, &err), 0);
	ck_assert_uint_eq(taken.n_columns, 2);
	ck_assert_str_eq(taken.columns[0].name, "text");
	ck_assert_ptr_null(taken.columns[0].missing);
	ck_assert(text_is(column_text(&taken.columns[0], 1), "ab"));
	struct table other = { 0 };
	ck_assert_int_eq(table_take(&table, rows, 2, wrong, 2, &other, &err), -ERROR_NOT_FOUND);
	ck_assert_str_eq(err.message, "there is no column 'int'");
}
END_TEST

START_TEST(types_have_names)
{
	enum column_type found;
	for (enum column_type type = 0; type < COLUMN_TYPE_COUNT; type++) {
		ck_assert(column_type_from_name(column_type_name(type), &found));
		ck_assert_int_eq(found, type);
	}
	ck_assert(!column_type_from_name("float32", &found));
}
END_TEST

UNIT_MAIN("data/table", values_are_seen_by_row, values_are_shown_as_in_a_file,
	taking_rows_keeps_values_and_masks, taking_columns_goes_by_name, types_have_names)
