#include "broadcast_internal.h"

int broadcast_shape(struct tensor *into, const struct tensor *with, struct error *err)
{
	char one[TENSOR_TEXT], two[TENSOR_TEXT];
	int rank = into->rank > with->rank ? into->rank : with->rank;
	int64_t shape[TENSOR_RANK_MAX];
	for (int i = 0; i < rank; i++) {
		int at = into->rank - rank + i, other = with->rank - rank + i;
		int64_t a = at < 0 ? 1 : into->shape[at];
		int64_t b = other < 0 ? 1 : with->shape[other];
		if (a == b || b == 1)
			shape[i] = a;
		else if (a == 1 || a == TENSOR_SIZE_UNKNOWN)
			shape[i] = b;
		else if (b == TENSOR_SIZE_UNKNOWN)
			shape[i] = a;
		else
			return error_set(err, ERROR_INVALID, "%s and %s do not go together",
				tensor_describe(into, one), tensor_describe(with, two));
	}
	tensor_set_shape(into, into->type, rank, shape);
	return 0;
}

int broadcast_infer(struct operator_call *call, size_t n, enum element_type type, struct error *err)
{
	struct tensor *out = call->out[0];
	tensor_take_shape(out, type, call->in[0]);
	for (size_t i = 1; i < n; i++)
		if (broadcast_shape(out, call->in[i], err) < 0)
			return -(int)err->code;
	return 0;
}

/* Dimensions from the innermost outwards, those that all inputs treat alike joined into one. */
struct broadcast {
	int rank;
	size_t size[TENSOR_RANK_MAX];
	bool walks[TENSOR_RANK_MAX][BROADCAST_MAX];
};

static bool broadcast_walks(const struct tensor *in, const struct tensor *out, int dimension)
{
	int at = in->rank - out->rank + dimension;
	return at >= 0 && in->shape[at] != 1;
}

static void broadcast_plan(
	struct broadcast *plan, const struct tensor *const in[], size_t n, const struct tensor *out)
{
	*plan = (struct broadcast){ .rank = 0 };
	for (int d = out->rank - 1; d >= 0; d--) {
		bool walks[BROADCAST_MAX] = { false }, alike = plan->rank > 0;
		if (out->shape[d] == 1)
			continue;
		for (size_t k = 0; k < n; k++) {
			walks[k] = broadcast_walks(in[k], out, d);
			if (plan->rank && walks[k] != plan->walks[plan->rank - 1][k])
				alike = false;
		}
		if (alike) {
			plan->size[plan->rank - 1] *= (size_t)out->shape[d];
			continue;
		}
		plan->size[plan->rank] = (size_t)out->shape[d];
		for (size_t k = 0; k < n; k++)
			plan->walks[plan->rank][k] = walks[k];
		plan->rank++;
	}
	if (!plan->rank) { /* one element */
		plan->rank = 1;
		plan->size[0] = 1;
	}
}

void broadcast_run(
	const struct tensor *const in[], size_t n, const struct tensor *out, broadcast_row *row)
{
	struct broadcast plan;
	size_t counters[TENSOR_RANK_MAX] = { 0 };
	const char *at[BROADCAST_MAX];
	size_t jump[TENSOR_RANK_MAX][BROADCAST_MAX]; /* bytes that a step of a dimension moves */
	char *to = out->data;
	broadcast_plan(&plan, in, n, out);
	size_t rows = 1, count = plan.size[0];
	for (size_t k = 0; k < n; k++) {
		size_t bytes = element_size(in[k]->type);
		at[k] = in[k]->data;
		for (int d = 0; d < plan.rank; d++) {
			jump[d][k] = plan.walks[d][k] ? bytes : 0;
			bytes *= plan.walks[d][k] ? plan.size[d] : 1;
		}
	}
	for (int d = 1; d < plan.rank; d++)
		rows *= plan.size[d];
	if (!count || !rows)
		return;
	for (size_t r = 0; r < rows; r++) {
		row(count, (const void *const *)at, plan.walks[0], to);
		to += count * element_size(out->type);
		/* The odometer of the outer dimensions. */
		for (int d = 1; d < plan.rank; d++) {
			for (size_t k = 0; k < n; k++)
				at[k] += jump[d][k];
			if (++counters[d] < plan.size[d])
				break;
			for (size_t k = 0; k < n; k++)
				at[k] -= jump[d][k] * plan.size[d];
			counters[d] = 0;
		}
	}
}
