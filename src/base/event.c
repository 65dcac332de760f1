#include "mlops/base/event.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

void event_emit(const struct event_sink *sink, const struct event *event)
{
	if (sink && sink->emit)
		sink->emit(sink->context, event);
}

void event_progress(const struct event_sink *sink, const char *text, const char *unit,
	uint64_t done, uint64_t total)
{
	event_emit(sink, &(struct event){ .kind = EVENT_PROGRESS,
				 .text = text,
				 .unit = unit,
				 .done = done,
				 .total = total });
}

PRINTF_LIKE(4, 0)
static void event_say(const struct event_sink *sink, enum event_kind kind,
	const struct position *at, const char *format, va_list args)
{
	char text[1024];
	if (!sink || !sink->emit)
		return;
	vsnprintf(text, sizeof text, format, args);
	event_emit(sink, &(struct event){ .kind = kind, .text = text, .at = at });
}

void event_warn(const struct event_sink *sink, const struct position *at, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	event_say(sink, EVENT_WARNING, at, format, args);
	va_end(args);
}

void event_note(const struct event_sink *sink, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	event_say(sink, EVENT_NOTE, NULL, format, args);
	va_end(args);
}

bool event_stopped(const struct event_sink *sink)
{
	return sink && sink->stopped && sink->stopped(sink->context);
}
