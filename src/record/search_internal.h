/*
 * search_internal: a filter as SQL, with bound values.
 */
#ifndef MLOPS_RECORD_SEARCH_INTERNAL_H
#define MLOPS_RECORD_SEARCH_INTERNAL_H

#include "mlops/base/strbuf.h"
#include "mlops/base/vec.h"
#include "mlops/record/search.h"
#include "record_internal.h"

struct search_bind {
	enum { BIND_INTEGER, BIND_NUMBER, BIND_STRING } kind;
	int64_t integer;
	double number;
	const char *text; /* borrowed */
};

/* SQL in the making. Nothing of the filter but placeholders gets into its text. */
struct search_sql {
	struct record *record;
	int64_t now;
	struct strbuf text;
	VEC(struct search_bind) binds;
	struct strbuf dead; /* JSON list of running runs whose process is gone */
	bool dead_known;
	char *unknown, *nearest; /* see struct search_result */
};

void search_sql_release(struct search_sql *sql);
AUTO_RELEASE(struct search_sql, search_sql_release)

/* Appends a condition on the row r of runs. */
int search_sql_filter(
	struct search_sql *sql, const struct filter_node *node, struct error *err) MUST_CHECK;

/*
 * Can an index find the runs for which this comparison holds? If so appends
 * "metrics d WHERE d.key = ? AND …", whose column d.run they are.
 */
bool search_sql_is_indexed(const struct filter_node *node);
int search_sql_index(
	struct search_sql *sql, const struct filter_node *node, struct error *err) MUST_CHECK;

/* Appends what a comparison of `node` says of the row d of the table of its field. */
int search_sql_condition(
	struct search_sql *sql, const struct filter_node *node, struct error *err) MUST_CHECK;

/* Appends the order by a field: several terms, without the direction of ties. */
int search_sql_order(struct search_sql *sql, const struct field *field, bool descending,
	struct error *err) MUST_CHECK;

/* Appends the expression of an attribute of r. */
int search_sql_attribute(
	struct search_sql *sql, enum attribute attribute, struct error *err) MUST_CHECK;

/* Appends a placeholder for the number of the field's key; notes names that nobody has. */
int search_sql_key(struct search_sql *sql, const struct field *field, struct error *err) MUST_CHECK;

void search_sql_integer(struct search_sql *sql, int64_t value);

/* The text so far as a statement with its values bound. */
struct statement *search_sql_prepare(struct search_sql *sql, struct error *err) MUST_CHECK;

#endif
