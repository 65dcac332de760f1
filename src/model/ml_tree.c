#include "ml_tree_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dictionary_internal.h"

/* A list of numbers that is floats or, with "_as_tensor" behind its name, a tensor. */
struct tree_numbers {
	const float *floats;
	const struct tensor *tensor;
	size_t count;
};

static int tree_numbers_read(const struct operator_setup *setup, const char *name,
	struct tree_numbers *ret, struct error *err)
{
	char as_tensor[64];
	snprintf(as_tensor, sizeof as_tensor, "%s_as_tensor", name);
	if (setup_floats(setup, name, &ret->floats, &ret->count, err) < 0 ||
		setup_tensor(setup, as_tensor, &ret->tensor, err) < 0)
		return -(int)err->code;
	if (!ret->tensor)
		return 0;
	if (ret->floats || require_types(ret->tensor, TYPES_FLOAT, as_tensor, err) < 0)
		return error_set(
			err, ERROR_INVALID, "'%s' is given twice or no list of floats", name);
	ret->count = tensor_elements(ret->tensor);
	return 0;
}

static double tree_number(const struct tree_numbers *numbers, size_t i)
{
	return numbers->tensor ? tensor_double(numbers->tensor, i) : (double)numbers->floats[i];
}

/* The attributes as they stand in the file. */
struct tree_source {
	const int64_t *trees, *ids, *features, *yes, *no, *missing;
	const struct text *modes;
	struct tree_numbers values;
	const int64_t *weight_trees, *weight_ids, *weight_targets;
	struct tree_numbers weights;
	size_t count, n_weights;
	int64_t *keys; /* tree << 32 | id of each node */
	struct dictionary dictionary; /* key -> place */
	uint32_t *place; /* new index + 1 of each node; 0 while it has none */
	uint32_t *order, *depths; /* node at each new index; its depth */
	uint8_t *has_parent;
};

static int tree_same_length(size_t have, size_t want, const char *name, struct error *err)
{
	if (have == want)
		return 0;
	return error_set(err, ERROR_INVALID, "%s has %zu entries, not %zu", name, have, want);
}

static int tree_list(const struct operator_setup *setup, const char *name, size_t want,
	const int64_t **ret, struct error *err)
{
	size_t count;
	if (setup_ints(setup, name, ret, &count, err) < 0)
		return -(int)err->code;
	return tree_same_length(count, want, name, err);
}

static int tree_read_nodes(
	const struct operator_setup *setup, struct tree_source *source, struct error *err)
{
	size_t n_modes, n_missing;
	if (setup_ints(setup, "nodes_nodeids", &source->ids, &source->count, err) < 0)
		return -(int)err->code;
	size_t n = source->count;
	if (!n || n > UINT32_MAX / 2)
		return error_set(err, ERROR_INVALID, "it has %zu nodes", n);
	if (tree_list(setup, "nodes_treeids", n, &source->trees, err) < 0 ||
		tree_list(setup, "nodes_featureids", n, &source->features, err) < 0 ||
		tree_list(setup, "nodes_truenodeids", n, &source->yes, err) < 0 ||
		tree_list(setup, "nodes_falsenodeids", n, &source->no, err) < 0 ||
		setup_ints(setup, "nodes_missing_value_tracks_true", &source->missing, &n_missing,
			err) < 0 ||
		setup_strings(setup, "nodes_modes", &source->modes, &n_modes, err) < 0 ||
		tree_numbers_read(setup, "nodes_values", &source->values, err) < 0)
		return -(int)err->code;
	if (n_missing && tree_same_length(n_missing, n, "nodes_missing_value_tracks_true", err) < 0)
		return -(int)err->code;
	if (!n_missing)
		source->missing = NULL;
	if (tree_same_length(n_modes, n, "nodes_modes", err) < 0)
		return -(int)err->code;
	return tree_same_length(source->values.count, n, "nodes_values", err);
}

static int tree_read_weights(const struct operator_setup *setup, const char *prefix,
	struct tree_source *source, struct error *err)
{
	char name[64];
	snprintf(name, sizeof name, "%s_nodeids", prefix);
	if (setup_ints(setup, name, &source->weight_ids, &source->n_weights, err) < 0)
		return -(int)err->code;
	size_t n = source->n_weights;
	if (n > UINT32_MAX / 2)
		return error_set(err, ERROR_INVALID, "it has %zu weights", n);
	snprintf(name, sizeof name, "%s_treeids", prefix);
	if (tree_list(setup, name, n, &source->weight_trees, err) < 0)
		return -(int)err->code;
	snprintf(name, sizeof name, "%s_ids", prefix);
	if (tree_list(setup, name, n, &source->weight_targets, err) < 0)
		return -(int)err->code;
	snprintf(name, sizeof name, "%s_weights", prefix);
	if (tree_numbers_read(setup, name, &source->weights, err) < 0)
		return -(int)err->code;
	return tree_same_length(source->weights.count, n, name, err);
}

static int tree_key(int64_t tree, int64_t id, int64_t *ret, struct error *err)
{
	if (tree < 0 || tree > INT32_MAX || id < 0 || id > INT32_MAX)
		return error_set(err, ERROR_INVALID, "node %" PRId64 " of tree %" PRId64, id, tree);
	*ret = tree << 32 | id;
	return 0;
}

static int tree_find(const struct tree_source *source, int64_t tree, int64_t id, uint32_t *ret,
	struct error *err)
{
	int64_t key = 0;
	if (tree_key(tree, id, &key, err) < 0)
		return -(int)err->code;
	size_t found = dictionary_find_integer(&source->dictionary, key);
	if (found == DICTIONARY_NONE)
		return error_set(err, ERROR_INVALID,
			"node %" PRId64 " of tree %" PRId64 " does not exist", id, tree);
	*ret = (uint32_t)found;
	return 0;
}

static bool tree_is_leaf(const struct tree_source *source, size_t node)
{
	return text_is(source->modes[node], "LEAF");
}

static int tree_index_nodes(
	struct operator_setup *setup, struct tree_source *source, struct error *err)
{
	size_t n = source->count;
	source->keys = arena_allocate(setup->arena, n, sizeof *source->keys, err);
	source->place = arena_allocate(setup->arena, n, sizeof *source->place, err);
	source->order = arena_allocate(setup->arena, n, sizeof *source->order, err);
	source->depths = arena_allocate(setup->arena, n, sizeof *source->depths, err);
	source->has_parent = arena_allocate(setup->arena, n, 1, err);
	if (!source->keys || !source->place || !source->order || !source->depths ||
		!source->has_parent)
		return -(int)err->code;
	for (size_t i = 0; i < n; i++)
		if (tree_key(source->trees[i], source->ids[i], &source->keys[i], err) < 0)
			return -(int)err->code;
	if (dictionary_build(&source->dictionary, NULL, source->keys, n, setup->arena, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < n; i++) {
		uint32_t child;
		if (dictionary_find_integer(&source->dictionary, source->keys[i]) != i)
			return error_set(err, ERROR_INVALID,
				"node %" PRId64 " of tree %" PRId64 " stands twice", source->ids[i],
				source->trees[i]);
		if (tree_is_leaf(source, i))
			continue;
		if (tree_find(source, source->trees[i], source->yes[i], &child, err) < 0)
			return -(int)err->code;
		source->has_parent[child] = 1;
		if (tree_find(source, source->trees[i], source->no[i], &child, err) < 0)
			return -(int)err->code;
		source->has_parent[child] = 1;
	}
	return 0;
}

/* Fills a node's test; *ret_swap if its children change sides. */
static int tree_fill_test(const struct tree_source *source, size_t from, struct tree_node *node,
	bool *ret_swap, struct error *err)
{
	static const char *const modes[] = { "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT",
		"BRANCH_EQ", "BRANCH_NEQ" };
	struct text mode = source->modes[from];
	double t = tree_number(&source->values, from);
	size_t which = 0;
	while (which < 6 && !text_is(mode, modes[which]))
		which++;
	if (which == 6)
		return error_set(err, ERROR_UNSUPPORTED, "a node of mode '%.*s'",
			(int)(mode.length > 40 ? 40 : mode.length), mode.at);
	int64_t feature = source->features[from];
	if (feature < 0 || feature >= TREE_FEATURE)
		return error_set(err, ERROR_INVALID, "a node tests feature %" PRId64, feature);
	bool missing = source->missing && source->missing[from];
	*ret_swap = which == 2 || which == 3 || which == 5;
	node->threshold = which == 1 || which == 2 ? nextafter(t, -(double)INFINITY) : t;
	node->feature = (uint32_t)feature;
	/* NaN fails every test but !=, unless the file sends it the way of "true". */
	bool missing_true = missing || which == 5;
	if (missing_true != *ret_swap)
		node->feature |= TREE_MISSING_LEFT;
	if (which >= 4)
		node->feature |= TREE_EQUAL;
	return 0;
}

/* Places a tree from its root on, breadth first; every node once, or it is no tree. */
static int tree_place(const struct tree_source *source, struct tree_ensemble *ensemble,
	uint32_t root, struct error *err)
{
	struct tree *tree = &ensemble->trees[ensemble->n_trees++];
	*tree = (struct tree){ .root = ensemble->n_nodes };
	source->order[ensemble->n_nodes] = root;
	source->depths[ensemble->n_nodes] = 0;
	source->place[root] = ++ensemble->n_nodes;
	for (uint32_t at = tree->root; at < ensemble->n_nodes; at++) {
		struct tree_node *node = &ensemble->nodes[at];
		uint32_t from = source->order[at], children[2];
		bool swap = false;
		tree->depth = source->depths[at] > tree->depth ? source->depths[at] : tree->depth;
		if (tree_is_leaf(source, from)) {
			*node = (struct tree_node){ (double)INFINITY, at, TREE_MISSING_LEFT };
			continue;
		}
		if (tree_fill_test(source, from, node, &swap, err) < 0 ||
			tree_find(source, source->trees[from], source->yes[from], &children[swap],
				err) < 0 ||
			tree_find(source, source->trees[from], source->no[from], &children[!swap],
				err) < 0)
			return -(int)err->code;
		if ((node->feature & TREE_FEATURE) >= ensemble->n_features)
			ensemble->n_features = (node->feature & TREE_FEATURE) + 1;
		ensemble->any_equal |= (node->feature & TREE_EQUAL) != 0;
		node->left = ensemble->n_nodes;
		for (int i = 0; i < 2; i++) {
			if (source->place[children[i]])
				return error_set(err, ERROR_INVALID,
					"tree %" PRId64 " is no tree: node %" PRId64
					" has two parents",
					source->trees[from], source->ids[children[i]]);
			source->order[ensemble->n_nodes] = children[i];
			source->depths[ensemble->n_nodes] = source->depths[at] + 1;
			source->place[children[i]] = ++ensemble->n_nodes;
		}
	}
	return 0;
}

/* Weights sorted by the new index of their node, those of one node in order of the file. */
static int tree_place_weights(const struct tree_source *source, struct tree_ensemble *ensemble,
	uint32_t n_targets, struct error *err)
{
	uint32_t node;
	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < source->n_weights; i++) {
			if (tree_find(source, source->weight_trees[i], source->weight_ids[i], &node,
				    err) < 0)
				return -(int)err->code;
			if (source->weight_targets[i] < 0 || source->weight_targets[i] >= n_targets)
				return error_set(err, ERROR_INVALID,
					"a weight is for target %" PRId64 " of %" PRIu32,
					source->weight_targets[i], n_targets);
			uint32_t at = source->place[node];
			if (!at || !tree_is_leaf(source, node))
				continue; /* out of reach, or no leaf: never seen */
			if (pass == 0) {
				ensemble->first_weight[at]++;
				continue;
			}
			ensemble->weights[ensemble->first_weight[at - 1]++] =
				(struct tree_weight){ tree_number(&source->weights, i),
					(uint32_t)source->weight_targets[i] };
		}
		if (pass == 0)
			for (uint32_t i = 0; i < ensemble->n_nodes; i++)
				ensemble->first_weight[i + 1] += ensemble->first_weight[i];
	}
	/* The second pass has moved each start to its end, which is the start of the next. */
	for (uint32_t i = ensemble->n_nodes; i > 0; i--)
		ensemble->first_weight[i] = ensemble->first_weight[i - 1];
	ensemble->first_weight[0] = 0;
	return 0;
}

int tree_ensemble_build(struct operator_setup *setup, const char *prefix, uint32_t n_targets,
	struct tree_ensemble *ret, struct error *err)
{
	struct tree_source source = { .count = 0 };
	*ret = (struct tree_ensemble){ .n_nodes = 0 };
	if (tree_read_nodes(setup, &source, err) < 0 ||
		tree_read_weights(setup, prefix, &source, err) < 0 ||
		tree_index_nodes(setup, &source, err) < 0)
		return -(int)err->code;
	size_t n = source.count;
	ret->n_weights = (uint32_t)source.n_weights;
	ret->nodes = arena_allocate(setup->arena, n, sizeof *ret->nodes, err);
	ret->trees = arena_allocate(setup->arena, n, sizeof *ret->trees, err);
	ret->first_weight = arena_allocate(setup->arena, n + 2, sizeof *ret->first_weight, err);
	ret->weights = arena_allocate(setup->arena, source.n_weights, sizeof *ret->weights, err);
	if (!ret->nodes || !ret->trees || !ret->first_weight || !ret->weights)
		return -(int)err->code;
	for (uint32_t i = 0; i < n; i++)
		if (!source.has_parent[i] && tree_place(&source, ret, i, err) < 0)
			return -(int)err->code;
	for (size_t i = 0; i < n; i++)
		if (!source.place[i])
			return error_set(err, ERROR_INVALID, "tree %" PRId64 " has no root",
				source.trees[i]);
	return tree_place_weights(&source, ret, n_targets, err);
}

/* One step of all rows. Written so that the loads of different rows overlap. */
static void tree_step(
	const struct tree_node *nodes, const double *x, size_t n_rows, size_t columns, uint32_t *at)
{
	for (size_t r = 0; r < n_rows; r++) {
		const struct tree_node *node = &nodes[at[r]];
		double value = x[r * columns + (node->feature & TREE_FEATURE)];
		bool left = value <= node->threshold;
		left |= (value != value) & (node->feature >> 31);
		at[r] = node->left + !left;
	}
}

static void tree_step_equal(
	const struct tree_node *nodes, const double *x, size_t n_rows, size_t columns, uint32_t *at)
{
	for (size_t r = 0; r < n_rows; r++) {
		const struct tree_node *node = &nodes[at[r]];
		double value = x[r * columns + (node->feature & TREE_FEATURE)];
		bool left = node->feature & TREE_EQUAL ? value == node->threshold
						       : value <= node->threshold;
		if (isnan(value))
			left = node->feature >> 31;
		at[r] = node->left + !left;
	}
}

void tree_ensemble_walk(const struct tree_ensemble *ensemble, const double *x, size_t n_rows,
	size_t columns, uint32_t *at, tree_visit *visit, void *context)
{
	for (uint32_t t = 0; t < ensemble->n_trees; t++) {
		const struct tree *tree = &ensemble->trees[t];
		for (size_t r = 0; r < n_rows; r++)
			at[r] = tree->root;
		for (uint32_t step = 0; step < tree->depth; step++)
			if (ensemble->any_equal)
				tree_step_equal(ensemble->nodes, x, n_rows, columns, at);
			else
				tree_step(ensemble->nodes, x, n_rows, columns, at);
		for (size_t r = 0; r < n_rows; r++) {
			uint32_t first = ensemble->first_weight[at[r]];
			visit(context, r, ensemble->weights + first,
				ensemble->first_weight[at[r] + 1] - first);
		}
	}
}
