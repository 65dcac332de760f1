#include "mlops/model/graph.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "graph_internal.h"

void graph_init(struct graph *graph)
{
	*graph = (struct graph){
		.arena = ARENA_INIT(0),
		.ir_version = GRAPH_IR_VERSION,
		.name = "mlops",
		.producer_name = "mlops",
		.producer_version = "",
		.doc = "",
	};
	graph->dummy = (struct graph_node){ .name = "", .op = "", .domain = "" };
	map_init(&graph->names, NULL);
	vec_push(&graph->opsets, (struct graph_opset){ "", GRAPH_OPSET });
	vec_push(&graph->opsets, (struct graph_opset){ GRAPH_DOMAIN_ML, GRAPH_OPSET_ML });
}

void graph_release(struct graph *graph)
{
	vec_each (node, &graph->nodes)
		vec_release(&(*node)->attributes);
	vec_release(&graph->nodes);
	vec_release(&graph->inputs);
	vec_release(&graph->outputs);
	vec_release(&graph->initializers);
	vec_release(&graph->opsets);
	vec_release(&graph->metadata);
	map_release(&graph->names);
	arena_release(&graph->arena);
}

/* A list that could not grow has failed as well: what comes next would miss what is not in it. */
bool graph_failed(const struct graph *graph)
{
	return graph->failure.code != ERROR_NONE || graph->nodes.state.failed ||
	       graph->inputs.state.failed || graph->outputs.state.failed ||
	       graph->initializers.state.failed || graph->opsets.state.failed ||
	       graph->metadata.state.failed;
}

int graph_check(const struct graph *graph, struct error *err)
{
	if (graph->failure.code != ERROR_NONE) {
		*err = graph->failure;
		return -(int)err->code;
	}
	const struct vec_state *states[] = { &graph->nodes.state, &graph->inputs.state,
		&graph->outputs.state, &graph->initializers.state, &graph->opsets.state,
		&graph->metadata.state };
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (vec_state_check(states[i], err) < 0)
			return -(int)err->code;
	vec_each (node, &graph->nodes)
		if (vec_check(&(*node)->attributes, err) < 0)
			return -(int)err->code;
	return 0;
}

const char *graph_copy_name(struct graph *graph, const char *name)
{
	if (graph_failed(graph))
		return "";
	const char *copy = arena_copy_string(&graph->arena, name, &graph->failure);
	return copy ? copy : "";
}

/* The graph itself stands for "in use". */
static void graph_reserve(struct graph *graph, const char *name)
{
	if (!graph_failed(graph))
		(void)!map_put(&graph->names, name, graph, &graph->failure);
}

/* A new name that must be free. */
static const char *graph_new_name(struct graph *graph, const char *name)
{
	if (graph_failed(graph))
		return "";
	if (!*name) {
		error_set(&graph->failure, ERROR_BUG, "a value of the graph has no name");
		return "";
	}
	if (map_has(&graph->names, name)) {
		error_set(&graph->failure, ERROR_INVALID, "the name '%s' is used twice in a graph",
			name);
		return "";
	}
	graph_reserve(graph, name);
	return graph_copy_name(graph, name);
}

const char *graph_unique_name(struct graph *graph, const char *stem)
{
	if (graph_failed(graph))
		return "";
	if (!map_has(&graph->names, stem))
		return graph_new_name(graph, stem);
	/* The last number given out for a stem is kept under "stem\001": no search from 1. */
	char counter[256];
	snprintf(counter, sizeof counter, "%s\001", stem);
	uintptr_t number = (uintptr_t)map_get(&graph->names, counter);
	char name[288];
	do {
		number++;
		snprintf(name, sizeof name, "%.255s_%" PRIuPTR, stem, number);
	} while (map_has(&graph->names, name));
	if (map_put(&graph->names, counter, (void *)number, &graph->failure) < 0)
		return "";
	return graph_new_name(graph, name);
}

static bool graph_fill_value(
	struct graph *graph, struct graph_value *value, size_t rank, const int64_t *shape)
{
	if (rank > TENSOR_RANK_MAX) {
		error_set(&graph->failure, ERROR_UNSUPPORTED, "'%s' has %zu dimensions, over %d",
			value->name, rank, TENSOR_RANK_MAX);
		return false;
	}
	value->is_tensor = true;
	value->rank = (int)rank;
	for (size_t i = 0; i < rank; i++)
		value->dimensions[i] =
			shape[i] == GRAPH_BATCH
				? (struct graph_dimension){ TENSOR_SIZE_UNKNOWN, "N" }
				: (struct graph_dimension){ shape[i], NULL };
	return true;
}

void graph_add_input(struct graph *graph, const char *name, enum element_type type, size_t rank,
	const int64_t *shape)
{
	struct graph_value value = { .name = graph_new_name(graph, name), .type = type };
	if (!graph_failed(graph) && graph_fill_value(graph, &value, rank, shape))
		vec_push(&graph->inputs, value);
}

void graph_add_output(struct graph *graph, const char *name, enum element_type type, size_t rank,
	const int64_t *shape)
{
	struct graph_value value = { .name = graph_copy_name(graph, name), .type = type };
	if (graph_failed(graph))
		return;
	if (!map_has(&graph->names, name)) {
		error_set(&graph->failure, ERROR_BUG, "the graph's output '%s' is made by no node",
			name);
		return;
	}
	if (graph_fill_value(graph, &value, rank, shape))
		vec_push(&graph->outputs, value);
}

bool graph_copy_texts(struct graph *graph, struct text *to, const struct text *from, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		to[i].length = from[i].length;
		to[i].at = arena_copy_bytes(
			&graph->arena, from[i].at, from[i].length, &graph->failure);
		if (!to[i].at)
			return false;
	}
	return true;
}

bool graph_copy_tensor(struct graph *graph, const struct tensor *from, struct tensor *to)
{
	size_t count, size = element_size(from->type);
	if (graph_failed(graph))
		return false;
	if (!size || !tensor_count(from, &count)) {
		char text[TENSOR_TEXT];
		error_set(&graph->failure, ERROR_BUG, "a constant of the graph is %s",
			tensor_describe(from, text));
		return false;
	}
	*to = *from;
	to->data = arena_allocate(&graph->arena, count, size, &graph->failure);
	if (!to->data)
		return false;
	if (from->type == ELEMENT_STRING)
		return graph_copy_texts(graph, to->strings, from->strings, count);
	if (count)
		memcpy(to->data, from->data, count * size);
	return true;
}

const char *graph_add_initializer(
	struct graph *graph, const char *stem, const struct tensor *tensor)
{
	struct graph_initializer one = { .name = graph_unique_name(graph, stem) };
	if (graph_copy_tensor(graph, tensor, &one.tensor))
		vec_push(&graph->initializers, one);
	return one.name;
}

static const char *graph_add_values(struct graph *graph, const char *stem, struct tensor tensor,
	size_t rank, const int64_t *shape)
{
	if (rank > TENSOR_RANK_MAX && !graph_failed(graph))
		error_set(&graph->failure, ERROR_UNSUPPORTED, "'%s' has %zu dimensions, over %d",
			stem, rank, TENSOR_RANK_MAX);
	if (graph_failed(graph))
		return "";
	tensor.rank = (int)rank;
	for (size_t i = 0; i < rank; i++)
		tensor.shape[i] = shape[i];
	return graph_add_initializer(graph, stem, &tensor);
}

/* The builder only reads through the pointer: struct tensor has one pointer for both ways. */
static struct tensor graph_borrow(enum element_type type, const void *values)
{
	struct tensor tensor = { .type = type };
	memcpy(&tensor.data, &values, sizeof values);
	return tensor;
}

const char *graph_add_initializer_double(struct graph *graph, const char *stem, size_t rank,
	const int64_t *shape, const double *values)
{
	return graph_add_values(graph, stem, graph_borrow(ELEMENT_DOUBLE, values), rank, shape);
}

const char *graph_add_initializer_float(struct graph *graph, const char *stem, size_t rank,
	const int64_t *shape, const float *values)
{
	return graph_add_values(graph, stem, graph_borrow(ELEMENT_FLOAT, values), rank, shape);
}

const char *graph_add_initializer_int64(struct graph *graph, const char *stem, size_t rank,
	const int64_t *shape, const int64_t *values)
{
	return graph_add_values(graph, stem, graph_borrow(ELEMENT_INT64, values), rank, shape);
}

const char *graph_add_initializer_strings(struct graph *graph, const char *stem, size_t rank,
	const int64_t *shape, const struct text *values)
{
	return graph_add_values(graph, stem, graph_borrow(ELEMENT_STRING, values), rank, shape);
}

static struct graph_node *graph_new_node(
	struct graph *graph, const char *op, const char *domain, size_t n_inputs, size_t n_outputs)
{
	char stem[128];
	snprintf(stem, sizeof stem, "/%s", op);
	const char *name = graph_unique_name(graph, stem);
	if (graph_failed(graph))
		return NULL;
	struct graph_node *node = arena_allocate(&graph->arena, 1, sizeof *node, &graph->failure);
	const char **names =
		arena_allocate(&graph->arena, n_inputs + n_outputs, sizeof *names, &graph->failure);
	if (!node || !names)
		return NULL;
	*node = (struct graph_node){
		.graph = graph,
		.name = name,
		.op = graph_copy_name(graph, op),
		.domain = graph_copy_name(graph, domain),
		.inputs = names,
		.outputs = names + n_inputs,
		.n_inputs = n_inputs,
		.n_outputs = n_outputs,
	};
	return node;
}

struct graph_node *graph_add_node(struct graph *graph, const char *op, const char *domain,
	const char *const *inputs, size_t n_inputs, const char *const *outputs, size_t n_outputs)
{
	struct graph_node *node = graph_new_node(graph, op, domain, n_inputs, n_outputs);
	if (!node)
		return &graph->dummy;
	for (size_t i = 0; i < n_inputs; i++) {
		node->inputs[i] = graph_copy_name(graph, inputs[i]);
		if (!graph_failed(graph) && *inputs[i] && !map_has(&graph->names, inputs[i]))
			error_set(&graph->failure, ERROR_BUG,
				"%s reads '%s', which nothing has made before it", op, inputs[i]);
	}
	for (size_t i = 0; i < n_outputs; i++)
		node->outputs[i] = *outputs[i] ? graph_new_name(graph, outputs[i]) : "";
	if (graph_failed(graph))
		return &graph->dummy;
	vec_push(&graph->nodes, node);
	return graph->nodes.state.failed ? &graph->dummy : node;
}

const char *graph_apply(struct graph *graph, const char *op, const char *domain, const char *stem,
	const char *const *inputs, size_t n_inputs)
{
	const char *name = graph_unique_name(graph, stem);
	if (graph_failed(graph))
		return "";
	map_remove(&graph->names, name); /* graph_add_node() takes it again */
	graph_add_node(graph, op, domain, inputs, n_inputs, &name, 1);
	return name;
}

struct graph_node *graph_last_node(struct graph *graph)
{
	if (graph_failed(graph) || !graph->nodes.count)
		return &graph->dummy;
	return graph->nodes.items[graph->nodes.count - 1];
}

void graph_rename_output(struct graph *graph, const char *name, const char *new_name)
{
	const char *copy = graph_new_name(graph, new_name);
	size_t found = 0;
	if (graph_failed(graph))
		return;
	vec_each (node, &graph->nodes) {
		for (size_t i = 0; i < (*node)->n_outputs; i++)
			if (strcmp((*node)->outputs[i], name) == 0) {
				(*node)->outputs[i] = copy;
				found++;
			}
	}
	vec_each (node, &graph->nodes) {
		for (size_t i = 0; found && i < (*node)->n_inputs; i++)
			if (strcmp((*node)->inputs[i], name) == 0)
				(*node)->inputs[i] = copy;
	}
	if (!found)
		error_set(&graph->failure, ERROR_BUG, "cannot rename '%s': no node makes it", name);
}

void graph_add_metadata(struct graph *graph, const char *key, const char *value)
{
	struct graph_metadata one = { graph_copy_name(graph, key), graph_copy_name(graph, value) };
	if (graph_failed(graph))
		return;
	vec_each (old, &graph->metadata)
		if (strcmp(old->key, key) == 0) {
			old->value = one.value;
			return;
		}
	vec_push(&graph->metadata, one);
}

const char *graph_metadata(const struct graph *graph, const char *key)
{
	vec_each (one, &graph->metadata)
		if (strcmp(one->key, key) == 0)
			return one->value;
	return NULL;
}

const struct tensor *graph_initializer(const struct graph *graph, const char *name)
{
	vec_each (one, &graph->initializers)
		if (strcmp(one->name, name) == 0)
			return &one->tensor;
	return NULL;
}

int64_t graph_opset(const struct graph *graph, const char *domain)
{
	vec_each (opset, &graph->opsets)
		if (strcmp(opset->domain, domain) == 0)
			return opset->version;
	return 0;
}
