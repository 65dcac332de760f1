/*
 * The least that a look at all files costs: each folder read, each file looked at, by THREADS
 * threads, and nothing else. `mlops status` is measured against it.
 *
 *	stat_walk FOLDER THREADS
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Folders that wait, a stack; `working` threads may still find more. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char **waiting;
static size_t n_waiting, room, working;
static atomic_size_t n_files;

static void push(const char *folder, const char *name)
{
	char *path = NULL;
	if (asprintf(&path, "%s%s%s", folder, *name ? "/" : "", name) < 0)
		_exit(1);
	pthread_mutex_lock(&lock);
	if (n_waiting == room) {
		room = room ? 2 * room : 1024;
		waiting = realloc(waiting, room * sizeof *waiting);
		if (!waiting)
			_exit(1);
	}
	waiting[n_waiting++] = path;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

static void look(const char *folder)
{
	char bytes[64 << 10];
	struct stat status;
	size_t count = 0;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t got;
	while (fd >= 0 && (got = getdents64(fd, bytes, sizeof bytes)) > 0) {
		for (ssize_t at = 0; at < got;) {
			const struct dirent64 *entry = (const void *)(bytes + at);
			at += entry->d_reclen;
			if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
				continue;
			if (entry->d_type == DT_DIR)
				push(folder, entry->d_name);
			else if (fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
				count++;
		}
	}
	close(fd);
	atomic_fetch_add(&n_files, count);
}

static void *work(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	while (n_waiting || working) {
		if (!n_waiting) {
			pthread_cond_wait(&changed, &lock);
			continue;
		}
		char *folder = waiting[--n_waiting];
		working++;
		pthread_mutex_unlock(&lock);
		look(folder);
		free(folder);
		pthread_mutex_lock(&lock);
		working--;
		if (!working && !n_waiting)
			pthread_cond_broadcast(&changed);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	int count = argc > 2 ? atoi(argv[2]) : 1, started = 0;
	if (argc < 2)
		return 2;
	push(argv[1], "");
	while (started + 1 < count && started < 64 &&
		pthread_create(&threads[started], NULL, work, NULL) == 0)
		started++;
	work(NULL);
	for (int i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	printf("%zu\n", (size_t)n_files);
	return 0;
}
