#include "reader_internal.h"

#include <stdio.h>
#include <string.h>

#include "csv_internal.h"
#include "jsonl_internal.h"
#include "mlops/data/reader.h"
#include "sqlite_internal.h"

static const char *const reader_format_names[DATA_FORMAT_COUNT] = {
	[DATA_AUTO] = "auto",
	[DATA_CSV] = "csv",
	[DATA_TSV] = "tsv",
	[DATA_JSONL] = "jsonl",
	[DATA_SQLITE] = "sqlite",
};

const char *data_format_name(enum data_format format)
{
	return reader_format_names[format];
}

bool data_format_from_name(const char *name, enum data_format *ret)
{
	for (enum data_format format = 0; format < DATA_FORMAT_COUNT; format++) {
		if (strcmp(name, reader_format_names[format]) == 0) {
			*ret = format;
			return true;
		}
	}
	return false;
}

enum data_format reader_format(const char *path, const char *start, size_t n)
{
	static const struct {
		const char *suffix;
		enum data_format format;
	} suffixes[] = { { ".csv", DATA_CSV }, { ".tsv", DATA_TSV }, { ".tab", DATA_TSV },
		{ ".jsonl", DATA_JSONL }, { ".ndjson", DATA_JSONL }, { ".db", DATA_SQLITE },
		{ ".sqlite", DATA_SQLITE }, { ".sqlite3", DATA_SQLITE } };
	for (size_t i = 0; path && i < sizeof suffixes / sizeof *suffixes; i++) {
		if (text_ends_with(text_of(path), suffixes[i].suffix))
			return suffixes[i].format;
	}
	if (n >= 16 && memcmp(start, "SQLite format 3", 16) == 0)
		return DATA_SQLITE;
	struct text trimmed = text_trim((struct text){ start, n });
	return trimmed.length && *trimmed.at == '{' ? DATA_JSONL : DATA_CSV;
}

int reader_delimiter(enum data_format format, char asked, char *ret, struct error *err)
{
	*ret = asked ? asked : format == DATA_TSV ? '\t' : ',';
	if (*ret == '"' || *ret == '\n' || *ret == '\r' || (unsigned char)*ret > 127)
		return error_set(err, ERROR_USAGE,
			"a delimiter is one ASCII character, no quote and no newline");
	return 0;
}

static int reader_list(const struct position *places, const struct cells_problems *problems,
	struct problems *list, struct error *err)
{
	for (size_t i = 0; list && i < problems->count && list->count < PROBLEMS_MOST; i++) {
		struct problem *item = &list->items[list->count++];
		*item = (struct problem){ .at = places[i] };
		memcpy(item->message, problems->items[i].message,
			sizeof problems->items[i].message);
	}
	if (list)
		list->errors += problems->total;
	error_set_at(err, ERROR_INVALID, &places[0], "%s", problems->items[0].message);
	if (problems->total > 1)
		error_hint(err, "there %s %llu more problem%s", problems->total > 2 ? "are" : "is",
			(unsigned long long)problems->total - 1, problems->total > 2 ? "s" : "");
	return -ERROR_INVALID;
}

int reader_fail(const struct origin *origin, const struct cells_problems *problems,
	struct problems *list, struct error *err)
{
	uint64_t offsets[PROBLEMS_MOST];
	struct position places[PROBLEMS_MOST] = { 0 };
	for (size_t i = 0; i < problems->count; i++)
		offsets[i] = problems->items[i].offset;
	if (origin_locate(origin, offsets, problems->count, places, err) < 0)
		return -(int)err->code;
	return reader_list(places, problems, list, err);
}

/* Where there are no lines the message says which row; offsets are numbers of rows. */
static int reader_fail_rows(const struct origin *origin, struct cells_problems *problems,
	struct problems *list, struct error *err)
{
	struct position places[PROBLEMS_MOST] = { 0 };
	for (size_t i = 0; i < problems->count; i++) {
		struct cells_problem *item = &problems->items[i];
		char message[sizeof item->message];
		memcpy(message, item->message, sizeof message);
		snprintf(item->message, sizeof item->message, "row %llu: %.*s",
			(unsigned long long)item->offset + 1, (int)sizeof message - 30, message);
		position_set(&places[i], origin->name, 0, 0);
	}
	return reader_list(places, problems, list, err);
}

static int reader_read(const struct origin *origin, const struct read_options *options,
	enum data_format format, struct table *ret_table, struct read_counts *ret_counts,
	struct error *err)
{
	struct cells_problems problems = { .count = 0 };
	char delimiter;
	if (reader_delimiter(format, options->delimiter, &delimiter, err) < 0)
		return -(int)err->code;
	if (format == DATA_SQLITE) {
		sqlite_read(options, ret_table, ret_counts, &problems, err);
		ret_counts->bytes = origin->size;
		if (!err->code && problems.total)
			reader_fail_rows(origin, &problems, options->problems, err);
		return -(int)err->code;
	}
	if (format == DATA_JSONL)
		jsonl_read(origin, options, CSV_CHUNK, ret_table, ret_counts, &problems, err);
	else
		csv_read(origin, options, delimiter, CSV_CHUNK, ret_table, ret_counts, &problems,
			err);
	if (!err->code && problems.total)
		reader_fail(origin, &problems, options->problems, err);
	return -(int)err->code;
}

int table_read(const struct read_options *options, struct table *ret_table,
	struct read_counts *ret_counts, struct error *err)
{
	struct origin origin;
	struct read_counts counts = { 0 };
	char start[4096];
	size_t n = 0;
	enum data_format format = options->format;
	*ret_table = (struct table){ .n_rows = 0 };
	origin_open(&origin, options, err);
	if (!err->code && format == DATA_AUTO &&
		origin_peek(&origin, 0, start, sizeof start, &n, err) == 0)
		format = reader_format(options->path, start, n);
	if (!err->code)
		reader_read(&origin, options, format, ret_table, &counts, err);
	if (ret_counts)
		*ret_counts = counts;
	/* Problems in the data have their place; the others say which source it is about. */
	if (err->code && !*err->at.file && err->code != ERROR_IO && err->code != ERROR_CANCELLED &&
		!strstr(err->message, origin.name))
		error_prefix(err, "%s", origin.name);
	origin_close(&origin);
	return -(int)err->code;
}
