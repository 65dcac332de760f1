#include "mlops/ui/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mlops/base/utf8.h"
#include "mlops/document/json_writer.h"
#include "mlops/document/problems.h"
#include "mlops/system/file.h"
#include "mlops/ui/progress.h"

enum { MESSAGE_SOURCE_CAP = 64 << 20 }; /* bytes of a file that is searched for one line */

void messages_init(struct messages *messages, int fd, enum terminal_choice choice, bool json)
{
	*messages = (struct messages){ .fd = fd, .style = style_of(fd, choice), .json = json };
}

/* Nobody can be told that stderr takes no more, so failures end here. */
static void message_send(struct messages *messages, const struct strbuf *buffer)
{
	struct error ignored = ERROR_INIT;
	if (messages->progress)
		progress_erase(messages->progress);
	if (file_write_all(messages->fd, "stderr", buffer->text, buffer->length, &ignored) < 0)
		return;
}

/* Escaped, but for the backslash: in prose a doubled one would only confuse. */
static void message_add_escaped(struct strbuf *buffer, struct text text)
{
	struct text part;
	for (bool first = true; text_split(&text, '\\', &part); first = false) {
		if (!first)
			strbuf_add_char(buffer, '\\');
		utf8_escape(buffer, part);
	}
}

/* A long line is shown around the column; both ends are moved to whole characters. */
static struct text message_window(struct text line, uint32_t column, size_t width, bool *ret_cut)
{
	size_t begin = 0, end = line.length;
	if (line.length > width && width > 20) {
		if (column > width * 2 / 3)
			begin = column - width / 2;
		if (begin > line.length - width)
			begin = line.length - width;
		end = begin + width;
	}
	while (begin > 0 && begin < line.length && ((unsigned char)line.at[begin] & 0xc0) == 0x80)
		begin--;
	while (end < line.length && ((unsigned char)line.at[end] & 0xc0) == 0x80)
		end--;
	*ret_cut = begin > 0;
	return (struct text){ line.at + begin, end - begin };
}

static bool message_in_word(char c)
{
	return (unsigned char)c > ' ' && !strchr(",:;[]{}()=\"'", c);
}

void message_render_source(struct text source_line, uint32_t line, uint32_t column,
	const struct style *style, struct strbuf *buffer)
{
	bool cut;
	size_t width = style->width > 1000 ? 1000 : style->width;
	struct text window =
		message_window(source_line, column, width > 30 ? width - 10 : 20, &cut);
	size_t at = column ? column - 1 : 0, offset = (size_t)(window.at - source_line.at);
	at = at < offset ? 0 : at - offset;
	if (at > window.length)
		at = window.length;
	size_t end = at;
	while (end < window.length && message_in_word(window.at[end]))
		end++;
	AUTO(strbuf_release) struct strbuf before = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf word = STRBUF_INIT;
	/* A tab is one blank here, so that the caret stands where the word does. */
	for (size_t i = 0; i < at; i++) {
		if (window.at[i] == '\t')
			strbuf_add_char(&before, ' ');
		else
			strbuf_add_bytes(&before, window.at + i, 1);
	}
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	utf8_escape(&shown, (struct text){ before.text, before.length });
	size_t blank = utf8_width((struct text){ shown.text, shown.length });
	utf8_escape(&word, (struct text){ window.at + at, end - at });
	size_t marked = utf8_width((struct text){ word.text, word.length });
	utf8_escape(&shown, (struct text){ window.at + at, window.length - at });
	strbuf_printf(buffer, "%5u | %s%s\n", (unsigned)line, cut ? "..." : "", shown.text);
	if (!column)
		return;
	strbuf_printf(buffer, "%5s | ", "");
	strbuf_add_repeated(buffer, ' ', blank + (cut ? 3 : 0));
	colour_begin(buffer, style, COLOUR_ERROR);
	strbuf_add_char(buffer, '^');
	if (marked > 1)
		strbuf_add_repeated(buffer, '~', marked - 1);
	colour_end(buffer, style, COLOUR_ERROR);
	strbuf_add_char(buffer, '\n');
}

/* The line of the file; false if it cannot be had. *map stays mapped for it. */
static bool message_source_line(
	const struct position *at, struct file_map *map, struct text *ret_line)
{
	struct error ignored = ERROR_INIT;
	struct file_facts facts;
	if (!at->line || !at->file[0] || file_facts_followed(at->file, &facts, &ignored) < 0 ||
		facts.kind != FILE_REGULAR || facts.size > MESSAGE_SOURCE_CAP ||
		file_map(at->file, map, &ignored) < 0)
		return false;
	const char *text = (const char *)map->bytes, *end = text + map->length;
	for (uint32_t line = 1; line < at->line && text; line++) {
		text = memchr(text, '\n', (size_t)(end - text));
		if (text)
			text++;
	}
	if (!text || text >= end)
		return false;
	const char *newline = memchr(text, '\n', (size_t)(end - text));
	size_t length = (size_t)((newline ? newline : end) - text);
	if (length && text[length - 1] == '\r')
		length--;
	*ret_line = (struct text){ text, length };
	return true;
}

static void message_render_place(const struct position *at, struct strbuf *buffer)
{
	if (!at || !at->file[0]) {
		strbuf_add(buffer, "mlops: ");
		return;
	}
	message_add_escaped(buffer, text_of(at->file));
	if (at->line)
		strbuf_printf(buffer, ":%u", (unsigned)at->line);
	if (at->line && at->column)
		strbuf_printf(buffer, ":%u", (unsigned)at->column);
	strbuf_add(buffer, ": ");
}

void message_render(const struct error *err, const char *level, const struct style *style,
	struct strbuf *buffer)
{
	enum colour colour = strcmp(level, "error") == 0 ? COLOUR_ERROR : COLOUR_WARNING;
	message_render_place(&err->at, buffer);
	colour_begin(buffer, style, colour);
	strbuf_printf(buffer, "%s:", level);
	colour_end(buffer, style, colour);
	strbuf_add_char(buffer, ' ');
	message_add_escaped(buffer, text_of(err->message));
	/* "did you mean 'train'?" belongs to the sentence; other advice has a line of its own. */
	bool meant = text_starts_with(text_of(err->hint), "did you mean");
	if (meant) {
		strbuf_add(buffer, "; ");
		message_add_escaped(buffer, text_of(err->hint));
	}
	strbuf_add_char(buffer, '\n');
	AUTO(file_unmap) struct file_map map = { .address = NULL };
	struct text line;
	if (message_source_line(&err->at, &map, &line))
		message_render_source(line, err->at.line, err->at.column, style, buffer);
	if (err->hint[0] && !meant) {
		colour_add(buffer, style, COLOUR_HINT, "hint:");
		strbuf_add_char(buffer, ' ');
		message_add_escaped(buffer, text_of(err->hint));
		strbuf_add_char(buffer, '\n');
	}
}

static void message_render_json(const struct error *err, const char *level, struct strbuf *buffer)
{
	struct json_writer json;
	json_begin(&json, buffer, 0);
	json_object(&json);
	json_key_string(&json, "level", level);
	if (err->code)
		json_key_string(&json, "code", error_code_name(err->code));
	json_key_string(&json, "message", err->message);
	json_key_string(&json, "hint", err->hint[0] ? err->hint : NULL);
	json_key_string(&json, "file", err->at.file[0] ? err->at.file : NULL);
	json_key(&json, "line");
	err->at.line ? json_unsigned(&json, err->at.line) : json_null(&json);
	json_key(&json, "column");
	err->at.column ? json_unsigned(&json, err->at.column) : json_null(&json);
	json_end(&json);
	strbuf_add_char(buffer, '\n');
}

/* Without memory: one line made on the stack, control characters as '?'. */
static void message_show_plain(
	struct messages *messages, const struct error *err, const char *level)
{
	char line[sizeof err->message + 32];
	snprintf(line, sizeof line - 1, "mlops: %s: %s", level, err->message);
	size_t length = strlen(line);
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	}
	line[length++] = '\n';
	message_send(messages, &(struct strbuf){ .text = line, .length = length });
}

static void message_show(struct messages *messages, const struct error *err, const char *level)
{
	AUTO(strbuf_release) struct strbuf buffer = STRBUF_INIT;
	if (messages->json)
		message_render_json(err, level, &buffer);
	else
		message_render(err, level, &messages->style, &buffer);
	if (buffer.failed) {
		message_show_plain(messages, err, level);
		return;
	}
	message_send(messages, &buffer);
}

void message_error(struct messages *messages, const struct error *err)
{
	message_show(messages, err, "error");
}

void message_warning(struct messages *messages, const struct position *at, const char *text)
{
	if (messages->verbosity < 0 || ++messages->n_warnings > MESSAGE_PROBLEMS)
		return;
	struct error warning = ERROR_INIT;
	if (at)
		warning.at = *at;
	snprintf(warning.message, sizeof warning.message, "%s", text);
	message_show(messages, &warning, "warning");
}

/* A line of prose, with the newline added. */
static void message_line(struct messages *messages, const char *text)
{
	AUTO(strbuf_release) struct strbuf buffer = STRBUF_INIT;
	message_add_escaped(&buffer, text_of(text));
	strbuf_add_char(&buffer, '\n');
	message_send(messages, &buffer);
}

void message_note(struct messages *messages, const char *text)
{
	if (messages->verbosity > 0 && !messages->json)
		message_line(messages, text);
}

void message_summary(struct messages *messages, const char *format, ...)
{
	char text[1024];
	if (messages->verbosity < 0 || messages->json)
		return;
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	message_line(messages, text);
}

void messages_finish(struct messages *messages)
{
	if (messages->progress)
		progress_erase(messages->progress);
	if (messages->n_warnings <= MESSAGE_PROBLEMS || messages->json)
		return;
	char text[64];
	snprintf(text, sizeof text, "mlops: warning: and %ju more warnings",
		(uintmax_t)(messages->n_warnings - MESSAGE_PROBLEMS));
	message_line(messages, text);
}

void message_problems(
	struct messages *messages, const struct problems *problems, struct text source)
{
	AUTO(strbuf_release) struct strbuf buffer = STRBUF_INIT;
	const struct style *style = &messages->style;
	if (messages->json) {
		for (size_t i = 0; i < problems->count; i++) {
			const struct problem *problem = &problems->items[i];
			struct error err = { .code = problem->warning ? ERROR_NONE : ERROR_INVALID,
				.at = problem->at };
			snprintf(err.message, sizeof err.message, "%s", problem->message);
			snprintf(err.hint, sizeof err.hint, "%s", problem->hint);
			message_render_json(&err, problem->warning ? "warning" : "error", &buffer);
		}
	} else {
		struct problems_style shown = { .colour = style->colour,
			.ascii = !style->utf8,
			.width = style->width == SIZE_MAX ? 0 : style->width };
		problems_format(problems, source, &shown, &buffer);
	}
	message_send(messages, &buffer);
}

void message_raw(struct messages *messages, struct text text)
{
	message_send(messages,
		&(struct strbuf){ .text = (char *)(uintptr_t)text.at, .length = text.length });
}
