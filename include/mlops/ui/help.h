/*
 * help: texts made from the command tables. At most 80 columns wide, for stdout.
 */
#ifndef MLOPS_UI_HELP_H
#define MLOPS_UI_HELP_H

#include "mlops/document/json_writer.h"
#include "mlops/ui/colour.h"
#include "mlops/ui/globals.h"

/* `mlops help`: all commands by group, and the global options. */
void help_overview(
	const struct command *const *commands, const struct style *style, struct strbuf *buffer);

/* `mlops log -h`. parent: "config" for "config list", else NULL. */
void help_command(const struct command *command, const char *parent, const struct style *style,
	struct strbuf *buffer);

/* Appends the synopsis, one line "mlops log [OPTION...] [RUN...]" for each form. */
void help_usage(const struct command *command, const char *parent, struct strbuf *buffer);

/*
 * `mlops help --json`: members "commands", "global_options" and "exit_codes" of the document that
 * the writer has open.
 */
void help_json(const struct command *const *commands, struct json_writer *json);

/* 0, "done"; …; ends with a NULL text. */
struct help_exit_code {
	int code;
	const char *meaning;
};
extern const struct help_exit_code help_exit_codes[];

#endif
