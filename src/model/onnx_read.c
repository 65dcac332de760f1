/*
 * Unpacks with protobuf-c into the graph's own arena; the graph then borrows names, texts and raw
 * data from the unpacked messages, so that weights are copied once and not three times.
 */
#include <inttypes.h>
#include <string.h>

#include "graph_internal.h"
#include "onnx.pb-c.h"
#include "onnx_internal.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is used as it stands");

/*
 * Unpacking needs some 100 bytes for a message of two, and protobuf-c's scratch lists are not given
 * back to an arena. Beyond this a file is made to exhaust memory.
 */
static size_t onnx_memory_cap(size_t length)
{
	return ((size_t)256 << 20) + length * 16;
}

enum { ONNX_ATTRIBUTES_MAX = 256 }; /* of one node: they are searched one by one */

static void *onnx_allocate(void *context, size_t size)
{
	struct error err = ERROR_INIT; /* protobuf-c only wants NULL */
	return arena_allocate(context, 1, size, &err);
}

static void onnx_free(void *context, void *pointer)
{
	(void)context, (void)pointer;
}

static ProtobufCAllocator onnx_allocator(struct arena *arena)
{
	return (ProtobufCAllocator){ onnx_allocate, onnx_free, arena };
}

static const char *onnx_string(const char *text)
{
	return text ? text : "";
}

/* Copies count integers of one width into another; the element type says which. */
static int onnx_narrow(struct tensor *tensor, const int32_t *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		switch (tensor->type) {
		case ELEMENT_INT8:
		case ELEMENT_UINT8:
			tensor->uint8[i] = (uint8_t)from[i];
			break;
		case ELEMENT_BOOL:
			tensor->uint8[i] = from[i] != 0;
			break;
		case ELEMENT_INT16:
		case ELEMENT_UINT16:
			tensor->uint16[i] = (uint16_t)from[i];
			break;
		default:
			return -1;
		}
	return 0;
}

/* The list of typed data that the element type is kept in. */
static const void *onnx_typed_data(const Onnx__TensorProto *proto, enum element_type type,
	size_t *ret_count, bool *ret_in_place)
{
	*ret_in_place = true;
	switch (type) {
	case ELEMENT_FLOAT:
		*ret_count = proto->n_float_data;
		return proto->float_data;
	case ELEMENT_DOUBLE:
		*ret_count = proto->n_double_data;
		return proto->double_data;
	case ELEMENT_INT64:
		*ret_count = proto->n_int64_data;
		return proto->int64_data;
	case ELEMENT_UINT64:
		*ret_count = proto->n_uint64_data;
		return proto->uint64_data;
	case ELEMENT_UINT32:
		*ret_in_place = false;
		*ret_count = proto->n_uint64_data;
		return proto->uint64_data;
	case ELEMENT_INT32:
		*ret_count = proto->n_int32_data;
		return proto->int32_data;
	default:
		*ret_in_place = false;
		*ret_count = proto->n_int32_data;
		return proto->int32_data;
	}
}

static int onnx_wrong_count(
	const Onnx__TensorProto *proto, size_t have, size_t want, struct error *err)
{
	return error_set(err, ERROR_INVALID, "tensor '%s' holds %zu values, its shape asks for %zu",
		onnx_string(proto->name), have, want);
}

static int onnx_fill_raw(const Onnx__TensorProto *proto, size_t count, struct arena *arena,
	struct tensor *tensor, struct error *err)
{
	size_t bytes = count * element_size(tensor->type);
	if (proto->raw_data.len != bytes)
		return error_set(err, ERROR_INVALID,
			"tensor '%s' holds %zu bytes, its shape asks for %zu",
			onnx_string(proto->name), proto->raw_data.len, bytes);
	tensor->data = proto->raw_data.data;
	if (!bytes)
		tensor->data = arena_allocate(arena, 1, 1, err);
	if (!tensor->data)
		return -(int)err->code;
	for (size_t i = 0; tensor->type == ELEMENT_BOOL && i < count; i++)
		tensor->uint8[i] = tensor->uint8[i] != 0;
	return 0;
}

static int onnx_fill_strings(const Onnx__TensorProto *proto, size_t count, struct arena *arena,
	struct tensor *tensor, struct error *err)
{
	if (proto->n_string_data != count)
		return onnx_wrong_count(proto, proto->n_string_data, count, err);
	tensor->strings = arena_allocate(arena, count, sizeof *tensor->strings, err);
	if (!tensor->strings)
		return -(int)err->code;
	for (size_t i = 0; i < count; i++) {
		const ProtobufCBinaryData *one = &proto->string_data[i];
		tensor->strings[i] =
			(struct text){ one->len ? (const char *)one->data : "", one->len };
	}
	return 0;
}

static int onnx_fill_typed(const Onnx__TensorProto *proto, size_t count, struct arena *arena,
	struct tensor *tensor, struct error *err)
{
	size_t have;
	bool in_place;
	const void *from = onnx_typed_data(proto, tensor->type, &have, &in_place);
	if (have != count)
		return onnx_wrong_count(proto, have, count, err);
	if (in_place && count) {
		memcpy(&tensor->data, &from, sizeof from); /* the arena's, so ours */
		return 0;
	}
	tensor->data = arena_allocate(arena, count, element_size(tensor->type), err);
	if (!tensor->data)
		return -(int)err->code;
	if (tensor->type == ELEMENT_UINT32)
		for (size_t i = 0; i < count; i++)
			tensor->uint32[i] = (uint32_t)proto->uint64_data[i];
	else if (onnx_narrow(tensor, proto->int32_data, count) < 0)
		return error_set(err, ERROR_UNSUPPORTED, "tensor '%s' holds %s",
			onnx_string(proto->name), element_type_name(tensor->type));
	return 0;
}

static int onnx_fill_tensor(const Onnx__TensorProto *proto, struct arena *arena,
	struct tensor *tensor, struct error *err)
{
	size_t count;
	const char *name = onnx_string(proto->name);
	*tensor = (struct tensor){ .type = (enum element_type)proto->data_type };
	if (proto->n_external_data || (proto->has_data_location && proto->data_location))
		return error_set(err, ERROR_UNSUPPORTED,
			"tensor '%s' keeps its values in another file", name);
	if (proto->segment)
		return error_set(err, ERROR_UNSUPPORTED, "tensor '%s' is cut into segments", name);
	if (proto->data_type < 0 || !element_size(tensor->type))
		return error_set(err, ERROR_UNSUPPORTED,
			"tensor '%s' is of element type %s (%d), which is not supported", name,
			element_type_name(tensor->type), (int)proto->data_type);
	if (proto->n_dims > TENSOR_RANK_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "tensor '%s' has %zu dimensions, over %d",
			name, proto->n_dims, TENSOR_RANK_MAX);
	tensor->rank = (int)proto->n_dims;
	for (int i = 0; i < tensor->rank; i++)
		tensor->shape[i] = proto->dims[i];
	if (!tensor_count(tensor, &count))
		return error_set(err, ERROR_INVALID, "tensor '%s' has an impossible shape", name);
	if (tensor->type == ELEMENT_STRING)
		return onnx_fill_strings(proto, count, arena, tensor, err);
	if (proto->has_raw_data && (proto->raw_data.len || !proto->n_float_data))
		return onnx_fill_raw(proto, count, arena, tensor, err);
	return onnx_fill_typed(proto, count, arena, tensor, err);
}

int onnx_read_tensor(const void *bytes, size_t length, struct arena *arena,
	struct tensor *ret_tensor, struct error *err)
{
	if (onnx_scan_tensor(bytes, length, err) < 0)
		return -(int)err->code;
	ProtobufCAllocator allocator = onnx_allocator(arena);
	Onnx__TensorProto *proto = onnx__tensor_proto__unpack(&allocator, length, bytes);
	if (!proto)
		return error_set(err, ERROR_CORRUPT, "not a tensor in ONNX's format");
	return onnx_fill_tensor(proto, arena, ret_tensor, err);
}

static bool onnx_texts(struct graph *graph, struct graph_attribute *one,
	const ProtobufCBinaryData *from, size_t count)
{
	struct text *texts = arena_allocate(&graph->arena, count, sizeof *texts, &graph->failure);
	if (!texts)
		return false;
	for (size_t i = 0; i < count; i++)
		texts[i] =
			(struct text){ from[i].len ? (const char *)from[i].data : "", from[i].len };
	one->strings = texts;
	one->count = count;
	return true;
}

/* Files older than IR 2 do not say the type: the field that is there tells. */
static Onnx__AttributeProto__AttributeType onnx_attribute_type(const Onnx__AttributeProto *proto)
{
	if (proto->has_type)
		return proto->type;
	return proto->has_f       ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT
	       : proto->has_i     ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT
	       : proto->has_s     ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING
	       : proto->t         ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR
	       : proto->n_floats  ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS
	       : proto->n_ints    ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS
	       : proto->n_strings ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS
				  : ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED;
}

static int onnx_fill_attribute(struct graph *graph, const Onnx__AttributeProto *proto,
	struct graph_attribute *one, struct error *err)
{
	struct tensor *tensor = NULL;
	*one = (struct graph_attribute){ .name = onnx_string(proto->name), .count = 1 };
	switch (onnx_attribute_type(proto)) {
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
		one->kind = ATTRIBUTE_FLOAT;
		one->number = proto->f;
		return 0;
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
		one->kind = ATTRIBUTE_INT;
		one->integer = proto->i;
		return 0;
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
		one->kind = ATTRIBUTE_STRING;
		one->string = (struct text){ proto->s.len ? (const char *)proto->s.data : "",
			proto->s.len };
		return 0;
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
		if (!proto->t)
			return error_set(err, ERROR_INVALID, "it has no tensor");
		one->kind = ATTRIBUTE_TENSOR;
		tensor = arena_allocate(&graph->arena, 1, sizeof *tensor, err);
		if (!tensor || onnx_fill_tensor(proto->t, &graph->arena, tensor, err) < 0)
			return -(int)err->code;
		one->tensor = tensor;
		return 0;
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
		one->kind = ATTRIBUTE_FLOATS;
		one->numbers = proto->floats;
		one->count = proto->n_floats;
		return 0;
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
		one->kind = ATTRIBUTE_INTS;
		one->integers = proto->ints;
		one->count = proto->n_ints;
		return 0;
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS:
		one->kind = ATTRIBUTE_STRINGS;
		if (!onnx_texts(graph, one, proto->strings, proto->n_strings))
			return graph_check(graph, err);
		return 0;
	default:
		one->kind = ATTRIBUTE_OTHER;
		return 0;
	}
}

static int onnx_take_name(
	struct graph *graph, const char *name, const char *what, struct error *err)
{
	if (!*name)
		return error_set(err, ERROR_INVALID, "%s of the graph has no name", what);
	if (map_has(&graph->names, name))
		return error_set(
			err, ERROR_INVALID, "the name '%s' is used twice in the graph", name);
	return map_put(&graph->names, name, graph, err);
}

static const char **onnx_names(struct graph *graph, char **from, size_t count, struct error *err)
{
	const char **names = arena_allocate(&graph->arena, count, sizeof *names, err);
	for (size_t i = 0; names && i < count; i++)
		names[i] = onnx_string(from[i]);
	return names;
}

static int onnx_add_node(struct graph *graph, const Onnx__NodeProto *proto, struct error *err)
{
	char text[NODE_TEXT];
	struct graph_node *node = arena_allocate(&graph->arena, 1, sizeof *node, err);
	if (!node)
		return -(int)err->code;
	*node = (struct graph_node){
		.graph = graph,
		.name = onnx_string(proto->name),
		.op = onnx_string(proto->op_type),
		.domain = onnx_string(proto->domain),
		.inputs = onnx_names(graph, proto->input, proto->n_input, err),
		.outputs = onnx_names(graph, proto->output, proto->n_output, err),
		.n_inputs = proto->n_input,
		.n_outputs = proto->n_output,
	};
	if (strcmp(node->domain, "ai.onnx") == 0)
		node->domain = ""; /* two spellings of one domain */
	if (!node->inputs || !node->outputs)
		return -(int)err->code;
	vec_push(&graph->nodes, node);
	if (vec_check(&graph->nodes, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < node->n_outputs; i++)
		if (*node->outputs[i] &&
			onnx_take_name(graph, node->outputs[i], "an output", err) < 0)
			return error_prefix(err, "%s", node_describe(node, text));
	if (proto->n_attribute > ONNX_ATTRIBUTES_MAX)
		return error_set(err, ERROR_INVALID, "%s has over %d attributes",
			node_describe(node, text), ONNX_ATTRIBUTES_MAX);
	for (size_t i = 0; i < proto->n_attribute; i++) {
		struct graph_attribute one;
		if (onnx_fill_attribute(graph, proto->attribute[i], &one, err) < 0)
			return error_prefix(err, "%s: attribute '%s'", node_describe(node, text),
				onnx_string(proto->attribute[i]->name));
		if (node_attribute(node, one.name))
			return error_set(err, ERROR_INVALID, "%s: attribute '%s' stands twice",
				node_describe(node, text), one.name);
		vec_push(&node->attributes, one);
	}
	return vec_check(&node->attributes, err);
}

static int onnx_fill_value(
	const Onnx__ValueInfoProto *proto, struct graph_value *value, struct error *err)
{
	*value = (struct graph_value){
		.name = onnx_string(proto->name), .is_tensor = true, .rank = TENSOR_RANK_UNKNOWN
	};
	if (!proto->type)
		return 0;
	value->is_tensor = proto->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
	if (!value->is_tensor)
		return 0;
	const Onnx__TypeProto__Tensor *type = proto->type->tensor_type;
	if (type->elem_type > 0 && type->elem_type < ELEMENT_TYPE_COUNT)
		value->type = (enum element_type)type->elem_type;
	if (!type->shape)
		return 0;
	if (type->shape->n_dim > TENSOR_RANK_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "'%s' has %zu dimensions, over %d",
			value->name, type->shape->n_dim, TENSOR_RANK_MAX);
	value->rank = (int)type->shape->n_dim;
	for (int i = 0; i < value->rank; i++) {
		const Onnx__TensorShapeProto__Dimension *dim = type->shape->dim[i];
		struct graph_dimension *to = &value->dimensions[i];
		*to = (struct graph_dimension){ TENSOR_SIZE_UNKNOWN, NULL };
		if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE &&
			dim->dim_value >= 0)
			to->size = dim->dim_value;
		else if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM)
			to->symbol = dim->dim_param;
	}
	return 0;
}

static int onnx_add_values(struct graph *graph, const Onnx__GraphProto *proto, struct error *err)
{
	struct graph_value value;
	for (size_t i = 0; i < proto->n_initializer; i++) {
		struct graph_initializer one = { .name = onnx_string(proto->initializer[i]->name) };
		if (onnx_take_name(graph, one.name, "an initializer", err) < 0 ||
			onnx_fill_tensor(proto->initializer[i], &graph->arena, &one.tensor, err) <
				0)
			return -(int)err->code;
		vec_push(&graph->initializers, one);
	}
	for (size_t i = 0; i < proto->n_input; i++) {
		if (onnx_fill_value(proto->input[i], &value, err) < 0)
			return -(int)err->code;
		if (map_has(&graph->names, value.name) && proto->n_initializer) {
			/* Before IR 4 initializers were inputs too; a name twice is still wrong. */
			if (map_get(&graph->names, value.name) == &graph->inputs)
				return error_set(
					err, ERROR_INVALID, "input '%s' stands twice", value.name);
			if (map_put(&graph->names, value.name, &graph->inputs, err) < 0)
				return -(int)err->code;
			continue;
		}
		if (onnx_take_name(graph, value.name, "an input", err) < 0 ||
			map_put(&graph->names, value.name, &graph->inputs, err) < 0)
			return -(int)err->code;
		vec_push(&graph->inputs, value);
	}
	for (size_t i = 0; i < proto->n_output; i++) {
		if (onnx_fill_value(proto->output[i], &value, err) < 0)
			return -(int)err->code;
		vec_push(&graph->outputs, value);
	}
	return 0;
}

static int onnx_fill_graph(struct graph *graph, const Onnx__ModelProto *proto, struct error *err)
{
	const Onnx__GraphProto *inner = proto->graph;
	if (!inner)
		return error_set(err, ERROR_INVALID, "not an ONNX model: it has no graph");
	if (proto->ir_version < ONNX_IR_MIN || proto->ir_version > ONNX_IR_MAX)
		return error_set(err, ERROR_UNSUPPORTED,
			"ONNX IR version %" PRId64 ": %d to %d are supported", proto->ir_version,
			ONNX_IR_MIN, ONNX_IR_MAX);
	if (proto->n_functions)
		return error_set(err, ERROR_UNSUPPORTED, "the model defines its own functions");
	if (inner->n_sparse_initializer)
		return error_set(err, ERROR_UNSUPPORTED, "the model has sparse initializers");
	graph->ir_version = proto->ir_version;
	graph->model_version = proto->model_version;
	graph->producer_name = onnx_string(proto->producer_name);
	graph->producer_version = onnx_string(proto->producer_version);
	graph->doc = onnx_string(proto->doc_string);
	graph->name = onnx_string(inner->name);
	for (size_t i = 0; i < proto->n_opset_import; i++) {
		const char *domain = onnx_string(proto->opset_import[i]->domain);
		vec_push(&graph->opsets,
			(struct graph_opset){ strcmp(domain, "ai.onnx") == 0 ? "" : domain,
				proto->opset_import[i]->version });
	}
	for (size_t i = 0; i < proto->n_metadata_props; i++)
		vec_push(&graph->metadata,
			(struct graph_metadata){ onnx_string(proto->metadata_props[i]->key),
				onnx_string(proto->metadata_props[i]->value) });
	if (onnx_add_values(graph, inner, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < inner->n_node; i++)
		if (onnx_add_node(graph, inner->node[i], err) < 0)
			return -(int)err->code;
	vec_each (output, &graph->outputs)
		if (!map_has(&graph->names, output->name))
			return error_set(err, ERROR_INVALID,
				"the graph's output '%s' is made by no node", output->name);
	return graph_check(graph, err);
}

int onnx_read(const void *bytes, size_t length, struct graph *ret_graph, struct error *err)
{
	graph_init(ret_graph);
	ret_graph->opsets.count = 0; /* those of the file instead */
	ret_graph->arena.cap = onnx_memory_cap(length);
	ProtobufCAllocator allocator = onnx_allocator(&ret_graph->arena);
	int r = onnx_scan_model(bytes, length, err);
	if (r == 0) {
		Onnx__ModelProto *proto = onnx__model_proto__unpack(&allocator, length, bytes);
		r = proto ? onnx_fill_graph(ret_graph, proto, err)
			  : error_set(err, ERROR_CORRUPT,
				    "not an ONNX file: its messages cannot be unpacked");
	}
	if (r < 0)
		graph_release(ret_graph);
	ret_graph->arena.cap = 0;
	return r;
}
