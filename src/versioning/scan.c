#include "mlops/versioning/scan.h"

#include <pthread.h>
#include <string.h>

#include "mlops/base/parallel.h"
#include "mlops/base/vec.h"

#define SCAN_GIT_FILE ".gitignore"

/* All rules that were read: they live until the end, since folders below refer to them. */
struct scan_rules {
	pthread_mutex_t lock;
	VEC(const struct ignore *) all;
	const struct ignore *own, *git; /* of the folder that was asked for */
};

static int scan_rules_keep(struct scan_rules *rules, const struct ignore *made,
	const struct ignore *above, struct error *err)
{
	if (made == above)
		return 0;
	pthread_mutex_lock(&rules->lock);
	vec_push(&rules->all, made);
	int result = vec_check(&rules->all, err);
	pthread_mutex_unlock(&rules->lock);
	if (result < 0)
		ignore_free(made);
	return result;
}

static int scan_rules_read(struct scan_rules *rules, int fd, const char *name, const char *folder,
	const struct ignore **in_force, struct error *err)
{
	const struct ignore *made = NULL, *above = *in_force;
	if (ignore_read(fd, name, folder, above, &made, err) < 0 ||
		scan_rules_keep(rules, made, above, err) < 0)
		return -err->code;
	*in_force = made;
	return 0;
}

/* What .git/info/exclude says comes before all .gitignore files, so they win. */
static int scan_rules_exclude(struct scan_rules *rules, int root, struct error *err)
{
	struct error ignored = ERROR_INIT;
	AUTO_CLOSE int info = folder_open_below(root, ".git/info", &ignored);
	return info < 0 ? 0 : scan_rules_read(rules, info, "exclude", "", &rules->git, err);
}

/* Adds the rules of one folder of the path. */
static int scan_rules_of(
	struct scan_rules *rules, int root, const char *folder, bool git_rules, struct error *err)
{
	AUTO_CLOSE int fd = folder_open_below(root, folder, err);
	if (fd < 0 || scan_rules_read(rules, fd, IGNORE_FILE, folder, &rules->own, err) < 0)
		return -err->code;
	return git_rules ? scan_rules_read(rules, fd, SCAN_GIT_FILE, folder, &rules->git, err) : 0;
}

static int scan_rules_fill(
	struct scan_rules *rules, int root, const char *folder, bool git_rules, struct error *err)
{
	AUTO(strbuf_release) struct strbuf part = STRBUF_INIT;
	if ((git_rules && scan_rules_exclude(rules, root, err) < 0) ||
		scan_rules_of(rules, root, "", git_rules, err) < 0)
		return -err->code;
	for (const char *at = folder; *at;) {
		size_t length = strcspn(at, "/");
		if (part.length)
			strbuf_add_char(&part, '/');
		strbuf_add_bytes(&part, at, length);
		if (strbuf_check(&part, err) < 0 ||
			scan_rules_of(rules, root, part.text, git_rules, err) < 0)
			return -err->code;
		at += length + (at[length] == '/');
	}
	return 0;
}

int scan_rules_load(const struct workspace *workspace, const char *folder, bool git_rules,
	struct scan_rules **ret, struct error *err)
{
	AUTO(scan_rules_free) struct scan_rules *rules = memory_allocate(1, sizeof *rules, err);
	if (!rules)
		return -err->code;
	pthread_mutex_init(&rules->lock, NULL);
	AUTO_CLOSE int root = folder_open_root(workspace->root, err);
	if (root < 0 || scan_rules_fill(rules, root, folder, git_rules, err) < 0)
		return -err->code;
	*ret = TAKE(rules);
	return 0;
}

const struct ignore *scan_rules_own(const struct scan_rules *rules)
{
	return rules->own;
}

const struct ignore *scan_rules_git(const struct scan_rules *rules)
{
	return rules->git;
}

void scan_rules_free(struct scan_rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->all.count; i++)
		ignore_free(rules->all.items[i]);
	vec_release(&rules->all);
	pthread_mutex_destroy(&rules->lock);
	memory_free(rules);
}

/* ---- the walk ---- */

struct scan_item { /* a folder that waits */
	const struct ignore *rules, *git_rules; /* of the folders above it */
	int depth;
	bool first; /* its own rules are known already */
	char path[];
};

struct scan_worker {
	struct folder_entries entries;
	struct strbuf scratch;
	VEC(void *) found;
};

struct scan_state {
	const struct scan_options *options;
	int root;
	struct scan_rules *rules;
	struct scan_worker *workers;
};

static struct scan_item *scan_item_new(
	const struct scan_folder *parent, const char *name, int depth, struct error *err)
{
	size_t length = strlen(parent->path), more = strlen(name);
	struct scan_item *item = memory_allocate(1, sizeof *item + length + more + 2, err);
	if (!item)
		return NULL;
	*item = (struct scan_item){ parent->rules, parent->git_rules, depth, false };
	memcpy(item->path, parent->path, length);
	if (length)
		item->path[length++] = '/';
	memcpy(item->path + length, name, more);
	return item;
}

static bool scan_matches(const struct ignore *rules, const struct scan_folder *folder,
	const char *name, bool is_folder)
{
	if (!rules)
		return false;
	struct strbuf *path = folder->scratch;
	strbuf_clear(path);
	strbuf_add(path, folder->path);
	if (path->length)
		strbuf_add_char(path, '/');
	strbuf_add(path, name);
	return ignore_matches(rules, path->text, is_folder);
}

bool scan_is_out(const struct scan_folder *folder, const char *name, bool is_folder, bool git_rules)
{
	return scan_matches(folder->rules, folder, name, is_folder) ||
	       (git_rules && scan_matches(folder->git_rules, folder, name, is_folder));
}

static bool scan_enters(struct scan_state *state, const struct scan_folder *folder,
	const struct folder_entry *entry)
{
	const struct scan_options *options = state->options;
	return entry->facts.kind == FILE_FOLDER && strcmp(entry->name, ".git") != 0 &&
	       strcmp(entry->name, ".mlops") != 0 &&
	       !scan_is_out(folder, entry->name, true, options->git_rules) &&
	       (!options->enter || options->enter(options->context, folder, entry->name));
}

/* Queues what is to be entered. */
static int scan_descend(struct scan_state *state, struct parallel_queue *queue,
	const struct scan_folder *folder, int depth, struct error *err)
{
	struct scan_worker *worker = &state->workers[folder->worker];
	worker->found.count = 0;
	int result = 0;
	for (size_t i = 0; i < folder->count && result == 0; i++) {
		if (!scan_enters(state, folder, &folder->entries[i]))
			continue;
		struct scan_item *item =
			scan_item_new(folder, folder->entries[i].name, depth + 1, err);
		if (!item) {
			result = -err->code;
			break;
		}
		vec_push(&worker->found, item);
		result = vec_check(&worker->found, err);
		if (result < 0)
			memory_free(item);
	}
	if (result == 0 && worker->found.count)
		result = parallel_queue_push(queue, worker->found.items, worker->found.count, err);
	for (size_t i = 0; result < 0 && i < worker->found.count; i++)
		memory_free(worker->found.items[i]);
	return result;
}

/* Takes in the rules that stand in this very folder. */
static int scan_read_rules(struct scan_state *state, struct scan_folder *folder, struct error *err)
{
	for (size_t i = 0; i < folder->count; i++) {
		const char *name = folder->entries[i].name;
		if (name[0] != '.' || folder->entries[i].facts.kind != FILE_REGULAR)
			continue;
		if (strcmp(name, IGNORE_FILE) == 0 &&
			scan_rules_read(state->rules, folder->fd, name, folder->path,
				&folder->rules, err) < 0)
			return -err->code;
		if (state->options->git_rules && strcmp(name, SCAN_GIT_FILE) == 0 &&
			scan_rules_read(state->rules, folder->fd, name, folder->path,
				&folder->git_rules, err) < 0)
			return -err->code;
	}
	return 0;
}

static int scan_task(void *context, struct parallel_queue *queue, void *pointer, size_t worker,
	struct error *err)
{
	struct scan_state *state = context;
	AUTO_FREE struct scan_item *item = pointer;
	struct scan_worker *own = &state->workers[worker];
	if (item->depth > SCAN_DEPTH)
		return error_set(err, ERROR_UNSUPPORTED, "'%s' lies more than %d folders deep",
			item->path, SCAN_DEPTH);
	AUTO_CLOSE int fd = folder_open_below(state->root, item->path, err);
	if (fd < 0) {
		/* Removed since its parent was read: as if it had never been there. */
		if (err->code != ERROR_NOT_FOUND || item->depth == 0)
			return -err->code;
		error_clear(err);
		return 0;
	}
	const char *shown = *item->path ? item->path : ".";
	if (folder_read(fd, shown, state->options->facts, &own->entries, err) < 0)
		return -err->code;
	struct scan_folder folder = { .path = item->path,
		.fd = fd,
		.entries = own->entries.items,
		.count = own->entries.count,
		.rules = item->rules,
		.git_rules = item->git_rules,
		.worker = worker,
		.scratch = &own->scratch };
	if (!item->first && scan_read_rules(state, &folder, err) < 0)
		return -err->code;
	int result = state->options->visit(state->options->context, &folder, err);
	if (result != 0)
		return result < 0 ? result : 0;
	return scan_descend(state, queue, &folder, item->depth, err);
}

static void scan_drop(void *item)
{
	memory_free(item);
}

static int scan_start(struct scan_state *state, struct error *err)
{
	const struct scan_folder nowhere = {
		.path = "", .rules = state->rules->own, .git_rules = state->rules->git
	};
	struct scan_item *item = scan_item_new(&nowhere, state->options->folder, 0, err);
	if (!item)
		return -err->code;
	item->first = true;
	return parallel_queue(state->options->threads, item, scan_task, scan_drop, state, err);
}

int scan(const struct workspace *workspace, const struct scan_options *options, struct error *err)
{
	AUTO(scan_rules_free) struct scan_rules *rules = NULL;
	AUTO_CLOSE int root = folder_open_root(workspace->root, err);
	AUTO_FREE struct scan_worker *workers =
		memory_allocate(options->threads, sizeof *workers, err);
	if (root < 0 || !workers ||
		scan_rules_load(workspace, options->folder, options->git_rules, &rules, err) < 0)
		return -err->code;
	for (size_t i = 0; i < options->threads; i++) {
		workers[i].entries = FOLDER_ENTRIES_INIT;
		workers[i].scratch = STRBUF_INIT;
	}
	struct scan_state state = { options, root, rules, workers };
	int result = scan_start(&state, err);
	for (size_t i = 0; i < options->threads; i++) {
		folder_entries_release(&workers[i].entries);
		strbuf_release(&workers[i].scratch);
		vec_release(&workers[i].found);
	}
	return result;
}
