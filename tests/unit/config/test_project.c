#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "mlops/base/embedded.h"
#include "mlops/config/project.h"
#include "scratch.h"

static struct scratch scratch;
static struct problems problems;
static struct error err;

static const char small[] = "data: {path: a.csv, target: y}\n"
			    "model:\n"
			    "  type: logistic\n"
			    "  C: 0.5\n";

static int read_text(const char *text, const char *const *overrides, struct project *project)
{
	scratch_make(&scratch);
	scratch_write(&scratch, "mlops.yaml", text);
	problems = PROBLEMS_INIT;
	err = ERROR_INIT;
	int status = project_read(
		scratch_path(&scratch, "mlops.yaml"), overrides, &problems, project, &err);
	unlink(scratch_path(&scratch, "mlops.yaml"));
	rmdir(scratch.folder);
	return status;
}

static const struct project_parameter *parameter(const struct project *project, const char *path)
{
	for (size_t i = 0; i < project->n_parameters; i++) {
		if (strcmp(project->parameters[i].path, path) == 0)
			return &project->parameters[i];
	}
	ck_abort_msg("no parameter %s", path);
}

START_TEST(project_is_read_set_and_completed)
{
	AUTO(project_release) struct project project;
	const char *const overrides[] = { "model.C=1e-3", "data.types.\"a.b\"=text",
		"evaluate.metrics=[roc_auc, f1]", "evaluate.metrics.1=log_loss",
		"model.class_weight={M: 5, B: 1}", "name=x=y", NULL };
	const char *const good[] = { overrides[0], overrides[1], overrides[2], overrides[3],
		overrides[4], "name=x-y", NULL };
	ck_assert_msg(read_text(small, good, &project) == 0, "%s", err.message);
	ck_assert_str_eq(parameter(&project, "model.C")->text, "0.001");
	ck_assert(parameter(&project, "model.C")->numeric);
	ck_assert(parameter(&project, "model.C")->number == 0.001);
	ck_assert(!parameter(&project, "model.C")->is_default);
	ck_assert_str_eq(parameter(&project, "data.types.\"a.b\"")->text, "text");
	ck_assert_str_eq(parameter(&project, "evaluate.metrics.0")->text, "roc_auc");
	ck_assert_str_eq(parameter(&project, "evaluate.metrics.1")->text, "log_loss");
	ck_assert(!parameter(&project, "evaluate.metrics.1")->is_default);
	ck_assert(parameter(&project, "model.class_weight.M")->number == 5);
	ck_assert(!parameter(&project, "data.path")->is_default);
	ck_assert(!parameter(&project, "data.path")->numeric);
	/* Defaults of the schema, also of sections that are not there. */
	ck_assert_str_eq(parameter(&project, "model.penalty")->text, "l2");
	ck_assert(parameter(&project, "model.penalty")->is_default);
	ck_assert_str_eq(parameter(&project, "features.numeric.impute")->text, "median");
	ck_assert_str_eq(parameter(&project, "data.split.test")->text, "0.2");
	ck_assert_str_eq(parameter(&project, "data.missing.0")->text, "");
	ck_assert(!parameter(&project, "model.fit_intercept")->numeric);
	ck_assert_ptr_eq(
		project_section(&project, "model"), value_member(project.document.root, "model"));
	ck_assert_ptr_null(project_section(&project, "nothing"));
}
END_TEST

static void refuse(
	const char *override, enum error_code code, const char *message, const char *hint)
{
	AUTO(project_release) struct project project;
	const char *const overrides[] = { override, NULL };
	ck_assert_int_eq(read_text(small, overrides, &project), -(int)code);
	ck_assert_str_eq(err.message, message);
	ck_assert_str_eq(err.hint, hint);
}

START_TEST(project_refuses_wrong_overrides)
{
	refuse("model.C", ERROR_USAGE, "--set model.C: is not path=value", "");
	refuse("=1", ERROR_USAGE, "--set =1: is not path=value", "");
	refuse("model.c=1", ERROR_USAGE, "--set: 'model.c' is not a key of mlops.yaml",
		"did you mean 'model.C'?");
	refuse("C=1", ERROR_USAGE, "--set: 'C' is not a key of mlops.yaml",
		"did you mean 'model.C'?");
	refuse("feature.numeric.impute=mean", ERROR_USAGE,
		"--set: 'feature.numeric.impute' is not a key of mlops.yaml",
		"did you mean 'features.numeric.impute'?");
	refuse("model.type.x=1", ERROR_USAGE, "--set: 'model.type.x' is not a key of mlops.yaml",
		"did you mean 'model.type'?");
	refuse("model.C=[", ERROR_USAGE, "did not find expected node content", "");
	refuse("evaluate.metrics.5=x", ERROR_INVALID,
		"evaluate.metrics: a mapping is not a sequence", "");
}
END_TEST

START_TEST(project_names_what_an_override_broke)
{
	AUTO(project_release) struct project project;
	const char *const overrides[] = { "model.C=-1", "train.seed=x", NULL };
	ck_assert_int_eq(read_text(small, overrides, &project), -ERROR_INVALID);
	ck_assert_uint_eq(problems.count, 2);
	ck_assert_str_eq(problems.items[0].at.file, "--set model.C");
	ck_assert_uint_eq(problems.items[0].at.line, 0);
	ck_assert_str_eq(problems.items[0].message, "model.C: -1 is not above 0");
	ck_assert_str_eq(problems.items[1].at.file, "--set train.seed");
}
END_TEST

START_TEST(project_reports_and_keeps_the_source)
{
	AUTO(project_release) struct project project;
	ck_assert_int_eq(
		read_text("data: {path: a, target: y}\nmodel:\n  type: logstic\n", NULL, &project),
		-ERROR_INVALID);
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct problems_style style = { .width = 80 };
	problems_format(&problems,
		(struct text){ project.document.source, project.document.source_length }, &style,
		&text);
	ck_assert_ptr_nonnull(strstr(text.text,
		"mlops.yaml:3:9: error: model.type: 'logstic' is not one of baseline, linear, "
		"logistic\n"
		"    3 |   type: logstic\n"
		"      |         ^~~~~~~  did you mean 'logistic'?\n"));
	struct project broken;
	ck_assert_int_eq(read_text("data: [\n", NULL, &broken), -ERROR_INVALID);
	ck_assert_uint_eq(problems.errors, 1);
	project_release(&broken);
	ck_assert_int_eq(read_text("- 1\n", NULL, &broken), -ERROR_INVALID);
	project_release(&broken);
	ck_assert_int_eq(project_read("/nowhere/mlops.yaml", NULL, &problems, &broken, &err),
		-ERROR_NOT_FOUND);
	project_release(&broken);
}
END_TEST

START_TEST(project_accepts_the_examples)
{
	static const char *const names[] = { "breast-cancer", "diabetes", "wine" };
	for (size_t i = 0; i < 3; i++) {
		AUTO(project_release) struct project project;
		char path[512];
		snprintf(path, sizeof path, "%s/examples/%s/mlops.yaml",
			getenv("MLOPS_SOURCE_ROOT"), names[i]);
		problems = PROBLEMS_INIT;
		ck_assert_msg(project_read(path, NULL, &problems, &project, &err) == 0, "%s: %s",
			names[i], err.message);
		ck_assert_str_eq(parameter(&project, "name")->text, names[i]);
	}
}
END_TEST

/* The example of mlops-project(5) is a project. */
START_TEST(project_accepts_the_example_of_its_page)
{
	AUTO(project_release) struct project project;
	AUTO(strbuf_release) struct strbuf page = STRBUF_INIT;
	char path[512];
	snprintf(path, sizeof path, "%s/man/mlops-project.5.scd", getenv("MLOPS_SOURCE_ROOT"));
	FILE *stream = fopen(path, "r");
	ck_assert_ptr_nonnull(stream);
	for (int c; (c = getc(stream)) != EOF;)
		strbuf_add_char(&page, (char)c);
	fclose(stream);
	char *example = strstr(page.text, "```\nname:");
	ck_assert_ptr_nonnull(example);
	*strstr(example + 4, "```") = '\0';
	ck_assert_msg(read_text(example + 4, NULL, &project) == 0, "%s", err.message);
	ck_assert_str_eq(parameter(&project, "features.columns.age.bucketize.1")->text, "40");
}
END_TEST

UNIT_MAIN("config/project", project_is_read_set_and_completed, project_refuses_wrong_overrides,
	project_names_what_an_override_broke, project_reports_and_keeps_the_source,
	project_accepts_the_examples, project_accepts_the_example_of_its_page)
