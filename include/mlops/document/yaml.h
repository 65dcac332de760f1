/*
 * yaml: YAML 1.2 (core schema) to a tree, and a tree to YAML.
 *
 * Read is one document in UTF-8. Plain scalars are typed by the core schema: null ~ and nothing,
 * true and false (True, TRUE), decimal, 0o and 0x integers, floats with .inf and .nan; an integer
 * beyond int64 is a float. yes, no, on, off are strings; all quoted and block scalars are too.
 * Keys are strings, whatever they look like. Refused, with the place: duplicate keys (both
 * places), keys that are no scalars or hold NUL, merge keys (<<), tags other than the core ones,
 * a second document, aliases inside their own anchor. An alias is a copy: changing it leaves the
 * anchored node alone.
 *
 * Bounded: DOCUMENT_BYTES of text, DOCUMENT_DEPTH of nesting, DOCUMENT_NODES of nodes after the
 * expansion of aliases.
 */
#ifndef MLOPS_DOCUMENT_YAML_H
#define MLOPS_DOCUMENT_YAML_H

#include "mlops/document/value.h"

/*
 * Reads bytes; `file` names them in messages. The text is kept for showing lines. Makes
 * *ret_document (released on failure). An empty document has a null root. ERROR_INVALID with the
 * place; ERROR_MEMORY.
 */
int yaml_read(struct text bytes, const char *file, struct document *ret_document,
	struct error *err) MUST_CHECK;

/* Reads a file: also ERROR_NOT_FOUND and ERROR_IO. "-" is standard input. */
int yaml_read_file(const char *path, struct document *ret_document, struct error *err) MUST_CHECK;

/*
 * One scalar or flow collection as in `--set model.C=0.1`, `--set 'x=[1, 2]'`, into an arena that
 * exists already. `file` names the place in messages; nodes get line 0. NULL on failure.
 */
struct value *yaml_read_fragment(
	struct arena *arena, const char *text, const char *file, struct error *err) MUST_CHECK;

/*
 * Block style, two spaces, sequences of scalars in flow style where they fit the line, keys in
 * order of the tree. Strings are quoted where they would read back as something else. Same tree,
 * same bytes; reading the text gives an equal tree. Failures stick in the buffer.
 */
void yaml_write(struct strbuf *buffer, const struct value *value);

/* A scalar as it must stand in a block mapping: plain if that reads back equal, else quoted. */
void yaml_write_scalar(struct strbuf *buffer, const struct value *scalar);

#endif
