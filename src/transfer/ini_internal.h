/*
 * ini_internal: the files of ~/.aws: [section], "key = value", comments behind '#' or ';' at the
 * start of a line. Indented lines belong to a nested value and are passed over, as are lines that
 * make no sense: the file is another program's.
 */
#ifndef MLOPS_TRANSFER_INI_INTERNAL_H
#define MLOPS_TRANSFER_INI_INTERNAL_H

#include "mlops/base/error.h"
#include "mlops/base/text.h"

typedef int ini_visit(
	void *context, struct text section, struct text key, struct text value, struct error *err);

/* Stops at and returns the first result that is not 0. */
int ini_read(struct text bytes, ini_visit *visit, void *context, struct error *err);

#endif
