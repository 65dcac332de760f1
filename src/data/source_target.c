#include "source_internal.h"

#include <math.h>
#include <string.h>

#include "mlops/base/parse.h"
#include "mlops/base/sort.h"

/* A class as it is found, before classes are in order. */
struct source_class {
	double number; /* of a target of numbers or booleans */
	uint32_t code; /* of a category */
	struct text text;
	uint64_t count;
};

struct source_classes {
	struct source_class *items;
	size_t count, capacity;
	bool too_many;
};

/* Adds up to `most` different numbers; too_many is set if there are more. */
static int source_collect_numbers(const struct column *column, size_t n_rows, size_t most,
	struct source_classes *classes, struct error *err)
{
	classes->items = memory_allocate(most, sizeof *classes->items, err);
	if (!classes->items)
		return -(int)err->code;
	for (size_t r = 0; r < n_rows; r++) {
		double value = column_number(column, r);
		size_t i = 0;
		while (i < classes->count && classes->items[i].number < value)
			i++;
		if (i < classes->count && classes->items[i].number == value) {
			classes->items[i].count++;
			continue;
		}
		if (classes->count == most) {
			classes->too_many = true;
			return 0;
		}
		memmove(&classes->items[i + 1], &classes->items[i],
			(classes->count++ - i) * sizeof *classes->items);
		classes->items[i] = (struct source_class){ .number = value, .count = 1 };
	}
	return 0;
}

static int source_compare_texts(const void *a, const void *b, void *context)
{
	const struct source_class *left = a, *right = b;
	(void)context;
	return text_compare(left->text, right->text);
}

static int source_collect_texts(const struct column *column, size_t n_rows,
	struct source_classes *classes, struct error *err)
{
	size_t n = column->n_categories;
	classes->items = memory_allocate(n, sizeof *classes->items, err);
	AUTO_FREE uint64_t *counts = memory_allocate(n, sizeof *counts, err);
	if (!classes->items || !counts)
		return -(int)err->code;
	for (size_t r = 0; r < n_rows; r++)
		counts[column->codes[r]]++;
	for (uint32_t code = 0; code < n; code++) {
		if (counts[code])
			classes->items[classes->count++] = (struct source_class){ .code = code,
				.text = column->categories[code],
				.count = counts[code] };
	}
	return sort_items(classes->items, classes->count, sizeof *classes->items,
		source_compare_texts, NULL, err);
}

/* The texts of classes, by number of class. */
static int source_name_classes(const struct column *column, const struct source_classes *classes,
	struct source *source, struct error *err)
{
	source->classes = memory_allocate(classes->count, sizeof *source->classes, err);
	if (!source->classes)
		return -(int)err->code;
	source->n_classes = classes->count;
	for (size_t i = 0; i < classes->count; i++) {
		const struct source_class *class = &classes->items[i];
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		if (column->type == COLUMN_CATEGORY)
			strbuf_add_bytes(&text, class->text.at, class->text.length);
		else if (column->type == COLUMN_BOOLEAN)
			strbuf_add(&text, class->number != 0 ? "true" : "false");
		else
			strbuf_add_double(&text, class->number);
		source->classes[i] = strbuf_take(&text, err);
		if (!source->classes[i])
			return -(int)err->code;
	}
	return 0;
}

/* Is the class the one that the document names? Numbers may be written in several ways. */
static bool source_is_named(const char *class, const char *name)
{
	double a, b;
	return strcmp(class, name) == 0 ||
	       (parse_f64(text_of(class), &a) && parse_f64(text_of(name), &b) && a == b);
}

/* Which of two classes is "yes": SIZE_MAX if the named one is not there. */
static size_t source_positive(const struct source_settings *settings, const struct source *source,
	const struct source_classes *classes)
{
	if (!settings->positive)
		return classes->items[0].count < classes->items[1].count ? 0 : 1;
	for (size_t i = 0; i < source->n_classes; i++) {
		if (source_is_named(source->classes[i], settings->positive))
			return i;
	}
	return SIZE_MAX;
}

static int source_put_positive_last(const struct source_settings *settings, struct source *source,
	struct source_classes *classes, struct error *err)
{
	if (source->n_classes != 2) {
		if (!settings->positive)
			return 0;
		error_set(err, ERROR_INVALID,
			"data.positive: the target '%s' has %zu classes, not two", settings->target,
			source->n_classes);
		return source_place(settings, settings->section, "positive", err);
	}
	size_t positive = source_positive(settings, source, classes);
	if (positive == SIZE_MAX) {
		error_set(err, ERROR_INVALID,
			"data.positive: '%s' is not a value of '%s', which has '%.100s' and '%.100s'",
			settings->positive, settings->target, source->classes[0],
			source->classes[1]);
		return source_place(settings, settings->section, "positive", err);
	}
	if (positive == 0) {
		char *name = source->classes[0];
		struct source_class class = classes->items[0];
		source->classes[0] = source->classes[1];
		source->classes[1] = name;
		classes->items[0] = classes->items[1];
		classes->items[1] = class;
	}
	return 0;
}

/* What source_class() looks into. */
static int source_index_classes(const struct column *column, const struct source_classes *classes,
	struct source *source, struct error *err)
{
	size_t n = column->type == COLUMN_CATEGORY ? column->n_categories : 2;
	if (column->type == COLUMN_CATEGORY || column->type == COLUMN_BOOLEAN) {
		source->class_of = memory_allocate(n, sizeof *source->class_of, err);
		for (size_t i = 0; source->class_of && i < classes->count; i++) {
			const struct source_class *class = &classes->items[i];
			source->class_of[column->type == COLUMN_CATEGORY
						 ? class->code
						 : (uint32_t) class->number] = (uint32_t)i;
		}
		return source->class_of ? 0 : -(int)err->code;
	}
	source->class_values = memory_allocate(classes->count, sizeof *source->class_values, err);
	source->class_order = memory_allocate(classes->count, sizeof *source->class_order, err);
	if (!source->class_values || !source->class_order)
		return -(int)err->code;
	for (size_t i = 0; i < classes->count; i++) {
		size_t at = 0;
		for (size_t j = 0; j < classes->count; j++)
			at += classes->items[j].number < classes->items[i].number;
		source->class_values[at] = classes->items[i].number;
		source->class_order[at] = i;
	}
	return 0;
}

int64_t source_class(const struct source *source, size_t row)
{
	const struct column *column = &source->table.columns[source->target];
	if (column_is_missing(column, row))
		return -1;
	if (source->class_of)
		return source->class_of[column->type == COLUMN_CATEGORY ? column->codes[row]
									: column->boolean[row]];
	double value = column_number(column, row);
	for (size_t i = 0; i < source->n_classes && source->class_values; i++) {
		if (source->class_values[i] == value)
			return (int64_t)source->class_order[i];
	}
	return -1;
}

static int source_collect(const struct column *column, size_t n_rows,
	struct source_classes *classes, struct error *err)
{
	if (column->type == COLUMN_CATEGORY)
		return source_collect_texts(column, n_rows, classes, err);
	return source_collect_numbers(column, n_rows,
		column->type == COLUMN_INT64 ? SOURCE_CLASSES_MOST : 2, classes, err);
}

static int source_check_target(const struct source_settings *settings, const struct source *source,
	const struct column *column, struct error *err)
{
	if (!column) {
		error_set(err, ERROR_INVALID, "data.target: the data have no column '%s'",
			settings->target);
		AUTO_FREE const char **names =
			memory_allocate(source->table.n_columns + 1, sizeof *names, err);
		for (size_t c = 0; names && c < source->table.n_columns; c++)
			names[c] = source->table.columns[c].name;
		const char *near = names ? text_nearest(settings->target, names) : NULL;
		if (near)
			error_hint(err, "did you mean '%s'?", near);
		return -(int)err->code;
	}
	size_t row = 0;
	while (column->n_missing && !column_is_missing(column, row))
		row++;
	if (column->n_missing)
		return error_set(err, ERROR_INVALID,
			"data.target: '%s' is missing in %zu of %zu rows, first in row %zu",
			settings->target, column->n_missing, source->table.n_rows, row + 1);
	if (column->type == COLUMN_TEXT || column->type == COLUMN_TIMESTAMP)
		return error_set(err, ERROR_INVALID,
			"data.target: '%s' is of type %s; a target is numbers or classes",
			settings->target, column_type_name(column->type));
	for (row = 0; column->type == COLUMN_FLOAT64 && row < source->table.n_rows; row++) {
		if (isinf(column->float64[row]))
			return error_set(err, ERROR_INVALID,
				"data.target: '%s' is infinite in row %zu", settings->target,
				row + 1);
	}
	return 0;
}

static int source_set_classes(const struct source_settings *settings, struct source *source,
	const struct column *column, struct source_classes *classes, struct error *err)
{
	if (source_collect(column, source->table.n_rows, classes, err) < 0)
		return -(int)err->code;
	if (classes->too_many) {
		source->task = SOURCE_REGRESSION;
		if (!settings->positive)
			return 0;
		error_set(err, ERROR_INVALID,
			"data.positive: the target '%s' is a number, it has no classes",
			settings->target);
		return source_place(settings, settings->section, "positive", err);
	}
	if (source_name_classes(column, classes, source, err) < 0)
		return -(int)err->code;
	if (classes->count < 2)
		return error_set(err, ERROR_INVALID,
			"data.target: '%s' is '%.100s' in every row: there is nothing to learn",
			settings->target, source->classes[0]);
	source->task = classes->count == 2 ? SOURCE_BINARY : SOURCE_MULTICLASS;
	if (source_put_positive_last(settings, source, classes, err) < 0)
		return -(int)err->code;
	return source_index_classes(column, classes, source, err);
}

int source_set_target(
	const struct source_settings *settings, struct source *source, struct error *err)
{
	struct source_classes classes = { .count = 0 };
	if (!settings->target)
		return 0;
	const struct column *column =
		table_column(&source->table, settings->target, &source->target);
	if (source_check_target(settings, source, column, err) == 0)
		source_set_classes(settings, source, column, &classes, err);
	memory_free(classes.items);
	return err->code ? source_place(settings, settings->section, "target", err) : 0;
}
