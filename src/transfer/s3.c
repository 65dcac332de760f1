#include "s3_internal.h"

#include <stdio.h>
#include <string.h>

#include "mlops/base/clock.h"
#include "url_internal.h"

enum { S3_LIST_CAP = 16 << 20, S3_CONFLICTS = 5 };

static void s3_close(struct endpoint *endpoint)
{
	struct s3 *s3 = endpoint->state;
	client_release(&s3->client);
	pthread_mutex_destroy(&s3->lock);
	credentials_release(&s3->credentials);
	memory_free(s3->bucket);
	memory_free(s3->key);
	memory_free(s3->prefix);
	memory_free(s3->origin);
	memory_free(s3->host);
	memory_free(s3->region);
	memory_free(s3);
}

char *s3_key(struct s3 *s3, const char *name, struct error *err)
{
	if (*name)
		return memory_format(err, "%s%s", s3->prefix, name);
	if (*s3->key)
		return memory_copy_string(s3->key, err);
	error_set(err, ERROR_NOT_FOUND, "'%s' is a bucket and no file", s3->client.endpoint->url);
	return NULL;
}

int s3_exists(const struct s3 *s3, const char *key, struct error *err)
{
	return error_set(err, ERROR_EXISTS, "s3://%s has '%s' already", s3->bucket, key);
}

static int s3_stat(
	struct endpoint *endpoint, const char *name, struct endpoint_facts *ret, struct error *err)
{
	struct s3 *s3 = endpoint->state;
	AUTO_FREE char *key = s3_key(s3, name, err);
	struct s3_call call = { S3_CALL_INIT, .method = "HEAD", .key = key, .verb = "look at" };
	if (!key)
		return -err->code;
	int result = s3_ask(s3, &call, err);
	*ret = call.answer.facts;
	http_answer_release(&call.answer);
	return result;
}

static int s3_fetch(struct endpoint *endpoint, struct endpoint_fetch *fetch, struct error *err)
{
	struct s3 *s3 = endpoint->state;
	if (fetch->range.length == 0)
		return s3_stat(endpoint, fetch->name, &fetch->facts, err);
	AUTO_FREE char *key = s3_key(s3, fetch->name, err);
	struct s3_call call = { S3_CALL_INIT, .method = "GET", .key = key, .verb = "read",
		.fetch = fetch };
	if (!key)
		return -err->code;
	int result = s3_ask(s3, &call, err);
	http_answer_release(&call.answer);
	return result;
}

int s3_md5(const struct endpoint *endpoint, const struct endpoint_source *source, uint64_t offset,
	uint64_t length, struct md5_digest *ret, struct error *err)
{
	enum { PIECE = 256 << 10 };
	AUTO(md5_release) struct md5 state = { NULL };
	AUTO_FREE unsigned char *piece = memory_allocate(PIECE, 1, err);
	if (!piece || md5_init(&state, err) < 0)
		return -err->code;
	for (uint64_t done = 0; done < length;) {
		size_t count = length - done < PIECE ? (size_t)(length - done) : PIECE;
		if (endpoint_check_stop(endpoint, err) < 0 ||
			endpoint_source_read(source, offset + done, piece, count, err) < 0 ||
			md5_update(&state, piece, count, err) < 0)
			return -err->code;
		done += count;
	}
	return md5_finish(&state, ret, err);
}

/*
 * Was it an earlier try of this put that made the file, and only its answer that was lost? Then
 * the file's ETag is the MD5 of what was sent.
 */
static bool s3_is_ours(struct s3 *s3, const char *key, const struct endpoint_source *source)
{
	struct error ignored = ERROR_INIT;
	struct s3_call call = { S3_CALL_INIT, .method = "HEAD", .key = key, .verb = "look at" };
	struct md5_digest digest;
	char text[MD5_TEXT_SIZE], quoted[MD5_TEXT_SIZE + 2];
	bool same = s3_ask(s3, &call, &ignored) == 0 && call.answer.facts.size == source->size &&
		    s3_md5(s3->client.endpoint, source, 0, source->size, &digest, &ignored) == 0;
	if (same) {
		md5_format(&digest, text);
		snprintf(quoted, sizeof quoted, "\"%s\"", text);
		same = strcmp(call.answer.facts.etag, quoted) == 0;
	}
	http_answer_release(&call.answer);
	return same;
}

/* 409: two conditional writes met; Amazon wants the loser to try again, and then says 412. */
static int s3_put_whole(struct s3 *s3, const char *key, const struct endpoint_source *source,
	enum endpoint_mode mode, struct error *err)
{
	static const struct s3_field fields[] = { { "if-none-match", "*" } };
	for (unsigned conflicts = 1;; conflicts++) {
		struct s3_call call = { S3_CALL_INIT, .method = "PUT", .key = key, .verb = "write",
			.fields = fields, .n_fields = mode == ENDPOINT_NEW, .source = source,
			.length = source->size };
		int result = s3_ask(s3, &call, err);
		long status = call.answer.status;
		bool retried = call.answer.tries > 1 || conflicts > 1;
		bool conflict =
			status == 409 && strcmp(call.code, "ConditionalRequestConflict") == 0;
		http_answer_release(&call.answer);
		if (result == 0)
			return 0;
		if (status == 412 && mode == ENDPOINT_NEW) {
			error_clear(err);
			return retried && s3_is_ours(s3, key, source) ? 0 : s3_exists(s3, key, err);
		}
		if (!conflict || conflicts == S3_CONFLICTS)
			return result;
		error_clear(err);
		if (client_wait(&s3->client, conflicts, 0, err) < 0)
			return -err->code;
	}
}

static int s3_put(struct endpoint *endpoint, const char *name, const struct endpoint_source *source,
	enum endpoint_mode mode, struct error *err)
{
	struct s3 *s3 = endpoint->state;
	AUTO_FREE char *key = s3_key(s3, name, err);
	if (!key)
		return -err->code;
	return source->size > endpoint->settings.part_size
		       ? s3_put_parts(s3, key, source, mode, err)
		       : s3_put_whole(s3, key, source, mode, err);
}

/* One page of a list; *next is where it begins, and then where the one behind it does. */
static int s3_list_page(struct s3 *s3, const char *prefix, struct strbuf *next,
	struct endpoint_entries *entries, struct error *err)
{
	AUTO(strbuf_release) struct strbuf query = STRBUF_INIT;
	if (next->length) {
		strbuf_add(&query, "continuation-token=");
		url_encode(&query, (struct text){ next->text, next->length }, "");
		strbuf_add_char(&query, '&');
	}
	strbuf_add(&query, "delimiter=%2F&encoding-type=url&list-type=2&max-keys=1000&prefix=");
	url_encode(&query, text_of(prefix), "");
	if (strbuf_check(&query, err) < 0)
		return -err->code;
	struct s3_call call = { S3_CALL_INIT, .method = "GET", .verb = "list", .cap = S3_LIST_CAP };
	call.query = query.text;
	AUTO(strbuf_release) struct strbuf after = STRBUF_INIT;
	int result = s3_ask(s3, &call, err);
	if (result == 0)
		result = s3_list_read(call.answer.body.text, call.answer.body.length, prefix,
			entries, &after, err);
	http_answer_release(&call.answer);
	if (result == 0 && after.length && strcmp(after.text, next->text) == 0)
		return error_set(err, ERROR_NETWORK, "the server's list never ends");
	strbuf_clear(next);
	strbuf_add_bytes(next, after.text, after.length);
	strbuf_inherit(next, &after);
	return result == 0 ? strbuf_check(next, err) : result;
}

static int s3_list(struct endpoint *endpoint, const char *folder,
	struct endpoint_entries *ret_entries, struct error *err)
{
	struct s3 *s3 = endpoint->state;
	AUTO(strbuf_release) struct strbuf next = STRBUF_INIT;
	AUTO_FREE char *prefix =
		memory_format(err, "%s%s%s", s3->prefix, folder, *folder ? "/" : "");
	if (!prefix)
		return -err->code;
	do {
		if (s3_list_page(s3, prefix, &next, ret_entries, err) < 0)
			return -err->code;
	} while (next.length);
	return 0;
}

static int s3_delete(struct endpoint *endpoint, const char *name, struct error *err)
{
	struct s3 *s3 = endpoint->state;
	AUTO_FREE char *key = s3_key(s3, name, err);
	struct s3_call call = { S3_CALL_INIT, .method = "DELETE", .key = key, .verb = "delete" };
	if (!key)
		return -err->code;
	int result = s3_ask(s3, &call, err);
	http_answer_release(&call.answer);
	if (result == 0 || err->code != ERROR_NOT_FOUND || strcmp(call.code, "NoSuchBucket") == 0)
		return result;
	error_clear(err);
	return 0;
}

static const struct endpoint_calls s3_calls = {
	.close = s3_close,
	.stat = s3_stat,
	.fetch = s3_fetch,
	.put = s3_put,
	.list = s3_list,
	.delete = s3_delete,
};

static bool s3_bucket_valid(struct text bucket)
{
	for (size_t i = 0; i < bucket.length; i++) {
		char c = bucket.at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			    c == '.' || c == '-' || c == '_'))
			return false;
	}
	return bucket.length >= 3 && bucket.length <= 63 && bucket.at[0] != '.';
}

int s3_open(struct endpoint *endpoint, const char *url, struct error *err)
{
	struct text key = text_of(url + strlen("s3://")), bucket;
	if (!text_split(&key, '/', &bucket) || !s3_bucket_valid(bucket))
		/* Not shown: what is no bucket may be a key that does not belong there. */
		return error_set(err, ERROR_USAGE, "the URL names no bucket: s3://BUCKET/PREFIX");
	struct s3 *s3 = memory_allocate(1, sizeof *s3, err);
	if (!s3)
		return -err->code;
	client_init(&s3->client, endpoint);
	pthread_mutex_init(&s3->lock, NULL);
	endpoint->state = s3;
	endpoint->calls = &s3_calls;
	struct text prefix = key;
	while (prefix.length && prefix.at[prefix.length - 1] == '/')
		prefix.length--;
	s3->bucket = memory_format(err, "%.*s", (int)bucket.length, bucket.at);
	s3->key = s3->bucket ? memory_format(err, "%.*s", (int)key.length, key.at ? key.at : "")
			     : NULL;
	s3->prefix = s3->key ? memory_format(err, "%.*s%s", (int)prefix.length,
				       prefix.at ? prefix.at : "", prefix.length ? "/" : "")
			     : NULL;
	return s3->prefix ? 0 : -(int)err->code;
}
