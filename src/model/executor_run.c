#include <inttypes.h>
#include <string.h>

#include "executor_internal.h"

struct run_buffer {
	void *memory;
	size_t bytes;
};

struct executor_workspace {
	const struct executor_plan *plan;
	struct arena arena;
	struct tensor *tensors; /* one for each slot */
	struct run_buffer *buffers;
	struct run_buffer scratch;
	const struct tensor **in; /* of the step at hand */
	struct tensor **out;
	size_t *scratch_bytes; /* of each step, as infer asked */
	bool inferred; /* the tensors hold the shapes of the last run */
};

int executor_workspace_new(const struct executor_plan *plan,
	struct executor_workspace **ret_workspace, struct error *err)
{
	struct executor_workspace *workspace = memory_allocate(1, sizeof *workspace, err);
	*ret_workspace = NULL;
	if (!workspace)
		return -(int)err->code;
	workspace->plan = plan;
	struct arena *arena = &workspace->arena;
	workspace->tensors = arena_allocate(arena, plan->n_slots, sizeof(struct tensor), err);
	workspace->buffers = arena_allocate(arena, plan->n_buffers, sizeof(struct run_buffer), err);
	workspace->in = arena_allocate(arena, plan->most_in, sizeof *workspace->in, err);
	workspace->out = arena_allocate(arena, plan->most_out, sizeof *workspace->out, err);
	workspace->scratch_bytes = arena_allocate(arena, plan->n_steps, sizeof(size_t), err);
	if (!workspace->tensors || !workspace->buffers || !workspace->in || !workspace->out ||
		!workspace->scratch_bytes) {
		executor_workspace_free(workspace);
		return -(int)err->code;
	}
	for (uint32_t i = 0; i < plan->n_slots; i++)
		workspace->tensors[i] = plan->slots[i].tensor;
	*ret_workspace = workspace;
	return 0;
}

void executor_workspace_free(struct executor_workspace *workspace)
{
	if (!workspace)
		return;
	for (uint32_t i = 0; workspace->buffers && i < workspace->plan->n_buffers; i++)
		memory_free(workspace->buffers[i].memory);
	memory_free(workspace->scratch.memory);
	arena_release(&workspace->arena);
	memory_free(workspace);
}

/* At least `bytes`, not zeroed; what it held is gone if it grows. */
static int run_reserve(struct run_buffer *buffer, size_t bytes, struct error *err)
{
	if (buffer->memory && bytes <= buffer->bytes)
		return 0;
	memory_free(buffer->memory);
	buffer->bytes = 0;
	buffer->memory = memory_allocate_aligned(bytes, err);
	if (!buffer->memory)
		return -(int)err->code;
	buffer->bytes = bytes;
	return 0;
}

static int run_check_input(const struct executor_plan *plan, uint32_t index,
	const struct tensor *given, struct error *err)
{
	const struct tensor *wanted = &plan->slots[index].tensor;
	char have[TENSOR_TEXT], want[TENSOR_TEXT];
	bool fits = given->type == wanted->type && given->rank >= 0 &&
		    (wanted->rank < 0 || given->rank == wanted->rank);
	for (int i = 0; fits && i < wanted->rank; i++)
		fits = wanted->shape[i] < 0 || wanted->shape[i] == given->shape[i];
	size_t elements, bytes;
	if (!fits)
		return error_set(err, ERROR_INVALID, "input '%s' is %s, the model wants %s",
			plan->slots[index].name, tensor_describe(given, have),
			tensor_describe(wanted, want));
	if (executor_measure(given, &elements, &bytes, err) < 0)
		return error_prefix(err, "input '%s'", plan->slots[index].name);
	if (elements && !given->data)
		return error_set(err, ERROR_BUG, "input '%s' has no data", plan->slots[index].name);
	return 0;
}

/* Takes the inputs over; true in *ret_same if all shapes are those of the last run. */
static int run_take_inputs(struct executor_workspace *workspace, const struct tensor *inputs,
	bool *ret_same, struct error *err)
{
	const struct executor_plan *plan = workspace->plan;
	bool same = workspace->inferred && !plan->dynamic;
	for (uint32_t i = 0; i < plan->n_inputs; i++) {
		same = same && tensor_same_shape(&workspace->tensors[i], &inputs[i]) &&
		       workspace->tensors[i].type == inputs[i].type;
		if (!same && run_check_input(plan, i, &inputs[i], err) < 0)
			return -(int)err->code;
		workspace->tensors[i] = inputs[i];
	}
	*ret_same = same;
	return 0;
}

/* Shapes of the outputs, and memory for them. */
static int run_infer(struct executor_workspace *workspace, const struct plan_step *step,
	struct operator_call *call, struct error *err)
{
	const struct executor_plan *plan = workspace->plan;
	for (uint32_t i = 0; i < step->n_in; i++) /* types that the plan could not know */
		if (i == 0 && step->operator->types && call->in[0] && require_types(call->in[0],
				      step->operator->types, "its first input", err) < 0)
			return -(int)err->code;
	if (step->operator->infer(call, err) < 0)
		return -(int)err->code;
	for (uint32_t i = 0; i < step->n_out; i++) {
		size_t elements, bytes;
		if (!call->out[i])
			continue;
		if (executor_measure(call->out[i], &elements, &bytes, err) < 0 ||
			run_reserve(&workspace->buffers[plan->slots[step->out[i]].buffer], bytes,
				err) < 0)
			return -(int)err->code;
	}
	workspace->scratch_bytes[step - plan->steps] = call->scratch_bytes;
	return run_reserve(&workspace->scratch, call->scratch_bytes, err);
}

static int run_step(struct executor_workspace *workspace, const struct plan_step *step, bool same,
	struct error *err)
{
	const struct executor_plan *plan = workspace->plan;
	struct operator_call call = {
		.node = step->node,
		.opset = step->opset,
		.state = step->state,
		.in = workspace->in,
		.out = workspace->out,
		.n_in = step->n_in,
		.n_out = step->n_out,
		.scratch_bytes = same ? workspace->scratch_bytes[step - plan->steps] : 0,
	};
	for (uint32_t i = 0; i < step->n_in; i++)
		workspace->in[i] =
			step->in[i] == PLAN_NO_SLOT ? NULL : &workspace->tensors[step->in[i]];
	for (uint32_t i = 0; i < step->n_out; i++)
		workspace->out[i] =
			step->out[i] == PLAN_NO_SLOT ? NULL : &workspace->tensors[step->out[i]];
	if (!same && run_infer(workspace, step, &call, err) < 0)
		return -(int)err->code;
	/* Set anew each time: a buffer may have moved since this slot was last made. */
	for (uint32_t i = 0; i < step->n_out; i++)
		if (workspace->out[i])
			workspace->out[i]->data =
				workspace->buffers[plan->slots[step->out[i]].buffer].memory;
	call.scratch = workspace->scratch.memory;
	return step->operator->run(&call, err);
}

int executor_run(
	struct executor_workspace *workspace, const struct tensor *inputs, struct error *err)
{
	const struct executor_plan *plan = workspace->plan;
	bool same = false;
	if (run_take_inputs(workspace, inputs, &same, err) < 0) {
		workspace->inferred = false;
		return -(int)err->code;
	}
	workspace->inferred = false;
	for (uint32_t i = 0; i < plan->n_steps; i++)
		if (run_step(workspace, &plan->steps[i], same, err) < 0) {
			char text[NODE_TEXT];
			return error_prefix(err, "%s", node_describe(plan->steps[i].node, text));
		}
	workspace->inferred = true;
	return 0;
}

const struct tensor *executor_result(const struct executor_workspace *workspace, size_t index)
{
	return &workspace->tensors[workspace->plan->outputs[index]];
}
