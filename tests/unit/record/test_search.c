/*
 * Generated filters: what SQL finds must be what a plain evaluation, written here anew from
 * filter.h's words, says of each run.
 */
#include "unit.h"

#include <ctype.h>
#include <math.h>
#include <strings.h>

#include "mlops/base/clock.h"
#include "mlops/base/parse.h"
#include "mlops/database/transaction.h"
#include "mlops/record/metrics.h"
#include "mlops/record/params.h"
#include "mlops/record/search.h"
#include "mlops/record/tags.h"
#include "fixture.h"

enum { RUNS = 80, FILTERS = 1500, NAMES = 2 };
#define DAY INT64_C(86400000000)
#define START INT64_C(1700000000000000)

static struct fact_run {
	const char *metric_text[NAMES]; /* NULL: the run does not have it */
	double metric[NAMES];
	const char *text[2][NAMES]; /* params p, q and tags p, q */
	const char *model;
	int status;
	int64_t started;
} facts[RUNS];

static unsigned random_state;

static unsigned draw(unsigned below)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 10) % below;
}

static const double values[] = { -1, 0, 0.5, 0.5000001, 1, 10, 1e300, INFINITY, NAN };
static const char *const texts[] = { "1", "1.0", "10", "9", "-0.5", "abc", "Abc", "", "true", "a%c",
	"a_c", "1e1", "it's", "zebra" };
static const char *const models[] = { "logistic", "mlp", "Logistic" };
enum { VALUES = 9, TEXTS = 14, MODELS = 3 };

static void make_runs(struct fixture *fixture)
{
	struct error err = ERROR_INIT;
	struct transaction change;
	fixture_make(fixture);
	OK(transaction_begin(&change, record_database(fixture->record), TRANSACTION_NORMAL, &err));
	for (int i = 0; i < RUNS; i++) {
		static const char *const names[] = { "a", "b" }, *const keys[] = { "p", "q" };
		struct fact_run *fact = &facts[i];
		*fact = (struct fact_run){ .status = (int)draw(4),
			.started = START + (int64_t)draw(10) * DAY / 2,
			.model = draw(4) ? models[draw(MODELS)] : NULL };
		struct run_start start = { .model = fact->model, .seed = -1 };
		int64_t run;
		OK(run_begin(fixture->record, &start, &run, NULL, &err));
		ck_assert_int_eq(run, i + 1);
		for (int k = 0; k < NAMES; k++) {
			if (draw(4)) {
				fact->metric_text[k] = "";
				fact->metric[k] = values[draw(VALUES)];
				OK(metric_set(
					fixture->record, run, names[k], fact->metric[k], &err));
			}
			if (draw(4)) {
				fact->text[0][k] = texts[draw(TEXTS)];
				OK(params_set(
					fixture->record, run, keys[k], fact->text[0][k], &err));
			}
			if (draw(2)) {
				fact->text[1][k] = texts[draw(TEXTS)];
				OK(tag_set(fixture->record, run, keys[k], fact->text[1][k], &err));
			}
		}
		char sql[256];
		snprintf(sql, sizeof sql,
			"UPDATE runs SET started = %lld, status = %d WHERE "
			"number = %lld",
			(long long)fact->started, fact->status, (long long)run);
		OK(database_execute(record_database(fixture->record), sql, &err));
	}
	OK(transaction_commit(&change, &err));
}

static bool compare_numbers(double a, int operator, double b)
{
	switch (operator) {
	case 0:
		return a == b;
	case 1:
		return a != b; /* also if one is NaN */
	case 2:
		return a < b;
	case 3:
		return a <= b;
	case 4:
		return a > b;
	default:
		return a >= b;
	}
}

static bool compare_order(int order, int operator)
{
	return compare_numbers(order, operator, 0);
}

static const char *const operators[] = { "=", "!=", "<", "<=", ">", ">=" };

static double text_number(const char *text)
{
	double number;
	return parse_f64(text_of(text), &number) ? number : NAN;
}

/* The plainest LIKE there is. */
static bool like(const char *pattern, const char *text, bool fold)
{
	if (!*pattern)
		return !*text;
	if (*pattern == '%')
		return like(pattern + 1, text, fold) || (*text && like(pattern, text + 1, fold));
	if (!*text)
		return false;
	bool same = fold ? tolower(*pattern) == tolower(*text) : *pattern == *text;
	return (*pattern == '_' || same) && like(pattern + 1, text + 1, fold);
}

static void quote(struct strbuf *out, const char *text)
{
	char mark = draw(2) && !strchr(text, '"') ? '"' : '\'';
	strbuf_add_char(out, mark);
	for (; *text; text++) {
		if (*text == mark)
			strbuf_add_char(out, mark);
		strbuf_add_char(out, *text);
	}
	strbuf_add_char(out, mark);
}

typedef bool answers[RUNS];

static void leaf_metric(struct strbuf *out, answers ret)
{
	unsigned k = draw(NAMES), operator= draw(6);
	strbuf_printf(out, "metrics.%c %s ", 'a' + (int)k, operators[operator]);
	if (draw(3)) {
		double value = values[draw(VALUES - 2)];
		strbuf_add_double(out, value);
		for (int i = 0; i < RUNS; i++)
			ret[i] = facts[i].metric_text[k] &&
				 compare_numbers(facts[i].metric[k], (int)operator, value);
		return;
	}
	unsigned other = draw(NAMES);
	strbuf_printf(out, "metric.%c", 'a' + (int)other);
	for (int i = 0; i < RUNS; i++)
		ret[i] = facts[i].metric_text[k] && facts[i].metric_text[other] &&
			 compare_numbers(facts[i].metric[k], (int)operator, facts[i].metric[other]);
}

static const char *const prefixes[] = { "params", "tags" };

static void leaf_text(struct strbuf *out, answers ret)
{
	unsigned side = draw(2), k = draw(NAMES), operator= draw(6);
	strbuf_printf(out, "%s.%c %s ", prefixes[side], 'p' + (int)k, operators[operator]);
	const char *literal = texts[draw(TEXTS)];
	double number = values[draw(VALUES - 2)];
	bool numeric = draw(2);
	if (numeric)
		strbuf_add_double(out, number);
	else
		quote(out, literal);
	for (int i = 0; i < RUNS; i++) {
		const char *text = facts[i].text[side][k];
		ret[i] =
			text && (numeric ? compare_numbers(text_number(text), (int)operator, number)
					 : compare_order(strcmp(text, literal), (int)operator));
	}
}

static void leaf_fields(struct strbuf *out, answers ret)
{
	unsigned side = draw(2), k = draw(NAMES), other = draw(NAMES), operator= draw(6);
	bool metric = draw(2);
	strbuf_printf(out, "%s.%c %s %s.%c", prefixes[side], 'p' + (int)k, operators[operator],
		metric ? "metrics" : prefixes[!side], (metric ? 'a' : 'p') + (int)other);
	for (int i = 0; i < RUNS; i++) {
		const char *a = facts[i].text[side][k], *b = facts[i].text[!side][other];
		if (metric) {
			ret[i] = a && facts[i].metric_text[other] &&
				 compare_numbers(
					 text_number(a), (int)operator, facts[i].metric[other]);
			continue;
		}
		ret[i] = a && b &&
			 (isnan(text_number(a)) || isnan(text_number(b))
					 ? compare_order(strcmp(a, b), (int)operator)
					 : compare_numbers(
						   text_number(a), (int)operator, text_number(b)));
	}
}

static void leaf_list(struct strbuf *out, answers ret)
{
	unsigned side = draw(2), k = draw(NAMES), count = 1 + draw(3);
	bool negated = draw(2);
	strbuf_printf(out, "%s.`%c` %sIN (", prefixes[side], 'p' + (int)k, negated ? "not " : "");
	memset(ret, 0, sizeof(answers));
	for (unsigned v = 0; v < count; v++) {
		const char *literal = texts[draw(TEXTS)];
		double number = values[draw(VALUES - 2)];
		bool numeric = draw(2);
		strbuf_add(out, v ? ", " : "");
		if (numeric)
			strbuf_add_double(out, number);
		else
			quote(out, literal);
		for (int i = 0; i < RUNS; i++) {
			const char *text = facts[i].text[side][k];
			ret[i] = ret[i] || (text && (numeric ? text_number(text) == number
							     : strcmp(text, literal) == 0));
		}
	}
	strbuf_add(out, ")");
	for (int i = 0; negated && i < RUNS; i++)
		ret[i] = facts[i].text[side][k] && !ret[i];
}

static void leaf_between(struct strbuf *out, answers ret)
{
	unsigned k = draw(NAMES);
	bool negated = draw(2);
	double low = values[draw(VALUES - 2)], high = values[draw(VALUES - 2)];
	strbuf_printf(out, "metrics.%c %sbetween ", 'a' + (int)k, negated ? "not " : "");
	strbuf_add_double(out, low);
	strbuf_add(out, " and ");
	strbuf_add_double(out, high);
	for (int i = 0; i < RUNS; i++) {
		bool inside = facts[i].metric[k] >= low && facts[i].metric[k] <= high;
		ret[i] = facts[i].metric_text[k] && inside != negated;
	}
}

static void leaf_like(struct strbuf *out, answers ret)
{
	static const char *const patterns[] = { "%", "a%", "_b_", "%C", "", "a\\%c", "1%", "%'%" };
	unsigned side = draw(2), k = draw(NAMES);
	bool fold = draw(2), negated = draw(2);
	const char *pattern = patterns[draw(8)];
	strbuf_printf(out, "%s.%c %s%s ", prefixes[side], 'p' + (int)k, negated ? "not " : "",
		fold ? "ilike" : "LIKE");
	quote(out, pattern);
	for (int i = 0; i < RUNS; i++) {
		const char *text = facts[i].text[side][k];
		ret[i] = text && like(pattern, text, fold) != negated;
	}
}

static void leaf_null(struct strbuf *out, answers ret)
{
	unsigned side = draw(2), k = draw(NAMES), form = draw(3);
	bool model = draw(3) == 0;
	if (model)
		strbuf_add(out, "model");
	else
		strbuf_printf(out, "%s.%c", prefixes[side], 'p' + (int)k);
	strbuf_add(out, form == 0 ? "" : form == 1 ? " is null" : " is not null");
	for (int i = 0; i < RUNS; i++)
		ret[i] = ((model ? facts[i].model : facts[i].text[side][k]) != NULL) == (form != 1);
}

static void leaf_attribute(struct strbuf *out, answers ret)
{
	unsigned operator= draw(6);
	if (draw(2)) {
		const char *model = models[draw(MODELS)];
		strbuf_printf(out, "attributes.model %s '%s'", operators[operator], model);
		for (int i = 0; i < RUNS; i++)
			ret[i] = facts[i].model &&
				 compare_order(strcmp(facts[i].model, model), (int)operator);
		return;
	}
	operator= draw(2);
	int status = (int)draw(4);
	strbuf_printf(out, "status %s %s", operators[operator],
		run_status_name((enum run_status)status));
	for (int i = 0; i < RUNS; i++)
		ret[i] = (facts[i].status == status) == (operator== 0);
}

static void leaf_date(struct strbuf *out, answers ret)
{
	unsigned operator= draw(6);
	bool whole_day = draw(2);
	int64_t day = START - START % DAY + (int64_t)draw(6) * DAY;
	int64_t first = whole_day ? day : day + DAY / 4, last = whole_day ? day + DAY - 1 : first;
	struct clock_civil civil = clock_civil(first);
	strbuf_printf(out, "started %s '%04d-%02d-%02d%s'", operators[operator], (int)civil.year,
		civil.month, civil.day, whole_day ? "" : "T06:00");
	for (int i = 0; i < RUNS; i++) {
		int64_t started = facts[i].started;
		bool inside = started >= first && started <= last;
		bool results[] = { inside, !inside, started<first, started <= last, started> last,
			started >= first };
		ret[i] = results[operator];
	}
}

static void generate(struct strbuf *out, unsigned depth, answers ret)
{
	static void (*const leaves[])(struct strbuf *, answers) = { leaf_metric, leaf_text,
		leaf_fields, leaf_list, leaf_between, leaf_like, leaf_null, leaf_attribute,
		leaf_date };
	unsigned kind = depth ? draw(6) : 3;
	if (kind >= 3) {
		leaves[draw(9)](out, ret);
		return;
	}
	if (kind == 2) {
		strbuf_add(out, draw(2) ? "NOT (" : "not(");
		generate(out, depth - 1, ret);
		strbuf_add(out, ")");
		for (int i = 0; i < RUNS; i++)
			ret[i] = !ret[i];
		return;
	}
	answers other;
	strbuf_add(out, "(");
	generate(out, depth - 1, ret);
	strbuf_add(out, kind ? ") or (" : ") AND (");
	generate(out, depth - 1, other);
	strbuf_add(out, ")");
	for (int i = 0; i < RUNS; i++)
		ret[i] = kind ? ret[i] || other[i] : ret[i] && other[i];
}

/* The runs that a search finds, in its order; their count. */
static size_t find(struct fixture *fixture, const char *text, const char *sort, size_t limit,
	int64_t found[RUNS])
{
	struct error err = ERROR_INIT;
	AUTO(filter_release) struct filter filter = { .root = NULL };
	AUTO(arena_release) struct arena arena = ARENA_INIT(0);
	struct sort_keys keys = { .count = 0 };
	struct search_result result;
	ck_assert_msg(filter_parse(text, START, &filter, &err) == 0, "%s: %s", text, err.message);
	if (sort)
		OK(sort_parse(&arena, sort, &keys, &err));
	struct search search = { .filter = &filter, .sort = &keys, .limit = limit };
	ck_assert_msg(search_runs(fixture->record, &search, &result, &err) == 0, "%s: %s", text,
		err.message);
	size_t count = result.count;
	ck_assert_uint_le(count, RUNS);
	for (size_t i = 0; i < count; i++)
		found[i] = result.runs[i].number;
	search_result_release(&result);
	if (!limit) {
		uint64_t counted;
		OK(search_count(fixture->record, &search, &counted, &err));
		ck_assert_msg(counted == count, "%s", text);
	}
	return count;
}

static void check_same(const char *text, const answers expected, const int64_t *found, size_t count)
{
	answers seen = { false };
	for (size_t i = 0; i < count; i++)
		seen[found[i] - 1] = true;
	for (int i = 0; i < RUNS; i++)
		ck_assert_msg(seen[i] == expected[i], "run %d is %swrong in: %s", i + 1,
			seen[i] ? "found, which is " : "not found, which is ", text);
}

START_TEST(sql_says_what_a_plain_evaluation_says)
{
	static const char *const sorts[] = { "-metrics.a", "metrics.b", "params.p", "-tags.q" };
	struct fixture fixture;
	random_state = 20261124;
	make_runs(&fixture);
	size_t hits = 0;
	for (int i = 0; i < FILTERS; i++) {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, twice = STRBUF_INIT;
		answers expected;
		int64_t found[RUNS];
		generate(&text, draw(4), expected);
		size_t count = find(&fixture, text.text, NULL, 0, found);
		check_same(text.text, expected, found, count);
		hits += count;
		/* The same without a condition to begin with, along another order. */
		strbuf_printf(&twice, "(%s) or (%s)", text.text, text.text);
		count = find(&fixture, twice.text, sorts[draw(4)], 0, found);
		check_same(text.text, expected, found, count);
	}
	/* Neither everything nor nothing is found most of the time. */
	ck_assert_uint_gt(hits, (size_t)FILTERS * RUNS / 10);
	ck_assert_uint_lt(hits, (size_t)FILTERS * RUNS * 9 / 10);
	fixture_remove(&fixture);
}
END_TEST

/* 0 numbers, 1 NaN, 2 absent */
static int metric_class(const struct fact_run *fact)
{
	return !fact->metric_text[0] ? 2 : isnan(fact->metric[0]) ? 1 : 0;
}

START_TEST(order_is_as_promised)
{
	struct fixture fixture;
	int64_t found[RUNS], first[RUNS], slow[RUNS];
	random_state = 7;
	make_runs(&fixture);
	for (int descending = 0; descending < 2; descending++) {
		const char *sort = descending ? "-metrics.a" : "metrics.a";
		size_t count = find(&fixture, "", sort, 0, found);
		ck_assert_uint_eq(count, RUNS);
		for (size_t i = 1; i < count; i++) {
			const struct fact_run *a = &facts[found[i - 1] - 1],
					      *b = &facts[found[i] - 1];
			int class = metric_class(a);
			ck_assert_int_le(class, metric_class(b));
			if (class != metric_class(b))
				continue;
			bool same = class || a->metric[0] == b->metric[0];
			ck_assert(same ? found[i - 1] > found[i]
				       : (a->metric[0] > b->metric[0]) == (descending == 1));
		}
		/* A limit gives the beginning of it; the other way of sorting, the same. */
		ck_assert_uint_eq(find(&fixture, "", sort, 5, first), 5);
		ck_assert_int_eq(memcmp(first, found, 5 * sizeof *first), 0);
		char both[64];
		snprintf(both, sizeof both, "%s,model,-metrics.b", sort);
		ck_assert_uint_eq(find(&fixture, "", both, 0, slow), RUNS);
		for (size_t i = 0; i < count; i++)
			ck_assert_int_eq(metric_class(&facts[slow[i] - 1]),
				metric_class(&facts[found[i] - 1]));
	}
	size_t count = find(&fixture, "", NULL, 0, found);
	for (size_t i = 1; i < count; i++) {
		int64_t a = facts[found[i - 1] - 1].started, b = facts[found[i] - 1].started;
		ck_assert(a > b || (a == b && found[i - 1] > found[i]));
	}
	count = find(&fixture, "", "params.p", 0, found);
	ck_assert_uint_eq(count, RUNS);
	/* Two keys are sorted at the end, one goes along its index: the same order. */
	ck_assert_uint_eq(find(&fixture, "", "params.p,params.p", 0, slow), RUNS);
	ck_assert_int_eq(memcmp(found, slow, sizeof found), 0);
	ck_assert_uint_eq(find(&fixture, "", "-tags.q,tags.q", 0, first), RUNS);
	ck_assert_uint_eq(find(&fixture, "", "-tags.q", 0, slow), RUNS);
	ck_assert_int_eq(memcmp(first, slow, sizeof first), 0);
	for (size_t i = 1; i < count; i++) {
		const char *a = facts[found[i - 1] - 1].text[0][0],
			   *b = facts[found[i] - 1].text[0][0];
		if (!a || !b) {
			ck_assert(!b);
			continue;
		}
		double x = text_number(a), y = text_number(b);
		ck_assert(isnan(x) <= isnan(y));
		if (!isnan(x) && !isnan(y))
			ck_assert(x <= y);
		else if (isnan(x))
			ck_assert_int_le(strcmp(a, b), 0);
	}
	fixture_remove(&fixture);
}
END_TEST

/* Also releases them. */
static void usual_is(struct names *usual, const char *expected)
{
	char text[256] = "";
	for (size_t i = 0; i < usual->count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s ", usual->items[i]);
	ck_assert_str_eq(text, expected);
	names_release(usual);
}

START_TEST(columns_removed_runs_and_unknown_names)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	struct search_result result;
	AUTO(arena_release) struct arena arena = ARENA_INIT(0);
	fixture_make(&fixture);
	for (int i = 0; i < 3; i++) {
		int64_t run = fixture_finished(&fixture, i == 1 ? "gone" : "here");
		OK(metric_set(fixture.record, run, "roc_auc", 0.5 + i / 10., &err));
		OK(params_set(fixture.record, run, "C", i ? "0.1" : "auto", &err));
	}
	OK(run_remove(fixture.record, 2, &err));
	struct field columns[7];
	static const char *const names[] = { "metrics.roc_auc", "params.C", "tags.none", "name",
		"status", "started", "duration" };
	for (int i = 0; i < 7; i++)
		OK(field_parse(&arena, names[i], &columns[i], &err));
	struct search search = { .limit = 1, .columns = columns, .n_columns = 7 };
	OK(search_runs(fixture.record, &search, &result, &err));
	ck_assert(result.count == 1 && result.more && !result.unknown);
	ck_assert_int_eq(result.runs[0].number, 3);
	const struct search_cell *cells = result.runs[0].cells;
	ck_assert(cells[0].kind == SEARCH_NUMBER && cells[0].number == 0.7);
	ck_assert(cells[1].kind == SEARCH_NUMBER && cells[1].number == 0.1);
	ck_assert_str_eq(cells[1].text, "0.1");
	ck_assert_int_eq(cells[2].kind, SEARCH_NONE);
	ck_assert_str_eq(cells[3].text, "here");
	ck_assert_str_eq(cells[4].text, "finished");
	ck_assert_int_eq(cells[5].kind, SEARCH_TIME);
	ck_assert(cells[6].kind == SEARCH_NUMBER && cells[6].number >= 0);
	search_result_release(&result);
	search.offset = 1;
	OK(search_runs(fixture.record, &search, &result, &err));
	ck_assert(result.count == 1 && !result.more && result.runs[0].number == 1);
	ck_assert_int_eq(result.runs[0].cells[1].kind, SEARCH_STRING);
	search_result_release(&result);
	search = (struct search){ .removed = REMOVED_ONLY };
	OK(search_runs(fixture.record, &search, &result, &err));
	ck_assert(result.count == 1 && result.runs[0].number == 2 && result.runs[0].removed);
	search_result_release(&result);
	search.removed = REMOVED_SHOWN;
	OK(search_runs(fixture.record, &search, &result, &err));
	ck_assert_uint_eq(result.count, 3);
	search_result_release(&result);
	AUTO(filter_release) struct filter filter = { .root = NULL };
	OK(filter_parse("metrics.roc_acu > 0", 0, &filter, &err));
	search = (struct search){ .filter = &filter };
	OK(search_runs(fixture.record, &search, &result, &err));
	ck_assert_uint_eq(result.count, 0);
	ck_assert_str_eq(result.unknown, "metric 'roc_acu'");
	ck_assert_str_eq(result.nearest, "roc_auc");
	search_result_release(&result);
	AUTO(names_release) struct names usual = { .items = NULL };
	OK(search_usual_metrics(fixture.record, 5, &usual, &err));
	ck_assert(usual.count == 1 && strcmp(usual.items[0], "roc_auc") == 0);
	names_release(&usual);
	int64_t run = fixture_run(&fixture, NULL);
	struct metric_point points[] = { { .name = "accuracy", .low = NAN, .high = NAN },
		{ .name = "brier_score", .low = NAN, .high = NAN },
		{ .name = "log_loss", .low = NAN, .high = NAN },
		{ .name = "precision", .low = NAN, .high = NAN },
		{ .name = "validation/recall", .low = NAN, .high = NAN } };
	OK(metrics_log(fixture.record, run, points, 5, &err));
	OK(search_usual_metrics(fixture.record, 9, &usual, &err));
	usual_is(&usual, "roc_auc log_loss accuracy brier_score precision validation/recall ");
	/* What the project asks for comes first, in its order. */
	OK(params_set(fixture.record, run, "evaluate.metrics.0", "precision", &err));
	OK(params_set(fixture.record, run, "evaluate.metrics.1", "accuracy", &err));
	OK(search_usual_metrics(fixture.record, 4, &usual, &err));
	usual_is(&usual, "precision accuracy roc_auc log_loss ");
	fixture_remove(&fixture);
}
END_TEST

START_TEST(a_dead_run_is_found_as_crashed)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	int64_t found[RUNS];
	fixture_make(&fixture);
	int64_t dead = fixture_run(&fixture, NULL);
	OK(database_execute(
		record_database(fixture.record), "UPDATE runs SET process = process || '9'", &err));
	ck_assert_uint_eq(
		find(&fixture, "status = crashed and duration is null", NULL, 0, found), 1);
	ck_assert_int_eq(found[0], dead);
	ck_assert_uint_eq(find(&fixture, "status = running or duration >= 0", NULL, 0, found), 0);
	fixture_remove(&fixture);
}
END_TEST

UNIT_MAIN("record/search", sql_says_what_a_plain_evaluation_says, order_is_as_promised,
	columns_removed_runs_and_unknown_names, a_dead_run_is_found_as_crashed)
