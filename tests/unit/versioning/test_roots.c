#include "unit.h"

#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/record/code.h"
#include "mlops/record/files.h"
#include "mlops/record/params.h"
#include "mlops/record/run.h"
#include "mlops/versioning/pointer.h"
#include "mlops/versioning/provenance.h"
#include "mlops/versioning/roots.h"
#include "mlops/versioning/tree.h"
#include "scratch.h"

const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2\n"; /* libgit2 1.5 loses memory with each regular expression */
}

#define OK(call) ck_assert_msg((call) == 0, "%s", err.message)
#define GIT                                                                                        \
	"export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b "           \
	"GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b && cd r && "

struct project {
	struct scratch scratch;
	struct workspace workspace;
	struct object_store *store;
	struct record *record;
};

static void project_make(struct project *project, const char *folder)
{
	struct error err = ERROR_INIT;
	*project = (struct project){ .store = NULL };
	scratch_make(&project->scratch);
	setenv("HOME", project->scratch.folder, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	scratch_run(&project->scratch, "git init -q -b main r && mkdir -p r/in/side");
	OK(workspace_create(
		scratch_path(&project->scratch, folder), &project->workspace, NULL, &err));
	OK(object_store_open(&project->workspace, &project->store, &err));
	OK(record_open(project->workspace.database, DATABASE_CREATE, &project->record, &err));
}

static void project_remove(struct project *project)
{
	record_close(project->record);
	object_store_close(project->store);
	workspace_release(&project->workspace);
	scratch_remove(&project->scratch);
}

static struct hash put(struct project *project, const char *text)
{
	struct error err = ERROR_INIT;
	struct hash hash;
	OK(object_put_bytes(project->store, text, strlen(text), &hash, &err));
	OK(object_store_flush(project->store, &err));
	return hash;
}

/* A pointer to a file of that content. */
static void point(struct project *project, const char *path, const char *content)
{
	struct error err = ERROR_INIT;
	struct pointer pointer = { .kind = POINTER_FILE,
		.path = (char *)(strrchr(path, '/') ? strrchr(path, '/') + 1 : path),
		.hash = put(project, content),
		.size = strlen(content),
		.n_files = 1,
		.mode = 0644 };
	OK(pointer_save(scratch_path(&project->scratch, path), &pointer, &err));
}

/* A pointer to a folder with files a and b/c; if is_here is not set its tree is not stored. */
static void point_folder(
	struct project *project, const char *path, const char *a, const char *c, bool is_here)
{
	struct error err = ERROR_INIT;
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct tree_entry entries[] = { { "a", TREE_FILE, put(project, a), strlen(a) },
		{ "b/c", TREE_EXECUTABLE, put(project, c), strlen(c) } };
	struct pointer pointer = { .kind = POINTER_FOLDER,
		.path = (char *)(strrchr(path, '/') + 1),
		.size = strlen(a) + strlen(c),
		.n_files = 2 };
	OK(tree_format(entries, 2, &bytes, &err));
	hash_bytes(bytes.text, bytes.length, &pointer.hash);
	if (is_here)
		pointer.hash = put(project, bytes.text);
	OK(pointer_save(scratch_path(&project->scratch, path), &pointer, &err));
}

struct shown {
	struct project *project;
	struct strbuf lines; /* "kind path content" */
	struct roots_summary summary;
	char commit[65];
};

static int show(void *context, const struct root *root, struct error *err)
{
	struct shown *shown = context;
	AUTO(strbuf_release) struct strbuf content = STRBUF_INIT;
	struct error missing = ERROR_INIT;
	if (root->is_tree)
		strbuf_add(&content, "tree");
	else if (object_get_bytes(shown->project->store, &root->hash, 0, &content, &missing) < 0)
		strbuf_add(&content, "(missing)");
	strbuf_printf(&shown->lines, "%s %s %s%s\n", root_kind_name(root->kind), root->path,
		content.text, root->is_optional ? " optional" : "");
	if (root->kind == ROOT_HISTORY)
		snprintf(shown->commit, sizeof shown->commit, "%s", root->where);
	return strbuf_check(&shown->lines, err);
}

static int show_wrong(void *context, const struct root *root, const char *what, struct error *err)
{
	struct shown *shown = context;
	ck_assert(what[0]);
	strbuf_printf(&shown->lines, "wrong %s\n", root->path);
	return strbuf_check(&shown->lines, err);
}

static struct shown roots_ok(struct project *project, root_wrong *wrong)
{
	struct error err = ERROR_INIT;
	struct shown shown = { .project = project, .lines = STRBUF_INIT };
	struct roots_options options = { .removed_after = clock_now() - 1000000, .wrong = wrong };
	OK(roots_each(&project->workspace, project->store, project->record, &options, show, &shown,
		&shown.summary, &err));
	return shown;
}

static int roots_code(struct project *project, struct error *err)
{
	struct shown shown = { .project = project, .lines = STRBUF_INIT };
	struct roots_options options = { .removed_after = 0 };
	int code = roots_each(&project->workspace, project->store, project->record, &options, show,
		&shown, &shown.summary, err);
	strbuf_release(&shown.lines);
	return code;
}

START_TEST(pointers_of_disk_index_and_history)
{
	struct project project;
	project_make(&project, "r");
	point(&project, "r/in/x.csv", "old");
	point_folder(&project, "r/in/d", "A", "C", true);
	scratch_run(&project.scratch, GIT "git add in && git commit -qm 1");
	point(&project, "r/in/x.csv", "new");
	point_folder(&project, "r/in/d", "A2", "C", true);
	scratch_run(&project.scratch, GIT "git commit -qam 2 && git rev-parse HEAD~1 > ../first");
	point(&project, "r/in/x.csv", "staged");
	scratch_run(&project.scratch, GIT "git add -A in");
	point(&project, "r/in/x.csv", "disk");
	/* Not data of ours: inside tracked data, and the name of nothing. */
	scratch_run(&project.scratch, "mkdir r/in/d && touch r/in/d/x.mlops "
				      "r/in/.mlops");
	struct shown shown = roots_ok(&project, NULL);
	ck_assert_str_eq(shown.lines.text, "workspace in/d tree\n"
					   "workspace in/d/a A2\n"
					   "workspace in/d/b/c C\n"
					   "workspace in/x.csv disk\n"
					   "history in/x.csv new\n"
					   "history in/d tree\n"
					   "history in/d/a A\n"
					   "history in/d/b/c C\n"
					   "history in/x.csv old\n"
					   "index in/x.csv staged\n");
	ck_assert(shown.summary.has_repository);
	ck_assert_uint_eq(shown.summary.n_pointers, 6);
	ck_assert_uint_eq(shown.summary.n_trees, 2);
	char command[160];
	snprintf(command, sizeof command, "test $(cat first) = %s", shown.commit);
	scratch_run(&project.scratch, command);
	strbuf_release(&shown.lines);
	project_remove(&project);
}
END_TEST

/* The workspace is a folder of the repository, which has other folders too. */
START_TEST(a_workspace_inside_a_repository)
{
	struct project project;
	project_make(&project, "r/in");
	point(&project, "r/in/x", "1");
	point(&project, "r/in/side/y", "2");
	point(&project, "r/z", "3");
	scratch_run(&project.scratch, GIT "git add . && git commit -qm 1 && rm in/side/y.mlops");
	struct shown shown = roots_ok(&project, NULL);
	ck_assert_ptr_eq(strstr(shown.lines.text, "workspace x 1\nhistory side/y 2\nhistory /"),
		shown.lines.text);
	ck_assert_ptr_nonnull(strstr(shown.lines.text, "/r/z 3 optional\n"));
	strbuf_release(&shown.lines);
	project_remove(&project);
}
END_TEST

START_TEST(submodules_and_other_working_trees)
{
	struct project project;
	project_make(&project, "r");
	point(&project, "r/x", "1");
	scratch_run(&project.scratch,
		GIT "git add x.mlops && git commit -qm 1 && git worktree add -q ../w && "
		    "git worktree add -q ../own && mkdir -p ../own/.mlops && "
		    "echo 1 > ../own/.mlops/version && git init -q sub");
	point(&project, "r/sub/s", "sub");
	scratch_run(&project.scratch, GIT "cd sub && git add . && git commit -qm s");
	point(&project, "r/sub/s", "sub disk");
	point(&project, "w/x", "changed there");
	point(&project, "own/x", "of another store");
	struct shown shown = roots_ok(&project, NULL);
	ck_assert_ptr_nonnull(strstr(shown.lines.text, "history sub/s sub\n"));
	ck_assert_ptr_nonnull(strstr(shown.lines.text, "workspace sub/s sub disk\n"));
	ck_assert_ptr_nonnull(strstr(shown.lines.text, "/w/x changed there\n"));
	ck_assert_ptr_null(strstr(shown.lines.text, "another store"));
	strbuf_release(&shown.lines);
	project_remove(&project);
}
END_TEST

START_TEST(what_is_missing_or_wrong)
{
	struct project project;
	struct error err = ERROR_INIT;
	char hash[HASH_TEXT_SIZE], line[256];
	project_make(&project, "r");
	point_folder(&project, "r/in/d", "A", "C", false);
	struct hash lost = put(&project, "meant");
	hash_format(&lost, hash);
	snprintf(line, sizeof line, "<<<<<<< ours\nblake3: %s\n=======\n", hash);
	scratch_write(&project.scratch, "r/in/x.mlops", line);
	scratch_run(&project.scratch, GIT "git add . && git commit -qm 1");
	struct shown shown = roots_ok(&project, show_wrong);
	ck_assert_str_eq(shown.lines.text, "workspace in/d tree\n"
					   "wrong in/x\n"
					   "workspace in/x meant optional\n"
					   "history in/x meant optional\n");
	ck_assert_uint_eq(shown.summary.n_missing_trees, 1);
	ck_assert_uint_eq(shown.summary.n_wrong, 2);
	strbuf_release(&shown.lines);
	ck_assert_int_eq(roots_code(&project, &err), -ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "conflict"));
	/* With what cannot be read in git nothing is known. */
	scratch_run(&project.scratch, GIT "rm in/x.mlops && echo bad > .git/refs/heads/bad");
	ck_assert_int_eq(roots_code(&project, &err), -ERROR_INVALID);
	project_remove(&project);
}
END_TEST

static int64_t add_run(struct project *project, const char *artifact, const char *input)
{
	struct error err = ERROR_INIT;
	struct run_start start = { .command = "train", .seed = -1 };
	int64_t run;
	char text[HASH_TEXT_SIZE];
	OK(run_begin(project->record, &start, &run, NULL, &err));
	struct hash hash = put(project, artifact);
	hash_format(&hash, text);
	char model[] = "model.onnx", data[] = "data.csv", kind[] = "model";
	struct run_file file = { model, text, kind, 1, -1, -1 };
	OK(run_file_add(project->record, run, FILE_ARTIFACT, &file, &err));
	hash_bytes(input, strlen(input), &hash);
	hash_format(&hash, text);
	file.path = data;
	OK(run_file_add(project->record, run, FILE_INPUT, &file, &err));
	OK(run_file_add(project->record, run, FILE_OUTPUT, &file, &err));
	OK(run_finish(project->record, run, RUN_FINISHED, NULL, &err));
	return run;
}

START_TEST(what_runs_need)
{
	struct project project;
	struct error err = ERROR_INIT;
	char patch[HASH_TEXT_SIZE], kept[HASH_TEXT_SIZE], list[HASH_TEXT_SIZE], json[512];
	project_make(&project, "r");
	int64_t first = add_run(&project, "model 1", "input");
	struct hash hash = put(&project, "patch");
	hash_format(&hash, patch);
	hash = put(&project, "notebook");
	hash_format(&hash, kept);
	snprintf(json, sizeof json,
		"[{\"path\":\"n\",\"size\":8,\"blake3\":\"%s\",\"kept\":true},"
		"{\"path\":\"big\",\"size\":8,\"blake3\":\"%s\",\"kept\":false},{\"path\":\"gone\"}]",
		kept, kept);
	hash = put(&project, json);
	hash_format(&hash, list);
	OK(run_code_set(project.record, first, NULL, patch, list, &err));
	int64_t second = add_run(&project, "model 2", "input");
	int64_t third = add_run(&project, "model 3", "input");
	OK(run_remove(project.record, second, &err));
	OK(run_remove(project.record, third, &err));
	OK(database_execute(record_database(project.record),
		"UPDATE runs SET removed = 5 WHERE number = 3", &err));
	struct shown shown = roots_ok(&project, NULL);
	char expected[1024];
	snprintf(expected, sizeof expected,
		"run model.onnx model 1\nrun data.csv (missing) optional\n"
		"run uncommitted changes patch\nrun untracked files %s\nrun n notebook\n"
		"removed_run model.onnx model 2\nremoved_run data.csv (missing) optional\n",
		json);
	ck_assert_str_eq(shown.lines.text, expected);
	ck_assert_uint_eq(shown.summary.n_runs, 2);
	strbuf_release(&shown.lines);
	project_remove(&project);
}
END_TEST

/* The rest of a folder that a run read from is needed to make the run again. */
START_TEST(versions_that_runs_read)
{
	struct project project;
	struct error err = ERROR_INIT;
	char file[HASH_TEXT_SIZE], folder[HASH_TEXT_SIZE], value[512];
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	project_make(&project, "r");
	int64_t run = add_run(&project, "model", "input");
	struct tree_entry entries[] = { { "a", TREE_FILE, put(&project, "1"), 1 },
		{ "b", TREE_FILE, put(&project, "2"), 1 } };
	OK(tree_format(entries, 2, &bytes, &err));
	struct hash hash = put(&project, bytes.text);
	hash_format(&hash, folder);
	hash = put(&project, "table");
	hash_format(&hash, file);
	snprintf(value, sizeof value, "in, side/x@y@%s, pictures/@%s", file, folder);
	OK(params_set(project.record, run, PROVENANCE_PARAM_TRACKED, value, &err));
	/* What is no version is passed over, and the same again is not shown twice. */
	int64_t other = add_run(&project, "model", "input");
	snprintf(value, sizeof value, "pictures/@%s, x@12", folder);
	OK(params_set(project.record, other, PROVENANCE_PARAM_TRACKED, value, &err));
	struct shown shown = roots_ok(&project, show_wrong);
	ck_assert_str_eq(shown.lines.text,
		"run model.onnx model\nrun data.csv (missing) optional\n"
		"run in, side/x@y table optional\n"
		"run pictures tree optional\nrun pictures/a 1 optional\nrun pictures/b 2 optional\n"
		"run model.onnx model\nrun data.csv (missing) optional\n");
	strbuf_release(&shown.lines);
	project_remove(&project);
}
END_TEST

START_TEST(without_git)
{
	struct project project;
	project_make(&project, "r");
	point(&project, "r/x", "1");
	scratch_run(&project.scratch, "rm -rf r/.git");
	struct shown shown = roots_ok(&project, NULL);
	ck_assert_str_eq(shown.lines.text, "workspace x 1\n");
	ck_assert(!shown.summary.has_repository);
	strbuf_release(&shown.lines);
	project_remove(&project);
}
END_TEST

UNIT_MAIN("versioning/roots", pointers_of_disk_index_and_history, a_workspace_inside_a_repository,
	submodules_and_other_working_trees, what_is_missing_or_wrong, what_runs_need,
	versions_that_runs_read, without_git)
