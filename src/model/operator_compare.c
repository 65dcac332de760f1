/* Comparisons, logic and choices. A comparison with NaN is false; Equal compares texts by bytes. */
#include <math.h>

#include "broadcast_internal.h"
#include "kernels.h"

#define COMPARE_ROWS(suffix, T, TYPE)                                                              \
	static void equal_##suffix(size_t count, const void *const in[], const bool step[],        \
		void *out) BROADCAST_BINARY(T, uint8_t,                                            \
		x == y) static void less_##suffix(size_t count, const void *const in[],            \
		const bool step[], void *out) BROADCAST_BINARY(T, uint8_t,                         \
		x < y) static void less_or_equal_##suffix(size_t count, const void *const in[],    \
		const bool step[], void *out) BROADCAST_BINARY(T, uint8_t,                         \
		x <= y) static void greater_##suffix(size_t count, const void *const in[],         \
		const bool step[], void *out) BROADCAST_BINARY(T, uint8_t,                         \
		x > y) static void greater_or_equal_##suffix(size_t count, const void *const in[], \
		const bool step[], void *out) BROADCAST_BINARY(T, uint8_t, x >= y)
FOR_NUMBERS(COMPARE_ROWS)

static void equal_string(size_t count, const void *const in[], const bool step[], void *out)
	BROADCAST_BINARY(struct text, uint8_t, text_equal(x, y)) static void logic_and(
		size_t count, const void *const in[], const bool step[], void *out)
		BROADCAST_BINARY(uint8_t, uint8_t, x &y) static void logic_or(
			size_t count, const void *const in[], const bool step[], void *out)
			BROADCAST_BINARY(uint8_t, uint8_t, x | y) static void logic_xor(
				size_t count, const void *const in[], const bool step[], void *out)
				BROADCAST_BINARY(uint8_t, uint8_t, x ^ y) static void logic_equal(
					size_t count, const void *const in[], const bool step[],
					void *out) BROADCAST_BINARY(uint8_t, uint8_t, x == y)

					enum comparison {
						COMPARE_EQUAL,
						COMPARE_LESS,
						COMPARE_LESS_OR_EQUAL,
						COMPARE_GREATER,
						COMPARE_GREATER_OR_EQUAL,
						COMPARISONS
					};

#define COMPARE_ENTRY(suffix, T, TYPE)                                                             \
	[ELEMENT_##TYPE] = { equal_##suffix, less_##suffix, less_or_equal_##suffix,                \
		greater_##suffix, greater_or_equal_##suffix },
static broadcast_row *const compare_rows[ELEMENT_TYPE_COUNT][COMPARISONS] = {
	FOR_NUMBERS(COMPARE_ENTRY)[ELEMENT_BOOL] = { logic_equal },
	[ELEMENT_STRING] = { equal_string },
};

static int compare_infer(struct operator_call *call, struct error *err)
{
	if (call->in[0]->type != call->in[1]->type)
		return error_set(err, ERROR_INVALID, "its inputs are %s and %s",
			element_type_name(call->in[0]->type), element_type_name(call->in[1]->type));
	return broadcast_infer(call, 2, ELEMENT_BOOL, err);
}

#define COMPARE_RUN(name, row)                                                                     \
	static int name(struct operator_call *call, struct error *err)                             \
	{                                                                                          \
		(void)err;                                                                         \
		broadcast_run(call->in, 2, call->out[0], row);                                     \
		return 0;                                                                          \
	}
COMPARE_RUN(compare_equal, compare_rows[call->in[0]->type][COMPARE_EQUAL])
COMPARE_RUN(compare_less, compare_rows[call->in[0]->type][COMPARE_LESS])
COMPARE_RUN(compare_less_or_equal, compare_rows[call->in[0]->type][COMPARE_LESS_OR_EQUAL])
COMPARE_RUN(compare_greater, compare_rows[call->in[0]->type][COMPARE_GREATER])
COMPARE_RUN(compare_greater_or_equal, compare_rows[call->in[0]->type][COMPARE_GREATER_OR_EQUAL])
COMPARE_RUN(compare_and, logic_and)
COMPARE_RUN(compare_or, logic_or)
COMPARE_RUN(compare_xor, logic_xor)

static int compare_to_bool(struct operator_call *call, struct error *err)
{
	(void)err;
	tensor_take_shape(call->out[0], ELEMENT_BOOL, call->in[0]);
	return 0;
}

static int compare_not(struct operator_call *call, struct error *err)
{
	size_t count = tensor_elements(call->in[0]);
	(void)err;
	for (size_t i = 0; i < count; i++)
		call->out[0]->uint8[i] = !call->in[0]->uint8[i];
	return 0;
}

static int compare_is_nan(struct operator_call *call, struct error *err)
{
	size_t count = tensor_elements(call->in[0]);
	uint8_t *to = call->out[0]->uint8;
	(void)err;
	if (call->in[0]->type == ELEMENT_DOUBLE)
		kernels()->is_nan(count, call->in[0]->float64, to);
	else
		for (size_t i = 0; i < count; i++)
			to[i] = (uint8_t)(isnan(call->in[0]->float32[i]) != 0);
	return 0;
}

struct compare_infinity {
	bool negative, positive;
};

static int compare_infinity_prepare(struct operator_setup *setup, struct error *err)
{
	struct compare_infinity *state = setup_state(setup, sizeof *state, err);
	int64_t negative, positive;
	if (!state || setup_int(setup, "detect_negative", 1, &negative, err) < 0 ||
		setup_int(setup, "detect_positive", 1, &positive, err) < 0)
		return -(int)err->code;
	*state = (struct compare_infinity){ negative != 0, positive != 0 };
	return 0;
}

static int compare_is_infinite(struct operator_call *call, struct error *err)
{
	const struct compare_infinity *state = call->state;
	size_t count = tensor_elements(call->in[0]);
	(void)err;
	for (size_t i = 0; i < count; i++) {
		double x = tensor_double(call->in[0], i);
		call->out[0]->uint8[i] = isinf(x) && (x < 0 ? state->negative : state->positive);
	}
	return 0;
}

/* Where: element sizes matter, not types. */
#define WHERE_ROW(suffix, T)                                                                       \
	static void where_##suffix(                                                                \
		size_t count, const void *const in[], const bool step[], void *out)                \
	{                                                                                          \
		const uint8_t *condition = in[0];                                                  \
		const T *a = in[1], *b = in[2];                                                    \
		T *to = out;                                                                       \
		for (size_t i = 0; i < count; i++)                                                 \
			to[i] = condition[step[0] ? i : 0] ? a[step[1] ? i : 0]                    \
							   : b[step[2] ? i : 0];                   \
	}
WHERE_ROW(one, uint8_t)
WHERE_ROW(two, uint16_t)
WHERE_ROW(four, uint32_t)
WHERE_ROW(text, struct text)

static int where_infer(struct operator_call *call, struct error *err)
{
	if (call->in[1]->type != call->in[2]->type)
		return error_set(err, ERROR_INVALID, "it chooses between %s and %s",
			element_type_name(call->in[1]->type), element_type_name(call->in[2]->type));
	return broadcast_infer(call, 3, call->in[1]->type, err);
}

static int where_run(struct operator_call *call, struct error *err)
{
	(void)err;
	switch (element_size(call->out[0]->type)) {
	case 1:
		broadcast_run(call->in, 3, call->out[0], where_one);
		break;
	case 2:
		broadcast_run(call->in, 3, call->out[0], where_two);
		break;
	case 4:
		broadcast_run(call->in, 3, call->out[0], where_four);
		break;
	case 8:
		broadcast_run(call->in, 3, call->out[0], kernels()->where8);
		break;
	default:
		broadcast_run(call->in, 3, call->out[0], where_text);
	}
	return 0;
}

#define COMPARE_ROW(name, from, set, function)                                                     \
	{                                                                                          \
		name, "", from, OPSET_NEWEST, set, 2, 2, 1, 1, 0, NULL, NULL, compare_infer,       \
			function                                                                   \
	}

const struct operator operators_compare[] = {
	COMPARE_ROW("Equal", 7, TYPES_ANY, compare_equal),
	COMPARE_ROW("Less", 7, TYPES_NUMBER, compare_less),
	COMPARE_ROW("Greater", 7, TYPES_NUMBER, compare_greater),
	COMPARE_ROW("LessOrEqual", 12, TYPES_NUMBER, compare_less_or_equal),
	COMPARE_ROW("GreaterOrEqual", 12, TYPES_NUMBER, compare_greater_or_equal),
	COMPARE_ROW("And", 7, TYPES_BOOL, compare_and),
	COMPARE_ROW("Or", 7, TYPES_BOOL, compare_or),
	COMPARE_ROW("Xor", 7, TYPES_BOOL, compare_xor),
	{ "Not", "", 1, OPSET_NEWEST, TYPES_BOOL, 1, 1, 1, 1, 0, NULL, NULL, compare_to_bool,
		compare_not },
	{ "IsNaN", "", 9, OPSET_NEWEST, TYPES_FLOAT, 1, 1, 1, 1, 0, NULL, NULL, compare_to_bool,
		compare_is_nan },
	{ "IsInf", "", 10, OPSET_NEWEST, TYPES_FLOAT, 1, 1, 1, 1, 0,
		"detect_negative detect_positive", compare_infinity_prepare, compare_to_bool,
		compare_is_infinite },
	{ "Where", "", 9, OPSET_NEWEST, TYPES_BOOL, 3, 3, 1, 1, 0, NULL, NULL, where_infer,
		where_run },
	{ NULL },
};
