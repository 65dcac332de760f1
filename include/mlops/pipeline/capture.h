/*
 * capture: what a run was made with: code, machine, libraries.
 *
 * The code is the git commit; if tracked files differ from it the patch, and a list of untracked
 * files with the content of the small ones, are put into the object store, so that the tree can be
 * rebuilt. Data that the run reads are recorded as its inputs, whether tracked or not.
 */
#ifndef MLOPS_PIPELINE_CAPTURE_H
#define MLOPS_PIPELINE_CAPTURE_H

#include "mlops/git/repository.h"
#include "mlops/record/environment.h"
#include "mlops/record/files.h"
#include "mlops/store/object.h"

/* Untracked files up to CAPTURE_FILE bytes are kept with their content, up to CAPTURE_ALL. */
enum { CAPTURE_FILE = 1 << 20, CAPTURE_ALL = 16 << 20 };

struct capture {
	bool has_repository;
	struct repository_state state;
	char patch[HASH_TEXT_SIZE], untracked[HASH_TEXT_SIZE]; /* objects; "" if there is none */
	struct facts environment;
};

/*
 * Takes the state of the code around `root` as it is now, before anything runs. Without git (no
 * repository, or no libgit2) that is noted, and no error.
 */
int capture_take(const char *root, struct object_store *objects, const struct event_sink *sink,
	struct capture *ret_capture, struct error *err) MUST_CHECK;
void capture_release(struct capture *capture);
AUTO_RELEASE(struct capture, capture_release)

/* Writes it down as part of the open transaction, with the BLAS library if it has been loaded. */
int capture_record(
	struct capture *capture, struct record *record, int64_t run, struct error *err) MUST_CHECK;

#endif
