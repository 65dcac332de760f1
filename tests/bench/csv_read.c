/*
 * csv_read FILE [THREADS]: reads the file once and prints seconds, CPU seconds, rows, columns and
 * the most memory the process held, mapped pages counted, as one line of JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "mlops/base/clock.h"
#include "mlops/data/reader.h"

int main(int argc, char **argv)
{
	if (argc < 2) {
		fputs("usage: csv_read FILE [THREADS]\n", stderr);
		return 2;
	}
	AUTO(table_release) struct table table = { 0 };
	struct read_options options = { .path = argv[1],
		.threads = argc > 2 ? strtoul(argv[2], NULL, 10) : 0 };
	struct error err = ERROR_INIT;
	uint64_t start = clock_monotonic();
	if (table_read(&options, &table, NULL, &err) < 0) {
		fprintf(stderr, "%s:%u: %s\n", err.at.file, err.at.line, err.message);
		return 1;
	}
	double seconds = (double)(clock_monotonic() - start) / 1e9;
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
	printf("{\"seconds\": %.4f, \"cpu\": %.4f, \"rows\": %zu, \"columns\": %zu, \"peak_kb\": %ld}\n",
		seconds, cpu, table.n_rows, table.n_columns, usage.ru_maxrss);
	return 0;
}
