/* The code of a run can be rebuilt from what is kept of it: commit, patch, untracked files. */
#include "unit.h"

#include <sys/stat.h>

#include "mlops/document/json_reader.h"
#include "mlops/document/value.h"
#include "mlops/pipeline/capture.h"
#include "mlops/store/workspace.h"
#include "scratch.h"

/* libgit2 1.5 loses memory with each regular expression that it matches: submodules, for one. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2\n";
}

#define GIT                                                                                        \
	"export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b "           \
	"GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b && "

/* What a working tree may be in when a training begins. */
#define DIRTY                                                                                      \
	"echo changed > code.py && rm gone.py && echo staged > staged.py && git add staged.py && " \
	"printf 'a\\0b\\001' > image.bin && chmod +x tool.sh && mkdir -p new/deep && "             \
	"echo new > 'new/deep/a file' && printf '\\0\\1' > new/bytes && echo no > ignored.log"

struct fixture {
	struct scratch scratch;
	struct object_store *store;
	struct capture capture;
	struct error err;
};
static struct fixture fixture;

/* A repository "r" with a commit, and a store beside it. */
static void make(void)
{
	fixture = (struct fixture){ .store = NULL };
	struct error *err = &fixture.err;
	AUTO(workspace_release) struct workspace workspace = { .root = NULL };
	setenv("MLOPS_FSYNC", "0", 1);
	scratch_make(&fixture.scratch);
	setenv("HOME", fixture.scratch.folder, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	scratch_run(&fixture.scratch,
		GIT "mkdir store && git init -q -b main r && cd r && echo one > code.py && "
		    "echo x > gone.py && printf 'a\\0' > image.bin && echo t > tool.sh && "
		    "echo '*.log' > .gitignore && git add -A && git commit -qm one");
	ck_assert_int_eq(
		workspace_create(scratch_path(&fixture.scratch, "store"), &workspace, NULL, err),
		0);
	ck_assert_msg(object_store_open(&workspace, &fixture.store, err) == 0, "%s", err->message);
}

static void end(void)
{
	capture_release(&fixture.capture);
	object_store_close(fixture.store);
	scratch_remove(&fixture.scratch);
}

static void take(const char *folder)
{
	ck_assert_msg(capture_take(scratch_path(&fixture.scratch, folder), fixture.store, NULL,
			      &fixture.capture, &fixture.err) == 0,
		"%s", fixture.err.message);
}

static void write_object(const char *hash_text, const char *name)
{
	struct hash hash;
	ck_assert(hash_parse(text_of(hash_text), &hash));
	ck_assert_msg(object_get_file(fixture.store, &hash, scratch_path(&fixture.scratch, name),
			      0644, &fixture.err) == 0,
		"%s", fixture.err.message);
}

static void write_untracked(void)
{
	AUTO(document_release) struct document list = { .file = NULL };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	write_object(fixture.capture.untracked, "list");
	ck_assert_int_eq(
		file_read(scratch_path(&fixture.scratch, "list"), 0, &text, &fixture.err), 0);
	ck_assert_int_eq(
		json_read((struct text){ text.text, text.length }, "list", &list, &fixture.err), 0);
	for (size_t i = 0; i < list.root->sequence.count; i++) {
		const struct value *file = list.root->sequence.items[i];
		char command[512], name[256];
		const char *path = value_string_or(file, "path", NULL);
		snprintf(command, sizeof command, "mkdir -p \"again/$(dirname '%s')\"", path);
		scratch_run(&fixture.scratch, command);
		snprintf(name, sizeof name, "again/%s", path);
		write_object(value_string_or(file, "blake3", NULL), name);
	}
}

/* From the objects and any clone that has the commit, compared with what the run saw. */
static void expect_rebuilt(const char *repository, const char *folder)
{
	char command[512];
	snprintf(command, sizeof command,
		GIT "git clone -q --no-checkout %s again && git -C again checkout -q %s",
		repository, fixture.capture.state.commit);
	scratch_run(&fixture.scratch, command);
	if (fixture.capture.patch[0]) {
		write_object(fixture.capture.patch, "patch");
		scratch_run(&fixture.scratch, GIT "git -C again apply ../patch");
	}
	if (fixture.capture.untracked[0])
		write_untracked();
	snprintf(command, sizeof command,
		"diff -r -x .git -x '*.log' %s again && test ! -e again/ignored.log", folder);
	scratch_run(&fixture.scratch, command);
}

START_TEST(a_clean_tree)
{
	make();
	take("r");
	ck_assert(fixture.capture.has_repository);
	ck_assert_str_eq(fixture.capture.patch, "");
	ck_assert_str_eq(fixture.capture.untracked, "");
	expect_rebuilt("r", "r");
	end();
}
END_TEST

START_TEST(a_dirty_tree)
{
	make();
	scratch_run(&fixture.scratch, GIT "cd r && " DIRTY);
	take("r");
	ck_assert(fixture.capture.state.dirty);
	ck_assert_uint_eq(fixture.capture.state.n_untracked, 2);
	expect_rebuilt("r", "r");
	scratch_run(&fixture.scratch, "test -x again/tool.sh");
	end();
}
END_TEST

START_TEST(a_worktree)
{
	make();
	scratch_run(&fixture.scratch,
		GIT "cd r && git worktree add -q ../w && cd ../w && git commit -q --allow-empty "
		    "-m two && " DIRTY);
	take("w");
	ck_assert(fixture.capture.state.worktree);
	ck_assert_str_eq(fixture.capture.state.branch, "w");
	expect_rebuilt("r", "w");
	end();
}
END_TEST

START_TEST(a_submodule)
{
	make();
	scratch_run(&fixture.scratch,
		GIT "git init -q -b main s && cd s && git -c protocol.file.allow=always submodule "
		    "--quiet add \"$HOME/r\" sub && git commit -qm one && cd sub && " DIRTY);
	/* The project lies in the submodule: its repository is what counts. */
	take("s/sub");
	ck_assert(fixture.capture.state.dirty);
	expect_rebuilt("r", "s/sub");
	capture_release(&fixture.capture);
	/* It lies around the submodule, whose own changes are not part of the patch: told. */
	take("s");
	ck_assert_ptr_nonnull(fixture.capture.state.lost);
	ck_assert_ptr_nonnull(strstr(fixture.capture.state.lost, "sub"));
	end();
}
END_TEST

START_TEST(a_shallow_clone)
{
	make();
	scratch_run(&fixture.scratch,
		GIT "cd r && echo two > code.py && git commit -qam two && cd .. && "
		    "git clone -q --depth 1 \"file://$PWD/r\" c && cd c && " DIRTY);
	take("c");
	ck_assert(fixture.capture.state.shallow);
	ck_assert_ptr_nonnull(fixture.capture.state.lost); /* the history is not here */
	expect_rebuilt("r", "c");
	end();
}
END_TEST

START_TEST(before_the_first_commit)
{
	make();
	scratch_run(&fixture.scratch, GIT "git init -q u && cd u && echo x > code.py");
	take("u");
	ck_assert(fixture.capture.has_repository);
	ck_assert_str_eq(fixture.capture.state.commit, "");
	ck_assert_ptr_nonnull(fixture.capture.state.lost);
	end();
}
END_TEST

static void listen(void *context, const struct event *event)
{
	if (event->kind == EVENT_NOTE)
		snprintf(context, 256, "%s", event->text);
}

START_TEST(without_git)
{
	char note[256] = "";
	const struct event_sink sink = { .emit = listen, .context = note };
	make();
	scratch_run(&fixture.scratch, "mkdir n && echo x > n/code.py");
	ck_assert_int_eq(capture_take(scratch_path(&fixture.scratch, "n"), fixture.store, &sink,
				 &fixture.capture, &fixture.err),
		0);
	ck_assert(!fixture.capture.has_repository);
	ck_assert_ptr_nonnull(strstr(note, "the code is not recorded"));
	end();
}
END_TEST

UNIT_MAIN("pipeline/capture", a_clean_tree, a_dirty_tree, a_worktree, a_submodule, a_shallow_clone,
	before_the_first_commit, without_git)
