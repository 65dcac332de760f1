/* import: data from a URL, another git repository or DVC, tracked here. */
#include <string.h>

#include "invocation.h"
#include "mlops/base/path.h"
#include "mlops/system/directory.h"
#include "mlops/versioning/import.h"

struct import_options {
	struct option_list what;
	bool from_dvc, remove_dvc, dry_run, force;
};

static const struct option_spec import_option_table[] = {
	OPTION_FLAG(struct import_options, dry_run, 'n', "dry-run", "only say what it would do"),
	OPTION_FLAG(struct import_options, force, 'f', "force",
		"replace what is tracked already, and local changes"),
	OPTION_FLAG(struct import_options, from_dvc, 0, "from-dvc",
		"take over what the DVC repository in DIR tracks"),
	OPTION_FLAG(struct import_options, remove_dvc, 0, "remove-dvc",
		"with --from-dvc: remove .dvc files that were taken over"),
	OPTION_END,
};

static const struct operand_spec import_operands[] = {
	OPERAND_LIST(struct import_options, what, 0, "WHAT", COMPLETE_FILE,
		"a URL and the PATH to put it at; a DIR; or PATHs to update"),
	OPERAND_END,
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
	size_t n_links;
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
	return 0;
}

static void import_hint(struct invocation *invocation, const char *text)
{
	if (invocation->messages.verbosity >= 0 && !invocation->messages.json)
		message_raw(&invocation->messages, text_of(text));
}

/* ---- from DVC ---- */

/* What is still to be done, in commands to type. */
static void import_dvc_advise(struct import_work *work, const struct import_options *options,
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
	struct import_work *work, const struct import_options *options, struct error *err)
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

static int import_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct import_options *options = raw_options;
	struct import_work work = { .invocation = invocation };
	rows_init(&work.rows, import_rows);
	int status;
	if (options->remove_dvc && !options->from_dvc)
		status = error_set(err, ERROR_USAGE, "--remove-dvc goes with --from-dvc");
	else if (options->from_dvc)
		status = import_run_dvc(&work, options, err);
	else
		status = error_set(err, ERROR_USAGE, "nothing to import is named");
	rows_release(&work.rows);
	return status;
}

const struct command command_import = {
	.name = "import",
	.summary = "track data from a URL, another repository or DVC",
	.group = COMMAND_DATA,
	.options = import_option_table,
	.operands = import_operands,
	.rows = import_rows,
	.options_size = sizeof(struct import_options),
	.needs = COMMAND_WORKSPACE | COMMAND_JSON,
	.run = import_run,
};
