/*
 * http_internal: one exchange over HTTP/1.1 (RFC 9110), with what makes it dependable.
 *
 * A broken connection, a time-out, 408, 429 and 5xx are tried again; what was received of a file
 * is not asked for again (Range), if the server still has the same file (ETag, else size and
 * time). Redirects are followed for reads only, and to another host without credentials.
 */
#ifndef MLOPS_TRANSFER_HTTP_INTERNAL_H
#define MLOPS_TRANSFER_HTTP_INTERNAL_H

#include "client_internal.h"

struct http_request {
	const char *method, *url; /* the URL percent-encoded */
	const char *what; /* "read 'a' of s3://bucket": for messages */
	bool login; /* netrc and token belong to this server; redirects are followed */

	/* What is sent: `length` bytes of the source from `offset`; source NULL sends no body. */
	const struct endpoint_source *source;
	uint64_t offset, length;

	/* What comes back: through fetch, or (NULL) to answer->body, at most cap bytes. */
	struct endpoint_fetch *fetch;
	size_t cap; /* 0: 64 KiB */

	/* Adds headers, for each try anew; may be NULL. */
	int (*prepare)(const struct http_request *request, struct client_transfer *transfer,
		struct error *err);
	void *context;
};

struct http_answer {
	long status;
	unsigned tries; /* 1: at once */
	struct endpoint_facts facts;
	struct strbuf body;
	double retry_after; /* seconds; 0: not told */
	char region[64]; /* x-amz-bucket-region */
};
#define HTTP_ANSWER_INIT ((struct http_answer){ .body = STRBUF_INIT })
void http_answer_release(struct http_answer *answer);
AUTO_RELEASE(struct http_answer, http_answer_release)

/*
 * 0 for every answer of the server, whatever its status (a 5xx after the last try, too); with a
 * fetch and a good status all of the range was handed on. ret must be HTTP_ANSWER_INIT.
 */
int http_perform(struct client *client, const struct http_request *request, struct http_answer *ret,
	struct error *err) MUST_CHECK;

/*
 * The error for a status that is none of the good ones: 404 and 410 are ERROR_NOT_FOUND. detail:
 * what the server says besides, shown without its control characters; NULL or "" if nothing.
 */
int http_refused(
	const struct http_answer *answer, const char *what, const char *detail, struct error *err);

static inline bool http_good(const struct http_answer *answer)
{
	return answer->status >= 200 && answer->status <= 299;
}

#endif
