/*
 * filter: the language of `--filter` and `--sort`.
 *
 *	metrics.roc_auc > 0.95 and params.model.type = 'logistic'
 *	not tags.candidate and (started > -7d or duration >= 5m)
 *	status in (failed, crashed) and name ilike '%otter%' and metrics.a > metrics.b
 *
 *	filter     := term { "or" term }
 *	term       := factor { "and" factor }
 *	factor     := "not" factor | "(" filter ")" | comparison
 *	comparison := operand                                    the run has it; a boolean is true
 *	            | operand ( = == != <> < <= > >= ) value
 *	            | operand ["not"] "in" "(" literal { "," literal } ")"
 *	            | operand ["not"] "between" literal "and" literal
 *	            | operand ["not"] ( "like" | "ilike" ) string     % any text, _ any character
 *	            | operand "is" ["not"] "null"                the run does not have it, or has it
 *	operand    := ("metrics" | "params" | "tags") "." NAME | ATTRIBUTE
 *	value      := operand | literal
 *	literal    := number | string | date | duration | true | false | a status
 *
 * Words of the language in any case. NAME: letters, digits, '_', '-', '.', '/', '@'; others in
 * `…` or "…". Strings are '…' or "…", a quote inside is doubled. metric, param, parameter, tag,
 * attribute(s).NAME, and MLflow's run_id, run_name, start_time, end_time, user_id are understood.
 *
 * Meaning:
 * - A comparison with something that a run does not have is false ("!=", "not in" and the like
 *   too), and so a `not` in front of it makes it true.
 * - Metrics are numbers, the last step's; all comparisons with NaN are false but for !=.
 * - Params and tags compare as numbers with a number where their value is one; a text that is no
 *   number is unequal to every number, and neither above nor below. With a quoted string they
 *   compare as text, by bytes; two of them with each other as numbers if both are, else as text.
 * - Dates are '2026-11-24', '2026-11-24T15:03Z' (UTC without a zone), '7 days ago', 'now',
 *   'today', 'yesterday', or -7d. A date without a time stands for its whole day: `<=` and
 *   `between` include it, `=` asks for it, `>` means after it.
 * - Durations are seconds: 90, 5m, 1h30m.
 * - like minds case, ilike does not (ASCII letters).
 *
 * Whatever is refused is ERROR_USAGE with `at` (line 1, the column) and the remedy as the hint.
 * The tree lives in the filter's arena; depth and size are bounded.
 */
#ifndef MLOPS_RECORD_FILTER_H
#define MLOPS_RECORD_FILTER_H

#include "mlops/base/arena.h"
#include "mlops/base/text.h"

enum { FILTER_LONGEST = 16384, FILTER_DEPTH = 100, FILTER_NODES = 800 };

enum field_kind { FIELD_ATTRIBUTE, FIELD_METRIC, FIELD_PARAM, FIELD_TAG };

enum field_type {
	FIELD_TEXT,
	FIELD_NUMBER,
	FIELD_DATE,
	FIELD_DURATION,
	FIELD_BOOLEAN,
	FIELD_STATUS
};

enum attribute {
	ATTRIBUTE_ID,
	ATTRIBUTE_NAME,
	ATTRIBUTE_STATUS,
	ATTRIBUTE_STARTED, /* also "created" */
	ATTRIBUTE_ENDED,
	ATTRIBUTE_DURATION,
	ATTRIBUTE_MODEL,
	ATTRIBUTE_TASK,
	ATTRIBUTE_PROJECT,
	ATTRIBUTE_COMMAND,
	ATTRIBUTE_USER,
	ATTRIBUTE_HOST,
	ATTRIBUTE_PARENT,
	ATTRIBUTE_REASON,
	ATTRIBUTE_NOTE,
	ATTRIBUTE_SEED,
	ATTRIBUTE_COMMIT,
	ATTRIBUTE_BRANCH,
	ATTRIBUTE_DIRTY,
	ATTRIBUTE_COUNT
};

/* What a run may have: the left side of a comparison, a key to sort by, a column of `log`. */
struct field {
	enum field_kind kind;
	enum attribute attribute; /* of FIELD_ATTRIBUTE */
	enum field_type type; /* params and tags: FIELD_TEXT; metrics: FIELD_NUMBER */
	const char *name; /* "roc_auc", "model.C", "started" */
	size_t column; /* where it stood in the text, from 1 */
};

const char *attribute_name(enum attribute attribute);
enum field_type attribute_type(enum attribute attribute);
const char *field_kind_name(enum field_kind kind); /* "attribute", "metric", … */

/* One field by itself: "metrics.roc_auc", "started". The name lives in the arena. */
int field_parse(
	struct arena *arena, const char *text, struct field *ret, struct error *err) MUST_CHECK;

enum filter_operator {
	FILTER_AND, /* left, right */
	FILTER_OR,
	FILTER_NOT, /* left */
	FILTER_HAS, /* the field is there; a boolean is true */
	FILTER_NULL,
	FILTER_EQUAL,
	FILTER_UNEQUAL,
	FILTER_LESS,
	FILTER_LESS_EQUAL,
	FILTER_GREATER,
	FILTER_GREATER_EQUAL,
	FILTER_IN, /* values: any number */
	FILTER_BETWEEN, /* two values, both included */
	FILTER_LIKE,
	FILTER_ILIKE
};

enum filter_value_kind {
	FILTER_TEXT, /* text; a status is its name */
	FILTER_NUMBER, /* number; also durations (seconds) and booleans (0 and 1) */
	FILTER_DATE, /* first to last microsecond */
	FILTER_FIELD /* another field */
};

struct filter_value {
	enum filter_value_kind kind;
	const char *text; /* also of a number: as it was written */
	double number;
	int64_t first, last;
	struct field field;
	size_t column;
};

struct filter_node {
	enum filter_operator operation;
	struct filter_node *left, *right;
	struct field field;
	struct filter_value *values;
	size_t n_values;
	size_t column;
};

struct filter {
	struct filter_node *root; /* NULL: the empty filter, which every run passes */
	struct arena arena;
};

/* now: what relative dates count from (clock_now()). */
int filter_parse(const char *text, int64_t now, struct filter *ret, struct error *err) MUST_CHECK;
void filter_release(struct filter *filter);
AUTO_RELEASE(struct filter, filter_release)

/*
 * "metrics.a > 0.5 adn x" and a caret under err->at, as two lines for a terminal; nothing if the
 * error has no place.
 */
struct strbuf;
void filter_show_error(struct strbuf *buffer, const char *text, const struct error *err);

/* Sort keys "-metrics.roc_auc,started": '-' is descending; "newest" is "-started". */
enum { SORT_KEYS = 8 };
struct sort_keys {
	struct field fields[SORT_KEYS];
	bool descending[SORT_KEYS];
	size_t count;
};
int sort_parse(
	struct arena *arena, const char *text, struct sort_keys *ret, struct error *err) MUST_CHECK;

#endif
