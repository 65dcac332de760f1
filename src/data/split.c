#include "mlops/data/split.h"

#include <math.h>
#include <string.h>

#include "mlops/base/sort.h"
#include "mlops/document/json_writer.h"
#include "row_hash_internal.h"

static const char *const split_part_names[SPLIT_PART_COUNT] = { "train", "validation", "test" };
static const char *const split_method_names[] = { "random", "stratified", "grouped", "time",
	"files" };

const char *split_part_name(enum split_part part)
{
	return split_part_names[part];
}

const char *split_method_name(enum split_method method)
{
	return split_method_names[method];
}

void split_release(struct split *split)
{
	if (!split)
		return;
	memory_free(split->parts);
	memory_free((char *)split->options.column);
	memory_free((char *)split->options.key);
	*split = (struct split){ .n_rows = 0 };
}

static void split_count(struct split *split)
{
	memset(split->counts, 0, sizeof split->counts);
	for (size_t r = 0; r < split->n_rows; r++)
		split->counts[split->parts[r]]++;
	split->fingerprint = row_hash_bytes(split->parts, split->n_rows);
}

/* Turns hashes of rows into u of [0, 1), as its 53 bits. */
static void split_seed(uint64_t *hashes, size_t n, uint64_t seed)
{
	uint64_t mixed = row_hash_last(seed + 0x9e3779b97f4a7c15u);
	for (size_t r = 0; r < n; r++)
		hashes[r] = row_hash_last(hashes[r] ^ mixed) >> 11;
}

static void split_by_threshold(
	const uint64_t *u, const struct split_options *options, struct split *split)
{
	double test = options->test, both = options->test + options->validation;
	for (size_t r = 0; r < split->n_rows; r++) {
		double share = (double)u[r] * 0x1p-53;
		split->parts[r] = share < test   ? SPLIT_TEST
				  : share < both ? SPLIT_VALIDATION
						 : SPLIT_TRAIN;
	}
}

struct split_row {
	uint64_t class, u;
	size_t row;
};

static int split_compare_rows(const void *a, const void *b, void *context)
{
	const struct split_row *left = a, *right = b;
	(void)context;
	if (left->class != right->class)
		return left->class < right->class ? -1 : 1;
	return left->u < right->u ? -1 : left->u > right->u;
}

/* Rows of one class, in order of u: where the first `share` of them ends. */
static size_t split_cut(const struct split_row *rows, size_t n, double share)
{
	size_t cut = (size_t)llround(share * (double)n);
	while (cut > 0 && cut < n && rows[cut].u == rows[cut - 1].u)
		cut++;
	return cut;
}

static int split_stratified(const struct table *table, const struct column *column,
	const uint64_t *u, const struct split_options *options, struct split *split,
	struct error *err)
{
	AUTO_FREE uint64_t *classes = memory_allocate(table->n_rows, sizeof *classes, err);
	AUTO_FREE struct split_row *rows = memory_allocate(table->n_rows, sizeof *rows, err);
	if (!classes || !rows || row_hash_table(table, column, options->threads, classes, err) < 0)
		return -(int)err->code;
	for (size_t r = 0; r < table->n_rows; r++)
		rows[r] = (struct split_row){ classes[r], u[r], r };
	if (sort_items(rows, table->n_rows, sizeof *rows, split_compare_rows, NULL, err) < 0)
		return -(int)err->code;
	for (size_t start = 0, end; start < table->n_rows; start = end) {
		for (end = start; end < table->n_rows && rows[end].class == rows[start].class;)
			end++;
		size_t n = end - start, test = split_cut(rows + start, n, options->test);
		size_t both = split_cut(rows + start, n, options->test + options->validation);
		for (size_t i = 0; i < n; i++)
			split->parts[rows[start + i].row] = (uint8_t)(i < test   ? SPLIT_TEST
								      : i < both ? SPLIT_VALIDATION
										 : SPLIT_TRAIN);
	}
	return 0;
}

static int split_compare_numbers(const void *a, const void *b, void *context)
{
	const double *left = a, *right = b;
	(void)context;
	return *left < *right ? -1 : *left > *right;
}

/* The value from which on the latest `share` of the rows begins. */
static double split_time_cut(const double *sorted, size_t n, double share)
{
	size_t late = (size_t)llround(share * (double)n);
	return late ? sorted[n - late] : (double)INFINITY;
}

static int split_by_time(const struct column *column, const struct split_options *options,
	struct split *split, struct error *err)
{
	size_t n = split->n_rows;
	AUTO_FREE double *times = memory_allocate(n, sizeof *times, err);
	AUTO_FREE double *sorted = memory_allocate(n, sizeof *sorted, err);
	if (!times || !sorted)
		return -(int)err->code;
	for (size_t r = 0; r < n; r++) {
		times[r] = column_number(column, r);
		if (isnan(times[r]))
			return error_set(err, ERROR_INVALID,
				"column '%s', by whose time to split, has no value in row %zu",
				column->name, r + 1);
	}
	memcpy(sorted, times, n * sizeof *times);
	if (sort_items(sorted, n, sizeof *sorted, split_compare_numbers, NULL, err) < 0)
		return -(int)err->code;
	double test = split_time_cut(sorted, n, options->test);
	double both = split_time_cut(sorted, n, options->test + options->validation);
	for (size_t r = 0; r < n; r++)
		split->parts[r] = (uint8_t)(times[r] >= test   ? SPLIT_TEST
					    : times[r] >= both ? SPLIT_VALIDATION
							       : SPLIT_TRAIN);
	return 0;
}

static const struct column *split_column(
	const struct table *table, const char *name, struct error *err)
{
	const struct column *column = table_column(table, name, NULL);
	if (!column)
		error_set(err, ERROR_NOT_FOUND, "there is no column '%s' to split by", name);
	return column;
}

static int split_grouped(const struct table *table, const struct column *column, uint64_t *u,
	const struct split_options *options, struct split *split, struct error *err)
{
	for (size_t r = 0; column->n_missing && r < table->n_rows; r++) {
		if (column_is_missing(column, r))
			return error_set(err, ERROR_INVALID,
				"column '%s', whose groups are to stay together, has no value in "
				"row %zu",
				column->name, r + 1);
	}
	if (row_hash_table(table, column, options->threads, u, err) < 0)
		return -(int)err->code;
	split_seed(u, table->n_rows, options->seed);
	split_by_threshold(u, options, split);
	return 0;
}

static int split_assign(const struct table *table, const struct split_options *options,
	struct split *split, struct error *err)
{
	const struct column *column = NULL, *key = NULL;
	if (options->method != SPLIT_RANDOM) {
		column = split_column(table, options->column, err);
		if (!column)
			return -(int)err->code;
		if (options->method == SPLIT_TIME && !column_is_numeric(column))
			return error_set(err, ERROR_INVALID,
				"column '%s' of type %s holds no times to split by", column->name,
				column_type_name(column->type));
	}
	if (options->method == SPLIT_TIME)
		return split_by_time(column, options, split, err);
	if (options->key && !(key = split_column(table, options->key, err)))
		return -(int)err->code;
	AUTO_FREE uint64_t *u = memory_allocate(table->n_rows, sizeof *u, err);
	if (!u)
		return -(int)err->code;
	if (options->method == SPLIT_GROUPED)
		return split_grouped(table, column, u, options, split, err);
	if (row_hash_table(table, key, options->threads, u, err) < 0)
		return -(int)err->code;
	split_seed(u, table->n_rows, options->seed);
	if (options->method == SPLIT_STRATIFIED)
		return split_stratified(table, column, u, options, split, err);
	split_by_threshold(u, options, split);
	return 0;
}

static int split_copy_options(
	const struct split_options *options, struct split *split, struct error *err)
{
	split->method = options->method;
	split->options = *options;
	split->options.column = split->options.key = NULL;
	if (options->column && !(split->options.column = memory_copy_string(options->column, err)))
		return -(int)err->code;
	if (options->key && !(split->options.key = memory_copy_string(options->key, err)))
		return -(int)err->code;
	return 0;
}

static int split_check_parts(const struct split *split, struct error *err)
{
	const double asked[SPLIT_PART_COUNT] = { [SPLIT_TRAIN] = 1,
		[SPLIT_VALIDATION] = split->options.validation,
		[SPLIT_TEST] = split->options.test };
	for (int part = 0; part < SPLIT_PART_COUNT; part++) {
		if (asked[part] > 0 && !split->counts[part]) {
			error_set(err, ERROR_INVALID,
				"the %s split of %zu rows leaves no row for '%s'",
				split_method_names[split->method], split->n_rows,
				split_part_names[part]);
			return error_hint(err, "ask for other shares, or give more data");
		}
	}
	return 0;
}

int split_make(const struct table *table, const struct split_options *options,
	struct split *ret_split, struct error *err)
{
	AUTO(split_release) struct split split = { .n_rows = table->n_rows };
	if (!(options->test >= 0 && options->validation >= 0 &&
		    options->test + options->validation < 1))
		return error_set(err, ERROR_INVALID,
			"the shares of test and validation must be at least 0 and together below 1");
	if (options->method == SPLIT_FILES)
		return error_set(err, ERROR_BUG, "files are split where they are read");
	split.parts = memory_allocate(table->n_rows, 1, err);
	if (!split.parts || split_copy_options(options, &split, err) < 0 ||
		split_assign(table, options, &split, err) < 0)
		return -(int)err->code;
	split_count(&split);
	if (split_check_parts(&split, err) < 0)
		return -(int)err->code;
	*ret_split = split;
	split = (struct split){ .n_rows = 0 };
	return 0;
}

int split_from_parts(
	const uint8_t *parts, size_t n_rows, struct split *ret_split, struct error *err)
{
	*ret_split = (struct split){ .method = SPLIT_FILES, .n_rows = n_rows };
	ret_split->options.method = SPLIT_FILES;
	ret_split->parts = memory_allocate(n_rows, 1, err);
	if (!ret_split->parts)
		return -(int)err->code;
	memcpy(ret_split->parts, parts, n_rows);
	split_count(ret_split);
	return 0;
}

size_t *split_rows(const struct split *split, enum split_part part, struct error *err)
{
	size_t *rows = memory_allocate(split->counts[part], sizeof *rows, err);
	for (size_t r = 0, n = 0; rows && r < split->n_rows; r++) {
		if (split->parts[r] == part)
			rows[n++] = r;
	}
	return rows;
}

void split_describe(const struct split *split, struct strbuf *buffer)
{
	struct json_writer json;
	json_begin(&json, buffer, 0);
	json_object(&json);
	json_key_string(&json, "method", split_method_names[split->method]);
	if (split->method != SPLIT_FILES) {
		json_key_number(&json, "test", split->options.test);
		json_key_number(&json, "validation", split->options.validation);
		json_key(&json, "seed");
		json_unsigned(&json, split->options.seed);
		if (split->options.column)
			json_key_string(&json, "column", split->options.column);
		if (split->options.key)
			json_key_string(&json, "key", split->options.key);
	}
	json_key(&json, "counts");
	json_object(&json);
	for (int part = 0; part < SPLIT_PART_COUNT; part++) {
		json_key(&json, split_part_names[part]);
		json_unsigned(&json, split->counts[part]);
	}
	json_end(&json);
	char fingerprint[17];
	for (int i = 0; i < 16; i++)
		fingerprint[i] = "0123456789abcdef"[split->fingerprint >> (60 - 4 * i) & 15];
	fingerprint[16] = '\0';
	json_key_string(&json, "fingerprint", fingerprint);
	json_end(&json);
}
