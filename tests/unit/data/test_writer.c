#include "unit.h"

#include <math.h>
#include <string.h>

#include "data/table_internal.h"
#include "mlops/data/writer.h"
#include "tables.h"

static uint64_t state = 88172645463325252u;
static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static int add_to(void *context, const void *bytes, size_t count, struct error *err)
{
	strbuf_add_bytes(context, bytes, count);
	return strbuf_check(context, err);
}

static void make_text(struct strbuf *text)
{
	static const char *const pieces[] = { "a", ",", "\"", "\n", "\r", "\t", "NA", "null", "7",
		" ", "\xc3\xa4", "\\", "\xef\xbb\xbf", "{", "true", "\x01" };
	strbuf_clear(text);
	for (size_t n = next() % 5; n; n--)
		strbuf_add(text, pieces[next() % 16]);
}

static double make_double(void)
{
	uint64_t bits = next();
	double value;
	memcpy(&value, &bits, sizeof value);
	return isfinite(value) ? value : 0.1;
}

static void fill_value(struct column *column, size_t row, bool missing, struct strbuf *text)
{
	switch (column->type) {
	case COLUMN_FLOAT64:
		column->float64[row] = missing ? (double)NAN : make_double();
		break;
	case COLUMN_INT64:
		column->int64[row] = missing ? 0 : (int64_t)next() >> next() % 64;
		break;
	case COLUMN_TIMESTAMP: /* years 1900 to 2100 */
		column->int64[row] =
			missing ? 0 : (int64_t)(next() % 6311433600000000) - 2208988800000000;
		break;
	case COLUMN_BOOLEAN:
		column->boolean[row] = !missing && next() % 2;
		break;
	case COLUMN_CATEGORY:
		column->codes[row] = 0; /* made below */
		break;
	default:
		strbuf_add(text, "");
	}
}

/* Texts of a category or text column, in order of first appearance. */
static void fill_texts(struct column *column, size_t n_rows)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT, text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	static char storage[64][24];
	struct text categories[64];
	size_t n = 0;
	for (size_t r = 0; r < n_rows; r++) {
		bool missing = column_is_missing(column, r);
		if (!missing)
			make_text(&text);
		if (column->type == COLUMN_TEXT) {
			if (!missing)
				strbuf_add_bytes(&bytes, text.text, text.length);
			column->offsets[r + 1] = bytes.length;
			continue;
		}
		size_t code = 0;
		while (code < n &&
			!text_equal(categories[code], (struct text){ text.text, text.length }))
			code++;
		if (!missing && code == n) {
			memcpy(storage[n], text.text, text.length + 1);
			categories[n] = (struct text){ storage[n], text.length };
			n++;
		}
		column->codes[r] = missing ? 0 : (uint32_t)code;
	}
	if (column->type == COLUMN_CATEGORY)
		ck_assert_int_eq(column_set_categories(column, categories, n, &err), 0);
	else
		column->bytes = strbuf_take(&bytes, &err);
}

static void make_table(struct table *table)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(table_init(table, 1 + next() % 7, &err), 0);
	table->n_rows = 1 + next() % 60;
	for (size_t c = 0; c < table->n_columns; c++) {
		struct column *column = &table->columns[c];
		enum column_type type = (enum column_type)(next() % COLUMN_TYPE_COUNT);
		size_t rate = 1 + next() % 6;
		make_text(&text);
		column->name = memory_format(&err, "c%zu%s", c, text.text);
		ck_assert_int_eq(column_allocate(column, type, table->n_rows, &err), 0);
		ck_assert_int_eq(column_allocate_mask(column, table->n_rows, &err), 0);
		for (size_t r = 0; r < table->n_rows; r++) {
			bool missing = rate < 5 && next() % 5 < rate;
			if (missing)
				column_set_missing(column, r);
			fill_value(column, r, missing, &text);
		}
		if (!column_is_numeric(column))
			fill_texts(column, table->n_rows);
		column_count_missing(column, table->n_rows);
	}
}

static void check_equal(const struct table *a, const struct table *b)
{
	AUTO(strbuf_release) struct strbuf left = STRBUF_INIT, right = STRBUF_INIT;
	table_show(a, &left);
	table_show(b, &right);
	ck_assert_str_eq(left.text, right.text);
	for (size_t c = 0; c < a->n_columns; c++) {
		const struct column *x = &a->columns[c], *y = &b->columns[c];
		ck_assert_uint_eq(x->n_missing, y->n_missing);
		size_t bytes = column_value_size(x->type) * a->n_rows;
		ck_assert(memcmp(x->float64, y->float64, bytes) == 0);
	}
}

START_TEST(what_is_written_reads_back_equal)
{
	for (size_t i = 0; i < 3000; i++) {
		AUTO(table_release) struct table table = { 0 }, again = { 0 };
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		struct read_type types[7];
		struct error err = ERROR_INIT;
		make_table(&table);
		struct write_options options = {
			.format = i % 3 == 0   ? DATA_CSV
				  : i % 3 == 1 ? DATA_TSV
					       : DATA_JSONL,
			.missing = i % 2 ? "NA" : NULL,
			.delimiter = i % 6 == 3 ? ';' : '\0',
		};
		ck_assert_int_eq(table_write(&table, &options, add_to, &text, &err), 0);
		for (size_t c = 0; c < table.n_columns; c++)
			types[c] =
				(struct read_type){ table.columns[c].name, table.columns[c].type };
		struct read_options reading = { .bytes = text.text,
			.n_bytes = text.length,
			.format = options.format,
			.delimiter = options.delimiter,
			.types = types,
			.n_types = table.n_columns };
		ck_assert_msg(table_read(&reading, &again, NULL, &err) == 0, "%s in\n%s",
			err.message, text.text);
		check_equal(&table, &again);
	}
}
END_TEST

START_TEST(texts_that_mean_missing_are_quoted)
{
	AUTO(table_release) struct table table = { 0 };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	const char *source = "a,\"b,c\"\n\"NA\",1\nx,\n,3\n\"\",4\n";
	struct read_options reading = { .bytes = source, .n_bytes = strlen(source) };
	struct error err = ERROR_INIT;
	ck_assert_int_eq(table_read(&reading, &table, NULL, &err), 0);
	struct write_options options = { .format = DATA_CSV };
	ck_assert_int_eq(table_write(&table, &options, add_to, &text, &err), 0);
	ck_assert_str_eq(text.text, source);
	strbuf_clear(&text);
	options = (struct write_options){ .format = DATA_JSONL };
	ck_assert_int_eq(table_write(&table, &options, add_to, &text, &err), 0);
	ck_assert_str_eq(text.text, "{\"a\":\"NA\",\"b,c\":1}\n{\"a\":\"x\",\"b,c\":null}\n"
				    "{\"a\":null,\"b,c\":3}\n{\"a\":\"\",\"b,c\":4}\n");
}
END_TEST

START_TEST(what_json_lacks_is_named)
{
	AUTO(table_release) struct table table = { 0 };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct read_options reading = { .bytes = "a\n1.5\n-inf\n", .n_bytes = 11 };
	struct write_options options = { .format = DATA_JSONL };
	struct error err = ERROR_INIT;
	ck_assert_int_eq(table_read(&reading, &table, NULL, &err), 0);
	ck_assert_int_eq(table_write(&table, &options, add_to, &text, &err), -ERROR_UNSUPPORTED);
	ck_assert_str_eq(err.message, "row 2, column 'a': JSON has no infinity");
}
END_TEST

UNIT_MAIN("data/writer", what_is_written_reads_back_equal, texts_that_mean_missing_are_quoted,
	what_json_lacks_is_named)
