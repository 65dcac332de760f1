/*
 * remote_internal: what is known of a remote, and the format of its index files.
 *
 * An index file says what lies in one pack, in order of place (numbers little-endian):
 *
 *	0	"mlpi", version (1), three zeros
 *	8	u64	bytes of the pack
 *	16	u32	entries
 *	20	u32	zero
 *	24	u64	needs
 *	32	entries	hash (32), u32 bytes of the raw entry, u32 how many of the needs are its
 *	...	needs	hashes (32): bases and chunks of each entry that has some, in their order
 *	end	BLAKE3 (32) of all before
 *
 * Entries follow each other without gaps from PACK_HEADER to the end of the pack, so no place has
 * to be stored, and none can lie outside. Needs are a hint of what to fetch together: what an entry
 * really needs is seen when it has arrived.
 */
#ifndef MLOPS_STORE_REMOTE_INTERNAL_H
#define MLOPS_STORE_REMOTE_INTERNAL_H

#include "mlops/base/vec.h"
#include "mlops/database/statement.h"
#include "mlops/database/transaction.h"
#include "mlops/store/remote.h"
#include "mlops/system/hash_set.h"
#include "pack_internal.h"

#define REMOTE_VERSION "1\n"
#define REMOTE_VERSION_FILE "mlops-remote"
#define REMOTE_MANIFEST "manifest"
#define REMOTE_PACK_KIND "pack"

enum {
	REMOTE_INDEX_HEADER = 32,
	REMOTE_INDEX_ENTRY = 40,
	REMOTE_INDEX_MOST = 256 << 20, /* bytes of an index file */
	REMOTE_FILES_MOST = 1 << 20, /* names in index/ */
	REMOTE_PACK_BYTES = 32 << 20, /* a pack is closed behind it */
	REMOTE_PACK_ENTRIES = 1 << 20,
	REMOTE_KIND_LONGEST = 16,
	REMOTE_NAME_SIZE = 8 + HASH_TEXT_SIZE + REMOTE_KIND_LONGEST + 2,
	REMOTE_JOBS = 4
};

/* One entry of an index file. */
struct remote_entry {
	struct hash hash;
	uint64_t offset;
	uint32_t length, n_needs;
	uint32_t pack; /* number in remote.packs */
	size_t first_need; /* in remote.needs */
};
typedef VEC(struct remote_entry) remote_entries;
typedef VEC(struct hash) remote_hashes;

/* Builds the bytes of an index file; offsets and packs are not looked at. */
int remote_index_format(uint64_t pack_size, const struct remote_entry *entries, size_t count,
	const struct hash *needs, struct strbuf *buffer, struct error *err) MUST_CHECK;

/* Appends; first_need counts from the needs that are there already. ERROR_CORRUPT. */
int remote_index_parse(const void *bytes, size_t count, uint32_t pack, remote_entries *entries,
	remote_hashes *needs, uint64_t *ret_pack_size, struct error *err) MUST_CHECK;

struct remote_pack {
	struct hash name;
	uint64_t size; /* of the pack */
	uint64_t
		index_size; /* of its index file; 0: it has been damaged, or is not there any more */
};
struct remote_document_name {
	char kind[REMOTE_KIND_LONGEST + 1];
	struct hash name;
	bool taken;
};

struct remote {
	struct object_store *store;
	struct endpoint *endpoint;
	struct database *database;
	char *name, *url, *temporary;
	const struct event_sink *sink; /* of the settings; may be NULL */
	size_t jobs;
	int64_t number; /* in the database; 0: not there yet */
	bool loaded, refreshed, is_made; /* is_made: its version file is known to be there */
	bool put_something, lost_documents;

	VEC(struct remote_pack) packs;
	remote_entries entries;
	remote_hashes needs;
	struct hash_set places; /* hash to number in entries, of the first that has it */
	VEC(struct remote_document_name) documents; /* by kind and name */
};

/* "index/HASH.KIND", "packs/HASH.pack". */
void remote_file_name(const char *folder, const struct hash *hash, const char *kind,
	char ret_name[REMOTE_NAME_SIZE]);

/* What the database knows; once. */
int remote_load(struct remote *remote, struct error *err) MUST_CHECK;

/* A pack of which the index file is given becomes known, here and (stored) in the database. */
int remote_add_pack(struct remote *remote, const struct hash *name, const struct strbuf *index,
	bool store, struct error *err) MUST_CHECK;
int remote_add_document(struct remote *remote, const char *kind, const struct hash *name,
	bool taken, struct error *err) MUST_CHECK;

/* The row of the remote. */
int remote_make_row(struct remote *remote, struct error *err) MUST_CHECK;

/* The version file is put if it may be missing. */
int remote_make(struct remote *remote, struct error *err) MUST_CHECK;

/* NULL if the remote does not have it. */
const struct remote_entry *remote_find(struct remote *remote, const struct hash *hash);

#endif
