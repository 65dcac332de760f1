/* Reads tests/data/evaluate_references.txt, made by make_references.py, case by case. */
#ifndef MLOPS_UNIT_REFERENCE_H
#define MLOPS_UNIT_REFERENCE_H

#include <stdio.h>
#include <string.h>

#include "unit.h"

#include "mlops/evaluate/metrics.h"

enum { REFERENCE_ROWS = 100, REFERENCE_CLASSES = 8, REFERENCE_METRICS = 64 };

struct reference {
	char name[64];
	struct predictions predictions; /* points into the arrays below */
	uint32_t targets[REFERENCE_ROWS];
	double values[REFERENCE_ROWS], predicted[REFERENCE_ROWS], weights[REFERENCE_ROWS];
	double probabilities[REFERENCE_ROWS * REFERENCE_CLASSES];
	size_t n_metrics;
	char metrics[REFERENCE_METRICS][64];
	double expected[REFERENCE_METRICS];
};

static inline FILE *reference_open(void)
{
	const char *root = getenv("MLOPS_SOURCE_ROOT");
	char path[4096];
	snprintf(path, sizeof path, "%s/tests/data/evaluate_references.txt", root ? root : ".");
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "cannot open %s", path);
	return file;
}

static inline void reference_rows(FILE *file, struct reference *ret, bool weighted)
{
	static const char *const classes[REFERENCE_CLASSES] = { "a", "b", "c", "d", "e", "f", "g",
		"h" };
	struct predictions *p = &ret->predictions;
	ck_assert_uint_le(p->n_rows, REFERENCE_ROWS);
	ck_assert_uint_le(p->n_classes, REFERENCE_CLASSES);
	for (size_t i = 0; i < p->n_rows; i++) {
		double target;
		ck_assert_int_eq(fscanf(file, "%lf %lf", &target, &ret->weights[i]), 2);
		if (p->n_classes == 0) {
			ret->values[i] = target;
			ck_assert_int_eq(fscanf(file, "%lf", &ret->predicted[i]), 1);
		}
		ret->targets[i] = (uint32_t)(p->n_classes ? target : 0);
		for (size_t c = 0; c < p->n_classes; c++)
			ck_assert_int_eq(
				fscanf(file, "%lf", &ret->probabilities[i * p->n_classes + c]), 1);
	}
	p->classes = classes;
	p->positive = 1;
	p->targets = ret->targets;
	p->probabilities = ret->probabilities;
	p->target_values = ret->values;
	p->values = ret->predicted;
	p->weights = weighted ? ret->weights : NULL;
}

static inline bool reference_next(FILE *file, struct reference *ret)
{
	char task[32], word[64];
	int weighted;
	memset(ret, 0, sizeof *ret);
	if (fscanf(file, " case %63s %31s %zu %zu %d", ret->name, task, &ret->predictions.n_rows,
		    &ret->predictions.n_classes, &weighted) != 5)
		return false;
	ret->predictions.task = task[0] == 'b'   ? PREDICTION_BINARY
				: task[0] == 'm' ? PREDICTION_MULTICLASS
						 : PREDICTION_REGRESSION;
	reference_rows(file, ret, weighted);
	while (fscanf(file, " %63s", word) == 1 && strcmp(word, "end") != 0) {
		ck_assert_uint_lt(ret->n_metrics, REFERENCE_METRICS);
		ck_assert_int_eq(fscanf(file, " %63s %lf", ret->metrics[ret->n_metrics],
					 &ret->expected[ret->n_metrics]),
			2);
		ret->n_metrics++;
	}
	return true;
}

#endif
