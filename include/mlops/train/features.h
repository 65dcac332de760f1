/*
 * features: from the columns of a table to the numbers a trainer reads, and the same as ONNX.
 *
 * The section `features:` of mlops.yaml says how each column is imputed, clipped, scaled and
 * encoded. The order of calls is
 *
 *	features_new()     reads the section against the table's columns: what is done to which
 *	features_fit()     learns medians, means, categories, … from the training rows only
 *	features_apply()   any rows of a table with the same columns -> design matrix
 *	features_export()  the same computation as nodes of an ONNX graph
 *
 * apply and export compute the same operations in the same order in float64, so they agree to the
 * last bits. Columns of the matrix, in this order:
 *
 *	1. one per numeric or boolean column and one per part of a timestamp: impute (missing ->
 *	   learnt value), clip to [low, high], log(1 + x), then (x - center) / scale;
 *	2. one per column with `indicator`: 1 if it was missing;
 *	3. one per bin of a bucketized column: 1 if the value (imputed) is in it;
 *	4. one per category (onehot), bucket (hashed) or one for the code (ordinal).
 *
 * scale: standard is mean and standard deviation (dividing by n), minmax is minimum and range,
 * robust is median and interquartile range; of a constant column the scale is 1. Quantiles are
 * interpolated (Hyndman and Fan's type 7). With log1p, values below the training minimum count as
 * that minimum. Categories are coded by falling frequency, then by bytes; those below
 * `min_frequency` or beyond `max_categories` share one column, which unknown ones join with
 * `unknown: infrequent`; else an unknown category is all zeros (ordinal: -1).
 */
#ifndef MLOPS_TRAIN_FEATURES_H
#define MLOPS_TRAIN_FEATURES_H

#include "mlops/base/event.h"
#include "mlops/base/memory.h"
#include "mlops/data/table.h"
#include "mlops/document/value.h"

struct features;
struct graph;

/*
 * section may be NULL (all defaults). excluded names columns that are no features (target,
 * weights, groups). A column of free text is left out with a warning through the sink unless the
 * section asks for it. ERROR_INVALID at the place in the section if it names a column that does
 * not exist or asks for what its type cannot give. The table is only looked at.
 */
int features_new(const struct document *project, const struct value *section,
	const struct table *table, const char *const *excluded, const struct event_sink *sink,
	struct features **ret_features, struct error *err);
void features_free(struct features *features);
AUTO_FREE_OF(struct features, features_free)

/*
 * Learns from rows[0 .. n_rows-1] of the table. ERROR_INVALID if a column cannot be treated as
 * asked (missing values with `impute: none`, all rows missing, log1p of -1 and less).
 */
int features_fit(struct features *features, const struct table *table, const size_t *rows,
	size_t n_rows, struct error *err);

size_t features_count(const struct features *features); /* width of the matrix; after fit */

/* "worst_area", "age missing", "age [30, 40)", "color=red", "joined.weekday". */
const char *features_name(const struct features *features, size_t index);

/*
 * x: n_rows × features_count, row-major float64, caller's. Columns are found by name, so the
 * table may have others. The bits do not depend on the number of threads.
 */
int features_apply(const struct features *features, const struct table *table, const size_t *rows,
	size_t n_rows, double *x, struct error *err);

/*
 * Adds an input of shape [N, 1] per source column (tensor(double), or tensor(string) for
 * categories) and the nodes; *ret_output names a tensor(double) of shape [N, features_count].
 */
int features_export(const struct features *features, struct graph *graph, const char **ret_output,
	struct error *err);

/* The source columns that are read, in order of the table. */
size_t features_n_columns(const struct features *features);
const char *features_column_name(const struct features *features, size_t index);

#endif
