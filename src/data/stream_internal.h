/*
 * stream_internal: the bytes of a stream, some records at a time.
 */
#ifndef MLOPS_DATA_STREAM_INTERNAL_H
#define MLOPS_DATA_STREAM_INTERNAL_H

#include "mlops/base/strbuf.h"
#include "mlops/data/stream.h"

struct stream_input {
	int descriptor;
	const char *name;
	struct strbuf pending; /* read and not yet given out */
	bool ended; /* nothing is left to be read */
	uint64_t line; /* of the first pending byte, from 1 */
};

/* What stream_input_take() found at the front of `pending`. */
struct stream_records {
	size_t length; /* bytes, with the newline of the last record */
	size_t rows;
	bool open; /* the input ended inside quotes */
};

int stream_input_open(
	struct stream_input *input, const char *path, const char *name, struct error *err);
void stream_input_close(struct stream_input *input);

/* Makes sure that `wanted` bytes are pending, unless the input ends before. */
int stream_input_fill(struct stream_input *input, size_t wanted, struct error *err);

/*
 * At most `most` records. A last line without newline gets one. Blank lines count if `blanks` and,
 * with others, only if a record follows; with `by_line` quotes mean nothing and blank lines are no
 * rows.
 */
struct stream_rules {
	size_t most;
	bool blanks, by_line;
};
int stream_input_take(struct stream_input *input, const struct stream_rules *rules,
	struct stream_records *ret, struct error *err);

/* Drops the first bytes of `pending`, counting their lines. */
void stream_input_drop(struct stream_input *input, size_t length);

#endif
