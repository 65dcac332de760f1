/*
 * The object store alone, in a workspace in the present folder (made if there is none). One line of
 * JSON each:
 *
 *	bench_store add FILE [PREDECESSOR]   puts a file and flushes
 *	bench_store get HASH FILE            restores it
 *	bench_store many FOLDER THREADS      puts every file below the folder, flushes once
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "mlops/base/clock.h"
#include "mlops/base/parallel.h"
#include "mlops/base/parse.h"
#include "mlops/base/vec.h"
#include "mlops/store/object.h"
#include "mlops/system/directory.h"

struct bench {
	struct object_store *store;
	const char *folder;
	VEC(char *) paths;
};

static double bench_seconds(uint64_t start)
{
	return (double)(clock_monotonic() - start) / 1e9;
}

static void bench_report(const char *what, uint64_t start, uint64_t count, uint64_t bytes)
{
	struct rusage usage;
	double seconds = bench_seconds(start);
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"what\":\"%s\",\"seconds\":%.4f,\"user\":%.3f,\"system\":%.3f,\"count\":%llu,"
	       "\"bytes\":%llu,\"megabytes_per_second\":%.0f,\"peak_mib\":%ld",
		what, seconds, (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6,
		(double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6,
		(unsigned long long)count, (unsigned long long)bytes, (double)bytes / 1e6 / seconds,
		usage.ru_maxrss / 1024);
}

static int bench_add(struct bench *bench, char **words, struct error *err)
{
	struct hash predecessor;
	struct object_file file;
	char text[HASH_TEXT_SIZE];
	if (words[1] && !hash_parse(text_of(words[1]), &predecessor))
		return error_set(err, ERROR_USAGE, "'%s' is no hash", words[1]);
	uint64_t start = clock_monotonic();
	if (object_put_file(bench->store, words[0], words[1] ? &predecessor : NULL, &file, err) < 0)
		return -err->code;
	double put = bench_seconds(start);
	if (object_store_flush(bench->store, err) < 0)
		return -err->code;
	bench_report("add", start, 1, file.facts.size);
	hash_format(&file.hash, text);
	printf(",\"before_flush\":%.4f,\"hash\":\"%s\"}\n", put, text);
	return 0;
}

static int bench_get(struct bench *bench, char **words, struct error *err)
{
	struct hash hash;
	struct file_facts facts;
	if (!hash_parse(text_of(words[0]), &hash))
		return error_set(err, ERROR_USAGE, "'%s' is no hash", words[0]);
	uint64_t start = clock_monotonic();
	if (object_get_file(bench->store, &hash, words[1], 0644, err) < 0)
		return -err->code;
	if (file_facts(words[1], &facts, err) < 0)
		return -err->code;
	bench_report("get", start, 1, facts.size);
	printf("}\n");
	return 0;
}

static int bench_collect(
	void *context, const char *relative, const struct file_facts *facts, struct error *err)
{
	struct bench *bench = context;
	if (facts->kind == FILE_REGULAR)
		vec_push(&bench->paths, memory_format(err, "%s/%s", bench->folder, relative));
	return vec_check(&bench->paths, err);
}

static int bench_put_one(void *context, size_t index, size_t worker, struct error *err)
{
	struct bench *bench = context;
	struct object_file file;
	(void)worker;
	return object_put_file(bench->store, bench->paths.items[index], NULL, &file, err);
}

static int bench_many(struct bench *bench, char **words, struct error *err)
{
	uint64_t threads = 0;
	bench->folder = words[0];
	if (!words[1] || !parse_u64(text_of(words[1]), &threads) ||
		directory_walk(words[0], bench_collect, bench, err) < 0)
		return -err->code;
	uint64_t start = clock_monotonic();
	if (parallel_for((size_t)threads, bench->paths.count, bench_put_one, bench, err) < 0)
		return -err->code;
	double put = bench_seconds(start);
	if (object_store_flush(bench->store, err) < 0)
		return -err->code;
	bench_report("many", start, bench->paths.count, 0);
	printf(",\"before_flush\":%.4f}\n", put);
	return 0;
}

static int bench_run(char **words, struct error *err)
{
	AUTO(workspace_release) struct workspace workspace = { .root = NULL };
	AUTO(object_store_close) struct object_store *store = NULL;
	struct bench bench = { .folder = NULL };
	if (workspace_create(".", &workspace, NULL, err) < 0 ||
		object_store_open(&workspace, &store, err) < 0)
		return -err->code;
	bench.store = store;
	if (strcmp(words[0], "add") == 0)
		return bench_add(&bench, words + 1, err);
	if (strcmp(words[0], "get") == 0 && words[2])
		return bench_get(&bench, words + 1, err);
	if (strcmp(words[0], "many") == 0)
		return bench_many(&bench, words + 1, err);
	return error_set(err, ERROR_USAGE, "no such benchmark: '%s'", words[0]);
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	if (argc < 3 || bench_run(argv + 1, &err) == 0)
		return argc < 3 ? 2 : 0;
	fprintf(stderr, "bench_store: %s\n", err.message);
	return 1;
}
