/*
 * entry: what packs hold, as it is stored: for moving between stores, gc and fsck.
 *
 * Every content is one entry: a blob (a small file, or a chunk of a large one) or a list, whose
 * payload names the chunks that make up a large content. An entry is named by the BLAKE3 hash of
 * the content it stands for, so a list has the name of the whole file. Its bytes, "raw", are the
 * same in every pack, here or on a remote: header, names of bases, payload (mlops-store(5)). A
 * delta decodes only beside its bases, at most ENTRY_BASES, which are entries too; chains are at
 * most ENTRY_DEPTH long.
 */
#ifndef MLOPS_STORE_ENTRY_H
#define MLOPS_STORE_ENTRY_H

#include "mlops/store/object.h"

enum entry_kind { ENTRY_BLOB, ENTRY_LIST };
enum entry_method { ENTRY_STORED, ENTRY_ZSTD, ENTRY_DELTA };
enum {
	ENTRY_BASES = 4,
	ENTRY_DEPTH = 32, /* deltas on deltas */
	ENTRY_CHUNK_MOST = 4 << 20, /* bytes of content of a blob, bound of memory while decoding */
	ENTRY_HEADER = 72 /* bytes before the names of the bases */
};

/* Raw entries are at most this long; everything larger on a remote is hostile. */
#define ENTRY_RAW_MOST ((size_t)ENTRY_CHUNK_MOST + ENTRY_HEADER + ENTRY_BASES * HASH_SIZE + 4096)

struct entry {
	struct hash hash;
	enum entry_kind kind;
	enum entry_method method;
	unsigned depth; /* 0: no delta */
	size_t n_bases;
	struct hash bases[ENTRY_BASES];
	uint64_t size; /* of the content */
	uint64_t payload; /* bytes */
};

/* Bytes of header and bases of this entry, so that raw length = this + payload. */
size_t entry_head_length(const struct entry *entry);

/*
 * Reads the head of raw bytes: magic, bounds and its check sum. ERROR_CORRUPT. `count` may be less
 * than the whole entry, but not less than its head.
 */
int entry_parse(const void *bytes, size_t count, struct entry *ret, struct error *err) MUST_CHECK;

bool entry_exists(struct object_store *store, const struct hash *hash);

/* The raw bytes of an entry, head verified, payload against its check sum. Appends to buffer. */
int entry_read(struct object_store *store, const struct hash *hash, struct entry *ret,
	struct strbuf *buffer, struct error *err) MUST_CHECK;

/*
 * Takes the raw bytes of an entry from elsewhere: they are decoded and compared with the name first
 * (a blob's and delta's content; a list's form, its content once all chunks are there by
 * object_verify()), so bases come before what is built on them. Already there is success, unless
 * what is there is damaged, which is then replaced. ERROR_CORRUPT: not what it says it is.
 */
int entry_write(
	struct object_store *store, const void *bytes, size_t count, struct error *err) MUST_CHECK;

/*
 * Calls visit for what an entry needs: its bases, and of a list the chunks. Not recursive. From the
 * index and, for a list, its payload.
 */
typedef int entry_visit(void *context, const struct hash *hash, struct error *err);
int entry_needs(struct object_store *store, const struct hash *hash, entry_visit *visit,
	void *context, struct error *err) MUST_CHECK;

/* All entries in order of where they are stored, for moving many. */
struct entry_place {
	struct hash hash;
	int64_t pack;
	uint64_t offset, length; /* raw bytes */
};
int entry_places(struct object_store *store, const struct hash *hashes, size_t count,
	struct entry_place *ret_places,
	struct error *err) MUST_CHECK; /* ERROR_NOT_FOUND names one */

/*
 * Adds to a growing set every entry that the given objects need, themselves included, bases and
 * chunks before what is built on them. Hashes that are in the set already are not entered again.
 */
struct entry_closure;
int entry_closure_make(struct entry_closure **ret, struct error *err) MUST_CHECK;
void entry_closure_free(struct entry_closure *closure);
AUTO_FREE_OF(struct entry_closure, entry_closure_free)
int entry_closure_add(struct object_store *store, struct entry_closure *closure,
	const struct hash *hash,
	struct error *err) MUST_CHECK; /* ERROR_NOT_FOUND names what lacks */
bool entry_closure_has(const struct entry_closure *closure, const struct hash *hash);
size_t entry_closure_list(const struct entry_closure *closure, const struct hash **ret_hashes);

#endif
