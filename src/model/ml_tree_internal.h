/*
 * ml_tree: the ensembles of ai.onnx.ml, laid out for walking.
 *
 * All trees stand in one array. The children of a node are neighbours, so that a step is
 * "left + (not taken)"; a leaf points to itself and always takes that way, so that all rows of a
 * block walk a tree in lockstep for as many steps as it is deep. The test of a node is x <= t; the
 * other comparisons are brought to that form: x < t is x <= the number before t, and x > t is
 * x <= t with its children exchanged. Thresholds are doubles, which hold floats exactly.
 */
#ifndef MLOPS_MODEL_ML_TREE_INTERNAL_H
#define MLOPS_MODEL_ML_TREE_INTERNAL_H

#include "operator_internal.h"

#define TREE_MISSING_LEFT (UINT32_C(1) << 31) /* NaN goes left */
#define TREE_EQUAL (UINT32_C(1) << 30) /* the test is x == t */
#define TREE_FEATURE (TREE_EQUAL - 1)

struct tree_node {
	double threshold;
	uint32_t left; /* index; the right child follows it */
	uint32_t feature; /* and the flags above */
};

struct tree {
	uint32_t root, depth; /* depth: steps from the root to its deepest leaf */
};

struct tree_weight {
	double weight;
	uint32_t target;
};

struct tree_ensemble {
	struct tree_node *nodes;
	struct tree *trees;
	struct tree_weight *weights;
	uint32_t *first_weight; /* of each node, n_nodes + 1: those of node i are [i], [i+1]) */
	uint32_t n_nodes, n_trees, n_weights;
	uint32_t n_features; /* highest feature + 1 */
	bool any_equal; /* some node has TREE_EQUAL */
};

/* prefix: "class" or "target". Targets are checked to be below n_targets. */
int tree_ensemble_build(struct operator_setup *setup, const char *prefix, uint32_t n_targets,
	struct tree_ensemble *ret, struct error *err);

/*
 * Walks every tree for n_rows rows of x (row-major, `columns` wide) and calls `visit` for the leaf
 * that each row ends in, trees in order. at: scratch for n_rows indexes.
 */
typedef void tree_visit(void *context, size_t row, const struct tree_weight *weights, size_t count);
void tree_ensemble_walk(const struct tree_ensemble *ensemble, const double *x, size_t n_rows,
	size_t columns, uint32_t *at, tree_visit *visit, void *context);

#endif
