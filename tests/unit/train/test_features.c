#include "unit.h"

#include <math.h>
#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/data/reader.h"
#include "mlops/document/yaml.h"
#include "mlops/model/model_file.h"
#include "mlops/model/onnx.h"
#include "mlops/train/export.h"
#include "mlops/train/features.h"

/* A project's section and data, both as text; everything that a test needs, made from them. */
struct fixture {
	struct document project;
	struct table table;
	struct features *features;
	size_t *rows;
	double *x;
	struct error err;
};

static void fixture_open(struct fixture *fixture, const char *section, const char *csv)
{
	*fixture = (struct fixture){ .err = ERROR_INIT };
	ck_assert_int_eq(
		yaml_read(text_of(section), "mlops.yaml", &fixture->project, &fixture->err), 0);
	struct read_options options = {
		.bytes = csv, .n_bytes = strlen(csv), .name = "data.csv", .format = DATA_CSV
	};
	int status = table_read(&options, &fixture->table, NULL, &fixture->err);
	ck_assert_msg(status == 0, "%s", fixture->err.message);
	fixture->rows =
		memory_allocate(fixture->table.n_rows, sizeof *fixture->rows, &fixture->err);
	for (size_t i = 0; i < fixture->table.n_rows; i++)
		fixture->rows[i] = i;
}

static int fixture_plan(struct fixture *fixture)
{
	static const char *const excluded[] = { "target", NULL };
	return features_new(&fixture->project, fixture->project.root, &fixture->table, excluded,
		NULL, &fixture->features, &fixture->err);
}

static void fixture_fit(struct fixture *fixture)
{
	ck_assert_msg(fixture_plan(fixture) == 0, "%s", fixture->err.message);
	int status = features_fit(fixture->features, &fixture->table, fixture->rows,
		fixture->table.n_rows, &fixture->err);
	ck_assert_msg(status == 0, "%s", fixture->err.message);
	size_t cells = fixture->table.n_rows * features_count(fixture->features);
	fixture->x = memory_allocate(cells, sizeof *fixture->x, &fixture->err);
	status = features_apply(fixture->features, &fixture->table, fixture->rows,
		fixture->table.n_rows, fixture->x, &fixture->err);
	ck_assert_msg(status == 0, "%s", fixture->err.message);
}

static void fixture_close(struct fixture *fixture)
{
	features_free(fixture->features);
	memory_free(fixture->rows);
	memory_free(fixture->x);
	table_release(&fixture->table);
	document_release(&fixture->project);
}

/* The column of the matrix of that name, at a row. */
static double cell(const struct fixture *fixture, const char *name, size_t row)
{
	size_t count = features_count(fixture->features);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(features_name(fixture->features, i), name) == 0)
			return fixture->x[row * count + i];
	}
	ck_abort_msg("no feature '%s'", name);
	return NAN;
}

/* Exports with a model that sums the features, runs it, and compares every row to the bit. */
static void check_export(struct fixture *fixture)
{
	size_t count = features_count(fixture->features), n_rows = fixture->table.n_rows;
	/* One output per feature: the graph's answer is the matrix itself. */
	for (size_t f = 0; f < count; f++) {
		double *coefficients = calloc(count, sizeof *coefficients), intercept = 0;
		coefficients[f] = 1;
		struct trained_model model = { .kind = TRAINED_LINEAR_MAP,
			.task = TASK_REGRESSION,
			.n_features = count,
			.n_outputs = 1,
			.coefficients = coefficients,
			.intercepts = &intercept };
		struct graph graph;
		graph_init(&graph);
		int status = export_model(fixture->features, &model, NULL, &graph, &fixture->err);
		ck_assert_msg(status == 0, "%s", fixture->err.message);
		struct strbuf bytes = STRBUF_INIT;
		ck_assert_int_eq(onnx_write(&graph, &bytes, &fixture->err), 0);
		struct model read;
		status = model_read(bytes.text, bytes.length, &read, &fixture->err);
		ck_assert_msg(status == 0, "%s", fixture->err.message);
		double *scores = calloc(n_rows, sizeof *scores);
		struct model_rows rows = { &fixture->table, 0, n_rows, 2 };
		status = model_predict_table(&read, &rows,
			&(struct model_predictions){ .scores = scores }, &fixture->err);
		ck_assert_msg(status == 0, "%s", fixture->err.message);
		for (size_t i = 0; i < n_rows; i++)
			ck_assert_msg(scores[i] == fixture->x[i * count + f],
				"%s, row %zu: %.17g in the graph, %.17g in the matrix",
				features_name(fixture->features, f), i, scores[i],
				fixture->x[i * count + f]);
		free(scores);
		free(coefficients);
		model_release(&read);
		strbuf_release(&bytes);
		graph_release(&graph);
	}
}

START_TEST(numbers_are_imputed_and_scaled)
{
	struct fixture fixture;
	fixture_open(&fixture, "numeric: {impute: median, scale: standard, indicator: true}\n",
		"a,b,target\n1,10,0\n2,,1\n3,30,0\n6,20,1\n");
	fixture_fit(&fixture);
	/* a: mean 3, deviation sqrt(3.5) (divided by n); b: median of 10, 20, 30 is 20 */
	ck_assert_double_eq_tol(cell(&fixture, "a", 3), 3 / sqrt(3.5), 1e-15);
	ck_assert_double_eq(cell(&fixture, "b", 1), 0);
	ck_assert_double_eq(cell(&fixture, "b missing", 1), 1);
	ck_assert_double_eq(cell(&fixture, "b missing", 0), 0);
	check_export(&fixture);
	fixture_close(&fixture);
}
END_TEST

START_TEST(robust_minmax_clip_and_log)
{
	struct fixture fixture;
	fixture_open(&fixture,
		"numeric: {impute: mean, scale: robust}\n"
		"columns:\n"
		"  b: {scale: minmax, clip: [0, 8]}\n"
		"  c: {log1p: true, scale: none}\n"
		"  d: {impute: constant, fill: 7, scale: none}\n"
		"  e: {impute: most_frequent, scale: none}\n",
		"a,b,c,d,e,k,target\n1,-5,0,1,4,2,0\n2,4,1,,4,2,1\n3,100,3,3,5,2,0\n"
		"4,2,7,4,,2,1\n100,8,15,5,9,2,1\n");
	fixture_fit(&fixture);
	/* a: median 3, quartiles 2 and 4 */
	ck_assert_double_eq(cell(&fixture, "a", 4), 48.5);
	ck_assert_double_eq(cell(&fixture, "b", 0), 0);
	ck_assert_double_eq(cell(&fixture, "b", 2), 1);
	ck_assert_double_eq(cell(&fixture, "b", 1), 0.5);
	ck_assert_double_eq_tol(cell(&fixture, "c", 4), log(16), 1e-15);
	ck_assert_double_eq(cell(&fixture, "d", 1), 7);
	ck_assert_double_eq(cell(&fixture, "e", 3), 4);
	ck_assert_double_eq(cell(&fixture, "k", 3), 0); /* constant: centred, scale 1 */
	check_export(&fixture);
	fixture_close(&fixture);
}
END_TEST

START_TEST(bins_by_quantile_and_by_edges)
{
	struct fixture fixture;
	fixture_open(&fixture, "columns:\n  a: {bucketize: 4}\n  b: {bucketize: [10, 20]}\n",
		"a,b,target\n1,10,0\n2,9.5,1\n3,19,0\n4,20,1\n5,,1\n");
	fixture_fit(&fixture);
	ck_assert_uint_eq(features_count(fixture.features), 7);
	ck_assert_double_eq(cell(&fixture, "a [-inf, 2)", 0), 1);
	ck_assert_double_eq(cell(&fixture, "a [2, 3)", 1), 1);
	ck_assert_double_eq(cell(&fixture, "b [10, 20)", 0), 1);
	ck_assert_double_eq(cell(&fixture, "b [-inf, 10)", 1), 1);
	ck_assert_double_eq(cell(&fixture, "b [20, inf)", 3), 1);
	ck_assert_double_eq(cell(&fixture, "b [10, 20)", 4), 1); /* the median, 14.5 */
	check_export(&fixture);
	fixture_close(&fixture);
}
END_TEST

START_TEST(categories_rare_missing_and_unknown)
{
	struct fixture fixture;
	fixture_open(&fixture,
		"categorical: {impute: category, encode: onehot, min_frequency: 2, "
		"unknown: infrequent}\n"
		"columns:\n"
		"  size: {encode: ordinal, impute: most_frequent}\n"
		"  city: {encode: hashed, buckets: 3, impute: most_frequent}\n",
		"colour,size,city,target\nred,S,Bern,0\nblue,M,Rome,1\nred,M,Rome,0\n"
		",L,Oslo,1\ngreen,,Bern,1\nblue,M,,0\n");
	fixture_fit(&fixture);
	ck_assert_double_eq(cell(&fixture, "colour=red", 0), 1);
	ck_assert_double_eq(cell(&fixture, "colour=red", 1), 0);
	ck_assert_double_eq(cell(&fixture, "colour=(missing)", 3), 1);
	ck_assert_double_eq(cell(&fixture, "size", 1), 0); /* M is the most frequent */
	ck_assert_double_eq(cell(&fixture, "size", 4), 0);
	ck_assert_double_eq(cell(&fixture, "size", 3), 1); /* L and S are rare */
	check_export(&fixture);

	/* Another table: a category that training has not seen joins the rare ones. */
	struct table other;
	const char *csv = "colour,size,city\npink,XL,Paris\nred,S,Bern\n";
	struct read_options options = {
		.bytes = csv, .n_bytes = strlen(csv), .name = "new.csv", .format = DATA_CSV
	};
	ck_assert_int_eq(table_read(&options, &other, NULL, &fixture.err), 0);
	const size_t rows[] = { 0, 1 };
	size_t width = features_count(fixture.features);
	double *x = calloc(2 * width, sizeof *x);
	ck_assert_int_eq(features_apply(fixture.features, &other, rows, 2, x, &fixture.err), 0);
	memory_free(fixture.x);
	fixture.x = memory_allocate(2 * width, sizeof *x, &fixture.err);
	memcpy(fixture.x, x, 2 * width * sizeof *x);
	ck_assert_double_eq(cell(&fixture, "colour=green", 0), 1); /* alone among the rare */
	ck_assert_double_eq(cell(&fixture, "size", 0), 1); /* as L and S do */
	free(x);
	table_release(&other);
	fixture_close(&fixture);
}
END_TEST

/* Quoted, an empty field is a text, to the graph it is a missing one: so it is to the features. */
START_TEST(an_empty_text_is_missing)
{
	struct fixture fixture;
	fixture_open(&fixture,
		"columns:\n"
		"  colour: {encode: onehot, impute: category}\n"
		"  size: {encode: ordinal, impute: most_frequent}\n"
		"  word: {encode: hashed, buckets: 2, impute: category}\n",
		"colour,size,word,target\n\"\",\"\",\"\",0\n\"\",\"\",\"a\",1\nred,S,b,0\n"
		"\"\",M,,1\n,M,\"\",1\n");
	fixture_fit(&fixture);
	ck_assert_uint_eq(features_count(fixture.features), 2 + 1 + 3);
	for (size_t row = 0; row < 5; row++)
		ck_assert_double_eq(cell(&fixture, "colour=(missing)", row), row != 2);
	ck_assert_double_eq(cell(&fixture, "size", 0), 0); /* M is the most frequent */
	ck_assert_double_eq(cell(&fixture, "size", 2), 1);
	ck_assert_double_eq(cell(&fixture, "word#2", 0), 1);
	ck_assert_double_eq(cell(&fixture, "word#2", 3), 1);
	check_export(&fixture);
	fixture_close(&fixture);

	fixture_open(
		&fixture, "columns: {colour: {impute: none}}\n", "colour,target\n\"\",0\nred,1\n");
	ck_assert_int_eq(fixture_plan(&fixture), 0);
	ck_assert_int_eq(
		features_fit(fixture.features, &fixture.table, fixture.rows, 2, &fixture.err),
		-ERROR_INVALID);
	fixture_close(&fixture);
}
END_TEST

START_TEST(parts_of_a_time)
{
	struct fixture fixture;
	fixture_open(&fixture,
		"timestamp: {parts: [year, month, day, weekday, hour, minute, seconds], "
		"scale: none}\n",
		"t,target\n2024-02-29T23:59:30Z,0\n1969-12-31T00:01:00Z,1\n2000-03-01,0\n"
		"1900-02-28T12:30:00Z,1\n2026-11-24T15:03:11.5Z,0\n,1\n1600-01-01,1\n");
	fixture_fit(&fixture);
	for (size_t row = 0; row < fixture.table.n_rows; row++) {
		if (column_is_missing(&fixture.table.columns[0], row))
			continue;
		struct clock_civil civil = clock_civil(fixture.table.columns[0].int64[row]);
		ck_assert_double_eq(cell(&fixture, "t.year", row), (double)civil.year);
		ck_assert_double_eq(cell(&fixture, "t.month", row), civil.month);
		ck_assert_double_eq(cell(&fixture, "t.day", row), civil.day);
		ck_assert_double_eq(cell(&fixture, "t.weekday", row), civil.weekday);
		ck_assert_double_eq(cell(&fixture, "t.hour", row), civil.hour);
		ck_assert_double_eq(cell(&fixture, "t.minute", row), civil.minute);
	}
	check_export(&fixture);
	fixture_close(&fixture);
}
END_TEST

START_TEST(what_cannot_be_done_is_said)
{
	static const struct {
		const char *section, *csv, *message;
	} cases[] = {
		{ "drop: [colour]\n", "color,target\n1,2\n",
			"features.drop: the data have no column 'colour'" },
		{ "columns: {agee: {scale: none}}\n", "age,target\n1,2\n",
			"features.columns: the data have no column 'agee'" },
		{ "numeric: {impute: none}\n", "a,target\n1,2\n,3\n",
			"column 'a' has 1 missing values among the training rows, and "
			"`impute: none`" },
		{ "numeric: {log1p: true}\n", "a,target\n1,2\n-3,3\n",
			"column 'a' has the value -3, and log1p needs values above -1" },
		{ "drop: [a]\n", "a,target\n1,2\n", "no column is left as a feature" },
		{ "numeric: {impute: mean}\n", "a,b,target\n1,,2\n2,,3\n",
			"column 'b' has no value in any training row" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture fixture;
		fixture_open(&fixture, cases[i].section, cases[i].csv);
		int status = fixture_plan(&fixture);
		if (status == 0)
			status = features_fit(fixture.features, &fixture.table, fixture.rows,
				fixture.table.n_rows, &fixture.err);
		ck_assert_int_eq(status, -ERROR_INVALID);
		ck_assert_str_eq(fixture.err.message, cases[i].message);
		fixture_close(&fixture);
	}
}
END_TEST

UNIT_MAIN("train/features", numbers_are_imputed_and_scaled, robust_minmax_clip_and_log,
	bins_by_quantile_and_by_edges, categories_rare_missing_and_unknown,
	an_empty_text_is_missing, parts_of_a_time, what_cannot_be_done_is_said)
