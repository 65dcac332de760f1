#include "unit.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mlops/train/trainer.h"
#include "synthetic.h"
#include "trainer_reference.h"

static struct arena arena;
static double wine[WINE_ROWS][WINE_FEATURES];
static uint32_t wine_yes[WINE_ROWS];
static double wine_weights[WINE_ROWS];

static void wine_prepare(void)
{
	for (size_t j = 0; j < WINE_FEATURES; j++) {
		double mean = 0, squares = 0;
		for (size_t i = 0; i < WINE_ROWS; i++)
			mean += wine_raw[i][j] / WINE_ROWS;
		for (size_t i = 0; i < WINE_ROWS; i++)
			squares += (wine_raw[i][j] - mean) * (wine_raw[i][j] - mean) / WINE_ROWS;
		for (size_t i = 0; i < WINE_ROWS; i++)
			wine[i][j] = (wine_raw[i][j] - mean) / sqrt(squares);
	}
	for (size_t i = 0; i < WINE_ROWS; i++) {
		wine_yes[i] = wine_classes[i] == 1;
		wine_weights[i] = (double)(i % 5) * 0.5;
	}
}

/* "C=0.1 penalty=l1 fit_intercept=false" as the `model:` mapping. */
static const struct value *parameters(const char *text)
{
	struct error err = ERROR_INIT;
	struct value *mapping = value_new(&arena, VALUE_MAPPING, &err);
	struct text rest = text_of(text), part;
	while (text_split(&rest, ' ', &part)) {
		struct text key;
		text_split(&part, '=', &key);
		char *name = arena_copy_bytes(&arena, key.at, key.length, &err);
		char *word = arena_copy_bytes(&arena, part.at, part.length, &err);
		struct value *value = value_new_string(&arena, word, &err);
		char *end;
		double number = strtod(word, &end);
		if (strcmp(word, "false") == 0 || strcmp(word, "true") == 0) {
			value->kind = VALUE_BOOLEAN;
			value->boolean = word[0] == 't';
		} else if (!*end && strchr(word, '.')) {
			value->kind = VALUE_FLOAT;
			value->number = number;
		} else if (!*end) {
			value->kind = VALUE_INTEGER;
			value->integer = (int64_t)number;
		}
		ck_assert_int_eq(value_set_member(&arena, mapping, name, value, &err), 0);
	}
	return mapping;
}

static struct trained_model fit(const char *trainer, const struct trainer_problem *problem)
{
	struct error err = ERROR_INIT;
	struct trained_model model;
	ck_assert_msg(trainer_fit(trainer_find(trainer), problem, &model, &err) == 0, "%s: %s",
		trainer, err.message);
	return model;
}

static int fit_error(const char *trainer, const struct trainer_problem *problem, struct error *err)
{
	struct trained_model model;
	*err = ERROR_INIT;
	int result = trainer_fit(trainer_find(trainer), problem, &model, err);
	trained_model_release(&model);
	return result;
}

struct reference {
	const char *name, *settings;
	size_t n_features, n_outputs;
	bool weighted, balanced;
	const double *expected;
};

static void balance(const uint32_t *classes, size_t n_classes, double *weights)
{
	double counts[3] = { 0 };
	for (size_t i = 0; i < WINE_ROWS; i++)
		counts[classes[i]]++;
	for (size_t i = 0; i < WINE_ROWS; i++)
		weights[i] = WINE_ROWS / ((double)n_classes * counts[classes[i]]);
}

START_TEST(logistic_finds_the_optimum_of_scikit_learn)
{
	static const struct reference references[] = {
		{ "softmax_l2", "", 13, 3, false, false, softmax_l2 },
		{ "softmax_l2 lbfgs", "solver=lbfgs tolerance=0.0000000001", 13, 3, false, false,
			softmax_l2 },
		{ "softmax_l2_weak", "C=0.05", 13, 3, false, true, softmax_l2_weak },
		{ "softmax_weighted", "", 13, 3, true, false, softmax_weighted },
		{ "softmax_l1", "penalty=l1 C=0.5", 13, 3, false, false, softmax_l1 },
		{ "softmax_elastic", "penalty=elasticnet l1_ratio=0.3 C=0.2", 13, 3, false, false,
			softmax_elastic },
		{ "binary_l2", "", 3, 1, false, false, binary_l2 },
		{ "binary_l2 newton", "solver=newton", 3, 1, false, false, binary_l2 },
		{ "binary_l2 lbfgs", "solver=lbfgs tolerance=0.0000000001", 3, 1, false, false,
			binary_l2 },
		{ "binary_none", "penalty=none", 3, 1, false, false, binary_none },
		{ "binary_balanced", "C=0.3", 3, 1, false, true, binary_balanced },
		{ "binary_weighted", "", 3, 1, true, false, binary_weighted },
		{ "binary_l1", "penalty=l1 C=0.3", 13, 1, false, false, binary_l1 },
		{ "binary_elastic", "penalty=elasticnet l1_ratio=0.5 C=0.3", 13, 1, false, false,
			binary_elastic },
		{ "binary_bare", "fit_intercept=false", 3, 1, false, false, binary_bare },
	};
	wine_prepare();
	for (size_t r = 0; r < sizeof references / sizeof *references; r++) {
		const struct reference *reference = &references[r];
		bool binary = reference->n_outputs == 1;
		const uint32_t *classes = binary ? wine_yes : wine_classes;
		double weights[WINE_ROWS];
		if (reference->balanced)
			balance(classes, binary ? 2 : 3, weights);
		struct trainer_problem problem = { .task = binary ? TASK_BINARY : TASK_MULTICLASS,
			.n_classes = binary ? 2 : 3,
			.train = { .x = { wine[0], WINE_ROWS, reference->n_features,
					   WINE_FEATURES },
				.classes = classes,
				.weights = reference->balanced   ? weights
					   : reference->weighted ? wine_weights
								 : NULL },
			.parameters = parameters(reference->settings) };
		AUTO(trained_model_release) struct trained_model model = fit("logistic", &problem);
		ck_assert_int_eq(model.status, TRAINED_CONVERGED);
		double worst = 0;
		size_t p = reference->n_features;
		for (size_t k = 0; k < reference->n_outputs; k++) {
			const double *expected = reference->expected + k * (p + 1);
			for (size_t j = 0; j < p; j++)
				worst = fmax(
					worst, fabs(model.coefficients[k * p + j] - expected[j]));
			worst = fmax(worst, fabs(model.intercepts[k] - expected[p]));
		}
		printf("# %s: %.2g after %d iterations\n", reference->name, worst,
			(int)model.iterations);
		fflush(stdout);
		ck_assert_msg(worst <= 1e-4, "%s: off by %g", reference->name, worst);
	}
}
END_TEST

START_TEST(linear_is_ridge_and_least_squares)
{
	wine_prepare();
	double y[WINE_ROWS];
	for (size_t i = 0; i < WINE_ROWS; i++)
		y[i] = wine_raw[i][0];
	struct trainer_problem problem = { .task = TASK_REGRESSION,
		.train = { .x = { wine[0] + 1, WINE_ROWS, 12, WINE_FEATURES },
			.values = y,
			.weights = wine_weights },
		.parameters = parameters("alpha=3") };
	AUTO(trained_model_release) struct trained_model ridge = fit("linear", &problem);
	for (size_t j = 0; j < 12; j++)
		ck_assert_double_eq_tol(ridge.coefficients[j], ridge_weighted[j], 1e-12);
	ck_assert_double_eq_tol(ridge.intercepts[0], ridge_weighted[12], 1e-12);
	/* A column twice: said, and the coefficient shared by the two. */
	problem.parameters = NULL;
	double twice[WINE_ROWS][3];
	for (size_t i = 0; i < WINE_ROWS; i++)
		twice[i][0] = twice[i][1] = wine[i][1], twice[i][2] = wine[i][2];
	problem.train.x = (struct matrix_view){ twice[0], WINE_ROWS, 3, 3 };
	AUTO(trained_model_release) struct trained_model model = fit("linear", &problem);
	ck_assert_uint_eq(model.rank, 3);
	ck_assert_uint_eq(model.n_columns, 4);
	ck_assert_ptr_nonnull(strstr(model.note, "1 of 4 columns"));
	ck_assert_double_eq_tol(model.coefficients[0], model.coefficients[1], 1e-12);
}
END_TEST

START_TEST(baselines_answer_the_same_for_all)
{
	static const uint32_t classes[] = { 0, 2, 2, 1, 0, 0, 2, 0 };
	static const double y[] = { 1, 2, 3, 4, 5, 6, 7, 100 };
	static const double weights[] = { 1, 1, 4, 1, 1, 1, 1, 0 };
	struct error err = ERROR_INIT;
	struct trainer_problem problem = { .task = TASK_MULTICLASS,
		.n_classes = 3,
		.train = { .x = { y, 8, 1, 1 }, .classes = classes } };
	AUTO(trained_model_release) struct trained_model prior = fit("baseline", &problem);
	double predictions[24];
	ck_assert_int_eq(trainer_predict(trainer_find("baseline"), &prior, &problem.train.x, 2,
				 predictions, &err),
		0);
	ck_assert_double_eq(predictions[21], 0.5);
	ck_assert_double_eq(predictions[22], 0.125);
	problem.train.weights = weights;
	problem.parameters = parameters("strategy=most_frequent");
	AUTO(trained_model_release) struct trained_model commonest = fit("baseline", &problem);
	ck_assert(commonest.intercepts[0] == 0 && commonest.intercepts[2] == 1);
	problem.task = TASK_REGRESSION;
	problem.train.classes = NULL;
	problem.train.values = y;
	ck_assert_int_eq(fit_error("baseline", &problem, &err), -ERROR_INVALID);
	static const struct {
		const char *settings;
		bool weighted;
		double expected;
	} cases[] = { { "", false, 16 }, { "", true, 3.7 }, { "strategy=median", false, 4.5 },
		{ "strategy=median", true, 3 }, { "strategy=quantile quantile=1", false, 100 } };
	for (size_t i = 0; i < 5; i++) {
		problem.parameters = parameters(cases[i].settings);
		problem.train.weights = cases[i].weighted ? weights : NULL;
		AUTO(trained_model_release) struct trained_model model = fit("baseline", &problem);
		ck_assert_double_eq_tol(model.intercepts[0], cases[i].expected, 1e-14);
	}
}
END_TEST

static bool same_model(const struct trained_model *a, const struct trained_model *b)
{
	size_t count = a->kind == TRAINED_CONSTANT ? 0 : a->n_outputs * a->n_features;
	return a->n_outputs == b->n_outputs && a->iterations == b->iterations &&
	       memcmp(a->intercepts, b->intercepts, a->n_outputs * sizeof(double)) == 0 &&
	       (!count || memcmp(a->coefficients, b->coefficients, count * sizeof(double)) == 0);
}

static void check_threads(const struct trainer *trainer, struct trainer_problem *problem)
{
	struct error err = ERROR_INIT;
	static const size_t threads[] = { 1, 2, 3, 8, 1 };
	struct trained_model first = { 0 };
	for (size_t t = 0; t < 5; t++) {
		problem->threads = threads[t];
		struct trained_model model = fit(trainer->name, problem);
		if (t == 0) {
			first = model;
			continue;
		}
		ck_assert_msg(same_model(&first, &model), "%s with %zu threads", trainer->name,
			threads[t]);
		size_t n = problem->train.x.n_rows, size = n * trained_model_width(&model);
		double *a = memory_allocate(size, sizeof *a, &err),
		       *b = memory_allocate(size, sizeof *b, &err);
		ck_assert_int_eq(
			trainer_predict(trainer, &first, &problem->train.x, 1, a, &err), 0);
		ck_assert_int_eq(
			trainer_predict(trainer, &model, &problem->train.x, threads[t], b, &err),
			0);
		ck_assert_mem_eq(a, b, size * sizeof *a);
		memory_free(a);
		memory_free(b);
		trained_model_release(&model);
	}
	trained_model_release(&first);
}

/* Every trainer, every task, with and without weights, small and large enough for each path. */
START_TEST(any_number_of_threads_gives_the_same_bits)
{
	static const size_t shapes[][2] = { { 50, 3 }, { 20000, 30 }, { 100001, 40 } };
	static const char *const settings[] = { "", "penalty=l1 max_iterations=20" };
	for (size_t s = 0; s < 3; s++) {
		for (size_t n_classes = 2; n_classes <= 3; n_classes++) {
			struct synthetic data =
				synthesise(shapes[s][0], shapes[s][1], n_classes, "threads");
			for (size_t i = 0; i < 3 * trainer_count; i++) {
				const struct trainer *trainer = trainer_table[i / 3];
				enum trainer_task task = (enum trainer_task)(1 << i % 3);
				if (!(trainer->tasks & (unsigned int)task) ||
					(task == TASK_MULTICLASS) != (n_classes == 3))
					continue;
				bool logistic = strcmp(trainer->name, "logistic") == 0;
				for (size_t k = 0; k < (logistic ? 2 : 1); k++) {
					struct trainer_problem problem = { .task = task,
						.n_classes = n_classes,
						.train = { .x = matrix_view(&data.x),
							.values = task == TASK_REGRESSION ? data.y
											  : NULL,
							.classes = task == TASK_REGRESSION
									   ? NULL
									   : data.classes,
							.weights = s == 1 ? data.weights : NULL },
						.parameters = parameters(settings[k]) };
					check_threads(trainer, &problem);
				}
			}
			synthetic_release(&data);
		}
	}
}
END_TEST

/* The start on a sample of the rows ends where L-BFGS on all rows ends. */
START_TEST(the_sampled_start_reaches_the_same_optimum)
{
	static const size_t shapes[][2] = { { 100000, 40 }, { 60000, 300 } };
	for (size_t s = 0; s < 2; s++) {
		struct synthetic data = synthesise(shapes[s][0], shapes[s][1], 2, "sampled");
		struct trainer_problem problem = { .task = TASK_BINARY,
			.n_classes = 2,
			.train = { .x = matrix_view(&data.x), .classes = data.classes } };
		AUTO(trained_model_release) struct trained_model quick = fit("logistic", &problem);
		problem.parameters = parameters("solver=lbfgs tolerance=0.00000000001");
		AUTO(trained_model_release) struct trained_model exact = fit("logistic", &problem);
		ck_assert_int_eq(quick.status, TRAINED_CONVERGED);
		ck_assert_uint_lt(quick.iterations, 20);
		ck_assert_double_le(quick.objective - exact.objective, 1e-6 * exact.objective);
		synthetic_release(&data);
	}
}
END_TEST

START_TEST(weights_count_as_repeated_rows)
{
	wine_prepare();
	static double twice[2 * WINE_ROWS][4];
	static uint32_t classes[2 * WINE_ROWS];
	double weights[WINE_ROWS];
	size_t n = 0;
	for (size_t i = 0; i < WINE_ROWS; i++) {
		weights[i] = (double)(i % 3);
		for (size_t k = 0; k < i % 3; k++, n++) {
			memcpy(twice[n], wine[i], sizeof twice[n]);
			classes[n] = wine_classes[i];
		}
	}
	struct trainer_problem problem = { .task = TASK_MULTICLASS,
		.n_classes = 3,
		.train = { .x = { wine[0], WINE_ROWS, 4, WINE_FEATURES },
			.classes = wine_classes,
			.weights = weights } };
	AUTO(trained_model_release) struct trained_model a = fit("logistic", &problem);
	problem.train = (struct trainer_data){ .x = { twice[0], n, 4, 4 }, .classes = classes };
	AUTO(trained_model_release) struct trained_model b = fit("logistic", &problem);
	for (size_t i = 0; i < 12; i++)
		ck_assert_double_eq_tol(a.coefficients[i], b.coefficients[i], 1e-9);
	for (size_t k = 0; k < 3; k++)
		ck_assert_double_eq_tol(a.intercepts[k], b.intercepts[k], 1e-9);
}
END_TEST

START_TEST(separable_classes_are_reported_not_endless)
{
	static const char *const settings[] = { "penalty=none", "penalty=none solver=lbfgs" };
	double x[] = { -3, -2, -1, 1, 2, 3, 4 };
	uint32_t two[] = { 0, 0, 0, 1, 1, 1, 1 }, three[] = { 0, 0, 1, 1, 1, 2, 2 };
	for (int i = 0; i < 4; i++) {
		struct trainer_problem problem = { .task = i < 2 ? TASK_BINARY : TASK_MULTICLASS,
			.n_classes = i < 2 ? 2 : 3,
			.train = { .x = { x, 7, 1, 1 }, .classes = i < 2 ? two : three },
			.parameters = parameters(settings[i % 2]) };
		AUTO(trained_model_release) struct trained_model model = fit("logistic", &problem);
		ck_assert_int_eq(model.status, TRAINED_SEPARABLE);
		ck_assert_str_ne(model.note, "");
		ck_assert_uint_lt(model.iterations, 200);
		for (size_t k = 0; k < model.n_outputs; k++)
			ck_assert(isfinite(model.coefficients[k]) && isfinite(model.intercepts[k]));
	}
}
END_TEST

START_TEST(absent_classes_have_probability_zero)
{
	struct error err = ERROR_INIT;
	double x[] = { -3, -2, -1, 1, 2, 3 }, predictions[18];
	uint32_t classes[] = { 0, 0, 2, 0, 2, 2 }, one[] = { 1, 1, 1, 1, 1, 1 };
	struct trainer_problem problem = { .task = TASK_MULTICLASS,
		.n_classes = 3,
		.train = { .x = { x, 6, 1, 1 }, .classes = classes } };
	AUTO(trained_model_release) struct trained_model model = fit("logistic", &problem);
	ck_assert_int_eq(model.status, TRAINED_CONVERGED);
	ck_assert_ptr_nonnull(strstr(model.note, "1 of 3 classes"));
	ck_assert_int_eq(trainer_predict(trainer_find("logistic"), &model, &problem.train.x, 1,
				 predictions, &err),
		0);
	for (size_t i = 0; i < 6; i++) {
		ck_assert_double_eq(predictions[3 * i + 1], 0);
		ck_assert_double_eq_tol(predictions[3 * i] + predictions[3 * i + 2], 1, 1e-15);
	}
	problem.train.classes = one;
	ck_assert_int_eq(fit_error("logistic", &problem, &err), -ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "one class only"));
}
END_TEST

START_TEST(hard_shapes_are_fitted)
{
	struct error err = ERROR_INIT;
	/* Fewer rows than features, constant columns, huge and tiny scales. */
	struct synthetic data = synthesise(12, 40, 2, "hard");
	for (size_t i = 0; i < 12; i++) {
		double *row = matrix_row(&data.x, i);
		row[0] = 5, row[1] = 0, row[2] *= 1e100, row[3] *= 1e-100, row[4] += 1e6;
	}
	struct trainer_problem problem = { .task = TASK_BINARY,
		.n_classes = 2,
		.train = { .x = matrix_view(&data.x), .classes = data.classes, .values = data.y } };
	static const char *const trainers[] = { "logistic", "linear" };
	for (int i = 0; i < 2; i++) {
		problem.task = i ? TASK_REGRESSION : TASK_BINARY;
		AUTO(trained_model_release) struct trained_model model = fit(trainers[i], &problem);
		double predictions[24];
		ck_assert_int_eq(trainer_predict(trainer_find(trainers[i]), &model,
					 &problem.train.x, 1, predictions, &err),
			0);
		for (size_t k = 0; k < 12 * trained_model_width(&model); k++)
			ck_assert(isfinite(predictions[k]));
	}
	matrix_row(&data.x, 7)[3] = (double)NAN;
	for (int i = 0; i < 2; i++) {
		problem.task = i ? TASK_REGRESSION : TASK_BINARY;
		ck_assert_int_eq(fit_error(trainers[i], &problem, &err), -ERROR_NUMERIC);
		ck_assert_ptr_nonnull(strstr(err.message, "feature 4 of row 8"));
	}
	synthetic_release(&data);
}
END_TEST

static bool stop_at_once(void *context)
{
	return ++*(int *)context > 2;
}

START_TEST(stopping_leaves_a_model_that_predicts)
{
	struct error err = ERROR_INIT;
	int asked = 0;
	wine_prepare();
	struct event_sink sink = { NULL, stop_at_once, &asked };
	struct trainer_problem problem = { .task = TASK_MULTICLASS,
		.n_classes = 3,
		.train = { .x = { wine[0], WINE_ROWS, 13, 13 }, .classes = wine_classes },
		.sink = &sink };
	AUTO(trained_model_release) struct trained_model model = fit("logistic", &problem);
	ck_assert_int_eq(model.status, TRAINED_CANCELLED);
	double predictions[WINE_ROWS * 3];
	ck_assert_int_eq(trainer_predict(trainer_find("logistic"), &model, &problem.train.x, 1,
				 predictions, &err),
		0);
	int hits = 0;
	for (size_t i = 0; i < WINE_ROWS; i++)
		hits += predictions[3 * i + wine_classes[i]] > 0.5;
	ck_assert_int_gt(hits, WINE_ROWS / 2);
}
END_TEST

START_TEST(tables_are_complete_and_checked)
{
	struct error err = ERROR_INIT;
	double x[] = { 1, 2, 3 }, y[] = { 1, 2, 4 };
	uint32_t classes[] = { 0, 1, 0 };
	for (size_t i = 0; i < trainer_count; i++) {
		ck_assert_ptr_eq(trainer_find(trainer_table[i]->name), trainer_table[i]);
		ck_assert_str_ne(trainer_table[i]->summary, "");
		for (size_t k = 0; k < trainer_table[i]->n_parameters; k++)
			ck_assert_str_ne(trainer_table[i]->parameters[k].help, "");
		if (i)
			ck_assert_int_lt(
				strcmp(trainer_table[i - 1]->name, trainer_table[i]->name), 0);
	}
	ck_assert_ptr_null(trainer_find("logstic"));
	struct trainer_problem problem = { .task = TASK_REGRESSION,
		.n_classes = 2,
		.train = { .x = { x, 3, 1, 1 }, .values = y, .classes = classes } };
	ck_assert_int_eq(
		fit_error("logistic", &problem, &err), -ERROR_INVALID); /* the wrong task */
	problem.parameters = parameters("alpha=-1");
	ck_assert_int_eq(fit_error("linear", &problem, &err), -ERROR_INVALID);
	problem.task = TASK_BINARY;
	static const char *const bad[] = { "C=0", "C=-1.5", "penalty=l3", "max_iterations=0",
		"l1_ratio=1.5", "fit_intercept=1", "tolerance=0.0" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		problem.parameters = parameters(bad[i]);
		ck_assert_int_eq(fit_error("logistic", &problem, &err), -ERROR_INVALID);
	}
	problem.parameters = NULL;
	double none[] = { 0, 0, 0 }, negative[] = { 1, -1, 1 };
	problem.train.weights = none;
	ck_assert_int_eq(fit_error("logistic", &problem, &err), -ERROR_INVALID);
	problem.train.weights = negative;
	ck_assert_int_eq(fit_error("baseline", &problem, &err), -ERROR_INVALID);
	problem.train.weights = NULL;
	problem.train.x.n_rows = 0;
	ck_assert_int_eq(fit_error("baseline", &problem, &err), -ERROR_INVALID);
}
END_TEST

UNIT_MAIN("train/trainer", logistic_finds_the_optimum_of_scikit_learn,
	linear_is_ridge_and_least_squares, baselines_answer_the_same_for_all,
	any_number_of_threads_gives_the_same_bits, the_sampled_start_reaches_the_same_optimum,
	weights_count_as_repeated_rows, separable_classes_are_reported_not_endless,
	absent_classes_have_probability_zero, hard_shapes_are_fitted,
	stopping_leaves_a_model_that_predicts, tables_are_complete_and_checked)
