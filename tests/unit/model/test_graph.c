#include "mlops/model/graph.h"
#include "mlops/model/onnx.h"

#include <string.h>

#include "unit.h"

START_TEST(builder_makes_names_unique)
{
	struct graph graph;
	graph_init(&graph);
	graph_add_input(&graph, "x", ELEMENT_DOUBLE, 2, (int64_t[]){ GRAPH_BATCH, 3 });
	const char *a = graph_apply(&graph, "Abs", "", "y", (const char *[]){ "x" }, 1);
	const char *b = graph_apply(&graph, "Neg", "", "y", (const char *[]){ a }, 1);
	const char *c = graph_apply(&graph, "Neg", "", "y", (const char *[]){ b }, 1);
	ck_assert_str_eq(a, "y");
	ck_assert_str_eq(b, "y_1");
	ck_assert_str_eq(c, "y_2");
	graph_rename_output(&graph, b, "middle");
	ck_assert_str_eq(graph.nodes.items[2]->inputs[0], "middle");
	struct error err = ERROR_INIT;
	ck_assert_int_eq(graph_check(&graph, &err), 0);
	graph_release(&graph);
}
END_TEST

START_TEST(builder_failure_sticks)
{
	struct graph graph;
	graph_init(&graph);
	graph_add_input(&graph, "x", ELEMENT_DOUBLE, 1, (int64_t[]){ GRAPH_BATCH });
	graph_add_input(&graph, "x", ELEMENT_DOUBLE, 1, (int64_t[]){ GRAPH_BATCH });
	const char *y = graph_apply(&graph, "Abs", "", "y", (const char *[]){ "nothing" }, 1);
	ck_assert_str_eq(y, "");
	node_set_int(graph_last_node(&graph), "axis", 1);
	graph_add_output(&graph, y, ELEMENT_DOUBLE, 1, (int64_t[]){ GRAPH_BATCH });
	struct error err = ERROR_INIT;
	ck_assert_int_eq(graph_check(&graph, &err), -ERROR_INVALID);
	ck_assert_str_eq(err.message, "the name 'x' is used twice in a graph");
	graph_release(&graph);
}
END_TEST

START_TEST(builder_refuses_values_that_nothing_makes)
{
	struct graph graph;
	graph_init(&graph);
	graph_apply(&graph, "Abs", "", "y", (const char *[]){ "nothing" }, 1);
	struct error err = ERROR_INIT;
	ck_assert_int_eq(graph_check(&graph, &err), -ERROR_BUG);
	ck_assert_ptr_nonnull(strstr(err.message, "'nothing'"));
	graph_release(&graph);
}
END_TEST

START_TEST(metadata_is_replaced_in_place)
{
	struct graph graph;
	graph_init(&graph);
	graph_add_metadata(&graph, "b", "1");
	graph_add_metadata(&graph, "a", "2");
	graph_add_metadata(&graph, "b", "3");
	ck_assert_uint_eq(graph.metadata.count, 2);
	ck_assert_str_eq(graph.metadata.items[0].value, "3");
	ck_assert_str_eq(graph_metadata(&graph, "a"), "2");
	ck_assert_ptr_null(graph_metadata(&graph, "c"));
	graph_release(&graph);
}
END_TEST

/* After a list that cannot grow nothing is built on what it misses: no memory, not a bug. */
START_TEST(builder_without_memory_says_so)
{
	enum { MORE = 1 << 16 };
	struct graph graph;
	graph_init(&graph);
	memory_set_cap(1 << 18);
	for (int i = 0; i < MORE && !graph.metadata.state.failed; i++)
		vec_push(&graph.metadata, (struct graph_metadata){ "key", "value" });
	memory_set_cap(0);
	ck_assert(graph.metadata.state.failed);
	graph_rename_output(&graph, "what is not there", "new");
	ck_assert_str_eq(graph_unique_name(&graph, "stem"), "");
	struct error err = ERROR_INIT;
	ck_assert_int_eq(graph_check(&graph, &err), -ERROR_MEMORY);
	graph_release(&graph);
}
END_TEST

START_TEST(tensor_counts)
{
	size_t count = 99;
	struct tensor scalar = { .type = ELEMENT_DOUBLE };
	ck_assert(tensor_count(&scalar, &count));
	ck_assert_uint_eq(count, 1);
	struct tensor empty = { .type = ELEMENT_FLOAT, .rank = 2, .shape = { 0, 5 } };
	ck_assert(tensor_count(&empty, &count));
	ck_assert_uint_eq(count, 0);
	struct tensor huge = {
		.type = ELEMENT_FLOAT, .rank = 3, .shape = { 0, INT64_MAX, INT64_MAX }
	};
	ck_assert(!tensor_count(&huge, &count));
	struct tensor open = { .type = ELEMENT_FLOAT, .rank = 1, .shape = { -1 } };
	ck_assert(!tensor_count(&open, &count));
	char text[TENSOR_TEXT];
	ck_assert_str_eq(tensor_describe(&open, text), "float[?]");
	ck_assert_str_eq(tensor_describe(&empty, text), "float[0,5]");
}
END_TEST

UNIT_MAIN("model/graph", builder_makes_names_unique, builder_failure_sticks,
	builder_refuses_values_that_nothing_makes, metadata_is_replaced_in_place,
	builder_without_memory_says_so, tensor_counts)
