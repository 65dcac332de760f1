#include "mlops/ui/output.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "mlops/base/clock.h"
#include "mlops/system/file.h"

int output_init(struct output *output, const char *command, bool json, enum terminal_choice choice,
	struct error *err)
{
	*output = (struct output){ .fd = STDOUT_FILENO,
		.style = style_of(STDOUT_FILENO, choice),
		.json = json,
		.now = clock_now(),
		.buffer = STRBUF_INIT };
	output->schema = memory_format(err, "mlops.%s/1", command);
	return output->schema ? 0 : -err->code;
}

void output_release(struct output *output)
{
	strbuf_release(&output->buffer);
	memory_free((char *)(uintptr_t)output->schema);
	output->schema = NULL;
}

struct json_writer *output_json(struct output *output)
{
	if (!output->json)
		return NULL;
	if (!output->begun) {
		output->begun = true;
		json_begin(&output->writer, &output->buffer, 2);
		json_object(&output->writer);
		json_key_string(&output->writer, "schema", output->schema);
	}
	return &output->writer;
}

struct strbuf *output_text(struct output *output)
{
	if (output->json)
		BUG("text in the answer of '%s' with --json", output->schema);
	return &output->buffer;
}

static int output_send(struct output *output, const void *bytes, size_t count, struct error *err)
{
	if (!count || file_write_all(output->fd, "standard output", bytes, count, err) == 0)
		return 0;
	output->broken = true;
	return -err->code;
}

static int output_flush_text(struct output *output, bool document, struct error *err)
{
	if (strbuf_check(&output->buffer, err) < 0)
		return -err->code;
	struct text text = { output->buffer.text, output->buffer.length };
	AUTO(strbuf_release) struct strbuf plain = STRBUF_INIT;
	if (!output->style.utf8 && !document && !output->exact) {
		style_add_signs(&plain, &output->style, text);
		if (strbuf_check(&plain, err) < 0)
			return -err->code;
		text = (struct text){ plain.text, plain.length };
	}
	int status = output_send(output, text.at, text.length, err);
	strbuf_clear(&output->buffer);
	return status;
}

int output_flush(struct output *output, struct error *err)
{
	return output->json ? 0 : output_flush_text(output, false, err);
}

int output_bytes(struct output *output, const void *bytes, size_t count, struct error *err)
{
	if (output->json)
		BUG("bytes in the answer of '%s' with --json", output->schema);
	if (output_flush(output, err) < 0)
		return -err->code;
	return output_send(output, bytes, count, err);
}

int output_finish(struct output *output, struct error *err)
{
	bool document = output->json && output->begun;
	if (document) {
		json_end(&output->writer);
		strbuf_add_char(&output->buffer, '\n');
		output->begun = output->json = false;
	}
	return output->json ? 0 : output_flush_text(output, document, err);
}

void output_add_count(struct strbuf *buffer, uint64_t count)
{
	char digits[24];
	int length = snprintf(digits, sizeof digits, "%ju", (uintmax_t)count);
	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			strbuf_add_char(buffer, ',');
		strbuf_add_char(buffer, digits[i]);
	}
}

void output_add_bytes(struct strbuf *buffer, uint64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double value = (double)bytes;
	size_t unit = 0;
	/* 999.95 would be rounded to 1000.0 below. */
	for (; unit + 1 < sizeof units / sizeof *units && value >= (unit ? 999.95 : 1000); unit++)
		value /= 1000;
	strbuf_printf(buffer, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

void output_add_number(struct strbuf *buffer, double value)
{
	double size = fabs(value);
	if (!isfinite(value))
		strbuf_add_double(buffer, value);
	else if (value == floor(value) && size < 1e6)
		strbuf_printf(buffer, "%.0f", value);
	else if (size < 1e-3 || size >= 1e6)
		strbuf_printf(buffer, "%.3e", value);
	else
		strbuf_printf(buffer, "%.*f", size < 10 ? 4 : size < 1000 ? 2 : 1, value);
}
