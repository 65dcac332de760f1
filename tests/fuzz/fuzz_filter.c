/* Any bytes as a filter: it is refused with a place, or SQLite takes what is made of it. */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mlops/record/metrics.h"
#include "mlops/record/params.h"
#include "mlops/record/search.h"
#include "mlops/record/tags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct record *fuzz_record;
static pthread_once_t fuzz_once = PTHREAD_ONCE_INIT;

static void fuzz_make(void)
{
	struct error err = ERROR_INIT;
	char folder[] = "/tmp/mlops-fuzz-XXXXXX", path[64];
	struct run_start start = { .model = "logistic", .seed = 1 };
	int64_t run;
	if (!mkdtemp(folder))
		BUG("no folder");
	strcpy(path, folder);
	strcat(path, "/mlops.db");
	if (record_open(path, DATABASE_CREATE, &fuzz_record, &err) < 0 ||
		run_begin(fuzz_record, &start, &run, NULL, &err) < 0 ||
		metric_set(fuzz_record, run, "a", 1, &err) < 0 ||
		params_set(fuzz_record, run, "model.type", "logistic", &err) < 0 ||
		tag_set(fuzz_record, run, "candidate", NULL, &err) < 0)
		BUG("%s", err.message);
	/* Open it stays; nothing of it is left behind. */
	static const char *const endings[] = { "", "-wal", "-shm" };
	for (size_t i = 0; i < 3; i++) {
		char name[80];
		strcpy(name, path);
		strcat(name, endings[i]);
		unlink(name);
	}
	rmdir(folder);
}

static void fuzz_search(const struct filter *filter, const struct sort_keys *sort)
{
	struct error err = ERROR_INIT;
	struct search_result result;
	struct search search = { .filter = filter, .sort = sort, .limit = 3 };
	if (search_runs(fuzz_record, &search, &result, &err) < 0)
		BUG("%s: %s", error_code_name(err.code), err.message);
	search_result_release(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(filter_release) struct filter filter = { .root = NULL };
	AUTO(arena_release) struct arena arena = ARENA_INIT(0);
	struct sort_keys sort = { .count = 0 };
	struct error err = ERROR_INIT;
	pthread_once(&fuzz_once, fuzz_make);
	char *text = arena_copy_bytes(&arena, data, size, &err);
	if (!text)
		return 0;
	if (filter_parse(text, 1795539600000000, &filter, &err) == 0)
		fuzz_search(&filter, NULL);
	else if (err.code != ERROR_USAGE || !err.at.column || err.at.column > strlen(text) + 1)
		BUG("a wrong error at %u: %s", err.at.column, err.message);
	if (sort_parse(&arena, text, &sort, &err) == 0)
		fuzz_search(NULL, &sort);
	else if (err.code != ERROR_USAGE)
		BUG("a wrong error: %s", err.message);
	return 0;
}
