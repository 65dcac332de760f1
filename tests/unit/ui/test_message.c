#include "unit.h"

#include <string.h>
#include <unistd.h>

#include "mlops/ui/message.h"

static void rendered_is(const struct error *err, const char *expected)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	message_render(err, "error", &style_plain, &text);
	ck_assert_str_eq(text.text, expected);
}

START_TEST(a_suggestion_ends_the_sentence)
{
	struct error err = ERROR_INIT;
	error_set(&err, ERROR_USAGE, "'trian' is not a command");
	error_hint(&err, "did you mean 'train'?");
	rendered_is(&err, "mlops: error: 'trian' is not a command; did you mean 'train'?\n");
	error_hint(&err, "run 'mlops help'");
	rendered_is(&err, "mlops: error: 'trian' is not a command\nhint: run 'mlops help'\n");
}
END_TEST

START_TEST(hostile_bytes_are_escaped_and_backslashes_kept)
{
	struct error err = ERROR_INIT;
	error_set(&err, ERROR_INVALID, "pattern '\\d+' and \033]0;x\a and \xff");
	rendered_is(&err, "mlops: error: pattern '\\d+' and \\x1b]0;x\\x07 and \\xff\n");
}
END_TEST

START_TEST(the_line_is_shown_with_a_caret)
{
	char path[] = "/tmp/mlops-test-XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	static const char document[] = "model:\r\n\ttype: logstic # no\nlast";
	ck_assert_int_eq(write(fd, document, sizeof document - 1), sizeof document - 1);
	close(fd);
	struct error err = ERROR_INIT;
	struct position at;
	position_set(&at, path, 2, 8);
	error_set_at(&err, ERROR_INVALID, &at, "'logstic' is not a model");
	AUTO(strbuf_release) struct strbuf expected = STRBUF_INIT;
	strbuf_printf(&expected,
		"%s:2:8: error: 'logstic' is not a model\n"
		"    2 |  type: logstic # no\n"
		"      |        ^~~~~~~\n",
		path);
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	message_render(&err, "error", &style_plain, &text);
	/* A tab is escaped behind the mark, and a blank before it. */
	ck_assert_str_eq(text.text, expected.text);
	err.at.line = 9; /* there is no such line */
	strbuf_clear(&text);
	message_render(&err, "error", &style_plain, &text);
	ck_assert_ptr_null(strstr(text.text, " | "));
	unlink(path);
}
END_TEST

START_TEST(long_lines_are_shown_around_the_column)
{
	static char line[5000];
	memset(line, 'a', sizeof line);
	memcpy(line + 3000, " bad ", 5);
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	message_render_source((struct text){ line, sizeof line }, 7, 3002, &style_plain, &text);
	const char *newline = strchr(text.text, '\n');
	ck_assert_ptr_nonnull(newline);
	ck_assert_int_le(newline - text.text, 82);
	const char *bad = strstr(text.text, " bad "), *caret = strstr(newline, "^~~\n");
	ck_assert_ptr_nonnull(bad);
	ck_assert_ptr_nonnull(caret);
	ck_assert_int_eq(bad + 1 - text.text, caret - (newline + 1));
}
END_TEST

/* Everything a series of calls writes, by a pipe. */
static void written_is(struct messages *messages, int *pipe_ends, const char *expected)
{
	char text[8192];
	close(pipe_ends[1]);
	size_t length = 0;
	ssize_t more;
	while ((more = read(pipe_ends[0], text + length, sizeof text - 1 - length)) > 0)
		length += (size_t)more;
	close(pipe_ends[0]);
	text[length] = '\0';
	ck_assert_str_eq(text, expected);
	messages->fd = -1;
}

START_TEST(json_mode_writes_one_line)
{
	int pipe_ends[2];
	ck_assert_int_eq(pipe(pipe_ends), 0);
	struct messages messages;
	messages_init(&messages, pipe_ends[1], TERMINAL_NEVER, true);
	struct error err = ERROR_INIT;
	struct position at;
	position_set(&at, "a.yaml", 3, 0);
	error_set_at(&err, ERROR_INVALID, &at, "no \"model\"");
	error_hint(&err, "add one");
	message_error(&messages, &err);
	message_summary(&messages, "done");
	written_is(&messages, pipe_ends,
		"{\"level\":\"error\",\"code\":\"invalid\",\"message\":\"no \\\"model\\\"\","
		"\"hint\":\"add one\",\"file\":\"a.yaml\",\"line\":3,\"column\":null}\n");
}
END_TEST

START_TEST(quiet_and_verbose_are_obeyed)
{
	int pipe_ends[2];
	ck_assert_int_eq(pipe(pipe_ends), 0);
	struct messages messages;
	messages_init(&messages, pipe_ends[1], TERMINAL_NEVER, false);
	message_note(&messages, "not shown");
	message_summary(&messages, "%d rows", 3);
	messages.verbosity = 1;
	message_note(&messages, "shown");
	messages.verbosity = -1;
	message_warning(&messages, NULL, "not shown");
	message_summary(&messages, "not shown");
	written_is(&messages, pipe_ends, "3 rows\nshown\n");
}
END_TEST

START_TEST(warnings_are_counted_beyond_twenty)
{
	int pipe_ends[2];
	ck_assert_int_eq(pipe(pipe_ends), 0);
	struct messages messages;
	messages_init(&messages, pipe_ends[1], TERMINAL_NEVER, false);
	AUTO(strbuf_release) struct strbuf expected = STRBUF_INIT;
	for (int i = 0; i < MESSAGE_PROBLEMS + 3; i++)
		message_warning(&messages, NULL, "w");
	messages_finish(&messages);
	for (int i = 0; i < MESSAGE_PROBLEMS; i++)
		strbuf_add(&expected, "mlops: warning: w\n");
	strbuf_add(&expected, "mlops: warning: and 3 more warnings\n");
	written_is(&messages, pipe_ends, expected.text);
}
END_TEST

START_TEST(without_memory_it_is_still_an_error)
{
	int pipe_ends[2];
	struct messages messages;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(pipe(pipe_ends), 0);
	messages_init(&messages, pipe_ends[1], TERMINAL_NEVER, false);
	error_set(&err, ERROR_MEMORY, "cannot allocate 9 bytes\x1b[2J");
	memory_set_cap(8);
	message_error(&messages, &err);
	memory_set_cap(0);
	written_is(&messages, pipe_ends, "mlops: error: cannot allocate 9 bytes?[2J\n");
}
END_TEST

UNIT_MAIN("ui/message", a_suggestion_ends_the_sentence,
	hostile_bytes_are_escaped_and_backslashes_kept, the_line_is_shown_with_a_caret,
	long_lines_are_shown_around_the_column, json_mode_writes_one_line,
	quiet_and_verbose_are_obeyed, warnings_are_counted_beyond_twenty,
	without_memory_it_is_still_an_error)
