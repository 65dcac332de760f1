/*
 * What git remembers as text: a line of a reference, a reflog, packed-refs, FETCH_HEAD or a rebase
 * under way begins with the names of objects. Reading these files as such, instead of asking for
 * each reference, finds the worktrees' own ones and reflogs of branches that are gone as well.
 */
#include "history_internal.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/base/text.h"
#include "mlops/system/directory.h"

enum { TIPS_FILE_MOST = 1 << 30, TIPS_HEX = 40 };

struct tips {
	const char *folder; /* of this kind */
	const char *kind; /* below git's folder: "refs" */
	tips_visit *visit;
	void *context;
};

static bool tips_is_hex(const char *at, size_t length)
{
	if (length < TIPS_HEX)
		return false;
	for (size_t i = 0; i < TIPS_HEX; i++) {
		if (!strchr("0123456789abcdef", at[i]) || !at[i])
			return false;
	}
	return length == TIPS_HEX || strchr(" \t\r\n", at[TIPS_HEX]) != NULL;
}

/* "<name>", "<name> <name> who when", "^<name>": up to two names a line. */
static int tips_line(const struct tips *tips, const char *file, struct text line, bool strong,
	size_t *found, struct error *err)
{
	if (line.length && line.at[0] == '^')
		line.at++, line.length--;
	for (int column = 0; column < 2 && tips_is_hex(line.at, line.length); column++) {
		char hex[TIPS_HEX + 1];
		memcpy(hex, line.at, TIPS_HEX);
		hex[TIPS_HEX] = 0;
		++*found;
		if (strspn(hex, "0") < TIPS_HEX &&
			tips->visit(tips->context, file, hex, strong, err) < 0)
			return -err->code;
		size_t used = line.length > TIPS_HEX ? TIPS_HEX + 1 : TIPS_HEX;
		line.at += used;
		line.length -= used;
	}
	return 0;
}

/* must: it is a reference, so it has to name something. */
static int tips_file(
	const struct tips *tips, const char *path, bool strong, bool must, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	if (file_read(path, TIPS_FILE_MOST, &text, err) < 0) {
		if (err->code != ERROR_NOT_FOUND) /* removed meanwhile */
			return -err->code;
		error_clear(err);
		return 0;
	}
	struct text rest = { text.text, text.length }, line;
	size_t found = 0;
	while (text_split(&rest, '\n', &line)) {
		if (tips_line(tips, path, line, strong, &found, err) < 0)
			return -err->code;
	}
	if (strncmp(text.text, "ref:", 4) == 0)
		return 0; /* another reference, which is read too */
	if (must && !found) {
		error_set(err, ERROR_INVALID, "'%s' is not a reference of git", path);
		return error_hint(err, "see what 'git fsck' says");
	}
	return 0;
}

static int tips_visit_file(
	void *context, const char *relative, const struct file_facts *facts, struct error *err)
{
	const struct tips *tips = context;
	const char *name = path_base(relative);
	/* Names that git gives to no reference. */
	if (facts->kind == FILE_FOLDER || name[0] == '.' || text_ends_with(text_of(name), ".lock"))
		return 0;
	bool strong = strcmp(tips->kind, "refs") == 0;
	AUTO_FREE char *path = path_join(tips->folder, relative, err);
	return path ? tips_file(tips, path, strong, strong, err) : -(int)err->code;
}

static int tips_below(struct tips tips, const char *folder, const char *kind, struct error *err)
{
	AUTO_FREE char *path = path_join(folder, kind, err);
	if (!path)
		return -err->code;
	tips.folder = path;
	tips.kind = kind;
	if (directory_walk(path, tips_visit_file, &tips, err) < 0 && err->code != ERROR_NOT_FOUND)
		return -err->code;
	error_clear(err);
	return 0;
}

int tips_each(const char *folder, tips_visit *visit, void *context, struct error *err)
{
	static const char *const kinds[] = { "refs", "logs", "rebase-merge", "rebase-apply",
		"sequencer" };
	struct tips tips = { .kind = "", .visit = visit, .context = context };
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	if (directory_list(folder, &names, err) < 0)
		return -err->code;
	for (size_t i = 0; i < names.count; i++) {
		struct text name = text_of(names.names[i]);
		bool packed = text_is(name, "packed-refs");
		if (!packed && !text_ends_with(name, "HEAD") && !text_is(name, "MERGE_AUTOSTASH"))
			continue;
		AUTO_FREE char *path = path_join(folder, names.names[i], err);
		/* An empty packed-refs, or one of comments alone, is as good as none. */
		bool head = text_is(name, "HEAD");
		if (!path || tips_file(&tips, path, head || packed, head, err) < 0)
			return -err->code;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (tips_below(tips, folder, kinds[i], err) < 0)
			return -err->code;
	}
	return 0;
}
