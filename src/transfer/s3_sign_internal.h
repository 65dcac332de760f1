/*
 * s3_sign_internal: Amazon's Signature Version 4 ("Authenticating Requests: Using the Authorization
 * Header", Amazon S3 API reference).
 *
 * It is our own and not libcurl's (CURLOPT_AWS_SIGV4): that of 7.88 sends no x-amz-content-sha256,
 * without which S3 and its like refuse a request, signs the empty hash for what is uploaded, and
 * neither sorts nor encodes the query.
 */
#ifndef MLOPS_TRANSFER_S3_SIGN_INTERNAL_H
#define MLOPS_TRANSFER_S3_SIGN_INTERNAL_H

#include "mlops/base/strbuf.h"
#include "mlops/system/hash.h"

struct s3_field {
	const char *name, *value; /* the name in lower case */
};

struct s3_signing {
	const char *key, *secret, *token; /* token: of the session; NULL or "" if none */
	const char *region, *service;
	const char *method, *host, *path; /* host as in the header field; the path encoded */
	const char *query; /* encoded, sorted by name, "name=value&…" without '?'; or "" */
	const char *payload; /* SHA-256 of the body in hexadecimal digits */
	const struct s3_field *fields; /* signed besides; sorted by name */
	size_t n_fields;
	int64_t now; /* as clock_now() */
};

enum { S3_DATE_SIZE = 17 }; /* "20130524T000000Z" */

/*
 * Appends the value of the Authorization field, and tells the one of x-amz-date. Those fields that
 * are always signed (host, x-amz-content-sha256, x-amz-date, x-amz-security-token) are not in
 * `fields`.
 */
int s3_sign(const struct s3_signing *signing, struct strbuf *authorization,
	char ret_date[S3_DATE_SIZE], struct error *err) MUST_CHECK;

#endif
