#include "mlops/config/remotes.h"

#include <string.h>

#include "config_internal.h"
#include "mlops/base/sort.h"

const struct config_remote *config_remotes(const struct config *config, size_t *ret_count)
{
	*ret_count = config->n_remotes;
	return config->remotes;
}

int config_remote_check_name(const char *name, struct error *err)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t length = strlen(name);
	if (length && length <= CONFIG_REMOTE_NAME_LONGEST && name[0] != '-' &&
		strspn(name, letters) == length)
		return 0;
	return error_set(err, ERROR_USAGE,
		"'%s' cannot be the name of a remote: it has 1 to %d letters, digits, '_' and '-'",
		name, CONFIG_REMOTE_NAME_LONGEST);
}

static const char *const remotes_keys[] = { "endpoint", "region", "url", NULL };

/* What is wrong with a remote in a file goes to the problems. */
static const char *remotes_wrong(const struct value_entry *entry, struct error *err)
{
	const struct value *value = entry->value;
	if (config_remote_check_name(entry->key, err) < 0)
		return err->message;
	if (value->kind == VALUE_STRING && value->string.length)
		return NULL;
	if (value->kind != VALUE_MAPPING || !value_member(value, "url"))
		return "a remote has a url";
	for (size_t i = 0; i < value->mapping.count; i++) {
		const struct value_entry *member = &value->mapping.entries[i];
		bool known = false;
		for (size_t key = 0; remotes_keys[key]; key++)
			known = known || strcmp(member->key, remotes_keys[key]) == 0;
		if (!known)
			return "a remote has the keys url, region and endpoint, and no others";
		if (member->value->kind != VALUE_STRING || !member->value->string.length ||
			memchr(member->value->string.at, '\0', member->value->string.length))
			return "url, region and endpoint of a remote are texts";
	}
	return NULL;
}

static int remotes_copy(struct config *config, const struct value *value, const char *key,
	const char **ret, struct error *err)
{
	const struct value *member = value_member(value, key);
	*ret = member ? arena_copy_string(&config->arena, member->string.at, err) : NULL;
	return member && !*ret ? -(int)err->code : 0;
}

static int remotes_compare(const void *a, const void *b, void *context)
{
	(void)context;
	return strcmp(
		((const struct config_remote *)a)->name, ((const struct config_remote *)b)->name);
}

static int remotes_put(struct config *config, const struct config_remote *remote, struct error *err)
{
	for (size_t i = 0; i < config->n_remotes; i++) {
		if (strcmp(config->remotes[i].name, remote->name) == 0) {
			config->remotes[i] = *remote;
			return 0;
		}
	}
	if (!config->remotes)
		config->remotes = arena_allocate(
			&config->arena, CONFIG_REMOTES_MOST, sizeof *config->remotes, err);
	if (!config->remotes)
		return -ERROR_MEMORY;
	if (config->n_remotes == CONFIG_REMOTES_MOST)
		return error_set(
			err, ERROR_INVALID, "there are more than %d remotes", CONFIG_REMOTES_MOST);
	config->remotes[config->n_remotes++] = *remote;
	return sort_items(config->remotes, config->n_remotes, sizeof *config->remotes,
		remotes_compare, NULL, err);
}

int config_load_remote(struct config *config, const struct config_remote *origin,
	const struct value_entry *entry, struct problems *problems, struct error *err)
{
	struct config_remote remote = *origin;
	struct error wrong = ERROR_INIT;
	const char *what = remotes_wrong(entry, &wrong);
	if (what) {
		struct position at;
		position_set(&at, origin->file, entry->key_line, entry->key_column);
		problems_add(problems, &at, "remotes.%s: %s", entry->key, what);
		return 0;
	}
	remote.line = entry->key_line;
	remote.name = arena_copy_string(&config->arena, entry->key, err);
	remote.file = arena_copy_string(&config->arena, origin->file, err);
	if (!remote.name || !remote.file)
		return -ERROR_MEMORY;
	if (entry->value->kind == VALUE_STRING) {
		remote.url = arena_copy_string(&config->arena, entry->value->string.at, err);
		if (!remote.url)
			return -ERROR_MEMORY;
	} else if (remotes_copy(config, entry->value, "url", &remote.url, err) < 0 ||
		   remotes_copy(config, entry->value, "region", &remote.region, err) < 0 ||
		   remotes_copy(config, entry->value, "endpoint", &remote.endpoint, err) < 0) {
		return -(int)err->code;
	}
	return remotes_put(config, &remote, err);
}

static struct value *remotes_value(struct arena *arena, const void *context, struct error *err)
{
	const struct config_remote *remote = context;
	const struct {
		const char *key, *text;
	} members[] = { { "url", remote->url }, { "region", remote->region },
		{ "endpoint", remote->endpoint } };
	struct value *mapping = value_new(arena, VALUE_MAPPING, err);
	for (size_t i = 0; mapping && i < 3; i++) {
		if (!members[i].text)
			continue;
		struct value *text = value_new_string(arena, members[i].text, err);
		if (!text || value_set_member(arena, mapping, members[i].key, text, err) < 0)
			return NULL;
	}
	return mapping;
}

int config_remote_set(const char *path, const struct config_remote *remote, bool *ret_rewritten,
	struct error *err)
{
	if (config_remote_check_name(remote->name, err) < 0)
		return -err->code;
	return config_change(
		path, "remotes", remote->name, remotes_value, remote, ret_rewritten, err);
}

int config_remote_remove(const char *path, const char *name, bool *ret_rewritten, struct error *err)
{
	return config_change(path, "remotes", name, NULL, NULL, ret_rewritten, err);
}
