/*
 * pack: the files that entries lie in, for what walks and rewrites them: gc, fsck, repack.
 *
 * A pack is .mlops/objects/packs/NAME.pack: 16 bytes (magic "mlpk", version, zeros, check), then
 * entries (store/entry.h) one behind the other. Files only grow, and only behind what the index
 * calls acknowledged (pack_facts.size); whoever appends holds an flock on the file. A pack that is
 * rewritten gets a new number and a new name, so a reader that finds its file gone looks up again.
 *
 * Everything here but scanning wants the store to itself: object_store_lock() first, then it is
 * certain that no other process has put something that it has not recorded yet.
 */
#ifndef MLOPS_STORE_PACK_INTERNAL_H
#define MLOPS_STORE_PACK_INTERNAL_H

#include "mlops/base/event.h"
#include "mlops/base/id.h"
#include "mlops/base/vec.h"
#include "mlops/store/entry.h"

enum { PACK_HEADER = 16, PACK_VERSION = 1 };
#define PACK_FULL ((uint64_t)1 << 30) /* bytes from which on another pack is begun */
#define PACK_FOLDER "packs"
#define PACK_SUFFIX ".pack"

/* The first 8 bytes of BLAKE3 as a little-endian number: the check of payloads and heads. */
uint64_t pack_check(const void *bytes, size_t count);
void pack_header_write(unsigned char ret_bytes[PACK_HEADER]);
/* ERROR_CORRUPT; ERROR_UNSUPPORTED for a version this program does not know. */
int pack_header_read(const unsigned char *bytes, size_t count, struct error *err) MUST_CHECK;

/* The head of an entry, bases included: entry_head_length() bytes. payload_check: pack_check(). */
enum { PACK_HEAD_MOST = ENTRY_HEADER + ENTRY_BASES * HASH_SIZE };
void pack_head_write(
	const struct entry *entry, uint64_t payload_check, unsigned char ret_bytes[PACK_HEAD_MOST]);
uint64_t pack_payload_check(const unsigned char *head); /* as it stands in the head */

struct pack_facts {
	int64_t id;
	uint64_t size; /* acknowledged bytes */
	struct id name;
};
typedef VEC(struct pack_facts) pack_list;

/* All packs of the index, by id. Release with vec_release(). */
int pack_list_read(struct object_store *store, pack_list *ret, struct error *err) MUST_CHECK;
char *pack_path(
	const struct object_store *store, const struct id *name, struct error *err) MUST_CHECK;

/*
 * Keeps every other process from putting, and waits until those that have put something have closed
 * their store (ERROR_LOCKED if `wait` seconds were not enough; `command` is for their messages).
 * Puts of this store go on. Released by object_store_close().
 */
int object_store_lock(struct object_store *store, double wait, const char *command,
	const struct event_sink *sink, struct error *err) MUST_CHECK;

/* What lies in a pack at one place. */
enum pack_state {
	PACK_GOOD, /* head and payload are as they were written, and the index knows it here */
	PACK_SPARE, /* whole, but the index has it elsewhere, or not at all: of no use */
	PACK_DAMAGED /* the bytes up to the next place that can be read */
};
struct pack_found {
	enum pack_state state;
	uint64_t offset, length;
	struct entry entry; /* of a damaged one: the hash that the index has here, or zeros */
	bool is_known; /* damaged: does the index have an entry here? */
	const unsigned char *raw; /* unless damaged; until visit returns */
	const char *what; /* damaged: "its payload has changed" */
};
typedef int pack_visit(void *context, const struct pack_found *found, struct error *err);

/*
 * Calls visit for all of a pack up to its acknowledged size, in order of place, without gaps: any
 * byte that is not as it was written is part of something damaged. Behind damage it goes on with
 * the next entry that the index knows. A file that is missing or too short is damaged to its end.
 * Payloads are compared with their check sums, not decoded: that is object_verify().
 */
int pack_scan(struct object_store *store, const struct pack_facts *pack, pack_visit *visit,
	void *context, struct error *err) MUST_CHECK;

/*
 * Moves all entries that keep() wants from a pack to others and deletes it: they are written,
 * synced and acknowledged first, rows and pack go in one transaction, then the file. Those that
 * keep() does not want are gone, as are spare ones; damaged ones that it wants stay in the index
 * of no pack, so they are gone too, unless `stop_at_damage`, when it is ERROR_CORRUPT and all
 * stays. Needs object_store_lock(). *ret_freed: bytes that the packs together became smaller.
 */
typedef bool pack_keep(void *context, const struct hash *hash);
int pack_rewrite(struct object_store *store, const struct pack_facts *pack, pack_keep *keep,
	void *context, bool stop_at_damage, uint64_t *ret_freed, struct error *err) MUST_CHECK;

/*
 * Deletes files in the packs' folder that the index does not know, unless they hold an entry that
 * it lacks: those are taken into the index (a killed rewrite leaves the one, a database restored
 * from an older copy the other). Needs object_store_lock().
 */
int pack_adopt_strays(struct object_store *store, uint64_t *ret_entries, uint64_t *ret_freed,
	struct error *err) MUST_CHECK;

/*
 * Makes the index again from the packs: rows that point to what is not there go, entries that the
 * packs hold and the index lacks come in (as objects, added now). Needs object_store_lock().
 */
int pack_rebuild_index(struct object_store *store, uint64_t *ret_entries, uint64_t *ret_lost,
	struct error *err) MUST_CHECK;

/* Facts of an entry as the index has them. */
struct index_entry {
	struct hash hash;
	int64_t pack;
	uint64_t offset, length; /* raw bytes */
	uint64_t size; /* of the content */
	int64_t added; /* seconds since 1970: for the grace period of gc */
	enum entry_kind kind;
	enum entry_method method;
	unsigned depth;
	bool is_object;
};

/* 1 and the facts; 0 if the index does not have it. Contents of layout 1 are not in the index. */
int object_find(struct object_store *store, const struct hash *hash, struct index_entry *ret,
	struct error *err) MUST_CHECK;

/* Calls visit for every entry of the index, by hash; as object_each(). */
typedef int index_visit(void *context, const struct index_entry *entry, struct error *err);
int object_each_entry(struct object_store *store, index_visit *visit, void *context,
	struct error *err) MUST_CHECK;

/* An entry that is there is an object of its own from now on: for what a remote has sent. */
int object_mark(struct object_store *store, const struct hash *hash, struct error *err) MUST_CHECK;

/* Contents of layout 1, one file each in objects/ab/cdef…; read like any other. By hash. */
int object_each_loose(struct object_store *store,
	int (*visit)(void *context, const struct hash *hash, struct error *err), void *context,
	struct error *err) MUST_CHECK;
/* Puts one into a pack; its file stays. Damaged ones are ERROR_CORRUPT. */
int object_loose_pack(
	struct object_store *store, const struct hash *hash, struct error *err) MUST_CHECK;
/* Removes the files of those that packs hold; flush first. Needs object_store_lock(). */
int object_loose_clear(
	struct object_store *store, uint64_t *ret_files, struct error *err) MUST_CHECK;

#endif
