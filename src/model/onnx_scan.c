#include <inttypes.h>

#include "onnx_internal.h"

/* The messages that can hold others; all else is a leaf whose content is not looked at. */
enum scan_kind {
	SCAN_LEAF,
	SCAN_MODEL,
	SCAN_GRAPH,
	SCAN_NODE,
	SCAN_ATTRIBUTE,
	SCAN_VALUE,
	SCAN_TYPE,
	SCAN_SEQUENCE, /* also optional */
	SCAN_MAP,
	SCAN_FUNCTION,
	SCAN_TRAINING,
	SCAN_KIND_COUNT
};

struct scan_child {
	uint32_t field;
	enum scan_kind kind;
	bool once;
};

/* Field numbers of onnx.proto. */
enum { SCAN_CHILDREN = 7 };
static const struct {
	const char *name;
	struct scan_child children[SCAN_CHILDREN];
} scan_kinds[SCAN_KIND_COUNT] = {
	[SCAN_LEAF] = { "message", { { 0 } } },
	[SCAN_MODEL] = { "model", { { 7, SCAN_GRAPH, true }, { 20, SCAN_TRAINING, false },
					  { 25, SCAN_FUNCTION, false } } },
	[SCAN_GRAPH] = { "graph", { { 1, SCAN_NODE, false }, { 5, SCAN_LEAF, false },
					  { 11, SCAN_VALUE, false }, { 12, SCAN_VALUE, false },
					  { 13, SCAN_VALUE, false }, { 15, SCAN_LEAF, false } } },
	[SCAN_NODE] = { "node", { { 5, SCAN_ATTRIBUTE, false } } },
	[SCAN_ATTRIBUTE] = { "attribute",
		{ { 5, SCAN_LEAF, true }, { 6, SCAN_GRAPH, true }, { 11, SCAN_GRAPH, false },
			{ 14, SCAN_TYPE, true }, { 15, SCAN_TYPE, false },
			{ 22, SCAN_LEAF, true } } },
	[SCAN_VALUE] = { "value", { { 2, SCAN_TYPE, true } } },
	[SCAN_TYPE] = { "type",
		{ { 1, SCAN_LEAF, true }, { 4, SCAN_SEQUENCE, true }, { 5, SCAN_MAP, true },
			{ 8, SCAN_LEAF, true }, { 9, SCAN_SEQUENCE, true } } },
	[SCAN_SEQUENCE] = { "sequence type", { { 1, SCAN_TYPE, true } } },
	[SCAN_MAP] = { "map type", { { 2, SCAN_TYPE, true } } },
	[SCAN_FUNCTION] = { "function", { { 7, SCAN_NODE, false } } },
	[SCAN_TRAINING] = { "training info", { { 1, SCAN_GRAPH, true }, { 2, SCAN_GRAPH, true } } },
};

struct scan {
	const unsigned char *start, *at, *end; /* of the file; `end` of the innermost message */
	struct error *err;
};

static int scan_broken(const struct scan *scan, const char *what)
{
	return error_set(scan->err, ERROR_CORRUPT, "not a whole ONNX file: %s at byte %td", what,
		scan->at - scan->start);
}

static bool scan_varint(struct scan *scan, uint64_t *ret)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 70; shift += 7) {
		if (scan->at == scan->end)
			return false;
		unsigned char byte = *scan->at++;
		value |= (uint64_t)(byte & 127) << (shift & 63);
		if (byte < 128) {
			*ret = value;
			return true;
		}
	}
	return false;
}

/* Steps over a field's value; for a length-prefixed one *ret_inner is its end, else NULL. */
static int scan_value(struct scan *scan, unsigned wire, const unsigned char **ret_inner)
{
	uint64_t number = 0;
	size_t left = (size_t)(scan->end - scan->at);
	*ret_inner = NULL;
	switch (wire) {
	case 0:
		if (!scan_varint(scan, &number))
			return scan_broken(scan, "a number is cut off");
		return 0;
	case 1:
	case 5:
		if (left < (wire == 1 ? 8 : 4))
			return scan_broken(scan, "a number is cut off");
		scan->at += wire == 1 ? 8 : 4;
		return 0;
	case 2:
		if (!scan_varint(scan, &number) || number > (size_t)(scan->end - scan->at))
			return scan_broken(scan, "a field is longer than its message");
		*ret_inner = scan->at + number;
		return 0;
	default:
		return scan_broken(scan, "there is no such kind of field");
	}
}

static int scan_message(struct scan *scan, enum scan_kind kind, unsigned depth);

static const struct scan_child *scan_child(enum scan_kind kind, uint64_t field)
{
	for (size_t i = 0; i < SCAN_CHILDREN; i++)
		if (scan_kinds[kind].children[i].field == field && field)
			return &scan_kinds[kind].children[i];
	return NULL;
}

static int scan_field(struct scan *scan, enum scan_kind kind, unsigned depth, size_t *counts)
{
	uint64_t tag;
	const unsigned char *inner;
	if (!scan_varint(scan, &tag) || tag >> 3 == 0 || tag >> 3 > (1 << 29) - 1)
		return scan_broken(scan, "there is no field number");
	if (scan_value(scan, (unsigned)(tag & 7), &inner) < 0)
		return -(int)scan->err->code;
	if (!inner)
		return 0;
	const struct scan_child *child = scan_child(kind, tag >> 3);
	if (!child) {
		scan->at = inner;
		return 0;
	}
	size_t *count = &counts[child - scan_kinds[kind].children];
	if (++*count > (child->once ? 1 : ONNX_NODES_MAX))
		return error_set(scan->err, ERROR_INVALID,
			"the ONNX file has %s field %" PRIu64 " more than %zu times",
			scan_kinds[kind].name, tag >> 3, *count - 1);
	if (child->kind == SCAN_LEAF) {
		scan->at = inner;
		return 0;
	}
	const unsigned char *outer = scan->end;
	scan->end = inner;
	if (scan_message(scan, child->kind, depth + 1) < 0)
		return -(int)scan->err->code;
	scan->end = outer;
	return 0;
}

static int scan_message(struct scan *scan, enum scan_kind kind, unsigned depth)
{
	size_t counts[SCAN_CHILDREN] = { 0 };
	if (depth > ONNX_DEPTH_MAX)
		return error_set(scan->err, ERROR_INVALID,
			"the ONNX file nests its messages over %d deep", ONNX_DEPTH_MAX);
	while (scan->at < scan->end)
		if (scan_field(scan, kind, depth, counts) < 0)
			return -(int)scan->err->code;
	return 0;
}

static int scan_start(const void *bytes, size_t length, enum scan_kind kind, struct error *err)
{
	if (length > ONNX_BYTES_MAX)
		return error_set(
			err, ERROR_INVALID, "an ONNX file cannot be %zu bytes long", length);
	if (!length)
		return error_set(err, ERROR_CORRUPT, "not an ONNX file: it is empty");
	struct scan scan = { .start = bytes, .at = bytes, .err = err };
	scan.end = scan.start + length;
	return scan_message(&scan, kind, 0);
}

int onnx_scan_model(const void *bytes, size_t length, struct error *err)
{
	return scan_start(bytes, length, SCAN_MODEL, err);
}

int onnx_scan_tensor(const void *bytes, size_t length, struct error *err)
{
	return scan_start(bytes, length, SCAN_LEAF, err);
}
