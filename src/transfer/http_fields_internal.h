/*
 * http_fields_internal: the header fields of an answer that anybody here needs.
 */
#ifndef MLOPS_TRANSFER_HTTP_FIELDS_INTERNAL_H
#define MLOPS_TRANSFER_HTTP_FIELDS_INTERNAL_H

#include "mlops/base/text.h"
#include "mlops/transfer/endpoint.h"

struct http_fields {
	long status; /* 0: no status line yet */
	bool complete; /* the empty line that ends the head has been seen */
	uint64_t length; /* of the body; UINT64_MAX: not told */
	uint64_t first, total; /* of Content-Range; UINT64_MAX: not told */
	double retry_after; /* seconds; 0: not told */
	char etag[ENDPOINT_ETAG]; /* "" if there is none or it is too long */
	char region[64]; /* x-amz-bucket-region */
};

void http_fields_init(struct http_fields *fields);

/* Takes one line of the head; a status line begins anew, as after "100 Continue". */
void http_fields_line(struct http_fields *fields, struct text line);

#endif
