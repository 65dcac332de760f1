/*
 * store_make: the store of a project, as `init` makes it.
 *
 *	.mlops, its database, and the schema of mlops.yaml for editors
 *
 * What is there already is completed.
 */
#ifndef MLOPS_SUBCOMMANDS_STORE_MAKE_H
#define MLOPS_SUBCOMMANDS_STORE_MAKE_H

#include "mlops/store/workspace.h"

#define STORE_SCHEMA "project.schema.json"

/* *ret_new (may be NULL): there was none. */
int store_make(
	const char *root, struct workspace *ret, bool *ret_new, struct error *err) MUST_CHECK;

/*
 * A clone brings .mlops/config.yaml and no store: it gets one. false if the nearest .mlops is
 * none of that kind, or nothing can be written there.
 */
bool store_make_in_clone(struct workspace *ret);

#endif
