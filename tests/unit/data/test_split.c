#include "unit.h"

#include <math.h>
#include <string.h>

#include "mlops/data/reader.h"
#include "mlops/data/split.h"

static uint64_t state = 88172645463325252u;
static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void read_text(const struct strbuf *text, struct table *table)
{
	struct read_options options = { .bytes = text->text, .n_bytes = text->length };
	struct error err = ERROR_INIT;
	ck_assert_msg(table_read(&options, table, NULL, &err) == 0, "%s", err.message);
}

static void add_rows(struct strbuf *text, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		strbuf_printf(text, "%zu,%g,%c,p%zu,2026-01-%02zu\n", i, (double)(i * 7 % 100) / 4,
			"ABBCCCCCCC"[i * 13 % 10], i * 31 % 200, 1 + i * 17 % 28);
}

static void make_table(struct table *table, size_t n)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	strbuf_add(&text, "id,x,class,patient,day\n");
	add_rows(&text, 0, n);
	read_text(&text, table);
}

static void make_split(const struct table *table, struct split_options options, struct split *split)
{
	struct error err = ERROR_INIT;
	ck_assert_msg(split_make(table, &options, split, &err) == 0, "%s", err.message);
	ck_assert_uint_eq(split->n_rows, table->n_rows);
}

START_TEST(random_hits_its_shares)
{
	AUTO(table_release) struct table table = { 0 };
	make_table(&table, 20000);
	for (uint64_t seed = 0; seed < 5; seed++) {
		AUTO(split_release) struct split split = { 0 };
		make_split(&table,
			(struct split_options){ .test = 0.2, .validation = 0.1, .seed = seed },
			&split);
		double n = (double)table.n_rows;
		ck_assert(fabs((double)split.counts[SPLIT_TEST] - 0.2 * n) < 4 * sqrt(0.16 * n));
		ck_assert(fabs((double)split.counts[SPLIT_VALIDATION] - 0.1 * n) <
			  4 * sqrt(0.09 * n));
	}
}
END_TEST

/* More rows, another order of rows and columns, another type of a column: the same sides. */
START_TEST(random_does_not_depend_on_place)
{
	AUTO(strbuf_release) struct strbuf few = STRBUF_INIT, more = STRBUF_INIT;
	enum { ROWS = 500 };
	strbuf_add(&few, "id,x,c\n");
	strbuf_add(&more, "c,x,id\n");
	for (int i = 0; i < ROWS; i++)
		strbuf_printf(&few, "%d,%d,t%d\n", i, i % 50, i % 9);
	strbuf_add(&more, "new,0.5,-1\n");
	for (int i = ROWS - 1; i >= 0; i--)
		strbuf_printf(&more, "t%d,%d,%d\n", i % 9, i % 50, i);
	AUTO(table_release) struct table a = { 0 }, b = { 0 };
	AUTO(split_release) struct split first = { 0 }, second = { 0 };
	read_text(&few, &a);
	read_text(&more, &b);
	struct split_options options = { .test = 0.3, .validation = 0.2, .seed = 7 };
	make_split(&a, options, &first);
	make_split(&b, options, &second);
	for (size_t i = 0; i < ROWS; i++)
		ck_assert_uint_eq(first.parts[i], second.parts[ROWS - i]);
	options.seed = 8;
	AUTO(split_release) struct split other = { 0 };
	make_split(&a, options, &other);
	ck_assert_uint_ne(first.fingerprint, other.fingerprint);
}
END_TEST

START_TEST(a_key_decides_alone)
{
	AUTO(table_release) struct table table = { 0 };
	make_table(&table, 4000);
	AUTO(split_release) struct split split = { 0 };
	make_split(&table, (struct split_options){ .test = 0.25, .key = "patient" }, &split);
	const struct column *key = table_column(&table, "patient", NULL);
	uint8_t part[200];
	memset(part, 9, sizeof part);
	for (size_t r = 0; r < table.n_rows; r++) {
		size_t code = r * 31 % 200;
		ck_assert(part[code] == 9 || part[code] == split.parts[r]);
		part[code] = split.parts[r];
	}
	ck_assert_uint_eq(key->n_missing, 0);
}
END_TEST

START_TEST(equal_rows_stay_together)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	strbuf_add(&text, "a,b\n");
	for (int i = 0; i < 600; i++)
		strbuf_printf(&text, "%d,c%d\n", i % 60, i % 3);
	AUTO(table_release) struct table table = { 0 };
	read_text(&text, &table);
	for (int method = SPLIT_RANDOM; method <= SPLIT_STRATIFIED; method++) {
		AUTO(split_release) struct split split = { 0 };
		make_split(&table,
			(struct split_options){ .method = (enum split_method)method,
				.test = 0.3,
				.validation = 0.2,
				.column = "b" },
			&split);
		for (size_t r = 60; r < table.n_rows; r++)
			ck_assert_uint_eq(split.parts[r], split.parts[r - 60]);
	}
}
END_TEST

START_TEST(stratified_keeps_proportions)
{
	AUTO(table_release) struct table table = { 0 };
	make_table(&table, 1003);
	AUTO(split_release) struct split split = { 0 };
	make_split(&table,
		(struct split_options){ .method = SPLIT_STRATIFIED,
			.test = 0.2,
			.validation = 0.15,
			.column = "class" },
		&split);
	const struct column *class = table_column(&table, "class", NULL);
	size_t counts[3][SPLIT_PART_COUNT] = { 0 };
	for (size_t r = 0; r < table.n_rows; r++)
		counts[class->codes[r]][split.parts[r]]++;
	for (size_t code = 0; code < 3; code++) {
		size_t n = counts[code][0] + counts[code][1] + counts[code][2];
		ck_assert_uint_eq(counts[code][SPLIT_TEST], llround(0.2 * (double)n));
		ck_assert_uint_eq(counts[code][SPLIT_TEST] + counts[code][SPLIT_VALIDATION],
			llround((0.2 + 0.15) * (double)n));
	}
}
END_TEST

START_TEST(groups_never_straddle)
{
	AUTO(table_release) struct table table = { 0 };
	make_table(&table, 5000);
	AUTO(split_release) struct split split = { 0 };
	make_split(&table,
		(struct split_options){ .method = SPLIT_GROUPED,
			.test = 0.3,
			.validation = 0.1,
			.column = "patient" },
		&split);
	for (size_t r = 200; r < table.n_rows; r++) /* patients come round every 200 rows */
		ck_assert_uint_eq(split.parts[r], split.parts[r - 200]);
	ck_assert_uint_gt(split.counts[SPLIT_TEST], 1000);
}
END_TEST

START_TEST(no_future_trains)
{
	AUTO(table_release) struct table table = { 0 };
	make_table(&table, 1000);
	AUTO(split_release) struct split split = { 0 };
	make_split(&table,
		(struct split_options){
			.method = SPLIT_TIME, .test = 0.2, .validation = 0.1, .column = "day" },
		&split);
	const struct column *day = table_column(&table, "day", NULL);
	double first[SPLIT_PART_COUNT], last[SPLIT_PART_COUNT];
	for (int part = 0; part < SPLIT_PART_COUNT; part++) {
		first[part] = (double)INFINITY;
		last[part] = -(double)INFINITY;
	}
	for (size_t r = 0; r < table.n_rows; r++) {
		double time = column_number(day, r);
		first[split.parts[r]] = fmin(first[split.parts[r]], time);
		last[split.parts[r]] = fmax(last[split.parts[r]], time);
	}
	ck_assert(last[SPLIT_TRAIN] < first[SPLIT_VALIDATION]);
	ck_assert(last[SPLIT_VALIDATION] < first[SPLIT_TEST]);
	/* 28 days: at least the share, at most a day more. */
	ck_assert_uint_ge(split.counts[SPLIT_TEST], 200);
	ck_assert_uint_le(split.counts[SPLIT_TEST], 236);
}
END_TEST

START_TEST(threads_change_nothing)
{
	AUTO(table_release) struct table table = { 0 };
	make_table(&table, 40000);
	for (int method = SPLIT_RANDOM; method <= SPLIT_TIME; method++) {
		uint64_t fingerprint = 0;
		for (size_t threads = 1; threads <= 4; threads++) {
			AUTO(split_release) struct split split = { 0 };
			make_split(&table,
				(struct split_options){ .method = (enum split_method)method,
					.test = 0.2,
					.validation = 0.1,
					.seed = next() % 1 + 3,
					.column = "day",
					.threads = threads },
				&split);
			ck_assert(threads == 1 || split.fingerprint == fingerprint);
			fingerprint = split.fingerprint;
		}
	}
}
END_TEST

/*
 * A recorded split must come out the same in every later version. The numbers are those of the rules
 * in row_hash_internal.h, written down a second time in Python.
 */
START_TEST(the_assignment_is_pinned)
{
	AUTO(table_release) struct table table = { 0 };
	AUTO(split_release) struct split split = { 0 };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	make_table(&table, 1000);
	make_split(&table, (struct split_options){ .test = 0.2, .validation = 0.1, .seed = 7 },
		&split);
	split_describe(&split, &text);
	ck_assert_str_eq(text.text,
		"{\"method\":\"random\",\"test\":0.2,\"validation\":0.1,\"seed\":7,"
		"\"counts\":{\"train\":691,\"validation\":116,\"test\":193},"
		"\"fingerprint\":\"d549658dff5eadeb\"}");
}
END_TEST

START_TEST(what_cannot_be_split_is_named)
{
	static const struct {
		const char *text;
		struct split_options options;
		const char *message;
	} cases[] = {
		{ "a,b\n1,2\n3,4\n", { .test = 0.7, .validation = 0.3 },
			"the shares of test and validation must be at least 0 and together below 1" },
		{ "a,b\n1,2\n3,4\n", { .test = 1e-9 },
			"the random split of 2 rows leaves no row for 'test'" },
		{ "a,b\n1,2\n,4\n", { .method = SPLIT_GROUPED, .test = 0.5, .column = "a" },
			"column 'a', whose groups are to stay together, has no value in row 2" },
		{ "a,b\n1,2\n,4\n", { .method = SPLIT_TIME, .test = 0.5, .column = "a" },
			"column 'a', by whose time to split, has no value in row 2" },
		{ "a,b\nx,2\ny,4\n", { .method = SPLIT_TIME, .test = 0.5, .column = "a" },
			"column 'a' of type category holds no times to split by" },
		{ "a,b\nx,2\ny,4\n", { .method = SPLIT_STRATIFIED, .test = 0.5, .column = "c" },
			"there is no column 'c' to split by" },
		{ "a,b\n1,2\n1,4\n", { .method = SPLIT_TIME, .test = 0.5, .column = "a" },
			"the time split of 2 rows leaves no row for 'train'" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		AUTO(table_release) struct table table = { 0 };
		struct split split;
		struct error err = ERROR_INIT;
		strbuf_add(&text, cases[i].text);
		read_text(&text, &table);
		ck_assert_int_lt(split_make(&table, &cases[i].options, &split, &err), 0);
		ck_assert_str_eq(err.message, cases[i].message);
	}
}
END_TEST

START_TEST(parts_give_their_rows)
{
	const uint8_t parts[] = { SPLIT_TEST, SPLIT_TRAIN, SPLIT_TEST, SPLIT_TRAIN };
	AUTO(split_release) struct split split = { 0 };
	struct error err = ERROR_INIT;
	ck_assert_int_eq(split_from_parts(parts, 4, &split, &err), 0);
	AUTO_FREE size_t *rows = split_rows(&split, SPLIT_TEST, &err);
	ck_assert_uint_eq(split.counts[SPLIT_TEST], 2);
	ck_assert(rows[0] == 0 && rows[1] == 2);
	ck_assert_str_eq(split_method_name(split.method), "files");
}
END_TEST

UNIT_MAIN("data/split", random_hits_its_shares, random_does_not_depend_on_place,
	a_key_decides_alone, equal_rows_stay_together, stratified_keeps_proportions,
	groups_never_straddle, no_future_trains, threads_change_nothing, the_assignment_is_pinned,
	what_cannot_be_split_is_named, parts_give_their_rows)
