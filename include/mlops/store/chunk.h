/*
 * chunk: where a large content is cut, so that equal parts of two contents give equal chunks.
 *
 * FastCDC (Xia et al.: "FastCDC: a fast and efficient content-defined chunking approach for data
 * deduplication", USENIX ATC 2016; "The design of fast content-defined chunking", IEEE TPDS 2020):
 * a gear hash of the last 64 bytes, a cut where its upper bits are all zero, more bits before the
 * average length and fewer behind it, and no test at all in the first CHUNK_LEAST bytes. A cut
 * depends on the bytes since the cut before it and on nothing else, so an insertion moves the cuts
 * near it and no others.
 *
 * The lengths and the gear table say what is found again, not what can be read: a list may name
 * chunks of any length up to ENTRY_CHUNK_MOST. Changing them costs one version without equal
 * chunks, no more.
 */
#ifndef MLOPS_STORE_CHUNK_H
#define MLOPS_STORE_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CHUNK_LEAST = 256 << 10, /* bytes; only the last chunk of a content may be shorter */
	CHUNK_AVERAGE = 1 << 20,
	CHUNK_MOST = 4 << 20
};

/* CHUNKER_INIT begins a content; no more state than this, and nothing to release. */
struct chunker {
	uint64_t fingerprint;
	size_t length; /* of the present chunk, as far as it was seen */
};
#define CHUNKER_INIT ((struct chunker){ .fingerprint = 0, .length = 0 })

/*
 * How many of the next bytes of the content belong to the present chunk. If it ends behind them,
 * *ret_cut is true and the next call begins the next chunk; else all of them belong to it. The same
 * cuts for any sizes of the pieces. The end of the content ends the last chunk.
 */
size_t chunker_feed(struct chunker *chunker, const void *bytes, size_t count, bool *ret_cut);

/*
 * The length of the chunk that begins at `bytes`, which hold at least CHUNK_MOST bytes or all that
 * is left of the content.
 */
size_t chunk_length(const void *bytes, size_t count);

#endif
