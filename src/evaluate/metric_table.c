#include "metrics_internal.h"

#include <math.h>
#include <string.h>

#include "mlops/base/text.h"

#define BINARY PREDICTION_BINARY
#define MULTI PREDICTION_MULTICLASS
#define CLASSES (PREDICTION_BINARY | PREDICTION_MULTICLASS)
#define VALUES PREDICTION_REGRESSION
#define P METRIC_NEEDS_PROBABILITIES
#define HIGHER METRIC_HIGHER, 0.0, 1.0
#define HIGHER_SIGNED METRIC_HIGHER, -1.0, 1.0
#define LOWER METRIC_LOWER, 0.0, 1.0
#define LOWER_OPEN METRIC_LOWER, 0.0, INFINITY

/* name, text, tasks, standard, needs, direction and range, interval, how, parameter */
const struct metric metric_table[] = {
	{ "accuracy", "share of rows labelled rightly", CLASSES, CLASSES, 0, HIGHER,
		INTERVAL_WILSON, .share = metric_accuracy },
	{ "balanced_accuracy", "mean recall of the classes that occur", CLASSES, CLASSES, 0, HIGHER,
		INTERVAL_MOVER, .of_sums = metric_balanced_accuracy },
	{ "precision", "share of the rows labelled yes that are", BINARY, BINARY, 0, HIGHER,
		INTERVAL_WILSON, .share = metric_precision },
	{ "recall", "share of the yes rows that are labelled so", BINARY, BINARY, 0, HIGHER,
		INTERVAL_WILSON, .share = metric_recall },
	{ "f1", "harmonic mean of precision and recall", BINARY, BINARY, 0, HIGHER, INTERVAL_WILSON,
		.share = metric_jaccard, .transform = metric_f1_of_jaccard },
	{ "f0_5", "F with beta 0.5: precision counts more", BINARY, 0, 0, HIGHER, INTERVAL_BCA,
		.of_sums = metric_f_beta, .parameter = 0.5 },
	{ "f2", "F with beta 2: recall counts more", BINARY, 0, 0, HIGHER, INTERVAL_BCA,
		.of_sums = metric_f_beta, .parameter = 2.0 },
	{ "specificity", "share of the no rows that are labelled so", BINARY, 0, 0, HIGHER,
		INTERVAL_WILSON, .share = metric_specificity },
	{ "negative_predictive_value", "share of the rows labelled no that are", BINARY, 0, 0,
		HIGHER, INTERVAL_WILSON, .share = metric_npv },
	{ "false_positive_rate", "share of the no rows that are labelled yes", BINARY, 0, 0, LOWER,
		INTERVAL_WILSON, .share = metric_false_positive_rate },
	{ "false_negative_rate", "share of the yes rows that are labelled no", BINARY, 0, 0, LOWER,
		INTERVAL_WILSON, .share = metric_false_negative_rate },
	{ "jaccard", "hits among the rows that are or are labelled yes", BINARY, 0, 0, HIGHER,
		INTERVAL_WILSON, .share = metric_jaccard },
	{ "informedness", "recall + specificity - 1 (Youden's J)", BINARY, 0, 0, HIGHER_SIGNED,
		INTERVAL_MOVER, .of_sums = metric_informedness },
	{ "mcc", "Matthews correlation of truth and labels", CLASSES, 0, 0, HIGHER_SIGNED,
		INTERVAL_BCA, .of_sums = metric_mcc },
	{ "cohen_kappa", "agreement beyond chance", CLASSES, 0, 0, HIGHER_SIGNED, INTERVAL_BCA,
		.of_sums = metric_kappa },
	{ "cohen_kappa_linear", "kappa of ordered classes, by distance", MULTI, 0, 0, HIGHER_SIGNED,
		INTERVAL_BCA, .of_sums = metric_kappa, .parameter = 1.0 },
	{ "cohen_kappa_quadratic", "kappa of ordered classes, by squared distance", MULTI, 0, 0,
		HIGHER_SIGNED, INTERVAL_BCA, .of_sums = metric_kappa, .parameter = 2.0 },
	{ "likelihood_ratio_positive", "recall / false positive rate", BINARY, 0, 0, METRIC_HIGHER,
		0.0, INFINITY, INTERVAL_BCA, .of_sums = metric_likelihood_positive },
	{ "likelihood_ratio_negative", "false negative rate / specificity", BINARY, 0, 0,
		LOWER_OPEN, INTERVAL_BCA, .of_sums = metric_likelihood_negative },

	{ "precision_macro", "mean precision of the classes", CLASSES, 0, 0, HIGHER, INTERVAL_BCA,
		.of_sums = metric_precision_average, .parameter = AVERAGE_MACRO },
	{ "precision_weighted", "mean precision, weighted by class size", CLASSES, 0, 0, HIGHER,
		INTERVAL_BCA, .of_sums = metric_precision_average, .parameter = AVERAGE_WEIGHTED },
	{ "precision_micro", "precision of all decisions together (accuracy)", CLASSES, 0, 0,
		HIGHER, INTERVAL_WILSON, .share = metric_accuracy },
	{ "recall_macro", "mean recall of the classes", CLASSES, 0, 0, HIGHER, INTERVAL_BCA,
		.of_sums = metric_recall_average, .parameter = AVERAGE_MACRO },
	{ "recall_weighted", "mean recall, weighted by class size (accuracy)", CLASSES, 0, 0,
		HIGHER, INTERVAL_WILSON, .share = metric_accuracy },
	{ "recall_micro", "recall of all decisions together (accuracy)", CLASSES, 0, 0, HIGHER,
		INTERVAL_WILSON, .share = metric_accuracy },
	{ "f1_macro", "mean F1 of the classes", CLASSES, MULTI, 0, HIGHER, INTERVAL_BCA,
		.of_sums = metric_f1_average, .parameter = AVERAGE_MACRO },
	{ "f1_weighted", "mean F1, weighted by class size", CLASSES, 0, 0, HIGHER, INTERVAL_BCA,
		.of_sums = metric_f1_average, .parameter = AVERAGE_WEIGHTED },
	{ "f1_micro", "F1 of all decisions together (accuracy)", CLASSES, 0, 0, HIGHER,
		INTERVAL_WILSON, .share = metric_accuracy },
	{ "jaccard_macro", "mean Jaccard index of the classes", CLASSES, 0, 0, HIGHER, INTERVAL_BCA,
		.of_sums = metric_jaccard_average, .parameter = AVERAGE_MACRO },
	{ "jaccard_weighted", "mean Jaccard index, weighted by class size", CLASSES, 0, 0, HIGHER,
		INTERVAL_BCA, .of_sums = metric_jaccard_average, .parameter = AVERAGE_WEIGHTED },

	{ "roc_auc", "area under the ROC curve; of more classes the mean, each against the rest",
		CLASSES, CLASSES, P, HIGHER, INTERVAL_DELONG, .of_rows = metric_roc_area },
	{ "roc_auc_ovr_weighted", "ROC areas of each class against the rest, by class size", MULTI,
		0, P, HIGHER, INTERVAL_DELONG, .of_rows = metric_roc_area_rest,
		.parameter = AVERAGE_WEIGHTED },
	{ "roc_auc_ovo", "mean ROC area of pairs of classes (Hand and Till)", MULTI, 0, P, HIGHER,
		INTERVAL_DELONG, .of_rows = metric_roc_area_pairs, .parameter = AVERAGE_MACRO },
	{ "roc_auc_ovo_weighted", "ROC area of pairs of classes, by their sizes", MULTI, 0, P,
		HIGHER, INTERVAL_DELONG, .of_rows = metric_roc_area_pairs,
		.parameter = AVERAGE_WEIGHTED },
	{ "gini", "2 × ROC area - 1", BINARY, 0, P, HIGHER_SIGNED, INTERVAL_DELONG,
		.of_rows = metric_roc_area, .parameter = 1.0 },
	{ "average_precision",
		"area under the precision-recall curve, in steps; of more classes the mean",
		CLASSES, BINARY, P, HIGHER, INTERVAL_INFLUENCE,
		.of_rows = metric_average_precision },
	{ "ks_statistic", "largest gap between the score distributions of yes and no", BINARY, 0, P,
		HIGHER, INTERVAL_NONE, .of_rows = metric_kolmogorov },
	{ "lift_10", "how many times more yes in the top tenth than on average", BINARY, 0, P,
		METRIC_HIGHER, 0.0, 10.0, INTERVAL_NONE, .of_rows = metric_lift, .parameter = 0.1 },
	{ "log_loss", "mean -log of the probability given to the truth", CLASSES, CLASSES, P,
		LOWER_OPEN, INTERVAL_BCA, .of_sums = metric_log_loss },
	{ "brier_score",
		"mean squared error of the probabilities; of more classes summed over them",
		CLASSES, BINARY, P, METRIC_LOWER, 0.0, 2.0, INTERVAL_BCA, .of_sums = metric_brier },
	{ "top_2_accuracy", "share of rows whose class is among the 2 most probable", MULTI, 0, P,
		HIGHER, INTERVAL_WILSON, .share = metric_top, .parameter = 2.0 },
	{ "top_3_accuracy", "share of rows whose class is among the 3 most probable", MULTI, 0, P,
		HIGHER, INTERVAL_WILSON, .share = metric_top, .parameter = 3.0 },
	{ "top_5_accuracy", "share of rows whose class is among the 5 most probable", MULTI, 0, P,
		HIGHER, INTERVAL_WILSON, .share = metric_top, .parameter = 5.0 },
	{ "expected_calibration_error", "mean gap between probability and frequency, 10 bins",
		CLASSES, 0, P, LOWER, INTERVAL_NONE, .of_sums = metric_expected_calibration_error },
	{ "maximum_calibration_error", "largest gap between probability and frequency, 10 bins",
		CLASSES, 0, P, LOWER, INTERVAL_NONE, .of_sums = metric_largest_calibration_error },
	{ "cost", "mean cost a row, by the costs of the project", CLASSES, 0, METRIC_NEEDS_COSTS,
		METRIC_LOWER, -INFINITY, INFINITY, INTERVAL_BCA, .of_sums = metric_cost },

	{ "mae", "mean absolute error", VALUES, VALUES, 0, LOWER_OPEN, INTERVAL_BCA,
		.of_sums = metric_mean_absolute_error },
	{ "rmse", "root of the mean squared error", VALUES, VALUES, 0, LOWER_OPEN, INTERVAL_BCA,
		.of_sums = metric_root_mean_squared_error },
	{ "mse", "mean squared error", VALUES, 0, 0, LOWER_OPEN, INTERVAL_BCA,
		.of_sums = metric_mean_squared_error },
	{ "r2", "share of the target's variance that is explained", VALUES, VALUES, 0,
		METRIC_HIGHER, -INFINITY, 1.0, INTERVAL_BCA, .of_sums = metric_r2 },
	{ "explained_variance", "as r2, but a constant error costs nothing", VALUES, 0, 0,
		METRIC_HIGHER, -INFINITY, 1.0, INTERVAL_BCA, .of_sums = metric_explained_variance },
	{ "bias", "mean error, prediction - target", VALUES, VALUES, 0, METRIC_ZERO, -INFINITY,
		INFINITY, INTERVAL_BCA, .of_sums = metric_mean_error },
	{ "median_absolute_error", "median size of the error", VALUES, 0, 0, LOWER_OPEN,
		INTERVAL_ORDER, .of_rows = metric_median_absolute_error },
	{ "max_error", "largest size of the error", VALUES, 0, 0, LOWER_OPEN, INTERVAL_NONE,
		.of_rows = metric_max_error },
	{ "mape", "mean size of the error relative to the target", VALUES, 0, 0, LOWER_OPEN,
		INTERVAL_BCA, .of_sums = metric_mape },
	{ "smape", "mean size of the error relative to target and prediction, 0 .. 2", VALUES, 0, 0,
		METRIC_LOWER, 0.0, 2.0, INTERVAL_BCA, .of_sums = metric_smape },
	{ "wape", "sum of error sizes / sum of target sizes", VALUES, 0, 0, LOWER_OPEN,
		INTERVAL_BCA, .of_sums = metric_wape },
	{ "msle", "mean squared difference of log(1 + x)", VALUES, 0, 0, LOWER_OPEN, INTERVAL_BCA,
		.of_sums = metric_msle },
	{ "rmsle", "root of msle", VALUES, 0, 0, LOWER_OPEN, INTERVAL_BCA, .of_sums = metric_msle,
		.parameter = 1.0 },
	{ "pinball", "pinball loss of the median (half of mae)", VALUES, 0, 0, LOWER_OPEN,
		INTERVAL_BCA, .of_sums = metric_pinball, .parameter = 0.5 },
	{ "pinball_10", "pinball loss of the 10 % quantile", VALUES, 0, 0, LOWER_OPEN, INTERVAL_BCA,
		.of_sums = metric_pinball, .parameter = 0.1 },
	{ "pinball_90", "pinball loss of the 90 % quantile", VALUES, 0, 0, LOWER_OPEN, INTERVAL_BCA,
		.of_sums = metric_pinball, .parameter = 0.9 },
	{ "poisson_deviance", "mean Poisson deviance", VALUES, 0, 0, LOWER_OPEN, INTERVAL_BCA,
		.of_sums = metric_poisson_deviance },
	{ "gamma_deviance", "mean gamma deviance", VALUES, 0, 0, LOWER_OPEN, INTERVAL_BCA,
		.of_sums = metric_gamma_deviance },
	{ "pearson", "correlation of target and prediction", VALUES, 0, 0, HIGHER_SIGNED,
		INTERVAL_FISHER, .of_rows = metric_pearson },
	{ "spearman", "correlation of the ranks of target and prediction", VALUES, 0, 0,
		HIGHER_SIGNED, INTERVAL_FISHER, .of_rows = metric_spearman },
};

const size_t metric_count = sizeof metric_table / sizeof *metric_table;

/* The field's other spellings: scikit-learn's functions and scorers first. */
static const char *const metric_aliases[][2] = {
	{ "accuracy_score", "accuracy" },
	{ "auc", "roc_auc" },
	{ "average_precision_score", "average_precision" },
	{ "balanced_accuracy_score", "balanced_accuracy" },
	{ "brier", "brier_score" },
	{ "brier_score_loss", "brier_score" },
	{ "cohen_kappa_score", "cohen_kappa" },
	{ "ece", "expected_calibration_error" },
	{ "explained_variance_score", "explained_variance" },
	{ "f1_score", "f1" },
	{ "fnr", "false_negative_rate" },
	{ "fpr", "false_positive_rate" },
	{ "jaccard_score", "jaccard" },
	{ "kappa", "cohen_kappa" },
	{ "kappa_linear", "cohen_kappa_linear" },
	{ "kappa_quadratic", "cohen_kappa_quadratic" },
	{ "matthews_corrcoef", "mcc" },
	{ "mce", "maximum_calibration_error" },
	{ "mean_absolute_error", "mae" },
	{ "mean_absolute_percentage_error", "mape" },
	{ "mean_error", "bias" },
	{ "mean_gamma_deviance", "gamma_deviance" },
	{ "mean_pinball_loss", "pinball" },
	{ "mean_poisson_deviance", "poisson_deviance" },
	{ "mean_squared_error", "mse" },
	{ "mean_squared_log_error", "msle" },
	{ "medae", "median_absolute_error" },
	{ "npv", "negative_predictive_value" },
	{ "pr_auc", "average_precision" },
	{ "precision_score", "precision" },
	{ "r2_score", "r2" },
	{ "recall_score", "recall" },
	{ "roc_auc_ovr", "roc_auc" },
	{ "roc_auc_score", "roc_auc" },
	{ "root_mean_squared_error", "rmse" },
	{ "sensitivity", "recall" },
	{ "tnr", "specificity" },
	{ "tpr", "recall" },
	{ "youden", "informedness" },
};

const struct metric *metric_find(const char *name)
{
	for (size_t i = 0; i < sizeof metric_aliases / sizeof *metric_aliases; i++)
		if (strcmp(metric_aliases[i][0], name) == 0)
			name = metric_aliases[i][1];
	for (size_t i = 0; i < metric_count; i++)
		if (strcmp(metric_table[i].name, name) == 0)
			return &metric_table[i];
	return NULL;
}

const char *metric_nearest(const char *name, enum prediction_task task)
{
	const char *candidates[sizeof metric_table / sizeof *metric_table + 1];
	size_t count = 0;
	for (size_t i = 0; i < metric_count; i++)
		if (metric_table[i].tasks & task)
			candidates[count++] = metric_table[i].name;
	candidates[count] = NULL;
	return text_nearest(name, candidates);
}

bool metric_better(const struct metric *metric, double a, double b)
{
	switch (metric->direction) {
	case METRIC_HIGHER:
		return a > b;
	case METRIC_LOWER:
		return a < b;
	case METRIC_ZERO:
		return fabs(a) < fabs(b);
	}
	return false;
}
