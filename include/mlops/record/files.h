/*
 * files: what a run read, wrote and kept.
 *
 * Inputs are what it read (its data, its configuration), outputs what it left in the workspace,
 * artifacts what was put into the object store under the run (`show REV:PATH`). All three are
 * named by path and content hash (64 hexadecimal digits, BLAKE3); paths are relative to the
 * project's root, with '/', without "..". This floor does not touch the objects themselves.
 */
#ifndef MLOPS_RECORD_FILES_H
#define MLOPS_RECORD_FILES_H

#include "mlops/record/record.h"

enum file_role { FILE_INPUT, FILE_OUTPUT, FILE_ARTIFACT, FILE_ROLE_COUNT };

struct run_file {
	char *path, *hash;
	char *kind; /* "data", "model", "report", "log", …, or NULL */
	int64_t size; /* bytes; -1: not known */
	int64_t n_rows, n_columns; /* of data; -1: not known */
};
struct run_files {
	struct run_file *items; /* by path */
	size_t count;
};

/* The same path again replaces what was there. */
int run_file_add(struct record *record, int64_t run, enum file_role role,
	const struct run_file *file, struct error *err) MUST_CHECK;
int run_files_load(struct record *record, int64_t run, enum file_role role, struct run_files *ret,
	struct error *err) MUST_CHECK;
void run_files_release(struct run_files *files);
AUTO_RELEASE(struct run_files, run_files_release)

/* NULL if there is none of that path. */
const struct run_file *run_files_find(const struct run_files *files, const char *path);

#endif
