/*
 * shim: makes the N-th call of a kind fail, or kills the process there. For LD_PRELOAD.
 *
 *	FAULT_KIND     allocate, open, write, sync, rename, folder, remove: several with commas
 *	FAULT_AT       N, counted from 1 in this process; 0 only counts
 *	FAULT_MODE     fail (once), sticky (from there on), kill (SIGKILL; a write is half done first)
 *	FAULT_ERRNO    number; ENOMEM for allocate and EIO for the rest unless given
 *	FAULT_SCOPE    program: calls from the program's own code (default); any: from libraries too
 *	FAULT_PROGRAM  absolute path: other programs (children) run undisturbed
 *	FAULT_LOG      file to which "fired\n" and, at the end, "count N\n" are appended
 *
 * The real functions are reached as system calls and by glibc's own names, so nothing here needs
 * memory.
 */
/* Both would give the functions below other names or bodies. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define CALLER ((uintptr_t)__builtin_return_address(0))

enum fault_kind {
	FAULT_ALLOCATE = 1,
	FAULT_OPEN = 2,
	FAULT_WRITE = 4,
	FAULT_SYNC = 8,
	FAULT_RENAME = 16,
	FAULT_FOLDER = 32,
	FAULT_REMOVE = 64
};

static struct {
	unsigned kinds; /* 0 until the shim is set up, and in other programs */
	unsigned long at;
	bool sticky, kills, anywhere;
	int os;
	const char *log;
	uintptr_t low, high; /* of the program in memory */
} fault;
static unsigned long fault_count;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static void fault_log(const char *line)
{
	if (!fault.log)
		return;
	long fd = syscall(
		SYS_openat, AT_FDCWD, fault.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0)
		return;
	syscall(SYS_write, fd, line, strlen(line));
	syscall(SYS_close, fd);
}

static int fault_find_program(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	/* The program comes first. */
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		if (header->p_type != PT_LOAD)
			continue;
		uintptr_t start = info->dlpi_addr + header->p_vaddr;
		if (!fault.low || start < fault.low)
			fault.low = start;
		if (start + header->p_memsz > fault.high)
			fault.high = start + header->p_memsz;
	}
	return 1;
}

static bool fault_is_program(void)
{
	char path[PATH_MAX];
	const char *wanted = getenv("FAULT_PROGRAM");
	ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
	if (!wanted || length < 0)
		return !wanted;
	path[length] = '\0';
	return strcmp(path, wanted) == 0;
}

static unsigned fault_kinds(const char *names)
{
	static const struct {
		const char *name;
		unsigned kind;
	} all[] = { { "allocate", FAULT_ALLOCATE }, { "open", FAULT_OPEN },
		{ "write", FAULT_WRITE }, { "sync", FAULT_SYNC }, { "rename", FAULT_RENAME },
		{ "folder", FAULT_FOLDER }, { "remove", FAULT_REMOVE } };
	unsigned kinds = 0;
	for (size_t i = 0; names && i < sizeof all / sizeof *all; i++) {
		if (strstr(names, all[i].name))
			kinds |= all[i].kind;
	}
	return kinds;
}

static bool fault_is(const char *variable, const char *value)
{
	const char *found = getenv(variable);
	return found && strcmp(found, value) == 0;
}

__attribute__((constructor)) static void fault_set_up(void)
{
	const char *at = getenv("FAULT_AT"), *os = getenv("FAULT_ERRNO");
	if (!fault_is_program())
		return;
	dl_iterate_phdr(fault_find_program, NULL);
	fault.at = at ? strtoul(at, NULL, 10) : 0;
	fault.os = os ? atoi(os) : 0;
	fault.sticky = fault_is("FAULT_MODE", "sticky");
	fault.kills = fault_is("FAULT_MODE", "kill");
	fault.anywhere = fault_is("FAULT_SCOPE", "any");
	fault.log = getenv("FAULT_LOG");
	fault.kinds = fault_kinds(getenv("FAULT_KIND"));
}

__attribute__((destructor)) static void fault_tear_down(void)
{
	char line[40];
	if (!fault.kinds)
		return;
	fault.kinds = 0;
	snprintf(line, sizeof line, "count %lu\n", fault_count);
	fault_log(line);
}

static void fault_kill(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* Is it this call's turn? With kills set it is the caller that does not come back. */
static bool fault_due(enum fault_kind kind, uintptr_t caller)
{
	if (!(fault.kinds & kind) ||
		(!fault.anywhere && (caller < fault.low || caller >= fault.high)))
		return false;
	unsigned long count = __atomic_add_fetch(&fault_count, 1, __ATOMIC_SEQ_CST);
	if (!fault.at || count < fault.at || (count > fault.at && !fault.sticky))
		return false;
	if (count == fault.at)
		fault_log("fired\n");
	errno = fault.os ? fault.os : kind == FAULT_ALLOCATE ? ENOMEM : EIO;
	return true;
}

static bool fault_hits(enum fault_kind kind, uintptr_t caller)
{
	bool due = fault_due(kind, caller);
	if (due && fault.kills)
		fault_kill();
	return due;
}

EXPORT void *malloc(size_t size)
{
	return fault_hits(FAULT_ALLOCATE, CALLER) ? NULL : __libc_malloc(size);
}

EXPORT void *calloc(size_t count, size_t size)
{
	return fault_hits(FAULT_ALLOCATE, CALLER) ? NULL : __libc_calloc(count, size);
}

EXPORT void *realloc(void *old, size_t size)
{
	return fault_hits(FAULT_ALLOCATE, CALLER) ? NULL : __libc_realloc(old, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	return fault_hits(FAULT_ALLOCATE, CALLER) ? NULL : __libc_memalign(alignment, size);
}

EXPORT int posix_memalign(void **ret, size_t alignment, size_t size)
{
	void *block = fault_hits(FAULT_ALLOCATE, CALLER) ? NULL : __libc_memalign(alignment, size);
	if (!block)
		return ENOMEM;
	*ret = block;
	return 0;
}

static int fault_open(int folder, const char *path, int flags, mode_t mode, uintptr_t caller)
{
	if (fault_hits(FAULT_OPEN, caller))
		return -1;
	return (int)syscall(SYS_openat, folder, path, flags | O_LARGEFILE, mode);
}

/* The mode is there only if a file may be made. */
#define OPEN_MODE(flags, mode)                                                                     \
	mode_t mode = 0;                                                                           \
	if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                   \
		va_list args;                                                                      \
		va_start(args, flags);                                                             \
		mode = va_arg(args, mode_t);                                                       \
		va_end(args);                                                                      \
	}

EXPORT int open(const char *path, int flags, ...)
{
	OPEN_MODE(flags, mode)
	return fault_open(AT_FDCWD, path, flags, mode, CALLER);
}

EXPORT int open64(const char *path, int flags, ...)
{
	OPEN_MODE(flags, mode)
	return fault_open(AT_FDCWD, path, flags, mode, CALLER);
}

EXPORT int openat(int folder, const char *path, int flags, ...)
{
	OPEN_MODE(flags, mode)
	return fault_open(folder, path, flags, mode, CALLER);
}

EXPORT int openat64(int folder, const char *path, int flags, ...)
{
	OPEN_MODE(flags, mode)
	return fault_open(folder, path, flags, mode, CALLER);
}

/* What _FORTIFY_SOURCE makes of open() with flags that the compiler does not know. */
EXPORT int __open64_2(const char *path, int flags);
EXPORT int __open64_2(const char *path, int flags)
{
	return fault_open(AT_FDCWD, path, flags, 0, CALLER);
}

EXPORT int __open_2(const char *path, int flags);
EXPORT int __open_2(const char *path, int flags)
{
	return fault_open(AT_FDCWD, path, flags, 0, CALLER);
}

EXPORT int __openat64_2(int folder, const char *path, int flags);
EXPORT int __openat64_2(int folder, const char *path, int flags)
{
	return fault_open(folder, path, flags, 0, CALLER);
}

/* A killed writer has often written a part. Stderr is spared: it is to say what went wrong. */
static bool fault_write_hits(int fd, const void *bytes, size_t count, off_t at, uintptr_t caller)
{
	bool due = fd != STDERR_FILENO && fault_due(FAULT_WRITE, caller);
	if (due && fault.kills) {
		if (at < 0)
			syscall(SYS_write, fd, bytes, count / 2);
		else
			syscall(SYS_pwrite64, fd, bytes, count / 2, at);
		fault_kill();
	}
	return due;
}

EXPORT ssize_t write(int fd, const void *bytes, size_t count)
{
	if (fault_write_hits(fd, bytes, count, -1, CALLER))
		return -1;
	return syscall(SYS_write, fd, bytes, count);
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at)
{
	if (fault_write_hits(fd, bytes, count, at, CALLER))
		return -1;
	return syscall(SYS_pwrite64, fd, bytes, count, at);
}

EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at)
{
	if (fault_write_hits(fd, bytes, count, at, CALLER))
		return -1;
	return syscall(SYS_pwrite64, fd, bytes, count, at);
}

/* The first part stands for all: what a killed writer leaves is a piece of it. */
EXPORT ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
	if (count > 0 && fault_write_hits(fd, parts->iov_base, parts->iov_len, at, CALLER))
		return -1;
	return syscall(SYS_pwritev, fd, parts, count, (long)at, 0L);
}

EXPORT ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at)
{
	if (count > 0 && fault_write_hits(fd, parts->iov_base, parts->iov_len, at, CALLER))
		return -1;
	return syscall(SYS_pwritev, fd, parts, count, (long)at, 0L);
}

EXPORT ssize_t copy_file_range(
	int from, off_t *from_at, int to, off_t *to_at, size_t count, unsigned flags)
{
	if (fault_hits(FAULT_WRITE, CALLER))
		return -1;
	return syscall(SYS_copy_file_range, from, from_at, to, to_at, count, flags);
}

EXPORT int ftruncate(int fd, off_t length)
{
	return fault_hits(FAULT_WRITE, CALLER) ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}

EXPORT int ftruncate64(int fd, off_t length)
{
	return fault_hits(FAULT_WRITE, CALLER) ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}

EXPORT int fsync(int fd)
{
	return fault_hits(FAULT_SYNC, CALLER) ? -1 : (int)syscall(SYS_fsync, fd);
}

EXPORT int fdatasync(int fd)
{
	return fault_hits(FAULT_SYNC, CALLER) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

EXPORT int rename(const char *from, const char *to)
{
	if (fault_hits(FAULT_RENAME, CALLER))
		return -1;
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

EXPORT int renameat2(
	int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
	if (fault_hits(FAULT_RENAME, CALLER))
		return -1;
	return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

EXPORT int link(const char *from, const char *to)
{
	if (fault_hits(FAULT_RENAME, CALLER))
		return -1;
	return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

EXPORT int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
	if (fault_hits(FAULT_RENAME, CALLER))
		return -1;
	return (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
}

EXPORT int mkdir(const char *path, mode_t mode)
{
	return fault_hits(FAULT_FOLDER, CALLER) ? -1
						: (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

EXPORT int unlink(const char *path)
{
	return fault_hits(FAULT_REMOVE, CALLER) ? -1
						: (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

EXPORT int unlinkat(int folder, const char *path, int flags)
{
	return fault_hits(FAULT_REMOVE, CALLER) ? -1
						: (int)syscall(SYS_unlinkat, folder, path, flags);
}
