/*
 * transfers: what push and pull share: what they open, the paths that a person names, and how the
 * end is told.
 */
#ifndef MLOPS_SUBCOMMANDS_TRANSFERS_H
#define MLOPS_SUBCOMMANDS_TRANSFERS_H

#include "invocation.h"
#include "mlops/versioning/remotes.h"
#include "mlops/versioning/sync.h"

struct transfer {
	struct record *record; /* for short writes; no lock is held while something travels */
	struct object_store *store;
	struct remote *remote;
	const struct config_remote *facts;
};

/* remote: --remote, or NULL. */
int transfer_open(struct invocation *invocation, const char *remote, uint64_t jobs,
	struct transfer *ret, struct error *err) MUST_CHECK;
void transfer_close(struct transfer *transfer);
AUTO_RELEASE(struct transfer, transfer_close)

/*
 * What is named is seen from the working folder; paths from the workspace's root, in the arena.
 * "data.csv.mlops" names the data. ERROR_USAGE if one is outside of the workspace.
 */
int transfer_paths(struct invocation *invocation, const struct option_list *paths,
	struct sync_options *options, struct error *err) MUST_CHECK;

/* "3 packs, 101 MB in 2.1 s (48 MB/s), 6 requests" */
void transfer_describe(struct strbuf *text, const struct remote_summary *transfer);

/* Members of the document: remote, url, objects, … */
void transfer_json(
	struct json_writer *json, const struct transfer *transfer, const struct sync_summary *sum);

#endif
