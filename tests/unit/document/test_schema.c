#include "unit.h"

#include <string.h>

#include "mlops/base/embedded.h"
#include "mlops/document/json_reader.h"
#include "mlops/document/schema.h"
#include "mlops/document/yaml.h"

static struct problems problems;

static struct json_schema *load(const char *text, struct document *document)
{
	struct error err = ERROR_INIT;
	struct json_schema *schema = NULL;
	ck_assert_msg(json_read(text_of(text), "s.json", document, &err) == 0, "%s", err.message);
	ck_assert_msg(json_schema_load(document, &schema, &err) == 0, "%s", err.message);
	return schema;
}

/* "line:column message (hint)" of each problem, one a line. */
static void list_problems(struct strbuf *out)
{
	for (size_t i = 0; i < problems.count; i++) {
		const struct problem *problem = &problems.items[i];
		strbuf_printf(out, "%u:%u %s%s", problem->at.line, problem->at.column,
			problem->warning ? "warning: " : "", problem->message);
		if (problem->hint[0])
			strbuf_printf(out, " (%s)", problem->hint);
		strbuf_add_char(out, '\n');
	}
}

static void check(const struct json_schema *schema, const char *yaml, const char *expected)
{
	AUTO(document_release) struct document document = { .root = NULL };
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;
	problems = PROBLEMS_INIT;
	ck_assert_msg(
		yaml_read(text_of(yaml), "mlops.yaml", &document, &err) == 0, "%s", err.message);
	ck_assert_int_eq(json_schema_check(schema, &document, &problems, &err), 0);
	list_problems(&out);
	ck_assert_msg(strcmp(out.text, expected) == 0, "%s\ngives:\n%sinstead of:\n%s", yaml,
		out.text, expected);
}

static void check_project(const char *yaml, const char *expected)
{
	AUTO(json_schema_free) struct json_schema *schema = NULL;
	struct error err = ERROR_INIT;
	ck_assert_msg(json_schema_builtin("project", &schema, &err) == 0, "%s", err.message);
	check(schema, yaml, expected);
}

static void check_with(const char *text, const char *yaml, const char *expected)
{
	AUTO(document_release) struct document document = { .root = NULL };
	AUTO(json_schema_free) struct json_schema *schema = load(text, &document);
	check(schema, yaml, expected);
}

START_TEST(schema_names_what_was_meant)
{
	check_project("data: {path: a.csv, target: y}\nmodel:\n  type: logstic\n",
		"3:9 model.type: 'logstic' is not one of baseline, linear, logistic "
		"(did you mean 'logistic'?)\n");
	check_project("data: {path: a.csv, target: y}\nmodel: {type: logistic, c: 1}\n",
		"2:25 model.c: is not a known key (did you mean 'C'?)\n");
	check_project("data: {path: a.csv, traget: y}\nmodel: {type: linear, alpha: -1}\n",
		"1:1 data: 'target' is missing\n"
		"1:21 data.traget: is not a known key (did you mean 'target'?)\n"
		"2:30 model.alpha: -1 is below 0\n");
	check_project("model: {C: 1}\n", "1:1 'data' is missing\n1:1 model: 'type' is missing\n");
	check_project("data: {target: y}\nmodel: {type: linear, penalty: l2}\n",
		"1:1 data: 'path' or 'split' is missing\n"
		"2:23 model.penalty: is not a known key (there are type, alpha, fit_intercept)\n");
	check_project("data: {path: a, target: y, split: {group: a, time: b}}\n"
		      "model: {type: linear}\n",
		"1:28 data.split: 'group' and 'time' exclude each other\n");
	check_project("- a\n", "1:1 a sequence is not a mapping\n");
	check_project("", "1:1 null is not a mapping (write a value, or leave the key out)\n");
}
END_TEST

START_TEST(schema_advises_on_types)
{
	check_project("data: {path: a.csv, target: 1, missing: NA}\n"
		      "model: {type: linear, fit_intercept: yes}\n"
		      "features: {numeric: {indicator: Off, scale: }, drop: id}\n"
		      "train: {seed: 1.5, recency: {column: t, half_life: 90}}\n",
		"1:29 data.target: 1 is not a text (quote it: \"1\")\n"
		"1:41 data.missing: 'NA' is not a sequence (write it in brackets: [NA])\n"
		"2:38 model.fit_intercept: 'yes' is not true or false (write true)\n"
		"3:33 features.numeric.indicator: 'Off' is not true or false (write false)\n"
		"3:45 features.numeric.scale: null is not one of standard, minmax, robust, none\n"
		"3:54 features.drop: 'id' is not a sequence (write it in brackets: [id])\n"
		"4:15 train.seed: 1.5 is not a whole number\n"
		"4:52 train.recency.half_life: 90 is not a text (quote it: \"90\")\n");
	check_project("data: {path: a.csv, target: y}\nmodel: {type: logistic, class_weight: "
		      "balancd}\ntrain: {recency: {column: t, half_life: 90 days}}\n",
		"2:39 model.class_weight: 'balancd' is not one of balanced, none "
		"(did you mean 'balanced'?)\n"
		"3:41 train.recency.half_life: '90 days' does not match "
		"^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d|w)([0-9]+(\\.[0-9]+)?(ms|s|m|h|d|w))*$ "
		"(for example '90d', '12h', '1w3d')\n");
	check_project("data: {path: a.csv, target: y}\nmodel: {type: logistic, class_weight: 3}\n",
		"2:39 model.class_weight: 3 is not a text or a mapping (quote it: \"3\")\n");
}
END_TEST

START_TEST(schema_speaks_of_each_keyword)
{
	check_with(
		"{\"items\":{\"minLength\":2,\"maxLength\":3},\"minItems\":4,\"uniqueItems\":true}",
		"['\u00fc', abcd, abcd]",
		"1:1 has 3 items, fewer than 4\n"
		"1:2 0: has 1 characters, fewer than 2\n"
		"1:8 1: has 4 characters, more than 3\n"
		"1:14 'abcd' stands twice, at 1 and 2\n"
		"1:14 2: has 4 characters, more than 3\n");
	check_with(
		"{\"items\":{\"exclusiveMinimum\":1,\"exclusiveMaximum\":10,\"multipleOf\":0.5}}",
		"[1, 10, 1.25, 2.5]",
		"1:2 0: 1 is not above 1\n1:5 1: 10 is not below 10\n"
		"1:9 2: 1.25 is not a multiple of 0.5\n");
	check_with("{\"dependencies\":{\"a\":[\"b\"]},\"propertyNames\":{\"maxLength\":2},"
		   "\"maxProperties\":1,\"patternProperties\":{\"^x\":{\"type\":\"null\"}}}",
		"a: 1\nxyz: 2\n",
		"1:1 has 2 members, more than 1\n1:1 'b' is missing, which 'a' needs\n"
		"2:1 xyz: has 3 characters, more than 2\n2:6 xyz: 2 is not null\n");
	check_with("{\"contains\":{\"const\":1},\"additionalItems\":false,\"items\":[{},{}]}",
		"[2, 3, 4]",
		"1:1 has no item of the kind that must be there\n1:8 2: is not allowed here\n");
	check_with("{\"if\":{\"required\":[\"a\"]},\"then\":{\"required\":[\"b\"]},"
		   "\"else\":{\"required\":[\"c\"]}}",
		"{a: 1}", "1:1 'b' is missing\n");
	check_with("{\"oneOf\":[{\"minimum\":1},{\"minimum\":2}]}", "3",
		"1:1 fits more than one of the forms that exclude each other\n");
	check_with("{\"not\":{\"type\":\"string\"}}", "x",
		"1:1 is of a kind that is not allowed here\n");
	check_with("{\"properties\":{\"old\":{\"deprecated\":true,\"description\":\"use new\"}}}",
		"old: 1\n", "1:1 warning: old: is deprecated (use new)\n");
	check_with(
		"{\"anyOf\":[{\"required\":[\"a\",\"b\"],\"properties\":{\"a\":{\"type\":\"string\"}}},"
		"{\"required\":[\"c\",\"d\",\"e\"]}]}",
		"{b: 1}", "1:1 'a' is missing\n");
}
END_TEST

static void assert_refused(const char *text, unsigned column, const char *words, const char *hint)
{
	AUTO(document_release) struct document document = { .root = NULL };
	struct json_schema *schema = NULL;
	struct error err = ERROR_INIT;
	ck_assert_msg(json_read(text_of(text), "s.json", &document, &err) == 0, "%s", err.message);
	ck_assert_msg(json_schema_load(&document, &schema, &err) == -ERROR_INVALID, "%s", text);
	ck_assert_msg(strstr(err.message, words) != NULL, "%s: %s", text, err.message);
	ck_assert_msg(err.at.column == column, "%s: column %u", text, err.at.column);
	ck_assert_str_eq(err.hint, hint);
}

START_TEST(schema_refuses_what_it_would_not_check)
{
	assert_refused(
		"{\"requird\":[]}", 2, "'requird' is no keyword", "did you mean 'required'?");
	assert_refused("{\"type\":\"strng\"}", 9, "seven types", "");
	assert_refused("{\"properties\":{\"a\":{\"minimum\":\"1\"}}}", 31, "minimum", "");
	assert_refused("{\"minLength\":-1}", 14, "count", "");
	assert_refused("{\"multipleOf\":0}", 15, "over 0", "");
	assert_refused("{\"enum\":[]}", 9, "enum", "");
	assert_refused("{\"anyOf\":[]}", 10, "anyOf", "");
	assert_refused("{\"$ref\":\"#/definitions/x\"}", 1, "nothing at this place", "");
	assert_refused("{\"$ref\":\"other.json\"}", 9, "in this schema", "");
	assert_refused("{\"$ref\":\"#\"}", 1, "leads back", "");
	assert_refused("{\"definitions\":{\"a\":{\"$id\":\"x\"}}}", 28, "root only", "");
	static const char *const patterns[] = { "(?=a)", "(?<x>a)", "\\\\1", "\\\\b", "a{2", "*a",
		"(a", "a)", "[a", "[z-a]", "[\u00fc]", "a**", "[^\\\\D]", "()", "\\\\p{L}",
		"(a{200}){200}", "a{3,2}" };
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		strbuf_printf(&text, "{\"pattern\":\"%s\"}", patterns[i]);
		assert_refused(text.text, 12, "pattern '", "");
	}
}
END_TEST

/* Asked of an ECMAScript engine (node 20: new RegExp(pattern, "u").test(text)). */
START_TEST(schema_patterns_match_as_ecmascript)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{ "^a.c$", "a\u00fcc", true },
		{ "^a.c$", "a\u6771c", true },
		{ "^a.c$", "a\U0001F600c", true },
		{ "^a.c$", "a\nc", false },
		{ "^.$", "ab", false },
		{ "^[^b]$", "\u6771", true },
		{ "^[^b]$", "b", false },
		{ "^\\\\d+$", "0123", true },
		{ "^\\\\d+$", "12a", false },
		{ "^\\\\D\\\\W\\\\S$", "a \u00fc", true },
		{ "^\\\\w+\\\\s\\\\w+$", "ab_1 \\tx", false },
		{ "^[\\\\w.-]+$", "a.b-c_1", true },
		{ "^[\\\\w.-]+$", "a b", false },
		{ "^[\\\\]\\\\[^-]+$", "][^-", true },
		{ "^[\\\\]\\\\[^-]+$", "a", false },
		{ "^[\\\\^]$", "^", true },
		{ "a|b", "xbx", true },
		{ "^(?:ab)+?$", "abab", true },
		{ "^\\\\u00fc{2}$", "\u00fc\u00fc", true },
		{ "^\\\\x41\\\\/$", "A/", true },
		{ "^\\u00fc+$", "\u00fc\u00fc", true },
		{ "^\\\\.\\\\*\\\\$$", ".*$", true },
		{ "^a{2,}$", "aaaa", true },
		{ "^a{2,3}$", "aaaa", false },
		{ "^[[:alpha:]+$", "[:a", true },
		{ "^[[:alpha:]+$", "b", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		AUTO(document_release) struct document document = { .root = NULL };
		struct error err = ERROR_INIT;
		strbuf_printf(&text, "{\"pattern\":\"%s\"}", cases[i].pattern);
		AUTO(json_schema_free) struct json_schema *schema = load(text.text, &document);
		struct value value = { .kind = VALUE_STRING, .string = text_of(cases[i].text) };
		struct document checked = { .file = (char[]){ "x" }, .root = &value };
		problems = PROBLEMS_INIT;
		ck_assert_int_eq(json_schema_check(schema, &checked, &problems, &err), 0);
		ck_assert_msg((problems.errors == 0) == cases[i].matches, "%s on %s",
			cases[i].pattern, cases[i].text);
	}
}
END_TEST

START_TEST(schema_is_bounded)
{
	AUTO(document_release)
	struct document document = { .root = NULL }, checked = { .root = NULL };
	struct error err = ERROR_INIT;
	AUTO(json_schema_free)
	struct json_schema *schema =
		load("{\"anyOf\":[{\"items\":{\"$ref\":\"#\"},\"maxItems\":1,\"minItems\":9},"
		     "{\"items\":{\"$ref\":\"#\"},\"minItems\":9},{\"allOf\":[{\"$ref\":\"#\"}]}]}",
			&document);
	ck_assert_int_eq(yaml_read(TEXT("[[[[[[[[1]]]]]]]]"), "x", &checked, &err), 0);
	problems = PROBLEMS_INIT;
	ck_assert_int_eq(json_schema_check(schema, &checked, &problems, &err), -ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "circles"));
}
END_TEST

static void defaults(const char *text, const char *yaml, const char *expected)
{
	AUTO(document_release)
	struct document document = { .root = NULL }, checked = { .root = NULL };
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;
	AUTO(json_schema_free) struct json_schema *schema = load(text, &document);
	ck_assert_int_eq(yaml_read(text_of(yaml), "x", &checked, &err), 0);
	ck_assert_int_eq(json_schema_add_defaults(schema, &checked, &err), 0);
	yaml_write(&out, checked.root);
	ck_assert_str_eq(out.text, expected);
}

START_TEST(schema_adds_defaults)
{
	static const char text[] =
		"{\"type\":\"object\",\"properties\":{"
		"\"seed\":{\"$ref\":\"#/definitions/seed\",\"default\":7},"
		"\"list\":{\"default\":[1,{\"a\":2}]},"
		"\"none\":{\"type\":\"integer\"},"
		"\"section\":{\"type\":\"object\",\"properties\":{\"x\":{\"default\":1}}},"
		"\"asked\":{\"type\":\"object\",\"required\":[\"k\"],\"properties\":"
		"{\"x\":{\"default\":1},\"k\":{}}},"
		"\"model\":{\"oneOf\":[{\"properties\":{\"type\":{\"const\":\"a\"},\"p\":{\"default\":1}}},"
		"{\"properties\":{\"type\":{\"const\":\"b\"},\"q\":{\"default\":2}}}]}},"
		"\"definitions\":{\"seed\":{\"type\":\"integer\",\"default\":0}}}";
	defaults(text, "{model: {type: b}}",
		"model:\n  type: b\n  q: 2\nseed: 7\nlist:\n  - 1\n  - a: 2\nsection:\n  x: 1\n");
	defaults(text, "{seed: 1, list: [], section: {x: 3}, asked: {k: 1}}",
		"seed: 1\nlist: []\nsection:\n  x: 3\nasked:\n  k: 1\n  x: 1\n");
}
END_TEST

static int count_property(void *context, const char *path, const struct value *property)
{
	size_t *count = context;
	++*count;
	if (!value_member(property, "$ref") || value_member(property, "description"))
		ck_assert_msg(value_member(property, "description") || strstr(path, ".*."),
			"%s has no description", path);
	return 0;
}

/* What stands beside a $ref does not check: only what documents may stand there. */
static int check_references(void *context, const char *path, const struct value *leaf)
{
	const struct value *root = context;
	AUTO(strbuf_release) struct strbuf parent = STRBUF_INIT;
	const char *end = strstr(path, "\"$ref\"") ? NULL : strstr(path, "$ref");
	(void)leaf;
	if (!end || end == path || end[4])
		return 0;
	strbuf_add_bytes(&parent, path, (size_t)(end - path - 1));
	const struct value *schema = value_at_path(root, parent.text);
	for (size_t i = 0; i < schema->mapping.count; i++) {
		const char *key = schema->mapping.entries[i].key;
		ck_assert_msg(strcmp(key, "$ref") == 0 || strcmp(key, "description") == 0 ||
				      strcmp(key, "default") == 0 || strcmp(key, "examples") == 0,
			"%s: '%s' does nothing beside a $ref", parent.text, key);
	}
	return 0;
}

/* Each schema that we ship loads, so that it has no keyword that is not checked. */
START_TEST(schema_all_built_in_ones_load)
{
	size_t count, loaded = 0;
	const struct embedded_file *files = embedded_files("", &count);
	for (size_t i = 0; i < count; i++) {
		struct text name = text_of(files[i].name);
		if (!text_ends_with(name, ".schema.json"))
			continue;
		AUTO(document_release) struct document document = { .root = NULL };
		AUTO(json_schema_free) struct json_schema *schema = NULL;
		struct error err = ERROR_INIT;
		AUTO_FREE char *stem = memory_copy_string(files[i].name, &err);
		stem[name.length - strlen(".schema.json")] = '\0';
		ck_assert_msg(json_schema_builtin(stem, &schema, &err) == 0, "%s:%u: %s",
			files[i].name, err.at.line, err.message);
		ck_assert_int_eq(json_read(files[i].text, files[i].name, &document, &err), 0);
		ck_assert_int_eq(
			value_each_leaf(document.root, check_references, document.root, &err), 0);
		loaded++;
	}
	ck_assert_uint_ge(loaded, 1);
	struct json_schema *none;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(json_schema_builtin("nothing", &none, &err), -ERROR_NOT_FOUND);
}
END_TEST

/* Having no memory is not having no schema. */
START_TEST(schema_without_memory_says_so)
{
	struct json_schema *schema = NULL;
	struct error err = ERROR_INIT;
	memory_set_cap(8);
	int status = json_schema_builtin("project", &schema, &err);
	memory_set_cap(0);
	ck_assert_int_eq(status, -ERROR_MEMORY);
	char long_name[200];
	memset(long_name, 'x', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	ck_assert_int_eq(json_schema_builtin(long_name, &schema, &err), -ERROR_NOT_FOUND);
}
END_TEST

START_TEST(schema_project_describes_every_key)
{
	AUTO(json_schema_free) struct json_schema *schema = NULL;
	struct error err = ERROR_INIT;
	size_t count = 0;
	ck_assert_int_eq(json_schema_builtin("project", &schema, &err), 0);
	ck_assert_int_eq(json_schema_each_property(schema, count_property, &count, &err), 0);
	ck_assert_uint_ge(count, 60);
}
END_TEST

UNIT_MAIN("document/schema", schema_names_what_was_meant, schema_advises_on_types,
	schema_speaks_of_each_keyword, schema_refuses_what_it_would_not_check,
	schema_patterns_match_as_ecmascript, schema_is_bounded, schema_adds_defaults,
	schema_all_built_in_ones_load, schema_without_memory_says_so,
	schema_project_describes_every_key)
