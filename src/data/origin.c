#include "origin_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ORIGIN_PIECE = 1 << 18 };

static int origin_slurp(struct origin *origin, struct error *err)
{
	origin->content = STRBUF_INIT;
	origin->content.cap = (size_t)PTRDIFF_MAX; /* memory itself is the limit */
	for (;;) {
		if (!strbuf_reserve(&origin->content, ORIGIN_PIECE))
			return strbuf_check(&origin->content, err);
		ssize_t got = read(origin->descriptor,
			origin->content.text + origin->content.length, ORIGIN_PIECE);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_os(err, ERROR_IO, "cannot read '%s'", origin->name);
		if (!got)
			break;
		origin->content.length += (size_t)got;
	}
	origin->bytes = origin->content.text;
	origin->size = origin->content.length;
	return 0;
}

static int origin_open_file(struct origin *origin, const char *path, struct error *err)
{
	bool input = strcmp(path, "-") == 0;
	origin->descriptor =
		input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
	if (origin->descriptor < 0)
		return error_set_os(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO,
			"cannot open '%s'", origin->name);
	struct stat facts;
	if (fstat(origin->descriptor, &facts) < 0)
		return error_set_os(err, ERROR_IO, "cannot read '%s'", origin->name);
	if (S_ISDIR(facts.st_mode))
		return error_set(err, ERROR_IO, "cannot read '%s': it is a folder", origin->name);
	if (S_ISREG(facts.st_mode) && lseek(origin->descriptor, 0, SEEK_CUR) == 0) {
		origin->size = (uint64_t)facts.st_size;
		return 0;
	}
	int code = origin_slurp(origin, err);
	close(origin->descriptor);
	origin->descriptor = -1;
	return code;
}

int origin_open(struct origin *origin, const struct read_options *options, struct error *err)
{
	*origin = (struct origin){ .descriptor = -1, .content = STRBUF_INIT };
	origin->name = options->name                     ? options->name
		       : !options->path                  ? "data"
		       : strcmp(options->path, "-") == 0 ? "standard input"
							 : options->path;
	if (!options->path) {
		origin->bytes = options->bytes;
		origin->size = options->n_bytes;
		return 0;
	}
	return origin_open_file(origin, options->path, err);
}

void origin_close(struct origin *origin)
{
	if (origin->descriptor >= 0)
		close(origin->descriptor);
	origin->descriptor = -1;
	strbuf_release(&origin->content);
}

int origin_peek(const struct origin *origin, uint64_t offset, char *bytes, size_t n,
	size_t *ret_count, struct error *err)
{
	if (offset >= origin->size)
		n = 0;
	else if (n > origin->size - offset)
		n = (size_t)(origin->size - offset);
	*ret_count = n;
	return n ? origin_read(origin, offset, bytes, n, err) : 0;
}

int origin_read(
	const struct origin *origin, uint64_t offset, char *bytes, size_t n, struct error *err)
{
	if (origin->descriptor < 0) {
		if (n)
			memcpy(bytes, origin->bytes + offset, n);
		return 0;
	}
	while (n) {
		ssize_t got = pread(origin->descriptor, bytes, n, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_os(err, ERROR_IO, "cannot read '%s'", origin->name);
		if (!got)
			return error_set(err, ERROR_IO, "'%s' became shorter while it was read",
				origin->name);
		bytes += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

int origin_locate(const struct origin *origin, const uint64_t *offsets, size_t n,
	struct position *ret, struct error *err)
{
	AUTO_FREE char *piece = memory_allocate(ORIGIN_PIECE, 1, err);
	if (!piece)
		return -(int)err->code;
	uint64_t line = 1, line_start = 0, at = 0;
	size_t count = 0, found = 0;
	while (found < n) {
		if (origin_peek(origin, at, piece, ORIGIN_PIECE, &count, err) < 0)
			return -(int)err->code;
		const char *from = piece, *end = piece + count;
		while (found < n) {
			const char *newline = memchr(from, '\n', (size_t)(end - from));
			uint64_t next = newline ? at + (uint64_t)(newline - piece) + 1 : at + count;
			/* An offset is on this line if it stands before the next one starts. */
			bool last = !newline && (!count || at + count == origin->size);
			if (offsets[found] < next || last) {
				position_set(&ret[found], origin->name, line,
					offsets[found] - line_start + 1);
				found++;
				continue;
			}
			if (!newline)
				break;
			line++;
			line_start = next;
			from = newline + 1;
		}
		at += count;
	}
	return 0;
}
