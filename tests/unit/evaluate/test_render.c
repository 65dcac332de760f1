#include "unit.h"

#include <math.h>
#include <stdio.h>

#include "../report/well_formed.h"
#include "mlops/document/json_reader.h"
#include "mlops/document/schema.h"
#include "mlops/evaluate/render.h"
#include "sample.h"

static const struct evaluation_fact facts[] = { { "run", "7f3a9c2 calm-otter" },
	{ "data", "data/<sample>.csv, 600 rows" }, { "model", "logistic, C 1" },
	{ "code", "4be11d0 \"dirty\" & more" } };
static const struct evaluation_heading heading = { "a <sample> | of *everything*",
	"run 7f3a9c2 calm-otter", facts, 4 };

static struct error err;

/* With MLOPS_SAMPLES=folder the forms are kept there, to be looked at. */
static void keep(const char *name, enum prediction_task task, const struct strbuf *text)
{
	const char *folder = getenv("MLOPS_SAMPLES");
	if (!folder)
		return;
	char path[4096];
	snprintf(path, sizeof path, "%s/%s.%s", folder, prediction_task_name(task), name);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fwrite(text->text, 1, text->length, file);
	fclose(file);
}

static void assert_json_valid(const struct evaluation *evaluation)
{
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct json_writer json;
	json_begin(&json, &out, 2);
	evaluation_json(evaluation, &heading, &json);
	ck_assert_int_eq(strbuf_check(&out, &err), 0);
	keep("json", evaluation->task, &out);
	const char *root = getenv("MLOPS_SOURCE_ROOT");
	char path[4096];
	snprintf(path, sizeof path, "%s/schemas/output/eval.schema.json", root ? root : ".");
	AUTO(document_release) struct document schema_document = { 0 };
	AUTO(document_release) struct document document = { 0 };
	AUTO(json_schema_free) struct json_schema *schema = NULL;
	static struct problems problems;
	problems = PROBLEMS_INIT;
	ck_assert_msg(json_read_file(path, &schema_document, &err) == 0, "%s", err.message);
	ck_assert_msg(json_schema_load(&schema_document, &schema, &err) == 0, "%s", err.message);
	ck_assert_msg(
		json_read((struct text){ out.text, out.length }, "eval.json", &document, &err) == 0,
		"%s", err.message);
	ck_assert_msg(json_schema_check(schema, &document, &problems, &err) == 0, "%s: %s",
		err.message, problems.count ? problems.items[0].message : "");
	/* Full precision: the number reads back equal. */
	AUTO(strbuf_release) struct strbuf at = STRBUF_INIT;
	strbuf_printf(&at, "parts.1.metrics.%s.value", evaluation->metrics[0]->name);
	const struct value *value = value_at_path(document.root, at.text);
	ck_assert_ptr_nonnull(value);
	ck_assert_double_eq(value->number, evaluation->parts[1].metrics[0].value);
}

START_TEST(forms_are_valid)
{
	for (int t = 0; t < 3; t++) {
		struct sample sample;
		sample_make(&sample, sample_tasks[t], 200, 400);
		AUTO(evaluation_release) struct evaluation evaluation = { 0 };
		sample_evaluate(&sample, NULL, &evaluation);
		assert_json_valid(&evaluation);
		AUTO(strbuf_release) struct strbuf html = STRBUF_INIT;
		ck_assert_int_eq(evaluation_html(&evaluation, &heading, &html, &err), 0);
		keep("html", sample_tasks[t], &html);
		assert_well_formed(html.text + strlen("<!DOCTYPE html>\n"));
		ck_assert_ptr_nonnull(strstr(html.text, "a &lt;sample&gt;"));
		ck_assert_ptr_nonnull(strstr(html.text, "&lt;i&gt;abroad"));
		ck_assert_ptr_null(strstr(html.text, "nan"));
		ck_assert_ptr_null(strstr(html.text, "<script"));
		ck_assert_uint_lt(html.length, 300000);
		AUTO(strbuf_release) struct strbuf markdown = STRBUF_INIT;
		ck_assert_int_eq(evaluation_markdown(&evaluation, &heading, &markdown, &err), 0);
		keep("md", sample_tasks[t], &markdown);
		ck_assert_uint_lt(markdown.length, 60000);
		ck_assert_ptr_null(strstr(markdown.text, "<i>"));
		ck_assert_ptr_nonnull(strstr(markdown.text, "a &lt;sample&gt; &#124; of &#42;"));
		sample_release(&sample);
	}
}
END_TEST

START_TEST(forms_are_bounded)
{
	enum { ROWS = 20000, CLASSES = 300 };
	struct sample sample;
	sample_make(&sample, PREDICTION_BINARY, 50, 50);
	uint32_t *targets = calloc(ROWS, sizeof *targets);
	uint32_t *labels = calloc(ROWS, sizeof *labels);
	const char *names[CLASSES];
	char text[2000];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (size_t c = 0; c < CLASSES; c++)
		names[c] = text + c;
	for (size_t i = 0; i < ROWS; i++) {
		targets[i] = (uint32_t)(i % CLASSES);
		labels[i] = (uint32_t)(i % 7 ? i % CLASSES : i * 31 % CLASSES);
	}
	struct predictions predictions = { .task = PREDICTION_MULTICLASS,
		.n_rows = ROWS,
		.n_classes = CLASSES,
		.classes = names,
		.targets = targets,
		.labels = labels };
	struct evaluation_options options = { .compute = metric_options_default() };
	options.compute.bootstrap.replicates = 50;
	struct evaluation_input input = { "test", &predictions, NULL, NULL, NAN };
	AUTO(evaluation_release) struct evaluation evaluation = { 0 };
	ck_assert_msg(
		evaluation_make(&options, &input, 1, &evaluation, &err) == 0, "%s", err.message);
	AUTO(strbuf_release) struct strbuf html = STRBUF_INIT, markdown = STRBUF_INIT;
	ck_assert_int_eq(evaluation_html(&evaluation, &heading, &html, &err), 0);
	ck_assert_int_eq(evaluation_markdown(&evaluation, &heading, &markdown, &err), 0);
	ck_assert_uint_lt(html.length, 1000000);
	ck_assert_uint_lt(markdown.length, 60000);
	assert_well_formed(html.text + strlen("<!DOCTYPE html>\n"));
	free(targets);
	free(labels);
	sample_release(&sample);
}
END_TEST

START_TEST(numbers_are_formatted)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = { { 0.974, "0.974" }, { 1, "1.000" }, { 0, "0.000" }, { -0.0, "0.000" },
		{ 0.0004, "0.0004" }, { -0.016, "−0.016" }, { 9.9996, "10.00" },
		{ 54.126, "54.13" }, { 99.96, "100.0" }, { 151.24, "151.2" }, { 999.7, "1,000" },
		{ 1234.5, "1,235" }, { 1234567, "1,234,567" }, { 1.5e9, "1.5e+09" }, { NAN, "–" },
		{ INFINITY, "∞" }, { -INFINITY, "−∞" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
		evaluation_format_number(&out, cases[i].value);
		ck_assert_str_eq(out.text, cases[i].text);
	}
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct interval interval = { 0.926, 0.991, INTERVAL_WILSON };
	evaluation_format_interval(&out, interval);
	evaluation_format_interval(&out, INTERVAL_UNKNOWN);
	ck_assert_str_eq(out.text, "0.926 – 0.991–");
}
END_TEST

START_TEST(rows_and_verdict)
{
	struct sample sample;
	sample_make(&sample, PREDICTION_BINARY, 200, 400);
	AUTO(evaluation_release) struct evaluation evaluation = { 0 };
	sample_evaluate(&sample, "metrics: [roc_auc, accuracy]", &evaluation);
	struct evaluation_row rows[8];
	ck_assert_uint_eq(evaluation_rows(&evaluation, rows, 8), 2);
	ck_assert_uint_eq(evaluation_rows(&evaluation, rows, 1), 1);
	ck_assert_str_eq(rows[0].metric->name, "roc_auc");
	ck_assert_uint_eq(rows[0].n_parts, 2);
	ck_assert_double_eq(rows[0].values[1], evaluation.parts[1].metrics[0].value);
	ck_assert_double_eq(rows[0].baseline, 0.5);
	AUTO(strbuf_release) struct strbuf verdict = STRBUF_INIT;
	evaluation_verdict(&evaluation, &verdict);
	ck_assert_int_eq(strncmp(verdict.text, "better than the baseline: roc_auc 0.", 36), 0);
	ck_assert_ptr_nonnull(strstr(verdict.text, " on 400 test rows"));
	sample_release(&sample);
}
END_TEST

UNIT_MAIN("evaluate/render", forms_are_valid, forms_are_bounded, numbers_are_formatted,
	rows_and_verdict)
