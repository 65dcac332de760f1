/*
 * bench_train generate DIR ROWS FEATURES: writes x.f64, classes.u32 and values.f64 into DIR.
 * bench_train fit DIR ROWS FEATURES TRAINER REPEATS THREADS [KEY=NUMBER …]: fits that often and prints
 * one line of JSON a fit.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "mlops/base/clock.h"
#include "mlops/base/cpu.h"
#include "mlops/base/parse.h"
#include "mlops/numeric/blas.h"
#include "mlops/numeric/random.h"
#include "mlops/train/trainer.h"

static FILE *open_in(const char *folder, const char *name, const char *mode)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, mode);
	if (!file)
		perror(path);
	return file;
}

/* Correlated features of unit size, a fifth of which matter; classes overlap. */
static int generate(const char *folder, size_t rows, size_t features)
{
	struct error err = ERROR_INIT;
	AUTO_FREE double *row = memory_allocate(features, sizeof *row, &err);
	FILE *x = open_in(folder, "x.f64", "wb"), *classes = open_in(folder, "classes.u32", "wb");
	FILE *values = open_in(folder, "values.f64", "wb");
	if (!row || !x || !classes || !values)
		return 1;
	struct random_stream stream = random_stream(1, "bench/train");
	for (size_t i = 0; i < rows; i++) {
		double common[5], z = 0;
		for (size_t k = 0; k < 5; k++)
			common[k] = random_normal(&stream);
		for (size_t j = 0; j < features; j++) {
			row[j] = 0.8 * random_normal(&stream) + 0.6 * common[j % 5];
			z += j % 5 == 0
				     ? row[j] * ((double)(j % 3) - 0.8) / sqrt((double)features / 5)
				     : 0;
		}
		double value = z + 0.5 * random_normal(&stream);
		uint32_t class = random_uniform(&stream) < 1 / (1 + exp(-2 * z));
		fwrite(row, sizeof *row, features, x);
		fwrite(&class, sizeof class, 1, classes);
		fwrite(&value, sizeof value, 1, values);
	}
	return fclose(x) | fclose(classes) | fclose(values) ? 1 : 0;
}

static void *read_all(const char *folder, const char *name, size_t bytes)
{
	struct error err = ERROR_INIT;
	void *all = memory_allocate_aligned(bytes, &err);
	FILE *file = open_in(folder, name, "rb");
	if (!all || !file || fread(all, 1, bytes, file) != bytes) {
		fprintf(stderr, "%s/%s is not there, or too short\n", folder, name);
		exit(1);
	}
	fclose(file);
	return all;
}

static const struct value *parameters(struct arena *arena, char **settings)
{
	struct error err = ERROR_INIT;
	struct value *mapping = value_new(arena, VALUE_MAPPING, &err);
	for (; *settings; settings++) {
		struct text rest = text_of(*settings), key;
		text_split(&rest, '=', &key);
		struct value *number = value_new(arena, VALUE_FLOAT, &err);
		char *name = arena_copy_bytes(arena, key.at, key.length, &err);
		if (!mapping || !number || !name || !parse_f64(rest, &number->number) ||
			value_set_member(arena, mapping, name, number, &err) < 0) {
			fprintf(stderr, "'%s' is not KEY=NUMBER\n", *settings);
			exit(2);
		}
	}
	return mapping;
}

static int fit(const char *folder, size_t rows, size_t features, char **rest)
{
	struct error err = ERROR_INIT;
	struct arena arena = ARENA_INIT(0);
	const struct trainer *trainer = trainer_find(rest[0]);
	if (!trainer)
		return 2;
	bool regression = trainer->tasks == TASK_REGRESSION;
	double *x = read_all(folder, "x.f64", rows * features * sizeof *x);
	struct trainer_problem problem = { .task = regression ? TASK_REGRESSION : TASK_BINARY,
		.n_classes = 2,
		.train = { .x = { x, rows, features, features } },
		.parameters = parameters(&arena, rest + 3),
		.threads = strtoul(rest[2], NULL, 10) };
	if (regression)
		problem.train.values = read_all(folder, "values.f64", rows * sizeof(double));
	else
		problem.train.classes = read_all(folder, "classes.u32", rows * sizeof(uint32_t));
	struct rusage before, after;
	getrusage(RUSAGE_SELF, &before);
	for (unsigned long i = strtoul(rest[1], NULL, 10); i > 0; i--) {
		uint64_t start = clock_monotonic();
		AUTO(trained_model_release) struct trained_model model = { 0 };
		if (trainer_fit(trainer, &problem, &model, &err) < 0) {
			fprintf(stderr, "%s\n", err.message);
			return 1;
		}
		double seconds = (double)(clock_monotonic() - start) * 1e-9;
		getrusage(RUSAGE_SELF, &after);
		printf("{\"seconds\": %.5f, \"objective\": %.17g, \"iterations\": %d, \"status\": \"%s\", "
		       "\"level\": \"%s\", \"blas\": \"%s\", \"core\": \"%s\", \"added_kb\": %ld}\n",
			seconds, model.objective, (int)model.iterations,
			trained_status_name(model.status), cpu_level_name(cpu_level()),
			blas_version(), blas_core(), after.ru_maxrss - before.ru_maxrss);
	}
	return 0;
}

int main(int argc, char **argv)
{
	bool generating = argc == 5 && strcmp(argv[1], "generate") == 0;
	if (!generating && (argc < 8 || strcmp(argv[1], "fit") != 0)) {
		fputs("usage: bench_train generate DIR ROWS FEATURES\n"
		      "       bench_train fit DIR ROWS FEATURES TRAINER REPEATS THREADS [KEY=NUMBER ...]\n",
			stderr);
		return 2;
	}
	size_t rows = strtoul(argv[3], NULL, 10), features = strtoul(argv[4], NULL, 10);
	return generating ? generate(argv[2], rows, features)
			  : fit(argv[2], rows, features, argv + 5);
}
