/*
 * Any bytes as lines of an answer's head, as a URL, as a line of a folder's listing over SFTP, and
 * as a file of ~/.aws.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../../src/transfer/credentials_internal.h"
#include "../../src/transfer/http_fields_internal.h"
#include "../../src/transfer/sftp_internal.h"
#include "../../src/transfer/url_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_lines(struct text rest)
{
	struct http_fields fields;
	struct text line, name;
	uint64_t number;
	http_fields_init(&fields);
	while (text_split(&rest, '\n', &line)) {
		http_fields_line(&fields, line);
		if (strlen(fields.etag) >= sizeof fields.etag)
			BUG("an ETag without end");
		if (sftp_list_line(line, &name, &number) &&
			(name.at < line.at || name.at + name.length > line.at + line.length))
			BUG("a name outside of its line");
	}
}

static void try_url(struct text bytes)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, encoded = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf decoded = STRBUF_INIT;
	struct error err = ERROR_INIT;
	struct url url;
	strbuf_add_bytes(&text, bytes.at, bytes.length);
	if (url_parse(text.text, &url, &err) < 0 && err.code != ERROR_USAGE)
		BUG("a wrong error: %s", err.message);
	/* What is encoded comes back. */
	struct text plain = text_of(text.text);
	url_encode(&encoded, plain, "/");
	if (!url_decode(&decoded, text_of(encoded.text)) ||
		!text_equal(text_of(decoded.text), plain))
		BUG("percent-encoding loses something");
	(void)url_decode(&decoded, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(credentials_release) struct credentials found = { .key = NULL };
	struct text bytes = { (const char *)data, size };
	struct error err = ERROR_INIT;
	try_lines(bytes);
	try_url(bytes);
	if (credentials_read(bytes, "work", false, &found, &err) < 0 ||
		credentials_read(bytes, "work", true, &found, &err) < 0)
		BUG("%s", err.message);
	if ((found.key == NULL) != (found.secret == NULL))
		BUG("half of the credentials");
	if (found.token && strpbrk(found.token, "\r\n"))
		BUG("a value that would make another header field");
	return 0;
}
