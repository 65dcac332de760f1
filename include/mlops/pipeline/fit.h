/*
 * fit: from a dataset to a model file that has been checked.
 *
 * Features and trainer are fitted on the training rows, written as one ONNX graph, read back, and
 * run on every row of the data: what the graph says must equal what the trainer says, or the model
 * is refused. Nothing of the run (no id, no time) is in these bytes, so equal training gives equal
 * bytes; fit_seal() adds what belongs to the run.
 */
#ifndef MLOPS_PIPELINE_FIT_H
#define MLOPS_PIPELINE_FIT_H

#include "mlops/model/model_file.h"
#include "mlops/pipeline/dataset.h"
#include "mlops/train/features.h"
#include "mlops/train/trainer.h"

/* The largest difference allowed between graph and trainer, relative to max(1, |value|). */
#define FIT_TOLERANCE 1e-6

struct fit {
	const struct trainer *trainer;
	struct features *features;
	struct trained_model model;
	struct trained_model baseline; /* the default baseline on the same rows */
	double *baseline_scores; /* what it says of any row: width */
	struct graph graph;
	struct model file; /* read back from the graph's bytes */
	struct hash fingerprint; /* of those bytes */
	double *scores; /* of every row of the table, by the file: n_rows × width */
	size_t width; /* n_classes, or 1 */
	double worst; /* largest difference found, as FIT_TOLERANCE counts */
	double fit_seconds, predict_seconds; /* training; the file's pass over all rows */
};

/*
 * Trains as the project says. Stopped by the user it succeeds with model.status
 * TRAINED_CANCELLED. ERROR_NUMERIC if graph and trainer disagree.
 */
int fit_project(const struct document *project, const struct dataset *dataset,
	const struct event_sink *sink, struct fit *ret_fit, struct error *err) MUST_CHECK;
void fit_release(struct fit *fit);
AUTO_RELEASE(struct fit, fit_release)

/* Appends the model file with the run's id and its metrics (JSON, or NULL) in its metadata. */
int fit_seal(struct fit *fit, const char *run, const char *metrics, struct strbuf *out,
	struct error *err) MUST_CHECK;

/* The task's bit, and the class names in order of codes; NULL for regression. */
const char *const *fit_class_names(const struct dataset *dataset);

#endif
