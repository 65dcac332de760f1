#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/strbuf.h"
#include "mlops/record/filter.h"

#define NOW INT64_C(1795539600000000) /* 2026-11-24T17:00:00Z */
#define HOUR INT64_C(3600000000)

START_TEST(what_is_refused_is_pointed_at)
{
	static const struct {
		const char *text;
		unsigned column;
		const char *message, *hint;
	} cases[] = {
		{ "metrics.a > 0.5 and", 20, "a comparison is missing behind the last 'and'", "" },
		{ "metrics.a > 0.5 and or metrics.b", 21, "a run has no attribute 'or'", NULL },
		{ "metrics.a >", 12, "a value is missing at the end", "" },
		{ "metrics.a > )", 13, "a value is missing before ')'", "" },
		{ "metric.a > '0.5'", 12, "metric 'a' is a number and is compared with '0.5'",
			"write 0.5 without quotes" },
		{ "metrics.a > high", 13, "metric 'a' is a number and is compared with 'high'",
			"write a number, such as 0.5" },
		{ "params.model.type = logistic", 21, "'logistic' is neither a value nor a field",
			"write a text in quotes: 'logistic'" },
		{ "statsu = failed", 1, "a run has no attribute 'statsu'",
			"did you mean 'status'?" },
		{ "roc_auc > 0.9", 1, "a run has no attribute 'roc_auc'",
			"write metrics.roc_auc, params.roc_auc or tags.roc_auc for what a run recorded" },
		{ "metric_.roc > 1", 1, "a run has no attribute 'metric_.roc'",
			"did you mean 'metrics.roc'?" },
		{ "model.C > 1", 1, "a run has no attribute 'model.C'",
			"write params.model.C for a parameter" },
		{ "status = fialed", 10, "'fialed' is not a status", "did you mean 'failed'?" },
		{ "status > failed", 8, "'status' has no order", "compare it with = or !=" },
		{ "(metrics.a > 1", 15, "the '(' in column 1 is not closed", "" },
		{ "metrics.a > 1)", 14, "there is no '(' for this ')'", "" },
		{ "metrics.a > 1 metrics.b > 2", 15, "'metrics.b' is not understood here",
			"join comparisons by 'and' or 'or'" },
		{ "name = 'otter", 8, "the quote that begins here is never closed",
			"end it with '" },
		{ "id in ()", 8, "the list is empty", "" },
		{ "id in ('a',)", 12, "a value is missing before ')'", "" },
		{ "id in 'a'", 7, "'(' is missing behind 'in'", "write in ('a', 'b')" },
		{ "metrics.a between 0 or 1", 21, "'and' is missing in 'between'",
			"write between 0 and 1" },
		{ "params.a between 0 and 'x'", 24,
			"one end of 'between' is a number, the other a text",
			"write both in quotes, or neither" },
		{ "metrics.a like '1%'", 1, "'a' is not a text, which 'like' needs", NULL },
		{ "name like otter", 11, "a text in quotes is missing behind 'like'",
			"write like '%text%'" },
		{ "params.a = null", 12, "nothing is equal to 'null'",
			"write 'is null' or 'is not null'" },
		{ "params.a is 3", 13, "'null' is missing behind 'is'",
			"write 'is null' or 'is not null'" },
		{ "params.a not = 3", 14, "'in', 'between' or 'like' is missing behind 'not'",
			"write 'not' before the comparison" },
		{ "started > 'soon'", 11, "'soon' is not a date", NULL },
		{ "started > 2026-13-01", 11, "'2026-13-01' is not a date", NULL },
		{ "duration > 'x'", 12, "attribute 'duration' is a number and is compared with 'x'",
			"write seconds or a duration, such as 90 or 5m" },
		{ "dirty = yes", 9, "'dirty' is either true or false", "write true or false" },
		{ "metrics.a > 1;", 14, "';' is not understood", "one filter, without ';'" },
		{ "metrics.a > 1 && dirty", 15, "'&' is not understood", "write 'and'" },
		{ "params.a =~ 'x'", 11, "'~' is not understood", NULL },
		{ "metrics.a > started", 13, "'a' and 'started' cannot be compared", "" },
		{ "metrics. > 1", 1, "a name is missing behind 'metrics.'", "" },
		{ "name = 7f3a", 8, "'7f3a' is neither a value nor a field",
			"write a text in quotes: '7f3a'" },
		{ "0.5 < metrics.a", 1, "'0.5' is not the name of something that a run has", NULL },
		{ "\xff", 1, "the filter is not UTF-8", "" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error err = ERROR_INIT;
		struct filter filter;
		ck_assert_msg(filter_parse(cases[i].text, NOW, &filter, &err) == -ERROR_USAGE, "%s",
			cases[i].text);
		ck_assert_str_eq(err.message, cases[i].message);
		ck_assert_msg(err.at.column == cases[i].column, "%s: column %u", cases[i].text,
			err.at.column);
		if (cases[i].hint)
			ck_assert_str_eq(err.hint, cases[i].hint);
	}
}
END_TEST

START_TEST(everything_that_mlflow_takes)
{
	static const char *const cases[] = { "", "   ", "metrics.m1 > 0.5 AND params.p1 = 'x'",
		"metrics.`my metric` <= .1", "metrics.\"my metric\" != -0.5", "params.p1 = 'it''s'",
		"params.p1 ILIKE 'x%'", "tags.mlflow.user IS NOT NULL", "run_id IN ('a', 'b')",
		"run_id NOT IN ('a')", "attributes.status = 'FINISHED'", "run_name LIKE \"%x\"",
		"start_time > '2024-01-01'", "parameter.a = '1'", "metric.a >= 1e3" };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error err = ERROR_INIT;
		AUTO(filter_release) struct filter filter = { .root = NULL };
		ck_assert_msg(filter_parse(cases[i], NOW, &filter, &err) == 0, "%s: %s", cases[i],
			err.message);
	}
}
END_TEST

START_TEST(and_binds_before_or_and_not_before_and)
{
	struct error err = ERROR_INIT;
	AUTO(filter_release) struct filter filter = { .root = NULL };
	ck_assert_int_eq(
		filter_parse("not tags.x and metrics.a > 1 or dirty", NOW, &filter, &err), 0);
	ck_assert_int_eq(filter.root->operation, FILTER_OR);
	ck_assert_int_eq(filter.root->left->operation, FILTER_AND);
	ck_assert_int_eq(filter.root->left->left->operation, FILTER_NOT);
	ck_assert_int_eq(filter.root->left->left->left->operation, FILTER_HAS);
	ck_assert_str_eq(filter.root->left->right->field.name, "a");
	ck_assert_int_eq(filter.root->right->operation, FILTER_EQUAL);
	ck_assert_int_eq(filter.root->right->field.attribute, ATTRIBUTE_DIRTY);
}
END_TEST

START_TEST(dates_as_people_say_them)
{
	static const struct {
		const char *text;
		int64_t first, last;
	} cases[] = { { "'now'", NOW, NOW }, { "-7d", NOW - 168 * HOUR, NOW - 168 * HOUR },
		{ "-1h30m", NOW - HOUR * 3 / 2, NOW - HOUR * 3 / 2 },
		{ "'7 days ago'", NOW - 168 * HOUR, NOW - 168 * HOUR },
		{ "'1 hour ago'", NOW - HOUR, NOW - HOUR },
		{ "'today'", NOW - 17 * HOUR, NOW + 7 * HOUR - 1 },
		{ "'yesterday'", NOW - 41 * HOUR, NOW - 17 * HOUR - 1 },
		{ "2026-11-24", NOW - 17 * HOUR, NOW + 7 * HOUR - 1 },
		{ "'2026-11-24T16:00'", NOW - HOUR, NOW - HOUR },
		{ "2026-11-24T18:00:00+01:00", NOW, NOW } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error err = ERROR_INIT;
		char text[64];
		AUTO(filter_release) struct filter filter = { .root = NULL };
		snprintf(text, sizeof text, "started >= %s", cases[i].text);
		ck_assert_msg(
			filter_parse(text, NOW, &filter, &err) == 0, "%s: %s", text, err.message);
		ck_assert_msg(filter.root->values->first == cases[i].first, "%s", text);
		ck_assert_msg(filter.root->values->last == cases[i].last, "%s", text);
	}
}
END_TEST

START_TEST(depth_and_size_are_bounded)
{
	struct error err = ERROR_INIT;
	struct filter filter;
	AUTO(strbuf_release)
	struct strbuf deep = STRBUF_INIT, wide = STRBUF_INIT, list = STRBUF_INIT;
	strbuf_add_repeated(&deep, '(', 8000);
	ck_assert_int_eq(filter_parse(deep.text, NOW, &filter, &err), -ERROR_USAGE);
	ck_assert_ptr_nonnull(strstr(err.message, "deep"));
	strbuf_clear(&deep);
	for (int i = 0; i < 3000; i++)
		strbuf_add(&deep, "not ");
	ck_assert_int_eq(filter_parse(deep.text, NOW, &filter, &err), -ERROR_USAGE);
	strbuf_add(&wide, "dirty");
	for (int i = 0; i < 1000; i++)
		strbuf_add(&wide, " or dirty");
	ck_assert_int_eq(filter_parse(wide.text, NOW, &filter, &err), -ERROR_USAGE);
	ck_assert_ptr_nonnull(strstr(err.message, "parts"));
	strbuf_add(&list, "id in ('a'");
	for (int i = 0; i < 3000; i++)
		strbuf_add(&list, ",'a'");
	ck_assert_int_eq(filter_parse(list.text, NOW, &filter, &err), -ERROR_USAGE);
	strbuf_add_repeated(&list, 'x', FILTER_LONGEST);
	ck_assert_int_eq(filter_parse(list.text, NOW, &filter, &err), -ERROR_USAGE);
	ck_assert_ptr_nonnull(strstr(err.message, "longer"));
}
END_TEST

START_TEST(the_caret_stands_under_the_error)
{
	struct error err = ERROR_INIT;
	struct filter filter;
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	const char *text = "name = 'é' and statsu = failed";
	ck_assert_int_lt(filter_parse(text, NOW, &filter, &err), 0);
	filter_show_error(&shown, text, &err);
	ck_assert_str_eq(shown.text, "name = 'é' and statsu = failed\n               ^\n");
}
END_TEST

START_TEST(sort_keys)
{
	struct error err = ERROR_INIT;
	struct sort_keys keys;
	AUTO(arena_release) struct arena arena = ARENA_INIT(0);
	ck_assert_int_eq(
		sort_parse(&arena, "-metrics.roc_auc, started,params.`a b` desc,newest,-newest",
			&keys, &err),
		0);
	ck_assert_uint_eq(keys.count, 5);
	ck_assert_str_eq(keys.fields[0].name, "roc_auc");
	ck_assert_str_eq(keys.fields[2].name, "a b");
	static const bool descending[] = { true, false, true, true, false };
	for (size_t i = 0; i < 5; i++)
		ck_assert(keys.descending[i] == descending[i]);
	static const char *const refused[] = { "", "a,", "roc_auc", "started started", "started;",
		"name,name,name,name,name,name,name,name,name" };
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		ck_assert_int_eq(sort_parse(&arena, refused[i], &keys, &err), -ERROR_USAGE);
	struct field field;
	ck_assert_int_eq(field_parse(&arena, "metrics.a b", &field, &err), -ERROR_USAGE);
	ck_assert_str_eq(
		err.hint, "put names with other characters in backticks: metrics.`my metric`");
}
END_TEST

UNIT_MAIN("record/filter", what_is_refused_is_pointed_at, everything_that_mlflow_takes,
	and_binds_before_or_and_not_before_and, dates_as_people_say_them,
	depth_and_size_are_bounded, the_caret_stands_under_the_error, sort_keys)
