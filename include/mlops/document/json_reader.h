/*
 * json_reader: JSON (RFC 8259) to a tree with places.
 *
 * Strict: no comments, no trailing commas, UTF-8 only, whole surrogate pairs, no NaN. Numbers
 * without fraction and exponent that fit int64 are integers, others floats; one that overflows a
 * double is refused. Duplicate keys are refused, naming both places. The same bounds as for YAML.
 *
 * jansson, which Debian has, does not tell where a node stands.
 */
#ifndef MLOPS_DOCUMENT_JSON_READER_H
#define MLOPS_DOCUMENT_JSON_READER_H

#include "mlops/document/value.h"

/* As yaml_read() and yaml_read_file(). */
int json_read(struct text bytes, const char *file, struct document *ret_document,
	struct error *err) MUST_CHECK;
int json_read_file(const char *path, struct document *ret_document, struct error *err) MUST_CHECK;

#endif
