#include "unit.h"

#include <sys/stat.h>

#include "mlops/base/parallel.h"
#include "store/object_list_internal.h"
#include "storefolder.h"

static struct error err;

/* Rows of text; `edited` of them, spread evenly, are others for each version. */
static void table(struct strbuf *bytes, size_t rows, size_t edited, uint64_t version)
{
	strbuf_clear(bytes);
	for (size_t i = 0; i < rows; i++) {
		uint64_t seed = i * 2654435761u;
		if (edited && i % (rows / edited) == 7)
			seed += version * 977;
		strbuf_printf(bytes, "%zu,%llu,%016llx,%016llx\n", i,
			(unsigned long long)(seed % 1000003),
			(unsigned long long)(seed * 0x9e3779b97f4a7c15u),
			(unsigned long long)((seed + 5) * 0xd1342543de82ef95u));
	}
	ck_assert_int_eq(strbuf_check(bytes, &err), 0);
}

static struct hash put(
	struct object_store *store, const struct strbuf *bytes, const struct hash *predecessor)
{
	struct hash hash;
	ck_assert_msg(object_put_version(
			      store, bytes->text, bytes->length, predecessor, &hash, &err) == 0,
		"%s", err.message);
	return hash;
}

static struct index_entry find(struct object_store *store, const struct hash *hash)
{
	struct index_entry facts;
	ck_assert_int_eq(object_find(store, hash, &facts, &err), 1);
	return facts;
}

START_TEST(a_chain_is_bounded)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = storefolder_open();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf back = STRBUF_INIT;
	enum { VERSIONS = 70 };
	struct hash hashes[VERSIONS], *before = NULL;
	unsigned deepest = 0;
	for (uint64_t i = 0; i < VERSIONS; i++) {
		table(&bytes, 500, 5, i);
		hashes[i] = put(store, &bytes, before);
		before = &hashes[i];
		struct index_entry facts = find(store, &hashes[i]);
		deepest = facts.depth > deepest ? facts.depth : deepest;
		ck_assert_uint_eq(facts.depth, i % (ENTRY_DEPTH + 1));
		ck_assert(!facts.depth || facts.length < 1500);
	}
	ck_assert_uint_eq(deepest, ENTRY_DEPTH);
	ck_assert_int_eq(object_store_flush(store, &err), 0);
	AUTO(object_store_close) struct object_store *reader = storefolder_open();
	for (uint64_t i = VERSIONS; i-- > 0;) {
		table(&bytes, 500, 5, i);
		strbuf_clear(&back);
		ck_assert_msg(object_get_bytes(reader, &hashes[i], 0, &back, &err) == 0, "%s",
			err.message);
		ck_assert(back.length == bytes.length &&
			  memcmp(back.text, bytes.text, back.length) == 0);
	}
}
END_TEST

START_TEST(large_versions_share_what_they_can)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = storefolder_open();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf back = STRBUF_INIT;
	struct hash first, second, third, again;
	char path[128];
	struct file_facts facts;
	uint64_t sizes[3];
	table(&bytes, 150000, 1500, 0);
	ck_assert_uint_gt(bytes.length, 6 << 20);
	first = put(store, &bytes, NULL);
	again = put(store, &bytes, NULL);
	ck_assert(hash_equal(&first, &again));
	ck_assert_int_eq(object_store_flush(store, &err), 0);
	storefolder_pack(path);
	ck_assert_int_eq(file_facts(path, &facts, &err), 0);
	sizes[0] = facts.size;
	table(&bytes, 150000, 1500, 1); /* edited everywhere */
	second = put(store, &bytes, &first);
	strbuf_add(&bytes, "one row more\n");
	third = put(store, &bytes, &second);
	ck_assert_int_eq(object_store_flush(store, &err), 0);
	ck_assert_int_eq(file_facts(path, &facts, &err), 0);
	sizes[1] = facts.size - sizes[0];
	ck_assert_uint_lt(sizes[1], sizes[0] / 20);
	ck_assert_int_eq(object_get_bytes(store, &third, 0, &back, &err), 0);
	ck_assert(back.length == bytes.length && memcmp(back.text, bytes.text, back.length) == 0);
	ck_assert_int_eq(object_verify(store, &second, &err), 0);
	ck_assert_int_eq(find(store, &second).kind, ENTRY_LIST);
}
END_TEST

/* The same content gives the same pack, but for its name, with one thread and with four. */
START_TEST(threads_do_not_change_a_byte)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf one = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf four = STRBUF_INIT;
	for (size_t threads = 1; threads <= 4; threads += 3) {
		AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
		AUTO(object_store_close) struct object_store *store = storefolder_open();
		char path[128];
		parallel_set_threads(threads);
		table(&bytes, 300000, 3000, 0);
		struct hash first = put(store, &bytes, NULL);
		table(&bytes, 300000, 3000, 1);
		put(store, &bytes, &first);
		storefolder_fill(&bytes, 9 << 20, 1, true);
		strbuf_add_bytes(&bytes, bytes.text, 5 << 20); /* some of it twice */
		put(store, &bytes, NULL);
		ck_assert_int_eq(object_store_flush(store, &err), 0);
		storefolder_pack(path);
		ck_assert_int_eq(file_read(path, 0, threads == 1 ? &one : &four, &err), 0);
	}
	parallel_set_threads(0);
	ck_assert(one.length == four.length && memcmp(one.text, four.text, one.length) == 0);
}
END_TEST

static int count(void *context, const struct hash *hash, struct error *error)
{
	(void)hash;
	(void)error;
	++*(size_t *)context;
	return 0;
}

START_TEST(entries_move_to_another_store)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO(entry_closure_free) struct entry_closure *closure = NULL;
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	ck_assert(mkdir("a", 0777) == 0 && mkdir("b", 0777) == 0 && chdir("a") == 0);
	AUTO(object_store_close) struct object_store *from = storefolder_open();
	struct hash large, edited, small, next;
	const struct hash *hashes;
	table(&bytes, 150000, 1500, 0);
	large = put(from, &bytes, NULL);
	table(&bytes, 150000, 1500, 1);
	edited = put(from, &bytes, &large);
	table(&bytes, 100, 10, 0);
	small = put(from, &bytes, NULL);
	table(&bytes, 100, 10, 1);
	next = put(from, &bytes, &small);
	ck_assert_int_eq(entry_closure_make(&closure, &err), 0);
	ck_assert_int_eq(entry_closure_add(from, closure, &next, &err), 0);
	ck_assert_uint_eq(entry_closure_list(closure, &hashes), 2);
	ck_assert(hash_equal(&hashes[0], &small) && hash_equal(&hashes[1], &next));
	ck_assert_int_eq(entry_closure_add(from, closure, &edited, &err), 0);
	ck_assert_int_eq(entry_closure_add(from, closure, &edited, &err), 0);
	size_t n = entry_closure_list(closure, &hashes), chunks = 0;
	ck_assert_int_eq(entry_needs(from, &edited, count, &chunks, &err), 0);
	ck_assert(chunks >= 4 && n > 2 + chunks);
	ck_assert(!entry_closure_has(closure, &large)); /* its chunks are enough */
	AUTO_FREE struct entry_place *places = memory_allocate(n, sizeof *places, &err);
	ck_assert_int_eq(entry_places(from, hashes, n, places, &err), 0);
	for (size_t i = 1; i < n; i++)
		ck_assert(places[i].pack == places[i - 1].pack &&
			  places[i].offset >= places[i - 1].offset + places[i - 1].length);
	ck_assert_int_eq(chdir("../b"), 0);
	AUTO(object_store_close) struct object_store *to = storefolder_open();
	for (size_t i = 0; i < n; i++) {
		struct entry entry;
		strbuf_clear(&bytes);
		ck_assert_int_eq(entry_read(from, &hashes[i], &entry, &bytes, &err), 0);
		ck_assert_uint_eq(bytes.length, entry_head_length(&entry) + entry.payload);
		ck_assert_uint_le(bytes.length, ENTRY_RAW_MOST);
		ck_assert_msg(
			entry_write(to, bytes.text, bytes.length, &err) == 0, "%s", err.message);
		ck_assert_int_eq(entry_write(to, bytes.text, bytes.length, &err), 0);
		ck_assert(entry_exists(to, &hashes[i]));
	}
	ck_assert_int_eq(object_mark(to, &next, &err), 0);
	size_t objects = 0;
	ck_assert_int_eq(object_store_flush(to, &err), 0);
	ck_assert_int_eq(object_each(to, count, &objects, &err), 0);
	ck_assert_uint_eq(objects, 2);
	ck_assert_int_eq(object_verify(to, &edited, &err), 0);
	ck_assert_int_eq(object_verify(to, &next, &err), 0);
}
END_TEST

/* Raw bytes with a right head and payload check, whatever they hold. */
static void make_raw(struct strbuf *raw, struct entry entry, const void *payload, size_t count)
{
	unsigned char head[PACK_HEAD_MOST];
	entry.payload = count;
	pack_head_write(&entry, pack_check(payload, count), head);
	strbuf_clear(raw);
	strbuf_add_bytes(raw, head, entry_head_length(&entry));
	strbuf_add_bytes(raw, payload, count);
}

START_TEST(hostile_entries_are_refused)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = storefolder_open();
	AUTO(strbuf_release) struct strbuf raw = STRBUF_INIT;
	struct entry entry = { .size = 5 };
	struct hash hash;
	hash_bytes("hello", 5, &entry.hash);
	make_raw(&raw, entry, "hello", 5);
	for (size_t i = 0; i < raw.length; i++) {
		ck_assert_int_eq(entry_write(store, raw.text, i, &err), -ERROR_CORRUPT);
		raw.text[i] ^= 4;
		ck_assert_int_eq(entry_write(store, raw.text, raw.length, &err), -ERROR_CORRUPT);
		raw.text[i] ^= 4;
	}
	strbuf_add_char(&raw, 'x');
	ck_assert_int_eq(entry_write(store, raw.text, raw.length, &err), -ERROR_CORRUPT);
	make_raw(&raw, entry, "hallo", 5); /* not what it is called */
	ck_assert_int_eq(entry_write(store, raw.text, raw.length, &err), -ERROR_CORRUPT);
	entry.size = (uint64_t)1 << 40; /* a bomb */
	entry.method = ENTRY_ZSTD;
	make_raw(&raw, entry, "hello", 5);
	ck_assert_int_eq(entry_write(store, raw.text, raw.length, &err), -ERROR_CORRUPT);
	entry = (struct entry){ .hash = entry.hash,
		.size = 500,
		.method = ENTRY_DELTA,
		.depth = 1,
		.n_bases = 1,
		.bases = { { { 1 } } } };
	make_raw(&raw, entry, "hello", 5); /* its base is not there */
	ck_assert_int_eq(entry_write(store, raw.text, raw.length, &err), -ERROR_CORRUPT);
	entry.bases[0] = entry.hash; /* or is itself */
	make_raw(&raw, entry, "hello", 5);
	ck_assert_int_eq(entry_write(store, raw.text, raw.length, &err), -ERROR_CORRUPT);
	entry = (struct entry){ .hash = entry.hash, .kind = ENTRY_LIST, .size = 10 };
	make_raw(&raw, entry, "\1\0\0\0\1\0\0\0hello", 13);
	ck_assert_int_eq(entry_write(store, raw.text, raw.length, &err), -ERROR_CORRUPT);
	ck_assert(!entry_exists(store, &entry.hash));
	/* A list that is well formed but of nothing can be kept, and is not given out. */
	object_chunks chunks = VEC_INIT;
	AUTO(strbuf_release) struct strbuf payload = STRBUF_INIT;
	vec_push(&chunks, (struct object_chunk){ .size = 10 });
	object_list_write(&chunks, &payload);
	make_raw(&raw, entry, payload.text, payload.length);
	ck_assert_int_eq(entry_write(store, raw.text, raw.length, &err), 0);
	ck_assert_int_eq(object_verify(store, &entry.hash, &err), -ERROR_CORRUPT);
	/* Nor is one whose chunk is the list itself. */
	chunks.items[0].hash = (struct hash){ { 9 } };
	entry.hash = chunks.items[0].hash;
	strbuf_clear(&payload);
	object_list_write(&chunks, &payload);
	make_raw(&raw, entry, payload.text, payload.length);
	ck_assert_int_eq(entry_write(store, raw.text, raw.length, &err), 0);
	ck_assert_int_eq(object_verify(store, &entry.hash, &err), -ERROR_CORRUPT);
	AUTO(entry_closure_free) struct entry_closure *closure = NULL;
	ck_assert_int_eq(entry_closure_make(&closure, &err), 0);
	ck_assert_int_eq(entry_closure_add(store, closure, &entry.hash, &err), -ERROR_CORRUPT);
	vec_release(&chunks);
	hash_bytes("none", 4, &hash);
	ck_assert_int_eq(entry_closure_add(store, closure, &hash, &err), -ERROR_NOT_FOUND);
}
END_TEST

START_TEST(a_damaged_entry_is_replaced)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = storefolder_open();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf raw = STRBUF_INIT;
	struct entry entry;
	char path[128];
	storefolder_fill(&bytes, 3000, 1, true);
	struct hash base = storefolder_put(store, &bytes);
	bytes.text[77] ^= 1;
	struct hash next = put(store, &bytes, &base);
	ck_assert_int_eq(object_store_flush(store, &err), 0);
	ck_assert_int_eq(entry_read(store, &base, &entry, &raw, &err), 0);
	struct index_entry facts = find(store, &base);
	storefolder_pack(path);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "damage", 6, (off_t)facts.offset + 1000), 6);
	ck_assert_int_eq(close(fd), 0);
	object_store_close(store);
	store = storefolder_open();
	ck_assert_int_eq(object_verify(store, &base, &err), -ERROR_CORRUPT);
	ck_assert_int_eq(object_verify(store, &next, &err), -ERROR_CORRUPT);
	strbuf_clear(&bytes);
	ck_assert_int_eq(entry_read(store, &base, &entry, &bytes, &err), -ERROR_CORRUPT);
	ck_assert_msg(entry_write(store, raw.text, raw.length, &err) == 0, "%s", err.message);
	ck_assert_int_eq(object_verify(store, &next, &err), 0);
	ck_assert_int_eq(object_store_flush(store, &err), 0);
	AUTO(object_store_close) struct object_store *reader = storefolder_open();
	ck_assert_int_eq(object_verify(reader, &base, &err), 0);
	ck_assert(find(reader, &base).is_object);
}
END_TEST

UNIT_MAIN("store/entry", a_chain_is_bounded, large_versions_share_what_they_can,
	threads_do_not_change_a_byte, entries_move_to_another_store, hostile_entries_are_refused,
	a_damaged_entry_is_replaced)
