/*
 * terminal: what the stream in front of a person can show.
 */
#ifndef MLOPS_SYSTEM_TERMINAL_H
#define MLOPS_SYSTEM_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

enum terminal_choice { TERMINAL_AUTO, TERMINAL_ALWAYS, TERMINAL_NEVER };

bool terminal_is(int fd);

/* Columns: COLUMNS, else the window's, else 80; within 20 and 1000. */
size_t terminal_width(int fd);

/* --color, else NO_COLOR not empty, else TERM=dumb or unset, else whether it is a terminal. */
bool terminal_colour(int fd, enum terminal_choice choice);

/* Does the locale (LC_ALL, LC_CTYPE, LANG) say UTF-8? Otherwise only ASCII is shown. */
bool terminal_utf8(void);

#endif
