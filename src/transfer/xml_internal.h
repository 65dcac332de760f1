/*
 * xml_internal: the answers of servers, which are XML, read element by element.
 *
 * expat reads them: it is small, on nearly every machine (git and Python need it), and its
 * namespaces make "D:href", "href" and "lp1:href" the same. A document type, with which entities
 * could be blown up, is refused, and so are more than XML_DEPTH levels and long texts.
 */
#ifndef MLOPS_TRANSFER_XML_INTERNAL_H
#define MLOPS_TRANSFER_XML_INTERNAL_H

#include "mlops/base/strbuf.h"

enum { XML_DEPTH = 32, XML_TEXT = 64 << 10 };

/*
 * Called at the end of each element: its local names from the root, "ListBucketResult/Contents/Key",
 * and the text directly in it.
 */
typedef int xml_visit(void *context, const char *path, const char *text, struct error *err);

/* ERROR_NETWORK: not XML, or more than is allowed. */
int xml_read(const void *bytes, size_t count, xml_visit *visit, void *context,
	struct error *err) MUST_CHECK;

#endif
