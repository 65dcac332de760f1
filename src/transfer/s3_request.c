#include "s3_internal.h"

#include <stdio.h>
#include <string.h>

#include "mlops/base/clock.h"
#include "url_internal.h"
#include "xml_internal.h"

enum { S3_REQUEST_PIECE = 256 << 10 };
static const char s3_request_empty[] =
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/* The scheme's usual port stands in no Host field, so it must not be signed. */
static int s3_request_origin(struct s3 *s3, const char *endpoint, struct error *err)
{
	struct url parts;
	if (url_parse(endpoint, &parts, err) < 0)
		return error_prefix(err, "the endpoint of S3");
	bool secure = text_is(parts.scheme, "https");
	if ((!secure && !text_is(parts.scheme, "http")) || parts.user.length ||
		(parts.path.length && !text_is(parts.path, "/")) || parts.query.length)
		return error_set(err, ERROR_USAGE,
			"the endpoint of S3 is http://host or https://host, with a port or without");
	bool usual = !parts.port.length || text_is(parts.port, secure ? "443" : "80");
	s3->host = memory_format(err, "%.*s%s%.*s", (int)parts.host.length, parts.host.at,
		usual ? "" : ":", usual ? 0 : (int)parts.port.length, usual ? "" : parts.port.at);
	s3->origin = s3->host ? memory_format(err, "%s://%s", secure ? "https" : "http", s3->host)
			      : NULL;
	s3->by_path = true;
	return s3->origin ? 0 : -(int)err->code;
}

static int s3_request_amazon(struct s3 *s3, struct error *err)
{
	bool china = text_starts_with(text_of(s3->region), "cn-");
	s3->by_path = strchr(s3->bucket, '.') != NULL;
	s3->host = memory_format(err, "%s%ss3.%s.amazonaws.com%s", s3->by_path ? "" : s3->bucket,
		s3->by_path ? "" : ".", s3->region, china ? ".cn" : "");
	s3->origin = s3->host ? memory_format(err, "https://%s", s3->host) : NULL;
	return s3->origin ? 0 : -(int)err->code;
}

static int s3_request_load(struct s3 *s3, struct error *err)
{
	const struct endpoint_settings *settings = &s3->client.endpoint->settings;
	AUTO(credentials_release) struct credentials found = { .key = NULL };
	if (credentials_load(&found, err) < 0)
		return -err->code;
	const char *region = settings->s3_region ? settings->s3_region
			     : found.region      ? found.region
						 : "us-east-1";
	for (const char *at = region; *at; at++) {
		if (!((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '-'))
			return error_set(err, ERROR_USAGE, "'%s' is no region of S3", region);
	}
	memory_free(s3->region);
	memory_free(s3->host);
	memory_free(s3->origin);
	s3->host = s3->origin = NULL;
	s3->region = memory_copy_string(region, err);
	if (!s3->region)
		return -err->code;
	const char *endpoint = settings->s3_endpoint ? settings->s3_endpoint : found.endpoint;
	if ((endpoint ? s3_request_origin(s3, endpoint, err) : s3_request_amazon(s3, err)) < 0)
		return -err->code;
	credentials_release(&s3->credentials);
	s3->credentials = found;
	found = (struct credentials){ .key = NULL };
	s3->loaded = true;
	return 0;
}

/* At the first request: to open an endpoint needs no credentials. */
static int s3_request_need(struct s3 *s3, struct error *err)
{
	pthread_mutex_lock(&s3->lock);
	int result = s3->loaded ? 0 : s3_request_load(s3, err);
	pthread_mutex_unlock(&s3->lock);
	return result;
}

struct s3_request {
	struct s3 *s3;
	const struct s3_call *call;
	struct strbuf path; /* encoded */
	char payload[HASH_TEXT_SIZE];
};

static int s3_request_field(
	struct client_transfer *transfer, const char *name, const char *value, struct error *err)
{
	AUTO_FREE char *line = memory_format(err, "%s: %s", name, value);
	return line ? client_add(transfer, line, err) : -(int)err->code;
}

/* Without credentials a request goes unsigned: what is public can be read. */
static int s3_request_sign(
	const struct s3_request *own, struct client_transfer *transfer, struct error *err)
{
	const struct s3 *s3 = own->s3;
	AUTO(strbuf_release) struct strbuf authorization = STRBUF_INIT;
	char date[S3_DATE_SIZE];
	const struct s3_signing signing = {
		.key = s3->credentials.key,
		.secret = s3->credentials.secret,
		.token = s3->credentials.token,
		.region = s3->region,
		.service = "s3",
		.method = own->call->method,
		.host = s3->host,
		.path = own->path.text,
		.query = own->call->query,
		.payload = own->payload,
		.fields = own->call->fields,
		.n_fields = own->call->n_fields,
		.now = clock_now(),
	};
	if (s3_sign(&signing, &authorization, date, err) < 0 ||
		s3_request_field(transfer, "x-amz-date", date, err) < 0 ||
		s3_request_field(transfer, "Authorization", authorization.text, err) < 0)
		return -err->code;
	return s3->credentials.token ? s3_request_field(transfer, "x-amz-security-token",
					       s3->credentials.token, err)
				     : 0;
}

/* For each try anew: a signature holds for minutes only. */
static int s3_request_prepare(
	const struct http_request *request, struct client_transfer *transfer, struct error *err)
{
	const struct s3_request *own = request->context;
	if (s3_request_field(transfer, "x-amz-content-sha256", own->payload, err) < 0)
		return -err->code;
	for (size_t i = 0; i < own->call->n_fields; i++) {
		if (s3_request_field(transfer, own->call->fields[i].name,
			    own->call->fields[i].value, err) < 0)
			return -err->code;
	}
	return own->s3->credentials.key ? s3_request_sign(own, transfer, err) : 0;
}

static int s3_request_payload(const struct endpoint *endpoint, const struct s3_call *call,
	char ret[HASH_TEXT_SIZE], struct error *err)
{
	AUTO(sha256_release) struct sha256 state = { NULL };
	struct hash hash;
	memcpy(ret, s3_request_empty, HASH_TEXT_SIZE);
	if (!call->source || !call->length)
		return 0;
	AUTO_FREE unsigned char *piece = memory_allocate(S3_REQUEST_PIECE, 1, err);
	if (!piece || sha256_init(&state, err) < 0)
		return -err->code;
	for (uint64_t done = 0; done < call->length;) {
		uint64_t left = call->length - done;
		size_t count = left < S3_REQUEST_PIECE ? (size_t)left : S3_REQUEST_PIECE;
		if (endpoint_check_stop(endpoint, err) < 0 ||
			endpoint_source_read(call->source, call->offset + done, piece, count, err) <
				0 ||
			sha256_update(&state, piece, count, err) < 0)
			return -err->code;
		done += count;
	}
	if (sha256_finish(&state, &hash, err) < 0)
		return -err->code;
	hash_format(&hash, ret);
	return 0;
}

struct s3_refusal {
	char *code;
	char message[S3_DETAIL];
};

static int s3_request_visit(void *context, const char *path, const char *text, struct error *err)
{
	struct s3_refusal *refusal = context;
	(void)err;
	if (strcmp(path, "Error/Code") == 0)
		snprintf(refusal->code, S3_CODE, "%s", text);
	else if (strcmp(path, "Error/Message") == 0)
		snprintf(refusal->message, sizeof refusal->message, "%s", text);
	return 0;
}

/* Code and message only: the rest of Amazon's answer repeats what was signed. */
static int s3_request_refused(
	struct s3 *s3, struct s3_call *call, const char *what, struct error *err)
{
	struct http_answer *answer = &call->answer;
	struct s3_refusal refusal = { .code = call->code };
	struct error ignored = ERROR_INIT;
	char detail[S3_DETAIL + S3_CODE + 2];
	/* What is no XML (a proxy's page) tells nothing. */
	if (answer->body.length && xml_read(answer->body.text, answer->body.length,
					   s3_request_visit, &refusal, &ignored) < 0)
		error_clear(&ignored);
	snprintf(detail, sizeof detail, "%s%s%s", call->code, refusal.message[0] ? ": " : "",
		refusal.message);
	/* Some servers say 404 where the user is not known, which is no answer about a file. */
	bool unknown_user =
		answer->status == 404 && call->code[0] && strncmp(call->code, "NoSuch", 6) != 0;
	if (unknown_user)
		error_set(err, ERROR_NETWORK, "cannot %s: the server answers 404 (%s)", what,
			call->code);
	else
		http_refused(answer, what, detail, err);
	if (answer->region[0] && strcmp(answer->region, s3->region) != 0)
		error_hint(err, "the bucket is in the region %s: set AWS_REGION", answer->region);
	else if (strcmp(call->code, "RequestTimeTooSkewed") == 0)
		error_hint(err, "this machine's clock is not the server's: set it right");
	else if (answer->status == 401 || answer->status == 403 || unknown_user)
		error_hint(err, "%s%s", s3->credentials.key ? "" : "no credentials were found; ",
			credentials_hint);
	return -err->code;
}

int s3_ask(struct s3 *s3, struct s3_call *call, struct error *err)
{
	struct s3_request own = { .s3 = s3, .call = call, .path = STRBUF_INIT };
	struct endpoint *endpoint = s3->client.endpoint;
	if (s3_request_need(s3, err) < 0 ||
		s3_request_payload(endpoint, call, own.payload, err) < 0)
		return -err->code;
	strbuf_add_char(&own.path, '/');
	if (s3->by_path)
		strbuf_printf(&own.path, "%s%s", s3->bucket, call->key ? "/" : "");
	if (call->key)
		url_encode(&own.path, text_of(call->key), "/");
	AUTO_FREE char *url = memory_format(
		err, "%s%s%s%s", s3->origin, own.path.text, *call->query ? "?" : "", call->query);
	AUTO_FREE char *what = url ? memory_format(err, "%s 's3://%s%s%s'", call->verb, s3->bucket,
					     call->key ? "/" : "", call->key ? call->key : "")
				   : NULL;
	const struct http_request request = { .method = call->method,
		.url = url,
		.what = what,
		.source = call->source,
		.offset = call->offset,
		.length = call->length,
		.fetch = call->fetch,
		.cap = call->cap,
		.prepare = s3_request_prepare,
		.context = &own };
	int result = what ? strbuf_check(&own.path, err) : -(int)err->code;
	if (result == 0)
		result = http_perform(&s3->client, &request, &call->answer, err);
	if (result == 0 && !http_good(&call->answer) && call->answer.status != 304)
		result = s3_request_refused(s3, call, what, err);
	strbuf_release(&own.path);
	return result;
}
