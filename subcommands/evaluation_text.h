/*
 * evaluation_text: an evaluation for a terminal, as `train` and `eval` show it.
 */
#ifndef MLOPS_SUBCOMMANDS_EVALUATION_TEXT_H
#define MLOPS_SUBCOMMANDS_EVALUATION_TEXT_H

#include "mlops/evaluate/render.h"
#include "mlops/ui/colour.h"

/*
 * The headline metrics, a column a part, with interval and baseline of the one that counts:
 *
 *	              validation     test   95% interval   baseline
 *	accuracy           0.982    0.974  0.926 – 0.991      0.628
 */
int evaluation_text_metrics(const struct evaluation *evaluation, const struct style *style,
	struct strbuf *out, struct error *err) MUST_CHECK;

/* Confusion matrix, slices, costs and the worst rows of the part that counts. */
int evaluation_text_details(const struct evaluation *evaluation, const struct style *style,
	struct strbuf *out, struct error *err) MUST_CHECK;

#endif
