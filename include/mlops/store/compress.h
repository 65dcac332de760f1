/*
 * compress: contents of entries as zstd frames (RFC 8878), alone or as the difference to bases.
 *
 * Frames are ordinary ones without content size, check sum and dictionary id: the entry knows the
 * size, and the hash of the content is compared anyway. `zstd -d` reads a payload, `zstd -d
 * --patch-from` a delta (the bases being the dictionary's bytes).
 *
 * The same content, bases and version of libzstd give the same bytes, whatever a compressor did
 * before. Payloads are outside bytes: decoding writes the expected number of bytes at most and
 * takes no memory that the payload could ask for.
 */
#ifndef MLOPS_STORE_COMPRESS_H
#define MLOPS_STORE_COMPRESS_H

#include <stddef.h>

#include "mlops/base/error.h"
#include "mlops/base/memory.h"
#include "mlops/base/strbuf.h"

/* zstd's own contexts, made when first needed. For one thread at a time. */
struct compressor;
int compressor_make(struct compressor **ret, struct error *err) MUST_CHECK;
void compressor_free(struct compressor *compressor);
AUTO_FREE_OF(struct compressor, compressor_free)

/*
 * Appends the compressed content to payload if that saves at least 1/32 of it; else leaves payload
 * as it was and *ret_pays false: then the content is stored as it is. What looks random by a few
 * samples is not tried at all.
 */
int compress_content(struct compressor *compressor, const void *content, size_t count,
	struct strbuf *payload, bool *ret_pays, struct error *err) MUST_CHECK;

/*
 * Appends the difference of the content to `bases` (all of them, one behind the other) to payload
 * if it has less than `limit` bytes; else payload stays as it was and *ret_pays is false. Content
 * and bases have at most ENTRY_CHUNK_MOST bytes each.
 */
int compress_delta(struct compressor *compressor, const void *content, size_t count,
	const void *bases, size_t n_bases_bytes, size_t limit, struct strbuf *payload,
	bool *ret_pays, struct error *err) MUST_CHECK;

/*
 * The content of exactly `size` bytes into ret_content; bases as they were when encoding (NULL and
 * 0 for a payload of compress_content()). ERROR_CORRUPT if the payload is not one whole frame that
 * gives exactly that many bytes.
 */
int compress_decode(struct compressor *compressor, const void *payload, size_t length,
	const void *bases, size_t n_bases_bytes, void *ret_content, size_t size,
	struct error *err) MUST_CHECK;

#endif
