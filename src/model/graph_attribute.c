/* Attributes of nodes, and how a node is named in messages. */
#include <stdio.h>
#include <string.h>

#include "graph_internal.h"

const struct graph_attribute *node_attribute(const struct graph_node *node, const char *name)
{
	vec_each (one, &node->attributes)
		if (strcmp(one->name, name) == 0)
			return one;
	return NULL;
}

const char *node_describe(const struct graph_node *node, char buffer[NODE_TEXT])
{
	if (*node->name) {
		snprintf(buffer, NODE_TEXT, "node '%.80s' (%.60s)", node->name, node->op);
		return buffer;
	}
	size_t index = 0;
	const struct graph *graph = node->graph;
	while (graph && index < graph->nodes.count && graph->nodes.items[index] != node)
		index++;
	snprintf(buffer, NODE_TEXT, "node %zu (%.60s)", index + 1, node->op);
	return buffer;
}

/* False for the dummy node, after a failure, or if the name is taken (which is a failure). */
static bool attribute_begin(struct graph_node *node, struct graph_attribute *one, const char *name)
{
	struct graph *graph = node->graph;
	if (!graph || graph_failed(graph))
		return false;
	if (node_attribute(node, name)) {
		error_set(&graph->failure, ERROR_BUG, "attribute '%s' of %s is set twice", name,
			node->op);
		return false;
	}
	one->name = graph_copy_name(graph, name);
	return !graph_failed(graph);
}

/* A copy of `count` values in the arena, NULL with the failure set. */
static void *attribute_copy(struct graph_node *node, const void *values, size_t count, size_t size)
{
	void *copy = arena_allocate(&node->graph->arena, count, size, &node->graph->failure);
	if (copy && count)
		memcpy(copy, values, count * size);
	return copy;
}

void node_set_int(struct graph_node *node, const char *name, int64_t value)
{
	struct graph_attribute one = { .kind = ATTRIBUTE_INT, .count = 1, .integer = value };
	if (attribute_begin(node, &one, name))
		vec_push(&node->attributes, one);
}

void node_set_ints(struct graph_node *node, const char *name, const int64_t *values, size_t count)
{
	struct graph_attribute one = { .kind = ATTRIBUTE_INTS, .count = count };
	if (!attribute_begin(node, &one, name))
		return;
	one.integers = attribute_copy(node, values, count, sizeof *values);
	if (one.integers)
		vec_push(&node->attributes, one);
}

void node_set_float(struct graph_node *node, const char *name, float value)
{
	struct graph_attribute one = { .kind = ATTRIBUTE_FLOAT, .count = 1, .number = value };
	if (attribute_begin(node, &one, name))
		vec_push(&node->attributes, one);
}

void node_set_floats(struct graph_node *node, const char *name, const float *values, size_t count)
{
	struct graph_attribute one = { .kind = ATTRIBUTE_FLOATS, .count = count };
	if (!attribute_begin(node, &one, name))
		return;
	one.numbers = attribute_copy(node, values, count, sizeof *values);
	if (one.numbers)
		vec_push(&node->attributes, one);
}

void node_set_string(struct graph_node *node, const char *name, const char *value)
{
	struct graph_attribute one = { .kind = ATTRIBUTE_STRING, .count = 1 };
	if (!attribute_begin(node, &one, name))
		return;
	one.string = text_of(graph_copy_name(node->graph, value));
	vec_push(&node->attributes, one);
}

void node_set_strings(
	struct graph_node *node, const char *name, const struct text *values, size_t count)
{
	struct graph_attribute one = { .kind = ATTRIBUTE_STRINGS, .count = count };
	if (!attribute_begin(node, &one, name))
		return;
	struct text *copy = attribute_copy(node, values, count, sizeof *values);
	if (!copy || !graph_copy_texts(node->graph, copy, values, count))
		return;
	one.strings = copy;
	vec_push(&node->attributes, one);
}

void node_set_tensor(struct graph_node *node, const char *name, const struct tensor *tensor)
{
	struct graph_attribute one = { .kind = ATTRIBUTE_TENSOR, .count = 1 };
	if (!attribute_begin(node, &one, name))
		return;
	struct tensor *copy = attribute_copy(node, tensor, 1, sizeof *tensor);
	if (!copy || !graph_copy_tensor(node->graph, tensor, copy))
		return;
	one.tensor = copy;
	vec_push(&node->attributes, one);
}
