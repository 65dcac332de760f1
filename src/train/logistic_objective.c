#include <math.h>
#include <string.h>

#include "logistic_internal.h"
#include "mlops/base/parallel.h"
#include "mlops/numeric/blas.h"

/* A block is about 2 MiB of rows: it stays in a core's cache between margin and gradient, and one
 * block is too little work for a second thread. */
enum { LOGISTIC_BLOCK_ELEMENTS = 1 << 18, LOGISTIC_BLOCK_ROWS = 512, LOGISTIC_LANES = 8 };
enum { LOGISTIC_PARTIALS = 8 << 20, LOGISTIC_GRAM_TASKS = 16 }; /* elements; tasks of a Hessian */

const struct logistic_kernels *logistic_kernels_for(enum cpu_level level)
{
	switch (level) {
#if defined(__x86_64__)
	case CPU_AVX512:
		return &logistic_kernels_avx512;
	case CPU_AVX2:
		return &logistic_kernels_avx2;
#endif
	default:
		return &logistic_kernels_portable;
	}
}

/* By the shape of the data alone, so that the sums are the same for any number of threads. */
static void logistic_plan_blocks(struct logistic_objective *objective)
{
	size_t n = objective->x.n_rows, size = objective->n_outputs * objective->width + 1;
	size_t rows = LOGISTIC_BLOCK_ELEMENTS / (objective->p + 1);
	size_t most = LOGISTIC_PARTIALS / size + 1; /* blocks */
	rows = rows < LOGISTIC_BLOCK_ROWS ? LOGISTIC_BLOCK_ROWS : rows;
	rows = rows < n / most + 1 ? n / most + 1 : rows;
	rows = (rows + LOGISTIC_LANES - 1) / LOGISTIC_LANES * LOGISTIC_LANES;
	objective->block_rows = rows;
	objective->n_blocks = (n + rows - 1) / rows;
}

static int logistic_sign_weights(
	struct logistic_objective *objective, const struct trainer_data *data, struct error *err)
{
	size_t n = data->x.n_rows;
	objective->signed_weights = memory_allocate_aligned(n * sizeof(double), err);
	if (!objective->signed_weights)
		return -err->code;
	for (size_t i = 0; i < n; i++) {
		double weight = data->weights ? data->weights[i] : 1;
		objective->signed_weights[i] = data->classes[i] ? weight : -weight;
	}
	return 0;
}

int logistic_objective_init(struct logistic_objective *objective, const struct trainer_data *data,
	size_t n_outputs, bool intercept, size_t threads, struct error *err)
{
	size_t p = data->x.n_columns;
	*objective = (struct logistic_objective){ .kernels = logistic_kernels_for(cpu_level()),
		.x = data->x,
		.classes = data->classes,
		.weights = data->weights,
		.n_outputs = n_outputs,
		.p = p,
		.width = p / LOGISTIC_LANES * LOGISTIC_LANES + LOGISTIC_LANES,
		.n_parameters = n_outputs * (p + (intercept ? 1 : 0)),
		.intercept = intercept,
		.c = 1,
		.threads = threads ? threads : parallel_threads() };
	logistic_plan_blocks(objective);
	size_t size = n_outputs * objective->width;
	size_t worker = n_outputs * LOGISTIC_LANES + 2 * LOGISTIC_LANES * objective->width;
	objective->padded = memory_allocate_aligned(size * sizeof(double), err);
	objective->partials =
		memory_allocate(objective->n_blocks, (size + 1) * sizeof(double), err);
	objective->scratch = memory_allocate(objective->threads, worker * sizeof(double), err);
	if (!objective->padded || !objective->partials || !objective->scratch ||
		(n_outputs == 1 && logistic_sign_weights(objective, data, err) < 0)) {
		logistic_objective_release(objective);
		return -err->code;
	}
	return 0;
}

void logistic_objective_release(struct logistic_objective *objective)
{
	memory_free(objective->signed_weights);
	memory_free(objective->padded);
	memory_free(objective->partials);
	memory_free(objective->scratch);
	memory_free(objective->curvature);
	*objective = (struct logistic_objective){ 0 };
}

static struct logistic_rows logistic_block(
	const struct logistic_objective *objective, size_t first, size_t count)
{
	return (struct logistic_rows){ .x = objective->x.values + first * objective->x.stride,
		.stride = objective->x.stride,
		.n = count,
		.p = objective->p,
		.width = objective->width,
		.signed_weights =
			objective->signed_weights ? objective->signed_weights + first : NULL,
		.classes = objective->classes + first,
		.weights = objective->weights ? objective->weights + first : NULL };
}

static size_t logistic_block_count(const struct logistic_objective *objective, size_t first)
{
	size_t left = objective->x.n_rows - first;
	return left < objective->block_rows ? left : objective->block_rows;
}

static double *logistic_scratch(const struct logistic_objective *objective, size_t worker)
{
	size_t size = objective->n_outputs * LOGISTIC_LANES + 2 * LOGISTIC_LANES * objective->width;
	return objective->scratch + worker * size;
}

static int logistic_pass_block(void *context, size_t index, size_t worker, struct error *err)
{
	const struct logistic_objective *objective = context;
	size_t first = index * objective->block_rows;
	struct logistic_rows rows =
		logistic_block(objective, first, logistic_block_count(objective, first));
	size_t size = objective->n_outputs * objective->width;
	double *gradient = objective->partials + index * (size + 1);
	(void)err;
	memset(gradient, 0, (size + 1) * sizeof *gradient);
	if (objective->n_outputs == 1) {
		double *curvature = objective->curvature ? objective->curvature + first : NULL;
		objective->kernels->binary(
			&rows, objective->padded, gradient, gradient + size, curvature);
		return 0;
	}
	double *probabilities =
		objective->curvature ? objective->curvature + first * objective->n_outputs : NULL;
	objective->kernels->softmax(&rows, objective->n_outputs, objective->padded, gradient,
		gradient + size, logistic_scratch(objective, worker), probabilities);
	return 0;
}

static void logistic_pad(const struct logistic_objective *objective, const double *theta)
{
	size_t p = objective->p, width = objective->width, each = p + objective->intercept;
	memset(objective->padded, 0, objective->n_outputs * width * sizeof(double));
	for (size_t k = 0; k < objective->n_outputs; k++)
		memcpy(objective->padded + k * width, theta + k * each, each * sizeof *theta);
}

int logistic_evaluate(void *context, const double *theta, double *ret_value, double *ret_gradient,
	struct error *err)
{
	struct logistic_objective *objective = context;
	size_t p = objective->p, width = objective->width, each = p + objective->intercept;
	size_t size = objective->n_outputs * width;
	logistic_pad(objective, theta);
	if (parallel_for(objective->threads, objective->n_blocks, logistic_pass_block, objective,
		    err) < 0)
		return -err->code;
	double *sums = objective->partials, squares = 0;
	for (size_t b = 1; b < objective->n_blocks; b++) {
		const double *next = sums + b * (size + 1);
		for (size_t i = 0; i <= size; i++)
			sums[i] += next[i];
	}
	for (size_t k = 0; k < objective->n_outputs; k++) {
		for (size_t j = 0; j < each; j++) {
			double coefficient = j < p ? theta[k * each + j] : 0;
			squares += coefficient * coefficient;
			ret_gradient[k * each + j] =
				objective->c * sums[k * width + j] + objective->l2 * coefficient;
		}
	}
	*ret_value = objective->c * sums[size] + 0.5 * objective->l2 * squares;
	return 0;
}

/* One task of a Hessian: for binary a fixed part of the rows, for softmax a pair of outputs. */
struct logistic_gram {
	struct logistic_objective *objective;
	size_t n_tasks;
	double *parts; /* n_tasks × (p + 1) × width */
};

/*
 * From this many columns on the library's product, which is blocked for the caches, is the quicker:
 * part += A' A, the rows of A being sqrt(c_i) (x_i, 1).
 */
enum { LOGISTIC_GRAM_WIDE = 128, LOGISTIC_GRAM_ROWS = 256 };

static int logistic_gram_wide(const struct logistic_objective *objective, size_t first,
	size_t count, double *part, struct error *err)
{
	const struct blas *blas = blas_load(err);
	size_t p = objective->p, q = p + 1;
	AUTO_FREE double *a = memory_allocate_aligned(LOGISTIC_GRAM_ROWS * q * sizeof *a, err);
	if (!blas || !a)
		return -err->code;
	for (size_t done = 0; done < count; done += LOGISTIC_GRAM_ROWS) {
		size_t left = count - done;
		size_t rows = left < LOGISTIC_GRAM_ROWS ? left : LOGISTIC_GRAM_ROWS;
		for (size_t i = 0; i < rows; i++) {
			const double *row = matrix_view_row(&objective->x, first + done + i);
			double root = sqrt(objective->curvature[first + done + i]);
			for (size_t j = 0; j < p; j++)
				a[i * q + j] = root * row[j];
			a[i * q + p] = root;
		}
		blas->dsyrk(BLAS_ROW_MAJOR, BLAS_UPPER, BLAS_TRANSPOSED, (int)q, (int)rows, 1, a,
			(int)q, 1, part, (int)objective->width);
	}
	return 0;
}

static int logistic_gram_rows(void *context, size_t index, size_t worker, struct error *err)
{
	struct logistic_gram *gram = context;
	struct logistic_objective *objective = gram->objective;
	size_t blocks = objective->n_blocks, rows_each = objective->block_rows;
	size_t from = blocks * index / gram->n_tasks, to = blocks * (index + 1) / gram->n_tasks;
	double *part = gram->parts + index * (objective->p + 1) * objective->width;
	for (size_t b = from; b < to; b++) {
		size_t first = b * rows_each, count = logistic_block_count(objective, first);
		struct logistic_rows rows = logistic_block(objective, first, count);
		if (objective->p < LOGISTIC_GRAM_WIDE)
			objective->kernels->gram(&rows, objective->curvature + first, part,
				logistic_scratch(objective, worker));
		else if (logistic_gram_wide(objective, first, count, part, err) < 0)
			return -err->code;
	}
	return 0;
}

/* w p_k ([k = l] - p_l) for the rows of a block, into c. */
static void logistic_pair_curvature(const struct logistic_objective *objective, size_t first,
	const struct logistic_rows *rows, size_t k, size_t l, double *c)
{
	const double *shares = objective->curvature + first * objective->n_outputs;
	for (size_t i = 0; i < rows->n; i++) {
		double weight = rows->weights ? rows->weights[i] : 1;
		c[i] = weight * shares[k * rows->n + i] * ((k == l) - shares[l * rows->n + i]);
	}
}

static int logistic_gram_outputs(void *context, size_t index, size_t worker, struct error *err)
{
	struct logistic_gram *gram = context;
	struct logistic_objective *objective = gram->objective;
	size_t k = 0, l = index; /* the index-th pair k <= l */
	for (; l >= objective->n_outputs - k; k++)
		l -= objective->n_outputs - k;
	l += k;
	AUTO_FREE double *c = memory_allocate(objective->block_rows, sizeof *c, err);
	if (!c)
		return -err->code;
	for (size_t first = 0; first < objective->x.n_rows; first += objective->block_rows) {
		struct logistic_rows rows =
			logistic_block(objective, first, logistic_block_count(objective, first));
		logistic_pair_curvature(objective, first, &rows, k, l, c);
		objective->kernels->gram(&rows, c,
			gram->parts + index * (objective->p + 1) * objective->width,
			logistic_scratch(objective, worker));
	}
	return 0;
}

/* H[(k, i), (l, j)] := part, both triangles of the (k, l) block. */
static void logistic_place(const struct logistic_objective *objective, const double *part, size_t k,
	size_t l, double *hessian)
{
	size_t each = objective->p + objective->intercept, d = objective->n_parameters;
	for (size_t i = 0; i < each; i++) {
		for (size_t j = i; j < each; j++) {
			double value = objective->c * part[i * objective->width + j];
			hessian[(k * each + i) * d + l * each + j] = value;
			hessian[(k * each + j) * d + l * each + i] = value;
		}
	}
}

/*
 * Adding the same to all outputs changes no probability, so without penalty the Hessian is singular
 * along it. The gradient has nothing there; a multiple of 1 1' makes the factor exist and keeps the
 * steps orthogonal to it.
 */
static void logistic_fix_gauge(const struct logistic_objective *objective, double *hessian)
{
	size_t each = objective->p + objective->intercept, d = objective->n_parameters;
	for (size_t j = objective->l2 > 0 ? objective->p : 0; j < each; j++) {
		double size = 0;
		for (size_t k = 0; k < objective->n_outputs; k++)
			size += hessian[(k * each + j) * (d + 1)] / (double)objective->n_outputs;
		for (size_t k = 0; k < objective->n_outputs; k++) {
			for (size_t l = 0; l < objective->n_outputs; l++)
				hessian[(k * each + j) * d + l * each + j] += size;
		}
	}
}

static void logistic_assemble(const struct logistic_gram *gram, double *hessian)
{
	const struct logistic_objective *objective = gram->objective;
	size_t size = (objective->p + 1) * objective->width, d = objective->n_parameters;
	if (objective->n_outputs == 1) {
		for (size_t t = 1; t < gram->n_tasks; t++) {
			for (size_t i = 0; i < size; i++)
				gram->parts[i] += gram->parts[t * size + i];
		}
		logistic_place(objective, gram->parts, 0, 0, hessian);
	} else {
		const double *part = gram->parts;
		for (size_t k = 0; k < objective->n_outputs; k++) {
			for (size_t l = k; l < objective->n_outputs; l++, part += size)
				logistic_place(objective, part, k, l, hessian);
		}
	}
	size_t each = objective->p + objective->intercept;
	for (size_t i = 0; i < d; i++)
		hessian[i * (d + 1)] += i % each < objective->p ? objective->l2 : 0;
	if (objective->n_outputs > 1)
		logistic_fix_gauge(objective, hessian);
}

int logistic_hessian(void *context, const double *theta, double *ret_hessian, struct error *err)
{
	struct logistic_objective *objective = context;
	size_t n = objective->x.n_rows, k = objective->n_outputs;
	if (!objective->curvature)
		objective->curvature = memory_allocate_aligned(n * k * sizeof(double), err);
	if (!objective->curvature)
		return -err->code;
	/* The curvature of this theta: one more pass, which is little beside the products. */
	logistic_pad(objective, theta);
	if (parallel_for(objective->threads, objective->n_blocks, logistic_pass_block, objective,
		    err) < 0)
		return -err->code;
	size_t blocks = objective->n_blocks, most = LOGISTIC_GRAM_TASKS;
	struct logistic_gram gram = { .objective = objective,
		.n_tasks = k > 1           ? k * (k + 1) / 2
			   : blocks < most ? blocks
					   : most };
	AUTO_FREE double *parts = memory_allocate(
		gram.n_tasks, (objective->p + 1) * objective->width * sizeof *parts, err);
	if (!parts)
		return -err->code;
	gram.parts = parts;
	size_t threads = n * objective->n_parameters * objective->n_parameters > 1 << 22
				 ? objective->threads
				 : 1;
	if (parallel_for(threads, gram.n_tasks, k > 1 ? logistic_gram_outputs : logistic_gram_rows,
		    &gram, err) < 0)
		return -err->code;
	logistic_assemble(&gram, ret_hessian);
	return 0;
}
