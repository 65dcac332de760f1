#include "mlops/ui/progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/base/utf8.h"
#include "mlops/system/file.h"
#include "mlops/system/signals.h"
#include "mlops/ui/output.h"

enum { PROGRESS_BAR = 22, PROGRESS_NARROWEST = 6 }; /* cells of the bar */
#define PROGRESS_DELAY UINT64_C(1000000000) /* nanoseconds before the first line */
#define PROGRESS_INTERVAL UINT64_C(100000000) /* and between lines */

void progress_init(struct progress *progress, struct messages *messages)
{
	*progress = (struct progress){ .messages = messages,
		.enabled = messages->style.terminal && !messages->json &&
			   messages->verbosity >= 0 && messages->style.width >= 20 };
	messages->progress = progress;
}

static void progress_send(const struct progress *progress, const struct strbuf *buffer)
{
	struct error ignored = ERROR_INIT;
	if (file_write_all(
		    progress->messages->fd, "stderr", buffer->text, buffer->length, &ignored) < 0)
		return; /* nobody can be told */
}

void progress_erase(struct progress *progress)
{
	if (!progress->drawn)
		return;
	progress->drawn = false;
	static char erase[] = "\r\033[K";
	progress_send(progress, &(struct strbuf){ .text = erase, .length = sizeof erase - 1 });
}

void progress_sparkline(struct strbuf *buffer, const double *values, size_t count, bool utf8)
{
	static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const ascii[] = { "_", ".", ",", "-", "=", "+", "*", "#" };
	double low = INFINITY, high = -INFINITY;
	for (size_t i = 0; i < count; i++) {
		if (isfinite(values[i])) {
			low = fmin(low, values[i]);
			high = fmax(high, values[i]);
		}
	}
	for (size_t i = 0; i < count; i++) {
		size_t level = 0;
		/* Halves, since high - low overflows for values near the largest double. */
		double range = high / 2 - low / 2;
		if (!isfinite(values[i])) {
			strbuf_add_char(buffer, '?');
			continue;
		}
		if (range > 0)
			level = (size_t)((values[i] / 2 - low / 2) / range * 7 + 0.5);
		strbuf_add(buffer, utf8 ? blocks[level] : ascii[level]);
	}
}

static void progress_add_bar(struct strbuf *buffer, double share, size_t cells, bool utf8)
{
	size_t full = (size_t)(share * (double)cells);
	for (size_t i = 0; i < cells; i++) {
		if (utf8)
			strbuf_add(buffer, i < full ? "█" : "░");
		else
			strbuf_add_char(buffer, i < full ? '#' : '.');
	}
}

static void progress_add_amount(struct strbuf *buffer, uint64_t amount, const char *unit)
{
	if (unit && strcmp(unit, "bytes") == 0) {
		output_add_bytes(buffer, amount);
		return;
	}
	output_add_count(buffer, amount);
	if (unit)
		strbuf_printf(buffer, " %s", unit);
}

/* "  612 MB of 1.0 GB  740 MB/s  0.5 s left" in its parts; each is left out if it does not fit. */
static void progress_add_part(struct strbuf *line, const struct strbuf *part, size_t width)
{
	size_t used = utf8_width((struct text){ line->text, line->length });
	size_t more = utf8_width((struct text){ part->text, part->length });
	if (used + 2 + more >= width)
		return;
	strbuf_add(line, "  ");
	strbuf_add_bytes(line, part->text, part->length);
}

static void progress_render_work(const struct progress *progress, const struct event *event,
	double elapsed, const struct style *style, struct strbuf *line)
{
	AUTO(strbuf_release) struct strbuf part = STRBUF_INIT;
	uint64_t done = event->total && event->done > event->total ? event->total : event->done;
	double share = event->total ? (double)done / (double)event->total : 0;
	if (event->total) {
		size_t used = utf8_width((struct text){ line->text, line->length });
		size_t room = style->width > used + 10 ? style->width - used - 10 : 0;
		size_t cells = room < PROGRESS_BAR ? room : PROGRESS_BAR;
		if (cells >= PROGRESS_NARROWEST) {
			progress_add_bar(&part, share, cells, style->utf8);
			strbuf_add(&part, "  ");
		}
		strbuf_printf(&part, "%2.0f%%", floor(share * 100));
		progress_add_part(line, &part, style->width);
		strbuf_clear(&part);
	}
	progress_add_amount(&part, done, event->total ? NULL : event->unit);
	if (event->total) {
		/* "612.0 MB of 1.0 GB", but "3 of 12 files" */
		bool bytes = event->unit && strcmp(event->unit, "bytes") == 0;
		strbuf_clear(&part);
		progress_add_amount(&part, done, bytes ? event->unit : NULL);
		strbuf_add(&part, " of ");
		progress_add_amount(&part, event->total, event->unit);
	}
	progress_add_part(line, &part, style->width);
	double work = done > progress->first_done ? (double)(done - progress->first_done) : 0;
	if (!(elapsed > 0) || !(work > 0))
		return;
	strbuf_clear(&part);
	double rate = work / elapsed;
	progress_add_amount(&part, rate < 1e18 ? (uint64_t)rate : 0, event->unit);
	strbuf_add(&part, "/s");
	progress_add_part(line, &part, style->width);
	if (!event->total)
		return;
	strbuf_clear(&part);
	clock_format_duration(&part, (double)(event->total - done) / rate);
	strbuf_add(&part, " left");
	progress_add_part(line, &part, style->width);
}

static void progress_render_iteration(const struct progress *progress, const struct event *event,
	const struct style *style, struct strbuf *line)
{
	AUTO(strbuf_release) struct strbuf part = STRBUF_INIT;
	progress_sparkline(&part, progress->values, progress->n_values, style->utf8);
	progress_add_part(line, &part, style->width);
	strbuf_clear(&part);
	output_add_count(&part, event->iteration);
	strbuf_add(&part, event->iteration == 1 ? " iteration" : " iterations");
	progress_add_part(line, &part, style->width);
	strbuf_clear(&part);
	output_add_number(&part, event->value);
	progress_add_part(line, &part, style->width);
}

void progress_render(const struct progress *progress, const struct event *event, double elapsed,
	const struct style *style, struct strbuf *buffer)
{
	AUTO(strbuf_release) struct strbuf line = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	utf8_escape(&text, text_of(event->text ? event->text : "working"));
	utf8_truncate(
		&line, (struct text){ text.text, text.length }, style->width / 2, !style->utf8);
	if (event->kind == EVENT_ITERATION)
		progress_render_iteration(progress, event, style, &line);
	else
		progress_render_work(progress, event, elapsed, style, &line);
	strbuf_add_bytes(buffer, line.text, line.length);
}

static void progress_draw(struct progress *progress, const struct event *event, uint64_t now)
{
	AUTO(strbuf_release) struct strbuf buffer = STRBUF_INIT;
	strbuf_add_char(&buffer, '\r');
	progress_render(progress, event, (double)(now - progress->begun) * 1e-9,
		&progress->messages->style, &buffer);
	strbuf_add(&buffer, "\033[K");
	progress->last_drawn = now;
	progress->drawn = true;
	progress_send(progress, &buffer);
}

static void progress_step(struct progress *progress, const struct event *event)
{
	uint64_t now = clock_monotonic();
	const char *text = event->text ? event->text : "";
	if (!progress->begun || strncmp(progress->text, text, sizeof progress->text - 1) != 0) {
		snprintf(progress->text, sizeof progress->text, "%s", text);
		progress->begun = now;
		progress->first_done = event->done;
		progress->n_values = 0;
	}
	if (event->kind == EVENT_ITERATION) {
		if (progress->n_values == PROGRESS_SPARKS)
			memmove(progress->values, progress->values + 1,
				--progress->n_values * sizeof *progress->values);
		progress->values[progress->n_values++] = event->value;
	}
	bool complete =
		event->kind == EVENT_PROGRESS && event->total && event->done >= event->total;
	if (complete)
		progress_erase(progress);
	else if (now - progress->begun >= PROGRESS_DELAY &&
		 now - progress->last_drawn >= PROGRESS_INTERVAL)
		progress_draw(progress, event, now);
}

static void progress_emit(void *context, const struct event *event)
{
	struct progress *progress = context;
	switch (event->kind) {
	case EVENT_PROGRESS:
	case EVENT_ITERATION:
		if (progress->enabled)
			progress_step(progress, event);
		break;
	case EVENT_WARNING:
		message_warning(progress->messages, event->at, event->text);
		break;
	case EVENT_NOTE:
		message_note(progress->messages, event->text);
		break;
	}
}

struct event_sink progress_sink(struct progress *progress)
{
	return (struct event_sink){
		.emit = progress_emit, .stopped = signals_stop_wanted, .context = progress
	};
}
