#include "passes_internal.h"

#include "mlops/base/parallel.h"
#include "mlops/base/sort.h"
#include "table_internal.h"

struct passes_first {
	uint64_t row;
	size_t worker;
	const struct dictionary_entry *entry;
};

static int passes_compare_first(const void *a, const void *b, void *context)
{
	const struct passes_first *left = a, *right = b;
	(void)context;
	return left->row < right->row ? -1 : left->row > right->row;
}

/* The numbered entries of all workers, by the row where each worker met them first. */
static struct passes_first *passes_firsts(
	struct passes *passes, size_t c, size_t *ret_count, struct error *err)
{
	size_t count = 0;
	for (size_t w = 0; w < passes->n_workers; w++)
		count += passes->workers[w].dictionaries[c].n_codes;
	struct passes_first *firsts = memory_allocate(count, sizeof *firsts, err);
	if (!firsts)
		return NULL;
	*ret_count = 0;
	for (size_t w = 0; w < passes->n_workers; w++) {
		const struct dictionary *dictionary = &passes->workers[w].dictionaries[c];
		for (size_t i = 0; i < dictionary->n_codes; i++) {
			const struct dictionary_entry *entry =
				&dictionary->entries[dictionary->codes_to_entries[i]];
			firsts[(*ret_count)++] =
				(struct passes_first){ entry->first_row, w, entry };
		}
	}
	if (sort_items(firsts, count, sizeof *firsts, passes_compare_first, NULL, err) < 0) {
		memory_free(firsts);
		return NULL;
	}
	return firsts;
}

struct passes_renumber {
	struct passes *passes;
	struct column *column;
	uint32_t **maps; /* by worker, from its codes */
};

static int passes_renumber_block(void *context, size_t index, size_t worker, struct error *err)
{
	struct passes_renumber *job = context;
	const struct passes_block *block = &job->passes->blocks[index];
	const uint32_t *map = job->maps[block->worker];
	uint32_t *codes = job->column->codes;
	(void)worker;
	(void)err;
	for (size_t r = block->first_row; map && r < block->first_row + block->n_rows; r++)
		codes[r] = column_is_missing(job->column, r) ? 0 : map[codes[r]];
	return 0;
}

/* Numbers every entry in the joint dictionary; the maps of workers whose numbers stay are NULL. */
static int passes_join(struct passes *passes, size_t c, const struct passes_first *firsts,
	size_t count, struct dictionary *joint, uint32_t **maps, struct error *err)
{
	bool *differs = memory_allocate(passes->n_workers, sizeof *differs, err);
	if (!differs)
		return -(int)err->code;
	for (size_t i = 0; i < count && !err->code; i++) {
		const struct passes_first *first = &firsts[i];
		struct dictionary_entry *entry = dictionary_find(
			joint, (struct text){ first->entry->at, first->entry->length }, err);
		size_t n_codes = passes->workers[first->worker].dictionaries[c].n_codes;
		if (entry && !maps[first->worker])
			maps[first->worker] = memory_allocate(n_codes, sizeof **maps, err);
		if (err->code)
			break;
		if (entry->code == DICTIONARY_NO_CODE)
			dictionary_number(joint, entry, first->row);
		maps[first->worker][first->entry->code] = entry->code;
		differs[first->worker] |= entry->code != first->entry->code;
	}
	for (size_t w = 0; w < passes->n_workers && !err->code; w++) {
		if (!differs[w]) {
			memory_free(maps[w]);
			maps[w] = NULL;
		}
	}
	memory_free(differs);
	return -(int)err->code;
}

static int passes_set_categories(
	struct column *column, const struct dictionary *joint, struct error *err)
{
	AUTO_FREE struct text *texts = memory_allocate(joint->n_codes, sizeof *texts, err);
	if (!texts)
		return -(int)err->code;
	for (size_t i = 0; i < joint->n_codes; i++) {
		const struct dictionary_entry *entry = &joint->entries[joint->codes_to_entries[i]];
		texts[i] = (struct text){ entry->at, entry->length };
	}
	return column_set_categories(column, texts, joint->n_codes, err);
}

int passes_finish_category(struct passes *passes, size_t c, bool *ret_again, struct error *err)
{
	struct cells_column *cell = &passes->layout.columns[c];
	size_t count = 0, n_rows = passes->source->n_rows;
	struct dictionary joint;
	AUTO_FREE struct passes_first *firsts = passes_firsts(passes, c, &count, err);
	uint32_t **maps = memory_allocate(passes->n_workers, sizeof *maps, err);
	if (firsts && maps && dictionary_init(&joint, NULL, 0, err) == 0) {
		size_t most = cell->declared
				      ? SIZE_MAX
				      : field_category_most(n_rows - cell->column->n_missing);
		struct passes_renumber job = { passes, cell->column, maps };
		passes_join(passes, c, firsts, count, &joint, maps, err);
		*ret_again = !err->code && joint.n_codes > most;
		if (!err->code && !*ret_again &&
			passes_set_categories(cell->column, &joint, err) == 0)
			parallel_for(passes->n_workers, passes->source->n_blocks,
				passes_renumber_block, &job, err);
		dictionary_release(&joint);
	}
	for (size_t w = 0; maps && w < passes->n_workers; w++)
		memory_free(maps[w]);
	memory_free(maps);
	return -(int)err->code;
}

int passes_finish_text(struct passes *passes, size_t c, struct error *err)
{
	struct column *column = passes->layout.columns[c].column;
	uint64_t length = 0, at = 0;
	for (size_t b = 0; b < passes->source->n_blocks; b++)
		length += passes->blocks[b].texts[c].length;
	column->bytes = memory_allocate_small_pages(length, err);
	if (!column->bytes)
		return -(int)err->code;
	for (size_t b = 0; b < passes->source->n_blocks; b++) {
		struct passes_block *block = &passes->blocks[b];
		struct strbuf *text = &block->texts[c];
		memcpy(column->bytes + at, text->text, text->length);
		for (size_t r = block->first_row; r < block->first_row + block->n_rows; r++)
			column->offsets[r + 1] += at;
		at += text->length;
		strbuf_release(text); /* so that both are never whole in memory */
	}
	return 0;
}
