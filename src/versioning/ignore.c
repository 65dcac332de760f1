#include "mlops/versioning/ignore.h"

#include <errno.h>
#include <string.h>

#include "mlops/base/arena.h"
#include "mlops/system/folder.h"

#include "ignore_internal.h"

struct ignore_rule {
	const char *pattern; /* without '!', and slashes at either end */
	size_t line;
	bool negated, folders_only;
	bool is_path; /* matched against the path below the folder, not the name */
	bool is_literal; /* no sign of a pattern in it */
};

struct ignore {
	const struct ignore *above;
	struct arena arena;
	const char *folder;
	size_t folder_length;
	struct ignore_rule *rules;
	size_t count;
};

/* ---- reading ---- */

/* Blanks at the end do not count, unless a backslash stands before. */
static size_t ignore_trim(const char *line, size_t length)
{
	size_t end = 0;
	for (size_t i = 0; i < length; i++) {
		if (line[i] == '\\') {
			i++;
			/* A lone backslash at the end keeps all before it. */
			end = i < length ? i + 1 : length;
		} else if (line[i] != ' ') {
			end = i + 1;
		}
	}
	return end;
}

static int ignore_add(
	struct ignore *ignore, const char *line, size_t length, size_t number, struct error *err)
{
	struct ignore_rule rule = { .line = number };
	if (length && line[length - 1] == '\r')
		length--;
	if (!length || line[0] == '#' || memchr(line, '\0', length))
		return 0;
	length = ignore_trim(line, length);
	if (length && line[0] == '!') {
		rule.negated = true;
		line++;
		length--;
	}
	if (length && line[length - 1] == '/') {
		rule.folders_only = true;
		length--;
	}
	rule.is_path = memchr(line, '/', length);
	if (length && line[0] == '/') {
		line++;
		length--;
	}
	if (!length)
		return 0;
	char *pattern = arena_copy_bytes(&ignore->arena, line, length, err);
	if (!pattern)
		return -err->code;
	rule.pattern = pattern;
	rule.is_literal = !strpbrk(pattern, "*?[\\");
	ignore->rules[ignore->count++] = rule;
	return 0;
}

static int ignore_fill(
	struct ignore *ignore, struct text text, const char *folder, struct error *err)
{
	size_t n_lines = 1, number = 0;
	struct text line;
	if (text_starts_with(text, "\xef\xbb\xbf"))
		text = (struct text){ text.at + 3, text.length - 3 };
	for (size_t i = 0; i < text.length; i++)
		n_lines += text.at[i] == '\n';
	ignore->folder = arena_copy_string(&ignore->arena, folder, err);
	ignore->rules =
		ignore->folder ? arena_allocate(&ignore->arena, n_lines, sizeof *ignore->rules, err)
			       : NULL;
	if (!ignore->rules)
		return -err->code;
	ignore->folder_length = strlen(folder);
	while (text_split(&text, '\n', &line)) {
		if (ignore_add(ignore, line.at, line.length, ++number, err) < 0)
			return -err->code;
	}
	return 0;
}

int ignore_parse(struct text text, const char *folder, const struct ignore *above,
	const struct ignore **ret, struct error *err)
{
	struct ignore *ignore = memory_allocate(1, sizeof *ignore, err);
	if (!ignore)
		return -err->code;
	ignore->above = above;
	if (ignore_fill(ignore, text, folder, err) < 0) {
		ignore_free(ignore);
		return -err->code;
	}
	*ret = ignore;
	if (!ignore->count) {
		ignore_free(ignore);
		*ret = above;
	}
	return 0;
}

int ignore_read(int fd, const char *name, const char *folder, const struct ignore *above,
	const struct ignore **ret, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO_CLOSE int file = folder_open_file(fd, name);
	const char *slash = *folder ? "/" : "";
	struct file_facts facts;
	*ret = above;
	if (file < 0 && (errno == ENOENT || errno == ELOOP || errno == ENOTDIR))
		return 0;
	if (file < 0)
		return error_set_os(err, ERROR_IO, "cannot open '%s%s%s'", folder, slash, name);
	if (file_facts_of(file, name, &facts, err) < 0)
		return -err->code;
	if (facts.kind != FILE_REGULAR)
		return 0;
	if (file_read_all(file, name, IGNORE_BYTES_MOST, &text, err) < 0)
		return error_prefix(err, "%s", *folder ? folder : ".");
	return ignore_parse((struct text){ text.text, text.length }, folder, above, ret, err);
}

void ignore_free(const struct ignore *rules)
{
	struct ignore *ignore = (struct ignore *)(uintptr_t)rules;
	if (!ignore)
		return;
	arena_release(&ignore->arena);
	memory_free(ignore);
}

/* ---- deciding ---- */

/* The part of the path below the rules' folder, or NULL. */
static const char *ignore_below(const struct ignore *ignore, const char *path)
{
	if (!ignore->folder_length)
		return path;
	if (strncmp(path, ignore->folder, ignore->folder_length) != 0 ||
		path[ignore->folder_length] != '/')
		return NULL;
	return path + ignore->folder_length + 1;
}

static const struct ignore_rule *ignore_find(
	const struct ignore *ignore, const char *path, bool is_folder)
{
	const char *below = ignore_below(ignore, path);
	if (!below)
		return NULL;
	const char *slash = strrchr(below, '/');
	const char *name = slash ? slash + 1 : below;
	for (size_t i = ignore->count; i-- > 0;) {
		const struct ignore_rule *rule = &ignore->rules[i];
		const char *subject = rule->is_path ? below : name;
		if (rule->folders_only && !is_folder)
			continue;
		if (rule->is_literal ? strcmp(rule->pattern, subject) == 0
				     : ignore_wildmatch(rule->pattern, subject))
			return rule;
	}
	return NULL;
}

const char *ignore_reason(const struct ignore *rules, const char *path, bool is_folder,
	const char **ret_folder, size_t *ret_line)
{
	for (; rules; rules = rules->above) {
		const struct ignore_rule *rule = ignore_find(rules, path, is_folder);
		if (!rule)
			continue;
		*ret_folder = rules->folder;
		*ret_line = rule->line;
		return rule->negated ? NULL : rule->pattern;
	}
	return NULL;
}

bool ignore_matches(const struct ignore *rules, const char *path, bool is_folder)
{
	for (; rules; rules = rules->above) {
		const struct ignore_rule *rule = ignore_find(rules, path, is_folder);
		if (rule)
			return !rule->negated;
	}
	return false;
}
