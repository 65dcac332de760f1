#include "stream_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { STREAM_PIECE = 256 << 10 };

int stream_input_open(
	struct stream_input *input, const char *path, const char *name, struct error *err)
{
	*input = (struct stream_input){ .name = name, .pending = STRBUF_INIT, .line = 1 };
	input->descriptor = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
						   : open(path, O_RDONLY | O_CLOEXEC);
	if (input->descriptor < 0)
		return error_set_os(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO,
			"cannot open '%s'", name);
	return 0;
}

void stream_input_close(struct stream_input *input)
{
	if (input->descriptor >= 0)
		close(input->descriptor);
	input->descriptor = -1;
	strbuf_release(&input->pending);
}

/* One more piece, or the end. */
static int stream_input_read(struct stream_input *input, struct error *err)
{
	if (!strbuf_reserve(&input->pending, STREAM_PIECE))
		return strbuf_check(&input->pending, err);
	ssize_t got;
	do {
		got = read(input->descriptor, input->pending.text + input->pending.length,
			STREAM_PIECE);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return error_set_os(err, ERROR_IO, "cannot read '%s'", input->name);
	input->pending.length += (size_t)got;
	input->ended = got == 0;
	return 0;
}

int stream_input_fill(struct stream_input *input, size_t wanted, struct error *err)
{
	while (!input->ended && input->pending.length < wanted) {
		if (stream_input_read(input, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

/* How far the search for records has come. */
struct stream_search {
	size_t at, start; /* next byte; begin of the record it is in */
	size_t blanks; /* empty lines since the last record */
	bool inside;
};

static bool stream_is_blank(const char *bytes, size_t n, bool by_line)
{
	if (by_line)
		return text_trim((struct text){ bytes, n }).length == 0;
	return n == 0 || (n == 1 && *bytes == '\r');
}

/* A record ends before `end`, where its newline is. */
static void stream_record(const struct stream_rules *rules, const char *bytes,
	struct stream_search *search, size_t end, struct stream_records *ret)
{
	bool blank = stream_is_blank(bytes + search->start, end - search->start, rules->by_line);
	search->start = end + 1;
	if (blank && !rules->blanks) {
		search->blanks += !rules->by_line;
		return;
	}
	ret->rows += 1 + search->blanks;
	ret->length = end + 1;
	search->blanks = 0;
}

static void stream_search_pending(struct stream_input *input, const struct stream_rules *rules,
	struct stream_search *search, struct stream_records *ret)
{
	const char *bytes = input->pending.text;
	for (; search->at < input->pending.length && ret->rows < rules->most; search->at++) {
		char c = bytes[search->at];
		if (c == '"' && !rules->by_line)
			search->inside = !search->inside;
		else if (c == '\n' && !search->inside)
			stream_record(rules, bytes, search, search->at, ret);
	}
}

int stream_input_take(struct stream_input *input, const struct stream_rules *rules,
	struct stream_records *ret, struct error *err)
{
	struct stream_search search = { .at = 0 };
	*ret = (struct stream_records){ .length = 0 };
	for (;;) {
		stream_search_pending(input, rules, &search, ret);
		if (ret->rows >= rules->most || input->ended)
			break;
		if (input->pending.length - search.start > STREAM_RECORD_MOST) {
			struct position at;
			position_set(&at, input->name, input->line, 1);
			return error_set_at(err, ERROR_INVALID, &at,
				"a record from here on is longer than 64 MiB; is a quote left open?");
		}
		if (stream_input_read(input, err) < 0)
			return -(int)err->code;
	}
	/* What is left behind the last newline is a record too. */
	size_t left = input->pending.length - search.start;
	if (ret->rows < rules->most && left) {
		ret->open = search.inside;
		strbuf_add_char(&input->pending, '\n');
		stream_record(rules, input->pending.text, &search, input->pending.length - 1, ret);
	}
	return strbuf_check(&input->pending, err);
}

void stream_input_drop(struct stream_input *input, size_t length)
{
	struct strbuf *pending = &input->pending;
	for (const char *at = pending->text, *end = at + length;
		(at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		input->line++;
	memmove(pending->text, pending->text + length, pending->length - length);
	pending->length -= length;
	pending->text[pending->length] = '\0';
}
