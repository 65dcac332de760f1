/* Shapes and types: what moves or renames elements without choosing among them. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "broadcast_internal.h"

static int shape_copy(struct operator_call *call, struct error *err)
{
	(void)err;
	size_t count = tensor_elements(call->out[0]);
	if (count)
		memcpy(call->out[0]->data, call->in[0]->data,
			count * element_size(call->out[0]->type));
	return 0;
}

/* The integers of an input, or those of the attribute that it replaced; rank of them at most. */
struct shape_list {
	const int64_t *values; /* of the attribute; NULL if there is none */
	size_t count;
	int64_t allow_zero, axis;
	bool from_input; /* the opset has them as input 1 */
};

/* *ret_known is false if the values are an input's that only the run knows. */
static int shape_read_list(const struct operator_call *call, size_t input,
	int64_t values[TENSOR_RANK_MAX], size_t *ret_count, bool *ret_known, struct error *err)
{
	const struct shape_list *list = call->state;
	*ret_known = true;
	*ret_count = 0;
	if (!list->from_input) {
		if (list->count > TENSOR_RANK_MAX)
			return error_set(
				err, ERROR_UNSUPPORTED, "over %d dimensions", TENSOR_RANK_MAX);
		*ret_count = list->count;
		for (size_t i = 0; i < list->count; i++)
			values[i] = list->values[i];
		return 0;
	}
	const struct tensor *in = input < call->n_in ? call->in[input] : NULL;
	size_t count;
	if (!in)
		return 0;
	if (require_types(in, TYPE_BIT(ELEMENT_INT64), "the list of sizes or axes", err) < 0)
		return -(int)err->code;
	*ret_known = in->data && tensor_count(in, &count);
	if (!*ret_known)
		return 0;
	if (count > TENSOR_RANK_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "over %d dimensions", TENSOR_RANK_MAX);
	*ret_count = count;
	memcpy(values, in->int64, count * sizeof *values);
	return 0;
}

static int shape_list_prepare(
	struct operator_setup *setup, const char *attribute, bool from_input, struct error *err)
{
	struct shape_list *state = setup_state(setup, sizeof *state, err);
	if (!state || setup_ints(setup, attribute, &state->values, &state->count, err) < 0)
		return -(int)err->code;
	state->from_input = from_input;
	return setup_int(setup, "allowzero", 0, &state->allow_zero, err);
}

static int reshape_prepare(struct operator_setup *setup, struct error *err)
{
	return shape_list_prepare(setup, "shape", true, err);
}

static int axes_prepare(struct operator_setup *setup, struct error *err)
{
	return shape_list_prepare(setup, "axes", setup->opset >= 13, err);
}

/* 0 copies the size of the input (unless allowzero), -1 is what is left over. */
static int reshape_infer(struct operator_call *call, struct error *err)
{
	const struct shape_list *list = call->state;
	const struct tensor *in = call->in[0];
	struct tensor *out = call->out[0];
	int64_t sizes[TENSOR_RANK_MAX];
	size_t count, elements, others = 1;
	bool known;
	int open = -1;
	char text[TENSOR_TEXT];
	if (shape_read_list(call, 1, sizes, &count, &known, err) < 0)
		return -(int)err->code;
	tensor_set_unknown(out, in->type);
	if (!known)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (sizes[i] == 0 && !list->allow_zero && (int)i < in->rank)
			sizes[i] = in->shape[i];
		else if (sizes[i] == -1 && open < 0)
			open = (int)i;
		else if (sizes[i] < 0)
			return error_set(err, ERROR_INVALID, "a size is %" PRId64, sizes[i]);
	}
	tensor_set_shape(out, in->type, (int)count, sizes);
	if (!tensor_count(in, &elements))
		return 0; /* the planner does not know the rows: -1 stays unknown */
	for (size_t i = 0; i < count; i++)
		if ((int)i != open && __builtin_mul_overflow(others, (size_t)sizes[i], &others))
			return error_set(err, ERROR_INVALID, "the shape is too large");
	if (open >= 0 && others && elements % others == 0)
		out->shape[open] = (int64_t)(elements / others);
	else if (open >= 0 || others != elements)
		return error_set(err, ERROR_INVALID, "%s cannot be reshaped to %zu numbers",
			tensor_describe(in, text), others);
	return 0;
}

static int flatten_prepare(struct operator_setup *setup, struct error *err)
{
	struct shape_list *state = setup_state(setup, sizeof *state, err);
	return state ? setup_int(setup, "axis", 1, &state->axis, err) : -(int)err->code;
}

/* The product of sizes from .. to - 1; unknown if one of them is. */
static int64_t shape_product(const struct tensor *in, int from, int to)
{
	int64_t product = 1;
	for (int i = from; i < to; i++)
		if (in->shape[i] < 0 || __builtin_mul_overflow(product, in->shape[i], &product))
			return TENSOR_SIZE_UNKNOWN;
	return product;
}

static int flatten_infer(struct operator_call *call, struct error *err)
{
	const struct shape_list *list = call->state;
	const struct tensor *in = call->in[0];
	int axis = in->rank;
	if (list->axis != in->rank && axis_resolve(list->axis, in->rank, &axis, err) < 0)
		return -(int)err->code;
	int64_t shape[2] = { shape_product(in, 0, axis), shape_product(in, axis, in->rank) };
	tensor_set_shape(call->out[0], in->type, 2, shape);
	return 0;
}

static int squeeze_infer(struct operator_call *call, struct error *err)
{
	const struct tensor *in = call->in[0];
	int64_t axes[TENSOR_RANK_MAX], shape[TENSOR_RANK_MAX];
	bool known, gone[TENSOR_RANK_MAX] = { false };
	size_t count;
	int rank = 0, axis;
	if (shape_read_list(call, 1, axes, &count, &known, err) < 0)
		return -(int)err->code;
	tensor_set_unknown(call->out[0], in->type);
	bool all = count == 0;
	for (int i = 0; i < in->rank; i++)
		if (all && in->shape[i] == TENSOR_SIZE_UNKNOWN)
			known = false; /* whether it goes only the run can say */
	if (!known)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (axis_resolve(axes[i], in->rank, &axis, err) < 0)
			return -(int)err->code;
		if (in->shape[axis] != 1 && in->shape[axis] != TENSOR_SIZE_UNKNOWN)
			return error_set(err, ERROR_INVALID, "dimension %d is not 1 but %" PRId64,
				axis, in->shape[axis]);
		gone[axis] = true;
	}
	for (int i = 0; i < in->rank; i++)
		if (!(gone[i] || (all && in->shape[i] == 1)))
			shape[rank++] = in->shape[i];
	tensor_set_shape(call->out[0], in->type, rank, shape);
	return 0;
}

static int unsqueeze_infer(struct operator_call *call, struct error *err)
{
	const struct tensor *in = call->in[0];
	int64_t axes[TENSOR_RANK_MAX], shape[TENSOR_RANK_MAX];
	bool known, fresh[TENSOR_RANK_MAX] = { false };
	size_t count;
	int axis;
	if (shape_read_list(call, 1, axes, &count, &known, err) < 0)
		return -(int)err->code;
	tensor_set_unknown(call->out[0], in->type);
	if (!known)
		return 0;
	int rank = in->rank + (int)count;
	if (rank > TENSOR_RANK_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "over %d dimensions", TENSOR_RANK_MAX);
	for (size_t i = 0; i < count; i++) {
		if (axis_resolve(axes[i], rank, &axis, err) < 0)
			return -(int)err->code;
		if (fresh[axis])
			return error_set(err, ERROR_INVALID, "axis %d stands twice", axis);
		fresh[axis] = true;
	}
	for (int i = 0, from = 0; i < rank; i++)
		shape[i] = fresh[i] ? 1 : in->shape[from++];
	tensor_set_shape(call->out[0], in->type, rank, shape);
	return 0;
}

/* Expand: as broadcasting with a tensor of that shape. */
static int expand_infer(struct operator_call *call, struct error *err)
{
	struct tensor wanted = { .type = call->in[0]->type };
	size_t count;
	bool known;
	if (shape_read_list(call, 1, wanted.shape, &count, &known, err) < 0)
		return -(int)err->code;
	tensor_set_unknown(call->out[0], call->in[0]->type);
	if (!known)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (wanted.shape[i] < 0)
			return error_set(err, ERROR_INVALID, "a size is negative");
	wanted.rank = (int)count;
	tensor_take_shape(call->out[0], call->in[0]->type, call->in[0]);
	return broadcast_shape(call->out[0], &wanted, err);
}

#define EXPAND_ROW(name, T)                                                                        \
	static void name(size_t count, const void *const in[], const bool step[], void *out)       \
	{                                                                                          \
		const T *a = in[0];                                                                \
		T *to = out;                                                                       \
		for (size_t i = 0; i < count; i++)                                                 \
			to[i] = a[step[0] ? i : 0];                                                \
	}
EXPAND_ROW(expand_one, uint8_t)
EXPAND_ROW(expand_two, uint16_t)
EXPAND_ROW(expand_four, uint32_t)
EXPAND_ROW(expand_eight, uint64_t)
EXPAND_ROW(expand_text, struct text)

static int expand_run(struct operator_call *call, struct error *err)
{
	size_t size = element_size(call->out[0]->type);
	(void)err;
	broadcast_run(call->in, 1, call->out[0],
		size == 1   ? expand_one
		: size == 2 ? expand_two
		: size == 4 ? expand_four
		: size == 8 ? expand_eight
			    : expand_text);
	return 0;
}

struct shape_slice {
	int64_t start, end;
};

static int shape_prepare(struct operator_setup *setup, struct error *err)
{
	struct shape_slice *state = setup_state(setup, sizeof *state, err);
	if (!state || setup_int(setup, "start", 0, &state->start, err) < 0)
		return -(int)err->code;
	return setup_int(setup, "end", INT64_MAX, &state->end, err);
}

static int shape_clamp(int64_t at, int rank)
{
	if (at < 0)
		at += rank;
	return at < 0 ? 0 : at > rank ? rank : (int)at;
}

static int shape_infer(struct operator_call *call, struct error *err)
{
	const struct shape_slice *slice = call->state;
	int from = shape_clamp(slice->start, call->in[0]->rank);
	int to = shape_clamp(slice->end, call->in[0]->rank);
	(void)err;
	tensor_set_shape(call->out[0], ELEMENT_INT64, 1, (int64_t[]){ to > from ? to - from : 0 });
	return 0;
}

static int shape_run(struct operator_call *call, struct error *err)
{
	const struct shape_slice *slice = call->state;
	int from = shape_clamp(slice->start, call->in[0]->rank);
	(void)err;
	for (int64_t i = 0; i < call->out[0]->shape[0]; i++)
		call->out[0]->int64[i] = call->in[0]->shape[from + i];
	return 0;
}

static int size_infer(struct operator_call *call, struct error *err)
{
	(void)err;
	tensor_set_shape(call->out[0], ELEMENT_INT64, 0, NULL);
	return 0;
}

static int size_run(struct operator_call *call, struct error *err)
{
	(void)err;
	call->out[0]->int64[0] = (int64_t)tensor_elements(call->in[0]);
	return 0;
}

/* Dropout at inference: the input, and a mask that keeps everything. */
static int dropout_infer(struct operator_call *call, struct error *err)
{
	if (call->n_in > 2 && call->in[2] && (!call->in[2]->data || call->in[2]->uint8[0]))
		return error_set(err, ERROR_UNSUPPORTED, "training mode is not supported");
	if (call->n_out > 1 && call->out[1])
		tensor_take_shape(call->out[1], call->opset < 10 ? call->in[0]->type : ELEMENT_BOOL,
			call->in[0]);
	return infer_same(call, err);
}

static int dropout_run(struct operator_call *call, struct error *err)
{
	if (call->n_out > 1 && call->out[1]) {
		size_t count = tensor_elements(call->out[1]);
		for (size_t i = 0; i < count; i++)
			if (call->out[1]->type == ELEMENT_BOOL)
				call->out[1]->uint8[i] = 1;
			else if (call->out[1]->type == ELEMENT_FLOAT)
				call->out[1]->float32[i] = 1;
			else
				call->out[1]->float64[i] = 1;
	}
	return shape_copy(call, err);
}

struct transpose {
	const int64_t *order;
	size_t count;
};

static int transpose_prepare(struct operator_setup *setup, struct error *err)
{
	struct transpose *state = setup_state(setup, sizeof *state, err);
	if (!state)
		return -(int)err->code;
	return setup_ints(setup, "perm", &state->order, &state->count, err);
}

static int transpose_axis(const struct transpose *state, int rank, int i)
{
	return state->order ? (int)state->order[i] : rank - 1 - i;
}

static int transpose_infer(struct operator_call *call, struct error *err)
{
	const struct transpose *state = call->state;
	const struct tensor *in = call->in[0];
	bool seen[TENSOR_RANK_MAX] = { false };
	int64_t shape[TENSOR_RANK_MAX];
	if (state->order && (int)state->count != in->rank)
		return error_set(err, ERROR_INVALID, "perm has %zu axes, the input %d",
			state->count, in->rank);
	for (int i = 0; i < in->rank; i++) {
		if (state->order && (state->order[i] < 0 || state->order[i] >= in->rank ||
					    seen[state->order[i]]))
			return error_set(err, ERROR_INVALID, "perm is no permutation");
		seen[transpose_axis(state, in->rank, i)] = true;
		shape[i] = in->shape[transpose_axis(state, in->rank, i)];
	}
	tensor_set_shape(call->out[0], in->type, in->rank, shape);
	return 0;
}

static int transpose_run(struct operator_call *call, struct error *err)
{
	const struct tensor *in = call->in[0];
	const struct tensor *out = call->out[0];
	size_t size = element_size(in->type), count = tensor_elements(out);
	size_t jump[TENSOR_RANK_MAX];
	int64_t counters[TENSOR_RANK_MAX] = { 0 };
	const char *from = in->data;
	char *to = out->data;
	(void)err;
	for (int i = 0; i < out->rank; i++)
		jump[i] = size *
			  tensor_elements_from(in, transpose_axis(call->state, in->rank, i) + 1);
	for (size_t done = 0; done < count; done++) {
		memcpy(to, from, size);
		to += size;
		for (int d = out->rank - 1; d >= 0; d--) {
			from += jump[d];
			if (++counters[d] < out->shape[d])
				break;
			from -= jump[d] * (size_t)out->shape[d];
			counters[d] = 0;
		}
	}
	return 0;
}

#define SHAPE_ROW(name, from, to, in, shape_inputs, attributes, prepare, infer)                    \
	{                                                                                          \
		name, "", from, to, TYPES_ANY, in, in, 1, 1, shape_inputs, attributes, prepare,    \
			infer, shape_copy                                                          \
	}

const struct operator operators_shape[] = {
	SHAPE_ROW("Identity", 1, OPSET_NEWEST, 1, 0, NULL, NULL, infer_same),
	SHAPE_ROW("Reshape", 5, OPSET_NEWEST, 2, 2, "allowzero", reshape_prepare, reshape_infer),
	SHAPE_ROW("Flatten", 1, OPSET_NEWEST, 1, 0, "axis", flatten_prepare, flatten_infer),
	SHAPE_ROW("Squeeze", 1, 12, 1, 0, "axes", axes_prepare, squeeze_infer),
	{ "Squeeze", "", 13, OPSET_NEWEST, TYPES_ANY, 1, 2, 1, 1, 2, NULL, axes_prepare,
		squeeze_infer, shape_copy },
	SHAPE_ROW("Unsqueeze", 1, 12, 1, 0, "axes", axes_prepare, unsqueeze_infer),
	SHAPE_ROW("Unsqueeze", 13, OPSET_NEWEST, 2, 2, NULL, axes_prepare, unsqueeze_infer),
	{ "Expand", "", 8, OPSET_NEWEST, TYPES_ANY, 2, 2, 1, 1, 2, NULL, reshape_prepare,
		expand_infer, expand_run },
	{ "Shape", "", 1, OPSET_NEWEST, TYPES_ANY, 1, 1, 1, 1, 0, "start end", shape_prepare,
		shape_infer, shape_run },
	{ "Size", "", 1, OPSET_NEWEST, TYPES_ANY, 1, 1, 1, 1, 0, NULL, NULL, size_infer, size_run },
	{ "Dropout", "", 7, 11, TYPES_FLOAT, 1, 1, 1, 2, 0, "ratio", NULL, dropout_infer,
		dropout_run },
	{ "Dropout", "", 12, OPSET_NEWEST, TYPES_FLOAT, 1, 3, 1, 2, 4, "seed", NULL, dropout_infer,
		dropout_run },
	{ "Transpose", "", 1, OPSET_NEWEST, TYPES_ANY, 1, 1, 1, 1, 0, "perm", transpose_prepare,
		transpose_infer, transpose_run },
	{ NULL },
};
