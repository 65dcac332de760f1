#include <string.h>

#include "mlops/base/parse.h"
#include "s3_parts_internal.h"
#include "url_internal.h"
#include "xml_internal.h"

enum { S3_PARTS_UPLOADS = 8, S3_PARTS_CAP = 8 << 20 };

/* ListMultipartUploads: those of our key, the newest last as S3 lists them. */
struct s3_parts_uploads {
	const char *key;
	struct strbuf this_key, this_id;
	struct strbuf ids[S3_PARTS_UPLOADS]; /* a ring */
	size_t count;
};

static int s3_parts_visit_upload(
	void *context, const char *path, const char *text, struct error *err)
{
	struct s3_parts_uploads *uploads = context;
	if (strcmp(path, "ListMultipartUploadsResult/Upload/Key") == 0) {
		strbuf_clear(&uploads->this_key);
		strbuf_add(&uploads->this_key, text);
	} else if (strcmp(path, "ListMultipartUploadsResult/Upload/UploadId") == 0) {
		strbuf_clear(&uploads->this_id);
		strbuf_add(&uploads->this_id, text);
	} else if (strcmp(path, "ListMultipartUploadsResult/Upload") == 0) {
		if (strcmp(uploads->this_key.text, uploads->key) == 0 && uploads->this_id.length) {
			struct strbuf *id = &uploads->ids[uploads->count++ % S3_PARTS_UPLOADS];
			strbuf_clear(id);
			strbuf_add(id, uploads->this_id.text);
			return strbuf_check(id, err);
		}
	}
	return 0;
}

/* ListParts */
struct s3_parts_page {
	struct s3_upload *upload;
	uint64_t number;
	struct s3_part part;
	bool truncated;
	struct strbuf next;
};

static int s3_parts_visit_part(void *context, const char *path, const char *text, struct error *err)
{
	struct s3_parts_page *page = context;
	(void)err;
	if (strcmp(path, "ListPartsResult/Part/PartNumber") == 0) {
		if (!parse_u64(text_of(text), &page->number))
			page->number = 0;
	} else if (strcmp(path, "ListPartsResult/Part/Size") == 0) {
		if (!parse_u64(text_of(text), &page->part.size))
			page->part.size = 0;
	} else if (strcmp(path, "ListPartsResult/Part/ETag") == 0 && strlen(text) < ENDPOINT_ETAG) {
		memcpy(page->part.etag, text, strlen(text) + 1);
	} else if (strcmp(path, "ListPartsResult/Part") == 0) {
		if (page->number >= 1 && page->number <= page->upload->n_parts)
			page->upload->parts[page->number - 1] = page->part;
		page->part = (struct s3_part){ .size = 0 };
		page->number = 0;
	} else if (strcmp(path, "ListPartsResult/IsTruncated") == 0) {
		page->truncated = strcmp(text, "true") == 0;
	} else if (strcmp(path, "ListPartsResult/NextPartNumberMarker") == 0) {
		strbuf_clear(&page->next);
		url_encode(&page->next, text_of(text), "");
	}
	return 0;
}

static int s3_parts_list(struct s3_upload *upload, struct error *err)
{
	AUTO(strbuf_release) struct strbuf marker = STRBUF_INIT;
	size_t pages = 0;
	struct s3_parts_page page = { .upload = upload };
	do {
		AUTO_FREE char *before = memory_format(err, "max-parts=1000%s%s&",
			marker.length ? "&part-number-marker=" : "", marker.text);
		AUTO_FREE char *query = before ? s3_parts_query(upload, before, err) : NULL;
		struct s3_call call = { S3_CALL_INIT, .method = "GET", .key = upload->key,
			.verb = "list the parts of", .cap = S3_PARTS_CAP };
		if (!query)
			return -err->code;
		call.query = query;
		page.truncated = false;
		page.next = STRBUF_INIT;
		int result = s3_ask(upload->s3, &call, err);
		if (result == 0)
			result = xml_read(call.answer.body.text, call.answer.body.length,
				s3_parts_visit_part, &page, err);
		http_answer_release(&call.answer);
		strbuf_clear(&marker);
		strbuf_add_bytes(&marker, page.next.text, page.next.length);
		strbuf_release(&page.next);
		if (result < 0)
			return result;
	} while (page.truncated && marker.length && ++pages <= upload->n_parts / 1000);
	return strbuf_check(&marker, err);
}

int s3_part_same(struct s3_upload *upload, size_t index, bool *ret, struct error *err)
{
	const struct s3_part *part = &upload->parts[index];
	uint64_t size = s3_part_size(upload, index);
	struct md5_digest digest;
	char text[MD5_TEXT_SIZE];
	*ret = false;
	if (!part->etag[0] || part->size != size)
		return 0;
	if (s3_md5(upload->s3->client.endpoint, upload->source, index * upload->part_size, size,
		    &digest, err) < 0)
		return -err->code;
	md5_format(&digest, text);
	const char *etag = part->etag + (part->etag[0] == '"');
	*ret = strncmp(etag, text, MD5_TEXT_SIZE - 1) == 0 &&
	       (!etag[MD5_TEXT_SIZE - 1] || strcmp(etag + MD5_TEXT_SIZE - 1, "\"") == 0);
	return 0;
}

/* An upload is ours if the first part that it has is. */
static int s3_parts_try(struct s3_upload *upload, const char *id, bool *ret, struct error *err)
{
	*ret = false;
	memset(upload->parts, 0, upload->n_parts * sizeof *upload->parts);
	strbuf_clear(&upload->id);
	strbuf_add(&upload->id, id);
	if (s3_parts_list(upload, err) < 0)
		return -err->code;
	for (size_t i = 0; i < upload->n_parts; i++) {
		if (upload->parts[i].etag[0])
			return s3_part_same(upload, i, ret, err);
	}
	return 0;
}

static int s3_parts_choose(
	struct s3_upload *upload, const struct s3_parts_uploads *uploads, struct error *err)
{
	size_t n = uploads->count < S3_PARTS_UPLOADS ? uploads->count : S3_PARTS_UPLOADS;
	for (size_t i = 1; i <= n; i++) {
		bool ours = false;
		const struct strbuf *id = &uploads->ids[(uploads->count - i) % S3_PARTS_UPLOADS];
		if (s3_parts_try(upload, id->text, &ours, err) < 0 || ours)
			return -(int)err->code;
	}
	strbuf_clear(&upload->id);
	memset(upload->parts, 0, upload->n_parts * sizeof *upload->parts);
	return 0;
}

int s3_parts_find(struct s3_upload *upload, struct error *err)
{
	struct s3_parts_uploads uploads = {
		.key = upload->key, .this_key = STRBUF_INIT, .this_id = STRBUF_INIT
	};
	AUTO(strbuf_release) struct strbuf query = STRBUF_INIT;
	for (size_t i = 0; i < S3_PARTS_UPLOADS; i++)
		uploads.ids[i] = STRBUF_INIT;
	strbuf_add(&query, "prefix=");
	url_encode(&query, text_of(upload->key), "");
	strbuf_add(&query, "&uploads=");
	struct s3_call call = { S3_CALL_INIT, .method = "GET", .verb = "list uploads to",
		.cap = S3_PARTS_CAP };
	call.query = query.text;
	int result = strbuf_check(&query, err);
	if (result == 0)
		result = s3_ask(upload->s3, &call, err);
	if (result == 0)
		result = xml_read(call.answer.body.text, call.answer.body.length,
			s3_parts_visit_upload, &uploads, err);
	if (result == 0)
		result = s3_parts_choose(upload, &uploads, err);
	http_answer_release(&call.answer);
	strbuf_release(&uploads.this_key);
	strbuf_release(&uploads.this_id);
	for (size_t i = 0; i < S3_PARTS_UPLOADS; i++)
		strbuf_release(&uploads.ids[i]);
	if (result < 0 && err->code == ERROR_CANCELLED)
		return result;
	if (result < 0) {
		/* To list may be forbidden where to write is not: then all is sent. */
		error_clear(err);
		strbuf_clear(&upload->id);
		memset(upload->parts, 0, upload->n_parts * sizeof *upload->parts);
	}
	return 0;
}
