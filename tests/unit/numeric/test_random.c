#include "unit.h"

#include <math.h>

#include "mlops/numeric/distribution.h"
#include "mlops/numeric/random.h"

/* kat_vectors of Random123 1.14, lines "philox4x32 10" */
START_TEST(philox_gives_the_published_vectors)
{
	static const struct {
		uint32_t counter[4], key[2], words[4];
	} vectors[] = {
		{ { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
		{ { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff }, { 0xffffffff, 0xffffffff },
			{ 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
		{ { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }, { 0xa4093822, 0x299f31d0 },
			{ 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
	};
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		uint32_t words[4];
		random_philox(vectors[i].counter, vectors[i].key, words);
		ck_assert_mem_eq(words, vectors[i].words, sizeof words);
	}
}
END_TEST

START_TEST(streams_repeat_and_differ)
{
	struct random_stream a = random_stream(7, "split"), b = random_stream(7, "split");
	struct random_stream other = random_stream(7, "shuffle"), seed = random_stream(8, "split");
	struct random_stream child = random_split(&a, 0), next = random_split(&a, 1);
	struct random_stream grandchild = random_split(&child, 1), again = random_split(&b, 0);
	struct random_stream *all[] = { &a, &other, &seed, &child, &next, &grandchild };
	uint64_t first[6];
	for (size_t i = 0; i < 6; i++) {
		first[i] = random_u64(all[i]);
		for (size_t j = 0; j < i; j++)
			ck_assert_uint_ne(first[i], first[j]);
	}
	ck_assert_uint_eq(random_u64(&b), first[0]);
	ck_assert_uint_eq(random_u64(&again), first[3]);
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_eq(random_u64(&a), random_u64(&b));
}
END_TEST

/* The first words of a stream are part of what a seed promises: they must never change. The
 * numbers are from a second implementation, in Python, of the definition in the header. */
START_TEST(a_seed_keeps_its_numbers)
{
	struct random_stream stream = random_stream(7, "split");
	uint64_t first = random_u64(&stream), second = random_u64(&stream);
	ck_assert_uint_eq(first, UINT64_C(0xf39140a3419d842f));
	ck_assert_uint_eq(second, UINT64_C(0x3f631ea7c4412701));
}
END_TEST

START_TEST(bounded_numbers_are_unbiased)
{
	struct random_stream stream = random_stream(1, "bounded");
	size_t counts[7] = { 0 };
	for (int i = 0; i < 70000; i++)
		counts[random_below(&stream, 7)]++;
	double chi_square = 0;
	for (int i = 0; i < 7; i++)
		chi_square += pow((double)counts[i] - 10000, 2) / 10000;
	ck_assert_double_gt(distribution_chi_square_cdf(chi_square, 6, true), 1e-4);
	/* A bound just over 2^63 rejects nearly half of the words; all results stay under it. */
	const uint64_t bound = (UINT64_C(1) << 63) + 1;
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_lt(random_below(&stream, bound), bound);
	ck_assert_uint_eq(random_below(&stream, 1), 0);
}
END_TEST

START_TEST(uniform_and_normal_have_their_moments)
{
	struct random_stream stream = random_stream(2, "moments");
	enum { COUNT = 200000 };
	double u1 = 0, u2 = 0, z1 = 0, z2 = 0, z4 = 0;
	for (int i = 0; i < COUNT; i++) {
		double u = random_uniform(&stream), z = random_normal(&stream);
		ck_assert(u >= 0 && u < 1);
		u1 += u, u2 += u * u, z1 += z, z2 += z * z, z4 += z * z * z * z;
	}
	double root = sqrt(COUNT);
	ck_assert_double_lt(fabs(u1 / COUNT - 0.5) * root, 4 * sqrt(1 / 12.0));
	ck_assert_double_lt(fabs(u2 / COUNT - 1 / 3.0) * root, 4 * sqrt(4 / 45.0));
	ck_assert_double_lt(fabs(z1 / COUNT) * root, 4);
	ck_assert_double_lt(fabs(z2 / COUNT - 1) * root, 4 * sqrt(2));
	ck_assert_double_lt(fabs(z4 / COUNT - 3) * root, 4 * sqrt(96));
}
END_TEST

START_TEST(shuffles_and_samples_are_even)
{
	struct random_stream stream = random_stream(3, "orders");
	size_t orders[6] = { 0 }, subsets[5][5] = { { 0 } };
	for (int i = 0; i < 60000; i++) {
		size_t items[3] = { 0, 1, 2 }, pair[2];
		random_shuffle(&stream, items, 3);
		ck_assert_uint_eq(1u << items[0] | 1u << items[1] | 1u << items[2], 7);
		orders[items[0] * 2 + (items[1] > items[2])]++;
		random_sample(&stream, 5, 2, pair);
		ck_assert_uint_lt(pair[0], pair[1]);
		ck_assert_uint_lt(pair[1], 5);
		subsets[pair[0]][pair[1]]++;
	}
	double chi_square = 0;
	for (int i = 0; i < 6; i++)
		chi_square += pow((double)orders[i] - 10000, 2) / 10000;
	ck_assert_double_gt(distribution_chi_square_cdf(chi_square, 5, true), 1e-4);
	chi_square = 0;
	for (int i = 0; i < 5; i++) {
		for (int j = i + 1; j < 5; j++)
			chi_square += pow((double)subsets[i][j] - 6000, 2) / 6000;
	}
	ck_assert_double_gt(distribution_chi_square_cdf(chi_square, 9, true), 1e-4);
	size_t all[4];
	random_sample(&stream, 4, 4, all);
	ck_assert(all[0] == 0 && all[1] == 1 && all[2] == 2 && all[3] == 3);
}
END_TEST

UNIT_MAIN("numeric/random", philox_gives_the_published_vectors, streams_repeat_and_differ,
	a_seed_keeps_its_numbers, bounded_numbers_are_unbiased,
	uniform_and_normal_have_their_moments, shuffles_and_samples_are_even)
