#include "mlops/numeric/random.h"

#include <math.h>

#include "mlops/base/error.h"
#include "mlops/numeric/special.h"

void random_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t ret_words[4])
{
	uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
	uint32_t k0 = key[0], k1 = key[1];
	for (int round = 0; round < 10; round++) {
		uint64_t a = (uint64_t)0xD2511F53u * c0, b = (uint64_t)0xCD9E8D57u * c2;
		uint32_t next_0 = (uint32_t)(b >> 32) ^ c1 ^ k0,
			 next_2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
		c0 = next_0, c1 = (uint32_t)b, c2 = next_2, c3 = (uint32_t)a;
		k0 += 0x9E3779B9u;
		k1 += 0xBB67AE85u;
	}
	ret_words[0] = c0, ret_words[1] = c1, ret_words[2] = c2, ret_words[3] = c3;
}

/* The finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection that mixes well. */
static uint64_t random_mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

static struct random_stream random_keyed(uint64_t key)
{
	return (struct random_stream){ .key = { (uint32_t)key, (uint32_t)(key >> 32) } };
}

struct random_stream random_stream(uint64_t seed, const char *name)
{
	uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a */
	for (const char *at = name; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 0x100000001B3u;
	return random_keyed(random_mix(random_mix(seed + 0x9E3779B97F4A7C15u) ^ hash));
}

struct random_stream random_split(const struct random_stream *parent, uint64_t index)
{
	uint64_t key = (uint64_t)parent->key[1] << 32 | parent->key[0];
	uint64_t mixed = random_mix(index + 0x9E3779B97F4A7C15u);
	struct random_stream child = random_keyed(random_mix(key ^ random_mix(mixed)));
	child.lane = parent->lane + mixed;
	return child;
}

static uint32_t random_u32(struct random_stream *stream)
{
	if (!stream->unused) {
		uint32_t counter[4] = { (uint32_t)stream->block, (uint32_t)(stream->block >> 32),
			(uint32_t)stream->lane, (uint32_t)(stream->lane >> 32) };
		random_philox(counter, stream->key, stream->words);
		stream->block++;
		stream->unused = 4;
	}
	return stream->words[4 - stream->unused--];
}

uint64_t random_u64(struct random_stream *stream)
{
	uint64_t low = random_u32(stream);
	return (uint64_t)random_u32(stream) << 32 | low;
}

double random_uniform(struct random_stream *stream)
{
	return (double)(random_u64(stream) >> 11) * 0x1p-53;
}

uint64_t random_below(struct random_stream *stream, uint64_t bound)
{
	if (!bound)
		BUG("random_below(0)");
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)random_u64(stream) * bound;
	if ((uint64_t)product < bound) {
		uint64_t least = -bound % bound;
		while ((uint64_t)product < least)
			product = (wide)random_u64(stream) * bound;
	}
	return (uint64_t)(product >> 64);
}

double random_normal(struct random_stream *stream)
{
	/* An odd multiple of 2^-54: never 0, 1/2 or 1, and symmetric about 1/2. */
	double excess = ((double)(random_u64(stream) >> 11) + 0.5) * 0x1p-53 - 0.5;
	return special_probit(excess, 0.5 - fabs(excess));
}

void random_shuffle(struct random_stream *stream, size_t *items, size_t count)
{
	for (size_t left = count; left > 1; left--) {
		size_t other = (size_t)random_below(stream, left), last = items[left - 1];
		items[left - 1] = items[other];
		items[other] = last;
	}
}

void random_sample(struct random_stream *stream, size_t population, size_t count, size_t *ret_items)
{
	if (count > population)
		BUG("a sample of %zu from %zu", count, population);
	size_t taken = 0;
	for (size_t i = 0; taken < count; i++) {
		if (random_below(stream, population - i) < count - taken)
			ret_items[taken++] = i;
	}
}
