/*
 * remote: a store elsewhere that several clones push to and pull from.
 *
 * On the endpoint (format version 1, mlops-store(5)):
 *
 *	mlops-remote           "1\n"
 *	packs/HASH.pack        entries, bases before what is built on them; named by the BLAKE3 of
 *	                       the file; never changed
 *	index/HASH.pack        which entries that pack holds and where; written after the pack, so
 *	                       what is listed is complete
 *	index/HASH.KIND        other documents that travel whole ("runs"), named by their content
 *	manifest               names in index/, for servers that cannot list; the last writer's
 *
 * Nothing is ever changed in place and no lock is taken: two clones that push at once both
 * succeed. What is known of a remote (its index files, by name) is kept in the workspace's
 * database, so that a refresh is one listing and only new index files are read.
 *
 * Everything that comes from a remote is hostile until its hash has been compared: sizes are
 * bounded before memory is taken, names are checked, and it can write nowhere but into packs.
 */
#ifndef MLOPS_STORE_REMOTE_H
#define MLOPS_STORE_REMOTE_H

#include "mlops/store/object.h"
#include "mlops/transfer/endpoint.h"

struct remote;

struct remote_settings {
	struct endpoint_settings endpoint;
	size_t jobs; /* transfers at once; 0: 4 */
};

/*
 * name: of the remote, for messages; url as in endpoint.h, under which the database keeps what is
 * known. settings may be NULL. Makes no exchange. For one thread.
 */
int remote_open(struct object_store *store, const struct workspace *workspace, const char *name,
	const char *url, const struct remote_settings *settings, struct remote **ret,
	struct error *err) MUST_CHECK;
void remote_close(struct remote *remote);
AUTO_FREE_OF(struct remote, remote_close)

/*
 * Looks at what the remote has: one exchange, and one more for each new index file. An empty
 * remote is one without entries. Called by the functions below if it was not yet.
 */
int remote_refresh(
	struct remote *remote, const struct event_sink *sink, struct error *err) MUST_CHECK;
uint64_t remote_requests(const struct remote *remote);

/* Was it ever looked at from this store? Makes no exchange. */
bool remote_is_known(struct remote *remote);

/* The URL, with the server if one is named: the same remote has the same text. */
const char *remote_peer(const struct remote *remote);

/* Did the last refresh find documents gone that were there once? Then send yours again. */
bool remote_lost_documents(const struct remote *remote);

/* Does the remote have it, as far as the last refresh, ever, knew? Makes no exchange. */
bool remote_has(struct remote *remote, const struct hash *hash);

struct remote_summary {
	uint64_t objects, entries, bytes, packs, requests; /* what travelled */
	double seconds;
};

/*
 * Sends what the remote lacks of these objects and of all that they need. Of an object that it has
 * it has all that is needed too: index files are put in the order in which entries need each other.
 * Interrupted, the packs that arrived count: the same call sends the rest, and what has arrived
 * without its index file is not sent again, since the same entries make the same packs.
 */
int remote_push(struct remote *remote, const struct hash *objects, size_t count,
	const struct event_sink *sink, struct remote_summary *ret_summary,
	struct error *err) MUST_CHECK;

/*
 * Fetches what this store lacks of these objects and of all that they need, in ranges, several at
 * once, verified and flushed now and then, so that an interrupted call is continued by the next.
 * ERROR_NOT_FOUND names the first object that the remote lacks, after the others were fetched;
 * n_missing (may be NULL) counts them. again: also those that are here (fsck --repair).
 */
int remote_fetch(struct remote *remote, const struct hash *objects, size_t count, bool again,
	const struct event_sink *sink, struct remote_summary *ret_summary, size_t *n_missing,
	struct error *err) MUST_CHECK;

/*
 * Documents: kind is of [a-z], at most 16 letters, not "pack"; they are compressed with zstd, and
 * REMOTE_DOCUMENT_MOST bytes at most. Putting what is there already makes no request.
 */
#define REMOTE_DOCUMENT_MOST ((size_t)512 << 20)
int remote_put_document(struct remote *remote, const char *kind, const void *bytes, size_t count,
	struct error *err) MUST_CHECK;

/*
 * Calls visit for each document of the kind that visit has not taken from this remote before; one
 * for which it returned 0 is not shown again once remote_documents() has returned 0. 1: not taken,
 * go on; -code ends it.
 */
typedef int remote_document(
	void *context, const char *name, const void *bytes, size_t count, struct error *err);
int remote_documents(struct remote *remote, const char *kind, remote_document *visit, void *context,
	struct error *err) MUST_CHECK;

/*
 * Once after all was put: lists the names for readers over plain HTTP, which cannot list. Makes no
 * request if nothing was put. Two that write it at once may lose names of each other until the next
 * push; whoever can list does not need it.
 */
int remote_put_manifest(struct remote *remote, struct error *err) MUST_CHECK;

#endif
