#include "jsonl_internal.h"

#include "csv_internal.h"
#include "json_rows_internal.h"
#include "json_scan_internal.h"
#include "mlops/base/parallel.h"
#include "mlops/base/utf8.h"

/* A segment of whole lines, once its keys are known. */
struct jsonl_segment {
	size_t first_row, n_rows;
	struct dictionary keys; /* numbered in order of appearance */
	struct cells_problems *problems;
};

struct jsonl {
	struct csv csv; /* the plan */
	struct jsonl_segment *segments;
	struct passes_scratch *scratch; /* of the survey, one a worker */
	char **names;
	struct text *texts;
	struct map index;
	struct json_rows rows;
	size_t n_rows;
};

static void jsonl_release(struct jsonl *jsonl)
{
	for (size_t s = 0; jsonl->segments && s < jsonl->csv.n_segments; s++) {
		dictionary_release(&jsonl->segments[s].keys);
		memory_free(jsonl->segments[s].problems);
	}
	for (size_t f = 0; jsonl->names && f < jsonl->rows.n_fields; f++)
		memory_free(jsonl->names[f]);
	memory_free(jsonl->segments);
	memory_free(jsonl->names);
	memory_free(jsonl->texts);
	map_release(&jsonl->index);
	jsonl->csv.names = NULL;
	csv_release(&jsonl->csv);
}

/* The bytes of a segment; *ret_n is 0 if it is too long, which is then a problem. */
static int jsonl_bytes(const struct jsonl *jsonl, size_t index, struct passes_scratch *scratch,
	struct cells_problems **problems, char **ret, size_t *ret_n, struct error *err)
{
	const struct csv_segment *segment = &jsonl->csv.segments[index];
	*ret_n = 0;
	if (segment->length > CSV_RECORD_MOST + 2 * jsonl->csv.chunk)
		return csv_too_long(segment, problems, err);
	*ret_n = (size_t)segment->length;
	if (passes_room(scratch, *ret_n, ret, err) < 0)
		return -(int)err->code;
	return origin_read(jsonl->csv.origin, segment->offset, *ret, *ret_n, err);
}

struct jsonl_keys {
	struct jsonl_segment *segment;
	const char *bytes;
	uint64_t offset;
	struct strbuf name;
};

static int jsonl_report(
	struct jsonl_keys *keys, const char *at, const char *message, struct error *err)
{
	return cells_report(&keys->segment->problems, keys->offset + (uint64_t)(at - keys->bytes),
		err, "%s", message);
}

/* A nested value is named by its key: that is what the user must change. */
static int jsonl_wrong(struct jsonl_keys *keys, const struct json_scan *scan,
	const struct json_scan_member *member, struct error *err)
{
	if (!scan->nested)
		return jsonl_report(keys, scan->at, scan->message, err);
	return cells_report(&keys->segment->problems,
		keys->offset + (uint64_t)(scan->nested - keys->bytes), err, "column '%.*s': %s",
		member->key.length < 100 ? (int)member->key.length : 100, member->key.at,
		scan->message);
}

static int jsonl_key(
	struct jsonl_keys *keys, const struct json_scan_member *member, struct error *err)
{
	struct dictionary *dictionary = &keys->segment->keys;
	struct text name = member->key;
	if (member->key_escaped) {
		bool clean = json_rows_name(name, true, &keys->name);
		strbuf_reserve(&keys->name, DICTIONARY_KEY);
		if (strbuf_check(&keys->name, err) < 0)
			return -(int)err->code;
		if (!clean)
			return jsonl_report(keys, name.at, "a key holds a NUL character", err);
		name = (struct text){ keys->name.text, keys->name.length };
	}
	if (!name.length)
		return jsonl_report(keys, name.at, "a key is empty", err);
	struct dictionary_entry *entry = dictionary_find(dictionary, name, err);
	if (!entry)
		return -(int)err->code;
	if (entry->code == DICTIONARY_NO_CODE)
		dictionary_number(dictionary, entry, 0);
	if (dictionary->n_codes > JSON_ROWS_COLUMNS_MOST)
		return error_set(err, ERROR_UNSUPPORTED, "there are more than %d different keys",
			JSON_ROWS_COLUMNS_MOST);
	return 0;
}

static int jsonl_survey_line(void *context, struct text line, struct error *err)
{
	struct jsonl_keys *keys = context;
	struct json_scan scan;
	struct json_scan_member member = { .key = TEXT("") };
	int got = -1;
	keys->segment->n_rows++;
	if (json_scan_open(&scan, line)) {
		while ((got = json_scan_next(&scan, &member)) > 0) {
			if (jsonl_key(keys, &member, err) < 0)
				return -(int)err->code;
		}
	}
	return got < 0 ? jsonl_wrong(keys, &scan, &member, err) : 0;
}

static int jsonl_survey_segment(void *context, size_t index, size_t worker, struct error *err)
{
	struct jsonl *jsonl = context;
	struct jsonl_segment *segment = &jsonl->segments[index];
	char *bytes = NULL;
	size_t n;
	if (dictionary_init(&segment->keys, NULL, 0, err) < 0 ||
		jsonl_bytes(jsonl, index, &jsonl->scratch[worker], &segment->problems, &bytes, &n,
			err) < 0 ||
		!n)
		return -(int)err->code;
	struct jsonl_keys keys = { .segment = segment,
		.bytes = bytes,
		.offset = jsonl->csv.segments[index].offset,
		.name = STRBUF_INIT };
	size_t bad = utf8_check((struct text){ bytes, n });
	const char *nul = memchr(bytes, '\0', n);
	if (bad < n)
		jsonl_report(&keys, bytes + bad, "a byte that is not valid UTF-8", err);
	else if (nul)
		jsonl_report(&keys, nul, "a NUL byte", err);
	else
		json_rows_each(bytes, n, jsonl_survey_line, &keys, err);
	strbuf_release(&keys.name);
	return -(int)err->code;
}

static int jsonl_survey(struct jsonl *jsonl, struct error *err)
{
	size_t n = jsonl->csv.n_segments, threads = jsonl->csv.options->threads;
	threads = threads ? threads : parallel_threads();
	threads = threads > PARALLEL_MAX ? PARALLEL_MAX : threads;
	jsonl->segments = memory_allocate(n, sizeof *jsonl->segments, err);
	jsonl->scratch = memory_allocate(threads, sizeof *jsonl->scratch, err);
	for (size_t w = 0; jsonl->scratch && w < threads; w++)
		jsonl->scratch[w].text = STRBUF_INIT;
	if (!err->code)
		parallel_for(threads, n, jsonl_survey_segment, jsonl, err);
	for (size_t w = 0; jsonl->scratch && w < threads; w++)
		passes_scratch_release(&jsonl->scratch[w]);
	memory_free(jsonl->scratch);
	return -(int)err->code;
}

/* All keys in order of first appearance, and the rows before each segment. */
static int jsonl_join(struct jsonl *jsonl, struct error *err)
{
	size_t room = JSON_ROWS_COLUMNS_MOST;
	jsonl->names = memory_allocate(room, sizeof *jsonl->names, err);
	jsonl->texts = memory_allocate(room, sizeof *jsonl->texts, err);
	if (!jsonl->names || !jsonl->texts)
		return -(int)err->code;
	for (size_t s = 0; s < jsonl->csv.n_segments; s++) {
		struct jsonl_segment *segment = &jsonl->segments[s];
		const struct dictionary *keys = &segment->keys;
		segment->first_row = jsonl->n_rows;
		jsonl->n_rows += segment->n_rows;
		for (size_t i = 0; i < keys->n_codes; i++) {
			const char *name = keys->entries[keys->codes_to_entries[i]].at;
			size_t f = jsonl->rows.n_fields;
			if (map_has(&jsonl->index, name))
				continue;
			if (f == room)
				return error_set(err, ERROR_UNSUPPORTED,
					"there are more than %zu different keys", room);
			/* The number + 1, as a pointer that is never followed. */
			jsonl->names[f] = memory_copy_string(name, err);
			if (!jsonl->names[f] ||
				map_put(&jsonl->index, name, (void *)(f + 1), err) < 0)
				return -(int)err->code;
			jsonl->texts[f] = text_of(jsonl->names[f]);
			jsonl->rows.n_fields++;
		}
		dictionary_release(&segment->keys);
	}
	jsonl->rows.names = jsonl->texts;
	jsonl->rows.index = &jsonl->index;
	return 0;
}

static int jsonl_load(void *context, size_t index, struct passes_scratch *scratch,
	struct cells_block *block, struct error *err)
{
	struct jsonl *jsonl = context;
	const struct jsonl_segment *segment = &jsonl->segments[index];
	char *bytes;
	size_t n;
	if (jsonl_bytes(jsonl, index, scratch, block->problems, &bytes, &n, err) < 0 || !n)
		return -(int)err->code;
	block->first_row = segment->first_row;
	return json_rows_encode(&jsonl->rows, bytes, n, jsonl->csv.segments[index].offset,
		segment->n_rows, scratch, block, err);
}

static uint64_t jsonl_done(void *context, size_t index)
{
	const struct jsonl *jsonl = context;
	return jsonl->csv.segments[index].offset + jsonl->csv.segments[index].length;
}

static void jsonl_gather(const struct jsonl *jsonl, struct cells_problems *ret)
{
	for (size_t s = 0; s < jsonl->csv.n_segments; s++) {
		const struct cells_problems *problems = jsonl->segments[s].problems;
		if (!problems)
			continue;
		for (size_t i = 0; i < problems->count && ret->count < PROBLEMS_MOST; i++)
			ret->items[ret->count++] = problems->items[i];
		ret->total += problems->total;
	}
}

static int jsonl_rows(struct jsonl *jsonl, struct table *ret_table,
	struct cells_problems *ret_problems, struct error *err)
{
	const struct origin *origin = jsonl->csv.origin;
	char start[3];
	size_t n;
	if (origin_peek(origin, 0, start, sizeof start, &n, err) < 0)
		return -(int)err->code;
	jsonl->csv.start = n == 3 && memcmp(start, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	if (csv_plan(&jsonl->csv, err) < 0 || jsonl_survey(jsonl, err) < 0 ||
		jsonl_join(jsonl, err) < 0)
		return -(int)err->code;
	jsonl_gather(jsonl, ret_problems);
	if (ret_problems->total)
		return 0;
	if (!jsonl->n_rows || !jsonl->rows.n_fields) {
		struct cells_problems *none = NULL;
		cells_report(&none, 0, err, "there are no %s", jsonl->n_rows ? "keys" : "rows");
		if (none)
			*ret_problems = *none;
		memory_free(none);
		return -(int)err->code;
	}
	struct passes_source source = { .context = jsonl,
		.n_blocks = jsonl->csv.n_segments,
		.n_rows = jsonl->n_rows,
		.n_fields = jsonl->rows.n_fields,
		.names = jsonl->names,
		.json = true,
		.total = origin->size,
		.unit = "bytes",
		.load = jsonl_load,
		.done = jsonl_done };
	return passes_read(&source, jsonl->csv.options, ret_table, ret_problems, err);
}

int jsonl_read(const struct origin *origin, const struct read_options *options, size_t chunk,
	struct table *ret_table, struct read_counts *ret_counts,
	struct cells_problems *ret_problems, struct error *err)
{
	struct jsonl jsonl = { .csv = { .origin = origin,
				       .scan = scan_for(cpu_level()),
				       .options = options,
				       .chunk = chunk,
				       .by_line = true,
				       /* for the plan: empty lines at the end are no rows */
				       .n_fields = 2 } };
	map_init(&jsonl.index, NULL);
	jsonl_rows(&jsonl, ret_table, ret_problems, err);
	*ret_counts = (struct read_counts){ origin->size, jsonl.n_rows, jsonl.csv.lines };
	jsonl_release(&jsonl);
	return -(int)err->code;
}
