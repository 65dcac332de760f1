/*
 * graph: an ONNX model in memory, and how to build one.
 *
 * Independent of protobuf: model/onnx.h turns it into bytes and back, model/executor.h runs it. All
 * that a graph points to lives in its arena and dies with graph_release(); names and values given
 * to the builder are copied. Nodes stand in execution order: a node reads only what inputs,
 * initializers and earlier nodes have named. Order is kept everywhere, so the same calls give the
 * same bytes.
 *
 * The builder is sticky: after a failure (memory, a name used twice, a wrong argument) calls do
 * nothing and return harmless values; graph_check() at the end says what went wrong first.
 *
 *	struct graph graph;
 *	graph_init(&graph);
 *	graph_add_input(&graph, "age", ELEMENT_DOUBLE, 2, (int64_t[]){ GRAPH_BATCH, 1 });
 *	const char *mean = graph_add_initializer_double(&graph, "mean", 2, (int64_t[]){ 1, 1 }, &m);
 *	const char *x = graph_apply(&graph, "Sub", "", "centred", (const char *[]){ "age", mean },
 *2); graph_rename_output(&graph, x, "prediction"); graph_add_output(&graph, "prediction",
 *ELEMENT_DOUBLE, 2, (int64_t[]){ GRAPH_BATCH, 1 }); graph_add_metadata(&graph, "mlops.task",
 *"regression"); if (graph_check(&graph, err) < 0) ...
 *
 * What runs in double both here and in ONNX Runtime (opset 15): Identity, Cast, IsNaN, Where, Add,
 * Sub, Mul, Div, Log, Exp, Sqrt, Abs, Neg, Floor, Pow, Min, Max, Clip, Relu, Sigmoid, Tanh,
 *Softmax, ArgMax, Gather, Concat, MatMul, Gemm, Reshape, Squeeze, Unsqueeze, Slice, Split, Expand,
 *Equal, Greater, Less, ReduceSum/Mean/Max/Min, Transpose, TopK. ONNX Runtime has no double kernel
 *for Erf, OneHot, LinearClassifier and LinearRegressor: use MatMul and Add, and for categories
 *ai.onnx.ml's OneHotEncoder (string in, float out) or LabelEncoder, then Cast. For speed join the
 *columns first: one Concat to [N, F], then IsNaN, Where, Sub, Div with [1, F] constants, then
 *MatMul.
 */
#ifndef MLOPS_MODEL_GRAPH_H
#define MLOPS_MODEL_GRAPH_H

#include "mlops/base/arena.h"
#include "mlops/base/map.h"
#include "mlops/base/vec.h"
#include "mlops/model/tensor.h"

#define GRAPH_DOMAIN_ML "ai.onnx.ml"

enum {
	GRAPH_BATCH = -1, /* a dimension that is the number of rows, "N" in the file */
	GRAPH_IR_VERSION = 8, /* what graph_init() sets: read by any runtime since 2022 */
	GRAPH_OPSET = 15, /* of the default domain, whose name is "" */
	GRAPH_OPSET_ML = 2
};

struct graph_dimension {
	int64_t size; /* TENSOR_SIZE_UNKNOWN for a symbol or nothing */
	const char *symbol; /* "N"; NULL if none */
};

struct graph_value {
	const char *name;
	bool is_tensor; /* false: a sequence, map or optional; the rest is unset */
	enum element_type type; /* ELEMENT_UNDEFINED if the file does not say */
	int rank; /* TENSOR_RANK_UNKNOWN if the file does not say */
	struct graph_dimension dimensions[TENSOR_RANK_MAX];
};

struct graph_initializer {
	const char *name;
	struct tensor tensor;
};

enum attribute_kind {
	ATTRIBUTE_FLOAT,
	ATTRIBUTE_INT,
	ATTRIBUTE_STRING,
	ATTRIBUTE_TENSOR,
	ATTRIBUTE_FLOATS,
	ATTRIBUTE_INTS,
	ATTRIBUTE_STRINGS,
	ATTRIBUTE_OTHER /* graphs, types, sparse tensors: known to be there, not kept */
};

struct graph_attribute {
	const char *name;
	enum attribute_kind kind;
	size_t count; /* of the lists; 1 otherwise */
	union {
		float number; /* ONNX has no double attribute: use a tensor */
		int64_t integer;
		struct text string;
		const struct tensor *tensor;
		const float *numbers;
		const int64_t *integers;
		const struct text *strings;
	};
};

struct graph;
struct graph_node {
	struct graph *graph;
	const char *name; /* unique when built here; a file's may be "" */
	const char *op, *domain;
	const char **inputs, **outputs; /* "" is an absent optional one */
	size_t n_inputs, n_outputs;
	VEC(struct graph_attribute) attributes;
};

struct graph_opset {
	const char *domain; /* "" is ai.onnx */
	int64_t version;
};

struct graph_metadata {
	const char *key, *value;
};

struct graph {
	struct arena arena;
	int64_t ir_version, model_version;
	const char *name, *producer_name, *producer_version, *doc; /* never NULL */
	VEC(struct graph_value) inputs, outputs; /* inputs without the initializers */
	VEC(struct graph_initializer) initializers;
	VEC(struct graph_node *) nodes;
	VEC(struct graph_opset) opsets;
	VEC(struct graph_metadata) metadata;
	struct map names; /* every name in use, for the builder */
	struct error failure;
	struct graph_node dummy; /* what a failed call returns */
};

void graph_init(struct graph *graph); /* IR 8, opsets 15 and ml 2, producer "mlops" */
void graph_release(struct graph *graph);
AUTO_RELEASE(struct graph, graph_release)

/* 0, or the builder's first failure. */
int graph_check(const struct graph *graph, struct error *err) MUST_CHECK;

/* `stem`, or stem_1, stem_2, … if that is taken; reserved from now on. Lives as long as the graph.
 */
const char *graph_unique_name(struct graph *graph, const char *stem);

/* shape[rank]; GRAPH_BATCH for the rows. A name that is in use is a failure. */
void graph_add_input(struct graph *graph, const char *name, enum element_type type, size_t rank,
	const int64_t *shape);
/* Names a value that some node makes. */
void graph_add_output(struct graph *graph, const char *name, enum element_type type, size_t rank,
	const int64_t *shape);

/*
 * Constants. The name is made unique from `stem` and returned. The product of shape[rank] is the
 * number of values; rank 0 (shape may be NULL) is a scalar.
 */
const char *graph_add_initializer(
	struct graph *graph, const char *stem, const struct tensor *tensor);
const char *graph_add_initializer_double(struct graph *graph, const char *stem, size_t rank,
	const int64_t *shape, const double *values);
const char *graph_add_initializer_float(struct graph *graph, const char *stem, size_t rank,
	const int64_t *shape, const float *values);
const char *graph_add_initializer_int64(struct graph *graph, const char *stem, size_t rank,
	const int64_t *shape, const int64_t *values);
const char *graph_add_initializer_strings(struct graph *graph, const char *stem, size_t rank,
	const int64_t *shape, const struct text *values);

/* domain "" or GRAPH_DOMAIN_ML. Names of outputs must be new. Never NULL. */
struct graph_node *graph_add_node(struct graph *graph, const char *op, const char *domain,
	const char *const *inputs, size_t n_inputs, const char *const *outputs, size_t n_outputs);

/*
 * The same for a node of one output, whose name is made unique from `stem` and returned. Attributes
 * are set on graph_last_node().
 */
const char *graph_apply(struct graph *graph, const char *op, const char *domain, const char *stem,
	const char *const *inputs, size_t n_inputs);
struct graph_node *graph_last_node(struct graph *graph);

/* Gives a value that a node makes another name, everywhere; the new name must be free. */
void graph_rename_output(struct graph *graph, const char *name, const char *new_name);

/* Attributes; a name set twice is a failure. */
void node_set_int(struct graph_node *node, const char *name, int64_t value);
void node_set_ints(struct graph_node *node, const char *name, const int64_t *values, size_t count);
void node_set_float(struct graph_node *node, const char *name, float value);
void node_set_floats(struct graph_node *node, const char *name, const float *values, size_t count);
void node_set_string(struct graph_node *node, const char *name, const char *value);
void node_set_strings(
	struct graph_node *node, const char *name, const struct text *values, size_t count);
void node_set_tensor(struct graph_node *node, const char *name, const struct tensor *tensor);

/* metadata_props, written in the order of the calls; a key set again is replaced in place. */
void graph_add_metadata(struct graph *graph, const char *key, const char *value);

/* Lookups; NULL if there is none. */
const char *graph_metadata(const struct graph *graph, const char *key);
const struct tensor *graph_initializer(const struct graph *graph, const char *name);
const struct graph_attribute *node_attribute(const struct graph_node *node, const char *name);
int64_t graph_opset(const struct graph *graph, const char *domain); /* 0 if not imported */

/* "node 'fc1' (Gemm)", or "node 4 (Gemm)" for one without a name. Returns buffer. */
enum { NODE_TEXT = 160 };
const char *node_describe(const struct graph_node *node, char buffer[NODE_TEXT]);

#endif
