/*
 * json_scan: the members of one flat JSON object on a line, strictly (RFC 8259).
 *
 * Neither jansson nor the document reader fits here: both make a tree of allocated nodes for each
 * line, and a million lines of twenty numbers are twenty million nodes. This one allocates nothing;
 * values stay spans of the line until a column takes them.
 */
#ifndef MLOPS_DATA_JSON_SCAN_INTERNAL_H
#define MLOPS_DATA_JSON_SCAN_INTERNAL_H

#include "mlops/base/strbuf.h"
#include "mlops/base/text.h"

enum json_scan_kind { JSON_SCAN_NULL, JSON_SCAN_BARE /* number, true, false */, JSON_SCAN_STRING };

struct json_scan_member {
	struct text key; /* between the quotes, as written */
	bool key_escaped;
	enum json_scan_kind kind;
	struct text value; /* as written; of a string, between the quotes */
	bool value_escaped;
};

struct json_scan {
	const char *at, *end;
	bool first;
	const char *message; /* what is wrong, at `at` */
	const char *nested; /* where a value that is an object or array begins, if that is it */
};

/* False if the line does not begin with '{'. The line must be valid UTF-8. */
bool json_scan_open(struct json_scan *scan, struct text line);

/* 1 and a member, 0 behind the last, -1 if something is wrong. */
int json_scan_next(struct json_scan *scan, struct json_scan_member *ret);

/* Appends a string with its escapes undone. False if it holds a NUL character. */
bool json_scan_unescape(struct text raw, struct strbuf *out);

#endif
