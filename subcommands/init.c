/* init: a store for this project, and a first document to train from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "init_hooks.h"
#include "invocation.h"
#include "mlops/base/embedded.h"
#include "mlops/base/path.h"
#include "mlops/base/vec.h"
#include "mlops/data/reader.h"
#include "mlops/document/yaml.h"
#include "mlops/git/repository.h"
#include "mlops/system/atomic.h"
#include "mlops/system/directory.h"
#include "mlops/versioning/tracked.h"
#include "session.h"
#include "store_make.h"

#define INIT_EXAMPLES "examples/"

struct init_options {
	const char *folder, *example, *data, *target;
	bool hooks;
};

static const struct option_spec init_option_table[] = {
	OPTION_STRING(struct init_options, example, 0, "example", "NAME",
		"copy an example: breast-cancer, diabetes, wine"),
	OPTION_PATH(struct init_options, data, 0, "data", "FILE",
		"the data that mlops.yaml shall name"),
	OPTION_STRING(struct init_options, target, 0, "target", "COLUMN",
		"the column of FILE to predict; the last one unless given"),
	OPTION_FLAG(struct init_options, hooks, 0, "hooks",
		"have git put data in place, check and push them"),
	OPTION_END
};

static const struct operand_spec init_operand_table[] = {
	OPERAND(struct init_options, folder, 0, "DIR", COMPLETE_FOLDER,
		"the project's folder; this one unless given"),
	OPERAND_END
};

struct init_work {
	const char *folder; /* as the user named it */
	VEC(char *) files; /* written, from the folder */
	const char *hooks[INIT_HOOKS + 1]; /* that are new */
	bool new_store, in_git, lacks_data;
};

static void init_release(struct init_work *work)
{
	for (size_t i = 0; i < work->files.count; i++)
		memory_free(work->files.items[i]);
	vec_release(&work->files);
}
AUTO_RELEASE(struct init_work, init_release)

/* Writes a file of the project unless it is there; then it is left alone. */
static int init_write(struct init_work *work, const char *name, struct text text, bool must_be_new,
	struct error *err)
{
	AUTO_FREE char *path = path_join(work->folder, name, err);
	AUTO_FREE char *parent = path ? path_parent(path, err) : NULL;
	if (!parent || directory_make(parent, err) < 0)
		return -(int)err->code;
	if (file_exists(path)) {
		if (!must_be_new)
			return 0;
		error_set(err, ERROR_EXISTS, "'%s' exists already", path);
		return error_hint(err, "choose another folder: mlops init --example NAME DIR");
	}
	int status = atomic_write(path, text.at, text.length, 0644, err);
	if (status < 0)
		return status;
	char *copy = memory_copy_string(name, err);
	if (!copy)
		return -ERROR_MEMORY;
	vec_push(&work->files, copy);
	return vec_check(&work->files, err);
}

static int init_no_example(
	const char *name, const struct embedded_file *files, size_t count, struct error *err)
{
	const char *names[32];
	char storage[32][64];
	size_t n = 0;
	for (size_t i = 0; i < count && n + 1 < 32; i++) {
		const char *start = files[i].name + strlen(INIT_EXAMPLES);
		int length = (int)strcspn(start, "/");
		if (n && strncmp(storage[n - 1], start, (size_t)length) == 0)
			continue;
		snprintf(storage[n], sizeof storage[n], "%.*s", length, start);
		names[n] = storage[n];
		n++;
	}
	names[n] = NULL;
	error_set(err, ERROR_NOT_FOUND, "there is no example '%s'", name);
	const char *nearest = text_nearest(name, names);
	if (nearest)
		return error_hint(err, "did you mean '%s'?", nearest);
	AUTO(strbuf_release) struct strbuf list = STRBUF_INIT;
	for (size_t i = 0; i < n; i++)
		strbuf_printf(&list, "%s%s", i ? ", " : "", names[i]);
	return error_hint(err, "there are %s", list.text);
}

/* All files are checked before the first is written: an example is copied whole or not at all. */
static int init_copy_example(struct init_work *work, const char *name, struct error *err)
{
	AUTO_FREE char *prefix = memory_format(err, INIT_EXAMPLES "%s/", name);
	if (!prefix)
		return -ERROR_MEMORY;
	size_t count;
	const struct embedded_file *files = embedded_files(prefix, &count);
	if (!count || strchr(name, '/')) {
		files = embedded_files(INIT_EXAMPLES, &count);
		return init_no_example(name, files, count, err);
	}
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *path = path_join(work->folder, files[i].name + strlen(prefix), err);
		if (!path)
			return -ERROR_MEMORY;
		if (file_exists(path)) {
			error_set(err, ERROR_EXISTS, "'%s' exists already", path);
			return error_hint(
				err, "choose another folder: mlops init --example %s DIR", name);
		}
	}
	int status = 0;
	for (size_t i = 0; i < count && status == 0; i++)
		status = init_write(work, files[i].name + strlen(prefix), files[i].text, true, err);
	return status;
}

static void init_add_quoted(struct strbuf *out, const char *text)
{
	struct value value = { .kind = VALUE_STRING, .string = text_of(text) };
	yaml_write_scalar(out, &value);
}

/* The last path component of the folder, as far as it may be a name. */
static int init_project_name(const char *folder, struct strbuf *out, struct error *err)
{
	AUTO_FREE char *full = realpath(folder, NULL);
	if (!full)
		return error_set_os(err, ERROR_IO, "cannot find '%s'", folder);
	for (const char *c = path_base(full); *c; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			     (*c >= '0' && *c <= '9') || (out->length && strchr("._-", *c));
		if (plain)
			strbuf_add_char(out, *c);
	}
	if (!out->length)
		strbuf_add(out, "model");
	return strbuf_check(out, err);
}

/* The target of a data file: the column that was named, which must exist, or the last one. */
static int init_target(const char *data, const char *wanted, struct strbuf *out, struct error *err)
{
	AUTO(table_release) struct table table = { .n_columns = 0 };
	struct read_options options = { .path = data };
	int status = table_read(&options, &table, NULL, err);
	if (status < 0)
		return status;
	if (wanted && !table_column(&table, wanted, NULL)) {
		AUTO_FREE const char **names =
			memory_allocate(table.n_columns + 1, sizeof *names, err);
		if (!names)
			return -ERROR_MEMORY;
		for (size_t i = 0; i < table.n_columns; i++)
			names[i] = table.columns[i].name;
		const char *nearest = text_nearest(wanted, names);
		error_set(err, ERROR_NOT_FOUND, "'%s' has no column '%s'", data, wanted);
		return nearest ? error_hint(err, "did you mean '%s'?", nearest) : -ERROR_NOT_FOUND;
	}
	strbuf_add(out, wanted ? wanted : table.columns[table.n_columns - 1].name);
	return strbuf_check(out, err);
}

static int init_write_project(
	struct init_work *work, const struct init_options *options, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf name = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf target = STRBUF_INIT;
	int status = init_project_name(work->folder, &name, err);
	if (status == 0 && options->data)
		status = init_target(options->data, options->target, &target, err);
	if (status < 0)
		return status;
	strbuf_add(&text, "# yaml-language-server: $schema=.mlops/" STORE_SCHEMA "\n"
			  "# All keys: mlops schema project, or mlops-project(5).\nname: ");
	init_add_quoted(&text, name.text);
	strbuf_add(&text, "\ndata:\n  path: ");
	init_add_quoted(&text, options->data ? options->data : "data.csv");
	strbuf_add(&text, "\n  target: ");
	init_add_quoted(&text, target.length ? target.text : "target");
	strbuf_add(&text, options->data ? "\n" : "                    # the column to predict\n");
	strbuf_add(&text, "  split: {test: 0.2, validation: 0.1, seed: 7}\n"
			  "model:\n"
			  "  type: baseline                    # then linear or logistic\n");
	status = strbuf_check(&text, err);
	return status < 0 ? status
			  : init_write(work, SESSION_PROJECT_FILE,
				    (struct text){ text.text, text.length }, false, err);
}

/* Are there data that have pointers here, and are not here themselves? */
static int init_look_for_data(
	struct init_work *work, const struct workspace *workspace, struct error *err)
{
	AUTO(tracked_release) struct tracked tracked = { .items = NULL };
	if (tracked_in_workspace(workspace, &tracked, err) < 0) {
		/* Wrong pointers do not keep a store from being made. */
		if (err->code != ERROR_INVALID)
			return -err->code;
		error_clear(err);
		return 0;
	}
	for (size_t i = 0; !work->lacks_data && i < tracked.count; i++) {
		AUTO_FREE char *path = path_join(workspace->root, tracked.items[i].path, err);
		if (!path)
			return -err->code;
		work->lacks_data = !file_exists(path);
	}
	return 0;
}

static int init_store(struct init_work *work, struct error *err)
{
	AUTO(workspace_release) struct workspace workspace = { .root = NULL };
	if (store_make(work->folder, &workspace, &work->new_store, err) < 0)
		return -err->code;
	return init_look_for_data(work, &workspace, err);
}

static int init_answer(
	struct invocation *invocation, const struct init_work *work, struct error *err)
{
	struct json_writer *json = output_json(&invocation->output);
	if (json) {
		json_key_string(json, "folder", work->folder);
		json_key_boolean(json, "new", work->new_store);
		json_key_boolean(json, "git", work->in_git);
		json_key(json, "files");
		json_array(json);
		for (size_t i = 0; i < work->files.count; i++)
			json_string(json, work->files.items[i]);
		json_end(json);
		json_key(json, "hooks");
		json_array(json);
		for (size_t i = 0; work->hooks[i]; i++)
			json_string(json, work->hooks[i]);
		json_end(json);
		return 0;
	}
	struct strbuf *out = output_text(&invocation->output);
	bool here = strcmp(work->folder, ".") == 0;
	strbuf_printf(out, "%s%s.mlops%s", here ? "" : work->folder, here ? "" : "/",
		work->new_store ? "" : " (was there)");
	for (size_t i = 0; i < work->files.count; i++)
		strbuf_printf(out, ", %s", work->files.items[i]);
	for (size_t i = 0; work->hooks[i]; i++)
		strbuf_printf(out, "%s%s", i ? ", " : "\ngit hooks: ", work->hooks[i]);
	strbuf_printf(out, "\nnext: %s%s%smlops %s\n", here ? "" : "cd ", here ? "" : work->folder,
		here ? "" : " && ", work->lacks_data ? "pull" : "train");
	return strbuf_check(out, err);
}

static int init_main(struct invocation *invocation, const void *options_pointer, struct error *err)
{
	const struct init_options *options = options_pointer;
	AUTO(init_release)
	struct init_work work = { .folder = options->folder    ? options->folder
					    : options->example ? options->example
							       : "." };
	if (options->example && (options->data || options->target))
		return error_set(err, ERROR_USAGE, "--example brings its own data and target");
	if (options->target && !options->data)
		return error_set(err, ERROR_USAGE, "--target needs --data");
	int status = 0;
	if (options->example)
		status = init_copy_example(&work, options->example, err);
	if (status == 0)
		status = directory_make(work.folder, err);
	if (status == 0 && !options->example)
		status = init_write_project(&work, options, err);
	if (status == 0)
		status = init_store(&work, err);
	if (status < 0)
		return status;
	struct error none = ERROR_INIT;
	AUTO(repository_close) struct repository *repository = NULL;
	work.in_git = repository_open(work.folder, &repository, &none) == 0;
	if (options->hooks && !work.in_git) {
		*err = none;
		return error_prefix(err, "no hooks were installed");
	}
	if (options->hooks && init_hooks(invocation, repository, work.folder, work.hooks, err) < 0)
		return -err->code;
	if (!work.in_git)
		message_note(&invocation->messages,
			"no git repository: runs will not say which code made them; run 'git init'");
	return init_answer(invocation, &work, err);
}

const struct command command_init = {
	.name = "init",
	.summary = "start a project here, or from an example",
	.group = COMMAND_START,
	.options = init_option_table,
	.operands = init_operand_table,
	.options_size = sizeof(struct init_options),
	.needs = COMMAND_JSON,
	.run = init_main,
};
