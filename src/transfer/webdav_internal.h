/*
 * webdav_internal: the list that a server gives of a folder (RFC 4918, multistatus).
 */
#ifndef MLOPS_TRANSFER_WEBDAV_INTERNAL_H
#define MLOPS_TRANSFER_WEBDAV_INTERNAL_H

#include "endpoint_internal.h"

/*
 * Adds the files directly in the folder; path is the folder's, percent-encoded, with slashes at
 * both ends. What lies elsewhere is left out, whatever the server says.
 */
int webdav_list_read(const void *bytes, size_t count, const char *path,
	struct endpoint_entries *entries, struct error *err) MUST_CHECK;

#endif
