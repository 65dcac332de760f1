/*
 * source_internal: the steps of source_load(), each in a file of its own.
 */
#ifndef MLOPS_DATA_SOURCE_INTERNAL_H
#define MLOPS_DATA_SOURCE_INTERNAL_H

#include "mlops/data/source.h"

/* Puts the place of a member of the section (or of the section) at an error; returns -err->code. */
int source_place(const struct source_settings *settings, const struct value *section,
	const char *member, struct error *err);

/* source_files.c: reads data.path, or split.files one after another with their parts. */
int source_read(const struct source_settings *settings, const char *root,
	const struct read_options *options, struct source *source, uint8_t **ret_parts,
	struct error *err);

/* source_target.c: sets target, task and classes. */
int source_set_target(
	const struct source_settings *settings, struct source *source, struct error *err);

#endif
