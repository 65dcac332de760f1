#include "sqlite_internal.h"

#include <ctype.h>

#include "mlops/base/map.h"
#include "mlops/base/utf8.h"
#include "mlops/base/vec.h"
#include "mlops/database/foreign.h"
#include "passes_internal.h"

/* What must be readable around cells (cells_internal.h), and when a block is full. */
enum { SQLITE_BEFORE = 64, SQLITE_BEHIND = 64, SQLITE_BLOCK = 256 << 10 };

struct sqlite_block {
	struct strbuf text; /* SQLITE_BEFORE bytes, then the cells */
	VEC(uint32_t) ends; /* UINT32_MAX, then the ends */
	VEC(uint64_t) rows; /* number of each row */
	size_t first_row;
};

struct sqlite {
	const struct read_options *options;
	struct statement *statement;
	char **names;
	size_t n_fields, n_rows;
	VEC(struct sqlite_block) blocks;
	struct cells_problems *problems; /* of values that no table holds */
};

static void sqlite_release(struct sqlite *sqlite)
{
	statement_finish(sqlite->statement);
	for (size_t b = 0; b < sqlite->blocks.count; b++) {
		strbuf_release(&sqlite->blocks.items[b].text);
		vec_release(&sqlite->blocks.items[b].ends);
		vec_release(&sqlite->blocks.items[b].rows);
	}
	vec_release(&sqlite->blocks);
	for (size_t f = 0; sqlite->names && f < sqlite->n_fields; f++)
		memory_free(sqlite->names[f]);
	memory_free(sqlite->names);
	memory_free(sqlite->problems);
}

/* "SELECT …" or "WITH …"; everything else is the name of a table. */
static bool sqlite_is_query(const char *text)
{
	struct text query = text_trim(text_of(text));
	char word[8] = "";
	for (size_t i = 0; i < sizeof word - 1 && i < query.length; i++)
		word[i] = (char)tolower((unsigned char)query.at[i]);
	bool select = strncmp(word, "select", 6) == 0 && query.length > 6;
	bool with = strncmp(word, "with", 4) == 0 && query.length > 4;
	return (select && !isalnum((unsigned char)query.at[6]) && query.at[6] != '_') ||
	       (with && isspace((unsigned char)query.at[4]));
}

static int sqlite_only_table(struct foreign *foreign, const char **ret, struct error *err)
{
	const char *const *names;
	size_t count;
	if (foreign_tables(foreign, &names, &count, err) < 0)
		return -(int)err->code;
	*ret = count ? names[0] : NULL;
	if (count == 1)
		return 0;
	error_set(err, ERROR_INVALID,
		count ? "there are %zu tables; data.query must say which" : "there are %zu tables",
		count);
	if (count)
		error_hint(err, "the first are '%.60s' and '%.60s'", names[0], names[1]);
	return -ERROR_INVALID;
}

static int sqlite_start(struct sqlite *sqlite, struct foreign *foreign, struct error *err)
{
	const char *query = sqlite->options->query;
	if (!query && sqlite_only_table(foreign, &query, err) < 0)
		return -(int)err->code;
	sqlite->statement = sqlite_is_query(query) ? foreign_query(foreign, query, err)
						   : foreign_table(foreign, query, err);
	return sqlite->statement ? 0 : -(int)err->code;
}

static int sqlite_read_names(struct sqlite *sqlite, struct error *err)
{
	AUTO(map_release) struct map seen;
	map_init(&seen, NULL);
	size_t n = (size_t)row_cells(sqlite->statement);
	sqlite->names = memory_allocate(n, sizeof *sqlite->names, err);
	if (!sqlite->names)
		return -(int)err->code;
	sqlite->n_fields = n;
	for (size_t f = 0; f < n; f++) {
		const char *title = row_title(sqlite->statement, (int)f);
		sqlite->names[f] = memory_copy_string(title ? title : "", err);
		if (!sqlite->names[f])
			return -(int)err->code;
		if (!*sqlite->names[f])
			return error_set(err, ERROR_INVALID, "column %zu has no name", f + 1);
		if (map_has(&seen, sqlite->names[f]))
			return error_set(
				err, ERROR_INVALID, "two columns are named '%s'", sqlite->names[f]);
		if (map_put(&seen, sqlite->names[f], NULL, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

static void sqlite_add_string(struct strbuf *out, struct text text)
{
	strbuf_add_char(out, '"');
	for (size_t i = 0, from = 0; i <= text.length; i++) {
		if (i < text.length && text.at[i] != '"')
			continue;
		strbuf_add_bytes(out, text.at + from, i - from);
		strbuf_add(out, i < text.length ? "\"\"" : "\"");
		from = i + 1;
	}
}

/* A real number keeps looking like one: 1.0, not 1. */
static void sqlite_add_number(struct strbuf *out, double value)
{
	size_t start = out->length;
	strbuf_add_double(out, value);
	if (strspn(out->text + start, "-0123456789") == out->length - start)
		strbuf_add(out, ".0");
}

static int sqlite_cell(struct sqlite *sqlite, struct strbuf *out, size_t field, struct error *err)
{
	struct text text;
	int column = (int)field;
	switch (row_type(sqlite->statement, column)) {
	case CELL_NULL:
		return 0;
	case CELL_INTEGER:
		strbuf_printf(out, "%lld", (long long)row_integer(sqlite->statement, column));
		return 0;
	case CELL_NUMBER:
		sqlite_add_number(out, row_number(sqlite->statement, column));
		return 0;
	case CELL_TEXT:
		text = row_text(sqlite->statement, column);
		if (utf8_check(text) < text.length ||
			(text.length && memchr(text.at, '\0', text.length)))
			return cells_report(&sqlite->problems, sqlite->n_rows, err,
				"column '%.100s': the text holds a NUL byte or is not valid UTF-8",
				sqlite->names[field]);
		sqlite_add_string(out, text);
		return 0;
	default:
		return cells_report(&sqlite->problems, sqlite->n_rows, err,
			"column '%.100s': a BLOB is no value of a table", sqlite->names[field]);
	}
}

static struct sqlite_block *sqlite_new_block(struct sqlite *sqlite, struct error *err)
{
	vec_push(&sqlite->blocks,
		(struct sqlite_block){ .text = STRBUF_INIT, .first_row = sqlite->n_rows });
	if (vec_check(&sqlite->blocks, err) < 0)
		return NULL;
	struct sqlite_block *block = &sqlite->blocks.items[sqlite->blocks.count - 1];
	strbuf_add_repeated(&block->text, '\n', SQLITE_BEFORE);
	vec_push(&block->ends, UINT32_MAX);
	return block;
}

static int sqlite_row(struct sqlite *sqlite, struct sqlite_block *block, struct error *err)
{
	for (size_t f = 0; f < sqlite->n_fields; f++) {
		if (sqlite_cell(sqlite, &block->text, f, err) < 0)
			return -(int)err->code;
		if (block->text.length > UINT32_MAX / 2)
			return error_set(
				err, ERROR_UNSUPPORTED, "row %zu is too long", sqlite->n_rows + 1);
		vec_push(&block->ends, (uint32_t)(block->text.length - SQLITE_BEFORE));
		strbuf_add_char(&block->text, ',');
	}
	vec_push(&block->rows, sqlite->n_rows);
	if (vec_check(&block->ends, err) < 0 || vec_check(&block->rows, err) < 0)
		return -(int)err->code;
	sqlite->n_rows++;
	return strbuf_check(&block->text, err);
}

static int sqlite_read_rows(struct sqlite *sqlite, struct error *err)
{
	struct sqlite_block *block = NULL;
	int more;
	while ((more = statement_step(sqlite->statement, err)) > 0) {
		if (!block || block->text.length >= SQLITE_BLOCK) {
			if (block)
				strbuf_reserve(&block->text, SQLITE_BEHIND);
			if (event_stopped(sqlite->options->events))
				return error_set(err, ERROR_CANCELLED, "stopped while reading");
			event_progress(
				sqlite->options->events, "reading", "rows", sqlite->n_rows, 0);
			block = sqlite_new_block(sqlite, err);
		}
		if (!block || sqlite_row(sqlite, block, err) < 0)
			return -(int)err->code;
	}
	if (block) {
		strbuf_reserve(&block->text, SQLITE_BEHIND);
		if (strbuf_check(&block->text, err) < 0)
			return -(int)err->code;
	}
	return more;
}

static int sqlite_load(void *context, size_t index, struct passes_scratch *scratch,
	struct cells_block *block, struct error *err)
{
	const struct sqlite *sqlite = context;
	const struct sqlite_block *from = &sqlite->blocks.items[index];
	(void)scratch;
	(void)err;
	block->bytes = from->text.text + SQLITE_BEFORE;
	block->ends = from->ends.items + 1;
	block->row_offsets = from->rows.items;
	block->first_row = from->first_row;
	block->n_rows = from->rows.count;
	return 0;
}

static uint64_t sqlite_done(void *context, size_t index)
{
	const struct sqlite *sqlite = context;
	return sqlite->blocks.items[index].first_row + sqlite->blocks.items[index].rows.count;
}

static int sqlite_read_all(struct sqlite *sqlite, struct table *ret_table,
	struct cells_problems *ret_problems, struct error *err)
{
	if (sqlite_read_names(sqlite, err) < 0 || sqlite_read_rows(sqlite, err) < 0)
		return -(int)err->code;
	if (sqlite->problems) {
		*ret_problems = *sqlite->problems;
		return 0;
	}
	if (!sqlite->n_rows)
		return error_set(err, ERROR_INVALID, "there are no rows");
	struct passes_source source = { .context = sqlite,
		.n_blocks = sqlite->blocks.count,
		.n_rows = sqlite->n_rows,
		.n_fields = sqlite->n_fields,
		.names = sqlite->names,
		.json = true,
		.total = sqlite->n_rows,
		.unit = "rows",
		.load = sqlite_load,
		.done = sqlite_done };
	return passes_read(&source, sqlite->options, ret_table, ret_problems, err);
}

int sqlite_read(const struct read_options *options, struct table *ret_table,
	struct read_counts *ret_counts, struct cells_problems *ret_problems, struct error *err)
{
	AUTO(foreign_close) struct foreign *foreign = NULL;
	struct sqlite sqlite = { .options = options };
	if (!options->path || strcmp(options->path, "-") == 0)
		return error_set(err, ERROR_UNSUPPORTED, "a SQLite database must be a file");
	if (foreign_open(options->path, &foreign, err) < 0)
		return -(int)err->code;
	if (sqlite_start(&sqlite, foreign, err) == 0)
		sqlite_read_all(&sqlite, ret_table, ret_problems, err);
	ret_counts->rows = sqlite.n_rows;
	sqlite_release(&sqlite);
	return -(int)err->code;
}
