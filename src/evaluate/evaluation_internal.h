/* The choice of metrics, beside the options they come from. */
#ifndef EVALUATE_EVALUATION_INTERNAL_H
#define EVALUATE_EVALUATION_INTERNAL_H

#include "mlops/evaluate/evaluation.h"

/* Sets metrics, n_metrics and n_headline: those asked for, then the rest of the default set. */
int evaluation_choose_metrics(const struct evaluation_options *options,
	const struct predictions *predictions, struct evaluation *evaluation,
	struct error *err) MUST_CHECK;

#endif
