#include "unit.h"

#include <math.h>
#include <string.h>

#include "mlops/train/weights.h"

START_TEST(weights_multiply)
{
	struct error err = ERROR_INIT;
	static const uint32_t classes[] = { 0, 0, 0, 2 };
	static const double given[] = { 2, 7, 0.5 }, column[] = { 1, 0, 3, 4 };
	static const int64_t times[] = { 0, 1000000, 3000000, 3000000 };
	struct weights_plan plan = { .n_rows = 4, .classes = classes, .n_classes = 3 };
	double *weights;
	ck_assert_int_eq(weights_build(&plan, &weights, &err), 0);
	ck_assert_ptr_null(weights);
	/* sklearn.utils.class_weight.compute_class_weight("balanced", [0, 2], [0, 0, 0, 2]) */
	plan.class_weighting = CLASS_WEIGHT_BALANCED;
	ck_assert_int_eq(weights_build(&plan, &weights, &err), 0);
	ck_assert_double_eq_tol(weights[0], 0.6666666666666666, 1e-15);
	ck_assert_double_eq_tol(weights[3], 2, 1e-15);
	memory_free(weights);
	plan.class_weighting = CLASS_WEIGHT_GIVEN;
	plan.class_weights = given;
	plan.column = column;
	plan.times = times;
	plan.half_life = 1.5;
	ck_assert_int_eq(weights_build(&plan, &weights, &err), 0);
	static const double expected[] = { 2 * 1 * 0.25, 0, 2 * 3, 0.5 * 4 };
	for (int i = 0; i < 4; i++)
		ck_assert_double_eq_tol(weights[i], expected[i], 1e-15);
	memory_free(weights);
}
END_TEST

START_TEST(bad_weights_name_their_row)
{
	struct error err = ERROR_INIT;
	double column[] = { 1, 2, -0.5 }, *weights;
	static const int64_t times[] = { INT64_MIN, INT64_MAX, 0 };
	struct weights_plan plan = { .n_rows = 3, .column = column };
	ck_assert_int_eq(weights_build(&plan, &weights, &err), -ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "row 3"));
	column[2] = (double)NAN;
	ck_assert_int_eq(weights_build(&plan, &weights, &err), -ERROR_INVALID);
	column[0] = column[1] = column[2] = 0;
	ck_assert_int_eq(weights_build(&plan, &weights, &err), -ERROR_INVALID);
	plan = (struct weights_plan){ .n_rows = 3, .times = times, .half_life = 3600 };
	ck_assert_int_eq(weights_build(&plan, &weights, &err), 0); /* no overflow */
	ck_assert(weights[0] == 0 && weights[1] == 1);
	memory_free(weights);
	plan.half_life = 0;
	ck_assert_int_eq(weights_build(&plan, &weights, &err), -ERROR_INVALID);
}
END_TEST

UNIT_MAIN("train/weights", weights_multiply, bad_weights_name_their_row)
