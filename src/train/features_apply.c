/* Where each feature stands in the matrix, what it is called, and filling the matrix. */
#include "mlops/base/parallel.h"
#include "mlops/base/strbuf.h"
#include "features_internal.h"

#include <math.h>
#include <string.h>

double feature_part_value(enum feature_part part, double seconds)
{
	/*
	 * The same operations in the same order as the exported graph. Civil date from the day
	 * number after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (civil_from_days).
	 */
	double days = floor(seconds / 86400);
	double second_of_day = seconds - days * 86400;
	double z = days + 719468;
	double era = floor(z / 146097);
	double day_of_era = z - era * 146097;
	double year_of_era = floor((day_of_era - floor(day_of_era / 1460) +
					   floor(day_of_era / 36524) - floor(day_of_era / 146096)) /
				   365);
	double day_of_year = day_of_era - (year_of_era * 365 + floor(year_of_era / 4) -
						  floor(year_of_era / 100));
	double month_from_march = floor((day_of_year * 5 + 2) / 153);
	switch (part) {
	case PART_YEAR:
		return year_of_era + era * 400 + (month_from_march >= 10);
	case PART_MONTH:
		return month_from_march + 3 - 12 * (double)(month_from_march >= 10);
	case PART_DAY:
		return day_of_year - floor((month_from_march * 153 + 2) / 5) + 1;
	case PART_WEEKDAY: /* 1970-01-01 was a Thursday */
		return days + 3 - floor((days + 3) / 7) * 7;
	case PART_HOUR:
		return floor(second_of_day / 3600);
	case PART_MINUTE:
		return floor((second_of_day - floor(second_of_day / 3600) * 3600) / 60);
	default:
		return seconds;
	}
}

static void features_name_bins(
	struct features *features, const struct feature_column *column, struct error *err)
{
	for (size_t k = 0; k < column->width; k++) {
		double low = k ? column->edges[k - 1] : -INFINITY;
		double high = k < column->n_edges ? column->edges[k] : INFINITY;
		features->names[column->first + k] = arena_format(
			&features->arena, err, "%s [%.6g, %.6g)", column->name, low, high);
	}
}

static void features_name_categories(
	struct features *features, const struct feature_column *column, struct error *err)
{
	const char **names = features->names + column->first;
	if (column->rule.encode == ENCODE_ORDINAL) {
		names[0] = arena_format(&features->arena, err, "%s", column->name);
		return;
	}
	for (size_t k = 0; k < column->width; k++) {
		bool hashed = column->rule.encode == ENCODE_HASHED;
		names[k] =
			hashed ? arena_format(&features->arena, err, "%s#%zu", column->name, k)
			       : arena_format(&features->arena, err, "%s=(%s)", column->name,
					 (int64_t)k == column->missing_code ? "missing" : "rare");
	}
	for (size_t c = 0; c < column->n_categories && column->rule.encode == ENCODE_ONEHOT; c++) {
		size_t sharing = 0;
		for (size_t d = 0; d < column->n_categories; d++)
			sharing += column->codes[d] == column->codes[c];
		if (sharing == 1)
			names[column->codes[c]] = arena_format(&features->arena, err, "%s=%.*s",
				column->name, (int)column->categories[c].length,
				column->categories[c].at);
	}
}

static int features_name_all(struct features *features, struct error *err)
{
	struct arena *arena = &features->arena;
	features->names = arena_allocate(arena, features->n_features, sizeof *features->names, err);
	if (!features->names)
		return -ERROR_MEMORY;
	for (size_t s = 0; s < features->n_slots; s++) {
		const struct feature_slot *slot = &features->slots[s];
		const char *column = features->columns[slot->column].name;
		features->names[s] = slot->part == PART_NONE
					     ? arena_copy_string(arena, column, err)
					     : arena_format(arena, err, "%s.%s", column,
						       feature_part_names[slot->part]);
	}
	for (size_t i = 0; i < features->n_columns; i++) {
		const struct feature_column *column = &features->columns[i];
		if (column->indicator != SIZE_MAX)
			features->names[column->indicator] =
				arena_format(arena, err, "%s missing", column->name);
		if (feature_has_bins(column))
			features_name_bins(features, column, err);
		if (feature_is_category(column))
			features_name_categories(features, column, err);
	}
	for (size_t i = 0; i < features->n_features; i++) {
		if (!features->names[i])
			return err->code ? -(int)err->code
					 : error_set(err, ERROR_BUG, "a feature without a name");
	}
	return 0;
}

static int features_index_categories(struct feature_column *column, struct error *err)
{
	map_release(&column->lookup);
	map_init(&column->lookup, NULL);
	for (size_t c = 0; c < column->n_categories; c++) {
		void *code = (void *)(uintptr_t)(column->codes[c] + 1);
		if (map_put(&column->lookup, column->categories[c].at, code, err) < 0)
			return -ERROR_MEMORY;
	}
	return 0;
}

int features_lay_out(struct features *features, struct error *err)
{
	size_t next = features->n_slots;
	for (size_t i = 0; i < features->n_columns; i++) {
		struct feature_column *column = &features->columns[i];
		bool wanted = column->rule.indicator && !feature_is_category(column);
		column->indicator = wanted ? next++ : SIZE_MAX;
	}
	for (int categories = 0; categories < 2; categories++) {
		for (size_t i = 0; i < features->n_columns; i++) {
			struct feature_column *column = &features->columns[i];
			if (categories ? !feature_is_category(column) : !feature_has_bins(column))
				continue;
			column->first = next;
			next += column->width;
		}
	}
	features->n_features = next;
	for (size_t i = 0; i < features->n_columns; i++) {
		if (feature_is_category(&features->columns[i]) &&
			features_index_categories(&features->columns[i], err) < 0)
			return -ERROR_MEMORY;
	}
	int status = features_name_all(features, err);
	features->fitted = status == 0;
	return status;
}

enum { FEATURES_BLOCK = 1024 };

struct features_apply {
	const struct features *features;
	const struct column **sources; /* by index of features->columns */
	int64_t **codes; /* of a source of categories: its code -> ours; else NULL */
	const size_t *rows;
	size_t n_rows;
	double *x;
};

static int64_t features_code(const struct feature_column *column, const char *category)
{
	uintptr_t found = (uintptr_t)map_get(&column->lookup, category);
	return found ? (int64_t)found - 1 : column->unknown_code;
}

static int features_text_code(
	const struct feature_column *column, struct text text, int64_t *ret_code, struct error *err)
{
	AUTO_FREE char *key = memory_format(err, "%.*s", (int)text.length, text.at);
	if (!key)
		return -ERROR_MEMORY;
	*ret_code = features_code(column, key);
	return 0;
}

static void features_apply_slot(
	const struct features_apply *apply, size_t s, size_t begin, size_t end)
{
	const struct features *features = apply->features;
	const struct feature_slot *slot = &features->slots[s];
	const struct column *source = apply->sources[slot->column];
	size_t width = features->n_features;
	for (size_t i = begin; i < end; i++) {
		double value = column_number(source, apply->rows[i]);
		if (slot->part != PART_NONE)
			value = feature_part_value(slot->part, value);
		if (isnan(value))
			value = slot->impute;
		value = fmin(fmax(value, slot->low), slot->high);
		if (slot->log1p)
			value = log(1.0 + value);
		apply->x[i * width + s] = (value - slot->center) / slot->scale;
	}
}

static void features_apply_number(
	const struct features_apply *apply, size_t index, size_t begin, size_t end)
{
	const struct feature_column *column = &apply->features->columns[index];
	const struct column *source = apply->sources[index];
	size_t width = apply->features->n_features;
	for (size_t i = begin; i < end; i++) {
		double value = column_number(source, apply->rows[i]);
		double *row = apply->x + i * width;
		if (column->indicator != SIZE_MAX)
			row[column->indicator] = isnan(value);
		if (!feature_has_bins(column))
			continue;
		value = isnan(value) ? column->impute_value : value;
		size_t bin = 0;
		while (bin < column->n_edges && value >= column->edges[bin])
			bin++;
		for (size_t k = 0; k < column->width; k++)
			row[column->first + k] = k == bin;
	}
}

static int features_apply_category(const struct features_apply *apply, size_t index, size_t begin,
	size_t end, struct error *err)
{
	const struct feature_column *column = &apply->features->columns[index];
	const struct column *source = apply->sources[index];
	size_t width = apply->features->n_features;
	for (size_t i = begin; i < end; i++) {
		size_t row = apply->rows[i];
		int64_t code = column->missing_code;
		if (!feature_is_missing(source, row)) {
			if (apply->codes[index])
				code = apply->codes[index][source->codes[row]];
			else if (features_text_code(column, column_text(source, row), &code, err) <
				 0)
				return -ERROR_MEMORY;
		}
		double *to = apply->x + i * width + column->first;
		if (column->rule.encode == ENCODE_ORDINAL) {
			to[0] = (double)code;
			continue;
		}
		memset(to, 0, column->width * sizeof *to);
		if (code >= 0)
			to[code] = 1;
	}
	return 0;
}

static int features_apply_block(void *context, size_t block, size_t worker, struct error *err)
{
	(void)worker;
	const struct features_apply *apply = context;
	const struct features *features = apply->features;
	size_t begin = block * FEATURES_BLOCK;
	size_t end =
		begin + FEATURES_BLOCK < apply->n_rows ? begin + FEATURES_BLOCK : apply->n_rows;
	for (size_t s = 0; s < features->n_slots; s++)
		features_apply_slot(apply, s, begin, end);
	for (size_t i = 0; i < features->n_columns; i++) {
		int status = 0;
		if (feature_is_category(&features->columns[i]))
			status = features_apply_category(apply, i, begin, end, err);
		else
			features_apply_number(apply, i, begin, end);
		if (status < 0)
			return status;
	}
	return 0;
}

/* Finds the columns in the table and translates its category codes to ours. */
static int features_bind(struct features_apply *apply, const struct table *table,
	struct arena *arena, struct error *err)
{
	const struct features *features = apply->features;
	apply->sources = arena_allocate(arena, features->n_columns, sizeof *apply->sources, err);
	apply->codes = arena_allocate(arena, features->n_columns, sizeof *apply->codes, err);
	if (!apply->sources || !apply->codes)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < features->n_columns; i++) {
		const struct feature_column *column = &features->columns[i];
		const struct column *source = table_column(table, column->name, NULL);
		apply->sources[i] = source;
		if (!source)
			return error_set(
				err, ERROR_NOT_FOUND, "the data have no column '%s'", column->name);
		if (column_is_numeric(source) == feature_is_category(column))
			return error_set(err, ERROR_INVALID,
				"column '%s' is %s here and was %s in training", column->name,
				column_type_name(source->type), column_type_name(column->type));
		if (source->type != COLUMN_CATEGORY)
			continue;
		int64_t *codes = arena_allocate(arena, source->n_categories, sizeof *codes, err);
		if (!codes)
			return -ERROR_MEMORY;
		for (size_t c = 0; c < source->n_categories; c++)
			codes[c] = features_code(column, source->categories[c].at);
		apply->codes[i] = codes;
	}
	return 0;
}

int features_apply(const struct features *features, const struct table *table, const size_t *rows,
	size_t n_rows, double *x, struct error *err)
{
	AUTO(arena_release) struct arena arena = ARENA_INIT(0);
	struct features_apply apply = {
		.features = features, .rows = rows, .n_rows = n_rows, .x = x
	};
	if (!features->fitted)
		return error_set(err, ERROR_BUG, "features are applied before they are fitted");
	int status = features_bind(&apply, table, &arena, err);
	if (status < 0)
		return status;
	size_t blocks = (n_rows + FEATURES_BLOCK - 1) / FEATURES_BLOCK;
	return parallel_for(blocks < 8 ? 1 : 0, blocks, features_apply_block, &apply, err);
}
