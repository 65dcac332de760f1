/* What every operator shares: attributes, axes, shapes, single elements. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "operator_internal.h"

/* The attribute if it is there; *ret_failed if it is there and of another kind. */
static const struct graph_attribute *setup_find(const struct operator_setup *setup,
	const char *name, enum attribute_kind kind, bool *ret_failed, struct error *err)
{
	const struct graph_attribute *one = node_attribute(setup->node, name);
	*ret_failed = one && one->kind != kind;
	if (*ret_failed)
		error_set(err, ERROR_INVALID, "attribute '%s' is of the wrong kind", name);
	return *ret_failed ? NULL : one;
}

bool setup_has(const struct operator_setup *setup, const char *name)
{
	return node_attribute(setup->node, name) != NULL;
}

int setup_int(const struct operator_setup *setup, const char *name, int64_t otherwise, int64_t *ret,
	struct error *err)
{
	bool failed;
	const struct graph_attribute *one = setup_find(setup, name, ATTRIBUTE_INT, &failed, err);
	*ret = one ? one->integer : otherwise;
	return failed ? -(int)err->code : 0;
}

int setup_float(const struct operator_setup *setup, const char *name, float otherwise, float *ret,
	struct error *err)
{
	bool failed;
	const struct graph_attribute *one = setup_find(setup, name, ATTRIBUTE_FLOAT, &failed, err);
	*ret = one ? one->number : otherwise;
	return failed ? -(int)err->code : 0;
}

int setup_string(const struct operator_setup *setup, const char *name, const char *otherwise,
	struct text *ret, struct error *err)
{
	bool failed;
	const struct graph_attribute *one = setup_find(setup, name, ATTRIBUTE_STRING, &failed, err);
	*ret = one ? one->string : text_of(otherwise);
	return failed ? -(int)err->code : 0;
}

int setup_ints(const struct operator_setup *setup, const char *name, const int64_t **ret,
	size_t *ret_count, struct error *err)
{
	bool failed;
	const struct graph_attribute *one = setup_find(setup, name, ATTRIBUTE_INTS, &failed, err);
	*ret = one ? one->integers : NULL;
	*ret_count = one ? one->count : 0;
	return failed ? -(int)err->code : 0;
}

int setup_floats(const struct operator_setup *setup, const char *name, const float **ret,
	size_t *ret_count, struct error *err)
{
	bool failed;
	const struct graph_attribute *one = setup_find(setup, name, ATTRIBUTE_FLOATS, &failed, err);
	*ret = one ? one->numbers : NULL;
	*ret_count = one ? one->count : 0;
	return failed ? -(int)err->code : 0;
}

int setup_strings(const struct operator_setup *setup, const char *name, const struct text **ret,
	size_t *ret_count, struct error *err)
{
	bool failed;
	const struct graph_attribute *one =
		setup_find(setup, name, ATTRIBUTE_STRINGS, &failed, err);
	*ret = one ? one->strings : NULL;
	*ret_count = one ? one->count : 0;
	return failed ? -(int)err->code : 0;
}

int setup_tensor(const struct operator_setup *setup, const char *name, const struct tensor **ret,
	struct error *err)
{
	bool failed;
	const struct graph_attribute *one = setup_find(setup, name, ATTRIBUTE_TENSOR, &failed, err);
	*ret = one ? one->tensor : NULL;
	return failed ? -(int)err->code : 0;
}

void *setup_state(struct operator_setup *setup, size_t size, struct error *err)
{
	void *state = arena_allocate(setup->arena, 1, size, err);
	setup->state = state;
	return state;
}

int axis_resolve(int64_t axis, int rank, int *ret, struct error *err)
{
	if (axis < -(int64_t)rank || axis >= rank)
		return error_set(
			err, ERROR_INVALID, "axis %" PRId64 " of %d dimensions", axis, rank);
	*ret = (int)(axis < 0 ? axis + rank : axis);
	return 0;
}

size_t tensor_elements_from(const struct tensor *tensor, int axis)
{
	size_t count = 1;
	for (int i = axis; i < tensor->rank; i++)
		count *= (size_t)tensor->shape[i];
	return count;
}

size_t tensor_elements_before(const struct tensor *tensor, int axis)
{
	size_t count = 1;
	for (int i = 0; i < axis; i++)
		count *= (size_t)tensor->shape[i];
	return count;
}

size_t tensor_elements(const struct tensor *tensor)
{
	return tensor_elements_from(tensor, 0);
}

void tensor_take_shape(struct tensor *to, enum element_type type, const struct tensor *from)
{
	tensor_set_shape(to, type, from->rank, from->shape);
}

void tensor_set_shape(struct tensor *to, enum element_type type, int rank, const int64_t *shape)
{
	to->type = type;
	to->rank = rank;
	for (int i = 0; i < rank; i++)
		to->shape[i] = shape[i];
}

void tensor_set_unknown(struct tensor *to, enum element_type type)
{
	to->type = type;
	to->rank = TENSOR_RANK_UNKNOWN;
}

double tensor_double(const struct tensor *tensor, size_t i)
{
	switch (tensor->type) {
	case ELEMENT_FLOAT:
		return (double)tensor->float32[i];
	case ELEMENT_DOUBLE:
		return tensor->float64[i];
	case ELEMENT_UINT64:
		return (double)tensor->uint64[i];
	default:
		return (double)tensor_integer(tensor, i);
	}
}

/* Saturating; NaN becomes 0. */
static int64_t tensor_cut(double value)
{
	if (isnan(value))
		return 0;
	return value >= 0x1p63 ? INT64_MAX : value < -0x1p63 ? INT64_MIN : (int64_t)value;
}

int64_t tensor_integer(const struct tensor *tensor, size_t i)
{
	switch (tensor->type) {
	case ELEMENT_FLOAT:
		return tensor_cut((double)tensor->float32[i]);
	case ELEMENT_DOUBLE:
		return tensor_cut(tensor->float64[i]);
	case ELEMENT_INT8:
		return tensor->int8[i];
	case ELEMENT_UINT8:
	case ELEMENT_BOOL:
		return tensor->uint8[i];
	case ELEMENT_INT16:
		return tensor->int16[i];
	case ELEMENT_UINT16:
		return tensor->uint16[i];
	case ELEMENT_INT32:
		return tensor->int32[i];
	case ELEMENT_UINT32:
		return tensor->uint32[i];
	case ELEMENT_INT64:
		return tensor->int64[i];
	case ELEMENT_UINT64:
		return (int64_t)tensor->uint64[i];
	default:
		BUG("a %s tensor has no numbers", element_type_name(tensor->type));
	}
}

int infer_same(struct operator_call *call, struct error *err)
{
	(void)err;
	tensor_take_shape(call->out[0], call->in[0]->type, call->in[0]);
	return 0;
}

int require_types(const struct tensor *tensor, uint32_t types, const char *what, struct error *err)
{
	if (tensor->type == ELEMENT_UNDEFINED || (types >> tensor->type & 1))
		return 0;
	return error_set(err, ERROR_UNSUPPORTED, "%s is of type %s, which is not supported", what,
		element_type_name(tensor->type));
}
