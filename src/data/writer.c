#include "mlops/data/writer.h"

#include <math.h>
#include <string.h>

#include "field_internal.h"
#include "mlops/document/json_writer.h"
#include "reader_internal.h"

/* Bytes that are gathered before the sink gets them. */
enum { WRITER_BLOCK = 64 << 10 };

struct writer {
	const struct table *table;
	const char *missing;
	struct field_missing quoted; /* texts that must not stand bare */
	char delimiter;
	struct strbuf text;
};

static void writer_quote(struct strbuf *out, struct text text)
{
	strbuf_add_char(out, '"');
	while (text.length) {
		const char *quote = memchr(text.at, '"', text.length);
		size_t n = quote ? (size_t)(quote - text.at) + 1 : text.length;
		strbuf_add_bytes(out, text.at, n);
		if (quote)
			strbuf_add_char(out, '"');
		text = (struct text){ text.at + n, text.length - n };
	}
	strbuf_add_char(out, '"');
}

static void writer_text(struct writer *writer, struct text text)
{
	bool bare = text.length && !field_is_missing(&writer->quoted, text);
	for (size_t i = 0; bare && i < text.length; i++) {
		char c = text.at[i];
		bare = c != writer->delimiter && c != '"' && c != '\n' && c != '\r';
	}
	/* What could be taken for a byte order mark at the start of a file. */
	if (bare && (unsigned char)*text.at != 0xef)
		strbuf_add_bytes(&writer->text, text.at, text.length);
	else
		writer_quote(&writer->text, text);
}

static void writer_csv_row(struct writer *writer, size_t row)
{
	for (size_t c = 0; c < writer->table->n_columns; c++) {
		const struct column *column = &writer->table->columns[c];
		if (c)
			strbuf_add_char(&writer->text, writer->delimiter);
		if (column_is_missing(column, row))
			strbuf_add(&writer->text, writer->missing);
		else if (column_is_numeric(column))
			column_format(column, row, &writer->text);
		else
			writer_text(writer, column_text(column, row));
	}
	strbuf_add_char(&writer->text, '\n');
}

static void writer_csv_header(struct writer *writer)
{
	for (size_t c = 0; c < writer->table->n_columns; c++) {
		if (c)
			strbuf_add_char(&writer->text, writer->delimiter);
		writer_text(writer, text_of(writer->table->columns[c].name));
	}
	strbuf_add_char(&writer->text, '\n');
}

static int writer_json_value(
	struct json_writer *json, const struct column *column, size_t row, struct error *err)
{
	if (column_is_missing(column, row)) {
		json_null(json);
		return 0;
	}
	switch (column->type) {
	case COLUMN_FLOAT64:
		if (!isfinite(column->float64[row]))
			return error_set(err, ERROR_UNSUPPORTED,
				"row %zu, column '%s': JSON has no %s", row + 1, column->name,
				isnan(column->float64[row]) ? "NaN" : "infinity");
		json_number(json, column->float64[row]);
		break;
	case COLUMN_INT64:
		json_integer(json, column->int64[row]);
		break;
	case COLUMN_BOOLEAN:
		json_boolean(json, column->boolean[row]);
		break;
	case COLUMN_TIMESTAMP:
		json_time(json, column->int64[row]);
		break;
	default:
		json_text(json, column_text(column, row));
	}
	return 0;
}

static int writer_json_row(struct writer *writer, size_t row, struct error *err)
{
	struct json_writer json;
	json_begin(&json, &writer->text, 0);
	json_object(&json);
	for (size_t c = 0; c < writer->table->n_columns; c++) {
		const struct column *column = &writer->table->columns[c];
		json_key(&json, column->name);
		if (writer_json_value(&json, column, row, err) < 0)
			return -(int)err->code;
	}
	json_end(&json);
	strbuf_add_char(&writer->text, '\n');
	return 0;
}

static int writer_flush(struct writer *writer, data_sink *sink, void *context, struct error *err)
{
	if (strbuf_check(&writer->text, err) < 0)
		return -(int)err->code;
	if (writer->text.length && sink(context, writer->text.text, writer->text.length, err) < 0)
		return -(int)err->code;
	strbuf_clear(&writer->text);
	return 0;
}

static int writer_rows(struct writer *writer, enum data_format format, data_sink *sink,
	void *context, struct error *err)
{
	for (size_t row = 0; row < writer->table->n_rows; row++) {
		if (format != DATA_JSONL)
			writer_csv_row(writer, row);
		else if (writer_json_row(writer, row, err) < 0)
			return -(int)err->code;
		if (writer->text.length >= WRITER_BLOCK &&
			writer_flush(writer, sink, context, err) < 0)
			return -(int)err->code;
	}
	return writer_flush(writer, sink, context, err);
}

int table_write(const struct table *table, const struct write_options *options, data_sink *sink,
	void *context, struct error *err)
{
	struct writer writer = { .table = table,
		.missing = options->missing ? options->missing : "",
		.text = STRBUF_INIT };
	enum data_format format = options->format == DATA_AUTO ? DATA_CSV : options->format;
	if (format == DATA_SQLITE)
		return error_set(err, ERROR_UNSUPPORTED, "tables are not written to SQLite files");
	if (reader_delimiter(format, options->delimiter, &writer.delimiter, err) < 0 ||
		field_missing_init(
			&writer.quoted, options->missing_texts, options->n_missing_texts, err) < 0)
		return -(int)err->code;
	if (format != DATA_JSONL && !options->no_header)
		writer_csv_header(&writer);
	writer_rows(&writer, format, sink, context, err);
	field_missing_release(&writer.quoted);
	strbuf_release(&writer.text);
	return -(int)err->code;
}
