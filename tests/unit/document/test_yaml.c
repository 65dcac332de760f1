#include "unit.h"

#include <math.h>
#include <string.h>

#include "mlops/document/json_writer.h"
#include "mlops/document/yaml.h"

/* The tree of the text as JSON: kinds are seen there, floats end in .0 or have an exponent. */
static void assert_reads(const char *yaml, const char *expected)
{
	AUTO(document_release) struct document document = { .root = NULL };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	ck_assert_msg(yaml_read(text_of(yaml), "a.yaml", &document, &err) == 0, "%s: %s", yaml,
		err.message);
	struct json_writer json;
	json_begin(&json, &text, 0);
	json_value(&json, document.root);
	ck_assert_msg(
		strcmp(text.text, expected) == 0, "%s: %s, not %s", yaml, text.text, expected);
}

static void assert_refuses(struct text yaml, unsigned line, unsigned column, const char *words)
{
	struct document document;
	struct error err = ERROR_INIT;
	ck_assert_msg(
		yaml_read(yaml, "a.yaml", &document, &err) == -ERROR_INVALID, "%.60s", yaml.at);
	ck_assert_msg(strstr(err.message, words) != NULL, "%.60s: %s", yaml.at, err.message);
	ck_assert_str_eq(err.at.file, "a.yaml");
	ck_assert_msg(err.at.line == line && err.at.column == column, "%.60s: at %u:%u: %s",
		yaml.at, err.at.line, err.at.column, err.message);
}

/* Kinds by the tables of YAML 1.2.2, section 10.3.2. */
START_TEST(yaml_resolves_scalars_by_the_core_schema)
{
	assert_reads("[null, Null, NULL, ~, \"\"]", "[null,null,null,null,\"\"]");
	assert_reads("[true, True, TRUE, false, False, FALSE, tRUE]",
		"[true,true,true,false,false,false,\"tRUE\"]");
	assert_reads("[yes, no, on, off, y, n, Yes, NO]",
		"[\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\",\"Yes\",\"NO\"]");
	assert_reads("[0, 0o7, 0o17, 0x3A, -19, +12, 007, 0b1, 0x, 0o8, -0x1]",
		"[0,7,15,58,-19,12,7,\"0b1\",\"0x\",\"0o8\",\"-0x1\"]");
	assert_reads("[0.5, .5, 5., -1.5e-3, 1e3, +12e03, 1e, .e1, ., 1_000, 12:30, 1.2.3]",
		"[0.5,0.5,5,-0.0015,1000,12000,\"1e\",\".e1\",\".\",\"1_000\",\"12:30\",\"1.2.3\"]");
	assert_reads("[.inf, -.Inf, +.INF, .nan, .NaN, nan, inf, -.nan]",
		"[\"Infinity\",\"-Infinity\",\"Infinity\",\"NaN\",\"NaN\",\"nan\",\"inf\",\"-.nan\"]");
	assert_reads("[9223372036854775807, -9223372036854775808, 9223372036854775808]",
		"[9223372036854775807,-9223372036854775808,9.223372036854776e+18]");
	assert_reads("['1', \"true\", !!str 1, ! 2]", "[\"1\",\"true\",\"1\",\"2\"]");
	assert_reads("[!!int 7, !!float 7, !!bool true, !!null ~]", "[7,7,true,null]");
	assert_reads("a: |\n  1\nb: >\n  true\n", "{\"a\":\"1\\n\",\"b\":\"true\\n\"}");
	assert_reads("2026-11-24", "\"2026-11-24\"");
}
END_TEST

START_TEST(yaml_reads_documents)
{
	assert_reads("", "null");
	assert_reads("# only a comment\n", "null");
	assert_reads("---\na: 1\n...\n", "{\"a\":1}");
	assert_reads("\xEF\xBB\xBF"
		     "a: 1\r\nb: 2\r\n",
		"{\"a\":1,\"b\":2}");
	assert_reads("1: a\ntrue: b\n~: c\n'<<': d\n",
		"{\"1\":\"a\",\"true\":\"b\",\"~\":\"c\",\"<<\":\"d\"}");
	assert_reads("a: &x {p: 1, q: [2]}\nb: *x\nc: [*x, &x 3, *x]\n",
		"{\"a\":{\"p\":1,\"q\":[2]},\"b\":{\"p\":1,\"q\":[2]},"
		"\"c\":[{\"p\":1,\"q\":[2]},3,3]}");
	assert_reads("a: \"x\\0y\\u00fc\"", "{\"a\":\"x\\u0000y\u00fc\"}");
}
END_TEST

START_TEST(yaml_alias_is_a_copy)
{
	AUTO(document_release) struct document document = { .root = NULL };
	struct error err = ERROR_INIT;
	ck_assert_int_eq(yaml_read(TEXT("a: &x {p: 1}\nb: *x\n"), "a.yaml", &document, &err), 0);
	struct value *number = value_new(&document.arena, VALUE_INTEGER, &err);
	number->integer = 2;
	ck_assert_int_eq(value_set_path(&document.arena, document.root, "b.p", number, &err), 0);
	ck_assert_int_eq(value_at_path(document.root, "a.p")->integer, 1);
	ck_assert_int_eq(value_at_path(document.root, "b.p")->integer, 2);
}
END_TEST

START_TEST(yaml_knows_places_in_bytes)
{
	AUTO(document_release) struct document document = { .root = NULL };
	struct error err = ERROR_INIT;
	static const char text[] = "\xEF\xBB\xBFname: \u00fc\u6771\r\ndata:\r\n"
				   "  - {\u00fc: 1, b: [x]}\r  # CR\n\u6771: \u00fc\n";
	ck_assert_msg(yaml_read(text_of(text), "a.yaml", &document, &err) == 0, "%s", err.message);
	const struct value *root = document.root;
	const struct value *inner = value_at_path(root, "data.0");
	ck_assert_uint_eq(root->line, 1);
	ck_assert_uint_eq(root->column, 1);
	ck_assert_uint_eq(value_member(root, "name")->column, 7);
	ck_assert_uint_eq(inner->line, 3);
	ck_assert_uint_eq(inner->column, 5);
	ck_assert_uint_eq(inner->mapping.entries[1].key_column, 13); /* ü is two bytes */
	ck_assert_uint_eq(value_at_path(inner, "b.0")->column, 17);
	ck_assert_uint_eq(root->mapping.entries[2].key_line, 5);
	ck_assert_uint_eq(root->mapping.entries[2].value->column, 6);
	ck_assert_int_eq(strncmp(document.source, "name", 4), 0);
}
END_TEST

START_TEST(yaml_refuses_with_the_place)
{
	assert_refuses(TEXT("a: 1\nb: 2\nc: 3\nb: 4\na: 5\n"), 4, 1,
		"'b' stands twice, first at line 2, column 1");
	assert_refuses(TEXT("x: {a: 1, 'a': 2}"), 1, 11, "'a' stands twice");
	assert_refuses(TEXT("a: 1\n--- \nb: 2\n"), 2, 1, "second document");
	assert_refuses(TEXT("b: {x: 1}\n<<: {y: 2}\n"), 2, 1, "merge keys");
	assert_refuses(TEXT("a: !ruby/object x\n"), 1, 4, "tag '!ruby/object'");
	assert_refuses(TEXT("a: !!binary aGk=\n"), 1, 4, "tag");
	assert_refuses(TEXT("a: !!int x\n"), 1, 4, "not of the kind");
	assert_refuses(TEXT("a: *nowhere\n"), 1, 4, "no anchor '&nowhere'");
	assert_refuses(TEXT("a: &x [1, *x]\n"), 1, 11, "inside what it names");
	assert_refuses(TEXT("[a]: 1\n"), 1, 1, "not a collection");
	assert_refuses(TEXT("\"a\\0\": 1\n"), 1, 1, "NUL");
	assert_refuses(TEXT("a: 1e999\n"), 1, 4, "too large");
	assert_refuses(TEXT("a: 0xFFFFFFFFFFFFFFFFF\n"), 1, 4, "too large");
	assert_refuses(TEXT("a:\n\tb: 1\n"), 2, 1, "cannot start any token");
	assert_refuses(TEXT("a: b: c\n"), 1, 5, "mapping values");
	assert_refuses(TEXT("a: [1, 2\nb: 3\n"), 2, 2, "");
	assert_refuses(TEXT("a: ok\nb: \xff\n"), 2, 4, "not UTF-8");
	assert_refuses(TEXT("a: ok\nb: x\x01\n"), 2, 5, "control characters");
	assert_refuses(TEXT("a: ok\nb: \0\n"), 2, 4, "control characters");
}
END_TEST

START_TEST(yaml_is_bounded)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	strbuf_add_repeated(&text, '[', 100000);
	assert_refuses((struct text){ text.text, text.length }, 1, DOCUMENT_DEPTH + 1, "deeper");
	/* The laughing billions: ten levels of nine aliases each. */
	strbuf_clear(&text);
	strbuf_add(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 10; i++) {
		strbuf_printf(&text, "a%d: &a%d [", i, i);
		for (int j = 0; j < 9; j++)
			strbuf_printf(&text, "*a%d,", i - 1);
		strbuf_add(&text, "]\n");
	}
	struct document document;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(
		yaml_read((struct text){ text.text, text.length }, "a.yaml", &document, &err),
		-ERROR_INVALID);
	ck_assert_msg(strstr(err.message, "nodes") != NULL, "%s", err.message);
	/* Aliases must not get around the depth either. */
	strbuf_clear(&text);
	strbuf_add(&text, "a0: &a0 [x]\n");
	for (int i = 1; i < 60; i++)
		strbuf_printf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	ck_assert_int_eq(
		yaml_read((struct text){ text.text, text.length }, "a.yaml", &document, &err),
		-ERROR_INVALID);
	ck_assert_msg(strstr(err.message, "deeper") != NULL, "%s", err.message);
	/* 100,000 keys: checking them for duplicates must not be quadratic. */
	strbuf_clear(&text);
	for (int i = 0; i < 100000; i++)
		strbuf_printf(&text, "k%d: 1\n", i);
	ck_assert_int_eq(
		yaml_read((struct text){ text.text, text.length }, "a.yaml", &document, &err), 0);
	document_release(&document);
}
END_TEST

START_TEST(yaml_fragment_is_one_value)
{
	struct arena arena = ARENA_INIT(1 << 16);
	struct error err = ERROR_INIT;
	struct value *value = yaml_read_fragment(&arena, "[1, {a: x}]", "--set x", &err);
	ck_assert_ptr_nonnull(value);
	ck_assert_uint_eq(value->line, 0);
	ck_assert_str_eq(value_at_path(value, "1.a")->string.at, "x");
	value = yaml_read_fragment(&arena, "0.10", "--set x", &err);
	ck_assert(value && value->kind == VALUE_FLOAT && value->number == 0.1);
	value = yaml_read_fragment(&arena, "", "--set x", &err);
	ck_assert(value && value->kind == VALUE_NULL);
	ck_assert_ptr_null(yaml_read_fragment(&arena, "a: b", "--set x", &err));
	ck_assert_str_eq(err.at.file, "--set x");
	ck_assert_uint_eq(err.at.line, 0);
	ck_assert_ptr_null(yaml_read_fragment(&arena, "[1", "--set x", &err));
	arena_release(&arena);
}
END_TEST

/* SplitMix64: the same trees in every run. */
static uint64_t seed_state;
static uint64_t random_next(void)
{
	uint64_t z = seed_state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static char *random_text(struct arena *arena, struct error *err)
{
	static const char *const pieces[] = { "a", "1", "0", "-", ":", " ", "#", "\n", "\t", "'",
		"\"", "\\", ",", "[", "]", "{", "}", "&", "*", "!", "|", ">", "%", "@", "`", "?",
		"~", ".", "_", "e", "x", "o", "null", "true", "no", ".inf", "0x1F", "1.5", "<<",
		"---", "\u00fc", "\u6771", "\U0001F600", "\u2028", "\uFEFF", "\x7f", "\x01", "\r",
		"=", "y" };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	for (uint64_t count = random_next() % 5; count; count--)
		strbuf_add(&text, pieces[random_next() % (sizeof pieces / sizeof *pieces)]);
	return arena_copy_string(arena, text.text, err);
}

static struct value *random_tree(struct arena *arena, unsigned depth, struct error *err)
{
	enum value_kind kind = (enum value_kind)(random_next() % (depth < 4 ? 7 : 5));
	struct value *value = value_new(arena, kind, err);
	uint64_t bits = random_next();
	if (kind == VALUE_BOOLEAN)
		value->boolean = bits & 1;
	if (kind == VALUE_INTEGER)
		value->integer = (int64_t)(bits >> bits % 64);
	if (kind == VALUE_FLOAT)
		memcpy(&value->number, &bits, sizeof bits);
	if (kind == VALUE_STRING)
		value->string = text_of(random_text(arena, err));
	for (uint64_t count = bits % 4; kind == VALUE_SEQUENCE && count; count--)
		ck_assert_int_eq(
			value_append(arena, value, random_tree(arena, depth + 1, err), err), 0);
	for (uint64_t count = bits % 4; kind == VALUE_MAPPING && count; count--)
		ck_assert_int_eq(value_set_member(arena, value, random_text(arena, err),
					 random_tree(arena, depth + 1, err), err),
			0);
	return value;
}

static void assert_round_trip(const struct value *tree)
{
	AUTO(document_release) struct document document = { .root = NULL };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, again = STRBUF_INIT;
	struct error err = ERROR_INIT;
	yaml_write(&text, tree);
	ck_assert_msg(
		yaml_read((struct text){ text.text, text.length }, "a.yaml", &document, &err) == 0,
		"%s\n%u: %s", text.text, err.at.line, err.message);
	ck_assert_msg(value_equal(tree, document.root), "%s", text.text);
	yaml_write(&again, document.root);
	ck_assert_str_eq(text.text, again.text);
}

START_TEST(yaml_round_trips)
{
	struct error err = ERROR_INIT;
	for (seed_state = 1; seed_state < 20000;) {
		uint64_t next = seed_state + 1;
		struct arena arena = ARENA_INIT(1 << 20);
		assert_round_trip(random_tree(&arena, 0, &err));
		arena_release(&arena);
		seed_state = next;
	}
}
END_TEST

START_TEST(yaml_round_trips_long_keys)
{
	struct error err = ERROR_INIT;
	struct arena arena = ARENA_INIT(1 << 20);
	AUTO(strbuf_release) struct strbuf key = STRBUF_INIT;
	strbuf_add_repeated(&key, 'k', 3000);
	struct value *inner = value_new(&arena, VALUE_MAPPING, &err);
	struct value *outer = value_new(&arena, VALUE_MAPPING, &err);
	ck_assert_int_eq(value_set_member(&arena, inner, key.text,
				 value_new_string(&arena, "x", &err), &err),
		0);
	ck_assert_int_eq(
		value_set_member(&arena, inner, "b", value_new(&arena, VALUE_SEQUENCE, &err), &err),
		0);
	ck_assert_int_eq(value_set_member(&arena, outer, key.text, inner, &err), 0);
	assert_round_trip(outer);
	arena_release(&arena);
}
END_TEST

START_TEST(yaml_writes_for_people)
{
	static const char text[] = "name: breast-cancer\n"
				   "note: \"yes\"\n"
				   "C: 1.0\n"
				   "date: \"2026-11-24\"\n"
				   "why: a tumour, missed, is worse\n"
				   "data:\n"
				   "  missing: [\"\", NA, \"null\"]\n"
				   "  types: {}\n"
				   "stages:\n"
				   "  - cmd: \"a: b\"\n"
				   "    deps: [a, b]\n"
				   "  - - x: 1\n"
				   "    - []\n";
	AUTO(document_release) struct document document = { .root = NULL };
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(yaml_read(text_of(text), "a.yaml", &document, &err), 0);
	yaml_write(&out, document.root);
	ck_assert_str_eq(out.text, text);
}
END_TEST

UNIT_MAIN("document/yaml", yaml_resolves_scalars_by_the_core_schema, yaml_reads_documents,
	yaml_alias_is_a_copy, yaml_knows_places_in_bytes, yaml_refuses_with_the_place,
	yaml_is_bounded, yaml_fragment_is_one_value, yaml_round_trips, yaml_round_trips_long_keys,
	yaml_writes_for_people)
