/*
 * data_versions: which versions of tracked data a run has read.
 */
#ifndef MLOPS_PIPELINE_DATA_VERSIONS_H
#define MLOPS_PIPELINE_DATA_VERSIONS_H

#include "mlops/pipeline/dataset.h"
#include "mlops/record/record.h"
#include "mlops/versioning/provenance.h"

struct data_versions {
	struct provenance files[DATASET_FILES]; /* of the dataset's files, in their order */
	const struct dataset_file *sources;
	size_t count;
};

/* root: the folder that the dataset's paths start from. */
int data_versions_find(const struct workspace *workspace, struct object_store *store,
	const char *root, const struct dataset *dataset, struct data_versions *ret,
	struct error *err) MUST_CHECK;
void data_versions_release(struct data_versions *versions);
AUTO_RELEASE(struct data_versions, data_versions_release)

/* ERROR_INVALID with the remedies if a file is not as its pointer says. */
int data_versions_check(const struct data_versions *versions, struct error *err) MUST_CHECK;

/* The texts of the params PROVENANCE_PARAM_TRACKED and PROVENANCE_PARAM_CHANGED; "" if there is nothing to say. */
void data_versions_tracked(const struct data_versions *versions, struct strbuf *buffer);
void data_versions_changed(const struct data_versions *versions, struct strbuf *buffer);

/* As part of the open transaction. */
int data_versions_record(const struct data_versions *versions, struct record *record, int64_t run,
	struct error *err) MUST_CHECK;

#endif
