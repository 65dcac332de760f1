/* Documents from files. */
#include "mlops/document/json_reader.h"
#include "mlops/document/yaml.h"

#include <string.h>

#include "mlops/system/file.h"

typedef int document_reader(
	struct text bytes, const char *file, struct document *ret_document, struct error *err);

static int document_read_file(
	const char *path, document_reader *reader, struct document *ret_document, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	bool standard = strcmp(path, "-") == 0;
	const char *name = standard ? "<stdin>" : path;
	int status = standard ? file_read_all(0, name, DOCUMENT_BYTES, &text, err)
			      : file_read(path, DOCUMENT_BYTES, &text, err);
	if (status < 0)
		return status;
	return reader((struct text){ text.text, text.length }, name, ret_document, err);
}

int yaml_read_file(const char *path, struct document *ret_document, struct error *err)
{
	return document_read_file(path, yaml_read, ret_document, err);
}

int json_read_file(const char *path, struct document *ret_document, struct error *err)
{
	return document_read_file(path, json_read, ret_document, err);
}
