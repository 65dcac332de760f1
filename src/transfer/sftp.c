#include "sftp_internal.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/system/environment.h"
#include "url_internal.h"

static void sftp_close(struct endpoint *endpoint)
{
	struct sftp *sftp = endpoint->state;
	client_release(&sftp->client);
	pthread_mutex_destroy(&sftp->lock);
	for (size_t i = 0; i < sftp->n_keys; i++)
		memory_free(sftp->keys[i]);
	memory_free(sftp->origin);
	memory_free(sftp->host);
	memory_free(sftp->path);
	memory_free(sftp->known_hosts);
	memory_free(sftp);
}

static char *sftp_path(struct sftp *sftp, const char *name, struct error *err)
{
	return *name ? memory_format(err, "%.*s/%s", (int)sftp->base, sftp->path, name)
		     : memory_copy_string(sftp->path, err);
}

/* A path as libcurl's commands want it: in double quotes. */
static void sftp_quote(struct strbuf *buffer, const char *path)
{
	strbuf_add(buffer, " \"");
	for (; *path; path++) {
		if (*path == '"' || *path == '\\')
			strbuf_add_char(buffer, '\\');
		strbuf_add_char(buffer, *path);
	}
	strbuf_add_char(buffer, '"');
}

/* "rename" and two paths; NULL for `to`: a command of one. */
static char *sftp_command(const char *word, const char *from, const char *to, struct error *err)
{
	AUTO(strbuf_release) struct strbuf command = STRBUF_INIT;
	strbuf_add(&command, word);
	sftp_quote(&command, from);
	if (to)
		sftp_quote(&command, to);
	return strbuf_take(&command, err);
}

static int sftp_fetch(struct endpoint *endpoint, struct endpoint_fetch *fetch, struct error *err)
{
	struct sftp *sftp = endpoint->state;
	AUTO_FREE char *path = sftp_path(sftp, fetch->name, err);
	AUTO_FREE char *what =
		path ? endpoint_describe(sftp->client.endpoint, "read", fetch->name, err) : NULL;
	struct sftp_call call = { .path = path, .what = what, .fetch = fetch };
	if (!what)
		return -err->code;
	if (fetch->range.length == 0)
		return 0;
	return sftp_ask(sftp, &call, err);
}

static int sftp_listing(struct sftp *sftp, const char *path, const char *what,
	struct endpoint_entries *entries, struct error *err)
{
	AUTO(strbuf_release) struct strbuf listing = STRBUF_INIT;
	struct sftp_call call = { .path = path, .what = what, .folder = true, .listing = &listing };
	if (sftp_ask(sftp, &call, err) < 0)
		return -err->code;
	struct text rest = { listing.text, listing.length }, line, name;
	while (text_split(&rest, '\n', &line)) {
		struct endpoint_facts facts = { .size = UINT64_MAX };
		if (!sftp_list_line(line, &name, &facts.size))
			continue;
		AUTO_FREE char *copy = memory_format(err, "%.*s", (int)name.length, name.at);
		if (!copy || endpoint_entries_add(entries, copy, &facts, err) < 0)
			return -err->code;
	}
	return 0;
}

static int sftp_list(struct endpoint *endpoint, const char *folder,
	struct endpoint_entries *ret_entries, struct error *err)
{
	struct sftp *sftp = endpoint->state;
	AUTO_FREE char *path = sftp_path(sftp, folder, err);
	AUTO_FREE char *what =
		path ? endpoint_describe(sftp->client.endpoint, "list", folder, err) : NULL;
	if (!what)
		return -err->code;
	int result = sftp_listing(sftp, path, what, ret_entries, err);
	if (result < 0 && err->code == ERROR_NOT_FOUND) {
		error_clear(err);
		return 0;
	}
	return result;
}

static int sftp_ignore(void *context, const void *bytes, size_t count, struct error *err)
{
	(void)context;
	(void)bytes;
	(void)count;
	(void)err;
	return 0;
}

/* libcurl tells a file's time when it reads it (one byte will do), and its size in a list. */
static int sftp_time(struct endpoint *endpoint, const char *name, int64_t *ret, struct error *err)
{
	struct endpoint_fetch fetch = { .name = name, .range = { 0, 1 }, .sink = sftp_ignore };
	int result = sftp_fetch(endpoint, &fetch, err);
	*ret = fetch.facts.modified;
	if (result < 0 && err->code == ERROR_NETWORK && fetch.facts.modified) {
		error_clear(err); /* it is there, and empty */
		return 0;
	}
	return result;
}

static int sftp_stat(
	struct endpoint *endpoint, const char *name, struct endpoint_facts *ret, struct error *err)
{
	struct sftp *sftp = endpoint->state;
	struct endpoint_entries entries = { VEC_INIT };
	*ret = (struct endpoint_facts){ .size = UINT64_MAX };
	if (sftp_time(endpoint, name, &ret->modified, err) < 0)
		return -err->code;
	AUTO_FREE char *path = sftp_path(sftp, name, err);
	AUTO_FREE char *folder = path ? path_parent(path, err) : NULL;
	AUTO_FREE char *what =
		folder ? endpoint_describe(sftp->client.endpoint, "look at", name, err) : NULL;
	int result = what ? sftp_listing(sftp, folder, what, &entries, err) : -(int)err->code;
	vec_each (entry, &entries.list) {
		if (result == 0 && strcmp(entry->name, path_base(path)) == 0)
			ret->size = entry->facts.size;
		memory_free(entry->name);
	}
	vec_release(&entries.list);
	return result;
}

/* Commands alone, in the folder of the URL. */
static int sftp_commands(
	struct sftp *sftp, const char *what, char *first, char *second, struct error *err)
{
	struct sftp_call call = {
		.path = sftp->path, .what = what, .folder = true, .commands = { first, second }
	};
	return sftp_ask(sftp, &call, err);
}

static int sftp_delete(struct endpoint *endpoint, const char *name, struct error *err)
{
	struct sftp *sftp = endpoint->state;
	int64_t ignored;
	AUTO_FREE char *path = sftp_path(sftp, name, err);
	AUTO_FREE char *what =
		path ? endpoint_describe(sftp->client.endpoint, "delete", name, err) : NULL;
	char *command = what ? sftp_command("rm", path, NULL, err) : NULL;
	if (!command)
		return -err->code;
	if (sftp_commands(sftp, what, command, NULL, err) == 0)
		return 0;
	struct error refused = *err;
	error_clear(err);
	if (refused.code == ERROR_NETWORK && sftp_time(endpoint, name, &ignored, err) < 0 &&
		err->code == ERROR_NOT_FOUND) {
		error_clear(err);
		return 0;
	}
	*err = refused;
	return -err->code;
}

/*
 * The file lies under its temporary name, and plain RENAME, which replaces nothing, was refused. A
 * file that is to be replaced is removed first: the one moment in which it is missing.
 */
static int sftp_publish(struct endpoint *endpoint, const char *name, const char *temporary,
	enum endpoint_mode mode, struct error *err)
{
	struct sftp *sftp = endpoint->state;
	struct error refused = *err, ignored = ERROR_INIT;
	int64_t time;
	error_clear(err);
	AUTO_FREE char *path = sftp_path(sftp, name, err);
	AUTO_FREE char *what =
		path ? endpoint_describe(sftp->client.endpoint, "write", name, err) : NULL;
	if (!what)
		return -err->code;
	bool there = sftp_time(endpoint, name, &time, &ignored) == 0;
	if (there && mode == ENDPOINT_NEW)
		return error_set(err, ERROR_EXISTS, "%s has '%s' already", endpoint->url, name);
	if (!there) {
		*err = refused;
		return -err->code;
	}
	/* A '*' in front: that another client was faster is no failure. */
	char *remove = sftp_command("*rm", path, NULL, err);
	char *rename = remove ? sftp_command("rename", temporary, path, err) : NULL;
	if (!rename) {
		memory_free(remove);
		return -err->code;
	}
	return sftp_commands(sftp, what, remove, rename, err);
}

static void sftp_take_back(struct sftp *sftp, const char *temporary)
{
	struct error ignored = ERROR_INIT;
	char *command = sftp_command("*rm", temporary, NULL, &ignored);
	if (command)
		(void)sftp_commands(sftp, "remove a temporary file", command, NULL, &ignored);
}

static int sftp_put(struct endpoint *endpoint, const char *name,
	const struct endpoint_source *source, enum endpoint_mode mode, struct error *err)
{
	struct sftp *sftp = endpoint->state;
	char random[ENDPOINT_TEMPORARY];
	AUTO_FREE char *path = sftp_path(sftp, name, err);
	AUTO_FREE char *folder = path ? path_parent(path, err) : NULL;
	if (!folder || endpoint_temporary(random, err) < 0)
		return -err->code;
	AUTO_FREE char *temporary = memory_format(err, "%s/.%s", folder, random);
	AUTO_FREE char *what =
		temporary ? endpoint_describe(sftp->client.endpoint, "write", name, err) : NULL;
	char *rename = what ? sftp_command("rename", temporary, path, err) : NULL;
	struct sftp_call call = {
		.path = temporary, .what = what, .source = source, .commands = { rename }
	};
	if (!rename)
		return -err->code;
	int result = sftp_ask(sftp, &call, err);
	if (result < 0 && call.code == CURLE_QUOTE_ERROR)
		result = sftp_publish(endpoint, name, temporary, mode, err);
	if (result < 0 && err->code != ERROR_CANCELLED)
		sftp_take_back(sftp, temporary);
	return result;
}

static const struct endpoint_calls sftp_calls = {
	.close = sftp_close,
	.stat = sftp_stat,
	.fetch = sftp_fetch,
	.put = sftp_put,
	.list = sftp_list,
	.delete = sftp_delete,
};

/* What libcurl is told: the user from the environment if the URL names none, as ssh has it. */
static int sftp_set_origin(struct sftp *sftp, const struct url *parts, struct error *err)
{
	const char *user = environment_get("USER");
	AUTO(strbuf_release) struct strbuf origin = STRBUF_INIT;
	user = user ? user : environment_get("LOGNAME");
	strbuf_add(&origin, "sftp://");
	if (parts->user.length)
		strbuf_add_bytes(&origin, parts->user.at, parts->user.length);
	else
		url_encode(&origin, text_of(user ? user : "root"), "");
	strbuf_printf(&origin, "@%.*s%s%.*s", (int)parts->host.length, parts->host.at,
		parts->port.length ? ":" : "", (int)parts->port.length,
		parts->port.length ? parts->port.at : "");
	sftp->origin = strbuf_take(&origin, err);
	sftp->host = sftp->origin
			     ? memory_format(err, "%.*s", (int)parts->host.length, parts->host.at)
			     : NULL;
	return sftp->host ? 0 : -(int)err->code;
}

int sftp_open(struct endpoint *endpoint, const char *url, struct error *err)
{
	struct url parts;
	AUTO(strbuf_release) struct strbuf path = STRBUF_INIT;
	if (url_parse(url, &parts, err) < 0)
		return -err->code;
	if (!url_decode(&path, parts.path) || parts.query.length)
		return error_set(err, ERROR_USAGE, "'%s' is no path", url);
	for (size_t i = 0; i < path.length; i++) {
		/* A line's end would begin another command. */
		if ((unsigned char)path.text[i] < ' ' || path.text[i] == 0x7f)
			return error_set(err, ERROR_USAGE, "'%s' is no path", url);
	}
	struct sftp *sftp = memory_allocate(1, sizeof *sftp, err);
	if (!sftp)
		return -err->code;
	client_init(&sftp->client, endpoint);
	pthread_mutex_init(&sftp->lock, NULL);
	endpoint->state = sftp;
	endpoint->calls = &sftp_calls;
	if (!path.length)
		strbuf_add_char(&path, '/');
	sftp->base = path.length;
	while (sftp->base > 0 && path.text[sftp->base - 1] == '/')
		sftp->base--;
	sftp->path = strbuf_take(&path, err);
	return sftp->path ? sftp_set_origin(sftp, &parts, err) : -(int)err->code;
}
