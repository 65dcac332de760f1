#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "mlops/base/parallel.h"
#include "mlops/evaluate/metrics.h"
#include "mlops/numeric/random.h"
#include "synthetic.h"

enum { MOST = 80 };

static size_t metrics_of_task(enum prediction_task task, const struct metric **ret)
{
	size_t count = 0;
	for (size_t i = 0; i < metric_count; i++)
		if (metric_table[i].tasks & task)
			ret[count++] = &metric_table[i];
	return count;
}

static struct metric_options quick(size_t replicates)
{
	struct metric_options options = metric_options_default();
	options.bootstrap.replicates = replicates;
	return options;
}

static size_t compute_all(const struct predictions *predictions,
	const struct metric_options *options, struct metric_value *ret)
{
	const struct metric *metrics[MOST];
	size_t count = metrics_of_task(predictions->task, metrics);
	struct error err = ERROR_INIT;
	ck_assert_msg(predictions_check(predictions, &err) == 0, "%s", err.message);
	ck_assert_msg(metrics_compute(predictions, metrics, count, options, ret, &err) == 0, "%s",
		err.message);
	return count;
}

static const enum prediction_task tasks[] = { PREDICTION_BINARY, PREDICTION_MULTICLASS,
	PREDICTION_REGRESSION };

START_TEST(the_table_is_sound)
{
	for (size_t i = 0; i < metric_count; i++) {
		const struct metric *metric = &metric_table[i];
		ck_assert_int_eq((metric->share != NULL) + (metric->of_sums != NULL) +
					 (metric->of_rows != NULL),
			1);
		ck_assert_msg(metric->tasks != 0 && (metric->standard & ~metric->tasks) == 0, "%s",
			metric->name);
		ck_assert_msg(metric->minimum < metric->maximum, "%s", metric->name);
		ck_assert_msg(strlen(metric->text) < 80, "%s", metric->name);
		ck_assert_ptr_eq(metric_find(metric->name), metric);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(metric->name, metric_table[j].name);
	}
	ck_assert_ptr_eq(metric_find("matthews_corrcoef"), metric_find("mcc"));
	ck_assert_ptr_eq(metric_find("roc_auc_ovr"), metric_find("roc_auc"));
	ck_assert_ptr_null(metric_find("acuracy"));
	ck_assert_str_eq(metric_nearest("acuracy", PREDICTION_BINARY), "accuracy");
	ck_assert_ptr_null(metric_nearest("zzzzzzzz", PREDICTION_BINARY));
}
END_TEST

START_TEST(values_lie_in_their_range_and_interval)
{
	struct synthetic data;
	for (uint64_t seed = 0; seed < 45; seed++) {
		synthetic_make(&data, tasks[seed % 3], 20 + 10 * seed, seed);
		data.predictions.weights = seed % 2 ? data.weights : NULL;
		struct metric_options options = quick(200);
		struct metric_value values[MOST];
		size_t count = compute_all(&data.predictions, &options, values);
		for (size_t i = 0; i < count; i++) {
			const struct metric_value *v = &values[i];
			if (v->undefined) {
				ck_assert(isnan(v->value));
				continue;
			}
			ck_assert_msg(v->value >= v->metric->minimum - 1e-12 &&
					      v->value <= v->metric->maximum + 1e-12,
				"%s %g", v->metric->name, v->value);
			if (v->interval.method == INTERVAL_NONE)
				continue;
			ck_assert_msg(v->interval.low <= v->interval.high, "%s", v->metric->name);
			ck_assert_msg(v->interval.low >= v->metric->minimum - 1e-12 &&
					      v->interval.high <= v->metric->maximum + 1e-12,
				"%s [%g, %g]", v->metric->name, v->interval.low, v->interval.high);
		}
		synthetic_release(&data);
	}
}
END_TEST

/* Integer weights are the same as repeated rows. */
START_TEST(weights_repeat_rows)
{
	for (uint64_t seed = 0; seed < 30; seed++) {
		struct synthetic data, repeated;
		synthetic_make(&data, tasks[seed % 3], 60, seed);
		data.predictions.weights = data.weights;
		synthetic_repeat(&data, &repeated);
		struct metric_options options = quick(0);
		struct metric_value weighted[MOST], plain[MOST];
		size_t count = compute_all(&data.predictions, &options, weighted);
		compute_all(&repeated.predictions, &options, plain);
		for (size_t i = 0; i < count; i++) {
			if (isnan(plain[i].value)) {
				ck_assert(isnan(weighted[i].value));
				continue;
			}
			ck_assert_msg(fabs(weighted[i].value - plain[i].value) <=
					      1e-11 * fmax(1.0, fabs(plain[i].value)),
				"%s: %.17g and %.17g", plain[i].metric->name, weighted[i].value,
				plain[i].value);
		}
		synthetic_release(&data);
		synthetic_release(&repeated);
	}
}
END_TEST

/* The order of rows and, but for kappas of ordered classes, the names of classes play no part. */
START_TEST(order_plays_no_part)
{
	for (uint64_t seed = 0; seed < 30; seed++) {
		struct synthetic data, other;
		synthetic_make(&data, tasks[seed % 3], 90, seed);
		synthetic_permute(&data, &other, seed);
		struct metric_options options = quick(0);
		struct metric_value a[MOST], b[MOST];
		size_t count = compute_all(&data.predictions, &options, a);
		compute_all(&other.predictions, &options, b);
		for (size_t i = 0; i < count; i++) {
			if (strncmp(a[i].metric->name, "cohen_kappa_", 12) == 0 ||
				isnan(a[i].value))
				continue;
			ck_assert_msg(fabs(a[i].value - b[i].value) <=
					      1e-12 * fmax(1.0, fabs(a[i].value)),
				"%s: %.17g and %.17g", a[i].metric->name, a[i].value, b[i].value);
		}
		synthetic_release(&data);
		synthetic_release(&other);
	}
}
END_TEST

static struct metric_value one_metric(const struct predictions *predictions, const char *name)
{
	struct metric_options options = quick(300);
	const struct metric *metric = metric_find(name);
	struct metric_value value;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(metrics_compute(predictions, &metric, 1, &options, &value, &err), 0);
	return value;
}

static const char *const yes_no[] = { "no", "yes" };

START_TEST(the_undefined_is_said)
{
	uint32_t targets[] = { 1, 1, 1 };
	double p[] = { 0.2, 0.8, 0.4, 0.6, 0.1, 0.9 };
	struct predictions one = { .task = PREDICTION_BINARY,
		.n_rows = 3,
		.n_classes = 2,
		.classes = yes_no,
		.positive = 1,
		.targets = targets,
		.probabilities = p };
	struct metric_value value = one_metric(&one, "roc_auc");
	ck_assert(isnan(value.value));
	ck_assert_str_eq(value.undefined, "only one class occurs");
	ck_assert_int_eq(value.interval.method, INTERVAL_NONE);
	one.probabilities = NULL;
	one.labels = targets;
	ck_assert_str_eq(
		one_metric(&one, "log_loss").undefined, "the model gives no probabilities");
	ck_assert_str_eq(one_metric(&one, "cost").undefined, "no costs are given");
	ck_assert_str_eq(one_metric(&one, "cohen_kappa").undefined, "only one class occurs");
	value = one_metric(&one, "specificity"); /* 0 of 0 */
	ck_assert_double_eq(value.value, 0.0);
	ck_assert_uint_eq(value.zero_divisions, 1);
	ck_assert_int_eq(value.interval.method, INTERVAL_NONE);
	double y[] = { 5, 5, 5 }, predicted[] = { 5, 4, 6 };
	struct predictions flat = {
		.task = PREDICTION_REGRESSION, .n_rows = 3, .target_values = y, .values = predicted
	};
	ck_assert_str_eq(one_metric(&flat, "r2").undefined, "the target is the same in all rows");
	y[0] = 0;
	ck_assert_str_eq(one_metric(&flat, "mape").undefined, "a target is 0");
	ck_assert_double_eq_tol(one_metric(&flat, "mae").value, 7.0 / 3.0, 1e-15);
}
END_TEST

START_TEST(perfect_models_keep_honest_intervals)
{
	uint32_t targets[40];
	double p[80];
	for (size_t i = 0; i < 40; i++) {
		targets[i] = i % 2;
		p[2 * i + 1] = targets[i] ? 0.9 : 0.2;
		p[2 * i] = 1.0 - p[2 * i + 1];
	}
	struct predictions perfect = { .task = PREDICTION_BINARY,
		.n_rows = 40,
		.n_classes = 2,
		.classes = yes_no,
		.positive = 1,
		.targets = targets,
		.probabilities = p };
	const char *names[] = { "accuracy", "balanced_accuracy", "precision", "recall", "f1",
		"roc_auc" };
	for (size_t i = 0; i < 6; i++) {
		struct metric_value value = one_metric(&perfect, names[i]);
		ck_assert_double_eq(value.value, 1.0);
		ck_assert_double_eq(value.interval.high, 1.0);
		ck_assert_msg(value.interval.low > 0.7 && value.interval.low < 0.97, "%s from %g",
			names[i], value.interval.low);
	}
	ck_assert_int_eq(one_metric(&perfect, "roc_auc").interval.method, INTERVAL_NEWCOMBE);
}
END_TEST

START_TEST(metrics_of_another_task_are_refused)
{
	struct synthetic data;
	synthetic_make(&data, PREDICTION_REGRESSION, 20, 1);
	const struct metric *metric = metric_find("roc_auc");
	struct metric_options options = quick(0);
	struct metric_value value;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(metrics_compute(&data.predictions, &metric, 1, &options, &value, &err),
		-ERROR_INVALID);
	ck_assert_str_eq(err.message, "metric 'roc_auc' is not for a regression task");
	synthetic_release(&data);
}
END_TEST

START_TEST(bad_predictions_are_refused)
{
	uint32_t targets[] = { 0, 1 }, wrong[] = { 0, 2 };
	double p[] = { 0.2, 0.8, 0.4, 0.6 }, sums[] = { 0.2, 0.8, 0.4, 0.7 },
	       out[] = { 0.2, 0.8, -0.1, 1.1 }, nans[] = { 0.2, 0.8, NAN, 0.5 };
	double none[] = { 0, 0 }, negative[] = { 1, -1 };
	uint64_t numbers[] = { 10, 17 };
	struct predictions good = { .task = PREDICTION_BINARY,
		.n_rows = 2,
		.n_classes = 2,
		.classes = yes_no,
		.positive = 1,
		.targets = targets,
		.probabilities = p,
		.row_numbers = numbers };
	struct predictions bad[8] = { good, good, good, good, good, good, good, good };
	bad[0].targets = wrong;
	bad[1].probabilities = sums;
	bad[2].probabilities = out;
	bad[3].probabilities = nans;
	bad[4].weights = none;
	bad[5].weights = negative;
	bad[6].n_rows = 0;
	bad[7].labels = wrong;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(predictions_check(&good, &err), 0);
	for (size_t i = 0; i < 8; i++)
		ck_assert_int_eq(predictions_check(&bad[i], &err), -ERROR_INVALID);
	ck_assert_int_eq(predictions_check(&bad[1], &err), -ERROR_INVALID);
	ck_assert_str_eq(err.message, "row 17: the probabilities do not sum to 1");
}
END_TEST

/* The same bits for one thread and for many, and twice. */
START_TEST(results_do_not_depend_on_threads)
{
	struct synthetic data;
	synthetic_make(&data, PREDICTION_MULTICLASS, 6000, 3);
	struct metric_value a[MOST], b[MOST];
	struct metric_options options = quick(1000);
	options.bootstrap.threads = 1;
	size_t count = compute_all(&data.predictions, &options, a);
	options.bootstrap.threads = 4;
	compute_all(&data.predictions, &options, b);
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(memcmp(&a[i].interval.low, &b[i].interval.low, 8) == 0 &&
				      memcmp(&a[i].value, &b[i].value, 8) == 0,
			"%s", a[i].metric->name);
	synthetic_release(&data);
}
END_TEST

START_TEST(classes_have_values)
{
	struct synthetic data;
	synthetic_make(&data, PREDICTION_MULTICLASS, 300, 8);
	struct class_value values[SYNTHETIC_CLASSES];
	struct metric_options options = quick(0);
	struct error err = ERROR_INIT;
	ck_assert_int_eq(metrics_per_class(&data.predictions, &options, values, &err), 0);
	double recall = 0, area = 0, support = 0;
	for (size_t c = 0; c < SYNTHETIC_CLASSES; c++) {
		recall += values[c].recall / SYNTHETIC_CLASSES;
		area += values[c].roc_area / SYNTHETIC_CLASSES;
		support += values[c].support;
		ck_assert(values[c].recall_interval.low <= values[c].recall);
		ck_assert(values[c].precision_interval.high >= values[c].precision);
	}
	ck_assert_double_eq_tol(recall, one_metric(&data.predictions, "recall_macro").value, 1e-14);
	ck_assert_double_eq_tol(area, one_metric(&data.predictions, "roc_auc").value, 1e-14);
	ck_assert_double_eq(support, 300);
	synthetic_release(&data);
}
END_TEST

UNIT_MAIN("evaluate/metrics", the_table_is_sound, values_lie_in_their_range_and_interval,
	weights_repeat_rows, order_plays_no_part, the_undefined_is_said,
	perfect_models_keep_honest_intervals, metrics_of_another_task_are_refused,
	bad_predictions_are_refused, results_do_not_depend_on_threads, classes_have_values)
