#include "passes_internal.h"

#include <math.h>
#include <pthread.h>

#include "mlops/base/parallel.h"
#include "table_internal.h"

enum { PASSES_SAMPLE_BLOCKS = 12, PASSES_SAMPLE_ROWS = 64, PASSES_BEFORE = 64, PASSES_BEHIND = 64 };

int passes_room(struct passes_scratch *scratch, size_t n, char **ret, struct error *err)
{
	size_t wanted = n + PASSES_BEFORE + PASSES_BEHIND;
	if (wanted > scratch->bytes_capacity) {
		memory_free(scratch->bytes);
		scratch->bytes_capacity = 0;
		scratch->bytes = memory_allocate(wanted, 1, err);
		if (!scratch->bytes)
			return -(int)err->code;
		scratch->bytes_capacity = wanted;
	}
	*ret = scratch->bytes + PASSES_BEFORE;
	return 0;
}

int passes_room_ends(struct passes_scratch *scratch, size_t n, uint32_t **ret, struct error *err)
{
	if (n + 1 > scratch->ends_capacity) {
		memory_free(scratch->ends);
		scratch->ends_capacity = 0;
		scratch->ends = memory_allocate(n + 1, sizeof *scratch->ends, err);
		if (!scratch->ends)
			return -(int)err->code;
		scratch->ends_capacity = n + 1;
	}
	scratch->ends[0] = UINT32_MAX;
	*ret = scratch->ends + 1;
	return 0;
}

void passes_scratch_release(struct passes_scratch *scratch)
{
	memory_free(scratch->bytes);
	memory_free(scratch->ends);
	memory_free(scratch->offsets);
	memory_free(scratch->slots);
	strbuf_release(&scratch->text);
	*scratch = (struct passes_scratch){ .text = STRBUF_INIT };
}

static size_t passes_field(const struct passes_source *source, const char *name)
{
	for (size_t f = 0; f < source->n_fields; f++) {
		if (strcmp(source->names[f], name) == 0)
			return f;
	}
	return SIZE_MAX;
}

static int passes_unknown(const struct passes_source *source, const char *name, struct error *err)
{
	AUTO_FREE const char **names = memory_allocate(source->n_fields + 1, sizeof *names, err);
	if (!names)
		return -(int)err->code;
	for (size_t f = 0; f < source->n_fields; f++)
		names[f] = source->names[f];
	error_set(err, ERROR_NOT_FOUND, "there is no column '%s'", name);
	const char *near = text_nearest(name, names);
	return near ? error_hint(err, "did you mean '%s'?", near) : -(int)err->code;
}

/* Which fields are wanted, as columns of the table with their names and declared types. */
static int passes_columns(struct passes *passes, struct table *table, struct error *err)
{
	const struct passes_source *source = passes->source;
	const struct read_options *options = passes->options;
	AUTO_FREE bool *wanted = memory_allocate(source->n_fields, sizeof *wanted, err);
	size_t n = 0;
	if (!wanted)
		return -(int)err->code;
	for (size_t i = 0; options->columns && i < options->n_columns; i++) {
		size_t f = passes_field(source, options->columns[i]);
		if (f == SIZE_MAX)
			return passes_unknown(source, options->columns[i], err);
		wanted[f] = true;
	}
	for (size_t f = 0; f < source->n_fields; f++)
		n += wanted[f] |= !options->columns;
	passes->layout.columns = memory_allocate(n, sizeof *passes->layout.columns, err);
	if (!passes->layout.columns || table_init(table, n, err) < 0)
		return -(int)err->code;
	table->n_rows = source->n_rows;
	for (size_t f = 0; f < source->n_fields; f++) {
		if (!wanted[f])
			continue;
		size_t c = passes->layout.n_columns++;
		table->columns[c].name = memory_copy_string(source->names[f], err);
		if (!table->columns[c].name)
			return -(int)err->code;
		passes->layout.columns[c].column = &table->columns[c];
		passes->layout.columns[c].field = f;
	}
	return 0;
}

static int passes_declare(struct passes *passes, struct error *err)
{
	for (size_t i = 0; i < passes->options->n_types; i++) {
		const struct read_type *type = &passes->options->types[i];
		size_t f = passes_field(passes->source, type->column);
		if (f == SIZE_MAX)
			return passes_unknown(passes->source, type->column, err);
		for (size_t c = 0; c < passes->layout.n_columns; c++) {
			struct cells_column *cell = &passes->layout.columns[c];
			if (cell->field == f) {
				cell->declared = true;
				cell->column->type = type->type;
			}
		}
	}
	return 0;
}

static int passes_load(struct passes *passes, size_t index, size_t worker,
	struct cells_block *block, struct error *err)
{
	*block = (struct cells_block){ .layout = &passes->layout,
		.worker = &passes->workers[worker],
		.texts = passes->blocks[index].texts,
		.problems = &passes->blocks[index].problems };
	return passes->source->load(
		passes->source->context, index, &passes->scratch[worker], block, err);
}

/* Step 1. Problems are left to step 2, which meets them again. */
static int passes_presume(struct passes *passes, struct error *err)
{
	size_t n_blocks = passes->source->n_blocks;
	size_t n = n_blocks < PASSES_SAMPLE_BLOCKS ? n_blocks : PASSES_SAMPLE_BLOCKS;
	struct cells_worker worker = { .scratch = STRBUF_INIT };
	passes->workers = &worker;
	for (size_t i = 0; i < n && !err->code; i++) {
		struct cells_block block;
		size_t index = n == 1 ? 0 : i * (n_blocks - 1) / (n - 1);
		if (passes_load(passes, index, 0, &block, err) < 0)
			break;
		if (block.n_rows > PASSES_SAMPLE_ROWS)
			block.n_rows = PASSES_SAMPLE_ROWS;
		memory_free(passes->blocks[index].problems);
		passes->blocks[index].problems = NULL;
		cells_look(&block, err);
	}
	passes->workers = NULL;
	strbuf_release(&worker.scratch);
	for (size_t c = 0; c < passes->layout.n_columns; c++) {
		struct cells_column *cell = &passes->layout.columns[c];
		/* Where nothing was seen int64 is presumed: whatever fits is FIELD_INTEGER. */
		if (!cell->declared)
			cell->column->type = cell->seen ? field_type(cell->seen) : COLUMN_INT64;
	}
	return -(int)err->code;
}

static int passes_block_texts(struct passes *passes, size_t index, struct error *err)
{
	struct passes_block *block = &passes->blocks[index];
	bool any = false;
	for (size_t c = 0; c < passes->layout.n_columns; c++)
		any |= passes->layout.columns[c].column->type == COLUMN_TEXT;
	if (!any)
		return 0;
	block->texts = memory_allocate(passes->layout.n_columns, sizeof *block->texts, err);
	for (size_t c = 0; block->texts && c < passes->layout.n_columns; c++)
		block->texts[c] = STRBUF_INIT;
	return block->texts ? 0 : -(int)err->code;
}

static int passes_store_block(void *context, size_t index, size_t worker, struct error *err)
{
	struct passes *passes = context;
	const struct passes_source *source = passes->source;
	struct cells_block block;
	if (passes_block_texts(passes, index, err) < 0 ||
		passes_load(passes, index, worker, &block, err) < 0)
		return -(int)err->code;
	passes->blocks[index].first_row = block.first_row;
	passes->blocks[index].n_rows = block.n_rows;
	passes->blocks[index].worker = worker;
	if (cells_store_block(&block, err) < 0)
		return -(int)err->code;
	if (passes->caller == (unsigned long)pthread_self()) {
		event_progress(passes->options->events, "reading", source->unit,
			source->done(source->context, index), source->total);
		if (event_stopped(passes->options->events))
			return error_set(err, ERROR_CANCELLED, "stopped while reading");
	}
	return 0;
}

static void passes_release_blocks(struct passes *passes)
{
	for (size_t b = 0; passes->blocks && b < passes->source->n_blocks; b++) {
		struct passes_block *block = &passes->blocks[b];
		for (size_t c = 0; block->texts && c < passes->layout.n_columns; c++)
			strbuf_release(&block->texts[c]);
		memory_free(block->texts);
		memory_free(block->problems);
		*block = (struct passes_block){ .texts = NULL };
	}
}

static void passes_release_workers(struct passes *passes)
{
	for (size_t w = 0; passes->workers && w < passes->n_workers; w++)
		cells_worker_release(&passes->workers[w], &passes->layout);
	memory_free(passes->workers);
	passes->workers = NULL;
}

/* Step 2. */
static int passes_store(struct passes *passes, struct error *err)
{
	struct cells_layout *layout = &passes->layout;
	size_t n_rows = passes->source->n_rows;
	for (size_t c = 0; c < layout->n_columns; c++) {
		struct cells_column *cell = &layout->columns[c];
		cell->misfits = 0;
		cell->category_most = cell->declared ? SIZE_MAX : field_category_most(n_rows);
		if (column_allocate(cell->column, cell->column->type, n_rows, err) < 0 ||
			column_allocate_mask(cell->column, n_rows, err) < 0)
			return -(int)err->code;
	}
	cells_prepare(layout, cpu_level());
	passes->workers = memory_allocate(passes->n_workers, sizeof *passes->workers, err);
	for (size_t w = 0; passes->workers && w < passes->n_workers && !err->code; w++)
		cells_worker_init(&passes->workers[w], layout, err);
	if (err->code)
		return -(int)err->code;
	return parallel_for(
		passes->n_workers, passes->source->n_blocks, passes_store_block, passes, err);
}

/* In order of blocks, up to the first that makes the rest unreadable. */
static void passes_gather(struct passes *passes, struct cells_problems *ret)
{
	*ret = (struct cells_problems){ .count = 0 };
	for (size_t b = 0; b < passes->source->n_blocks && !ret->fatal; b++) {
		struct cells_problems *problems = passes->blocks[b].problems;
		if (!problems)
			continue;
		for (size_t i = 0; i < problems->count && ret->count < PROBLEMS_MOST; i++)
			ret->items[ret->count++] = problems->items[i];
		ret->total += problems->total;
		ret->fatal = problems->fatal;
	}
}

/*
 * JSON says what is a string. A column of strings and others is an error: it is read again as if
 * numbers (or booleans) had been declared, so that each string in it is named.
 */
static bool passes_mixes_strings(const struct passes *passes, unsigned seen)
{
	const unsigned strings = FIELD_TEXT | FIELD_TIMESTAMP | FIELD_MANY;
	return passes->source->json && (seen & strings) && (seen & ~strings);
}

/* Step 3 and 4 for one column. */
static int passes_decide(struct passes *passes, size_t c, bool *ret_again, struct error *err)
{
	struct cells_column *cell = &passes->layout.columns[c];
	struct column *column = cell->column;
	size_t n_rows = passes->source->n_rows;
	unsigned seen = cell->seen;
	enum column_type type = column->type;
	column_count_missing(column, n_rows);
	if (!cell->declared) {
		if (type == COLUMN_INT64 && column->n_missing + cell->misfits < n_rows)
			cell->seen = seen |= FIELD_INTEGER;
		type = field_type(seen);
		if (passes_mixes_strings(passes, seen)) {
			seen &= FIELD_INTEGER | FIELD_LONG | FIELD_REAL;
			type = seen ? field_type(seen) : COLUMN_BOOLEAN;
			cell->declared = true;
		}
	}
	*ret_again = type != column->type;
	if (!seen && !cell->declared) { /* nothing but missing: NaN has the size of an int64 */
		for (size_t r = 0; r < n_rows; r++)
			column->float64[r] = (double)NAN;
		column->type = type;
		*ret_again = false;
	}
	if (!*ret_again && type == COLUMN_CATEGORY) {
		if (passes_finish_category(passes, c, ret_again, err) < 0)
			return -(int)err->code;
		if (*ret_again) {
			cell->seen |= FIELD_MANY;
			type = COLUMN_TEXT;
		}
	} else if (!*ret_again && type == COLUMN_TEXT) {
		return passes_finish_text(passes, c, err);
	}
	if (*ret_again) {
		column_clear(column);
		column->type = type;
	}
	return 0;
}

/* All passes; afterwards the layout holds no column, or there are problems. */
static int passes_run(struct passes *passes, struct cells_problems *ret_problems, struct error *err)
{
	struct cells_layout *layout = &passes->layout;
	while (layout->n_columns) {
		size_t again = 0, n_columns = layout->n_columns;
		if (passes_store(passes, err) < 0)
			return -(int)err->code;
		passes_gather(passes, ret_problems);
		if (ret_problems->total)
			return 0;
		AUTO_FREE bool *keep = memory_allocate(n_columns, sizeof *keep, err);
		for (size_t c = 0; keep && c < n_columns && !err->code; c++)
			passes_decide(passes, c, &keep[c], err);
		if (err->code)
			return -(int)err->code;
		passes_release_workers(passes);
		passes_release_blocks(passes);
		for (size_t c = 0; c < n_columns; c++) {
			if (keep[c])
				layout->columns[again++] = layout->columns[c];
		}
		layout->n_columns = again;
	}
	return 0;
}

static int passes_prepare(struct passes *passes, struct table *table, struct error *err)
{
	const struct passes_source *source = passes->source;
	const struct read_options *options = passes->options;
	passes->layout.n_fields = source->n_fields;
	passes->layout.json = source->json;
	passes->n_workers = options->threads ? options->threads : parallel_threads();
	if (passes->n_workers > source->n_blocks)
		passes->n_workers = source->n_blocks ? source->n_blocks : 1;
	if (passes->n_workers > PARALLEL_MAX)
		passes->n_workers = PARALLEL_MAX;
	passes->blocks = memory_allocate(source->n_blocks, sizeof *passes->blocks, err);
	passes->scratch = memory_allocate(passes->n_workers, sizeof *passes->scratch, err);
	if (!passes->blocks || !passes->scratch)
		return -(int)err->code;
	for (size_t w = 0; w < passes->n_workers; w++)
		passes->scratch[w].text = STRBUF_INIT;
	if (field_missing_init(&passes->layout.missing, options->missing, options->n_missing, err) <
		0)
		return -(int)err->code;
	if (passes_columns(passes, table, err) < 0 || passes_declare(passes, err) < 0)
		return -(int)err->code;
	return 0;
}

int passes_read(const struct passes_source *source, const struct read_options *options,
	struct table *ret_table, struct cells_problems *ret_problems, struct error *err)
{
	struct passes passes = { .source = source, .options = options };
	AUTO(table_release) struct table table = { 0 };
	passes.caller = (unsigned long)pthread_self();
	if (passes_prepare(&passes, &table, err) == 0 && passes_presume(&passes, err) == 0)
		passes_run(&passes, ret_problems, err);
	passes_release_workers(&passes);
	passes_release_blocks(&passes);
	for (size_t w = 0; passes.scratch && w < passes.n_workers; w++)
		passes_scratch_release(&passes.scratch[w]);
	memory_free(passes.scratch);
	memory_free(passes.blocks);
	memory_free(passes.layout.columns);
	field_missing_release(&passes.layout.missing);
	if (err->code)
		return -(int)err->code;
	if (!ret_problems->total) {
		*ret_table = table;
		table = (struct table){ .n_rows = 0 };
	}
	return 0;
}
