#include "mlops/versioning/gitignore.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/system/atomic.h"
#include "mlops/versioning/pointer.h"
#include "mlops/versioning/scan.h"

#define GITIGNORE_FILE ".gitignore"
enum { GITIGNORE_BYTES_MOST = 16 << 20 };

bool gitignore_is_in_git(const struct workspace *workspace)
{
	struct error ignored = ERROR_INIT;
	AUTO_FREE char *folder = memory_copy_string(workspace->root, &ignored);
	while (folder) {
		AUTO_FREE char *git = path_join(folder, ".git", &ignored);
		if (!git || file_exists(git))
			return git != NULL;
		char *parent = path_parent(folder, &ignored);
		bool top = parent && strcmp(parent, folder) == 0;
		memory_free(folder);
		folder = parent;
		if (top)
			break;
	}
	return false;
}

/* "" or "a/b": the folder that holds the path. */
static char *gitignore_folder(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	return memory_format(err, "%.*s", slash ? (int)(slash - path) : 0, path);
}

/* The shortest part of the path that the rules leave out; false if none is. */
static bool gitignore_find(
	const struct ignore *rules, const char *path, bool is_folder, struct strbuf *ret_part)
{
	for (const char *end = path; end;) {
		end = strchr(end, '/');
		size_t length = end ? (size_t)(end - path) : strlen(path);
		strbuf_clear(ret_part);
		strbuf_add_bytes(ret_part, path, length);
		if (ignore_matches(rules, ret_part->text, end || is_folder))
			return true;
		end += end != NULL;
	}
	return false;
}

/* "/" and the name, what a pattern means by itself escaped. */
static int gitignore_line(struct strbuf *line, const char *name, struct error *err)
{
	size_t length = strlen(name);
	if (strpbrk(name, "\n\r"))
		return error_set(err, ERROR_UNSUPPORTED,
			"a name with a line break in it cannot be left out by .gitignore");
	strbuf_add_char(line, '/');
	for (size_t i = 0; i < length; i++) {
		bool last_blank = name[i] == ' ' && strspn(name + i, " ") == length - i;
		if (strchr("*?[\\", name[i]) || last_blank)
			strbuf_add_char(line, '\\');
		strbuf_add_char(line, name[i]);
	}
	strbuf_add_char(line, '\n');
	return strbuf_check(line, err);
}

/* Reads the file if there is one; *ret_mode as it has. */
static int gitignore_read(
	const char *file, struct strbuf *text, unsigned *ret_mode, struct error *err)
{
	struct file_facts facts;
	*ret_mode = 0644;
	if (file_facts(file, &facts, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
		return 0;
	}
	/* git reads no link either; and a link may lead out of the workspace. */
	if (facts.kind != FILE_REGULAR)
		return error_set(err, ERROR_INVALID, "'%s' is no regular file", file);
	*ret_mode = facts.mode;
	return file_read(file, GITIGNORE_BYTES_MOST, text, err);
}

/* With the lock held. */
static int gitignore_write(const struct workspace *workspace, const char *folder, const char *path,
	char **ret_file, struct error *err)
{
	AUTO(scan_rules_free) struct scan_rules *rules = NULL;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *shown = path_join(folder, GITIGNORE_FILE, err);
	AUTO_FREE char *file = shown ? path_join(workspace->root, shown, err) : NULL;
	unsigned mode;
	if (!file || scan_rules_load(workspace, folder, true, &rules, err) < 0)
		return -err->code;
	AUTO(strbuf_release) struct strbuf part = STRBUF_INIT;
	/* A line of ours holds for whatever kind the data are. */
	if (gitignore_find(scan_rules_git(rules), path, false, &part))
		return strbuf_check(&part, err);
	if (gitignore_read(file, &text, &mode, err) < 0)
		return -err->code;
	if (text.length && text.text[text.length - 1] != '\n')
		strbuf_add_char(&text, '\n');
	if (gitignore_line(&text, path_base(path), err) < 0 ||
		atomic_write(file, text.text, text.length, mode, err) < 0)
		return -err->code;
	*ret_file = TAKE(shown);
	return 0;
}

int gitignore_add(const struct workspace *workspace, const char *path, const char *command,
	const struct event_sink *sink, char **ret_file, struct error *err)
{
	AUTO(scan_rules_free) struct scan_rules *rules = NULL;
	AUTO(strbuf_release) struct strbuf part = STRBUF_INIT;
	AUTO(lock_release) struct lock lock = LOCK_INIT;
	AUTO_FREE char *folder = gitignore_folder(path, err);
	*ret_file = NULL;
	if (!folder || scan_rules_load(workspace, folder, true, &rules, err) < 0)
		return -err->code;
	/* The usual case needs no lock. */
	if (gitignore_find(scan_rules_git(rules), path, false, &part))
		return strbuf_check(&part, err);
	if (workspace_lock(workspace, LOCK_FOREVER, command, sink, &lock, err) < 0)
		return -err->code;
	return gitignore_write(workspace, folder, path, ret_file, err);
}

int gitignore_check_pointer(const struct workspace *workspace, const char *path, struct error *err)
{
	AUTO(scan_rules_free) struct scan_rules *rules = NULL;
	AUTO(strbuf_release) struct strbuf part = STRBUF_INIT;
	AUTO_FREE char *folder = gitignore_folder(path, err);
	AUTO_FREE char *pointer = memory_format(err, "%s" POINTER_SUFFIX, path);
	const char *where = NULL;
	size_t line = 0;
	if (!folder || !pointer || scan_rules_load(workspace, folder, true, &rules, err) < 0)
		return -err->code;
	if (!gitignore_find(scan_rules_git(rules), pointer, false, &part))
		return strbuf_check(&part, err);
	bool is_folder = strlen(part.text) < strlen(pointer);
	const char *pattern =
		ignore_reason(scan_rules_git(rules), part.text, is_folder, &where, &line);
	error_set(err, ERROR_INVALID,
		"git leaves out '%s', and with it the pointer '%s': the pattern '%s' of line %zu "
		"in %s%s" GITIGNORE_FILE,
		part.text, pointer, pattern ? pattern : "", line, where ? where : "",
		where && *where ? "/" : "");
	return error_hint(err, "take the pattern out, or put the line '!*%s' behind it%s",
		POINTER_SUFFIX, is_folder ? " and name files, not the folder" : "");
}
