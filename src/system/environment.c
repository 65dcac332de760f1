#include "mlops/system/environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mlops/base/map.h"
#include "mlops/base/sort.h"
#include "mlops/base/text.h"
#include "mlops/base/vec.h"

/* All that this program reads. A name that ends with '*' stands for all that begin so. */
static const char *const environment_read[] = { "AWS_*", "CI", "COLUMNS", "CURL_CA_BUNDLE",
	"EDITOR", "GITHUB_*", "GITLAB_CI", "GIT_*", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LESS",
	"LOGNAME", "MLOPS_*", "NO_COLOR", "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "PAGER",
	"PATH", "SHELL", "SHLVL", "SOURCE_DATE_EPOCH", "SSL_CERT_FILE", "TERM", "TMPDIR", "USER",
	"VISUAL", "XDG_*", "http_proxy", "https_proxy", "no_proxy", NULL };

/* What every stage gets. Locale and paths, and nothing that could hold a secret. */
static const char *const environment_stage[] = { "HOME", "LANG", "LANGUAGE", "LC_*",
	"LD_LIBRARY_PATH", "LOGNAME", "PATH", "PYTHONPATH", "R_LIBS", "R_LIBS_USER", "SHELL",
	"TERM", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV", "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
	"XDG_DATA_HOME", "XDG_RUNTIME_DIR", "CONDA_PREFIX", "CUDA_VISIBLE_DEVICES",
	"OMP_NUM_THREADS", "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", NULL };

static bool environment_listed(struct text name, const char *const *list)
{
	for (; list && *list; list++) {
		struct text entry = text_of(*list);
		if (entry.length && entry.at[entry.length - 1] == '*') {
			entry.length--;
			if (name.length >= entry.length &&
				text_equal((struct text){ name.at, entry.length }, entry))
				return true;
		} else if (text_equal(name, entry)) {
			return true;
		}
	}
	return false;
}

const char *environment_get(const char *name)
{
	if (!environment_listed(text_of(name), environment_read))
		BUG("the variable %s is not in the table of environment.c", name);
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

bool environment_is(const char *name, const char *value)
{
	const char *found = environment_get(name);
	return found && strcmp(found, value) == 0;
}

char *environment_config_folder(struct error *err)
{
	const char *base = environment_get("XDG_CONFIG_HOME");
	if (base && *base == '/') /* the standard says to ignore relative ones */
		return memory_format(err, "%s/mlops", base);
	const char *home = environment_get("HOME");
	return home ? memory_format(err, "%s/.config/mlops", home) : NULL;
}

/* The name of "NAME=VALUE"; empty if it has none. */
static struct text environment_name(const char *entry)
{
	const char *equals = strchr(entry, '=');
	return (struct text){ entry, equals ? (size_t)(equals - entry) : 0 };
}

int environment_each(const char *prefix,
	int (*visit)(void *context, const char *name, const char *value, struct error *err),
	void *context, struct error *err)
{
	VEC(const char *) found = VEC_INIT;
	int result = 0;
	for (char **entry = environ; entry && *entry; entry++) {
		if (text_starts_with(environment_name(*entry), prefix))
			vec_push(&found, *entry);
	}
	if (vec_check(&found, err) < 0 || sort_items(found.items, found.count, sizeof *found.items,
						  sort_strings, NULL, err) < 0)
		result = -err->code;
	for (size_t i = 0; !result && i < found.count; i++) {
		struct text name = environment_name(found.items[i]);
		AUTO_FREE char *copy = memory_format(err, "%.*s", (int)name.length, name.at);
		result = copy ? visit(context, copy, found.items[i] + name.length + 1, err)
			      : -(int)err->code;
	}
	vec_release(&found);
	return result;
}

static int environment_add(struct map *map, const char *entry, struct error *err)
{
	struct text name = environment_name(entry);
	if (!name.length)
		return error_set(err, ERROR_BUG, "'%s' is not NAME=VALUE", entry);
	AUTO_FREE char *key = memory_format(err, "%.*s", (int)name.length, name.at);
	/* The map hands the entry back as it came. */
	return key ? map_put(map, key, (void *)(uintptr_t)entry, err) : -(int)err->code;
}

const char *const *environment_for_stage(
	struct arena *arena, const char *const *passed, const char *const *set, struct error *err)
{
	AUTO(map_release) struct map map;
	map_init(&map, NULL);
	for (char **entry = environ; entry && *entry; entry++) {
		struct text name = environment_name(*entry);
		if (name.length &&
			(environment_listed(name, environment_stage) ||
				environment_listed(name, passed)) &&
			environment_add(&map, *entry, err) < 0)
			return NULL;
	}
	for (; set && *set; set++) {
		if (environment_add(&map, *set, err) < 0)
			return NULL;
	}
	const char **entries = arena_allocate(arena, map_count(&map) + 1, sizeof *entries, err);
	size_t count = 0;
	if (!entries)
		return NULL;
	map_each (entry, &map) {
		entries[count] = arena_copy_string(arena, map_value(entry), err);
		if (!entries[count++])
			return NULL;
	}
	if (sort_items(entries, count, sizeof *entries, sort_strings, NULL, err) < 0)
		return NULL;
	return entries;
}
