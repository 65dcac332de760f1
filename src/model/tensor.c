#include "mlops/model/tensor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	size_t size;
} element_types[ELEMENT_TYPE_COUNT] = {
	[ELEMENT_UNDEFINED] = { "undefined", 0 },
	[ELEMENT_FLOAT] = { "float", sizeof(float) },
	[ELEMENT_UINT8] = { "uint8", 1 },
	[ELEMENT_INT8] = { "int8", 1 },
	[ELEMENT_UINT16] = { "uint16", 2 },
	[ELEMENT_INT16] = { "int16", 2 },
	[ELEMENT_INT32] = { "int32", 4 },
	[ELEMENT_INT64] = { "int64", 8 },
	[ELEMENT_STRING] = { "string", sizeof(struct text) },
	[ELEMENT_BOOL] = { "bool", 1 },
	[ELEMENT_FLOAT16] = { "float16", 0 },
	[ELEMENT_DOUBLE] = { "double", sizeof(double) },
	[ELEMENT_UINT32] = { "uint32", 4 },
	[ELEMENT_UINT64] = { "uint64", 8 },
	[ELEMENT_BFLOAT16] = { "bfloat16", 0 },
};

size_t element_size(enum element_type type)
{
	return (unsigned)type < ELEMENT_TYPE_COUNT ? element_types[type].size : 0;
}

const char *element_type_name(enum element_type type)
{
	if ((unsigned)type < ELEMENT_TYPE_COUNT && element_types[type].name)
		return element_types[type].name;
	return "?";
}

bool tensor_count(const struct tensor *tensor, size_t *ret)
{
	if (tensor->rank < 0)
		return false;
	size_t count = 1, bytes;
	bool empty = false;
	for (int i = 0; i < tensor->rank; i++) {
		if (tensor->shape[i] < 0)
			return false;
		/* A zero does not excuse sizes whose product overflows. */
		if (tensor->shape[i] == 0)
			empty = true;
		else if (__builtin_mul_overflow(count, (size_t)tensor->shape[i], &count))
			return false;
	}
	size_t size = element_size(tensor->type);
	if (__builtin_mul_overflow(count, size ? size : 1, &bytes) || bytes > PTRDIFF_MAX)
		return false;
	*ret = empty ? 0 : count;
	return true;
}

bool tensor_same_shape(const struct tensor *a, const struct tensor *b)
{
	if (a->rank != b->rank)
		return false;
	for (int i = 0; i < a->rank; i++)
		if (a->shape[i] != b->shape[i])
			return false;
	return true;
}

const char *tensor_describe(const struct tensor *tensor, char buffer[TENSOR_TEXT])
{
	if (tensor->rank < 0) {
		snprintf(buffer, TENSOR_TEXT, "%s[…]", element_type_name(tensor->type));
		return buffer;
	}
	size_t used = (size_t)snprintf(buffer, TENSOR_TEXT, "%s[", element_type_name(tensor->type));
	for (int i = 0; i < tensor->rank; i++) {
		const char *comma = i ? "," : "";
		if (tensor->shape[i] < 0)
			used += (size_t)snprintf(buffer + used, TENSOR_TEXT - used, "%s?", comma);
		else
			used += (size_t)snprintf(buffer + used, TENSOR_TEXT - used, "%s%" PRId64,
				comma, tensor->shape[i]);
		if (used > TENSOR_TEXT - 2)
			used = TENSOR_TEXT - 2;
	}
	snprintf(buffer + used, TENSOR_TEXT - used, "]");
	return buffer;
}
