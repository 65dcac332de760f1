#include "mlops/ui/colour.h"

#include <stdint.h>

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
