#include "mlops/document/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/utf8.h"

static bool problem_before(const struct problem *a, const struct problem *b)
{
	if (strcmp(a->at.file, b->at.file) != 0)
		return false; /* files stay in the order in which they were read */
	if (a->at.line != b->at.line)
		return a->at.line < b->at.line;
	return a->at.column < b->at.column;
}

/* Two keywords of a schema may say the same thing. */
static bool problem_same(const struct problem *a, const struct problem *b)
{
	return a->at.line == b->at.line && a->at.column == b->at.column &&
	       strcmp(a->message, b->message) == 0 && strcmp(a->at.file, b->at.file) == 0;
}

/* Room for the item at its place; NULL if the list is full of earlier ones. */
static struct problem *problems_insert(struct problems *problems, const struct problem *item)
{
	size_t place = problems->count;
	while (place && problem_before(item, &problems->items[place - 1]))
		place--;
	if (place == PROBLEMS_MOST)
		return NULL;
	if (problems->count == PROBLEMS_MOST)
		problems->count--;
	memmove(problems->items + place + 1, problems->items + place,
		(problems->count - place) * sizeof *problems->items);
	problems->items[place] = *item;
	problems->count++;
	return &problems->items[place];
}

/* A text cut to its buffer is cut between characters. */
static void problem_trim(char *text, size_t size)
{
	size_t length = strlen(text);
	if (length + 1 == size)
		text[utf8_check((struct text){ text, length })] = '\0';
}

PRINTF_LIKE(4, 0)
static struct problem *problems_vadd(struct problems *problems, const struct position *at,
	bool warning, const char *format, va_list args)
{
	struct problem item = { .at = *at, .warning = warning };
	vsnprintf(item.message, sizeof item.message, format, args);
	problem_trim(item.message, sizeof item.message);
	for (size_t i = 0; i < problems->count; i++) {
		if (problem_same(&problems->items[i], &item))
			return NULL;
	}
	if (warning)
		problems->warnings++;
	else
		problems->errors++;
	return problems_insert(problems, &item);
}

struct problem *problems_add(
	struct problems *problems, const struct position *at, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct problem *problem = problems_vadd(problems, at, false, format, args);
	va_end(args);
	return problem;
}

struct problem *problems_warn(
	struct problems *problems, const struct position *at, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct problem *problem = problems_vadd(problems, at, true, format, args);
	va_end(args);
	return problem;
}

void problem_hint(struct problem *problem, const char *format, ...)
{
	if (!problem)
		return;
	va_list args;
	va_start(args, format);
	vsnprintf(problem->hint, sizeof problem->hint, format, args);
	va_end(args);
	problem_trim(problem->hint, sizeof problem->hint);
}

void problems_add_error(struct problems *problems, const struct error *err)
{
	if (!err->code)
		return;
	struct problem *problem = problems_add(problems, &err->at, "%s", err->message);
	if (err->hint[0])
		problem_hint(problem, "%s", err->hint);
}

int problems_check(const struct problems *problems, struct error *err)
{
	const struct problem *first = NULL;
	for (size_t i = 0; i < problems->count && !first; i++) {
		if (!problems->items[i].warning)
			first = &problems->items[i];
	}
	if (!problems->errors)
		return 0;
	if (!first) /* warnings before it have filled the list */
		return error_set(
			err, ERROR_INVALID, "%llu errors", (unsigned long long)problems->errors);
	error_set_at(err, ERROR_INVALID, &first->at, "%s", first->message);
	unsigned long long more = problems->errors - 1;
	const char *plural = more == 1 ? "" : "s";
	if (more && first->hint[0])
		error_hint(err, "%s (and %llu more error%s)", first->hint, more, plural);
	else if (more)
		error_hint(
			err, "there %s %llu more error%s", more == 1 ? "is" : "are", more, plural);
	else if (first->hint[0])
		error_hint(err, "%s", first->hint);
	return -ERROR_INVALID;
}
