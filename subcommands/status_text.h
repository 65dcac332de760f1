/*
 * status_text: the answer of `mlops status`, for people, for scripts, as JSON.
 */
#ifndef MLOPS_SUBCOMMANDS_STATUS_TEXT_H
#define MLOPS_SUBCOMMANDS_STATUS_TEXT_H

#include "mlops/ui/command.h"
#include "mlops/ui/output.h"
#include "mlops/versioning/status.h"

#define STATUS_LARGE_BY_CONFIG UINT64_MAX

struct status_command_options {
	struct option_list paths;
	bool exit_code, files, remote, short_form;
	uint64_t large; /* STATUS_LARGE_BY_CONFIG unless given */
};

struct status_remote {
	const char *name; /* NULL: it was not asked */
	const char **lacks; /* paths of the data */
	size_t n_lacks;
};

void status_write_text(struct output *output, const struct status *status,
	const struct status_remote *remote, const struct status_command_options *options);

/* "XY path": X the pointer against HEAD (A M D), Y the data against the pointer (M D ?). */
void status_write_short(struct strbuf *text, const struct status *status,
	const struct status_command_options *options);

void status_write_json(
	struct json_writer *json, const struct status *status, const struct status_remote *remote);

#endif
