#include "mlops/evaluate/cost.h"

#include <math.h>
#include <string.h>

#include "mlops/evaluate/ranking.h"

static int cost_error(const struct value *value, const char *file, struct error *err,
	const char *what, const char *name)
{
	struct position at;
	position_set(&at, file ? file : "", value->line, value->column);
	return error_set_at(err, ERROR_INVALID, &at, "evaluate.costs: %s '%s'", what, name);
}

static bool cost_number(const struct value *value, double *ret)
{
	if (value->kind == VALUE_INTEGER)
		*ret = (double)value->integer;
	else if (value->kind == VALUE_FLOAT && isfinite(value->number))
		*ret = value->number;
	else
		return false;
	return true;
}

static bool cost_class(const struct predictions *predictions, const char *name, size_t *ret)
{
	for (size_t c = 0; c < predictions->n_classes; c++) {
		if (strcmp(predictions->classes[c], name) == 0) {
			*ret = c;
			return true;
		}
	}
	return false;
}

/* The cell of false_negative and its like; false if the name is none of the four. */
static bool cost_cell(const struct predictions *predictions, const char *name, size_t *ret)
{
	static const struct {
		const char *name;
		bool true_yes, label_yes;
	} cells[] = { { "true_positive", true, true }, { "false_positive", false, true },
		{ "true_negative", false, false }, { "false_negative", true, false } };
	size_t yes = predictions->positive, no = 1 - yes;
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
		if (strcmp(cells[i].name, name) != 0)
			continue;
		*ret = 2 * (cells[i].true_yes ? yes : no) + (cells[i].label_yes ? yes : no);
		return true;
	}
	return false;
}

static int cost_read_row(const struct value_entry *entry, const struct predictions *predictions,
	const char *file, double *costs, struct error *err)
{
	size_t target, label, cell;
	if (entry->value->kind != VALUE_MAPPING) {
		if (predictions->task != PREDICTION_BINARY ||
			!cost_cell(predictions, entry->key, &cell))
			return cost_error(entry->value, file, err, "no kind of mistake is called",
				entry->key);
		if (!cost_number(entry->value, &costs[cell]))
			return cost_error(entry->value, file, err, "not a number:", entry->key);
		return 0;
	}
	if (!cost_class(predictions, entry->key, &target))
		return cost_error(entry->value, file, err, "no class is called", entry->key);
	for (size_t i = 0; i < entry->value->mapping.count; i++) {
		const struct value_entry *inner = &entry->value->mapping.entries[i];
		if (!cost_class(predictions, inner->key, &label))
			return cost_error(
				inner->value, file, err, "no class is called", inner->key);
		if (!cost_number(inner->value, &costs[target * predictions->n_classes + label]))
			return cost_error(inner->value, file, err, "not a number:", inner->key);
	}
	return 0;
}

int cost_read(const struct value *section, const struct predictions *predictions, const char *file,
	double **ret_costs, struct error *err)
{
	*ret_costs = NULL;
	if (!section || section->kind == VALUE_NULL)
		return 0;
	if (predictions->task == PREDICTION_REGRESSION)
		return cost_error(
			section, file, err, "there are no classes in a task of", "regression");
	if (section->kind != VALUE_MAPPING)
		return cost_error(
			section, file, err, "not a mapping, but a", value_kind_name(section->kind));
	size_t k = predictions->n_classes;
	AUTO_FREE double *costs = memory_allocate(k * k, sizeof *costs, err);
	if (!costs)
		return -err->code;
	for (size_t i = 0; i < k * k; i++)
		costs[i] = i / k == i % k ? 0.0 : 1.0;
	for (size_t i = 0; i < section->mapping.count; i++)
		if (cost_read_row(&section->mapping.entries[i], predictions, file, costs, err) < 0)
			return -err->code;
	*ret_costs = TAKE(costs);
	return 0;
}

/* Walks the threshold down from +inf; each row that passes changes from no to yes. */
static int cost_best(const struct predictions *predictions, const double *costs, double total,
	struct cost_summary *ret, struct error *err)
{
	size_t n = predictions->n_rows, yes = predictions->positive, no = 1 - yes;
	AUTO_FREE double *scores = memory_allocate(n, sizeof *scores, err);
	AUTO_FREE uint32_t *order = memory_allocate(n, sizeof *order, err);
	if (!scores || !order)
		return -err->code;
	for (size_t i = 0; i < n; i++)
		scores[i] = predictions->probabilities[2 * i + yes];
	if (ranking_order(scores, n, order, err) < 0)
		return -err->code;
	double cost = ret->mean_all_no * total;
	ret->best_threshold = INFINITY;
	ret->best_mean = ret->mean_all_no;
	for (size_t i = 0; i < n; i++) {
		size_t target = predictions->targets[order[i]];
		cost += prediction_weight(predictions, order[i]) *
			(costs[2 * target + yes] - costs[2 * target + no]);
		bool last = i + 1 == n || scores[order[i + 1]] != scores[order[i]];
		if (last && cost / total < ret->best_mean - 1e-12 * fabs(ret->best_mean)) {
			ret->best_mean = cost / total;
			ret->best_threshold = scores[order[i]];
		}
	}
	return 0;
}

int cost_of(const struct predictions *predictions, double threshold, const double *costs,
	struct cost_summary *ret_summary, struct error *err)
{
	size_t n = predictions->n_rows, k = predictions->n_classes;
	*ret_summary = (struct cost_summary){ 0.0, NAN, NAN, NAN, NAN, NAN };
	AUTO_FREE uint32_t *labels = memory_allocate(n, sizeof *labels, err);
	if (!labels)
		return -err->code;
	predictions_label(predictions, threshold, labels);
	double total = 0.0, sum = 0.0, all[2] = { 0.0, 0.0 };
	for (size_t i = 0; i < n; i++) {
		double weight = prediction_weight(predictions, i);
		const double *row = costs + predictions->targets[i] * k;
		total += weight;
		sum += weight * row[labels[i]];
		all[0] += weight * row[0];
		all[1] += weight * row[1];
	}
	ret_summary->mean = sum / total;
	if (predictions->task != PREDICTION_BINARY)
		return 0;
	size_t yes = predictions->positive, no = 1 - yes;
	ret_summary->mean_all_yes = all[yes] / total;
	ret_summary->mean_all_no = all[no] / total;
	double alarm = costs[2 * no + yes] - costs[2 * no + no];
	double miss = costs[2 * yes + no] - costs[2 * yes + yes];
	if (alarm >= 0.0 && miss >= 0.0 && alarm + miss > 0.0)
		ret_summary->bayes_threshold = alarm / (alarm + miss);
	return predictions->probabilities ? cost_best(predictions, costs, total, ret_summary, err)
					  : 0;
}
