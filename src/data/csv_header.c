#include "csv_internal.h"

#include "mlops/base/map.h"
#include "mlops/base/utf8.h"

enum { CSV_HEADER_FIRST = 64 << 10 };

/* Bytes of the first record with its newline; 0 if the bytes do not hold all of it. */
static size_t csv_first_record(const char *bytes, size_t n)
{
	bool inside = false;
	for (size_t i = 0; i < n; i++) {
		inside ^= bytes[i] == '"';
		if (bytes[i] == '\n' && !inside)
			return i + 1;
	}
	return 0;
}

static int csv_name(struct csv *csv, size_t field, struct text raw, uint64_t offset,
	struct cells_problems **problems, struct error *err)
{
	AUTO(strbuf_release) struct strbuf scratch = STRBUF_INIT;
	bool quoted;
	struct text name = cells_unquote(&scratch, raw, &quoted);
	if (strbuf_check(&scratch, err) < 0)
		return -(int)err->code;
	char *copy = csv->names[field] = memory_allocate(name.length + 1, 1, err);
	if (!copy)
		return -(int)err->code;
	memcpy(copy, name.at, name.length);
	if (!name.length)
		return cells_report(problems, offset, err, "column %zu has no name", field + 1);
	if (memchr(name.at, '\0', name.length))
		return cells_report(problems, offset, err,
			"there is a NUL byte in the name of column %zu", field + 1);
	if (utf8_check(name) < name.length)
		return cells_report(problems, offset, err,
			"the name of column %zu is not valid UTF-8", field + 1);
	if (!quoted && memchr(name.at, '\r', name.length))
		return cells_report(problems, offset, err,
			"there is a carriage return without a newline in the name of column %zu",
			field + 1);
	return 0;
}

static int csv_check_duplicates(struct csv *csv, const uint64_t *offsets,
	struct cells_problems **problems, struct error *err)
{
	struct map seen;
	map_init(&seen, NULL);
	for (size_t f = 0; f < csv->n_fields && !err->code; f++) {
		const char *name = csv->names[f];
		/* The value is the number of the column, as a pointer that is never followed. */
		uintptr_t first = (uintptr_t)map_get(&seen, name);
		if (first && *name)
			cells_report(problems, offsets[f], err,
				"columns %zu and %zu are both named '%.100s'", (size_t)first, f + 1,
				name);
		else if (map_put(&seen, name, (void *)(f + 1), err) < 0)
			break;
	}
	map_release(&seen);
	return -(int)err->code;
}

int csv_parse_header(struct csv *csv, const char *bytes, size_t n, uint64_t offset,
	struct cells_problems **problems, struct error *err)
{
	struct scan_fields fields;
	AUTO_FREE uint32_t *ends = memory_allocate(n + SCAN_SLACK + 1, sizeof *ends, err);
	AUTO_FREE uint64_t *offsets = memory_allocate(n, sizeof *offsets, err);
	if (!ends || !offsets)
		return -(int)err->code;
	ends[0] = UINT32_MAX;
	csv->scan->fields(bytes, n, csv->delimiter, ends + 1, &fields);
	if (fields.bad_quote != SIZE_MAX)
		return cells_report(problems, offset + fields.bad_quote, err,
			bytes[fields.bad_quote] == '"' ? "a quote inside a name without quotes"
						       : "text behind the closing quote of a name");
	csv->names = memory_allocate(fields.count, sizeof *csv->names, err);
	if (!csv->names)
		return -(int)err->code;
	csv->n_fields = fields.count;
	for (size_t f = 0; f < fields.count; f++) {
		uint32_t start = ends[f] + 1, stop = ends[f + 1];
		if (f + 1 == fields.count && stop > start && bytes[stop - 1] == '\r')
			stop--;
		offsets[f] = offset + start;
		if (csv_name(csv, f, (struct text){ bytes + start, stop - start }, offsets[f],
			    problems, err) < 0)
			return -(int)err->code;
	}
	return csv_check_duplicates(csv, offsets, problems, err);
}

/* Names that are numbers: probably the first row is data. Columns may be named so, though. */
static void csv_warn_numbers(const struct csv *csv)
{
	size_t numbers = 0, reals = 0;
	for (size_t f = 0; f < csv->n_fields; f++) {
		unsigned seen = field_classify(text_of(csv->names[f]), false);
		numbers += (seen & (FIELD_INTEGER | FIELD_REAL)) != 0;
		reals += seen == FIELD_REAL;
	}
	struct position at;
	position_set(&at, csv->origin->name, 1, 1);
	if (reals || numbers == csv->n_fields)
		event_warn(csv->options->events, &at,
			"names of columns are numbers: is the first line no header?");
}

int csv_read_header(struct csv *csv, struct cells_problems **problems, struct error *err)
{
	size_t size = CSV_HEADER_FIRST, got = 0, length = 0, skip = 0;
	AUTO_FREE char *bytes = NULL;
	for (;; size *= 2) {
		char *more = memory_resize(bytes, size + SCAN_BLOCK, 1, err);
		if (!more)
			return -(int)err->code;
		bytes = more;
		if (origin_peek(csv->origin, 0, bytes, size, &got, err) < 0)
			return -(int)err->code;
		skip = got >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
		length = csv_first_record(bytes + skip, got - skip);
		if (length || got < size || size >= CSV_RECORD_MOST)
			break;
	}
	csv->start = skip + length;
	if (!length) { /* a header without newline, or one that never ends */
		if (got == size)
			return cells_report(problems, skip, err,
				"the header is longer than 64 MiB; is a quote left open?");
		if (got == skip)
			return cells_report(
				problems, 0, err, "the file is empty: there is no header");
		csv->start = got;
		bytes[got] = '\n';
		length = csv_first_record(bytes + skip, got + 1 - skip);
		if (!length)
			return cells_report(
				problems, skip, err, "a quote in the header is never closed");
	}
	for (size_t i = 0; i < csv->start; i++)
		csv->lines += bytes[i] == '\n';
	if (csv_parse_header(csv, bytes + skip, length, skip, problems, err) == 0 && !*problems)
		csv_warn_numbers(csv);
	return -(int)err->code;
}
