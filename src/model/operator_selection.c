/* Choosing elements by index or by rank. An index outside its axis is an error that is told. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "broadcast_internal.h"

enum { SELECTION_INDEXES = TYPE_BIT(ELEMENT_INT32) | TYPE_BIT(ELEMENT_INT64) };

struct selection {
	int64_t axis, largest, exclusive, reverse, k;
};

static int selection_prepare(struct operator_setup *setup, struct error *err)
{
	struct selection *state = setup_state(setup, sizeof *state, err);
	int64_t axis = strcmp(setup->node->op, "Gather") == 0 ||
				       strcmp(setup->node->op, "GatherElements") == 0
			       ? 0
			       : -1;
	if (!state || setup_int(setup, "axis", axis, &state->axis, err) < 0 ||
		setup_int(setup, "largest", 1, &state->largest, err) < 0 ||
		setup_int(setup, "k", -1, &state->k, err) < 0 ||
		setup_int(setup, "exclusive", 0, &state->exclusive, err) < 0)
		return -(int)err->code;
	return setup_int(setup, "reverse", 0, &state->reverse, err);
}

/* Entry i of a list of indexes into n elements, negative ones from the end. */
static int selection_index(
	const struct tensor *indexes, size_t i, int64_t n, int64_t *ret, struct error *err)
{
	int64_t index = tensor_integer(indexes, i);
	if (index < -n || index >= n)
		return error_set(err, ERROR_INVALID, "index %" PRId64 " of %" PRId64, index, n);
	*ret = index < 0 ? index + n : index;
	return 0;
}

static int gather_infer(struct operator_call *call, struct error *err)
{
	const struct selection *state = call->state;
	const struct tensor *in = call->in[0], *indexes = call->in[1];
	int64_t shape[TENSOR_RANK_MAX];
	int axis, rank = 0;
	if (require_types(indexes, SELECTION_INDEXES, "input 'indices'", err) < 0 ||
		axis_resolve(state->axis, in->rank, &axis, err) < 0)
		return -(int)err->code;
	if (in->rank - 1 + indexes->rank > TENSOR_RANK_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "over %d dimensions", TENSOR_RANK_MAX);
	for (int d = 0; d < in->rank; d++) {
		if (d != axis)
			shape[rank++] = in->shape[d];
		for (int i = 0; d == axis && i < indexes->rank; i++)
			shape[rank++] = indexes->shape[i];
	}
	tensor_set_shape(call->out[0], in->type, rank, shape);
	return 0;
}

static int gather_run(struct operator_call *call, struct error *err)
{
	const struct selection *state = call->state;
	const struct tensor *in = call->in[0], *indexes = call->in[1];
	int axis;
	if (axis_resolve(state->axis, in->rank, &axis, err) < 0)
		return -(int)err->code;
	size_t outer = tensor_elements_before(in, axis), n = tensor_elements(indexes);
	size_t bytes = tensor_elements_from(in, axis + 1) * element_size(in->type);
	const char *from = in->data;
	char *to = call->out[0]->data;
	for (size_t o = 0; o < outer; o++)
		for (size_t i = 0; i < n; i++) {
			int64_t index = 0;
			if (selection_index(indexes, i, in->shape[axis], &index, err) < 0)
				return -(int)err->code;
			if (bytes)
				memcpy(to,
					from + (o * (size_t)in->shape[axis] + (size_t)index) *
							bytes,
					bytes);
			to += bytes;
		}
	return 0;
}

static int gather_elements_infer(struct operator_call *call, struct error *err)
{
	const struct selection *state = call->state;
	const struct tensor *in = call->in[0], *indexes = call->in[1];
	int axis;
	if (require_types(indexes, SELECTION_INDEXES, "input 'indices'", err) < 0 ||
		axis_resolve(state->axis, in->rank, &axis, err) < 0)
		return -(int)err->code;
	bool fits = in->rank == indexes->rank;
	for (int d = 0; fits && d < in->rank; d++)
		fits = d == axis || in->shape[d] < 0 || indexes->shape[d] <= in->shape[d];
	if (!fits)
		return error_set(err, ERROR_INVALID, "the indices do not fit the data");
	tensor_take_shape(call->out[0], in->type, indexes);
	return 0;
}

static int gather_elements_run(struct operator_call *call, struct error *err)
{
	const struct selection *state = call->state;
	const struct tensor *in = call->in[0], *indexes = call->in[1];
	size_t count = tensor_elements(indexes), size = element_size(in->type);
	int64_t counters[TENSOR_RANK_MAX] = { 0 };
	int axis;
	if (axis_resolve(state->axis, in->rank, &axis, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < count; i++) {
		int64_t index = 0;
		size_t from = 0;
		if (selection_index(indexes, i, in->shape[axis], &index, err) < 0)
			return -(int)err->code;
		for (int d = 0; d < in->rank; d++)
			from = from * (size_t)in->shape[d] +
			       (size_t)(d == axis ? index : counters[d]);
		memcpy((char *)call->out[0]->data + i * size, (const char *)in->data + from * size,
			size);
		for (int d = indexes->rank - 1; d >= 0; d--) {
			if (++counters[d] < indexes->shape[d])
				break;
			counters[d] = 0;
		}
	}
	return 0;
}

/* OneHot: inputs indices, depth, values [off, on]. An index outside [-depth, depth) is all off. */
static int one_hot_infer(struct operator_call *call, struct error *err)
{
	const struct selection *state = call->state;
	const struct tensor *in = call->in[0], *depth = call->in[1], *values = call->in[2];
	int64_t shape[TENSOR_RANK_MAX], size = TENSOR_SIZE_UNKNOWN;
	int axis;
	size_t count;
	if (require_types(depth, TYPES_NUMBER, "input 'depth'", err) < 0)
		return -(int)err->code;
	if (in->rank >= TENSOR_RANK_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "over %d dimensions", TENSOR_RANK_MAX);
	if (axis_resolve(state->axis, in->rank + 1, &axis, err) < 0)
		return -(int)err->code;
	if ((tensor_count(depth, &count) && count != 1) ||
		(tensor_count(values, &count) && count != 2))
		return error_set(err, ERROR_INVALID, "depth must be one number, values two");
	if (depth->data)
		size = tensor_integer(depth, 0);
	if (depth->data && size < 0)
		return error_set(err, ERROR_INVALID, "a depth of %" PRId64, size);
	for (int d = 0, from = 0; d <= in->rank; d++)
		shape[d] = d == axis ? size : in->shape[from++];
	tensor_set_shape(call->out[0], values->type, in->rank + 1, shape);
	return 0;
}

static int one_hot_run(struct operator_call *call, struct error *err)
{
	const struct selection *state = call->state;
	const struct tensor *in = call->in[0], *values = call->in[2];
	const struct tensor *out = call->out[0];
	size_t size = element_size(out->type), at = 0;
	int axis;
	if (axis_resolve(state->axis, out->rank, &axis, err) < 0)
		return -(int)err->code;
	size_t outer = tensor_elements_before(out, axis), depth = (size_t)out->shape[axis];
	size_t inner = tensor_elements_from(out, axis + 1);
	const char *off = values->data, *on = off + size;
	for (size_t o = 0; o < outer; o++)
		for (size_t d = 0; d < depth; d++)
			for (size_t i = 0; i < inner; i++) {
				int64_t index = tensor_integer(in, o * inner + i);
				if (index < 0)
					index += (int64_t)depth;
				memcpy((char *)out->data + at++ * size,
					index == (int64_t)d ? on : off, size);
			}
	return 0;
}

/* TopK: values and their indexes, best first; of equals the lower index. NaN ranks last. */
static int top_k_infer(struct operator_call *call, struct error *err)
{
	const struct selection *state = call->state;
	const struct tensor *in = call->in[0], *k = call->n_in > 1 ? call->in[1] : NULL;
	int64_t wanted = state->k;
	int axis;
	if (axis_resolve(state->axis, in->rank, &axis, err) < 0)
		return -(int)err->code;
	if (k) {
		size_t count;
		if (require_types(k, TYPE_BIT(ELEMENT_INT64), "input 'K'", err) < 0)
			return -(int)err->code;
		if (tensor_count(k, &count) && count != 1)
			return error_set(err, ERROR_INVALID, "K is no single number");
		wanted = k->data ? k->int64[0] : TENSOR_SIZE_UNKNOWN;
	}
	bool known = !k || k->data;
	if (known && (wanted < 0 || (in->shape[axis] >= 0 && wanted > in->shape[axis])))
		return error_set(err, ERROR_INVALID, "the best %" PRId64 " of %" PRId64, wanted,
			in->shape[axis]);
	for (size_t i = 0; i < 2; i++) {
		if (i >= call->n_out || !call->out[i])
			continue;
		tensor_take_shape(call->out[i], i ? ELEMENT_INT64 : in->type, in);
		call->out[i]->shape[axis] = wanted;
	}
	if (in->shape[axis] > 0)
		call->scratch_bytes = (size_t)in->shape[axis] * sizeof(uint32_t);
	if (in->shape[axis] > UINT32_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "too many elements along axis %d", axis);
	return 0;
}

struct top_k {
	const struct tensor *in;
	size_t base, step;
	bool largest;
};

/* Does element a rank before element b? Integers of 64 bits are compared as such. */
static bool top_k_before(const struct top_k *top, uint32_t a, uint32_t b)
{
	size_t i = top->base + a * top->step, j = top->base + b * top->step;
	if (TYPES_FLOAT >> top->in->type & 1) {
		double x = tensor_double(top->in, i), y = tensor_double(top->in, j);
		if (isnan(x) || isnan(y))
			return isnan(x) == isnan(y) ? a < b : isnan(y) != 0;
		if (x != y)
			return (x > y) == top->largest;
	} else if (top->in->type == ELEMENT_UINT64) {
		if (top->in->uint64[i] != top->in->uint64[j])
			return (top->in->uint64[i] > top->in->uint64[j]) == top->largest;
	} else {
		int64_t x = tensor_integer(top->in, i), y = tensor_integer(top->in, j);
		if (x != y)
			return (x > y) == top->largest;
	}
	return a < b;
}

/* Moves heap[at] down; the heap's first is the one that ranks last. */
static void top_k_sift(const struct top_k *top, uint32_t *heap, size_t at, size_t count)
{
	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && top_k_before(top, heap[child], heap[child + 1]))
			child++;
		if (!top_k_before(top, heap[at], heap[child]))
			return;
		uint32_t swap = heap[at];
		heap[at] = heap[child];
		heap[child] = swap;
	}
}

/* heap[0 .. k-1]: the best k of n, best first. */
static void top_k_find(const struct top_k *top, uint32_t *heap, size_t n, size_t k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k; i++)
		heap[i] = (uint32_t)i;
	for (size_t i = k / 2; i-- > 0;)
		top_k_sift(top, heap, i, k);
	for (size_t i = k; i < n; i++)
		if (top_k_before(top, (uint32_t)i, heap[0])) {
			heap[0] = (uint32_t)i;
			top_k_sift(top, heap, 0, k);
		}
	for (size_t left = k; left-- > 1;) {
		uint32_t swap = heap[0];
		heap[0] = heap[left];
		heap[left] = swap;
		top_k_sift(top, heap, 0, left);
	}
}

static int top_k_run(struct operator_call *call, struct error *err)
{
	const struct selection *state = call->state;
	const struct tensor *in = call->in[0];
	int axis;
	if (axis_resolve(state->axis, in->rank, &axis, err) < 0)
		return -(int)err->code;
	size_t size = element_size(in->type), n = (size_t)in->shape[axis];
	size_t k = (size_t)call->out[0]->shape[axis];
	size_t outer = tensor_elements_before(in, axis);
	size_t inner = tensor_elements_from(in, axis + 1);
	uint32_t *heap = call->scratch;
	struct top_k top = { .in = in, .step = inner, .largest = state->largest != 0 };
	for (size_t o = 0; o < outer; o++)
		for (size_t i = 0; i < inner; i++) {
			top.base = o * n * inner + i;
			top_k_find(&top, heap, n, k);
			for (size_t r = 0; r < k; r++) {
				size_t to = (o * k + r) * inner + i;
				memcpy((char *)call->out[0]->data + to * size,
					(const char *)in->data +
						(top.base + heap[r] * inner) * size,
					size);
				if (call->n_out > 1 && call->out[1])
					call->out[1]->int64[to] = heap[r];
			}
		}
	return 0;
}

/* CumSum along the axis that input 1 says. */
static int cumulative_infer(struct operator_call *call, struct error *err)
{
	size_t count;
	if (require_types(call->in[1], SELECTION_INDEXES, "input 'axis'", err) < 0)
		return -(int)err->code;
	if (tensor_count(call->in[1], &count) && count != 1)
		return error_set(err, ERROR_INVALID, "axis is no single number");
	return infer_same(call, err);
}

#define CUMULATIVE(suffix, T, TYPE)                                                                \
	static void cumulative_##suffix(const struct tensor *in, const struct tensor *out,         \
		int axis, const struct selection *state)                                           \
	{                                                                                          \
		size_t outer = tensor_elements_before(in, axis), n = (size_t)in->shape[axis];      \
		size_t inner = tensor_elements_from(in, axis + 1);                                 \
		for (size_t o = 0; o < outer; o++)                                                 \
			for (size_t i = 0; i < inner; i++) {                                       \
				T sum = 0;                                                         \
				for (size_t s = 0; s < n; s++) {                                   \
					size_t along = state->reverse ? n - 1 - s : s;             \
					size_t at = (o * n + along) * inner + i;                   \
					T before = sum;                                            \
					sum = (T)(sum + in->suffix[at]);                           \
					out->suffix[at] = state->exclusive ? before : sum;         \
				}                                                                  \
			}                                                                          \
	}
FOR_FLOATS(CUMULATIVE)
CUMULATIVE(uint32, uint32_t, UINT32)
CUMULATIVE(uint64, uint64_t, UINT64)

static int cumulative_run(struct operator_call *call, struct error *err)
{
	const struct selection *state = call->state;
	const struct tensor *in = call->in[0];
	int axis;
	if (axis_resolve(tensor_integer(call->in[1], 0), in->rank, &axis, err) < 0)
		return -(int)err->code;
	if (in->type == ELEMENT_DOUBLE)
		cumulative_float64(in, call->out[0], axis, state);
	else if (in->type == ELEMENT_FLOAT)
		cumulative_float32(in, call->out[0], axis, state);
	else if (element_size(in->type) == 4)
		cumulative_uint32(in, call->out[0], axis, state); /* signed wraps the same */
	else
		cumulative_uint64(in, call->out[0], axis, state);
	return 0;
}

const struct operator operators_selection[] = {
	{ "Gather", "", 1, OPSET_NEWEST, TYPES_ANY, 2, 2, 1, 1, 0, "axis", selection_prepare,
		gather_infer, gather_run },
	{ "GatherElements", "", 11, OPSET_NEWEST, TYPES_ANY, 2, 2, 1, 1, 0, "axis",
		selection_prepare, gather_elements_infer, gather_elements_run },
	{ "OneHot", "", 9, OPSET_NEWEST, TYPES_NUMBER, 3, 3, 1, 1, 2, "axis", selection_prepare,
		one_hot_infer, one_hot_run },
	{ "TopK", "", 1, 9, TYPES_NUMBER, 1, 1, 1, 2, 0, "axis k", selection_prepare, top_k_infer,
		top_k_run },
	{ "TopK", "", 10, OPSET_NEWEST, TYPES_NUMBER, 2, 2, 1, 2, 2, "axis largest sorted",
		selection_prepare, top_k_infer, top_k_run },
	{ "CumSum", "", 11, OPSET_NEWEST,
		TYPES_FLOAT | TYPE_BIT(ELEMENT_INT32) | TYPE_BIT(ELEMENT_INT64) |
			TYPE_BIT(ELEMENT_UINT32) | TYPE_BIT(ELEMENT_UINT64),
		2, 2, 1, 1, 0, "exclusive reverse", selection_prepare, cumulative_infer,
		cumulative_run },
	{ NULL },
};
