/* The rows of the trainer table, and how a trainer reads its parameters. */
#ifndef MLOPS_TRAIN_TRAINER_INTERNAL_H
#define MLOPS_TRAIN_TRAINER_INTERNAL_H

#include "mlops/train/trainer.h"

extern const struct trainer trainer_baseline, trainer_linear, trainer_logistic;

/* The parameter of that name, or its default from the trainer's table: the only place for it. */
double trainer_number(
	const struct trainer *trainer, const struct value *parameters, const char *name);
int64_t trainer_integer(
	const struct trainer *trainer, const struct value *parameters, const char *name);
bool trainer_boolean(
	const struct trainer *trainer, const struct value *parameters, const char *name);
const char *trainer_choice(
	const struct trainer *trainer, const struct value *parameters, const char *name);

/* coefficients (n_outputs × n_features, none for n_features 0) and intercepts, zeroed. */
int trained_model_init(
	struct trained_model *model, size_t n_outputs, size_t n_features, struct error *err);

/* predict() of every model described by struct trained_model. */
int trained_model_predict(const struct trained_model *model, const struct matrix_view *x,
	size_t threads, double *predictions, struct error *err);

#endif
