/*
 * runs_json: a run as members of a JSON object, the same in every command.
 */
#ifndef MLOPS_SUBCOMMANDS_RUNS_JSON_H
#define MLOPS_SUBCOMMANDS_RUNS_JSON_H

#include "mlops/document/json_writer.h"
#include "mlops/record/files.h"
#include "mlops/record/record.h"

/* run, name, status, times, what it is; "params", "metrics" (last values), "tags" as objects. */
int runs_json_summary(
	struct json_writer *json, struct record *record, int64_t run, struct error *err) MUST_CHECK;

/* All else: "series", "code", "inputs", "outputs", "artifacts", "environment", "resources". */
int runs_json_details(
	struct json_writer *json, struct record *record, int64_t run, struct error *err) MUST_CHECK;

/* `key`: the files of a role as an array. */
int runs_json_files(struct json_writer *json, const char *key, const struct run_files *files,
	struct error *err) MUST_CHECK;

#endif
