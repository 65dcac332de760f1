/*
 * Matrix products. Small ones run in our own kernel, with every sum in order of the inner index;
 * from MATRIX_BLAS multiplications on OpenBLAS is faster and takes over. Which of the two is chosen
 * depends on the size of the matrix alone (not on the number of rows), so that blocks of any size
 * give the same way of computing.
 */
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "broadcast_internal.h"
#include "kernels.h"
#include "mlops/numeric/blas.h"

enum { MATRIX_BLAS = 64 * 64 }; /* elements of B */

struct gemm {
	int64_t transpose_a, transpose_b;
	float alpha, beta;
	const struct blas *blas; /* NULL if it is not installed: our kernel does it all */
	const void *plain_b; /* a constant B, transposed while planning; or NULL */
};

/* Not finding OpenBLAS is no error: it only makes large products slower. */
static const struct blas *matrix_blas(void)
{
	struct error ignored = ERROR_INIT;
	return blas_load(&ignored);
}

struct product {
	size_t m, n, k;
	const void *a, *b;
	void *c;
	enum element_type type;
	const struct blas *blas;
};

static void product_run(const struct product *p)
{
	bool blas = p->blas && p->n * p->k >= MATRIX_BLAS && p->n < INT_MAX && p->k < INT_MAX &&
		    p->m < INT_MAX && p->m && p->n && p->k;
	int m = (int)p->m, n = (int)p->n, k = (int)p->k;
	if (blas && p->type == ELEMENT_DOUBLE)
		p->blas->dgemm(BLAS_ROW_MAJOR, BLAS_PLAIN, BLAS_PLAIN, m, n, k, 1, p->a, k, p->b, n,
			0, p->c, n);
	else if (blas)
		p->blas->sgemm(BLAS_ROW_MAJOR, BLAS_PLAIN, BLAS_PLAIN, m, n, k, 1, p->a, k, p->b, n,
			0, p->c, n);
	else if (p->type == ELEMENT_DOUBLE)
		kernels()->gemm64(p->m, p->n, p->k, p->a, p->b, p->c);
	else
		kernels()->gemm32(p->m, p->n, p->k, p->a, p->b, p->c);
}

static int matmul_prepare(struct operator_setup *setup, struct error *err)
{
	struct gemm *state = setup_state(setup, sizeof *state, err);
	const struct tensor *b = setup->in[1];
	size_t count;
	if (!state)
		return -(int)err->code;
	/* A small constant B never needs the library: not loading it keeps the start short. */
	if (!(b && b->data && tensor_count(b, &count) && count < MATRIX_BLAS))
		state->blas = matrix_blas();
	return 0;
}

/* A: […, m, k] by B: […, k, n] gives […, m, n]; vectors get a dimension of 1 that goes again. */
static int matmul_infer(struct operator_call *call, struct error *err)
{
	const struct tensor *a = call->in[0], *b = call->in[1];
	char one[TENSOR_TEXT], two[TENSOR_TEXT];
	if (a->type != b->type || a->rank < 1 || b->rank < 1)
		return error_set(err, ERROR_INVALID, "%s by %s", tensor_describe(a, one),
			tensor_describe(b, two));
	int64_t inner_a = a->shape[a->rank - 1], inner_b = b->shape[b->rank > 1 ? b->rank - 2 : 0];
	if (inner_a >= 0 && inner_b >= 0 && inner_a != inner_b)
		return error_set(err, ERROR_INVALID, "%s by %s", tensor_describe(a, one),
			tensor_describe(b, two));
	struct tensor batch = { .type = a->type, .rank = a->rank > 2 ? a->rank - 2 : 0 };
	struct tensor other = { .type = a->type, .rank = b->rank > 2 ? b->rank - 2 : 0 };
	memcpy(batch.shape, a->shape, sizeof batch.shape);
	memcpy(other.shape, b->shape, sizeof other.shape);
	if (broadcast_shape(&batch, &other, err) < 0)
		return -(int)err->code;
	if (a->rank > 1 && batch.rank < TENSOR_RANK_MAX)
		batch.shape[batch.rank++] = a->shape[a->rank - 2];
	if (b->rank > 1 && batch.rank < TENSOR_RANK_MAX)
		batch.shape[batch.rank++] = b->shape[b->rank - 1];
	tensor_set_shape(call->out[0], a->type, batch.rank, batch.shape);
	return 0;
}

/* Index of the matrix that batch number `at` of the output takes from an input. */
static size_t matmul_batch(
	const struct tensor *in, const struct tensor *out, int out_batch, size_t at)
{
	int rank = in->rank > 2 ? in->rank - 2 : 0;
	size_t index = 0, scale = 1;
	for (int d = out_batch - 1; d >= 0; d--) {
		size_t digit = at % (size_t)out->shape[d];
		int mine = d - (out_batch - rank);
		at /= (size_t)out->shape[d];
		if (mine < 0)
			continue;
		if (in->shape[mine] != 1)
			index += digit * scale;
		scale *= (size_t)in->shape[mine];
	}
	return index;
}

static int matmul_run(struct operator_call *call, struct error *err)
{
	const struct gemm *state = call->state;
	const struct tensor *a = call->in[0], *b = call->in[1], *out = call->out[0];
	struct product p = { .type = a->type, .blas = state->blas };
	size_t size = element_size(a->type);
	(void)err;
	p.k = (size_t)a->shape[a->rank - 1];
	p.m = a->rank > 1 ? (size_t)a->shape[a->rank - 2] : 1;
	p.n = b->rank > 1 ? (size_t)b->shape[b->rank - 1] : 1;
	int batch = out->rank - (a->rank > 1) - (b->rank > 1);
	size_t batches = 1;
	for (int d = 0; d < batch; d++)
		batches *= (size_t)out->shape[d];
	if (b->rank <= 2 && batches > 1) { /* one B for all: one tall product */
		p.m *= batches;
		batches = 1;
	}
	for (size_t i = 0; i < batches; i++) {
		p.a = (const char *)a->data + matmul_batch(a, out, batch, i) * p.m * p.k * size;
		p.b = (const char *)b->data + matmul_batch(b, out, batch, i) * p.k * p.n * size;
		p.c = (char *)out->data + i * p.m * p.n * size;
		product_run(&p);
	}
	return 0;
}

/* to: columns × rows, from `from`: rows × columns. */
static void gemm_transpose(const void *from, void *to, size_t rows, size_t columns, bool is_double)
{
	const double *from64 = from;
	const float *from32 = from;
	double *to64 = to;
	float *to32 = to;
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < columns; c++)
			if (is_double)
				to64[c * rows + r] = from64[r * columns + c];
			else
				to32[c * rows + r] = from32[r * columns + c];
}

/* Gemm: alpha × A' × B' + beta × C. A and B are put into plain order in the scratch first. */
static int gemm_prepare(struct operator_setup *setup, struct error *err)
{
	struct gemm *state = setup_state(setup, sizeof *state, err);
	if (!state || setup_int(setup, "transA", 0, &state->transpose_a, err) < 0 ||
		setup_int(setup, "transB", 0, &state->transpose_b, err) < 0 ||
		setup_float(setup, "alpha", 1, &state->alpha, err) < 0 ||
		setup_float(setup, "beta", 1, &state->beta, err) < 0)
		return -(int)err->code;
	state->blas = matrix_blas();
	const struct tensor *b = setup->in[1];
	size_t count;
	if (!state->transpose_b || !b->data || b->rank != 2 || !tensor_count(b, &count) ||
		require_types(b, TYPES_FLOAT, "input 'B'", err) < 0)
		return -(int)err->code;
	void *plain = arena_allocate(setup->arena, count, element_size(b->type), err);
	if (!plain)
		return -(int)err->code;
	gemm_transpose(b->data, plain, (size_t)b->shape[0], (size_t)b->shape[1],
		b->type == ELEMENT_DOUBLE);
	state->plain_b = plain;
	return 0;
}

static int gemm_infer(struct operator_call *call, struct error *err)
{
	const struct gemm *state = call->state;
	const struct tensor *a = call->in[0], *b = call->in[1];
	const struct tensor *c = call->n_in > 2 ? call->in[2] : NULL;
	char one[TENSOR_TEXT], two[TENSOR_TEXT];
	bool fits =
		a->rank == 2 && b->rank == 2 && a->type == b->type && (!c || c->type == a->type);
	int64_t k_a = fits ? a->shape[state->transpose_a ? 0 : 1] : 0;
	int64_t k_b = fits ? b->shape[state->transpose_b ? 1 : 0] : 0;
	if (!fits || (k_a >= 0 && k_b >= 0 && k_a != k_b))
		return error_set(err, ERROR_INVALID, "%s by %s", tensor_describe(a, one),
			tensor_describe(b, two));
	int64_t shape[2] = { a->shape[state->transpose_a ? 1 : 0],
		b->shape[state->transpose_b ? 0 : 1] };
	tensor_set_shape(call->out[0], a->type, 2, shape);
	if (c) {
		struct tensor joined = *call->out[0];
		if (broadcast_shape(&joined, c, err) < 0)
			return -(int)err->code;
		if (joined.rank > 2 || (shape[0] >= 0 && joined.shape[0] != shape[0]) ||
			(shape[1] >= 0 && joined.shape[1] != shape[1]))
			return error_set(
				err, ERROR_INVALID, "input 'C' is %s", tensor_describe(c, one));
	}
	size_t count_a, count_b;
	if (tensor_count(a, &count_a) && tensor_count(b, &count_b))
		call->scratch_bytes =
			((state->transpose_a ? count_a : 0) +
				(state->transpose_b && !state->plain_b ? count_b : 0)) *
			element_size(a->type);
	return 0;
}

#define GEMM_FINISH(suffix, T, TYPE)                                                               \
	static void gemm_finish_##suffix(                                                          \
		size_t count, const void *const in[], const bool step[], void *out)                \
	{                                                                                          \
		const T *c = in[0];                                                                \
		const T *beta = in[1];                                                             \
		T *to = out;                                                                       \
		for (size_t i = 0; i < count; i++)                                                 \
			to[i] += *beta * c[step[0] ? i : 0];                                       \
	}
FOR_FLOATS(GEMM_FINISH)

static void gemm_scale(const struct gemm *state, const struct tensor *out)
{
	size_t count = tensor_elements(out);
	if (out->type == ELEMENT_DOUBLE)
		for (size_t i = 0; i < count; i++)
			out->float64[i] *= (double)state->alpha;
	else
		for (size_t i = 0; i < count; i++)
			out->float32[i] *= state->alpha;
}

static int gemm_run(struct operator_call *call, struct error *err)
{
	const struct gemm *state = call->state;
	const struct tensor *a = call->in[0], *b = call->in[1], *out = call->out[0];
	const struct tensor *c = call->n_in > 2 ? call->in[2] : NULL;
	bool is_double = a->type == ELEMENT_DOUBLE;
	struct product p = { .m = (size_t)out->shape[0],
		.n = (size_t)out->shape[1],
		.k = (size_t)a->shape[state->transpose_a ? 0 : 1],
		.a = a->data,
		.b = b->data,
		.c = out->data,
		.type = a->type,
		.blas = state->blas };
	char *scratch = call->scratch;
	(void)err;
	if (state->transpose_a) {
		gemm_transpose(a->data, scratch, p.k, p.m, is_double);
		p.a = scratch;
		scratch += p.k * p.m * element_size(a->type);
	}
	if (state->plain_b) {
		p.b = state->plain_b;
	} else if (state->transpose_b) {
		gemm_transpose(b->data, scratch, p.n, p.k, is_double);
		p.b = scratch;
	}
	product_run(&p);
	if (state->alpha != 1)
		gemm_scale(state, out);
	if (c) {
		double beta64 = (double)state->beta;
		float beta32 = state->beta;
		struct tensor beta = { .type = a->type };
		if (is_double)
			beta.float64 = &beta64;
		else
			beta.float32 = &beta32;
		const struct tensor *in[2] = { c, &beta };
		broadcast_run(in, 2, out, is_double ? gemm_finish_float64 : gemm_finish_float32);
	}
	return 0;
}

const struct operator operators_matrix[] = {
	{ "MatMul", "", 1, OPSET_NEWEST, TYPES_FLOAT, 2, 2, 1, 1, 0, NULL, matmul_prepare,
		matmul_infer, matmul_run },
	{ "Gemm", "", 7, OPSET_NEWEST, TYPES_FLOAT, 2, 3, 1, 1, 0, "alpha beta transA transB",
		gemm_prepare, gemm_infer, gemm_run },
	{ NULL },
};
