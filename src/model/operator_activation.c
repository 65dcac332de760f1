/*
 * Activation functions. Those with parameters are computed in double and rounded once; formulas are
 * those of ONNX's operator descriptions. NaN goes through.
 */
#include <math.h>
#include <string.h>

#include "broadcast_internal.h"
#include "kernels.h"

struct activation {
	double (*function)(double x, const struct activation *self);
	double alpha, beta;
};

/* 1 / (1 + e^-x) without overflow and without loss in either tail. */
static double activation_sigmoid(double x, const struct activation *self)
{
	(void)self;
	if (x >= 0)
		return 1 / (1 + exp(-x));
	double e = exp(x);
	return e / (1 + e);
}

static double activation_leaky_relu(double x, const struct activation *self)
{
	return x < 0 ? self->alpha * x : x;
}

static double activation_elu(double x, const struct activation *self)
{
	return x < 0 ? self->alpha * expm1(x) : x;
}

static double activation_selu(double x, const struct activation *self)
{
	return self->beta * (x <= 0 ? self->alpha * expm1(x) : x);
}

static double activation_celu(double x, const struct activation *self)
{
	return fmax(0, x) + fmin(0, self->alpha * expm1(x / self->alpha));
}

static double activation_clamp(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

static double activation_hard_sigmoid(double x, const struct activation *self)
{
	return activation_clamp(self->alpha * x + self->beta, 0, 1);
}

static double activation_hard_swish(double x, const struct activation *self)
{
	(void)self;
	return x * activation_clamp(x / 6 + 0.5, 0, 1);
}

static double activation_thresholded_relu(double x, const struct activation *self)
{
	return x > self->alpha || isnan(x) ? x : 0;
}

/* log(1 + e^x) = max(x, 0) + log1p(e^-|x|) */
static double activation_softplus(double x, const struct activation *self)
{
	(void)self;
	return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double activation_softsign(double x, const struct activation *self)
{
	(void)self;
	return x / (1 + fabs(x));
}

static double activation_mish(double x, const struct activation *self)
{
	return x * tanh(activation_softplus(x, self));
}

static double activation_shrink(double x, const struct activation *self)
{
	return x < -self->alpha  ? x + self->beta
	       : x > self->alpha ? x - self->beta
	       : isnan(x)        ? x
				 : 0;
}

static double activation_gelu(double x, const struct activation *self)
{
	(void)self;
	return 0.5 * x * (1 + erf(x * M_SQRT1_2));
}

static double activation_gelu_tanh(double x, const struct activation *self)
{
	(void)self;
	return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

/* What the operators have in common: the function, and two parameters with names and defaults. */
static const struct activation_kind {
	const char *name, *alpha, *beta;
	float alpha_default, beta_default;
	double (*function)(double x, const struct activation *self);
} activation_kinds[] = {
	{ "Sigmoid", NULL, NULL, 0, 0, activation_sigmoid },
	{ "LeakyRelu", "alpha", NULL, 0.01F, 0, activation_leaky_relu },
	{ "Elu", "alpha", NULL, 1, 0, activation_elu },
	{ "Selu", "alpha", "gamma", 1.67326319217681884765625F, 1.05070102214813232421875F,
		activation_selu },
	{ "Celu", "alpha", NULL, 1, 0, activation_celu },
	{ "HardSigmoid", "alpha", "beta", 0.2F, 0.5F, activation_hard_sigmoid },
	{ "HardSwish", NULL, NULL, 0, 0, activation_hard_swish },
	{ "ThresholdedRelu", "alpha", NULL, 1, 0, activation_thresholded_relu },
	{ "Softplus", NULL, NULL, 0, 0, activation_softplus },
	{ "Softsign", NULL, NULL, 0, 0, activation_softsign },
	{ "Mish", NULL, NULL, 0, 0, activation_mish },
	{ "Shrink", "lambd", "bias", 0.5F, 0, activation_shrink },
	{ "Gelu", NULL, NULL, 0, 0, activation_gelu },
};

static int activation_prepare(struct operator_setup *setup, struct error *err)
{
	struct activation *state = setup_state(setup, sizeof *state, err);
	const struct activation_kind *kind = activation_kinds;
	float alpha, beta;
	struct text approximate;
	if (!state)
		return -(int)err->code;
	while (strcmp(kind->name, setup->node->op) != 0)
		kind++; /* each row of the table below has its kind */
	if (setup_float(setup, kind->alpha ? kind->alpha : "", kind->alpha_default, &alpha, err) <
			0 ||
		setup_float(setup, kind->beta ? kind->beta : "", kind->beta_default, &beta, err) <
			0 ||
		setup_string(setup, "approximate", "none", &approximate, err) < 0)
		return -(int)err->code;
	*state = (struct activation){ kind->function, (double)alpha, (double)beta };
	if (text_is(approximate, "tanh"))
		state->function = activation_gelu_tanh;
	else if (!text_is(approximate, "none"))
		return error_set(err, ERROR_UNSUPPORTED, "approximate '%.*s' is not supported",
			(int)approximate.length, approximate.at);
	return 0;
}

static int activation_run(struct operator_call *call, struct error *err)
{
	const struct activation *state = call->state;
	size_t count = tensor_elements(call->in[0]);
	const struct tensor *in = call->in[0];
	struct tensor *out = call->out[0];
	(void)err;
	if (in->type == ELEMENT_DOUBLE && state->function == activation_sigmoid)
		kernels()->sigmoid64(count, in->float64, out->float64);
	else if (in->type == ELEMENT_DOUBLE)
		for (size_t i = 0; i < count; i++)
			out->float64[i] = state->function(in->float64[i], state);
	else
		for (size_t i = 0; i < count; i++)
			out->float32[i] = (float)state->function((double)in->float32[i], state);
	return 0;
}

/* Relu stands in every network: a loop of its own. */
static int activation_relu_run(struct operator_call *call, struct error *err)
{
	size_t count = tensor_elements(call->in[0]);
	const struct tensor *in = call->in[0];
	struct tensor *out = call->out[0];
	(void)err;
	switch (in->type) {
#define ACTIVATION_RELU(suffix, T, TYPE)                                                           \
	case ELEMENT_##TYPE:                                                                       \
		for (size_t i = 0; i < count; i++)                                                 \
			out->suffix[i] = in->suffix[i] < 0 ? 0 : in->suffix[i];                    \
		break;
		FOR_FLOATS(ACTIVATION_RELU)
		ACTIVATION_RELU(int8, int8_t, INT8)
		ACTIVATION_RELU(int16, int16_t, INT16)
		ACTIVATION_RELU(int32, int32_t, INT32)
		ACTIVATION_RELU(int64, int64_t, INT64)
	default:
		break;
	}
	return 0;
}

/* PRelu: slope × x below 0, slope broadcast to x. */
#define ACTIVATION_PRELU(suffix, T, TYPE)                                                          \
	static void activation_prelu_##suffix(size_t count, const void *const in[],                \
		const bool step[], void *out) BROADCAST_BINARY(T, T, x < 0 ? x * y : x)
FOR_FLOATS(ACTIVATION_PRELU)

static int activation_prelu_infer(struct operator_call *call, struct error *err)
{
	if (call->in[0]->type != call->in[1]->type)
		return error_set(err, ERROR_INVALID, "its inputs are of different types");
	return broadcast_infer(call, 2, call->in[0]->type, err);
}

static int activation_prelu_run(struct operator_call *call, struct error *err)
{
	(void)err;
	broadcast_run(call->in, 2, call->out[0],
		call->in[0]->type == ELEMENT_FLOAT ? activation_prelu_float32
						   : activation_prelu_float64);
	return 0;
}

/* Clip. Bounds are attributes before opset 11 and inputs, each of which may be absent, since. */
struct activation_clip {
	float low, high;
};

static int activation_clip_prepare(struct operator_setup *setup, struct error *err)
{
	struct activation_clip *state = setup_state(setup, sizeof *state, err);
	if (!state || setup_float(setup, "min", -INFINITY, &state->low, err) < 0)
		return -(int)err->code;
	return setup_float(setup, "max", INFINITY, &state->high, err);
}

static int activation_clip_infer(struct operator_call *call, struct error *err)
{
	for (size_t i = 1; i < call->n_in; i++) {
		if (!call->in[i])
			continue;
		size_t count;
		if (call->in[i]->type != call->in[0]->type)
			return error_set(err, ERROR_INVALID, "its bounds are of another type");
		if (tensor_count(call->in[i], &count) && count != 1)
			return error_set(err, ERROR_INVALID, "its bounds are not scalars");
	}
	return infer_same(call, err);
}

static int activation_clip_run(struct operator_call *call, struct error *err)
{
	const struct activation_clip *state = call->state;
	const struct tensor *in = call->in[0], *low = call->n_in > 1 ? call->in[1] : NULL;
	const struct tensor *high = call->n_in > 2 ? call->in[2] : NULL;
	size_t count = tensor_elements(in);
	(void)err;
	switch (in->type) {
#define ACTIVATION_CLIP(suffix, T, TYPE)                                                           \
	case ELEMENT_##TYPE:                                                                       \
		for (size_t i = 0; i < count; i++) {                                               \
			T x = in->suffix[i];                                                       \
			if (low && x < low->suffix[0])                                             \
				x = low->suffix[0];                                                \
			if (high && x > high->suffix[0])                                           \
				x = high->suffix[0];                                               \
			call->out[0]->suffix[i] = x;                                               \
		}                                                                                  \
		break;
		FOR_NUMBERS(ACTIVATION_CLIP)
	default:
		break;
	}
	if (isinf(state->low) && isinf(state->high))
		return 0; /* inputs, or no bounds */
	if (in->type == ELEMENT_DOUBLE)
		for (size_t i = 0; i < count; i++)
			call->out[0]->float64[i] = activation_clamp(
				in->float64[i], (double)state->low, (double)state->high);
	else
		for (size_t i = 0; i < count; i++)
			call->out[0]->float32[i] = (float)activation_clamp(
				(double)in->float32[i], (double)state->low, (double)state->high);
	return 0;
}

#define ACTIVATION_ROW(name, from, attributes)                                                     \
	{                                                                                          \
		name, "", from, OPSET_NEWEST, TYPES_FLOAT, 1, 1, 1, 1, 0, attributes,              \
			activation_prepare, infer_same, activation_run                             \
	}

const struct operator operators_activation[] = {
	{ "Relu", "", 6, OPSET_NEWEST, TYPES_FLOAT | TYPES_SIGNED, 1, 1, 1, 1, 0, NULL, NULL,
		infer_same, activation_relu_run },
	ACTIVATION_ROW("Sigmoid", 6, NULL),
	ACTIVATION_ROW("LeakyRelu", 6, "alpha"),
	ACTIVATION_ROW("Elu", 6, "alpha"),
	ACTIVATION_ROW("Selu", 6, "alpha gamma"),
	ACTIVATION_ROW("Celu", 12, "alpha"),
	ACTIVATION_ROW("HardSigmoid", 6, "alpha beta"),
	ACTIVATION_ROW("HardSwish", 14, NULL),
	ACTIVATION_ROW("ThresholdedRelu", 10, "alpha"),
	ACTIVATION_ROW("Softplus", 1, NULL),
	ACTIVATION_ROW("Softsign", 1, NULL),
	ACTIVATION_ROW("Mish", 18, NULL),
	ACTIVATION_ROW("Shrink", 9, "lambd bias"),
	ACTIVATION_ROW("Gelu", 20, "approximate"),
	{ "PRelu", "", 9, OPSET_NEWEST, TYPES_FLOAT, 2, 2, 1, 1, 0, NULL, NULL,
		activation_prelu_infer, activation_prelu_run },
	{ "Clip", "", 6, 10, TYPES_FLOAT, 1, 1, 1, 1, 0, "min max", activation_clip_prepare,
		activation_clip_infer, activation_clip_run },
	{ "Clip", "", 11, OPSET_NEWEST, TYPES_NUMBER, 1, 3, 1, 1, 0, NULL, activation_clip_prepare,
		activation_clip_infer, activation_clip_run },
	{ NULL },
};
