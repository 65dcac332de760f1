/* The fitted features as nodes of an ONNX graph: the operations of features_apply.c, in order. */
#include "mlops/base/vec.h"
#include "mlops/model/graph.h"
#include "features_internal.h"

#include <math.h>

struct features_export {
	const struct features *features;
	struct graph *graph;
	struct arena arena; /* of constants while they are built */
	VEC(const char *) blocks; /* [N, width] tensors in order of the matrix */
};

/* A row vector [1, count] or, for the inputs of Concat, anything: shorthands of the builder. */
static const char *export_row(
	struct features_export *export, const char *stem, size_t count, const double *values)
{
	int64_t shape[2] = { 1, (int64_t)count };
	return graph_add_initializer_double(export->graph, stem, 2, shape, values);
}

static const char *export_scalar(struct features_export *export, double value)
{
	return export_row(export, "constant", 1, &value);
}

static const char *export_apply(
	struct features_export *export, const char *op, const char *a, const char *b)
{
	const char *inputs[2] = { a, b };
	return graph_apply(export->graph, op, "", op, inputs, b ? 2 : 1);
}

static const char *export_with(
	struct features_export *export, const char *op, const char *a, double constant)
{
	return export_apply(export, op, a, export_scalar(export, constant));
}

/* condition ? yes : no */
static const char *export_where(
	struct features_export *export, const char *condition, const char *yes, const char *no)
{
	const char *inputs[3] = { condition, yes, no };
	return graph_apply(export->graph, "Where", "", "Where", inputs, 3);
}

static const char *export_cast(
	struct features_export *export, const char *value, enum element_type type)
{
	const char *cast = export_apply(export, "Cast", value, NULL);
	node_set_int(graph_last_node(export->graph), "to", type);
	return cast;
}

static const char *export_concat(
	struct features_export *export, const char *const *values, size_t count)
{
	if (count == 1)
		return values[0];
	const char *joined = graph_apply(export->graph, "Concat", "", "columns", values, count);
	node_set_int(graph_last_node(export->graph), "axis", 1);
	return joined;
}

static void export_inputs(struct features_export *export)
{
	const int64_t shape[2] = { GRAPH_BATCH, 1 };
	for (size_t i = 0; i < export->features->n_columns; i++) {
		const struct feature_column *column = &export->features->columns[i];
		enum element_type type =
			feature_is_category(column) ? ELEMENT_STRING : ELEMENT_DOUBLE;
		graph_add_input(export->graph, column->name, type, 2, shape);
	}
}

/* floor(a / b) */
static const char *export_quotient(struct features_export *export, const char *a, double b)
{
	return export_apply(export, "Floor", export_with(export, "Div", a, b), NULL);
}

/* a - floor(a / b) * b */
static const char *export_remainder(
	struct features_export *export, const char *a, const char *quotient, double b)
{
	return export_apply(export, "Sub", a, export_with(export, "Mul", quotient, b));
}

/* The intermediate values of feature_part_value(), each made when it is first asked for. */
struct export_time {
	const char *days, *second_of_day, *hours;
	const char *era, *year_of_era, *day_of_year, *month_from_march, *is_next_year;
};

static void export_civil(struct features_export *export, struct export_time *time)
{
	if (time->era)
		return;
	const char *z = export_with(export, "Add", time->days, 719468);
	time->era = export_quotient(export, z, 146097);
	const char *day = export_remainder(export, z, time->era, 146097);
	const char *year = export_apply(export, "Sub", day, export_quotient(export, day, 1460));
	year = export_apply(export, "Add", year, export_quotient(export, day, 36524));
	year = export_apply(export, "Sub", year, export_quotient(export, day, 146096));
	year = export_quotient(export, year, 365);
	time->year_of_era = year;
	const char *before = export_with(export, "Mul", year, 365);
	before = export_apply(export, "Add", before, export_quotient(export, year, 4));
	before = export_apply(export, "Sub", before, export_quotient(export, year, 100));
	time->day_of_year = export_apply(export, "Sub", day, before);
	const char *month = export_with(export, "Mul", time->day_of_year, 5);
	month = export_quotient(export, export_with(export, "Add", month, 2), 153);
	time->month_from_march = month;
	const char *next = export_with(export, "GreaterOrEqual", month, 10);
	time->is_next_year = export_cast(export, next, ELEMENT_DOUBLE);
}

static const char *export_date_part(
	struct features_export *export, struct export_time *time, enum feature_part part)
{
	export_civil(export, time);
	const char *value;
	switch (part) {
	case PART_YEAR:
		value = export_apply(export, "Add", time->year_of_era,
			export_with(export, "Mul", time->era, 400));
		return export_apply(export, "Add", value, time->is_next_year);
	case PART_MONTH:
		value = export_with(export, "Add", time->month_from_march, 3);
		return export_apply(
			export, "Sub", value, export_with(export, "Mul", time->is_next_year, 12));
	default: /* PART_DAY */
		value = export_with(export, "Mul", time->month_from_march, 153);
		value = export_quotient(export, export_with(export, "Add", value, 2), 5);
		value = export_apply(export, "Sub", time->day_of_year, value);
		return export_with(export, "Add", value, 1);
	}
}

static const char *export_part(struct features_export *export, struct export_time *time,
	const char *seconds, enum feature_part part)
{
	if (part == PART_SECONDS)
		return seconds;
	if (!time->days) {
		time->days = export_quotient(export, seconds, 86400);
		time->second_of_day = export_remainder(export, seconds, time->days, 86400);
		time->hours = export_quotient(export, time->second_of_day, 3600);
	}
	const char *value;
	switch (part) {
	case PART_HOUR:
		return time->hours;
	case PART_MINUTE:
		value = export_remainder(export, time->second_of_day, time->hours, 3600);
		return export_quotient(export, value, 60);
	case PART_WEEKDAY:
		value = export_with(export, "Add", time->days, 3);
		return export_remainder(export, value, export_quotient(export, value, 7), 7);
	default:
		return export_date_part(export, time, part);
	}
}

/* The sources of the slots side by side, [N, n_slots], before any treatment. */
static const char *export_slot_values(struct features_export *export, struct error *err)
{
	const struct features *features = export->features;
	const char **values =
		arena_allocate(&export->arena, features->n_slots, sizeof *values, err);
	struct export_time time = { NULL };
	if (!values)
		return NULL;
	for (size_t s = 0; s < features->n_slots; s++) {
		const struct feature_slot *slot = &features->slots[s];
		const char *name = features->columns[slot->column].name;
		if (s && slot->column != slot[-1].column)
			time = (struct export_time){ NULL };
		values[s] = slot->part == PART_NONE ? name
						    : export_part(export, &time, name, slot->part);
	}
	return export_concat(export, values, features->n_slots);
}

/* One constant per slot. */
enum export_constant { EXPORT_IMPUTE, EXPORT_LOW, EXPORT_HIGH, EXPORT_CENTER, EXPORT_SCALE };

static const char *export_constants(
	struct features_export *export, enum export_constant which, struct error *err)
{
	static const char *const stems[] = { "impute", "low", "high", "center", "scale" };
	const struct features *features = export->features;
	double *values = arena_allocate(&export->arena, features->n_slots, sizeof *values, err);
	if (!values)
		return NULL;
	for (size_t s = 0; s < features->n_slots; s++) {
		const struct feature_slot *slot = &features->slots[s];
		const double all[] = { slot->impute, slot->low, slot->high, slot->center,
			slot->scale };
		values[s] = all[which];
	}
	return export_row(export, stems[which], features->n_slots, values);
}

/* log(1 + x) where the slot asks for it, x elsewhere; a mask in the graph tells which. */
static const char *export_log(struct features_export *export, const char *x, struct error *err)
{
	const struct features *features = export->features;
	double *mask = arena_allocate(&export->arena, features->n_slots, sizeof *mask, err);
	bool any = false;
	if (!mask)
		return NULL;
	for (size_t s = 0; s < features->n_slots; s++) {
		mask[s] = features->slots[s].log1p;
		any |= features->slots[s].log1p;
	}
	if (!any)
		return x;
	const char *logged = export_apply(export, "Log", export_with(export, "Add", x, 1), NULL);
	const char *flag = export_cast(
		export, export_row(export, "logged", features->n_slots, mask), ELEMENT_BOOL);
	return export_where(export, flag, logged, x);
}

static int export_slots(struct features_export *export, struct error *err)
{
	const struct features *features = export->features;
	if (!features->n_slots)
		return 0;
	const char *x = export_slot_values(export, err);
	const char *impute = x ? export_constants(export, EXPORT_IMPUTE, err) : NULL;
	if (!impute)
		return -ERROR_MEMORY;
	x = export_where(export, export_apply(export, "IsNaN", x, NULL), impute, x);
	bool low = false, high = false, scaled = false;
	for (size_t s = 0; s < features->n_slots; s++) {
		low |= isfinite(features->slots[s].low);
		high |= isfinite(features->slots[s].high);
		scaled |= features->slots[s].center != 0 || features->slots[s].scale != 1;
	}
	if (low)
		x = export_apply(export, "Max", x, export_constants(export, EXPORT_LOW, err));
	if (high)
		x = export_apply(export, "Min", x, export_constants(export, EXPORT_HIGH, err));
	x = export_log(export, x, err);
	if (x && scaled) {
		x = export_apply(export, "Sub", x, export_constants(export, EXPORT_CENTER, err));
		x = export_apply(export, "Div", x, export_constants(export, EXPORT_SCALE, err));
	}
	vec_push(&export->blocks, x);
	return err->code ? -(int)err->code : 0;
}

static void export_indicators(struct features_export *export)
{
	for (size_t i = 0; i < export->features->n_columns; i++) {
		const struct feature_column *column = &export->features->columns[i];
		if (column->indicator == SIZE_MAX)
			continue;
		const char *missing = export_apply(export, "IsNaN", column->name, NULL);
		vec_push(&export->blocks, export_cast(export, missing, ELEMENT_DOUBLE));
	}
}

/* 1 in the column whose number equals code [N, 1], 0 elsewhere: [N, width]. */
static const char *export_one_hot(
	struct features_export *export, const char *code, size_t width, struct error *err)
{
	double *numbers = arena_allocate(&export->arena, width, sizeof *numbers, err);
	if (!numbers)
		return NULL;
	for (size_t k = 0; k < width; k++)
		numbers[k] = (double)k;
	const char *equal =
		export_apply(export, "Equal", code, export_row(export, "codes", width, numbers));
	return export_cast(export, equal, ELEMENT_DOUBLE);
}

static int export_bins(
	struct features_export *export, const struct feature_column *column, struct error *err)
{
	const char *x = column->name;
	const char *missing = export_apply(export, "IsNaN", x, NULL);
	x = export_where(export, missing, export_scalar(export, column->impute_value), x);
	if (!column->n_edges) { /* a constant column: one bin */
		vec_push(&export->blocks,
			export_cast(export, export_apply(export, "Equal", x, x), ELEMENT_DOUBLE));
		return 0;
	}
	const char *edges = export_row(export, "edges", column->n_edges, column->edges);
	const char *above = export_apply(export, "GreaterOrEqual", x, edges);
	above = export_cast(export, above, ELEMENT_DOUBLE);
	const char *axis = graph_add_initializer_int64(
		export->graph, "axis", 1, (const int64_t[]){ 1 }, (const int64_t[]){ 1 });
	const char *bin = export_apply(export, "ReduceSum", above, axis);
	node_set_int(graph_last_node(export->graph), "keepdims", 1);
	vec_push(&export->blocks, export_one_hot(export, bin, column->width, err));
	return err->code ? -(int)err->code : 0;
}

static int export_categories(
	struct features_export *export, const struct feature_column *column, struct error *err)
{
	/* The missing value is the empty text, which no category is: see feature_is_missing(). */
	size_t count = column->n_categories + 1;
	struct text *keys = arena_allocate(&export->arena, count, sizeof *keys, err);
	int64_t *codes = arena_allocate(&export->arena, count, sizeof *codes, err);
	if (!keys || !codes)
		return -ERROR_MEMORY;
	size_t n = 0;
	for (size_t c = 0; c < column->n_categories; c++) {
		keys[n] = column->categories[c];
		codes[n++] = column->codes[c];
	}
	keys[n] = TEXT("");
	codes[n++] = column->missing_code;
	const char *inputs[1] = { column->name };
	const char *code =
		graph_apply(export->graph, "LabelEncoder", GRAPH_DOMAIN_ML, "code", inputs, 1);
	struct graph_node *node = graph_last_node(export->graph);
	node_set_strings(node, "keys_strings", keys, n);
	node_set_ints(node, "values_int64s", codes, n);
	node_set_int(node, "default_int64", column->unknown_code);
	const char *number = export_cast(export, code, ELEMENT_DOUBLE);
	if (column->rule.encode != ENCODE_ORDINAL)
		number = export_one_hot(export, number, column->width, err);
	vec_push(&export->blocks, number);
	return err->code ? -(int)err->code : 0;
}

static int export_all(struct features_export *export, struct error *err)
{
	const struct features *features = export->features;
	export_inputs(export);
	int status = export_slots(export, err);
	if (status < 0)
		return status;
	export_indicators(export);
	for (int categories = 0; categories < 2; categories++) {
		for (size_t i = 0; i < features->n_columns && status == 0; i++) {
			const struct feature_column *column = &features->columns[i];
			if (categories && feature_is_category(column) && column->width)
				status = export_categories(export, column, err);
			else if (!categories && feature_has_bins(column))
				status = export_bins(export, column, err);
		}
	}
	if (status == 0)
		status = vec_check(&export->blocks, err);
	return status;
}

int features_export(const struct features *features, struct graph *graph, const char **ret_output,
	struct error *err)
{
	struct features_export export = { .features = features, .graph = graph };
	int status = export_all(&export, err);
	if (status == 0) {
		*ret_output = export_concat(&export, export.blocks.items, export.blocks.count);
		status = graph_check(graph, err);
	}
	vec_release(&export.blocks);
	arena_release(&export.arena);
	return status;
}
