#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mlops/data/source.h"
#include "mlops/document/json_reader.h"
#include "tables.h"

static char folder[64];

static void write_file(const char *name, const char *text)
{
	char path[128];
	if (!*folder) {
		strcpy(folder, "/tmp/mlops-source-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(folder));
	}
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void remove_files(void)
{
	static const char *const names[] = { "a.csv", "b.csv", "c.csv" };
	char path[128];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
	*folder = '\0';
}

/* Loads; on failure the message, with its place if the document has it. */
static int load(const char *section, struct source *source, struct error *err)
{
	AUTO(document_release) struct document document = { 0 };
	AUTO(source_settings_release) struct source_settings settings = { 0 };
	ck_assert_int_eq(json_read(text_of(section), "mlops.yaml", &document, err), 0);
	if (source_settings_read(document.root, "mlops.yaml", &settings, err) < 0)
		return -(int)err->code;
	return source_load(&settings, folder, 2, NULL, NULL, source, err);
}

static void check_classes(
	const char *data, const char *section, enum source_task task, const char *wanted)
{
	AUTO(source_release) struct source source = { 0 };
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	struct error err = ERROR_INIT;
	write_file("a.csv", data);
	ck_assert_msg(load(section, &source, &err) == 0, "%s", err.message);
	ck_assert_str_eq(source_task_name(source.task), source_task_name(task));
	for (size_t i = 0; i < source.n_classes; i++)
		strbuf_printf(&shown, "%s ", source.classes[i]);
	for (size_t r = 0; r < source.table.n_rows; r++)
		strbuf_printf(&shown, "%lld", (long long)source_class(&source, r));
	ck_assert_str_eq(shown.text, wanted);
	remove_files();
}

START_TEST(classes_have_an_order)
{
#define S "{\"path\": \"a.csv\", \"split\": {\"test\": 0, \"stratify\": false}, \"target\": \"y\""
	check_classes("y\nM\nB\nM\nB\nB\n", S "}", SOURCE_BINARY, "B M 10100");
	check_classes("y\nM\nB\nM\nB\nM\n", S "}", SOURCE_BINARY, "M B 01010");
	check_classes("y\nM\nB\nM\nB\nB\n", S ", \"positive\": \"B\"}", SOURCE_BINARY, "M B 01011");
	check_classes("y\nM\nB\n", S "}", SOURCE_BINARY, "B M 10");
	check_classes("y\nc\na\nb\na\n", S "}", SOURCE_MULTICLASS, "a b c 2010");
	check_classes("y\n10\n9\n-1\n", S "}", SOURCE_MULTICLASS, "-1 9 10 210");
	check_classes("y\n0\n1\n1\n", S ", \"positive\": 1}", SOURCE_BINARY, "0 1 011");
	check_classes(
		"y\n1.5\n0\n0\n1.5\n0\n", S ", \"positive\": 0.0}", SOURCE_BINARY, "1.5 0 01101");
	check_classes("y\ntrue\nfalse\nfalse\n", S ", \"positive\": true}", SOURCE_BINARY,
		"false true 100");
	check_classes("y\n1.5\n2\n3\n", S "}", SOURCE_REGRESSION, "-1-1-1");
}
END_TEST

START_TEST(what_cannot_be_learnt_is_named)
{
	static const struct {
		const char *data, *section, *message;
		unsigned line;
	} cases[] = {
		{ "x,yy\n1,2\n", "{\"path\": \"a.csv\",\n\"target\": \"y\"}",
			"data.target: the data have no column 'y'", 2 },
		{ "x,y\n1,a\n2,\n3,NA\n", "{\"path\": \"a.csv\",\n\"target\": \"y\"}",
			"data.target: 'y' is missing in 2 of 3 rows, first in row 2", 2 },
		{ "x,y\n1,a\n2,a\n", "{\"path\": \"a.csv\",\n\"target\": \"y\"}",
			"data.target: 'y' is 'a' in every row: there is nothing to learn", 2 },
		{ "x,y\n1,a\n2,b\n",
			"{\"path\": \"a.csv\",\n\"target\": \"y\",\n\"positive\": \"c\"}",
			"data.positive: 'c' is not a value of 'y', which has 'a' and 'b'", 3 },
		{ "x,y\n1,a\n2,b\n3,c\n",
			"{\"path\": \"a.csv\",\n\"target\": \"y\",\n\"positive\": \"c\"}",
			"data.positive: the target 'y' has 3 classes, not two", 3 },
		{ "x,y\n1,1.5\n2,2\n3,3\n",
			"{\"path\": \"a.csv\",\n\"target\": \"y\",\n\"positive\": 3}",
			"data.positive: the target 'y' is a number, it has no classes", 3 },
		{ "x,y\n1,2026-01-01\n", "{\"path\": \"a.csv\",\n\"target\": \"y\"}",
			"data.target: 'y' is of type timestamp; a target is numbers or classes",
			2 },
		{ "x,y\n1,1.5\n2,inf\n", "{\"path\": \"a.csv\",\n\"target\": \"y\"}",
			"data.target: 'y' is infinite in row 2", 2 },
		{ "x,y\n1,a\n2,b\n",
			"{\"path\": \"a.csv\",\n\"target\": \"y\",\n\"split\": {\"group\": \"z\"}}",
			"data.split: there is no column 'z' to split by", 3 },
		{ "x,y\n1,a\n2,b\n",
			"{\"path\": \"a.csv\",\n\"target\": \"y\",\n\"split\": {\"group\": \"x\", "
			"\"time\": \"x\"}}",
			"data.split: of 'stratify', 'group', 'time' and 'files' only one can be",
			3 },
		{ "x,y\n1,1.5\n2,2\n3,3\n",
			"{\"path\": \"a.csv\",\n\"target\": \"y\",\n\"split\": {\"stratify\": true}}",
			"data.split.stratify: the target has no classes to keep in proportion", 3 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct source source;
		struct error err = ERROR_INIT;
		write_file("a.csv", cases[i].data);
		ck_assert_int_lt(load(cases[i].section, &source, &err), 0);
		ck_assert_str_eq(err.message, cases[i].message);
		ck_assert_str_eq(err.at.file, "mlops.yaml");
		ck_assert_uint_eq(err.at.line, cases[i].line);
		remove_files();
	}
}
END_TEST

START_TEST(bad_data_keep_their_own_place)
{
	struct source source;
	struct error err = ERROR_INIT;
	write_file("a.csv", "x,y\n1,a\n2\n");
	ck_assert_int_eq(
		load("{\"path\": \"a.csv\", \"target\": \"y\"}", &source, &err), -ERROR_INVALID);
	ck_assert_str_eq(err.at.file, "a.csv");
	ck_assert_uint_eq(err.at.line, 3);
	remove_files();
}
END_TEST

START_TEST(classes_are_stratified_unless_told_otherwise)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	strbuf_add(&text, "x,y,g\n");
	for (int i = 0; i < 100; i++)
		strbuf_printf(&text, "%d,%s,%d\n", i, i % 4 ? "no" : "yes", i % 10);
	write_file("a.csv", text.text);
	static const struct {
		const char *section;
		enum split_method method;
	} cases[] = { { "{\"path\": \"a.csv\", \"target\": \"y\"}", SPLIT_STRATIFIED },
		{ "{\"path\": \"a.csv\", \"target\": \"x\"}", SPLIT_RANDOM },
		{ "{\"path\": \"a.csv\", \"target\": \"y\", \"split\": {\"stratify\": false}}",
			SPLIT_RANDOM },
		{ "{\"path\": \"a.csv\", \"target\": \"x\", \"split\": {\"stratify\": \"g\"}}",
			SPLIT_STRATIFIED },
		{ "{\"path\": \"a.csv\", \"target\": \"y\", \"split\": {\"group\": \"g\"}}",
			SPLIT_GROUPED },
		{ "{\"path\": \"a.csv\", \"target\": \"y\", \"split\": {\"time\": \"x\"}}",
			SPLIT_TIME } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTO(source_release) struct source source = { 0 };
		struct error err = ERROR_INIT;
		ck_assert_msg(load(cases[i].section, &source, &err) == 0, "%s", err.message);
		ck_assert_int_eq(source.split.method, cases[i].method);
		ck_assert_uint_gt(source.split.counts[SPLIT_TEST], 0);
		if (cases[i].method == SPLIT_TIME)
			ck_assert_uint_eq(source.split.counts[SPLIT_TEST], 20);
	}
	remove_files();
}
END_TEST

START_TEST(files_are_parts_of_one_table)
{
	AUTO(source_release) struct source source = { 0 };
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	struct error err = ERROR_INIT;
	write_file("a.csv", "n,c,m,y\n1,b,,0\n2,a,,1\n");
	write_file("b.csv", "y,n,c,m\n1,0.5,c,7\n");
	write_file("c.csv", "m,n,c,y\n,3,a,1\nx,,b,0\n");
	ck_assert_msg(
		load("{\"target\": \"y\", \"split\": {\"files\": {\"train\": \"a.csv\", \"test\": "
		     "\"b.csv\", \"validation\": \"c.csv\"}}}",
			&source, &err) == 0,
		"%s", err.message);
	table_show(&source.table, &shown);
	ck_assert_str_eq(shown.text,
		"n:float64|c:category|m:category|y:int64\n"
		"1|b#0|~#0|0\n2|a#1|~#0|1\n3|a#1|~#0|1\n~|b#0|x#0|0\n0.5|c#2|7#1|1\n");
	ck_assert_int_eq(source.split.method, SPLIT_FILES);
	ck_assert_uint_eq(source.split.counts[SPLIT_TRAIN], 2);
	ck_assert_uint_eq(source.split.counts[SPLIT_VALIDATION], 2);
	ck_assert_uint_eq(source.split.counts[SPLIT_TEST], 1);
	ck_assert_uint_eq(source.split.parts[4], SPLIT_TEST);
	ck_assert_uint_eq(source.counts.rows, 5);
	write_file("b.csv", "y,n,c\n1,0.5,c\n");
	struct source other;
	ck_assert_int_eq(load("{\"target\": \"y\", \"split\": {\"files\": {\"train\": \"a.csv\", "
			      "\"test\": \"b.csv\"}}}",
				 &other, &err),
		-ERROR_INVALID);
	ck_assert_str_eq(err.message, "b.csv has no column 'm', but a.csv has");
	remove_files();
}
END_TEST

/* Want of memory is not the fault of a line in the document. */
START_TEST(no_memory_has_no_place)
{
	enum { ROWS = 100000 };
	AUTO(strbuf_release) struct strbuf data = STRBUF_INIT;
	AUTO(source_release) struct source source = { 0 };
	AUTO(source_settings_release) struct source_settings settings = { 0 };
	AUTO(document_release) struct document document = { 0 };
	struct error err = ERROR_INIT;
	strbuf_add(&data, "a,y\n");
	for (int i = 0; i < ROWS; i++)
		strbuf_printf(&data, "%d,%d\n", i % 7, i % 2);
	ck_assert_int_eq(strbuf_check(&data, &err), 0);
	write_file("a.csv", data.text);
	static const char section[] =
		"{\"path\": \"a.csv\", \"target\": \"y\", \"split\": {\"test\": 0.2}}";
	ck_assert_int_eq(json_read(text_of(section), "mlops.yaml", &document, &err), 0);
	ck_assert_int_eq(source_settings_read(document.root, "mlops.yaml", &settings, &err), 0);
	size_t failed = 0, split = 0;
	/* Many caps, so that it is met in reading, target and split. */
	for (size_t cap = 4096; cap < (size_t)16 << 20; cap += cap / 8 + 1) {
		err = ERROR_INIT;
		memory_set_cap(cap);
		int status = source_load(&settings, folder, 1, NULL, NULL, &source, &err);
		memory_set_cap(0);
		if (status == 0) {
			source_release(&source);
			memset(&source, 0, sizeof source);
			continue;
		}
		ck_assert_msg(status == -ERROR_MEMORY, "%zu: %s", cap, err.message);
		ck_assert_uint_eq(err.at.line, 0);
		split += strncmp(err.message, "data.split: ", 12) == 0;
		failed++;
	}
	ck_assert_uint_ge(failed, 10);
	ck_assert_uint_ge(split, 1);
	remove_files();
}
END_TEST

UNIT_MAIN("data/source", classes_have_an_order, what_cannot_be_learnt_is_named,
	bad_data_keep_their_own_place, classes_are_stratified_unless_told_otherwise,
	files_are_parts_of_one_table, no_memory_has_no_place)
