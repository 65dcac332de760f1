/*
 * schema: documents against JSON Schema draft-07, all problems at once.
 *
 * Checked are: type, enum, const, properties, required, additionalProperties, patternProperties,
 * propertyNames, items, additionalItems, minItems, maxItems, uniqueItems, contains, minimum,
 * maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern,
 * minProperties, maxProperties, dependencies, allOf, anyOf, oneOf, not, if, then, else, and $ref
 * inside the same schema. title, description, default, examples, deprecated, readOnly, writeOnly,
 * $comment, $schema, format, contentMediaType and contentEncoding are annotations. Another keyword
 * is an error, so that a misspelt one is not silently no check at all; `definitions` holds schemas.
 *
 * As draft-07 has it, what stands beside a $ref does not check; a default and a description beside
 * it count. `pattern` is the part of ECMA 262 that POSIX extended expressions can say; what cannot
 * be translated is refused when the schema is loaded.
 *
 * Of anyOf and oneOf the branch is chosen by a property that has a const or enum in the branches
 * (`type: logistic`), so that the message is about that branch.
 */
#ifndef MLOPS_DOCUMENT_SCHEMA_H
#define MLOPS_DOCUMENT_SCHEMA_H

#include "mlops/document/problems.h"
#include "mlops/document/value.h"

struct json_schema;

/*
 * Compiles a schema, which must outlive the result. ERROR_INVALID with the place in the schema.
 */
int json_schema_load(const struct document *schema, struct json_schema **ret_schema,
	struct error *err) MUST_CHECK;

/* The built-in schema "project" (schemas/project.schema.json) or "output/log", with its text. */
int json_schema_builtin(
	const char *name, struct json_schema **ret_schema, struct error *err) MUST_CHECK;
struct text json_schema_text(const char *name); /* NULL at `at` if there is none */

void json_schema_free(struct json_schema *schema);
AUTO_FREE_OF(struct json_schema, json_schema_free)

/*
 * Adds what is wrong with the document to the problems; messages start with the dotted path. 0 if
 * the check could be made (problems or not); ERROR_MEMORY or ERROR_INVALID if the schema recurses
 * without end.
 */
int json_schema_check(const struct json_schema *schema, const struct document *document,
	struct problems *problems, struct error *err) MUST_CHECK;

/*
 * Adds the defaults of absent members, also of mappings that are absent as a whole but have
 * members with defaults (an absent one is made only if no member is required). Nodes get line 0.
 * The document must have passed the check.
 */
int json_schema_add_defaults(
	const struct json_schema *schema, struct document *document, struct error *err) MUST_CHECK;

/*
 * Calls visit for every property that the schema describes, in order, with its dotted path
 * ("model.C"; "data.types.*" for what additionalProperties allows; branches of oneOf one after the
 * other) and its schema (with description, type, default): for help pages and for the tests that
 * compare manual and tables. Stops at the first non-zero result.
 */
int json_schema_each_property(const struct json_schema *schema,
	int (*visit)(void *context, const char *path, const struct value *property), void *context,
	struct error *err);

#endif
