/* How a person sees a problem: the place, the line, the mark. */
#include "mlops/document/problems.h"

#include <string.h>

#include "mlops/base/utf8.h"

enum {
	PROBLEM_GUTTER = 8, /* columns before the source: "   12 | " */
	PROBLEM_TAB = 8
};

#define PROBLEM_BOLD "\x1b[1m"
#define PROBLEM_RED "\x1b[1;31m"
#define PROBLEM_YELLOW "\x1b[1;33m"
#define PROBLEM_DIM "\x1b[2m"
#define PROBLEM_PLAIN "\x1b[0m"

static void problem_paint(
	struct strbuf *buffer, const struct problems_style *style, const char *code)
{
	if (style->colour)
		strbuf_add(buffer, code);
}

/* The line of that number, without its end; NULL at `at` if the source has no such line. */
static struct text problem_line(struct text source, uint32_t line)
{
	if (!source.at || !line)
		return (struct text){ NULL, 0 };
	const char *at = source.at, *end = source.at + source.length;
	for (uint32_t i = 1; i < line; i++) {
		while (at < end && *at != '\n' && *at != '\r')
			at++;
		if (at == end)
			return (struct text){ NULL, 0 };
		at += at[0] == '\r' && at + 1 < end && at[1] == '\n' ? 2 : 1;
	}
	const char *stop = at;
	while (stop < end && *stop != '\n' && *stop != '\r')
		stop++;
	return (struct text){ at, (size_t)(stop - at) };
}

/* Bytes of the word at the front: a quoted text, or up to what ends a scalar of YAML or JSON. */
static size_t problem_word(struct text text)
{
	size_t i = 0;
	if (text.length && (text.at[0] == '"' || text.at[0] == '\'')) {
		for (i = 1; i < text.length && text.at[i] != text.at[0]; i++)
			i += text.at[0] == '"' && text.at[i] == '\\';
		return i < text.length ? i + 1 : text.length;
	}
	while (i < text.length && !strchr(" \t,]}", text.at[i]) &&
		!(text.at[i] == ':' && (i + 1 == text.length || text.at[i + 1] == ' ')))
		i++;
	return i ? i : text.length > 0;
}

/* The text as it can be shown, tabs as blanks; `column` is where it starts on the screen. */
static void problem_show(struct strbuf *buffer, struct text text, size_t column)
{
	size_t start = buffer->length;
	while (text.length) {
		struct text rest = text;
		uint32_t code = utf8_take(&rest);
		struct text one = { text.at, text.length - rest.length };
		size_t at = column + utf8_width((struct text){
					     buffer->text + start, buffer->length - start });
		if (code == '\t')
			strbuf_add_repeated(buffer, ' ', PROBLEM_TAB - at % PROBLEM_TAB);
		else if (code == '\\') /* the line is shown as it stands in the file */
			strbuf_add_char(buffer, '\\');
		else
			utf8_escape(buffer, one);
		text = rest;
	}
}

/* Three pieces of the line: before the mark, under it, behind it. */
struct problem_pieces {
	struct strbuf before, marked, after;
};

static void problem_pieces_release(struct problem_pieces *pieces)
{
	strbuf_release(&pieces->before);
	strbuf_release(&pieces->marked);
	strbuf_release(&pieces->after);
}
AUTO_RELEASE(struct problem_pieces, problem_pieces_release)

static size_t problem_width(const struct strbuf *text)
{
	return utf8_width((struct text){ text->text, text->length });
}

static void problem_cut_left(struct strbuf *text, size_t width, bool ascii)
{
	struct text rest = { text->text, text->length };
	struct strbuf cut = STRBUF_INIT;
	size_t left = problem_width(text);
	while (left > width && rest.length)
		left -= utf8_code_width(utf8_take(&rest));
	strbuf_add(&cut, ascii ? "..." : "…");
	strbuf_add_bytes(&cut, rest.at, rest.length);
	strbuf_release(text);
	*text = cut;
}

static void problem_cut_right(struct strbuf *text, size_t width, bool ascii)
{
	struct strbuf cut = STRBUF_INIT;
	utf8_truncate(&cut, (struct text){ text->text, text->length }, width, ascii);
	strbuf_release(text);
	*text = cut;
}

/* Makes the pieces fit: the mark stays in sight. */
static void problem_fit(struct problem_pieces *pieces, size_t width, bool ascii)
{
	size_t before = problem_width(&pieces->before), marked = problem_width(&pieces->marked);
	if (before + marked > width && before > width / 3) {
		problem_cut_left(&pieces->before, width / 3, ascii);
		before = problem_width(&pieces->before);
	}
	size_t left = width > before ? width - before : 0;
	if (marked > left)
		problem_cut_right(&pieces->marked, left, ascii);
	marked = problem_width(&pieces->marked);
	left = left > marked ? left - marked : 0;
	if (problem_width(&pieces->after) > left)
		problem_cut_right(&pieces->after, left, ascii);
}

static void problem_split(
	const struct problem *problem, struct text line, struct problem_pieces *pieces)
{
	size_t start = problem->at.column ? problem->at.column - 1 : 0;
	if (start > line.length)
		start = line.length;
	struct text rest = { line.at + start, line.length - start };
	size_t length = problem->length ? problem->length : problem_word(rest);
	if (length > rest.length)
		length = rest.length;
	problem_show(&pieces->before, (struct text){ line.at, start }, 0);
	size_t column = problem_width(&pieces->before);
	problem_show(&pieces->marked, (struct text){ rest.at, length }, column);
	column += problem_width(&pieces->marked);
	problem_show(
		&pieces->after, (struct text){ rest.at + length, rest.length - length }, column);
}

static void problem_source(const struct problem *problem, struct text line,
	const struct problems_style *style, struct strbuf *buffer)
{
	AUTO(problem_pieces_release)
	struct problem_pieces pieces = { STRBUF_INIT, STRBUF_INIT, STRBUF_INIT };
	problem_split(problem, line, &pieces);
	if (style->width > 2 * PROBLEM_GUTTER)
		problem_fit(&pieces, style->width - PROBLEM_GUTTER, style->ascii);
	problem_paint(buffer, style, PROBLEM_DIM);
	strbuf_printf(buffer, "%5u | ", problem->at.line);
	problem_paint(buffer, style, PROBLEM_PLAIN);
	strbuf_printf(
		buffer, "%s%s%s\n", pieces.before.text, pieces.marked.text, pieces.after.text);
	problem_paint(buffer, style, PROBLEM_DIM);
	strbuf_add(buffer, "      | ");
	problem_paint(buffer, style, PROBLEM_PLAIN);
	strbuf_add_repeated(buffer, ' ', problem_width(&pieces.before));
	problem_paint(buffer, style, problem->warning ? PROBLEM_YELLOW : PROBLEM_RED);
	strbuf_add_char(buffer, '^');
	size_t marked = problem_width(&pieces.marked);
	strbuf_add_repeated(buffer, '~', marked ? marked - 1 : 0);
	problem_paint(buffer, style, PROBLEM_PLAIN);
	if (problem->hint[0]) {
		strbuf_add(buffer, "  ");
		utf8_escape(buffer, text_of(problem->hint));
	}
	strbuf_add_char(buffer, '\n');
}

static void problem_place(
	const struct problem *problem, const struct problems_style *style, struct strbuf *buffer)
{
	if (!problem->at.file[0])
		return;
	problem_paint(buffer, style, PROBLEM_BOLD);
	utf8_escape(buffer, text_of(problem->at.file));
	if (problem->at.line)
		strbuf_printf(buffer, ":%u", problem->at.line);
	if (problem->at.line && problem->at.column)
		strbuf_printf(buffer, ":%u", problem->at.column);
	strbuf_add_char(buffer, ':');
	problem_paint(buffer, style, PROBLEM_PLAIN);
	strbuf_add_char(buffer, ' ');
}

void problem_format(const struct problem *problem, struct text source,
	const struct problems_style *style, struct strbuf *buffer)
{
	struct text line = problem_line(source, problem->at.line);
	problem_place(problem, style, buffer);
	problem_paint(buffer, style, problem->warning ? PROBLEM_YELLOW : PROBLEM_RED);
	strbuf_add(buffer, problem->warning ? "warning:" : "error:");
	problem_paint(buffer, style, PROBLEM_PLAIN);
	strbuf_add_char(buffer, ' ');
	utf8_escape(buffer, text_of(problem->message));
	if (!line.at && problem->hint[0]) {
		strbuf_add(buffer, " (");
		utf8_escape(buffer, text_of(problem->hint));
		strbuf_add_char(buffer, ')');
	}
	strbuf_add_char(buffer, '\n');
	if (line.at)
		problem_source(problem, line, style, buffer);
}

/* "… and 2 more errors and 1 more warning" */
static void problems_rest(struct strbuf *buffer, uint64_t errors, uint64_t warnings, bool ascii)
{
	if (!errors && !warnings)
		return;
	strbuf_add(buffer, ascii ? "..." : "…");
	if (errors)
		strbuf_printf(buffer, " and %llu more error%s", (unsigned long long)errors,
			errors == 1 ? "" : "s");
	if (warnings)
		strbuf_printf(buffer, " and %llu more warning%s", (unsigned long long)warnings,
			warnings == 1 ? "" : "s");
	strbuf_add_char(buffer, '\n');
}

/* The file whose text the source is: the first that a place lies in ("--set x" has no lines). */
static const char *problems_file(const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		if (problems->items[i].at.line)
			return problems->items[i].at.file;
	}
	return "";
}

void problems_format(const struct problems *problems, struct text source,
	const struct problems_style *style, struct strbuf *buffer)
{
	uint64_t errors = problems->errors, warnings = problems->warnings;
	const char *file = problems_file(problems);
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];
		bool same = strcmp(problem->at.file, file) == 0;
		problem_format(problem, same ? source : (struct text){ NULL, 0 }, style, buffer);
		if (problem->warning)
			warnings--;
		else
			errors--;
	}
	problems_rest(buffer, errors, warnings, style->ascii);
}
