/*
 * csv_generate BYTES > FILE: rows of 19 mixed columns from a fixed seed until the size is reached:
 * an id, ten numbers (nine with six decimals, one with seventeen digits), three integers, four
 * categories of which one is quoted with commas inside, and a label.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t generate_state = 0x9e3779b97f4a7c15u;

static uint64_t generate_next(void)
{
	generate_state ^= generate_state << 13;
	generate_state ^= generate_state >> 7;
	generate_state ^= generate_state << 17;
	return generate_state;
}

static double generate_uniform(void)
{
	return (double)(generate_next() >> 11) * 0x1p-53;
}

/* Near enough to normal. */
static double generate_normal(void)
{
	double sum = 0;
	for (int i = 0; i < 6; i++)
		sum += generate_uniform();
	return (sum - 3) * 1.41421356;
}

int main(int argc, char **argv)
{
	static const char *const countries[] = { "DE", "FR", "US", "JP", "BR", "IN", "CN", "GB" };
	static const char *const plans[] = { "free", "basic", "premium", "enterprise" };
	static const char *const devices[] = { "phone", "tablet", "laptop", "desktop", "television",
		"other" };
	uint64_t wanted = argc == 2 ? strtoull(argv[1], NULL, 10) : 0, written = 0;
	if (!wanted) {
		fputs("usage: csv_generate BYTES > FILE\n", stderr);
		return 2;
	}
	written +=
		(uint64_t)printf("id,x0,x1,x2,x3,x4,x5,x6,x7,x8,x9,age,visits,amount,country,plan,"
				 "device,city,label\n");
	for (uint64_t row = 1; written < wanted; row++) {
		int n = printf("%" PRIu64, row);
		for (int i = 0; i < 9; i++)
			n += printf(",%.6f", generate_normal() * pow(10, i % 3));
		n += printf(",%.17g,%d,%d,%d", generate_uniform(), (int)(generate_next() % 90),
			(int)(generate_next() % 1000), (int)(generate_next() % 2000000) - 1000000);
		n += printf(",%s,%s,%s,\"City %d, Region %d\",%d\n", countries[generate_next() % 8],
			plans[generate_next() % 4], devices[generate_next() % 6],
			(int)(generate_next() % 200), (int)(generate_next() % 5),
			(int)(generate_next() % 2));
		if (n < 0)
			return 1;
		written += (uint64_t)n;
	}
	return fflush(stdout) ? 1 : 0;
}
