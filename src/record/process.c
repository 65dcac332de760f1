/*
 * Who runs a run, told apart from a later process with the same number, from one in another
 * container (their numbers are of another pid namespace) and from one on another machine.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mlops/base/parse.h"
#include "mlops/system/host.h"
#include "record_internal.h"

enum { PROCESS_HOST_SIZE = 256, PROCESS_NAMESPACE_SIZE = 64 };

static void process_place(char host[PROCESS_HOST_SIZE], char space[PROCESS_NAMESPACE_SIZE])
{
	if (gethostname(host, PROCESS_HOST_SIZE) < 0 || !host[0])
		snprintf(host, PROCESS_HOST_SIZE, "-");
	host[PROCESS_HOST_SIZE - 1] = '\0';
	for (char *c = host; *c; c++) {
		if (*c == ' ')
			*c = '_';
	}
	ssize_t length = readlink("/proc/self/ns/pid", space, PROCESS_NAMESPACE_SIZE - 1);
	if (length > 0)
		space[length] = '\0';
	else
		snprintf(space, PROCESS_NAMESPACE_SIZE, "-");
}

int record_process_self(char *ret, size_t size, struct error *err)
{
	struct host_process self;
	char host[PROCESS_HOST_SIZE], space[PROCESS_NAMESPACE_SIZE];
	if (host_self(&self, err) < 0)
		return -err->code;
	process_place(host, space);
	snprintf(ret, size, "%s %s %s %" PRId64 " %" PRIu64, host, self.boot[0] ? self.boot : "-",
		space, self.pid, self.started);
	return 0;
}

bool record_process_gone(const char *process)
{
	struct text rest = text_of(process), parts[5];
	struct host_process self, theirs = { .pid = 0 };
	struct error err = ERROR_INIT;
	char host[PROCESS_HOST_SIZE], space[PROCESS_NAMESPACE_SIZE];
	for (size_t i = 0; i < 5; i++) {
		if (!text_split(&rest, ' ', &parts[i]))
			return false;
	}
	process_place(host, space);
	if (!text_is(parts[0], host) || host_self(&self, &err) < 0)
		return false;
	if (!text_is(parts[1], self.boot))
		return self.boot[0] != '\0'; /* this machine has been started anew since */
	if (!text_is(parts[2], space) || parts[1].length >= sizeof theirs.boot ||
		!parse_i64(parts[3], &theirs.pid) || !parse_u64(parts[4], &theirs.started))
		return false;
	memcpy(theirs.boot, parts[1].at, parts[1].length);
	return !host_process_alive(&theirs);
}
