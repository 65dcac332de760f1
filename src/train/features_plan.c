/* Reads the section `features:` against the columns of a table. */
#include "mlops/base/vec.h"
#include "features_internal.h"

#include <math.h>
#include <string.h>

const char *const feature_part_names[PART_COUNT + 1] = { "year", "month", "day", "weekday", "hour",
	"minute", "seconds", NULL };

static const char *const features_impute_names[] = { "median", "mean", "most_frequent", "constant",
	"category", "none", NULL };
static const char *const features_scale_names[] = { "standard", "minmax", "robust", "none", NULL };
static const char *const features_encode_names[] = { "onehot", "ordinal", "hashed", NULL };

bool feature_is_category(const struct feature_column *column)
{
	return column->type == COLUMN_CATEGORY || column->type == COLUMN_TEXT;
}

bool feature_is_missing(const struct column *source, size_t row)
{
	return column_is_missing(source, row) ||
	       (!column_is_numeric(source) && !column_text(source, row).length);
}

bool feature_has_bins(const struct feature_column *column)
{
	return !feature_is_category(column) && (column->rule.n_bins || column->rule.n_edges);
}

bool feature_has_slots(const struct feature_column *column)
{
	return !feature_is_category(column) && !feature_has_bins(column);
}

struct features_reader {
	const struct document *project;
	struct features *features;
	const struct table *table;
	const char *const *excluded;
	const struct event_sink *sink;
	struct error *err;
};

static struct position features_position(
	const struct features_reader *reader, const struct value *value)
{
	struct position at = { .line = 0 };
	if (value)
		position_set(&at, reader->project ? reader->project->file : NULL, value->line,
			value->column);
	return at;
}

/* The index of the member's text in names, or `otherwise` if the member is absent. */
static int features_choice(const struct features_reader *reader, const struct value *mapping,
	const char *key, const char *const *names, int otherwise, int *ret)
{
	const struct value *member = value_member(mapping, key);
	*ret = otherwise;
	if (!member || member->kind == VALUE_NULL)
		return 0;
	for (int i = 0; member->kind == VALUE_STRING && names[i]; i++) {
		if (text_is(member->string, names[i])) {
			*ret = i;
			return 0;
		}
	}
	struct position at = features_position(reader, member);
	return error_set_at(reader->err, ERROR_INVALID, &at, "features: no such '%s'", key);
}

static int features_read_numbers(const struct features_reader *reader, const struct value *list,
	const double **ret, size_t *ret_count)
{
	size_t count = list->sequence.count;
	double *numbers =
		arena_allocate(&reader->features->arena, count, sizeof *numbers, reader->err);
	if (!numbers)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < count; i++) {
		const struct value *item = list->sequence.items[i];
		numbers[i] = item->kind == VALUE_INTEGER ? (double)item->integer
			     : item->kind == VALUE_FLOAT ? item->number
							 : NAN;
		if (isnan(numbers[i]) || (i && !(numbers[i] > numbers[i - 1]))) {
			struct position at = features_position(reader, item);
			return error_set_at(
				reader->err, ERROR_INVALID, &at, "features: the numbers must rise");
		}
	}
	*ret = numbers;
	*ret_count = count;
	return 0;
}

static int features_read_number_rule(const struct features_reader *reader,
	const struct value *mapping, struct feature_rule *rule)
{
	int scale;
	if (features_choice(
		    reader, mapping, "scale", features_scale_names, (int)rule->scale, &scale) < 0)
		return -ERROR_INVALID;
	rule->scale = (enum feature_scale)scale;
	rule->indicator = value_boolean_or(mapping, "indicator", rule->indicator);
	rule->log1p = value_boolean_or(mapping, "log1p", rule->log1p);
	const struct value *clip = value_member(mapping, "clip");
	if (clip && clip->kind == VALUE_SEQUENCE) {
		const double *limits;
		size_t count;
		int status = features_read_numbers(reader, clip, &limits, &count);
		if (status < 0)
			return status;
		if (count == 2) {
			rule->clip_low = limits[0];
			rule->clip_high = limits[1];
		}
	}
	const struct value *bins = value_member(mapping, "bucketize");
	if (bins && bins->kind == VALUE_SEQUENCE)
		return features_read_numbers(reader, bins, &rule->edges, &rule->n_edges);
	if (bins && bins->kind == VALUE_INTEGER)
		rule->n_bins = (size_t)bins->integer;
	return 0;
}

static int features_read_category_rule(const struct features_reader *reader,
	const struct value *mapping, struct feature_rule *rule)
{
	int encode;
	if (features_choice(reader, mapping, "encode", features_encode_names, (int)rule->encode,
		    &encode) < 0)
		return -ERROR_INVALID;
	rule->encode = (enum feature_encode)encode;
	rule->min_frequency = value_number_or(mapping, "min_frequency", rule->min_frequency);
	rule->max_categories =
		(size_t)value_integer_or(mapping, "max_categories", (int64_t)rule->max_categories);
	rule->n_buckets = (size_t)value_integer_or(mapping, "buckets", (int64_t)rule->n_buckets);
	const char *unknown = value_string_or(mapping, "unknown", NULL);
	if (unknown)
		rule->unknown_is_infrequent = strcmp(unknown, "infrequent") == 0;
	return 0;
}

static int features_read_parts(const struct features_reader *reader, const struct value *mapping,
	struct feature_rule *rule)
{
	const struct value *parts = value_member(mapping, "parts");
	if (!parts || parts->kind != VALUE_SEQUENCE)
		return 0;
	rule->parts = 0;
	for (size_t i = 0; i < parts->sequence.count; i++) {
		const struct value *item = parts->sequence.items[i];
		unsigned part = 0;
		while (part < PART_COUNT &&
			!(item->kind == VALUE_STRING &&
				text_is(item->string, feature_part_names[part])))
			part++;
		if (part == PART_COUNT) {
			struct position at = features_position(reader, item);
			return error_set_at(reader->err, ERROR_INVALID, &at,
				"features: no such part of a time");
		}
		rule->parts |= 1u << part;
	}
	return 0;
}

/* Changes the rule by what one mapping says; the rest of the rule stays. */
static int features_read_rule(const struct features_reader *reader, const struct value *mapping,
	struct feature_rule *rule)
{
	int impute, status;
	if (!mapping || mapping->kind != VALUE_MAPPING)
		return 0;
	status = features_choice(
		reader, mapping, "impute", features_impute_names, (int)rule->impute, &impute);
	if (status < 0)
		return status;
	rule->impute = (enum feature_impute)impute;
	const struct value *fill = value_member(mapping, "fill");
	if (fill && fill->kind == VALUE_STRING)
		rule->fill_text = arena_copy_bytes(&reader->features->arena, fill->string.at,
			fill->string.length, reader->err);
	else
		rule->fill = value_number_or(mapping, "fill", rule->fill);
	status = features_read_number_rule(reader, mapping, rule);
	if (status == 0)
		status = features_read_category_rule(reader, mapping, rule);
	return status < 0 ? status : features_read_parts(reader, mapping, rule);
}

static bool features_listed(const struct value *list, const char *name)
{
	if (!list || list->kind != VALUE_SEQUENCE)
		return false;
	for (size_t i = 0; i < list->sequence.count; i++) {
		const struct value *item = list->sequence.items[i];
		if (item->kind == VALUE_STRING && text_is(item->string, name))
			return true;
	}
	return false;
}

static bool features_excluded(const char *const *excluded, const char *name)
{
	for (; excluded && *excluded; excluded++) {
		if (strcmp(*excluded, name) == 0)
			return true;
	}
	return false;
}

static int features_unknown_column(const struct features_reader *reader, const char *key,
	const char *name, const struct position *at)
{
	VEC(const char *) names = VEC_INIT;
	for (size_t i = 0; i < reader->table->n_columns; i++)
		vec_push(&names, reader->table->columns[i].name);
	vec_push(&names, NULL);
	const char *nearest = names.state.failed ? NULL : text_nearest(name, names.items);
	error_set_at(reader->err, ERROR_INVALID, at, "features.%s: the data have no column '%s'",
		key, name);
	if (nearest)
		error_hint(reader->err, "did you mean '%s'?", nearest);
	vec_release(&names);
	return -ERROR_INVALID;
}

/* Every column that the section names must exist. */
static int features_check_names(const struct features_reader *reader, const struct value *section)
{
	static const char *const lists[] = { "drop", "keep" };
	for (size_t l = 0; l < 2; l++) {
		const struct value *list = value_member(section, lists[l]);
		size_t count = list && list->kind == VALUE_SEQUENCE ? list->sequence.count : 0;
		for (size_t i = 0; i < count; i++) {
			const struct value *item = list->sequence.items[i];
			struct position at = features_position(reader, item);
			if (item->kind == VALUE_STRING &&
				!table_column(reader->table, item->string.at, NULL))
				return features_unknown_column(
					reader, lists[l], item->string.at, &at);
		}
	}
	const struct value *columns = value_member(section, "columns");
	size_t count = columns && columns->kind == VALUE_MAPPING ? columns->mapping.count : 0;
	for (size_t i = 0; i < count; i++) {
		const struct value_entry *entry = &columns->mapping.entries[i];
		struct position at;
		position_set(&at, reader->project ? reader->project->file : NULL, entry->key_line,
			entry->key_column);
		if (!table_column(reader->table, entry->key, NULL))
			return features_unknown_column(reader, "columns", entry->key, &at);
	}
	return 0;
}

static const struct feature_rule features_number_default = { .impute = IMPUTE_MEDIAN,
	.clip_low = -INFINITY,
	.clip_high = INFINITY,
	.scale = SCALE_STANDARD };
static const struct feature_rule features_category_default = {
	.impute = IMPUTE_MOST_FREQUENT, .encode = ENCODE_ONEHOT, .n_buckets = 64
};
static const struct feature_rule features_time_default = { .impute = IMPUTE_MEDIAN,
	.clip_low = -INFINITY,
	.clip_high = INFINITY,
	.scale = SCALE_STANDARD,
	.parts = 1u << PART_YEAR | 1u << PART_MONTH | 1u << PART_DAY | 1u << PART_WEEKDAY |
		 1u << PART_HOUR };

/* The rule of a column: default of its type, then the type's section, then its own override. */
static int features_plan_column(const struct features_reader *reader, const struct value *section,
	struct feature_column *column)
{
	bool category = feature_is_category(column);
	bool timestamp = column->type == COLUMN_TIMESTAMP;
	const struct value *own = value_member(value_member(section, "columns"), column->name);
	column->rule = category    ? features_category_default
		       : timestamp ? features_time_default
				   : features_number_default;
	column->at = features_position(reader, own ? own : section);
	int status = features_read_rule(reader,
		value_member(section, category    ? "categorical"
				      : timestamp ? "timestamp"
						  : "numeric"),
		&column->rule);
	if (status == 0)
		status = features_read_rule(reader, own, &column->rule);
	if (status == 0 && !timestamp)
		column->rule.parts = 0;
	return status;
}

static int features_add_slots(struct features *features, struct error *err)
{
	size_t capacity = features->n_columns * PART_COUNT;
	features->slots = arena_allocate(&features->arena, capacity, sizeof *features->slots, err);
	if (!features->slots)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < features->n_columns; i++) {
		const struct feature_column *column = &features->columns[i];
		if (!feature_has_slots(column))
			continue;
		if (column->type != COLUMN_TIMESTAMP)
			features->slots[features->n_slots++] =
				(struct feature_slot){ .column = i, .part = PART_NONE };
		for (int part = 0; part < PART_COUNT; part++) {
			if (column->rule.parts >> part & 1)
				features->slots[features->n_slots++] =
					(struct feature_slot){ .column = i,
						.part = (enum feature_part)part };
		}
	}
	return 0;
}

/* Is the column a feature at all? Free text is one only if it is asked for by name. */
static bool features_wanted(const struct features_reader *reader, const struct value *section,
	const struct column *column)
{
	const struct value *keep = value_member(section, "keep");
	bool named = features_listed(keep, column->name) ||
		     value_member(value_member(section, "columns"), column->name);
	if (features_excluded(reader->excluded, column->name) ||
		features_listed(value_member(section, "drop"), column->name) ||
		(keep && keep->kind == VALUE_SEQUENCE && !named))
		return false;
	if (column->type != COLUMN_TEXT || named)
		return true;
	event_warn(reader->sink, NULL,
		"column '%s' is free text and not used as a feature; name it under features.drop, "
		"or under features.columns to encode it",
		column->name);
	return false;
}

static int features_plan(const struct features_reader *reader, const struct value *section)
{
	struct features *features = reader->features;
	const struct table *table = reader->table;
	int status = features_check_names(reader, section);
	if (status < 0)
		return status;
	features->columns = arena_allocate(
		&features->arena, table->n_columns, sizeof *features->columns, reader->err);
	if (!features->columns)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < table->n_columns; i++) {
		if (!features_wanted(reader, section, &table->columns[i]))
			continue;
		struct feature_column *column = &features->columns[features->n_columns++];
		column->type = table->columns[i].type;
		column->name =
			arena_copy_string(&features->arena, table->columns[i].name, reader->err);
		if (!column->name)
			return -ERROR_MEMORY;
		status = features_plan_column(reader, section, column);
		if (status < 0)
			return status;
	}
	if (!features->n_columns)
		return error_hint(
			(error_set(reader->err, ERROR_INVALID, "no column is left as a feature"),
				reader->err),
			"see features.drop, features.keep and data.target");
	return features_add_slots(features, reader->err);
}

int features_new(const struct document *project, const struct value *section,
	const struct table *table, const char *const *excluded, const struct event_sink *sink,
	struct features **ret_features, struct error *err)
{
	struct features *features = memory_allocate(1, sizeof *features, err);
	if (!features)
		return -ERROR_MEMORY;
	struct features_reader reader = { .project = project,
		.features = features,
		.table = table,
		.excluded = excluded,
		.sink = sink,
		.err = err };
	if (features_plan(&reader, section) < 0) {
		features_free(features);
		return -(int)err->code;
	}
	*ret_features = features;
	return 0;
}

void features_free(struct features *features)
{
	if (!features)
		return;
	for (size_t i = 0; i < features->n_columns; i++) {
		map_release(&features->columns[i].lookup);
		memory_free(features->columns[i].categories);
	}
	arena_release(&features->arena);
	memory_free(features);
}

size_t features_count(const struct features *features)
{
	return features->n_features;
}

const char *features_name(const struct features *features, size_t index)
{
	return features->names[index];
}

size_t features_n_columns(const struct features *features)
{
	return features->n_columns;
}

const char *features_column_name(const struct features *features, size_t index)
{
	return features->columns[index].name;
}
