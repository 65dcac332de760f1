/*
 * The quantised family. A real x stands as the integer q = saturate(round(x / scale) + zero point),
 * rounding to even; zero points and scales are one number or one for each index along an axis.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "operator_internal.h"

enum { QUANTISE_BYTES = TYPE_BIT(ELEMENT_UINT8) | TYPE_BIT(ELEMENT_INT8) };

struct quantise {
	int64_t axis;
};

static int quantise_prepare(struct operator_setup *setup, struct error *err)
{
	struct quantise *state = setup_state(setup, sizeof *state, err);
	int64_t saturate;
	if (!state || setup_int(setup, "saturate", 1, &saturate, err) < 0)
		return -(int)err->code;
	return setup_int(setup, "axis", 1, &state->axis, err);
}

/* Scale and zero point must both be one number, or both fit the axis. */
static int quantise_check(const struct operator_call *call, struct error *err)
{
	const struct quantise *state = call->state;
	const struct tensor *in = call->in[0], *scale = call->in[1];
	const struct tensor *zero = call->n_in > 2 ? call->in[2] : NULL;
	size_t count, zeros;
	if (require_types(scale, TYPE_BIT(ELEMENT_FLOAT), "the scale", err) < 0)
		return -(int)err->code;
	if (!tensor_count(scale, &count))
		return 0;
	if (zero && tensor_count(zero, &zeros) && zeros != count)
		return error_set(err, ERROR_INVALID, "%zu scales, %zu zero points", count, zeros);
	if (scale->rank == 0 || (scale->rank == 1 && count == 1))
		return 0;
	int axis;
	if (scale->rank != 1)
		return error_set(err, ERROR_UNSUPPORTED, "blocked scales are not supported");
	if (axis_resolve(state->axis, in->rank, &axis, err) < 0)
		return -(int)err->code;
	if (in->shape[axis] >= 0 && (size_t)in->shape[axis] != count)
		return error_set(err, ERROR_INVALID, "%zu scales for %" PRId64 " entries", count,
			in->shape[axis]);
	return 0;
}

/* Elements that share a scale one after the other, and how many scales there are. */
static void quantise_layout(const struct operator_call *call, size_t *ret_inner, size_t *ret_n)
{
	const struct quantise *state = call->state;
	const struct tensor *in = call->in[0];
	struct error ignored = ERROR_INIT; /* quantise_check() has looked */
	int axis = 0;
	*ret_n = tensor_elements(call->in[1]);
	*ret_inner = tensor_elements(in);
	if (*ret_n > 1 && axis_resolve(state->axis, in->rank, &axis, &ignored) == 0)
		*ret_inner = tensor_elements_from(in, axis + 1);
	if (!*ret_inner)
		*ret_inner = 1;
}

static uint8_t quantise_byte(double x, enum element_type type)
{
	double low = type == ELEMENT_UINT8 ? 0 : -128, high = type == ELEMENT_UINT8 ? 255 : 127;
	x = isnan(x) ? 0 : x < low ? low : x > high ? high : x;
	return type == ELEMENT_UINT8 ? (uint8_t)x : (uint8_t)(int8_t)x;
}

static int quantise_infer(struct operator_call *call, struct error *err)
{
	const struct tensor *zero = call->n_in > 2 ? call->in[2] : NULL;
	if (quantise_check(call, err) < 0 ||
		(zero && require_types(zero, QUANTISE_BYTES, "the zero point", err) < 0))
		return -(int)err->code;
	tensor_take_shape(call->out[0], zero ? zero->type : ELEMENT_UINT8, call->in[0]);
	return 0;
}

static int quantise_run(struct operator_call *call, struct error *err)
{
	const struct tensor *in = call->in[0], *zero = call->n_in > 2 ? call->in[2] : NULL;
	size_t count = tensor_elements(in), inner, scales;
	(void)err;
	quantise_layout(call, &inner, &scales);
	for (size_t i = 0; i < count; i++) {
		size_t which = scales > 1 ? i / inner % scales : 0;
		float x = in->type == ELEMENT_FLOAT ? in->float32[i] : (float)in->int32[i];
		double q = rint((double)(x / call->in[1]->float32[which]));
		if (zero)
			q += (double)tensor_integer(zero, which);
		call->out[0]->uint8[i] = quantise_byte(q, call->out[0]->type);
	}
	return 0;
}

static int dequantise_infer(struct operator_call *call, struct error *err)
{
	if (quantise_check(call, err) < 0)
		return -(int)err->code;
	if (call->n_in > 2 && call->in[2] && call->in[2]->type != call->in[0]->type)
		return error_set(err, ERROR_INVALID, "the zero point is of another type");
	tensor_take_shape(call->out[0], ELEMENT_FLOAT, call->in[0]);
	return 0;
}

static int dequantise_run(struct operator_call *call, struct error *err)
{
	const struct tensor *in = call->in[0], *zero = call->n_in > 2 ? call->in[2] : NULL;
	size_t count = tensor_elements(in), inner, scales;
	(void)err;
	quantise_layout(call, &inner, &scales);
	for (size_t i = 0; i < count; i++) {
		size_t which = scales > 1 ? i / inner % scales : 0;
		int64_t q = tensor_integer(in, i) - (zero ? tensor_integer(zero, which) : 0);
		call->out[0]->float32[i] = (float)q * call->in[1]->float32[which];
	}
	return 0;
}

/* DynamicQuantizeLinear: the scale and zero point that just hold the range of x and 0. */
static int dynamic_infer(struct operator_call *call, struct error *err)
{
	(void)err;
	tensor_take_shape(call->out[0], ELEMENT_UINT8, call->in[0]);
	if (call->out[1])
		tensor_set_shape(call->out[1], ELEMENT_FLOAT, 0, NULL);
	if (call->out[2])
		tensor_set_shape(call->out[2], ELEMENT_UINT8, 0, NULL);
	return 0;
}

static int dynamic_run(struct operator_call *call, struct error *err)
{
	const struct tensor *in = call->in[0];
	size_t count = tensor_elements(in);
	float low = 0, high = 0;
	(void)err;
	for (size_t i = 0; i < count; i++) {
		low = in->float32[i] < low ? in->float32[i] : low;
		high = in->float32[i] > high ? in->float32[i] : high;
	}
	float scale = (high - low) / 255;
	uint8_t zero =
		scale > 0 ? quantise_byte(rint((double)(0 - low / scale)), ELEMENT_UINT8) : 0;
	for (size_t i = 0; i < count; i++) {
		double q = scale > 0 ? rint((double)(in->float32[i] / scale)) : 0;
		call->out[0]->uint8[i] = quantise_byte(q + zero, ELEMENT_UINT8);
	}
	if (call->out[1])
		call->out[1]->float32[0] = scale;
	if (call->out[2])
		call->out[2]->uint8[0] = zero;
	return 0;
}

/* Which inputs of a product play which part: MatMulInteger and QLinearMatMul differ. */
struct product_inputs {
	const struct tensor *a, *b, *a_zero, *b_zero;
};

static struct product_inputs product_inputs(const struct operator_call *call, bool linear)
{
	struct product_inputs p = { .a = call->in[0] };
	if (linear)
		return (struct product_inputs){ call->in[0], call->in[3], call->in[2],
			call->in[5] };
	p.b = call->in[1];
	p.a_zero = call->n_in > 2 ? call->in[2] : NULL;
	p.b_zero = call->n_in > 3 ? call->in[3] : NULL;
	return p;
}

/* A: […, m, k], B: [k, n] or of the same batch dimensions as A. */
static int product_infer(struct operator_call *call, const struct product_inputs *p,
	enum element_type type, struct error *err)
{
	char one[TENSOR_TEXT], two[TENSOR_TEXT];
	const struct tensor *a = p->a, *b = p->b;
	int64_t shape[TENSOR_RANK_MAX];
	if (require_types(b, QUANTISE_BYTES, "input 'B'", err) < 0)
		return -(int)err->code;
	bool fits = a->rank >= 2 && b->rank >= 2 && (b->rank == 2 || b->rank == a->rank);
	if (fits) {
		int64_t k_a = a->shape[a->rank - 1], k_b = b->shape[b->rank - 2];
		fits = k_a < 0 || k_b < 0 || k_a == k_b;
		for (int d = 0; b->rank > 2 && d < a->rank - 2; d++)
			fits = fits && a->shape[d] == b->shape[d];
	}
	if (!fits)
		return error_set(err, ERROR_UNSUPPORTED, "%s by %s is not supported",
			tensor_describe(a, one), tensor_describe(b, two));
	memcpy(shape, a->shape, sizeof shape);
	shape[a->rank - 1] = b->shape[b->rank - 1];
	const struct tensor *zeros[2] = { p->a_zero, p->b_zero };
	for (int i = 0; i < 2; i++) {
		size_t count;
		int64_t wanted = i ? shape[a->rank - 1] : shape[a->rank - 2];
		if (!zeros[i])
			continue;
		if (zeros[i]->type != (i ? b : a)->type)
			return error_set(err, ERROR_INVALID, "a zero point is of another type");
		if (tensor_count(zeros[i], &count) && count != 1 &&
			(wanted < 0 || count != (size_t)wanted))
			return error_set(err, ERROR_UNSUPPORTED, "%zu zero points", count);
	}
	tensor_set_shape(call->out[0], type, a->rank, shape);
	return 0;
}

static int64_t product_zero(const struct tensor *zero, size_t i)
{
	return !zero ? 0 : tensor_integer(zero, tensor_elements(zero) > 1 ? i : 0);
}

static int64_t product_byte(const struct tensor *in, size_t i)
{
	return in->type == ELEMENT_UINT8 ? in->uint8[i] : in->int8[i];
}

/* Element (row, column) of the product; rows run through all batches. */
static int32_t product_sum(
	const struct product_inputs *p, size_t row, size_t column, size_t m, size_t k, size_t n)
{
	size_t b_at = p->b->rank > 2 ? row / m * k * n : 0;
	int64_t a_zero = product_zero(p->a_zero, row % m), b_zero = product_zero(p->b_zero, column);
	uint32_t sum = 0;
	for (size_t i = 0; i < k; i++)
		sum += (uint32_t)((product_byte(p->a, row * k + i) - a_zero) *
				  (product_byte(p->b, b_at + i * n + column) - b_zero));
	return (int32_t)sum;
}

static int matmul_integer_infer(struct operator_call *call, struct error *err)
{
	struct product_inputs p = product_inputs(call, false);
	return product_infer(call, &p, ELEMENT_INT32, err);
}

static int matmul_linear_infer(struct operator_call *call, struct error *err)
{
	struct product_inputs p = product_inputs(call, true);
	static const size_t scales[] = { 1, 4, 6 };
	for (size_t i = 0; i < 3; i++)
		if (require_types(call->in[scales[i]], TYPE_BIT(ELEMENT_FLOAT), "a scale", err) < 0)
			return -(int)err->code;
	if (require_types(call->in[7], QUANTISE_BYTES, "the zero point", err) < 0)
		return -(int)err->code;
	size_t count;
	for (size_t i = 1; i < 8; i++)
		if (i != 3 && tensor_count(call->in[i], &count) && count != 1)
			return error_set(err, ERROR_UNSUPPORTED,
				"only one scale for the whole matrix is supported");
	return product_infer(call, &p, call->in[7]->type, err);
}

static void product_sizes(
	const struct tensor *a, const struct tensor *b, size_t *m, size_t *k, size_t *n)
{
	*m = (size_t)a->shape[a->rank - 2];
	*k = (size_t)a->shape[a->rank - 1];
	*n = (size_t)b->shape[b->rank - 1];
}

static int matmul_integer_run(struct operator_call *call, struct error *err)
{
	struct product_inputs p = product_inputs(call, false);
	size_t m, k, n;
	(void)err;
	product_sizes(p.a, p.b, &m, &k, &n);
	size_t rows = n ? tensor_elements(call->out[0]) / n : 0;
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < n; c++)
			call->out[0]->int32[r * n + c] = product_sum(&p, r, c, m, k, n);
	return 0;
}

static int matmul_linear_run(struct operator_call *call, struct error *err)
{
	struct product_inputs p = product_inputs(call, true);
	size_t m, k, n;
	(void)err;
	product_sizes(p.a, p.b, &m, &k, &n);
	size_t rows = n ? tensor_elements(call->out[0]) / n : 0;
	double scale = (double)call->in[1]->float32[0] * (double)call->in[4]->float32[0] /
		       (double)call->in[6]->float32[0];
	double zero = (double)tensor_integer(call->in[7], 0);
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < n; c++)
			call->out[0]->uint8[r * n + c] =
				quantise_byte(rint(scale * product_sum(&p, r, c, m, k, n)) + zero,
					call->out[0]->type);
	return 0;
}

const struct operator operators_quantise[] = {
	{ "QuantizeLinear", "", 10, OPSET_NEWEST, TYPE_BIT(ELEMENT_FLOAT) | TYPE_BIT(ELEMENT_INT32),
		2, 3, 1, 1, 0, "axis saturate", quantise_prepare, quantise_infer, quantise_run },
	{ "DequantizeLinear", "", 10, OPSET_NEWEST, QUANTISE_BYTES | TYPE_BIT(ELEMENT_INT32), 2, 3,
		1, 1, 0, "axis", quantise_prepare, dequantise_infer, dequantise_run },
	{ "DynamicQuantizeLinear", "", 11, OPSET_NEWEST, TYPE_BIT(ELEMENT_FLOAT), 1, 1, 3, 3, 0,
		NULL, NULL, dynamic_infer, dynamic_run },
	{ "MatMulInteger", "", 10, OPSET_NEWEST, QUANTISE_BYTES, 2, 4, 1, 1, 0, NULL, NULL,
		matmul_integer_infer, matmul_integer_run },
	{ "QLinearMatMul", "", 10, OPSET_NEWEST, QUANTISE_BYTES, 8, 8, 1, 1, 0, NULL, NULL,
		matmul_linear_infer, matmul_linear_run },
	{ NULL },
};
