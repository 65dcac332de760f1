#include "unit.h"

#include <string.h>

#include "mlops/base/library.h"

struct calls {
	double (*cosine)(double);
	void (*absent)(void);
};

static const struct library_symbol good[] = { LIBRARY_SYMBOL(struct calls, cosine, "cos"),
	LIBRARY_OPTIONAL(struct calls, absent, "no_such_function_anywhere"), LIBRARY_END };
static const struct library_symbol wrong[] = {
	LIBRARY_SYMBOL(struct calls, absent, "no_such_function_anywhere"), LIBRARY_END
};

START_TEST(the_second_name_will_do)
{
	struct error err = ERROR_INIT;
	struct calls calls = { .absent = (void (*)(void))abort };
	struct library math = { { "libnothere.so.9", "libm.so.6" }, "cosines", "libc6", good };
	ck_assert(library_present(&math));
	ck_assert_int_eq(library_load(&math, &calls, &err), 0);
	ck_assert(calls.cosine(0) == 1);
	ck_assert(calls.absent == NULL);
	ck_assert_int_eq(library_load(&math, &calls, &err), 0);
}
END_TEST

START_TEST(a_missing_library_names_its_package)
{
	struct error err = ERROR_INIT;
	struct calls calls;
	struct library none = { { "libnothere.so.9" }, "linear algebra", "libnothere9", good };
	ck_assert(!library_present(&none));
	ck_assert_int_eq(library_load(&none, &calls, &err), -ERROR_MISSING);
	ck_assert_str_eq(
		err.message, "cannot load libnothere.so.9, which is needed for linear algebra");
	ck_assert_ptr_nonnull(strstr(err.hint, "libnothere9"));
}
END_TEST

START_TEST(a_missing_function_is_told)
{
	struct error err = ERROR_INIT;
	struct calls calls;
	struct library math = { { "libm.so.6" }, "cosines", "libc6", wrong };
	ck_assert_int_eq(library_load(&math, &calls, &err), -ERROR_MISSING);
	ck_assert_ptr_nonnull(strstr(err.message, "no_such_function_anywhere"));
}
END_TEST

UNIT_MAIN("base/library", the_second_name_will_do, a_missing_library_names_its_package,
	a_missing_function_is_told)
