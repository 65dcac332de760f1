#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "mlops/base/path.h"
#include "mlops/document/yaml.h"
#include "mlops/git/repository.h"
#include "mlops/record/revision.h"
#include "mlops/system/file.h"

/* mlops.yaml of the working folder or of the nearest one above it. */
static int session_find_project(char **ret_path, struct error *err)
{
	AUTO_FREE char *folder = realpath(".", NULL);
	if (!folder)
		return error_set_os(err, ERROR_IO, "cannot find the working folder");
	for (;;) {
		AUTO_FREE char *path = path_join(folder, SESSION_PROJECT_FILE, err);
		if (!path)
			return -ERROR_MEMORY;
		if (file_exists(path)) {
			*ret_path = TAKE(path);
			return 0;
		}
		if (strcmp(folder, "/") == 0)
			break;
		char *parent = path_parent(folder, err);
		if (!parent)
			return -ERROR_MEMORY;
		memory_free(folder);
		folder = parent;
	}
	error_set(err, ERROR_NOT_FOUND, "there is no '%s' in this folder or above it",
		SESSION_PROJECT_FILE);
	return error_hint(err, "run 'mlops init', or name the file with --file");
}

/* Messages name the document as a person would: from the working folder if it lies below. */
static int session_shorten(char **path, struct error *err)
{
	AUTO_FREE char *here = realpath(".", NULL);
	if (!here || !path_is_inside(*path, here))
		return 0;
	char *relative = path_relative(*path, here, err);
	if (!relative)
		return -ERROR_MEMORY;
	memory_free(*path);
	*path = relative;
	return 0;
}

int session_open_project(struct invocation *invocation, const char *file,
	const struct option_list *sets, struct session_project *ret_project, struct error *err)
{
	memset(ret_project, 0, sizeof *ret_project);
	ret_project->text = STRBUF_INIT;
	struct problems problems = PROBLEMS_INIT;
	int status = 0;
	if (file) {
		ret_project->path = memory_copy_string(file, err);
		status = ret_project->path ? 0 : -ERROR_MEMORY;
	} else {
		status = session_find_project(&ret_project->path, err);
		if (status == 0)
			status = session_shorten(&ret_project->path, err);
	}
	if (status == 0) {
		ret_project->root = path_parent(ret_project->path, err);
		status = ret_project->root ? 0 : -ERROR_MEMORY;
	}
	if (status < 0)
		return status;
	struct document *document = &ret_project->project.document;
	status = project_read(ret_project->path, sets ? sets->items : NULL, &problems,
		&ret_project->project, err);
	if (problems.count)
		invocation_show_problems(invocation, &problems,
			(struct text){ document->source, document->source_length });
	if (status < 0)
		return status;
	yaml_write(&ret_project->text, document->root);
	return strbuf_check(&ret_project->text, err);
}

void session_project_release(struct session_project *project)
{
	project_release(&project->project);
	memory_free(project->path);
	memory_free(project->root);
	strbuf_release(&project->text);
}

/* A word as a shell reads it back. */
static void session_quote(struct strbuf *buffer, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789@%+=:,./_-~";
	if (*word && strspn(word, plain) == strlen(word)) {
		strbuf_add(buffer, word);
		return;
	}
	strbuf_add_char(buffer, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			strbuf_add(buffer, "'\\''");
		else
			strbuf_add_char(buffer, *word);
	}
	strbuf_add_char(buffer, '\'');
}

const char *session_arguments(struct invocation *invocation)
{
	struct error ignored = ERROR_INIT; /* a help for people, not worth a failure */
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf line = STRBUF_INIT;
	if (file_read("/proc/self/cmdline", 1 << 16, &bytes, &ignored) < 0)
		return NULL;
	strbuf_add(&line, "mlops");
	size_t skip = strlen(bytes.text) + 1;
	for (size_t at = skip; at < bytes.length; at += strlen(bytes.text + at) + 1) {
		strbuf_add_char(&line, ' ');
		session_quote(&line, bytes.text + at);
	}
	return strbuf_check(&line, &ignored) < 0
		       ? NULL
		       : arena_copy_string(&invocation->arena, line.text, &ignored);
}

int session_resolve(
	struct invocation *invocation, const char *revision, int64_t *ret_run, struct error *err)
{
	struct error without = ERROR_INIT;
	/* Most revisions need no git: it is loaded only for one that is nothing else. */
	if (revision_resolve(invocation->record, NULL, revision, ret_run, &without) == 0)
		return 0;
	struct error git = ERROR_INIT;
	AUTO(repository_close) struct repository *repository = NULL;
	if (without.code == ERROR_NOT_FOUND &&
		repository_open(invocation->workspace.root, &repository, &git) == 0)
		return revision_resolve(invocation->record, repository, revision, ret_run, err);
	*err = without;
	return -(int)err->code;
}
