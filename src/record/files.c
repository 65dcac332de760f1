#include "mlops/record/files.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/base/vec.h"
#include "record_internal.h"

#define FILES_COLUMNS "path, hash, kind, size, n_rows, n_columns"

static const char *const files_add[FILE_ROLE_COUNT] = {
	"INSERT OR REPLACE INTO inputs (run, " FILES_COLUMNS
	") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	"INSERT OR REPLACE INTO outputs (run, " FILES_COLUMNS
	") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	"INSERT OR REPLACE INTO artifacts (run, " FILES_COLUMNS
	") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
};

static const char *const files_list[FILE_ROLE_COUNT] = {
	"SELECT " FILES_COLUMNS " FROM inputs WHERE run = ?1 ORDER BY path",
	"SELECT " FILES_COLUMNS " FROM outputs WHERE run = ?1 ORDER BY path",
	"SELECT " FILES_COLUMNS " FROM artifacts WHERE run = ?1 ORDER BY path",
};

/* Inputs may lie outside the project; what a run keeps or leaves must not point out of it. */
static int files_check(enum file_role role, const struct run_file *file, struct error *err)
{
	if (!file->path || !file->path[0] || !file->hash || strlen(file->hash) != 64)
		BUG("a file of a run needs a path and a hash");
	if (role == FILE_INPUT)
		return 0;
	AUTO_FREE char *normal = path_normalise(file->path, err);
	if (!normal)
		return -err->code;
	if (strcmp(normal, file->path) != 0 || path_is_absolute(normal) ||
		strcmp(normal, "..") == 0 || strncmp(normal, "../", 3) == 0)
		return error_set(err, ERROR_INVALID, "'%s' is not a plain path inside the project",
			file->path);
	return 0;
}

int run_file_add(struct record *record, int64_t run, enum file_role role,
	const struct run_file *file, struct error *err)
{
	if (files_check(role, file, err) < 0)
		return -err->code;
	AUTO(statement_finish)
	struct statement *add = statement_prepare(record->database, files_add[role], err);
	if (!add)
		return -err->code;
	bind_integer(add, 1, run);
	bind_string(add, 2, file->path);
	bind_string(add, 3, file->hash);
	bind_string(add, 4, file->kind);
	const int64_t sizes[] = { file->size, file->n_rows, file->n_columns };
	for (int i = 0; i < 3; i++) {
		if (sizes[i] >= 0)
			bind_integer(add, 5 + i, sizes[i]);
	}
	if (statement_run(add, err) < 0)
		return error_prefix(err, "file '%s'", file->path);
	return 0;
}

static int64_t files_size(const struct statement *row, int column)
{
	return row_is_null(row, column) ? -1 : row_integer(row, column);
}

int run_files_load(struct record *record, int64_t run, enum file_role role, struct run_files *ret,
	struct error *err)
{
	VEC(struct run_file) items = VEC_INIT;
	AUTO(statement_finish)
	struct statement *list = statement_prepare(record->database, files_list[role], err);
	if (!list)
		return -err->code;
	bind_integer(list, 1, run);
	int row;
	while ((row = statement_step(list, err)) > 0) {
		vec_push(&items, (struct run_file){ .size = files_size(list, 3),
					 .n_rows = files_size(list, 4),
					 .n_columns = files_size(list, 5) });
		if (vec_check(&items, err) < 0)
			break;
		struct run_file *last = &items.items[items.count - 1];
		if (record_copy_text(list, 0, &last->path, err) < 0 ||
			record_copy_text(list, 1, &last->hash, err) < 0 ||
			record_copy_text(list, 2, &last->kind, err) < 0)
			break;
	}
	struct run_files files = { items.items, items.count };
	if (row == 0) {
		*ret = files;
		return 0;
	}
	run_files_release(&files);
	return -err->code;
}

void run_files_release(struct run_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		memory_free(files->items[i].path);
		memory_free(files->items[i].hash);
		memory_free(files->items[i].kind);
	}
	memory_free(files->items);
	*files = (struct run_files){ .items = NULL };
}

const struct run_file *run_files_find(const struct run_files *files, const char *path)
{
	for (size_t i = 0; i < files->count; i++) {
		if (strcmp(files->items[i].path, path) == 0)
			return &files->items[i];
	}
	return NULL;
}
