#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "data/scan_internal.h"

enum { LONGEST = 400 };

static uint64_t state = 88172645463325252u;
static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Structure is frequent, and now and then long stretches have none. */
static void make_text(char *text, size_t n)
{
	static const char alphabet[] = "\"\",\n\r;ab\0\xc3\xa4 ";
	size_t plain = next() % 4;
	for (size_t i = 0; i < n; i++) {
		if (plain && next() % (plain * 20))
			text[i] = 'x';
		else
			text[i] = alphabet[next() % (sizeof alphabet - 1)];
	}
}

/* A byte at a time, as one would write it down. */
static size_t plain_fields(
	const char *text, size_t n, char delimiter, uint32_t *ends, struct scan_fields *ret)
{
	bool inside = false, may_open = true, behind_close = false;
	size_t count = 0;
	*ret = (struct scan_fields){ .bad_quote = SIZE_MAX };
	for (size_t i = 0; i < n; i++) {
		bool quote = text[i] == '"', was_inside = inside;
		if (quote)
			inside = !inside;
		bool end = !inside && !quote && (text[i] == delimiter || text[i] == '\n');
		bool crlf = text[i] == '\r' && text[i + 1] == '\n';
		bool bad = (quote && !was_inside && !may_open) ||
			   (behind_close && !end && !quote && !crlf);
		if (bad && ret->bad_quote == SIZE_MAX)
			ret->bad_quote = i;
		behind_close = quote && was_inside;
		may_open = end || behind_close;
		if (end)
			ends[count++] = (uint32_t)i;
		ret->quotes |= quote;
		ret->high |= (unsigned char)text[i] >> 7;
		ret->nul |= !text[i];
	}
	return count;
}

static void check_fields(const struct scan *scan, const char *text, size_t n, char delimiter)
{
	static uint32_t wanted[LONGEST], ends[LONGEST + SCAN_SLACK];
	struct scan_fields plain, fields;
	size_t count = plain_fields(text, n, delimiter, wanted, &plain);
	scan->fields(text, n, delimiter, ends, &fields);
	ck_assert_uint_eq(fields.count, count);
	ck_assert_mem_eq(ends, wanted, count * sizeof *ends);
	ck_assert_uint_eq(fields.bad_quote, plain.bad_quote);
	ck_assert_int_eq(fields.quotes != 0, plain.quotes != 0);
	ck_assert_int_eq(fields.high != 0, plain.high != 0);
}

START_TEST(fields_end_where_a_plain_reader_says)
{
	char text[LONGEST + SCAN_BLOCK];
	for (size_t i = 0; i < 60000; i++) {
		size_t n = 1 + next() % LONGEST;
		make_text(text, n);
		text[n - 1] = '\n';
		char delimiter = ",;\t "[i % 4];
		for (enum cpu_level level = CPU_PORTABLE; level <= cpu_level(); level++)
			check_fields(scan_for(level), text, n, delimiter);
	}
}
END_TEST

static void survey_plain(const char *text, size_t n, struct scan_survey *ret)
{
	*ret = (struct scan_survey){ .first = { UINT64_MAX, UINT64_MAX } };
	for (size_t i = 0; i < n; i++) {
		ret->odd ^= text[i] == '"';
		if (text[i] != '\n')
			continue;
		ret->newlines[ret->odd]++;
		if (ret->first[ret->odd] == UINT64_MAX)
			ret->first[ret->odd] = i + 1;
	}
}

START_TEST(a_survey_counts_for_both_beginnings)
{
	char text[LONGEST + SCAN_BLOCK];
	for (size_t i = 0; i < 60000; i++) {
		struct scan_survey wanted, survey;
		size_t n = next() % LONGEST;
		make_text(text, n);
		survey_plain(text, n, &wanted);
		for (enum cpu_level level = CPU_PORTABLE; level <= cpu_level(); level++) {
			scan_for(level)->survey(text, n, &survey);
			ck_assert_mem_eq(survey.newlines, wanted.newlines, sizeof survey.newlines);
			ck_assert_mem_eq(survey.first, wanted.first, sizeof survey.first);
			ck_assert_uint_eq(survey.odd, wanted.odd);
		}
	}
}
END_TEST

START_TEST(surveys_of_two_halves_make_the_whole)
{
	char text[LONGEST + SCAN_BLOCK];
	const struct scan *scan = scan_for(cpu_level());
	for (size_t i = 0; i < 300; i++) {
		struct scan_survey whole, a, b;
		size_t n = next() % LONGEST;
		make_text(text, n);
		scan->survey(text, n, &whole);
		for (size_t cut = 0; cut <= n; cut++) {
			scan->survey(text, cut, &a);
			scan->survey(text + cut, n - cut, &b);
			for (unsigned side = 0; side < 2; side++) {
				unsigned other = side ^ a.odd;
				uint64_t first = a.first[side];
				if (first == UINT64_MAX && b.first[other] != UINT64_MAX)
					first = cut + b.first[other];
				ck_assert_uint_eq(
					a.newlines[side] + b.newlines[other], whole.newlines[side]);
				ck_assert_uint_eq(first, whole.first[side]);
			}
			ck_assert_uint_eq(a.odd ^ b.odd, whole.odd);
		}
	}
}
END_TEST

UNIT_MAIN("data/scan", fields_end_where_a_plain_reader_says, a_survey_counts_for_both_beginnings,
	surveys_of_two_halves_make_the_whole)
