/*
 * model_moves: what changed from one linear model to another, coefficient by coefficient.
 *
 * Features are matched by name (the metadata `mlops.features`), so models with other features can
 * be compared as far as they share some. Coefficients are those of the scaled features, as the
 * trainer saw them.
 */
#ifndef MLOPS_PIPELINE_MODEL_MOVES_H
#define MLOPS_PIPELINE_MODEL_MOVES_H

#include "mlops/model/model_file.h"

struct model_move {
	char *feature; /* with several outputs: "feature, class" */
	double from, to;
};

struct model_moves {
	struct model_move *items; /* all that moved, by falling |to - from| */
	size_t count;
	size_t n_shared; /* coefficients that both models have */
};

/* Nothing, with success, if one of them is no linear map of ours. */
int model_moves_find(const struct model *from, const struct model *to, struct model_moves *ret,
	struct error *err) MUST_CHECK;
void model_moves_release(struct model_moves *moves);
AUTO_RELEASE(struct model_moves, model_moves_release)

#endif
