/* checkout: tracked data as their pointers, or those of a revision, say. */
#include <string.h>

#include "mlops/base/path.h"
#include "mlops/git/repository.h"
#include "mlops/versioning/checkout.h"
#include "mlops/versioning/stat_cache.h"
#include "tracked_paths.h"

struct checkout_arguments {
	struct option_list operands;
	const char *revision;
	bool force, dry_run, changed;
};

static const struct option_spec checkout_option_table[] = {
	OPTION_FLAG(struct checkout_arguments, force, 'f', "force",
		"overwrite and remove files that have changed"),
	OPTION_FLAG(struct checkout_arguments, dry_run, 'n', "dry-run",
		"say what would be done, and do nothing"),
	OPTION_FLAG(struct checkout_arguments, changed, 0, "changed",
		"only data whose pointers name another version than last time"),
	OPTION_STRING(struct checkout_arguments, revision, 0, "rev", "REV",
		"the git revision, where a path has the same name"),
	OPTION_END,
};

static const struct operand_spec checkout_operands[] = {
	OPERAND_LIST(struct checkout_arguments, operands, 0, "PATH", COMPLETE_FILE,
		"data, folders, or pointers; a git revision may come first"),
	OPERAND_END,
};

enum {
	CHECKOUT_PATH,
	CHECKOUT_WRITTEN,
	CHECKOUT_REMOVED,
	CHECKOUT_UNCHANGED,
	CHECKOUT_BYTES,
	CHECKOUT_READ,
	CHECKOUT_POINTER,
	CHECKOUT_DONE
};
static const struct row_spec checkout_rows[] = {
	[CHECKOUT_PATH] = { "path", "path", ROW_TEXT, ROW_SHRINK },
	[CHECKOUT_WRITTEN] = { "written", "written", ROW_COUNT },
	[CHECKOUT_REMOVED] = { "removed", "removed", ROW_COUNT },
	[CHECKOUT_UNCHANGED] = { "unchanged", "unchanged", ROW_COUNT },
	[CHECKOUT_BYTES] = { "bytes", "size", ROW_BYTES },
	[CHECKOUT_READ] = { "bytes_read", "read", ROW_BYTES, ROW_JSON_ONLY },
	[CHECKOUT_POINTER] = { "pointer_written", "pointer", ROW_BOOLEAN, ROW_JSON_ONLY },
	[CHECKOUT_DONE] = { "done", "done", ROW_BOOLEAN, ROW_JSON_ONLY },
	ROW_END,
};

struct checkout_work {
	struct invocation *invocation;
	const struct checkout_arguments *arguments;
	const char *revision; /* or NULL */
	const char *const *paths;
	size_t n_paths;
	struct repository *repository; /* NULL until it is needed */
	struct tracked here, there; /* on disk; at the revision */
	struct tracked_choices choices;
	struct object_store *store;
	struct checkout_batch *batch;
	struct rows rows;
	struct checkout_summary sum;
	size_t n_pointers, n_parts;
	struct error failed; /* the first of those that could not be done */
};

static void checkout_work_release(struct checkout_work *work)
{
	rows_release(&work->rows);
	checkout_batch_free(work->batch);
	object_store_close(work->store);
	tracked_choices_release(&work->choices);
	tracked_release(&work->there);
	tracked_release(&work->here);
	repository_close(work->repository);
}
AUTO_RELEASE(struct checkout_work, checkout_work_release)

/* ---- what is asked for ---- */

static int checkout_open_repository(struct checkout_work *work, struct error *err)
{
	if (work->repository)
		return 0;
	return repository_open(work->invocation->workspace.root, &work->repository, err);
}

/* Is the first operand a revision? What is both is refused, as git does it. */
static int checkout_split(struct checkout_work *work, struct error *err)
{
	const struct option_list *operands = &work->arguments->operands;
	work->revision = work->arguments->revision;
	work->paths = operands->items;
	work->n_paths = operands->count;
	if (work->revision || !operands->count)
		return 0;
	const char *first = operands->items[0], *path = NULL;
	char commit[REPOSITORY_COMMIT_SIZE];
	struct error outside = ERROR_INIT, none = ERROR_INIT;
	bool tracked = tracked_paths_locate(work->invocation, first, &path, &outside) == 0 &&
		       tracked_paths_known(&work->here, path);
	bool known = checkout_open_repository(work, &none) == 0 &&
		     repository_resolve(work->repository, first, commit, &none) == 0;
	if (tracked && known) {
		error_set(err, ERROR_USAGE, "'%s' is a path and a git revision", first);
		return error_hint(err, "say './%s' or '--rev %s'", first, first);
	}
	if (known) {
		work->revision = first;
		work->paths++;
		work->n_paths--;
	}
	return 0;
}

static int checkout_choose(struct checkout_work *work, struct error *err)
{
	const struct tracked *tracked = &work->here;
	if (work->revision) {
		if (checkout_open_repository(work, err) < 0 ||
			tracked_at_revision(&work->invocation->workspace, work->repository,
				work->revision, &work->there, err) < 0)
			return -err->code;
		tracked = &work->there;
	}
	if (!work->n_paths)
		return tracked_paths_choose(tracked, "", "", &work->choices, err) < 0 &&
				       err->code != ERROR_NOT_FOUND
			       ? -(int)err->code
			       : (error_clear(err), 0);
	for (size_t i = 0; i < work->n_paths; i++) {
		const char *path;
		if (tracked_paths_locate(work->invocation, work->paths[i], &path, err) < 0)
			return -err->code;
		if (tracked_paths_choose(tracked, path, work->paths[i], &work->choices, err) < 0)
			return work->revision ? error_prefix(err, "in '%s'", work->revision)
					      : -(int)err->code;
	}
	return 0;
}

/* ---- doing it ---- */

/* The version that was put there last, by the stat cache. */
static int checkout_is_same_version(const struct checkout_work *work,
	const struct tracked_item *item, bool *ret, struct error *err)
{
	AUTO(stat_cache_free) struct stat_cache *cache = NULL;
	struct hash whole;
	if (stat_cache_load(&work->invocation->workspace, item->path, &cache, err) < 0)
		return -err->code;
	*ret = cache && stat_cache_whole(cache, &whole) && hash_equal(&whole, &item->pointer.hash);
	return 0;
}

/* Beside data of another revision its pointer is put, unless it is there. */
static int checkout_write_pointer(
	struct checkout_work *work, const struct tracked_item *item, bool *ret, struct error *err)
{
	struct error none = ERROR_INIT;
	AUTO(pointer_release) struct pointer there = { .path = NULL };
	AUTO(strbuf_release) struct strbuf old_text = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf new_text = STRBUF_INIT;
	AUTO_FREE char *path = path_join(work->invocation->workspace.root, item->path, err);
	if (!path || pointer_format(&item->pointer, &new_text, err) < 0)
		return -err->code;
	bool same = pointer_load(path, &there, &none) == 0 &&
		    pointer_format(&there, &old_text, &none) == 0 &&
		    strcmp(old_text.text, new_text.text) == 0;
	*ret = !same;
	if (same || work->arguments->dry_run)
		return 0;
	return pointer_save(path, &item->pointer, err);
}

static void checkout_add_row(struct checkout_work *work, const struct tracked_choice *choice,
	const struct checkout_summary *summary, bool pointer, bool done)
{
	struct rows *rows = &work->rows;
	bool json = work->invocation->globals.json;
	if (!json && !summary->n_written && !summary->n_removed && !pointer)
		return;
	rows_next(rows);
	AUTO(strbuf_release) struct strbuf path = STRBUF_INIT;
	strbuf_printf(&path, "%s%s%s", choice->item->path, choice->below ? "/" : "",
		choice->below ? choice->below : "");
	rows_text(rows, CHECKOUT_PATH, path.text);
	rows_count(rows, CHECKOUT_WRITTEN, summary->n_written);
	rows_count(rows, CHECKOUT_REMOVED, summary->n_removed);
	rows_count(rows, CHECKOUT_UNCHANGED, summary->n_unchanged);
	rows_count(rows, CHECKOUT_BYTES, summary->bytes);
	rows_count(rows, CHECKOUT_READ, summary->bytes_read);
	rows_boolean(rows, CHECKOUT_POINTER, pointer);
	rows_boolean(rows, CHECKOUT_DONE, done);
}

static int checkout_one_choice(
	struct checkout_work *work, const struct tracked_choice *choice, struct error *err)
{
	const struct tracked_item *item = choice->item;
	struct checkout_summary own = { .n_written = 0 };
	bool pointer = false, same = false;
	if (work->arguments->changed && checkout_is_same_version(work, item, &same, err) < 0)
		return -err->code;
	if (same)
		return 0;
	int status = checkout_batch_data(
		work->batch, item->path, &item->pointer, choice->below, &own, err);
	if (status == 0 && work->revision && work->n_paths && !choice->below)
		status = checkout_write_pointer(work, item, &pointer, err);
	if (status < 0)
		own = (struct checkout_summary){ .bytes_read = own.bytes_read };
	work->n_pointers += pointer;
	work->n_parts += choice->below != NULL;
	work->sum.n_written += own.n_written;
	work->sum.n_removed += own.n_removed;
	work->sum.n_unchanged += own.n_unchanged;
	work->sum.bytes += own.bytes;
	checkout_add_row(work, choice, &own, pointer, status == 0);
	return status;
}

/* All that can be done is done; the first failure is the answer, the others are shown. */
static int checkout_each(struct checkout_work *work, struct error *err)
{
	vec_each (choice, &work->choices.items) {
		struct error own = ERROR_INIT;
		if (checkout_one_choice(work, choice, &own) == 0)
			continue;
		if (own.code == ERROR_CANCELLED || own.code == ERROR_MEMORY) {
			*err = own;
			return -own.code;
		}
		if (work->failed.code)
			message_error(&work->invocation->messages, &own);
		else
			work->failed = own;
	}
	return checkout_batch_end(work->batch, err);
}

static void checkout_say(const struct checkout_work *work)
{
	struct messages *messages = &work->invocation->messages;
	const struct checkout_summary *sum = &work->sum;
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	output_add_bytes(&bytes, sum->bytes);
	if (!work->choices.items.count)
		message_summary(messages, "nothing is tracked%s%s",
			work->revision ? " in " : "; 'mlops add PATH' begins",
			work->revision ? work->revision : "");
	else if (!sum->n_written && !sum->n_removed)
		message_summary(messages, "all is as it should be: %zu files", sum->n_unchanged);
	else
		message_summary(messages, "%s%zu file%s written (%s), %zu removed, %zu unchanged",
			work->arguments->dry_run ? "would be: " : "", sum->n_written,
			sum->n_written == 1 ? "" : "s", bytes.text, sum->n_removed,
			sum->n_unchanged);
	if (work->n_pointers)
		message_summary(messages, "%zu pointer%s of '%s' %s, too: git sees the change",
			work->n_pointers, work->n_pointers == 1 ? "" : "s", work->revision,
			work->arguments->dry_run ? "would be written" : "written");
	else if (work->revision && (!work->n_paths || work->n_parts) && sum->n_written)
		message_summary(messages,
			"the pointers stay as they are; 'mlops checkout' brings their data back");
}

static int checkout_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	AUTO(checkout_work_release)
	struct checkout_work work = {
		.invocation = invocation, .arguments = raw_options, .choices.items = VEC_INIT
	};
	struct checkout_options options = { .force = work.arguments->force,
		.dry_run = work.arguments->dry_run,
		.sink = &invocation->sink };
	rows_init(&work.rows, checkout_rows);
	if (tracked_in_workspace(&invocation->workspace, &work.here, err) < 0 ||
		checkout_split(&work, err) < 0 || checkout_choose(&work, err) < 0 ||
		object_store_open(&invocation->workspace, &work.store, err) < 0 ||
		checkout_batch_begin(
			&invocation->workspace, work.store, &options, &work.batch, err) < 0 ||
		checkout_each(&work, err) < 0)
		return -err->code;
	struct json_writer *json = output_json(&invocation->output);
	if (json) {
		json_key_string(json, "revision", work.revision);
		json_key_boolean(json, "dry_run", work.arguments->dry_run);
	}
	if ((json || work.rows.n_rows) &&
		output_rows(&invocation->output, "paths", &work.rows, err) < 0)
		return -err->code;
	if (work.failed.code) {
		*err = work.failed;
		return -err->code;
	}
	checkout_say(&work);
	return 0;
}

static const char *const checkout_usage[] = {
	"checkout [OPTION...] [PATH...]",
	"checkout [OPTION...] REV [PATH...]",
	NULL,
};

const struct command command_checkout = {
	.name = "checkout",
	.summary = "put tracked data in place, as their pointers say",
	.group = COMMAND_DATA,
	.usage = checkout_usage,
	.options = checkout_option_table,
	.operands = checkout_operands,
	.rows = checkout_rows,
	.options_size = sizeof(struct checkout_arguments),
	.needs = COMMAND_WORKSPACE | COMMAND_JSON,
	.run = checkout_run,
};
