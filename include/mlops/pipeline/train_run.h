/*
 * train_run: the life of a training run, from a checked project to a recorded result.
 *
 *	1. the data are read, split and checked; what is wrong with them ends here, without a run,
 *	   as do tracked data that are not the version that their pointer names
 *	2. the state of the code is taken and the run begins
 *	3. features and model are fitted and written as one ONNX graph, which is checked
 *	4. the graph is evaluated on validation and test rows
 *	5. artifacts go to the object store; then one durable transaction records everything else
 *
 * A failure in 3 to 5 ends the run as failed with its reason; a user's stop (the sink's `stopped`)
 * as cancelled, with what there is; killed in between, it shows as crashed. Until the transaction
 * of step 5 nobody sees a finished run; afterwards nothing of it can be lost.
 */
#ifndef MLOPS_PIPELINE_TRAIN_RUN_H
#define MLOPS_PIPELINE_TRAIN_RUN_H

#include "mlops/pipeline/assess.h"
#include "mlops/pipeline/fit.h"
#include "mlops/record/run.h"
#include "mlops/store/workspace.h"

struct train_request {
	const struct document *project; /* checked against its schema */
	const char *text; /* of the document as it is used, for the record; or NULL */
	const char *root; /* the folder that the project's paths start from */
	const struct workspace *workspace;
	const char *name; /* of the run; NULL: a readable one */
	const char *const *tags; /* NULL-terminated; or NULL */
	const char *arguments; /* the command line, for the record; or NULL */
	bool allow_changed_data; /* go on with data that are not as their pointers say */
	const struct event_sink *sink; /* may be NULL */
	struct problems *problems; /* takes the places of bad rows; may be NULL */
};

struct train_result {
	struct run run;
	enum run_status status; /* finished or cancelled */
	struct dataset dataset;
	struct fit fit;
	struct evaluation evaluation;
	uint64_t model_bytes;
	char model_hash[HASH_TEXT_SIZE];
	double *curve; /* the objective by iteration, as far as the trainer told it */
	size_t n_curve;
	double seconds; /* all of it */
};

/* Artifacts of a training run. */
#define TRAIN_ARTIFACT_MODEL "model.onnx"
#define TRAIN_ARTIFACT_REPORT "report.html"
#define TRAIN_ARTIFACT_EVALUATION "evaluation.json"
#define TRAIN_ARTIFACT_PROJECT "mlops.yaml"
#define TRAIN_ARTIFACT_LOG "train.log"

/* Param: the project's folder as seen from the workspace's root, if it is another. */
#define TRAIN_PARAM_FOLDER "project.folder"

int train_run(const struct train_request *request, struct train_result *ret_result,
	struct error *err) MUST_CHECK;
void train_result_release(struct train_result *result);
AUTO_RELEASE(struct train_result, train_result_release)

#endif
