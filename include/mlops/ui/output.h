/*
 * output: the answer, on stdout: text for people, or with --json one document.
 *
 * Lists are described once, by rows of `struct row_spec`; the description gives the text table as
 * well as the JSON, and `help --json` shows it:
 *
 *	enum { LOG_RUN, LOG_NAME, LOG_STARTED };
 *	static const struct row_spec log_rows[] = {
 *		[LOG_RUN] = { "run", "run", ROW_ID }, [LOG_NAME] = { "name", "name", ROW_TEXT },
 *		[LOG_STARTED] = { "started", "when", ROW_AGE }, [LOG_STARTED + 1] = ROW_END
 *	};
 *	...
 *	AUTO(rows_release) struct rows rows;
 *	rows_init(&rows, log_rows);
 *	for (...) {
 *		rows_next(&rows);
 *		rows_text(&rows, LOG_RUN, id);
 *		rows_time(&rows, LOG_STARTED, started);
 *	}
 *	return output_rows(&invocation->output, "runs", &rows, err);
 *
 * gives {"schema": "mlops.log/1", "runs": [{"run": …, "name": null, "started": "2026-…Z"}]}. JSON
 * has raw numbers, full keys and RFC 3339 times; text has human units. A cell that is not set is
 * null in JSON and empty in text.
 *
 * A command whose answer is not a list writes it itself:
 *
 *	struct json_writer *json = output_json(output);
 *	if (json)
 *		json_key_number(json, "accuracy", accuracy); // members of the document
 *	else
 *		strbuf_printf(output_text(output), "accuracy  %.3f\n", accuracy);
 *
 * Where the locale has no UTF-8, signs of text (×, –, →) are sent as ASCII, see style_add_signs().
 * Text is sent to stdout by output_flush() and output_finish() (which main() calls), JSON by the
 * latter. Only main() knows what becomes of a stdout that takes no more.
 */
#ifndef MLOPS_UI_OUTPUT_H
#define MLOPS_UI_OUTPUT_H

#include "mlops/base/arena.h"
#include "mlops/base/vec.h"
#include "mlops/document/json_writer.h"
#include "mlops/ui/colour.h"

enum row_kind {
	ROW_KIND_END,
	ROW_TEXT,
	ROW_ID, /* text; a person sees the first 7 characters */
	ROW_COUNT, /* uint64: 1,234,567 in text */
	ROW_BYTES, /* uint64: 3.1 kB in text */
	ROW_INTEGER, /* int64 */
	ROW_NUMBER, /* double: 4 significant digits in text */
	ROW_DURATION, /* double seconds: 38 ms in text */
	ROW_TIME, /* int64 microseconds: 2026-11-24 15:03 (UTC) in text */
	ROW_AGE, /* the same; "2 min" in text */
	ROW_BOOLEAN /* yes or no in text */
};

enum row_flags {
	ROW_JSON_ONLY = 1 << 0,
	ROW_TEXT_ONLY = 1 << 1,
	ROW_SHRINK = 1 << 2, /* may be cut to fit the terminal */
	ROW_OPTIONAL = 1 << 3 /* no column in text if no row has it */
};

struct row_spec {
	const char *key; /* JSON; snake_case */
	const char *heading; /* of the column in text */
	enum row_kind kind;
	unsigned flags;
};
#define ROW_END                                                                                    \
	{                                                                                          \
		.key = NULL, .kind = ROW_KIND_END                                                  \
	}

struct row_cell {
	bool set;
	union {
		struct text text;
		uint64_t count;
		int64_t integer;
		double number;
		bool boolean;
	};
};

struct rows {
	const struct row_spec *specs;
	size_t n_columns, n_rows;
	VEC(struct row_cell) cells;
	struct arena arena;
	struct error failure; /* sticks until output_rows() */
};

/* specs may be made at run time (a column for each metric) and must outlive the rows. */
void rows_init(struct rows *rows, const struct row_spec *specs);
void rows_release(struct rows *rows);
AUTO_RELEASE(struct rows, rows_release)

/* Begins a row; its cells are set in any order. The kind must be the column's, or it is a bug. */
void rows_next(struct rows *rows);
void rows_text(struct rows *rows, size_t column, const char *text); /* copied; NULL: not set */
void rows_count(struct rows *rows, size_t column, uint64_t count); /* COUNT and BYTES */
void rows_integer(struct rows *rows, size_t column, int64_t value);
void rows_number(struct rows *rows, size_t column, double value); /* NUMBER and DURATION */
void rows_time(struct rows *rows, size_t column, int64_t microseconds); /* TIME and AGE */
void rows_boolean(struct rows *rows, size_t column, bool value);

struct output {
	int fd; /* 1; the pager's pipe while one runs */
	const char *schema; /* "mlops.log/1" */
	struct style style;
	bool json, begun, broken;
	bool exact; /* text for programs: signs stay as they are whatever the locale */
	int64_t now; /* for ages */
	struct strbuf buffer;
	struct json_writer writer;
};

/* command: "log", or "config.list" for a child. */
int output_init(struct output *output, const char *command, bool json, enum terminal_choice choice,
	struct error *err) MUST_CHECK;
void output_release(struct output *output);
AUTO_RELEASE(struct output, output_release)

/* The document, begun, with its "schema" written; NULL without --json. */
struct json_writer *output_json(struct output *output);

/* Where text goes; with --json it is a bug. */
struct strbuf *output_text(struct output *output);

/* The whole list as member `key` of the document, or as a table. Twice is allowed, other key. */
int output_rows(
	struct output *output, const char *key, struct rows *rows, struct error *err) MUST_CHECK;

/*
 * Sends bytes as they are: an artifact, a schema, rows of predictions. Not with --json.
 * A reader that has gone away (EPIPE) ends the process quietly where SIGPIPE does; else ERROR_IO.
 */
int output_bytes(
	struct output *output, const void *bytes, size_t count, struct error *err) MUST_CHECK;

int output_flush(struct output *output, struct error *err) MUST_CHECK; /* text so far */
int output_finish(struct output *output, struct error *err) MUST_CHECK; /* and the document */

/* Human forms of numbers, as the table shows them. */
void output_add_count(struct strbuf *buffer, uint64_t count); /* 1,234,567 */
void output_add_bytes(struct strbuf *buffer, uint64_t bytes); /* 3.1 kB */
void output_add_number(struct strbuf *buffer, double value); /* 0.9950, 12.31, 1.5e+10 */

#endif
