/*
 * onnx: ONNX files to graphs and back.
 *
 * The file may come from anywhere. Sizes, counts and nesting are bounded before anything is
 * unpacked; whatever is wrong is an error that names the node or tensor, never a crash. Both packed
 * and unpacked lists, raw_data and typed data are read, and initializers that are listed among the
 * inputs too. Weights outside the file (external_data), sparse initializers and model-local
 * functions are refused with ERROR_UNSUPPORTED; subgraphs (If, Loop, Scan) are read as
 * ATTRIBUTE_OTHER, so that the plan can name the operator.
 *
 * What is written is the same for the same graph, byte for byte.
 */
#ifndef MLOPS_MODEL_ONNX_H
#define MLOPS_MODEL_ONNX_H

#include "mlops/base/strbuf.h"
#include "mlops/model/graph.h"

enum {
	ONNX_NODES_MAX = 1 << 20, /* nodes, and likewise initializers, of one graph */
	ONNX_DEPTH_MAX = 32, /* nested messages */
	ONNX_IR_MIN = 3,
	ONNX_IR_MAX = 10
};

/* ONNX cannot be larger than a protobuf message. */
#define ONNX_BYTES_MAX ((size_t)INT32_MAX)

/* Makes *ret_graph (initialised by this call). On failure it is released. */
int onnx_read(const void *bytes, size_t length, struct graph *ret_graph, struct error *err);

/* Appends the model to `out`. ERROR_UNSUPPORTED for ATTRIBUTE_OTHER and non-tensor values. */
int onnx_write(const struct graph *graph, struct strbuf *out, struct error *err);

/* One serialised TensorProto (ONNX's test data), into the arena. */
int onnx_read_tensor(const void *bytes, size_t length, struct arena *arena,
	struct tensor *ret_tensor, struct error *err);

#endif
