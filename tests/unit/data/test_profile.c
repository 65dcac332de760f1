#include "unit.h"

#include <math.h>
#include <string.h>

#include "mlops/data/profile.h"
#include "mlops/data/reader.h"
#include "mlops/data/schema.h"
#include "mlops/document/json_reader.h"

static void read_text(const struct strbuf *text, struct table *table)
{
	struct read_options options = { .bytes = text->text, .n_bytes = text->length };
	struct error err = ERROR_INIT;
	ck_assert_msg(table_read(&options, table, NULL, &err) == 0, "%s", err.message);
}

static void check_near(double value, double wanted)
{
	ck_assert_msg(
		fabs(value - wanted) <= 1e-13 * fabs(wanted), "%.17g, not %.17g", value, wanted);
}

/* NumPy 2.4: mean, std(ddof=1), quantile, histogram of ((i * 7919) % 1000) / 8 - 20, i < 997. */
START_TEST(numbers_are_those_of_numpy)
{
	static const double quantiles[] = { -18.755, -13.774999999999999, -7.424999999999999, 11.5,
		30.175000000000004, 42.625, 55.075, 73.75, 92.425, 98.64999999999999, 103.63 };
	static const uint64_t bins[] = { 50, 49, 50, 49, 49, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50,
		50, 50, 50, 50, 50 };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	strbuf_add(&text, "x,y\n,1\n");
	for (int i = 0; i < 997; i++)
		strbuf_printf(&text, "%g,%d\n", ((i * 7919) % 1000) / 8.0 - 20, i);
	strbuf_add(&text, "inf,1\n");
	AUTO(table_release) struct table table = { 0 };
	AUTO(profile_release) struct profile profile = { 0 };
	struct error err = ERROR_INIT;
	read_text(&text, &table);
	ck_assert_int_eq(table_profile(&table, NULL, 0, 2, &profile, &err), 0);
	const struct column_profile *x = &profile.columns[0];
	ck_assert_uint_eq(profile.n_rows, 999);
	ck_assert_uint_eq(x->count, 998);
	ck_assert_uint_eq(x->missing, 1);
	ck_assert_uint_eq(x->infinite, 1);
	check_near(x->mean, 42.56444332998997);
	check_near(x->deviation, 36.07947466683777);
	ck_assert(x->min == -20 && x->max == 104.875);
	for (size_t q = 0; q < PROFILE_QUANTILES; q++)
		check_near(x->quantiles[q], quantiles[q]);
	ck_assert_uint_eq(x->n_bins, PROFILE_BINS);
	ck_assert_mem_eq(x->bins, bins, sizeof bins);
}
END_TEST

START_TEST(texts_are_counted)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	strbuf_add(&text, "c,t\n");
	for (int i = 0; i < 300; i++)
		strbuf_printf(&text, "%s,t%d\n", i % 10 == 4 ? "" : i % 3 ? "b" : "a", i / 2 % 140);
	AUTO(table_release) struct table table = { 0 };
	AUTO(profile_release) struct profile profile = { 0 };
	struct error err = ERROR_INIT;
	read_text(&text, &table);
	ck_assert_int_eq(table.columns[1].type, COLUMN_TEXT);
	ck_assert_int_eq(table_profile(&table, NULL, 0, 1, &profile, &err), 0);
	const struct column_profile *c = &profile.columns[0], *t = &profile.columns[1];
	ck_assert_uint_eq(c->count, 270);
	ck_assert_uint_eq(c->missing, 30);
	ck_assert_uint_eq(c->distinct, 2);
	ck_assert_str_eq(c->top[0].text, "b");
	ck_assert_uint_eq(c->top[0].count, 180);
	ck_assert_str_eq(c->top[1].text, "a");
	ck_assert_uint_eq(t->distinct, 140);
	ck_assert_uint_eq(t->n_top, PROFILE_TOP);
	ck_assert_str_eq(t->top[0].text, "t0"); /* four times, as t1 .. t9; then twice */
	ck_assert_uint_eq(t->top[9].count, 4);
	ck_assert_str_eq(t->top[9].text, "t9");
	ck_assert_uint_eq(t->top[10].count, 2);
	ck_assert_str_eq(t->top[10].text, "t10");
}
END_TEST

START_TEST(only_the_rows_given_count)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, json = STRBUF_INIT;
	strbuf_add(&text, "a,b,c\n1,x,\n2,y,\n3,x,\n");
	AUTO(table_release) struct table table = { 0 };
	AUTO(profile_release) struct profile profile = { 0 };
	struct error err = ERROR_INIT;
	const size_t rows[] = { 2, 0 };
	read_text(&text, &table);
	ck_assert_int_eq(table_profile(&table, rows, 2, 1, &profile, &err), 0);
	profile_to_json(&profile, &json, 0);
	ck_assert_str_eq(json.text,
		"{\"rows\":2,\"columns\":[{\"name\":\"a\",\"type\":\"int64\",\"count\":2,\"missing\":0,"
		"\"min\":1,\"max\":3,\"mean\":2,\"deviation\":1.4142135623730951,\"quantiles\":{"
		"\"0.01\":1.02,\"0.05\":1.1,\"0.1\":1.2,\"0.25\":1.5,\"0.4\":1.8,\"0.5\":2,\"0.6\":2.2,"
		"\"0.75\":2.5,\"0.9\":2.8,\"0.95\":2.9,\"0.99\":2.98},\"histogram\":[1,0,0,0,0,0,0,0,0,"
		"0,0,0,0,0,0,0,0,0,0,1]},{\"name\":\"b\",\"type\":\"category\",\"count\":2,\"missing\":"
		"0,\"distinct\":1,\"top\":[{\"text\":\"x\",\"count\":2}]},{\"name\":\"c\",\"type\":"
		"\"float64\",\"count\":0,\"missing\":2,\"min\":null,\"max\":null,\"mean\":null,"
		"\"deviation\":null,\"quantiles\":{\"0.01\":null,\"0.05\":null,\"0.1\":null,\"0.25\":"
		"null,\"0.4\":null,\"0.5\":null,\"0.6\":null,\"0.75\":null,\"0.9\":null,\"0.95\":null,"
		"\"0.99\":null},\"histogram\":[]}]}");
}
END_TEST

START_TEST(a_schema_comes_back_from_json)
{
	AUTO(strbuf_release)
	struct strbuf text = STRBUF_INIT, json = STRBUF_INIT, again = STRBUF_INIT;
	strbuf_add(&text, "a,b\n1,x\n,\"y\"\"\"\n");
	AUTO(table_release) struct table table = { 0 };
	AUTO(table_schema_release) struct table_schema schema = { 0 }, other = { 0 };
	AUTO(document_release) struct document document = { 0 };
	struct error err = ERROR_INIT;
	read_text(&text, &table);
	const char *const names[] = { "b", "a" };
	ck_assert_int_eq(table_schema_make(&table, names, 2, &schema, &err), 0);
	table_schema_to_json(&schema, &json, 0);
	ck_assert_str_eq(json.text,
		"{\"columns\":[{\"name\":\"b\",\"type\":\"category\",\"required\":true,"
		"\"categories\":[\"x\",\"y\\\"\"]},{\"name\":\"a\",\"type\":\"int64\",\"required\":"
		"false}]}");
	ck_assert_int_eq(
		json_read((struct text){ json.text, json.length }, "m", &document, &err), 0);
	ck_assert_int_eq(table_schema_from_value(document.root, &other, &err), 0);
	table_schema_to_json(&other, &again, 0);
	ck_assert_str_eq(again.text, json.text);
	ck_assert_ptr_eq(table_schema_column(&other, "a"), &other.columns[1]);
}
END_TEST

START_TEST(a_broken_schema_is_refused)
{
	static const char *const texts[] = {
		"{}", "{\"columns\":[{}]}", "{\"columns\":[{\"name\":\"a\",\"type\":\"float32\"}]}",
		"{\"columns\":[{\"name\":\"a\",\"type\":\"category\"}]}",
		"{\"columns\":[{\"name\":\"a\",\"type\":\"category\",\"categories\":[1]}]}",
		"{\"columns\":[{\"name\":\"a\",\"type\":\"int64\",\"required\":1}]}",
		"{\"columns\":[{\"name\":\"a\",\"type\":\"text\"},{\"name\":\"a\",\"type\":\"text\"}]}"
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		AUTO(document_release) struct document document = { 0 };
		struct table_schema schema;
		struct error err = ERROR_INIT;
		ck_assert_int_eq(json_read(text_of(texts[i]), "m", &document, &err), 0);
		ck_assert_int_eq(
			table_schema_from_value(document.root, &schema, &err), -ERROR_INVALID);
	}
}
END_TEST

UNIT_MAIN("data/profile", numbers_are_those_of_numpy, texts_are_counted, only_the_rows_given_count,
	a_schema_comes_back_from_json, a_broken_schema_is_refused)
