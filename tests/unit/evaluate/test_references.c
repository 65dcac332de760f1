/*
 * All metrics over 140 random cases against scikit-learn, see make_references.py. Tolerances are
 * relative to the larger of 1 and the value, and near what was measured.
 */
#include "unit.h"

#include <math.h>

#include "reference.h"

/* Interval limits from numerical derivatives are worth fewer digits. */
static double tolerance_of(const char *name)
{
	bool closed = strncmp(name, "accuracy", 8) == 0 || strncmp(name, "f1", 2) == 0;
	return strchr(name, '.') && !closed ? 2e-8 : 1e-13;
}

static double worst_seen;
static char worst_name[200];

static void compare(const struct reference *reference, size_t i, double value)
{
	double expected = reference->expected[i], tolerance = tolerance_of(reference->metrics[i]);
	if (isnan(expected) || isnan(value)) {
		ck_assert_msg(isnan(expected) && isnan(value), "%s %s: %.17g, expected %.17g",
			reference->name, reference->metrics[i], value, expected);
		return;
	}
	double off = fabs(value - expected) / fmax(1.0, fabs(expected));
	if (off / tolerance > worst_seen) {
		worst_seen = off / tolerance;
		snprintf(worst_name, sizeof worst_name, "%s %s off by %g", reference->name,
			reference->metrics[i], off);
	}
	ck_assert_msg(off <= tolerance, "%s %s: %.17g, expected %.17g, off by %g", reference->name,
		reference->metrics[i], value, expected, off);
}

static size_t check_case(const struct reference *reference)
{
	struct metric_options options = metric_options_default();
	options.bootstrap.replicates = 0;
	struct error err = ERROR_INIT;
	ck_assert_msg(predictions_check(&reference->predictions, &err) == 0, "%s: %s",
		reference->name, err.message);
	for (size_t i = 0; i < reference->n_metrics; i++) {
		char name[64];
		snprintf(name, sizeof name, "%s", reference->metrics[i]);
		char *limit = strchr(name, '.');
		if (limit)
			*limit++ = '\0';
		const struct metric *metric = metric_find(name);
		ck_assert_msg(metric != NULL, "no metric %s", name);
		struct metric_value value;
		ck_assert_msg(metrics_compute(&reference->predictions, &metric, 1, &options, &value,
				      &err) == 0,
			"%s %s: %s", reference->name, name, err.message);
		ck_assert_int_eq(isnan(value.value), value.undefined != NULL);
		compare(reference, i,
			!limit            ? value.value
			: limit[0] == 'l' ? value.interval.low
					  : value.interval.high);
	}
	return reference->n_metrics;
}

START_TEST(metrics_equal_scikit_learn)
{
	static struct reference reference;
	FILE *file = reference_open();
	size_t cases = 0, values = 0;
	while (reference_next(file, &reference)) {
		values += check_case(&reference);
		cases++;
	}
	fclose(file);
	printf("# %zu values of %zu cases; nearest to its tolerance: %s\n", values, cases,
		worst_name);
	ck_assert_uint_ge(cases, 140);
	ck_assert_uint_ge(values, 4000);
}
END_TEST

UNIT_MAIN("evaluate/references", metrics_equal_scikit_learn)
