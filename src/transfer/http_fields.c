#include "http_fields_internal.h"

#include <string.h>

#include "mlops/base/parse.h"

void http_fields_init(struct http_fields *fields)
{
	*fields = (struct http_fields){
		.length = UINT64_MAX, .first = UINT64_MAX, .total = UINT64_MAX
	};
}

/* "HTTP/1.1 206 Partial Content" */
static void http_fields_status(struct http_fields *fields, struct text line)
{
	struct text version, number;
	uint64_t status;
	http_fields_init(fields);
	if (text_split(&line, ' ', &version) && text_split(&line, ' ', &number) &&
		parse_u64(text_trim(number), &status) && status >= 100 && status <= 999)
		fields->status = (long)status;
}

/* "bytes 7-41/42", "bytes 7-41/" and an asterisk, or an asterisk and "/42" behind "bytes" */
static void http_fields_range(struct http_fields *fields, struct text value)
{
	struct text unit, span, first;
	uint64_t number;
	if (!text_split(&value, ' ', &unit) || !text_is(unit, "bytes") ||
		!text_split(&value, '/', &span))
		return;
	if (parse_u64(text_trim(value), &number))
		fields->total = number;
	if (text_split(&span, '-', &first) && parse_u64(first, &number))
		fields->first = number;
}

static void http_fields_copy(char *ret, size_t size, struct text value)
{
	ret[0] = '\0';
	if (value.length >= size || memchr(value.at, '\0', value.length))
		return;
	memcpy(ret, value.at, value.length);
	ret[value.length] = '\0';
}

static bool http_fields_name(struct text name, const char *lower)
{
	if (name.length != strlen(lower))
		return false;
	for (size_t i = 0; i < name.length; i++) {
		char c = name.at[i];
		if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != lower[i])
			return false;
	}
	return true;
}

void http_fields_line(struct http_fields *fields, struct text line)
{
	struct text name;
	uint64_t number;
	if (text_starts_with(line, "HTTP/")) {
		http_fields_status(fields, line);
		return;
	}
	if (!text_trim(line).length)
		fields->complete = true;
	if (!text_split(&line, ':', &name))
		return;
	struct text value = text_trim(line);
	if (http_fields_name(name, "content-length") && parse_u64(value, &number))
		fields->length = number;
	else if (http_fields_name(name, "content-range"))
		http_fields_range(fields, value);
	else if (http_fields_name(name, "etag"))
		http_fields_copy(fields->etag, sizeof fields->etag, value);
	else if (http_fields_name(name, "x-amz-bucket-region"))
		http_fields_copy(fields->region, sizeof fields->region, value);
	else if (http_fields_name(name, "retry-after") && parse_u64(value, &number))
		fields->retry_after = (double)number;
}
