/* Joining, cutting and repeating along axes. */
#include <inttypes.h>
#include <string.h>

#include "kernels.h"
#include "operator_internal.h"

struct join {
	int64_t axis;
	const int64_t *sizes; /* Split's attribute before opset 13 */
	size_t n_sizes;
	int64_t parts; /* Split's num_outputs; 0 if it is not said */
};

static int concat_prepare(struct operator_setup *setup, struct error *err)
{
	struct join *state = setup_state(setup, sizeof *state, err);
	if (!state)
		return -(int)err->code;
	if (setup->opset >= 4 && !setup_has(setup, "axis"))
		return error_set(err, ERROR_INVALID, "attribute 'axis' is missing");
	return setup_int(setup, "axis", 1, &state->axis, err);
}

static int concat_infer(struct operator_call *call, struct error *err)
{
	const struct join *state = call->state;
	struct tensor *out = call->out[0];
	char one[TENSOR_TEXT], two[TENSOR_TEXT];
	int axis;
	tensor_take_shape(out, call->in[0]->type, call->in[0]);
	if (axis_resolve(state->axis, out->rank, &axis, err) < 0)
		return -(int)err->code;
	for (size_t i = 1; i < call->n_in; i++) {
		const struct tensor *in = call->in[i];
		bool fits = in && in->type == out->type && in->rank == out->rank;
		for (int d = 0; fits && d < in->rank; d++) {
			int64_t *size = &out->shape[d];
			if (d == axis)
				*size = *size < 0 || in->shape[d] < 0 ? TENSOR_SIZE_UNKNOWN
								      : *size + in->shape[d];
			else if (*size < 0)
				*size = in->shape[d];
			else if (in->shape[d] >= 0)
				fits = *size == in->shape[d];
		}
		if (!fits)
			return error_set(err, ERROR_INVALID, "%s cannot join %s along axis %d",
				in ? tensor_describe(in, one) : "nothing",
				tensor_describe(call->in[0], two), axis);
	}
	return 0;
}

/* Columns [N, 1] of doubles to a matrix, the first thing that our models do. */
static bool concat_columns(const struct operator_call *call, int axis)
{
	const struct tensor *out = call->out[0];
	if (out->type != ELEMENT_DOUBLE || axis != 1 || out->rank != 2)
		return false;
	for (size_t i = 0; i < call->n_in; i++)
		if (call->in[i]->shape[1] != 1)
			return false;
	for (size_t i = 0; i < call->n_in; i++)
		kernels()->spread64(
			(size_t)out->shape[0], call->in[i]->float64, out->float64 + i, call->n_in);
	return true;
}

static int concat_run(struct operator_call *call, struct error *err)
{
	const struct join *state = call->state;
	const struct tensor *out = call->out[0];
	int axis;
	if (axis_resolve(state->axis, out->rank, &axis, err) < 0)
		return -(int)err->code;
	if (concat_columns(call, axis))
		return 0;
	size_t size = element_size(out->type), outer = tensor_elements_before(out, axis);
	size_t stride = tensor_elements_from(out, axis) * size, offset = 0;
	for (size_t i = 0; i < call->n_in; i++) {
		size_t bytes = tensor_elements_from(call->in[i], axis) * size;
		const char *from = call->in[i]->data;
		char *to = (char *)out->data + offset;
		for (size_t r = 0; bytes && r < outer; r++)
			memcpy(to + r * stride, from + r * bytes, bytes);
		offset += bytes;
	}
	return 0;
}

static int split_prepare(struct operator_setup *setup, struct error *err)
{
	struct join *state = setup_state(setup, sizeof *state, err);
	if (!state || setup_int(setup, "axis", 0, &state->axis, err) < 0 ||
		setup_int(setup, "num_outputs", 0, &state->parts, err) < 0)
		return -(int)err->code;
	return setup_ints(setup, "split", &state->sizes, &state->n_sizes, err);
}

/* Size of part i along the axis; TENSOR_SIZE_UNKNOWN if only the run knows. */
static int split_size(
	const struct operator_call *call, int64_t whole, size_t i, int64_t *ret, struct error *err)
{
	const struct join *state = call->state;
	const struct tensor *sizes = call->n_in > 1 ? call->in[1] : NULL;
	int64_t parts = (int64_t)call->n_out;
	*ret = TENSOR_SIZE_UNKNOWN;
	if (state->sizes || sizes) {
		size_t count = state->n_sizes;
		if (sizes && (!sizes->data || !tensor_count(sizes, &count)))
			return 0;
		if (count != call->n_out)
			return error_set(err, ERROR_INVALID, "%zu sizes for %zu outputs", count,
				call->n_out);
		*ret = sizes ? sizes->int64[i] : state->sizes[i];
		return *ret < 0 ? error_set(err, ERROR_INVALID, "a size is negative") : 0;
	}
	if (whole < 0)
		return 0;
	/* Equal parts; from opset 18 on the last one may be smaller. */
	int64_t part = (whole + parts - 1) / parts;
	if (call->opset < 18 && whole % parts)
		return error_set(err, ERROR_INVALID,
			"%" PRId64 " cannot be split into %" PRId64 " equal parts", whole, parts);
	int64_t left = whole - part * (int64_t)i;
	*ret = left < 0 ? 0 : left < part ? left : part;
	return 0;
}

static int split_infer(struct operator_call *call, struct error *err)
{
	const struct join *state = call->state;
	const struct tensor *in = call->in[0];
	int axis;
	int64_t total = 0;
	bool known = true;
	if (axis_resolve(state->axis, in->rank, &axis, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < call->n_out; i++) {
		int64_t size;
		if (split_size(call, in->shape[axis], i, &size, err) < 0)
			return -(int)err->code;
		known &= size >= 0 && !__builtin_add_overflow(total, size, &total);
		if (!call->out[i])
			continue;
		tensor_take_shape(call->out[i], in->type, in);
		call->out[i]->shape[axis] = size;
	}
	if (known && in->shape[axis] >= 0 && total != in->shape[axis])
		return error_set(err, ERROR_INVALID,
			"the sizes add up to %" PRId64 ", not %" PRId64, total, in->shape[axis]);
	return 0;
}

static int split_run(struct operator_call *call, struct error *err)
{
	const struct join *state = call->state;
	const struct tensor *in = call->in[0];
	int axis;
	if (axis_resolve(state->axis, in->rank, &axis, err) < 0)
		return -(int)err->code;
	size_t size = element_size(in->type), outer = tensor_elements_before(in, axis);
	size_t stride = tensor_elements_from(in, axis) * size, offset = 0;
	for (size_t i = 0; i < call->n_out; i++) {
		int64_t along;
		if (split_size(call, in->shape[axis], i, &along, err) < 0)
			return -(int)err->code;
		size_t bytes = (size_t)along * tensor_elements_from(in, axis + 1) * size;
		for (size_t r = 0; call->out[i] && bytes && r < outer; r++)
			memcpy((char *)call->out[i]->data + r * bytes,
				(const char *)in->data + r * stride + offset, bytes);
		offset += bytes;
	}
	return 0;
}

/* Slice. Lists are attributes before opset 10 and inputs 1 .. 4 since. */
struct slice {
	const int64_t *lists[3];
	size_t counts[3];
};

static int slice_prepare(struct operator_setup *setup, struct error *err)
{
	static const char *const names[] = { "starts", "ends", "axes" };
	struct slice *state = setup_state(setup, sizeof *state, err);
	for (size_t i = 0; state && i < 3; i++)
		if (setup_ints(setup, names[i], &state->lists[i], &state->counts[i], err) < 0)
			return -(int)err->code;
	return state ? 0 : -(int)err->code;
}

/* Entry i of list k (starts, ends, axes, steps), or the default. */
static int64_t slice_entry(const struct operator_call *call, size_t k, size_t i, int64_t otherwise)
{
	const struct slice *state = call->state;
	if (call->opset < 10)
		return k < 3 && state->lists[k] ? state->lists[k][i] : otherwise;
	const struct tensor *in = k + 1 < call->n_in ? call->in[k + 1] : NULL;
	return in ? tensor_integer(in, i) : otherwise;
}

static int slice_count(
	const struct operator_call *call, size_t *ret, bool *ret_known, struct error *err)
{
	const struct slice *state = call->state;
	*ret_known = true;
	*ret = state->counts[0];
	if (call->opset < 10) {
		if (!state->lists[0] || state->counts[1] != *ret ||
			(state->lists[2] && state->counts[2] != *ret))
			return error_set(err, ERROR_INVALID, "its lists differ in length");
		return 0;
	}
	for (size_t k = 1; k < call->n_in; k++) {
		size_t count = 0;
		if (!call->in[k])
			continue;
		if (require_types(call->in[k], TYPE_BIT(ELEMENT_INT32) | TYPE_BIT(ELEMENT_INT64),
			    "a list", err) < 0)
			return -(int)err->code;
		*ret_known &= call->in[k]->data && tensor_count(call->in[k], &count);
		if (*ret_known && k > 1 && count != *ret)
			return error_set(err, ERROR_INVALID, "its lists differ in length");
		*ret = count;
	}
	return 0;
}

struct slice_range {
	int64_t start, step, count;
};

static int slice_range(const struct operator_call *call, size_t i, const struct tensor *in,
	int *ret_axis, struct slice_range *range, struct error *err)
{
	int64_t start = slice_entry(call, 0, i, 0), end = slice_entry(call, 1, i, 0);
	int64_t step = slice_entry(call, 3, i, 1);
	if (axis_resolve(slice_entry(call, 2, i, (int64_t)i), in->rank, ret_axis, err) < 0)
		return -(int)err->code;
	int64_t size = in->shape[*ret_axis];
	if (step == 0 || step == INT64_MIN)
		return error_set(err, ERROR_INVALID, "a step is %" PRId64, step);
	*range = (struct slice_range){ 0, step, TENSOR_SIZE_UNKNOWN };
	if (size < 0)
		return 0;
	start = start < 0 ? (start < -size ? -1 : start + size) : start;
	end = end < 0 ? (end < -size ? -1 : end + size) : end;
	if (step > 0) {
		start = start < 0 ? 0 : start > size ? size : start;
		end = end < 0 ? 0 : end > size ? size : end;
		range->count = end > start ? (end - start - 1) / step + 1 : 0;
	} else {
		start = start < 0 ? (size ? 0 : -1) : start >= size ? size - 1 : start;
		end = end > size ? size : end;
		range->count = start > end ? (start - end - 1) / -step + 1 : 0;
	}
	range->start = start;
	return 0;
}

static int slice_infer(struct operator_call *call, struct error *err)
{
	const struct tensor *in = call->in[0];
	size_t count;
	bool known;
	if (slice_count(call, &count, &known, err) < 0)
		return -(int)err->code;
	tensor_take_shape(call->out[0], in->type, in);
	if (!known) {
		for (int d = 0; d < in->rank; d++)
			call->out[0]->shape[d] = TENSOR_SIZE_UNKNOWN;
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		struct slice_range range;
		int axis;
		if (slice_range(call, i, in, &axis, &range, err) < 0)
			return -(int)err->code;
		call->out[0]->shape[axis] = range.count;
	}
	return 0;
}

static int slice_run(struct operator_call *call, struct error *err)
{
	const struct tensor *in = call->in[0], *out = call->out[0];
	size_t size = element_size(in->type), total = tensor_elements(out), count;
	ptrdiff_t jump[TENSOR_RANK_MAX];
	int64_t counters[TENSOR_RANK_MAX] = { 0 };
	const char *from = in->data;
	char *to = out->data;
	bool known;
	if (slice_count(call, &count, &known, err) < 0 || !total)
		return total ? -(int)err->code : 0;
	for (int d = 0; d < in->rank; d++)
		jump[d] = (ptrdiff_t)(tensor_elements_from(in, d + 1) * size);
	for (size_t i = 0; i < count; i++) {
		struct slice_range range;
		int axis;
		if (slice_range(call, i, in, &axis, &range, err) < 0)
			return -(int)err->code;
		from += range.start * jump[axis];
		jump[axis] *= range.step;
	}
	for (size_t done = 0; done < total; done++) {
		memcpy(to, from, size);
		to += size;
		for (int d = out->rank - 1; d >= 0; d--) {
			from += jump[d];
			if (++counters[d] < out->shape[d])
				break;
			from -= jump[d] * out->shape[d];
			counters[d] = 0;
		}
	}
	return 0;
}

/* Tile: input 1 says how often each dimension is repeated. */
static int tile_infer(struct operator_call *call, struct error *err)
{
	const struct tensor *in = call->in[0], *repeats = call->in[1];
	size_t count;
	if (require_types(repeats, TYPE_BIT(ELEMENT_INT64), "input 'repeats'", err) < 0)
		return -(int)err->code;
	tensor_take_shape(call->out[0], in->type, in);
	bool known = repeats->data && tensor_count(repeats, &count);
	if (known && count != (size_t)in->rank)
		return error_set(
			err, ERROR_INVALID, "%zu repeats for %d dimensions", count, in->rank);
	for (int d = 0; d < in->rank; d++) {
		int64_t *size = &call->out[0]->shape[d];
		if (!known || *size < 0)
			*size = TENSOR_SIZE_UNKNOWN;
		else if (repeats->int64[d] < 0 ||
			 __builtin_mul_overflow(*size, repeats->int64[d], size))
			return error_set(
				err, ERROR_INVALID, "repeats of %" PRId64, repeats->int64[d]);
	}
	return 0;
}

static int tile_run(struct operator_call *call, struct error *err)
{
	const struct tensor *in = call->in[0], *out = call->out[0];
	size_t size = element_size(in->type), total = tensor_elements(out);
	int64_t counters[TENSOR_RANK_MAX] = { 0 };
	char *to = out->data;
	(void)err;
	for (size_t done = 0; done < total; done++) {
		size_t from = 0;
		for (int d = 0; d < in->rank; d++)
			from = from * (size_t)in->shape[d] + (size_t)(counters[d] % in->shape[d]);
		memcpy(to + done * size, (const char *)in->data + from * size, size);
		for (int d = out->rank - 1; d >= 0; d--) {
			if (++counters[d] < out->shape[d])
				break;
			counters[d] = 0;
		}
	}
	return 0;
}

const struct operator operators_join[] = {
	{ "Concat", "", 4, OPSET_NEWEST, TYPES_ANY, 1, OPERATOR_MANY, 1, 1, 0, "axis",
		concat_prepare, concat_infer, concat_run },
	{ "Split", "", 2, 12, TYPES_ANY, 1, 1, 1, OPERATOR_MANY, 0, "axis split", split_prepare,
		split_infer, split_run },
	{ "Split", "", 13, OPSET_NEWEST, TYPES_ANY, 1, 2, 1, OPERATOR_MANY, 2, "axis num_outputs",
		split_prepare, split_infer, split_run },
	{ "Slice", "", 1, 9, TYPES_ANY, 1, 1, 1, 1, 0, "axes ends starts", slice_prepare,
		slice_infer, slice_run },
	{ "Slice", "", 10, OPSET_NEWEST, TYPES_ANY, 3, 5, 1, 1, 30, NULL, slice_prepare,
		slice_infer, slice_run },
	{ "Tile", "", 6, OPSET_NEWEST, TYPES_ANY, 2, 2, 1, 1, 2, NULL, NULL, tile_infer, tile_run },
	{ NULL },
};
