#include "unit.h"

#include <string.h>

#include "mlops/base/event.h"

struct heard {
	int count;
	struct event last;
	char text[1100];
	bool stop;
};

static void hear(void *context, const struct event *event)
{
	struct heard *heard = context;
	heard->count++;
	heard->last = *event;
	strncpy(heard->text, event->text, sizeof heard->text - 1);
}

static bool stop(void *context)
{
	return ((struct heard *)context)->stop;
}

START_TEST(a_sink_hears_everything)
{
	struct heard heard = { 0 };
	struct event_sink sink = { .emit = hear, .stopped = stop, .context = &heard };
	event_progress(&sink, "reading", "rows", 3, 10);
	ck_assert_int_eq(heard.last.kind, EVENT_PROGRESS);
	ck_assert_uint_eq(heard.last.done, 3);
	ck_assert_uint_eq(heard.last.total, 10);
	ck_assert_str_eq(heard.last.unit, "rows");
	struct position at;
	position_set(&at, "a.csv", 4, 2);
	event_warn(&sink, &at, "column '%s' is constant", "x");
	ck_assert_int_eq(heard.last.kind, EVENT_WARNING);
	ck_assert_uint_eq(heard.last.at->line, 4);
	ck_assert_str_eq(heard.text, "column 'x' is constant");
	event_note(&sink, "%d files", 2);
	ck_assert_int_eq(heard.last.kind, EVENT_NOTE);
	ck_assert_str_eq(heard.text, "2 files");
	ck_assert_int_eq(heard.count, 3);
	ck_assert(!event_stopped(&sink));
	heard.stop = true;
	ck_assert(event_stopped(&sink));
}
END_TEST

START_TEST(no_sink_is_a_sink)
{
	struct event_sink deaf = { .emit = NULL };
	for (int i = 0; i < 2; i++) {
		const struct event_sink *sink = i ? &deaf : NULL;
		event_progress(sink, "x", "y", 1, 2);
		event_warn(sink, NULL, "%s", "x");
		event_note(sink, "x");
		ck_assert(!event_stopped(sink));
	}
}
END_TEST

UNIT_MAIN("base/event", a_sink_hears_everything, no_sink_is_a_sink)
