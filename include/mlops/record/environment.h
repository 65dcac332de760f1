/*
 * environment: the machine and libraries under a run, and what it used of them.
 *
 * Facts are names and texts ("cpu" = "AMD EPYC 9R14", "openblas" = "0.3.21"). Runs with the same
 * facts share one row, so comparing two environments is comparing two numbers.
 */
#ifndef MLOPS_RECORD_ENVIRONMENT_H
#define MLOPS_RECORD_ENVIRONMENT_H

#include "mlops/record/record.h"

struct fact {
	char *name, *value;
};
struct facts {
	struct fact *items; /* by name */
	size_t count;
};
void facts_release(struct facts *facts);
AUTO_RELEASE(struct facts, facts_release)

/* Appends a copy; a NULL value is left out. */
int facts_add(
	struct facts *facts, const char *name, const char *value, struct error *err) MUST_CHECK;

/*
 * Facts of the host (host, cpu, machine, system, kernel, compiler, libc, vectors, cores, memory)
 * and of this program and SQLite; callers add those of the libraries that they loaded.
 */
int facts_of_host(struct facts *facts, struct error *err) MUST_CHECK;

int run_environment_set(struct record *record, int64_t run, const struct facts *facts,
	struct error *err) MUST_CHECK;
int run_environment_load(
	struct record *record, int64_t run, struct facts *ret, struct error *err) MUST_CHECK;

struct run_resources {
	double wall, user, system; /* seconds */
	int64_t peak_memory; /* bytes resident */
	int64_t threads; /* that it was allowed; 0: not known */
};
int run_resources_set(struct record *record, int64_t run, const struct run_resources *resources,
	struct error *err) MUST_CHECK;
/* Of this process and its ended children, so far. */
void run_resources_now(struct run_resources *ret);
/* *ret_known is false (and ret zero) if nothing was recorded. */
int run_resources_load(struct record *record, int64_t run, struct run_resources *ret,
	bool *ret_known, struct error *err) MUST_CHECK;

#endif
