/*
 * render: an evaluation as JSON, Markdown, an HTML page, and the rows of a terminal table.
 *
 * What it was made from (model, data, code, parameters) is given by the caller as facts, in order;
 * nothing here asks for time, path or host. Names and values are escaped for where they go. All
 * forms are bounded in size whatever the data: the page stays under 5 MB.
 */
#ifndef MLOPS_EVALUATE_RENDER_H
#define MLOPS_EVALUATE_RENDER_H

#include "mlops/base/strbuf.h"
#include "mlops/document/json_writer.h"
#include "mlops/evaluate/evaluation.h"

/* One line of "made from": {"model", "7f3a9c2 calm-otter"}, {"data", "data/x.csv 569 rows"}. */
struct evaluation_fact {
	const char *name, *value;
};

struct evaluation_heading {
	const char *title; /* "breast-cancer" */
	const char *subtitle; /* "run 7f3a9c2 calm-otter"; NULL: none */
	const struct evaluation_fact *facts;
	size_t n_facts;
};

/*
 * One object {"schema": "mlops.eval/1", …} as schemas/output/eval.schema.json says: raw numbers,
 * null for what is undefined. The writer may stand inside a larger document.
 */
void evaluation_json(const struct evaluation *evaluation, const struct evaluation_heading *heading,
	struct json_writer *json);

/* The same without "schema", as members of an object that is open already. heading may be NULL. */
void evaluation_json_members(const struct evaluation *evaluation,
	const struct evaluation_heading *heading, struct json_writer *json);

/* For a comment on a pull request: GitHub's Markdown, under 60 kB. */
int evaluation_markdown(const struct evaluation *evaluation,
	const struct evaluation_heading *heading, struct strbuf *out, struct error *err) MUST_CHECK;

/* One self-contained page. */
int evaluation_html(const struct evaluation *evaluation, const struct evaluation_heading *heading,
	struct strbuf *out, struct error *err) MUST_CHECK;

/*
 * The verdict in one sentence, of the main part against its baseline: "better than the baseline:
 * roc_auc 0.995, +0.495 (0.485 – 0.500)". Without a baseline: the first metric and its interval.
 */
void evaluation_verdict(const struct evaluation *evaluation, struct strbuf *out);

/*
 * The table after training, one row a headline metric: a column a part, then the interval and the
 * baseline of the main part. Cells are numbers; the caller formats and aligns them.
 *
 *	              validation     test   95% interval   baseline
 *	accuracy           0.982    0.974  0.926 – 0.991      0.628
 */
enum { EVALUATION_ROW_PARTS = 4 };
struct evaluation_row {
	const struct metric *metric;
	size_t n_parts;
	double values[EVALUATION_ROW_PARTS]; /* of the last parts, in order; NaN if undefined */
	struct interval interval; /* of the main part */
	double baseline; /* NaN if there is none */
};
size_t evaluation_rows(
	const struct evaluation *evaluation, struct evaluation_row *ret_rows, size_t capacity);

/* "0.974", "1,234", "0.0012", "–": three digits after the point for values of the size of 1. */
void evaluation_format_number(struct strbuf *out, double value);
void evaluation_format_interval(struct strbuf *out, struct interval interval); /* "a – b" */

#endif
