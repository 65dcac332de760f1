#include "unit.h"

#include <math.h>
#include <stdio.h>

#include "mlops/base/clock.h"
#include "mlops/base/parallel.h"
#include "mlops/document/yaml.h"
#include "mlops/evaluate/evaluation.h"
#include "sample.h"

static struct error err;

START_TEST(options_are_read)
{
	AUTO(document_release) struct document document = { 0 };
	AUTO(evaluation_options_release) struct evaluation_options options = { 0 };
	const char *text = "metrics: [roc_auc, ece, auc]\nslices: [region]\nconfidence: 0.9\n"
			   "threshold: 0.3\nbootstrap: {replicates: 100, seed: 5}\n";
	ck_assert_int_eq(yaml_read(text_of(text), "m.yaml", &document, &err), 0);
	ck_assert_int_eq(
		evaluation_options_read(document.root, PREDICTION_BINARY, "m.yaml", &options, &err),
		0);
	ck_assert_uint_eq(options.n_metrics, 2); /* auc is roc_auc again */
	ck_assert_str_eq(options.metrics[1]->name, "expected_calibration_error");
	ck_assert_str_eq(options.slices[0], "region");
	ck_assert_double_eq(options.compute.confidence, 0.9);
	ck_assert_double_eq(options.compute.threshold, 0.3);
	ck_assert_uint_eq(options.compute.bootstrap.replicates, 100);
	ck_assert_uint_eq(options.compute.bootstrap.seed, 5);
}
END_TEST

static void assert_refused(
	const char *text, enum prediction_task task, const char *message, const char *hint)
{
	AUTO(document_release) struct document document = { 0 };
	AUTO(evaluation_options_release) struct evaluation_options options = { 0 };
	struct error error = ERROR_INIT;
	ck_assert_int_eq(yaml_read(text_of(text), "m.yaml", &document, &error), 0);
	ck_assert_int_eq(evaluation_options_read(document.root, task, "m.yaml", &options, &error),
		-ERROR_INVALID);
	ck_assert_str_eq(error.message, message);
	ck_assert_str_eq(error.hint, hint);
	ck_assert_uint_eq(error.at.line, 1);
	ck_assert_uint_eq(error.at.column, 11);
}

START_TEST(wrong_metrics_are_refused)
{
	assert_refused("metrics: [acuracy]", PREDICTION_BINARY,
		"evaluate.metrics: no metric is called 'acuracy'", "did you mean 'accuracy'?");
	assert_refused("metrics: [f1]", PREDICTION_MULTICLASS,
		"evaluate.metrics: 'f1' is not for a multiclass task",
		"f1_macro and f1_weighted are");
	assert_refused("metrics: [rmse]", PREDICTION_BINARY,
		"evaluate.metrics: 'rmse' is not for a binary task", "");
	assert_refused("metrics: [17]", PREDICTION_BINARY,
		"evaluate.metrics: a metric's name is a string, not a integer", "");
}
END_TEST

START_TEST(costs_are_read)
{
	static const char *const names[] = { "B", "M" };
	static const char *const three[] = { "a", "b", "c" };
	struct predictions binary = {
		.task = PREDICTION_BINARY, .n_classes = 2, .classes = names, .positive = 1
	};
	struct predictions multi = {
		.task = PREDICTION_MULTICLASS, .n_classes = 3, .classes = three
	};
	struct {
		const char *text;
		const struct predictions *predictions;
		const char *message;
	} bad[] = { { "{fals_negative: 1}", &binary,
			    "evaluate.costs: no kind of mistake is called 'fals_negative'" },
		{ "{false_negative: much}", &binary,
			"evaluate.costs: not a number: 'false_negative'" },
		{ "{a: {d: 1}}", &multi, "evaluate.costs: no class is called 'd'" },
		{ "{false_negative: 1}", &multi,
			"evaluate.costs: no kind of mistake is called 'false_negative'" } };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		AUTO(document_release) struct document document = { 0 };
		struct error error = ERROR_INIT;
		double *costs;
		ck_assert_int_eq(yaml_read(text_of(bad[i].text), "m.yaml", &document, &error), 0);
		ck_assert_int_eq(
			cost_read(document.root, bad[i].predictions, "m.yaml", &costs, &error),
			-ERROR_INVALID);
		ck_assert_str_eq(error.message, bad[i].message);
		ck_assert_str_eq(error.at.file, "m.yaml");
	}
	AUTO(document_release) struct document document = { 0 };
	double *costs;
	ck_assert_int_eq(yaml_read(TEXT("{b: {a: 2.5}, c: {b: 4}}"), "m.yaml", &document, &err), 0);
	ck_assert_int_eq(cost_read(document.root, &multi, "m.yaml", &costs, &err), 0);
	double expected[] = { 0, 1, 1, 2.5, 0, 1, 1, 4, 0 };
	for (int i = 0; i < 9; i++)
		ck_assert_double_eq(costs[i], expected[i]);
	memory_free(costs);
}
END_TEST

START_TEST(an_evaluation_holds_together)
{
	for (int t = 0; t < 3; t++) {
		struct sample sample;
		sample_make(&sample, sample_tasks[t], 200, 400);
		AUTO(evaluation_release) struct evaluation evaluation = { 0 };
		sample_evaluate(&sample, NULL, &evaluation);
		ck_assert_uint_eq(evaluation.n_parts, 2);
		const struct evaluation_part *main = evaluation_main_part(&evaluation);
		ck_assert_str_eq(main->name, "test");
		ck_assert_ptr_eq(evaluation_part(&evaluation, "validation"), &evaluation.parts[0]);
		ck_assert_ptr_null(evaluation_part(&evaluation, "training"));
		ck_assert_uint_eq(main->n_rows, 400);
		ck_assert_uint_le(evaluation.n_headline, evaluation.n_metrics);
		for (size_t i = 0; i < evaluation.n_metrics; i++) {
			ck_assert_ptr_eq(main->metrics[i].metric, evaluation.metrics[i]);
			ck_assert_ptr_eq(main->difference[i].metric, evaluation.metrics[i]);
		}
		ck_assert_int_eq(main->difference[0].better, 1);
		ck_assert_ptr_null(evaluation.parts[0].difference);
		ck_assert_ptr_nonnull(evaluation_metric(
			&evaluation, main, t == 2 ? "mean_absolute_error" : "accuracy_score"));
		ck_assert_uint_gt(main->slices.count, 4);
		sample_release(&sample);
	}
}
END_TEST

START_TEST(slices_cover_all_rows_worst_first)
{
	struct sample sample;
	sample_make(&sample, PREDICTION_BINARY, 100, 700);
	AUTO(evaluation_release) struct evaluation evaluation = { 0 };
	sample_evaluate(&sample, NULL, &evaluation);
	const struct slices *slices = &evaluation_main_part(&evaluation)->slices;
	size_t regions = 0, ages = 0, missing = 0, small = 0, worse = 0;
	for (size_t i = 0; i < slices->count; i++) {
		const struct slice *slice = &slices->items[i];
		regions += strcmp(slice->column, "region") == 0 ? slice->n_rows : 0;
		ages += strcmp(slice->column, "age") == 0 ? slice->n_rows : 0;
		missing += strcmp(slice->value, "(missing)") == 0;
		small += slice->small;
		worse += slice->worse;
		ck_assert_int_eq(slice->small, slice->n_rows < SLICES_SMALL);
		if (i && !isnan(slice->metrics[0].value) &&
			!isnan(slices->items[i - 1].metrics[0].value))
			ck_assert(!metric_better(slice->metrics[0].metric,
				slices->items[i - 1].metrics[0].value, slice->metrics[0].value));
	}
	ck_assert_uint_eq(regions, 700);
	ck_assert_uint_eq(ages, 700);
	ck_assert_uint_eq(missing, 1);
	ck_assert_uint_gt(small, 0);
	ck_assert_uint_gt(worse, 0); /* the sample's model is bad in one region */
	ck_assert_str_eq(slices->items[0].column, "region");
	sample_release(&sample);
}
END_TEST

START_TEST(two_evaluations_are_equal_bits)
{
	struct sample sample;
	sample_make(&sample, PREDICTION_MULTICLASS, 50, 3000);
	AUTO(evaluation_release) struct evaluation one = { 0 };
	AUTO(evaluation_release) struct evaluation two = { 0 };
	parallel_set_threads(1);
	sample_evaluate(&sample, NULL, &one);
	parallel_set_threads(4);
	sample_evaluate(&sample, NULL, &two);
	parallel_set_threads(0);
	const struct evaluation_part *a = &one.parts[1], *b = &two.parts[1];
	for (size_t i = 0; i < one.n_metrics; i++) {
		ck_assert_mem_eq(&a->metrics[i].value, &b->metrics[i].value, 8);
		ck_assert_mem_eq(
			&a->metrics[i].interval, &b->metrics[i].interval, sizeof(struct interval));
		ck_assert_mem_eq(&a->difference[i].interval, &b->difference[i].interval,
			sizeof(struct interval));
	}
	for (size_t i = 0; i < a->slices.count; i++)
		ck_assert_mem_eq(&a->slices.items[i].metrics[0].interval.low,
			&b->slices.items[i].metrics[0].interval.low, 8);
	sample_release(&sample);
}
END_TEST

START_TEST(unknown_slices_are_refused)
{
	struct sample sample;
	sample_make(&sample, PREDICTION_BINARY, 20, 20);
	AUTO(evaluation_release) struct evaluation evaluation = { 0 };
	struct error error = ERROR_INIT;
	ck_assert_int_eq(
		sample_try(&sample, "slices: [regoin]", &evaluation, &error), -ERROR_NOT_FOUND);
	ck_assert_str_eq(
		error.message, "part 'validation': evaluate.slices: no column is called 'regoin'");
	sample_release(&sample);
}
END_TEST

/* Not a test of time: prints what an evaluation costs. */
START_TEST(what_it_costs)
{
	size_t sizes[][2] = { { 57, 114 }, { 1000, 200000 } };
	for (int t = 0; t < 3; t++) {
		for (int s = 0; s < 2; s++) {
			struct sample sample;
			sample_make(&sample, sample_tasks[t], sizes[s][0], sizes[s][1]);
			double best = 1e9;
			for (int i = 0; i < (s ? 1 : 5); i++) {
				AUTO(evaluation_release) struct evaluation evaluation = { 0 };
				uint64_t start = clock_monotonic();
				sample_evaluate(&sample, "{}", &evaluation);
				best = fmin(best, (double)(clock_monotonic() - start) * 1e-6);
			}
			printf("# %s, %zu rows: %.1f ms\n", prediction_task_name(sample_tasks[t]),
				sizes[s][1], best);
			sample_release(&sample);
		}
	}
}
END_TEST

UNIT_MAIN("evaluate/evaluation", options_are_read, wrong_metrics_are_refused, costs_are_read,
	an_evaluation_holds_together, slices_cover_all_rows_worst_first,
	two_evaluations_are_equal_bits, unknown_slices_are_refused, what_it_costs)
