/*
 * session: what the commands that train, evaluate and predict open: the project's document, the
 * object store, a run by its revision.
 */
#ifndef MLOPS_SUBCOMMANDS_SESSION_H
#define MLOPS_SUBCOMMANDS_SESSION_H

#include "invocation.h"
#include "mlops/config/project.h"
#include "mlops/store/object.h"

#define SESSION_PROJECT_FILE "mlops.yaml"

/* The project's document, where it lies, and the text that a run records. */
struct session_project {
	struct project project;
	char *path; /* of the document */
	char *root; /* its folder: where its paths start from */
	struct strbuf text; /* the document as it is used: overrides and defaults included */
};

/*
 * Reads `file`, or mlops.yaml of this folder or the nearest one above it. sets: the values of
 * --set. What is wrong is shown to the user at once, all of it.
 */
int session_open_project(struct invocation *invocation, const char *file,
	const struct option_list *sets, struct session_project *ret_project,
	struct error *err) MUST_CHECK;
void session_project_release(struct session_project *project);
AUTO_RELEASE(struct session_project, session_project_release)

/* "mlops train --set model.C=0.1", quoted for a shell; lives in the invocation's arena. */
const char *session_arguments(struct invocation *invocation);

/* The run that a revision names; git revisions are understood where there is a repository. */
int session_resolve(struct invocation *invocation, const char *revision, int64_t *ret_run,
	struct error *err) MUST_CHECK;

#endif
