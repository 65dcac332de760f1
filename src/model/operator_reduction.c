/*
 * Reductions over axes, and the index of an extreme. Floats are summed in double, integers in 64
 * bits that wrap, both in order of the input. Max and Min of nothing are the type's ends; NaN wins.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "broadcast_internal.h"

enum reduction {
	REDUCE_SUM,
	REDUCE_MEAN,
	REDUCE_MAX,
	REDUCE_MIN,
	REDUCE_PROD,
	REDUCE_SUM_SQUARE,
	REDUCE_L1,
	REDUCE_L2,
	REDUCE_LOG_SUM,
	REDUCE_LOG_SUM_EXP
};

struct reduce {
	enum reduction which;
	const int64_t *axes; /* the attribute; NULL if absent or an input */
	size_t n_axes;
	int64_t keep, nothing_if_empty;
	bool from_input;
};

static const struct {
	const char *name;
	enum reduction which;
} reduce_names[] = {
	{ "ReduceSum", REDUCE_SUM },
	{ "ReduceMean", REDUCE_MEAN },
	{ "ReduceMax", REDUCE_MAX },
	{ "ReduceMin", REDUCE_MIN },
	{ "ReduceProd", REDUCE_PROD },
	{ "ReduceSumSquare", REDUCE_SUM_SQUARE },
	{ "ReduceL1", REDUCE_L1 },
	{ "ReduceL2", REDUCE_L2 },
	{ "ReduceLogSum", REDUCE_LOG_SUM },
	{ "ReduceLogSumExp", REDUCE_LOG_SUM_EXP },
};

static int reduce_prepare(struct operator_setup *setup, struct error *err)
{
	struct reduce *state = setup_state(setup, sizeof *state, err);
	size_t i = 0;
	if (!state || setup_ints(setup, "axes", &state->axes, &state->n_axes, err) < 0 ||
		setup_int(setup, "keepdims", 1, &state->keep, err) < 0 ||
		setup_int(setup, "noop_with_empty_axes", 0, &state->nothing_if_empty, err) < 0)
		return -(int)err->code;
	while (strcmp(reduce_names[i].name, setup->node->op) != 0)
		i++; /* each row of the table below has its name */
	state->which = reduce_names[i].which;
	state->from_input = setup->opset >= (state->which == REDUCE_SUM ? 13 : 18);
	return 0;
}

/* Which axes go; *ret_known is false if only the run can say. */
static int reduce_axes(const struct operator_call *call, bool gone[TENSOR_RANK_MAX],
	bool *ret_known, struct error *err)
{
	const struct reduce *state = call->state;
	const struct tensor *in = call->in[0], *list = call->n_in > 1 ? call->in[1] : NULL;
	const int64_t *axes = state->axes;
	size_t count = state->n_axes;
	int axis;
	*ret_known = true;
	if (list && (!list->data || !tensor_count(list, &count))) {
		*ret_known = false;
		return 0;
	}
	if (list) {
		if (require_types(list, TYPE_BIT(ELEMENT_INT64), "input 'axes'", err) < 0)
			return -(int)err->code;
		axes = list->int64;
	}
	for (int i = 0; i < in->rank; i++)
		gone[i] = count == 0 && !state->nothing_if_empty;
	for (size_t i = 0; i < count; i++) {
		if (axis_resolve(axes[i], in->rank, &axis, err) < 0)
			return -(int)err->code;
		gone[axis] = true;
	}
	return 0;
}

static int reduce_infer(struct operator_call *call, struct error *err)
{
	const struct reduce *state = call->state;
	const struct tensor *in = call->in[0];
	bool gone[TENSOR_RANK_MAX] = { false }, known;
	int64_t shape[TENSOR_RANK_MAX];
	int rank = 0;
	size_t count;
	if (reduce_axes(call, gone, &known, err) < 0)
		return -(int)err->code;
	tensor_set_unknown(call->out[0], in->type);
	if (!known)
		return 0;
	for (int i = 0; i < in->rank; i++)
		if (!gone[i] || state->keep)
			shape[rank++] = gone[i] ? 1 : in->shape[i];
	tensor_set_shape(call->out[0], in->type, rank, shape);
	if (tensor_count(call->out[0], &count))
		call->scratch_bytes = count * 2 * sizeof(double);
	return 0;
}

struct reduce_walk {
	size_t jump[TENSOR_RANK_MAX]; /* elements of the output that a step of a dimension moves */
};

static void reduce_walk_init(
	struct reduce_walk *walk, const struct tensor *in, const bool gone[TENSOR_RANK_MAX])
{
	size_t stride = 1;
	for (int d = in->rank - 1; d >= 0; d--) {
		walk->jump[d] = gone[d] ? 0 : stride;
		stride *= gone[d] ? 1 : (size_t)in->shape[d];
	}
}

/* One more value into an accumulator. */
static double reduce_step(enum reduction which, double sum, double x, double shift)
{
	switch (which) {
	case REDUCE_MAX:
		return isnan(x) || x > sum ? x : sum;
	case REDUCE_MIN:
		return isnan(x) || x < sum ? x : sum;
	case REDUCE_PROD:
		return sum * x;
	case REDUCE_SUM_SQUARE:
	case REDUCE_L2:
		return sum + x * x;
	case REDUCE_L1:
		return sum + fabs(x);
	case REDUCE_LOG_SUM_EXP:
		return sum + exp(x - shift);
	default:
		return sum + x;
	}
}

static double reduce_start(enum reduction which)
{
	return which == REDUCE_MAX    ? -(double)INFINITY
	       : which == REDUCE_MIN  ? (double)INFINITY
	       : which == REDUCE_PROD ? 1
				      : 0;
}

static double reduce_end(enum reduction which, double sum, double count, double shift)
{
	switch (which) {
	case REDUCE_MEAN:
		return sum / count;
	case REDUCE_L2:
		return sqrt(sum);
	case REDUCE_LOG_SUM:
		return log(sum);
	case REDUCE_LOG_SUM_EXP:
		return log(sum) + shift;
	default:
		return sum;
	}
}

/* Folds the whole input into sums[out], with the shifts of LogSumExp. */
static void reduce_pass(const struct tensor *in, const struct reduce_walk *walk,
	enum reduction which, const double *shifts, double *sums)
{
	size_t count = tensor_elements(in), to = 0;
	int64_t counters[TENSOR_RANK_MAX] = { 0 };
	for (size_t i = 0; i < count; i++) {
		sums[to] =
			reduce_step(which, sums[to], tensor_double(in, i), shifts ? shifts[to] : 0);
		for (int d = in->rank - 1; d >= 0; d--) {
			to += walk->jump[d];
			if (++counters[d] < in->shape[d])
				break;
			to -= walk->jump[d] * (size_t)in->shape[d];
			counters[d] = 0;
		}
	}
}

/* Integers that double cannot hold: 64 bits all the way. */
static int64_t reduce_integer_step(enum reduction which, int64_t sum, int64_t x)
{
	switch (which) {
	case REDUCE_MAX:
		return x > sum ? x : sum;
	case REDUCE_MIN:
		return x < sum ? x : sum;
	case REDUCE_PROD:
		return (int64_t)((uint64_t)sum * (uint64_t)x);
	case REDUCE_SUM_SQUARE:
		return (int64_t)((uint64_t)sum + (uint64_t)x * (uint64_t)x);
	case REDUCE_L1:
		return (int64_t)((uint64_t)sum + (uint64_t)(x < 0 ? -x : x));
	default:
		return (int64_t)((uint64_t)sum + (uint64_t)x);
	}
}

static void reduce_integers(const struct tensor *in, const struct reduce_walk *walk,
	enum reduction which, int64_t *sums)
{
	size_t count = tensor_elements(in), to = 0;
	int64_t counters[TENSOR_RANK_MAX] = { 0 };
	for (size_t i = 0; i < count; i++) {
		sums[to] = reduce_integer_step(which, sums[to], tensor_integer(in, i));
		for (int d = in->rank - 1; d >= 0; d--) {
			to += walk->jump[d];
			if (++counters[d] < in->shape[d])
				break;
			to -= walk->jump[d] * (size_t)in->shape[d];
			counters[d] = 0;
		}
	}
}

static void reduce_store(struct tensor *out, size_t i, double x, int64_t integer)
{
	switch (out->type) {
	case ELEMENT_FLOAT:
		out->float32[i] = (float)x;
		break;
	case ELEMENT_DOUBLE:
		out->float64[i] = x;
		break;
#define REDUCE_STORE(suffix, T, TYPE)                                                              \
	case ELEMENT_##TYPE:                                                                       \
		out->suffix[i] = (T)integer;                                                       \
		break;
		FOR_INTEGERS(REDUCE_STORE)
	default:
		break;
	}
}

static void reduce_run_integers(struct operator_call *call, enum reduction which,
	const struct reduce_walk *walk, size_t count, size_t each)
{
	int64_t *sums = call->scratch;
	for (size_t i = 0; i < count; i++)
		sums[i] = which == REDUCE_MAX   ? INT64_MIN
			  : which == REDUCE_MIN ? INT64_MAX
						: which == REDUCE_PROD;
	reduce_integers(call->in[0], walk, which, sums);
	for (size_t i = 0; i < count; i++)
		reduce_store(call->out[0], i, 0,
			which == REDUCE_MEAN && each ? sums[i] / (int64_t)each : sums[i]);
}

static int reduce_run(struct operator_call *call, struct error *err)
{
	const struct reduce *state = call->state;
	const struct tensor *in = call->in[0];
	size_t count = tensor_elements(call->out[0]);
	bool gone[TENSOR_RANK_MAX] = { false }, known;
	struct reduce_walk walk;
	double *sums = call->scratch, *shifts = NULL;
	if (reduce_axes(call, gone, &known, err) < 0)
		return -(int)err->code;
	reduce_walk_init(&walk, in, gone);
	size_t each = count ? tensor_elements(in) / count : 0;
	bool real = (TYPES_FLOAT >> in->type & 1) || state->which >= REDUCE_L2;
	if (!real) {
		reduce_run_integers(call, state->which, &walk, count, each);
		return 0;
	}
	if (state->which == REDUCE_LOG_SUM_EXP) {
		shifts = sums + count;
		for (size_t i = 0; i < count; i++)
			shifts[i] = reduce_start(REDUCE_MAX);
		reduce_pass(in, &walk, REDUCE_MAX, NULL, shifts);
		for (size_t i = 0; i < count; i++)
			if (isinf(shifts[i]))
				shifts[i] = 0;
	}
	for (size_t i = 0; i < count; i++)
		sums[i] = reduce_start(state->which);
	reduce_pass(in, &walk, state->which, shifts, sums);
	for (size_t i = 0; i < count; i++) {
		double x = reduce_end(state->which, sums[i], (double)each, shifts ? shifts[i] : 0);
		reduce_store(call->out[0], i, x, isfinite(x) ? (int64_t)x : 0);
	}
	return 0;
}

struct extreme {
	int64_t axis, keep, last;
	bool largest;
};

static int extreme_prepare(struct operator_setup *setup, struct error *err)
{
	struct extreme *state = setup_state(setup, sizeof *state, err);
	if (!state || setup_int(setup, "axis", 0, &state->axis, err) < 0 ||
		setup_int(setup, "keepdims", 1, &state->keep, err) < 0)
		return -(int)err->code;
	state->largest = strcmp(setup->node->op, "ArgMax") == 0;
	return setup_int(setup, "select_last_index", 0, &state->last, err);
}

static int extreme_infer(struct operator_call *call, struct error *err)
{
	const struct extreme *state = call->state;
	const struct tensor *in = call->in[0];
	int64_t shape[TENSOR_RANK_MAX];
	int axis, rank = 0;
	if (axis_resolve(state->axis, in->rank, &axis, err) < 0)
		return -(int)err->code;
	if (in->shape[axis] == 0)
		return error_set(err, ERROR_INVALID, "there is nothing along axis %d", axis);
	for (int i = 0; i < in->rank; i++)
		if (i != axis || state->keep)
			shape[rank++] = i == axis ? 1 : in->shape[i];
	tensor_set_shape(call->out[0], ELEMENT_INT64, rank, shape);
	return 0;
}

/* Of each line of n elements that stand `inner` apart: the first (or last) extreme. */
#define EXTREME_LINES(suffix, T, TYPE)                                                             \
	static void extreme_##suffix(const T *in, size_t outer, size_t n, size_t inner,            \
		const struct extreme *state, int64_t *to)                                          \
	{                                                                                          \
		const bool largest = state->largest, last = state->last != 0;                      \
		for (size_t o = 0; o < outer; o++, in += n * inner)                                \
			for (size_t i = 0; i < inner; i++) {                                       \
				size_t best = 0;                                                   \
				T y = in[i];                                                       \
				for (size_t k = 1; k < n; k++) {                                   \
					const T x = in[k * inner + i];                             \
					bool take = largest ? x > y : x < y;                       \
					take |= last && x == y;                                    \
					best = take ? k : best;                                    \
					y = take ? x : y;                                          \
				}                                                                  \
				*to++ = (int64_t)best;                                             \
			}                                                                          \
	}
FOR_NUMBERS(EXTREME_LINES)

static int extreme_run(struct operator_call *call, struct error *err)
{
	const struct extreme *state = call->state;
	const struct tensor *in = call->in[0];
	int axis;
	if (axis_resolve(state->axis, in->rank, &axis, err) < 0)
		return -(int)err->code;
	size_t outer = tensor_elements_before(in, axis), n = (size_t)in->shape[axis];
	size_t inner = tensor_elements_from(in, axis + 1);
	switch (in->type) {
#define EXTREME_CASE(suffix, T, TYPE)                                                              \
	case ELEMENT_##TYPE:                                                                       \
		extreme_##suffix(in->suffix, outer, n, inner, state, call->out[0]->int64);         \
		break;
		FOR_NUMBERS(EXTREME_CASE)
	default:
		break;
	}
	return 0;
}

#define REDUCE_BEFORE(name, last)                                                                  \
	{                                                                                          \
		name, "", 1, last, TYPES_NUMBER, 1, 1, 1, 1, 0, "axes keepdims", reduce_prepare,   \
			reduce_infer, reduce_run                                                   \
	}
#define REDUCE_SINCE(name, first)                                                                  \
	{                                                                                          \
		name, "", first, OPSET_NEWEST, TYPES_NUMBER, 1, 2, 1, 1, 2,                        \
			"keepdims noop_with_empty_axes", reduce_prepare, reduce_infer, reduce_run  \
	}
#define REDUCE_ROWS(name) REDUCE_BEFORE(name, 17), REDUCE_SINCE(name, 18)
#define EXTREME_ROW(name)                                                                          \
	{                                                                                          \
		name, "", 1, OPSET_NEWEST, TYPES_NUMBER, 1, 1, 1, 1, 0,                            \
			"axis keepdims select_last_index", extreme_prepare, extreme_infer,         \
			extreme_run                                                                \
	}

const struct operator operators_reduction[] = {
	REDUCE_BEFORE("ReduceSum", 12),
	REDUCE_SINCE("ReduceSum", 13),
	REDUCE_ROWS("ReduceMean"),
	REDUCE_ROWS("ReduceMax"),
	REDUCE_ROWS("ReduceMin"),
	REDUCE_ROWS("ReduceProd"),
	REDUCE_ROWS("ReduceSumSquare"),
	REDUCE_ROWS("ReduceL1"),
	REDUCE_ROWS("ReduceL2"),
	REDUCE_ROWS("ReduceLogSum"),
	REDUCE_ROWS("ReduceLogSumExp"),
	EXTREME_ROW("ArgMax"),
	EXTREME_ROW("ArgMin"),
	{ NULL },
};
