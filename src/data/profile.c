#include "mlops/data/profile.h"

#include <math.h>
#include <string.h>

#include "mlops/base/parallel.h"
#include "mlops/base/sort.h"
#include "mlops/document/json_writer.h"
#include "mlops/numeric/statistics.h"
#include "row_hash_internal.h"

const double profile_probabilities[PROFILE_QUANTILES] = { 0.01, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6,
	0.75, 0.9, 0.95, 0.99 };

void profile_release(struct profile *profile)
{
	if (!profile)
		return;
	for (size_t c = 0; profile->columns && c < profile->n_columns; c++) {
		struct column_profile *column = &profile->columns[c];
		for (size_t i = 0; i < column->n_top; i++)
			memory_free(column->top[i].text);
		memory_free(column->top);
		memory_free(column->name);
	}
	memory_free(profile->columns);
	*profile = (struct profile){ .n_rows = 0 };
}

/* Which rows are looked at. */
struct profile_rows {
	const size_t *rows; /* NULL: all */
	size_t count;
};

static size_t profile_row(const struct profile_rows *rows, size_t i)
{
	return rows->rows ? rows->rows[i] : i;
}

static void profile_histogram(const double *values, size_t n, struct column_profile *profile)
{
	double width = (profile->max - profile->min) / PROFILE_BINS;
	/* A range beyond the largest double cannot be cut. */
	profile->n_bins = width > 0 && isfinite(width) ? PROFILE_BINS : 1;
	for (size_t i = 0; i < n; i++) {
		size_t bin = 0;
		if (profile->n_bins > 1)
			bin = (size_t)((values[i] - profile->min) / width);
		profile->bins[bin < profile->n_bins ? bin : profile->n_bins - 1]++;
	}
}

static int profile_numbers(const struct column *column, const struct profile_rows *rows,
	struct column_profile *profile, struct error *err)
{
	AUTO_FREE double *values = memory_allocate(rows->count, sizeof *values, err);
	size_t n = 0;
	if (!values)
		return -(int)err->code;
	for (size_t i = 0; i < rows->count; i++) {
		size_t row = profile_row(rows, i);
		double value = column_number(column, row);
		if (column_is_missing(column, row))
			profile->missing++;
		else if (isfinite(value))
			values[n++] = value;
		else
			profile->infinite++;
	}
	profile->count = n + profile->infinite;
	profile->min = profile->max = profile->mean = profile->deviation = (double)NAN;
	if (n) {
		struct moments moments = statistics_moments(values, n);
		profile->min = moments.minimum;
		profile->max = moments.maximum;
		profile->mean = moments.mean;
		profile->deviation = sqrt(moments.variance);
		profile_histogram(values, n, profile);
		statistics_sort(values, n);
	}
	for (size_t q = 0; q < PROFILE_QUANTILES; q++)
		profile->quantiles[q] =
			n ? statistics_quantile_sorted(values, n, profile_probabilities[q])
			  : (double)NAN;
	return 0;
}

/* A distinct text: how often, and where first. */
struct profile_text {
	uint64_t hash, count;
	size_t first;
};

/* The list of the most frequent, in order; at most PROFILE_TOP. */
struct profile_leaders {
	struct profile_text items[PROFILE_TOP];
	size_t count;
};

static void profile_lead(struct profile_leaders *leaders, struct profile_text text)
{
	size_t at = leaders->count;
	while (at && (leaders->items[at - 1].count < text.count ||
			     (leaders->items[at - 1].count == text.count &&
				     leaders->items[at - 1].first > text.first)))
		at--;
	if (at == PROFILE_TOP)
		return;
	leaders->count += leaders->count < PROFILE_TOP;
	memmove(&leaders->items[at + 1], &leaders->items[at],
		(leaders->count - at - 1) * sizeof *leaders->items);
	leaders->items[at] = text;
}

static int profile_compare_texts(const void *a, const void *b, void *context)
{
	const struct profile_text *left = a, *right = b;
	(void)context;
	return left->hash < right->hash ? -1 : left->hash > right->hash;
}

/* Many texts, most of them different: equal ones are found by sorting hashes of 64 bits. */
static int profile_count_texts(const struct column *column, const struct profile_rows *rows,
	struct column_profile *profile, struct profile_leaders *leaders, struct error *err)
{
	AUTO_FREE struct profile_text *texts = memory_allocate(rows->count, sizeof *texts, err);
	size_t n = 0;
	if (!texts)
		return -(int)err->code;
	for (size_t i = 0; i < rows->count; i++) {
		size_t row = profile_row(rows, i);
		struct text text = column_text(column, row);
		if (!column_is_missing(column, row))
			texts[n++] =
				(struct profile_text){ row_hash_bytes(text.at, text.length), 0, i };
	}
	if (sort_items(texts, n, sizeof *texts, profile_compare_texts, NULL, err) < 0)
		return -(int)err->code;
	profile->count = n;
	for (size_t start = 0, end; start < n; start = end) {
		for (end = start; end < n && texts[end].hash == texts[start].hash;)
			end++;
		texts[start].count = end - start;
		profile_lead(leaders, texts[start]);
		profile->distinct++;
	}
	return 0;
}

static int profile_count_codes(const struct column *column, const struct profile_rows *rows,
	struct column_profile *profile, struct profile_leaders *leaders, struct error *err)
{
	AUTO_FREE struct profile_text *texts =
		memory_allocate(column->n_categories, sizeof *texts, err);
	if (!texts)
		return -(int)err->code;
	for (size_t i = 0; i < rows->count; i++) {
		size_t row = profile_row(rows, i);
		if (column_is_missing(column, row))
			continue;
		struct profile_text *text = &texts[column->codes[row]];
		text->first = text->count++ ? text->first : i;
		profile->count++;
	}
	for (size_t code = 0; code < column->n_categories; code++) {
		if (!texts[code].count)
			continue;
		profile_lead(leaders, texts[code]);
		profile->distinct++;
	}
	return 0;
}

static int profile_texts(const struct column *column, const struct profile_rows *rows,
	struct column_profile *profile, struct error *err)
{
	struct profile_leaders leaders = { .count = 0 };
	if ((column->type == COLUMN_TEXT ? profile_count_texts : profile_count_codes)(
		    column, rows, profile, &leaders, err) < 0)
		return -(int)err->code;
	profile->missing = rows->count - profile->count;
	profile->top = memory_allocate(leaders.count, sizeof *profile->top, err);
	for (size_t i = 0; profile->top && i < leaders.count; i++) {
		struct text text = column_text(column, profile_row(rows, leaders.items[i].first));
		char *copy = memory_allocate(text.length + 1, 1, err);
		if (!copy)
			break;
		memcpy(copy, text.at, text.length);
		profile->top[profile->n_top++] =
			(struct profile_top){ copy, leaders.items[i].count };
	}
	return -(int)err->code;
}

struct profile_job {
	const struct table *table;
	struct profile_rows rows;
	struct profile *profile;
};

static int profile_column(void *context, size_t index, size_t worker, struct error *err)
{
	const struct profile_job *job = context;
	const struct column *column = &job->table->columns[index];
	struct column_profile *profile = &job->profile->columns[index];
	(void)worker;
	profile->type = column->type;
	profile->name = memory_copy_string(column->name, err);
	if (!profile->name)
		return -(int)err->code;
	return (column_is_numeric(column) ? profile_numbers : profile_texts)(
		column, &job->rows, profile, err);
}

int table_profile(const struct table *table, const size_t *rows, size_t n_rows, size_t threads,
	struct profile *ret_profile, struct error *err)
{
	AUTO(profile_release) struct profile profile = { 0 };
	struct profile_job job = { table, { rows, rows ? n_rows : table->n_rows }, &profile };
	profile.n_rows = job.rows.count;
	profile.columns = memory_allocate(table->n_columns, sizeof *profile.columns, err);
	if (!profile.columns)
		return -(int)err->code;
	profile.n_columns = table->n_columns;
	if (parallel_for(threads, table->n_columns, profile_column, &job, err) < 0)
		return -(int)err->code;
	*ret_profile = profile;
	profile = (struct profile){ .n_rows = 0 };
	return 0;
}

static void profile_key_number(struct json_writer *json, const char *key, double value)
{
	json_key(json, key);
	if (isnan(value))
		json_null(json);
	else
		json_number(json, value);
}

static void profile_key_count(struct json_writer *json, const char *key, uint64_t count)
{
	json_key(json, key);
	json_unsigned(json, count);
}

static void profile_numbers_to_json(const struct column_profile *profile, struct json_writer *json)
{
	if (profile->infinite)
		profile_key_count(json, "infinite", profile->infinite);
	profile_key_number(json, "min", profile->min);
	profile_key_number(json, "max", profile->max);
	profile_key_number(json, "mean", profile->mean);
	profile_key_number(json, "deviation", profile->deviation);
	json_key(json, "quantiles");
	json_object(json);
	for (size_t q = 0; q < PROFILE_QUANTILES; q++) {
		AUTO(strbuf_release) struct strbuf key = STRBUF_INIT;
		strbuf_add_double(&key, profile_probabilities[q]);
		strbuf_inherit(json->out, &key);
		profile_key_number(json, key.text, profile->quantiles[q]);
	}
	json_end(json);
	json_key(json, "histogram");
	json_array(json);
	for (size_t b = 0; b < profile->n_bins; b++)
		json_unsigned(json, profile->bins[b]);
	json_end(json);
}

static void profile_texts_to_json(const struct column_profile *profile, struct json_writer *json)
{
	profile_key_count(json, "distinct", profile->distinct);
	json_key(json, "top");
	json_array(json);
	for (size_t i = 0; i < profile->n_top; i++) {
		json_object(json);
		json_key_string(json, "text", profile->top[i].text);
		profile_key_count(json, "count", profile->top[i].count);
		json_end(json);
	}
	json_end(json);
}

void profile_to_json(const struct profile *profile, struct strbuf *buffer, unsigned indent)
{
	struct json_writer json;
	json_begin(&json, buffer, indent);
	json_object(&json);
	profile_key_count(&json, "rows", profile->n_rows);
	json_key(&json, "columns");
	json_array(&json);
	for (size_t c = 0; c < profile->n_columns; c++) {
		const struct column_profile *column = &profile->columns[c];
		json_object(&json);
		json_key_string(&json, "name", column->name);
		json_key_string(&json, "type", column_type_name(column->type));
		profile_key_count(&json, "count", column->count);
		profile_key_count(&json, "missing", column->missing);
		if (column->type == COLUMN_CATEGORY || column->type == COLUMN_TEXT)
			profile_texts_to_json(column, &json);
		else
			profile_numbers_to_json(column, &json);
		json_end(&json);
	}
	json_end(&json);
	json_end(&json);
}
