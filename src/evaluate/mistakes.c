#include "mlops/evaluate/mistakes.h"

#include <math.h>

/* Keeps the list in order, largest first; of equals the earlier row stays in front. */
static void mistakes_insert(
	struct mistakes *mistakes, double size, double *sizes, const struct mistake *mistake)
{
	if (mistakes->count == MISTAKES_SHOWN && !(size > sizes[MISTAKES_SHOWN - 1]))
		return;
	size_t at = mistakes->count < MISTAKES_SHOWN ? mistakes->count++ : MISTAKES_SHOWN - 1;
	for (; at > 0 && size > sizes[at - 1]; at--) {
		sizes[at] = sizes[at - 1];
		mistakes->items[at] = mistakes->items[at - 1];
	}
	sizes[at] = size;
	mistakes->items[at] = *mistake;
}

static void mistakes_of_values(const struct predictions *predictions, struct mistakes *mistakes)
{
	double sizes[MISTAKES_SHOWN];
	for (size_t i = 0; i < predictions->n_rows; i++) {
		if (prediction_weight(predictions, i) == 0.0)
			continue;
		struct mistake mistake = { .row = i,
			.row_number = prediction_row_number(predictions, i),
			.probability = NAN,
			.target_value = predictions->target_values[i],
			.value = predictions->values[i] };
		mistakes->n_wrong++;
		mistakes_insert(
			mistakes, fabs(mistake.value - mistake.target_value), sizes, &mistake);
	}
}

int mistakes_find(const struct predictions *predictions, double threshold,
	struct mistakes *ret_mistakes, struct error *err)
{
	ret_mistakes->n_wrong = ret_mistakes->count = 0;
	if (predictions->task == PREDICTION_REGRESSION) {
		mistakes_of_values(predictions, ret_mistakes);
		return 0;
	}
	AUTO_FREE uint32_t *labels = memory_allocate(predictions->n_rows, sizeof *labels, err);
	if (!labels)
		return -err->code;
	predictions_label(predictions, threshold, labels);
	double sizes[MISTAKES_SHOWN];
	for (size_t i = 0; i < predictions->n_rows; i++) {
		if (labels[i] == predictions->targets[i] ||
			prediction_weight(predictions, i) == 0.0)
			continue;
		struct mistake mistake = { .row = i,
			.row_number = prediction_row_number(predictions, i),
			.target = predictions->targets[i],
			.label = labels[i],
			.probability = NAN };
		if (predictions->probabilities)
			mistake.probability =
				predictions->probabilities[i * predictions->n_classes + labels[i]];
		ret_mistakes->n_wrong++;
		mistakes_insert(ret_mistakes,
			predictions->probabilities ? mistake.probability : 0.0, sizes, &mistake);
	}
	return 0;
}
