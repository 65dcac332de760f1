#include "mlops/pipeline/run_log.h"

#include <fcntl.h>
#include <stdarg.h>

#include "mlops/base/clock.h"
#include "mlops/base/path.h"
#include "mlops/system/directory.h"
#include "mlops/system/file.h"

/* More points than this are thinned by dropping: a trainer's curve needs no more. */
enum { RUN_LOG_POINTS = 1 << 20 };

char *run_log_name(const char *id, struct error *err)
{
	return memory_format(err, "runs/%s.log", id);
}

void run_log_line(struct run_log *log, const char *format, ...)
{
	AUTO(strbuf_release) struct strbuf line = STRBUF_INIT;
	if (log->fd < 0)
		return;
	strbuf_printf(&line, "%10.3f ", (double)(clock_monotonic() - log->start) * 1e-9);
	va_list args;
	va_start(args, format);
	strbuf_vprintf(&line, format, args);
	va_end(args);
	strbuf_add_char(&line, '\n');
	/* The log is a help, not a result: the run goes on without it, but not silently. */
	struct error err = ERROR_INIT;
	if (strbuf_check(&line, &err) < 0 ||
		file_write_all(log->fd, log->path, line.text, line.length, &err) < 0) {
		file_close(&log->fd);
		event_warn(log->next, NULL, "the run's log is incomplete: %s", err.message);
	}
}

static void run_log_emit(void *context, const struct event *event)
{
	struct run_log *log = context;
	switch (event->kind) {
	case EVENT_ITERATION:
		if (log->points.count < RUN_LOG_POINTS)
			vec_push(&log->points,
				(struct run_log_point){ event->iteration, event->value });
		run_log_line(log, "iteration %llu  %.17g", (unsigned long long)event->iteration,
			event->value);
		break;
	case EVENT_WARNING:
		run_log_line(log, "warning: %s", event->text);
		break;
	case EVENT_NOTE:
		run_log_line(log, "%s", event->text);
		break;
	case EVENT_PROGRESS:
		break;
	}
	event_emit(log->next, event);
}

static bool run_log_stopped(void *context)
{
	struct run_log *log = context;
	return event_stopped(log->next);
}

int run_log_open(const struct workspace *workspace, const char *id, const struct event_sink *next,
	struct run_log *ret_log, struct error *err)
{
	*ret_log = (struct run_log){ .next = next, .fd = -1, .start = clock_monotonic() };
	ret_log->sink = (struct event_sink){ run_log_emit, run_log_stopped, ret_log };
	AUTO_FREE char *folder = path_join(workspace->folder, "runs", err);
	AUTO_FREE char *name = run_log_name(id, err);
	if (!folder || !name || directory_make(folder, err) < 0)
		return -(int)err->code;
	ret_log->path = path_join(workspace->folder, name, err);
	if (!ret_log->path)
		return -ERROR_MEMORY;
	ret_log->fd = open(ret_log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (ret_log->fd < 0) {
		error_set_os(err, ERROR_IO, "cannot make '%s'", ret_log->path);
		memory_free(TAKE(ret_log->path));
		return -ERROR_IO;
	}
	return 0;
}

void run_log_close(struct run_log *log)
{
	if (log->path)
		file_close(&log->fd);
	memory_free(TAKE(log->path));
	vec_release(&log->points);
}
