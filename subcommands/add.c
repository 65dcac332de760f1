/* add: track data, or take over what changed in them. */
#include <string.h>

#include "invocation.h"
#include "mlops/base/clock.h"
#include "mlops/store/object.h"
#include "mlops/system/directory.h"
#include "mlops/versioning/add.h"

struct add_command_options {
	struct option_list paths;
	bool dry_run;
};

static const struct option_spec add_option_table[] = {
	OPTION_FLAG(struct add_command_options, dry_run, 'n', "dry-run",
		"only say what would be added, read nothing"),
	OPTION_END,
};

static const struct operand_spec add_operands[] = {
	OPERAND_LIST(struct add_command_options, paths, 1, "PATH", COMPLETE_FILE,
		"files, folders or patterns such as 'data/*.csv'"),
	OPERAND_END,
};

enum {
	ADD_STATE,
	ADD_PATH,
	ADD_FILES,
	ADD_SIZE,
	ADD_WHAT,
	ADD_ADDED,
	ADD_MODIFIED,
	ADD_REMOVED,
	ADD_READ,
	ADD_KIND,
	ADD_HASH,
	ADD_POINTER
};
static const struct row_spec add_rows[] = {
	[ADD_STATE] = { "state", "", ROW_TEXT },
	[ADD_PATH] = { "path", "path", ROW_TEXT, ROW_SHRINK },
	[ADD_FILES] = { "files", "files", ROW_COUNT },
	[ADD_SIZE] = { "size", "size", ROW_BYTES },
	[ADD_WHAT] = { "what", "", ROW_TEXT, ROW_TEXT_ONLY | ROW_OPTIONAL },
	[ADD_ADDED] = { "added", "added", ROW_COUNT, ROW_JSON_ONLY },
	[ADD_MODIFIED] = { "modified", "modified", ROW_COUNT, ROW_JSON_ONLY },
	[ADD_REMOVED] = { "removed", "removed", ROW_COUNT, ROW_JSON_ONLY },
	[ADD_READ] = { "bytes_read", "read", ROW_BYTES, ROW_JSON_ONLY },
	[ADD_KIND] = { "kind", "kind", ROW_TEXT, ROW_JSON_ONLY },
	[ADD_HASH] = { "hash", "hash", ROW_TEXT, ROW_JSON_ONLY },
	[ADD_POINTER] = { "pointer", "pointer", ROW_TEXT, ROW_JSON_ONLY },
	ROW_END,
};

/* "3 added, 1 removed" of a folder that was tracked before. */
static void add_describe_change(struct strbuf *text, const struct add_result *result)
{
	const struct {
		size_t count;
		const char *word;
	} parts[] = { { result->n_added, "added" }, { result->n_changed, "modified" },
		{ result->n_removed, "removed" } };
	if (result->kind != POINTER_FOLDER || result->state != ADD_CHANGED)
		return;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (!parts[i].count)
			continue;
		strbuf_add(text, text->length ? ", " : "");
		output_add_count(text, parts[i].count);
		strbuf_printf(text, " %s", parts[i].word);
	}
}

static int add_row(struct invocation *invocation, struct rows *rows,
	const struct add_result *result, bool dry_run, struct error *err)
{
	AUTO(strbuf_release) struct strbuf what = STRBUF_INIT;
	char hash[HASH_TEXT_SIZE];
	const char *pointer =
		arena_format(&invocation->arena, err, "%s" POINTER_SUFFIX, result->path);
	if (!pointer)
		return -err->code;
	add_describe_change(&what, result);
	rows_next(rows);
	rows_text(rows, ADD_STATE, add_state_name(result->state));
	rows_text(rows, ADD_PATH, result->path);
	rows_count(rows, ADD_FILES, result->n_files);
	rows_count(rows, ADD_SIZE, result->size);
	rows_text(rows, ADD_WHAT, what.length ? what.text : NULL);
	rows_count(rows, ADD_ADDED, result->n_added);
	rows_count(rows, ADD_MODIFIED, result->n_changed);
	rows_count(rows, ADD_REMOVED, result->n_removed);
	rows_count(rows, ADD_READ, result->bytes_read);
	rows_text(rows, ADD_KIND, result->kind == POINTER_FOLDER ? "folder" : "file");
	hash_format(&result->hash, hash);
	rows_text(rows, ADD_HASH, dry_run && result->state != ADD_UNCHANGED ? NULL : hash);
	rows_text(rows, ADD_POINTER, pointer);
	return strbuf_check(&what, err);
}

static void add_word(struct strbuf *text, const char *word)
{
	bool plain = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "._-/+,@%") == strlen(word);
	strbuf_add_char(text, ' ');
	if (plain) {
		strbuf_add(text, word);
		return;
	}
	strbuf_add_char(text, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			strbuf_add(text, "'\\''");
		else
			strbuf_add_char(text, *word);
	}
	strbuf_add_char(text, '\'');
}

/* The command that is to be typed next; with many pointers a pattern stands for them. */
static void add_advise(struct invocation *invocation, const struct add_results *results)
{
	enum { MANY = 8 };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf pointer = STRBUF_INIT;
	size_t n_changed = 0;
	for (size_t i = 0; i < results->count; i++)
		n_changed +=
			results->items[i].state != ADD_UNCHANGED || results->items[i].ignore_file;
	if (!n_changed || invocation->messages.verbosity < 0 || invocation->messages.json)
		return;
	if (!results->in_git) {
		message_raw(&invocation->messages,
			TEXT("without git there is no history: only this version can be restored; "
			     "'git init' and committing the .mlops files keeps all\n"));
		return;
	}
	strbuf_add(&text, "next: git add");
	for (size_t i = 0; i < results->count && n_changed <= MANY; i++) {
		const struct add_result *result = &results->items[i];
		strbuf_clear(&pointer);
		strbuf_printf(&pointer, "%s" POINTER_SUFFIX, result->path);
		if (result->state != ADD_UNCHANGED)
			add_word(&text, pointer.text);
		if (result->ignore_file && !strstr(text.text, result->ignore_file))
			add_word(&text, result->ignore_file);
	}
	if (n_changed > MANY)
		strbuf_add(&text, " '*.mlops' '*.gitignore'");
	strbuf_add(&text, " && git commit\n");
	message_raw(&invocation->messages, (struct text){ text.text, text.length });
}

static void add_summarise(struct invocation *invocation, const struct add_results *results,
	bool dry_run, double seconds)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	uint64_t bytes = 0;
	for (size_t i = 0; i < results->count; i++)
		bytes += results->items[i].bytes_read;
	output_add_bytes(&text, bytes);
	strbuf_add(&text, dry_run ? " would be read" : " read");
	/* A rate of next to nothing says nothing. */
	if (!dry_run && bytes > 1000000) {
		strbuf_add(&text, " in ");
		clock_format_duration(&text, seconds);
		strbuf_add(&text, ", ");
		output_add_bytes(&text, (uint64_t)((double)bytes / (seconds > 0 ? seconds : 1e-9)));
		strbuf_add(&text, "/s");
	}
	if (bytes)
		message_summary(&invocation->messages, "%s", text.text);
}

static int add_show(struct invocation *invocation, const struct add_results *results, bool dry_run,
	struct error *err)
{
	AUTO(rows_release) struct rows rows;
	rows_init(&rows, add_rows);
	for (size_t i = 0; i < results->count; i++) {
		if (add_row(invocation, &rows, &results->items[i], dry_run, err) < 0)
			return -err->code;
	}
	struct json_writer *json = output_json(&invocation->output);
	if (json)
		json_key_boolean(json, "dry_run", dry_run);
	return output_rows(&invocation->output, "data", &rows, err);
}

static int add_command_run(
	struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct add_command_options *options = raw_options;
	AUTO(add_paths_release) struct add_paths paths = { .items = NULL };
	AUTO(add_results_release) struct add_results results = { .items = NULL };
	AUTO(object_store_close) struct object_store *store = NULL;
	AUTO_FREE char *here = directory_current(err);
	uint64_t begun = clock_monotonic();
	const struct add_options how = {
		.dry_run = options->dry_run, .command = invocation->name, .sink = &invocation->sink
	};
	if (!here ||
		add_resolve(&invocation->workspace, here, options->paths.items,
			options->paths.count, &paths, err) < 0 ||
		object_store_open(&invocation->workspace, &store, err) < 0 ||
		add_data(&invocation->workspace, store, (const char *const *)paths.items,
			paths.count, &how, &results, err) < 0 ||
		add_show(invocation, &results, options->dry_run, err) < 0 ||
		output_flush(&invocation->output, err) < 0)
		return -err->code;
	add_summarise(
		invocation, &results, options->dry_run, (double)(clock_monotonic() - begun) / 1e9);
	if (!options->dry_run)
		add_advise(invocation, &results);
	return 0;
}

const struct command command_add = {
	.name = "add",
	.summary = "track data: keep them in the store, write pointers",
	.group = COMMAND_DATA,
	.options = add_option_table,
	.operands = add_operands,
	.rows = add_rows,
	.options_size = sizeof(struct add_command_options),
	.needs = COMMAND_WORKSPACE | COMMAND_JSON,
	.run = add_command_run,
};
