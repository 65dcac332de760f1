/*
 * json_writer: JSON text, written as it is made.
 *
 * Calls must nest properly (a wrong nesting is a bug and aborts). Failures stick in the buffer and
 * are checked once, with strbuf_check(). Numbers are the shortest text that reads back equal;
 * NaN and infinities, which JSON lacks, become the strings "NaN", "Infinity", "-Infinity".
 * Invalid UTF-8 is written as U+FFFD. With indent 0 the text has no white space.
 *
 *	struct json_writer json;
 *	json_begin(&json, &buffer, 2);
 *	json_object(&json);
 *	json_key(&json, "schema"); json_string(&json, "mlops.log/1");
 *	json_key_number(&json, "roc_auc", 0.995);
 *	json_end(&json);
 */
#ifndef MLOPS_DOCUMENT_JSON_WRITER_H
#define MLOPS_DOCUMENT_JSON_WRITER_H

#include <stdint.h>

#include "mlops/base/strbuf.h"
#include "mlops/base/text.h"

enum { JSON_DEPTH = 64 };

struct json_writer {
	struct strbuf *out;
	unsigned indent, depth;
	struct {
		bool object, empty, key_pending;
	} levels[JSON_DEPTH + 1];
};

void json_begin(struct json_writer *json, struct strbuf *out, unsigned indent);

void json_object(struct json_writer *json);
void json_array(struct json_writer *json);
void json_end(struct json_writer *json); /* of the innermost object or array */

void json_key(struct json_writer *json, const char *key);
void json_string(struct json_writer *json, const char *text); /* NULL writes null */
void json_text(struct json_writer *json, struct text text);
void json_number(struct json_writer *json, double value);
void json_integer(struct json_writer *json, int64_t value);
void json_unsigned(struct json_writer *json, uint64_t value);
void json_boolean(struct json_writer *json, bool value);
void json_null(struct json_writer *json);
void json_time(struct json_writer *json, int64_t microseconds); /* RFC 3339 UTC */

void json_key_string(struct json_writer *json, const char *key, const char *text);
void json_key_number(struct json_writer *json, const char *key, double value);
void json_key_integer(struct json_writer *json, const char *key, int64_t value);
void json_key_boolean(struct json_writer *json, const char *key, bool value);
void json_key_time(struct json_writer *json, const char *key, int64_t microseconds);

struct value;
void json_value(struct json_writer *json, const struct value *value); /* a whole tree */

#endif
