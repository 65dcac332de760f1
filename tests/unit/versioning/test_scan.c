#include "unit.h"

#include <pthread.h>

#include "mlops/base/map.h"
#include "mlops/base/sort.h"
#include "mlops/base/vec.h"
#include "mlops/versioning/scan.h"
#include "workfolder.h"

static struct error err;

static struct workspace make_workspace(void)
{
	struct workspace workspace;
	setenv("MLOPS_FSYNC", "0", 1);
	ck_assert_msg(workspace_create(".", &workspace, NULL, &err) == 0, "%s", err.message);
	return workspace;
}

struct seen {
	pthread_mutex_t lock;
	VEC(char *) paths;
	const char *skipped;
	bool git_rules;
	int fails_at;
};

static int note(void *context, const struct scan_folder *folder, struct error *error)
{
	struct seen *seen = context;
	pthread_mutex_lock(&seen->lock);
	for (size_t i = 0; i < folder->count; i++) {
		const struct folder_entry *entry = &folder->entries[i];
		bool is_folder = entry->facts.kind == FILE_FOLDER;
		if (is_folder || scan_is_out(folder, entry->name, false, seen->git_rules))
			continue;
		vec_push(&seen->paths, memory_format(error, "%s%s%s", folder->path,
					       *folder->path ? "/" : "", entry->name));
	}
	bool failed = seen->fails_at && (int)seen->paths.count >= seen->fails_at;
	pthread_mutex_unlock(&seen->lock);
	return failed ? error_set(error, ERROR_IO, "enough") : 0;
}

static bool enter(void *context, const struct scan_folder *folder, const char *name)
{
	struct seen *seen = context;
	(void)folder;
	return !seen->skipped || strcmp(seen->skipped, name) != 0;
}

/* Files seen, sorted and joined. */
static void expect(const struct workspace *workspace, const struct scan_options *given,
	struct seen *seen, const char *expected)
{
	for (size_t threads = 1; threads <= 4; threads += 3) {
		AUTO(strbuf_release) struct strbuf joined = STRBUF_INIT;
		struct scan_options options = *given;
		options.visit = note;
		options.context = seen;
		options.threads = threads;
		pthread_mutex_init(&seen->lock, NULL);
		ck_assert_msg(scan(workspace, &options, &err) == 0, "%s", err.message);
		ck_assert_int_eq(sort_items(seen->paths.items, seen->paths.count, sizeof(char *),
					 sort_strings, NULL, &err),
			0);
		for (size_t i = 0; i < seen->paths.count; i++) {
			strbuf_printf(&joined, "%s%s", i ? " " : "", seen->paths.items[i]);
			memory_free(seen->paths.items[i]);
		}
		vec_release(&seen->paths);
		ck_assert_str_eq(joined.text, expected);
	}
}

static void make_files(const char *list)
{
	char path[256];
	for (const char *at = list; *at; at += strcspn(at, " ") + (strchr(at, ' ') != NULL)) {
		snprintf(path, sizeof path, "%.*s", (int)strcspn(at, " "), at);
		char *slash = strrchr(path, '/');
		if (slash) {
			*slash = '\0';
			ck_assert_int_eq(directory_make(path, &err), 0);
			*slash = '/';
		}
		workfolder_write(path, "");
	}
}

START_TEST(everything_once_and_no_link)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(workspace_release) struct workspace workspace = make_workspace();
	struct seen seen = { .paths = VEC_INIT };
	make_files("a b/c b/d/e f/g .git/config");
	ck_assert_int_eq(symlink("b", "link"), 0);
	struct scan_options options = { .folder = "" };
	expect(&workspace, &options, &seen, "a b/c b/d/e f/g link");
	options.folder = "b";
	expect(&workspace, &options, &seen, "b/c b/d/e");
	options.folder = "";
	options.enter = enter;
	seen.skipped = "d";
	expect(&workspace, &options, &seen, "a b/c f/g link");
	options.folder = "link";
	options.visit = note;
	options.threads = 1;
	options.context = &seen;
	ck_assert_int_lt(scan(&workspace, &options, &err), 0);
	options.folder = "none";
	ck_assert_int_eq(scan(&workspace, &options, &err), -ERROR_NOT_FOUND);
}
END_TEST

START_TEST(rules_of_all_folders)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(workspace_release) struct workspace workspace = make_workspace();
	struct seen seen = { .paths = VEC_INIT };
	make_files("a.tmp keep d/x.tmp d/keep d/e/out d/e/x.tmp cache/a cache/keep secret/k");
	workfolder_write(".mlopsignore", "*.tmp\ncache/\n");
	workfolder_write("d/.mlopsignore", "!x.tmp\n/e/out\n");
	workfolder_write(".gitignore", "secret\nkeep\n");
	struct scan_options options = { .folder = "" };
	expect(&workspace, &options, &seen,
		".gitignore .mlopsignore d/.mlopsignore d/e/x.tmp d/keep d/x.tmp keep secret/k");
	/* The rules above hold where one begins below. */
	options.folder = "d/e";
	expect(&workspace, &options, &seen, "d/e/x.tmp");
	options.folder = "";
	options.git_rules = seen.git_rules = true;
	expect(&workspace, &options, &seen,
		".gitignore .mlopsignore d/.mlopsignore d/e/x.tmp d/x.tmp");
	make_files(".git/info/exclude");
	workfolder_write(".git/info/exclude", "x.tmp\n");
	expect(&workspace, &options, &seen, ".gitignore .mlopsignore d/.mlopsignore");
}
END_TEST

START_TEST(failures_stop_it)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(workspace_release) struct workspace workspace = make_workspace();
	struct seen seen = { .paths = VEC_INIT, .fails_at = 20 };
	char path[32];
	pthread_mutex_init(&seen.lock, NULL);
	for (int i = 0; i < 60; i++) {
		snprintf(path, sizeof path, "d%d/f", i);
		make_files(path);
	}
	struct scan_options options = {
		.folder = "", .visit = note, .threads = 4, .context = &seen
	};
	ck_assert_int_eq(scan(&workspace, &options, &err), -ERROR_IO);
	ck_assert_str_eq(err.message, "enough");
	ck_assert_uint_lt(seen.paths.count, 60);
	for (size_t i = 0; i < seen.paths.count; i++)
		memory_free(seen.paths.items[i]);
	vec_release(&seen.paths);
}
END_TEST

START_TEST(too_deep)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(workspace_release) struct workspace workspace = make_workspace();
	AUTO(strbuf_release) struct strbuf path = STRBUF_INIT;
	struct seen seen = { .paths = VEC_INIT };
	for (int i = 0; i <= SCAN_DEPTH; i++)
		strbuf_add(&path, i ? "/d" : "d");
	pthread_mutex_init(&seen.lock, NULL);
	ck_assert_int_eq(directory_make(path.text, &err), 0);
	struct scan_options options = {
		.folder = "", .visit = note, .threads = 1, .context = &seen
	};
	ck_assert_int_eq(scan(&workspace, &options, &err), -ERROR_UNSUPPORTED);
	vec_release(&seen.paths);
	/* The folder that removes it all goes no deeper than that either. */
	ck_assert_int_eq(system("rm -rf d"), 0);
}
END_TEST

UNIT_MAIN("versioning/scan", everything_once_and_no_link, rules_of_all_folders, failures_stop_it,
	too_deep)
