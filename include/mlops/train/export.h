/*
 * export: a fitted model with its features as one ONNX graph.
 *
 * The graph computes in float64 what features_apply() and the trainer's predict() compute. Inputs
 * are the source columns by name; outputs are `label` and `probabilities`, or `prediction`, as
 * mlops/model/model_file.h describes them.
 */
#ifndef MLOPS_TRAIN_EXPORT_H
#define MLOPS_TRAIN_EXPORT_H

#include "mlops/model/graph.h"
#include "mlops/train/features.h"
#include "mlops/train/trainer.h"

/* The initializer that holds the coefficients of a linear map, features × outputs. */
#define EXPORT_COEFFICIENTS "coefficients"

/*
 * Fills an initialised graph. classes: the n_classes names in order of class codes; not used for
 * regression. ERROR_UNSUPPORTED if a source column has the name of an output.
 */
int export_model(const struct features *features, const struct trained_model *model,
	const char *const *classes, struct graph *graph, struct error *err) MUST_CHECK;

#endif
