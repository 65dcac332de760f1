/*
 * HTTP and WebDAV (RFC 4918). Any server can be read; one with WebDAV is written by PUT to a
 * temporary name and MOVE, since servers ignore If-None-Match with PUT (nginx does) and some show
 * a file while it is being sent.
 */
#include <stdio.h>
#include <string.h>

#include "http_internal.h"
#include "mlops/base/map.h"
#include "url_internal.h"
#include "webdav_internal.h"

enum { WEBDAV_LIST_CAP = 64 << 20, WEBDAV_FOLDERS = 64 };

struct webdav {
	struct client client;
	char *file; /* the URL as it was given, with its query: for the name "" */
	char *base; /* "scheme://user@host:port/path", without a slash at the end */
	size_t authority; /* the length of what stands before the path in base */
	struct text user; /* in base */
	pthread_mutex_t lock; /* over made */
	struct map made; /* folders that are known to be there */
};

static const char webdav_hint[] =
	"credentials for HTTP come from ~/.netrc, or MLOPS_HTTP_TOKEN holds a bearer token";

static void webdav_close(struct endpoint *endpoint)
{
	struct webdav *webdav = endpoint->state;
	client_release(&webdav->client);
	pthread_mutex_destroy(&webdav->lock);
	map_release(&webdav->made);
	memory_free(webdav->file);
	memory_free(webdav->base);
	memory_free(webdav);
}

static char *webdav_url(struct webdav *webdav, const char *name, struct error *err)
{
	return *name ? memory_format(err, "%s/%s", webdav->base, name)
		     : memory_copy_string(webdav->file, err);
}

static int webdav_refused(const struct http_answer *answer, const char *what, struct error *err)
{
	http_refused(answer, what, NULL, err);
	if (answer->status == 401 || answer->status == 403)
		error_hint(err, "%s", webdav_hint);
	return -err->code;
}

static int webdav_ask(struct webdav *webdav, struct http_request *request, const char *verb,
	const char *name, struct http_answer *answer, struct error *err)
{
	AUTO_FREE char *what = endpoint_describe(webdav->client.endpoint, verb, name, err);
	AUTO_FREE char *url = what ? webdav_url(webdav, name, err) : NULL;
	if (!url)
		return -err->code;
	request->what = what;
	request->url = request->url ? request->url : url;
	request->login = true;
	int result = http_perform(&webdav->client, request, answer, err);
	if (result == 0 && !http_good(answer) && answer->status != 304)
		result = webdav_refused(answer, what, err);
	request->url = request->what = NULL;
	return result;
}

static int webdav_stat(
	struct endpoint *endpoint, const char *name, struct endpoint_facts *ret, struct error *err)
{
	AUTO(http_answer_release) struct http_answer answer = HTTP_ANSWER_INIT;
	struct http_request request = { .method = "HEAD" };
	int result = webdav_ask(endpoint->state, &request, "look at", name, &answer, err);
	*ret = answer.facts;
	return result;
}

static int webdav_fetch(struct endpoint *endpoint, struct endpoint_fetch *fetch, struct error *err)
{
	AUTO(http_answer_release) struct http_answer answer = HTTP_ANSWER_INIT;
	struct http_request request = { .method = "GET", .fetch = fetch };
	if (fetch->range.length == 0)
		return webdav_stat(endpoint, fetch->name, &fetch->facts, err);
	return webdav_ask(endpoint->state, &request, "read", fetch->name, &answer, err);
}

/* 405 and 501 to a method of WebDAV: this server has none. */
static int webdav_unsupported(const struct webdav *webdav, const char *what,
	const struct http_answer *answer, struct error *err)
{
	if (answer->status != 405 && answer->status != 501)
		return -(int)err->code;
	error_set(err, ERROR_UNSUPPORTED, "cannot %s %s: the server has no WebDAV", what,
		webdav->client.endpoint->url);
	return error_hint(err, "plain HTTP can only be read from");
}

/* MKCOL of one folder whose URL ends with '/': 1 done or there, 0 its parent is missing. */
static int webdav_make_one(struct webdav *webdav, const char *url, struct error *err)
{
	AUTO(http_answer_release) struct http_answer answer = HTTP_ANSWER_INIT;
	struct http_request request = {
		.method = "MKCOL", .url = url, .what = "make a remote folder", .login = true
	};
	if (http_perform(&webdav->client, &request, &answer, err) < 0)
		return -err->code;
	/* 405: it is there, or there is no WebDAV; the PUT that follows will tell. */
	if (http_good(&answer) || answer.status == 405 || answer.status == 501)
		return 1;
	if (answer.status == 409 || answer.status == 404)
		return 0;
	return webdav_refused(&answer, request.what, err);
}

/* Makes the folder `url[0..length)` and what is missing above it. */
static int webdav_make(struct webdav *webdav, const char *url, size_t length, struct error *err)
{
	size_t ends[WEBDAV_FOLDERS], n_ends = 0, at = length;
	bool going_up = true;
	for (;;) {
		AUTO_FREE char *folder = memory_format(err, "%.*s/", (int)at, url);
		if (!folder)
			return -err->code;
		int result = webdav_make_one(webdav, folder, err);
		if (result < 0)
			return result;
		if (result == 0 && (!going_up || n_ends == WEBDAV_FOLDERS))
			break;
		if (result == 0) {
			ends[n_ends++] = at;
			while (at > webdav->authority && url[at - 1] != '/')
				at--;
			if (at <= webdav->authority + 1)
				break;
			at--;
			continue;
		}
		going_up = false;
		if (n_ends == 0)
			return 0;
		at = ends[--n_ends];
	}
	return error_set(err, ERROR_NETWORK, "cannot make the folder '%.*s'", (int)length, url);
}

static int webdav_need_folder(
	struct webdav *webdav, const char *name, bool again, struct error *err)
{
	const char *slash = strrchr(name, '/');
	AUTO_FREE char *url = memory_format(err, "%s%s%.*s", webdav->base, slash ? "/" : "",
		slash ? (int)(slash - name) : 0, name);
	if (!url)
		return -err->code;
	pthread_mutex_lock(&webdav->lock);
	bool known = map_has(&webdav->made, url);
	pthread_mutex_unlock(&webdav->lock);
	size_t length = strlen(url);
	if ((known && !again) || length <= webdav->authority)
		return 0;
	if (webdav_make(webdav, url, length, err) < 0)
		return -err->code;
	pthread_mutex_lock(&webdav->lock);
	int result = map_put(&webdav->made, url, webdav, err);
	pthread_mutex_unlock(&webdav->lock);
	return result;
}

static int webdav_send(struct webdav *webdav, const char *name,
	const struct endpoint_source *source, struct error *err)
{
	for (int again = 0;; again++) {
		AUTO(http_answer_release) struct http_answer answer = HTTP_ANSWER_INIT;
		struct http_request request = {
			.method = "PUT", .source = source, .length = source->size
		};
		if (webdav_need_folder(webdav, name, again, err) < 0)
			return -err->code;
		if (webdav_ask(webdav, &request, "write", name, &answer, err) == 0)
			return 0;
		/* Somebody has removed the folder since it was seen. */
		if (again || (answer.status != 404 && answer.status != 409))
			return webdav_unsupported(webdav, "write to", &answer, err);
		error_clear(err);
	}
}

/* Destination is without the user's name: it goes into no header. */
static int webdav_move_prepare(
	const struct http_request *request, struct client_transfer *transfer, struct error *err)
{
	const char *const *lines = request->context;
	return client_add(transfer, lines[0], err) < 0 || client_add(transfer, lines[1], err) < 0
		       ? -(int)err->code
		       : 0;
}

/* *ret_done: it is this source that has the name now. */
static int webdav_move(struct webdav *webdav, const char *from, const char *to,
	enum endpoint_mode mode, uint64_t size, struct error *err)
{
	AUTO(http_answer_release) struct http_answer answer = HTTP_ANSWER_INIT;
	struct endpoint_facts facts;
	const char *scheme_end = strstr(webdav->base, "://") + 3;
	const char *host =
		webdav->user.length ? webdav->user.at + webdav->user.length + 1 : scheme_end;
	AUTO_FREE char *destination = memory_format(err, "Destination: %.*s%s/%s",
		(int)(scheme_end - webdav->base), webdav->base, host, to);
	const char *lines[] = { destination,
		mode == ENDPOINT_NEW ? "Overwrite: F" : "Overwrite: T" };
	struct http_request request = {
		.method = "MOVE", .prepare = webdav_move_prepare, .context = lines
	};
	if (!destination)
		return -err->code;
	if (webdav_ask(webdav, &request, "publish", from, &answer, err) == 0)
		return 0;
	if (answer.status == 412)
		return error_set(
			err, ERROR_EXISTS, "%s has '%s' already", webdav->client.endpoint->url, to);
	if (answer.status == 404 && answer.tries > 1) {
		/* Was it an earlier try that moved it, and only its answer that was lost? */
		struct error ignored = ERROR_INIT;
		if (webdav_stat(webdav->client.endpoint, to, &facts, &ignored) == 0 &&
			facts.size == size) {
			error_clear(err);
			return 0;
		}
	}
	return webdav_unsupported(webdav, "write to", &answer, err);
}

static int webdav_delete(struct endpoint *endpoint, const char *name, struct error *err)
{
	AUTO(http_answer_release) struct http_answer answer = HTTP_ANSWER_INIT;
	struct http_request request = { .method = "DELETE" };
	if (webdav_ask(endpoint->state, &request, "delete", name, &answer, err) == 0)
		return 0;
	if (err->code == ERROR_NOT_FOUND) {
		error_clear(err);
		return 0;
	}
	return webdav_unsupported(endpoint->state, "delete from", &answer, err);
}

static int webdav_put(struct endpoint *endpoint, const char *name,
	const struct endpoint_source *source, enum endpoint_mode mode, struct error *err)
{
	struct webdav *webdav = endpoint->state;
	char temporary[ENDPOINT_TEMPORARY];
	const char *slash = strrchr(name, '/');
	if (endpoint_temporary(temporary, err) < 0)
		return -err->code;
	AUTO_FREE char *from =
		memory_format(err, "%.*s%s", slash ? (int)(slash + 1 - name) : 0, name, temporary);
	if (!from)
		return -err->code;
	if (webdav_send(webdav, from, source, err) == 0 &&
		webdav_move(webdav, from, name, mode, source->size, err) == 0)
		return 0;
	if (err->code != ERROR_CANCELLED && err->code != ERROR_UNSUPPORTED) {
		struct error ignored = ERROR_INIT;
		(void)webdav_delete(endpoint, from, &ignored);
	}
	return -err->code;
}

static int webdav_list_prepare(
	const struct http_request *request, struct client_transfer *transfer, struct error *err)
{
	(void)request;
	return client_add(transfer, "Depth: 1", err) < 0 ||
			       client_add(transfer, "Content-Type: application/xml", err) < 0
		       ? -(int)err->code
		       : 0;
}

static int webdav_list(struct endpoint *endpoint, const char *folder,
	struct endpoint_entries *ret_entries, struct error *err)
{
	static const char body[] =
		"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		"<propfind xmlns=\"DAV:\"><prop><getcontentlength/>"
		"<getlastmodified/><getetag/><resourcetype/></prop></propfind>\n";
	struct webdav *webdav = endpoint->state;
	const struct endpoint_source source = {
		.bytes = (const unsigned char *)body, .fd = -1, .size = sizeof body - 1
	};
	AUTO(http_answer_release) struct http_answer answer = HTTP_ANSWER_INIT;
	AUTO_FREE char *url =
		memory_format(err, "%s/%s%s", webdav->base, folder, *folder ? "/" : "");
	struct http_request request = { .method = "PROPFIND",
		.url = url,
		.source = &source,
		.length = source.size,
		.cap = WEBDAV_LIST_CAP,
		.prepare = webdav_list_prepare };
	if (!url)
		return -err->code;
	if (webdav_ask(webdav, &request, "list", folder, &answer, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return webdav_unsupported(webdav, "list", &answer, err);
		error_clear(err);
		return 0;
	}
	if (answer.status != 207)
		return error_set(err, ERROR_UNSUPPORTED, "cannot list %s: the server has no WebDAV",
			endpoint->url);
	return webdav_list_read(
		answer.body.text, answer.body.length, url + webdav->authority, ret_entries, err);
}

static const struct endpoint_calls webdav_calls = {
	.close = webdav_close,
	.stat = webdav_stat,
	.fetch = webdav_fetch,
	.put = webdav_put,
	.list = webdav_list,
	.delete = webdav_delete,
};

int webdav_open(struct endpoint *endpoint, const char *url, struct error *err)
{
	struct url parts;
	if (url_parse(url, &parts, err) < 0)
		return -err->code;
	struct webdav *webdav = memory_allocate(1, sizeof *webdav, err);
	if (!webdav)
		return -err->code;
	client_init(&webdav->client, endpoint);
	pthread_mutex_init(&webdav->lock, NULL);
	map_init(&webdav->made, NULL);
	endpoint->state = webdav;
	endpoint->calls = &webdav_calls;
	const char *path_end =
		parts.path.at ? parts.path.at + parts.path.length : url + strlen(url);
	while (parts.path.length && parts.path.at[parts.path.length - 1] == '/')
		parts.path.length--;
	size_t authority = (size_t)(parts.path.at - url);
	webdav->file = memory_format(err, "%.*s%.*s", (int)(path_end - url), url,
		(int)parts.query.length, parts.query.at ? parts.query.at : "");
	webdav->base =
		webdav->file ? memory_format(err, "%.*s", (int)(authority + parts.path.length), url)
			     : NULL;
	endpoint->url = webdav->base ? memory_copy_string(webdav->base, err) : NULL;
	if (!endpoint->url)
		return -err->code;
	webdav->authority = authority;
	if (parts.user.at)
		webdav->user =
			(struct text){ webdav->base + (parts.user.at - url), parts.user.length };
	return 0;
}
