/*
 * s3_internal: requests to S3 and its like (Amazon S3 API reference, 2006-03-01).
 *
 * Amazon's own servers are spoken to as https://BUCKET.s3.REGION.amazonaws.com (a bucket whose name
 * has dots: by path, for its certificate would not fit), another endpoint by path. What is sent is
 * hashed first (x-amz-content-sha256), so a server takes nothing that changed on the way.
 */
#ifndef MLOPS_TRANSFER_S3_INTERNAL_H
#define MLOPS_TRANSFER_S3_INTERNAL_H

#include "credentials_internal.h"
#include "http_internal.h"
#include "s3_sign_internal.h"

struct s3 {
	struct client client;
	char *bucket;
	char *key; /* of the name "": all behind the bucket, as it was given */
	char *prefix; /* before the names: "" or with its '/' at the end */
	pthread_mutex_t lock; /* over loading what follows */
	bool loaded;
	struct credentials credentials;
	char *origin; /* "https://host:port" */
	char *host; /* as in the field Host */
	char *region;
	bool by_path;
};

enum { S3_DETAIL = 300, S3_CODE = 64 };

/* One request and its answer. */
struct s3_call {
	const char *method;
	const char *key; /* not encoded; NULL: of the bucket */
	const char *query; /* as in struct s3_signing */
	const char *verb; /* "read": for messages */
	const struct s3_field *fields; /* sent and signed; sorted */
	size_t n_fields;
	const struct endpoint_source *source; /* what is sent; NULL: nothing */
	uint64_t offset, length;
	struct endpoint_fetch *fetch;
	size_t cap; /* of the answer */
	struct http_answer answer; /* the caller releases it */
	char code[S3_CODE]; /* of a refusal: "NoSuchKey"; "" if none */
};
#define S3_CALL_INIT .query = "", .answer = HTTP_ANSWER_INIT

/* 0 for good answers and 304; else the error, with call->answer.status and call->code. */
int s3_ask(struct s3 *s3, struct s3_call *call, struct error *err) MUST_CHECK;

/* The key of a name below the URL; "" gives the URL's own. */
char *s3_key(struct s3 *s3, const char *name, struct error *err) MUST_CHECK;

/* MD5 of a part of the source as S3 tells it in ETags of what was sent whole. */
int s3_md5(const struct endpoint *endpoint, const struct endpoint_source *source, uint64_t offset,
	uint64_t length, struct md5_digest *ret, struct error *err) MUST_CHECK;

/* A file that goes in parts. key is not encoded. */
int s3_put_parts(struct s3 *s3, const char *key, const struct endpoint_source *source,
	enum endpoint_mode mode, struct error *err) MUST_CHECK;

/* A list's page: adds entries, tells where the next page begins ("": this was the last). */
int s3_list_read(const void *bytes, size_t count, const char *prefix,
	struct endpoint_entries *entries, struct strbuf *next, struct error *err) MUST_CHECK;

/* Sets ERROR_EXISTS. */
int s3_exists(const struct s3 *s3, const char *key, struct error *err);

#endif
