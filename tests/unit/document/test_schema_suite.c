/*
 * The public JSON-Schema-Test-Suite (Debian: json-schema-test-suite), draft 7. Each file is one
 * test; a group whose schema the loader refuses is left out and named with the reason, which must
 * be one of those below. Without the package everything is skipped, saying so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mlops/document/json_reader.h"
#include "mlops/document/schema.h"

static const char *const suite_folder = "/usr/share/json-schema-test-suite/tests/draft7";

static const char *const suite_files[] = { "additionalItems", "additionalProperties", "allOf",
	"anyOf", "boolean_schema", "const", "contains", "default", "definitions", "dependencies",
	"enum", "exclusiveMaximum", "exclusiveMinimum", "format", "if-then-else",
	"infinite-loop-detection", "items", "maxItems", "maxLength", "maxProperties", "maximum",
	"minItems", "minLength", "minProperties", "minimum", "multipleOf", "not", "oneOf",
	"pattern", "patternProperties", "properties", "propertyNames", "ref", "required", "type",
	"uniqueItems", "unknownKeyword", "optional/bignum", "optional/float-overflow",
	"optional/non-bmp-regex", "optional/zeroTerminatedFloats" };

/* Files that are left out as a whole. */
static const char *const suite_left_out[] = { "refRemote: references to other files",
	"id: references that use $id", "unknownKeyword: unknown keywords are errors here",
	"optional/content: annotations here", "optional/format/*: annotations here",
	"optional/ecmascript-regex: asks for `format: regex`",
	"optional/cross-draft: other drafts" };

/* Why the loader may refuse a schema: parts of its messages. */
static const char *const suite_reasons[] = { "$ref: must name a place in this schema",
	"$ref: there is nothing at this place", "$id: is known at the root only",
	"is no keyword that is checked", "pattern '" };

struct suite_count {
	unsigned passed, failed, left_out;
};

static bool suite_reason_is_known(const char *message)
{
	for (size_t i = 0; i < sizeof suite_reasons / sizeof *suite_reasons; i++) {
		if (strstr(message, suite_reasons[i]))
			return true;
	}
	return false;
}

/* Is the answer of the suite ours? The reporting check must agree with the number of problems. */
static bool suite_case(const struct json_schema *schema, const struct value *test)
{
	struct problems *problems = calloc(1, sizeof *problems);
	struct document document = { .file = (char[]){ "data" },
		.root = value_member(test, "data") };
	struct error err = ERROR_INIT;
	bool valid = value_boolean_or(test, "valid", false);
	int status = json_schema_check(schema, &document, problems, &err);
	bool same = status == 0 && (problems->errors == 0) == valid;
	if (!same)
		printf("# '%s' should be %s: %s\n", value_string_or(test, "description", ""),
			valid ? "valid" : "invalid",
			problems->count ? problems->items[0].message : err.message);
	free(problems);
	return same;
}

static void suite_group(const char *file, const struct value *group, struct suite_count *count)
{
	struct document document = { .file = (char[]){ "schema" },
		.root = value_member(group, "schema") };
	AUTO(json_schema_free) struct json_schema *schema = NULL;
	struct error err = ERROR_INIT;
	const struct value *tests = value_member(group, "tests");
	const char *name = value_string_or(group, "description", "");
	if (json_schema_load(&document, &schema, &err) < 0) {
		bool known = suite_reason_is_known(err.message);
		count->left_out += (unsigned)tests->sequence.count;
		count->failed += !known;
		printf("# %s %s, '%s': %s\n", known ? "left out" : "REFUSED", file, name,
			err.message);
		return;
	}
	for (size_t i = 0; i < tests->sequence.count; i++) {
		bool passed = suite_case(schema, tests->sequence.items[i]);
		count->passed += passed;
		count->failed += !passed;
		if (!passed)
			printf("# in %s, '%s'\n", file, name);
	}
}

/* False if the package's version does not have the file. */
static bool suite_file(const char *name, struct suite_count *count)
{
	AUTO(document_release) struct document document = { .root = NULL };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	char path[512];
	snprintf(path, sizeof path, "%s/%s.json", suite_folder, name);
	FILE *stream = fopen(path, "rb");
	if (!stream)
		return false;
	for (int c; (c = getc(stream)) != EOF;)
		strbuf_add_char(&text, (char)c);
	fclose(stream);
	if (json_read((struct text){ text.text, text.length }, path, &document, &err) < 0) {
		printf("# %s: line %u: %s\n", path, err.at.line, err.message);
		count->failed++;
		return true;
	}
	for (size_t i = 0; i < document.root->sequence.count; i++)
		suite_group(name, document.root->sequence.items[i], count);
	return true;
}

int main(void)
{
	size_t files = sizeof suite_files / sizeof *suite_files;
	struct suite_count all = { 0, 0, 0 };
	unsigned present = 0;
	for (size_t i = 0; i < files; i++) {
		struct suite_count count = { 0, 0, 0 };
		if (!suite_file(suite_files[i], &count)) {
			printf("ok %zu - %s # SKIP not in this version of the suite\n", i + 1,
				suite_files[i]);
			continue;
		}
		present++;
		printf("%sok %zu - %s: %u of %u, %u left out\n", count.failed ? "not " : "", i + 1,
			suite_files[i], count.passed, count.passed + count.failed, count.left_out);
		all.passed += count.passed;
		all.failed += count.failed;
		all.left_out += count.left_out;
	}
	if (!present)
		printf("# SKIPPED: json-schema-test-suite is not installed\n");
	for (size_t i = 0; i < sizeof suite_left_out / sizeof *suite_left_out; i++)
		printf("# left out %s\n", suite_left_out[i]);
	printf("# passed %u of %u; %u left out\n1..%zu\n", all.passed, all.passed + all.failed,
		all.left_out, files);
	return all.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
