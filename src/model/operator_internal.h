/*
 * operator: one row for each operator that the executor knows.
 *
 * A row names the operator, the opsets in which this meaning holds, the types of its first input,
 * how many inputs and outputs it has, its attributes, and three functions:
 *
 *	prepare  once, while planning: attributes and constants into a state in the plan's arena;
 *	         may be NULL
 *	infer    types and shapes of the outputs from those of the inputs. While planning, sizes may
 *	         be TENSOR_SIZE_UNKNOWN and data NULL; what then cannot be said is left unknown
 *	run      fills the outputs, whose memory is there. Never allocates. Inputs have been checked by
 *	         infer; what can still be wrong (an index) is an error, not a crash
 *
 * The rows stand in theme files, operator_<theme>.c, each with one exported table that ends with a
 * row without a name; operator_table.c lists the tables. Adding an operator is adding a row.
 */
#ifndef MLOPS_MODEL_OPERATOR_INTERNAL_H
#define MLOPS_MODEL_OPERATOR_INTERNAL_H

#include "mlops/base/arena.h"
#include "mlops/model/graph.h"

/* Sets of element types, as bits. */
#define TYPE_BIT(type) (1U << (type))
enum {
	TYPES_FLOAT = TYPE_BIT(ELEMENT_FLOAT) | TYPE_BIT(ELEMENT_DOUBLE),
	TYPES_SIGNED = TYPE_BIT(ELEMENT_INT8) | TYPE_BIT(ELEMENT_INT16) | TYPE_BIT(ELEMENT_INT32) |
		       TYPE_BIT(ELEMENT_INT64),
	TYPES_UNSIGNED = TYPE_BIT(ELEMENT_UINT8) | TYPE_BIT(ELEMENT_UINT16) |
			 TYPE_BIT(ELEMENT_UINT32) | TYPE_BIT(ELEMENT_UINT64),
	TYPES_INTEGER = TYPES_SIGNED | TYPES_UNSIGNED,
	TYPES_NUMBER = TYPES_FLOAT | TYPES_INTEGER,
	TYPES_BOOL = TYPE_BIT(ELEMENT_BOOL),
	TYPES_STRING = TYPE_BIT(ELEMENT_STRING),
	TYPES_ANY = TYPES_NUMBER | TYPES_BOOL | TYPES_STRING,
	TYPES_ML = TYPES_FLOAT | TYPE_BIT(ELEMENT_INT32) | TYPE_BIT(ELEMENT_INT64)
};

enum { OPERATOR_MANY = 255, OPSET_NEWEST = 32767 };

struct operator_setup {
	const struct graph_node *node;
	int64_t opset; /* of the node's domain */
	struct arena *arena;
	const struct tensor *const *in; /* NULL for an absent one; data only of constants */
	size_t n_in, n_out;
	const void *state; /* what prepare leaves */
};

struct operator_call {
	const struct graph_node *node;
	int64_t opset;
	const void *state;
	const struct tensor *const *in; /* NULL for an absent optional one */
	struct tensor *const *out; /* NULL for one that nobody wants */
	size_t n_in, n_out;
	size_t scratch_bytes; /* infer asks, run has them at */
	void *scratch; /* on a 64-byte boundary */
};

struct operator
{
	const char *name, *domain;
	int16_t first, last; /* opsets */
	uint32_t types; /* of the first input; 0 if there is none to check */
	uint8_t min_in, max_in, min_out, max_out;
	uint16_t shape_inputs; /* bit i: infer reads the values of input i */
	const char *attributes; /* "axis keepdims"; NULL for none */
	int (*prepare)(struct operator_setup * setup, struct error * err);
	int (*infer)(struct operator_call * call, struct error * err);
	int (*run)(struct operator_call * call, struct error * err);
};

extern const struct operator operators_activation[];
extern const struct operator operators_arithmetic[];
extern const struct operator operators_compare[];
extern const struct operator operators_create[];
extern const struct operator operators_join[];
extern const struct operator operators_matrix[];
extern const struct operator operators_ml_encode[];
extern const struct operator operators_ml_linear[];
extern const struct operator operators_ml_scale[];
extern const struct operator operators_ml_tree[];
extern const struct operator operators_normalise[];
extern const struct operator operators_quantise[];
extern const struct operator operators_reduction[];
extern const struct operator operators_selection[];
extern const struct operator operators_shape[];
extern const struct operator operators_unary[];

/* The row for a node in that opset; on failure ERROR_UNSUPPORTED, with what is supported. */
const struct operator*
	operator_find(const struct graph_node *node, int64_t opset, struct error *err);

/* Are the node's attributes and numbers of inputs and outputs those of the row? */
int operator_check_node(
	const struct operator* operator, const struct graph_node * node, struct error *err);

/*
 * Attributes, with the default if the node lacks it; ERROR_INVALID if it is of another kind. Lists
 * are borrowed from the graph; absent ones are NULL and 0.
 */
int setup_int(const struct operator_setup *setup, const char *name, int64_t otherwise, int64_t *ret,
	struct error *err);
int setup_float(const struct operator_setup *setup, const char *name, float otherwise, float *ret,
	struct error *err);
int setup_string(const struct operator_setup *setup, const char *name, const char *otherwise,
	struct text *ret, struct error *err);
int setup_ints(const struct operator_setup *setup, const char *name, const int64_t **ret,
	size_t *ret_count, struct error *err);
int setup_floats(const struct operator_setup *setup, const char *name, const float **ret,
	size_t *ret_count, struct error *err);
int setup_strings(const struct operator_setup *setup, const char *name, const struct text **ret,
	size_t *ret_count, struct error *err);
int setup_tensor(const struct operator_setup *setup, const char *name, const struct tensor **ret,
	struct error *err);
bool setup_has(const struct operator_setup *setup, const char *name);

/* Zeroed memory in the plan's arena that becomes the state; NULL on failure. */
void *setup_state(struct operator_setup *setup, size_t size, struct error *err) MUST_CHECK;

/* axis + rank if negative; ERROR_INVALID if outside [-rank, rank). */
int axis_resolve(int64_t axis, int rank, int *ret, struct error *err);

/* Element counts of checked tensors: all of it, and the parts before, at and behind an axis. */
size_t tensor_elements(const struct tensor *tensor);
size_t tensor_elements_before(const struct tensor *tensor, int axis);
size_t tensor_elements_from(const struct tensor *tensor, int axis);

/* Type and shape of a tensor, without its data. */
void tensor_take_shape(struct tensor *to, enum element_type type, const struct tensor *from);
void tensor_set_shape(struct tensor *to, enum element_type type, int rank, const int64_t *shape);
void tensor_set_unknown(struct tensor *to, enum element_type type);

/* Element i as a double or an integer (floats are cut); strings are a bug. */
double tensor_double(const struct tensor *tensor, size_t i);
int64_t tensor_integer(const struct tensor *tensor, size_t i);

/* infer: one output with the shape of the first input and its type. */
int infer_same(struct operator_call *call, struct error *err);

/* ERROR_UNSUPPORTED if the tensor is known and not of one of the types. what: "input 'B'". */
int require_types(const struct tensor *tensor, uint32_t types, const char *what, struct error *err);

#endif
