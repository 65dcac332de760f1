#include <inttypes.h>
#include <string.h>

#include "executor_internal.h"

/* Bytes that a plan may need for states and computed constants. */
static const size_t plan_memory_cap = (size_t)4 << 30;

struct planner {
	struct executor_plan *plan;
	struct map names; /* name -> index of the slot + 1 */
	struct tensor absent;
	const struct tensor **in; /* for the step at hand */
	struct tensor **out;
	struct error *err;
};

int executor_measure(
	const struct tensor *tensor, size_t *ret_elements, size_t *ret_bytes, struct error *err)
{
	char text[TENSOR_TEXT];
	if (!tensor_count(tensor, ret_elements) || *ret_elements > EXECUTOR_ELEMENTS_MAX)
		return error_set(err, ERROR_INVALID, "a value of shape %s is too large or unknown",
			tensor_describe(tensor, text));
	*ret_bytes = *ret_elements * element_size(tensor->type);
	return 0;
}

static int planner_add_slot(struct planner *planner, const char *name, uint32_t *ret_index)
{
	struct executor_plan *plan = planner->plan;
	uint32_t index = plan->n_slots++;
	plan->slots[index] = (struct plan_slot){ .name = name, .buffer = PLAN_NO_BUFFER };
	*ret_index = index;
	return map_put(&planner->names, name, (void *)(uintptr_t)(index + 1), planner->err);
}

static int planner_add_inputs(struct planner *planner)
{
	struct executor_plan *plan = planner->plan;
	const struct graph *graph = plan->graph;
	uint32_t index;
	vec_each (input, &graph->inputs) {
		if (planner_add_slot(planner, input->name, &index) < 0)
			return -(int)planner->err->code;
		struct tensor *tensor = &plan->slots[index].tensor;
		if (!input->is_tensor || !element_size(input->type))
			return error_set(planner->err, ERROR_UNSUPPORTED,
				"the graph's input '%s' is of a type that is not supported (%s)",
				input->name,
				input->is_tensor ? element_type_name(input->type) : "no tensor");
		tensor->type = input->type;
		tensor->rank = input->rank;
		for (int i = 0; i < input->rank; i++)
			tensor->shape[i] = input->dimensions[i].size;
	}
	vec_each (one, &graph->initializers) {
		if (planner_add_slot(planner, one->name, &index) < 0)
			return -(int)planner->err->code;
		plan->slots[index].tensor = one->tensor;
	}
	return 0;
}

static int planner_connect(struct planner *planner, struct plan_step *step)
{
	struct executor_plan *plan = planner->plan;
	const struct graph_node *node = step->node;
	step->n_in = (uint32_t)node->n_inputs;
	step->n_out = (uint32_t)node->n_outputs;
	step->in = arena_allocate(
		&plan->arena, node->n_inputs + node->n_outputs, sizeof *step->in, planner->err);
	if (!step->in)
		return -(int)planner->err->code;
	step->out = step->in + step->n_in;
	for (uint32_t i = 0; i < step->n_in; i++) {
		step->in[i] = PLAN_NO_SLOT;
		planner->in[i] = NULL;
		if (!*node->inputs[i])
			continue;
		uintptr_t found = (uintptr_t)map_get(&planner->names, node->inputs[i]);
		if (!found)
			return error_set(planner->err, ERROR_INVALID,
				"its input '%s' is not made before it", node->inputs[i]);
		step->in[i] = (uint32_t)found - 1;
		planner->in[i] = &plan->slots[step->in[i]].tensor;
	}
	for (uint32_t i = 0; i < step->n_out; i++) {
		step->out[i] = PLAN_NO_SLOT;
		planner->out[i] = NULL;
		if (!*node->outputs[i])
			continue;
		if (planner_add_slot(planner, node->outputs[i], &step->out[i]) < 0)
			return -(int)planner->err->code;
		planner->out[i] = &plan->slots[step->out[i]].tensor;
	}
	if (step->n_out && !planner->out[0])
		return error_set(planner->err, ERROR_INVALID, "its first output is absent");
	return 0;
}

/* Are all inputs known in type and rank, so that infer can be asked? */
static bool planner_inputs_known(const struct planner *planner, const struct plan_step *step)
{
	for (uint32_t i = 0; i < step->n_in; i++)
		if (planner->in[i] && (planner->in[i]->rank < 0 || !planner->in[i]->type))
			return false;
	return true;
}

static bool planner_inputs_constant(const struct planner *planner, const struct plan_step *step)
{
	for (uint32_t i = 0; i < step->n_in; i++)
		if (planner->in[i] && !planner->in[i]->data)
			return false;
	return true;
}

static struct operator_call planner_call(
	const struct planner *planner, const struct plan_step *step)
{
	return (struct operator_call){
		.node = step->node,
		.opset = step->opset,
		.state = step->state,
		.in = planner->in,
		.out = planner->out,
		.n_in = step->n_in,
		.n_out = step->n_out,
	};
}

/* Computes a step whose inputs are all constant. */
static int planner_fold(
	struct planner *planner, struct operator_call *call, const struct plan_step *step)
{
	struct arena *arena = &planner->plan->arena;
	for (size_t i = 0; i < call->n_out; i++) {
		size_t elements, bytes;
		if (!call->out[i])
			continue;
		if (executor_measure(call->out[i], &elements, &bytes, planner->err) < 0)
			return -(int)planner->err->code;
		call->out[i]->data = arena_allocate(arena, 1, bytes, planner->err);
		if (!call->out[i]->data)
			return -(int)planner->err->code;
	}
	AUTO_FREE void *scratch = memory_allocate_aligned(call->scratch_bytes, planner->err);
	if (!scratch)
		return -(int)planner->err->code;
	call->scratch = scratch;
	return step->operator->run(call, planner->err);
}

static int planner_infer(struct planner *planner, struct plan_step *step)
{
	struct executor_plan *plan = planner->plan;
	struct operator_call call = planner_call(planner, step);
	for (uint32_t i = 0; i < step->n_in && i < 16; i++)
		if ((step->operator->shape_inputs>> i & 1) && planner->in[i] &&
			!planner->in[i]->data)
			step->shape_from_data = true;
	if (!planner_inputs_known(planner, step)) {
		for (uint32_t i = 0; i < step->n_out; i++)
			if (planner->out[i])
				tensor_set_unknown(planner->out[i], ELEMENT_UNDEFINED);
		step->shape_from_data = true;
	} else if (step->operator->infer(&call, planner->err) < 0) {
		return -(int)planner->err->code;
	} else if (planner_inputs_constant(planner, step)) {
		return planner_fold(planner, &call, step);
	}
	plan->dynamic |= step->shape_from_data;
	plan->n_steps++;
	return 0;
}

static int planner_add_step(struct planner *planner, const struct graph_node *node)
{
	struct executor_plan *plan = planner->plan;
	struct plan_step *step = &plan->steps[plan->n_steps];
	*step = (struct plan_step){ .node = node, .opset = graph_opset(plan->graph, node->domain) };
	step->operator= operator_find(node, step->opset, planner->err);
	if (!step->operator|| operator_check_node(step->operator, node, planner->err) < 0 ||
		planner_connect(planner, step) < 0)
		return -(int)planner->err->code;
	if (step->operator->types && step->n_in && planner->in[0] && require_types(
		    planner->in[0], step->operator->types, "its first input", planner->err) < 0)
		return -(int)planner->err->code;
	if (step->operator->prepare) {
		struct operator_setup setup = {
			.node = node,
			.opset = step->opset,
			.arena = &plan->arena,
			.in = planner->in,
			.n_in = step->n_in,
			.n_out = step->n_out,
		};
		if (step->operator->prepare(&setup, planner->err) < 0)
			return -(int)planner->err->code;
		step->state = setup.state;
	}
	return planner_infer(planner, step);
}

static int planner_add_outputs(struct planner *planner)
{
	struct executor_plan *plan = planner->plan;
	vec_each (output, &plan->graph->outputs) {
		uintptr_t found = (uintptr_t)map_get(&planner->names, output->name);
		if (!found)
			return error_set(planner->err, ERROR_INVALID,
				"the graph's output '%s' is made by no node", output->name);
		uint32_t slot = (uint32_t)found - 1;
		const struct tensor *tensor = &plan->slots[slot].tensor;
		if (output->is_tensor && output->type && tensor->type &&
			output->type != tensor->type)
			return error_set(planner->err, ERROR_INVALID,
				"the graph's output '%s' is declared as %s but made as %s",
				output->name, element_type_name(output->type),
				element_type_name(tensor->type));
		plan->slots[slot].last_use = UINT32_MAX;
		plan->outputs[plan->n_outputs++] = slot;
	}
	return 0;
}

/*
 * Slots share buffers when they never live at the same time; the buffer freed last is taken first,
 * so that a chain of steps stays within few buffers that are still in the cache.
 */
static int planner_share_buffers(struct planner *planner)
{
	struct executor_plan *plan = planner->plan;
	AUTO_FREE uint32_t *pool = memory_allocate(plan->n_slots, sizeof *pool, planner->err);
	uint32_t free_buffers = 0;
	if (!pool)
		return -(int)planner->err->code;
	for (uint32_t s = 0; s < plan->n_steps; s++)
		for (uint32_t i = 0; i < plan->steps[s].n_in; i++)
			if (plan->steps[s].in[i] != PLAN_NO_SLOT &&
				plan->slots[plan->steps[s].in[i]].last_use != UINT32_MAX)
				plan->slots[plan->steps[s].in[i]].last_use = s;
	for (uint32_t s = 0; s < plan->n_steps; s++) {
		const struct plan_step *step = &plan->steps[s];
		for (uint32_t i = 0; i < step->n_out; i++) {
			if (step->out[i] == PLAN_NO_SLOT)
				continue;
			struct plan_slot *slot = &plan->slots[step->out[i]];
			slot->buffer = free_buffers ? pool[--free_buffers] : plan->n_buffers++;
			if (slot->last_use < s) /* nobody reads it */
				slot->last_use = s;
		}
		for (uint32_t i = 0; i < step->n_in + step->n_out; i++) {
			uint32_t index = i < step->n_in ? step->in[i] : step->out[i - step->n_in];
			if (index == PLAN_NO_SLOT)
				continue;
			struct plan_slot *slot = &plan->slots[index];
			if (slot->buffer != PLAN_NO_BUFFER && slot->last_use == s) {
				pool[free_buffers++] = slot->buffer;
				slot->last_use = UINT32_MAX - 1; /* given back; once is enough */
			}
		}
	}
	return 0;
}

static int planner_allocate(struct planner *planner, const struct graph *graph)
{
	struct executor_plan *plan = planner->plan;
	size_t slots = graph->inputs.count + graph->initializers.count, most_in = 0, most_out = 0;
	vec_each (node, &graph->nodes) {
		slots += (*node)->n_outputs;
		most_in = (*node)->n_inputs > most_in ? (*node)->n_inputs : most_in;
		most_out = (*node)->n_outputs > most_out ? (*node)->n_outputs : most_out;
	}
	if (slots >= UINT32_MAX / 2 || most_in > UINT16_MAX || most_out > UINT16_MAX)
		return error_set(planner->err, ERROR_UNSUPPORTED, "the graph has too many values");
	plan->n_inputs = (uint32_t)graph->inputs.count;
	plan->most_in = (uint32_t)most_in;
	plan->most_out = (uint32_t)most_out;
	plan->slots = arena_allocate(&plan->arena, slots, sizeof *plan->slots, planner->err);
	plan->steps =
		arena_allocate(&plan->arena, graph->nodes.count, sizeof *plan->steps, planner->err);
	plan->outputs = arena_allocate(
		&plan->arena, graph->outputs.count, sizeof *plan->outputs, planner->err);
	planner->in = memory_allocate(most_in, sizeof *planner->in, planner->err);
	planner->out = memory_allocate(most_out, sizeof *planner->out, planner->err);
	if (!plan->slots || !plan->steps || !plan->outputs || !planner->in || !planner->out)
		return -(int)planner->err->code;
	return 0;
}

static int planner_plan(struct planner *planner, const struct graph *graph)
{
	struct executor_plan *plan = planner->plan;
	char text[NODE_TEXT];
	if (planner_allocate(planner, graph) < 0 || planner_add_inputs(planner) < 0)
		return -(int)planner->err->code;
	vec_each (node, &graph->nodes)
		if (planner_add_step(planner, *node) < 0)
			return error_prefix(planner->err, "%s", node_describe(*node, text));
	if (planner_add_outputs(planner) < 0)
		return -(int)planner->err->code;
	if (executor_fuse(plan, planner->err) < 0)
		return -(int)planner->err->code;
	return planner_share_buffers(planner);
}

int executor_plan_new(const struct graph *graph, struct executor_plan **ret_plan, struct error *err)
{
	*ret_plan = NULL;
	if (graph_check(graph, err) < 0)
		return -(int)err->code;
	struct executor_plan *plan = memory_allocate(1, sizeof *plan, err);
	if (!plan)
		return -(int)err->code;
	plan->arena = ARENA_INIT(plan_memory_cap);
	plan->graph = graph;
	struct planner planner = { .plan = plan, .err = err };
	map_init(&planner.names, NULL);
	int r = planner_plan(&planner, graph);
	map_release(&planner.names);
	memory_free(planner.in);
	memory_free(planner.out);
	if (r < 0)
		executor_plan_free(plan);
	else
		*ret_plan = plan;
	return r;
}

void executor_plan_free(struct executor_plan *plan)
{
	if (plan)
		arena_release(&plan->arena);
	memory_free(plan);
}

size_t executor_n_inputs(const struct executor_plan *plan)
{
	return plan->n_inputs;
}

size_t executor_n_outputs(const struct executor_plan *plan)
{
	return plan->n_outputs;
}

const char *executor_input_name(const struct executor_plan *plan, size_t index)
{
	return plan->slots[index].name;
}

const char *executor_output_name(const struct executor_plan *plan, size_t index)
{
	return plan->slots[plan->outputs[index]].name;
}

const struct tensor *executor_input(const struct executor_plan *plan, size_t index)
{
	return &plan->slots[index].tensor;
}

const struct tensor *executor_output(const struct executor_plan *plan, size_t index)
{
	return &plan->slots[plan->outputs[index]].tensor;
}
