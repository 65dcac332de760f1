#include "unit.h"

#include <math.h>
#include <string.h>

#include "mlops/document/value.h"

static struct arena arena = { .cap = 1 << 20 };
static struct error err;

static struct value *text_value(const char *text)
{
	struct value *value = value_new_string(&arena, text, &err);
	ck_assert_ptr_nonnull(value);
	return value;
}

static struct value *number_value(double number)
{
	struct value *value = value_new(&arena, VALUE_FLOAT, &err);
	ck_assert_ptr_nonnull(value);
	value->number = number;
	return value;
}

static struct value *integer_value(int64_t integer)
{
	struct value *value = value_new(&arena, VALUE_INTEGER, &err);
	ck_assert_ptr_nonnull(value);
	value->integer = integer;
	return value;
}

static struct value *mapping_value(void)
{
	struct value *value = value_new(&arena, VALUE_MAPPING, &err);
	ck_assert_ptr_nonnull(value);
	return value;
}

static struct value *sequence_of(struct value *first, struct value *second)
{
	struct value *value = value_new(&arena, VALUE_SEQUENCE, &err);
	ck_assert_ptr_nonnull(value);
	ck_assert_int_eq(value_append(&arena, value, first, &err), 0);
	ck_assert_int_eq(value_append(&arena, value, second, &err), 0);
	return value;
}

static void set(struct value *root, const char *path, struct value *value)
{
	ck_assert_msg(value_set_path(&arena, root, path, value, &err) == 0, "%s", err.message);
}

START_TEST(value_sets_and_finds_by_path)
{
	struct value *root = mapping_value();
	set(root, "model.type", text_value("logistic"));
	set(root, "model.C", number_value(0.5));
	set(root, "model.C", number_value(0.1));
	set(root, "data.types.\"a.b \\\"c\\\\\"", text_value("text"));
	set(root, "list", sequence_of(integer_value(1), integer_value(2)));
	set(root, "list.1", integer_value(3));
	set(root, "list.2", integer_value(4));
	ck_assert_uint_eq(root->mapping.count, 3);
	ck_assert_uint_eq(value_member(root, "model")->mapping.count, 2);
	ck_assert(value_number_or(value_member(root, "model"), "C", 0) == 0.1);
	ck_assert_str_eq(
		value_string_or(value_at_path(root, "data.types"), "a.b \"c\\", ""), "text");
	ck_assert_ptr_nonnull(value_at_path(root, "data.types.\"a.b \\\"c\\\\\""));
	ck_assert_int_eq(value_at_path(root, "list.2")->integer, 4);
	ck_assert_int_eq(value_at_path(root, "list.1")->integer, 3);
	ck_assert_ptr_null(value_at_path(root, "list.3"));
	ck_assert_ptr_null(value_at_path(root, "list.x"));
	ck_assert_ptr_null(value_at_path(root, "model.type.deeper"));
	ck_assert_ptr_null(value_at_path(root, "nothing"));
}
END_TEST

START_TEST(value_refuses_bad_paths)
{
	static const char *const bad[] = { "", ".", "a.", ".a", "a..b", "\"a", "\"a\"b", "\"a\".",
		"s.x", "l.5", "l.-1" };
	struct value *root = mapping_value();
	set(root, "s", text_value("scalar"));
	set(root, "l", sequence_of(integer_value(1), integer_value(2)));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(value_set_path(&arena, root, bad[i], integer_value(1), &err),
			-ERROR_INVALID);
		ck_assert_ptr_null(value_at_path(root, bad[i]));
	}
	struct strbuf deep = STRBUF_INIT;
	for (int i = 0; i < DOCUMENT_DEPTH; i++)
		strbuf_add(&deep, i ? ".a" : "a");
	set(root, deep.text, integer_value(1));
	ck_assert_int_eq(value_set_path(&arena, root, deep.text,
				 sequence_of(integer_value(1), integer_value(2)), &err),
		-ERROR_INVALID);
	strbuf_add(&deep, ".a");
	ck_assert_int_eq(
		value_set_path(&arena, root, deep.text, integer_value(1), &err), -ERROR_INVALID);
	strbuf_release(&deep);
}
END_TEST

START_TEST(value_reads_with_defaults)
{
	struct value *root = mapping_value();
	set(root, "none", value_new(&arena, VALUE_NULL, &err));
	set(root, "whole", number_value(3.0));
	set(root, "count", integer_value(7));
	ck_assert_str_eq(value_string_or(root, "none", "x"), "x");
	ck_assert_str_eq(value_string_or(NULL, "none", "y"), "y");
	ck_assert(value_boolean_or(root, "absent", true));
	ck_assert_int_eq(value_integer_or(root, "whole", 0), 3);
	ck_assert(value_number_or(root, "count", 0) == 7);
}
END_TEST

static int join_leaf(void *context, const char *path, const struct value *leaf)
{
	struct strbuf *out = context;
	strbuf_add(out, path);
	strbuf_add_char(out, '=');
	value_scalar_text(out, leaf);
	strbuf_add_char(out, ' ');
	return strcmp(path, "stop") == 0 ? 42 : 0;
}

START_TEST(value_lists_leaves_in_order)
{
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct value *root = mapping_value();
	set(root, "b.x", number_value(1));
	set(root, "a", sequence_of(text_value("p"), mapping_value()));
	set(root, "b.\"y.z\"", number_value(1e20));
	set(root, "b.e", value_new(&arena, VALUE_SEQUENCE, &err));
	ck_assert_int_eq(value_each_leaf(root, join_leaf, &out, &err), 0);
	ck_assert_str_eq(out.text, "b.x=1.0 b.\"y.z\"=1.0e+20 b.e= a.0=p a.1= ");
	set(root, "stop", integer_value(INT64_MIN));
	set(root, "after", integer_value(1));
	strbuf_clear(&out);
	ck_assert_int_eq(value_each_leaf(root, join_leaf, &out, &err), 42);
	ck_assert_ptr_null(strstr(out.text, "after"));
	ck_assert_ptr_nonnull(strstr(out.text, "stop=-9223372036854775808 "));
}
END_TEST

START_TEST(value_equality_is_json_schemas)
{
	struct value *a = mapping_value(), *b = mapping_value();
	set(a, "x", integer_value(1));
	set(a, "y", sequence_of(text_value("p"), number_value(2)));
	set(b, "y", sequence_of(text_value("p"), integer_value(2)));
	set(b, "x", number_value(1.0));
	ck_assert(value_equal(a, b));
	ck_assert_uint_eq(value_hash(a), value_hash(b));
	set(b, "x", number_value(1.5));
	ck_assert(!value_equal(a, b));
	ck_assert_uint_ne(value_hash(a), value_hash(b));
	ck_assert(!value_equal(integer_value(0), text_value("0")));
	ck_assert(!value_equal(sequence_of(integer_value(1), integer_value(2)),
		sequence_of(integer_value(2), integer_value(1))));
	/* 2^53 + 1 is no double: its nearest one is another number. */
	ck_assert(!value_equal(integer_value(9007199254740993), number_value(9007199254740992.0)));
	ck_assert(value_equal(integer_value(9007199254740992), number_value(9007199254740992.0)));
	ck_assert(!value_equal(integer_value(INT64_MAX), number_value(0x1p63)));
	ck_assert_uint_eq(value_hash(number_value(-0.0)), value_hash(integer_value(0)));
}
END_TEST

START_TEST(value_copies_are_independent)
{
	struct arena other = { .cap = 1 << 16 };
	struct value *root = mapping_value();
	set(root, "a.b", sequence_of(text_value("x"), number_value((double)NAN)));
	root->line = 3;
	struct value *copy = value_copy(&other, root, &err);
	ck_assert(value_equal(root, copy));
	ck_assert_uint_eq(copy->line, 3);
	ck_assert_int_eq(value_set_path(&other, copy, "a.b.0", integer_value(1), &err), 0);
	ck_assert(!value_equal(root, copy));
	ck_assert_str_eq(value_at_path(root, "a.b.0")->string.at, "x");
	arena_release(&other);
	arena_release(&arena);
}
END_TEST

UNIT_MAIN("document/value", value_sets_and_finds_by_path, value_refuses_bad_paths,
	value_reads_with_defaults, value_lists_leaves_in_order, value_equality_is_json_schemas,
	value_copies_are_independent)
