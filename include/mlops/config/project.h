/*
 * project: mlops.yaml, read, overridden, checked and complete.
 *
 *	read the YAML  ->  `--set path=value`  ->  schema check  ->  defaults  ->  flat parameters
 *
 * Overrides name a leaf or a section by its dotted path; the value is a YAML scalar or flow
 * collection. A path that the schema does not know is an error with a suggestion; problems in what
 * an override set are at "--set model.C" instead of a line of the file.
 */
#ifndef MLOPS_CONFIG_PROJECT_H
#define MLOPS_CONFIG_PROJECT_H

#include "mlops/document/problems.h"
#include "mlops/document/value.h"

struct project_parameter {
	const char *path; /* "model.C", "evaluate.metrics.0" */
	const char *text; /* as YAML would show the scalar; "[]" and "{}" for empty ones */
	bool numeric; /* integer or float; booleans are not */
	double number;
	bool is_default; /* neither in the file nor set */
};

struct project {
	struct document document; /* with overrides and defaults */
	struct project_parameter *parameters; /* leaves in order; in the document's arena */
	size_t n_parameters;
};

/*
 * Reads the file at `path`. overrides: "model.C=0.1", NULL-terminated, may be NULL. Makes
 * *ret_project, also if there are problems (then incomplete, but its document's source can be used
 * to show them, and it must be released).
 *
 * ERROR_INVALID: something is wrong, the first in *err and all in `problems`; ERROR_USAGE: an
 * override is malformed or names no key; ERROR_NOT_FOUND, ERROR_IO: the file.
 */
int project_read(const char *path, const char *const *overrides, struct problems *problems,
	struct project *ret_project, struct error *err) MUST_CHECK;
void project_release(struct project *project);
AUTO_RELEASE(struct project, project_release)

/* One of the sections ("data", "model", …): NULL if there is none. */
const struct value *project_section(const struct project *project, const char *name);

#endif
