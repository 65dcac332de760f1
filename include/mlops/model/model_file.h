/*
 * model_file: a loaded model as the rest of the program sees it.
 *
 * A model is an ONNX file. In those that `mlops train` writes each feature column is an input of
 * shape [N, 1] named as the column: tensor(double) for numeric, boolean and timestamp columns,
 * tensor(string) for category and text columns. Outputs are `label` (tensor(string) of class names,
 * [N]) and `probabilities` (tensor(double), [N, n_classes]) for classification, `prediction`
 * (tensor(double), [N, 1]) for regression. metadata_props carry mlops.schema, mlops.profile,
 * mlops.run, mlops.metrics, mlops.task ("regression", "binary", "multiclass") and mlops.classes
 * (a JSON array of the class names, in order of the columns of `probabilities`).
 *
 * Models made elsewhere come in too: columns as inputs of one element a row in any number type, or
 * one matrix input [N, F] (float or double), whose columns are those of the metadata key
 * `mlops.columns` (a JSON array) or else the first F numeric columns of the table. A classifier's
 * outputs are found by name or, failing that, by type and shape.
 *
 * A model is immutable: any number of threads may predict with it.
 */
#ifndef MLOPS_MODEL_MODEL_FILE_H
#define MLOPS_MODEL_MODEL_FILE_H

#include "mlops/data/table.h"
#include "mlops/model/executor.h"
#include "mlops/model/graph.h"

enum model_task { MODEL_REGRESSION, MODEL_CLASSIFICATION };

enum model_input_kind {
	MODEL_INPUT_NUMBER, /* numeric, boolean and timestamp columns; NaN where missing */
	MODEL_INPUT_STRING, /* category and text columns; the empty text where missing */
	MODEL_INPUT_MATRIX /* [N, F]: several numeric columns */
};

struct model_input {
	const char *name;
	enum model_input_kind kind;
	enum element_type type; /* what the graph wants; values are converted */
	size_t width; /* 1, or F of a matrix; 0 if a matrix leaves it open */
	size_t rank; /* 1: [N]; 2: [N, width] */
};

struct model {
	struct graph graph;
	struct executor_plan *plan;
	enum model_task task;
	struct model_input *inputs;
	size_t n_inputs;
	const char **columns; /* names behind a matrix input; NULL if the file does not say */
	size_t n_columns;
	struct text *classes; /* of a classifier, in order of the columns of probabilities */
	size_t n_classes; /* 0 for regression */
	int label_output, score_output; /* indexes into the plan's outputs; -1 if there is none */
};

/* Makes *ret_model (initialised by this call); released on failure. */
int model_read(const void *bytes, size_t length, struct model *ret_model, struct error *err);
void model_release(struct model *model);
AUTO_RELEASE(struct model, model_release)

/* A value of metadata_props; NULL if absent. */
const char *model_metadata(const struct model *model, const char *key);

/*
 * What a prediction writes, for row i of the request at index i. Either pointer may be NULL.
 * scores: regression [n_rows]; classification [n_rows × n_classes], row-major.
 * labels: classification only: index into model->classes.
 */
struct model_predictions {
	double *scores;
	uint32_t *labels;
};

/*
 * Predicts rows first_row .. first_row + n_rows - 1 of the table, in fixed blocks on at most
 * `threads` threads (0: parallel_threads()); the result is the same for any number of them. A
 * missing or mistyped column is ERROR_INVALID and named; columns that the model does not read are
 * ignored. Integers, booleans become numbers, timestamps seconds since 1970.
 */
struct model_rows {
	const struct table *table;
	size_t first_row, n_rows, threads;
};
int model_predict_table(const struct model *model, const struct model_rows *rows,
	struct model_predictions *ret, struct error *err);

/* Is every column that the model reads there, with a fitting type? As model_predict_table(). */
int model_check_table(const struct model *model, const struct table *table, struct error *err);

#endif
