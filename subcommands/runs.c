#include "runs.h"

#include <math.h>
#include <string.h>

#include "mlops/git/repository.h"
#include "mlops/record/revision.h"
#include "mlops/report/plot.h"

enum { RUNS_SPARKLINE = 8, RUNS_SPARKLINE_POINTS = 3, RUNS_SPARKLINE_LOOKS = 64 };

int runs_resolve(struct invocation *invocation, struct record *record, const char *revision,
	int64_t *ret_run, struct error *err)
{
	if (revision_resolve(record, NULL, revision, ret_run, err) == 0)
		return 0;
	if (err->code != ERROR_NOT_FOUND || strchr(revision, '@'))
		return -err->code;
	AUTO(repository_close) struct repository *repository = NULL;
	struct error ignored = ERROR_INIT;
	if (repository_open(invocation->workspace.root, &repository, &ignored) < 0)
		return -err->code;
	error_clear(err);
	return revision_resolve(record, repository, revision, ret_run, err);
}

int runs_open_to_write(struct invocation *invocation, struct record **ret, struct error *err)
{
	return record_open(invocation->workspace.database, DATABASE_WRITE, ret, err);
}

const char *runs_short_id(
	struct invocation *invocation, struct record *record, const char *id, struct error *err)
{
	int digits;
	if (run_short_length(record, id, &digits, err) < 0)
		return NULL;
	return arena_copy_bytes(&invocation->arena, id, (size_t)digits, err);
}

int runs_show_refused(
	struct invocation *invocation, const char *option, const char *text, struct error *err)
{
	struct messages *messages = &invocation->messages;
	if (err->at.column)
		position_set(&err->at, option, err->at.line, err->at.column);
	if (messages->json || !err->at.column)
		return -err->code;
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	struct error first = *err;
	/* "did you mean …" belongs to the sentence; other advice stands below the caret. */
	bool meant = text_starts_with(text_of(err->hint), "did you mean");
	if (!meant)
		first.hint[0] = '\0';
	message_render(&first, "error", &messages->style, &shown);
	filter_show_error(&shown, text, err);
	if (err->hint[0] && !meant) {
		colour_add(&shown, &messages->style, COLOUR_HINT, "hint:");
		strbuf_printf(&shown, " %s\n", err->hint);
	}
	message_raw(messages, (struct text){ shown.text, shown.length });
	invocation->error_shown = true;
	return -err->code;
}

int runs_add_metric(struct invocation *invocation, struct record *record, int64_t run,
	const char *name, struct strbuf *text, struct error *err)
{
	AUTO(metric_series_release) struct metric_series series = { .steps = NULL };
	if (metric_history_thinned(record, run, name, RUNS_SPARKLINE_LOOKS, &series, err) < 0)
		return -err->code;
	if (!series.count)
		return 0;
	output_add_number(text, series.values[series.count - 1]);
	if (series.count >= RUNS_SPARKLINE_POINTS) {
		strbuf_add_char(text, ' ');
		plot_sparkline(text, series.values, series.count, RUNS_SPARKLINE,
			invocation->output.style.utf8 ? PLOT_UNICODE : PLOT_ASCII);
	}
	return strbuf_check(text, err);
}

void runs_add_status(struct strbuf *text, enum run_status status, const char *reason)
{
	strbuf_add(text, run_status_name(status));
	if (reason && reason[0])
		strbuf_printf(text, ": %s", reason);
}

void runs_heading(struct invocation *invocation, const char *title)
{
	struct strbuf *text = output_text(&invocation->output);
	if (text->length)
		strbuf_add_char(text, '\n');
	colour_add(text, &invocation->output.style, COLOUR_HEADING, title);
	strbuf_add_char(text, '\n');
}
