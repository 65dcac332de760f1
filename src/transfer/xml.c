#include "xml_internal.h"

#include <limits.h>
#include <string.h>

#include "library_internal.h"

struct xml {
	const struct expat_calls *expat;
	XML_Parser parser;
	xml_visit *visit;
	void *context;
	struct error *err;
	struct strbuf path;
	size_t depth, starts[XML_DEPTH]; /* of each element's text */
	struct strbuf text; /* of all open elements, one behind the other */
};

static void xml_stop(struct xml *xml)
{
	xml->expat->XML_StopParser(xml->parser, XML_FALSE);
}

static void xml_refuse(struct xml *xml, const char *why)
{
	error_set(xml->err, ERROR_NETWORK, "%s", why);
	xml_stop(xml);
}

static void xml_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct xml *xml = context;
	const char *local = strrchr(name, '|');
	(void)attributes;
	if (xml->depth == XML_DEPTH) {
		xml_refuse(xml, "its elements are nested too deeply");
		return;
	}
	xml->starts[xml->depth++] = xml->text.length;
	if (xml->path.length)
		strbuf_add_char(&xml->path, '/');
	strbuf_add(&xml->path, local ? local + 1 : name);
}

static void xml_end(void *context, const XML_Char *name)
{
	struct xml *xml = context;
	(void)name;
	if (xml->err->code != ERROR_NONE || xml->depth == 0)
		return; /* stopped already; expat may still end the present element */
	size_t start = xml->starts[--xml->depth];
	if (strbuf_check(&xml->path, xml->err) < 0 || strbuf_check(&xml->text, xml->err) < 0 ||
		xml->visit(xml->context, xml->path.text, xml->text.text + start, xml->err) < 0) {
		xml_stop(xml);
		return;
	}
	strbuf_truncate(&xml->text, start);
	const char *slash = strrchr(xml->path.text, '/');
	strbuf_truncate(&xml->path, slash ? (size_t)(slash - xml->path.text) : 0);
}

static void xml_text(void *context, const XML_Char *bytes, int count)
{
	struct xml *xml = context;
	if (xml->text.length + (size_t)count > XML_TEXT)
		xml_refuse(xml, "one of its texts is too long");
	else
		strbuf_add_bytes(&xml->text, bytes, (size_t)count);
}

static void xml_doctype(void *context, const XML_Char *name, const XML_Char *system,
	const XML_Char *public, int has_internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)has_internal;
	xml_refuse(context, "it has a document type, which none of these needs");
}

static int xml_parse(struct xml *xml, const char *bytes, size_t count)
{
	const struct expat_calls *expat = xml->expat;
	expat->XML_SetUserData(xml->parser, xml);
	expat->XML_SetElementHandler(xml->parser, xml_start, xml_end);
	expat->XML_SetCharacterDataHandler(xml->parser, xml_text);
	expat->XML_SetStartDoctypeDeclHandler(xml->parser, xml_doctype);
	if (count > INT_MAX)
		return error_set(xml->err, ERROR_NETWORK, "it is too large");
	enum XML_Status status = expat->XML_Parse(xml->parser, bytes, (int)count, 1);
	if (status == XML_STATUS_OK || xml->err->code != ERROR_NONE)
		return -(int)xml->err->code;
	enum XML_Error code = expat->XML_GetErrorCode(xml->parser);
	return error_set(xml->err, code == XML_ERROR_NO_MEMORY ? ERROR_MEMORY : ERROR_NETWORK, "%s",
		expat->XML_ErrorString(code));
}

int xml_read(const void *bytes, size_t count, xml_visit *visit, void *context, struct error *err)
{
	struct xml xml = { .visit = visit,
		.context = context,
		.err = err,
		.path = STRBUF_INIT,
		.text = STRBUF_INIT };
	xml.expat = transfer_expat(err);
	if (!xml.expat)
		return -err->code;
	xml.parser = xml.expat->XML_ParserCreateNS("UTF-8", '|');
	if (!xml.parser)
		return error_set(err, ERROR_MEMORY, "expat has no memory");
	int result = xml_parse(&xml, bytes, count);
	xml.expat->XML_ParserFree(xml.parser);
	strbuf_release(&xml.path);
	strbuf_release(&xml.text);
	return result < 0 && err->code != ERROR_MEMORY
		       ? error_prefix(err, "the server's XML cannot be read")
		       : result;
}
