/*
 * tree: the listing of a tracked folder, one object of the store.
 *
 *	mlops-tree 1
 *	644 <blake3> <size> <path>
 *	755 <blake3> <size> <path>
 *	link <blake3> <size> <path>
 *
 * One line each file, sorted by the bytes of the path (relative, '/' between components), without
 * folders: an empty one is not tracked. In a path a backslash and control characters are written
 * \\ and \xHH. A link's content is the object of its text; it may only name something inside the
 * folder. Modes are 644 or, with the owner's x bit, 755. The same folder gives the same bytes.
 *
 * Trees come from elsewhere too: tree_parse() refuses unsafe paths (versioning/pointer.h), wrong
 * order, doubles, a file that is also a folder of another, sizes whose sum overflows, and every
 * other way of writing the same. The text of a link is not in the tree: whoever makes a link calls
 * tree_check_link() before.
 */
#ifndef MLOPS_VERSIONING_TREE_H
#define MLOPS_VERSIONING_TREE_H

#include "mlops/base/arena.h"
#include "mlops/base/strbuf.h"
#include "mlops/system/hash.h"

enum tree_kind { TREE_FILE, TREE_EXECUTABLE, TREE_LINK };

struct tree_entry {
	const char *path; /* unescaped, NUL-terminated */
	enum tree_kind kind;
	struct hash hash;
	uint64_t size;
};
struct tree {
	struct tree_entry *entries; /* by path */
	size_t count;
	uint64_t size; /* sum */
	struct arena arena; /* holds the paths, and the entries of a parsed tree */
};

int tree_parse(const char *bytes, size_t count, struct tree *ret, struct error *err) MUST_CHECK;
void tree_release(struct tree *tree);
AUTO_RELEASE(struct tree, tree_release)

/* Entries must be sorted and unique (tree_sort()). */
int tree_sort(struct tree_entry *entries, size_t count, struct error *err) MUST_CHECK;
int tree_format(const struct tree_entry *entries, size_t count, struct strbuf *buffer,
	struct error *err) MUST_CHECK;

/* NULL if there is none of that path. */
const struct tree_entry *tree_find(const struct tree *tree, const char *path);

/*
 * May a link at `path` (below the tracked folder) have this text? ERROR_INVALID if it is absolute,
 * leads outside, or has ".." behind a name (which may be a link itself, and then lead anywhere).
 */
int tree_check_link(const char *path, const char *text, struct error *err) MUST_CHECK;

struct object_store;
/* Reads and checks the tree object. */
int tree_load(struct object_store *store, const struct hash *hash, struct tree *ret,
	struct error *err) MUST_CHECK;

#endif
