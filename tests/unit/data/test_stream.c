#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mlops/data/reader.h"
#include "mlops/data/stream.h"
#include "tables.h"

static void write_file(char *path, const struct strbuf *text)
{
	strcpy(path, "/tmp/mlops-stream-XXXXXX");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text->text, text->length), (ssize_t)text->length);
	close(fd);
}

/* All blocks as one text, the header once; category codes are the blocks' own and left out. */
static int show_stream(
	const char *path, struct stream_options options, struct strbuf *shown, struct error *err)
{
	AUTO(row_stream_free) struct row_stream *stream = NULL;
	struct table block;
	int got;
	uint64_t rows = 0;
	options.path = path;
	options.name = "a";
	stream = row_stream_new(&options, err);
	if (!stream)
		return -(int)err->code;
	while ((got = row_stream_next(stream, &block, err)) > 0) {
		ck_assert_uint_ge(block.n_rows, 1);
		ck_assert_uint_le(block.n_rows, options.block_rows);
		rows += block.n_rows;
		for (size_t r = 0; r < block.n_rows; r++) {
			for (size_t c = 0; c < block.n_columns; c++) {
				strbuf_add(shown, c ? "|" : "");
				strbuf_add(
					shown, column_is_missing(&block.columns[c], r) ? "~" : "");
				column_format(&block.columns[c], r, shown);
			}
			strbuf_add(shown, "\n");
		}
		table_release(&block);
	}
	ck_assert_uint_eq(rows, row_stream_rows(stream));
	return got;
}

static const struct stream_column columns[] = { { "x", COLUMN_FLOAT64, true },
	{ "c", COLUMN_CATEGORY, true }, { "none", COLUMN_INT64, false },
	{ "t", COLUMN_TEXT, true } };

static void check_blocks(const struct strbuf *text, enum data_format format, const char *wanted)
{
	char path[64];
	write_file(path, text);
	for (size_t rows = 1; rows < 60; rows += 1 + rows / 4) {
		AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
		struct error err = ERROR_INIT;
		struct stream_options options = { .format = format,
			.columns = columns,
			.n_columns = 4,
			.keep_others = true,
			.block_rows = rows };
		ck_assert_msg(show_stream(path, options, &shown, &err) == 0, "%s", err.message);
		ck_assert_str_eq(shown.text, wanted);
	}
	unlink(path);
}

START_TEST(blocks_of_csv_make_the_whole)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, wanted = STRBUF_INIT;
	strbuf_add(&text, "\xef\xbb\xbfid,c,t,x\r\n");
	for (int i = 0; i < 50; i++) {
		strbuf_printf(&text, "%d,k%d,\"a\n%d\"\"\",%s\n", i, i % 3, i, i % 7 ? "0.25" : "");
		strbuf_printf(&wanted, "%s|k%d|~|a\n%d\"|%d\n", i % 7 ? "0.25" : "~", i % 3, i, i);
	}
	/* The float that is missing shows nothing; empty lines at the end are no rows. */
	check_blocks(&text, DATA_CSV, wanted.text);
	strbuf_add(&text, "\n\r\n\n");
	check_blocks(&text, DATA_CSV, wanted.text);
	strbuf_truncate(&text, text.length - 4);
	strbuf_add(&text, "50,k,,1");
	strbuf_add(&wanted, "1|k|~|~|50\n");
	check_blocks(&text, DATA_CSV, wanted.text);
}
END_TEST

START_TEST(blocks_of_json_make_the_whole)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, wanted = STRBUF_INIT;
	for (int i = 0; i < 50; i++) {
		strbuf_printf(&text, "{\"id\":\"n%d\",\"t\":\"a\\n\",\"c\":\"k%d\"%s}\n%s", i,
			i % 3, i % 7 ? ",\"x\":0.25" : "", i % 4 ? "" : "\n");
		strbuf_printf(&wanted, "%s|k%d|~|a\n|n%d\n", i % 7 ? "0.25" : "~", i % 3, i);
	}
	check_blocks(&text, DATA_JSONL, wanted.text);
}
END_TEST

START_TEST(one_column_has_empty_lines)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, shown = STRBUF_INIT;
	static const struct stream_column one[] = { { "a", COLUMN_INT64, true } };
	struct error err = ERROR_INIT;
	char path[64];
	strbuf_add(&text, "a\n1\n\n3\n");
	write_file(path, &text);
	struct stream_options options = { .columns = one, .n_columns = 1, .block_rows = 2 };
	ck_assert_int_eq(show_stream(path, options, &shown, &err), 0);
	ck_assert_str_eq(shown.text, "1\n~\n3\n");
	unlink(path);
}
END_TEST

START_TEST(what_is_wrong_has_its_line)
{
	static const struct {
		const char *text;
		enum data_format format;
		unsigned line;
		const char *message;
	} cases[] = {
		{ "", DATA_CSV, 1, "the file is empty: there is no header" },
		{ "x,c\n1,a\n", DATA_CSV, 0, "a: there is no column 't'" },
		{ "x,x\n", DATA_CSV, 1, "columns 1 and 2 are both named 'x'" },
		{ "x,c,t\n1,\"a\n\",b\n1,a,b\n1,a\n", DATA_CSV, 5,
			"the row has 2 fields, but the header has 3" },
		{ "x,c,t\n1,a,b\n\n1,a,b\n", DATA_CSV, 3,
			"the line is empty, but the header has 3 columns" },
		{ "x,c,t\n1,a,b\nno,a,b\n", DATA_CSV, 3, "column 'x': 'no' is not a float64" },
		{ "x,c,t\n1,a,b\n1,a,\"b\n", DATA_CSV, 3,
			"column 't': the quote that opens here is never closed" },
		{ "{\"x\":1}\n{\"x\":}\n", DATA_JSONL, 2, "this is no JSON value" },
		{ "{\"x\":1}\n\n{\"x\":\"1\"}\n", DATA_JSONL, 3,
			"column 'x': '1' is not a float64" },
		{ "{\"x\":1}\n{\"t\":\"\xff\"}\n", DATA_JSONL, 2,
			"a byte that is not valid UTF-8" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t rows = 1; rows < 4; rows++) {
			AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, shown = STRBUF_INIT;
			struct error err = ERROR_INIT;
			char path[64];
			strbuf_add(&text, cases[i].text);
			write_file(path, &text);
			struct stream_options options = { .format = cases[i].format,
				.columns = columns,
				.n_columns = 4,
				.block_rows = rows };
			ck_assert_int_eq(show_stream(path, options, &shown, &err), -ERROR_INVALID);
			ck_assert_str_eq(err.message, cases[i].message);
			ck_assert_uint_eq(err.at.line, cases[i].line);
			unlink(path);
		}
	}
}
END_TEST

START_TEST(a_pipe_is_read_as_it_comes)
{
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	static const struct stream_column one[] = { { "a", COLUMN_INT64, true } };
	struct error err = ERROR_INIT;
	int ends[2];
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], "{\"a\":1}\n{\"a\":2}", 15), 15);
	close(ends[1]);
	ck_assert_int_ge(dup2(ends[0], STDIN_FILENO), 0);
	struct stream_options options = { .columns = one, .n_columns = 1, .block_rows = 9 };
	ck_assert_int_eq(show_stream("-", options, &shown, &err), 0);
	ck_assert_str_eq(shown.text, "1\n2\n");
}
END_TEST

UNIT_MAIN("data/stream", blocks_of_csv_make_the_whole, blocks_of_json_make_the_whole,
	one_column_has_empty_lines, what_is_wrong_has_its_line, a_pipe_is_read_as_it_comes)
