/*
 * embedded: the files of schemas/ and examples/ inside the program.
 *
 * Every .json, .sql and .yaml file below schemas/ is built in under its path there:
 * "project.schema.json", "output/log.schema.json", "sql/0001_init.sql"; those of the examples, and
 * their .csv and .md files, as "examples/wine/mlops.yaml". A file that is put there is found at
 * the next build, no list is kept (src/tools/embed.py). Texts end with NUL and live as long as the
 * program.
 */
#ifndef MLOPS_BASE_EMBEDDED_H
#define MLOPS_BASE_EMBEDDED_H

#include "mlops/base/text.h"

struct embedded_file {
	const char *name;
	struct text text;
};

/* The text of the file; NULL at `at` if there is none of that name. */
struct text embedded_text(const char *name);

/*
 * All files whose name starts with the prefix ("sql/", ""), sorted by name in bytes: a slice of
 * one array.
 */
const struct embedded_file *embedded_files(const char *prefix, size_t *ret_count);

#endif
