#include "http_internal.h"

#include <stdio.h>
#include <string.h>

#include "http_fields_internal.h"
#include "mlops/system/environment.h"

enum {
	HTTP_CAP = 64 << 10, /* of an answer that nobody set a cap for */
	HTTP_REDIRECTS = 10,
	HTTP_PROGRESS = 1 << 20, /* so many new bytes, and the tries are counted anew */
	HTTP_DETAIL = 300
};
static const double http_longest_wait = 60;

/* One call of http_perform(): its tries, and the hops of redirects in each. */
struct http_state {
	struct client *client;
	const struct http_request *request;
	struct http_answer *answer;
	struct strbuf url; /* of this hop */
	uint64_t handed; /* bytes that the fetch's sink has had, over all tries */
	bool known; /* the file that is read is known: fetch->facts */

	struct client_transfer transfer;
	struct http_fields fields;
	uint64_t sent; /* bytes of the body in this hop */
	uint64_t skip; /* bytes still to pass over, of a server without ranges */
	bool begun; /* the body of the answer has been looked at */
	bool enough; /* the range is complete and the server goes on */
	struct error *err; /* of a callback */
};

void http_answer_release(struct http_answer *answer)
{
	strbuf_release(&answer->body);
}

static size_t http_header(char *bytes, size_t size, size_t count, void *context)
{
	struct http_state *state = context;
	http_fields_line(&state->fields, (struct text){ bytes, size * count });
	return size * count;
}

static bool http_fetches(const struct http_state *state)
{
	return state->request->fetch &&
	       (state->fields.status == 200 || state->fields.status == 206);
}

static int64_t http_modified(struct http_state *state)
{
	curl_off_t seconds = -1;
	state->transfer.curl->curl_easy_getinfo(
		state->transfer.easy, CURLINFO_FILETIME_T, &seconds);
	return seconds > 0 && seconds < INT64_MAX / 1000000000 ? seconds * 1000000000 : 0;
}

static void http_facts(struct http_state *state, struct endpoint_facts *ret)
{
	*ret = (struct endpoint_facts){ .modified = http_modified(state) };
	ret->size = state->fields.status == 206 ? state->fields.total : state->fields.length;
	memcpy(ret->etag, state->fields.etag, sizeof ret->etag);
}

static bool http_same_file(const struct endpoint_facts *a, const struct endpoint_facts *b)
{
	if (a->size != UINT64_MAX && b->size != UINT64_MAX && a->size != b->size)
		return false;
	return a->etag[0] || b->etag[0] ? strcmp(a->etag, b->etag) == 0
					: a->modified == b->modified;
}

/* Before the first byte of a good answer: is it the place and the file that was asked for? */
static int http_begin_body(struct http_state *state, struct error *err)
{
	struct endpoint_fetch *fetch = state->request->fetch;
	uint64_t from = fetch->range.offset + state->handed;
	struct endpoint_facts facts;
	state->begun = true;
	http_facts(state, &facts);
	if (state->known && !http_same_file(&fetch->facts, &facts))
		return error_set(err, ERROR_NETWORK, "cannot %s: it changed while it was read",
			state->request->what);
	fetch->facts = facts;
	state->known = true;
	state->skip = state->fields.status == 200 ? from : 0;
	if (state->fields.status == 206 && state->fields.first != from)
		return error_set(err, ERROR_NETWORK,
			"cannot %s: the server sends another range than was asked for",
			state->request->what);
	return 0;
}

static int http_hand_on(struct http_state *state, const char *bytes, size_t count)
{
	struct endpoint_fetch *fetch = state->request->fetch;
	if (!state->begun && http_begin_body(state, state->err) < 0)
		return -1;
	size_t passed = state->skip < count ? (size_t)state->skip : count;
	state->skip -= passed;
	bytes += passed;
	count -= passed;
	uint64_t left = fetch->range.length == UINT64_MAX ? UINT64_MAX
							  : fetch->range.length - state->handed;
	if (count > left) {
		state->enough = true;
		count = (size_t)left;
	}
	if (count && fetch->sink(fetch->context, bytes, count, state->err) < 0)
		return -1;
	state->handed += count;
	return state->enough ? -1 : 0;
}

static size_t http_write(char *bytes, size_t size, size_t count, void *context)
{
	struct http_state *state = context;
	struct strbuf *body = &state->answer->body;
	size_t cap = state->request->cap ? state->request->cap : HTTP_CAP;
	count *= size;
	if (http_fetches(state))
		return http_hand_on(state, bytes, count) < 0 ? 0 : count;
	size_t room = cap - body->length;
	strbuf_add_bytes(body, bytes, count < room ? count : room);
	/* Of a refusal the beginning is enough; of what was asked for it is not. */
	if (state->fields.status < 300 && count > room) {
		error_set(state->err, ERROR_NETWORK,
			"cannot %s: the server's answer is larger than %zu bytes",
			state->request->what, cap);
		return 0;
	}
	return strbuf_check(body, state->err) < 0 ? 0 : count;
}

static size_t http_read(char *bytes, size_t size, size_t count, void *context)
{
	struct http_state *state = context;
	const struct http_request *request = state->request;
	uint64_t left = request->length - state->sent;
	count = count * size < left ? count * size : (size_t)left;
	if (count && endpoint_source_read(request->source, request->offset + state->sent, bytes,
			     count, state->err) < 0)
		return CURL_READFUNC_ABORT;
	state->sent += count;
	return count;
}

/* libcurl goes back to the start if a connection that was kept turns out to be closed. */
static int http_seek(void *context, curl_off_t offset, int origin)
{
	struct http_state *state = context;
	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > state->request->length)
		return CURL_SEEKFUNC_CANTSEEK;
	state->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* The length of "scheme://user@host:port". */
static size_t http_authority(const char *url)
{
	const char *host = strstr(url, "://");
	host = host ? host + 3 : url;
	return (size_t)(host - url) + strcspn(host, "/?#");
}

static bool http_same_server(const char *a, const char *b)
{
	size_t length = http_authority(a);
	return length == http_authority(b) && memcmp(a, b, length) == 0;
}

/* A token goes nowhere in the clear but to this machine itself. */
static bool http_token_is_safe(const char *url)
{
	static const char *const safe[] = { "https://", "http://127.0.0.1", "http://localhost",
		"http://[::1]" };
	for (size_t i = 0; i < sizeof safe / sizeof *safe; i++) {
		size_t length = strlen(safe[i]);
		if (strncmp(url, safe[i], length) == 0 &&
			(i == 0 || !url[length] || strchr(":/?", url[length])))
			return true;
	}
	return false;
}

static void http_set_login(struct http_state *state)
{
	const struct curl_calls *curl = state->transfer.curl;
	CURL *easy = state->transfer.easy;
	const char *token = environment_get("MLOPS_HTTP_TOKEN");
	if (!state->request->login || !http_same_server(state->url.text, state->request->url))
		return;
	if (token && http_token_is_safe(state->url.text)) {
		curl->curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		curl->curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, token);
	} else {
		curl->curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	}
}

static void http_set_body(struct http_state *state)
{
	const struct http_request *request = state->request;
	const struct curl_calls *curl = state->transfer.curl;
	CURL *easy = state->transfer.easy;
	if (request->source) {
		curl->curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		curl->curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->length);
		curl->curl_easy_setopt(easy, CURLOPT_READFUNCTION, http_read);
		curl->curl_easy_setopt(easy, CURLOPT_READDATA, state);
		curl->curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, http_seek);
		curl->curl_easy_setopt(easy, CURLOPT_SEEKDATA, state);
	}
	if (strcmp(request->method, "HEAD") == 0)
		curl->curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else
		curl->curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static int http_add_fetch(struct http_state *state, struct error *err)
{
	const struct endpoint_fetch *fetch = state->request->fetch;
	uint64_t from = fetch->range.offset + state->handed;
	char line[ENDPOINT_ETAG + 64];
	if (fetch->unless && *fetch->unless && !state->known) {
		snprintf(line, sizeof line, "If-None-Match: %s", fetch->unless);
		if (client_add(&state->transfer, line, err) < 0)
			return -err->code;
	}
	if (fetch->range.length != UINT64_MAX)
		snprintf(line, sizeof line, "Range: bytes=%llu-%llu", (unsigned long long)from,
			(unsigned long long)(fetch->range.offset + fetch->range.length - 1));
	else
		snprintf(line, sizeof line, "Range: bytes=%llu-", (unsigned long long)from);
	if (from == 0 && fetch->range.length == UINT64_MAX)
		return 0;
	return client_add(&state->transfer, line, err);
}

static int http_configure(struct http_state *state, struct error *err)
{
	const struct http_request *request = state->request;
	const struct curl_calls *curl = state->transfer.curl;
	CURL *easy = state->transfer.easy;
	http_fields_init(&state->fields);
	strbuf_clear(&state->answer->body);
	state->begun = state->enough = false;
	state->sent = state->skip = 0;
	curl->curl_easy_setopt(easy, CURLOPT_URL, state->url.text);
	curl->curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl->curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl->curl_easy_setopt(easy, CURLOPT_FILETIME, 1L);
	curl->curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_header);
	curl->curl_easy_setopt(easy, CURLOPT_HEADERDATA, state);
	curl->curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_write);
	curl->curl_easy_setopt(easy, CURLOPT_WRITEDATA, state);
	http_set_body(state);
	http_set_login(state);
	if ((request->fetch && http_add_fetch(state, err) < 0) ||
		(request->prepare && request->prepare(request, &state->transfer, err) < 0))
		return -err->code;
	curl->curl_easy_setopt(easy, CURLOPT_HTTPHEADER, state->transfer.list);
	return 0;
}

/* Where a redirect leads, into state->url; false if this answer is none that is followed. */
static bool http_redirected(struct http_state *state)
{
	char *to = NULL;
	long status = state->fields.status;
	const struct http_request *request = state->request;
	if (!request->login || request->source || status < 301 || status > 308 ||
		(status > 303 && status < 307))
		return false;
	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
		return false;
	state->transfer.curl->curl_easy_getinfo(state->transfer.easy, CURLINFO_REDIRECT_URL, &to);
	/* Not from a server that is known to be the right one to one that is not. */
	bool secure = text_starts_with(text_of(state->url.text), "https://");
	if (!to || !(text_starts_with(text_of(to), "https://") ||
			   (!secure && text_starts_with(text_of(to), "http://"))))
		return false;
	strbuf_clear(&state->url);
	strbuf_add(&state->url, to);
	return true;
}

/* After an answer: 1 final, 0 try again (with or without an error), or -code. */
static int http_judge(struct http_state *state, struct error *err)
{
	struct endpoint_fetch *fetch = state->request->fetch;
	long status = state->fields.status;
	if (status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504))
		return 0;
	if (!fetch)
		return 1;
	uint64_t from = fetch->range.offset + state->handed;
	fetch->same = status == 304;
	if (status == 416 && fetch->range.length == UINT64_MAX) {
		/* From the end, or from behind it: there is nothing more. */
		if (!state->known)
			fetch->facts.size = state->fields.total;
		state->answer->status = 206;
		return !state->known || from == fetch->facts.size ? 1 : 0;
	}
	if (!http_fetches(state) && status != 416)
		return 1;
	if (status != 416 && !state->begun && http_begin_body(state, err) < 0)
		return -err->code;
	if (status == 416 ||
		(fetch->range.length != UINT64_MAX && state->handed < fetch->range.length))
		return error_set(err, ERROR_NETWORK,
			"cannot %s: the server has fewer bytes than were asked for",
			state->request->what);
	/* libcurl has compared with Content-Length; a file that shrank would pass that. */
	if (fetch->range.length != UINT64_MAX || fetch->facts.size == UINT64_MAX ||
		from >= fetch->facts.size)
		return 1;
	error_set(err, ERROR_NETWORK, "cannot %s: the server ends too early", state->request->what);
	return 0;
}

/* One hop. 2: a redirect is to be followed; else as http_judge(). */
static int http_hop(struct http_state *state, struct error *err)
{
	if (client_begin(state->client, "http,https", &state->transfer, err) < 0)
		return -err->code;
	if (http_configure(state, err) < 0)
		return -err->code;
	CURLcode code = client_perform(&state->transfer);
	if (state->enough)
		code = CURLE_OK;
	else if (code == CURLE_OK && !state->fields.complete)
		code = CURLE_RECV_ERROR; /* closed within the head, which libcurl takes for its end */
	/* A callback that failed ends all of it. */
	if (err->code != ERROR_NONE)
		return -err->code;
	if (code != CURLE_OK) {
		bool again = client_may_retry(&state->transfer, code);
		client_fail(&state->transfer, code, state->request->what, err);
		return again ? 0 : -err->code;
	}
	state->answer->status = state->fields.status;
	state->answer->retry_after = state->fields.retry_after;
	memcpy(state->answer->region, state->fields.region, sizeof state->answer->region);
	http_facts(state, &state->answer->facts);
	return http_redirected(state) ? 2 : http_judge(state, err);
}

static int http_try(struct http_state *state, struct error *err)
{
	strbuf_clear(&state->url);
	strbuf_add(&state->url, state->request->url);
	for (int hop = 0; hop <= HTTP_REDIRECTS; hop++) {
		if (strbuf_check(&state->url, err) < 0)
			return -err->code;
		int result = http_hop(state, err);
		client_end(&state->transfer);
		if (result != 2)
			return result;
	}
	return error_set(err, ERROR_NETWORK, "cannot %s: the server redirects without end",
		state->request->what);
}

int http_perform(struct client *client, const struct http_request *request, struct http_answer *ret,
	struct error *err)
{
	struct http_state state = {
		.client = client, .request = request, .answer = ret, .err = err
	};
	unsigned tries = 0;
	uint64_t handed = 0;
	int result;
	state.url = STRBUF_INIT;
	for (;;) {
		ret->status = 0;
		ret->tries++;
		result = http_try(&state, err);
		if (state.handed - handed >= HTTP_PROGRESS)
			tries = 0;
		handed = state.handed;
		if (result != 0 || ++tries > client->endpoint->settings.retries)
			break;
		double wait = ret->status ? ret->retry_after : 0;
		error_clear(err);
		if (client_wait(client, tries, wait < http_longest_wait ? wait : http_longest_wait,
			    err) < 0) {
			result = -err->code;
			break;
		}
	}
	strbuf_release(&state.url);
	/* 0 without an error: the server's last word was a 5xx, for the caller to tell. */
	return result > 0 ? 0 : -(int)err->code;
}

int http_refused(
	const struct http_answer *answer, const char *what, const char *detail, struct error *err)
{
	char shown[HTTP_DETAIL];
	size_t length = 0;
	for (; detail && *detail && length + 1 < sizeof shown; detail++)
		shown[length++] = (unsigned char)*detail < ' ' || *detail == 0x7f ? ' ' : *detail;
	shown[length] = '\0';
	if (answer->status == 404 || answer->status == 410)
		return error_set(err, ERROR_NOT_FOUND, "cannot %s: it is not there%s%s%s", what,
			length ? " (" : "", shown, length ? ")" : "");
	return error_set(err, ERROR_NETWORK, "cannot %s: the server answers %ld%s%s%s", what,
		answer->status, length ? " (" : "", shown, length ? ")" : "");
}
