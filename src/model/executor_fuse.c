/*
 * What our own models do first and most: columns are joined to a matrix, gaps filled, shifted and
 * scaled, and multiplied with the coefficients. Step by step that writes the matrix five times. The
 * fused step takes one column after the other through all of it while it is in the cache, adding its
 * share to the sums: the same operations on the same numbers in the same order.
 */
#include <string.h>

#include "executor_internal.h"
#include "kernels.h"

enum { FUSE_STEPS = 8, FUSE_WEIGHTS = 4096 }; /* from there on a product is OpenBLAS's */

struct fused_constant {
	enum kernel_step step;
	const double *values; /* one for each column, or one for all */
	bool each;
};

/* Inputs first .. first + n - 1 of the step: n columns, or one matrix of n columns. */
struct fused_part {
	bool matrix;
	uint32_t first, n_columns, n_steps;
	struct fused_constant steps[FUSE_STEPS];
};

struct fused {
	const double *weights; /* all columns × n_sums */
	size_t n_sums, n_parts;
	struct fused_part *parts;
};

static int fused_infer(struct operator_call *call, struct error *err)
{
	const struct fused *fused = call->state;
	int64_t rows = call->in[0]->shape[0];
	for (size_t i = 1; i < call->n_in; i++)
		if (call->in[i]->shape[0] != rows)
			return error_set(err, ERROR_INVALID, "its columns have %lld and %lld rows",
				(long long)rows, (long long)call->in[i]->shape[0]);
	tensor_set_shape(
		call->out[0], ELEMENT_DOUBLE, 2, (int64_t[]){ rows, (int64_t)fused->n_sums });
	/* A column on its way, and the sums if they must be turned at the end. */
	call->scratch_bytes = (size_t)rows * (1 + fused->n_sums) * sizeof(double);
	return 0;
}

static double fused_value(const struct fused_constant *one, size_t column)
{
	return one->values[one->each ? column : 0];
}

/* Are the steps those of imputing and standardising, which have a kernel of their own? */
static bool fused_is_standard(const struct fused_part *part)
{
	return part->n_steps == 3 && part->steps[0].step == STEP_IMPUTE &&
	       part->steps[1].step == STEP_SUB && part->steps[2].step == STEP_DIV;
}

/* One column after the steps of its part: `in` itself if there are none, else in the scratch. */
static const double *fused_column(const struct fused_part *part, size_t column, const double *in,
	size_t rows, double *scratch)
{
	const struct kernels *kernel = kernels();
	if (fused_is_standard(part)) {
		double constants[3];
		for (int s = 0; s < 3; s++)
			constants[s] = fused_value(&part->steps[s], column);
		kernel->standardise64(rows, in, constants, scratch);
		return scratch;
	}
	for (uint32_t s = 0; s < part->n_steps; s++) {
		kernel->column64(part->steps[s].step, rows, in,
			fused_value(&part->steps[s], column), scratch);
		in = scratch;
	}
	return in;
}

static void fused_matrix_column(
	const double *matrix, size_t column, size_t width, size_t rows, double *to)
{
	for (size_t r = 0; r < rows; r++)
		to[r] = matrix[r * width + column];
}

static int fused_run(struct operator_call *call, struct error *err)
{
	const struct fused *fused = call->state;
	size_t rows = (size_t)call->out[0]->shape[0], n = fused->n_sums;
	double *scratch = call->scratch, *out = call->out[0]->float64;
	double *sums = n == 1 ? out : scratch + rows;
	const double *weights = fused->weights;
	(void)err;
	if (!rows)
		return 0;
	memset(sums, 0, rows * n * sizeof *sums);
	for (size_t p = 0; p < fused->n_parts; p++) {
		const struct fused_part *part = &fused->parts[p];
		for (uint32_t c = 0; c < part->n_columns; c++, weights += n) {
			const double *in = call->in[part->first + (part->matrix ? 0 : c)]->float64;
			if (part->matrix) {
				fused_matrix_column(in, c, part->n_columns, rows, scratch);
				in = scratch;
			}
			in = fused_column(part, c, in, rows, scratch);
			for (size_t k = 0; k < n; k++)
				kernels()->accumulate64(rows, in, weights[k], sums + k * rows);
		}
	}
	for (size_t k = 0; n > 1 && k < n; k++)
		for (size_t r = 0; r < rows; r++)
			out[r * n + k] = sums[k * rows + r];
	return 0;
}

static const struct operator fused_operator = {
	.name = "MatMul",
	.domain = "",
	.infer = fused_infer,
	.run = fused_run,
};

struct fuse {
	struct executor_plan *plan;
	uint32_t *producer; /* of each slot, index of the step + 1; 0 if no step makes it */
	uint32_t *uses; /* of each slot */
	bool *gone; /* of each step */
	struct fused fused; /* being made */
	uint32_t *inputs; /* slots */
	uint32_t n_inputs;
	size_t room; /* of inputs and parts */
};

/* The steps that a part takes over, kept until it is sure that it can. */
struct fuse_taken {
	uint32_t steps[2 * FUSE_STEPS + 2], count;
};

static const struct tensor *fuse_tensor(const struct fuse *fuse, uint32_t slot)
{
	return &fuse->plan->slots[slot].tensor;
}

static bool fuse_is(const struct plan_step *step, const char *op)
{
	return strcmp(step->operator->name, op) == 0 && !*step->operator->domain;
}

/* A matrix of doubles of known width that a run computes; 0 if it is something else. */
static int64_t fuse_width(const struct fuse *fuse, uint32_t slot)
{
	const struct tensor *tensor = fuse_tensor(fuse, slot);
	if (tensor->data || tensor->type != ELEMENT_DOUBLE || tensor->rank != 2 ||
		tensor->shape[1] < 1)
		return 0;
	return tensor->shape[1];
}

/* A constant for each of `width` columns, or for all of them. */
static bool fuse_constant(const struct fuse *fuse, uint32_t slot, int64_t width,
	enum kernel_step step, struct fused_constant *ret)
{
	const struct tensor *tensor = slot == PLAN_NO_SLOT ? NULL : fuse_tensor(fuse, slot);
	size_t count;
	if (!tensor || !tensor->data || tensor->type != ELEMENT_DOUBLE || tensor->rank > 2 ||
		!tensor_count(tensor, &count))
		return false;
	bool each =
		tensor->rank && tensor->shape[tensor->rank - 1] == width && count == (size_t)width;
	if (!each && count != 1)
		return false;
	*ret = (struct fused_constant){ step, tensor->float64, each };
	return true;
}

/* One step back along a chain: x of "x (step) constant"; PLAN_NO_SLOT if it is none. */
static uint32_t fuse_back(const struct fuse *fuse, const struct plan_step *step, int64_t width,
	struct fused_constant *ret)
{
	static const struct {
		const char *op;
		enum kernel_step step;
		bool commutes;
	} kinds[] = { { "Add", STEP_ADD, true }, { "Sub", STEP_SUB, false },
		{ "Mul", STEP_MUL, true }, { "Div", STEP_DIV, false } };
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!fuse_is(step, kinds[i].op))
			continue;
		if (fuse_constant(fuse, step->in[1], width, kinds[i].step, ret))
			return step->in[0];
		if (kinds[i].commutes &&
			fuse_constant(fuse, step->in[0], width, kinds[i].step, ret))
			return step->in[1];
	}
	return PLAN_NO_SLOT;
}

/* Where(IsNaN(x), constant, x): x, and the step of IsNaN. */
static uint32_t fuse_impute(const struct fuse *fuse, const struct plan_step *step, int64_t width,
	struct fused_constant *ret, uint32_t *ret_is_nan)
{
	if (!fuse_is(step, "Where") || !fuse->producer[step->in[0]])
		return PLAN_NO_SLOT;
	*ret_is_nan = fuse->producer[step->in[0]] - 1;
	const struct plan_step *is_nan = &fuse->plan->steps[*ret_is_nan];
	if (!fuse_is(is_nan, "IsNaN") || is_nan->in[0] != step->in[2] ||
		fuse->uses[step->in[0]] != 1 ||
		!fuse_constant(fuse, step->in[1], width, STEP_IMPUTE, ret))
		return PLAN_NO_SLOT;
	return step->in[2];
}

static bool fuse_is_join(const struct fuse *fuse, const struct plan_step *step)
{
	const struct graph_attribute *axis = node_attribute(step->node, "axis");
	return fuse_is(step, "Concat") && axis && axis->kind == ATTRIBUTE_INT &&
	       (axis->integer == 1 || axis->integer == -1) &&
	       fuse->n_inputs + step->n_in <= fuse->room;
}

static bool fuse_all_columns(const struct fuse *fuse, const struct plan_step *step)
{
	for (uint32_t i = 0; i < step->n_in; i++)
		if (fuse_width(fuse, step->in[i]) != 1)
			return false;
	return true;
}

static void fuse_reverse(struct fused_part *part)
{
	for (uint32_t i = 0; i < part->n_steps / 2; i++) {
		struct fused_constant swap = part->steps[i];
		part->steps[i] = part->steps[part->n_steps - 1 - i];
		part->steps[part->n_steps - 1 - i] = swap;
	}
}

/*
 * Follows a chain back from `slot` to columns that are joined, or to a single column. False if it
 * does not end so.
 */
static bool fuse_chain(
	struct fuse *fuse, uint32_t slot, struct fused_part *part, struct fuse_taken *taken)
{
	int64_t width = fuse_width(fuse, slot);
	uint32_t readers = 1; /* that the chain itself has; any other wants the value too */
	while (width && fuse->producer[slot] && fuse->uses[slot] == readers) {
		uint32_t producer = fuse->producer[slot] - 1, is_nan;
		const struct plan_step *step = &fuse->plan->steps[producer];
		if (fuse_is_join(fuse, step) && fuse_all_columns(fuse, step)) {
			taken->steps[taken->count++] = producer;
			memcpy(fuse->inputs + fuse->n_inputs, step->in,
				step->n_in * sizeof *step->in);
			part->n_columns = step->n_in;
			return true;
		}
		if (part->n_steps == FUSE_STEPS)
			break;
		struct fused_constant *constant = &part->steps[part->n_steps];
		uint32_t before = fuse_impute(fuse, step, width, constant, &is_nan);
		readers = before != PLAN_NO_SLOT ? 2 : 1;
		if (readers == 1)
			before = fuse_back(fuse, step, width, constant);
		if (before == PLAN_NO_SLOT || fuse_width(fuse, before) != width)
			break;
		if (readers == 2)
			taken->steps[taken->count++] = is_nan;
		taken->steps[taken->count++] = producer;
		part->n_steps++;
		slot = before;
	}
	fuse->inputs[fuse->n_inputs] = slot;
	part->n_columns = 1;
	return width == 1;
}

static bool fuse_add_part(struct fuse *fuse, uint32_t slot)
{
	struct fused_part *part = &fuse->fused.parts[fuse->fused.n_parts];
	struct fuse_taken taken = { .count = 0 };
	if (fuse->n_inputs >= fuse->room || fuse->fused.n_parts >= fuse->room ||
		!fuse_width(fuse, slot))
		return false;
	*part = (struct fused_part){ .first = fuse->n_inputs };
	if (fuse_chain(fuse, slot, part, &taken)) {
		for (uint32_t i = 0; i < taken.count; i++)
			fuse->gone[taken.steps[i]] = true;
		fuse->n_inputs += part->n_columns;
		fuse_reverse(part);
	} else {
		*part = (struct fused_part){ .matrix = true,
			.first = fuse->n_inputs,
			.n_columns = (uint32_t)fuse_width(fuse, slot) };
		fuse->inputs[fuse->n_inputs++] = slot;
	}
	fuse->fused.n_parts++;
	return true;
}

/* The left side of the product as parts; a join of several blocks gives one part for each. */
static bool fuse_add_parts(struct fuse *fuse, uint32_t slot)
{
	uint32_t producer = fuse->producer[slot];
	const struct plan_step *step = producer ? &fuse->plan->steps[producer - 1] : NULL;
	if (!step || fuse->uses[slot] != 1 || !fuse_is_join(fuse, step) ||
		fuse_all_columns(fuse, step))
		return fuse_add_part(fuse, slot);
	fuse->gone[producer - 1] = true;
	for (uint32_t i = 0; i < step->n_in; i++)
		if (!fuse_add_part(fuse, step->in[i]))
			return false;
	return true;
}

static bool fuse_fits(const struct fuse *fuse, const struct plan_step *step)
{
	if (!fuse_is(step, "MatMul"))
		return false;
	const struct tensor *weights = fuse_tensor(fuse, step->in[1]);
	size_t count;
	return weights->data && weights->type == ELEMENT_DOUBLE && weights->rank == 2 &&
	       weights->shape[1] > 0 && tensor_count(weights, &count) && count < FUSE_WEIGHTS &&
	       fuse_width(fuse, step->in[0]) == weights->shape[0];
}

/* Does it save a pass over a matrix? A lone matrix is better left to MatMul. */
static bool fuse_pays(const struct fuse *fuse)
{
	for (size_t p = 0; p < fuse->fused.n_parts; p++)
		if (!fuse->fused.parts[p].matrix)
			return true;
	return false;
}

static int fuse_product(struct fuse *fuse, struct plan_step *step, struct error *err)
{
	struct executor_plan *plan = fuse->plan;
	AUTO_FREE bool *before = memory_allocate(plan->n_steps, sizeof *before, err);
	fuse->room =
		(size_t)fuse_tensor(fuse, step->in[1])->shape[0]; /* one column each at least */
	fuse->n_inputs = 0;
	fuse->inputs = arena_allocate(&plan->arena, fuse->room, sizeof *fuse->inputs, err);
	fuse->fused = (struct fused){ .weights = fuse_tensor(fuse, step->in[1])->float64,
		.n_sums = (size_t)fuse_tensor(fuse, step->in[1])->shape[1] };
	fuse->fused.parts =
		arena_allocate(&plan->arena, fuse->room, sizeof(struct fused_part), err);
	struct fused *state = arena_allocate(&plan->arena, 1, sizeof *state, err);
	if (!before || !fuse->inputs || !fuse->fused.parts || !state)
		return -(int)err->code;
	memcpy(before, fuse->gone, plan->n_steps * sizeof *before);
	if (!fuse_add_parts(fuse, step->in[0]) || !fuse_pays(fuse)) {
		memcpy(fuse->gone, before, plan->n_steps * sizeof *before);
		return 0;
	}
	*state = fuse->fused;
	step->operator= & fused_operator;
	step->state = state;
	step->in = fuse->inputs;
	step->n_in = fuse->n_inputs;
	plan->most_in = step->n_in > plan->most_in ? step->n_in : plan->most_in;
	return 0;
}

static int fuse_count(struct fuse *fuse, struct error *err)
{
	struct executor_plan *plan = fuse->plan;
	fuse->producer = memory_allocate(plan->n_slots, sizeof *fuse->producer, err);
	fuse->uses = memory_allocate(plan->n_slots, sizeof *fuse->uses, err);
	fuse->gone = memory_allocate(plan->n_steps, sizeof *fuse->gone, err);
	if (!fuse->producer || !fuse->uses || !fuse->gone)
		return -(int)err->code;
	for (uint32_t s = 0; s < plan->n_steps; s++) {
		const struct plan_step *step = &plan->steps[s];
		for (uint32_t i = 0; i < step->n_out; i++)
			if (step->out[i] != PLAN_NO_SLOT)
				fuse->producer[step->out[i]] = s + 1;
		for (uint32_t i = 0; i < step->n_in; i++)
			if (step->in[i] != PLAN_NO_SLOT)
				fuse->uses[step->in[i]]++;
	}
	for (uint32_t i = 0; i < plan->n_outputs; i++)
		fuse->uses[plan->outputs[i]] += 2; /* never the chain's alone */
	return 0;
}

int executor_fuse(struct executor_plan *plan, struct error *err)
{
	struct fuse fuse = { .plan = plan };
	int r = fuse_count(&fuse, err);
	for (uint32_t s = 0; r == 0 && s < plan->n_steps; s++)
		if (fuse_fits(&fuse, &plan->steps[s]))
			r = fuse_product(&fuse, &plan->steps[s], err);
	uint32_t kept = 0;
	for (uint32_t s = 0; r == 0 && s < plan->n_steps; s++)
		if (!fuse.gone[s])
			plan->steps[kept++] = plan->steps[s];
	if (r == 0)
		plan->n_steps = kept;
	memory_free(fuse.producer);
	memory_free(fuse.uses);
	memory_free(fuse.gone);
	return r;
}
