/*
 * tensor: an n-dimensional array of one element type, row-major and dense.
 *
 * A tensor does not own its data: they live in a graph's arena, in a workspace, or with the caller.
 * A string element is a `struct text` that borrows its bytes. A boolean is one byte, 0 or 1. The
 * numbers of the element types are those of ONNX's TensorProto.DataType.
 */
#ifndef MLOPS_MODEL_TENSOR_H
#define MLOPS_MODEL_TENSOR_H

#include <stdint.h>

#include "mlops/base/error.h"
#include "mlops/base/text.h"

enum element_type {
	ELEMENT_UNDEFINED = 0,
	ELEMENT_FLOAT = 1,
	ELEMENT_UINT8 = 2,
	ELEMENT_INT8 = 3,
	ELEMENT_UINT16 = 4,
	ELEMENT_INT16 = 5,
	ELEMENT_INT32 = 6,
	ELEMENT_INT64 = 7,
	ELEMENT_STRING = 8,
	ELEMENT_BOOL = 9,
	ELEMENT_FLOAT16 = 10, /* named in messages; no operator takes it */
	ELEMENT_DOUBLE = 11,
	ELEMENT_UINT32 = 12,
	ELEMENT_UINT64 = 13,
	ELEMENT_BFLOAT16 = 16, /* as FLOAT16 */
	ELEMENT_TYPE_COUNT
};

enum {
	TENSOR_RANK_MAX = 8,
	TENSOR_RANK_UNKNOWN = -1, /* only while a graph is being planned */
	TENSOR_SIZE_UNKNOWN = -1 /* of one dimension; the same */
};

struct tensor {
	enum element_type type;
	int rank; /* 0 is a scalar of one element */
	int64_t shape[TENSOR_RANK_MAX]; /* sizes; rank of them are used */
	union {
		void *data; /* NULL: the values are not known */
		float *float32;
		double *float64;
		int8_t *int8;
		uint8_t *uint8; /* also booleans */
		int16_t *int16;
		uint16_t *uint16;
		int32_t *int32;
		uint32_t *uint32;
		int64_t *int64;
		uint64_t *uint64;
		struct text *strings;
	};
};

size_t element_size(enum element_type type); /* bytes in memory; 0 for types we do not hold */
const char *element_type_name(enum element_type type); /* "float", "double", "string"; "?" */

/*
 * Number of elements, 1 for rank 0. False if a size is unknown or negative, or if the bytes would
 * overflow PTRDIFF_MAX.
 */
bool tensor_count(const struct tensor *tensor, size_t *ret);

bool tensor_same_shape(const struct tensor *a, const struct tensor *b);

/* "double[N,3]", for messages; an unknown size is '?'. Returns buffer. */
enum { TENSOR_TEXT = 160 };
const char *tensor_describe(const struct tensor *tensor, char buffer[TENSOR_TEXT]);

#endif
