/* Functions of one number. Round goes to even; Sign of NaN is NaN; Log and Sqrt give NaN outside. */
#include <math.h>

#include "broadcast_internal.h"

/* For float the function of float is used, for double that of double. */
#define UNARY_FLOAT(name, expression32, expression64)                                              \
	static int unary_##name(struct operator_call *call, struct error *err)                     \
	{                                                                                          \
		size_t count = tensor_elements(call->in[0]);                                       \
		(void)err;                                                                         \
		if (call->in[0]->type == ELEMENT_FLOAT) {                                          \
			const float *in = call->in[0]->float32;                                    \
			float *out = call->out[0]->float32;                                        \
			for (size_t i = 0; i < count; i++) {                                       \
				const float x = in[i];                                             \
				out[i] = (expression32);                                           \
			}                                                                          \
		} else {                                                                           \
			const double *in = call->in[0]->float64;                                   \
			double *out = call->out[0]->float64;                                       \
			for (size_t i = 0; i < count; i++) {                                       \
				const double x = in[i];                                            \
				out[i] = (expression64);                                           \
			}                                                                          \
		}                                                                                  \
		return 0;                                                                          \
	}
#define UNARY_LIBM(name, function) UNARY_FLOAT(name, function##f(x), function(x))

UNARY_LIBM(floor, floor)
UNARY_LIBM(ceil, ceil)
UNARY_LIBM(round, rint)
UNARY_LIBM(sqrt, sqrt)
UNARY_LIBM(exp, exp)
UNARY_LIBM(log, log)
UNARY_LIBM(erf, erf)
UNARY_LIBM(sin, sin)
UNARY_LIBM(cos, cos)
UNARY_LIBM(tan, tan)
UNARY_LIBM(asin, asin)
UNARY_LIBM(acos, acos)
UNARY_LIBM(atan, atan)
UNARY_LIBM(sinh, sinh)
UNARY_LIBM(cosh, cosh)
UNARY_LIBM(asinh, asinh)
UNARY_LIBM(acosh, acosh)
UNARY_LIBM(atanh, atanh)
UNARY_LIBM(tanh, tanh)
UNARY_FLOAT(reciprocal, 1 / x, 1 / x)

/* One case of a switch over all number types. */
#define UNARY_CASE(suffix, T, TYPE)                                                                \
	case ELEMENT_##TYPE:                                                                       \
		for (size_t i = 0; i < count; i++) {                                               \
			const T x = call->in[0]->suffix[i], one __attribute__((unused)) = 1;       \
			call->out[0]->suffix[i] = (T)(UNARY_EXPRESSION);                           \
		}                                                                                  \
		break;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtype-limits"
#define UNARY_EXPRESSION x < 0 ? 0 - x : x == 0 ? 0 : x
static int unary_abs(struct operator_call *call, struct error *err)
{
	size_t count = tensor_elements(call->in[0]);
	(void)err;
	switch (call->in[0]->type) {
		FOR_NUMBERS(UNARY_CASE)
	default:
		break;
	}
	return 0;
}
#undef UNARY_EXPRESSION

#define UNARY_EXPRESSION x > 0 ? one : x < 0 ? 0 - one : x
static int unary_sign(struct operator_call *call, struct error *err)
{
	size_t count = tensor_elements(call->in[0]);
	(void)err;
	switch (call->in[0]->type) {
		FOR_NUMBERS(UNARY_CASE)
	default:
		break;
	}
	return 0;
}
#undef UNARY_EXPRESSION
#pragma GCC diagnostic pop

#define UNARY_EXPRESSION -x
static int unary_neg(struct operator_call *call, struct error *err)
{
	size_t count = tensor_elements(call->in[0]);
	(void)err;
	switch (call->in[0]->type) {
		FOR_NUMBERS(UNARY_CASE)
	default:
		break;
	}
	return 0;
}
#undef UNARY_EXPRESSION

#define UNARY_ROW(name, from, set, function)                                                       \
	{                                                                                          \
		name, "", from, OPSET_NEWEST, set, 1, 1, 1, 1, 0, NULL, NULL, infer_same, function \
	}

const struct operator operators_unary[] = {
	UNARY_ROW("Abs", 6, TYPES_NUMBER, unary_abs),
	UNARY_ROW("Neg", 6, TYPES_FLOAT | TYPES_SIGNED, unary_neg),
	UNARY_ROW("Sign", 9, TYPES_NUMBER, unary_sign),
	UNARY_ROW("Floor", 6, TYPES_FLOAT, unary_floor),
	UNARY_ROW("Ceil", 6, TYPES_FLOAT, unary_ceil),
	UNARY_ROW("Round", 11, TYPES_FLOAT, unary_round),
	UNARY_ROW("Sqrt", 6, TYPES_FLOAT, unary_sqrt),
	UNARY_ROW("Exp", 6, TYPES_FLOAT, unary_exp),
	UNARY_ROW("Log", 6, TYPES_FLOAT, unary_log),
	UNARY_ROW("Erf", 9, TYPES_FLOAT, unary_erf),
	UNARY_ROW("Reciprocal", 6, TYPES_FLOAT, unary_reciprocal),
	UNARY_ROW("Sin", 7, TYPES_FLOAT, unary_sin),
	UNARY_ROW("Cos", 7, TYPES_FLOAT, unary_cos),
	UNARY_ROW("Tan", 7, TYPES_FLOAT, unary_tan),
	UNARY_ROW("Asin", 7, TYPES_FLOAT, unary_asin),
	UNARY_ROW("Acos", 7, TYPES_FLOAT, unary_acos),
	UNARY_ROW("Atan", 7, TYPES_FLOAT, unary_atan),
	UNARY_ROW("Sinh", 9, TYPES_FLOAT, unary_sinh),
	UNARY_ROW("Cosh", 9, TYPES_FLOAT, unary_cosh),
	UNARY_ROW("Asinh", 9, TYPES_FLOAT, unary_asinh),
	UNARY_ROW("Acosh", 9, TYPES_FLOAT, unary_acosh),
	UNARY_ROW("Atanh", 9, TYPES_FLOAT, unary_atanh),
	UNARY_ROW("Tanh", 6, TYPES_FLOAT, unary_tanh),
	{ NULL },
};
