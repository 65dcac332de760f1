#include <inttypes.h>
#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/versioning/health.h"
#include "mlops/versioning/remotes.h"
#include "runs.h"

struct fsck_options {
	bool repair, quick;
	double wait; /* seconds; -1: as the settings say */
};

static const struct option_spec fsck_option_table[] = {
	OPTION_FLAG(struct fsck_options, quick, 0, "quick",
		"look at sizes and places only, not at contents"),
	OPTION_FLAG(struct fsck_options, repair, 0, "repair",
		"mend from the workspace's files, the packs and remotes"),
	OPTION_DURATION(struct fsck_options, wait, 0, "wait", "TIME", 0, 315360000,
		"to repair, wait so long for commands that put data (core.wait)"),
	OPTION_END,
};

enum { FSCK_KIND, FSCK_OBJECT, FSCK_NEEDED, FSCK_WHERE, FSCK_WHAT, FSCK_STATE };
static const struct row_spec fsck_rows[] = {
	[FSCK_KIND] = { "kind", "problem", ROW_TEXT },
	[FSCK_OBJECT] = { "object", "object", ROW_ID },
	[FSCK_NEEDED] = { "path", "needed as", ROW_TEXT, ROW_OPTIONAL },
	[FSCK_WHERE] = { "where", "by", ROW_TEXT, ROW_OPTIONAL },
	[FSCK_WHAT] = { "what", "what is wrong", ROW_TEXT, ROW_SHRINK },
	[FSCK_STATE] = { "repaired", "state", ROW_TEXT, ROW_OPTIONAL },
	ROW_END,
};

enum { FSCK_REMOTES = 16 };
struct fsck {
	struct invocation *invocation;
	const struct fsck_options *options;
	const struct config *config;
	struct object_store *store;
	struct record *record; /* NULL: there is no database yet */
	struct remote *remotes[FSCK_REMOTES];
	size_t n_remotes;
	struct health_options health;
	struct health found, left; /* left: after a repair */
	bool repaired;
	struct check_repair repair;
};

static void fsck_close_store(struct fsck *fsck)
{
	for (size_t i = 0; i < fsck->n_remotes; i++)
		remote_close(fsck->remotes[i]);
	fsck->n_remotes = 0;
	object_store_close(fsck->store);
	record_close(fsck->record);
	fsck->store = NULL;
	fsck->record = NULL;
}

static void fsck_close(struct fsck *fsck)
{
	fsck_close_store(fsck);
	health_release(&fsck->found);
	health_release(&fsck->left);
}
AUTO_RELEASE(struct fsck, fsck_close)

static bool fsck_is_remote(void *context, const struct hash *hash)
{
	const struct fsck *fsck = context;
	for (size_t i = 0; i < fsck->n_remotes; i++) {
		if (remote_has(fsck->remotes[i], hash))
			return true;
	}
	return false;
}

/* A remote that cannot be reached or lacks some is told; another may help. */
static int fsck_fetch(void *context, const struct hash *hashes, size_t count, struct error *err)
{
	struct fsck *fsck = context;
	for (size_t i = 0; i < fsck->n_remotes; i++) {
		struct remote_summary summary;
		size_t n_missing = 0;
		if (remote_fetch(fsck->remotes[i], hashes, count, true, &fsck->invocation->sink,
			    &summary, &n_missing, err) == 0)
			continue;
		if (err->code != ERROR_NOT_FOUND && err->code != ERROR_NETWORK &&
			err->code != ERROR_CORRUPT)
			return -err->code;
		event_warn(&fsck->invocation->sink, NULL, "%s", err->message);
		error_clear(err);
	}
	return 0;
}

/* A repair may ask: a remote that was never looked at may have what is missing. */
static bool fsck_look(struct fsck *fsck, struct remote *remote)
{
	struct error failed = ERROR_INIT;
	if (!remote_is_known(remote) && fsck->options->repair &&
		remote_refresh(remote, &fsck->invocation->sink, &failed) < 0)
		event_warn(&fsck->invocation->sink, NULL, "%s", failed.message);
	return remote_is_known(remote);
}

/* Those that may be used; of others nothing is asked, and nothing is known. */
static int fsck_open_remotes(struct fsck *fsck, struct error *err)
{
	size_t count;
	const struct config_remote *remotes = config_remotes(fsck->config, &count);
	fsck->health.remote_unknown = count > 0 && !fsck->record;
	for (size_t i = 0; fsck->record && i < count && fsck->n_remotes < FSCK_REMOTES; i++) {
		struct remote *remote = NULL;
		struct remotes_choice choice = { .name = remotes[i].name,
			.sink = &fsck->invocation->sink };
		if (remotes_open(&fsck->invocation->workspace, fsck->store,
			    record_database(fsck->record), fsck->config, &choice, &remote,
			    err) == 0) {
			fsck->remotes[fsck->n_remotes++] = remote;
			if (!fsck_look(fsck, remote))
				fsck->health.remote_unknown = true;
			continue;
		}
		fsck->health.remote_unknown = true;
		if (err->code == ERROR_MEMORY)
			return -err->code;
		event_note(&fsck->invocation->sink, "%s", err->message);
		error_clear(err);
	}
	fsck->health.is_remote = fsck->n_remotes ? fsck_is_remote : NULL;
	fsck->health.fetch = fsck->n_remotes ? fsck_fetch : NULL;
	return 0;
}

/* The database itself is beyond reading: that is the one answer. */
static int fsck_no_database(struct health *health, struct error *err)
{
	struct error why = *err;
	error_clear(err);
	*health = (struct health){
		.problems = VEC_INIT, .by_hash = HASH_SET_INIT, .arena = ARENA_INIT(0)
	};
	struct health_problem problem = { .kind = "database",
		.what = arena_copy_string(&health->arena, why.message, err) };
	vec_push(&health->problems, problem);
	return problem.what ? vec_check(&health->problems, err) : -(int)err->code;
}

static bool fsck_is_database_broken(const struct error *err)
{
	return err->code == ERROR_CORRUPT || err->code == ERROR_INVALID ||
	       err->code == ERROR_DATABASE;
}

static int fsck_check(struct fsck *fsck, struct health *health, struct error *err)
{
	const struct workspace *workspace = &fsck->invocation->workspace;
	fsck_close_store(fsck);
	if (object_store_open(workspace, &fsck->store, err) < 0)
		return -err->code;
	if (record_open(workspace->database, DATABASE_READ, &fsck->record, err) < 0) {
		if (fsck_is_database_broken(err))
			return fsck_no_database(health, err);
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
	}
	if (fsck_open_remotes(fsck, err) < 0)
		return -err->code;
	if (health_check(workspace, fsck->store, fsck->record, &fsck->health, health, err) == 0)
		return 0;
	return err->code == ERROR_DATABASE ? fsck_no_database(health, err) : -(int)err->code;
}

static int fsck_repair(struct fsck *fsck, struct error *err)
{
	if (health_repair(&fsck->invocation->workspace, fsck->store, &fsck->health, &fsck->found,
		    &fsck->repair, err) < 0)
		return -err->code;
	fsck->repaired = true;
	return fsck_check(fsck, &fsck->left, err);
}

/* ---- the answer ---- */

static const char *fsck_where(struct fsck *fsck, const struct health_need *need, struct error *err)
{
	struct arena *arena = &fsck->invocation->arena;
	const char *kind = root_kind_name(need->kind);
	if (need->kind == ROOT_HISTORY)
		return arena_format(arena, err, "commit %.7s", need->where);
	if (need->kind == ROOT_RUN || need->kind == ROOT_REMOVED)
		return arena_format(arena, err, "run %.7s", need->where);
	return need->kind == ROOT_INDEX ? need->where : kind;
}

/* A line each for the first few that need it. */
static int fsck_add_rows(struct fsck *fsck, const struct health_problem *problem, bool is_left,
	struct rows *rows, struct error *err)
{
	enum { SHOWN = 5 };
	size_t n_needs = problem->needs.count;
	char hash[HASH_TEXT_SIZE];
	hash_format(&problem->hash, hash);
	for (size_t i = 0; i == 0 || (i < n_needs && i < SHOWN); i++) {
		rows_next(rows);
		rows_text(rows, FSCK_KIND, i ? "" : problem->kind);
		rows_text(rows, FSCK_OBJECT, i || !problem->has_hash ? "" : hash);
		rows_text(rows, FSCK_WHAT, i ? "" : problem->what);
		if (i == 0 && !is_left)
			rows_text(rows, FSCK_STATE, "repaired");
		if (i >= n_needs)
			break;
		rows_text(rows, FSCK_NEEDED, problem->needs.items[i].path);
		const char *where = fsck_where(fsck, &problem->needs.items[i], err);
		if (!where)
			return -err->code;
		rows_text(rows, FSCK_WHERE, where);
	}
	if (n_needs > SHOWN) {
		rows_next(rows);
		rows_text(rows, FSCK_NEEDED,
			arena_format(&fsck->invocation->arena, err, "and %zu more",
				n_needs - SHOWN + problem->n_more));
	}
	return -(int)err->code;
}

static void fsck_write_problem(
	struct json_writer *json, const struct health_problem *problem, bool is_left)
{
	char hash[HASH_TEXT_SIZE];
	hash_format(&problem->hash, hash);
	json_object(json);
	json_key_string(json, "kind", problem->kind);
	json_key_string(json, "object", problem->has_hash ? hash : NULL);
	json_key_string(json, "pack", problem->has_pack ? problem->pack.text : NULL);
	json_key(json, "offset");
	if (problem->has_pack)
		json_unsigned(json, problem->offset);
	else
		json_null(json);
	json_key_string(json, "what", problem->what);
	json_key_boolean(json, "repaired", !is_left);
	json_key(json, "needed_by");
	json_array(json);
	for (size_t i = 0; i < problem->needs.count; i++) {
		const struct health_need *need = &problem->needs.items[i];
		json_object(json);
		json_key_string(json, "kind", root_kind_name(need->kind));
		json_key_string(json, "path", need->path);
		json_key_string(json, "where", need->where[0] ? need->where : NULL);
		json_end(json);
	}
	json_end(json);
	json_key(json, "more");
	json_unsigned(json, problem->n_more);
	json_end(json);
}

static bool fsck_is_left(const struct fsck *fsck, const struct health_problem *problem)
{
	return !fsck->repaired || health_has(&fsck->left, problem);
}

/* What a repair has brought to light: a row that led nowhere is gone, and its object is missing. */
static bool fsck_is_new(const struct fsck *fsck, const struct health_problem *problem)
{
	return !health_has(&fsck->found, problem);
}

static void fsck_write_json(const struct fsck *fsck, struct json_writer *json)
{
	const struct health *now = fsck->repaired ? &fsck->left : &fsck->found;
	json_key(json, "problems");
	json_array(json);
	for (size_t i = 0; i < fsck->found.problems.count; i++) {
		const struct health_problem *problem = &fsck->found.problems.items[i];
		fsck_write_problem(json, problem, fsck_is_left(fsck, problem));
	}
	for (size_t i = 0; i < fsck->left.problems.count; i++) {
		const struct health_problem *problem = &fsck->left.problems.items[i];
		if (fsck_is_new(fsck, problem))
			fsck_write_problem(json, problem, true);
	}
	json_end(json);
	json_key_boolean(json, "quick", fsck->options->quick);
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = { { "packs", now->store.packs }, { "entries", now->store.entries },
		{ "objects", now->store.objects }, { "bytes", now->store.bytes },
		{ "pointers", now->roots.n_pointers }, { "listings", now->roots.n_trees },
		{ "runs", now->roots.n_runs }, { "not_fetched", now->n_not_fetched },
		{ "not_known", now->n_not_known }, { "unreadable_pointers", now->roots.n_wrong } };
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		json_key(json, counts[i].key);
		json_unsigned(json, counts[i].value);
	}
}

static void fsck_write_summary(const struct fsck *fsck, struct strbuf *text)
{
	const struct health *now = fsck->repaired ? &fsck->left : &fsck->found;
	strbuf_add(text, fsck->options->quick ? "looked at " : "verified ");
	output_add_count(text, now->store.objects);
	strbuf_printf(text, " object%s, ", now->store.objects == 1 ? "" : "s");
	output_add_bytes(text, now->store.bytes);
	strbuf_printf(text, " in %" PRIu64 " pack%s; %zu pointer%s, %zu run%s\n", now->store.packs,
		now->store.packs == 1 ? "" : "s", now->roots.n_pointers,
		now->roots.n_pointers == 1 ? "" : "s", now->roots.n_runs,
		now->roots.n_runs == 1 ? "" : "s");
	if (now->n_not_fetched) {
		output_add_count(text, now->n_not_fetched);
		strbuf_printf(text, " object%s not fetched: a remote has %s\n",
			now->n_not_fetched == 1 ? " is" : "s are",
			now->n_not_fetched == 1 ? "it" : "them");
	}
	if (now->n_not_known) {
		output_add_count(text, now->n_not_known);
		strbuf_printf(text,
			" object%s not here; whether a remote has %s is not known: "
			"mlops pull\n",
			now->n_not_known == 1 ? " is" : "s are",
			now->n_not_known == 1 ? "it" : "them");
	}
}

static int fsck_write_text(struct fsck *fsck, struct error *err)
{
	struct output *output = &fsck->invocation->output;
	AUTO(rows_release) struct rows rows;
	rows_init(&rows, fsck_rows);
	for (size_t i = 0; i < fsck->found.problems.count; i++) {
		const struct health_problem *problem = &fsck->found.problems.items[i];
		if (fsck_add_rows(fsck, problem, fsck_is_left(fsck, problem), &rows, err) < 0)
			return -err->code;
	}
	for (size_t i = 0; i < fsck->left.problems.count; i++) {
		const struct health_problem *problem = &fsck->left.problems.items[i];
		if (fsck_is_new(fsck, problem) &&
			fsck_add_rows(fsck, problem, true, &rows, err) < 0)
			return -err->code;
	}
	if (rows.n_rows) {
		if (output_rows(output, "problems", &rows, err) < 0)
			return -err->code;
		strbuf_add(output_text(output), "\n");
	}
	fsck_write_summary(fsck, output_text(output));
	return 0;
}

static int fsck_answer(struct fsck *fsck, struct error *err)
{
	struct json_writer *json = output_json(&fsck->invocation->output);
	size_t left = fsck->repaired ? fsck->left.problems.count : fsck->found.problems.count;
	if (json)
		fsck_write_json(fsck, json);
	else if (fsck_write_text(fsck, err) < 0)
		return -err->code;
	if (!left)
		return 0;
	error_set(err, ERROR_CHECK, "%zu problem%s", left, left == 1 ? "" : "s");
	if (strcmp(fsck->found.problems.items[0].kind, "database") == 0)
		return error_hint(err,
			"contents are in .mlops/objects/packs; restore mlops.db from a copy, or move "
			"it away and run 'mlops fsck --repair', which makes all but the runs again");
	return fsck->options->repair ? -(int)err->code : error_hint(err, "mlops fsck --repair");
}

static int fsck_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	AUTO(fsck_close)
	struct fsck fsck = { .invocation = invocation, .options = raw_options };
	if (invocation_config(invocation, &fsck.config, err) < 0)
		return -err->code;
	int64_t grace = (int64_t)(config_number(fsck.config, "gc.grace") * 1e6);
	fsck.health = (struct health_options){ .quick = fsck.options->quick,
		.removed_after = clock_now() - grace,
		.context = &fsck,
		.command = invocation->name,
		.wait = fsck.options->wait >= 0 ? fsck.options->wait
						: config_number(fsck.config, "core.wait"),
		.sink = &invocation->sink };
	if (fsck_check(&fsck, &fsck.found, err) < 0)
		return -err->code;
	bool hopeless = fsck.found.problems.count &&
			strcmp(fsck.found.problems.items[0].kind, "database") == 0;
	if (fsck.options->repair && !hopeless && fsck_repair(&fsck, err) < 0)
		return -err->code;
	return fsck_answer(&fsck, err);
}

const struct command command_fsck = {
	.name = "fsck",
	.summary = "verify the store, and mend what can be mended",
	.group = COMMAND_DATA,
	.options = fsck_option_table,
	.rows = fsck_rows,
	.options_size = sizeof(struct fsck_options),
	.defaults = &(const struct fsck_options){ .wait = -1 },
	.needs = COMMAND_WORKSPACE | COMMAND_JSON,
	.run = fsck_run,
};
