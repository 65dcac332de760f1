/*
 * pointer: the small file beside tracked data that git commits in its place.
 *
 *	# Data that mlops keeps, see mlops-pointer(5); made by 'mlops add'.
 *	path: raw.csv
 *	blake3: 6af1…  (64 digits)
 *	size: 1048576
 *	mode: 0644
 *	check: 9d0c3b1a7e54f210
 *
 * For a folder `tree` (the hash of its listing, versioning/tree.h) stands in place of `blake3`,
 * `files` counts them and `size` is their sum. Imported data have a mapping `source` with where they
 * came from. `check` is the first 8 bytes of the BLAKE3 of the lines before it, so that a flipped
 * byte or a half-done edit is noticed. The file is written in one way only (keys in this order).
 * Its name is that of the data and ".mlops"; `path` is the data's last component and must agree. A
 * text stands bare if it is of [A-Za-z0-9._/-], begins with a letter and is no word of YAML, else
 * in double quotes with \" \\ and \xHH for control characters. Names that are not UTF-8 cannot
 * be tracked (inside a tracked folder they can).
 *
 * Pointers come with code from elsewhere: everything is checked before it is used. A path is safe
 * if it is relative, has no empty, "." or ".." component, no component ".git" or ".mlops" in any
 * case of letters, no NUL and at most POINTER_PATH_LONGEST bytes.
 */
#ifndef MLOPS_VERSIONING_POINTER_H
#define MLOPS_VERSIONING_POINTER_H

#include "mlops/base/strbuf.h"
#include "mlops/system/hash.h"

#define POINTER_SUFFIX ".mlops"
enum { POINTER_PATH_LONGEST = 4095, POINTER_BYTES_MOST = 64 << 10 };

enum pointer_kind { POINTER_FILE, POINTER_FOLDER };

/* Where imported data came from; NULL where it does not apply. */
struct pointer_source {
	char *url; /* of the file, or of the git repository; without secrets */
	char *path; /* inside that repository */
	char *revision; /* what was asked for: a branch, a tag */
	char *commit; /* what that was */
	char *etag;
	char *modified; /* RFC 3339 */
};

struct pointer {
	enum pointer_kind kind;
	char *path; /* the last component of the data's path */
	struct hash hash; /* of the file, or of the tree */
	uint64_t size, n_files; /* n_files: 1 for a file */
	unsigned mode; /* permission bits of a file; 0 for a folder */
	bool has_source;
	struct pointer_source source;
};

/* name: of the pointer file, for messages (ERROR_INVALID with line and remedy). */
int pointer_parse(const char *name, const char *bytes, size_t count, struct pointer *ret,
	struct error *err) MUST_CHECK;
int pointer_format(
	const struct pointer *pointer, struct strbuf *buffer, struct error *err) MUST_CHECK;
void pointer_release(struct pointer *pointer);
AUTO_RELEASE(struct pointer, pointer_release)

/* The file `data` + ".mlops". Missing is ERROR_NOT_FOUND. Written atomically. */
int pointer_load(const char *data_path, struct pointer *ret, struct error *err) MUST_CHECK;
int pointer_save(
	const char *data_path, const struct pointer *pointer, struct error *err) MUST_CHECK;

/* ERROR_INVALID says what is unsafe about it. */
int pointer_check_path(const char *path, struct error *err) MUST_CHECK;

#endif
