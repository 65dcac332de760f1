/*
 * ai.onnx.ml: TreeEnsembleRegressor and TreeEnsembleClassifier. Leaves are summed in double in order
 * of the trees and rounded to float once.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ml_internal.h"
#include "ml_tree_internal.h"

enum { TREE_ROWS = 64 }; /* rows that walk together */

enum tree_aggregate { TREE_SUM, TREE_AVERAGE, TREE_MIN, TREE_MAX };

struct tree_model {
	struct tree_ensemble ensemble;
	enum tree_aggregate aggregate;
	enum ml_transform transform;
	struct ml_labels labels;
	uint32_t n_targets;
	double *base;
	size_t n_base;
	bool single; /* classifier of two labels whose weights are all for one of them */
	bool all_positive; /* of those weights: the score is a probability */
};

static int tree_read_base(struct operator_setup *setup, struct tree_model *state, struct error *err)
{
	const float *floats;
	const struct tensor *tensor;
	size_t count;
	if (setup_floats(setup, "base_values", &floats, &count, err) < 0 ||
		setup_tensor(setup, "base_values_as_tensor", &tensor, err) < 0)
		return -(int)err->code;
	if (tensor && require_types(tensor, TYPES_FLOAT, "base_values_as_tensor", err) < 0)
		return -(int)err->code;
	state->n_base = tensor ? tensor_elements(tensor) : count;
	state->base = arena_allocate(setup->arena, state->n_base, sizeof *state->base, err);
	for (size_t i = 0; state->base && i < state->n_base; i++)
		state->base[i] = tensor ? tensor_double(tensor, i) : (double)floats[i];
	return state->base ? 0 : -(int)err->code;
}

static int tree_regressor_prepare(struct operator_setup *setup, struct error *err)
{
	static const char *const names[] = { "SUM", "AVERAGE", "MIN", "MAX" };
	struct tree_model *state = setup_state(setup, sizeof *state, err);
	int64_t targets;
	struct text aggregate;
	size_t which = 0;
	if (!state || setup_int(setup, "n_targets", 1, &targets, err) < 0 ||
		setup_string(setup, "aggregate_function", "SUM", &aggregate, err) < 0 ||
		ml_transform_read(setup, &state->transform, err) < 0 ||
		tree_read_base(setup, state, err) < 0)
		return -(int)err->code;
	while (which < 4 && !text_is(aggregate, names[which]))
		which++;
	if (which == 4 || targets < 1 || targets > 65536)
		return error_set(err, ERROR_INVALID, "aggregate_function or n_targets is wrong");
	state->aggregate = (enum tree_aggregate)which;
	state->n_targets = (uint32_t)targets;
	if (state->n_base > 1 && state->n_base != state->n_targets)
		return error_set(err, ERROR_INVALID, "%zu base values for %" PRIu32 " targets",
			state->n_base, state->n_targets);
	return tree_ensemble_build(setup, "target", state->n_targets, &state->ensemble, err);
}

static int tree_classifier_prepare(struct operator_setup *setup, struct error *err)
{
	struct tree_model *state = setup_state(setup, sizeof *state, err);
	if (!state || ml_labels_read(setup, "classlabels_int64s", &state->labels, err) < 0 ||
		ml_transform_read(setup, &state->transform, err) < 0 ||
		tree_read_base(setup, state, err) < 0)
		return -(int)err->code;
	if (!state->labels.count || state->labels.count > 65536)
		return error_set(err, ERROR_INVALID, "%zu class labels", state->labels.count);
	state->n_targets = (uint32_t)state->labels.count;
	if (state->n_base > state->n_targets)
		return error_set(err, ERROR_INVALID, "%zu base values for %" PRIu32 " classes",
			state->n_base, state->n_targets);
	if (tree_ensemble_build(setup, "class", state->n_targets, &state->ensemble, err) < 0)
		return -(int)err->code;
	const struct tree_ensemble *ensemble = &state->ensemble;
	state->single = state->n_targets == 2;
	state->all_positive = true;
	for (uint32_t i = 0; i < ensemble->first_weight[ensemble->n_nodes]; i++) {
		state->single &= ensemble->weights[i].target == ensemble->weights[0].target;
		state->all_positive &= ensemble->weights[i].weight >= 0;
	}
	return 0;
}

static int tree_check(struct operator_call *call, int64_t *ret_rows, struct error *err)
{
	const struct tree_model *state = call->state;
	int64_t columns;
	if (ml_matrix(call->in[0], ret_rows, &columns, err) < 0)
		return -(int)err->code;
	if (columns >= 0 && (uint64_t)columns < state->ensemble.n_features)
		return error_set(err, ERROR_INVALID,
			"its trees test %" PRIu32 " features, its input has %" PRId64,
			state->ensemble.n_features, columns);
	/* x of a block as doubles, where each row stands, the scores of each. */
	if (columns >= 0)
		call->scratch_bytes =
			TREE_ROWS * ((size_t)columns * sizeof(double) + sizeof(uint64_t) +
					    (state->n_targets + 1) * sizeof(double));
	return 0;
}

static int tree_regressor_infer(struct operator_call *call, struct error *err)
{
	const struct tree_model *state = call->state;
	int64_t rows;
	if (tree_check(call, &rows, err) < 0)
		return -(int)err->code;
	tensor_set_shape(call->out[0], ELEMENT_FLOAT, 2, (int64_t[]){ rows, state->n_targets });
	return 0;
}

static int tree_classifier_infer(struct operator_call *call, struct error *err)
{
	const struct tree_model *state = call->state;
	int64_t rows;
	if (tree_check(call, &rows, err) < 0)
		return -(int)err->code;
	tensor_set_shape(call->out[0], ml_labels_type(&state->labels), 1, &rows);
	if (call->n_out > 1 && call->out[1])
		tensor_set_shape(call->out[1], ELEMENT_FLOAT, 2,
			(int64_t[]){ rows, state->n_targets == 1 ? 1 : state->n_targets });
	return 0;
}

struct tree_sums {
	const struct tree_model *model;
	double *scores; /* n_targets of each row */
};

static void tree_add(void *context, size_t row, const struct tree_weight *weights, size_t count)
{
	const struct tree_sums *sums = context;
	double *scores = sums->scores + row * sums->model->n_targets;
	for (size_t i = 0; i < count; i++) {
		double *score = &scores[weights[i].target], w = weights[i].weight;
		switch (sums->model->aggregate) {
		case TREE_MIN:
			*score = w < *score ? w : *score;
			break;
		case TREE_MAX:
			*score = w > *score ? w : *score;
			break;
		default:
			*score += w;
		}
	}
}

/* Scores of rows first .. first + n - 1, without base values; n at most TREE_ROWS. */
static double *tree_scores(const struct operator_call *call, size_t first, size_t n)
{
	const struct tree_model *state = call->state;
	const struct tensor *in = call->in[0];
	size_t columns = (size_t)in->shape[in->rank - 1];
	double *x = call->scratch, *scores = x + TREE_ROWS * columns;
	uint32_t *at = (uint32_t *)(scores + TREE_ROWS * state->n_targets);
	double start = state->aggregate == TREE_MIN   ? (double)INFINITY
		       : state->aggregate == TREE_MAX ? -(double)INFINITY
						      : 0;
	if (in->type == ELEMENT_DOUBLE && columns)
		memcpy(x, in->float64 + first * columns, n * columns * sizeof *x);
	else
		for (size_t i = 0; i < n * columns; i++)
			x[i] = tensor_double(in, first * columns + i);
	for (size_t i = 0; i < n * state->n_targets; i++)
		scores[i] = start;
	struct tree_sums sums = { state, scores };
	tree_ensemble_walk(&state->ensemble, x, n, columns, at, tree_add, &sums);
	return scores;
}

static int tree_regressor_run(struct operator_call *call, struct error *err)
{
	const struct tree_model *state = call->state;
	size_t rows = (size_t)call->out[0]->shape[0], targets = state->n_targets;
	(void)err;
	for (size_t first = 0; first < rows; first += TREE_ROWS) {
		size_t n = rows - first < TREE_ROWS ? rows - first : TREE_ROWS;
		double *scores = tree_scores(call, first, n);
		for (size_t r = 0; r < n; r++) {
			for (size_t t = 0; t < targets; t++) {
				double *score = &scores[r * targets + t];
				if (isinf(*score)) /* no leaf had a weight for it */
					*score = 0;
				if (state->aggregate == TREE_AVERAGE)
					*score /= state->ensemble.n_trees;
				if (state->n_base)
					*score += state->base[state->n_base > 1 ? t : 0];
			}
			ml_transform_apply(state->transform, scores + r * targets, targets);
			for (size_t t = 0; t < targets; t++)
				call->out[0]->float32[(first + r) * targets + t] =
					(float)scores[r * targets + t];
		}
	}
	return 0;
}

/*
 * Two classes whose weights are all for one: the standard leaves the other open; this is what ONNX
 * Runtime does, and with it the converters. Weights that are never negative make a probability,
 * others a margin. If the weights are for the first class, its score is that of the second and the
 * first gets the rest; if they are for the second, the first stays at its base value. Returns the
 * label's place.
 */
static size_t tree_finish_single(const struct tree_model *state, double *scores)
{
	double threshold = state->all_positive ? 0.5 : 0;
	bool first = !state->ensemble.first_weight[state->ensemble.n_nodes] ||
		     state->ensemble.weights[0].target == 0;
	if (!first) {
		for (size_t t = 0; t < state->n_base; t++)
			scores[t] += state->base[t];
		size_t label = scores[1] > threshold;
		ml_transform_apply(state->transform, scores, 2);
		return label;
	}
	double score = scores[0] + (state->n_base ? state->base[state->n_base - 1] : 0);
	bool logistic = state->transform == ML_LOGISTIC;
	scores[1] = logistic ? ml_logistic(score) : score;
	scores[0] = logistic ? ml_logistic(-score) : state->all_positive ? 1 - score : -score;
	return score > threshold;
}

/* The label is the class of the highest score, also of two (where ONNX Runtime looks at one). */
static size_t tree_finish(const struct tree_model *state, double *scores)
{
	size_t best = 0;
	if (state->single)
		return tree_finish_single(state, scores);
	for (size_t t = 0; t < state->n_base; t++)
		scores[t] += state->base[t];
	for (size_t t = 1; t < state->n_targets; t++)
		best = scores[t] > scores[best] ? t : best;
	ml_transform_apply(state->transform, scores, state->n_targets);
	return best;
}

static int tree_classifier_run(struct operator_call *call, struct error *err)
{
	const struct tree_model *state = call->state;
	size_t rows = (size_t)call->out[0]->shape[0], targets = state->n_targets;
	(void)err;
	for (size_t first = 0; first < rows; first += TREE_ROWS) {
		size_t n = rows - first < TREE_ROWS ? rows - first : TREE_ROWS;
		double *scores = tree_scores(call, first, n);
		for (size_t r = 0; r < n; r++) {
			double *mine = scores + r * targets;
			ml_labels_write(
				&state->labels, tree_finish(state, mine), call->out[0], first + r);
			for (size_t t = 0; call->n_out > 1 && call->out[1] && t < targets; t++)
				call->out[1]->float32[(first + r) * targets + t] = (float)mine[t];
		}
	}
	return 0;
}

#define TREE_NODES                                                                                 \
	"nodes_falsenodeids nodes_featureids nodes_hitrates nodes_hitrates_as_tensor "             \
	"nodes_missing_value_tracks_true nodes_modes nodes_nodeids nodes_treeids "                 \
	"nodes_truenodeids nodes_values nodes_values_as_tensor base_values "                       \
	"base_values_as_tensor post_transform "

const struct operator operators_ml_tree[] = {
	{ "TreeEnsembleRegressor", GRAPH_DOMAIN_ML, 1, OPSET_NEWEST, TYPES_ML, 1, 1, 1, 1, 0,
		TREE_NODES "aggregate_function n_targets target_ids target_nodeids target_treeids "
			   "target_weights target_weights_as_tensor",
		tree_regressor_prepare, tree_regressor_infer, tree_regressor_run },
	{ "TreeEnsembleClassifier", GRAPH_DOMAIN_ML, 1, OPSET_NEWEST, TYPES_ML, 1, 1, 1, 2, 0,
		TREE_NODES "class_ids class_nodeids class_treeids class_weights "
			   "class_weights_as_tensor classlabels_int64s classlabels_strings",
		tree_classifier_prepare, tree_classifier_infer, tree_classifier_run },
	{ NULL },
};
