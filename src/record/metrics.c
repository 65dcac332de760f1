#include "mlops/record/metrics.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/base/map.h"
#include "mlops/base/vec.h"
#include "record_internal.h"

/* One series that a batch adds to: its key, its points, and the one that search will see. */
struct metric_group {
	int64_t key;
	size_t first, end; /* of its chain of points; end is the last so far */
	const struct metric_point *last;
};

static void metric_group_free(void *group)
{
	memory_free(group);
}

struct metric_writer {
	struct record *record;
	int64_t run, started, now;
	struct map groups;
	const char *name; /* of the point before: mostly the same one */
	struct metric_group *group;
	size_t *next; /* for each point the next one of its series; METRIC_END */
};

#define METRIC_END SIZE_MAX

static struct metric_group *metric_find_group(
	struct metric_writer *writer, const char *name, struct error *err)
{
	if (writer->name && (writer->name == name || strcmp(writer->name, name) == 0))
		return writer->group;
	struct metric_group *group = map_get(&writer->groups, name);
	if (!group) {
		group = memory_allocate(1, sizeof *group, err);
		if (!group)
			return NULL;
		if (key_intern(writer->record, KEY_METRIC, name, &group->key, err) < 0 ||
			map_put(&writer->groups, name, group, err) < 0) {
			memory_free(group);
			return NULL;
		}
	}
	writer->name = name;
	writer->group = group;
	return group;
}

/*
 * Chains the points of each series: rows are clustered by series, so writing one after the other
 * touches each page once, however the names alternate.
 */
static int metric_chain(struct metric_writer *writer, const struct metric_point *points,
	size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct metric_group *group = metric_find_group(writer, points[i].name, err);
		if (!group)
			return error_prefix(err, "metric '%s'", points[i].name);
		writer->next[i] = METRIC_END;
		if (group->last)
			writer->next[group->end] = i;
		else
			group->first = i;
		group->end = i;
		if (!group->last || points[i].step >= group->last->step)
			group->last = &points[i];
	}
	return 0;
}

static int metric_insert(struct metric_writer *writer, struct statement *add,
	const struct metric_point *point, struct error *err)
{
	int64_t elapsed;
	if (__builtin_sub_overflow(
		    point->time ? point->time : writer->now, writer->started, &elapsed))
		elapsed = 0;
	bind_integer(add, 3, point->step);
	bind_number(add, 4, point->value);
	bind_integer(add, 5, elapsed);
	return statement_run(add, err);
}

static bool metric_has_interval(const struct metric_point *point)
{
	return !isnan(point->low) && !isnan(point->high) && (point->low != 0 || point->high != 0);
}

/* What search sees: the point with the greatest step, this batch's or an earlier one's. */
static int metric_summarise(struct metric_writer *writer, struct error *err)
{
	AUTO(statement_finish)
	struct statement *set = statement_prepare(writer->record->database,
		"INSERT INTO metrics (run, key, value, step, low, high) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
		"ON CONFLICT DO UPDATE SET value = excluded.value, step = excluded.step, "
		"low = excluded.low, high = excluded.high WHERE excluded.step >= metrics.step",
		err);
	if (!set)
		return -err->code;
	bind_integer(set, 1, writer->run);
	map_each (entry, &writer->groups) {
		const struct metric_group *group = map_value(entry);
		bool interval = metric_has_interval(group->last);
		bind_integer(set, 2, group->key);
		bind_number(set, 3, group->last->value);
		bind_integer(set, 4, group->last->step);
		bind_number(set, 5, interval ? group->last->low : NAN);
		bind_number(set, 6, interval ? group->last->high : NAN);
		if (statement_run(set, err) < 0)
			return -err->code;
	}
	return 0;
}

static int metrics_write(struct metric_writer *writer, const struct metric_point *points,
	size_t count, struct error *err)
{
	AUTO(statement_finish)
	struct statement *add = statement_prepare(writer->record->database,
		"INSERT OR REPLACE INTO points (run, key, step, value, elapsed) "
		"VALUES (?1, ?2, ?3, ?4, ?5)",
		err);
	if (!add)
		return -err->code;
	if (metric_chain(writer, points, count, err) < 0)
		return -err->code;
	bind_integer(add, 1, writer->run);
	map_each (entry, &writer->groups) {
		const struct metric_group *group = map_value(entry);
		bind_integer(add, 2, group->key);
		for (size_t i = group->first; i != METRIC_END; i = writer->next[i]) {
			if (metric_insert(writer, add, &points[i], err) < 0)
				return error_prefix(err, "metric '%s'", points[i].name);
		}
	}
	return metric_summarise(writer, err);
}

int metrics_log(struct record *record, int64_t run, const struct metric_point *points, size_t count,
	struct error *err)
{
	struct metric_writer writer = { .record = record, .run = run, .now = clock_now() };
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	if (transaction_begin(&change, record->database, TRANSACTION_JOIN, err) < 0 ||
		record_check_run(record, run, &writer.started, err) < 0)
		return -err->code;
	writer.next = memory_allocate(count, sizeof *writer.next, err);
	if (!writer.next)
		return -err->code;
	map_init(&writer.groups, metric_group_free);
	int status = metrics_write(&writer, points, count, err);
	/* Points have no trigger, and an earlier step does not show in the table of metrics. */
	if (status == 0)
		status = record_run_integer(record,
			"UPDATE runs SET changed = changed + 1 WHERE number = ?1 AND status <> 0",
			run, err);
	map_release(&writer.groups);
	memory_free(writer.next);
	return status < 0 ? status : transaction_commit(&change, err);
}

int metric_set(
	struct record *record, int64_t run, const char *name, double value, struct error *err)
{
	struct metric_point point = { .name = name, .value = value, .low = NAN, .high = NAN };
	return metrics_log(record, run, &point, 1, err);
}

static int metrics_load_by(struct record *record, const char *sql, int64_t run,
	struct run_metrics *ret, struct error *err)
{
	VEC(struct run_metric) items = VEC_INIT;
	AUTO(statement_finish)
	struct statement *list = statement_prepare(record->database, sql, err);
	if (!list)
		return -err->code;
	bind_integer(list, 1, run);
	int row;
	while ((row = statement_step(list, err)) > 0) {
		vec_push(&items, (struct run_metric){ .value = row_number(list, 1),
					 .step = row_integer(list, 2),
					 .low = row_number(list, 3),
					 .high = row_number(list, 4),
					 .minimum = row_number(list, 5),
					 .maximum = row_number(list, 6),
					 .n_points = (uint64_t)row_integer(list, 7) });
		if (vec_check(&items, err) < 0 ||
			record_copy_text(list, 0, &items.items[items.count - 1].name, err) < 0)
			break;
	}
	struct run_metrics metrics = { items.items, items.count };
	if (row == 0) {
		*ret = metrics;
		return 0;
	}
	metrics_release(&metrics);
	return -err->code;
}

int metrics_load(struct record *record, int64_t run, struct run_metrics *ret, struct error *err)
{
	return metrics_load_by(record,
		"SELECT name, m.value, m.step, m.low, m.high, min(p.value), max(p.value), count(*) "
		"FROM metrics m JOIN keys ON keys.id = m.key "
		"JOIN points p ON p.run = m.run AND p.key = m.key "
		"WHERE m.run = ?1 GROUP BY m.key ORDER BY name",
		run, ret, err);
}

int metrics_load_last(
	struct record *record, int64_t run, struct run_metrics *ret, struct error *err)
{
	return metrics_load_by(record,
		"SELECT name, value, step, low, high, NULL, NULL, 0 "
		"FROM metrics JOIN keys ON id = key WHERE run = ?1 ORDER BY name",
		run, ret, err);
}

void metrics_release(struct run_metrics *metrics)
{
	for (size_t i = 0; i < metrics->count; i++)
		memory_free(metrics->items[i].name);
	memory_free(metrics->items);
	*metrics = (struct run_metrics){ .items = NULL };
}

/* Room for one more point, in all three columns. */
static int metric_series_grow(struct metric_series *series, size_t *capacity, struct error *err)
{
	if (series->count < *capacity)
		return 0;
	size_t more = *capacity ? *capacity * 2 : 64;
	int64_t *steps = memory_resize(series->steps, more, sizeof *steps, err);
	if (steps)
		series->steps = steps;
	int64_t *times = steps ? memory_resize(series->times, more, sizeof *times, err) : NULL;
	if (times)
		series->times = times;
	double *values = times ? memory_resize(series->values, more, sizeof *values, err) : NULL;
	if (!values)
		return -err->code;
	series->values = values;
	*capacity = more;
	return 0;
}

/* Adds the rows of a query of step, value and elapsed; at most `most` of them. */
static int metric_collect(struct statement *list, int64_t started, size_t most,
	struct metric_series *series, size_t *capacity, struct error *err)
{
	int row = 1;
	for (size_t i = 0; i < most && (row = statement_step(list, err)) > 0; i++) {
		if (metric_series_grow(series, capacity, err) < 0)
			return -err->code;
		series->steps[series->count] = row_integer(list, 0);
		series->values[series->count] = row_number(list, 1);
		series->times[series->count++] = started + row_integer(list, 2);
	}
	return row < 0 ? row : 0;
}

/* The first points of a series, at most `most`. */
static int metric_read(struct record *record, int64_t run, int64_t key, size_t most,
	struct metric_series *ret, struct error *err)
{
	AUTO(metric_series_release) struct metric_series series = { .steps = NULL };
	size_t capacity = 0;
	int64_t started;
	AUTO(statement_finish)
	struct statement *list = statement_prepare(record->database,
		"SELECT step, value, elapsed FROM points WHERE run = ?1 AND key = ?2 "
		"ORDER BY step",
		err);
	if (!list || record_check_run(record, run, &started, err) < 0)
		return -err->code;
	bind_integer(list, 1, run);
	bind_integer(list, 2, key);
	if (metric_collect(list, started, most, &series, &capacity, err) < 0)
		return -err->code;
	*ret = series;
	series = (struct metric_series){ .steps = NULL };
	return 0;
}

int metric_history(struct record *record, int64_t run, const char *name, struct metric_series *ret,
	struct error *err)
{
	int64_t key;
	if (key_find(record, KEY_METRIC, name, &key, err) < 0)
		return -err->code;
	return metric_read(record, run, key, SIZE_MAX, ret, err);
}

/* One look-up for each of `most` steps between first and last, evenly spread. */
static int metric_sample(struct record *record, int64_t run, int64_t key, size_t most,
	struct metric_series *ret, struct error *err)
{
	AUTO(metric_series_release) struct metric_series series = { .steps = NULL };
	size_t capacity = 0;
	int64_t started, first = 0, last = 0;
	AUTO(statement_finish)
	struct statement *ends = statement_prepare(record->database,
		"SELECT (SELECT step FROM points WHERE run = ?1 AND key = ?2 ORDER BY step LIMIT 1), "
		"(SELECT step FROM points WHERE run = ?1 AND key = ?2 ORDER BY step DESC LIMIT 1)",
		err);
	AUTO(statement_finish)
	struct statement *at = statement_prepare(record->database,
		"SELECT step, value, elapsed FROM points WHERE run = ?1 AND key = ?2 AND step >= ?3 "
		"ORDER BY step LIMIT 1",
		err);
	if (!ends || !at || record_check_run(record, run, &started, err) < 0)
		return -err->code;
	bind_integer(ends, 1, run);
	bind_integer(ends, 2, key);
	int row = statement_step(ends, err);
	if (row < 0)
		return row;
	first = row_integer(ends, 0);
	last = row_integer(ends, 1);
	for (size_t i = 0; i < most; i++) {
		/* In floating point, since the distance of two steps may exceed an int64. */
		double wish = (double)first +
			      ((double)last - (double)first) * ((double)i / (double)(most - 1));
		int64_t step = wish >= (double)last    ? last
			       : wish <= (double)first ? first
						       : (int64_t)wish;
		if (series.count && step <= series.steps[series.count - 1])
			continue;
		bind_integer(at, 1, run);
		bind_integer(at, 2, key);
		bind_integer(at, 3, step);
		if (metric_collect(at, started, 1, &series, &capacity, err) < 0)
			return -err->code;
		statement_reset(at);
	}
	*ret = series;
	series = (struct metric_series){ .steps = NULL };
	return 0;
}

int metric_history_thinned(struct record *record, int64_t run, const char *name, size_t most,
	struct metric_series *ret, struct error *err)
{
	int64_t key;
	if (most < 2)
		most = 2;
	if (key_find(record, KEY_METRIC, name, &key, err) < 0 ||
		metric_read(record, run, key, most + 1, ret, err) < 0)
		return -err->code;
	if (ret->count <= most)
		return 0;
	metric_series_release(ret);
	return metric_sample(record, run, key, most, ret, err);
}

void metric_series_release(struct metric_series *series)
{
	memory_free(series->steps);
	memory_free(series->times);
	memory_free(series->values);
	*series = (struct metric_series){ .steps = NULL };
}
