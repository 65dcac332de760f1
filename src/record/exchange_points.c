#include "exchange_internal.h"

#include <inttypes.h>
#include <math.h>

#include "mlops/base/parse.h"

/* The key and name of the n-th series of a run, by name; *ret_key 0 behind the last. */
static int exchange_points_series(struct record *record, int64_t run, size_t n, int64_t *ret_key,
	char **ret_name, struct error *err)
{
	AUTO(statement_finish)
	struct statement *find = statement_prepare(record->database,
		"SELECT key, name FROM metrics JOIN keys ON id = key WHERE run = ?1 ORDER BY name "
		"LIMIT 1 OFFSET ?2",
		err);
	*ret_key = 0;
	*ret_name = NULL;
	if (!find)
		return -err->code;
	bind_integer(find, 1, run);
	bind_integer(find, 2, (int64_t)n);
	int row = statement_step(find, err);
	if (row <= 0)
		return row;
	*ret_key = row_integer(find, 0);
	return record_copy_text(find, 1, ret_name, err);
}

struct exchange_series {
	struct strbuf steps, values, elapsed;
	uint64_t step, time; /* the last ones; unsigned, so that differences wrap */
	size_t count;
};

static void exchange_series_release(struct exchange_series *series)
{
	strbuf_release(&series->steps);
	strbuf_release(&series->values);
	strbuf_release(&series->elapsed);
}
AUTO_RELEASE(struct exchange_series, exchange_series_release)

static void exchange_series_add(struct exchange_series *series, const struct statement *row)
{
	const char *blank = series->count ? " " : "";
	uint64_t step = (uint64_t)row_integer(row, 0), time = (uint64_t)row_integer(row, 2);
	strbuf_printf(&series->steps, "%s%" PRId64, blank, (int64_t)(step - series->step));
	strbuf_printf(&series->elapsed, "%s%" PRId64, blank, (int64_t)(time - series->time));
	strbuf_add(&series->values, blank);
	strbuf_add_double(&series->values, row_number(row, 1));
	series->step = step;
	series->time = time;
	series->count++;
}

/* The points of one series from the cursor on, at most `most`; moves the cursor. */
static int exchange_points_read(struct record *record, int64_t run, int64_t key, size_t most,
	struct exchange_cursor *cursor, struct exchange_series *series, struct error *err)
{
	AUTO(statement_finish)
	struct statement *list = statement_prepare(record->database,
		"SELECT step, value, elapsed FROM points WHERE run = ?1 AND key = ?2 AND "
		"step >= ?3 ORDER BY step",
		err);
	if (!list)
		return -err->code;
	bind_integer(list, 1, run);
	bind_integer(list, 2, key);
	bind_integer(list, 3, cursor->inside ? cursor->step : INT64_MIN);
	int row;
	while ((row = statement_step(list, err)) > 0) {
		if (series->count == most) {
			cursor->inside = true;
			cursor->step = row_integer(list, 0);
			return 0;
		}
		exchange_series_add(series, list);
	}
	cursor->inside = false;
	cursor->series++;
	return row;
}

static void exchange_points_text(struct json_writer *json, const struct strbuf *text)
{
	json_text(json, (struct text){ text->text, text->length });
}

static int exchange_points_one(struct record *record, int64_t run, int64_t key, const char *name,
	struct exchange_cursor *cursor, size_t *left, struct json_writer *json, struct error *err)
{
	AUTO(exchange_series_release)
	struct exchange_series series = { STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, 0, 0, 0 };
	if (exchange_points_read(record, run, key, *left, cursor, &series, err) < 0 ||
		strbuf_check(&series.steps, err) < 0 || strbuf_check(&series.elapsed, err) < 0 ||
		strbuf_check(&series.values, err) < 0)
		return -err->code;
	json_array(json);
	json_string(json, name);
	exchange_points_text(json, &series.steps);
	exchange_points_text(json, &series.values);
	exchange_points_text(json, &series.elapsed);
	json_end(json);
	*left -= series.count;
	return 0;
}

int exchange_points_write(struct record *record, int64_t run, struct exchange_cursor *cursor,
	struct json_writer *json, bool *ret_more, struct error *err)
{
	size_t left = EXCHANGE_POINTS;
	bool any = false;
	*ret_more = false;
	for (;;) {
		int64_t key;
		AUTO_FREE char *name = NULL;
		if (exchange_points_series(record, run, cursor->series, &key, &name, err) < 0)
			return -err->code;
		if (!key)
			break;
		if (!left) {
			*ret_more = true;
			break;
		}
		if (!any) {
			json_key(json, "points");
			json_array(json);
		}
		any = true;
		if (exchange_points_one(record, run, key, name, cursor, &left, json, err) < 0)
			return -err->code;
	}
	if (any)
		json_end(json);
	return 0;
}

/* NaN, Infinity and -Infinity beside what numbers look like. */
static bool exchange_points_number(struct text text, double *ret)
{
	if (text_is(text, "NaN"))
		*ret = NAN;
	else if (text_is(text, "Infinity"))
		*ret = INFINITY;
	else if (text_is(text, "-Infinity"))
		*ret = -INFINITY;
	else
		return parse_f64(text, ret);
	return true;
}

static int exchange_points_wrong(const char *name, struct error *err)
{
	return error_set(err, ERROR_INVALID, "the points of metric '%s' are malformed", name);
}

static int exchange_points_merge_one(struct record *record, int64_t run, struct statement *add,
	const struct value *series, int64_t *changes, struct error *err)
{
	if (series->kind != VALUE_SEQUENCE || series->sequence.count != 4)
		return error_set(err, ERROR_INVALID, "a series is not an array of four texts");
	struct value *const *items = series->sequence.items;
	for (int i = 0; i < 4; i++) {
		if (items[i]->kind != VALUE_STRING)
			return error_set(
				err, ERROR_INVALID, "a series is not an array of four texts");
	}
	const char *name = items[0]->string.at;
	struct text steps = items[1]->string, values = items[2]->string, times = items[3]->string,
		    part;
	uint64_t step = 0, time = 0;
	int64_t key, difference;
	double value;
	if (exchange_bind(record, add, 2, CELL_METRIC_KEY, items[0], err) < 0 ||
		key_find(record, KEY_METRIC, name, &key, err) < 0)
		return -err->code;
	bind_integer(add, 1, run);
	while (text_split(&steps, ' ', &part)) {
		if (!parse_i64(part, &difference))
			return exchange_points_wrong(name, err);
		step += (uint64_t)difference;
		if (!text_split(&times, ' ', &part) || !parse_i64(part, &difference))
			return exchange_points_wrong(name, err);
		time += (uint64_t)difference;
		if (!text_split(&values, ' ', &part) || !exchange_points_number(part, &value))
			return exchange_points_wrong(name, err);
		bind_integer(add, 3, (int64_t)step);
		bind_number(add, 4, value);
		bind_integer(add, 5, (int64_t)time);
		if (statement_run(add, err) < 0)
			return -err->code;
		*changes += database_changes(record->database);
	}
	return times.length || values.length ? exchange_points_wrong(name, err) : 0;
}

int exchange_points_merge(
	struct record *record, int64_t run, const struct value *points, struct error *err)
{
	if (!points)
		return 0;
	if (points->kind != VALUE_SEQUENCE)
		return error_set(err, ERROR_INVALID, "'points' is not an array");
	AUTO(statement_finish)
	struct statement *add = statement_prepare(record->database,
		"INSERT INTO points (run, key, step, value, elapsed) VALUES (?1, ?2, ?3, ?4, ?5) "
		"ON CONFLICT DO UPDATE SET value = excluded.value, elapsed = excluded.elapsed "
		"WHERE (excluded.elapsed, excluded.value IS NOT NULL, coalesce(excluded.value, 0)) "
		"> (points.elapsed, points.value IS NOT NULL, coalesce(points.value, 0))",
		err);
	if (!add)
		return -err->code;
	int64_t changes = 0;
	for (size_t i = 0; i < points->sequence.count; i++) {
		if (exchange_points_merge_one(
			    record, run, add, points->sequence.items[i], &changes, err) < 0)
			return -err->code;
	}
	/* Points have no trigger: they come by the million. */
	return changes ? record_run_integer(record,
				 "UPDATE runs SET changed = changed + 1 WHERE number = ?1", run,
				 err)
		       : 0;
}
