#include "mlops/store/chunk.h"

/*
 * The gear table: output i of SplitMix64 (Steele, Lea, Flood, 2014) seeded with 0 belongs to the
 * byte i. Worked out by the compiler.
 */
#define GEAR_GOLDEN UINT64_C(0x9e3779b97f4a7c15)
#define GEAR_FIRST(z) (((z) ^ (z) >> 30) * UINT64_C(0xbf58476d1ce4e5b9))
#define GEAR_SECOND(z) (((z) ^ (z) >> 27) * UINT64_C(0x94d049bb133111eb))
#define GEAR_LAST(z) ((z) ^ (z) >> 31)
#define GEAR(i) GEAR_LAST(GEAR_SECOND(GEAR_FIRST(((uint64_t)(i) + 1) * GEAR_GOLDEN)))
#define GEARS_4(i) GEAR(i), GEAR((i) + 1), GEAR((i) + 2), GEAR((i) + 3)
#define GEARS_16(i) GEARS_4(i), GEARS_4((i) + 4), GEARS_4((i) + 8), GEARS_4((i) + 12)
#define GEARS_64(i) GEARS_16(i), GEARS_16((i) + 16), GEARS_16((i) + 32), GEARS_16((i) + 48)

static const uint64_t chunk_gears[256] = { GEARS_64(0), GEARS_64(64), GEARS_64(128),
	GEARS_64(192) };

/*
 * Bits of the fingerprint that are zero at a cut: 2 more than CHUNK_AVERAGE asks for, then 2 fewer
 * (normalisation level 2 of the paper). Bit 63 is not among them, so that a fingerprint shifted by
 * one can be tested.
 */
#define CHUNK_MASK(bits) (((UINT64_C(1) << (bits)) - 1) << (63 - (bits)))
#define CHUNK_STRICT CHUNK_MASK(22)
#define CHUNK_LAX CHUNK_MASK(18)

/*
 * Two bytes a step: the fingerprint after the first is kept doubled and tested by the doubled mask,
 * which saves a shift on the path that every step waits for.
 */
#define CHUNK_STEP(at)                                                                             \
	do {                                                                                       \
		hash = (hash << 2) + (chunk_gears[bytes[at]] << 1);                                \
		if (!(hash & mask << 1))                                                           \
			return (at) + 1;                                                           \
		hash += chunk_gears[bytes[(at) + 1]];                                              \
		if (!(hash & mask))                                                                \
			return (at) + 2;                                                           \
	} while (0)

/* Bytes up to and with the first after which the masked bits are zero; 0 if there is none. */
static size_t chunk_scan(
	const unsigned char *bytes, size_t count, uint64_t mask, uint64_t *fingerprint)
{
	uint64_t hash = *fingerprint;
	size_t i = 0;
	for (; i + 8 <= count; i += 8) {
		CHUNK_STEP(i);
		CHUNK_STEP(i + 2);
		CHUNK_STEP(i + 4);
		CHUNK_STEP(i + 6);
	}
	for (; i < count; i++) {
		hash = (hash << 1) + chunk_gears[bytes[i]];
		if (!(hash & mask))
			return i + 1;
	}
	*fingerprint = hash;
	return 0;
}

/* Goes on to length `end` of the chunk at most; returns the bytes taken. */
static size_t chunk_stretch(struct chunker *chunker, const unsigned char *bytes, size_t count,
	size_t end, uint64_t mask, bool *ret_cut)
{
	size_t taken = 0;
	if (chunker->length < end) {
		size_t most = end - chunker->length < count ? end - chunker->length : count;
		taken = mask ? chunk_scan(bytes, most, mask, &chunker->fingerprint) : 0;
		*ret_cut = taken > 0;
		taken = taken ? taken : most;
		chunker->length += taken;
	}
	return taken;
}

size_t chunker_feed(struct chunker *chunker, const void *bytes, size_t count, bool *ret_cut)
{
	static const struct {
		size_t end;
		uint64_t mask; /* 0: no cut */
	} stretches[] = { { CHUNK_LEAST, 0 }, { CHUNK_AVERAGE, CHUNK_STRICT },
		{ CHUNK_MOST, CHUNK_LAX } };
	const unsigned char *at = bytes;
	size_t taken = 0;
	bool cut = false;
	for (size_t i = 0; i < sizeof stretches / sizeof *stretches && !cut; i++)
		taken += chunk_stretch(chunker, at + taken, count - taken, stretches[i].end,
			stretches[i].mask, &cut);
	cut = cut || chunker->length == CHUNK_MOST;
	if (cut)
		*chunker = CHUNKER_INIT;
	*ret_cut = cut;
	return taken;
}

size_t chunk_length(const void *bytes, size_t count)
{
	struct chunker chunker = CHUNKER_INIT;
	bool cut;
	return chunker_feed(&chunker, bytes, count, &cut);
}
