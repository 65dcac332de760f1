/* What the files behind model/onnx.h share. */
#ifndef MLOPS_MODEL_ONNX_INTERNAL_H
#define MLOPS_MODEL_ONNX_INTERNAL_H

#include "mlops/model/onnx.h"

/*
 * Walks the wire format without unpacking: lengths within bounds, nesting at most ONNX_DEPTH_MAX
 * (protobuf-c recurses without a limit), messages that stand once do so (it would merge them, in
 * quadratic time), counts within limits.
 */
int onnx_scan_model(const void *bytes, size_t length, struct error *err);
int onnx_scan_tensor(const void *bytes, size_t length, struct error *err);

#endif
