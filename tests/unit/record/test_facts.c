#include "unit.h"

#include <math.h>

#include "mlops/document/value.h"
#include "mlops/git/repository.h"
#include "mlops/record/code.h"
#include "mlops/record/environment.h"
#include "mlops/record/files.h"
#include "mlops/record/metrics.h"
#include "mlops/record/params.h"
#include "mlops/record/tags.h"
#include "fixture.h"

static char hash_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static char hash_b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

START_TEST(params_are_set_once)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	struct params params;
	fixture_make(&fixture);
	int64_t run = fixture_run(&fixture, NULL);
	OK(params_set(fixture.record, run, "model.C", "0.1", &err));
	OK(params_set(fixture.record, run, "model.C", "0.1", &err));
	ck_assert_int_eq(params_set(fixture.record, run, "model.C", "1", &err), -ERROR_EXISTS);
	OK(params_set(fixture.record, run, "a text", "0.1.2", &err));
	ck_assert_int_eq(params_set(fixture.record, run, "", "1", &err), -ERROR_INVALID);
	OK(params_load(fixture.record, run, &params, &err));
	ck_assert_uint_eq(params.count, 2);
	ck_assert_str_eq(params.items[0].name, "a text");
	ck_assert(isnan(params.items[0].number));
	ck_assert_str_eq(params.items[1].value, "0.1");
	ck_assert(params.items[1].number == 0.1);
	params_release(&params);
	fixture_remove(&fixture);
}
END_TEST

START_TEST(a_document_is_flattened)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	struct params params;
	AUTO(arena_release) struct arena arena = ARENA_INIT(0);
	struct value *root = value_new(&arena, VALUE_MAPPING, &err);
	struct value *c = value_new(&arena, VALUE_FLOAT, &err);
	struct value *yes = value_new(&arena, VALUE_BOOLEAN, &err);
	struct value *list = value_new(&arena, VALUE_SEQUENCE, &err);
	c->number = 0.1;
	yes->boolean = true;
	OK(value_append(&arena, list, value_new_string(&arena, "auc", &err), &err));
	OK(value_set_path(&arena, root, "model.C", c, &err));
	OK(value_set_path(&arena, root, "model.bias", yes, &err));
	OK(value_set_path(&arena, root, "evaluate.metrics", list, &err));
	OK(value_set_path(&arena, root, "gates", value_new(&arena, VALUE_MAPPING, &err), &err));
	OK(value_set_path(&arena, root, "data", value_new(&arena, VALUE_NULL, &err), &err));
	fixture_make(&fixture);
	int64_t run = fixture_run(&fixture, NULL);
	OK(params_set_document(fixture.record, run, root, &err));
	OK(params_load(fixture.record, run, &params, &err));
	ck_assert_uint_eq(params.count, 3);
	ck_assert_str_eq(params.items[0].name, "evaluate.metrics.0");
	ck_assert_str_eq(params.items[1].name, "model.C");
	ck_assert_str_eq(params.items[1].value, "0.1");
	ck_assert_str_eq(params.items[2].value, "true");
	params_release(&params);
	fixture_remove(&fixture);
}
END_TEST

START_TEST(metrics_keep_their_series)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	struct run_metrics metrics;
	struct metric_series series;
	fixture_make(&fixture);
	int64_t run = fixture_run(&fixture, NULL);
	struct metric_point points[] = { { "loss", 0, 0.9, 0, 0, 0 }, { "auc", 0, 0.5, 0, 0, 0 },
		{ "loss", 2, NAN, 0, 0, 0 }, { "loss", 1, -INFINITY, 0, 0, 0 },
		{ "auc", 1, 0.75, 0.7, 0.8, 0 }, { "loss", 0, 0.8, 0, 0, 0 } };
	OK(metrics_log(fixture.record, run, points, 6, &err));
	OK(metrics_load(fixture.record, run, &metrics, &err));
	ck_assert_uint_eq(metrics.count, 2);
	ck_assert_str_eq(metrics.items[0].name, "auc");
	ck_assert(metrics.items[0].value == 0.75 && metrics.items[0].step == 1);
	ck_assert(metrics.items[0].low == 0.7 && metrics.items[0].high == 0.8);
	ck_assert(isnan(metrics.items[1].value) && metrics.items[1].step == 2);
	ck_assert(isnan(metrics.items[1].low));
	ck_assert(metrics.items[1].minimum == -INFINITY && metrics.items[1].maximum == 0.8);
	ck_assert_uint_eq(metrics.items[1].n_points, 3);
	metrics_release(&metrics);
	OK(metric_history(fixture.record, run, "loss", &series, &err));
	ck_assert_uint_eq(series.count, 3);
	ck_assert(series.values[0] == 0.8 && series.values[1] == -INFINITY &&
		  isnan(series.values[2]));
	metric_series_release(&series);
	/* An earlier step that comes late does not change what search sees. */
	struct metric_point late = { "auc", 0, 0.4, 0, 0, 0 };
	OK(metrics_log(fixture.record, run, &late, 1, &err));
	OK(metrics_load(fixture.record, run, &metrics, &err));
	ck_assert(metrics.items[0].value == 0.75);
	metrics_release(&metrics);
	OK(metric_history(fixture.record, run, "none", &series, &err));
	ck_assert_uint_eq(series.count, 0);
	metric_series_release(&series);
	ck_assert_int_eq(metric_set(fixture.record, 99, "m", 1, &err), -ERROR_NOT_FOUND);
	fixture_remove(&fixture);
}
END_TEST

START_TEST(a_long_series_is_thinned)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	struct metric_series series;
	static struct metric_point points[1000];
	fixture_make(&fixture);
	int64_t run = fixture_run(&fixture, NULL);
	for (int i = 0; i < 1000; i++)
		points[i] = (struct metric_point){ .name = "loss", .step = 7 + 3 * i, .value = i };
	OK(metrics_log(fixture.record, run, points, 1000, &err));
	OK(metric_history_thinned(fixture.record, run, "loss", 64, &series, &err));
	ck_assert_uint_eq(series.count, 64);
	ck_assert(series.steps[0] == 7 && series.steps[63] == 7 + 3 * 999);
	for (size_t i = 1; i < series.count; i++) {
		ck_assert(series.values[i] * 3 + 7 == (double)series.steps[i]);
		ck_assert(series.values[i] - series.values[i - 1] >= 14);
	}
	metric_series_release(&series);
	OK(metric_history_thinned(fixture.record, run, "loss", 1000, &series, &err));
	ck_assert_uint_eq(series.count, 1000);
	metric_series_release(&series);
	/* Uneven steps: fewer points, the ends among them. */
	OK(metric_set(fixture.record, run, "loss", -1, &err));
	points[0] = (struct metric_point){ .name = "loss", .step = INT64_MAX, .value = 5 };
	points[1] = (struct metric_point){ .name = "loss", .step = INT64_MIN, .value = 6 };
	OK(metrics_log(fixture.record, run, points, 2, &err));
	OK(metric_history_thinned(fixture.record, run, "loss", 10, &series, &err));
	ck_assert(series.count >= 2 && series.count <= 10);
	ck_assert(series.values[0] == 6 && series.values[series.count - 1] == 5);
	metric_series_release(&series);
	fixture_remove(&fixture);
}
END_TEST

START_TEST(a_batch_is_all_or_nothing)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	fixture_make(&fixture);
	int64_t run = fixture_run(&fixture, NULL);
	struct metric_point points[] = { { "loss", 0, 0.9, 0, 0, 0 }, { "a\nb", 0, 1, 0, 0, 0 } };
	ck_assert_int_eq(metrics_log(fixture.record, run, points, 2, &err), -ERROR_INVALID);
	ck_assert_int_eq(fixture_integer(&fixture, "SELECT (SELECT count(*) FROM points) + "
						   "(SELECT count(*) FROM keys)"),
		0);
	fixture_remove(&fixture);
}
END_TEST

START_TEST(tags_come_and_go)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	struct tags tags;
	fixture_make(&fixture);
	int64_t run = fixture_finished(&fixture, NULL);
	OK(tag_set(fixture.record, run, "candidate", NULL, &err));
	OK(tag_set(fixture.record, run, "team", "red", &err));
	OK(tag_set(fixture.record, run, "team", "blue", &err));
	OK(tags_load(fixture.record, run, &tags, &err));
	ck_assert_uint_eq(tags.count, 2);
	ck_assert_str_eq(tags.items[0].value, "");
	ck_assert_str_eq(tags.items[1].value, "blue");
	tags_release(&tags);
	OK(tag_remove(fixture.record, run, "team", &err));
	ck_assert_int_eq(tag_remove(fixture.record, run, "team", &err), -ERROR_NOT_FOUND);
	ck_assert_int_eq(tag_set(fixture.record, run, "cafe", NULL, &err), -ERROR_INVALID);
	ck_assert_int_eq(tag_set(fixture.record, 99, "x", NULL, &err), -ERROR_NOT_FOUND);
	fixture_remove(&fixture);
}
END_TEST

START_TEST(files_by_role)
{
	static const char *const outside[] = { "/etc/passwd", "../x", "a/../../x", "a//b", "./a" };
	struct fixture fixture;
	struct error err = ERROR_INIT;
	struct run_files files;
	fixture_make(&fixture);
	int64_t run = fixture_run(&fixture, NULL);
	struct run_file file = { .path = (char[]){ "data/a.csv" },
		.hash = hash_a,
		.kind = (char[]){ "data" },
		.size = 10,
		.n_rows = 3,
		.n_columns = 2 };
	OK(run_file_add(fixture.record, run, FILE_INPUT, &file, &err));
	file = (struct run_file){ .path = (char[]){ "model.onnx" },
		.hash = hash_a,
		.size = 0,
		.n_rows = -1,
		.n_columns = -1 };
	OK(run_file_add(fixture.record, run, FILE_ARTIFACT, &file, &err));
	file.hash = hash_b;
	OK(run_file_add(fixture.record, run, FILE_ARTIFACT, &file, &err));
	OK(run_files_load(fixture.record, run, FILE_ARTIFACT, &files, &err));
	ck_assert_uint_eq(files.count, 1);
	ck_assert_str_eq(files.items[0].hash, hash_b);
	ck_assert(files.items[0].size == 0 && files.items[0].n_rows == -1 && !files.items[0].kind);
	ck_assert_ptr_nonnull(run_files_find(&files, "model.onnx"));
	ck_assert_ptr_null(run_files_find(&files, "model"));
	run_files_release(&files);
	OK(run_files_load(fixture.record, run, FILE_INPUT, &files, &err));
	ck_assert_uint_eq(files.count, 1);
	ck_assert_int_eq(files.items[0].n_rows, 3);
	ck_assert_str_eq(files.items[0].kind, "data");
	run_files_release(&files);
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
		char path[32];
		snprintf(path, sizeof path, "%s", outside[i]);
		file.path = path;
		ck_assert_int_eq(run_file_add(fixture.record, run, FILE_ARTIFACT, &file, &err),
			-ERROR_INVALID);
	}
	fixture_remove(&fixture);
}
END_TEST

START_TEST(equal_environments_are_one)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	fixture_make(&fixture);
	for (int i = 0; i < 3; i++) {
		AUTO(facts_release) struct facts facts = { NULL, 0 }, read = { NULL, 0 };
		int64_t run = fixture_finished(&fixture, NULL);
		OK(facts_add(&facts, i ? "blas" : "cpu", i ? "0.3 \"x\"" : "EPYC é", &err));
		OK(facts_add(&facts, i ? "cpu" : "blas", i ? "EPYC é" : "0.3 \"x\"", &err));
		OK(facts_add(&facts, "none", NULL, &err));
		OK(run_environment_set(fixture.record, run, &facts, &err));
		OK(run_environment_load(fixture.record, run, &read, &err));
		ck_assert_uint_eq(read.count, 2);
		ck_assert_str_eq(read.items[0].name, "blas");
		ck_assert_str_eq(read.items[0].value, "0.3 \"x\"");
		ck_assert_str_eq(read.items[1].value, "EPYC é");
	}
	ck_assert_int_eq(fixture_integer(&fixture, "SELECT count(*) FROM environments"), 1);
	AUTO(facts_release) struct facts host = { NULL, 0 };
	OK(facts_of_host(&host, &err));
	ck_assert_uint_ge(host.count, 8);
	struct run_resources now, back;
	bool known;
	run_resources_now(&now);
	now.threads = 2;
	ck_assert(now.wall > 0 && now.peak_memory > 0);
	OK(run_resources_load(fixture.record, 1, &back, &known, &err));
	ck_assert(!known);
	OK(run_resources_set(fixture.record, 1, &now, &err));
	OK(run_resources_load(fixture.record, 1, &back, &known, &err));
	ck_assert(known && back.wall == now.wall && back.user == now.user &&
		  back.peak_memory == now.peak_memory && back.threads == 2);
	fixture_remove(&fixture);
}
END_TEST

START_TEST(code_with_and_without_git)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	struct run_code code;
	fixture_make(&fixture);
	int64_t run = fixture_run(&fixture, NULL);
	OK(run_code_load(fixture.record, run, &code, &err));
	ck_assert(!code.commit && !code.lost);
	run_code_release(&code);
	OK(run_code_set(fixture.record, run, NULL, NULL, NULL, &err));
	OK(run_code_load(fixture.record, run, &code, &err));
	ck_assert_str_eq(code.lost, "the project is not in a git repository");
	run_code_release(&code);
	struct repository_state state = { .commit = "9c27e55000000000000000000000000000000000",
		.branch = (char[]){ "main" },
		.dirty = true,
		.n_changed = 2,
		.n_untracked = 1 };
	OK(run_code_set(fixture.record, run, &state, hash_a, NULL, &err));
	OK(run_code_load(fixture.record, run, &code, &err));
	ck_assert_str_eq(code.commit, state.commit);
	ck_assert_str_eq(code.patch, hash_a);
	ck_assert(code.dirty && code.n_changed == 2 && code.n_untracked == 1 && !code.lost &&
		  !code.remote);
	run_code_release(&code);
	fixture_remove(&fixture);
}
END_TEST

UNIT_MAIN("record/facts", params_are_set_once, a_document_is_flattened, metrics_keep_their_series,
	a_long_series_is_thinned, a_batch_is_all_or_nothing, tags_come_and_go, files_by_role,
	equal_environments_are_one, code_with_and_without_git)
