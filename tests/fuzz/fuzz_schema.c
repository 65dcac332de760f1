/*
 * A schema (JSON, up to the first newline) and a document (YAML, the rest): loading, checking,
 * adding defaults and showing problems must end, whatever both say.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mlops/document/json_reader.h"
#include "mlops/document/schema.h"
#include "mlops/document/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int ignore_property(void *context, const char *path, const struct value *property)
{
	(void)context;
	(void)path;
	(void)property;
	return 0;
}

static void check(const struct json_schema *schema, struct document *document)
{
	static struct problems problems;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct problems_style style = { .colour = true, .width = 60 };
	struct error err = ERROR_INIT;
	problems = PROBLEMS_INIT;
	if (json_schema_check(schema, document, &problems, &err) == 0 && !problems.errors &&
		json_schema_add_defaults(schema, document, &err) < 0 && err.code == ERROR_BUG)
		BUG("%s", err.message);
	problems_format(&problems, (struct text){ document->source, document->source_length },
		&style, &text);
	json_schema_each_property(schema, ignore_property, NULL, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(document_release)
	struct document source = { .root = NULL }, document = { .root = NULL };
	AUTO(json_schema_free) struct json_schema *schema = NULL;
	struct error err = ERROR_INIT;
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	size_t length = end ? (size_t)(end - data) : size;
	if (json_read((struct text){ (const char *)data, length }, "schema", &source, &err) < 0 ||
		json_schema_load(&source, &schema, &err) < 0)
		return 0;
	struct text rest = { (const char *)data + length, size - length };
	if (yaml_read(rest, "document", &document, &err) == 0)
		check(schema, &document);
	return 0;
}
