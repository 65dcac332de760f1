/*
 * reader_internal: what the readers of the formats share with reader.c.
 */
#ifndef MLOPS_DATA_READER_INTERNAL_H
#define MLOPS_DATA_READER_INTERNAL_H

#include "origin_internal.h"
#include "passes_internal.h"

/* The format by name and first bytes; options->format if that says it. */
enum data_format reader_format(const char *path, const char *start, size_t n);

/* Gives the problems their places, adds them to the caller's list and makes them the error. */
int reader_fail(const struct origin *origin, const struct cells_problems *problems,
	struct problems *list, struct error *err);

/* '\t' or ',' unless the options say; a quote or a newline is refused. */
int reader_delimiter(enum data_format format, char asked, char *ret, struct error *err);

#endif
