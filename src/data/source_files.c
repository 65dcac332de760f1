#include "source_internal.h"

#include <string.h>

#include "concat_internal.h"
#include "mlops/base/path.h"

static int source_read_one(const char *root, const char *path, const struct read_options *given,
	struct table *ret_table, struct read_counts *ret_counts, struct error *err)
{
	AUTO_FREE char *full = path_join(root, path, err);
	if (!full)
		return -(int)err->code;
	struct read_options options = *given;
	options.path = full;
	options.name = path; /* as the user wrote it */
	return table_read(&options, ret_table, ret_counts, err);
}

/* The files of a split, as far as they are given. */
struct source_parts {
	const char *root;
	const struct read_options *options;
	const char *paths[SPLIT_PART_COUNT];
	enum split_part which[SPLIT_PART_COUNT];
	struct table tables[SPLIT_PART_COUNT];
	size_t count;
};

static int source_check_columns(
	const struct source_parts *parts, size_t a, size_t b, struct error *err)
{
	const struct table *table = &parts->tables[a];
	for (size_t c = 0; c < table->n_columns; c++) {
		const char *name = table->columns[c].name;
		if (!table_column(&parts->tables[b], name, NULL))
			return error_set(err, ERROR_INVALID, "%s has no column '%s', but %s has",
				parts->paths[b], name, parts->paths[a]);
	}
	return 0;
}

/* The type of a column over all files. */
static enum column_type source_joint_type(const struct source_parts *parts, const char *name)
{
	const struct column *first = table_column(&parts->tables[0], name, NULL);
	enum column_type type = first->type;
	for (size_t a = 0; a < parts->count; a++) {
		const struct column *left = table_column(&parts->tables[a], name, NULL);
		for (size_t b = a + 1; b < parts->count; b++) {
			const struct column *right = table_column(&parts->tables[b], name, NULL);
			enum column_type both = concat_type(
				left, parts->tables[a].n_rows, right, parts->tables[b].n_rows);
			/* Of three files two may agree on less than all: texts win. */
			if ((a == 0 && b == 1) || both == COLUMN_TEXT ||
				(both == COLUMN_CATEGORY && type != COLUMN_TEXT) ||
				(both == COLUMN_FLOAT64 && type == COLUMN_INT64))
				type = both;
		}
	}
	return type;
}

/* Reads those files again in which a column has another type than in all together. */
static int source_agree(struct source_parts *parts, struct error *err)
{
	const struct table *first = &parts->tables[0];
	size_t n = first->n_columns;
	AUTO_FREE struct read_type *types = memory_allocate(n, sizeof *types, err);
	if (!types)
		return -(int)err->code;
	AUTO_FREE char **names = memory_allocate(n, sizeof *names, err);
	for (size_t c = 0; names && c < n && !err->code; c++) {
		names[c] = memory_copy_string(first->columns[c].name, err);
		if (names[c])
			types[c] =
				(struct read_type){ names[c], source_joint_type(parts, names[c]) };
	}
	struct read_options options = *parts->options;
	options.types = types;
	options.n_types = n;
	for (size_t t = 0; t < parts->count && !err->code; t++) {
		bool differs = false;
		for (size_t c = 0; c < n; c++)
			differs |= table_column(&parts->tables[t], names[c], NULL)->type !=
				   types[c].type;
		if (!differs)
			continue;
		table_release(&parts->tables[t]);
		source_read_one(
			parts->root, parts->paths[t], &options, &parts->tables[t], NULL, err);
	}
	for (size_t c = 0; names && c < n; c++)
		memory_free(names[c]);
	return -(int)err->code;
}

static int source_join(
	struct source_parts *parts, struct source *source, uint8_t **ret_parts, struct error *err)
{
	for (size_t t = 1; t < parts->count; t++) {
		if (source_check_columns(parts, 0, t, err) < 0 ||
			source_check_columns(parts, t, 0, err) < 0)
			return -(int)err->code;
	}
	if (source_agree(parts, err) < 0 ||
		concat_tables(parts->tables, parts->count, &source->table, err) < 0)
		return -(int)err->code;
	uint8_t *which = *ret_parts = memory_allocate(source->table.n_rows, 1, err);
	if (!which)
		return -(int)err->code;
	for (size_t t = 0; t < parts->count; t++) {
		memset(which, (int)parts->which[t], parts->tables[t].n_rows);
		which += parts->tables[t].n_rows;
	}
	return 0;
}

int source_read(const struct source_settings *settings, const char *root,
	const struct read_options *options, struct source *source, uint8_t **ret_parts,
	struct error *err)
{
	if (!settings->has_files)
		return source_read_one(
			root, settings->reader.path, options, &source->table, &source->counts, err);
	struct source_parts parts = { .root = root, .options = options };
	for (int part = 0; part < SPLIT_PART_COUNT && !err->code; part++) {
		struct read_counts counts = { 0 };
		size_t t = parts.count;
		if (!settings->files[part])
			continue;
		parts.paths[t] = settings->files[part];
		parts.which[t] = (enum split_part)part;
		if (source_read_one(root, parts.paths[t], options, &parts.tables[t], &counts, err) <
			0)
			break;
		parts.count++;
		source->counts.bytes += counts.bytes;
		source->counts.rows += counts.rows;
		source->counts.lines += counts.lines;
	}
	if (!err->code && !parts.count)
		error_set(err, ERROR_INVALID, "data.split.files names no file");
	if (!err->code)
		source_join(&parts, source, ret_parts, err);
	for (size_t t = 0; t < parts.count; t++)
		table_release(&parts.tables[t]);
	return -(int)err->code;
}
