/*
 * origin: the bytes of a source, read by offset from any thread.
 *
 * A regular file is read with pread(2) into the reader's own buffers, not mapped: it is as fast for
 * one pass, pages of the file never count as the process's memory, and a file that another process
 * cuts short meanwhile is an error instead of SIGBUS. A pipe is read into memory first.
 */
#ifndef MLOPS_DATA_ORIGIN_INTERNAL_H
#define MLOPS_DATA_ORIGIN_INTERNAL_H

#include "mlops/base/strbuf.h"
#include "mlops/data/reader.h"

struct origin {
	const char *name; /* in messages; borrowed */
	int descriptor; /* -1: the bytes are in memory */
	const char *bytes;
	uint64_t size;
	struct strbuf content; /* of a pipe */
};

int origin_open(struct origin *origin, const struct read_options *options, struct error *err);
void origin_close(struct origin *origin);

/* Exactly n bytes, all before `size`. */
int origin_read(
	const struct origin *origin, uint64_t offset, char *bytes, size_t n, struct error *err);

/* As much of the n bytes as there is: the count. */
int origin_peek(const struct origin *origin, uint64_t offset, char *bytes, size_t n,
	size_t *ret_count, struct error *err);

/*
 * Sets the positions of offsets that ascend: one pass over the source up to the last. Lines and
 * bytes count from 1.
 */
int origin_locate(const struct origin *origin, const uint64_t *offsets, size_t n,
	struct position *ret, struct error *err);

#endif
