/*
 * sketch: which chunks of an older version a chunk resembles, without reading them.
 *
 * A sketch is 16 min-wise features (Broder: "On the resemblance and containment of documents",
 * 1997): of the windows of 32 bytes that begin where a hash of 8 bytes happens to be small (about
 * one position in 256), the smallest value of each of 16 hash functions. A feature of two chunks is
 * equal with the probability of the share of windows that they have in common: 0.99 for a chunk in
 * which 1 % of the rows were edited. A chunk that swallowed its neighbour, the cut between them
 * being lost, has some features of each, so features vote one by one and up to SKETCH_BASES chunks
 * are chosen; a chunk that gave the share s of the bytes is missed with probability (1 - s)^16.
 */
#ifndef MLOPS_STORE_SKETCH_H
#define MLOPS_STORE_SKETCH_H

#include <stddef.h>
#include <stdint.h>

#include "mlops/base/error.h"
#include "mlops/base/memory.h"

enum { SKETCH_FEATURES = 16, SKETCH_SIZE = 4 * SKETCH_FEATURES, SKETCH_BASES = 4 };

struct sketch {
	uint32_t features[SKETCH_FEATURES]; /* UINT32_MAX: no window was sampled, so no feature */
};

void sketch_make(const void *bytes, size_t count, struct sketch *ret);

/* SKETCH_SIZE bytes, each feature little-endian. */
void sketch_write(const struct sketch *sketch, unsigned char ret_bytes[SKETCH_SIZE]);
void sketch_read(const unsigned char bytes[SKETCH_SIZE], struct sketch *ret);

/* The sketches of the chunks of one content in order, arranged for choosing; 192 bytes a chunk. */
struct sketch_index;
int sketch_index_make(const struct sketch *sketches, size_t count, struct sketch_index **ret,
	struct error *err) MUST_CHECK;
void sketch_index_free(struct sketch_index *index);
AUTO_FREE_OF(struct sketch_index, sketch_index_free)

/*
 * Numbers of the chunks that together explain the features of `sketch`, ascending: the one with
 * most features first, then others as long as they explain one more. `near`: where the counterpart
 * is expected (behind the one chosen last), which decides between equals. Returns how many, 0 if
 * none resembles it. May be called from several threads.
 */
size_t sketch_choose(const struct sketch_index *index, const struct sketch *sketch, size_t near,
	size_t ret_chosen[SKETCH_BASES]);

#endif
