/* import: data from a URL, another git repository or DVC, tracked here. */
#include <string.h>

#include "invocation.h"
#include "mlops/base/path.h"
#include "mlops/config/remotes.h"
#include "mlops/system/directory.h"
#include "mlops/system/environment.h"
#include "mlops/versioning/import.h"
#include "mlops/versioning/tracked.h"

struct import_command {
	struct option_list what;
	const char *from, *revision, *output, *sha256, *blake3;
	bool update, from_dvc, remove_dvc, dry_run, force;
};

static const struct option_spec import_option_table[] = {
	OPTION_STRING(struct import_command, blake3, 0, "blake3", "HEX",
		"the BLAKE3 that the file of a URL must have"),
	OPTION_FLAG(struct import_command, dry_run, 'n', "dry-run",
		"with --from-dvc or --update: only say what it would do"),
	OPTION_FLAG(struct import_command, force, 'f', "force",
		"replace what is tracked already, and local changes"),
	OPTION_PATH(struct import_command, from, 0, "from", "REPOSITORY",
		"take a path of another git repository, its folder or URL"),
	OPTION_FLAG(struct import_command, from_dvc, 0, "from-dvc",
		"take over what the DVC repository in a folder tracks"),
	OPTION_PATH(struct import_command, output, 'o', "output", "PATH",
		"where to put it; in this folder, by its own name, unless given"),
	OPTION_FLAG(struct import_command, remove_dvc, 0, "remove-dvc",
		"with --from-dvc: remove .dvc files that were taken over"),
	OPTION_STRING(struct import_command, revision, 0, "rev", "REVISION",
		"with --from: a branch, tag or commit; its HEAD unless given"),
	OPTION_STRING(struct import_command, sha256, 0, "sha256", "HEX",
		"the SHA-256 that the file of a URL must have"),
	OPTION_FLAG(struct import_command, update, 0, "update",
		"take what has changed at the source of PATHs, or of all"),
	OPTION_END,
};

static const struct operand_spec import_operands[] = {
	OPERAND_LIST(struct import_command, what, 0, "WHAT", COMPLETE_FILE,
		"a URL, and the PATH to put it at; a path of REPOSITORY; PATHs to update; the "
		"folder of a DVC repository"),
	OPERAND_END,
};

static const char *const import_usage[] = {
	"import [OPTION...] URL [PATH]",
	"import [OPTION...] --from REPOSITORY WHAT",
	"import [OPTION...] --update [WHAT...]",
	"import [OPTION...] --from-dvc [WHAT]",
	NULL,
};

enum {
	IMPORT_ROW_STATE,
	IMPORT_ROW_PATH,
	IMPORT_ROW_FILES,
	IMPORT_ROW_BYTES,
	IMPORT_ROW_ORIGIN,
	IMPORT_ROW_STAGE,
	IMPORT_ROW_HASH,
	IMPORT_ROW_DETAIL
};
static const struct row_spec import_rows[] = {
	[IMPORT_ROW_STATE] = { "state", "state", ROW_TEXT },
	[IMPORT_ROW_PATH] = { "path", "path", ROW_TEXT, ROW_SHRINK },
	[IMPORT_ROW_FILES] = { "files", "files", ROW_COUNT, ROW_OPTIONAL },
	[IMPORT_ROW_BYTES] = { "bytes", "size", ROW_BYTES, ROW_OPTIONAL },
	[IMPORT_ROW_ORIGIN] = { "origin", "from", ROW_TEXT, ROW_OPTIONAL | ROW_SHRINK },
	[IMPORT_ROW_STAGE] = { "stage", "stage", ROW_TEXT, ROW_OPTIONAL },
	[IMPORT_ROW_HASH] = { "hash", "hash", ROW_TEXT, ROW_JSON_ONLY },
	[IMPORT_ROW_DETAIL] = { "detail", "why", ROW_TEXT, ROW_OPTIONAL | ROW_SHRINK },
	ROW_END,
};

struct import_work {
	struct invocation *invocation;
	struct rows rows;
	size_t n_links, n_changed, n_failed;
	struct error failure; /* the first one */
	struct endpoint_settings *settings;
};

static int import_show(void *context, const struct import_item *item, struct error *err)
{
	struct import_work *work = context;
	struct rows *rows = &work->rows;
	(void)err;
	rows_next(rows);
	rows_text(rows, IMPORT_ROW_STATE, import_state_name(item->state));
	rows_text(rows, IMPORT_ROW_PATH, item->path);
	rows_text(rows, IMPORT_ROW_ORIGIN, item->origin);
	rows_text(rows, IMPORT_ROW_STAGE, item->stage);
	rows_text(rows, IMPORT_ROW_DETAIL, item->detail);
	if (item->pointer) {
		char hash[HASH_TEXT_SIZE];
		hash_format(&item->pointer->hash, hash);
		rows_count(rows, IMPORT_ROW_FILES, item->pointer->n_files);
		rows_count(rows, IMPORT_ROW_BYTES, item->pointer->size);
		rows_text(rows, IMPORT_ROW_HASH, hash);
	}
	work->n_links += item->is_link;
	work->n_changed += item->state == IMPORT_NEW || item->state == IMPORT_UPDATED;
	return 0;
}

static void import_hint(struct invocation *invocation, const char *text)
{
	if (invocation->messages.verbosity >= 0 && !invocation->messages.json)
		message_raw(&invocation->messages, text_of(text));
}

/* ---- from DVC ---- */

/* What is still to be done, in commands to type. */
static void import_dvc_advise(struct import_work *work, const struct import_command *options,
	const struct dvc_repository *repository, const struct import_dvc_summary *summary)
{
	struct invocation *invocation = work->invocation;
	if (options->dry_run)
		return;
	if (work->n_links)
		import_hint(invocation, "links into DVC's cache become files of their own by: "
					"mlops checkout --force\n");
	if (summary->n_stages)
		import_hint(invocation, "outputs of stages are tracked as data; the stages of "
					"dvc.yaml themselves are not taken over\n");
	if (repository->has_ignore)
		import_hint(invocation,
			".dvcignore has rules: move them to .mlopsignore (same syntax)\n");
	if (summary->n_taken && !options->remove_dvc)
		import_hint(invocation, "the .dvc files are still there; when nobody needs DVC "
					"any more: mlops import --from-dvc --remove-dvc\n");
	if (summary->n_taken || summary->n_removed)
		import_hint(invocation,
			summary->n_removed ? "next: git add -A '*.mlops' '*.dvc' && git commit\n"
					   : "next: git add -A '*.mlops' && git commit\n");
}

static int import_dvc_end(const struct import_dvc_summary *summary, struct error *err)
{
	if (summary->n_refused)
		return error_set(err, ERROR_INVALID, "%zu path%s refused, see above",
			summary->n_refused, summary->n_refused == 1 ? " was" : "s were");
	if (!summary->n_missing)
		return 0;
	error_set(err, ERROR_NOT_FOUND, "the data of %zu path%s not here", summary->n_missing,
		summary->n_missing == 1 ? " are" : "s are");
	return error_hint(err, "fetch them by 'dvc pull' and run this again");
}

static int import_run_dvc(
	struct import_work *work, const struct import_command *options, struct error *err)
{
	struct invocation *invocation = work->invocation;
	AUTO(dvc_repository_release) struct dvc_repository repository = { .root = NULL };
	AUTO(object_store_close) struct object_store *store = NULL;
	struct import_dvc_summary summary;
	if (options->what.count > 1)
		return error_set(err, ERROR_USAGE, "--from-dvc takes one folder");
	const struct import_dvc_options how = { .dry_run = options->dry_run,
		.force = options->force,
		.remove = options->remove_dvc,
		.sink = &invocation->sink,
		.report = import_show,
		.context = work };
	const char *folder = options->what.count ? options->what.items[0] : ".";
	if (dvc_repository_open(folder, &repository, err) < 0 ||
		object_store_open(&invocation->workspace, &store, err) < 0)
		return -err->code;
	int status = import_dvc(&invocation->workspace, store, &repository, &how, &summary, err);
	struct error failure = *err;
	if (output_rows(&invocation->output, "imports", &work->rows, err) < 0)
		return -err->code;
	if (output_flush(&invocation->output, err) < 0)
		return -err->code;
	*err = failure;
	if (status < 0)
		return status;
	AUTO(strbuf_release) struct strbuf size = STRBUF_INIT;
	output_add_bytes(&size, summary.bytes);
	message_summary(&invocation->messages,
		"%s %zu path%s from DVC: %zu files, %s; %zu tracked already, %zu in git, "
		"%zu missing, %zu refused",
		options->dry_run ? "would take" : "took", summary.n_taken,
		summary.n_taken == 1 ? "" : "s", summary.n_files, size.text, summary.n_tracked,
		summary.n_in_git, summary.n_missing, summary.n_refused);
	import_dvc_advise(work, options, &repository, &summary);
	return import_dvc_end(&summary, err);
}

/* ---- from a URL or a repository ---- */

/* A path that the user has typed, from the workspace's root; lives in the arena. */
static const char *import_path(struct invocation *invocation, const char *typed, struct error *err)
{
	const char *root = invocation->workspace.root;
	AUTO_FREE char *here = directory_current(err);
	AUTO_FREE char *joined = here ? path_join(here, typed, err) : NULL;
	AUTO_FREE char *path = joined ? path_normalise(joined, err) : NULL;
	if (!path)
		return NULL;
	if (!path_is_inside(path, root) || strcmp(path, root) == 0) {
		error_set(err, ERROR_USAGE, "'%s' does not lie in the project '%s'", typed, root);
		return NULL;
	}
	AUTO_FREE char *relative = path_relative(path, root, err);
	return relative ? arena_copy_string(&invocation->arena, relative, err) : NULL;
}

/* Where to put it: as the user says, or under its own name; a folder that is there gets it inside. */
static const char *import_target(
	struct invocation *invocation, const char *typed, const char *url, struct error *err)
{
	struct file_facts facts;
	struct error ignored = ERROR_INIT;
	bool inside = typed && typed[0] && typed[strlen(typed) - 1] == '/' &&
		      file_facts(typed, &facts, &ignored) == 0 && facts.kind == FILE_FOLDER;
	if (typed && !inside)
		return import_path(invocation, typed, err);
	AUTO_FREE char *name = import_target_name(url, err);
	AUTO_FREE char *path = name ? path_join(typed ? typed : "", name, err) : NULL;
	return path ? import_path(invocation, path, err) : NULL;
}

static int import_hash(const char *option, const char *text, struct hash *ret,
	const struct hash **ret_set, struct error *err)
{
	*ret_set = text ? ret : NULL;
	if (!text || hash_parse(text_of(text), ret))
		return 0;
	return error_set(err, ERROR_USAGE, "--%s takes 64 lower-case hexadecimal digits", option);
}

/* "../data" as an absolute path; a URL as it is. */
static const char *import_source(
	struct invocation *invocation, const char *typed, struct error *err)
{
	if (strstr(typed, "://") || path_is_absolute(typed))
		return typed;
	AUTO_FREE char *here = directory_current(err);
	AUTO_FREE char *joined = here ? path_join(here, typed, err) : NULL;
	AUTO_FREE char *path = joined ? path_normalise(joined, err) : NULL;
	return path ? arena_copy_string(&invocation->arena, path, err) : NULL;
}

/* Do both name the same bucket of S3? */
static bool import_same_bucket(const char *a, const char *b)
{
	static const char scheme[] = "s3://";
	size_t length = sizeof scheme - 1 + strcspn(a + sizeof scheme - 1, "/");
	return strncmp(a, b, length) == 0 && (!b[length] || b[length] == '/');
}

/*
 * Where S3 is: as the user has it for a remote in the same bucket, else as the environment says.
 * What a repository's file names is not asked: requests are signed with the user's key.
 */
static int import_settings(struct invocation *invocation, const char *url,
	struct endpoint_settings *settings, struct error *err)
{
	const struct config *config;
	size_t count;
	if (!text_starts_with(text_of(url), "s3://"))
		return 0;
	const char *endpoint = environment_get("AWS_ENDPOINT_URL_S3");
	settings->s3_endpoint = endpoint ? endpoint : environment_get("AWS_ENDPOINT_URL");
	if (invocation_config(invocation, &config, err) < 0)
		return -err->code;
	const struct config_remote *remotes = config_remotes(config, &count);
	for (size_t i = 0; i < count; i++) {
		if (!remotes[i].is_trusted || !import_same_bucket(url, remotes[i].url))
			continue;
		settings->s3_endpoint = remotes[i].endpoint;
		settings->s3_region = remotes[i].region;
		break;
	}
	return 0;
}

static int import_run_one(struct import_work *work, const struct import_command *options,
	struct object_store *store, const struct import_options *how, struct error *err)
{
	struct invocation *invocation = work->invocation;
	size_t count = options->what.count;
	const char *what = options->what.items[0];
	const char *place = count > 1 ? options->what.items[1] : options->output;
	if (count > 2 || (count > 1 && options->output))
		return error_set(err, ERROR_USAGE, "one thing is imported at a time");
	const char *source = options->from ? what : import_source(invocation, what, err);
	const char *target = source ? import_target(invocation, place, source, err) : NULL;
	if (!target || import_settings(invocation, source, work->settings, err) < 0)
		return -err->code;
	if (options->from)
		return import_git(&invocation->workspace, store, options->from, what,
			options->revision, target, how, err);
	return import_url(&invocation->workspace, store, source, target, how, err);
}

/* ---- updates ---- */

/* All failures are shown, and the others are updated all the same. */
static int import_update_one(struct import_work *work, struct object_store *store,
	const struct tracked_item *item, const struct import_options *how, struct error *err)
{
	struct error why = ERROR_INIT;
	const char *url = item->pointer.source.url;
	if (url && import_settings(work->invocation, url, work->settings, err) < 0)
		return -err->code;
	if (import_update(&work->invocation->workspace, store, item->path, &item->pointer, how,
		    &why) == 0)
		return 0;
	if (why.code == ERROR_CANCELLED || why.code == ERROR_MEMORY) {
		*err = why;
		return -err->code;
	}
	if (!work->n_failed++)
		work->failure = why;
	const struct import_item failed = { .path = item->path,
		.state = IMPORT_FAILED,
		.detail = why.message,
		.origin = item->pointer.source.url };
	return import_show(work, &failed, err);
}

static int import_run_update(struct import_work *work, const struct import_command *options,
	struct object_store *store, const struct import_options *how, struct error *err)
{
	AUTO(tracked_release) struct tracked tracked = { .items = NULL };
	struct invocation *invocation = work->invocation;
	if (tracked_in_workspace(&invocation->workspace, &tracked, err) < 0)
		return -err->code;
	for (size_t i = 0; i < options->what.count; i++) {
		const char *below, *path = import_path(invocation, options->what.items[i], err);
		if (!path)
			return -err->code;
		const struct tracked_item *item = tracked_find(&tracked, path, &below);
		if (!item || below[0])
			return error_set(err, ERROR_NOT_FOUND, "'%s' is not tracked", path);
		if (import_update_one(work, store, item, how, err) < 0)
			return -err->code;
	}
	for (size_t i = 0; !options->what.count && i < tracked.count; i++) {
		if (tracked.items[i].pointer.has_source &&
			import_update_one(work, store, &tracked.items[i], how, err) < 0)
			return -err->code;
	}
	return 0;
}

static int import_end(
	struct import_work *work, const struct import_command *options, struct error *err)
{
	struct invocation *invocation = work->invocation;
	if (output_rows(&invocation->output, "imports", &work->rows, err) < 0 ||
		output_flush(&invocation->output, err) < 0)
		return -err->code;
	if (!options->dry_run && work->n_changed)
		import_hint(invocation, "next: git add '*.mlops' '*.gitignore' && git commit\n");
	if (work->n_failed)
		*err = work->failure;
	return -(int)err->code;
}

static int import_run_sources(
	struct import_work *work, const struct import_command *options, struct error *err)
{
	struct invocation *invocation = work->invocation;
	AUTO(object_store_close) struct object_store *store = NULL;
	struct hash sha256, blake3;
	struct endpoint_settings settings = { .sink = &invocation->sink };
	work->settings = &settings;
	struct import_options how = { .force = options->force,
		.dry_run = options->dry_run,
		.settings = &settings,
		.sink = &invocation->sink,
		.report = import_show,
		.context = work };
	if (import_hash("sha256", options->sha256, &sha256, &how.sha256, err) < 0 ||
		import_hash("blake3", options->blake3, &blake3, &how.blake3, err) < 0 ||
		object_store_open(&invocation->workspace, &store, err) < 0)
		return -err->code;
	int status = options->update ? import_run_update(work, options, store, &how, err)
				     : import_run_one(work, options, store, &how, err);
	return status < 0 ? status : import_end(work, options, err);
}

static int import_check_usage(const struct import_command *options, struct error *err)
{
	if (options->from_dvc + options->update + (options->from != NULL) > 1)
		return error_set(
			err, ERROR_USAGE, "--from, --from-dvc and --update exclude each other");
	if (options->remove_dvc && !options->from_dvc)
		return error_set(err, ERROR_USAGE, "--remove-dvc goes with --from-dvc");
	if (options->revision && !options->from)
		return error_set(err, ERROR_USAGE, "--rev goes with --from");
	if ((options->sha256 || options->blake3) &&
		(options->from || options->from_dvc || options->update))
		return error_set(err, ERROR_USAGE, "a hash can be expected of a URL only");
	if (options->dry_run && !options->from_dvc && !options->update)
		return error_set(err, ERROR_USAGE, "--dry-run goes with --from-dvc or --update");
	if (options->output && (options->from_dvc || options->update))
		return error_set(err, ERROR_USAGE, "--output goes with a URL or --from");
	if (options->what.count || options->from_dvc || options->update)
		return 0;
	error_set(err, ERROR_USAGE, "nothing to import is named");
	return error_hint(err, "mlops import URL [PATH], or see mlops help import");
}

static int import_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct import_command *options = raw_options;
	struct import_work work = { .invocation = invocation };
	rows_init(&work.rows, import_rows);
	int status = import_check_usage(options, err);
	if (status == 0)
		status = options->from_dvc ? import_run_dvc(&work, options, err)
					   : import_run_sources(&work, options, err);
	rows_release(&work.rows);
	return status;
}

const struct command command_import = {
	.name = "import",
	.summary = "track data from a URL, another repository or DVC",
	.group = COMMAND_DATA,
	.usage = import_usage,
	.options = import_option_table,
	.operands = import_operands,
	.rows = import_rows,
	.options_size = sizeof(struct import_command),
	.needs = COMMAND_WORKSPACE | COMMAND_JSON,
	.run = import_run,
};
