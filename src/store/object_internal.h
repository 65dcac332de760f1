/*
 * object: what the files of the object store share. A store is an index (what lies where), a writer
 * (the pack that this process appends to), open packs for reading, a cache of bases, and workers:
 * what one thread needs for compressing, borrowed for the length of a call.
 *
 * Order of locks: writer, then any other; of the others never two at once.
 */
#ifndef MLOPS_STORE_OBJECT_INTERNAL_H
#define MLOPS_STORE_OBJECT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "mlops/store/compress.h"
#include "mlops/system/lock.h"

#include "index_internal.h"
#include "pack_internal.h"

/* Where content goes; NULL drops it. */
struct object_sink {
	int (*write)(void *context, const void *bytes, size_t count, struct error *err);
	void *context;
	/* The same in any order and from several threads, then skip() what was written; or NULL. */
	int (*write_at)(
		void *context, uint64_t offset, const void *bytes, size_t count, struct error *err);
	int (*skip)(void *context, uint64_t count, struct error *err);
};
struct object_descriptor { /* context of the one below */
	int fd;
	const char *name;
	uint64_t start; /* what write_at()'s offsets are counted from */
};
int object_to_descriptor(void *context, const void *bytes, size_t count, struct error *err);

/* Packs that are open for reading; see pack_read.c. */
enum { PACK_FILES = 64 };
struct pack_file {
	int64_t id; /* 0: free */
	int fd;
	unsigned users;
	uint64_t used; /* when last, by the clock of the table */
};
struct pack_files {
	pthread_mutex_t lock;
	struct pack_file files[PACK_FILES];
	uint64_t clock;
};

/* The pack that is appended to; see pack_writer.c. */
struct pack_writer {
	pthread_mutex_t lock; /* guards all below */
	struct pack_facts pack;
	int fd; /* locked; -1: none is claimed */
	char *path;
	bool is_new; /* its folder has to be synced */
	int64_t avoided; /* a pack that is being rewritten */
	unsigned char *buffer; /* what comes behind `written` */
	size_t buffered;
	uint64_t started; /* up to here writing to disk was begun */
	_Atomic uint64_t written; /* bytes of the file; may be read without the lock, as may */
	_Atomic int64_t id; /* of the pack */
	struct error failed; /* from the first failure on, nothing is taken or acknowledged */
};

/* A decoded blob, shared by those who need it as a base; see object_cache.c. */
struct object_content {
	struct hash hash;
	unsigned char *bytes;
	size_t count, room;
	unsigned users;
	atomic_bool is_verified; /* its hash has been compared */
	bool is_cached;
	uint64_t used;
};
enum { OBJECT_CACHED = 128, OBJECT_SPARE = 8 };
struct object_cache {
	pthread_mutex_t lock;
	struct object_content *contents[OBJECT_CACHED];
	struct object_content *spare[OBJECT_SPARE]; /* nobody's */
	size_t n_spare;
	size_t bytes; /* of those in the cache */
	uint64_t clock;
};

struct object_worker {
	struct object_worker *next;
	struct compressor *compressor;
	struct strbuf payload, content, bases;
};

struct object_store {
	char *folder, *objects, *packs, *gate;
	struct index *index;
	struct pack_files files;
	struct pack_writer writer;
	struct object_cache cache;
	pthread_mutex_t large; /* one large content at a time is put: it uses all threads itself */
	pthread_mutex_t lock; /* guards what follows */
	struct object_worker *idle;
	struct lock interlock; /* shared since the first put; alone after object_store_lock() */
	bool is_ready; /* to be written to */
	atomic_bool ignores_loose; /* while one is moved into a pack */
	int loose; /* are there objects of layout 1? -1: not looked yet */
};

struct object_worker *object_worker_take(struct object_store *store, struct error *err) MUST_CHECK;
void object_worker_give(struct object_store *store, struct object_worker *worker);

/* Before anything is put: gc has to wait from now on, and the folder of packs is there. */
int object_begin(struct object_store *store, struct error *err) MUST_CHECK;

void pack_files_init(struct pack_files *files);
void pack_files_release(struct pack_files *files);

/* Reads `count` bytes at the place. ERROR_NOT_FOUND: that pack is gone. ERROR_CORRUPT: too short. */
int pack_read(struct object_store *store, int64_t pack, uint64_t offset, void *bytes, size_t count,
	struct error *err) MUST_CHECK;

/* entry_parse(), and the raw bytes are exactly that entry, its payload as it was written. */
int pack_raw_check(
	const void *bytes, size_t count, struct entry *ret, struct error *err) MUST_CHECK;

/* Closes the descriptor of a pack that is deleted, so that its blocks become free. */
void pack_files_forget(struct object_store *store, int64_t pack);

/* pack_scan() of a file and rows; end UINT64_MAX: of the file. */
int pack_scan_file(const char *path, uint64_t end, const index_entries *rows, pack_visit *visit,
	void *context, struct error *err) MUST_CHECK;

int64_t pack_time(void); /* seconds since 1970: when entries are added */
void pack_writer_init(struct pack_writer *writer);
void pack_writer_release(struct pack_writer *writer);

/* An entry to be appended. */
struct pack_new {
	struct entry entry;
	uint64_t payload_check;
	const void *payload;
	bool is_object, replace; /* as in index_add() */
	int64_t added; /* 0: now */
};
/* 1; 0 if an entry of that hash is pending already; -code. */
int pack_append(
	struct object_store *store, const struct pack_new *entry, struct error *err) MUST_CHECK;
int pack_flush(struct object_store *store, struct error *err) MUST_CHECK;
/* The same, and in the same transaction another pack and all rows that are in it are removed. */
int pack_flush_removing(struct object_store *store, int64_t pack, struct error *err) MUST_CHECK;
/* What was appended can be read from the file, if it lies in front of `end`. */
int pack_settle(
	struct object_store *store, int64_t pack, uint64_t end, struct error *err) MUST_CHECK;
/* Nothing is appended to that pack from now on (0: to any again). */
int pack_writer_avoid(struct object_store *store, int64_t pack, struct error *err) MUST_CHECK;

void object_cache_init(struct object_cache *cache);
void object_cache_release(struct object_cache *cache);
struct object_content *object_content_make(struct object_store *store, const struct hash *hash,
	size_t count, struct error *err) MUST_CHECK;
/* Found ones are borrowed until object_content_give(). NULL: it is not there. */
struct object_content *object_cache_find(struct object_store *store, const struct hash *hash);
void object_cache_add(struct object_store *store, struct object_content *content);
void object_cache_forget(struct object_store *store, const struct hash *hash);
void object_content_give(struct object_store *store, struct object_content *content);

/* The raw bytes of an entry, its head parsed and compared with the index; payload unverified. */
int object_raw(struct object_store *store, const struct hash *hash, struct strbuf *raw,
	struct entry *ret, struct error *err) MUST_CHECK;

/*
 * The content of a blob of which the raw bytes are given, into `content` (replaced) unless it is
 * stored as it is: *ret_bytes says where it is. Its hash is not compared yet: the caller does that,
 * with this or with something larger that it is part of.
 */
int object_decode_raw(struct object_store *store, struct object_worker *worker,
	const struct entry *entry, const struct strbuf *raw, struct strbuf *content,
	const unsigned char **ret_bytes, struct error *err) MUST_CHECK;

/* Bytes of all bases of one delta: a chain of them is in memory at once. */
enum { OBJECT_BASES_BYTES = 2 * ENTRY_CHUNK_MOST };

/* The verified content of a blob, for building on it; borrowed. ERROR_UNSUPPORTED: it is a list. */
int object_base(struct object_store *store, struct object_worker *worker, const struct hash *hash,
	struct object_content **ret, struct error *err) MUST_CHECK;

/*
 * Work on consecutive parts by several threads, each taking one part through all stages; through a
 * stage the parts go one at a time and in order. See object_stage.c.
 */
struct object_stage {
	pthread_mutex_t lock;
	pthread_cond_t turn;
	uint64_t next; /* number of the part whose turn it is */
	bool stopped;
};
void object_stage_init(struct object_stage *stage);
void object_stage_release(struct object_stage *stage);
bool object_stage_enter(struct object_stage *stage, uint64_t part); /* false: it was stopped */
void object_stage_leave(struct object_stage *stage);
void object_stage_stop(struct object_stage *stage);
size_t object_threads(uint64_t parts);

/* The content of a list, in order, its hash compared at the end. */
int object_stream(struct object_store *store, const struct entry *entry, const struct strbuf *raw,
	const struct object_sink *sink, struct error *err) MUST_CHECK;

#endif
