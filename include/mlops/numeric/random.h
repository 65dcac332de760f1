/*
 * random: named, splittable streams of random numbers from one seed.
 *
 * A stream is Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011): word k of a stream is a function of (seed, name, lane, k) alone, so streams
 * can be made anywhere, in any order and on any thread, and never depend on each other:
 *
 *	struct random_stream shuffle = random_stream(seed, "split/shuffle");
 *	struct random_stream tree_7 = random_split(&forest, 7);
 *
 * A stream is a plain value; one thread uses it at a time. The integers are the same on every
 * machine; normal() goes through log() and sqrt() and is the same per C library.
 */
#ifndef MLOPS_NUMERIC_RANDOM_H
#define MLOPS_NUMERIC_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random_stream {
	uint32_t key[2]; /* from seed and name */
	uint64_t lane; /* upper half of the counter: which split */
	uint64_t block; /* lower half: next block of four words */
	uint32_t words[4]; /* the current block */
	unsigned int unused; /* words of it not yet given out */
};

struct random_stream random_stream(uint64_t seed, const char *name);

/* An independent stream; of equal parents and indices the same. The parent is not advanced. */
struct random_stream random_split(const struct random_stream *parent, uint64_t index);

uint64_t random_u64(struct random_stream *stream);

/* Uniform in [0, 1): a multiple of 2^-53. */
double random_uniform(struct random_stream *stream);

/* Uniform in 0 .. bound - 1, without bias (Lemire, "Fast random integer generation in an
 * interval", ACM TOMACS 29, 2019). bound 0 is a bug. */
uint64_t random_below(struct random_stream *stream, uint64_t bound);

double random_normal(struct random_stream *stream); /* mean 0, variance 1; by inversion */

/* Every order of the items is equally likely (Fisher and Yates; Durstenfeld 1964). */
void random_shuffle(struct random_stream *stream, size_t *items, size_t count);

/*
 * `count` different numbers out of 0 .. population - 1, ascending, every subset equally likely
 * (Vitter's selection sampling, algorithm S of Knuth, TAOCP 3.4.2). count <= population.
 */
void random_sample(
	struct random_stream *stream, size_t population, size_t count, size_t *ret_items);

/* One block of Philox4x32-10, for tests against the published vectors. */
void random_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t ret_words[4]);

#endif
