/*
 * trainer: the table of trainers, and what each gives back.
 *
 * A trainer is one row: one file in src/train/ and one line in trainer.c add one. It takes a
 * design matrix (already imputed, scaled and encoded) and gives a neutral description of the
 * fitted model, from which train/export.c writes ONNX nodes; its own predict() is what the
 * exported graph is checked against.
 *
 * The same problem gives the same bits for any number of threads on one type of machine.
 */
#ifndef MLOPS_TRAIN_TRAINER_H
#define MLOPS_TRAIN_TRAINER_H

#include <stdint.h>

#include "mlops/base/event.h"
#include "mlops/base/memory.h"
#include "mlops/document/value.h"
#include "mlops/numeric/matrix.h"

enum trainer_task {
	TASK_BINARY = 1, /* two classes; code 1 is the positive one */
	TASK_MULTICLASS = 2,
	TASK_REGRESSION = 4
};
const char *trainer_task_name(enum trainer_task task); /* "binary", "multiclass", "regression" */

enum parameter_kind { PARAMETER_NUMBER, PARAMETER_INTEGER, PARAMETER_BOOLEAN, PARAMETER_CHOICE };

/* One key under `model:` in mlops.yaml. The schema and the manual are tested against this table. */
struct trainer_parameter {
	const char *name;
	enum parameter_kind kind;
	const char *otherwise; /* the default, as YAML text */
	double minimum, maximum; /* of numbers and integers; infinite: no bound */
	bool above_minimum; /* the minimum itself is not allowed */
	const char *const *choices; /* of PARAMETER_CHOICE, NULL-terminated */
	const char *help;
};

/* n_rows rows; exactly one of `values` and `classes` is set, by task. All finite. */
struct trainer_data {
	struct matrix_view x; /* n_rows × n_features */
	const double *values; /* regression: the target */
	const uint32_t *classes; /* classification: codes 0 .. n_classes - 1; some may be absent */
	const double *weights; /* >= 0, from train/weights.h; NULL: all 1 */
};

struct trainer_problem {
	enum trainer_task task;
	size_t n_classes; /* classification: >= 2; 2 if binary */
	struct trainer_data train;
	struct trainer_data validation; /* x.n_rows 0: none */
	const struct value
		*parameters; /* the `model:` mapping, checked by the schema; NULL: defaults */
	uint64_t seed;
	size_t threads; /* 0: parallel_threads() */
	const struct event_sink *sink;
};

enum trained_kind {
	TRAINED_CONSTANT, /* outputs = intercepts: the value, or the n_classes probabilities */
	TRAINED_LINEAR_MAP /* outputs = link(coefficients x + intercepts) */
};

enum trained_link {
	LINK_IDENTITY,
	LINK_LOGISTIC, /* one output z: the probability of class 1 is 1 / (1 + exp(-z)) */
	LINK_SOFTMAX /* n_classes outputs */
};

enum trained_status {
	TRAINED_CONVERGED, /* also for a closed form */
	TRAINED_ITERATION_LIMIT,
	TRAINED_SEPARABLE, /* logistic without penalty on separable data: there is no optimum */
	TRAINED_CANCELLED /* the user stopped it; the model is the last iterate and can be used */
};
const char *trained_status_name(enum trained_status status); /* "converged", … */

struct trained_model {
	enum trained_kind kind;
	enum trained_link link;
	enum trainer_task task;
	size_t n_features, n_outputs, n_classes;
	double *coefficients; /* n_outputs × n_features, row-major; NULL for TRAINED_CONSTANT */
	double *intercepts; /* n_outputs */

	enum trained_status status;
	uint64_t iterations;
	double objective; /* what was minimised, at the result; NaN if nothing was */
	size_t rank, n_columns; /* least squares: rank < n_columns says columns depend on others */
	char note[256]; /* what the user should know ("3 of 12 columns depend on others: …"), or ""
			 */
};

void trained_model_release(struct trained_model *model);
AUTO_RELEASE(struct trained_model, trained_model_release)

/* Columns of the trainer's prediction: 1 for regression, else n_classes probabilities (also for
 * binary, where the model itself has one output). */
size_t trained_model_width(const struct trained_model *model);

struct trainer {
	const char *name; /* as in `model.type` */
	const char *summary; /* one line of help */
	unsigned int tasks; /* bits of enum trainer_task */
	const struct trainer_parameter *parameters;
	size_t n_parameters;

	/* Fits; on success *ret_model is the caller's to release. Being stopped is a success with
	 * TRAINED_CANCELLED. */
	int (*fit)(const struct trainer_problem *problem, struct trained_model *ret_model,
		struct error *err);

	/* predictions: x->n_rows × trained_model_width(), row-major. */
	int (*predict)(const struct trained_model *model, const struct matrix_view *x,
		size_t threads, double *predictions, struct error *err);
};

/* The table, by name; trainer_find() returns NULL if there is none of that name. */
extern const struct trainer *const trainer_table[];
extern const size_t trainer_count;
const struct trainer *trainer_find(const char *name);

/*
 * Checks the problem (task, shapes, finite values, a class that is there, weights) and fits:
 * -ERROR_INVALID or -ERROR_UNSUPPORTED in words that name the trainer, else fit()'s result.
 */
int trainer_fit(const struct trainer *trainer, const struct trainer_problem *problem,
	struct trained_model *ret_model, struct error *err) MUST_CHECK;
int trainer_predict(const struct trainer *trainer, const struct trained_model *model,
	const struct matrix_view *x, size_t threads, double *predictions,
	struct error *err) MUST_CHECK;

#endif
