#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "data/csv_internal.h"
#include "mlops/data/reader.h"
#include "tables.h"

static void read_into(const char *text, size_t n, const struct read_options *given,
	struct strbuf *shown, struct read_counts *counts)
{
	AUTO(table_release) struct table table = { 0 };
	struct read_options options = given ? *given : (struct read_options){ 0 };
	struct error err = ERROR_INIT;
	options.bytes = text;
	options.n_bytes = n;
	options.format = options.format ? options.format : DATA_CSV;
	ck_assert_msg(table_read(&options, &table, counts, &err) == 0, "%s: %s", text, err.message);
	table_show(&table, shown);
}

static void check_read(const char *text, const char *wanted)
{
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	read_into(text, strlen(text), NULL, &shown, NULL);
	ck_assert_str_eq(shown.text, wanted);
}

/* The first problem as "line:byte: message", and how many more. */
static void check_fails(const char *text, size_t n, const struct read_options *given,
	const char *wanted, uint64_t total)
{
	struct table table;
	struct problems problems = { .count = 0 };
	struct read_options options = given ? *given : (struct read_options){ 0 };
	struct error err = ERROR_INIT;
	char shown[600];
	options.bytes = text;
	options.n_bytes = n;
	options.name = "a.csv";
	options.format = options.format ? options.format : DATA_CSV;
	options.problems = &problems;
	ck_assert_int_eq(table_read(&options, &table, NULL, &err), -ERROR_INVALID);
	ck_assert_ptr_null(table.columns);
	snprintf(shown, sizeof shown, "%u:%u: %.500s", err.at.line, err.at.column, err.message);
	ck_assert_str_eq(shown, wanted);
	ck_assert_str_eq(err.at.file, "a.csv");
	ck_assert_uint_eq(problems.errors, total);
	ck_assert_uint_eq(problems.count, total < PROBLEMS_MOST ? total : PROBLEMS_MOST);
	ck_assert_str_eq(problems.items[0].message, err.message);
	for (size_t i = 1; i < problems.count; i++)
		ck_assert_uint_ge(problems.items[i].at.line, problems.items[i - 1].at.line);
}

START_TEST(types_follow_from_the_values)
{
	check_read(
		"i,r,b,c,t,z,m\n1,1.5,true,x,2026-01-02,007,\n-2,2,false,y,2026-01-02T03:04:05Z,1,NA\n",
		"i:int64|r:float64|b:boolean|c:category|t:timestamp|z:category|m:float64\n"
		"1|1.5|true|x#0|2026-01-02T00:00:00Z|007#0|~\n"
		"-2|2|false|y#1|2026-01-02T03:04:05Z|1#1|~\n");
}
END_TEST

START_TEST(numbers_of_different_kinds_are_joined)
{
	/* An integer that no double holds keeps its digits: in int64 if it can, else as a text. */
	check_read("a\n9007199254740993\n", "a:int64\n9007199254740993\n");
	check_read("a\n9007199254740993\n0.5\n", "a:category\n9007199254740993#0\n0.5#1\n");
	check_read("a\n12345678901234567890\n", "a:category\n12345678901234567890#0\n");
	check_read("a\n18446744073709551616\n1\n", "a:float64\n1.8446744073709552e+19\n1\n");
	check_read("a\n1\n1e400\n", "a:category\n1#0\n1e400#1\n");
	check_read("a\n1\ntrue\n", "a:category\n1#0\ntrue#1\n");
	check_read("a\ninf\n-1\n", "a:float64\nInfinity\n-1\n");
	check_read("a\n-0\n0.0\n", "a:float64\n-0\n0\n");
	check_read("a\n-0\n", "a:int64\n0\n");
}
END_TEST

START_TEST(quotes_newlines_and_ends_of_lines)
{
	check_read("\xef\xbb\xbf\"a\",\"b,\"\"c\"\"\"\r\n\"1\",\"x\ny\"\"z,\"\n2,\"\"\r\n\"3\",q\r",
		"a:int64|b,\"c\":category\n1|x\ny\"z,#0\n2|#1\n3|q#2\n");
	check_read("a,b\n1,2", "a:int64|b:int64\n1|2\n");
	check_read("a,b\n1,2\n\n\r\n\n", "a:int64|b:int64\n1|2\n");
	check_read("a\n1\n\n3\n", "a:int64\n1\n~\n3\n");
	check_read("a b\n1\t2\n", "a b:category\n1\t2#0\n");
	check_read("a\n\"x\"\r\n\"\"\"\"", "a:category\nx#0\n\"#1\n");
}
END_TEST

START_TEST(missing_goes_by_quotes_where_texts_are_meant)
{
	check_read("a,b\n\"NA\",\"1\"\nNA,\"NA\"\nNaN,\"\"\n,2\nx,null\n",
		"a:category|b:int64\nNA#0|1\n~#0|~\n~#0|~\n~#0|2\nx#1|~\n");
	const char *const missing[] = { "-999", "?" };
	struct read_options options = { .missing = missing, .n_missing = 2 };
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	const char *text = "a,b\n-999,?\n1,\n";
	read_into(text, strlen(text), &options, &shown, NULL);
	ck_assert_str_eq(shown.text, "a:int64|b:category\n~|~#0\n1|#0\n");
}
END_TEST

START_TEST(delimiters_and_formats)
{
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	struct read_options options = { .format = DATA_TSV };
	read_into("a\tb\n1\t\"x\ty\"\n", 12, &options, &shown, NULL);
	options = (struct read_options){ .delimiter = ';' };
	read_into("a;b\n0;\n", 7, &options, &shown, NULL);
	options.delimiter = ' ';
	read_into("a b\n1 2", 7, &options, &shown, NULL);
	ck_assert_str_eq(shown.text,
		"a:int64|b:category\n1|x\ty#0\na:int64|b:float64\n0|~\na:int64|b:int64\n1|2\n");
	struct table table;
	struct error err = ERROR_INIT;
	options.delimiter = '"';
	ck_assert_int_eq(table_read(&options, &table, NULL, &err), -ERROR_USAGE);
}
END_TEST

START_TEST(columns_may_be_declared_and_chosen)
{
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	const struct read_type types[] = { { "zip", COLUMN_TEXT }, { "n", COLUMN_FLOAT64 },
		{ "id", COLUMN_INT64 } };
	const char *const columns[] = { "n", "zip", "id" };
	struct read_options options = {
		.types = types, .n_types = 3, .columns = columns, .n_columns = 3
	};
	const char *text = "zip,x,n,id\n01234,1,12345678901234567890,007\n,2,1,\n";
	read_into(text, strlen(text), &options, &shown, NULL);
	ck_assert_str_eq(
		shown.text, "zip:text|n:float64|id:int64\n01234|1.2345678901234567e+19|7\n~|1|~\n");
	const char *const wrong[] = { "zipp" };
	options.columns = wrong;
	options.n_columns = 1;
	options.bytes = text;
	options.n_bytes = strlen(text);
	options.format = DATA_CSV;
	struct table table;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(table_read(&options, &table, NULL, &err), -ERROR_NOT_FOUND);
	ck_assert_str_eq(err.message, "data: there is no column 'zipp'");
	ck_assert_str_eq(err.hint, "did you mean 'zip'?");
}
END_TEST

START_TEST(what_is_wrong_is_named_by_line_and_column)
{
#define FAILS(text, wanted, total) check_fails(text, sizeof(text) - 1, NULL, wanted, total)
	FAILS("", "1:1: the file is empty: there is no header", 1);
	FAILS("\xef\xbb\xbf", "1:1: the file is empty: there is no header", 1);
	FAILS("a,b\n", "2:1: there are no rows, only the header", 1);
	FAILS("a,b\n\n\n", "4:1: there are no rows, only the header", 1);
	FAILS("a,b", "1:4: there are no rows, only the header", 1);
	FAILS("a,,c,a,a\n1,2,3,4,5\n", "1:3: column 2 has no name", 3);
	FAILS("a,\"b\nc,\"b\n1,2\n", "2:4: text behind the closing quote of a name", 1);
	FAILS("a\rb\r", "1:1: there is a carriage return without a newline in the name of column 1",
		1);
	FAILS("a,\"b\n1,2\n", "1:1: a quote in the header is never closed", 1);
	FAILS("a,b\n1,2\n3\n4,5,6\n7,8\n", "3:1: the row has 1 field, but the header has 2", 2);
	FAILS("a,b\n1,2\n\n4,5\n", "3:1: the line is empty, but the header has 2 columns", 1);
	FAILS("a,b\n\"x\ny\",2\n3,a\"b\nc\"d,4\n",
		"4:4: column 'b': a quote inside a field that does not begin with one", 1);
	FAILS("a,b\n1,2\n\"x\" ,2\n", "3:4: column 'a': text behind the closing quote", 1);
	FAILS("a,b\n1,2\n\"x\"\r,2\n", "3:4: column 'a': text behind the closing quote", 1);
	FAILS("a,b\n1,2\n3,\"x\n5,6\n",
		"3:3: column 'b': the quote that opens here is never closed", 1);
	FAILS("a,b\n1,2\n3,x\0y\n5,6,7\n", "3:4: column 'b': there is a NUL byte", 2);
	FAILS("a,b\n1,2\n3,\xe4y\n\xc3\xa4,\xc3\n", "3:3: column 'b': byte 0xE4 is not valid UTF-8",
		2);
}
END_TEST

START_TEST(what_does_not_fit_a_declared_type_is_named)
{
	const struct read_type types[] = { { "n", COLUMN_INT64 }, { "t", COLUMN_TIMESTAMP } };
	struct read_options options = { .types = types, .n_types = 2 };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	strbuf_add(&text, "n,t\n1,2026-01-01\n");
	for (int i = 0; i < 30; i++)
		strbuf_add(&text, "1.5,2026-13-01\n");
	check_fails(text.text, text.length, &options, "3:1: column 'n': '1.5' is not an int64", 60);
	check_fails("n,t\n1,\x1b[31m\n", 12, &options,
		"2:3: column 't': '\\x1b[31m' is not a timestamp", 1);
}
END_TEST

START_TEST(a_text_far_down_makes_the_column_texts)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	strbuf_add(&text, "a,b,c\n");
	for (int i = 0; i < 60000; i++)
		strbuf_printf(&text, "%d,%d.5,x%d\n", i % 40, i, i);
	strbuf_add(&text, "few,1,2\n");
	AUTO(table_release) struct table table = { 0 };
	struct read_options options = { .bytes = text.text, .n_bytes = text.length, .threads = 2 };
	struct read_counts counts;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(table_read(&options, &table, &counts, &err), 0);
	ck_assert_uint_eq(counts.rows, 60001);
	ck_assert_uint_eq(counts.lines, 60002);
	ck_assert_uint_eq(counts.bytes, text.length);
	ck_assert_int_eq(table.columns[0].type, COLUMN_CATEGORY);
	ck_assert_uint_eq(table.columns[0].n_categories, 41);
	ck_assert_int_eq(table.columns[1].type, COLUMN_FLOAT64);
	ck_assert_int_eq(table.columns[2].type, COLUMN_TEXT);
	for (size_t r = 0; r < 60000; r++) {
		char wanted[32];
		snprintf(wanted, sizeof wanted, "x%zu", r);
		ck_assert_uint_eq(table.columns[0].codes[r], r % 40);
		ck_assert(table.columns[1].float64[r] == (double)r + 0.5);
		ck_assert(text_is(column_text(&table.columns[2], r), wanted));
	}
	ck_assert(text_is(column_text(&table.columns[2], 60000), "2"));
}
END_TEST

START_TEST(few_texts_are_categories_and_many_are_not)
{
	for (size_t n = 50; n <= 52; n++) {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, shown = STRBUF_INIT;
		strbuf_add(&text, "a\n");
		for (size_t i = 0; i < n; i++)
			strbuf_printf(&text, "x%zu\n", i);
		read_into(text.text, text.length, NULL, &shown, NULL);
		ck_assert(text_starts_with((struct text){ shown.text, shown.length },
			n > 50 ? "a:text\n" : "a:category\n"));
	}
	/* 60 of 600 values are a tenth; missing rows do not count. */
	for (size_t n = 599; n <= 600; n++) {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, shown = STRBUF_INIT;
		strbuf_add(&text, "a\n\n\n\n");
		for (size_t i = 0; i < n; i++)
			strbuf_printf(&text, "x%zu\n", i % 60);
		read_into(text.text, text.length, NULL, &shown, NULL);
		ck_assert(text_starts_with((struct text){ shown.text, shown.length },
			n < 600 ? "a:text\n" : "a:category\n"));
	}
}
END_TEST

static uint64_t state = 88172645463325252u;
static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void add_field(struct strbuf *text, size_t kind)
{
	static const char *const texts[] = { "red", "green", "a rather long text with words",
		"\"quo\"\"ted\"", "\"with, comma\"", "\"two\nlines\"", "\xc3\xa4", "", "NA",
		"\"NA\"" };
	switch (kind % 6) {
	case 0:
		strbuf_printf(text, "%d", (int)(next() % 2000) - 1000);
		break;
	case 1:
		strbuf_printf(
			text, "%.*g", (int)(next() % 17) + 1, ((double)next() - 0x1p63) * 0x1p-60);
		break;
	case 2:
		strbuf_add(text, texts[next() % 10]);
		break;
	case 3:
		strbuf_add(text, next() % 9 ? "12.25" : next() % 2 ? "" : "\"3\"");
		break;
	case 4:
		strbuf_printf(text, "\"%d,%d\"", (int)(next() % 90), (int)(next() % 3));
		break;
	default:
		strbuf_add(text, next() % 30 ? "17" : "007");
	}
}

static void make_csv(struct strbuf *text, size_t rows)
{
	size_t columns = 1 + next() % 7, kinds[7];
	for (size_t c = 0; c < columns; c++) {
		kinds[c] = next();
		strbuf_printf(text, "%sc%zu", c ? "," : "", c);
	}
	strbuf_add(text, "\n");
	for (size_t r = 0; r < rows; r++) {
		for (size_t c = 0; c < columns; c++) {
			strbuf_add(text, c ? "," : "");
			add_field(text, kinds[c]);
		}
		strbuf_add(text, next() % 5 ? "\n" : "\r\n");
	}
}

static void read_pieces(
	const struct strbuf *text, size_t chunk, size_t threads, struct strbuf *shown)
{
	AUTO(table_release) struct table table = { 0 };
	struct read_options options = {
		.bytes = text->text, .n_bytes = text->length, .threads = threads
	};
	struct origin origin;
	struct read_counts counts;
	struct cells_problems problems = { .count = 0 };
	struct error err = ERROR_INIT;
	ck_assert_int_eq(origin_open(&origin, &options, &err), 0);
	csv_read(&origin, &options, ',', chunk, &table, &counts, &problems, &err);
	ck_assert_msg(!err.code, "%s", err.message);
	for (size_t i = 0; i < problems.count; i++)
		strbuf_printf(shown, "%llu: %s\n", (unsigned long long)problems.items[i].offset,
			problems.items[i].message);
	table_show(&table, shown);
	origin_close(&origin);
}

START_TEST(cuts_threads_and_processors_change_nothing)
{
	static const char *const levels[] = { "portable", "avx2", "avx512" };
	for (size_t i = 0; i < 60; i++) {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, wanted = STRBUF_INIT;
		make_csv(&text, 1 + next() % 40);
		if (i % 4 == 3) /* now and then a byte that breaks it */
			text.text[next() % text.length] = "\",\n\0\xff"[next() % 5];
		read_pieces(&text, CSV_CHUNK, 1, &wanted);
		for (size_t chunk = 1; chunk < text.length + 2; chunk += 1 + chunk / 16) {
			AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
			setenv("MLOPS_CPU", levels[chunk % 3], 1);
			read_pieces(&text, chunk, 1 + chunk % 3, &shown);
			ck_assert_str_eq(shown.text, wanted.text);
		}
	}
}
END_TEST

/* Every number of a column that the fast ways read is what strtod reads. */
START_TEST(numbers_are_the_bits_of_strtod)
{
	static const char *const levels[] = { "portable", "avx2" };
	enum { ROWS = 20000 };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	static double wanted[ROWS];
	strbuf_add(&text, "a,b\n");
	for (size_t r = 0; r < ROWS; r++) {
		size_t start = text.length;
		double value = ((double)next() - 0x1p63) * 0x1p-63;
		switch (r % 4) {
		case 0:
			strbuf_printf(&text, "%.*f", (int)(next() % 20), value * 1e4);
			break;
		case 1:
			strbuf_printf(&text, "%.*g", (int)(next() % 18) + 1, value);
			break;
		case 2:
			strbuf_printf(&text, "%d", (int)(next() % 100000) - 50000);
			break;
		default:
			strbuf_printf(&text, "%s%u%s", next() % 2 ? "." : "-.", (unsigned)next(),
				next() % 2 ? "" : "e-7");
		}
		wanted[r] = strtod(text.text + start, NULL);
		strbuf_add(&text, ",z\n");
	}
	for (size_t level = 0; level < 2; level++) {
		AUTO(table_release) struct table table = { 0 };
		struct read_options options = { .bytes = text.text, .n_bytes = text.length };
		struct error err = ERROR_INIT;
		setenv("MLOPS_CPU", levels[level], 1);
		ck_assert_int_eq(table_read(&options, &table, NULL, &err), 0);
		ck_assert_int_eq(table.columns[0].type, COLUMN_FLOAT64);
		ck_assert_mem_eq(table.columns[0].float64, wanted, sizeof wanted);
	}
}
END_TEST

UNIT_MAIN("data/csv", types_follow_from_the_values, numbers_of_different_kinds_are_joined,
	quotes_newlines_and_ends_of_lines, missing_goes_by_quotes_where_texts_are_meant,
	delimiters_and_formats, columns_may_be_declared_and_chosen,
	what_is_wrong_is_named_by_line_and_column, what_does_not_fit_a_declared_type_is_named,
	a_text_far_down_makes_the_column_texts, few_texts_are_categories_and_many_are_not,
	cuts_threads_and_processors_change_nothing, numbers_are_the_bits_of_strtod)
