/*
 * s3_parts_internal: a file that goes to S3 in parts (multipart upload).
 *
 * Parts are of one size, which the file's size and the settings determine, so that a later try
 * finds those of an earlier one: a part that the server lists with our size and our MD5 as its ETag
 * is not sent again. What a broken try leaves there costs its owner until it is used up or the
 * bucket's lifecycle rules remove it; only a refused upload is taken back at once.
 */
#ifndef MLOPS_TRANSFER_S3_PARTS_INTERNAL_H
#define MLOPS_TRANSFER_S3_PARTS_INTERNAL_H

#include "s3_internal.h"

struct s3_part {
	uint64_t size; /* as the server says, 0: not there */
	char etag[ENDPOINT_ETAG]; /* with its quotes; "" if it is not there */
};

struct s3_upload {
	struct s3 *s3;
	const char *key;
	const struct endpoint_source *source;
	uint64_t part_size;
	size_t n_parts;
	struct s3_part *parts;
	struct strbuf id; /* "" if none is open */
	atomic_bool gone; /* a part was refused since the upload is no more */
};

uint64_t s3_part_size(const struct s3_upload *upload, size_t index);

/* Is what the server has at this index what would be sent? */
int s3_part_same(struct s3_upload *upload, size_t index, bool *ret, struct error *err) MUST_CHECK;

/* Looks for an earlier try's upload and its parts; none found, or no way to list: id stays "". */
int s3_parts_find(struct s3_upload *upload, struct error *err) MUST_CHECK;

/* "name=value" with the value encoded, for a query. */
char *s3_parts_query(
	const struct s3_upload *upload, const char *before, struct error *err) MUST_CHECK;

#endif
