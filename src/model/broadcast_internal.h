/*
 * broadcast: element-wise operators over inputs of different shapes, as NumPy has it.
 *
 * The common shape is cut into rows along the longest run of dimensions in which every input either
 * walks on or stays; the row function sees each as a step of 1 or 0.
 */
#ifndef MLOPS_MODEL_BROADCAST_INTERNAL_H
#define MLOPS_MODEL_BROADCAST_INTERNAL_H

#include "operator_internal.h"

enum { BROADCAST_MAX = 3 };

/* in[k] advances by step[k] (0 or 1) elements for each of the count elements of out. */
typedef void broadcast_row(size_t count, const void *const in[], const bool step[], void *out);

/* infer: out[0] gets the common shape of the first n inputs, and `type`. */
int broadcast_infer(
	struct operator_call *call, size_t n, enum element_type type, struct error *err);

/* Joins two shapes; unknown sizes stay unknown where they matter. */
int broadcast_shape(struct tensor *into, const struct tensor *with, struct error *err);

void broadcast_run(
	const struct tensor *const in[], size_t n, const struct tensor *out, broadcast_row *row);

/* The three cases of a row of two inputs, for the body of a broadcast_row. */
#define BROADCAST_BINARY(T, R, expression)                                                         \
	{                                                                                          \
		const T *a = in[0], *b = in[1];                                                    \
		R *to = out;                                                                       \
		if (step[0] && step[1]) {                                                          \
			for (size_t i = 0; i < count; i++) {                                       \
				const T x = a[i], y = b[i];                                        \
				to[i] = (R)(expression);                                           \
			}                                                                          \
		} else if (step[0]) {                                                              \
			const T y = *b;                                                            \
			for (size_t i = 0; i < count; i++) {                                       \
				const T x = a[i];                                                  \
				to[i] = (R)(expression);                                           \
			}                                                                          \
		} else {                                                                           \
			const T x = *a;                                                            \
			for (size_t i = 0; i < count; i++) {                                       \
				const T y = b[step[1] ? i : 0];                                    \
				to[i] = (R)(expression);                                           \
			}                                                                          \
		}                                                                                  \
	}

/* X(suffix, C type, ELEMENT_…): the types that a family of row functions is made for. */
#define FOR_FLOATS(X)                                                                              \
	X(float32, float, FLOAT)                                                                   \
	X(float64, double, DOUBLE)
#define FOR_INTEGERS(X)                                                                            \
	X(int8, int8_t, INT8)                                                                      \
	X(uint8, uint8_t, UINT8)                                                                   \
	X(int16, int16_t, INT16)                                                                   \
	X(uint16, uint16_t, UINT16)                                                                \
	X(int32, int32_t, INT32)                                                                   \
	X(uint32, uint32_t, UINT32)                                                                \
	X(int64, int64_t, INT64)                                                                   \
	X(uint64, uint64_t, UINT64)
#define FOR_NUMBERS(X) FOR_FLOATS(X) FOR_INTEGERS(X)

#endif
