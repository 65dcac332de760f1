/*
 * bench_record: what recording and finding runs costs. `meson test --benchmark record -v`.
 *
 * Prints, with sizes and spread: a run with 5 params and 5 metrics in one transaction; metric
 * points a second; and, with MLOPS=<program> in the environment, whole processes of `mlops log`
 * over BENCH_RUNS (100,000 unless said) runs of 10 params and 10 metrics. Passes whatever it takes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "mlops/base/clock.h"
#include "mlops/base/sort.h"
#include "mlops/database/transaction.h"
#include "mlops/record/metrics.h"
#include "mlops/record/params.h"
#include "mlops/record/run.h"
#include "mlops/store/workspace.h"
#include "mlops/system/directory.h"
#include "mlops/system/host.h"
#include "mlops/system/process.h"

enum { BENCH_COMMITS = 1000, BENCH_BATCH = 10000, BENCH_BATCHES = 100, BENCH_REPEATS = 15 };

static struct error error, *err = &error;

/* A benchmark that cannot do its work stops with the reason. */
static void must(int status)
{
	if (status == 0)
		return;
	fprintf(stderr, "bench_record: %s\n", err->message);
	exit(1);
}

static double seconds_since(uint64_t start)
{
	return (double)(clock_monotonic() - start) / 1e9;
}

static int compare_doubles(const void *a, const void *b, void *context)
{
	(void)context;
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void report(const char *what, double *values, size_t count, const char *unit)
{
	must(sort_items(values, count, sizeof *values, compare_doubles, NULL, err));
	printf("%-64s %9.3f %s [%.3f, %.3f] %zu\n", what, values[count / 2], unit, values[0],
		values[count - 1], count);
	fflush(stdout);
}

static unsigned bench_state = 1;

static double draw(void)
{
	bench_state = bench_state * 1664525u + 1013904223u;
	return (double)(bench_state >> 8) / 16777216.0;
}

/* A finished run; inside the caller's transaction, if there is one. */
static void add_run(struct record *record, int n_facts)
{
	static const char *const params[] = { "model.C", "model.type", "train.seed", "data.path",
		"split.test", "p5", "p6", "p7", "p8", "p9" };
	static const char *const metrics[] = { "roc_auc", "log_loss", "accuracy", "f1", "recall",
		"m5", "m6", "m7", "m8", "m9" };
	static const char *const types[] = { "logistic", "mlp", "gbdt", "baseline" };
	struct metric_point points[10];
	struct run_start start = { .command = "train", .model = "logistic", .seed = 7 };
	int64_t run;
	char text[32];
	must(run_begin(record, &start, &run, NULL, err));
	for (int i = 0; i < n_facts; i++) {
		snprintf(text, sizeof text, "%.3g", draw());
		must(params_set(
			record, run, params[i], i == 1 ? types[(int)(draw() * 4)] : text, err));
		points[i] = (struct metric_point){ .name = metrics[i], .value = draw() };
	}
	must(metrics_log(record, run, points, (size_t)n_facts, err));
	must(run_finish(record, run, RUN_FINISHED, NULL, err));
}

static void bench_commits(struct record *record, enum transaction_kind kind, const char *what)
{
	static double times[BENCH_COMMITS];
	for (int i = 0; i < BENCH_COMMITS; i++) {
		struct transaction change;
		uint64_t start = clock_monotonic();
		must(transaction_begin(&change, record_database(record), kind, err));
		add_run(record, 5);
		must(transaction_commit(&change, err));
		times[i] = seconds_since(start) * 1e3;
	}
	report(what, times, BENCH_COMMITS, "ms");
}

static void bench_points(struct record *record, bool interleaved, const char *what)
{
	static const char *const names[] = { "loss", "accuracy", "rate", "norm" };
	static struct metric_point points[BENCH_BATCH];
	static double rates[BENCH_BATCHES], of_processor[BENCH_BATCHES];
	struct run_start start = { .seed = 7 };
	int64_t run;
	must(run_begin(record, &start, &run, NULL, err));
	for (int batch = 0; batch < BENCH_BATCHES; batch++) {
		for (int i = 0; i < BENCH_BATCH; i++) {
			int name = interleaved ? i % 4 : i / (BENCH_BATCH / 4);
			int step = interleaved ? i / 4 : i % (BENCH_BATCH / 4);
			points[i] = (struct metric_point){ .name = names[name],
				.step = batch * (BENCH_BATCH / 4) + step,
				.value = draw() };
		}
		struct host_usage before, after;
		host_usage(&before);
		uint64_t begun = clock_monotonic();
		must(metrics_log(record, run, points, BENCH_BATCH, err));
		host_usage(&after);
		of_processor[batch] = BENCH_BATCH / 1e3 /
				      (after.user + after.system - before.user - before.system);
		rates[batch] = BENCH_BATCH / seconds_since(begun) / 1e3;
	}
	must(run_finish(record, run, RUN_FINISHED, NULL, err));
	report(what, rates, BENCH_BATCHES, "thousand points/s");
	report("  the same", of_processor, BENCH_BATCHES, "thousand points/s of CPU");
}

static void fill(struct record *record, int64_t runs)
{
	uint64_t start = clock_monotonic();
	for (int64_t done = 0; done < runs;) {
		struct transaction change;
		must(transaction_begin(&change, record_database(record), TRANSACTION_NORMAL, err));
		for (int i = 0; i < 10000 && done < runs; i++, done++)
			add_run(record, 10);
		must(transaction_commit(&change, err));
	}
	printf("%lld runs of 10 params and 10 metrics written in %.1f s\n", (long long)runs,
		seconds_since(start));
}

static void bench_log(const char *program, const char *folder, const char *const *arguments)
{
	double wall[BENCH_REPEATS], processor[BENCH_REPEATS];
	AUTO(strbuf_release) struct strbuf what = STRBUF_INIT;
	const char *line[16] = { program, "-C", folder, "log" };
	size_t count = 4;
	strbuf_add(&what, "log");
	for (; arguments[count - 4]; count++) {
		line[count] = arguments[count - 4];
		strbuf_printf(&what, " %s", line[count]);
	}
	for (int i = 0; i < BENCH_REPEATS; i++) {
		struct process_options options = PROCESS_OPTIONS;
		struct process_result result;
		options.arguments = line;
		options.output = options.errors = PROCESS_NOTHING;
		must(process_run(&options, NULL, &result, err));
		if (result.exit_code) {
			fprintf(stderr, "bench_record: %s: exit %d\n", what.text, result.exit_code);
			exit(1);
		}
		wall[i] = result.wall * 1e3;
		processor[i] = (result.user + result.system) * 1e3;
	}
	report(what.text, wall, BENCH_REPEATS, "ms wall");
	report("  the same", processor, BENCH_REPEATS, "ms CPU");
}

static void bench_searches(const char *program, const char *folder)
{
	static const char *const searches[][5] = {
		{ NULL },
		{ "--filter", "metrics.roc_auc > 0.9" },
		{ "--sort", "-metrics.roc_auc" },
		{ "--filter", "metrics.roc_auc > 0.9 and params.model.type = 'mlp'", "--sort",
			"-metrics.roc_auc" },
		{ "--filter",
			"metrics.roc_auc > 0.9 and params.model.C < 0.1 and metrics.f1 > 0.5" },
		{ "--filter", "metrics.roc_auc > 0.9999 or metrics.log_loss < 0.0001" },
		{ "--filter", "metrics.roc_auc > 0.999 and metrics.f1 > 0.9", "--sort",
			"metrics.log_loss" },
		{ "--filter", "metrics.roc_auc > 0.6 and metrics.roc_auc < metrics.f1", "--sort",
			"params.model.C" },
		{ "--filter", "metrics.roc_auc between 0.2 and 0.8 and metrics.f1 > 2" },
		{ "--filter", "not metrics.roc_auc > 0.0001" },
	};
	for (size_t i = 0; i < sizeof searches / sizeof *searches; i++)
		bench_log(program, folder, searches[i]);
}

int main(void)
{
	char folder[] = "/tmp/mlops-bench-XXXXXX";
	const char *program = getenv("MLOPS"), *runs = getenv("BENCH_RUNS");
	AUTO(workspace_release) struct workspace workspace = { .root = NULL };
	struct record *record = NULL;
	if (!mkdtemp(folder))
		return 1;
	printf("SQLite %s; median [smallest, largest] repetitions\n", database_library_version());
	must(workspace_create(folder, &workspace, NULL, err));
	must(record_open(workspace.database, DATABASE_CREATE, &record, err));
	bench_commits(record, TRANSACTION_NORMAL, "1 run + 5 params + 5 metrics, one commit");
	bench_commits(record, TRANSACTION_DURABLE, "the same, on disk at commit");
	bench_points(record, false, "10,000 metric points a transaction, name by name");
	bench_points(record, true, "the same, four names in turn");
	if (program) {
		fill(record, runs ? atoll(runs) : 100000);
		record_close(record);
		record = NULL;
		bench_searches(program, folder);
	}
	record_close(record);
	must(directory_remove_tree(folder, err));
	return 0;
}
