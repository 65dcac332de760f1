#include "unit.h"

#include "mlops/git/repository.h"
#include "mlops/record/code.h"
#include "mlops/record/revision.h"
#include "mlops/record/tags.h"
#include "fixture.h"

static int64_t with_id(struct fixture *fixture, const char *digits, const char *name)
{
	struct error err = ERROR_INIT;
	char id[ID_LENGTH + 1];
	int64_t run;
	snprintf(id, sizeof id, "%s%.*s", digits, ID_LENGTH - (int)strlen(digits),
		"00000000000000000000000000000000");
	struct run_start start = { .id = id, .name = name, .seed = -1 };
	OK(run_begin(fixture->record, &start, &run, NULL, &err));
	OK(run_finish(fixture->record, run, RUN_FINISHED, NULL, &err));
	return run;
}

static void five(struct fixture *fixture)
{
	struct error err = ERROR_INIT;
	fixture_make(fixture);
	with_id(fixture, "7f3a1", "calm-otter");
	with_id(fixture, "7f3a2", "shy-heron");
	with_id(fixture, "51d08", "plain-moth");
	with_id(fixture, "c90aa", "shy-heron");
	with_id(fixture, "eeeee", "gone");
	OK(tag_set(fixture->record, 1, "candidate", "yes", &err));
	OK(tag_set(fixture->record, 3, "candidate", NULL, &err));
	OK(run_remove(fixture->record, 5, &err));
}

START_TEST(what_names_a_run)
{
	static const struct {
		const char *revision;
		int64_t run;
	} cases[] = { { "@", 4 }, { "@~", 3 }, { "@~1", 3 }, { "@~3", 1 }, { "@~0", 4 },
		{ "~2", 2 }, { "7f3a1", 1 }, { "7f3a20000", 2 }, { "51d0", 3 },
		{ "c90aa000000000000000000000000000", 4 }, { "calm-otter", 1 }, { "shy-heron", 4 },
		{ "candidate", 3 }, { "candidate~1", 2 }, { "plain-moth~2", 1 },
		{ "eeeee000000000000000000000000000", 5 }, { "eeeee", 5 } };
	struct fixture fixture;
	five(&fixture);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error err = ERROR_INIT;
		int64_t run = 0;
		OK(revision_resolve(fixture.record, NULL, cases[i].revision, &run, &err));
		ck_assert_msg(run == cases[i].run, "%s is %lld", cases[i].revision, (long long)run);
	}
	fixture_remove(&fixture);
}
END_TEST

START_TEST(what_does_not)
{
	static const struct {
		const char *revision;
		enum error_code code;
		const char *message, *hint;
	} cases[] = {
		{ "7f3a", ERROR_INVALID,
			"'7f3a' is ambiguous: 7f3a100 (calm-otter), 7f3a200 (shy-heron)", "" },
		{ "calm-oter", ERROR_NOT_FOUND, "there is no run 'calm-oter'",
			"did you mean 'calm-otter'?" },
		{ "candidat", ERROR_NOT_FOUND, "there is no run 'candidat'",
			"did you mean 'candidate'?" },
		{ "abcd", ERROR_NOT_FOUND, "there is no run 'abcd'", "'mlops log' lists the runs" },
		{ "gone", ERROR_NOT_FOUND, "there is no run 'gone'", "'mlops log' lists the runs" },
		{ "@~4", ERROR_NOT_FOUND, "'@~4': there are not so many runs before it", "" },
		{ "@~x", ERROR_USAGE, "'@~x': '~' wants a number behind it", "" },
		{ "", ERROR_USAGE, "the revision is empty", "" },
		{ "m@production", ERROR_UNSUPPORTED,
			"'m@production': there is no model registry yet", "name the run itself" },
	};
	struct fixture fixture;
	five(&fixture);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error err = ERROR_INIT;
		int64_t run = 0;
		ck_assert_int_eq(
			revision_resolve(fixture.record, NULL, cases[i].revision, &run, &err),
			-(int)cases[i].code);
		ck_assert_str_eq(err.message, cases[i].message);
		ck_assert_str_eq(err.hint, cases[i].hint);
	}
	fixture_remove(&fixture);
}
END_TEST

START_TEST(in_an_empty_record)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	int64_t run;
	fixture_make(&fixture);
	ck_assert_int_eq(revision_resolve(fixture.record, NULL, "@", &run, &err), -ERROR_NOT_FOUND);
	ck_assert_str_eq(err.hint, "nothing has been recorded yet; 'mlops train' makes a run");
	fixture_remove(&fixture);
}
END_TEST

START_TEST(by_the_code_it_was_made_from)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	struct repository *repository = NULL;
	int64_t run;
	five(&fixture);
	setenv("HOME", fixture.scratch.folder, 1);
	scratch_run(&fixture.scratch,
		"git init -q -b main . && git -c user.name=a -c user.email=a@b commit -q "
		"--allow-empty -m one && git tag v1 && git -c user.name=a -c user.email=a@b "
		"commit -q --allow-empty -m two");
	OK(repository_open(fixture.scratch.folder, &repository, &err));
	struct repository_state state = { .dirty = false };
	OK(repository_resolve(repository, "v1", state.commit, &err));
	OK(run_code_set(fixture.record, 2, &state, NULL, NULL, &err));
	OK(revision_resolve(fixture.record, repository, "v1", &run, &err));
	ck_assert_int_eq(run, 2);
	ck_assert_int_eq(
		revision_resolve(fixture.record, repository, "HEAD", &run, &err), -ERROR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.message, "no run was made from commit"));
	repository_close(repository);
	fixture_remove(&fixture);
}
END_TEST

START_TEST(artifacts_of_revisions)
{
	struct text revision, path;
	ck_assert(!revision_split("@~1", &revision, &path));
	ck_assert(text_is(revision, "@~1") && !path.length);
	ck_assert(revision_split("@:model.onnx", &revision, &path));
	ck_assert(text_is(revision, "@") && text_is(path, "model.onnx"));
	ck_assert(revision_split("7f3a:", &revision, &path));
	ck_assert(text_is(revision, "7f3a") && !path.length);
	ck_assert(revision_split(":a:b", &revision, &path));
	ck_assert(text_is(revision, "@") && text_is(path, "a:b"));
}
END_TEST

UNIT_MAIN("record/revision", what_names_a_run, what_does_not, in_an_empty_record,
	by_the_code_it_was_made_from, artifacts_of_revisions)
