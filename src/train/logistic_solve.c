#include <math.h>
#include <string.h>

#include "logistic_internal.h"
#include "mlops/numeric/linalg.h"
#include "mlops/numeric/random.h"

/* Newton's method on all rows: parameters at most, and multiply-adds of a Hessian at most. */
enum { SOLVE_NEWTON_PARAMETERS = 256, SOLVE_SAMPLED_PARAMETERS = 800 };
static const double solve_newton_work = 4e8;

/* From this many elements of X a start on a sample of the rows pays. */
static const double solve_sample_elements = 4e6;

/* The factor of the sample's Hessian, as a metric for all rows. */
struct solve_metric {
	struct logistic_objective *objective;
	double *factor;
};

static int solve_evaluate(void *context, const double *theta, double *ret_value,
	double *ret_gradient, struct error *err)
{
	struct solve_metric *metric = context;
	return logistic_evaluate(metric->objective, theta, ret_value, ret_gradient, err);
}

static void solve_precondition(void *context, double *vector)
{
	struct solve_metric *metric = context;
	struct error ignored = ERROR_INIT; /* the library was loaded when the factor was made */
	if (cholesky_solve(metric->factor, metric->objective->n_parameters, vector, 1, &ignored) <
		0)
		BUG("%s", ignored.message);
}

/* The total that the loss of theta = 0 stands for: C log(K) sum w. Scale of the absolute gap. */
static double solve_null_loss(const struct logistic_objective *objective)
{
	double total = 0;
	for (size_t i = 0; i < objective->x.n_rows; i++) {
		if (objective->signed_weights)
			total += fabs(objective->signed_weights[i]);
		else
			total += objective->weights ? objective->weights[i] : 1;
	}
	return objective->c * total * log(fmax(2, (double)objective->n_outputs));
}

static struct optimiser_options solve_options(const struct logistic_objective *objective,
	const struct logistic_settings *settings, double share)
{
	return (struct optimiser_options){ .iterations_max = settings->iterations_max,
		.gap = settings->tolerance * share,
		/* Without penalty the optimum may be 0, out of reach of any relative gap. */
		.gap_absolute =
			settings->l1 > 0 || settings->l2 > 0
				? 0
				: settings->tolerance * share * 1e-3 * solve_null_loss(objective),
		.sink = settings->sink };
}

static int solve_newton(struct logistic_objective *objective,
	const struct logistic_settings *settings, double *theta,
	struct optimiser_report *ret_report, struct error *err)
{
	struct optimiser_function function = { .n = objective->n_parameters,
		.context = objective,
		.evaluate = logistic_evaluate,
		.hessian = logistic_hessian };
	struct optimiser_options options = solve_options(objective, settings, 1);
	return optimiser_newton(&function, &options, theta, ret_report, err);
}

static int solve_first_order(struct logistic_objective *objective,
	const struct logistic_settings *settings, double *theta,
	struct optimiser_report *ret_report, struct error *err)
{
	struct optimiser_function function = {
		.n = objective->n_parameters, .context = objective, .evaluate = logistic_evaluate
	};
	/* A first-order model promises too little: ask for a tenth, and for a hundredth under l1. */
	struct optimiser_options options =
		solve_options(objective, settings, settings->l1 > 0 ? 1e-4 : 0.1);
	if (settings->l1 == 0)
		return optimiser_lbfgs(&function, &options, theta, ret_report, err);
	AUTO_FREE double *l1 = memory_allocate(objective->n_parameters, sizeof *l1, err);
	if (!l1)
		return -err->code;
	size_t each = objective->p + objective->intercept;
	for (size_t i = 0; i < objective->n_parameters; i++)
		l1[i] = i % each < objective->p ? settings->l1 : 0;
	function.l1 = l1;
	return optimiser_owlqn(&function, &options, theta, ret_report, err);
}

/* A sample of rows as data of its own. */
struct solve_sample {
	struct matrix x;
	double *weights;
	uint32_t *classes;
};

static void solve_sample_release(struct solve_sample *sample)
{
	matrix_release(&sample->x);
	memory_free(sample->weights);
	memory_free(sample->classes);
}
AUTO_RELEASE(struct solve_sample, solve_sample_release)

/* One row out of each of m equal stretches, so that sorted rows do no harm. */
static int solve_take_sample(const struct trainer_data *data, size_t m, uint64_t seed,
	struct solve_sample *ret_sample, struct error *err)
{
	size_t n = data->x.n_rows, p = data->x.n_columns;
	struct random_stream stream = random_stream(seed, "logistic/sample");
	ret_sample->weights = memory_allocate(m, sizeof(double), err);
	ret_sample->classes = memory_allocate(m, sizeof(uint32_t), err);
	if (!ret_sample->weights || !ret_sample->classes ||
		matrix_init(m, p, &ret_sample->x, err) < 0)
		return -err->code;
	for (size_t i = 0; i < m; i++) {
		size_t from = n / m * i, row = from + (size_t)random_below(&stream, n / m);
		memcpy(matrix_row(&ret_sample->x, i), matrix_view_row(&data->x, row),
			p * sizeof(double));
		ret_sample->classes[i] = data->classes[row];
		ret_sample->weights[i] = data->weights ? data->weights[row] : 1;
	}
	return 0;
}

static double solve_total_weight(const double *weights, size_t n)
{
	double total = 0;
	for (size_t i = 0; i < n; i++)
		total += weights ? weights[i] : 1;
	return total;
}

/*
 * Newton's method on a sample gives a start and a metric, in which L-BFGS on all rows needs a few
 * passes only (subsampled Newton; Roosta-Khorasani and Mahoney, Math. Program. 174, 2019). *ret_done
 * false: the sample was of no use (a class is missing in it, say), theta is as it was.
 */
static int solve_sampled(struct logistic_objective *objective, const struct trainer_data *data,
	const struct logistic_settings *settings, double *theta, bool *ret_done,
	struct optimiser_report *ret_report, struct error *err)
{
	size_t n = data->x.n_rows, d = objective->n_parameters;
	size_t m = n / 20 > 20 * d ? n / 20 : 20 * d;
	*ret_done = false;
	if (m > n / 4)
		m = n / 4;
	AUTO(solve_sample_release) struct solve_sample sample = { { 0 }, NULL, NULL };
	AUTO(logistic_objective_release) struct logistic_objective small = { 0 };
	AUTO_FREE double *factor = memory_allocate(d * d, sizeof *factor, err);
	AUTO_FREE double *start = memory_allocate(d, sizeof *start, err);
	if (!factor || !start || solve_take_sample(data, m, settings->seed, &sample, err) < 0)
		return -err->code;
	struct trainer_data small_data = {
		.x = matrix_view(&sample.x), .classes = sample.classes, .weights = sample.weights
	};
	if (logistic_objective_init(
		    &small, &small_data, 1, objective->intercept, settings->threads, err) < 0)
		return -err->code;
	small.l2 = objective->l2;
	double share = solve_total_weight(sample.weights, m) / solve_total_weight(data->weights, n);
	if (!(share > 0))
		return 0;
	small.c = objective->c / share;
	struct logistic_settings rough = *settings;
	rough.tolerance = fmax(settings->tolerance, 1e-2);
	rough.iterations_max = d <= SOLVE_NEWTON_PARAMETERS ? 12 : 30;
	struct event_sink quiet = { NULL, settings->sink ? settings->sink->stopped : NULL,
		settings->sink ? settings->sink->context : NULL };
	rough.sink = &quiet;
	struct optimiser_report report;
	memcpy(start, theta, d * sizeof *start);
	bool narrow = d <= SOLVE_NEWTON_PARAMETERS;
	if ((narrow ? solve_newton : solve_first_order)(&small, &rough, start, &report, err) < 0 ||
		logistic_hessian(&small, start, factor, err) < 0)
		return err->code == ERROR_NUMERIC ? 0 : -(int)err->code;
	if (report.status != OPTIMISER_CONVERGED || cholesky_factor(factor, d, err) < 0)
		return 0;
	struct solve_metric metric = { objective, factor };
	struct optimiser_function function = { .n = d,
		.context = &metric,
		.evaluate = solve_evaluate,
		.precondition = solve_precondition };
	struct optimiser_options options = solve_options(objective, settings, 0.1);
	memcpy(theta, start, d * sizeof *theta);
	*ret_done = true;
	return optimiser_lbfgs(&function, &options, theta, ret_report, err);
}

int logistic_solve(struct logistic_objective *objective, const struct trainer_data *data,
	const struct logistic_settings *settings, double *theta,
	struct optimiser_report *ret_report, struct error *err)
{
	double n = (double)data->x.n_rows, d = (double)objective->n_parameters;
	objective->c = settings->c;
	objective->l2 = settings->l2;
	bool smooth = settings->l1 == 0;
	bool small = d <= SOLVE_NEWTON_PARAMETERS && n * d * d <= solve_newton_work;
	if (smooth && (settings->solver == LOGISTIC_NEWTON ||
			      (settings->solver == LOGISTIC_AUTO && small)))
		return solve_newton(objective, settings, theta, ret_report, err);
	if (smooth && settings->solver == LOGISTIC_AUTO && objective->n_outputs == 1 &&
		d <= SOLVE_SAMPLED_PARAMETERS && n * d >= solve_sample_elements && n >= 160 * d) {
		bool done;
		if (solve_sampled(objective, data, settings, theta, &done, ret_report, err) < 0)
			return -err->code;
		if (done)
			return 0;
		error_clear(err);
	}
	return solve_first_order(objective, settings, theta, ret_report, err);
}
