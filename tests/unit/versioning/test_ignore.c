#include "unit.h"

#include "mlops/system/folder.h"
#include "mlops/versioning/ignore.h"
#include "versioning/ignore_internal.h"
#include "workfolder.h"

static struct error err;

START_TEST(patterns)
{
	static const struct {
		const char *pattern, *path;
		bool matches;
	} cases[] = {
		{ "a", "a", true },
		{ "a", "b", false },
		{ "a", "", false },
		{ "", "", true },
		{ "?", "a", true },
		{ "?", "/", false },
		{ "*", "", true },
		{ "*", "abc", true },
		{ "*", "a/b", false },
		{ "*.c", "x.c", true },
		{ "*.c", "x.cc", false },
		{ "*.c", ".c.c", true },
		{ "a*b*c", "aXbYbZc", true },
		{ "a*b*c", "aXbYbZ", false },
		{ "a*/b*c", "axx/bbc", true },
		{ "a*/b", "a/x/b", false },
		{ "**/a", "a", true },
		{ "**/a", "x/y/a", true },
		{ "**/a", "xa", false },
		{ "a/**", "a/x/y", true },
		{ "a/**", "a", false },
		{ "a/**/b", "a/b", true },
		{ "a/**/b", "a/x/y/b", true },
		{ "a/**/b", "a/xb", false },
		{ "a**b", "a/b", false },
		{ "a**b", "axxb", true },
		{ "**/a*/**/b", "q/a1/r/ax/s/b", true },
		{ "**/x*/y", "x1/z/x2/y", true },
		{ "**/*a/**/*b*/c", "pa/qa/rb/c", true },
		{ "[ab]", "b", true },
		{ "[!ab]", "b", false },
		{ "[^ab]", "c", true },
		{ "[a-c]", "b", true },
		{ "[c-a]", "b", false },
		{ "[]]", "]", true },
		{ "[]-]", "-", true },
		{ "[!]]", "a", true },
		{ "[a", "a", false },
		{ "[", "[", false },
		{ "[!a]", "/", false },
		{ "[[:digit:]x]", "7", true },
		{ "[[:digit:]x]", "x", true },
		{ "[[:nonsense:]]", "n", false },
		{ "[[:]", ":", true },
		{ "[\\]]", "]", true },
		{ "\\*", "*", true },
		{ "\\*", "a", false },
		{ "a\\", "a", false },
		{ "a\\", "a\\", false },
		{ "[a-]", "-", true },
		{ "[--0]", ".", true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(ignore_wildmatch(cases[i].pattern, cases[i].path) == cases[i].matches,
			"'%s' with '%s'", cases[i].pattern, cases[i].path);
}
END_TEST

/* What makes a backtracking matcher run for years. */
START_TEST(hostile_patterns_take_no_time)
{
	char pattern[2048], path[4001];
	for (size_t i = 0; i + 2 < sizeof pattern; i += 2)
		memcpy(pattern + i, "*a", 3);
	strcat(pattern, "b");
	memset(path, 'a', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	ck_assert(!ignore_wildmatch(pattern, path));
	for (size_t i = 0; i + 5 < sizeof pattern; i += 5)
		memcpy(pattern + i, "**/a/", 6);
	memcpy(pattern + strlen(pattern) - 2, "c", 2);
	for (size_t i = 1; i < sizeof path - 1; i += 2)
		path[i] = '/';
	ck_assert(!ignore_wildmatch(pattern, path));
}
END_TEST

static const struct ignore *parse(const char *text, const char *folder, const struct ignore *above)
{
	const struct ignore *rules = NULL;
	ck_assert_int_eq(ignore_parse(text_of(text), folder, above, &rules, &err), 0);
	return rules;
}

START_TEST(lines_of_rules)
{
	const struct ignore *top = parse("# a comment\n\n*.tmp\r\n!keep.tmp\n/root\nsub/deep\n"
					 "folder/\ntrailing  \nblank\\ \n\\#hash\n\\!bang\n",
		"", NULL);
	const struct ignore *inner = parse("!x.tmp\nlocal\n", "a/b", top);
	ck_assert(ignore_matches(top, "x/y.tmp", false));
	ck_assert(!ignore_matches(top, "x/keep.tmp", false));
	ck_assert(ignore_matches(top, "root", false) && !ignore_matches(top, "x/root", false));
	ck_assert(
		ignore_matches(top, "sub/deep", true) && !ignore_matches(top, "x/sub/deep", true));
	ck_assert(ignore_matches(top, "q/folder", true) && !ignore_matches(top, "folder", false));
	ck_assert(ignore_matches(top, "trailing", false));
	ck_assert(ignore_matches(top, "blank ", false) && !ignore_matches(top, "blank", false));
	ck_assert(ignore_matches(top, "#hash", false) && ignore_matches(top, "!bang", false));
	ck_assert(!ignore_matches(inner, "a/b/x.tmp", false));
	ck_assert(ignore_matches(inner, "a/b/y.tmp", false));
	ck_assert(ignore_matches(inner, "a/x.tmp", false));
	ck_assert(ignore_matches(inner, "a/b/local", false) &&
		  !ignore_matches(inner, "local", false));
	const char *folder;
	size_t line;
	ck_assert_str_eq(ignore_reason(inner, "a/b/local", false, &folder, &line), "local");
	ck_assert_str_eq(folder, "a/b");
	ck_assert_uint_eq(line, 2);
	ck_assert_ptr_null(ignore_reason(inner, "a/b/x.tmp", false, &folder, &line));
	ck_assert_ptr_eq(parse("# nothing\n", "c", top), top);
	ck_assert(!ignore_matches(NULL, "a", false));
	ignore_free(inner);
	ignore_free(top);
}
END_TEST

START_TEST(rules_from_files)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO_CLOSE int here = folder_open_root(".", &err);
	const struct ignore *rules = NULL;
	ck_assert_int_eq(ignore_read(here, IGNORE_FILE, "", NULL, &rules, &err), 0);
	ck_assert_ptr_null(rules);
	workfolder_write("other", "*\n");
	ck_assert_int_eq(symlink("other", IGNORE_FILE), 0);
	ck_assert_int_eq(ignore_read(here, IGNORE_FILE, "", NULL, &rules, &err), 0);
	ck_assert_ptr_null(rules);
	ck_assert_int_eq(rename("other", IGNORE_FILE), 0);
	ck_assert_int_eq(ignore_read(here, IGNORE_FILE, "", NULL, &rules, &err), 0);
	ck_assert(ignore_matches(rules, "x", false));
	ignore_free(rules);
}
END_TEST

/* ---- against git ---- */

static uint64_t state = 7;
static unsigned draw(unsigned below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % below;
}

static const char *const names[] = { "a", "b", "ab", "x y", "[a]", "b*", "#c", "a.t" };
enum { NAMES = sizeof names / sizeof *names };

/*
 * "ab**" + "/": git cuts off the literal part in front, and then takes the stars for folders, where
 * gitignore(5) says that they are ordinary ones. We do what the page says.
 */
static bool is_quirk(const char *pattern)
{
	for (const char *stars = strstr(pattern, "**"); stars; stars = strstr(stars, "**")) {
		const char *end = stars + strspn(stars, "*");
		if (stars > pattern && stars[-1] != '/' && (*end == '/' || *end == '\n'))
			return true;
		stars = end;
	}
	return false;
}

static void random_pattern(struct strbuf *text)
{
	size_t start = text->length;
	static const char *const pieces[] = { "a", "b", "ab", "*", "**", "?", "/", "/", "[ab]",
		"[!a]", "\\[", "x y", "**/", "/**", "*.t", "#", "[[:alpha:]]", "\\", " ", "]",
		"!" };
	if (draw(5) == 0)
		strbuf_add(text, "!");
	if (draw(4) == 0)
		strbuf_add(text, "/");
	for (unsigned i = 0, count = 1 + draw(4); i < count; i++)
		strbuf_add(text, pieces[draw(sizeof pieces / sizeof *pieces)]);
	if (draw(4) == 0)
		strbuf_add(text, "/");
	strbuf_add(text, "\n");
	if (is_quirk(text->text + start))
		strbuf_truncate(text, start);
}

/* Is it, or a folder above it, left out? */
static bool is_out(const struct ignore *top, const struct ignore *inner, const char *path)
{
	char part[256];
	for (const char *slash = strchr(path, '/');; slash = strchr(slash + 1, '/')) {
		size_t length = slash ? (size_t)(slash - path) : strlen(path);
		memcpy(part, path, length);
		part[length] = '\0';
		struct file_facts facts;
		ck_assert_int_eq(file_facts(part, &facts, &err), 0);
		const struct ignore *rules = strncmp(part, "a/", 2) == 0 ? inner : top;
		if (ignore_matches(rules, part, facts.kind == FILE_FOLDER))
			return true;
		if (!slash)
			return false;
	}
}

static void all_paths(struct strbuf *paths)
{
	for (int i = 0; i < NAMES; i++) {
		strbuf_add_bytes(paths, names[i], strlen(names[i]) + 1);
		for (int j = 0; i < 3 && j < NAMES; j++) {
			strbuf_printf(paths, "%s/%s", names[i], names[j]);
			strbuf_add_char(paths, '\0');
			for (int k = 0; j < 2 && k < NAMES; k++) {
				strbuf_printf(paths, "%s/%s/%s", names[i], names[j], names[k]);
				strbuf_add_char(paths, '\0');
			}
		}
	}
}

START_TEST(as_git_does)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(strbuf_release) struct strbuf paths = STRBUF_INIT;
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	if (system("git init -q . > /dev/null 2>&1") != 0) {
		puts("# skipped: no git here");
		return;
	}
	all_paths(&paths);
	for (const char *at = paths.text; at < paths.text + paths.length; at += strlen(at) + 1) {
		AUTO_FREE char *inside = memory_format(&err, "%s/", at);
		bool is_folder = memmem(paths.text, paths.length, inside, strlen(inside));
		if (is_folder)
			ck_assert_int_eq(directory_make(at, &err), 0);
		else
			workfolder_write(at, "");
	}
	FILE *list = fopen(".git/paths", "w");
	ck_assert_uint_eq(fwrite(paths.text, 1, paths.length, list), paths.length);
	fclose(list);
	int n_out = 0, n_in = 0;
	for (int round = 0; round < 300; round++) {
		AUTO(strbuf_release) struct strbuf top = STRBUF_INIT;
		AUTO(strbuf_release) struct strbuf inner = STRBUF_INIT;
		AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
		for (unsigned i = 0, count = 1 + draw(4); i < count; i++)
			random_pattern(&top);
		for (unsigned i = 0, count = draw(3); i < count; i++)
			random_pattern(&inner);
		workfolder_write(".gitignore", top.text);
		workfolder_write("a/.gitignore", inner.text);
		/* 1 is "none is ignored". */
		ck_assert_int_le(WEXITSTATUS(system("git check-ignore --no-index -z --stdin "
						    "< .git/paths > .git/out 2> /dev/null")),
			1);
		ck_assert_int_eq(file_read(".git/out", 0, &out, &err), 0);
		strbuf_add_char(&out, '\0');
		const struct ignore *rules = parse(top.text, "", NULL);
		const struct ignore *deeper = parse(inner.text, "a", rules);
		const char *next = out.text;
		for (const char *at = paths.text; at < paths.text + paths.length;
			at += strlen(at) + 1) {
			bool expected = strcmp(next, at) == 0;
			next += expected ? strlen(next) + 1 : 0;
			n_out += expected;
			n_in += !expected;
			ck_assert_msg(is_out(rules, deeper, at) == expected,
				"%s is %s for git with\n%s-- a/:\n%s", at,
				expected ? "ignored" : "not ignored", top.text, inner.text);
		}
		if (deeper != rules)
			ignore_free(deeper);
		ignore_free(rules);
	}
	/* The rules were of use. */
	ck_assert_int_gt(n_out, 1000);
	ck_assert_int_gt(n_in, 1000);
}
END_TEST

UNIT_MAIN("versioning/ignore", patterns, hostile_patterns_take_no_time, lines_of_rules,
	rules_from_files, as_git_does)
