#include "mlops/system/terminal.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mlops/base/parse.h"
#include "mlops/system/environment.h"

enum { TERMINAL_NARROWEST = 20, TERMINAL_WIDEST = 1000, TERMINAL_DEFAULT = 80 };

bool terminal_is(int fd)
{
	return isatty(fd) == 1;
}

static size_t terminal_bound(uint64_t columns)
{
	return columns < TERMINAL_NARROWEST ? TERMINAL_NARROWEST
	       : columns > TERMINAL_WIDEST  ? TERMINAL_WIDEST
					    : (size_t)columns;
}

size_t terminal_width(int fd)
{
	uint64_t columns;
	const char *set = environment_get("COLUMNS");
	if (set && parse_u64(text_of(set), &columns) && columns)
		return terminal_bound(columns);
	struct winsize size;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return terminal_bound(size.ws_col);
	return TERMINAL_DEFAULT;
}

bool terminal_colour(int fd, enum terminal_choice choice)
{
	if (choice != TERMINAL_AUTO)
		return choice == TERMINAL_ALWAYS;
	if (environment_get("NO_COLOR"))
		return false;
	const char *term = environment_get("TERM");
	if (!term || strcmp(term, "dumb") == 0)
		return false;
	return terminal_is(fd);
}

bool terminal_utf8(void)
{
	const char *locale = environment_get("LC_ALL");
	if (!locale)
		locale = environment_get("LC_CTYPE");
	if (!locale)
		locale = environment_get("LANG");
	if (!locale)
		return false;
	const char *codeset = strchr(locale, '.');
	if (!codeset)
		return false;
	codeset++;
	size_t length = strcspn(codeset, "@");
	return (length == 5 && strncasecmp(codeset, "UTF-8", 5) == 0) ||
	       (length == 4 && strncasecmp(codeset, "UTF8", 4) == 0);
}
