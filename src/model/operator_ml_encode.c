/* ai.onnx.ml: categories to numbers and back. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "dictionary_internal.h"
#include "ml_internal.h"

/* A mapping from keys to values, each in the list of its type; the others are NULL. */
struct encode {
	struct dictionary dictionary;
	enum element_type key, value;
	const struct text *strings, *key_strings;
	const int64_t *integers;
	const float *floats;
	struct text default_string;
	int64_t default_integer;
	float default_float;
	size_t count;
	int64_t zeros; /* OneHotEncoder: is an unknown category all zeros, or an error? */
};

/* Floats are looked up by their bits: -0 as 0, every NaN as one. */
static int64_t encode_float_key(float x)
{
	uint32_t bits;
	if (x == 0)
		x = 0;
	if (isnan(x))
		return INT64_C(0x7fc00000);
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static int encode_float_keys(struct operator_setup *setup, const float *keys, size_t count,
	const int64_t **ret, struct error *err)
{
	int64_t *bits = arena_allocate(setup->arena, count, sizeof *bits, err);
	for (size_t i = 0; bits && i < count; i++)
		bits[i] = encode_float_key(keys[i]);
	*ret = bits;
	return bits ? 0 : -(int)err->code;
}

static int encode_defaults(struct operator_setup *setup, struct encode *state, struct error *err)
{
	if (setup_string(setup, "default_string", "_Unused", &state->default_string, err) < 0 ||
		setup_int(setup, "default_int64", -1, &state->default_integer, err) < 0)
		return -(int)err->code;
	return setup_float(setup, "default_float", -0.0F, &state->default_float, err);
}

static int encode_label_prepare(struct operator_setup *setup, struct error *err)
{
	struct encode *state = setup_state(setup, sizeof *state, err);
	const struct text *key_strings;
	const int64_t *key_integers;
	const float *key_floats;
	size_t keys[3], values[3];
	if (!state || setup_strings(setup, "keys_strings", &key_strings, &keys[0], err) < 0 ||
		setup_ints(setup, "keys_int64s", &key_integers, &keys[1], err) < 0 ||
		setup_floats(setup, "keys_floats", &key_floats, &keys[2], err) < 0 ||
		setup_strings(setup, "values_strings", &state->strings, &values[0], err) < 0 ||
		setup_ints(setup, "values_int64s", &state->integers, &values[1], err) < 0 ||
		setup_floats(setup, "values_floats", &state->floats, &values[2], err) < 0 ||
		encode_defaults(setup, state, err) < 0)
		return -(int)err->code;
	state->count = keys[0] + keys[1] + keys[2];
	if ((key_strings != NULL) + (key_integers != NULL) + (key_floats != NULL) != 1 ||
		(state->strings != NULL) + (state->integers != NULL) + (state->floats != NULL) != 1)
		return error_set(err, ERROR_INVALID, "it needs one list of keys and one of values");
	if (values[0] + values[1] + values[2] != state->count)
		return error_set(err, ERROR_INVALID, "%zu keys for %zu values", state->count,
			values[0] + values[1] + values[2]);
	state->key = key_strings ? ELEMENT_STRING : key_floats ? ELEMENT_FLOAT : ELEMENT_INT64;
	state->value = state->strings  ? ELEMENT_STRING
		       : state->floats ? ELEMENT_FLOAT
				       : ELEMENT_INT64;
	if (key_floats &&
		encode_float_keys(setup, key_floats, state->count, &key_integers, err) < 0)
		return -(int)err->code;
	return dictionary_build(
		&state->dictionary, key_strings, key_integers, state->count, setup->arena, err);
}

/* LabelEncoder of ml 1: classes_strings between texts and their places. */
static int encode_classes_prepare(struct operator_setup *setup, struct error *err)
{
	struct encode *state = setup_state(setup, sizeof *state, err);
	if (!state ||
		setup_strings(setup, "classes_strings", &state->key_strings, &state->count, err) <
			0 ||
		encode_defaults(setup, state, err) < 0)
		return -(int)err->code;
	return dictionary_build(
		&state->dictionary, state->key_strings, NULL, state->count, setup->arena, err);
}

/* CategoryMapper: texts to integers or the other way, by the type of the input. */
static int encode_mapper_prepare(struct operator_setup *setup, struct error *err)
{
	struct encode *state = setup_state(setup, sizeof *state, err);
	size_t count;
	if (!state ||
		setup_strings(setup, "cats_strings", &state->key_strings, &state->count, err) < 0 ||
		setup_ints(setup, "cats_int64s", &state->integers, &count, err) < 0 ||
		encode_defaults(setup, state, err) < 0)
		return -(int)err->code;
	if (count != state->count || !count)
		return error_set(
			err, ERROR_INVALID, "%zu texts for %zu integers", state->count, count);
	if (setup->in[0]->type == ELEMENT_INT64)
		return dictionary_build(
			&state->dictionary, NULL, state->integers, count, setup->arena, err);
	return dictionary_build(
		&state->dictionary, state->key_strings, NULL, count, setup->arena, err);
}

static int encode_label_infer(struct operator_call *call, struct error *err)
{
	const struct encode *state = call->state;
	if (call->in[0]->type != state->key)
		return error_set(err, ERROR_INVALID, "its input is %s, its keys %s",
			element_type_name(call->in[0]->type), element_type_name(state->key));
	tensor_take_shape(call->out[0], state->value, call->in[0]);
	return 0;
}

static int encode_either_infer(struct operator_call *call, struct error *err)
{
	(void)err;
	tensor_take_shape(call->out[0],
		call->in[0]->type == ELEMENT_STRING ? ELEMENT_INT64 : ELEMENT_STRING, call->in[0]);
	return 0;
}

static size_t encode_find(const struct encode *state, const struct tensor *in, size_t i)
{
	if (in->type == ELEMENT_STRING)
		return dictionary_find_text(&state->dictionary, in->strings[i]);
	if (in->type == ELEMENT_FLOAT)
		return dictionary_find_integer(
			&state->dictionary, encode_float_key(in->float32[i]));
	return dictionary_find_integer(&state->dictionary, in->int64[i]);
}

static int encode_label_run(struct operator_call *call, struct error *err)
{
	const struct encode *state = call->state;
	size_t count = tensor_elements(call->in[0]);
	struct tensor *out = call->out[0];
	(void)err;
	for (size_t i = 0; i < count; i++) {
		size_t found = encode_find(state, call->in[0], i);
		bool known = found != DICTIONARY_NONE;
		if (out->type == ELEMENT_STRING)
			out->strings[i] = known ? state->strings[found] : state->default_string;
		else if (out->type == ELEMENT_FLOAT)
			out->float32[i] = known ? state->floats[found] : state->default_float;
		else
			out->int64[i] = known ? state->integers[found] : state->default_integer;
	}
	return 0;
}

/* Texts to places in classes_strings, or places to texts. */
static int encode_classes_run(struct operator_call *call, struct error *err)
{
	const struct encode *state = call->state;
	size_t count = tensor_elements(call->in[0]);
	(void)err;
	for (size_t i = 0; i < count; i++) {
		if (call->in[0]->type == ELEMENT_STRING) {
			size_t found = encode_find(state, call->in[0], i);
			call->out[0]->int64[i] =
				found == DICTIONARY_NONE ? state->default_integer : (int64_t)found;
		} else {
			int64_t at = call->in[0]->int64[i];
			call->out[0]->strings[i] = at >= 0 && (size_t)at < state->count
							   ? state->key_strings[at]
							   : state->default_string;
		}
	}
	return 0;
}

static int encode_mapper_run(struct operator_call *call, struct error *err)
{
	const struct encode *state = call->state;
	size_t count = tensor_elements(call->in[0]);
	(void)err;
	for (size_t i = 0; i < count; i++) {
		size_t found = encode_find(state, call->in[0], i);
		bool known = found != DICTIONARY_NONE;
		if (call->in[0]->type == ELEMENT_STRING)
			call->out[0]->int64[i] =
				known ? state->integers[found] : state->default_integer;
		else
			call->out[0]->strings[i] =
				known ? state->key_strings[found] : state->default_string;
	}
	return 0;
}

static int encode_one_hot_prepare(struct operator_setup *setup, struct error *err)
{
	struct encode *state = setup_state(setup, sizeof *state, err);
	size_t strings, integers;
	if (!state || setup_strings(setup, "cats_strings", &state->strings, &strings, err) < 0 ||
		setup_ints(setup, "cats_int64s", &state->integers, &integers, err) < 0 ||
		setup_int(setup, "zeros", 1, &state->zeros, err) < 0)
		return -(int)err->code;
	if (!strings == !integers)
		return error_set(err, ERROR_INVALID, "it needs one list of categories");
	state->count = strings + integers;
	state->key = strings ? ELEMENT_STRING : ELEMENT_INT64;
	return dictionary_build(&state->dictionary, strings ? state->strings : NULL,
		strings ? NULL : state->integers, state->count, setup->arena, err);
}

static int encode_one_hot_infer(struct operator_call *call, struct error *err)
{
	const struct encode *state = call->state;
	const struct tensor *in = call->in[0];
	if ((in->type == ELEMENT_STRING) != (state->key == ELEMENT_STRING))
		return error_set(err, ERROR_INVALID, "its input is %s, its categories %s",
			element_type_name(in->type), element_type_name(state->key));
	if (in->rank >= TENSOR_RANK_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "over %d dimensions", TENSOR_RANK_MAX);
	tensor_take_shape(call->out[0], ELEMENT_FLOAT, in);
	call->out[0]->shape[call->out[0]->rank++] = (int64_t)state->count;
	return 0;
}

static int encode_one_hot_run(struct operator_call *call, struct error *err)
{
	const struct encode *state = call->state;
	const struct tensor *in = call->in[0];
	size_t count = tensor_elements(in);
	float *out = call->out[0]->float32;
	size_t cells = count * state->count;
	if (cells)
		memset(out, 0, cells * sizeof *out);
	for (size_t i = 0; i < count; i++) {
		size_t found = in->type == ELEMENT_STRING
				       ? dictionary_find_text(&state->dictionary, in->strings[i])
				       : dictionary_find_integer(
						 &state->dictionary, tensor_integer(in, i));
		if (found != DICTIONARY_NONE)
			out[i * state->count + found] = 1;
		else if (!state->zeros)
			return error_set(err, ERROR_INVALID, "a category is unknown");
	}
	return 0;
}

/* ArrayFeatureExtractor: columns Y of X, along the last axis. */
static int encode_extract_infer(struct operator_call *call, struct error *err)
{
	const struct tensor *in = call->in[0], *columns = call->in[1];
	size_t count;
	if (require_types(columns, TYPE_BIT(ELEMENT_INT64), "input 'Y'", err) < 0)
		return -(int)err->code;
	if (in->rank < 1)
		return error_set(err, ERROR_INVALID, "its input is a scalar");
	int64_t n = tensor_count(columns, &count) ? (int64_t)count : TENSOR_SIZE_UNKNOWN;
	tensor_take_shape(call->out[0], in->type, in);
	if (in->rank == 1)
		tensor_set_shape(call->out[0], in->type, 2, (int64_t[]){ 1, n });
	else
		call->out[0]->shape[in->rank - 1] = n;
	return 0;
}

static int encode_extract_run(struct operator_call *call, struct error *err)
{
	const struct tensor *in = call->in[0], *columns = call->in[1];
	size_t size = element_size(in->type), n = tensor_elements(columns);
	size_t width = (size_t)in->shape[in->rank - 1];
	size_t rows = width ? tensor_elements(in) / width : 0;
	char *to = call->out[0]->data;
	for (size_t i = 0; i < n; i++)
		if (columns->int64[i] < 0 || (size_t)columns->int64[i] >= width)
			return error_set(err, ERROR_INVALID, "column %" PRId64 " of %zu",
				columns->int64[i], width);
	for (size_t r = 0; r < rows; r++)
		for (size_t i = 0; i < n; i++, to += size)
			memcpy(to,
				(const char *)in->data +
					(r * width + (size_t)columns->int64[i]) * size,
				size);
	return 0;
}

/* ZipMap: the map from label to score stays the matrix of scores. */
static int encode_zip_run(struct operator_call *call, struct error *err)
{
	size_t count = tensor_elements(call->in[0]);
	(void)err;
	if (count)
		memcpy(call->out[0]->data, call->in[0]->data,
			count * element_size(call->in[0]->type));
	return 0;
}

enum { ENCODE_EITHER = TYPE_BIT(ELEMENT_STRING) | TYPE_BIT(ELEMENT_INT64) };

const struct operator operators_ml_encode[] = {
	{ "LabelEncoder", GRAPH_DOMAIN_ML, 1, 1, ENCODE_EITHER, 1, 1, 1, 1, 0,
		"classes_strings default_int64 default_string", encode_classes_prepare,
		encode_either_infer, encode_classes_run },
	{ "LabelEncoder", GRAPH_DOMAIN_ML, 2, OPSET_NEWEST, ENCODE_EITHER | TYPE_BIT(ELEMENT_FLOAT),
		1, 1, 1, 1, 0,
		"keys_strings keys_int64s keys_floats values_strings values_int64s values_floats "
		"default_string default_int64 default_float",
		encode_label_prepare, encode_label_infer, encode_label_run },
	{ "CategoryMapper", GRAPH_DOMAIN_ML, 1, OPSET_NEWEST, ENCODE_EITHER, 1, 1, 1, 1, 0,
		"cats_strings cats_int64s default_string default_int64", encode_mapper_prepare,
		encode_either_infer, encode_mapper_run },
	{ "OneHotEncoder", GRAPH_DOMAIN_ML, 1, OPSET_NEWEST, TYPES_ML | TYPES_STRING, 1, 1, 1, 1, 0,
		"cats_strings cats_int64s zeros", encode_one_hot_prepare, encode_one_hot_infer,
		encode_one_hot_run },
	{ "ArrayFeatureExtractor", GRAPH_DOMAIN_ML, 1, OPSET_NEWEST, TYPES_ML | TYPES_STRING, 2, 2,
		1, 1, 0, NULL, NULL, encode_extract_infer, encode_extract_run },
	{ "ZipMap", GRAPH_DOMAIN_ML, 1, OPSET_NEWEST, TYPE_BIT(ELEMENT_FLOAT), 1, 1, 1, 1, 0,
		"classlabels_int64s classlabels_strings", NULL, infer_same, encode_zip_run },
	{ NULL },
};
