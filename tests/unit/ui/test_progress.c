#include "unit.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "mlops/base/utf8.h"
#include "mlops/ui/progress.h"

static const struct style unicode = { .terminal = true, .utf8 = true, .width = 100 };

START_TEST(work_shows_share_rate_and_time_left)
{
	struct progress progress = { .enabled = true };
	struct event event = { .kind = EVENT_PROGRESS,
		.text = "reading",
		.unit = "bytes",
		.done = 612000000,
		.total = 1000000000 };
	AUTO(strbuf_release) struct strbuf line = STRBUF_INIT;
	progress_render(&progress, &event, 0.8, &unicode, &line);
	ck_assert_str_eq(line.text,
		"reading  █████████████░░░░░░░░░  61%  612.0 MB of 1.0 GB  765.0 MB/s  507 ms left");
	event.unit = "files";
	event.done = 3;
	event.total = 12;
	strbuf_clear(&line);
	progress_render(&progress, &event, 3, &style_plain, &line);
	ck_assert_str_eq(line.text,
		"reading  #####.................  25%  3 of 12 files  1 files/s  9.0 s left");
	event.total = 0;
	strbuf_clear(&line);
	progress_render(&progress, &event, 0, &unicode, &line);
	ck_assert_str_eq(line.text, "reading  3 files");
}
END_TEST

START_TEST(no_line_is_wider_than_the_terminal)
{
	struct progress progress = { .enabled = true };
	struct event event = { .kind = EVENT_PROGRESS,
		.text = "a text of some length \033[2J",
		.unit = "rows",
		.done = 123456789,
		.total = 987654321 };
	for (size_t width = 20; width < 120; width++) {
		struct style style = { .utf8 = width % 2, .width = width };
		AUTO(strbuf_release) struct strbuf line = STRBUF_INIT;
		progress_render(&progress, &event, 77, &style, &line);
		ck_assert_uint_lt(utf8_width((struct text){ line.text, line.length }), width);
		ck_assert_ptr_null(strchr(line.text, '\033'));
	}
}
END_TEST

START_TEST(sparklines_follow_the_values)
{
	AUTO(strbuf_release) struct strbuf line = STRBUF_INIT;
	const double values[] = { 7, 0, 3.5, NAN, -1e308, 1e308 };
	progress_sparkline(&line, values, 3, true);
	ck_assert_str_eq(line.text, "█▁▅");
	strbuf_clear(&line);
	progress_sparkline(&line, values + 3, 3, false);
	ck_assert_str_eq(line.text, "?_#");
	strbuf_clear(&line);
	progress_sparkline(&line, (const double[]){ 1, 1 }, 2, true);
	ck_assert_str_eq(line.text, "▁▁");
}
END_TEST

START_TEST(nothing_is_drawn_but_on_a_terminal)
{
	int pipe_ends[2];
	ck_assert_int_eq(pipe(pipe_ends), 0);
	struct messages messages;
	messages_init(&messages, pipe_ends[1], TERMINAL_ALWAYS, false);
	struct progress progress;
	progress_init(&progress, &messages);
	ck_assert(!progress.enabled);
	struct event_sink sink = progress_sink(&progress);
	event_progress(&sink, "reading", "rows", 1, 10);
	event_note(&sink, "quiet");
	event_warn(&sink, NULL, "odd");
	close(pipe_ends[1]);
	char text[256];
	ssize_t length = read(pipe_ends[0], text, sizeof text - 1);
	ck_assert_int_ge(length, 0);
	text[length] = '\0';
	ck_assert_ptr_nonnull(strstr(text, "odd"));
	ck_assert_ptr_null(strstr(text, "reading"));
	ck_assert_ptr_null(strstr(text, "quiet"));
	close(pipe_ends[0]);
}
END_TEST

START_TEST(a_drawn_line_is_erased_before_a_message)
{
	int pipe_ends[2];
	ck_assert_int_eq(pipe(pipe_ends), 0);
	struct messages messages;
	messages_init(&messages, pipe_ends[1], TERMINAL_NEVER, false);
	messages.style.terminal = true;
	messages.style.width = 80;
	struct progress progress;
	progress_init(&progress, &messages);
	ck_assert(progress.enabled);
	struct event_sink sink = progress_sink(&progress);
	event_progress(&sink, "reading", "rows", 1, 10); /* too early to be drawn */
	ck_assert(!progress.drawn);
	progress.begun -= 2000000000;
	event_progress(&sink, "reading", "rows", 2, 10);
	ck_assert(progress.drawn);
	event_progress(&sink, "reading", "rows", 3, 10); /* too soon after the last */
	message_summary(&messages, "done");
	ck_assert(!progress.drawn);
	close(pipe_ends[1]);
	char text[512];
	ssize_t length = read(pipe_ends[0], text, sizeof text - 1);
	ck_assert_int_gt(length, 0);
	text[length] = '\0';
	ck_assert_ptr_nonnull(strstr(text, "2 of 10 rows"));
	ck_assert_ptr_null(strstr(text, "3 of 10 rows"));
	ck_assert_ptr_nonnull(strstr(text, "\r\033[Kdone\n"));
	close(pipe_ends[0]);
}
END_TEST

UNIT_MAIN("ui/progress", work_shows_share_rate_and_time_left, no_line_is_wider_than_the_terminal,
	sparklines_follow_the_values, nothing_is_drawn_but_on_a_terminal,
	a_drawn_line_is_erased_before_a_message)
