#include "mlops/ui/colour.h"

#include <stdint.h>
#include <string.h>

#include "mlops/base/utf8.h"
#include "mlops/system/environment.h"

const struct style style_plain = { .width = 80 };

struct style style_of(int fd, enum terminal_choice choice)
{
	bool terminal = terminal_is(fd);
	return (struct style){ .terminal = terminal,
		.colour = terminal_colour(fd, choice),
		.utf8 = terminal_utf8(),
		.width = terminal || environment_get("COLUMNS") ? terminal_width(fd) : SIZE_MAX };
}

static const char *const colour_codes[COLOUR_COUNT] = {
	[COLOUR_ERROR] = "\033[1;31m",
	[COLOUR_WARNING] = "\033[33m",
	[COLOUR_HINT] = "\033[36m",
	[COLOUR_GOOD] = "\033[32m",
	[COLOUR_BAD] = "\033[31m",
	[COLOUR_HEADING] = "\033[1m",
	[COLOUR_ID] = "\033[33m",
	[COLOUR_DIM] = "\033[2m",
};

void colour_begin(struct strbuf *buffer, const struct style *style, enum colour colour)
{
	if (style->colour && colour != COLOUR_NONE)
		strbuf_add(buffer, colour_codes[colour]);
}

void colour_end(struct strbuf *buffer, const struct style *style, enum colour colour)
{
	if (style->colour && colour != COLOUR_NONE)
		strbuf_add(buffer, "\033[0m");
}

void colour_add(
	struct strbuf *buffer, const struct style *style, enum colour colour, const char *text)
{
	colour_begin(buffer, style, colour);
	strbuf_add(buffer, text);
	colour_end(buffer, style, colour);
}

void style_add_signs(struct strbuf *buffer, const struct style *style, struct text text)
{
	static const struct {
		const char *sign, *plain;
	} signs[] = { { "×", "x" }, { "–", "-" }, { "−", "-" }, { "≤", "<=" }, { "≥", ">=" },
		{ "→", "->" }, { "…", "..." }, { "∞", "inf" }, { "µ", "u" }, { "·", "-" } };
	for (size_t at = 0; at < text.length;) {
		const char *plain = NULL;
		size_t length = 1;
		/* All begin with a byte above ASCII. */
		for (size_t i = 0; i < sizeof signs / sizeof *signs && !style->utf8 && !plain &&
				   (unsigned char)text.at[at] >= 0x80;
			i++) {
			size_t n = strlen(signs[i].sign);
			if (n <= text.length - at && memcmp(text.at + at, signs[i].sign, n) == 0) {
				plain = signs[i].plain;
				length = n;
			}
		}
		if (plain)
			strbuf_add(buffer, plain);
		else
			strbuf_add_char(buffer, text.at[at]);
		at += length;
	}
}

void style_add_wrapped(
	struct strbuf *buffer, const struct style *style, size_t indent, const char *text)
{
	struct text rest = text_of(text), word;
	size_t column = indent;
	for (bool first = true; text_split(&rest, ' ', &word); first = false) {
		size_t width = utf8_width(word);
		bool fits = style->width == SIZE_MAX || column + 1 + width <= style->width;
		if (!first && !fits) {
			strbuf_add_char(buffer, '\n');
			strbuf_add_repeated(buffer, ' ', indent);
			column = indent;
		} else if (!first) {
			strbuf_add_char(buffer, ' ');
			column++;
		}
		strbuf_add_bytes(buffer, word.at, word.length);
		column += width;
	}
}
