/*
 * eval_run: a recorded model, evaluated again.
 *
 * On the run's own data: they are read and split as the run's document says, and must still be
 * what the run recorded (same hash). On other data (`data`): all rows count, and the target column
 * must be there. Nothing of the run is changed.
 */
#ifndef MLOPS_PIPELINE_EVAL_RUN_H
#define MLOPS_PIPELINE_EVAL_RUN_H

#include "mlops/model/model_file.h"
#include "mlops/pipeline/assess.h"
#include "mlops/record/files.h"
#include "mlops/record/run.h"
#include "mlops/store/object.h"

struct eval_request {
	struct record *record;
	struct object_store *objects;
	int64_t run;
	const char *root; /* of the workspace: the run says where its project lies in it */
	const char *data; /* another data file; NULL: the run's own */
	const struct event_sink *sink;
	struct problems *problems; /* may be NULL */
};

struct eval_result {
	struct run run;
	struct document project;
	struct model model;
	struct dataset dataset;
	struct evaluation evaluation;
	char model_hash[HASH_TEXT_SIZE];
	char *data_path; /* of the dataset's first file, as it was opened */
};

/*
 * ERROR_NOT_FOUND if the run has no model, ERROR_INVALID if the data do not fit it or are no longer
 * those of the run.
 */
int eval_run(const struct eval_request *request, struct eval_result *ret_result,
	struct error *err) MUST_CHECK;
void eval_result_release(struct eval_result *result);
AUTO_RELEASE(struct eval_result, eval_result_release)

/* Reads the model of a run; *ret_hash (may be NULL) names the object. */
int eval_load_model(struct record *record, struct object_store *objects, int64_t run,
	struct model *ret_model, char ret_hash[HASH_TEXT_SIZE], struct error *err) MUST_CHECK;

#endif
