#include "unit.h"

#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

#include "mlops/system/terminal.h"

static int file, terminal;

static void open_both(void)
{
	int master;
	struct winsize size = { .ws_col = 132, .ws_row = 40 };
	file = open("/dev/null", O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(openpty(&master, &terminal, NULL, NULL, &size), 0);
	unsetenv("COLUMNS");
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
}

START_TEST(width)
{
	open_both();
	ck_assert(terminal_is(terminal) && !terminal_is(file) && !terminal_is(-1));
	ck_assert_uint_eq(terminal_width(terminal), 132);
	ck_assert_uint_eq(terminal_width(file), 80);
	static const struct {
		const char *columns;
		size_t width;
	} cases[] = { { "100", 100 }, { "5", 20 }, { "99999", 1000 }, { "x", 132 }, { "0", 132 },
		{ "-4", 132 }, { "", 132 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		setenv("COLUMNS", cases[i].columns, 1);
		ck_assert_uint_eq(terminal_width(terminal), cases[i].width);
	}
}
END_TEST

START_TEST(colour)
{
	open_both();
	ck_assert(
		terminal_colour(terminal, TERMINAL_AUTO) && !terminal_colour(file, TERMINAL_AUTO));
	ck_assert(terminal_colour(file, TERMINAL_ALWAYS));
	ck_assert(!terminal_colour(terminal, TERMINAL_NEVER));
	setenv("NO_COLOR", "", 1);
	ck_assert(terminal_colour(terminal, TERMINAL_AUTO));
	setenv("NO_COLOR", "1", 1);
	ck_assert(!terminal_colour(terminal, TERMINAL_AUTO));
	ck_assert(terminal_colour(file, TERMINAL_ALWAYS));
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	ck_assert(!terminal_colour(terminal, TERMINAL_AUTO));
	unsetenv("TERM");
	ck_assert(!terminal_colour(terminal, TERMINAL_AUTO));
}
END_TEST

START_TEST(utf8)
{
	static const struct {
		const char *all, *ctype, *lang;
		bool utf8;
	} cases[] = { { "C", "C.UTF-8", "C.UTF-8", false }, { "", "", "en_US.UTF-8", true },
		{ "", "de_DE.utf8", "C", true }, { "C.UTF-8", "C", "C", true },
		{ "", "", "", false }, { "", "", "de_DE@euro", false },
		{ "", "", "ca_ES.UTF-8@valencia", true }, { "", "", "ja_JP.eucJP", false } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		setenv("LC_ALL", cases[i].all, 1);
		setenv("LC_CTYPE", cases[i].ctype, 1);
		setenv("LANG", cases[i].lang, 1);
		ck_assert_msg(terminal_utf8() == cases[i].utf8, "case %zu", i);
	}
}
END_TEST

UNIT_MAIN("system/terminal", width, colour, utf8)
