/*
 * params: what a run was told, flattened: "model.C" = "0.1".
 *
 * Values are text; those that read as a number are kept as a number too, so that filters and sorts
 * compare 0.1, 1e-1 and 10 as people expect. Setting a parameter again to another value is
 * ERROR_EXISTS (a run has one truth); to the same value is nothing.
 */
#ifndef MLOPS_RECORD_PARAMS_H
#define MLOPS_RECORD_PARAMS_H

#include "mlops/record/record.h"

enum { PARAM_VALUE_LONGEST = 65536 };

int params_set(struct record *record, int64_t run, const char *name, const char *value,
	struct error *err) MUST_CHECK;

/* Every leaf of a document, by its dotted path; nulls and empty mappings are left out. */
struct value;
int params_set_document(
	struct record *record, int64_t run, const struct value *root, struct error *err) MUST_CHECK;

struct param {
	char *name, *value;
	double number; /* NaN if it is none */
};
struct params {
	struct param *items; /* by name */
	size_t count;
};
int params_load(
	struct record *record, int64_t run, struct params *ret, struct error *err) MUST_CHECK;
void params_release(struct params *params);
AUTO_RELEASE(struct params, params_release)

#endif
