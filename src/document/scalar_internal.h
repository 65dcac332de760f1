/*
 * Plain scalars by YAML's core schema (YAML 1.2.2, section 10.3.2): shared by reader and writer,
 * so that the writer quotes exactly what the reader would take for something else.
 */
#ifndef MLOPS_DOCUMENT_SCALAR_INTERNAL_H
#define MLOPS_DOCUMENT_SCALAR_INTERNAL_H

#include "mlops/document/value.h"

/*
 * Sets kind and content of *ret, which is VALUE_STRING (the text itself, borrowed) if it is none
 * of the others. False if it is a number that no double holds, or 0x and 0o beyond int64.
 */
bool scalar_resolve(struct text text, struct value *ret);

#endif
