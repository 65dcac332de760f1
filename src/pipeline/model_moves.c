#include "mlops/pipeline/model_moves.h"

#include <math.h>

#include "mlops/base/sort.h"
#include "mlops/base/vec.h"
#include "mlops/document/json_reader.h"
#include "mlops/train/export.h"

/* Names of features and their coefficients, features × n_outputs. */
struct moves_side {
	const struct model *model;
	struct document names;
	const double *coefficients;
	size_t n_features, n_outputs;
};

/* Leaves n_features 0 if the model carries no coefficients with names. */
static int moves_open(const struct model *model, struct moves_side *side, struct error *err)
{
	const char *names = model_metadata(model, "mlops.features");
	const struct tensor *tensor = graph_initializer(&model->graph, EXPORT_COEFFICIENTS);
	side->model = model;
	if (!names || !tensor || tensor->type != ELEMENT_DOUBLE || tensor->rank != 2)
		return 0;
	if (json_read(text_of(names), "mlops.features", &side->names, err) < 0)
		return -err->code;
	const struct value *list = side->names.root;
	if (list->kind != VALUE_SEQUENCE || list->sequence.count != (size_t)tensor->shape[0])
		return error_set(err, ERROR_INVALID,
			"the model's metadata mlops.features do not fit its coefficients");
	side->coefficients = tensor->float64;
	side->n_features = list->sequence.count;
	side->n_outputs = (size_t)tensor->shape[1];
	return 0;
}

static const char *moves_name(const struct moves_side *side, size_t feature)
{
	const struct value *name = side->names.root->sequence.items[feature];
	return name->kind == VALUE_STRING ? name->string.at : "";
}

static int moves_order(const void *a, const void *b, void *context)
{
	(void)context;
	const struct model_move *left = a, *right = b;
	double x = fabs(left->to - left->from), y = fabs(right->to - right->from);
	return x > y ? -1 : x < y;
}

static char *moves_title(
	const struct moves_side *side, const char *feature, size_t output, struct error *err)
{
	if (side->n_outputs > 1 && output < side->model->n_classes)
		return memory_format(err, "%s, %s", feature, side->model->classes[output].at);
	return memory_copy_string(feature, err);
}

static int moves_compare(const struct moves_side *from, const struct moves_side *to,
	struct model_moves *moves, struct error *err)
{
	AUTO(map_release) struct map places;
	map_init(&places, NULL);
	VEC(struct model_move) items = VEC_INIT;
	size_t n_outputs = from->n_outputs;
	for (size_t f = 0; f < from->n_features && !err->code; f++)
		(void)!map_put(&places, moves_name(from, f), (void *)(uintptr_t)(f + 1), err);
	for (size_t f = 0; f < to->n_features && !err->code; f++) {
		size_t place = (size_t)(uintptr_t)map_get(&places, moves_name(to, f));
		for (size_t k = 0; place && k < n_outputs && !err->code; k++) {
			struct model_move move = {
				.from = from->coefficients[(place - 1) * n_outputs + k],
				.to = to->coefficients[f * n_outputs + k]
			};
			moves->n_shared++;
			if (move.from == move.to)
				continue;
			move.feature = moves_title(to, moves_name(to, f), k, err);
			vec_push(&items, move);
		}
	}
	moves->items = items.items;
	moves->count = items.count;
	if (err->code || vec_check(&items, err) < 0)
		return -err->code;
	return sort_items(items.items, items.count, sizeof *items.items, moves_order, NULL, err);
}

int model_moves_find(const struct model *from, const struct model *to, struct model_moves *ret,
	struct error *err)
{
	*ret = (struct model_moves){ .count = 0 };
	struct moves_side sides[2] = { { .n_features = 0 }, { .n_features = 0 } };
	error_clear(err);
	int status = moves_open(from, &sides[0], err);
	if (status == 0)
		status = moves_open(to, &sides[1], err);
	bool comparable = sides[0].n_features && sides[1].n_features &&
			  sides[0].n_outputs == sides[1].n_outputs;
	if (status == 0 && comparable)
		status = moves_compare(&sides[0], &sides[1], ret, err);
	document_release(&sides[0].names);
	document_release(&sides[1].names);
	if (status < 0)
		model_moves_release(ret);
	return status;
}

void model_moves_release(struct model_moves *moves)
{
	for (size_t i = 0; i < moves->count; i++)
		memory_free(moves->items[i].feature);
	memory_free(moves->items);
	*moves = (struct model_moves){ .count = 0 };
}
