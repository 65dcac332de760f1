#include "unit.h"

#include <sys/file.h>
#include <sys/wait.h>

#include "store/object_internal.h"
#include "storefolder.h"

static struct error err;

static struct object_store *lock(struct object_store *store)
{
	ck_assert_msg(object_store_lock(store, 0, "test", NULL, &err) == 0, "%s", err.message);
	return store;
}

static void flush(struct object_store *store)
{
	ck_assert_msg(object_store_flush(store, &err) == 0, "%s", err.message);
}

static struct pack_facts only_pack(struct object_store *store)
{
	pack_list packs = VEC_INIT;
	ck_assert_int_eq(pack_list_read(store, &packs, &err), 0);
	ck_assert_uint_eq(packs.count, 1);
	struct pack_facts pack = packs.items[0];
	vec_release(&packs);
	return pack;
}

struct counts {
	size_t good, spare, damaged, known;
	uint64_t next; /* place that must come next: there are no gaps */
};

static int count(void *context, const struct pack_found *found, struct error *error)
{
	struct counts *counts = context;
	(void)error;
	if (found->length) {
		ck_assert_uint_eq(found->offset, counts->next);
		counts->next = found->offset + found->length;
	}
	counts->good += found->state == PACK_GOOD;
	counts->spare += found->state == PACK_SPARE;
	counts->damaged += found->state == PACK_DAMAGED;
	counts->known += found->state == PACK_DAMAGED && found->is_known;
	return 0;
}

static struct counts scan(struct object_store *store, const struct pack_facts *pack)
{
	/* A header that is whole is not shown. */
	struct counts counts = { .next = PACK_HEADER };
	ck_assert_msg(pack_scan(store, pack, count, &counts, &err) == 0, "%s", err.message);
	ck_assert_uint_eq(counts.next, pack->size);
	return counts;
}

static void patch(const char *path, size_t at, char byte)
{
	FILE *file = fopen(path, "r+");
	ck_assert(file && fseek(file, (long)at, SEEK_SET) == 0 && fputc(byte, file) != EOF);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(the_format_byte_by_byte)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = storefolder_open();
	AUTO(strbuf_release) struct strbuf file = STRBUF_INIT;
	struct hash hash, check;
	char path[128];
	ck_assert_int_eq(object_put_bytes(store, "hello", 5, &hash, &err), 0);
	flush(store);
	storefolder_pack(path);
	ck_assert_int_eq(file_read(path, 0, &file, &err), 0);
	const unsigned char *bytes = (const unsigned char *)file.text;
	ck_assert_uint_eq(file.length, 16 + 72 + 5);
	ck_assert(memcmp(bytes, "mlpk\1\0\0\0", 8) == 0);
	hash_bytes(bytes, 8, &check);
	ck_assert(memcmp(bytes + 8, check.bytes, 8) == 0);
	/* Stored, a blob, no bases, no depth; 5 bytes, 5 bytes; its hash, also as the check. */
	ck_assert(memcmp(bytes + 16, "mle1\0\0\0\0\5\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0", 24) == 0);
	hash_bytes("hello", 5, &hash);
	ck_assert(memcmp(bytes + 40, hash.bytes, 32) == 0);
	ck_assert(memcmp(bytes + 72, hash.bytes, 8) == 0);
	hash_bytes(bytes + 16, 64, &check);
	ck_assert(memcmp(bytes + 80, check.bytes, 8) == 0);
	ck_assert(memcmp(bytes + 88, "hello", 5) == 0);
}
END_TEST

/* Several sorts of entries in one small pack: stored, compressed, a delta, a spare copy. */
static size_t make_small_pack(struct object_store *store, struct hash hashes[4])
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	storefolder_fill(&bytes, 200, 1, true);
	hashes[0] = storefolder_put(store, &bytes);
	storefolder_fill(&bytes, 2000, 2, false);
	hashes[1] = storefolder_put(store, &bytes);
	storefolder_fill(&bytes, 700, 3, true);
	hashes[2] = storefolder_put(store, &bytes);
	bytes.text[300] ^= 1;
	ck_assert_int_eq(
		object_put_version(store, bytes.text, bytes.length, &hashes[2], &hashes[3], &err),
		0);
	flush(store);
	return 4;
}

START_TEST(every_flipped_byte_is_found)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = storefolder_open();
	AUTO(strbuf_release) struct strbuf file = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf back = STRBUF_INIT;
	struct hash hashes[4], hash;
	struct index_entry facts;
	char path[128];
	size_t n = make_small_pack(store, hashes);
	ck_assert_int_eq(object_find(store, &hashes[1], &facts, &err), 1);
	ck_assert_int_eq(facts.method, ENTRY_ZSTD);
	ck_assert_int_eq(object_find(store, &hashes[3], &facts, &err), 1);
	ck_assert(facts.method == ENTRY_DELTA && facts.depth == 1 && facts.is_object);
	struct pack_facts pack = only_pack(store);
	struct counts whole = scan(store, &pack);
	ck_assert(whole.good == 4 && !whole.spare && !whole.damaged);
	storefolder_pack(path);
	ck_assert_int_eq(file_read(path, 0, &file, &err), 0);
	ck_assert_uint_eq(file.length, pack.size);
	for (size_t at = 0; at < file.length; at++) {
		patch(path, at, (char)(file.text[at] ^ 1 << at % 8));
		struct counts counts = { .next = at < PACK_HEADER ? 0 : PACK_HEADER };
		ck_assert_int_eq(pack_scan(store, &pack, count, &counts, &err), 0);
		ck_assert_msg(counts.damaged == 1, "a bit at %zu goes unnoticed", at);
		ck_assert_uint_eq(counts.known, at >= PACK_HEADER);
		ck_assert_uint_eq(counts.good, at < PACK_HEADER ? 4 : 3); /* it goes on behind */
		/* What is read is never wrong. */
		AUTO(object_store_close) struct object_store *reader = storefolder_open();
		for (size_t i = 0; i < n; i++) {
			strbuf_clear(&back);
			int status = object_get_bytes(reader, &hashes[i], 0, &back, &err);
			hash_bytes(back.text, back.length, &hash);
			ck_assert(status == 0 ? hash_equal(&hash, &hashes[i])
					      : status == -ERROR_CORRUPT && !back.length);
		}
		patch(path, at, file.text[at]);
	}
	/* Cut short anywhere: the entries in front of it are good, the others damaged. */
	for (size_t at = file.length; at > 0; at -= at > 97 ? 97 : at) {
		ck_assert_int_eq(truncate(path, (off_t)at - 1), 0);
		struct counts counts = { .next = at - 1 < PACK_HEADER ? 0 : PACK_HEADER };
		ck_assert_int_eq(pack_scan(store, &pack, count, &counts, &err), 0);
		ck_assert(counts.damaged && counts.good + counts.known == 4);
	}
	ck_assert_int_eq(unlink(path), 0);
	struct counts counts = { .next = 0 };
	ck_assert_int_eq(pack_scan(store, &pack, count, &counts, &err), 0);
	ck_assert(counts.known == 4 && !counts.good);
}
END_TEST

START_TEST(a_torn_tail_is_cut_off)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = storefolder_open();
	struct hash hashes[4], more;
	char path[128];
	make_small_pack(store, hashes);
	struct pack_facts pack = only_pack(store);
	object_store_close(store);
	storefolder_pack(path);
	FILE *file = fopen(path, "a");
	ck_assert(file && fputs("mle1 half an entry", file) >= 0 && fclose(file) == 0);
	store = storefolder_open();
	struct counts counts = scan(store, &pack);
	ck_assert(counts.good == 4 && !counts.damaged);
	ck_assert_int_eq(object_put_bytes(store, "more", 4, &more, &err), 0);
	flush(store);
	struct pack_facts after = only_pack(store);
	ck_assert_uint_eq(after.size, pack.size + 72 + 4);
	counts = scan(store, &after);
	ck_assert(counts.good == 5 && !counts.damaged && !counts.spare);
	/* One that lost acknowledged bytes is not appended to. */
	object_store_close(store);
	ck_assert_int_eq(truncate(path, (off_t)after.size - 1), 0);
	store = storefolder_open();
	ck_assert_int_eq(object_put_bytes(store, "new", 3, &more, &err), 0);
	flush(store);
	ck_assert_int_eq(object_verify(store, &hashes[3], &err), 0);
	pack_list packs = VEC_INIT;
	ck_assert_int_eq(pack_list_read(store, &packs, &err), 0);
	ck_assert(packs.count == 2 && packs.items[0].size == after.size);
	vec_release(&packs);
}
END_TEST

START_TEST(killed_at_any_moment)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	unsetenv("MLOPS_FSYNC");
	for (uint64_t round = 0; round < 25; round++) {
		int told[2];
		ck_assert_int_eq(pipe(told), 0);
		pid_t child = fork();
		if (child == 0) {
			/* Tells each acknowledgement: the number of the last content. */
			struct object_store *store = storefolder_open();
			for (uint64_t i = 0;; i++) {
				storefolder_fill(
					&bytes, 300 + i % 7 * 9000, 1000 * round + i, i % 2);
				storefolder_put(store, &bytes);
				if (i % 5 == 4) {
					flush(store);
					if (write(told[1], &i, sizeof i) != sizeof i)
						_exit(1);
				}
			}
		}
		close(told[1]);
		usleep((useconds_t)(5000 + round * 1500));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		uint64_t last = 0, number;
		bool any = false;
		while (read(told[0], &number, sizeof number) == sizeof number) {
			last = number;
			any = true;
		}
		close(told[0]);
		AUTO(object_store_close) struct object_store *store = storefolder_open();
		for (uint64_t i = 0; any && i <= last; i++) {
			struct hash hash;
			storefolder_fill(&bytes, 300 + i % 7 * 9000, 1000 * round + i, i % 2);
			hash_bytes(bytes.text, bytes.length, &hash);
			ck_assert_msg(object_verify(store, &hash, &err) == 0, "%s", err.message);
		}
	}
	AUTO(object_store_close) struct object_store *store = storefolder_open();
	struct hash hash;
	ck_assert_int_eq(object_put_bytes(store, "x", 1, &hash, &err), 0);
	flush(store);
	struct pack_facts pack = only_pack(store); /* each took up the one before */
	ck_assert_uint_eq(scan(store, &pack).damaged, 0);
}
END_TEST

static bool keep_odd(void *context, const struct hash *hash)
{
	(void)context;
	return hash->bytes[0] % 2;
}

START_TEST(a_rewrite_keeps_what_is_wanted)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *reader = storefolder_open();
	AUTO(object_store_close) struct object_store *store = storefolder_open();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	enum { CONTENTS = 60 };
	struct hash hashes[CONTENTS];
	char before[128], after[128];
	for (uint64_t i = 0; i < CONTENTS; i++) {
		storefolder_fill(&bytes, 3000, i, true);
		hashes[i] = storefolder_put(store, &bytes);
	}
	flush(store);
	object_store_close(store);
	ck_assert_int_eq(object_verify(reader, &hashes[0], &err), 0); /* has the pack open */
	storefolder_pack(before);
	store = lock(storefolder_open());
	struct pack_facts pack = only_pack(store);
	uint64_t freed;
	ck_assert_msg(pack_rewrite(store, &pack, keep_odd, NULL, true, &freed, &err) == 0, "%s",
		err.message);
	storefolder_pack(after);
	ck_assert_str_ne(before, after);
	struct pack_facts now = only_pack(store);
	ck_assert_uint_eq(freed, pack.size - now.size + PACK_HEADER);
	size_t kept = scan(store, &now).good;
	ck_assert(kept > 10 && kept < 50);
	for (size_t i = 0; i < CONTENTS; i++) {
		int expected = hashes[i].bytes[0] % 2 ? 0 : -ERROR_NOT_FOUND;
		ck_assert_int_eq(object_verify(store, &hashes[i], &err), expected);
		ck_assert_int_eq(object_verify(reader, &hashes[i], &err), expected);
	}
	/* Puts of others wait as long as the store is locked. */
	AUTO(lock_release) struct lock shared = LOCK_INIT;
	ck_assert_int_eq(
		lock_acquire_shared(&shared, ".mlops/objects/lock", 0, NULL, &err), -ERROR_LOCKED);
	object_store_close(store);
	store = NULL;
	ck_assert_int_eq(object_put_bytes(reader, "x", 1, &hashes[0], &err), 0);
	store = storefolder_open();
	ck_assert_int_eq(object_store_lock(store, 0, "gc", NULL, &err), -ERROR_LOCKED);
}
END_TEST

static bool keep_all(void *context, const struct hash *hash)
{
	(void)context;
	(void)hash;
	return true;
}

START_TEST(a_rewrite_of_damage)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = lock(storefolder_open());
	struct hash hashes[4];
	struct index_entry facts;
	char path[128];
	uint64_t freed;
	make_small_pack(store, hashes);
	storefolder_pack(path);
	struct pack_facts pack = only_pack(store);
	ck_assert_int_eq(object_find(store, &hashes[0], &facts, &err), 1);
	patch(path, facts.offset + facts.length - 1, 0);
	patch(path, facts.offset + facts.length - 2, 0);
	ck_assert_int_eq(
		pack_rewrite(store, &pack, keep_all, NULL, true, &freed, &err), -ERROR_CORRUPT);
	for (size_t i = 1; i < 4; i++)
		ck_assert_int_eq(object_verify(store, &hashes[i], &err), 0);
	pack_list packs = VEC_INIT; /* it has begun another one */
	ck_assert_int_eq(pack_list_read(store, &packs, &err), 0);
	ck_assert_uint_eq(packs.items[0].id, pack.id);
	vec_release(&packs);
	ck_assert_int_eq(pack_rewrite(store, &pack, keep_all, NULL, false, &freed, &err), 0);
	ck_assert_int_eq(object_verify(store, &hashes[0], &err), -ERROR_NOT_FOUND);
	for (size_t i = 1; i < 4; i++)
		ck_assert_int_eq(object_verify(store, &hashes[i], &err), 0);
	pack = only_pack(store);
	ck_assert_uint_eq(scan(store, &pack).damaged, 0);
}
END_TEST

START_TEST(the_index_is_made_again)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = storefolder_open();
	struct hash hashes[4];
	struct index_entry facts;
	uint64_t entries, lost, freed;
	char path[128];
	make_small_pack(store, hashes);
	object_store_close(store);
	/* The database is lost. */
	ck_assert_int_eq(system("rm .mlops/mlops.db*"), 0);
	store = lock(storefolder_open());
	ck_assert(!object_exists(store, &hashes[0]));
	ck_assert_int_eq(pack_rebuild_index(store, &entries, &lost, &err), 0);
	ck_assert(entries == 4 && lost == 0);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(object_verify(store, &hashes[i], &err), 0);
	/* One entry is damaged, one row is gone: the one goes, the other comes back. */
	ck_assert_int_eq(object_find(store, &hashes[0], &facts, &err), 1);
	storefolder_pack(path);
	patch(path, facts.offset + facts.length - 1, 0);
	patch(path, facts.offset + facts.length - 2, 0);
	ck_assert_int_eq(index_forget(store->index, facts.pack, &hashes[2], 1, &err), 0);
	ck_assert(!object_exists(store, &hashes[2]));
	ck_assert_int_eq(pack_rebuild_index(store, &entries, &lost, &err), 0);
	ck_assert(entries == 1 && lost == 1);
	ck_assert_int_eq(object_verify(store, &hashes[3], &err), 0);
	ck_assert(!object_exists(store, &hashes[0]));
	/* A copy of a pack that holds nothing new is deleted. */
	ck_assert_int_eq(system("cd " STOREFOLDER_PACKS
				" && cp *.pack 0123456789abcdef0123456789abcdef.pack"),
		0);
	patch(STOREFOLDER_PACKS "/0123456789abcdef0123456789abcdef.pack",
		facts.offset + facts.length - 1, 0);
	ck_assert_int_eq(pack_adopt_strays(store, &entries, &freed, &err), 0);
	ck_assert(entries == 0 && freed > 1000);
	storefolder_pack(path);
}
END_TEST

START_TEST(each_process_has_its_pack)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *one = storefolder_open();
	AUTO(object_store_close) struct object_store *two = storefolder_open();
	struct hash hash;
	pack_list packs = VEC_INIT;
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(object_put_bytes(one, "same", 4, &hash, &err), 0);
		ck_assert_int_eq(object_put_bytes(two, "same", 4, &hash, &err), 0);
		flush(one);
		flush(two);
		ck_assert_int_eq(object_put_bytes(one, &i, sizeof i, &hash, &err), 0);
		flush(one);
		ck_assert_int_eq(object_put_bytes(two, &i, sizeof i, &hash, &err), 0);
		flush(two);
	}
	ck_assert_int_eq(pack_list_read(one, &packs, &err), 0);
	ck_assert_uint_eq(packs.count, 2);
	/* The first copy counts, the other is spare. */
	struct counts first = scan(one, &packs.items[0]), second = scan(one, &packs.items[1]);
	ck_assert(first.good == 4 && !first.spare && !second.good && second.spare == 1);
	vec_release(&packs);
	object_store_close(one);
	one = storefolder_open();
	ck_assert_int_eq(object_put_bytes(one, "more", 4, &hash, &err), 0);
	flush(one);
	ck_assert_int_eq(pack_list_read(one, &packs, &err), 0);
	ck_assert_uint_eq(packs.count, 2);
	vec_release(&packs);
}
END_TEST

/* Buffers that are full go to the disk another way than those of a flush or a reader. */
START_TEST(large_amounts_arrive_whole)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = storefolder_open();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf back = STRBUF_INIT;
	enum { N = 48 };
	static const unsigned sizes[] = { 1000000, 4096 - 72, 3, 1 << 20, 131072, 700001, 4097,
		999999 };
	struct hash hashes[N];
	for (unsigned i = 0; i < N; i++) {
		storefolder_fill(&bytes, sizes[i % 8], 100 + i, true);
		hashes[i] = storefolder_put(store, &bytes);
		if (i % 13 == 12)
			flush(store);
		if (i % 7 != 6)
			continue;
		strbuf_clear(&back); /* what was appended can be read before it is flushed */
		ck_assert_msg(object_get_bytes(store, &hashes[i - i % 3], 0, &back, &err) == 0,
			"%s", err.message);
	}
	flush(store);
	struct pack_facts pack = only_pack(store);
	struct counts counts = scan(store, &pack);
	ck_assert(counts.good == N && !counts.spare && !counts.damaged);
	for (unsigned i = 0; i < N; i++) {
		storefolder_fill(&bytes, sizes[i % 8], 100 + i, true);
		strbuf_clear(&back);
		ck_assert_int_eq(object_get_bytes(store, &hashes[i], 0, &back, &err), 0);
		ck_assert_uint_eq(back.length, bytes.length);
		ck_assert(memcmp(back.text, bytes.text, bytes.length) == 0);
	}
}
END_TEST

UNIT_MAIN("store/pack", the_format_byte_by_byte, every_flipped_byte_is_found,
	a_torn_tail_is_cut_off, killed_at_any_moment, a_rewrite_keeps_what_is_wanted,
	a_rewrite_of_damage, the_index_is_made_again, each_process_has_its_pack,
	large_amounts_arrive_whole)
