#include <string.h>

#include "mlops/base/embedded.h"
#include "invocation.h"

struct schema_options {
	const char *name;
};

static const struct operand_spec schema_operands[] = {
	OPERAND(struct schema_options, name, 0, "NAME", COMPLETE_SCHEMA,
		"a schema such as project; without it their names are listed"),
	OPERAND_END,
};

enum { SCHEMA_NAME, SCHEMA_TITLE };
static const struct row_spec schema_rows[] = {
	[SCHEMA_NAME] = { "name", "name", ROW_TEXT },
	[SCHEMA_TITLE] = { "file", "file", ROW_TEXT },
	ROW_END,
};

#define SCHEMA_SUFFIX ".schema.json"

/* "project.schema.json" without its ending, in the arena; NULL if it is no schema. */
static const char *schema_short_name(
	struct invocation *invocation, const char *file, struct error *err)
{
	struct text name = text_of(file);
	if (!text_ends_with(name, SCHEMA_SUFFIX))
		return NULL;
	return arena_copy_bytes(&invocation->arena, file, name.length - strlen(SCHEMA_SUFFIX), err);
}

static int schema_list(struct invocation *invocation, struct error *err)
{
	AUTO(rows_release) struct rows rows;
	rows_init(&rows, schema_rows);
	size_t count;
	const struct embedded_file *files = embedded_files("", &count);
	for (size_t i = 0; i < count; i++) {
		const char *name = schema_short_name(invocation, files[i].name, err);
		if (!name && err->code)
			return -err->code;
		if (!name)
			continue;
		rows_next(&rows);
		rows_text(&rows, SCHEMA_NAME, name);
		rows_text(&rows, SCHEMA_TITLE, files[i].name);
	}
	return output_rows(&invocation->output, "schemas", &rows, err);
}

static int schema_unknown(struct invocation *invocation, const char *name, struct error *err)
{
	const char *names[128];
	size_t count, n_names = 0;
	const struct embedded_file *files = embedded_files("", &count);
	for (size_t i = 0; i < count && n_names + 1 < sizeof names / sizeof *names; i++) {
		struct error ignored = ERROR_INIT;
		names[n_names] = schema_short_name(invocation, files[i].name, &ignored);
		n_names += names[n_names] != NULL;
	}
	names[n_names] = NULL;
	error_set(err, ERROR_NOT_FOUND, "there is no schema '%s'", name);
	const char *nearest = text_nearest(name, names);
	return nearest ? error_hint(err, "did you mean '%s'?", nearest)
		       : error_hint(err, "their names are listed by 'mlops schema'");
}

static int schema_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct schema_options *options = raw_options;
	if (!options->name)
		return schema_list(invocation, err);
	const char *file = arena_format(&invocation->arena, err, "%s" SCHEMA_SUFFIX, options->name);
	if (!file)
		return -err->code;
	struct text text = embedded_text(file);
	if (!text.at)
		return schema_unknown(invocation, options->name, err);
	if (invocation->globals.json)
		return error_set(err, ERROR_USAGE, "a schema is JSON already: leave --json out");
	return output_bytes(&invocation->output, text.at, text.length, err);
}

const struct command command_schema = {
	.name = "schema",
	.summary = "print the JSON Schema of a document",
	.group = COMMAND_START,
	.operands = schema_operands,
	.rows = schema_rows,
	.options_size = sizeof(struct schema_options),
	.needs = COMMAND_JSON,
	.run = schema_run,
};
