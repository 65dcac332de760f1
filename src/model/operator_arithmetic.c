/*
 * Arithmetic of two or more inputs. Integers wrap; division by an integer zero gives 0. Min and Max
 * give NaN if either is NaN, as NumPy's minimum and maximum do.
 */
#include <math.h>
#include <string.h>

#include "broadcast_internal.h"
#include "kernels.h"

/* Division and remainder that cannot trap. T is the type, wide the one it is computed in. */
#define ARITHMETIC_INTEGER_ROWS(suffix, T, TYPE)                                                   \
	static void add_##suffix(size_t count, const void *const in[], const bool step[],          \
		void *out) BROADCAST_BINARY(T, T,                                                  \
		(uint64_t)x + (uint64_t)y) static void sub_##suffix(size_t count,                  \
		const void *const in[], const bool step[], void *out) BROADCAST_BINARY(T, T,       \
		(uint64_t)x - (uint64_t)y) static void mul_##suffix(size_t count,                  \
		const void *const in[], const bool step[], void *out) BROADCAST_BINARY(T, T,       \
		(uint64_t)x *(uint64_t)y) static void div_##suffix(size_t count,                   \
		const void *const in[], const bool step[], void *out) BROADCAST_BINARY(T, T,       \
		y == 0                    ? 0                                                      \
		: (T)-1 < 0 && y == (T)-1 ? (T)(0 - (uint64_t)x)                                   \
					  : x / y) static void mod_##suffix(size_t count,          \
		const void *const in[], const bool step[], void *out) BROADCAST_BINARY(T, T,       \
		y == 0 || ((T)-1 < 0 && y == (T)-1) ? 0                                            \
		: (x % y != 0 && ((x % y < 0) != (y < 0)))                                         \
			? x % y + y                                                                \
			: x % y) static void fmod_##suffix(size_t count, const void *const in[],   \
		const bool step[], void *out) BROADCAST_BINARY(T, T,                               \
		y == 0 || ((T)-1 < 0 && y == (T)-1)                                                \
			? 0                                                                        \
			: x % y) static void min_##suffix(size_t count, const void *const in[],    \
		const bool step[], void *out) BROADCAST_BINARY(T, T,                               \
		x < y ? x : y) static void max_##suffix(size_t count, const void *const in[],      \
		const bool step[], void *out) BROADCAST_BINARY(T, T, x > y ? x : y)

#define ARITHMETIC_FLOAT_ROWS(suffix, T, TYPE)                                                     \
	static void fmod_##suffix(                                                                 \
		size_t count, const void *const in[], const bool step[], void *out)                \
		BROADCAST_BINARY(T, T, fmod(x, y)) static void min_##suffix(size_t count,          \
			const void *const in[], const bool step[], void *out) BROADCAST_BINARY(T,  \
			T, isnan(x) || x < y ? x : y) static void max_##suffix(size_t count,       \
			const void *const in[], const bool step[], void *out)                      \
			BROADCAST_BINARY(T, T, isnan(x) || x > y ? x : y)

/* The integer families have a signed and an unsigned reading of "< 0": no warning is due. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtype-limits"
FOR_INTEGERS(ARITHMETIC_INTEGER_ROWS)
#pragma GCC diagnostic pop
FOR_FLOATS(ARITHMETIC_FLOAT_ROWS)

enum arithmetic {
	ARITHMETIC_ADD,
	ARITHMETIC_SUB,
	ARITHMETIC_MUL,
	ARITHMETIC_DIV,
	ARITHMETIC_MOD,
	ARITHMETIC_FMOD,
	ARITHMETIC_MIN,
	ARITHMETIC_MAX,
	ARITHMETIC_COUNT
};

#define ARITHMETIC_INTEGER_ENTRY(suffix, T, TYPE)                                                  \
	[ELEMENT_##TYPE] = { add_##suffix, sub_##suffix, mul_##suffix, div_##suffix, mod_##suffix, \
		fmod_##suffix, min_##suffix, max_##suffix },

static broadcast_row *const arithmetic_rows[ELEMENT_TYPE_COUNT][ARITHMETIC_COUNT] = {
	FOR_INTEGERS(ARITHMETIC_INTEGER_ENTRY)[ELEMENT_FLOAT] = { [ARITHMETIC_FMOD] = fmod_float32,
		[ARITHMETIC_MIN] = min_float32,
		[ARITHMETIC_MAX] = max_float32 },
	[ELEMENT_DOUBLE] = { [ARITHMETIC_FMOD] = fmod_float64,
		[ARITHMETIC_MIN] = min_float64,
		[ARITHMETIC_MAX] = max_float64 },
};

static broadcast_row *arithmetic_row(enum element_type type, enum arithmetic which)
{
	if (which <= ARITHMETIC_DIV && type == ELEMENT_DOUBLE)
		return kernels()->float64[which];
	if (which <= ARITHMETIC_DIV && type == ELEMENT_FLOAT)
		return kernels()->float32[which];
	return arithmetic_rows[type][which];
}

static int arithmetic_infer(struct operator_call *call, struct error *err)
{
	for (size_t i = 1; i < call->n_in; i++)
		if (call->in[i]->type != call->in[0]->type)
			return error_set(err, ERROR_INVALID, "its inputs are %s and %s",
				element_type_name(call->in[0]->type),
				element_type_name(call->in[i]->type));
	return broadcast_infer(call, call->n_in, call->in[0]->type, err);
}

#define ARITHMETIC_RUN(name, which)                                                                \
	static int arithmetic_##name(struct operator_call *call, struct error *err)                \
	{                                                                                          \
		(void)err;                                                                         \
		broadcast_run(                                                                     \
			call->in, 2, call->out[0], arithmetic_row(call->in[0]->type, which));      \
		return 0;                                                                          \
	}
ARITHMETIC_RUN(add, ARITHMETIC_ADD)
ARITHMETIC_RUN(sub, ARITHMETIC_SUB)
ARITHMETIC_RUN(mul, ARITHMETIC_MUL)
ARITHMETIC_RUN(div, ARITHMETIC_DIV)

struct arithmetic_mod {
	bool fmod;
};

static int arithmetic_mod_prepare(struct operator_setup *setup, struct error *err)
{
	int64_t fmod;
	struct arithmetic_mod *state = setup_state(setup, sizeof *state, err);
	if (!state || setup_int(setup, "fmod", 0, &fmod, err) < 0)
		return -(int)err->code;
	state->fmod = fmod != 0;
	return 0;
}

static int arithmetic_mod_infer(struct operator_call *call, struct error *err)
{
	const struct arithmetic_mod *state = call->state;
	if (!state->fmod && (TYPES_FLOAT >> call->in[0]->type & 1))
		return error_set(err, ERROR_INVALID, "fmod must be 1 for %s",
			element_type_name(call->in[0]->type));
	return arithmetic_infer(call, err);
}

static int arithmetic_mod(struct operator_call *call, struct error *err)
{
	const struct arithmetic_mod *state = call->state;
	(void)err;
	broadcast_run(call->in, 2, call->out[0],
		arithmetic_row(call->in[0]->type, state->fmod ? ARITHMETIC_FMOD : ARITHMETIC_MOD));
	return 0;
}

/* Any number of inputs: the first is spread over the output, the others are folded into it. */
static void arithmetic_fold(const struct operator_call *call, enum arithmetic which)
{
	broadcast_row *row = arithmetic_row(call->in[0]->type, which);
	const struct tensor *pair[2] = { call->in[0], call->n_in > 1 ? call->in[1] : NULL };
	if (!pair[1]) {
		memcpy(call->out[0]->data, pair[0]->data,
			tensor_elements(pair[0]) * element_size(pair[0]->type));
		return;
	}
	broadcast_run(pair, 2, call->out[0], row);
	for (size_t i = 2; i < call->n_in; i++) {
		pair[0] = call->out[0];
		pair[1] = call->in[i];
		broadcast_run(pair, 2, call->out[0], row);
	}
}

static int arithmetic_min(struct operator_call *call, struct error *err)
{
	(void)err;
	arithmetic_fold(call, ARITHMETIC_MIN);
	return 0;
}

static int arithmetic_max(struct operator_call *call, struct error *err)
{
	(void)err;
	arithmetic_fold(call, ARITHMETIC_MAX);
	return 0;
}

static int arithmetic_sum(struct operator_call *call, struct error *err)
{
	(void)err;
	arithmetic_fold(call, ARITHMETIC_ADD);
	return 0;
}

static int arithmetic_mean(struct operator_call *call, struct error *err)
{
	(void)err;
	arithmetic_fold(call, ARITHMETIC_ADD);
	size_t count = tensor_elements(call->out[0]);
	if (call->out[0]->type == ELEMENT_DOUBLE)
		for (size_t i = 0; i < count; i++)
			call->out[0]->float64[i] /= (double)call->n_in;
	else
		for (size_t i = 0; i < count; i++)
			call->out[0]->float32[i] /= (float)call->n_in;
	return 0;
}

/* x to an integer power, wrapping; a negative power of anything but 1 and -1 is 0. */
static int64_t power_integer(int64_t x, int64_t y)
{
	uint64_t result = 1, base = (uint64_t)x;
	if (y < 0)
		return x == 1 ? 1 : x == -1 ? (y % 2 ? -1 : 1) : 0;
	for (; y; y >>= 1, base *= base)
		if (y & 1)
			result *= base;
	return (int64_t)result;
}

/* Two numbers; the second may be of another type than the first. */
#define POWER_ROWS(suffix, T, TYPE, with, U, WITH)                                                 \
	static void power_##suffix##_##with(                                                       \
		size_t count, const void *const in[], const bool step[], void *out)                \
	{                                                                                          \
		const T *a = in[0];                                                                \
		const U *b = in[1];                                                                \
		T *to = out;                                                                       \
		for (size_t i = 0; i < count; i++) {                                               \
			const T x = a[step[0] ? i : 0];                                            \
			const U y = b[step[1] ? i : 0];                                            \
			if ((T)0.5 == 0 && (U)0.5 == 0)                                            \
				to[i] = (T)power_integer((int64_t)x, (int64_t)y);                  \
			else                                                                       \
				to[i] = (T)(sizeof(T) == 4 && (T)0.5 != 0                          \
						    ? (double)powf((float)x, (float)y)             \
						    : pow((double)x, (double)y));                  \
		}                                                                                  \
	}
#define POWER_WITH(X, suffix, T, TYPE)                                                             \
	X(suffix, T, TYPE, float32, float, FLOAT)                                                  \
	X(suffix, T, TYPE, float64, double, DOUBLE)                                                \
	X(suffix, T, TYPE, int32, int32_t, INT32)                                                  \
	X(suffix, T, TYPE, int64, int64_t, INT64)                                                  \
	X(suffix, T, TYPE, uint32, uint32_t, UINT32)                                               \
	X(suffix, T, TYPE, uint64, uint64_t, UINT64)
#define POWER_ALL(X)                                                                               \
	POWER_WITH(X, float32, float, FLOAT)                                                       \
	POWER_WITH(X, float64, double, DOUBLE)                                                     \
	POWER_WITH(X, int32, int32_t, INT32)                                                       \
	POWER_WITH(X, int64, int64_t, INT64)
POWER_ALL(POWER_ROWS)

#define POWER_ENTRY(suffix, T, TYPE, with, U, WITH)                                                \
	[ELEMENT_##TYPE][ELEMENT_##WITH] = power_##suffix##_##with,
static broadcast_row *const power_rows[ELEMENT_TYPE_COUNT][ELEMENT_TYPE_COUNT] = { POWER_ALL(
	POWER_ENTRY) };

static int power_infer(struct operator_call *call, struct error *err)
{
	if (!power_rows[call->in[0]->type][call->in[1]->type])
		return error_set(err, ERROR_UNSUPPORTED, "%s to the power of %s",
			element_type_name(call->in[0]->type), element_type_name(call->in[1]->type));
	return broadcast_infer(call, 2, call->in[0]->type, err);
}

static int power_run(struct operator_call *call, struct error *err)
{
	(void)err;
	broadcast_run(call->in, 2, call->out[0], power_rows[call->in[0]->type][call->in[1]->type]);
	return 0;
}

/* Before opset 7 shapes were joined by an attribute. */
#define ARITHMETIC_BINARY(name, set, function)                                                     \
	{                                                                                          \
		name, "", 7, OPSET_NEWEST, set, 2, 2, 1, 1, 0, NULL, NULL, arithmetic_infer,       \
			function                                                                   \
	}
#define ARITHMETIC_MANY(name, from, set, function)                                                 \
	{                                                                                          \
		name, "", from, OPSET_NEWEST, set, 1, OPERATOR_MANY, 1, 1, 0, NULL, NULL,          \
			arithmetic_infer, function                                                 \
	}

const struct operator operators_arithmetic[] = {
	ARITHMETIC_BINARY("Add", TYPES_NUMBER, arithmetic_add),
	ARITHMETIC_BINARY("Sub", TYPES_NUMBER, arithmetic_sub),
	ARITHMETIC_BINARY("Mul", TYPES_NUMBER, arithmetic_mul),
	ARITHMETIC_BINARY("Div", TYPES_NUMBER, arithmetic_div),
	{ "Mod", "", 10, OPSET_NEWEST, TYPES_NUMBER, 2, 2, 1, 1, 0, "fmod", arithmetic_mod_prepare,
		arithmetic_mod_infer, arithmetic_mod },
	{ "Pow", "", 7, OPSET_NEWEST,
		TYPES_FLOAT | TYPE_BIT(ELEMENT_INT32) | TYPE_BIT(ELEMENT_INT64), 2, 2, 1, 1, 0,
		NULL, NULL, power_infer, power_run },
	ARITHMETIC_MANY("Min", 8, TYPES_NUMBER, arithmetic_min),
	ARITHMETIC_MANY("Max", 8, TYPES_NUMBER, arithmetic_max),
	ARITHMETIC_MANY("Sum", 8, TYPES_FLOAT, arithmetic_sum),
	ARITHMETIC_MANY("Mean", 8, TYPES_FLOAT, arithmetic_mean),
	{ NULL },
};
