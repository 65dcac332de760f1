/*
 * outside: another git repository, for taking files out of one of its commits.
 *
 * A repository of this machine is read where it is, a bare one too; any other is fetched by
 * libgit2, bare and with its whole history, into a temporary folder that is removed again. Nothing
 * of the other side runs: no hook, no filter (so what git-lfs keeps is refused, since git has only
 * its pointer), no helper. What is opened serves history_read() and history_each() as well, but
 * repository_root() of a bare one is NULL.
 */
#ifndef MLOPS_GIT_OUTSIDE_H
#define MLOPS_GIT_OUTSIDE_H

#include "mlops/base/event.h"
#include "mlops/git/repository.h"

/*
 * url: a folder, or file://, https://, http://, ssh://, git:// or the short form user@host:path.
 * folder: where a temporary one may be made. Keys for ssh come from its agent; a server that wants
 * a password is ERROR_NETWORK. The repository is that folder itself: its parents are not looked at.
 */
struct outside {
	struct repository *repository;
	char *url; /* without secrets; absolute if it is a folder */
	char *fetched; /* the temporary folder, or NULL */
};
int outside_open(const char *url, const char *folder, const struct event_sink *sink,
	struct outside *ret, struct error *err) MUST_CHECK;
/* The URL as outside_open() would have it: what names the repository in a record. */
char *outside_url(const char *url, struct error *err) MUST_CHECK;
void outside_close(struct outside *outside);
AUTO_RELEASE(struct outside, outside_close)

/* The commit of a branch, tag or commit there; NULL is what HEAD names. ERROR_NOT_FOUND. */
int outside_resolve(const struct outside *outside, const char *revision,
	char ret_commit[REPOSITORY_COMMIT_SIZE], struct error *err) MUST_CHECK;

enum outside_kind { OUTSIDE_FILE, OUTSIDE_EXECUTABLE, OUTSIDE_LINK };

/* Content of one file; larger ones than OUTSIDE_BYTES_MOST are refused. */
#define OUTSIDE_BYTES_MOST ((size_t)2 << 30)
struct outside_file {
	const char *path; /* below the path asked for; "" if that is the file */
	enum outside_kind kind;
	const void *bytes;
	size_t count;
};
typedef int outside_visit(void *context, const struct outside_file *file, struct error *err);

/*
 * The file, or all files of the folder, at a path of the commit, sorted. ERROR_NOT_FOUND: it is not
 * there. ERROR_UNSUPPORTED: a submodule, a pointer of git-lfs, or too large.
 */
int outside_files(const struct outside *outside, const char *commit, const char *path,
	outside_visit *visit, void *context, struct error *err) MUST_CHECK;

#endif
