#include "unit.h"

#include "mlops/database/database.h"
#include "store/index_internal.h"
#include "workfolder.h"

static struct error err;

static struct index_entry made(uint64_t number, int64_t pack)
{
	struct index_entry entry = { .pack = pack,
		.offset = 16 + number * 100,
		.length = 100 + number % 7,
		.size = number * 3,
		.added = (int64_t)number,
		.kind = number % 2 ? ENTRY_LIST : ENTRY_BLOB,
		.method = (enum entry_method)(number % 3),
		.depth = (unsigned)(number % (ENTRY_DEPTH + 1)),
		.is_object = number % 5 == 0 };
	hash_bytes(&number, sizeof number, &entry.hash);
	return entry;
}

static bool same(const struct index_entry *a, const struct index_entry *b)
{
	return hash_equal(&a->hash, &b->hash) && a->pack == b->pack && a->offset == b->offset &&
	       a->length == b->length && a->size == b->size && a->added == b->added &&
	       a->kind == b->kind && a->method == b->method && a->depth == b->depth &&
	       a->is_object == b->is_object;
}

static struct index *open_index(void)
{
	struct index *index;
	ck_assert_int_eq(index_make("index.db", &index, &err), 0);
	return index;
}

static int64_t new_pack(struct index *index, char digit)
{
	struct id name;
	int64_t pack;
	memset(name.text, digit, ID_LENGTH);
	name.text[ID_LENGTH] = '\0';
	ck_assert_msg(index_new_pack(index, &name, &pack, &err) == 0, "%s", err.message);
	return pack;
}

static void add(struct index *index, uint64_t from, uint64_t to, int64_t pack)
{
	for (uint64_t i = from; i < to; i++) {
		struct index_entry entry = made(i, pack);
		ck_assert_int_eq(index_add(index, &entry, false, &err), 1);
	}
}

/* Each of these is there with all its facts, those behind them are not. */
static void assert_entries(struct index *index, uint64_t count, int64_t pack)
{
	struct index_entry found, expected;
	for (uint64_t i = 0; i < count; i++) {
		expected = made(i, pack);
		ck_assert_int_eq(index_find(index, &expected.hash, &found, &err), 1);
		ck_assert(same(&found, &expected));
	}
	expected = made(count, pack);
	ck_assert_int_eq(index_find(index, &expected.hash, &found, &err), 0);
}

START_TEST(pending_then_committed)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(index_free) struct index *index = open_index();
	AUTO(index_free) struct index *other = open_index();
	enum { ENTRIES = 5000 };
	struct index_entry entry = made(1, 1), found;
	ck_assert_int_eq(index_find(index, &entry.hash, &found, &err), 0);
	ck_assert(!file_exists("index.db")); /* looking makes nothing */
	int64_t pack = new_pack(index, 'a');
	add(index, 0, ENTRIES, pack);
	ck_assert_uint_eq(index_pending(index), ENTRIES);
	assert_entries(index, ENTRIES, pack);
	ck_assert_int_eq(index_find(other, &entry.hash, &found, &err), 0);
	ck_assert_int_eq(index_commit(index, pack, 1000000, &err), 0);
	ck_assert_uint_eq(index_pending(index), 0);
	assert_entries(index, ENTRIES, pack);
	assert_entries(other, ENTRIES, pack);
	struct pack_facts facts;
	ck_assert_int_eq(index_pack(other, pack, &facts, &err), 1);
	ck_assert_uint_eq(facts.size, 1000000);
	ck_assert_int_eq(index_pack(other, pack + 1, &facts, &err), 0);
	/* What was dropped was never there. */
	add(index, ENTRIES, ENTRIES + 10, pack);
	index_drop_pending(index);
	assert_entries(index, ENTRIES, pack);
	ck_assert_int_eq(index_commit(index, pack, 1000000, &err), 0);
	assert_entries(other, ENTRIES, pack);
}
END_TEST

START_TEST(who_comes_second)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(index_free) struct index *one = open_index();
	AUTO(index_free) struct index *two = open_index();
	int64_t first = new_pack(one, 'a'), second = new_pack(two, 'b');
	struct index_entry mine = made(1, first), yours = made(1, second), found;
	yours.is_object = true;
	/* Neither has seen the other: the first place stays, an object is one for good. */
	ck_assert_int_eq(index_has(two, &mine.hash, &found, &err), 0);
	ck_assert_int_eq(index_add(one, &mine, false, &err), 1);
	ck_assert_int_eq(index_add(one, &mine, false, &err), 0);
	ck_assert_int_eq(index_commit(one, first, 500, &err), 0);
	ck_assert_int_eq(index_has(two, &mine.hash, &found, &err), 0); /* an older view */
	ck_assert_int_eq(index_find(two, &mine.hash, &found, &err), 1);
	ck_assert(!found.is_object);
	ck_assert_int_eq(index_add(two, &yours, false, &err), 1);
	ck_assert_int_eq(index_commit(two, second, 600, &err), 0);
	ck_assert_int_eq(index_find(one, &mine.hash, &found, &err), 1);
	ck_assert(found.pack == first && found.is_object);
	/* A replacement takes the place over, and no object is lost by it. */
	yours.is_object = false;
	ck_assert_int_eq(index_add(two, &yours, true, &err), 1);
	ck_assert_int_eq(index_commit(two, second, 700, &err), 0);
	ck_assert_int_eq(index_find(one, &mine.hash, &found, &err), 1);
	ck_assert(found.pack == second && found.is_object);
}
END_TEST

START_TEST(marks_pages_and_removal)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(index_free) struct index *index = open_index();
	int64_t pack = new_pack(index, 'a'), empty = new_pack(index, 'b');
	index_entries rows = VEC_INIT;
	struct index_entry found, chunk = made(1, pack);
	add(index, 0, 300, pack);
	ck_assert_int_eq(index_commit(index, pack, 100000, &err), 0);
	ck_assert_int_eq(index_mark(index, &chunk.hash, &err), 0);
	ck_assert_int_eq(index_commit(index, 0, 0, &err), 0);
	ck_assert_int_eq(index_find(index, &chunk.hash, &found, &err), 1);
	ck_assert(found.is_object);
	for (struct hash *after = NULL, last;; after = &last) {
		size_t before = rows.count;
		ck_assert_int_eq(index_page(index, after, 64, &rows, &err), 0);
		if (rows.count == before)
			break;
		last = rows.items[rows.count - 1].hash;
	}
	ck_assert_uint_eq(rows.count, 300);
	for (size_t i = 1; i < rows.count; i++)
		ck_assert_int_lt(hash_compare(&rows.items[i - 1].hash, &rows.items[i].hash), 0);
	rows.count = 0;
	ck_assert_int_eq(index_of_pack(index, pack, &rows, &err), 0);
	ck_assert_uint_eq(rows.count, 300);
	for (size_t i = 1; i < rows.count; i++)
		ck_assert_uint_lt(rows.items[i - 1].offset, rows.items[i].offset);
	ck_assert_int_eq(index_forget(index, empty, &chunk.hash, 1, &err), 0);
	ck_assert_int_eq(index_find(index, &chunk.hash, &found, &err), 1);
	ck_assert_int_eq(index_forget(index, pack, &chunk.hash, 1, &err), 0);
	ck_assert_int_eq(index_find(index, &chunk.hash, &found, &err), 0);
	/* What moves in the same transaction in which a pack goes, stays. */
	struct index_entry moved = made(7, empty);
	ck_assert_int_eq(index_add(index, &moved, true, &err), 1);
	ck_assert_int_eq(index_remove_pack(index, pack, empty, 5000, &err), 0);
	pack_list packs = VEC_INIT;
	ck_assert_int_eq(index_packs(index, &packs, &err), 0);
	ck_assert(packs.count == 1 && packs.items[0].id == empty && packs.items[0].size == 5000);
	rows.count = 0;
	ck_assert_int_eq(index_page(index, NULL, 64, &rows, &err), 0);
	ck_assert(rows.count == 1 && rows.items[0].pack == empty);
	ck_assert_int_gt(new_pack(index, 'c'), empty); /* a number is never given twice */
	vec_release(&rows);
	vec_release(&packs);
}
END_TEST

START_TEST(damaged_rows_are_refused)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(index_free) struct index *index = open_index();
	int64_t pack = new_pack(index, 'a');
	struct index_entry entry = made(4, pack), found;
	add(index, 0, 5, pack);
	ck_assert_int_eq(index_commit(index, pack, 5000, &err), 0);
	static const char *const changes[] = { "form = 3", "form = -1", "form = 48",
		"form = 16 + 33 * 256", "length = 1", "length = -5", "\"offset\" = -1",
		"size = -1" };
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		char sql[200];
		struct database *database;
		snprintf(sql, sizeof sql, "UPDATE entries SET %s;", changes[i]);
		ck_assert_int_eq(database_open("index.db", DATABASE_WRITE, &database, &err), 0);
		ck_assert_int_eq(database_execute(database, sql, &err), 0);
		ck_assert_msg(index_find(index, &entry.hash, &found, &err) == -ERROR_CORRUPT,
			"%s is accepted", changes[i]);
		ck_assert_int_eq(database_execute(database,
					 "UPDATE entries SET form = 0, length = 100, "
					 "\"offset\" = 16, size = 5;",
					 &err),
			0);
		ck_assert_int_eq(index_find(index, &entry.hash, &found, &err), 1);
		database_close(database);
	}
}
END_TEST

UNIT_MAIN("store/index", pending_then_committed, who_comes_second, marks_pages_and_removal,
	damaged_rows_are_refused)
