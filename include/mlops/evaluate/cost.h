/*
 * cost: what the errors cost, and the threshold at which they cost least.
 *
 * costs[true × n_classes + predicted] is the cost of one row; the diagonal is usually 0, negative
 * entries are gains. The same unit for all, whichever that is.
 */
#ifndef MLOPS_EVALUATE_COST_H
#define MLOPS_EVALUATE_COST_H

#include "mlops/base/memory.h"
#include "mlops/document/value.h"
#include "mlops/evaluate/predictions.h"

/*
 * Reads `evaluate.costs`: {false_negative: 10, false_positive: 1} (and true_positive,
 * true_negative) for binary, or a mapping from true class to a mapping from predicted class to
 * cost. What is not named costs 1 off and 0 on the diagonal. ret_costs: n_classes², freed by the
 * caller; NULL for a NULL section. `file` names the document in messages; may be NULL.
 */
int cost_read(const struct value *section, const struct predictions *predictions, const char *file,
	double **ret_costs, struct error *err) MUST_CHECK;

struct cost_summary {
	double mean; /* cost a row, at the threshold in use */
	double best_threshold, best_mean; /* binary with probabilities; else NaN */
	double bayes_threshold; /* binary: the best for true probabilities; Elkan, IJCAI 2001 eq 2 */
	double mean_all_no, mean_all_yes; /* binary: without a model */
};

/*
 * best_threshold is one of the probabilities that occur (or +inf: never say yes), of equals the
 * highest; O(n log n). It is found on these rows, so it is honest only for a choice made on
 * validation rows.
 */
int cost_of(const struct predictions *predictions, double threshold, const double *costs,
	struct cost_summary *ret_summary, struct error *err) MUST_CHECK;

#endif
