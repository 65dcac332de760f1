#include "unit.h"

#include <errno.h>
#include <string.h>

#include "mlops/base/error.h"

START_TEST(context_is_put_in_front)
{
	struct error err = ERROR_INIT;
	errno = ENOENT;
	ck_assert_int_eq(error_set_os(&err, ERROR_IO, "cannot open '%s'", "a.csv"), -ERROR_IO);
	ck_assert_int_eq(error_prefix(&err, "stage '%s'", "fit"), -ERROR_IO);
	ck_assert_str_eq(
		err.message, "stage 'fit': cannot open 'a.csv': No such file or directory");
	ck_assert_int_eq(err.os, ENOENT);
}
END_TEST

START_TEST(a_long_message_is_cut_not_overrun)
{
	struct error err = ERROR_INIT;
	char text[4000];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	error_set(&err, ERROR_INVALID, "%s", text);
	error_prefix(&err, "%s", text);
	ck_assert_uint_eq(strlen(err.message), sizeof err.message - 1);
}
END_TEST

START_TEST(a_long_path_keeps_its_end)
{
	struct position at;
	char path[600];
	memset(path, 'a', sizeof path);
	strcpy(path + sizeof path - 8, "/end.md");
	position_set(&at, path, 3, 1ull << 40);
	ck_assert_uint_eq(strlen(at.file), sizeof at.file - 1);
	ck_assert_str_eq(at.file + strlen(at.file) - 7, "/end.md");
	ck_assert_uint_eq(at.column, UINT32_MAX);
}
END_TEST

START_TEST(every_code_has_a_name_and_an_exit_code)
{
	for (enum error_code code = ERROR_NONE; code < ERROR_CODE_COUNT; code++) {
		ck_assert_ptr_nonnull(error_code_name(code));
		ck_assert_int_eq(error_exit_code(code) == 0, code == ERROR_NONE);
	}
}
END_TEST

UNIT_MAIN("base/error", context_is_put_in_front, a_long_message_is_cut_not_overrun,
	a_long_path_keeps_its_end, every_code_has_a_name_and_an_exit_code)
