#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/base/path.h"
#include "mlops/record/run.h"
#include "mlops/store/collect.h"
#include "mlops/system/file.h"
#include "mlops/versioning/remotes.h"
#include "mlops/versioning/roots.h"
#include "runs.h"

struct gc_options {
	bool dry_run, force;
	double grace, wait; /* seconds; -1: as the settings say */
};

static const struct option_spec gc_option_table[] = {
	OPTION_FLAG(struct gc_options, dry_run, 'n', "dry-run",
		"only say what would be freed; takes no lock"),
	OPTION_FLAG(struct gc_options, force, 'f', "force",
		"free things although listings of folders are missing"),
	OPTION_DURATION(struct gc_options, grace, 0, "grace", "TIME", 0, 315360000,
		"keep what was put, or removed, within TIME (gc.grace)"),
	OPTION_DURATION(struct gc_options, wait, 0, "wait", "TIME", 0, 315360000,
		"wait so long for commands that put data (core.wait)"),
	OPTION_END,
};

enum { GC_WHAT, GC_OBJECTS, GC_ENTRIES, GC_BYTES };
static const struct row_spec gc_rows[] = {
	[GC_WHAT] = { "reason", "kept for", ROW_TEXT },
	[GC_OBJECTS] = { "objects", "objects", ROW_COUNT },
	[GC_ENTRIES] = { "entries", "entries", ROW_COUNT, ROW_JSON_ONLY },
	[GC_BYTES] = { "bytes", "size", ROW_BYTES },
	ROW_END,
};

enum { GC_RECENT = ROOT_KIND_COUNT, GC_REMOTES = 16 };
_Static_assert((int)GC_RECENT < (int)COLLECT_REASONS, "a reason for each kind of root");

struct gc {
	struct invocation *invocation;
	const struct gc_options *options;
	double grace;
	int64_t removed_before;
	struct object_store *store;
	struct record *record; /* NULL: there is no database yet */
	struct remote *remotes[GC_REMOTES];
	size_t n_remotes;
	struct collect *collect;
	size_t n_unknown; /* listings that are neither here nor known to be on a remote */
	struct roots_summary roots;
	struct collect_summary summary;
	size_t n_purged;
	uint64_t database; /* bytes that it gave back */
};

/* A log lies in .mlops/runs; the name comes from the database. */
static int gc_remove_log(void *context, const char *log, struct error *err)
{
	const struct gc *gc = context;
	AUTO_FREE char *path = path_join(gc->invocation->workspace.folder, log, err);
	AUTO_FREE char *normal = path ? path_normalise(path, err) : NULL;
	AUTO_FREE char *folder = path_join(gc->invocation->workspace.folder, "runs", err);
	if (!normal || !folder)
		return -err->code;
	return path_is_inside(normal, folder) ? file_remove(normal, err) : 0;
}

static int gc_count_purged(
	void *context, int64_t run, const char *id, int64_t removed, struct error *err)
{
	struct gc *gc = context;
	(void)run, (void)id, (void)err;
	gc->n_purged += removed && removed < gc->removed_before;
	return 0;
}

static int gc_purge(struct gc *gc, struct error *err)
{
	if (!gc->record)
		return 0;
	if (gc->options->dry_run)
		return runs_each(gc->record, gc_count_purged, gc, err);
	return runs_purge(gc->record, gc->removed_before, gc_remove_log, gc, &gc->n_purged, err);
}

/* What was pushed was pushed whole: what such a listing names is on the remote too. */
static bool gc_is_known(const struct gc *gc, const struct hash *hash)
{
	bool known = object_exists(gc->store, hash);
	for (size_t i = 0; !known && i < gc->n_remotes; i++)
		known = remote_has(gc->remotes[i], hash);
	return known;
}

/* Those that may be used; nothing is asked of them. */
static int gc_open_remotes(struct gc *gc, const struct config *config, struct error *err)
{
	size_t count;
	const struct config_remote *remotes = config_remotes(config, &count);
	for (size_t i = 0; gc->record && i < count && gc->n_remotes < GC_REMOTES; i++) {
		struct remote *remote = NULL;
		struct remotes_choice choice = { .name = remotes[i].name,
			.sink = &gc->invocation->sink };
		if (remotes_open(&gc->invocation->workspace, gc->store, record_database(gc->record),
			    config, &choice, &remote, err) == 0) {
			gc->remotes[gc->n_remotes++] = remote;
			continue;
		}
		if (err->code == ERROR_MEMORY)
			return -err->code;
		event_note(&gc->invocation->sink, "%s", err->message);
		error_clear(err);
	}
	return 0;
}

static int gc_keep(void *context, const struct root *root, struct error *err)
{
	struct gc *gc = context;
	if (event_stopped(&gc->invocation->sink))
		return error_set(err, ERROR_CANCELLED, "stopped");
	if (root->is_tree && !root->is_optional)
		gc->n_unknown += !gc_is_known(gc, &root->hash);
	return collect_keep(gc->collect, &root->hash, root->kind, err);
}

/* With a tree that is damaged nobody knows what it lists. */
static int gc_wrong(void *context, const struct root *root, const char *what, struct error *err)
{
	struct gc *gc = context;
	(void)err;
	event_warn(&gc->invocation->sink, NULL, "'%s'%s%s: %s", root->path,
		root->where[0] ? " of " : "", root->where, what);
	collect_undecided(gc->collect);
	return 0;
}

static int gc_mark(struct gc *gc, struct error *err)
{
	struct roots_options options = { .removed_after = gc->removed_before,
		.wrong = gc_wrong,
		.sink = &gc->invocation->sink };
	if (roots_each(&gc->invocation->workspace, gc->store, gc->record, &options, gc_keep, gc,
		    &gc->roots, err) < 0)
		return -err->code;
	if (gc->n_unknown && !gc->options->force)
		collect_undecided(gc->collect);
	return 0;
}

static int gc_open(struct gc *gc, const struct config *config, struct error *err)
{
	struct invocation *invocation = gc->invocation;
	double wait =
		gc->options->wait >= 0 ? gc->options->wait : config_number(config, "core.wait");
	gc->grace =
		gc->options->grace >= 0 ? gc->options->grace : config_number(config, "gc.grace");
	gc->removed_before = clock_now() - (int64_t)(gc->grace * 1e6);
	struct collect_options options = { .grace = (int64_t)gc->grace,
		.recent = GC_RECENT,
		.dry_run = gc->options->dry_run,
		.wait = wait,
		.command = invocation->name,
		.sink = &invocation->sink };
	if (object_store_open(&invocation->workspace, &gc->store, err) < 0 ||
		collect_begin(gc->store, &invocation->workspace, &options, &gc->collect, err) < 0)
		return -err->code;
	if (record_open(invocation->workspace.database,
		    gc->options->dry_run ? DATABASE_READ : DATABASE_WRITE, &gc->record, err) == 0)
		return 0;
	if (err->code != ERROR_NOT_FOUND)
		return -err->code;
	error_clear(err); /* nothing was ever recorded */
	return 0;
}

static int gc_collect(struct gc *gc, struct error *err)
{
	/* Runs go when it is known that the rest can, and before what only they need. */
	if (gc_mark(gc, err) < 0 || gc_purge(gc, err) < 0 ||
		collect_finish(gc->collect, &gc->summary, err) < 0)
		return -err->code;
	if (gc->options->dry_run || !gc->record)
		return 0;
	return database_compact(record_database(gc->record), &gc->database, err);
}

static const char *gc_reason(unsigned reason)
{
	return reason == GC_RECENT ? "recent" : root_kind_name(reason);
}

static void gc_write_count(
	struct json_writer *json, const char *key, const struct collect_count *count)
{
	json_key(json, key);
	json_object(json);
	json_key(json, "objects");
	json_unsigned(json, count->objects);
	json_key(json, "entries");
	json_unsigned(json, count->entries);
	json_key(json, "bytes");
	json_unsigned(json, count->bytes);
	json_end(json);
}

static void gc_write_json(const struct gc *gc, struct json_writer *json)
{
	const struct collect_summary *summary = &gc->summary;
	json_key_boolean(json, "dry_run", gc->options->dry_run);
	json_key_boolean(json, "undecided", summary->undecided);
	json_key_boolean(json, "has_repository", gc->roots.has_repository);
	json_key_number(json, "grace_seconds", gc->grace);
	gc_write_count(json, "freed", &summary->freed);
	gc_write_count(json, "left", &summary->left);
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = { { "disk_bytes", summary->disk }, { "database_bytes", gc->database },
		{ "packs_removed", summary->packs_removed },
		{ "packs_rewritten", summary->packs_rewritten },
		{ "packs_damaged", summary->packs_damaged },
		{ "missing_objects", summary->missing },
		{ "missing_listings", gc->roots.n_missing_trees },
		{ "adopted_entries", summary->adopted }, { "moved_objects", summary->loose_moved },
		{ "purged_runs", gc->n_purged } };
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		json_key(json, counts[i].key);
		json_unsigned(json, counts[i].value);
	}
}

static void gc_write_text(const struct gc *gc, struct strbuf *text)
{
	const struct collect_summary *summary = &gc->summary;
	strbuf_add(text, gc->options->dry_run ? "\nwould free " : "\nfreed ");
	output_add_count(text, summary->freed.objects);
	strbuf_printf(text, " object%s, ", summary->freed.objects == 1 ? "" : "s");
	output_add_bytes(text, summary->disk + gc->database);
	if (gc->n_purged)
		strbuf_printf(text, ", and %zu removed run%s", gc->n_purged,
			gc->n_purged == 1 ? "" : "s");
	strbuf_add(text, "\n");
	if (summary->left.entries) {
		strbuf_add(text, "not needed but left, for little would be gained: ");
		output_add_bytes(text, summary->left.bytes);
		strbuf_add(text, "\n");
	}
}

static int gc_answer(const struct gc *gc, struct error *err)
{
	struct output *output = &gc->invocation->output;
	AUTO(rows_release) struct rows rows;
	rows_init(&rows, gc_rows);
	for (unsigned i = 0; i <= GC_RECENT; i++) {
		const struct collect_count *count = &gc->summary.kept[i];
		if (!count->entries)
			continue;
		rows_next(&rows);
		rows_text(&rows, GC_WHAT, gc_reason(i));
		rows_count(&rows, GC_OBJECTS, count->objects);
		rows_count(&rows, GC_ENTRIES, count->entries);
		rows_count(&rows, GC_BYTES, count->bytes);
	}
	if (output_rows(output, "kept", &rows, err) < 0)
		return -err->code;
	struct json_writer *json = output_json(output);
	if (json)
		gc_write_json(gc, json);
	else
		gc_write_text(gc, output_text(output));
	return 0;
}

static void gc_explain(const struct gc *gc)
{
	const struct event_sink *sink = &gc->invocation->sink;
	const struct roots_summary *roots = &gc->roots;
	if (gc->summary.undecided && gc->n_unknown && !gc->options->force)
		event_warn(sink, NULL,
			"nothing was freed: %zu listing%s of folders that git remembers %s neither "
			"here nor known to be on a remote, so what is needed is not known; fetch "
			"with 'mlops pull', or say --force",
			gc->n_unknown, gc->n_unknown == 1 ? "" : "s",
			gc->n_unknown == 1 ? "is" : "are");
	else if (gc->summary.undecided)
		event_warn(sink, NULL,
			"nothing was freed, since something that is needed cannot be read; "
			"see 'mlops fsck'");
	if (gc->summary.packs_damaged)
		event_warn(sink, NULL, "%zu damaged pack%s left as %s; see 'mlops fsck'",
			gc->summary.packs_damaged, gc->summary.packs_damaged == 1 ? "" : "s",
			gc->summary.packs_damaged == 1 ? "it is" : "they are");
	if (!roots->has_repository)
		event_note(sink, "without git, only what pointers say now is kept, not what "
				 "they said before");
}

static void gc_close(struct gc *gc)
{
	for (size_t i = 0; i < gc->n_remotes; i++)
		remote_close(gc->remotes[i]);
	record_close(gc->record);
	collect_free(gc->collect);
	object_store_close(gc->store);
}
AUTO_RELEASE(struct gc, gc_close)

static int gc_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	AUTO(gc_close) struct gc gc = { .invocation = invocation, .options = raw_options };
	const struct config *config;
	if (invocation_config(invocation, &config, err) < 0 || gc_open(&gc, config, err) < 0 ||
		gc_open_remotes(&gc, config, err) < 0 || gc_collect(&gc, err) < 0)
		return -err->code;
	gc_explain(&gc);
	return gc_answer(&gc, err);
}

const struct command command_gc = {
	.name = "gc",
	.summary = "free what no commit, run or recent work needs",
	.group = COMMAND_DATA,
	.options = gc_option_table,
	.rows = gc_rows,
	.options_size = sizeof(struct gc_options),
	.defaults = &(const struct gc_options){ .grace = -1, .wait = -1 },
	.needs = COMMAND_WORKSPACE | COMMAND_JSON,
	.run = gc_run,
};
