/*
 * New values: constants, ranges, and values in another type. A float becomes an integer by cutting,
 * out of range by saturation, NaN as 0; integers wrap; a text becomes a number if all of it is one.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "broadcast_internal.h"
#include "mlops/base/parse.h"

/* The constant of a Constant node, in whichever attribute it stands. */
static int constant_tensor(struct operator_setup *setup, struct tensor *value, struct error *err)
{
	const struct graph_node *node = setup->node;
	if (node->attributes.count != 1)
		return error_set(err, ERROR_INVALID, "it has %zu values", node->attributes.count);
	const struct graph_attribute *one = &node->attributes.items[0];
	void *data = NULL;
	*value = (struct tensor){ .rank = one->kind >= ATTRIBUTE_FLOATS ? 1 : 0,
		.shape = { (int64_t)one->count } };
	switch (one->kind) {
	case ATTRIBUTE_TENSOR:
		*value = *one->tensor;
		return 0;
	case ATTRIBUTE_FLOAT:
	case ATTRIBUTE_FLOATS:
		value->type = ELEMENT_FLOAT;
		break;
	case ATTRIBUTE_INT:
	case ATTRIBUTE_INTS:
		value->type = ELEMENT_INT64;
		break;
	case ATTRIBUTE_STRING:
	case ATTRIBUTE_STRINGS:
		value->type = ELEMENT_STRING;
		break;
	default:
		return error_set(err, ERROR_UNSUPPORTED,
			"attribute '%s' is of a kind that is not "
			"supported",
			one->name);
	}
	data = arena_allocate(setup->arena, one->count, element_size(value->type), err);
	if (!data)
		return -(int)err->code;
	const void *from = one->kind == ATTRIBUTE_FLOAT    ? (const void *)&one->number
			   : one->kind == ATTRIBUTE_INT    ? (const void *)&one->integer
			   : one->kind == ATTRIBUTE_STRING ? (const void *)&one->string
							   : (const void *)one->numbers;
	if (one->count)
		memcpy(data, from, one->count * element_size(value->type));
	value->data = data;
	return 0;
}

static int constant_prepare(struct operator_setup *setup, struct error *err)
{
	struct tensor *state = setup_state(setup, sizeof *state, err);
	return state ? constant_tensor(setup, state, err) : -(int)err->code;
}

static int constant_infer(struct operator_call *call, struct error *err)
{
	const struct tensor *value = call->state;
	(void)err;
	tensor_take_shape(call->out[0], value->type, value);
	return 0;
}

static int constant_run(struct operator_call *call, struct error *err)
{
	const struct tensor *value = call->state;
	size_t count = tensor_elements(value);
	(void)err;
	if (count)
		memcpy(call->out[0]->data, value->data, count * element_size(value->type));
	return 0;
}

/* ConstantOfShape: one value, float 0 by default, in the shape that the input says. */
static int fill_prepare(struct operator_setup *setup, struct error *err)
{
	static float zero;
	const struct tensor *value;
	struct tensor *state = setup_state(setup, sizeof *state, err);
	if (!state || setup_tensor(setup, "value", &value, err) < 0)
		return -(int)err->code;
	*state = (struct tensor){ .type = ELEMENT_FLOAT, .float32 = &zero };
	if (!value)
		return 0;
	if (tensor_elements(value) != 1)
		return error_set(err, ERROR_INVALID, "its value is no single number");
	*state = *value;
	return 0;
}

static int fill_infer(struct operator_call *call, struct error *err)
{
	const struct tensor *value = call->state, *in = call->in[0];
	size_t count;
	tensor_set_unknown(call->out[0], value->type);
	if (!in->data || !tensor_count(in, &count))
		return 0;
	if (count > TENSOR_RANK_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "over %d dimensions", TENSOR_RANK_MAX);
	for (size_t i = 0; i < count; i++)
		if (in->int64[i] < 0)
			return error_set(err, ERROR_INVALID, "a size is %" PRId64, in->int64[i]);
	tensor_set_shape(call->out[0], value->type, (int)count, in->int64);
	return 0;
}

static int fill_run(struct operator_call *call, struct error *err)
{
	const struct tensor *value = call->state;
	size_t count = tensor_elements(call->out[0]), size = element_size(value->type);
	char *to = call->out[0]->data;
	(void)err;
	for (size_t i = 0; i < count; i++)
		memcpy(to + i * size, value->data, size);
	return 0;
}

struct cast {
	enum element_type to;
};

static int cast_prepare(struct operator_setup *setup, struct error *err)
{
	struct cast *state = setup_state(setup, sizeof *state, err);
	int64_t to, saturate;
	if (!state || setup_int(setup, "to", 0, &to, err) < 0 ||
		setup_int(setup, "saturate", 1, &saturate, err) < 0)
		return -(int)err->code;
	if (to <= 0 || to >= ELEMENT_TYPE_COUNT || to == ELEMENT_STRING ||
		!element_size((enum element_type)to))
		return error_set(err, ERROR_UNSUPPORTED, "a cast to %s is not supported",
			to > 0 && to < ELEMENT_TYPE_COUNT ? element_type_name((enum element_type)to)
							  : "that type");
	state->to = (enum element_type)to;
	return 0;
}

static int cast_infer(struct operator_call *call, struct error *err)
{
	const struct cast *state = call->state;
	enum element_type to = state ? state->to : call->in[1]->type;
	if (to == ELEMENT_STRING && call->in[0]->type != ELEMENT_STRING)
		return error_set(err, ERROR_UNSUPPORTED, "a cast to string is not supported");
	tensor_take_shape(call->out[0], to, call->in[0]);
	return 0;
}

/* "NaN" and "-inf" too, as Python writes them. */
static int cast_text(struct text text, double *ret, struct error *err)
{
	static const struct {
		const char *word;
		double value;
	} words[] = { { "nan", (double)NAN }, { "NaN", (double)NAN }, { "inf", (double)INFINITY },
		{ "INF", (double)INFINITY }, { "+INF", (double)INFINITY },
		{ "-inf", -(double)INFINITY }, { "-INF", -(double)INFINITY } };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (text_is(text, words[i].word)) {
			*ret = words[i].value;
			return 0;
		}
	if (parse_f64(text_trim(text), ret))
		return 0;
	return error_set(err, ERROR_INVALID, "'%.*s' is no number",
		(int)(text.length > 40 ? 40 : text.length), text.at);
}

/* Saturating, NaN to 0: C leaves both undefined. */
#define CAST_CUT(suffix, T, low, high)                                                             \
	static T cast_cut_##suffix(double x)                                                       \
	{                                                                                          \
		return isnan(x) ? 0 : x <= low ? (T)low : x >= high ? (T)high : (T)x;              \
	}
CAST_CUT(int8, int8_t, -128.0, 127.0)
CAST_CUT(uint8, uint8_t, 0.0, 255.0)
CAST_CUT(int16, int16_t, -32768.0, 32767.0)
CAST_CUT(uint16, uint16_t, 0.0, 65535.0)
CAST_CUT(int32, int32_t, -2147483648.0, 2147483647.0)
CAST_CUT(uint32, uint32_t, 0.0, 4294967295.0)

static int64_t cast_cut_int64(double x)
{
	return isnan(x) ? 0 : x <= -0x1p63 ? INT64_MIN : x >= 0x1p63 ? INT64_MAX : (int64_t)x;
}

static uint64_t cast_cut_uint64(double x)
{
	return isnan(x) ? 0 : x <= 0 ? 0 : x >= 0x1p64 ? UINT64_MAX : (uint64_t)x;
}

/* Element i of `out` from a floating value or from an integer. */
static void cast_store_float(struct tensor *out, size_t i, double x)
{
	switch (out->type) {
	case ELEMENT_FLOAT:
		out->float32[i] = (float)x;
		break;
	case ELEMENT_DOUBLE:
		out->float64[i] = x;
		break;
	case ELEMENT_BOOL:
		out->uint8[i] = x != 0;
		break;
#define CAST_STORE(suffix, T, TYPE)                                                                \
	case ELEMENT_##TYPE:                                                                       \
		out->suffix[i] = cast_cut_##suffix(x);                                             \
		break;
		FOR_INTEGERS(CAST_STORE)
	default:
		break;
	}
}

static void cast_store_integer(struct tensor *out, size_t i, int64_t x, bool is_unsigned)
{
	switch (out->type) {
	case ELEMENT_FLOAT:
		out->float32[i] = is_unsigned ? (float)(uint64_t)x : (float)x;
		break;
	case ELEMENT_DOUBLE:
		out->float64[i] = is_unsigned ? (double)(uint64_t)x : (double)x;
		break;
	case ELEMENT_BOOL:
		out->uint8[i] = x != 0;
		break;
#define CAST_WRAP(suffix, T, TYPE)                                                                 \
	case ELEMENT_##TYPE:                                                                       \
		out->suffix[i] = (T)x;                                                             \
		break;
		FOR_INTEGERS(CAST_WRAP)
	default:
		break;
	}
}

/* The pairs that our own models use; false if it is none of them. */
static bool cast_fast(const struct tensor *in, struct tensor *out, size_t count)
{
#define CAST_PAIR(FROM, from, TO, to, T)                                                           \
	if (in->type == ELEMENT_##FROM && out->type == ELEMENT_##TO) {                             \
		for (size_t i = 0; i < count; i++)                                                 \
			out->to[i] = (T)in->from[i];                                               \
		return true;                                                                       \
	}
	CAST_PAIR(FLOAT, float32, DOUBLE, float64, double)
	CAST_PAIR(DOUBLE, float64, FLOAT, float32, float)
	CAST_PAIR(INT64, int64, DOUBLE, float64, double)
	CAST_PAIR(BOOL, uint8, DOUBLE, float64, double)
	CAST_PAIR(BOOL, uint8, FLOAT, float32, float)
	CAST_PAIR(INT64, int64, FLOAT, float32, float)
	CAST_PAIR(INT32, int32, FLOAT, float32, float)
	if (in->type != out->type)
		return false;
	if (count)
		memcpy(out->data, in->data, count * element_size(in->type));
	return true;
}

static int cast_run(struct operator_call *call, struct error *err)
{
	const struct tensor *in = call->in[0];
	struct tensor *out = call->out[0];
	size_t count = tensor_elements(in);
	if (cast_fast(in, out, count))
		return 0;
	for (size_t i = 0; i < count; i++) {
		double x;
		if (in->type == ELEMENT_STRING) {
			if (cast_text(in->strings[i], &x, err) < 0)
				return -(int)err->code;
			cast_store_float(out, i, x);
		} else if (TYPES_FLOAT >> in->type & 1) {
			cast_store_float(out, i, tensor_double(in, i));
		} else {
			cast_store_integer(
				out, i, tensor_integer(in, i), in->type == ELEMENT_UINT64);
		}
	}
	return 0;
}

/* Range: start, start + delta, … before limit. */
static int range_infer(struct operator_call *call, struct error *err)
{
	enum element_type type = call->in[0]->type;
	double length = 0;
	bool known = true;
	for (size_t i = 0; i < 3; i++) {
		size_t count;
		if (call->in[i]->type != type)
			return error_set(err, ERROR_INVALID, "its inputs differ in type");
		if (tensor_count(call->in[i], &count) && count != 1)
			return error_set(err, ERROR_INVALID, "its inputs are not scalars");
		known &= call->in[i]->data != NULL;
	}
	tensor_set_shape(call->out[0], type, 1, (int64_t[]){ TENSOR_SIZE_UNKNOWN });
	if (!known)
		return 0;
	double start = tensor_double(call->in[0], 0), limit = tensor_double(call->in[1], 0);
	double delta = tensor_double(call->in[2], 0);
	length = ceil((limit - start) / delta);
	if (delta == 0 || !isfinite(length) || length > 0x1p31)
		return error_set(err, ERROR_INVALID, "the range has no end or is too long");
	call->out[0]->shape[0] = length > 0 ? (int64_t)length : 0;
	return 0;
}

static int range_run(struct operator_call *call, struct error *err)
{
	(void)err;
	for (size_t i = 0; i < (size_t)call->out[0]->shape[0]; i++)
		if (TYPES_FLOAT >> call->in[0]->type & 1)
			cast_store_float(call->out[0], i,
				tensor_double(call->in[0], 0) +
					(double)i * tensor_double(call->in[2], 0));
		else
			cast_store_integer(call->out[0], i,
				(int64_t)((uint64_t)tensor_integer(call->in[0], 0) +
					  i * (uint64_t)tensor_integer(call->in[2], 0)),
				false);
	return 0;
}

const struct operator operators_create[] = {
	{ "Constant", "", 1, OPSET_NEWEST, 0, 0, 0, 1, 1, 0,
		"value value_float value_floats value_int value_ints value_string value_strings",
		constant_prepare, constant_infer, constant_run },
	{ "ConstantOfShape", "", 9, OPSET_NEWEST, TYPE_BIT(ELEMENT_INT64), 1, 1, 1, 1, 1, "value",
		fill_prepare, fill_infer, fill_run },
	{ "Cast", "", 6, OPSET_NEWEST, TYPES_ANY, 1, 1, 1, 1, 0, "to saturate", cast_prepare,
		cast_infer, cast_run },
	{ "CastLike", "", 15, OPSET_NEWEST, TYPES_ANY, 2, 2, 1, 1, 0, NULL, NULL, cast_infer,
		cast_run },
	{ "Range", "", 11, OPSET_NEWEST,
		TYPES_FLOAT | TYPE_BIT(ELEMENT_INT16) | TYPE_BIT(ELEMENT_INT32) |
			TYPE_BIT(ELEMENT_INT64),
		3, 3, 1, 1, 7, NULL, NULL, range_infer, range_run },
	{ NULL },
};
