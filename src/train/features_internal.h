/*
 * features_internal: what planning, fitting, applying and exporting of features share.
 *
 * `slots` are the scaled numbers of part 1 of the matrix, one per numeric column or part of a
 * timestamp; `columns` are the sources. See mlops/train/features.h for the order of the matrix.
 */
#ifndef MLOPS_TRAIN_FEATURES_INTERNAL_H
#define MLOPS_TRAIN_FEATURES_INTERNAL_H

#include "mlops/base/arena.h"
#include "mlops/base/map.h"
#include "mlops/train/features.h"

enum feature_impute {
	IMPUTE_MEDIAN,
	IMPUTE_MEAN,
	IMPUTE_MOST_FREQUENT,
	IMPUTE_CONSTANT,
	IMPUTE_CATEGORY, /* "missing" is a category of its own */
	IMPUTE_NONE /* missing values are refused */
};

enum feature_scale { SCALE_STANDARD, SCALE_MINMAX, SCALE_ROBUST, SCALE_NONE };
enum feature_encode { ENCODE_ONEHOT, ENCODE_ORDINAL, ENCODE_HASHED };

/* Parts of a timestamp, in the order of their bits in feature_rule.parts. */
enum feature_part {
	PART_NONE = -1, /* a plain number */
	PART_YEAR,
	PART_MONTH,
	PART_DAY,
	PART_WEEKDAY, /* 0 Monday */
	PART_HOUR,
	PART_MINUTE,
	PART_SECONDS, /* since 1970 */
	PART_COUNT
};
extern const char *const feature_part_names[PART_COUNT + 1]; /* NULL-terminated */

/* What the section asks for one column. */
struct feature_rule {
	enum feature_impute impute;
	double fill; /* IMPUTE_CONSTANT of a number */
	const char *fill_text; /* … of a category */
	bool indicator, log1p;
	double clip_low, clip_high; /* -INFINITY, INFINITY: none */
	enum feature_scale scale;
	size_t n_bins; /* bucketize by quantiles; 0 is not */
	const double *edges; /* bucketize at given edges, ascending */
	size_t n_edges;
	enum feature_encode encode;
	double min_frequency; /* ≥ 1 rows, below 1 a fraction of the rows; 0 none */
	size_t max_categories, n_buckets;
	bool unknown_is_infrequent;
	unsigned parts; /* bits of enum feature_part */
};

struct feature_column {
	const char *name;
	enum column_type type;
	struct feature_rule rule;
	struct position at; /* where the section speaks of it, for messages */
	/* Learnt: */
	double impute_value;
	size_t indicator; /* its column of the matrix, or SIZE_MAX */
	size_t first, width; /* of its bins or categories in the matrix */
	double *edges; /* of bins, ascending: bin k holds edges[k-1] <= x < edges[k] */
	size_t n_edges;
	struct text *categories; /* known ones, on the heap; code of categories[i] is codes[i] */
	uint32_t *codes;
	size_t n_categories;
	struct map lookup; /* category -> (void *)(code + 1) */
	int64_t missing_code, unknown_code; /* -1: all zeros */
};

struct feature_slot {
	size_t column; /* index into columns */
	enum feature_part part;
	/* Learnt: */
	double impute, low, high, center, scale;
	bool log1p;
};

struct features {
	struct arena arena;
	struct feature_column *columns;
	size_t n_columns;
	struct feature_slot *slots;
	size_t n_slots, n_features;
	const char **names; /* n_features */
	bool fitted;
};

/* A column that goes through slots (not bins, not categories). */
bool feature_has_slots(const struct feature_column *column);
bool feature_has_bins(const struct feature_column *column);
bool feature_is_category(const struct feature_column *column);

/*
 * Missing, or an empty text that the data does not count as missing (quoted, or left out of
 * data.missing): to a model the empty text is the missing value (mlops/model/model_file.h), so
 * that it can be no category of its own.
 */
bool feature_is_missing(const struct column *source, size_t row);

/* The part of a time given in seconds since 1970; NaN gives NaN. */
double feature_part_value(enum feature_part part, double seconds);

/* After the last step of fitting: offsets, widths and names. */
int features_lay_out(struct features *features, struct error *err);

#endif
