/*
 * provenance: is a file that was read tracked, and is it the version that its pointer names?
 *
 * The content's hash is the caller's, who has read the file: nothing is read again, and what is
 * compared is what was read. For a file in a tracked folder the stat cache says what the listing
 * has, or else the listing in the store.
 */
#ifndef MLOPS_VERSIONING_PROVENANCE_H
#define MLOPS_VERSIONING_PROVENANCE_H

#include "mlops/store/object.h"
#include "mlops/store/workspace.h"
#include "mlops/versioning/pointer.h"

enum provenance_state {
	PROVENANCE_UNTRACKED,
	PROVENANCE_SAME,
	PROVENANCE_CHANGED, /* the pointer's version has another content there */
	PROVENANCE_UNLISTED, /* in a tracked folder, but not in the pointer's version of it */
	PROVENANCE_UNKNOWN /* the listing is not in the store */
};

/*
 * The params of a run that hold versions: "PATH@HASH" of each tracked file and "PATH/@HASH" of each
 * tracked folder that it read from, by path, joined with ", "; and the files that were not as their
 * pointer says, the same way. gc keeps what the first names.
 */
#define PROVENANCE_PARAM_TRACKED "data.tracked"
#define PROVENANCE_PARAM_CHANGED "data.changed"

/* Calls visit for each version in the text of such a param; what is none is passed over. */
typedef int provenance_visit(void *context, const char *path, enum pointer_kind kind,
	const struct hash *hash, struct error *err);
int provenance_each(
	const char *text, provenance_visit *visit, void *context, struct error *err) MUST_CHECK;

struct provenance {
	enum provenance_state state;
	char *tracked; /* path of the tracked file or folder from the workspace's root; or NULL */
	enum pointer_kind kind;
	struct hash version; /* the pointer's: of the file, or of the tree */
};

/*
 * path: as one opens it; links are followed. A pointer that is wrong is ERROR_INVALID. A file
 * outside of the workspace is untracked.
 */
int provenance_find(const struct workspace *workspace, struct object_store *store, const char *path,
	const struct hash *content, struct provenance *ret, struct error *err) MUST_CHECK;
void provenance_release(struct provenance *provenance);
AUTO_RELEASE(struct provenance, provenance_release)

#endif
