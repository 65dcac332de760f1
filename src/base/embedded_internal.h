/*
 * What src/tools/embed.py generates: the files, sorted by name, and how many.
 */
#ifndef MLOPS_BASE_EMBEDDED_INTERNAL_H
#define MLOPS_BASE_EMBEDDED_INTERNAL_H

#include "mlops/base/embedded.h"

extern const struct embedded_file embedded_table[];
extern const size_t embedded_count;

#endif
