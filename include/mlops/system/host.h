/*
 * host: facts of the machine and of processes on it, for the record of a run and for `doctor`.
 * Nothing of this enters anything that is hashed.
 */
#ifndef MLOPS_SYSTEM_HOST_H
#define MLOPS_SYSTEM_HOST_H

#include <stdint.h>

#include "mlops/base/error.h"

/* What cannot be found out is "" or 0. */
struct host {
	char name[256]; /* host name */
	char cpu[128]; /* "AMD EPYC 9R14" */
	char machine[64]; /* "x86_64" */
	char system[128]; /* "Debian GNU/Linux 12 (bookworm)" */
	char kernel[128]; /* "Linux 6.1.0-18-amd64" */
	char compiler[128]; /* that built this program: "gcc 12.2.0" */
	char libc[64]; /* running: "glibc 2.36" */
	const char *vectors; /* cpu_level_name() */
	uint64_t cores, cores_allowed; /* online; that this process may run on */
	uint64_t memory; /* bytes */
};
void host_facts(struct host *ret);

/*
 * A process that can be told from a later one with the same number: `started` is the kernel's
 * clock ticks between boot and its start.
 */
struct host_process {
	int64_t pid;
	uint64_t started;
	char boot[40]; /* the boot id, a UUID */
};
int host_self(struct host_process *ret, struct error *err);
bool host_process_alive(const struct host_process *process); /* on this machine and this boot */

/* Use of resources: this process so far, and its children that have ended. */
struct host_usage {
	double wall; /* seconds since this process began */
	double user, system; /* seconds of processor */
	double children_user, children_system;
	uint64_t peak_memory, children_peak_memory; /* bytes resident; of the largest child */
};
void host_usage(struct host_usage *ret);

#endif
