#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/parse.h"
#include "mlops/pipeline/eval_run.h"
#include "mlops/pipeline/model_moves.h"
#include "mlops/record/code.h"
#include "mlops/record/environment.h"
#include "mlops/record/files.h"
#include "mlops/record/params.h"
#include "mlops/system/file.h"
#include "mlops/system/hash.h"
#include "mlops/ui/text_table.h"
#include "diff_data.h"
#include "runs.h"

struct diff_options {
	struct option_list operands, keys;
	bool exit_code, all;
};

static const struct option_spec diff_option_table[] = {
	OPTION_FLAG(struct diff_options, exit_code, 0, "exit-code",
		"exit 1 if params, metrics, data or code differ"),
	OPTION_FLAG(struct diff_options, all, 0, "all", "show what is the same and artifacts, too"),
	OPTION_LIST(struct diff_options, keys, 0, "key", "COLUMN",
		"of a table: the column that names a row (repeatable)"),
	OPTION_END,
};

static const struct operand_spec diff_operands[] = {
	OPERAND_LIST(struct diff_options, operands, 0, "RUN", COMPLETE_RUN,
		"two runs (@~1 and @ unless said), or versions and a path of data"),
	OPERAND_END,
};

/* One fact of both runs. `from` or `to` is NULL where a run does not have it. */
struct difference {
	const char *kind, *name, *from, *to;
	double delta; /* of numbers; else NaN */
	const char *interval; /* "within" or "outside" the 95% interval of the first; or NULL */
	bool same;
};

struct diff {
	struct invocation *invocation;
	struct record *record;
	int64_t runs[2];
	VEC(struct difference) items;
	size_t n_different; /* environment, artifacts and coefficients aside */
};

static bool diff_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static const char *diff_keep(struct diff *diff, const char *text, struct error *err)
{
	return text ? arena_copy_string(&diff->invocation->arena, text, err) : NULL;
}

/* Copies the texts: what was loaded is released before it is shown. */
static int diff_add(struct diff *diff, struct difference item, struct error *err)
{
	item.same = item.same || (isnan(item.delta) && diff_equal(item.from, item.to));
	/* Artifacts hold the id of their run, and the machine is not what was compared. */
	if (!item.same && strcmp(item.kind, "environment") != 0 &&
		strcmp(item.kind, "artifact") != 0 && strcmp(item.kind, "model") != 0)
		diff->n_different++;
	item.name = diff_keep(diff, item.name, err);
	item.from = diff_keep(diff, item.from, err);
	item.to = diff_keep(diff, item.to, err);
	if (err->code)
		return -err->code;
	vec_push(&diff->items, item);
	return vec_check(&diff->items, err);
}

static int diff_add_texts(struct diff *diff, const char *kind, const char *name, const char *from,
	const char *to, struct error *err)
{
	return diff_add(diff,
		(struct difference){
			.kind = kind, .name = name, .from = from, .to = to, .delta = NAN },
		err);
}

/*
 * Walks two lists that are sorted by name side by side. Gives the order of the items at hand: <0
 * only the first has it, >0 only the second, 0 both.
 */
static int diff_order(bool a_left, const char *a, bool b_left, const char *b)
{
	if (!a_left || !b_left)
		return a_left ? -1 : 1;
	return strcmp(a, b);
}

static int diff_params(struct diff *diff, struct error *err)
{
	AUTO(params_release) struct params a = { .items = NULL }, b = { .items = NULL };
	if (params_load(diff->record, diff->runs[0], &a, err) < 0 ||
		params_load(diff->record, diff->runs[1], &b, err) < 0)
		return -err->code;
	for (size_t i = 0, j = 0; i < a.count || j < b.count;) {
		const struct param *x = i < a.count ? &a.items[i] : NULL;
		const struct param *y = j < b.count ? &b.items[j] : NULL;
		int order = diff_order(x, x ? x->name : "", y, y ? y->name : "");
		if (diff_add_texts(diff, "param", order > 0 ? y->name : x->name,
			    order > 0 ? NULL : x->value, order < 0 ? NULL : y->value, err) < 0)
			return -err->code;
		i += order <= 0;
		j += order >= 0;
	}
	return 0;
}

static int diff_metric(struct diff *diff, const struct run_metric *x, const struct run_metric *y,
	struct error *err)
{
	AUTO(strbuf_release) struct strbuf from = STRBUF_INIT, to = STRBUF_INIT;
	struct difference item = { .kind = "metric", .name = x ? x->name : y->name, .delta = NAN };
	if (x)
		strbuf_add_double(&from, x->value);
	if (y)
		strbuf_add_double(&to, y->value);
	if (strbuf_check(&from, err) < 0 || strbuf_check(&to, err) < 0)
		return -err->code;
	item.from = x ? from.text : NULL;
	item.to = y ? to.text : NULL;
	if (x && y) {
		item.same = x->value == y->value || (isnan(x->value) && isnan(y->value));
		item.delta = item.same ? 0 : y->value - x->value;
		if (!item.same && !isnan(x->low))
			item.interval =
				y->value >= x->low && y->value <= x->high ? "within" : "outside";
	}
	return diff_add(diff, item, err);
}

/* One of the two kinds: figures of the whole ("roc_auc"), then those of a part ("train/…"). */
static int diff_metrics_of(struct diff *diff, const struct run_metrics *a,
	const struct run_metrics *b, bool parts, struct error *err)
{
	for (size_t i = 0, j = 0; i < a->count || j < b->count;) {
		const struct run_metric *x = i < a->count ? &a->items[i] : NULL;
		const struct run_metric *y = j < b->count ? &b->items[j] : NULL;
		int order = diff_order(x, x ? x->name : "", y, y ? y->name : "");
		const char *name = order > 0 ? y->name : x->name;
		if ((strchr(name, '/') != NULL) == parts &&
			diff_metric(diff, order > 0 ? NULL : x, order < 0 ? NULL : y, err) < 0)
			return -err->code;
		i += order <= 0;
		j += order >= 0;
	}
	return 0;
}

static int diff_metrics(struct diff *diff, struct error *err)
{
	AUTO(metrics_release) struct run_metrics a = { .items = NULL }, b = { .items = NULL };
	if (metrics_load_last(diff->record, diff->runs[0], &a, err) < 0 ||
		metrics_load_last(diff->record, diff->runs[1], &b, err) < 0 ||
		diff_metrics_of(diff, &a, &b, false, err) < 0)
		return -err->code;
	return diff_metrics_of(diff, &a, &b, true, err);
}

/* "569 × 31, 8c1f02ab99d0" */
static const char *diff_file(struct diff *diff, const struct run_file *file, struct error *err)
{
	if (!file)
		return NULL;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	if (file->n_rows >= 0 && file->n_columns >= 0)
		strbuf_printf(&text, "%" PRId64 " %s %" PRId64 ", ", file->n_rows,
			diff->invocation->output.style.utf8 ? "×" : "x", file->n_columns);
	else if (file->size >= 0) {
		output_add_bytes(&text, (uint64_t)file->size);
		strbuf_add(&text, ", ");
	}
	strbuf_printf(&text, "%.12s", file->hash);
	return strbuf_check(&text, err) < 0 ? NULL : diff_keep(diff, text.text, err);
}

static int diff_files(struct diff *diff, enum file_role role, const char *kind, struct error *err)
{
	AUTO(run_files_release) struct run_files a = { .items = NULL }, b = { .items = NULL };
	if (run_files_load(diff->record, diff->runs[0], role, &a, err) < 0 ||
		run_files_load(diff->record, diff->runs[1], role, &b, err) < 0)
		return -err->code;
	for (size_t i = 0, j = 0; i < a.count || j < b.count;) {
		const struct run_file *x = i < a.count ? &a.items[i] : NULL;
		const struct run_file *y = j < b.count ? &b.items[j] : NULL;
		int order = diff_order(x, x ? x->path : "", y, y ? y->path : "");
		x = order > 0 ? NULL : x;
		y = order < 0 ? NULL : y;
		struct difference item = { .kind = kind,
			.name = x ? x->path : y->path,
			.from = diff_file(diff, x, err),
			.to = diff_file(diff, y, err),
			.delta = NAN,
			.same = x && y && strcmp(x->hash, y->hash) == 0 };
		if (err->code || diff_add(diff, item, err) < 0)
			return -err->code;
		i += order <= 0;
		j += order >= 0;
	}
	return 0;
}

static const char *diff_dirty(const struct run_code *code)
{
	return code->commit ? code->dirty ? "dirty" : "clean" : NULL;
}

static int diff_code(struct diff *diff, struct error *err)
{
	AUTO(run_code_release) struct run_code a = { .commit = NULL }, b = { .commit = NULL };
	if (run_code_load(diff->record, diff->runs[0], &a, err) < 0 ||
		run_code_load(diff->record, diff->runs[1], &b, err) < 0 ||
		diff_add_texts(diff, "code", "commit", a.commit, b.commit, err) < 0 ||
		diff_add_texts(diff, "code", "branch", a.branch, b.branch, err) < 0 ||
		diff_add_texts(diff, "code", "tree", diff_dirty(&a), diff_dirty(&b), err) < 0 ||
		diff_add_texts(diff, "code", "patch", a.patch, b.patch, err) < 0)
		return -err->code;
	return 0;
}

static int diff_environment(struct diff *diff, struct error *err)
{
	AUTO(facts_release) struct facts a = { .items = NULL }, b = { .items = NULL };
	if (run_environment_load(diff->record, diff->runs[0], &a, err) < 0 ||
		run_environment_load(diff->record, diff->runs[1], &b, err) < 0)
		return -err->code;
	for (size_t i = 0, j = 0; i < a.count || j < b.count;) {
		const struct fact *x = i < a.count ? &a.items[i] : NULL;
		const struct fact *y = j < b.count ? &b.items[j] : NULL;
		int order = diff_order(x, x ? x->name : "", y, y ? y->name : "");
		if (diff_add_texts(diff, "environment", order > 0 ? y->name : x->name,
			    order > 0 ? NULL : x->value, order < 0 ? NULL : y->value, err) < 0)
			return -err->code;
		i += order <= 0;
		j += order >= 0;
	}
	return 0;
}

static int diff_attributes(struct diff *diff, struct error *err)
{
	AUTO(run_release) struct run a = { .number = 0 }, b = { .number = 0 };
	if (run_load(diff->record, diff->runs[0], &a, err) < 0 ||
		run_load(diff->record, diff->runs[1], &b, err) < 0 ||
		diff_add_texts(diff, "run", "model", a.model, b.model, err) < 0 ||
		diff_add_texts(diff, "run", "task", a.task, b.task, err) < 0 ||
		diff_add_texts(diff, "run", "status", run_status_name(a.status),
			run_status_name(b.status), err) < 0)
		return -err->code;
	return 0;
}

enum { DIFF_MOVES = 8 };

/* The coefficients that moved most, of two linear models; nothing is said of others. */
static int diff_models(struct diff *diff, struct error *err)
{
	AUTO(object_store_close) struct object_store *objects = NULL;
	AUTO(model_release) struct model from = { .n_inputs = 0 };
	AUTO(model_release) struct model to = { .n_inputs = 0 };
	AUTO(model_moves_release) struct model_moves moves = { .count = 0 };
	struct model *sides[] = { &from, &to };
	if (object_store_open(&diff->invocation->workspace, &objects, err) < 0)
		return -err->code;
	for (int i = 0; i < 2; i++) {
		struct error none = ERROR_INIT;
		if (eval_load_model(diff->record, objects, diff->runs[i], sides[i], NULL, &none) ==
			0)
			continue;
		/* No model, or one that cannot be read: the rest is worth showing all the same. */
		if (none.code != ERROR_NOT_FOUND)
			message_note(&diff->invocation->messages, none.message);
		return 0;
	}
	if (model_moves_find(&from, &to, &moves, err) < 0)
		return -err->code;
	for (size_t i = 0; i < moves.count && i < DIFF_MOVES; i++) {
		const struct model_move *move = &moves.items[i];
		char texts[2][32];
		snprintf(texts[0], sizeof texts[0], "%.6g", move->from);
		snprintf(texts[1], sizeof texts[1], "%.6g", move->to);
		struct difference item = { .kind = "model",
			.name = move->feature,
			.from = texts[0],
			.to = texts[1],
			.delta = move->to - move->from };
		if (diff_add(diff, item, err) < 0)
			return -err->code;
	}
	return 0;
}

static int diff_json(struct diff *diff, struct error *err)
{
	struct json_writer *json = output_json(&diff->invocation->output);
	static const char *const keys[] = { "from", "to" };
	for (int i = 0; i < 2; i++) {
		AUTO(run_release) struct run run = { .number = 0 };
		if (run_load(diff->record, diff->runs[i], &run, err) < 0)
			return -err->code;
		json_key_string(json, keys[i], run.id);
	}
	json_key_boolean(json, "equal", diff->n_different == 0);
	json_key(json, "differences");
	json_array(json);
	for (size_t i = 0; i < diff->items.count; i++) {
		const struct difference *item = &diff->items.items[i];
		if (item->same)
			continue;
		json_object(json);
		json_key_string(json, "kind", item->kind);
		json_key_string(json, "name", item->name);
		json_key_string(json, "from", item->from);
		json_key_string(json, "to", item->to);
		json_key(json, "delta");
		if (isnan(item->delta))
			json_null(json);
		else
			json_number(json, item->delta);
		json_key_string(json, "interval", item->interval);
		json_end(json);
	}
	json_end(json);
	return 0;
}

static bool diff_is_hash(const char *text)
{
	return strlen(text) == HASH_TEXT_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == HASH_TEXT_SIZE - 1;
}

/* "+0.0020": with the digits of its sides, and a sign that is one. */
static void diff_add_delta(double delta, const struct style *style, struct strbuf *note)
{
	double size = fabs(delta);
	strbuf_add(note, delta > 0 ? "+" : style->utf8 ? "−" : "-");
	if (size < 10 && size >= 0.00005)
		strbuf_printf(note, "%.4f", size);
	else
		output_add_number(note, size);
}

/* A number as people read it, a hash cut to what distinguishes it. */
static void diff_add_side(
	const struct difference *item, const char *side, struct strbuf *text, const char *none)
{
	double number;
	if (side && strcmp(item->kind, "metric") == 0 && parse_f64(text_of(side), &number)) {
		output_add_number(text, number);
		return;
	}
	if (!side)
		strbuf_add(text, none);
	else if (strcmp(item->name, "commit") == 0 || strcmp(item->name, "patch") == 0)
		strbuf_printf(text, "%.7s", side);
	else if (diff_is_hash(side))
		strbuf_printf(text, "%.12s", side);
	else
		strbuf_add(text, side[0] ? side : "''");
}

static void diff_row(struct diff *diff, struct text_table *table, const struct difference *item)
{
	const struct style *style = &diff->invocation->output.style;
	AUTO(strbuf_release) struct strbuf change = STRBUF_INIT, note = STRBUF_INIT;
	if (item->same) {
		strbuf_add(&change, "same");
	} else {
		diff_add_side(item, item->from, &change, "(none)");
		strbuf_add(&change, style->utf8 ? " → " : " -> ");
		diff_add_side(item, item->to, &change, "(none)");
	}
	if (!item->same && !isnan(item->delta)) {
		diff_add_delta(item->delta, style, &note);
		if (item->interval)
			strbuf_printf(&note, ", %s the 95%% interval", item->interval);
	}
	text_table_cell(table, text_of(item->kind), COLOUR_NONE);
	text_table_cell(table, text_of(item->name), COLOUR_NONE);
	text_table_cell(table, (struct text){ change.text, change.length },
		item->same ? COLOUR_DIM : COLOUR_NONE);
	text_table_cell(table, (struct text){ note.text, note.length }, COLOUR_NONE);
	text_table_end_row(table);
}

/* Are all items of this kind the same, and is this the first of them? Then one line says so. */
static bool diff_all_same(const struct diff *diff, size_t first)
{
	const char *kind = diff->items.items[first].kind;
	if (first && strcmp(diff->items.items[first - 1].kind, kind) == 0)
		return false;
	for (size_t i = first;
		i < diff->items.count && strcmp(diff->items.items[i].kind, kind) == 0; i++) {
		if (!diff->items.items[i].same)
			return false;
	}
	return true;
}

static int diff_text(struct diff *diff, bool all, struct error *err)
{
	AUTO(text_table_release) struct text_table table;
	text_table_init(&table);
	table.no_heading = true;
	text_table_column(&table, "", TABLE_LEFT);
	text_table_column(&table, "", TABLE_SHRINK | TABLE_OPTIONAL);
	text_table_column(&table, "", TABLE_SHRINK);
	text_table_column(&table, "", TABLE_OPTIONAL);
	for (size_t i = 0; i < diff->items.count; i++) {
		const struct difference *item = &diff->items.items[i];
		struct difference summary = {
			.kind = item->kind, .name = "", .same = true, .delta = NAN
		};
		/* Reports and logs always differ; what the model is tells its fingerprint. */
		bool noise = strcmp(item->kind, "artifact") == 0 && item->from && item->to;
		if (noise && !all)
			continue;
		if (all || !item->same)
			diff_row(diff, &table, item);
		else if (diff_all_same(diff, i) && strcmp(item->kind, "run") != 0)
			diff_row(diff, &table, &summary);
	}
	return text_table_render(&table, &diff->invocation->output.style,
		output_text(&diff->invocation->output), err);
}

static int diff_compare(struct diff *diff, const struct diff_options *options, struct error *err)
{
	if (diff_attributes(diff, err) < 0 || diff_params(diff, err) < 0 ||
		diff_metrics(diff, err) < 0 || diff_files(diff, FILE_INPUT, "data", err) < 0 ||
		diff_files(diff, FILE_ARTIFACT, "artifact", err) < 0 || diff_code(diff, err) < 0 ||
		diff_environment(diff, err) < 0 || diff_models(diff, err) < 0)
		return -err->code;
	int status = diff->invocation->globals.json ? diff_json(diff, err)
						    : diff_text(diff, options->all, err);
	if (status < 0 || !options->exit_code || !diff->n_different)
		return status;
	/* The answer is "no", without a message. */
	error_clear(err);
	err->code = ERROR_CHECK;
	return -ERROR_CHECK;
}

static int diff_resolve(struct diff *diff, int side, const char *name, struct error *err)
{
	if (runs_resolve(diff->invocation, diff->record, name, &diff->runs[side], err) == 0)
		return 0;
	if (err->code == ERROR_NOT_FOUND && file_exists(name))
		return error_hint(err,
			"versions of '%s' can be compared once it is tracked: mlops add %s", name,
			name);
	return -err->code;
}

static int diff_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct diff_options *options = raw_options;
	struct diff_data_request data = { .keys = &options->keys, .exit_code = options->exit_code };
	struct diff diff = {
		.invocation = invocation, .record = invocation->record, .items = VEC_INIT
	};
	size_t count = options->operands.count;
	bool is_data = false;
	if (count > 3)
		return error_set(err, ERROR_USAGE,
			"two runs are compared, or two versions of a path, and %zu are given",
			count);
	if (diff_data_recognise(invocation, &options->operands, &data, &is_data, err) < 0)
		return -err->code;
	if (is_data)
		return diff_data_run(invocation, &data, err);
	if (options->keys.count)
		return error_set(err, ERROR_USAGE, "--key is for tables, and these are runs");
	const char *from = count ? options->operands.items[0] : "@~1";
	const char *to = count == 2 ? options->operands.items[1] : "@";
	if (diff_resolve(&diff, 0, from, err) < 0 || diff_resolve(&diff, 1, to, err) < 0)
		return -err->code;
	int status = diff_compare(&diff, options, err);
	vec_release(&diff.items);
	return status;
}

static const char *const diff_usage[] = {
	"diff [OPTION...] [RUN [RUN]]",
	"diff [OPTION...] [REV [REV]] PATH",
	NULL,
};

const struct command command_diff = {
	.name = "diff",
	.summary = "compare two runs, or two versions of data",
	.group = COMMAND_RUNS,
	.usage = diff_usage,
	.options = diff_option_table,
	.operands = diff_operands,
	.options_size = sizeof(struct diff_options),
	.needs = COMMAND_DATABASE | COMMAND_PAGED | COMMAND_JSON,
	.run = diff_run,
};
