/* Learns the constants of each feature from the training rows, one column per task. */
#include "mlops/base/parallel.h"
#include "mlops/base/sort.h"
#include "mlops/base/vec.h"
#include "mlops/numeric/statistics.h"
#include "features_internal.h"

#include <math.h>
#include <string.h>

/* The values of a column that are not missing, in row order. */
struct features_sample {
	double *values;
	size_t count;
};

struct features_fit {
	struct features *features;
	const struct table *table;
	const size_t *rows;
	size_t n_rows;
};

static const struct column *features_source(
	const struct features_fit *fit, const struct feature_column *column, struct error *err)
{
	const struct column *source = table_column(fit->table, column->name, NULL);
	if (!source)
		error_set(err, ERROR_NOT_FOUND, "the data have no column '%s'", column->name);
	return source;
}

static int features_no_values(const struct feature_column *column, struct error *err)
{
	error_set_at(err, ERROR_INVALID, &column->at,
		"column '%s' has no value in any training row", column->name);
	return error_hint(err, "name it under features.drop");
}

static int features_collect(const struct features_fit *fit, const struct feature_column *column,
	enum feature_part part, struct features_sample *sample, struct error *err)
{
	const struct column *source = features_source(fit, column, err);
	if (!source)
		return -ERROR_NOT_FOUND;
	sample->count = 0;
	sample->values = memory_allocate(fit->n_rows, sizeof *sample->values, err);
	if (!sample->values)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < fit->n_rows; i++) {
		double value = column_number(source, fit->rows[i]);
		if (part != PART_NONE)
			value = feature_part_value(part, value);
		if (!isnan(value))
			sample->values[sample->count++] = value;
	}
	if (sample->count < fit->n_rows && column->rule.impute == IMPUTE_NONE) {
		error_set_at(err, ERROR_INVALID, &column->at,
			"column '%s' has %zu missing values among the training rows, and "
			"`impute: none`",
			column->name, fit->n_rows - sample->count);
		return error_hint(err, "choose median, mean, most_frequent or constant");
	}
	if (!sample->count && column->rule.impute != IMPUTE_CONSTANT)
		return features_no_values(column, err);
	return 0;
}

/* The value that occurs most, the smallest of equals. Sorts the sample. */
static double features_most_frequent(struct features_sample *sample)
{
	double best = NAN;
	size_t best_run = 0;
	statistics_sort(sample->values, sample->count);
	for (size_t i = 0, run = 0; i < sample->count; i++) {
		run = i && sample->values[i] == sample->values[i - 1] ? run + 1 : 1;
		if (run > best_run) {
			best_run = run;
			best = sample->values[i];
		}
	}
	return best;
}

static double features_mean(const double *values, size_t count)
{
	return statistics_moments(values, count).mean;
}

static double features_impute_value(const struct feature_rule *rule, struct features_sample *sample)
{
	switch (rule->impute) {
	case IMPUTE_MEAN:
		return features_mean(sample->values, sample->count);
	case IMPUTE_MOST_FREQUENT:
		return features_most_frequent(sample);
	case IMPUTE_CONSTANT:
		return rule->fill;
	default:
		return statistics_median(sample->values, sample->count);
	}
}

/*
 * Replaces the sample by what the scaler sees: all training rows, imputed, clipped and logged.
 * The order does not matter to it.
 */
static int features_transform(const struct features_fit *fit, const struct feature_column *column,
	struct feature_slot *slot, struct features_sample *sample, struct error *err)
{
	double minimum = INFINITY;
	for (size_t i = 0; i < sample->count; i++)
		minimum = fmin(minimum, sample->values[i]);
	for (size_t i = sample->count; i < fit->n_rows; i++)
		sample->values[i] = slot->impute;
	if (sample->count < fit->n_rows)
		minimum = fmin(minimum, slot->impute);
	sample->count = fit->n_rows;
	slot->low = column->rule.clip_low;
	slot->high = column->rule.clip_high;
	slot->log1p = column->rule.log1p;
	if (slot->log1p) {
		slot->low = fmax(slot->low, minimum);
		if (!(slot->low > -1)) {
			error_set_at(err, ERROR_INVALID, &column->at,
				"column '%s' has the value %g, and log1p needs values above -1",
				column->name, minimum);
			return error_hint(err, "set features.columns.%s.clip", column->name);
		}
	}
	for (size_t i = 0; i < sample->count; i++) {
		double value = fmin(fmax(sample->values[i], slot->low), slot->high);
		sample->values[i] = slot->log1p ? log(1.0 + value) : value;
	}
	return 0;
}

static void features_scale_slot(
	enum feature_scale scale, struct features_sample *sample, struct feature_slot *slot)
{
	struct moments moments = statistics_moments(sample->values, sample->count);
	slot->center = 0;
	slot->scale = 1;
	if (scale == SCALE_STANDARD) {
		double n = (double)moments.count;
		slot->center = moments.mean;
		slot->scale = n > 1 ? sqrt(moments.variance * ((n - 1) / n)) : 0;
	} else if (scale == SCALE_MINMAX) {
		slot->center = moments.minimum;
		slot->scale = moments.maximum - moments.minimum;
	} else if (scale == SCALE_ROBUST) {
		slot->center = statistics_median(sample->values, sample->count);
		slot->scale = statistics_quantile(sample->values, sample->count, 0.75) -
			      statistics_quantile(sample->values, sample->count, 0.25);
	}
	/* A constant column has no spread but for rounding. */
	if (!(slot->scale > 10 * 0x1p-52 * fabs(slot->center)) || !isfinite(slot->scale))
		slot->scale = 1;
}

static int features_fit_slot(
	const struct features_fit *fit, struct feature_slot *slot, struct error *err)
{
	struct feature_column *column = &fit->features->columns[slot->column];
	struct features_sample sample = { NULL, 0 };
	int status = features_collect(fit, column, slot->part, &sample, err);
	if (status == 0) {
		slot->impute = features_impute_value(&column->rule, &sample);
		status = features_transform(fit, column, slot, &sample, err);
	}
	if (status == 0)
		features_scale_slot(column->rule.scale, &sample, slot);
	memory_free(sample.values);
	return status;
}

static int features_fit_bins(
	const struct features_fit *fit, struct feature_column *column, struct error *err)
{
	struct features_sample sample = { NULL, 0 };
	int status = features_collect(fit, column, PART_NONE, &sample, err);
	if (status == 0) {
		column->impute_value = features_impute_value(&column->rule, &sample);
		statistics_sort(sample.values, sample.count);
		size_t n = column->rule.n_edges ? column->rule.n_edges : column->rule.n_bins - 1;
		column->n_edges = 0;
		for (size_t i = 0; i < n; i++) {
			double edge =
				column->rule.n_edges
					? column->rule.edges[i]
					: statistics_quantile_sorted(sample.values, sample.count,
						  (double)(i + 1) / (double)column->rule.n_bins);
			/* Quantiles of repeated values coincide: such bins are one. */
			if (!column->n_edges || edge > column->edges[column->n_edges - 1])
				column->edges[column->n_edges++] = edge;
		}
		column->width = column->n_edges + 1;
	}
	memory_free(sample.values);
	return status;
}

struct features_category {
	struct text text;
	size_t count;
};

static int features_category_order(const void *a, const void *b, void *context)
{
	(void)context;
	const struct features_category *left = a, *right = b;
	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return text_compare(left->text, right->text);
}

/* Counts distinct texts among the training rows, most frequent first. */
static int features_count_text(const struct features_fit *fit, const struct column *source,
	struct features_category **ret, size_t *ret_count, struct error *err)
{
	AUTO(map_release) struct map seen;
	map_init(&seen, NULL);
	VEC(struct features_category) list = VEC_INIT;
	for (size_t i = 0; i < fit->n_rows; i++) {
		if (feature_is_missing(source, fit->rows[i]))
			continue;
		struct text text = column_text(source, fit->rows[i]);
		AUTO_FREE char *key = memory_format(err, "%.*s", (int)text.length, text.at);
		if (!key)
			break;
		size_t index = (size_t)(uintptr_t)map_get(&seen, key);
		if (index) {
			list.items[index - 1].count++;
			continue;
		}
		vec_push(&list, (struct features_category){ text, 1 });
		if (list.state.failed ||
			map_put(&seen, key, (void *)(uintptr_t)list.count, err) < 0)
			break;
	}
	if (err->code != ERROR_NONE || vec_check(&list, err) < 0) {
		vec_release(&list);
		return -(int)err->code;
	}
	*ret = list.items;
	*ret_count = list.count;
	return 0;
}

static int features_count_codes(const struct features_fit *fit, const struct column *source,
	struct features_category **ret, size_t *ret_count, struct error *err)
{
	struct features_category *list = memory_allocate(source->n_categories, sizeof *list, err);
	if (!list)
		return -ERROR_MEMORY;
	for (size_t c = 0; c < source->n_categories; c++)
		list[c].text = source->categories[c];
	for (size_t i = 0; i < fit->n_rows; i++) {
		if (!feature_is_missing(source, fit->rows[i]))
			list[source->codes[fit->rows[i]]].count++;
	}
	size_t kept = 0;
	for (size_t c = 0; c < source->n_categories; c++) {
		if (list[c].count)
			list[kept++] = list[c];
	}
	*ret = list;
	*ret_count = kept;
	return 0;
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo): stable over machines and versions. */
static uint64_t features_hash(struct text text)
{
	uint64_t hash = 0xcbf29ce484222325u;
	for (size_t i = 0; i < text.length; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * 0x100000001b3u;
	return hash;
}

/* Gives each category its code; the rare ones share the last. */
static void features_assign_codes(
	struct feature_column *column, size_t n_rows, const struct features_category *list)
{
	const struct feature_rule *rule = &column->rule;
	double least = rule->min_frequency < 1 ? rule->min_frequency * (double)n_rows
					       : rule->min_frequency;
	size_t frequent = 0;
	while (frequent < column->n_categories && (double)list[frequent].count >= least &&
		(!rule->max_categories || frequent < rule->max_categories))
		frequent++;
	bool rare = frequent < column->n_categories;
	for (size_t c = 0; c < column->n_categories; c++)
		column->codes[c] = (uint32_t)(c < frequent ? c : frequent);
	column->width = frequent + rare;
	column->unknown_code = rare && rule->unknown_is_infrequent ? (int64_t)frequent : -1;
	if (rule->encode == ENCODE_HASHED) {
		for (size_t c = 0; c < column->n_categories; c++)
			column->codes[c] =
				(uint32_t)(features_hash(column->categories[c]) % rule->n_buckets);
		column->width = rule->n_buckets;
		column->unknown_code = -1;
	}
}

static int features_missing_code(struct feature_column *column, bool any_missing, struct error *err)
{
	const struct feature_rule *rule = &column->rule;
	column->missing_code = column->unknown_code;
	switch (rule->impute) {
	case IMPUTE_NONE:
		if (!any_missing)
			return 0;
		error_set_at(err, ERROR_INVALID, &column->at,
			"column '%s' has missing values among the training rows, and "
			"`impute: none`",
			column->name);
		return error_hint(err, "choose most_frequent, constant or category");
	case IMPUTE_CATEGORY:
		column->missing_code = (int64_t)column->width++;
		return 0;
	case IMPUTE_CONSTANT:
		for (size_t c = 0; rule->fill_text && c < column->n_categories; c++) {
			if (text_is(column->categories[c], rule->fill_text))
				column->missing_code = column->codes[c];
		}
		return 0;
	default:
		if (column->n_categories)
			column->missing_code = column->codes[0]; /* the most frequent */
		return 0;
	}
}

/* Copies the categories into the arena; tasks run at once, so each column has its own block. */
static int features_keep_categories(struct feature_column *column,
	const struct features_category *list, size_t count, struct error *err)
{
	size_t bytes = 0;
	for (size_t c = 0; c < count; c++)
		bytes += list[c].text.length + 1;
	size_t table_bytes = count * (sizeof *column->categories + sizeof *column->codes);
	char *block = memory_allocate(1, table_bytes + bytes, err);
	if (!block)
		return -ERROR_MEMORY;
	memory_free(column->categories);
	column->categories = (struct text *)(void *)block;
	column->codes = (uint32_t *)(void *)(block + count * sizeof *column->categories);
	column->n_categories = count;
	char *at = block + table_bytes;
	for (size_t c = 0; c < count; c++) {
		memcpy(at, list[c].text.at, list[c].text.length);
		column->categories[c] = (struct text){ at, list[c].text.length };
		at += list[c].text.length + 1;
	}
	return 0;
}

static int features_fit_categories(
	const struct features_fit *fit, struct feature_column *column, struct error *err)
{
	const struct column *source = features_source(fit, column, err);
	if (!source)
		return -ERROR_NOT_FOUND;
	struct features_category *list = NULL;
	size_t count = 0, present = 0;
	int status = source->type == COLUMN_CATEGORY
			     ? features_count_codes(fit, source, &list, &count, err)
			     : features_count_text(fit, source, &list, &count, err);
	if (status < 0)
		return status;
	status = sort_items(list, count, sizeof *list, features_category_order, NULL, err);
	for (size_t c = 0; c < count; c++)
		present += list[c].count;
	if (!present && column->rule.impute != IMPUTE_CATEGORY)
		status = features_no_values(column, err);
	if (status == 0)
		status = features_keep_categories(column, list, count, err);
	if (status == 0) {
		features_assign_codes(column, fit->n_rows, list);
		status = features_missing_code(column, present < fit->n_rows, err);
	}
	if (status == 0 && column->rule.encode == ENCODE_ORDINAL)
		column->width = 1;
	memory_free(list);
	return status;
}

/* Task: slots first, then columns with bins or categories. */
static int features_fit_task(void *context, size_t index, size_t worker, struct error *err)
{
	(void)worker;
	const struct features_fit *fit = context;
	struct features *features = fit->features;
	if (index < features->n_slots)
		return features_fit_slot(fit, &features->slots[index], err);
	struct feature_column *column = &features->columns[index - features->n_slots];
	if (feature_is_category(column))
		return features_fit_categories(fit, column, err);
	return feature_has_bins(column) ? features_fit_bins(fit, column, err) : 0;
}

int features_fit(struct features *features, const struct table *table, const size_t *rows,
	size_t n_rows, struct error *err)
{
	struct features_fit fit = { features, table, rows, n_rows };
	if (!n_rows)
		return error_set(err, ERROR_INVALID, "there are no training rows");
	for (size_t i = 0; i < features->n_columns; i++) {
		struct feature_column *column = &features->columns[i];
		if (!feature_has_bins(column) || column->edges)
			continue;
		size_t n = column->rule.n_edges ? column->rule.n_edges : column->rule.n_bins;
		column->edges = arena_allocate(&features->arena, n, sizeof *column->edges, err);
		if (!column->edges)
			return -ERROR_MEMORY;
	}
	/* A small table is not worth a thread. */
	size_t threads = n_rows * features->n_columns < 100000 ? 1 : 0;
	int status = parallel_for(
		threads, features->n_slots + features->n_columns, features_fit_task, &fit, err);
	return status < 0 ? status : features_lay_out(features, err);
}
