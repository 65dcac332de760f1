#include "mlops/model/onnx.h"

#include <string.h>

#include "unit.h"

/* A small graph that uses every kind of attribute and constant. */
static void onnx_example(struct graph *graph)
{
	graph_init(graph);
	graph_add_input(graph, "x", ELEMENT_DOUBLE, 2, (int64_t[]){ GRAPH_BATCH, 3 });
	const char *w = graph_add_initializer_double(
		graph, "w", 2, (int64_t[]){ 1, 3 }, (double[]){ 1.5, -2, 1e-300 });
	const char *sum = graph_apply(graph, "Add", "", "sum", (const char *[]){ "x", w }, 2);
	const char *table = graph_add_initializer_strings(
		graph, "names", 1, (int64_t[]){ 2 }, (struct text[]){ TEXT("né\0t"), TEXT("") });
	graph_add_initializer_int64(graph, "i", 0, NULL, (int64_t[]){ INT64_MIN });
	graph_add_initializer_float(graph, "none", 2, (int64_t[]){ 0, 4 }, (float[]){ 0 });
	graph_apply(graph, "Gather", "", "picked", (const char *[]){ table, "i" }, 2);
	struct graph_node *node = graph_last_node(graph);
	node_set_int(node, "int", -7);
	node_set_ints(node, "ints", (int64_t[]){ 1, -2, 3 }, 3);
	node_set_float(node, "float", 0.1F);
	node_set_floats(node, "floats", (float[]){ 0.25F, -1 }, 2);
	node_set_string(node, "string", "s");
	node_set_strings(node, "strings", (struct text[]){ TEXT("a"), TEXT("b c") }, 2);
	node_set_tensor(node, "tensor",
		&(struct tensor){ .type = ELEMENT_INT32,
			.rank = 1,
			.shape = { 2 },
			.int32 = (int32_t[]){ 4, 5 } });
	graph_add_output(graph, sum, ELEMENT_DOUBLE, 2, (int64_t[]){ GRAPH_BATCH, 3 });
	graph_add_metadata(graph, "mlops.task", "regression");
	graph_add_metadata(graph, "a", "z");
}

START_TEST(written_graph_reads_back_and_writes_the_same)
{
	struct error err = ERROR_INIT;
	struct graph graph, again;
	onnx_example(&graph);
	AUTO(strbuf_release) struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;
	ck_assert_int_eq(onnx_write(&graph, &one, &err), 0);
	ck_assert_msg(onnx_read(one.text, one.length, &again, &err) == 0, "%s", err.message);
	ck_assert_int_eq(onnx_write(&again, &two, &err), 0);
	ck_assert_uint_eq(one.length, two.length);
	ck_assert_mem_eq(one.text, two.text, one.length);

	ck_assert_uint_eq(again.inputs.count, 1);
	ck_assert_int_eq(again.inputs.items[0].dimensions[0].size, TENSOR_SIZE_UNKNOWN);
	ck_assert_str_eq(again.inputs.items[0].dimensions[0].symbol, "N");
	ck_assert_int_eq(again.inputs.items[0].dimensions[1].size, 3);
	ck_assert_int_eq(graph_opset(&again, ""), 15);
	ck_assert_int_eq(graph_opset(&again, GRAPH_DOMAIN_ML), 2);
	ck_assert_int_eq(graph_opset(&again, "other"), 0);
	const struct tensor *names = graph_initializer(&again, "names");
	ck_assert(text_equal(names->strings[0], TEXT("né\0t")));
	ck_assert_uint_eq(names->strings[1].length, 0);
	ck_assert_double_eq(graph_initializer(&again, "w")->float64[2], 1e-300);
	const struct graph_node *node = again.nodes.items[1];
	ck_assert_int_eq(node_attribute(node, "int")->integer, -7);
	ck_assert_uint_eq(node_attribute(node, "ints")->count, 3);
	ck_assert_int_eq(node_attribute(node, "ints")->integers[1], -2);
	ck_assert_float_eq(node_attribute(node, "float")->number, 0.1F);
	ck_assert_float_eq(node_attribute(node, "floats")->numbers[0], 0.25F);
	ck_assert(text_is(node_attribute(node, "strings")->strings[1], "b c"));
	ck_assert_int_eq(node_attribute(node, "tensor")->tensor->int32[1], 5);
	ck_assert_str_eq(graph_metadata(&again, "mlops.task"), "regression");
	graph_release(&graph);
	graph_release(&again);
}
END_TEST

/* Whatever is cut off or flipped, reading ends with a graph or with an error, never a crash. */
START_TEST(damaged_files_are_refused_or_read)
{
	struct error err = ERROR_INIT;
	struct graph graph, again;
	onnx_example(&graph);
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	ck_assert_int_eq(onnx_write(&graph, &bytes, &err), 0);
	size_t refused = 0;
	for (size_t length = 0; length < bytes.length; length++) {
		/* an exact copy, so that a sanitizer sees reads beyond its end */
		char *copy = malloc(length ? length : 1);
		memcpy(copy, bytes.text, length);
		if (onnx_read(copy, length, &again, &err) == 0)
			graph_release(&again);
		else
			refused++;
		free(copy);
	}
	ck_assert_uint_gt(refused, bytes.length / 2);
	for (size_t at = 0; at < bytes.length; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			bytes.text[at] = (char)(bytes.text[at] ^ (1 << bit));
			if (onnx_read(bytes.text, bytes.length, &again, &err) == 0)
				graph_release(&again);
			bytes.text[at] = (char)(bytes.text[at] ^ (1 << bit));
		}
	graph_release(&graph);
}
END_TEST

/* Protobuf by hand: a length-prefixed field around what `out` holds from `from` on. */
static void onnx_wrap(struct strbuf *out, unsigned field)
{
	AUTO(strbuf_release) struct strbuf inner = STRBUF_INIT;
	strbuf_add_bytes(&inner, out->text, out->length);
	strbuf_clear(out);
	strbuf_add_char(out, (char)(field << 3 | 2));
	size_t length = inner.length;
	for (; length > 127; length >>= 7)
		strbuf_add_char(out, (char)(length | 128));
	strbuf_add_char(out, (char)length);
	strbuf_add_bytes(out, inner.text, inner.length);
}

static void onnx_expect(const struct strbuf *bytes, enum error_code code, const char *message)
{
	struct error err = ERROR_INIT;
	struct graph graph;
	ck_assert_int_eq(onnx_read(bytes->text, bytes->length, &graph, &err), -(int)code);
	ck_assert_msg(strstr(err.message, message) != NULL, "'%s' in '%s'", message, err.message);
}

START_TEST(deep_nesting_is_refused)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	for (int i = 0; i < 20000; i++) {
		onnx_wrap(&bytes, 6); /* AttributeProto.g */
		onnx_wrap(&bytes, 5); /* NodeProto.attribute */
		onnx_wrap(&bytes, 1); /* GraphProto.node */
		if (i > 100 && bytes.length > 60000)
			break;
	}
	onnx_wrap(&bytes, 7);
	onnx_expect(&bytes, ERROR_INVALID, "nests");
}
END_TEST

START_TEST(hostile_tensors_are_refused)
{
	static const struct {
		const char *tensor;
		size_t length;
		enum error_code code;
		const char *message;
	} cases[] = {
		/* dims 1<<62, 4; float */
		{ "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x40\x08\x04\x10\x01\x42\x01t", 17,
			ERROR_INVALID, "tensor 't' has an impossible shape" },
		/* dims -1 */
		{ "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\x01\x42\x01t", 16,
			ERROR_INVALID, "tensor 't' has an impossible shape" },
		/* dims 2, float, raw_data of 4 bytes */
		{ "\x08\x02\x10\x01\x42\x01t\x4a\x04"
		  "abcd",
			13, ERROR_INVALID, "holds 4 bytes, its shape asks for 8" },
		/* dims 2, float, nothing */
		{ "\x08\x02\x10\x01\x42\x01t", 7, ERROR_INVALID,
			"holds 0 values, its shape asks for 2" },
		/* external_data { key: "location" value: "../x" } */
		{ "\x08\x01\x10\x01\x42\x01t\x6a\x10\x0a\x08location\x12\x04../x", 25,
			ERROR_UNSUPPORTED, "keeps its values in another file" },
		/* complex64 */
		{ "\x08\x01\x10\x0e\x42\x01t", 7, ERROR_UNSUPPORTED, "element type" },
		/* no name */
		{ "\x08\x01\x10\x01\x22\x04\x00\x00\x80\x3f", 10, ERROR_INVALID, "no name" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT, model = STRBUF_INIT;
		strbuf_add_bytes(&bytes, cases[i].tensor, cases[i].length);
		onnx_wrap(&bytes, 5);
		onnx_wrap(&bytes, 7);
		strbuf_add_bytes(&model, "\x08\x08", 2); /* ir_version 8 */
		strbuf_add_bytes(&model, bytes.text, bytes.length);
		onnx_expect(&model, cases[i].code, cases[i].message);
	}
}
END_TEST

START_TEST(typed_data_packed_or_not)
{
	struct error err = ERROR_INIT;
	AUTO(arena_release) struct arena arena = ARENA_INIT(0);
	struct tensor tensor;
	/* dims 2 packed; float_data unpacked, twice */
	const char unpacked[] = "\x0a\x01\x02\x10\x01\x25\x00\x00\x80\x3f\x25\x00\x00\x00\x40";
	ck_assert_int_eq(onnx_read_tensor(unpacked, sizeof unpacked - 1, &arena, &tensor, &err), 0);
	ck_assert_float_eq(tensor.float32[0], 1);
	ck_assert_float_eq(tensor.float32[1], 2);
	/* int8 in int32_data, packed: 1, -1 */
	const char packed[] =
		"\x08\x02\x10\x03\x2a\x0b\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
	ck_assert_int_eq(onnx_read_tensor(packed, sizeof packed - 1, &arena, &tensor, &err), 0);
	ck_assert_int_eq(tensor.int8[0], 1);
	ck_assert_int_eq(tensor.int8[1], -1);
	/* bool in raw_data: 2 becomes 1 */
	const char raw[] = "\x08\x02\x10\x09\x4a\x02\x02\x00";
	ck_assert_int_eq(onnx_read_tensor(raw, sizeof raw - 1, &arena, &tensor, &err), 0);
	ck_assert_uint_eq(tensor.uint8[0], 1);
	ck_assert_uint_eq(tensor.uint8[1], 0);
}
END_TEST

START_TEST(other_files_are_not_onnx)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	onnx_expect(&bytes, ERROR_CORRUPT, "empty");
	strbuf_add(&bytes, "age,income\n1,2\n");
	onnx_expect(&bytes, ERROR_CORRUPT, "not a whole ONNX file");
	strbuf_clear(&bytes);
	strbuf_add_bytes(&bytes, "\x08\x63\x3a\x00", 4); /* IR 99, empty graph */
	onnx_expect(&bytes, ERROR_UNSUPPORTED, "IR version 99");
	strbuf_clear(&bytes);
	strbuf_add_bytes(&bytes, "\x08\x08\x3a\x00\x3a\x00", 6); /* two graphs */
	onnx_expect(&bytes, ERROR_INVALID, "more than 1 times");
}
END_TEST

UNIT_MAIN("model/onnx", written_graph_reads_back_and_writes_the_same,
	damaged_files_are_refused_or_read, deep_nesting_is_refused, hostile_tensors_are_refused,
	typed_data_packed_or_not, other_files_are_not_onnx)
