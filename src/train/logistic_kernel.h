/*
 * The text of the kernels of logistic regression, compiled once per level (numeric/lanes.h).
 *
 * Eight rows go together: their margins are eight dot products that share the loads of theta, the
 * losses are one vector, and the gradient takes the same eight rows while they are in cache. Rows
 * past the end repeat the last one with weight 0.
 */
#include "mlops/numeric/lanes.h"

#include <math.h>

#include "logistic_internal.h"

struct logistic_group {
	const double *row[LANES];
};

LANES_INLINE void logistic_take(
	const struct logistic_rows *rows, size_t first, struct logistic_group *group)
{
	for (size_t i = 0; i < LANES; i++) {
		size_t at = first + i < rows->n ? first + i : rows->n - 1;
		group->row[i] = rows->x + at * rows->stride;
	}
}

/* theta' (x, 1) of the eight rows */
LANES_INLINE lanes logistic_margins(
	const struct logistic_group *group, size_t p, const double *theta)
{
	lanes sums[LANES];
	LANES_UNROLL
	for (int r = 0; r < LANES; r++)
		sums[r] = lanes_all(0);
	size_t j = 0;
	for (; j + LANES <= p; j += LANES) {
		lanes t = lanes_load(theta + j);
		LANES_UNROLL
		for (int r = 0; r < LANES; r++)
			sums[r] = lanes_fma(lanes_load(group->row[r] + j), t, sums[r]);
	}
	if (j < p) {
		lanes t = lanes_load_some(theta + j, p - j);
		LANES_UNROLL
		for (int r = 0; r < LANES; r++)
			sums[r] = lanes_fma(lanes_load_some(group->row[r] + j, p - j), t, sums[r]);
	}
	return lanes_add(lanes_sum_each(sums), lanes_all(theta[p]));
}

/* gradient += sum_r residual[r] row[r] */
LANES_INLINE void logistic_add_rows(
	const struct logistic_group *group, size_t p, lanes residual, double *gradient)
{
	double each[LANES];
	lanes factor[LANES];
	lanes_store(each, residual);
	LANES_UNROLL
	for (int r = 0; r < LANES; r++)
		factor[r] = lanes_all(each[r]);
	size_t j = 0;
	for (; j + LANES <= p; j += LANES) {
		lanes g = lanes_load(gradient + j);
		LANES_UNROLL
		for (int r = 0; r < LANES; r++)
			g = lanes_fma(factor[r], lanes_load(group->row[r] + j), g);
		lanes_store(gradient + j, g);
	}
	if (j < p) { /* the padding behind p takes zeros, but for the intercept's place */
		double tail[LANES];
		lanes g = lanes_load_some(gradient + j, p - j);
		LANES_UNROLL
		for (int r = 0; r < LANES; r++)
			g = lanes_fma(factor[r], lanes_load_some(group->row[r] + j, p - j), g);
		lanes_store(tail, g);
		memcpy(gradient + j, tail, (p - j) * sizeof *tail);
	}
}

LANES_INLINE void logistic_store_some(double *p, lanes a, size_t count)
{
	double all[LANES];
	if (count >= LANES) {
		lanes_store(p, a);
		return;
	}
	lanes_store(all, a);
	memcpy(p, all, count * sizeof *p);
}

/*
 * Rows that go through margin, loss and gradient together: enough to keep the arithmetic units busy
 * in the middle phase, few enough to stay in the first cache. At most LOGISTIC_BATCH.
 */
enum { LOGISTIC_BATCH = 64, LOGISTIC_BATCH_ELEMENTS = 3200 };

LANES_INLINE size_t logistic_batch(size_t p)
{
	size_t rows = LOGISTIC_BATCH_ELEMENTS / (p + 1) / LANES * LANES;
	return rows < LANES ? LANES : rows > LOGISTIC_BATCH ? LOGISTIC_BATCH : rows;
}

/* Eight rows jump through memory in a way that the processor's prefetcher does not follow. */
LANES_INLINE void logistic_prefetch(const struct logistic_rows *rows, size_t first)
{
	if (first + LANES > rows->n)
		return;
	for (size_t r = 0; r < LANES; r++) {
		const double *row = rows->x + (first + r) * rows->stride;
		for (size_t j = 0; j < rows->p; j += LANES)
			__builtin_prefetch(row + j, 0, 2);
	}
}

/* From margins z to residuals, in place; returns the losses added to `losses`. */
LANES_INLINE lanes logistic_losses(const struct logistic_rows *rows, size_t first, size_t count,
	double *z, double *curvature, lanes losses)
{
	const lanes zero = lanes_all(0), one = lanes_all(1);
	for (size_t i = 0; i < count; i += LANES) {
		size_t left = count - i;
		const double *at = rows->signed_weights + first + i;
		lanes signed_weight = left >= LANES ? lanes_load(at) : lanes_load_some(at, left);
		lanes weight = lanes_absolute(signed_weight), margin = lanes_load(z + i);
		lanes m = lanes_if_negative(signed_weight, lanes_subtract(zero, margin), margin);
		/* loss = log(1 + exp(-m)), q = 1 / (1 + exp(m)), by e = exp(-|m|) <= 1 */
		lanes e = lanes_exp(lanes_subtract(zero, lanes_absolute(m)));
		lanes inverse = lanes_divide(one, lanes_add(one, e));
		lanes each = lanes_add(lanes_max(lanes_subtract(zero, m), zero), lanes_log1p(e));
		losses = lanes_fma(weight, each, losses);
		lanes q = lanes_multiply(lanes_if_negative(m, one, e), inverse);
		lanes_store(z + i, lanes_subtract(zero, lanes_multiply(signed_weight, q)));
		if (curvature) {
			lanes slope = lanes_multiply(lanes_multiply(e, inverse), inverse);
			logistic_store_some(
				curvature + first + i, lanes_multiply(weight, slope), left);
		}
	}
	return losses;
}

static LANES_TARGET void LANES_NAME(logistic_binary)(const struct logistic_rows *rows,
	const double *theta, double *gradient, double *loss, double *curvature)
{
	lanes losses = lanes_all(0), residuals = lanes_all(0);
	size_t batch = logistic_batch(rows->p);
	double z[LOGISTIC_BATCH];
	for (size_t first = 0; first < rows->n; first += batch) {
		size_t left = rows->n - first, count = left < batch ? left : batch;
		struct logistic_group group;
		for (size_t i = 0; i < count; i += LANES) {
			logistic_take(rows, first + i, &group);
			lanes_store(z + i, logistic_margins(&group, rows->p, theta));
		}
		losses = logistic_losses(rows, first, count, z, curvature, losses);
		for (size_t i = 0; i < count; i += LANES) {
			lanes residual = lanes_load(z + i);
			residuals = lanes_add(residuals, residual);
			logistic_prefetch(rows, first + i + batch);
			logistic_take(rows, first + i, &group);
			logistic_add_rows(&group, rows->p, residual, gradient);
		}
	}
	gradient[rows->p] += lanes_sum(residuals);
	*loss += lanes_sum(losses);
}

/* exp(z_k - max z) in place, and what is needed of them. */
LANES_INLINE lanes logistic_exponents(double *z, size_t n_outputs, lanes *ret_largest)
{
	lanes largest = lanes_load(z), sum = lanes_all(0);
	for (size_t k = 1; k < n_outputs; k++)
		largest = lanes_max(largest, lanes_load(z + k * LANES));
	for (size_t k = 0; k < n_outputs; k++) {
		lanes e = lanes_exp(lanes_subtract(lanes_load(z + k * LANES), largest));
		lanes_store(z + k * LANES, e);
		sum = lanes_add(sum, e);
	}
	*ret_largest = largest;
	return sum;
}

static LANES_TARGET void LANES_NAME(logistic_softmax)(const struct logistic_rows *rows,
	size_t n_outputs, const double *theta, double *gradient, double *loss, double *z,
	double *probabilities)
{
	for (size_t first = 0; first < rows->n; first += LANES) {
		size_t left = rows->n - first, count = left < LANES ? left : LANES;
		struct logistic_group group;
		double own[LANES], weight[LANES] = { 0 }, largest[LANES], sum[LANES];
		logistic_take(rows, first, &group);
		for (size_t k = 0; k < n_outputs; k++)
			lanes_store(z + k * LANES,
				logistic_margins(&group, rows->p, theta + k * rows->width));
		for (size_t i = 0; i < count; i++) {
			own[i] = z[rows->classes[first + i] * LANES + i];
			weight[i] = rows->weights ? rows->weights[first + i] : 1;
		}
		lanes top, total = logistic_exponents(z, n_outputs, &top);
		lanes_store(largest, top);
		lanes_store(sum, total);
		for (size_t i = 0; i < count; i++)
			*loss += weight[i] * (log(sum[i]) + (largest[i] - own[i]));
		lanes inverse = lanes_divide(lanes_all(1), total), weights = lanes_load(weight);
		for (size_t k = 0; k < n_outputs; k++) {
			lanes share = lanes_multiply(lanes_load(z + k * LANES), inverse);
			if (probabilities)
				logistic_store_some(
					probabilities + k * rows->n + first, share, left);
			lanes_store(z + k * LANES, lanes_multiply(share, weights));
		}
		for (size_t i = 0; i < count; i++)
			z[rows->classes[first + i] * LANES + i] -= weight[i];
		for (size_t k = 0; k < n_outputs; k++) {
			lanes residual = lanes_load(z + k * LANES);
			double *g = gradient + k * rows->width;
			logistic_add_rows(&group, rows->p, residual, g);
			g[rows->p] += lanes_sum(residual);
		}
	}
}

/* h[a][j..] += sum_r scaled[r][a] row[r][j..], for a and a + 1 at once. */
LANES_INLINE void logistic_gram_pair(
	const double *plain, const double *scaled, size_t width, size_t a, double *h)
{
	lanes upper[LANES], lower[LANES];
	LANES_UNROLL
	for (int r = 0; r < LANES; r++) {
		upper[r] = lanes_all(scaled[(size_t)r * width + a]);
		lower[r] = lanes_all(scaled[(size_t)r * width + a + 1]);
	}
	double *row = h + a * width;
	for (size_t j = a / LANES * LANES; j < width; j += LANES) {
		lanes u = lanes_load(row + j), l = lanes_load(row + width + j);
		LANES_UNROLL
		for (int r = 0; r < LANES; r++) {
			lanes x = lanes_load(plain + (size_t)r * width + j);
			u = lanes_fma(upper[r], x, u);
			l = lanes_fma(lower[r], x, l);
		}
		lanes_store(row + j, u);
		lanes_store(row + width + j, l);
	}
}

static LANES_TARGET void LANES_NAME(logistic_gram)(
	const struct logistic_rows *rows, const double *c, double *h, double *scratch)
{
	size_t p = rows->p, width = rows->width;
	double *plain = scratch, *scaled = scratch + LANES * width;
	memset(scratch, 0, 2 * LANES * width * sizeof *scratch);
	for (size_t first = 0; first < rows->n; first += LANES) {
		for (size_t r = 0; r < LANES; r++) {
			bool real = first + r < rows->n;
			const double *row = rows->x + (real ? first + r : first) * rows->stride;
			double factor = real ? c[first + r] : 0;
			for (size_t j = 0; j < p; j++) {
				plain[r * width + j] = row[j];
				scaled[r * width + j] = factor * row[j];
			}
			plain[r * width + p] = 1;
			scaled[r * width + p] = factor;
		}
		size_t a = 0;
		for (; a + 1 <= p; a += 2) /* the last pair may be (p - 1, p), or leave p */
			logistic_gram_pair(plain, scaled, width, a, h);
		if (a == p) {
			for (size_t r = 0; r < LANES; r++)
				h[p * width + p] += scaled[r * width + p];
		}
	}
}

const struct logistic_kernels LANES_NAME(logistic_kernels) = {
	.binary = LANES_NAME(logistic_binary),
	.softmax = LANES_NAME(logistic_softmax),
	.gram = LANES_NAME(logistic_gram),
};
