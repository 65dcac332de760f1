#include "unit.h"

#include "mlops/base/path.h"

static struct error err;

#define ASSERT_PATH(expression, expected)                                                          \
	do {                                                                                       \
		AUTO_FREE char *result = (expression);                                             \
		ck_assert_str_eq(result, expected);                                                \
	} while (0)

START_TEST(joining)
{
	ASSERT_PATH(path_join("a", "b", &err), "a/b");
	ASSERT_PATH(path_join("a/", "b", &err), "a/b");
	ASSERT_PATH(path_join("a", "/b", &err), "/b");
	ASSERT_PATH(path_join("", "b", &err), "b");
	ASSERT_PATH(path_join(".", "b", &err), "b");
	ASSERT_PATH(path_join("/", "b", &err), "/b");
}
END_TEST

START_TEST(parts)
{
	ck_assert_str_eq(path_base("a/b/c"), "c");
	ck_assert_str_eq(path_base("c"), "c");
	ck_assert_str_eq(path_base("a/"), "");
	ASSERT_PATH(path_parent("a/b/c", &err), "a/b");
	ASSERT_PATH(path_parent("a/b//c/", &err), "a/b");
	ASSERT_PATH(path_parent("c", &err), ".");
	ASSERT_PATH(path_parent("/c", &err), "/");
	ASSERT_PATH(path_parent("/", &err), "/");
	ASSERT_PATH(path_parent("", &err), ".");
	ck_assert_str_eq(path_extension("a/b.csv"), ".csv");
	ck_assert_str_eq(path_extension("a.d/b"), "");
	ck_assert_str_eq(path_extension(".bashrc"), "");
	ck_assert_str_eq(path_extension("a.tar.gz"), ".gz");
	ck_assert_str_eq(path_extension("a/"), "");
}
END_TEST

START_TEST(normal_forms)
{
	ASSERT_PATH(path_normalise("a/./b/../c/", &err), "a/c");
	ASSERT_PATH(path_normalise("", &err), ".");
	ASSERT_PATH(path_normalise("./", &err), ".");
	ASSERT_PATH(path_normalise("a/..", &err), ".");
	ASSERT_PATH(path_normalise("../../a", &err), "../../a");
	ASSERT_PATH(path_normalise("a/../../b", &err), "../b");
	ASSERT_PATH(path_normalise("/..//a", &err), "/a");
	ASSERT_PATH(path_normalise("/a/../..", &err), "/");
	ASSERT_PATH(path_normalise("//a//b", &err), "/a/b");
	ASSERT_PATH(path_normalise("..a/..", &err), ".");
	ASSERT_PATH(path_normalise("x..", &err), "x..");
}
END_TEST

START_TEST(relations)
{
	ASSERT_PATH(path_relative("/a/d/e", "/a/b", &err), "../d/e");
	ASSERT_PATH(path_relative("/a/b", "/a/b", &err), ".");
	ASSERT_PATH(path_relative("/a/b/c", "/a/b/", &err), "c");
	ASSERT_PATH(path_relative("/a", "/a/b/c", &err), "../..");
	ASSERT_PATH(path_relative("/x", "/", &err), "x");
	ASSERT_PATH(path_relative("/", "/x", &err), "..");
	ASSERT_PATH(path_relative("/ab", "/a", &err), "../ab");
	ck_assert(path_is_inside("/a/b", "/a") && path_is_inside("/a", "/a"));
	ck_assert(!path_is_inside("/ab", "/a") && !path_is_inside("/", "/a"));
	ck_assert(path_is_inside("/a", "/") && path_is_inside("a", ".") &&
		  path_is_inside("..a", "."));
	ck_assert(!path_is_inside("../a", ".") && !path_is_inside("..", "."));
}
END_TEST

UNIT_MAIN("base/path", joining, parts, normal_forms, relations)
