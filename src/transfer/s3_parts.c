#include "s3_parts_internal.h"

#include <stdio.h>
#include <string.h>

#include "mlops/base/parallel.h"
#include "url_internal.h"
#include "xml_internal.h"

enum { S3_PARTS_MOST = 10000, S3_PARTS_AT_ONCE = 4, S3_PARTS_ROUNDS = 2 };

uint64_t s3_part_size(const struct s3_upload *upload, size_t index)
{
	uint64_t left = upload->source->size - index * upload->part_size;
	return left < upload->part_size ? left : upload->part_size;
}

char *s3_parts_query(const struct s3_upload *upload, const char *before, struct error *err)
{
	AUTO(strbuf_release) struct strbuf query = STRBUF_INIT;
	strbuf_printf(&query, "%suploadId=", before);
	url_encode(&query, (struct text){ upload->id.text, upload->id.length }, "");
	return strbuf_take(&query, err);
}

static int s3_parts_visit_id(void *context, const char *path, const char *text, struct error *err)
{
	(void)err;
	if (strcmp(path, "InitiateMultipartUploadResult/UploadId") == 0) {
		strbuf_clear(context);
		strbuf_add(context, text);
	}
	return 0;
}

static int s3_parts_create(struct s3_upload *upload, struct error *err)
{
	const struct endpoint_source nothing = { .bytes = (const unsigned char *)"", .fd = -1 };
	struct s3_call call = { S3_CALL_INIT, .method = "POST", .key = upload->key,
		.verb = "begin to write", .source = &nothing };
	call.query = "uploads=";
	int result = s3_ask(upload->s3, &call, err);
	if (result == 0)
		result = xml_read(call.answer.body.text, call.answer.body.length, s3_parts_visit_id,
			&upload->id, err);
	http_answer_release(&call.answer);
	if (result == 0)
		result = strbuf_check(&upload->id, err);
	if (result == 0 && !upload->id.length)
		return error_set(err, ERROR_NETWORK, "the server begins an upload without an id");
	return result;
}

/* It goes into XML, and it is the server's text. */
static bool s3_parts_etag_valid(const char *etag)
{
	for (const char *at = etag; *at; at++) {
		if (!((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
			    (*at >= '0' && *at <= '9') || *at == '"' || *at == '-' || *at == '_'))
			return false;
	}
	return *etag;
}

static int s3_parts_send(void *context, size_t index, size_t worker, struct error *err)
{
	struct s3_upload *upload = context;
	struct s3_part *part = &upload->parts[index];
	bool same = false;
	char before[48];
	(void)worker;
	if (s3_part_same(upload, index, &same, err) < 0 || same)
		return -(int)err->code;
	snprintf(before, sizeof before, "partNumber=%zu&", index + 1);
	AUTO_FREE char *query = s3_parts_query(upload, before, err);
	struct s3_call call = { S3_CALL_INIT, .method = "PUT", .key = upload->key,
		.verb = "write a part of", .source = upload->source,
		.offset = index * upload->part_size, .length = s3_part_size(upload, index) };
	if (!query)
		return -err->code;
	call.query = query;
	int result = s3_ask(upload->s3, &call, err);
	if (strcmp(call.code, "NoSuchUpload") == 0)
		atomic_store(&upload->gone, true);
	memcpy(part->etag, call.answer.facts.etag, sizeof part->etag);
	http_answer_release(&call.answer);
	if (result == 0 && !s3_parts_etag_valid(part->etag))
		return error_set(err, ERROR_NETWORK, "the server tells no ETag of a part");
	return result;
}

/* Does not matter if it fails. */
static void s3_parts_abort(struct s3_upload *upload)
{
	struct error ignored = ERROR_INIT;
	AUTO_FREE char *query = s3_parts_query(upload, "", &ignored);
	struct s3_call call = { S3_CALL_INIT, .method = "DELETE", .key = upload->key,
		.verb = "take back" };
	if (!query)
		return;
	call.query = query;
	if (s3_ask(upload->s3, &call, &ignored) < 0)
		error_clear(&ignored);
	http_answer_release(&call.answer);
}

/* The ETag of a file in parts: the MD5 of its parts' MD5s, and their number. "" if unknown. */
static void s3_parts_etag(const struct s3_upload *upload, char ret[ENDPOINT_ETAG])
{
	AUTO(md5_release) struct md5 state = { NULL };
	struct error ignored = ERROR_INIT;
	struct md5_digest digest;
	char text[MD5_TEXT_SIZE];
	ret[0] = '\0';
	bool good = md5_init(&state, &ignored) == 0;
	for (size_t i = 0; good && i < upload->n_parts; i++) {
		const char *etag = upload->parts[i].etag;
		struct text one = { etag + 1, strlen(etag) > 2 ? strlen(etag) - 2 : 0 };
		good = md5_parse(one, &digest) &&
		       md5_update(&state, digest.bytes, MD5_SIZE, &ignored) == 0;
	}
	if (!good || md5_finish(&state, &digest, &ignored) < 0)
		return;
	md5_format(&digest, text);
	snprintf(ret, ENDPOINT_ETAG, "\"%s-%zu\"", text, upload->n_parts);
}

/* Has an earlier try, or one that sent the same parts, completed it? */
static bool s3_parts_are_there(struct s3_upload *upload)
{
	struct error ignored = ERROR_INIT;
	char etag[ENDPOINT_ETAG];
	struct s3_call call = { S3_CALL_INIT, .method = "HEAD", .key = upload->key,
		.verb = "look at" };
	s3_parts_etag(upload, etag);
	bool same = etag[0] && s3_ask(upload->s3, &call, &ignored) == 0 &&
		    strcmp(call.answer.facts.etag, etag) == 0;
	http_answer_release(&call.answer);
	return same;
}

/* Complete may answer 200 and then an error in its body. */
static int s3_parts_visit_error(
	void *context, const char *path, const char *text, struct error *err)
{
	(void)err;
	if (strcmp(path, "Error/Code") == 0)
		snprintf(context, S3_CODE, "%s", text);
	return 0;
}

static int s3_parts_complete(
	struct s3_upload *upload, enum endpoint_mode mode, struct s3_call *call, struct error *err)
{
	static const struct s3_field fields[] = { { "if-none-match", "*" } };
	AUTO(strbuf_release) struct strbuf body = STRBUF_INIT;
	AUTO_FREE char *query = s3_parts_query(upload, "", err);
	strbuf_add(&body, "<CompleteMultipartUpload "
			  "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (size_t i = 0; i < upload->n_parts; i++)
		strbuf_printf(&body, "<Part><PartNumber>%zu</PartNumber><ETag>%s</ETag></Part>",
			i + 1, upload->parts[i].etag);
	strbuf_add(&body, "</CompleteMultipartUpload>");
	if (!query || strbuf_check(&body, err) < 0)
		return -err->code;
	const struct endpoint_source source = {
		.bytes = (const unsigned char *)body.text, .fd = -1, .size = body.length
	};
	*call = (struct s3_call){ S3_CALL_INIT, .method = "POST", .key = upload->key,
		.verb = "complete", .fields = fields, .n_fields = mode == ENDPOINT_NEW,
		.source = &source, .length = body.length };
	call->query = query;
	int result = s3_ask(upload->s3, call, err);
	if (result == 0)
		result = xml_read(call->answer.body.text, call->answer.body.length,
			s3_parts_visit_error, call->code, err);
	if (result == 0 && call->code[0])
		result = error_set(err, ERROR_NETWORK, "cannot complete '%s': the server says %s",
			upload->key, call->code);
	call->source = NULL;
	call->query = "";
	return result;
}

/* Sends and completes: 1 done, 0 to be done anew, since the upload was not only ours. */
static int s3_parts_round(struct s3_upload *upload, enum endpoint_mode mode, struct error *err)
{
	struct s3_call call = { S3_CALL_INIT };
	int result = parallel_for(S3_PARTS_AT_ONCE, upload->n_parts, s3_parts_send, upload, err);
	bool gone = atomic_load(&upload->gone), refused = err->code == ERROR_IO;
	if (result == 0) {
		result = s3_parts_complete(upload, mode, &call, err);
		long status = call.answer.status;
		gone = strcmp(call.code, "NoSuchUpload") == 0 ||
		       strcmp(call.code, "InvalidPart") == 0;
		refused = result < 0 && status >= 400 && status < 500;
		if ((status == 412 || gone) && call.answer.tries > 1 &&
			s3_parts_are_there(upload)) {
			error_clear(err);
			result = 0;
		} else if (status == 412) {
			error_clear(err);
			s3_exists(upload->s3, upload->key, err);
		}
		http_answer_release(&call.answer);
	}
	if (result == 0)
		return 1;
	if (refused && !gone)
		s3_parts_abort(upload);
	if (!gone)
		return -err->code;
	error_clear(err);
	return 0;
}

static int s3_parts_run(struct s3_upload *upload, enum endpoint_mode mode, struct error *err)
{
	for (int round = 1; round <= S3_PARTS_ROUNDS; round++) {
		/* In the second round nothing is taken over. */
		if (round == 1 && s3_parts_find(upload, err) < 0)
			return -err->code;
		if (round > 1) {
			struct s3_call call = { S3_CALL_INIT, .method = "HEAD", .key = upload->key,
				.verb = "look at" };
			struct error ignored = ERROR_INIT;
			bool there =
				mode == ENDPOINT_NEW && s3_ask(upload->s3, &call, &ignored) == 0;
			http_answer_release(&call.answer);
			if (there)
				return s3_exists(upload->s3, upload->key, err);
			strbuf_clear(&upload->id);
			memset(upload->parts, 0, upload->n_parts * sizeof *upload->parts);
			atomic_store(&upload->gone, false);
		}
		if (!upload->id.length && s3_parts_create(upload, err) < 0)
			return -err->code;
		int result = s3_parts_round(upload, mode, err);
		if (result != 0)
			return result < 0 ? result : 0;
	}
	return error_set(err, ERROR_NETWORK, "cannot write '%s': others take back what is sent",
		upload->key);
}

int s3_put_parts(struct s3 *s3, const char *key, const struct endpoint_source *source,
	enum endpoint_mode mode, struct error *err)
{
	struct s3_upload upload = { .s3 = s3,
		.key = key,
		.source = source,
		.part_size = s3->client.endpoint->settings.part_size,
		.id = STRBUF_INIT };
	while (source->size / upload.part_size >= S3_PARTS_MOST)
		upload.part_size *= 2;
	upload.n_parts = (size_t)((source->size + upload.part_size - 1) / upload.part_size);
	upload.parts = memory_allocate(upload.n_parts, sizeof *upload.parts, err);
	int result = upload.parts ? s3_parts_run(&upload, mode, err) : -(int)err->code;
	memory_free(upload.parts);
	strbuf_release(&upload.id);
	return result;
}
