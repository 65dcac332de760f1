#include "sftp_internal.h"

#include <stdio.h>
#include <string.h>

#include "mlops/system/environment.h"
#include "mlops/system/file.h"
#include "url_internal.h"

enum { SFTP_LISTING_CAP = 64 << 20 };

/* One try. */
struct sftp_request {
	struct sftp *sftp;
	struct sftp_call *call;
	struct client_transfer transfer;
	struct strbuf url;
	uint64_t handed; /* of the fetch, over all tries */
	bool known; /* the file that is read is known by its time */
	bool begun, enough;
	uint64_t sent;
	enum curl_khmatch match; /* of the host's key */
	struct error *err;
};

static int sftp_request_key(CURL *easy, const struct curl_khkey *known,
	const struct curl_khkey *found, enum curl_khmatch match, void *context)
{
	struct sftp_request *request = context;
	(void)easy;
	(void)known;
	(void)found;
	request->match = match;
	return match == CURLKHMATCH_OK ? CURLKHSTAT_FINE : CURLKHSTAT_REJECT;
}

static int sftp_request_begin(struct sftp_request *request)
{
	struct endpoint_fetch *fetch = request->call->fetch;
	const struct curl_calls *curl = request->transfer.curl;
	curl_off_t seconds = -1, size = -1;
	request->begun = true;
	curl->curl_easy_getinfo(request->transfer.easy, CURLINFO_FILETIME_T, &seconds);
	curl->curl_easy_getinfo(request->transfer.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
	int64_t modified =
		seconds > 0 && seconds < INT64_MAX / 1000000000 ? seconds * 1000000000 : 0;
	if (request->known && fetch->facts.modified != modified)
		return error_set(request->err, ERROR_NETWORK,
			"cannot %s: it changed while it was read", request->call->what);
	if (!request->known && fetch->range.length == UINT64_MAX && size >= 0)
		fetch->facts.size = fetch->range.offset + (uint64_t)size;
	fetch->facts.modified = modified;
	request->known = true;
	return 0;
}

static size_t sftp_request_write(char *bytes, size_t size, size_t count, void *context)
{
	struct sftp_request *request = context;
	struct endpoint_fetch *fetch = request->call->fetch;
	size_t full = size * count, given = full;
	if (request->call->listing) {
		strbuf_add_bytes(request->call->listing, bytes, full);
		return strbuf_check(request->call->listing, request->err) < 0 ? 0 : full;
	}
	if (!fetch)
		return full;
	if (!request->begun && sftp_request_begin(request) < 0)
		return 0;
	uint64_t left = fetch->range.length == UINT64_MAX ? UINT64_MAX
							  : fetch->range.length - request->handed;
	if (given > left) {
		request->enough = true;
		given = (size_t)left;
	}
	if (given && fetch->sink(fetch->context, bytes, given, request->err) < 0)
		return 0;
	request->handed += given;
	return request->enough ? 0 : full;
}

static size_t sftp_request_read(char *bytes, size_t size, size_t count, void *context)
{
	struct sftp_request *request = context;
	const struct endpoint_source *source = request->call->source;
	uint64_t left = source->size - request->sent;
	count = count * size < left ? count * size : (size_t)left;
	if (count && endpoint_source_read(source, request->sent, bytes, count, request->err) < 0)
		return CURL_READFUNC_ABORT;
	request->sent += count;
	return count;
}

static void sftp_request_set_fetch(struct sftp_request *request)
{
	const struct endpoint_fetch *fetch = request->call->fetch;
	const struct curl_calls *curl = request->transfer.curl;
	uint64_t from = fetch->range.offset + request->handed;
	char range[64];
	if (fetch->range.length == UINT64_MAX) {
		curl->curl_easy_setopt(
			request->transfer.easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)from);
		return;
	}
	snprintf(range, sizeof range, "%llu-%llu", (unsigned long long)from,
		(unsigned long long)(fetch->range.offset + fetch->range.length - 1));
	curl->curl_easy_setopt(request->transfer.easy, CURLOPT_RANGE, range);
}

static void sftp_request_set_login(struct sftp_request *request)
{
	struct sftp *sftp = request->sftp;
	const struct curl_calls *curl = request->transfer.curl;
	CURL *easy = request->transfer.easy;
	size_t key = atomic_load(&sftp->key);
	curl->curl_easy_setopt(easy, CURLOPT_SSH_KNOWNHOSTS, sftp->known_hosts);
	curl->curl_easy_setopt(easy, CURLOPT_SSH_KEYFUNCTION, sftp_request_key);
	curl->curl_easy_setopt(easy, CURLOPT_SSH_KEYDATA, request);
	curl->curl_easy_setopt(easy, CURLOPT_SSH_AUTH_TYPES,
		(long)(CURLSSH_AUTH_AGENT | (sftp->n_keys ? CURLSSH_AUTH_PUBLICKEY : 0)));
	if (key < sftp->n_keys)
		curl->curl_easy_setopt(easy, CURLOPT_SSH_PRIVATE_KEYFILE, sftp->keys[key]);
}

static int sftp_request_configure(struct sftp_request *request, struct error *err)
{
	struct sftp_call *call = request->call;
	const struct curl_calls *curl = request->transfer.curl;
	CURL *easy = request->transfer.easy;
	request->begun = request->enough = false;
	request->sent = 0;
	curl->curl_easy_setopt(easy, CURLOPT_URL, request->url.text);
	curl->curl_easy_setopt(easy, CURLOPT_FILETIME, 1L);
	curl->curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, sftp_request_write);
	curl->curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	sftp_request_set_login(request);
	if (call->source) {
		curl->curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		curl->curl_easy_setopt(
			easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)call->source->size);
		curl->curl_easy_setopt(easy, CURLOPT_READFUNCTION, sftp_request_read);
		curl->curl_easy_setopt(easy, CURLOPT_READDATA, request);
		curl->curl_easy_setopt(easy, CURLOPT_FTP_CREATE_MISSING_DIRS, 1L);
	} else if (call->fetch) {
		sftp_request_set_fetch(request);
	} else if (!call->listing) {
		curl->curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	}
	for (size_t i = 0; i < SFTP_COMMANDS && call->commands[i]; i++) {
		if (client_add(&request->transfer, call->commands[i], err) < 0)
			return -err->code;
	}
	curl->curl_easy_setopt(
		easy, call->source ? CURLOPT_POSTQUOTE : CURLOPT_QUOTE, request->transfer.list);
	return 0;
}

static int sftp_request_unknown_host(const struct sftp_request *request, struct error *err)
{
	const struct sftp *sftp = request->sftp;
	if (request->match == CURLKHMATCH_MISMATCH) {
		error_set(err, ERROR_NETWORK, "cannot %s: the key of '%s' is not the one in '%s'",
			request->call->what, sftp->host, sftp->known_hosts);
		return error_hint(err, "somebody may stand in between; if the server has a new "
				       "key, remove the old one (ssh-keygen -R)");
	}
	error_set(err, ERROR_NETWORK, "cannot %s: the host '%s' is not in '%s'",
		request->call->what, sftp->host, sftp->known_hosts);
	return error_hint(
		err, "connect once with ssh, compare the key's fingerprint, and accept it");
}

/* Sets the error; true if another try may help. */
static bool sftp_request_failed(struct sftp_request *request, CURLcode code, struct error *err)
{
	struct sftp_call *call = request->call;
	switch ((int)code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		sftp_request_unknown_host(request, err);
		return false;
	case CURLE_REMOTE_FILE_NOT_FOUND:
		error_set(err, ERROR_NOT_FOUND, "cannot %s: it is not there", call->what);
		return false;
	case CURLE_BAD_DOWNLOAD_RESUME:
		/* It is there, and its time is known. */
		(void)sftp_request_begin(request);
		error_set(err, ERROR_NETWORK,
			"cannot %s: the server has fewer bytes than were asked for", call->what);
		return false;
	case CURLE_LOGIN_DENIED:
		error_set(err, ERROR_NETWORK, "cannot %s: '%s' lets nobody in with these keys",
			call->what, request->sftp->host);
		error_hint(err, "keys come from the ssh agent and from ~/.ssh/id_ed25519, "
				"id_ecdsa and id_rsa (one with a passphrase: ssh-add it)");
		return false;
	default:
		client_fail(&request->transfer, code, call->what, err);
		/* FAILED_INIT: the connection broke while keys were exchanged. */
		return client_may_retry(&request->transfer, code) || code == CURLE_FAILED_INIT;
	}
}

/* 1 done, 0 try again, 2 try again with the next key, or -code. */
static int sftp_request_try(struct sftp_request *request, struct error *err)
{
	struct sftp *sftp = request->sftp;
	struct sftp_call *call = request->call;
	size_t key = atomic_load(&sftp->key);
	if (client_begin(&sftp->client, "sftp", &request->transfer, err) < 0 ||
		sftp_request_configure(request, err) < 0)
		return -err->code;
	if (call->listing)
		strbuf_clear(call->listing);
	call->code = client_perform(&request->transfer);
	if (err->code != ERROR_NONE)
		return -err->code;
	if (request->enough || call->code == CURLE_OK) {
		/* Of an empty file no byte came by to ask for its time. */
		bool unseen = call->fetch && !request->begun;
		return unseen && sftp_request_begin(request) < 0 ? -(int)err->code : 1;
	}
	bool again = sftp_request_failed(request, call->code, err);
	if (call->code == CURLE_LOGIN_DENIED && key + 1 < sftp->n_keys) {
		/* If another thread has gone on to the next key, that one is tried. */
		atomic_compare_exchange_strong(&sftp->key, &key, key + 1);
		return 2;
	}
	return again ? 0 : -(int)err->code;
}

static int sftp_request_loop(struct sftp_request *request, struct error *err)
{
	struct client *client = &request->sftp->client;
	unsigned tries = 0;
	for (;;) {
		int result = sftp_request_try(request, err);
		client_end(&request->transfer);
		if (result == 1)
			return 0;
		if (result < 0 || (result == 0 && ++tries > client->endpoint->settings.retries))
			return -err->code;
		error_clear(err);
		if (result == 0 && client_wait(client, tries, 0, err) < 0)
			return -err->code;
	}
}

static int sftp_request_finish(struct sftp_request *request, struct error *err)
{
	struct endpoint_fetch *fetch = request->call->fetch;
	if (!fetch)
		return 0;
	if (fetch->range.length != UINT64_MAX && request->handed < fetch->range.length)
		return error_set(err, ERROR_NETWORK,
			"cannot %s: the server has fewer bytes than were asked for",
			request->call->what);
	/* libcurl tells no length of an empty file. */
	if (fetch->range.length == UINT64_MAX && fetch->range.offset == 0)
		fetch->facts.size = request->handed;
	return 0;
}

static int sftp_request_has_protocol(const struct curl_calls *curl, struct error *err)
{
	const curl_version_info_data *info = curl->curl_version_info(CURLVERSION_NOW);
	for (const char *const *name = info->protocols; *name; name++) {
		if (strcmp(*name, "sftp") == 0)
			return 0;
	}
	error_set(err, ERROR_MISSING, "libcurl %s cannot speak SFTP", info->version);
	return error_hint(err, "install a libcurl that was built with libssh2 or libssh (Debian: "
			       "libcurl4)");
}

static int sftp_request_find_keys(struct sftp *sftp, const char *home, struct error *err)
{
	static const char *const names[] = { "id_ed25519", "id_ecdsa", "id_rsa" };
	const char *identity = sftp->client.endpoint->settings.identity;
	if (identity) {
		sftp->keys[0] = memory_copy_string(identity, err);
		sftp->n_keys = sftp->keys[0] ? 1 : 0;
		return sftp->keys[0] ? 0 : -(int)err->code;
	}
	for (size_t i = 0; home && i < sizeof names / sizeof *names; i++) {
		char *path = memory_format(err, "%s/.ssh/%s", home, names[i]);
		if (!path)
			return -err->code;
		if (file_exists(path))
			sftp->keys[sftp->n_keys++] = path;
		else
			memory_free(path);
	}
	return 0;
}

static int sftp_request_ready(struct sftp *sftp, struct error *err)
{
	const char *home = environment_get("HOME");
	const char *known = sftp->client.endpoint->settings.known_hosts;
	const struct curl_calls *curl = transfer_curl(err);
	int result = curl ? 0 : -(int)err->code;
	pthread_mutex_lock(&sftp->lock);
	if (result == 0 && !sftp->ready) {
		sftp->known_hosts =
			known ? memory_copy_string(known, err)
			      : memory_format(err, "%s/.ssh/known_hosts", home ? home : "");
		if (!sftp->known_hosts || sftp_request_has_protocol(curl, err) < 0 ||
			sftp_request_find_keys(sftp, home, err) < 0)
			result = -(int)err->code;
		sftp->ready = result == 0;
	}
	pthread_mutex_unlock(&sftp->lock);
	return result;
}

int sftp_ask(struct sftp *sftp, struct sftp_call *call, struct error *err)
{
	struct sftp_request request = { .sftp = sftp,
		.call = call,
		.url = STRBUF_INIT,
		.err = err,
		.match = CURLKHMATCH_MISSING };
	int result = sftp_request_ready(sftp, err);
	strbuf_add(&request.url, sftp->origin);
	url_encode(&request.url, text_of(call->path), "/~");
	if (call->folder &&
		(!request.url.length || request.url.text[request.url.length - 1] != '/'))
		strbuf_add_char(&request.url, '/');
	if (call->listing)
		call->listing->cap = SFTP_LISTING_CAP;
	if (result == 0)
		result = strbuf_check(&request.url, err);
	if (result == 0)
		result = sftp_request_loop(&request, err);
	if (result == 0)
		result = sftp_request_finish(&request, err);
	strbuf_release(&request.url);
	for (size_t i = 0; i < SFTP_COMMANDS; i++)
		memory_free(call->commands[i]);
	return result;
}
