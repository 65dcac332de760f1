#include <math.h>

#include "slices_internal.h"

#include "mlops/base/clock.h"
#include "mlops/base/sort.h"
#include "mlops/base/strbuf.h"
#include "mlops/base/utf8.h"
#include "mlops/numeric/statistics.h"

enum { SLICES_FEW_NUMBERS = 8, SLICES_NAME = 200 };

void slices_groups_release(struct slices_groups *groups)
{
	for (size_t g = 0; groups->names && g < groups->count; g++)
		memory_free(groups->names[g]);
	memory_free(groups->names);
	memory_free(groups->of_row);
	*groups = (struct slices_groups){ 0 };
}

/* A distinct text and how often it stands in the column. */
struct slices_text {
	struct text text;
	uint32_t first; /* its place among the sorted rows, or its code */
	uint32_t count;
};

static int slices_by_count(const void *a, const void *b, void *context)
{
	(void)context;
	const struct slices_text *first = a, *second = b;
	if (first->count != second->count)
		return first->count < second->count ? 1 : -1;
	return text_compare(first->text, second->text);
}

static int slices_name(
	struct slices_groups *groups, size_t group, struct text name, struct error *err)
{
	AUTO(strbuf_release) struct strbuf cut = STRBUF_INIT;
	utf8_truncate(&cut, name, SLICES_NAME, false);
	groups->names[group] = strbuf_take(&cut, err);
	return groups->names[group] ? 0 : -err->code;
}

/*
 * Names the SLICES_VALUES most frequent texts, then "(other)" and "(missing)". ret_group: the group
 * of the text that was items[i] before sorting, by `first`.
 */
static int slices_texts_finish(struct slices_groups *groups, struct slices_text *items,
	size_t count, uint32_t *ret_group, struct error *err)
{
	if (sort_items(items, count, sizeof *items, slices_by_count, NULL, err) < 0)
		return -err->code;
	size_t shown = count < SLICES_VALUES ? count : SLICES_VALUES;
	groups->names = memory_allocate(shown + 2, sizeof *groups->names, err);
	if (!groups->names)
		return -err->code;
	groups->count = shown + 2;
	for (size_t i = 0; i < count; i++) {
		ret_group[items[i].first] = (uint32_t)(i < shown ? i : shown);
		struct text name = items[i].text.length ? items[i].text : TEXT("(empty)");
		if (i < shown && slices_name(groups, i, name, err) < 0)
			return -err->code;
	}
	if (slices_name(groups, shown, TEXT("(other)"), err) < 0)
		return -err->code;
	return slices_name(groups, shown + 1, TEXT("(missing)"), err);
}

static int slices_of_categories(
	const struct column *column, size_t n_rows, struct slices_groups *groups, struct error *err)
{
	size_t n = column->n_categories;
	AUTO_FREE struct slices_text *items = memory_allocate(n, sizeof *items, err);
	AUTO_FREE uint32_t *group = memory_allocate(n, sizeof *group, err);
	if (!items || !group)
		return -err->code;
	for (size_t c = 0; c < n; c++)
		items[c] = (struct slices_text){ column->categories[c], (uint32_t)c, 0 };
	for (size_t i = 0; i < n_rows; i++)
		if (!column_is_missing(column, i))
			items[column->codes[i]].count++;
	if (slices_texts_finish(groups, items, n, group, err) < 0)
		return -err->code;
	for (size_t i = 0; i < n_rows; i++)
		groups->of_row[i] = column_is_missing(column, i) ? (uint32_t)groups->count - 1
								 : group[column->codes[i]];
	return 0;
}

static int slices_by_text(const void *a, const void *b, void *context)
{
	const struct column *column = context;
	return text_compare(column_text(column, *(const uint32_t *)a),
		column_text(column, *(const uint32_t *)b));
}

/* Equal texts are found by sorting the rows. */
static int slices_of_texts(
	const struct column *column, size_t n_rows, struct slices_groups *groups, struct error *err)
{
	AUTO_FREE uint32_t *rows = memory_allocate(n_rows, sizeof *rows, err);
	AUTO_FREE uint32_t *item_of_row = memory_allocate(n_rows, sizeof *item_of_row, err);
	AUTO_FREE struct slices_text *items = memory_allocate(n_rows, sizeof *items, err);
	AUTO_FREE uint32_t *group = memory_allocate(n_rows, sizeof *group, err);
	if (!rows || !item_of_row || !items || !group)
		return -err->code;
	size_t present = 0, count = 0;
	for (size_t i = 0; i < n_rows; i++)
		if (!column_is_missing(column, i))
			rows[present++] = (uint32_t)i;
	if (sort_items(rows, present, sizeof *rows, slices_by_text, (void *)column, err) < 0)
		return -err->code;
	for (size_t i = 0; i < present; i++) {
		struct text text = column_text(column, rows[i]);
		if (count == 0 || !text_equal(text, items[count - 1].text)) {
			items[count] = (struct slices_text){ text, (uint32_t)count, 0 };
			count++;
		}
		items[count - 1].count++;
		item_of_row[rows[i]] = (uint32_t)count - 1;
	}
	if (slices_texts_finish(groups, items, count, group, err) < 0)
		return -err->code;
	for (size_t i = 0; i < n_rows; i++)
		groups->of_row[i] = column_is_missing(column, i) ? (uint32_t)groups->count - 1
								 : group[item_of_row[i]];
	return 0;
}

static void slices_format(struct strbuf *out, const struct column *column, double value)
{
	if (column->type == COLUMN_TIMESTAMP)
		clock_format(out, (int64_t)(value * 1e6));
	else if (column->type == COLUMN_BOOLEAN)
		strbuf_add(out, value != 0.0 ? "true" : "false");
	else
		strbuf_printf(out, "%.6g", value);
}

/* Upper ends of the groups, ascending; the last group has none. `each`: one value a group. */
struct slices_cuts {
	double ends[SLICES_FEW_NUMBERS];
	size_t count;
	bool each;
};

static void slices_cut(const double *sorted, size_t n, struct slices_cuts *cuts)
{
	cuts->each = true;
	for (size_t i = 0; i < n; i++) {
		if (i && sorted[i] == sorted[i - 1])
			continue;
		if (cuts->count == SLICES_FEW_NUMBERS) {
			cuts->each = false;
			break;
		}
		cuts->ends[cuts->count++] = sorted[i];
	}
	if (cuts->each)
		return;
	cuts->count = 0;
	for (size_t q = 1; q < SLICES_QUANTILES; q++) {
		double end =
			statistics_quantile_sorted(sorted, n, (double)q / (double)SLICES_QUANTILES);
		if (end < sorted[n - 1] && (cuts->count == 0 || end > cuts->ends[cuts->count - 1]))
			cuts->ends[cuts->count++] = end;
	}
}

static int slices_name_numbers(const struct column *column, const struct slices_cuts *cuts,
	struct slices_groups *groups, struct error *err)
{
	size_t bins = cuts->count + !cuts->each;
	groups->names = memory_allocate(bins + 1, sizeof *groups->names, err);
	if (!groups->names)
		return -err->code;
	groups->count = bins + 1;
	for (size_t b = 0; b < bins; b++) {
		AUTO(strbuf_release) struct strbuf name = STRBUF_INIT;
		if (!cuts->each && b == 0)
			strbuf_add(&name, "≤ ");
		else if (!cuts->each)
			strbuf_add(&name, "> ");
		if (cuts->each || b == 0) {
			slices_format(&name, column, cuts->ends[b]);
		} else {
			slices_format(&name, column, cuts->ends[b - 1]);
			if (b < cuts->count) {
				strbuf_add(&name, ", ≤ ");
				slices_format(&name, column, cuts->ends[b]);
			}
		}
		if (strbuf_check(&name, err) < 0 ||
			slices_name(groups, b, (struct text){ name.text, name.length }, err) < 0)
			return -err->code;
	}
	return slices_name(groups, bins, TEXT("(missing)"), err);
}

static int slices_of_numbers(
	const struct column *column, size_t n_rows, struct slices_groups *groups, struct error *err)
{
	AUTO_FREE double *sorted = memory_allocate(n_rows, sizeof *sorted, err);
	if (!sorted)
		return -err->code;
	size_t present = 0;
	for (size_t i = 0; i < n_rows; i++) {
		double value = column_number(column, i);
		if (!isnan(value))
			sorted[present++] = value;
	}
	statistics_sort(sorted, present);
	struct slices_cuts cuts = { .count = 0 };
	slices_cut(sorted, present, &cuts);
	if (slices_name_numbers(column, &cuts, groups, err) < 0)
		return -err->code;
	for (size_t i = 0; i < n_rows; i++) {
		double value = column_number(column, i);
		size_t group = 0;
		while (group < cuts.count && value > cuts.ends[group])
			group++;
		groups->of_row[i] = isnan(value) ? (uint32_t)groups->count - 1 : (uint32_t)group;
	}
	return 0;
}

int slices_groups_make(
	const struct column *column, size_t n_rows, struct slices_groups *ret, struct error *err)
{
	ret->of_row = memory_allocate(n_rows, sizeof *ret->of_row, err);
	if (!ret->of_row)
		return -err->code;
	switch (column->type) {
	case COLUMN_CATEGORY:
		return slices_of_categories(column, n_rows, ret, err);
	case COLUMN_TEXT:
		return slices_of_texts(column, n_rows, ret, err);
	case COLUMN_FLOAT64:
	case COLUMN_INT64:
	case COLUMN_BOOLEAN:
	case COLUMN_TIMESTAMP:
		return slices_of_numbers(column, n_rows, ret, err);
	case COLUMN_TYPE_COUNT:
		break;
	}
	BUG("a column of type %d", (int)column->type);
}
