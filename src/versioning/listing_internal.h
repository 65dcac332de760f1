/*
 * listing_internal: the files of tracked data as they lie in the workspace, beside what the stat
 * cache knows of them. add, status and checkout's look at what would be lost are made of this.
 *
 * A folder whose files are all clean, and are all that the cache has of it, is only marked in
 * `same`: so in the usual case nothing is kept for a file. All other files are entries, those of
 * one folder one behind the other. A tracked file is one entry with the path "".
 */
#ifndef MLOPS_VERSIONING_LISTING_INTERNAL_H
#define MLOPS_VERSIONING_LISTING_INTERNAL_H

#include "mlops/base/arena.h"
#include "mlops/base/event.h"
#include "mlops/base/vec.h"
#include "mlops/store/object.h"
#include "mlops/versioning/pointer.h"
#include "mlops/versioning/stat_cache.h"
#include "mlops/versioning/tree.h"

struct listing_entry {
	const char *path; /* below the data */
	struct file_facts facts;
	struct hash hash;
	size_t cached; /* its index in the stat cache, SIZE_MAX if it has none */
	bool known; /* is `hash`, of the content with these facts? */
	bool wanted; /* is to be read, unless it is known */
	bool was_read;
};

/* What cannot be tracked, the first by path; the message says why. */
struct listing_problem {
	char *path; /* from the root; NULL: none */
	const char *why;
	size_t count;
};

struct listing_worker;
struct listing {
	const struct workspace *workspace;
	const char *data_path; /* borrowed */
	const struct stat_cache *cache; /* borrowed */
	unsigned char *same; /* for each folder of the cache */
	size_t n_same, n_same_files;
	struct listing_entry *entries;
	size_t count;
	size_t n_files; /* all: entries and those of same folders */
	uint64_t size;
	int64_t since; /* for the next stat cache; set by listing_read() */
	uint64_t bytes_read;
	struct listing_problem problem;
	struct listing_worker *workers;
	size_t n_workers;
};
void listing_release(struct listing *listing);
AUTO_RELEASE(struct listing, listing_release)

/* Looks at a folder (or a regular file or link, where facts say so). Nothing is read. */
int listing_make(const struct workspace *workspace, const char *data_path,
	const struct file_facts *facts, const struct stat_cache *cache, struct listing *ret,
	struct error *err) MUST_CHECK;

/* Is everything as the cache has it? */
bool listing_is_same(const struct listing *listing);

/*
 * Reads all entries that are wanted and not known: with a store they are put into it, else only
 * hashed. predecessor: of an entry, or NULL. Their facts become those of what was read.
 */
typedef const struct hash *listing_predecessor(void *context, const struct listing_entry *entry);
struct listing_reading {
	struct object_store *store;
	listing_predecessor *predecessor; /* may be NULL */
	void *context;
	const struct event_sink *sink;
	const char *text; /* of the progress: "adding" */
	uint64_t done, total; /* bytes of more than one listing */
};
int listing_read(
	struct listing *listing, struct listing_reading *reading, struct error *err) MUST_CHECK;

/* Files of folders that are the same, as entries that are known, added to the others. */
int listing_expand(struct listing *listing, struct error *err) MUST_CHECK;

enum tree_kind listing_kind(const struct file_facts *facts);

#endif
