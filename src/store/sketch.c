#include "mlops/store/sketch.h"

#include <stdbool.h>
#include <string.h>

#include "mlops/base/cpu.h"
#include "mlops/base/sort.h"

#include "sketch_internal.h"

enum {
	SKETCH_WINDOW = 32, /* bytes that a feature is made of */
	SKETCH_BLOCK = 4096, /* positions sampled at once */
	SKETCH_NEAR = 4 /* chunks with one and the same feature that are looked at */
};

static uint32_t sketch_word32(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static uint64_t sketch_word64(const unsigned char *bytes)
{
	return sketch_word32(bytes) | (uint64_t)sketch_word32(bytes + 4) << 32;
}

size_t sketch_sample_portable(const unsigned char *bytes, size_t count, uint32_t *ret_positions)
{
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t sum = sketch_word32(bytes + i) * SKETCH_FIRST +
			       sketch_word32(bytes + i + 4) * SKETCH_SECOND;
		if (!(sum >> SKETCH_SHIFT))
			ret_positions[n++] = (uint32_t)i;
	}
	return n;
}

static sketch_sampler *sketch_choose_sampler(void)
{
#if defined(__x86_64__)
	if (cpu_level() >= CPU_AVX2)
		return sketch_sample_avx2;
#endif
	return sketch_sample_portable;
}

/* The last steps of SplitMix64 (Steele, Lea, Flood, 2014). */
static uint64_t sketch_mix(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t sketch_window(const unsigned char *bytes)
{
	uint64_t hash = 0;
	for (int i = 0; i < SKETCH_WINDOW; i += 8)
		hash = sketch_mix(hash ^ sketch_word64(bytes + i));
	return hash;
}

/* Function k of a window's hash h: the upper half of h times the k-th of these odd numbers. */
static void sketch_multipliers(uint64_t multipliers[SKETCH_FEATURES])
{
	for (uint64_t k = 0; k < SKETCH_FEATURES; k++)
		multipliers[k] = sketch_mix((k + 1) * UINT64_C(0x9e3779b97f4a7c15)) | 1;
}

void sketch_make(const void *bytes, size_t count, struct sketch *ret)
{
	const unsigned char *at = bytes;
	sketch_sampler *sample = sketch_choose_sampler();
	uint64_t multipliers[SKETCH_FEATURES];
	uint32_t positions[SKETCH_BLOCK];
	struct sketch sketch;
	memset(&sketch, 0xff, sizeof sketch);
	sketch_multipliers(multipliers);
	for (size_t i = 0; i + SKETCH_WINDOW <= count; i += SKETCH_BLOCK) {
		size_t left = count - i - SKETCH_WINDOW + 1;
		size_t n = sample(at + i, left < SKETCH_BLOCK ? left : SKETCH_BLOCK, positions);
		for (size_t p = 0; p < n; p++) {
			uint64_t hash = sketch_window(at + i + positions[p]);
			for (size_t k = 0; k < SKETCH_FEATURES; k++) {
				uint32_t value = (uint32_t)(hash * multipliers[k] >> 32);
				if (value < sketch.features[k])
					sketch.features[k] = value;
			}
		}
	}
	*ret = sketch;
}

void sketch_write(const struct sketch *sketch, unsigned char ret_bytes[SKETCH_SIZE])
{
	for (size_t i = 0; i < SKETCH_SIZE; i++)
		ret_bytes[i] = (unsigned char)(sketch->features[i / 4] >> 8 * (i % 4));
}

void sketch_read(const unsigned char bytes[SKETCH_SIZE], struct sketch *ret)
{
	for (size_t k = 0; k < SKETCH_FEATURES; k++)
		ret->features[k] = sketch_word32(bytes + 4 * k);
}

/* One feature of all chunks, sorted: the value in the upper half, the chunk's number in the lower. */
struct sketch_index {
	size_t count;
	struct sketch *sketches;
	uint64_t *sorted[SKETCH_FEATURES];
};

static int sketch_compare(const void *a, const void *b, void *context)
{
	const uint64_t *x = a, *y = b;
	(void)context;
	return (*x > *y) - (*x < *y);
}

static int sketch_index_fill(
	struct sketch_index *index, const struct sketch *sketches, struct error *err)
{
	size_t count = index->count;
	index->sketches = memory_allocate(count, sizeof *sketches, err);
	if (!index->sketches)
		return -err->code;
	if (count)
		memcpy(index->sketches, sketches, count * sizeof *sketches);
	for (size_t k = 0; k < SKETCH_FEATURES; k++) {
		uint64_t *sorted = memory_allocate(count, sizeof *sorted, err);
		index->sorted[k] = sorted;
		if (!sorted)
			return -err->code;
		for (size_t i = 0; i < count; i++)
			sorted[i] = (uint64_t)sketches[i].features[k] << 32 | i;
		if (sort_items(sorted, count, sizeof *sorted, sketch_compare, NULL, err) < 0)
			return -err->code;
	}
	return 0;
}

int sketch_index_make(
	const struct sketch *sketches, size_t count, struct sketch_index **ret, struct error *err)
{
	*ret = NULL;
	if (count > UINT32_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "a content of more than 2^32 chunks");
	struct sketch_index *index = memory_allocate(1, sizeof *index, err);
	if (!index)
		return -err->code;
	index->count = count;
	if (sketch_index_fill(index, sketches, err) < 0) {
		sketch_index_free(index);
		return -err->code;
	}
	*ret = index;
	return 0;
}

void sketch_index_free(struct sketch_index *index)
{
	if (!index)
		return;
	for (size_t k = 0; k < SKETCH_FEATURES; k++)
		memory_free(index->sorted[k]);
	memory_free(index->sketches);
	memory_free(index);
}

/* The first that is not below the key. */
static size_t sketch_lower(const uint64_t *sorted, size_t count, uint64_t key)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (sorted[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct sketch_candidate {
	uint32_t chunk;
	unsigned features; /* equal ones, a bit each */
};

static unsigned sketch_equal(const struct sketch *a, const struct sketch *b)
{
	unsigned equal = 0;
	for (size_t k = 0; k < SKETCH_FEATURES; k++)
		if (a->features[k] == b->features[k] && a->features[k] != UINT32_MAX)
			equal |= 1u << k;
	return equal;
}

/* Of each feature the chunks nearest to `near` that have it too; a chunk may come twice. */
static size_t sketch_collect(const struct sketch_index *index, const struct sketch *sketch,
	uint32_t near, struct sketch_candidate candidates[SKETCH_FEATURES * SKETCH_NEAR])
{
	size_t n = 0;
	for (size_t k = 0; k < SKETCH_FEATURES; k++) {
		uint64_t value = sketch->features[k];
		const uint64_t *sorted = index->sorted[k];
		if (value == UINT32_MAX)
			continue;
		size_t at = sketch_lower(sorted, index->count, value << 32 | near);
		size_t from = at < SKETCH_NEAR / 2 ? 0 : at - SKETCH_NEAR / 2;
		for (size_t i = from; i < from + SKETCH_NEAR && i < index->count; i++) {
			uint32_t chunk = (uint32_t)sorted[i];
			if (sorted[i] >> 32 != value)
				continue;
			candidates[n++] = (struct sketch_candidate){ chunk,
				sketch_equal(sketch, &index->sketches[chunk]) };
		}
	}
	return n;
}

/* More features that are not yet explained, then the smaller distance, then the smaller number. */
static bool sketch_better(const struct sketch_candidate *a, const struct sketch_candidate *b,
	unsigned open, uint32_t near)
{
	int more = __builtin_popcount(a->features & open) - __builtin_popcount(b->features & open);
	uint32_t of_a = a->chunk > near ? a->chunk - near : near - a->chunk;
	uint32_t of_b = b->chunk > near ? b->chunk - near : near - b->chunk;
	if (more || of_a != of_b)
		return more > 0 || (!more && of_a < of_b);
	return a->chunk < b->chunk;
}

static void sketch_insert(size_t chosen[SKETCH_BASES], size_t count, size_t chunk)
{
	size_t i = count;
	for (; i && chosen[i - 1] > chunk; i--)
		chosen[i] = chosen[i - 1];
	chosen[i] = chunk;
}

size_t sketch_choose(const struct sketch_index *index, const struct sketch *sketch, size_t near,
	size_t ret_chosen[SKETCH_BASES])
{
	struct sketch_candidate candidates[SKETCH_FEATURES * SKETCH_NEAR];
	uint32_t at = near < UINT32_MAX ? (uint32_t)near : UINT32_MAX;
	size_t n = sketch_collect(index, sketch, at, candidates), count = 0;
	unsigned open = (1u << SKETCH_FEATURES) - 1;
	while (count < SKETCH_BASES && n) {
		const struct sketch_candidate *best = candidates;
		for (size_t i = 1; i < n; i++)
			if (sketch_better(&candidates[i], best, open, at))
				best = &candidates[i];
		if (!(best->features & open))
			break;
		open &= ~best->features;
		sketch_insert(ret_chosen, count++, best->chunk);
	}
	return count;
}
