#include "csv_internal.h"

#include "mlops/base/parallel.h"

enum { CSV_TAIL = 4096 };

/* Only empty lines may follow the last row: they are no rows, unless there is one column. */
static int csv_trim(struct csv *csv, struct error *err)
{
	char tail[CSV_TAIL];
	csv->end = csv->origin->size;
	while (csv->n_fields > 1 && csv->end > csv->start) {
		size_t n = csv->end - csv->start < CSV_TAIL ? (size_t)(csv->end - csv->start)
							    : CSV_TAIL;
		size_t left = n;
		if (origin_read(csv->origin, csv->end - n, tail, n, err) < 0)
			return -(int)err->code;
		while (left && tail[left - 1] == '\n') {
			size_t before = left - 1;
			before -= before && tail[before - 1] == '\r';
			if (before ? tail[before - 1] != '\n' : n < csv->end - csv->start)
				break;
			left = before;
		}
		csv->end -= n - left;
		if (left == n || left > 2) /* the rest of the piece decides */
			break;
	}
	return 0;
}

struct csv_survey {
	struct csv *csv;
	struct scan_survey *surveys;
	char **buffers; /* one a worker */
};

static int csv_survey_chunk(void *context, size_t index, size_t worker, struct error *err)
{
	struct csv_survey *job = context;
	const struct csv *csv = job->csv;
	uint64_t offset = csv->start + index * csv->chunk;
	size_t n = csv->end - offset < csv->chunk ? (size_t)(csv->end - offset) : csv->chunk;
	if (!job->buffers[worker])
		job->buffers[worker] = memory_allocate(csv->chunk, 1, err);
	if (!job->buffers[worker] ||
		origin_read(csv->origin, offset, job->buffers[worker], n, err) < 0)
		return -(int)err->code;
	struct scan_survey *survey = &job->surveys[index];
	csv->scan->survey(job->buffers[worker], n, survey);
	if (csv->by_line) {
		survey->newlines[0] += survey->newlines[1];
		if (survey->first[1] < survey->first[0])
			survey->first[0] = survey->first[1];
		survey->newlines[1] = survey->odd = 0;
	}
	return 0;
}

static int csv_survey(
	struct csv *csv, size_t n_chunks, struct scan_survey *surveys, struct error *err)
{
	size_t threads = csv->options->threads ? csv->options->threads : parallel_threads();
	threads = threads > PARALLEL_MAX ? PARALLEL_MAX : threads;
	struct csv_survey job = { csv, surveys, NULL };
	job.buffers = memory_allocate(threads, sizeof *job.buffers, err);
	if (job.buffers)
		parallel_for(threads, n_chunks, csv_survey_chunk, &job, err);
	for (size_t w = 0; job.buffers && w < threads; w++)
		memory_free(job.buffers[w]);
	memory_free(job.buffers);
	return -(int)err->code;
}

static void csv_close_segment(struct csv *csv, struct csv_segment *pending, uint64_t end)
{
	pending->length = end - pending->offset;
	pending->first_row = csv->n_rows;
	csv->n_rows += pending->n_rows;
	if (pending->length)
		csv->segments[csv->n_segments++] = *pending;
	*pending = (struct csv_segment){ .offset = end };
}

/* Runs the surveys together; see the head of csv_internal.h. */
static int csv_cut(
	struct csv *csv, const struct scan_survey *surveys, size_t n_chunks, struct error *err)
{
	struct csv_segment pending = { .offset = csv->start };
	unsigned inside = 0;
	for (size_t i = 0; i < n_chunks; i++) {
		const struct scan_survey *survey = &surveys[i];
		csv->lines += survey->newlines[0] + survey->newlines[1];
		if (i && survey->first[inside] != UINT64_MAX) {
			uint64_t cut = csv->start + i * csv->chunk + survey->first[inside];
			pending.n_rows++;
			csv_close_segment(csv, &pending, cut);
			pending.n_rows = (size_t)survey->newlines[inside] - 1;
		} else {
			pending.n_rows += (size_t)survey->newlines[inside];
		}
		inside ^= survey->odd;
	}
	char last = '\n';
	if (csv->end > csv->start && origin_read(csv->origin, csv->end - 1, &last, 1, err) < 0)
		return -(int)err->code;
	pending.open = inside;
	pending.unterminated = !inside && last != '\n';
	/* What stands behind the last newline is a row too, even inside a quote that stays open. */
	pending.n_rows += pending.unterminated;
	csv->lines += last != '\n';
	csv_close_segment(csv, &pending, csv->end);
	return 0;
}

int csv_plan(struct csv *csv, struct error *err)
{
	if (csv_trim(csv, err) < 0)
		return -(int)err->code;
	size_t n_chunks = (size_t)((csv->end - csv->start + csv->chunk - 1) / csv->chunk);
	AUTO_FREE struct scan_survey *surveys = memory_allocate(n_chunks, sizeof *surveys, err);
	csv->segments = memory_allocate(n_chunks + 1, sizeof *csv->segments, err);
	if (!surveys || !csv->segments)
		return -(int)err->code;
	if (csv_survey(csv, n_chunks, surveys, err) < 0)
		return -(int)err->code;
	return csv_cut(csv, surveys, n_chunks, err);
}
