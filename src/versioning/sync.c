#include "sync_internal.h"

#include <string.h>

#include "mlops/base/path.h"

int sync_set_add(struct sync_set *set, const struct hash *hash, bool *ret_new, struct error *err)
{
	bool is_new;
	if (!hash_set_put(&set->seen, hash, &is_new, err))
		return -err->code;
	if (ret_new)
		*ret_new = is_new;
	if (is_new)
		vec_push(&set->items, *hash);
	return vec_check(&set->items, err);
}

void sync_set_release(struct sync_set *set)
{
	vec_release(&set->items);
	hash_set_release(&set->seen);
}

bool sync_wants(const struct sync_options *options, const char *path)
{
	for (size_t i = 0; i < options->n_paths; i++) {
		const char *wanted = options->paths[i];
		if (strcmp(wanted, ".") == 0 || path_is_inside(path, wanted) ||
			path_is_inside(wanted, path))
			return true;
	}
	return options->n_paths == 0;
}

bool sync_wants_file(const struct sync_options *options, const char *path, const char *below)
{
	size_t length = strlen(path);
	for (size_t i = 0; i < options->n_paths; i++) {
		const char *wanted = options->paths[i];
		if (strcmp(wanted, ".") == 0 || path_is_inside(path, wanted) ||
			(path_is_inside(wanted, path) &&
				path_is_inside(below, wanted + length + 1)))
			return true;
	}
	return options->n_paths == 0;
}

int sync_check_paths(
	const struct sync_options *options, const struct tracked *tracked, struct error *err)
{
	for (size_t i = 0; i < options->n_paths; i++) {
		const char *wanted = options->paths[i];
		bool found = strcmp(wanted, ".") == 0;
		for (size_t item = 0; !found && item < tracked->count; item++)
			found = path_is_inside(tracked->items[item].path, wanted) ||
				path_is_inside(wanted, tracked->items[item].path);
		if (!found) {
			error_set(err, ERROR_NOT_FOUND, "'%s' is not tracked", wanted);
			return error_hint(err, "mlops add %s", wanted);
		}
	}
	return 0;
}

void sync_add_transfer(struct sync *sync, const struct remote_summary *transfer)
{
	struct remote_summary *sum = &sync->summary->transfer;
	sum->objects += transfer->objects;
	sum->entries += transfer->entries;
	sum->bytes += transfer->bytes;
	sum->packs += transfer->packs;
	sum->seconds += transfer->seconds;
}

int sync_check_missing(struct sync *sync, struct error *err)
{
	char name[HASH_TEXT_SIZE];
	size_t count = sync->missing.items.count;
	sync->summary->n_missing = count;
	if (!count)
		return 0;
	hash_format(&sync->missing.items.items[0], name);
	error_set(err, ERROR_NOT_FOUND,
		"%zu object%s neither here nor on the remote, the first is %s", count,
		count == 1 ? " is" : "s are", name);
	return error_hint(err, "whoever added them has not pushed them yet");
}
