#include "json_rows_internal.h"

#include "json_scan_internal.h"

/* What must be readable around cells; see cells_internal.h. */
enum { JSON_ROWS_BEFORE = 64, JSON_ROWS_BEHIND = 64, JSON_ROWS_ENDS_MOST = 1 << 26 };

/* A value of the row that is being read. */
struct json_rows_slot {
	struct text value;
	uint64_t row; /* of which the value is, from 1 */
	bool string, escaped;
};

bool json_rows_name(struct text raw, bool escaped, struct strbuf *scratch)
{
	strbuf_clear(scratch);
	if (escaped)
		return json_scan_unescape(raw, scratch);
	strbuf_add_bytes(scratch, raw.at, raw.length);
	return true;
}

int json_rows_each(
	const char *bytes, size_t n, json_rows_visit *visit, void *context, struct error *err)
{
	for (size_t at = 0; at < n;) {
		const char *newline = memchr(bytes + at, '\n', n - at);
		size_t end = newline ? (size_t)(newline - bytes) : n;
		struct text line = { bytes + at, end - at };
		at = end + 1;
		if (text_trim(line).length && visit(context, line, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

struct json_rows_job {
	const struct json_rows *rows;
	const char *bytes;
	uint64_t offset;
	struct passes_scratch *scratch;
	struct cells_block *block;
	struct json_rows_slot *slots;
	struct strbuf key;
	uint32_t *ends;
	uint64_t *row_offsets;
	size_t n_rows, n_room;
};

/* The column of a key: mostly the one behind the last one; SIZE_MAX if it is none. */
static size_t json_rows_find(
	struct json_rows_job *job, const struct json_scan_member *member, size_t hint)
{
	const struct json_rows *rows = job->rows;
	if (!member->key_escaped && hint < rows->n_fields &&
		text_equal(member->key, rows->names[hint]))
		return hint;
	json_rows_name(member->key, member->key_escaped, &job->key);
	return (size_t)(uintptr_t)map_get(rows->index, job->key.text) - 1;
}

static int json_rows_report(
	struct json_rows_job *job, const char *at, const char *message, struct error *err)
{
	return cells_report(job->block->problems, job->offset + (uint64_t)(at - job->bytes), err,
		"%s", message);
}

static int json_rows_cell(
	struct json_rows_job *job, const struct json_rows_slot *slot, struct error *err)
{
	struct strbuf *out = &job->scratch->text;
	if (!slot->string) {
		strbuf_add_bytes(out, slot->value.at, slot->value.length);
		return 0;
	}
	struct text value = slot->value;
	if (slot->escaped) {
		strbuf_clear(&job->key);
		if (!json_scan_unescape(slot->value, &job->key))
			return json_rows_report(
				job, slot->value.at, "a string holds a NUL character", err);
		value = (struct text){ job->key.text, job->key.length };
	}
	strbuf_add_char(out, '"');
	for (size_t i = 0, from = 0; i <= value.length; i++) {
		if (i < value.length && value.at[i] != '"')
			continue;
		strbuf_add_bytes(out, value.at + from, i - from);
		strbuf_add(out, i < value.length ? "\"\"" : "\"");
		from = i + 1;
	}
	return 0;
}

static int json_rows_write(struct json_rows_job *job, struct error *err)
{
	struct strbuf *out = &job->scratch->text;
	uint32_t *ends = job->ends + job->n_rows * job->rows->n_fields;
	for (size_t f = 0; f < job->rows->n_fields; f++) {
		const struct json_rows_slot *slot = &job->slots[f];
		if (slot->row == job->n_rows + 1 && json_rows_cell(job, slot, err) < 0)
			return -(int)err->code;
		ends[f] = (uint32_t)(out->length - JSON_ROWS_BEFORE);
		strbuf_add_char(out, ',');
	}
	if (out->length > UINT32_MAX / 2)
		return error_set(err, ERROR_UNSUPPORTED, "the lines are too long");
	job->n_rows++;
	return 0;
}

static int json_rows_line(void *context, struct text line, struct error *err)
{
	struct json_rows_job *job = context;
	struct json_scan scan;
	struct json_scan_member member;
	size_t field = SIZE_MAX;
	int got = -1;
	if (job->n_rows == job->n_room)
		return error_set(err, ERROR_IO, "the file changed while it was read");
	job->row_offsets[job->n_rows] = job->offset + (uint64_t)(line.at - job->bytes);
	if (json_scan_open(&scan, line)) {
		while ((got = json_scan_next(&scan, &member)) > 0) {
			field = json_rows_find(job, &member, field + 1);
			if (field == SIZE_MAX)
				continue;
			struct json_rows_slot *slot = &job->slots[field];
			if (slot->row == job->n_rows + 1)
				return json_rows_report(job, member.key.at,
					"the key stands twice in the object", err);
			*slot = (struct json_rows_slot){ member.value, job->n_rows + 1,
				member.kind == JSON_SCAN_STRING, member.value_escaped };
			if (member.kind == JSON_SCAN_NULL)
				slot->value.length = 0;
		}
	}
	if (got < 0)
		return json_rows_report(job, scan.at, scan.message, err);
	return json_rows_write(job, err);
}

static int json_rows_prepare(struct json_rows_job *job, size_t n_rows, struct error *err)
{
	size_t n_fields = job->rows->n_fields;
	struct passes_scratch *scratch = job->scratch;
	if (n_fields && n_rows > JSON_ROWS_ENDS_MOST / n_fields)
		return error_set(err, ERROR_UNSUPPORTED,
			"the objects have too many different keys for their number");
	if (passes_room_ends(scratch, n_rows * n_fields, &job->ends, err) < 0)
		return -(int)err->code;
	if (scratch->offsets_capacity < n_rows) {
		memory_free(scratch->offsets);
		scratch->offsets = memory_allocate(n_rows, sizeof *scratch->offsets, err);
		scratch->offsets_capacity = scratch->offsets ? n_rows : 0;
	}
	if (scratch->slots_capacity < n_fields) {
		memory_free(scratch->slots);
		scratch->slots = memory_allocate(n_fields, sizeof *job->slots, err);
		scratch->slots_capacity = scratch->slots ? n_fields : 0;
	}
	if (err->code)
		return -(int)err->code;
	job->slots = scratch->slots;
	job->row_offsets = scratch->offsets;
	for (size_t f = 0; f < n_fields; f++)
		job->slots[f].row = 0;
	strbuf_clear(&scratch->text);
	strbuf_add_repeated(&scratch->text, '\n', JSON_ROWS_BEFORE);
	return 0;
}

int json_rows_encode(const struct json_rows *rows, const char *bytes, size_t n, uint64_t offset,
	size_t n_rows, struct passes_scratch *scratch, struct cells_block *block, struct error *err)
{
	struct json_rows_job job = { .rows = rows,
		.bytes = bytes,
		.offset = offset,
		.scratch = scratch,
		.block = block,
		.key = STRBUF_INIT,
		.n_room = n_rows };
	if (json_rows_prepare(&job, n_rows, err) == 0)
		json_rows_each(bytes, n, json_rows_line, &job, err);
	strbuf_release(&job.key);
	strbuf_reserve(&scratch->text, JSON_ROWS_BEHIND);
	if (err->code || strbuf_check(&scratch->text, err) < 0)
		return -(int)err->code;
	block->bytes = scratch->text.text + JSON_ROWS_BEFORE;
	block->ends = job.ends;
	block->row_offsets = job.row_offsets;
	block->n_rows = *block->problems ? 0 : job.n_rows;
	return 0;
}
