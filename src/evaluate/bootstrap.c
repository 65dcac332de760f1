#include "mlops/evaluate/bootstrap.h"

#include <math.h>
#include <string.h>

#include "mlops/base/parallel.h"
#include "mlops/base/vec.h"
#include "mlops/numeric/distribution.h"
#include "mlops/numeric/random.h"
#include "mlops/numeric/statistics.h"

/* Replicates go side by side, one a lane: each entry of the sums is then read once for all. */
enum { BOOTSTRAP_LANES = 4, BOOTSTRAP_BLOCK = 48, BOOTSTRAP_LEAST = 200 };

void bootstrap_units_release(struct bootstrap_units *units)
{
	memory_free(units->stratum_start);
	memory_free(units->start);
	memory_free(units->index);
	memory_free(units->value);
	*units = (struct bootstrap_units){ 0 };
}

/* How the rows are dealt: unit u of a stratum takes its rows u, u + units, u + 2 units, … */
struct bootstrap_deal {
	size_t *rows; /* by stratum */
	size_t *row_start, *n_units; /* n_strata + 1, n_strata */
};

static void bootstrap_deal_release(struct bootstrap_deal *deal)
{
	memory_free(deal->rows);
	memory_free(deal->row_start);
}
AUTO_RELEASE(struct bootstrap_deal, bootstrap_deal_release)

static bool bootstrap_row_counts(const struct bootstrap_rows *rows, size_t row)
{
	return !rows->weights || rows->weights[row] > 0.0;
}

static size_t bootstrap_group_count(size_t n_stratum, size_t n_rows, size_t n_strata)
{
	size_t least = n_strata <= 16 ? 64 : 16;
	size_t groups = (size_t)((double)BOOTSTRAP_GROUPS * (double)n_stratum / (double)n_rows);
	if (groups < least)
		groups = least;
	return groups < n_stratum ? groups : n_stratum;
}

static int bootstrap_deal_rows(const struct bootstrap_rows *rows, uint64_t seed,
	struct bootstrap_deal *deal, struct error *err)
{
	size_t strata = rows->n_strata;
	deal->rows = memory_allocate(rows->n_rows, sizeof *deal->rows, err);
	deal->row_start = memory_allocate(3 * strata + 1, sizeof *deal->row_start, err);
	if (!deal->rows || !deal->row_start)
		return -err->code;
	deal->n_units = deal->row_start + strata + 1;
	size_t *next = deal->n_units + strata;
	for (size_t i = 0; i < rows->n_rows; i++)
		if (bootstrap_row_counts(rows, i))
			deal->row_start[(rows->strata ? rows->strata[i] : 0) + 1]++;
	for (size_t s = 0; s < strata; s++) {
		deal->row_start[s + 1] += deal->row_start[s];
		next[s] = deal->row_start[s];
	}
	for (size_t i = 0; i < rows->n_rows; i++)
		if (bootstrap_row_counts(rows, i))
			deal->rows[next[rows->strata ? rows->strata[i] : 0]++] = i;
	size_t active = deal->row_start[strata];
	struct random_stream stream = random_stream(seed, "evaluate.bootstrap.groups");
	for (size_t s = 0; s < strata; s++) {
		size_t count = deal->row_start[s + 1] - deal->row_start[s];
		deal->n_units[s] = count;
		if (active <= BOOTSTRAP_ROW_UNITS || count == 0)
			continue;
		deal->n_units[s] = bootstrap_group_count(count, active, strata);
		struct random_stream lane = random_split(&stream, s);
		random_shuffle(&lane, deal->rows + deal->row_start[s], count);
	}
	return 0;
}

/* Sums of one unit, dense, with the list of those that are not zero. */
struct bootstrap_scratch {
	double *sums;
	bool *marked;
	VEC(uint32_t) touched;
	VEC(uint32_t) index;
	VEC(double) value;
};

static void bootstrap_scratch_release(struct bootstrap_scratch *scratch)
{
	memory_free(scratch->sums);
	memory_free(scratch->marked);
	vec_release(&scratch->touched);
	vec_release(&scratch->index);
	vec_release(&scratch->value);
}
AUTO_RELEASE(struct bootstrap_scratch, bootstrap_scratch_release)

static void bootstrap_add_row(
	const struct bootstrap_rows *rows, size_t row, struct bootstrap_scratch *scratch)
{
	uint32_t touched[BOOTSTRAP_TOUCHED];
	size_t count = rows->row(rows->context, row, scratch->sums, touched);
	if (count > BOOTSTRAP_TOUCHED)
		BUG("a row touched %zu sums", count);
	for (size_t i = 0; i < count; i++) {
		if (scratch->marked[touched[i]])
			continue;
		scratch->marked[touched[i]] = true;
		vec_push(&scratch->touched, touched[i]);
	}
}

static void bootstrap_end_unit(struct bootstrap_scratch *scratch)
{
	vec_each (index, &scratch->touched) {
		if (scratch->sums[*index] != 0.0) {
			vec_push(&scratch->index, *index);
			vec_push(&scratch->value, scratch->sums[*index]);
		}
		scratch->sums[*index] = 0.0;
		scratch->marked[*index] = false;
	}
	scratch->touched.count = 0;
}

static int bootstrap_fill_units(const struct bootstrap_rows *rows,
	const struct bootstrap_deal *deal, struct bootstrap_scratch *scratch,
	struct bootstrap_units *units, struct error *err)
{
	size_t unit = 0;
	for (size_t s = 0; s < rows->n_strata; s++) {
		units->stratum_start[s] = unit;
		const size_t *first = deal->rows + deal->row_start[s];
		size_t count = deal->row_start[s + 1] - deal->row_start[s];
		for (size_t u = 0; u < deal->n_units[s]; u++) {
			units->start[unit++] = scratch->index.count;
			for (size_t i = u; i < count; i += deal->n_units[s])
				bootstrap_add_row(rows, first[i], scratch);
			bootstrap_end_unit(scratch);
		}
	}
	units->stratum_start[rows->n_strata] = unit;
	units->start[unit] = scratch->index.count;
	if (vec_check(&scratch->touched, err) < 0 || vec_check(&scratch->index, err) < 0 ||
		vec_check(&scratch->value, err) < 0)
		return -err->code;
	units->index = TAKE(scratch->index.items);
	units->value = TAKE(scratch->value.items);
	return 0;
}

int bootstrap_units_make(const struct bootstrap_rows *rows, uint64_t seed,
	struct bootstrap_units *ret_units, struct error *err)
{
	AUTO(bootstrap_units_release)
	struct bootstrap_units units = { .n_sums = rows->n_sums, .n_strata = rows->n_strata };
	AUTO(bootstrap_deal_release) struct bootstrap_deal deal = { 0 };
	AUTO(bootstrap_scratch_release) struct bootstrap_scratch scratch = { 0 };
	if (bootstrap_deal_rows(rows, seed, &deal, err) < 0)
		return -err->code;
	for (size_t s = 0; s < rows->n_strata; s++)
		units.n_units += deal.n_units[s];
	units.stratum_start = memory_allocate(rows->n_strata + 1, sizeof *units.stratum_start, err);
	units.start = memory_allocate(units.n_units + 1, sizeof *units.start, err);
	scratch.sums = memory_allocate(rows->n_sums, sizeof *scratch.sums, err);
	scratch.marked = memory_allocate(rows->n_sums, sizeof *scratch.marked, err);
	if (!units.stratum_start || !units.start || !scratch.sums || !scratch.marked ||
		bootstrap_fill_units(rows, &deal, &scratch, &units, err) < 0)
		return -err->code;
	*ret_units = units;
	units = (struct bootstrap_units){ 0 };
	return 0;
}

typedef double bootstrap_vector
	__attribute__((vector_size(BOOTSTRAP_LANES * sizeof(double)), aligned(8), may_alias));

/* One thread's room: how often each unit was drawn in each lane, and the sums that follow. */
struct bootstrap_worker {
	double *drawn; /* n_units × lanes */
	double *sums; /* n_sums × lanes */
	double *one; /* n_sums of one lane */
	double *values;
};

struct bootstrap_run {
	const struct bootstrap_plan *plan;
	struct random_stream stream;
	size_t replicates;
	struct bootstrap_worker *workers;
	size_t n_workers;
	double *results; /* n_statistics × replicates */
};

static void bootstrap_run_release(struct bootstrap_run *run)
{
	for (size_t w = 0; run->workers && w < run->n_workers; w++) {
		memory_free(run->workers[w].drawn);
		memory_free(run->workers[w].sums);
		memory_free(run->workers[w].one);
		memory_free(run->workers[w].values);
	}
	memory_free(run->workers);
	memory_free(run->results);
}
AUTO_RELEASE(struct bootstrap_run, bootstrap_run_release)

/*
 * Draws as many units of the stratum as it has. Two draws a random word, each by a product without
 * rejection: the bias of a unit is below units / 2³², 5e-7, and costs nothing here.
 */
static void bootstrap_draw(struct random_stream *stream, double *drawn, size_t count)
{
	for (size_t i = 0; i < count; i += 2) {
		uint64_t word = random_u64(stream);
		drawn[((word >> 32) * count >> 32) * BOOTSTRAP_LANES] += 1.0;
		if (i + 1 < count)
			drawn[((word & UINT32_MAX) * count >> 32) * BOOTSTRAP_LANES] += 1.0;
	}
}

static void bootstrap_lanes(
	struct bootstrap_run *run, size_t replicate, struct bootstrap_worker *worker)
{
	const struct bootstrap_units *units = run->plan->units;
	size_t lanes = BOOTSTRAP_LANES;
	memset(worker->drawn, 0, units->n_units * lanes * sizeof *worker->drawn);
	memset(worker->sums, 0, units->n_sums * lanes * sizeof *worker->sums);
	for (size_t lane = 0; lane < lanes; lane++) {
		struct random_stream stream = random_split(&run->stream, replicate + lane);
		for (size_t s = 0; s < units->n_strata; s++) {
			size_t first = units->stratum_start[s];
			bootstrap_draw(&stream, worker->drawn + first * lanes + lane,
				units->stratum_start[s + 1] - first);
		}
	}
	for (size_t u = 0; u < units->n_units; u++) {
		bootstrap_vector times = ((const bootstrap_vector *)worker->drawn)[u];
		for (size_t i = units->start[u]; i < units->start[u + 1]; i++)
			((bootstrap_vector *)worker->sums)[units->index[i]] +=
				times * units->value[i];
	}
	for (size_t lane = 0; lane < lanes && replicate + lane < run->replicates; lane++) {
		for (size_t i = 0; i < units->n_sums; i++)
			worker->one[i] = worker->sums[i * lanes + lane];
		run->plan->statistic(run->plan->context, worker->one, worker->values);
		for (size_t k = 0; k < run->plan->n_statistics; k++)
			run->results[k * run->replicates + replicate + lane] = worker->values[k];
	}
}

static int bootstrap_block(void *context, size_t index, size_t worker, struct error *err)
{
	struct bootstrap_run *run = context;
	(void)err;
	size_t end = (index + 1) * BOOTSTRAP_BLOCK;
	for (size_t b = index * BOOTSTRAP_BLOCK; b < end && b < run->replicates;
		b += BOOTSTRAP_LANES)
		bootstrap_lanes(run, b, &run->workers[worker]);
	return 0;
}

/* Very many sums (a confusion matrix of hundreds of classes) would take minutes: fewer draws. */
static size_t bootstrap_affordable(const struct bootstrap_units *units, size_t replicates)
{
	double work = (double)units->start[units->n_units] + (double)units->n_sums;
	size_t most = (size_t)(4e8 / (work + 1.0));
	if (most < BOOTSTRAP_LEAST)
		most = BOOTSTRAP_LEAST;
	return replicates < most ? replicates : most;
}

static int bootstrap_run_all(
	struct bootstrap_run *run, const struct bootstrap_options *options, struct error *err)
{
	const struct bootstrap_units *units = run->plan->units;
	run->stream = random_stream(options->seed, "evaluate.bootstrap");
	run->replicates = bootstrap_affordable(units, options->replicates);
	size_t blocks = (run->replicates + BOOTSTRAP_BLOCK - 1) / BOOTSTRAP_BLOCK;
	double work = (double)run->replicates *
		      ((double)units->start[units->n_units] + (double)units->n_sums +
			      4.0 * (double)units->n_units);
	/* A thread costs about as much as 100,000 of these. */
	size_t worth = 1 + (size_t)(work / 5e5);
	run->n_workers = options->threads ? options->threads : parallel_threads();
	if (run->n_workers > worth)
		run->n_workers = worth;
	if (run->n_workers > blocks)
		run->n_workers = blocks;
	run->workers = memory_allocate(run->n_workers, sizeof *run->workers, err);
	run->results = memory_allocate(
		run->plan->n_statistics * run->replicates, sizeof *run->results, err);
	if (!run->workers || !run->results)
		return -err->code;
	for (size_t w = 0; w < run->n_workers; w++) {
		struct bootstrap_worker *worker = &run->workers[w];
		size_t lanes = BOOTSTRAP_LANES;
		worker->drawn = memory_allocate(units->n_units * lanes, sizeof(double), err);
		worker->sums = memory_allocate(units->n_sums * lanes, sizeof(double), err);
		worker->one = memory_allocate(units->n_sums, sizeof(double), err);
		worker->values =
			memory_allocate(run->plan->n_statistics, sizeof *worker->values, err);
		if (!worker->drawn || !worker->sums || !worker->one || !worker->values)
			return -err->code;
	}
	return parallel_for(run->n_workers, blocks, bootstrap_block, run, err);
}

/*
 * The acceleration of every statistic: with d = (n_s - 1) / n_s (mean in the stratum - value
 * without unit u), sum d³ / (6 (sum d²)^(3/2)); Davison and Hinkley, Bootstrap Methods (1997),
 * section 5.3.2, for several samples.
 */
static int bootstrap_acceleration(
	const struct bootstrap_run *run, double *ret_acceleration, struct error *err)
{
	const struct bootstrap_plan *plan = run->plan;
	const struct bootstrap_units *units = plan->units;
	size_t k_count = plan->n_statistics;
	if ((double)units->n_units * (double)units->n_sums > 4e8)
		return 0; /* would take minutes; without it the interval is only bias-corrected */
	AUTO_FREE double *total = memory_allocate(units->n_sums, sizeof *total, err);
	AUTO_FREE double *left = memory_allocate(units->n_units * k_count, sizeof *left, err);
	AUTO_FREE double *saved = memory_allocate(units->n_sums, sizeof *saved, err);
	if (!total || !left || !saved)
		return -err->code;
	for (size_t i = 0; i < units->start[units->n_units]; i++)
		total[units->index[i]] += units->value[i];
	for (size_t u = 0; u < units->n_units; u++) {
		size_t first = units->start[u], last = units->start[u + 1];
		for (size_t i = first; i < last; i++) {
			saved[i - first] = total[units->index[i]];
			total[units->index[i]] -= units->value[i];
		}
		plan->statistic(plan->context, total, left + u * k_count);
		for (size_t i = first; i < last; i++)
			total[units->index[i]] = saved[i - first];
	}
	for (size_t k = 0; k < k_count; k++) {
		double squares = 0.0, cubes = 0.0;
		for (size_t s = 0; s < units->n_strata; s++) {
			size_t first = units->stratum_start[s], last = units->stratum_start[s + 1];
			double mean = 0.0, n = (double)(last - first);
			for (size_t u = first; u < last; u++)
				mean += left[u * k_count + k] / n;
			for (size_t u = first; u < last; u++) {
				double d = (n - 1.0) / n * (mean - left[u * k_count + k]);
				squares += d * d;
				cubes += d * d * d;
			}
		}
		ret_acceleration[k] = squares > 0.0 ? cubes / (6.0 * pow(squares, 1.5)) : 0.0;
		if (!isfinite(ret_acceleration[k]))
			ret_acceleration[k] = 0.0; /* undefined without some unit */
	}
	return 0;
}

/* The level of the replicates' distribution that stands for `level`, Efron 1987 equation 2.3. */
static double bootstrap_level(double level, double bias, double acceleration)
{
	double z = bias + distribution_normal_quantile(level, false);
	return distribution_normal_cdf(bias + z / (1.0 - acceleration * z), false);
}

static struct interval bootstrap_interval(double *replicates, size_t count, double estimate,
	double acceleration, double confidence, bool percentile)
{
	size_t defined = 0, below = 0, equal = 0;
	for (size_t b = 0; b < count; b++) {
		if (isnan(replicates[b]))
			continue;
		below += replicates[b] < estimate;
		equal += replicates[b] == estimate;
		replicates[defined++] = replicates[b];
	}
	if (isnan(estimate) || defined < count - count / 10)
		return INTERVAL_UNKNOWN;
	statistics_sort(replicates, defined);
	if (replicates[0] == replicates[defined - 1])
		return INTERVAL_UNKNOWN;
	double low = (1.0 - confidence) / 2.0, high = 1.0 - low;
	enum interval_method method = INTERVAL_PERCENTILE;
	double share = ((double)below + (double)equal / 2.0) / (double)defined;
	if (!percentile && share > 0.0 && share < 1.0) {
		double bias = distribution_normal_quantile(share, false);
		low = bootstrap_level(low, bias, acceleration);
		high = bootstrap_level(high, bias, acceleration);
		method = INTERVAL_BCA;
	}
	return (struct interval){ statistics_quantile_sorted(replicates, defined, low),
		statistics_quantile_sorted(replicates, defined, high), method };
}

int bootstrap_intervals(const struct bootstrap_plan *plan, const struct bootstrap_options *options,
	double confidence, struct interval *ret_intervals, struct error *err)
{
	for (size_t k = 0; k < plan->n_statistics; k++)
		ret_intervals[k] = INTERVAL_UNKNOWN;
	if (options->replicates == 0 || plan->n_statistics == 0 || plan->units->n_units < 2)
		return 0;
	AUTO(bootstrap_run_release) struct bootstrap_run run = { .plan = plan };
	AUTO_FREE double *acceleration =
		memory_allocate(plan->n_statistics, sizeof *acceleration, err);
	if (!acceleration || bootstrap_run_all(&run, options, err) < 0 ||
		(!options->percentile && bootstrap_acceleration(&run, acceleration, err) < 0))
		return -err->code;
	for (size_t k = 0; k < plan->n_statistics; k++)
		ret_intervals[k] = bootstrap_interval(run.results + k * run.replicates,
			run.replicates, plan->estimates[k], acceleration[k], confidence,
			options->percentile);
	return 0;
}
