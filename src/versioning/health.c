#include "mlops/versioning/health.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/system/file.h"

enum { HEALTH_WELL = 1, HEALTH_NOT_FETCHED = 2, HEALTH_PROBLEM = 3 };

struct health_walk {
	struct object_store *store;
	const struct health_options *options;
	struct health *health;
};

void health_release(struct health *health)
{
	for (size_t i = 0; i < health->problems.count; i++)
		vec_release(&health->problems.items[i].needs);
	vec_release(&health->problems);
	check_summary_release(&health->store);
	hash_set_release(&health->by_hash);
	arena_release(&health->arena);
}

/* what is copied. */
static int health_add(
	struct health *health, const struct health_problem *problem, struct error *err)
{
	struct health_problem copy = *problem;
	copy.what = arena_copy_string(&health->arena, problem->what, err);
	if (!copy.what)
		return -err->code;
	vec_push(&health->problems, copy);
	if (vec_check(&health->problems, err) < 0)
		return -err->code;
	if (!problem->has_hash)
		return 0;
	uint32_t *number = hash_set_put(&health->by_hash, &problem->hash, NULL, err);
	if (!number)
		return -err->code;
	/* The first is the one that is told who needs it. */
	if (*number < HEALTH_PROBLEM)
		*number = HEALTH_PROBLEM + (uint32_t)health->problems.count - 1;
	return 0;
}

static int health_store_problem(void *context, const struct check_problem *found, struct error *err)
{
	const struct health_walk *walk = context;
	struct health_problem problem = { .kind = check_kind_name(found->kind),
		.has_hash = found->has_hash,
		.has_pack = found->has_pack,
		.hash = found->hash,
		.pack = found->pack,
		.offset = found->offset,
		.length = found->length,
		.what = found->what };
	return health_add(walk->health, &problem, err);
}

static int health_add_need(
	struct health *health, size_t index, const struct root *root, struct error *err)
{
	struct health_problem *problem = &health->problems.items[index];
	const struct health_need *last =
		problem->needs.count ? &problem->needs.items[problem->needs.count - 1] : NULL;
	/* A run may have read a file and kept it. */
	if (last && last->kind == root->kind && strcmp(last->path, root->path) == 0 &&
		strcmp(last->where, root->where) == 0)
		return 0;
	if (problem->needs.count == HEALTH_NEEDS) {
		problem->n_more++;
		return 0;
	}
	struct health_need need = { .kind = root->kind,
		.path = arena_copy_string(&health->arena, root->path, err),
		.where = arena_copy_string(&health->arena, root->where, err) };
	if (!need.path || !need.where)
		return -err->code;
	vec_push(&problem->needs, need);
	return vec_check(&problem->needs, err);
}

/* An object that is needed: is it here, and if not, may that be? */
static int health_judge(
	struct health_walk *walk, const struct root *root, uint32_t *ret, struct error *err)
{
	struct health *health = walk->health;
	const struct health_options *options = walk->options;
	uint32_t *number = hash_set_put(&health->by_hash, &root->hash, NULL, err);
	if (!number)
		return -err->code;
	if (*number) {
		*ret = *number;
		return 0;
	}
	bool here = object_exists(walk->store, &root->hash);
	bool remote =
		!here && options->is_remote && options->is_remote(options->context, &root->hash);
	bool unknown = !here && !remote && !root->is_optional && options->remote_unknown;
	if (!here && !remote && !unknown && !root->is_optional) {
		struct health_problem missing = { .kind = "missing",
			.has_hash = true,
			.hash = root->hash,
			.what = "it is not in the store, and no remote is known to have it" };
		if (health_add(health, &missing, err) < 0)
			return -err->code;
		*ret = HEALTH_PROBLEM + (uint32_t)health->problems.count - 1;
		return 0;
	}
	health->n_not_fetched += remote;
	health->n_not_known += unknown;
	/* What is optional may be needed by others too. */
	*number = here ? HEALTH_WELL : remote || unknown ? HEALTH_NOT_FETCHED : 0;
	*ret = *number;
	return 0;
}

static int health_visit_root(void *context, const struct root *root, struct error *err)
{
	struct health_walk *walk = context;
	uint32_t number = 0;
	if (event_stopped(walk->options->sink))
		return error_set(err, ERROR_CANCELLED, "stopped");
	if (health_judge(walk, root, &number, err) < 0)
		return -err->code;
	return number >= HEALTH_PROBLEM
		       ? health_add_need(walk->health, number - HEALTH_PROBLEM, root, err)
		       : 0;
}

static int health_wrong_root(
	void *context, const struct root *root, const char *what, struct error *err)
{
	struct health_walk *walk = context;
	struct health *health = walk->health;
	bool is_object = root->is_tree || root->kind >= ROOT_RUN;
	const uint32_t *number = is_object ? hash_set_find(&health->by_hash, &root->hash) : NULL;
	if (number && *number >= HEALTH_PROBLEM) /* told already: its bytes are damaged */
		return 0;
	struct health_problem problem = { .kind = is_object ? "listing" : "pointer",
		.has_hash = is_object,
		.hash = root->hash,
		.what = what };
	if (health_add(health, &problem, err) < 0)
		return -err->code;
	return health_add_need(health, health->problems.count - 1, root, err);
}

static int health_database(struct health_walk *walk, struct record *record, struct error *err)
{
	if (!record || database_check(record_database(record), err) == 0)
		return 0;
	if (err->code != ERROR_CORRUPT)
		return -err->code;
	struct error why = *err;
	struct health_problem problem = { .kind = "database", .what = why.message };
	error_clear(err);
	return health_add(walk->health, &problem, err);
}

/* Tables may be readable although others are not; what cannot be read ends the check. */
static int health_rest(struct health_walk *walk, const struct workspace *workspace,
	struct record *record, struct error *err)
{
	struct check_options check = { walk->options->quick, walk->options->sink };
	struct roots_options roots = { .removed_after = walk->options->removed_after,
		.wrong = health_wrong_root,
		.sink = walk->options->sink };
	if (check_store(walk->store, workspace, &check, health_store_problem, walk,
		    &walk->health->store, err) < 0)
		return -err->code;
	return roots_each(workspace, walk->store, record, &roots, health_visit_root, walk,
		&walk->health->roots, err);
}

int health_check(const struct workspace *workspace, struct object_store *store,
	struct record *record, const struct health_options *options, struct health *ret,
	struct error *err)
{
	*ret = (struct health){
		.problems = VEC_INIT, .by_hash = HASH_SET_INIT, .arena = ARENA_INIT(0)
	};
	struct health_walk walk = { store, options, ret };
	int status = health_database(&walk, record, err);
	if (status == 0)
		status = health_rest(&walk, workspace, record, err);
	if (status < 0 && ret->problems.count && err->code == ERROR_CORRUPT) {
		/* The database is damaged, and has been told. */
		error_clear(err);
		status = 0;
	}
	if (status < 0)
		health_release(ret);
	return status;
}

bool health_has(const struct health *health, const struct health_problem *problem)
{
	for (size_t i = 0; i < health->problems.count; i++) {
		const struct health_problem *one = &health->problems.items[i];
		if (one->has_hash != problem->has_hash)
			continue;
		if (one->has_hash ? hash_equal(&one->hash, &problem->hash)
				  : strcmp(one->kind, problem->kind) == 0 &&
					    strcmp(one->pack.text, problem->pack.text) == 0 &&
					    one->offset == problem->offset)
			return true;
	}
	return false;
}

/* ---- repair ---- */

/* Is there a file under one of the names of those who need it, with this very content? */
static int health_from_files(const struct workspace *workspace, struct object_store *store,
	const struct health_problem *problem, bool *ret_done, struct error *err)
{
	*ret_done = false;
	for (size_t i = 0; i < problem->needs.count && !*ret_done; i++) {
		const char *name = problem->needs.items[i].path;
		if (i && strcmp(name, problem->needs.items[i - 1].path) == 0)
			continue;
		AUTO_FREE char *path = path_join(workspace->root, name, err);
		struct file_facts facts;
		struct error ignored = ERROR_INIT;
		if (!path)
			return -err->code;
		if (file_facts(path, &facts, &ignored) < 0 || facts.kind != FILE_REGULAR)
			continue;
		if (check_restore_file(store, workspace, &problem->hash, path, err) == 0)
			*ret_done = true;
		else if (err->code != ERROR_INVALID && err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
	}
	return 0;
}

static int health_restore(const struct workspace *workspace, struct object_store *store,
	const struct health_options *options, const struct health *health, struct error *err)
{
	VEC(struct hash) wanted = VEC_INIT;
	int status = 0;
	for (size_t i = 0; status == 0 && i < health->problems.count; i++) {
		const struct health_problem *problem = &health->problems.items[i];
		bool done = false;
		if (!problem->has_hash || !problem->needs.count)
			continue;
		event_progress(options->sink, "repairing", "objects", i, health->problems.count);
		status = health_from_files(workspace, store, problem, &done, err);
		if (status == 0 && !done) {
			vec_push(&wanted, problem->hash);
			status = vec_check(&wanted, err);
		}
	}
	if (status == 0 && wanted.count && options->fetch)
		status = options->fetch(options->context, wanted.items, wanted.count, err);
	vec_release(&wanted);
	return status < 0 ? status : object_store_flush(store, err);
}

/* Can all be read now that is needed? */
static bool health_is_mended(struct object_store *store, const struct health *health)
{
	for (size_t i = 0; i < health->problems.count; i++) {
		const struct health_problem *problem = &health->problems.items[i];
		struct error ignored = ERROR_INIT;
		if (problem->has_hash && problem->needs.count &&
			object_verify(store, &problem->hash, &ignored) < 0)
			return false;
	}
	return true;
}

int health_repair(const struct workspace *workspace, struct object_store *store,
	const struct health_options *options, const struct health *health,
	struct check_repair *repair, struct error *err)
{
	*repair = (struct check_repair){ .adopted = 0 };
	if (check_rebuild(store, workspace, options->wait, options->command, options->sink, repair,
		    err) < 0 ||
		health_restore(workspace, store, options, health, err) < 0)
		return -err->code;
	/* Bytes that are damaged are left as long as they are all that there is. */
	return health_is_mended(store, health) ? check_drop_damage(store, repair, err) : 0;
}
