/*
 * unit: what every unit test shares. A test file lists its cases in `unit_tests` and ends with
 * UNIT_MAIN("floor/file"); TAP goes to stdout.
 *
 *	START_TEST(parse_refuses_blank) { ck_assert(!parse_i64(TEXT(" 1"), &value)); } END_TEST
 *	UNIT_MAIN("base/parse", parse_refuses_blank, ...)
 */
#ifndef MLOPS_UNIT_H
#define MLOPS_UNIT_H

#include <check.h>
#include <stdlib.h>

#define UNIT_MAIN(title, ...)                                                                      \
	int main(void)                                                                             \
	{                                                                                          \
		const TTest *const tests[] = { __VA_ARGS__ };                                      \
		Suite *suite = suite_create(title);                                                \
		for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {                        \
			TCase *one = tcase_create(tests[i]->name);                                 \
			tcase_add_test(one, tests[i]);                                             \
			suite_add_tcase(suite, one);                                               \
		}                                                                                  \
		SRunner *runner = srunner_create(suite);                                           \
		srunner_set_tap(runner, "-");                                                      \
		srunner_run_all(runner, CK_SILENT);                                                \
		int failed = srunner_ntests_failed(runner);                                        \
		srunner_free(runner);                                                              \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS;                                       \
	}

#endif
