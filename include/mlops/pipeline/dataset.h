/*
 * dataset: a project's data, ready for training: read, split, targets coded, weighted.
 *
 * Everything stays in the one table that was read; the parts are lists of its rows.
 */
#ifndef MLOPS_PIPELINE_DATASET_H
#define MLOPS_PIPELINE_DATASET_H

#include "mlops/data/source.h"
#include "mlops/system/hash.h"
#include "mlops/train/trainer.h"

struct dataset_part {
	size_t *rows; /* of the table, ascending */
	size_t n_rows;
	uint32_t *classes; /* n_rows class codes; NULL for regression */
	double *values; /* n_rows targets; NULL for classification */
	double *weights; /* n_rows from the weight column; NULL: all 1 */
};

/* One file that was read. */
struct dataset_file {
	const char *path; /* as the project names it */
	struct hash hash;
	uint64_t bytes;
};

enum { DATASET_FILES = SPLIT_PART_COUNT };

struct dataset {
	struct source_settings settings;
	struct source source;
	enum trainer_task task;
	struct dataset_part parts[SPLIT_PART_COUNT];
	struct dataset_file files[DATASET_FILES];
	size_t n_files;
	const char *weight_column; /* NULL if there is none; borrowed from the project */
	const char *excluded[6]; /* columns that are no features; NULL-terminated */
	double read_seconds;
};

/*
 * Reads what the section `data` of the project says. root is the folder that paths start from.
 * problems (may be NULL) takes the places of bad rows. ERROR_INVALID if the project names no
 * target.
 */
int dataset_load(const struct document *project, const char *root, const struct event_sink *sink,
	struct problems *problems, struct dataset *ret_dataset, struct error *err) MUST_CHECK;
void dataset_release(struct dataset *dataset);
AUTO_RELEASE(struct dataset, dataset_release)

/*
 * The weights of the training rows: the weight column × class weights (model.class_weight) ×
 * recency (train.recency). NULL with success if none is asked for; freed by memory_free().
 */
int dataset_training_weights(const struct dataset *dataset, const struct document *project,
	double **ret_weights, struct error *err) MUST_CHECK;

#endif
