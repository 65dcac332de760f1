#include "mlops/system/host.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "mlops/base/clock.h"
#include "mlops/base/cpu.h"
#include "mlops/base/parse.h"
#include "mlops/base/strbuf.h"
#include "mlops/system/file.h"

enum { HOST_FILE_CAP = 1 << 20 };

static bool host_read(const char *path, struct strbuf *buffer)
{
	struct error ignored = ERROR_INIT; /* a fact that cannot be read is left out */
	return file_read(path, HOST_FILE_CAP, buffer, &ignored) == 0;
}

/*
 * The value behind the first line that begins with the key and a separator: "model name : x" or
 * PRETTY_NAME="x", without quotes.
 */
static void host_value(const char *path, const char *key, char separator, char *ret, size_t size)
{
	AUTO(strbuf_release) struct strbuf file = STRBUF_INIT;
	struct text rest, line, name;
	ret[0] = '\0';
	if (!host_read(path, &file))
		return;
	rest = (struct text){ file.text, file.length };
	while (text_split(&rest, '\n', &line)) {
		if (!text_split(&line, separator, &name) || !text_is(text_trim(name), key))
			continue;
		line = text_trim(line);
		if (line.length >= 2 && line.at[0] == '"' && line.at[line.length - 1] == '"')
			line = (struct text){ line.at + 1, line.length - 2 };
		snprintf(ret, size, "%.*s", (int)line.length, line.at);
		return;
	}
}

static void host_compiler(char *ret, size_t size)
{
#if defined(__clang__)
	snprintf(ret, size, "clang %d.%d.%d", __clang_major__, __clang_minor__,
		__clang_patchlevel__);
#else
	snprintf(ret, size, "gcc %d.%d.%d", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

void host_facts(struct host *ret)
{
	struct utsname name;
	cpu_set_t cpus;
	*ret = (struct host){ .vectors = cpu_level_name(cpu_level()) };
	if (uname(&name) == 0) {
		snprintf(ret->name, sizeof ret->name, "%s", name.nodename);
		snprintf(ret->machine, sizeof ret->machine, "%.60s", name.machine);
		snprintf(
			ret->kernel, sizeof ret->kernel, "%.60s %.60s", name.sysname, name.release);
	}
	host_value("/proc/cpuinfo", "model name", ':', ret->cpu, sizeof ret->cpu);
	host_value("/etc/os-release", "PRETTY_NAME", '=', ret->system, sizeof ret->system);
	host_compiler(ret->compiler, sizeof ret->compiler);
	snprintf(ret->libc, sizeof ret->libc, "glibc %s", gnu_get_libc_version());
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	ret->cores = cores > 0 ? (uint64_t)cores : 0;
	if (sched_getaffinity(0, sizeof cpus, &cpus) == 0)
		ret->cores_allowed = (uint64_t)CPU_COUNT(&cpus);
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	if (pages > 0 && page > 0)
		ret->memory = (uint64_t)pages * (uint64_t)page;
}

static void host_boot(char *ret, size_t size)
{
	AUTO(strbuf_release) struct strbuf file = STRBUF_INIT;
	bool known = host_read("/proc/sys/kernel/random/boot_id", &file);
	struct text id = text_trim((struct text){ file.text, known ? file.length : 0 });
	snprintf(ret, size, "%.*s", (int)id.length, id.at);
}

/*
 * Field 22 of /proc/PID/stat. The second field is the name in parentheses, which may hold blanks
 * and parentheses itself: counting begins behind the last ')'.
 */
static bool host_started(int64_t pid, uint64_t *ret, char *ret_state)
{
	AUTO(strbuf_release) struct strbuf file = STRBUF_INIT;
	char path[64];
	struct text rest, field = { NULL, 0 };
	snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
	if (!host_read(path, &file))
		return false;
	const char *end = strrchr(file.text, ')');
	if (!end)
		return false;
	rest = text_trim(text_of(end + 1));
	for (int i = 3; i <= 22; i++) {
		if (!text_split(&rest, ' ', &field))
			return false;
		if (i == 3)
			*ret_state = field.length ? field.at[0] : '?';
	}
	return parse_u64(field, ret);
}

int host_self(struct host_process *ret, struct error *err)
{
	char state;
	*ret = (struct host_process){ .pid = getpid() };
	host_boot(ret->boot, sizeof ret->boot);
	if (!host_started(ret->pid, &ret->started, &state))
		return error_set(err, ERROR_IO, "cannot read '/proc/self/stat'");
	return 0;
}

bool host_process_alive(const struct host_process *process)
{
	char boot[sizeof process->boot], state;
	uint64_t started;
	host_boot(boot, sizeof boot);
	if (strcmp(boot, process->boot) != 0 || process->pid <= 0)
		return false;
	if (!host_started(process->pid, &started, &state))
		return false;
	return started == process->started && state != 'Z' && state != 'X';
}

static double host_seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Seconds since this process began: the kernel's ticks since boot against the boot clock. */
static double host_wall(void)
{
	uint64_t started;
	char state;
	struct timespec now;
	long ticks = sysconf(_SC_CLK_TCK);
	if (ticks <= 0 || clock_gettime(CLOCK_BOOTTIME, &now) != 0 ||
		!host_started(getpid(), &started, &state))
		return 0;
	double wall =
		(double)now.tv_sec + (double)now.tv_nsec / 1e9 - (double)started / (double)ticks;
	return wall > 0 ? wall : 0;
}

void host_usage(struct host_usage *ret)
{
	struct rusage self, children;
	*ret = (struct host_usage){ .wall = host_wall() };
	if (getrusage(RUSAGE_SELF, &self) == 0) {
		ret->user = host_seconds(self.ru_utime);
		ret->system = host_seconds(self.ru_stime);
		ret->peak_memory = (uint64_t)self.ru_maxrss * 1024;
	}
	if (getrusage(RUSAGE_CHILDREN, &children) == 0) {
		ret->children_user = host_seconds(children.ru_utime);
		ret->children_system = host_seconds(children.ru_stime);
		ret->children_peak_memory = (uint64_t)children.ru_maxrss * 1024;
	}
}
