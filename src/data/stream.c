#include "mlops/data/stream.h"

#include <math.h>
#include <string.h>

#include "csv_internal.h"
#include "json_rows_internal.h"
#include "json_scan_internal.h"
#include "mlops/base/utf8.h"
#include "reader_internal.h"
#include "stream_internal.h"
#include "table_internal.h"

/* A column of the blocks. */
struct stream_field {
	char *name;
	enum column_type type;
	size_t field; /* of the source; SIZE_MAX: the source lacks it */
};

struct row_stream {
	struct stream_input input;
	struct origin origin; /* the block that is being read, for places */
	enum data_format format;
	size_t block_rows;
	char *name;
	struct csv csv; /* names of the source's fields, and how to find them */
	struct text *texts;
	struct map index;
	struct json_rows json;
	struct stream_field *fields;
	size_t n_fields;
	struct cells_layout layout;
	size_t *layout_fields; /* of each column of the layout, its place in `fields` */
	char **missing;
	size_t n_missing;
	struct passes_scratch scratch;
	uint64_t rows;
};

void row_stream_free(struct row_stream *stream)
{
	if (!stream)
		return;
	stream_input_close(&stream->input);
	csv_release(&stream->csv);
	passes_scratch_release(&stream->scratch);
	field_missing_release(&stream->layout.missing);
	map_release(&stream->index);
	for (size_t c = 0; stream->fields && c < stream->n_fields; c++)
		memory_free(stream->fields[c].name);
	for (size_t i = 0; stream->missing && i < stream->n_missing; i++)
		memory_free(stream->missing[i]);
	memory_free(stream->fields);
	memory_free(stream->missing);
	memory_free(stream->texts);
	memory_free(stream->layout.columns);
	memory_free(stream->layout_fields);
	memory_free(stream->name);
	memory_free(stream);
}

uint64_t row_stream_rows(const struct row_stream *stream)
{
	return stream->rows;
}

static int stream_fail(struct row_stream *stream, const struct cells_problems *problems,
	const char *bytes, size_t n, struct error *err)
{
	stream->origin.bytes = bytes;
	stream->origin.size = n;
	reader_fail(&stream->origin, problems, NULL, err);
	if (err->at.line)
		err->at.line += (uint32_t)stream->input.line - 1;
	return -(int)err->code;
}

static int stream_csv_header(struct row_stream *stream, struct error *err)
{
	const struct stream_rules rules = { .most = 1, .blanks = true };
	struct cells_problems *problems = NULL;
	struct stream_records records;
	if (stream_input_take(&stream->input, &rules, &records, err) < 0)
		return -(int)err->code;
	const char *bytes = stream->input.pending.text;
	if (!records.rows)
		cells_report(&problems, 0, err, "the file is empty: there is no header");
	else if (records.open)
		cells_report(&problems, 0, err, "a quote in the header is never closed");
	else
		csv_parse_header(&stream->csv, bytes, records.length, 0, &problems, err);
	if (problems && !err->code)
		stream_fail(stream, problems, bytes, records.length, err);
	memory_free(problems);
	if (!err->code)
		stream_input_drop(&stream->input, records.length);
	return -(int)err->code;
}

static int stream_add_name(
	struct row_stream *stream, size_t room, const char *name, struct error *err)
{
	size_t f = stream->csv.n_fields;
	if (map_has(&stream->index, name))
		return 0;
	if (f == room)
		return error_set(
			err, ERROR_UNSUPPORTED, "there are more than %zu different keys", room);
	stream->csv.names[f] = memory_copy_string(name, err);
	/* The number + 1, as a pointer that is never followed. */
	if (!stream->csv.names[f] || map_put(&stream->index, name, (void *)(f + 1), err) < 0)
		return -(int)err->code;
	stream->texts[f] = text_of(stream->csv.names[f]);
	stream->csv.n_fields++;
	return 0;
}

/* The keys of the first object, as far as they can be read: the block will say what is wrong. */
static int stream_json_others(struct row_stream *stream, size_t room, struct error *err)
{
	const struct stream_rules rules = { .most = 1, .by_line = true };
	struct stream_records records;
	struct json_scan scan;
	struct json_scan_member member;
	AUTO(strbuf_release) struct strbuf name = STRBUF_INIT;
	if (stream_input_take(&stream->input, &rules, &records, err) < 0)
		return -(int)err->code;
	struct text line = { stream->input.pending.text, records.length };
	if (!json_scan_open(&scan, text_trim(line)))
		return 0;
	while (json_scan_next(&scan, &member) > 0) {
		bool clean = json_rows_name(member.key, member.key_escaped, &name);
		if (strbuf_check(&name, err) < 0 ||
			(clean && stream_add_name(stream, room, name.text, err) < 0))
			return -(int)err->code;
	}
	return 0;
}

static int stream_json_header(
	struct row_stream *stream, const struct stream_options *options, struct error *err)
{
	size_t room = options->n_columns + JSON_ROWS_COLUMNS_MOST;
	stream->csv.names = memory_allocate(room, sizeof *stream->csv.names, err);
	stream->texts = memory_allocate(room, sizeof *stream->texts, err);
	if (!stream->csv.names || !stream->texts)
		return -(int)err->code;
	for (size_t i = 0; i < options->n_columns; i++) {
		if (stream_add_name(stream, room, options->columns[i].name, err) < 0)
			return -(int)err->code;
	}
	if (options->keep_others && stream_json_others(stream, room, err) < 0)
		return -(int)err->code;
	stream->json = (struct json_rows){ stream->texts, stream->csv.n_fields, &stream->index };
	return 0;
}

static size_t stream_find(const struct row_stream *stream, const char *name)
{
	for (size_t f = 0; f < stream->csv.n_fields; f++) {
		if (strcmp(stream->csv.names[f], name) == 0)
			return f;
	}
	return SIZE_MAX;
}

static int stream_add_field(struct row_stream *stream, const char *name, enum column_type type,
	size_t field, struct error *err)
{
	struct stream_field *to = &stream->fields[stream->n_fields];
	to->name = memory_copy_string(name, err);
	if (!to->name)
		return -(int)err->code;
	to->type = type;
	to->field = field;
	if (field != SIZE_MAX) {
		size_t c = stream->layout.n_columns++;
		stream->layout.columns[c].field = field;
		stream->layout.columns[c].declared = true;
		stream->layout.columns[c].category_most = SIZE_MAX;
		stream->layout_fields[c] = stream->n_fields;
	}
	stream->n_fields++;
	return 0;
}

/* The columns of the blocks: those given, then the others. */
static int stream_set_fields(
	struct row_stream *stream, const struct stream_options *options, struct error *err)
{
	size_t most = options->n_columns + stream->csv.n_fields;
	stream->fields = memory_allocate(most, sizeof *stream->fields, err);
	stream->layout.columns = memory_allocate(most, sizeof *stream->layout.columns, err);
	stream->layout_fields = memory_allocate(most, sizeof *stream->layout_fields, err);
	AUTO_FREE bool *given = memory_allocate(stream->csv.n_fields, sizeof *given, err);
	if (err->code)
		return -(int)err->code;
	for (size_t i = 0; i < options->n_columns; i++) {
		const struct stream_column *column = &options->columns[i];
		size_t f = stream_find(stream, column->name);
		if (f == SIZE_MAX && column->required)
			return error_set(err, ERROR_INVALID, "%s: there is no column '%s'",
				stream->name, column->name);
		if (f != SIZE_MAX)
			given[f] = true;
		if (stream_add_field(stream, column->name, column->type, f, err) < 0)
			return -(int)err->code;
	}
	for (size_t f = 0; options->keep_others && f < stream->csv.n_fields; f++) {
		if (!given[f] &&
			stream_add_field(stream, stream->csv.names[f], COLUMN_TEXT, f, err) < 0)
			return -(int)err->code;
	}
	stream->layout.n_fields = stream->csv.n_fields;
	return 0;
}

static int stream_copy_missing(
	struct row_stream *stream, const struct stream_options *options, struct error *err)
{
	if (!options->missing)
		return field_missing_init(&stream->layout.missing, NULL, 0, err);
	stream->missing = memory_allocate(options->n_missing, sizeof *stream->missing, err);
	if (!stream->missing)
		return -(int)err->code;
	stream->n_missing = options->n_missing;
	for (size_t i = 0; i < options->n_missing && !err->code; i++)
		stream->missing[i] = memory_copy_string(options->missing[i], err);
	if (err->code)
		return -(int)err->code;
	return field_missing_init(&stream->layout.missing, (const char *const *)stream->missing,
		stream->n_missing, err);
}

static int stream_open(
	struct row_stream *stream, const struct stream_options *options, struct error *err)
{
	const char *name = options->name ? options->name : options->path;
	if (!options->name && strcmp(options->path, "-") == 0)
		name = "standard input";
	stream->name = memory_copy_string(name, err);
	if (!stream->name || stream_copy_missing(stream, options, err) < 0 ||
		stream_input_open(&stream->input, options->path, stream->name, err) < 0 ||
		stream_input_fill(&stream->input, 4096, err) < 0)
		return -(int)err->code;
	struct strbuf *start = &stream->input.pending;
	if (start->length >= 3 && memcmp(start->text, "\xef\xbb\xbf", 3) == 0)
		stream_input_drop(&stream->input, 3);
	stream->format = options->format != DATA_AUTO
				 ? options->format
				 : reader_format(options->path, start->text, start->length);
	stream->origin = (struct origin){ .name = stream->name, .descriptor = -1 };
	stream->csv.origin = &stream->origin;
	stream->csv.scan = scan_for(cpu_level());
	stream->layout.json = stream->format == DATA_JSONL;
	if (stream->format == DATA_SQLITE)
		return error_set(err, ERROR_UNSUPPORTED, "%s: a SQLite file cannot be streamed",
			stream->name);
	if (reader_delimiter(stream->format, options->delimiter, &stream->csv.delimiter, err) < 0)
		return -(int)err->code;
	if ((stream->layout.json ? stream_json_header(stream, options, err)
				 : stream_csv_header(stream, err)) < 0)
		return -(int)err->code;
	return stream_set_fields(stream, options, err);
}

struct row_stream *row_stream_new(const struct stream_options *options, struct error *err)
{
	struct row_stream *stream = memory_allocate(1, sizeof *stream, err);
	if (!stream)
		return NULL;
	stream->input.descriptor = -1;
	stream->input.pending = STRBUF_INIT;
	stream->scratch.text = STRBUF_INIT;
	stream->block_rows = options->block_rows ? options->block_rows : STREAM_BLOCK_ROWS;
	map_init(&stream->index, NULL);
	if (stream_open(stream, options, err) < 0) {
		row_stream_free(stream);
		return NULL;
	}
	return stream;
}

static void stream_fill_missing(struct column *column, size_t n_rows)
{
	memset(column->float64, 0,
		column_value_size(column->type) * (n_rows + (column->type == COLUMN_TEXT)));
	for (size_t r = 0; r < n_rows; r++) {
		column_set_missing(column, r);
		if (column->type == COLUMN_FLOAT64)
			column->float64[r] = (double)NAN;
	}
}

static int stream_make_table(
	struct row_stream *stream, size_t n_rows, struct table *table, struct error *err)
{
	if (table_init(table, stream->n_fields, err) < 0)
		return -(int)err->code;
	table->n_rows = n_rows;
	for (size_t c = 0; c < stream->n_fields; c++) {
		struct column *column = &table->columns[c];
		column->name = memory_copy_string(stream->fields[c].name, err);
		if (!column->name ||
			column_allocate(column, stream->fields[c].type, n_rows, err) < 0 ||
			column_allocate_mask(column, n_rows, err) < 0)
			return -(int)err->code;
		if (stream->fields[c].field == SIZE_MAX)
			stream_fill_missing(column, n_rows);
		if (column->type == COLUMN_TEXT && !(column->bytes = memory_allocate(1, 1, err)))
			return -(int)err->code;
	}
	for (size_t c = 0; c < stream->layout.n_columns; c++)
		stream->layout.columns[c].column = &table->columns[stream->layout_fields[c]];
	cells_prepare(&stream->layout, cpu_level());
	return 0;
}

static int stream_finish_column(struct cells_column *cell, const struct dictionary *dictionary,
	struct strbuf *text, struct error *err)
{
	struct column *column = cell->column;
	if (column->type == COLUMN_TEXT) {
		memory_free(column->bytes);
		column->bytes = strbuf_take(text, err);
	} else if (column->type == COLUMN_CATEGORY) {
		AUTO_FREE struct text *texts =
			memory_allocate(dictionary->n_codes, sizeof *texts, err);
		for (size_t i = 0; texts && i < dictionary->n_codes; i++) {
			const struct dictionary_entry *entry =
				&dictionary->entries[dictionary->codes_to_entries[i]];
			texts[i] = (struct text){ entry->at, entry->length };
		}
		if (texts)
			column_set_categories(column, texts, dictionary->n_codes, err);
	}
	return -(int)err->code;
}

/* Finds the fields of n bytes of whole records. */
static int stream_load(struct row_stream *stream, const struct stream_records *records,
	struct cells_block *block, struct error *err)
{
	char *bytes;
	size_t n = records->length;
	if (passes_room(&stream->scratch, n, &bytes, err) < 0)
		return -(int)err->code;
	memcpy(bytes, stream->input.pending.text, n);
	block->bytes = bytes;
	if (!stream->layout.json) {
		struct csv_segment segment = {
			.length = n, .n_rows = records->rows, .open = records->open
		};
		return csv_scan_block(&stream->csv, &segment, n, &stream->scratch, block, err);
	}
	size_t bad = utf8_check((struct text){ bytes, n });
	if (bad < n)
		return cells_report(block->problems, bad, err, "a byte that is not valid UTF-8");
	return json_rows_encode(
		&stream->json, bytes, n, 0, records->rows, &stream->scratch, block, err);
}

static int stream_store(struct row_stream *stream, const struct stream_records *records,
	struct table *table, struct error *err)
{
	struct cells_layout *layout = &stream->layout;
	struct cells_problems *problems = NULL;
	struct cells_worker worker;
	struct strbuf *texts = memory_allocate(layout->n_columns, sizeof *texts, err);
	if (!texts || cells_worker_init(&worker, layout, err) < 0) {
		memory_free(texts);
		return -(int)err->code;
	}
	struct cells_block block = {
		.layout = layout, .worker = &worker, .texts = texts, .problems = &problems
	};
	for (size_t c = 0; c < layout->n_columns; c++)
		texts[c] = STRBUF_INIT;
	if (stream_load(stream, records, &block, err) == 0 && !problems)
		cells_store_block(&block, err);
	if (!err->code && problems)
		stream_fail(stream, problems, stream->input.pending.text, records->length, err);
	for (size_t c = 0; c < layout->n_columns; c++) {
		if (!err->code)
			stream_finish_column(
				&layout->columns[c], &worker.dictionaries[c], &texts[c], err);
		strbuf_release(&texts[c]);
	}
	for (size_t c = 0; c < table->n_columns && !err->code; c++)
		column_count_missing(&table->columns[c], table->n_rows);
	memory_free(texts);
	memory_free(problems);
	cells_worker_release(&worker, layout);
	return -(int)err->code;
}

int row_stream_next(struct row_stream *stream, struct table *ret_block, struct error *err)
{
	const struct stream_rules rules = { .most = stream->block_rows,
		.blanks = !stream->layout.json && stream->csv.n_fields == 1,
		.by_line = stream->layout.json };
	AUTO(table_release) struct table table = { 0 };
	struct stream_records records;
	*ret_block = table;
	if (stream_input_take(&stream->input, &rules, &records, err) < 0)
		return -(int)err->code;
	if (!records.rows)
		return 0;
	if (stream_make_table(stream, records.rows, &table, err) < 0 ||
		stream_store(stream, &records, &table, err) < 0)
		return -(int)err->code;
	stream_input_drop(&stream->input, records.length);
	stream->rows += records.rows;
	*ret_block = table;
	table = (struct table){ .n_rows = 0 };
	return 1;
}
