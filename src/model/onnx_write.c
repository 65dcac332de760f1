/*
 * Builds protobuf-c's messages in an arena, borrowing names and values from the graph, and packs
 * them: fields come out in order of number, lists in order of the graph, so equal graphs give equal
 * bytes.
 */
#include <string.h>

#include "onnx.pb-c.h"
#include "onnx_internal.h"

struct onnx_writer {
	const struct graph *graph;
	struct arena arena;
	struct error *err;
};

/* protobuf-c's messages are not const; packing only reads them. */
static char *onnx_borrow(const char *text)
{
	char *borrowed;
	memcpy(&borrowed, &text, sizeof text);
	return borrowed;
}

static char *onnx_borrow_or_null(const char *text)
{
	return *text ? onnx_borrow(text) : NULL;
}

static ProtobufCBinaryData onnx_bytes(struct text text)
{
	return (ProtobufCBinaryData){ text.length, (uint8_t *)onnx_borrow(text.at) };
}

/* An array of pointers to `count` messages of `size` bytes, which stand in *ret_items. */
static void *onnx_messages(struct onnx_writer *writer, size_t count, size_t size, void *ret_items)
{
	char *items = arena_allocate(&writer->arena, count, size, writer->err);
	void **pointers = arena_allocate(&writer->arena, count, sizeof *pointers, writer->err);
	if (!items || !pointers)
		return NULL;
	for (size_t i = 0; i < count; i++)
		pointers[i] = items + i * size;
	memcpy(ret_items, &items, sizeof items);
	return pointers;
}

static ProtobufCBinaryData *onnx_texts_out(
	struct onnx_writer *writer, const struct text *texts, size_t count)
{
	ProtobufCBinaryData *list =
		arena_allocate(&writer->arena, count, sizeof *list, writer->err);
	for (size_t i = 0; list && i < count; i++)
		list[i] = onnx_bytes(texts[i]);
	return list;
}

static int onnx_put_tensor(struct onnx_writer *writer, const char *name,
	const struct tensor *tensor, Onnx__TensorProto *proto)
{
	size_t count;
	onnx__tensor_proto__init(proto);
	proto->name = onnx_borrow_or_null(name);
	proto->has_data_type = true;
	proto->data_type = (int32_t)tensor->type;
	proto->n_dims = (size_t)tensor->rank;
	if (!tensor_count(tensor, &count))
		return error_set(
			writer->err, ERROR_BUG, "tensor '%s' has an impossible shape", name);
	proto->dims =
		arena_allocate(&writer->arena, proto->n_dims, sizeof *proto->dims, writer->err);
	if (!proto->dims)
		return -(int)writer->err->code;
	memcpy(proto->dims, tensor->shape, proto->n_dims * sizeof *proto->dims);
	if (tensor->type != ELEMENT_STRING) {
		proto->has_raw_data = true;
		proto->raw_data.len = count * element_size(tensor->type);
		proto->raw_data.data = tensor->data;
		return 0;
	}
	proto->n_string_data = count;
	proto->string_data = onnx_texts_out(writer, tensor->strings, count);
	return proto->string_data ? 0 : -(int)writer->err->code;
}

static int onnx_put_attribute(
	struct onnx_writer *writer, const struct graph_attribute *one, Onnx__AttributeProto *proto)
{
	onnx__attribute_proto__init(proto);
	proto->name = onnx_borrow(one->name);
	proto->has_type = true;
	switch (one->kind) {
	case ATTRIBUTE_FLOAT:
		proto->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
		proto->has_f = true;
		proto->f = one->number;
		return 0;
	case ATTRIBUTE_INT:
		proto->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
		proto->has_i = true;
		proto->i = one->integer;
		return 0;
	case ATTRIBUTE_STRING:
		proto->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
		proto->has_s = true;
		proto->s = onnx_bytes(one->string);
		return 0;
	case ATTRIBUTE_TENSOR:
		proto->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
		proto->t = arena_allocate(&writer->arena, 1, sizeof *proto->t, writer->err);
		if (!proto->t)
			return -(int)writer->err->code;
		return onnx_put_tensor(writer, "", one->tensor, proto->t);
	case ATTRIBUTE_FLOATS:
		proto->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
		proto->n_floats = one->count;
		memcpy(&proto->floats, &one->numbers, sizeof one->numbers);
		return 0;
	case ATTRIBUTE_INTS:
		proto->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
		proto->n_ints = one->count;
		memcpy(&proto->ints, &one->integers, sizeof one->integers);
		return 0;
	case ATTRIBUTE_STRINGS:
		proto->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS;
		proto->n_strings = one->count;
		proto->strings = onnx_texts_out(writer, one->strings, one->count);
		return proto->strings ? 0 : -(int)writer->err->code;
	default:
		return error_set(writer->err, ERROR_UNSUPPORTED,
			"attribute '%s' is of a kind that is not written", one->name);
	}
}

static char **onnx_names_out(struct onnx_writer *writer, const char *const *names, size_t count)
{
	char **list = arena_allocate(&writer->arena, count, sizeof *list, writer->err);
	for (size_t i = 0; list && i < count; i++)
		list[i] = onnx_borrow(names[i]);
	return list;
}

static int onnx_put_node(
	struct onnx_writer *writer, const struct graph_node *node, Onnx__NodeProto *proto)
{
	Onnx__AttributeProto *attributes = NULL;
	char text[NODE_TEXT];
	onnx__node_proto__init(proto);
	proto->name = onnx_borrow_or_null(node->name);
	proto->op_type = onnx_borrow(node->op);
	proto->domain = onnx_borrow_or_null(node->domain);
	proto->n_input = node->n_inputs;
	proto->input = onnx_names_out(writer, node->inputs, node->n_inputs);
	proto->n_output = node->n_outputs;
	proto->output = onnx_names_out(writer, node->outputs, node->n_outputs);
	proto->n_attribute = node->attributes.count;
	proto->attribute =
		onnx_messages(writer, node->attributes.count, sizeof *attributes, &attributes);
	if (!proto->input || !proto->output || !proto->attribute)
		return -(int)writer->err->code;
	for (size_t i = 0; i < node->attributes.count; i++)
		if (onnx_put_attribute(writer, &node->attributes.items[i], &attributes[i]) < 0)
			return error_prefix(writer->err, "%s", node_describe(node, text));
	return 0;
}

static int onnx_put_dimensions(
	struct onnx_writer *writer, const struct graph_value *value, Onnx__TypeProto__Tensor *type)
{
	Onnx__TensorShapeProto__Dimension *items = NULL;
	type->shape = arena_allocate(&writer->arena, 1, sizeof *type->shape, writer->err);
	if (!type->shape)
		return -(int)writer->err->code;
	onnx__tensor_shape_proto__init(type->shape);
	type->shape->n_dim = (size_t)value->rank;
	type->shape->dim = onnx_messages(writer, (size_t)value->rank, sizeof *items, &items);
	if (!type->shape->dim)
		return -(int)writer->err->code;
	for (int i = 0; i < value->rank; i++) {
		const struct graph_dimension *from = &value->dimensions[i];
		onnx__tensor_shape_proto__dimension__init(&items[i]);
		if (from->size >= 0) {
			items[i].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
			items[i].dim_value = from->size;
		} else if (from->symbol) {
			items[i].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
			items[i].dim_param = onnx_borrow(from->symbol);
		}
	}
	return 0;
}

static int onnx_put_value(
	struct onnx_writer *writer, const struct graph_value *value, Onnx__ValueInfoProto *proto)
{
	onnx__value_info_proto__init(proto);
	proto->name = onnx_borrow(value->name);
	if (!value->is_tensor)
		return error_set(writer->err, ERROR_UNSUPPORTED,
			"'%s' is no tensor, and other values are not written", value->name);
	Onnx__TypeProto__Tensor *type =
		arena_allocate(&writer->arena, 1, sizeof *type, writer->err);
	proto->type = arena_allocate(&writer->arena, 1, sizeof *proto->type, writer->err);
	if (!type || !proto->type)
		return -(int)writer->err->code;
	onnx__type_proto__init(proto->type);
	onnx__type_proto__tensor__init(type);
	proto->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
	proto->type->tensor_type = type;
	type->has_elem_type = true;
	type->elem_type = (int32_t)value->type;
	return value->rank < 0 ? 0 : onnx_put_dimensions(writer, value, type);
}

static int onnx_put_values(struct onnx_writer *writer, const struct graph_value *values,
	size_t count, Onnx__ValueInfoProto ***ret)
{
	Onnx__ValueInfoProto *items = NULL;
	*ret = onnx_messages(writer, count, sizeof *items, &items);
	if (!*ret)
		return -(int)writer->err->code;
	for (size_t i = 0; i < count; i++)
		if (onnx_put_value(writer, &values[i], &items[i]) < 0)
			return -(int)writer->err->code;
	return 0;
}

static int onnx_put_graph(struct onnx_writer *writer, Onnx__GraphProto *proto)
{
	const struct graph *graph = writer->graph;
	Onnx__NodeProto *nodes = NULL;
	Onnx__TensorProto *tensors = NULL;
	onnx__graph_proto__init(proto);
	proto->name = onnx_borrow(*graph->name ? graph->name : "graph"); /* the checker wants one */
	proto->n_node = graph->nodes.count;
	proto->node = onnx_messages(writer, proto->n_node, sizeof *nodes, &nodes);
	proto->n_initializer = graph->initializers.count;
	proto->initializer = onnx_messages(writer, proto->n_initializer, sizeof *tensors, &tensors);
	if (!proto->node || !proto->initializer)
		return -(int)writer->err->code;
	for (size_t i = 0; i < proto->n_node; i++)
		if (onnx_put_node(writer, graph->nodes.items[i], &nodes[i]) < 0)
			return -(int)writer->err->code;
	for (size_t i = 0; i < proto->n_initializer; i++) {
		const struct graph_initializer *one = &graph->initializers.items[i];
		if (onnx_put_tensor(writer, one->name, &one->tensor, &tensors[i]) < 0)
			return -(int)writer->err->code;
	}
	proto->n_input = graph->inputs.count;
	proto->n_output = graph->outputs.count;
	if (onnx_put_values(writer, graph->inputs.items, graph->inputs.count, &proto->input) < 0)
		return -(int)writer->err->code;
	return onnx_put_values(writer, graph->outputs.items, graph->outputs.count, &proto->output);
}

static int onnx_put_model(struct onnx_writer *writer, Onnx__ModelProto *proto)
{
	const struct graph *graph = writer->graph;
	Onnx__OperatorSetIdProto *opsets = NULL;
	Onnx__StringStringEntryProto *entries = NULL;
	onnx__model_proto__init(proto);
	proto->has_ir_version = true;
	proto->ir_version = graph->ir_version;
	proto->producer_name = onnx_borrow_or_null(graph->producer_name);
	proto->producer_version = onnx_borrow_or_null(graph->producer_version);
	proto->doc_string = onnx_borrow_or_null(graph->doc);
	proto->has_model_version = graph->model_version != 0;
	proto->model_version = graph->model_version;
	proto->n_opset_import = graph->opsets.count;
	proto->opset_import = onnx_messages(writer, graph->opsets.count, sizeof *opsets, &opsets);
	proto->n_metadata_props = graph->metadata.count;
	proto->metadata_props =
		onnx_messages(writer, graph->metadata.count, sizeof *entries, &entries);
	proto->graph = arena_allocate(&writer->arena, 1, sizeof *proto->graph, writer->err);
	if (!proto->opset_import || !proto->metadata_props || !proto->graph)
		return -(int)writer->err->code;
	for (size_t i = 0; i < graph->opsets.count; i++) {
		onnx__operator_set_id_proto__init(&opsets[i]);
		opsets[i].domain = onnx_borrow(graph->opsets.items[i].domain);
		opsets[i].has_version = true;
		opsets[i].version = graph->opsets.items[i].version;
	}
	for (size_t i = 0; i < graph->metadata.count; i++) {
		onnx__string_string_entry_proto__init(&entries[i]);
		entries[i].key = onnx_borrow(graph->metadata.items[i].key);
		entries[i].value = onnx_borrow(graph->metadata.items[i].value);
	}
	return onnx_put_graph(writer, proto->graph);
}

int onnx_write(const struct graph *graph, struct strbuf *out, struct error *err)
{
	struct onnx_writer writer = { .graph = graph, .err = err };
	Onnx__ModelProto proto;
	if (graph_check(graph, err) < 0)
		return -(int)err->code;
	int r = onnx_put_model(&writer, &proto);
	size_t bytes = r < 0 ? 0 : onnx__model_proto__get_packed_size(&proto);
	if (bytes > ONNX_BYTES_MAX)
		r = error_set(err, ERROR_UNSUPPORTED,
			"the model has %zu bytes, more than an ONNX file can hold", bytes);
	if (r == 0 && strbuf_reserve(out, bytes)) {
		onnx__model_proto__pack(&proto, (uint8_t *)out->text + out->length);
		out->length += bytes;
		out->text[out->length] = '\0';
	}
	arena_release(&writer.arena);
	return r < 0 ? r : strbuf_check(out, err);
}
