#include "mlops/pipeline/fit.h"

#include <math.h>

#include "mlops/base/clock.h"
#include "mlops/data/profile.h"
#include "mlops/data/schema.h"
#include "mlops/document/json_writer.h"
#include "mlops/model/onnx.h"
#include "mlops/numeric/matrix.h"
#include "mlops/train/export.h"

/* Rows that the check of graph against trainer holds in memory at once. */
enum { FIT_CHECK_BLOCK = 16384 };

const char *const *fit_class_names(const struct dataset *dataset)
{
	return (const char *const *)dataset->source.classes;
}

static int fit_matrix(const struct fit *fit, const struct dataset *dataset, enum split_part which,
	struct matrix *ret_x, struct error *err)
{
	const struct dataset_part *part = &dataset->parts[which];
	int status = matrix_init(part->n_rows, features_count(fit->features), ret_x, err);
	if (status < 0 || !part->n_rows)
		return status;
	return features_apply(fit->features, &dataset->source.table, part->rows, part->n_rows,
		ret_x->values, err);
}

static struct trainer_data fit_data(
	const struct dataset_part *part, const struct matrix *x, const double *weights)
{
	return (struct trainer_data){ .x = matrix_view(x),
		.values = part->values,
		.classes = part->classes,
		.weights = weights };
}

/* The baseline looks at no feature, so one row of zeros tells what it says of every row. */
static int fit_score_baseline(struct fit *fit, struct error *err)
{
	size_t n = features_count(fit->features);
	AUTO(matrix_release) struct matrix row = { NULL, 0, 0 };
	fit->width = trained_model_width(&fit->baseline);
	fit->baseline_scores = memory_allocate(fit->width, sizeof *fit->baseline_scores, err);
	if (!fit->baseline_scores || matrix_init(1, n, &row, err) < 0)
		return -ERROR_MEMORY;
	struct matrix_view view = matrix_view(&row);
	return trainer_predict(
		trainer_find("baseline"), &fit->baseline, &view, 1, fit->baseline_scores, err);
}

/* Trains the model that the project asks for, and the default baseline beside it. */
static int fit_train(struct fit *fit, const struct document *project, const struct dataset *dataset,
	const struct event_sink *sink, struct error *err)
{
	AUTO(matrix_release) struct matrix train = { NULL, 0, 0 };
	AUTO(matrix_release) struct matrix validation = { NULL, 0, 0 };
	AUTO_FREE double *weights = NULL;
	int status = fit_matrix(fit, dataset, SPLIT_TRAIN, &train, err);
	if (status == 0)
		status = fit_matrix(fit, dataset, SPLIT_VALIDATION, &validation, err);
	if (status == 0)
		status = dataset_training_weights(dataset, project, &weights, err);
	if (status < 0)
		return status;
	const struct value *settings = value_member(project->root, "train");
	struct trainer_problem problem = { .task = dataset->task,
		.n_classes = dataset->source.n_classes,
		.train = fit_data(&dataset->parts[SPLIT_TRAIN], &train, weights),
		.validation = fit_data(&dataset->parts[SPLIT_VALIDATION], &validation, NULL),
		.parameters = value_member(project->root, "model"),
		.seed = (uint64_t)value_integer_or(settings, "seed", 0),
		.sink = sink };
	uint64_t start = clock_monotonic();
	status = trainer_fit(fit->trainer, &problem, &fit->model, err);
	fit->fit_seconds = (double)(clock_monotonic() - start) * 1e-9;
	if (status < 0)
		return status;
	problem.parameters = NULL;
	problem.sink = NULL;
	status = trainer_fit(trainer_find("baseline"), &problem, &fit->baseline, err);
	return status < 0 ? status : fit_score_baseline(fit, err);
}

static void fit_describe_classes(const struct dataset *dataset, struct strbuf *buffer)
{
	struct json_writer json;
	json_begin(&json, buffer, 0);
	json_array(&json);
	for (size_t c = 0; c < dataset->source.n_classes; c++)
		json_string(&json, dataset->source.classes[c]);
	json_end(&json);
}

/* ["worst_area", "sex=2"]: the columns of the design matrix, in the order of the coefficients. */
static void fit_describe_features(const struct fit *fit, struct strbuf *buffer)
{
	struct json_writer json;
	json_begin(&json, buffer, 0);
	json_array(&json);
	for (size_t i = 0; i < features_count(fit->features); i++)
		json_string(&json, features_name(fit->features, i));
	json_end(&json);
}

/* [0.63, 0.37]: so that a later evaluation can compare without the training rows. */
static void fit_describe_baseline(const struct fit *fit, struct strbuf *buffer)
{
	struct json_writer json;
	json_begin(&json, buffer, 0);
	json_array(&json);
	for (size_t i = 0; i < fit->width; i++)
		json_number(&json, fit->baseline_scores[i]);
	json_end(&json);
}

/* Moves a text into the metadata; a failed one is the failure. */
static int fit_add_text(struct fit *fit, const char *key, struct strbuf *text, struct error *err)
{
	int status = strbuf_check(text, err);
	if (status == 0)
		graph_add_metadata(&fit->graph, key, text->text);
	strbuf_clear(text);
	return status;
}

/* Schema, profile and task of the training rows, as the metadata of the graph. */
static int fit_describe(struct fit *fit, const struct dataset *dataset, struct error *err)
{
	const struct table *table = &dataset->source.table;
	const struct dataset_part *train = &dataset->parts[SPLIT_TRAIN];
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO(table_schema_release) struct table_schema schema = { .n_columns = 0 };
	AUTO(profile_release) struct profile profile = { .n_columns = 0 };
	size_t n = features_n_columns(fit->features);
	AUTO_FREE const char **names = memory_allocate(n, sizeof *names, err);
	if (!names)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < n; i++)
		names[i] = features_column_name(fit->features, i);
	graph_add_metadata(&fit->graph, "mlops.task", trainer_task_name(dataset->task));
	int status = 0;
	if (dataset->task != TASK_REGRESSION) {
		fit_describe_classes(dataset, &text);
		status = fit_add_text(fit, "mlops.classes", &text, err);
	}
	graph_add_metadata(&fit->graph, "mlops.target", dataset->settings.target);
	if (status == 0) {
		fit_describe_baseline(fit, &text);
		status = fit_add_text(fit, "mlops.baseline", &text, err);
	}
	if (status == 0) {
		fit_describe_features(fit, &text);
		status = fit_add_text(fit, "mlops.features", &text, err);
	}
	if (status == 0)
		status = table_schema_make(table, names, n, &schema, err);
	if (status == 0) {
		table_schema_to_json(&schema, &text, 0);
		status = fit_add_text(fit, "mlops.schema", &text, err);
	}
	if (status == 0)
		status = table_profile(table, train->rows, train->n_rows, 0, &profile, err);
	if (status < 0)
		return status;
	profile_to_json(&profile, &text, 0);
	return fit_add_text(fit, "mlops.profile", &text, err);
}

static int fit_export(struct fit *fit, const struct dataset *dataset, struct error *err)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	int status = export_model(
		fit->features, &fit->model, fit_class_names(dataset), &fit->graph, err);
	if (status == 0)
		status = fit_describe(fit, dataset, err);
	if (status == 0)
		status = onnx_write(&fit->graph, &bytes, err);
	if (status == 0)
		status = strbuf_check(&bytes, err);
	if (status < 0)
		return status;
	hash_bytes(bytes.text, bytes.length, &fit->fingerprint);
	return model_read(bytes.text, bytes.length, &fit->file, err);
}

static int fit_predict(struct fit *fit, const struct table *table, struct error *err)
{
	fit->scores = memory_allocate(table->n_rows * fit->width, sizeof *fit->scores, err);
	if (!fit->scores)
		return -ERROR_MEMORY;
	struct model_rows rows = { .table = table, .n_rows = table->n_rows };
	struct model_predictions predictions = { .scores = fit->scores };
	uint64_t start = clock_monotonic();
	int status = model_predict_table(&fit->file, &rows, &predictions, err);
	fit->predict_seconds = (double)(clock_monotonic() - start) * 1e-9;
	return status;
}

static double fit_difference(const double *graph, const double *trainer, size_t count)
{
	double worst = 0;
	for (size_t i = 0; i < count; i++) {
		double difference = fabs(graph[i] - trainer[i]) / fmax(1, fabs(trainer[i]));
		if (!(difference <= worst)) /* a NaN stays */
			worst = difference;
	}
	return worst;
}

/* One block of rows by the trainer's own arithmetic, against fit->scores. */
static int fit_check_block(struct fit *fit, const struct table *table, size_t first,
	struct matrix *x, size_t *rows, struct error *err)
{
	size_t n =
		table->n_rows - first < FIT_CHECK_BLOCK ? table->n_rows - first : FIT_CHECK_BLOCK;
	for (size_t i = 0; i < n; i++)
		rows[i] = first + i;
	AUTO_FREE double *own = memory_allocate(n * fit->width, sizeof *own, err);
	if (!own)
		return -ERROR_MEMORY;
	int status = features_apply(fit->features, table, rows, n, x->values, err);
	struct matrix_view all = matrix_view(x);
	struct matrix_view view = matrix_view_rows(&all, 0, n);
	if (status == 0)
		status = trainer_predict(fit->trainer, &fit->model, &view, 0, own, err);
	if (status < 0)
		return status;
	double worst = fit_difference(fit->scores + first * fit->width, own, n * fit->width);
	if (!(worst <= fit->worst))
		fit->worst = worst;
	return 0;
}

static int fit_check(struct fit *fit, const struct table *table, struct error *err)
{
	AUTO(matrix_release) struct matrix x = { NULL, 0, 0 };
	AUTO_FREE size_t *rows = memory_allocate(FIT_CHECK_BLOCK, sizeof *rows, err);
	size_t block = table->n_rows < FIT_CHECK_BLOCK ? table->n_rows : FIT_CHECK_BLOCK;
	if (!rows || matrix_init(block, features_count(fit->features), &x, err) < 0)
		return -ERROR_MEMORY;
	for (size_t first = 0; first < table->n_rows; first += FIT_CHECK_BLOCK) {
		int status = fit_check_block(fit, table, first, &x, rows, err);
		if (status < 0)
			return status;
	}
	if (fit->worst <= FIT_TOLERANCE)
		return 0;
	error_set(err, ERROR_NUMERIC,
		"the model file and the trainer disagree by %g, over %g: the model is refused",
		fit->worst, FIT_TOLERANCE);
	return error_hint(err, "features of very different size can cause this: scale them");
}

static int fit_find_trainer(struct fit *fit, const struct document *project, struct error *err)
{
	const char *type = value_string_or(value_member(project->root, "model"), "type", "");
	fit->trainer = trainer_find(type);
	if (!fit->trainer)
		return error_set(err, ERROR_UNSUPPORTED, "there is no trainer '%s'", type);
	return 0;
}

static int fit_all(struct fit *fit, const struct document *project, const struct dataset *dataset,
	const struct event_sink *sink, struct error *err)
{
	const struct table *table = &dataset->source.table;
	const struct dataset_part *train = &dataset->parts[SPLIT_TRAIN];
	int status = fit_find_trainer(fit, project, err);
	if (status == 0)
		status = features_new(project, value_member(project->root, "features"), table,
			dataset->excluded, sink, &fit->features, err);
	if (status == 0)
		status = features_fit(fit->features, table, train->rows, train->n_rows, err);
	if (status == 0)
		status = fit_train(fit, project, dataset, sink, err);
	if (status == 0)
		status = fit_export(fit, dataset, err);
	if (status == 0)
		status = fit_predict(fit, table, err);
	return status < 0 ? status : fit_check(fit, table, err);
}

int fit_project(const struct document *project, const struct dataset *dataset,
	const struct event_sink *sink, struct fit *ret_fit, struct error *err)
{
	*ret_fit = (struct fit){ .width = 0 };
	graph_init(&ret_fit->graph);
	int status = fit_all(ret_fit, project, dataset, sink, err);
	if (status < 0)
		fit_release(ret_fit);
	return status;
}

void fit_release(struct fit *fit)
{
	features_free(fit->features);
	trained_model_release(&fit->model);
	trained_model_release(&fit->baseline);
	model_release(&fit->file);
	graph_release(&fit->graph);
	memory_free(fit->scores);
	memory_free(fit->baseline_scores);
	*fit = (struct fit){ .width = 0 };
}

int fit_seal(struct fit *fit, const char *run, const char *metrics, struct strbuf *out,
	struct error *err)
{
	graph_add_metadata(&fit->graph, "mlops.run", run);
	if (metrics)
		graph_add_metadata(&fit->graph, "mlops.metrics", metrics);
	int status = graph_check(&fit->graph, err);
	return status < 0 ? status : onnx_write(&fit->graph, out, err);
}
