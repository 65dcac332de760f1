/*
 * diff_data: `mlops diff [REV [REV]] PATH`: versions of data.
 */
#ifndef MLOPS_SUBCOMMANDS_DIFF_DATA_H
#define MLOPS_SUBCOMMANDS_DIFF_DATA_H

#include "invocation.h"

struct diff_data_request {
	const char *from, *to; /* as in diff_sides.h; from NULL: HEAD, to NULL: the workspace */
	const char *path; /* from the workspace's root */
	const char *shown; /* as it was given */
	const struct option_list *keys; /* of a table; may be empty */
	bool exit_code;
};

/*
 * Do these operands ask for data? They do if the last one is tracked data, or a folder with tracked
 * data in it; three always do. If that is the name of a run too, ERROR_USAGE asks for './NAME'.
 */
int diff_data_recognise(struct invocation *invocation, const struct option_list *operands,
	struct diff_data_request *ret_request, bool *ret_is_data, struct error *err) MUST_CHECK;

int diff_data_run(struct invocation *invocation, const struct diff_data_request *request,
	struct error *err) MUST_CHECK;

#endif
