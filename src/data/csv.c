#include "csv_internal.h"

#include "mlops/base/utf8.h"

void csv_release(struct csv *csv)
{
	for (size_t f = 0; csv->names && f < csv->n_fields; f++)
		memory_free(csv->names[f]);
	memory_free(csv->names);
	memory_free(csv->segments);
	csv->names = NULL;
	csv->segments = NULL;
}

/* A walk over the fields of a block that is not as it should be. */
struct csv_walk {
	const struct csv *csv;
	const char *bytes;
	uint64_t offset; /* of bytes[0] */
	size_t n_before; /* fields of the record so far */
	uint32_t record; /* where it begins */
	struct cells_problems **problems;
};

static const char *csv_walk_column(const struct csv_walk *walk)
{
	return walk->n_before < walk->csv->n_fields ? walk->csv->names[walk->n_before] : "(none)";
}

static int csv_walk_field(struct csv_walk *walk, uint32_t start, uint32_t end, struct error *err)
{
	struct text field = { walk->bytes + start, end - start };
	const char *nul = field.length ? memchr(field.at, '\0', field.length) : NULL;
	if (nul && cells_report(walk->problems, walk->offset + (uint64_t)(nul - walk->bytes), err,
			   "column '%.100s': there is a NUL byte", csv_walk_column(walk)) < 0)
		return -(int)err->code;
	size_t bad = field.length ? utf8_check(field) : 0;
	if (bad < field.length)
		return cells_report(walk->problems, walk->offset + start + bad, err,
			"column '%.100s': byte 0x%02X is not valid UTF-8", csv_walk_column(walk),
			(unsigned char)field.at[bad]);
	return 0;
}

static int csv_walk_record(struct csv_walk *walk, uint32_t end, struct error *err)
{
	size_t length = end - walk->record, n_fields = walk->csv->n_fields;
	length -= length && walk->bytes[end - 1] == '\r';
	if (walk->n_before == n_fields)
		return 0;
	if (!length)
		return cells_report(walk->problems, walk->offset + walk->record, err,
			"the line is empty, but the header has %zu columns", n_fields);
	return cells_report(walk->problems, walk->offset + walk->record, err,
		"the row has %zu field%s, but the header has %zu", walk->n_before,
		walk->n_before == 1 ? "" : "s", n_fields);
}

static int csv_walk_quote(struct csv_walk *walk, size_t at, const char *message, struct error *err)
{
	if (cells_report(walk->problems, walk->offset + at, err, "column '%.100s': %s",
		    csv_walk_column(walk), message) < 0)
		return -(int)err->code;
	(*walk->problems)->fatal = true;
	return 0;
}

/* Everything that is wrong with a block, up to what makes the rest unreadable. */
static int csv_find_problems(const struct csv *csv, const struct csv_segment *segment,
	const struct cells_block *block, const struct scan_fields *fields, struct error *err)
{
	struct csv_walk walk = { .csv = csv,
		.bytes = block->bytes,
		.offset = segment->offset,
		.problems = block->problems };
	uint32_t start = 0;
	for (size_t i = 0; i < fields->count && block->ends[i] < fields->bad_quote; i++) {
		uint32_t end = block->ends[i];
		if (csv_walk_field(&walk, start, end, err) < 0)
			return -(int)err->code;
		walk.n_before++;
		start = end + 1;
		if (walk.bytes[end] != '\n')
			continue;
		if (csv_walk_record(&walk, end, err) < 0)
			return -(int)err->code;
		walk.n_before = 0;
		walk.record = start;
	}
	if (fields->bad_quote != SIZE_MAX)
		return csv_walk_quote(&walk, fields->bad_quote,
			walk.bytes[fields->bad_quote] == '"'
				? "a quote inside a field that does not begin with one"
				: "text behind the closing quote",
			err);
	if (segment->open)
		return csv_walk_quote(
			&walk, start, "the quote that opens here is never closed", err);
	if (!*block->problems)
		return error_set(
			err, ERROR_IO, "'%s' changed while it was read", csv->origin->name);
	return 0;
}

static bool csv_is_regular(const struct csv *csv, const struct csv_segment *segment,
	const struct cells_block *block, size_t n, const struct scan_fields *fields)
{
	if (segment->open || fields->bad_quote != SIZE_MAX || fields->nul ||
		fields->count != segment->n_rows * csv->n_fields)
		return false;
	/* There are n_rows newlines: if each record ends with one, none stands elsewhere. */
	for (size_t r = 1; r <= segment->n_rows; r++) {
		if (block->bytes[block->ends[r * csv->n_fields - 1]] != '\n')
			return false;
	}
	return !fields->high || utf8_check((struct text){ block->bytes, n }) == n;
}

int csv_scan_block(const struct csv *csv, const struct csv_segment *segment, size_t n,
	struct passes_scratch *scratch, struct cells_block *block, struct error *err)
{
	struct scan_fields fields;
	uint32_t *ends;
	if (passes_room_ends(scratch, n + SCAN_SLACK, &ends, err) < 0)
		return -(int)err->code;
	csv->scan->fields(block->bytes, n, csv->delimiter, ends, &fields);
	block->ends = ends;
	block->offset = segment->offset;
	block->first_row = segment->first_row;
	block->n_rows = segment->n_rows;
	if (csv_is_regular(csv, segment, block, n, &fields))
		return 0;
	block->n_rows = 0;
	return csv_find_problems(csv, segment, block, &fields, err);
}

int csv_too_long(
	const struct csv_segment *segment, struct cells_problems **problems, struct error *err)
{
	if (cells_report(problems, segment->offset, err,
		    "a record from here on is longer than 64 MiB; is a quote left open?") < 0)
		return -(int)err->code;
	(*problems)->fatal = true;
	return 0;
}

int csv_load(void *context, size_t index, struct passes_scratch *scratch, struct cells_block *block,
	struct error *err)
{
	const struct csv *csv = context;
	const struct csv_segment *segment = &csv->segments[index];
	size_t most = CSV_RECORD_MOST + 2 * csv->chunk, n;
	char *bytes;
	if (segment->length > most && !segment->open)
		return csv_too_long(segment, block->problems, err);
	n = segment->length > most ? most : (size_t)segment->length;
	if (passes_room(scratch, n + 1, &bytes, err) < 0 ||
		origin_read(csv->origin, segment->offset, bytes, n, err) < 0)
		return -(int)err->code;
	if (segment->unterminated)
		bytes[n++] = '\n';
	block->bytes = bytes;
	return csv_scan_block(csv, segment, n, scratch, block, err);
}

static uint64_t csv_done(void *context, size_t index)
{
	const struct csv *csv = context;
	return csv->segments[index].offset + csv->segments[index].length;
}

static int csv_read_rows(struct csv *csv, struct table *ret_table,
	struct cells_problems *ret_problems, struct cells_problems **problems, struct error *err)
{
	if (csv_plan(csv, err) < 0)
		return -(int)err->code;
	if (!csv->n_segments)
		return cells_report(
			problems, csv->origin->size, err, "there are no rows, only the header");
	struct passes_source source = { .context = csv,
		.n_blocks = csv->n_segments,
		.n_rows = csv->n_rows,
		.n_fields = csv->n_fields,
		.names = csv->names,
		.total = csv->origin->size,
		.unit = "bytes",
		.load = csv_load,
		.done = csv_done };
	return passes_read(&source, csv->options, ret_table, ret_problems, err);
}

int csv_read(const struct origin *origin, const struct read_options *options, char delimiter,
	size_t chunk, struct table *ret_table, struct read_counts *ret_counts,
	struct cells_problems *ret_problems, struct error *err)
{
	struct csv csv = { .origin = origin,
		.scan = scan_for(cpu_level()),
		.options = options,
		.delimiter = delimiter,
		.chunk = chunk };
	struct cells_problems *problems = NULL;
	if (csv_read_header(&csv, &problems, err) == 0 && !problems)
		csv_read_rows(&csv, ret_table, ret_problems, &problems, err);
	if (problems)
		*ret_problems = *problems;
	memory_free(problems);
	*ret_counts = (struct read_counts){ origin->size, csv.n_rows, csv.lines };
	csv_release(&csv);
	return -(int)err->code;
}
