#include "unit.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "mlops/base/strbuf.h"
#include "mlops/data/reader.h"
#include "mlops/data/table_diff.h"

static struct error err;

static struct table read_csv(const char *text)
{
	struct table table;
	struct read_options options = {
		.bytes = text, .n_bytes = strlen(text), .format = DATA_CSV, .name = "t"
	};
	error_clear(&err);
	ck_assert_msg(table_read(&options, &table, NULL, &err) == 0, "%s", err.message);
	return table;
}

/* Both tables and what became of the one. */
struct pair {
	struct table a, b;
	struct table_diff diff;
};

static void pair_release(struct pair *pair)
{
	table_diff_release(&pair->diff);
	table_release(&pair->a);
	table_release(&pair->b);
}
AUTO_RELEASE(struct pair, pair_release)

static void compare(
	struct pair *pair, const char *a, const char *b, const char *key, bool by_content)
{
	struct table_diff_options options = { .keys = &key,
		.n_keys = key != NULL,
		.by_content = by_content,
		.examples = 3,
		.threads = 2 };
	pair->a = read_csv(a);
	pair->b = read_csv(b);
	ck_assert_msg(table_diff_make(&pair->a, &pair->b, &options, &pair->diff, &err) == 0, "%s",
		err.message);
}

static const struct table_diff_column *column_of(const struct table_diff *diff, const char *name)
{
	for (size_t i = 0; i < diff->n_columns; i++) {
		if (strcmp(diff->columns[i].name, name) == 0)
			return &diff->columns[i];
	}
	ck_abort_msg("no column %s", name);
}

static const char old_text[] =
	"id,age,city,old\n1,30,Rome,a\n2,40,Oslo,b\n3,,Rome,c\n4,60,Bonn,d\n";
static const char new_text[] =
	"city,id,age,new\nOslo,2,40.0,x\nRome,1,31.5,y\nRome,3,50,z\nNice,9,7,z\n";

static void check_named(const struct table_diff *diff)
{
	ck_assert_uint_eq(diff->n_keys, 1);
	ck_assert_str_eq(diff->keys[0], "id");
	ck_assert_uint_eq(diff->n_added, 1);
	ck_assert_uint_eq(diff->n_removed, 1);
	ck_assert_uint_eq(diff->n_changed, 2);
	ck_assert_uint_eq(diff->n_same, 1); /* 40 is 40.0 */
	ck_assert_uint_eq(diff->n_changed_cells, 2);
	ck_assert(!diff->same_order);
	ck_assert_uint_eq(diff->n_added_columns, 1);
	ck_assert_uint_eq(diff->n_removed_columns, 1);
	ck_assert_uint_eq(diff->n_type_changes, 1);
	ck_assert_uint_eq(diff->added[0].new_row, 3);
	ck_assert_uint_eq(diff->removed[0].old_row, 3);
	ck_assert_uint_eq(diff->n_changed_listed, 2);
	ck_assert_uint_eq(diff->changed[0].old_row, 0);
	ck_assert_uint_eq(diff->changed[0].new_row, 1);
	ck_assert_uint_eq(diff->changed[1].n_cells, 1);
	ck_assert_str_eq(diff->columns[diff->changed[1].cells[0]].name, "age");
	ck_assert_uint_eq(column_of(diff, "age")->n_changed, 2);
	ck_assert_uint_eq(column_of(diff, "city")->n_changed, 0);
	ck_assert(!table_diff_is_empty(diff));
}

START_TEST(rows_are_matched_by_key)
{
	AUTO(pair_release) struct pair named = { 0 }, found = { 0 };
	compare(&named, old_text, new_text, "id", false);
	check_named(&named.diff);
	ck_assert(!named.diff.key_was_found);
	compare(&found, old_text, new_text, NULL, false);
	check_named(&found.diff);
	ck_assert(found.diff.key_was_found);
	const struct table_diff_column *old_column = column_of(&named.diff, "old");
	ck_assert_int_eq(old_column->kind, TABLE_DIFF_REMOVED);
	ck_assert_ptr_null(old_column->new_column);
	ck_assert_int_eq(old_column->measure, TABLE_DIFF_NOTHING);
	ck_assert_str_eq(named.diff.columns[named.diff.n_columns - 1].name, "old");
}
END_TEST

START_TEST(rows_are_multisets_without_a_key)
{
	AUTO(pair_release) struct pair pair = { 0 };
	compare(&pair, "a,b\n1,x\n1,x\n1,x\n2,y\n", "b,a\ny,2\nx,1\nz,1\nx,1\ny,2\n", NULL, false);
	ck_assert_uint_eq(pair.diff.n_keys, 0);
	ck_assert_uint_eq(pair.diff.n_same, 3);
	ck_assert_uint_eq(pair.diff.n_removed, 1);
	ck_assert_uint_eq(pair.diff.n_added, 2);
	ck_assert_uint_eq(pair.diff.n_changed, 0);
	ck_assert_uint_eq(pair.diff.added[0].new_row, 2);
	ck_assert_uint_eq(pair.diff.added[1].new_row, 4);
	AUTO(pair_release) struct pair forced = { 0 };
	compare(&forced, old_text, new_text, NULL, true);
	ck_assert_uint_eq(forced.diff.n_keys, 0);
	ck_assert_uint_eq(forced.diff.n_same, 1);
	ck_assert_uint_eq(forced.diff.n_added, 3);
	ck_assert_uint_eq(forced.diff.n_removed, 3);
}
END_TEST

START_TEST(equal_tables_do_not_differ)
{
	AUTO(pair_release) struct pair pair = { 0 }, none = { 0 }, other = { 0 };
	compare(&pair, old_text,
		"old,city,age,id\nb,Oslo,40,2\na,Rome,30,1\nc,Rome,,3\nd,Bonn,60,4\n", NULL, false);
	ck_assert(table_diff_is_empty(&pair.diff));
	ck_assert_double_eq(column_of(&pair.diff, "age")->ks, 0);
	ck_assert_double_eq(column_of(&pair.diff, "city")->total_variation, 0);
	compare(&none, "a,b\n1,\n", "a,b\n1,\n", NULL, false);
	ck_assert(table_diff_is_empty(&none.diff));
	/* Without a common column no row is one of the other table. */
	compare(&other, "a\n1\n2\n", "b\n1\n", NULL, false);
	ck_assert_uint_eq(other.diff.n_removed, 2);
	ck_assert_uint_eq(other.diff.n_added, 1);
	ck_assert_uint_eq(other.diff.n_same, 0);
}
END_TEST

START_TEST(wrong_keys_are_refused)
{
	struct pair pair = { .a = read_csv("id,k,x\n1,1,1\n2,1,2\n1,2,3\n"),
		.b = read_csv("id,k,x\n1,1,1\n2,1,2\n1,2,5\n") };
	const char *keys[] = { "id", "k" }, *unknown = "z";
	struct table_diff_options options = { .keys = keys, .n_keys = 1, .examples = 5 };
	ck_assert_int_eq(
		table_diff_make(&pair.a, &pair.b, &options, &pair.diff, &err), -ERROR_INVALID);
	ck_assert_str_eq(err.message,
		"the key 'id' does not name rows: 1 and 3 of the old table both have '1'");
	options.n_keys = 2;
	error_clear(&err);
	ck_assert_int_eq(table_diff_make(&pair.a, &pair.b, &options, &pair.diff, &err), 0);
	ck_assert_uint_eq(pair.diff.n_changed, 1);
	ck_assert_uint_eq(pair.diff.n_same, 2);
	table_diff_release(&pair.diff);
	options.keys = &unknown;
	options.n_keys = 1;
	ck_assert_int_eq(
		table_diff_make(&pair.a, &pair.b, &options, &pair.diff, &err), -ERROR_NOT_FOUND);
	/* An id that comes twice is not taken as the key by itself. */
	options.n_keys = 0;
	error_clear(&err);
	ck_assert_int_eq(table_diff_make(&pair.a, &pair.b, &options, &pair.diff, &err), 0);
	ck_assert_uint_eq(pair.diff.n_keys, 0);
	pair_release(&pair);
}
END_TEST

START_TEST(distributions_move)
{
	AUTO(pair_release) struct pair pair = { 0 };
	compare(&pair, "n,t,b,m\n1,red,true,1\n2,red,true,a\n3,blue,false,1\n4,green,true,1\n",
		"n,t,b,m\n3,red,false,1\n4,black,false,2\n5,white,false,3\n6,white,true,4\n", NULL,
		true);
	const struct table_diff_column *n = column_of(&pair.diff, "n");
	ck_assert_int_eq(n->measure, TABLE_DIFF_NUMBERS);
	ck_assert_double_eq(n->ks, 0.5);
	ck_assert_double_nan(n->total_variation);
	ck_assert_double_eq(n->new_profile->mean - n->old_profile->mean, 2);
	const struct table_diff_column *t = column_of(&pair.diff, "t");
	ck_assert_int_eq(t->measure, TABLE_DIFF_TEXTS);
	ck_assert_double_eq(t->total_variation, 0.75);
	ck_assert_double_nan(t->ks);
	ck_assert_uint_eq(t->appeared.n_distinct, 2);
	ck_assert_uint_eq(t->appeared.n_rows, 3);
	ck_assert_uint_eq(t->appeared.items[0].row, 2); /* white, twice */
	ck_assert_uint_eq(t->appeared.items[0].count, 2);
	ck_assert_uint_eq(t->appeared.items[1].row, 1);
	ck_assert_uint_eq(t->vanished.n_distinct, 2);
	ck_assert_uint_eq(t->vanished.items[0].row, 2); /* blue and green once, blue first */
	const struct table_diff_column *b = column_of(&pair.diff, "b");
	ck_assert_int_eq(b->measure, TABLE_DIFF_TEXTS);
	ck_assert_double_eq(b->total_variation, 0.5);
	const struct table_diff_column *m = column_of(&pair.diff, "m");
	ck_assert_int_eq(m->measure, TABLE_DIFF_NOTHING);
	ck_assert(m->type_changed && isnan(m->psi));
}
END_TEST

static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Rows with few values, missing ones among them; with_id: each with a number of its own. */
static void random_csv(uint64_t *state, bool with_id, struct strbuf *text)
{
	size_t n = 1 + next(state) % 40, id = 0;
	strbuf_clear(text);
	strbuf_add(text, with_id ? "id,x,y,z\n" : "w,x,y,z\n");
	for (size_t i = 0; i < n; i++) {
		id += 1 + next(state) % 3;
		strbuf_printf(text, "%zu,", with_id ? id : (size_t)(next(state) % 2));
		strbuf_add(text, next(state) % 4 ? next(state) % 2 ? "1.5," : "2," : ",");
		strbuf_add(text, next(state) % 4 ? next(state) % 2 ? "a," : "b," : ",");
		strbuf_add(text, next(state) % 2 ? "true\n" : "false\n");
	}
	ck_assert_int_eq(strbuf_check(text, &err), 0);
}

static void row_text(const struct table *table, size_t row, size_t first, struct strbuf *text)
{
	strbuf_clear(text);
	for (size_t c = first; c < table->n_columns; c++) {
		strbuf_add_char(text, column_is_missing(&table->columns[c], row) ? '?' : '=');
		column_format(&table->columns[c], row, text);
		strbuf_add_char(text, ',');
	}
}

/* By comparing each row with each; a row of b takes the first free equal one of a away. */
static void slow_diff(const struct pair *pair, bool by_key, uint64_t ret[4])
{
	bool taken[64] = { false };
	AUTO(strbuf_release) struct strbuf left = STRBUF_INIT, right = STRBUF_INIT;
	memset(ret, 0, 4 * sizeof *ret);
	for (size_t j = 0; j < pair->b.n_rows; j++) {
		size_t i = 0;
		bool same = false;
		for (; i < pair->a.n_rows; i++) {
			row_text(&pair->a, i, by_key, &left);
			row_text(&pair->b, j, by_key, &right);
			same = strcmp(left.text, right.text) == 0;
			if (by_key ? pair->a.columns[0].int64[i] == pair->b.columns[0].int64[j]
				   : same && !taken[i])
				break;
		}
		if (i < pair->a.n_rows)
			taken[i] = true;
		ret[i == pair->a.n_rows ? 0 : by_key && !same ? 2 : 3]++;
	}
	for (size_t i = 0; i < pair->a.n_rows; i++)
		ret[1] += !taken[i];
}

START_TEST(random_tables_agree_with_a_slow_way)
{
	uint64_t state = 11, seen[4] = { 0 };
	for (int round = 0; round < 400; round++) {
		AUTO(pair_release) struct pair pair = { 0 };
		AUTO(strbuf_release) struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
		bool by_key = round % 2;
		uint64_t expected[4];
		random_csv(&state, by_key, &a);
		random_csv(&state, by_key, &b);
		compare(&pair, a.text, b.text, by_key ? "id" : NULL, !by_key);
		slow_diff(&pair, by_key, expected);
		const uint64_t got[] = { pair.diff.n_added, pair.diff.n_removed,
			pair.diff.n_changed, pair.diff.n_same };
		for (size_t i = 0; i < 4; i++) {
			ck_assert_uint_eq(got[i], expected[i]);
			seen[i] += got[i];
		}
		uint64_t cells = 0;
		for (size_t i = 0; i < pair.diff.n_columns; i++)
			cells += pair.diff.columns[i].n_changed;
		ck_assert_uint_eq(cells, pair.diff.n_changed_cells);
		ck_assert_uint_ge(cells, pair.diff.n_changed);
	}
	for (size_t i = 0; i < 4; i++)
		ck_assert_uint_gt(seen[i], 100);
}
END_TEST

START_TEST(large_tables_on_any_number_of_threads)
{
	enum { ROWS = 30000 };
	AUTO(strbuf_release) struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
	uint64_t state = 3, changed = 0;
	strbuf_add(&a, "name,value\n");
	strbuf_add(&b, "name,value\n");
	for (int i = 0; i < ROWS; i++) {
		uint64_t value = next(&state) % 1000000;
		strbuf_printf(&a, "row %d,%" PRIu64 "\n", i, value);
		bool edit = next(&state) % 100 == 0;
		changed += edit;
		strbuf_printf(&b, "row %d,%" PRIu64 "\n", i, edit ? value + 1 : value);
		if (i % 1000 == 0)
			strbuf_printf(&b, "more %d,5\n", i);
	}
	struct table old_table = read_csv(a.text), new_table = read_csv(b.text);
	double psi = 0;
	for (size_t threads = 1; threads <= 3; threads++) {
		struct table_diff_options options = { .examples = 2, .threads = threads };
		struct table_diff diff;
		ck_assert_int_eq(table_diff_make(&old_table, &new_table, &options, &diff, &err), 0);
		ck_assert(diff.key_was_found && diff.same_order);
		ck_assert_str_eq(diff.keys[0], "name");
		ck_assert_uint_eq(diff.n_changed, changed);
		ck_assert_uint_eq(diff.n_added, 30);
		ck_assert_uint_eq(diff.n_removed, 0);
		ck_assert_uint_eq(diff.n_added_listed, 2);
		ck_assert(threads == 1 || psi == diff.columns[1].psi);
		psi = diff.columns[1].psi;
		table_diff_release(&diff);
	}
	table_release(&old_table);
	table_release(&new_table);
}
END_TEST

UNIT_MAIN("data/table_diff", rows_are_matched_by_key, rows_are_multisets_without_a_key,
	equal_tables_do_not_differ, wrong_keys_are_refused, distributions_move,
	random_tables_agree_with_a_slow_way, large_tables_on_any_number_of_threads)
