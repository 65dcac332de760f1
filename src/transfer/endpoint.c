#include "endpoint_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "mlops/base/sort.h"
#include "mlops/system/file.h"
#include "url_internal.h"

#define ENDPOINT_PREFIX "mlops-tmp-"

enum {
	ENDPOINT_NAME = 1024, /* longest name: S3's limit */
	ENDPOINT_RETRIES = 5,
	ENDPOINT_LOOK_FIRST = 1 << 20 /* larger new files are asked for before they are sent */
};
static const double endpoint_timeout = 30;
static const uint64_t endpoint_part_size = 32 << 20, endpoint_part_least = 5 << 20;

static bool endpoint_name_part(struct text part)
{
	for (size_t i = 0; i < part.length; i++) {
		char c = part.at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			    c == '.' || c == '_' || c == '-'))
			return false;
	}
	return part.length > 0 && !text_is(part, ".") && !text_is(part, "..");
}

static bool endpoint_name_valid(const char *name)
{
	size_t length = strlen(name);
	struct text rest = { name, length }, part;
	if (length == 0 || length > ENDPOINT_NAME || name[length - 1] == '/')
		return false;
	while (text_split(&rest, '/', &part)) {
		if (!endpoint_name_part(part))
			return false;
	}
	return true;
}

static int endpoint_check_name(const char *name, bool may_be_empty, struct error *err)
{
	if (endpoint_name_valid(name) || (may_be_empty && !*name))
		return 0;
	return error_set(err, ERROR_USAGE, "'%s' cannot be the name of a remote file", name);
}

int endpoint_check_stop(const struct endpoint *endpoint, struct error *err)
{
	if (!event_stopped(endpoint->settings.sink))
		return 0;
	return error_set(err, ERROR_CANCELLED, "stopped");
}

int endpoint_temporary(char ret[ENDPOINT_TEMPORARY], struct error *err)
{
	uint64_t number;
	if (getrandom(&number, sizeof number, 0) != sizeof number)
		return error_set_os(err, ERROR_IO, "cannot get random bytes");
	snprintf(ret, ENDPOINT_TEMPORARY, ENDPOINT_PREFIX "%016llx", (unsigned long long)number);
	return 0;
}

/* Texts of the settings are the caller's until they are copied here. */
static int endpoint_copy_settings(
	struct endpoint *endpoint, const struct endpoint_settings *settings, struct error *err)
{
	struct endpoint_settings *to = &endpoint->settings;
	const struct endpoint_settings none = { .timeout = 0 };
	const struct endpoint_settings *from = settings ? settings : &none;
	const char *const texts[] = { from->s3_endpoint, from->s3_region, from->known_hosts,
		from->identity };
	const char **const copies[] = { &to->s3_endpoint, &to->s3_region, &to->known_hosts,
		&to->identity };
	*to = *from;
	for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
		*copies[i] = NULL;
	for (size_t i = 0; i < sizeof copies / sizeof *copies; i++) {
		if (texts[i] && !(*copies[i] = memory_copy_string(texts[i], err)))
			return -err->code;
	}
	to->timeout = to->timeout > 0 ? to->timeout : endpoint_timeout;
	to->retries = to->retries ? to->retries : ENDPOINT_RETRIES;
	to->part_size = to->part_size ? to->part_size : endpoint_part_size;
	if (to->part_size < endpoint_part_least)
		to->part_size = endpoint_part_least;
	return 0;
}

/* "file:///a%20b" gives "/a b". */
static char *endpoint_file_path(const char *url, struct error *err)
{
	AUTO(strbuf_release) struct strbuf path = STRBUF_INIT;
	static const char digits[] = "0123456789abcdef";
	for (const char *at = url + strlen("file://"); *at; at++) {
		const char *high = *at == '%' && at[1] ? strchr(digits, at[1] | 0x20) : NULL;
		const char *low = high && at[2] ? strchr(digits, at[2] | 0x20) : NULL;
		if (low) {
			strbuf_add_char(&path, (char)((high - digits) * 16 + (low - digits)));
			at += 2;
		} else {
			strbuf_add_char(&path, *at);
		}
	}
	if (path.text[0] != '/' || strlen(path.text) != path.length) {
		error_set(err, ERROR_USAGE, "'%s' does not name a folder of this machine", url);
		return NULL;
	}
	return strbuf_take(&path, err);
}

static int endpoint_open_kind(struct endpoint *endpoint, const char *url, struct error *err)
{
	if (*url == '/')
		return folder_open(endpoint, url, err);
	if (url_check_secret(url, err) < 0)
		return -err->code;
	if (text_starts_with(text_of(url), "file://")) {
		AUTO_FREE char *path = endpoint_file_path(url, err);
		return path ? folder_open(endpoint, path, err) : -(int)err->code;
	}
	if (text_starts_with(text_of(url), "s3://"))
		return s3_open(endpoint, url, err);
	if (text_starts_with(text_of(url), "sftp://"))
		return sftp_open(endpoint, url, err);
	if (text_starts_with(text_of(url), "http://") || text_starts_with(text_of(url), "https://"))
		return webdav_open(endpoint, url, err);
	error_set(err, ERROR_USAGE, "'%s' is not the URL of a remote", url);
	return error_hint(err, "a remote is /folder, s3://bucket/prefix, https://host/path or "
			       "sftp://user@host/path");
}

int endpoint_open(const char *url, const struct endpoint_settings *settings, struct endpoint **ret,
	struct error *err)
{
	*ret = NULL;
	AUTO(endpoint_close) struct endpoint *endpoint = memory_allocate(1, sizeof *endpoint, err);
	if (!endpoint || endpoint_copy_settings(endpoint, settings, err) < 0 ||
		endpoint_open_kind(endpoint, url, err) < 0)
		return -err->code;
	if (!endpoint->url && !(endpoint->url = memory_copy_string(url, err)))
		return -err->code;
	*ret = TAKE(endpoint);
	return 0;
}

void endpoint_close(struct endpoint *endpoint)
{
	if (!endpoint)
		return;
	if (endpoint->calls)
		endpoint->calls->close(endpoint);
	memory_free((void *)endpoint->settings.s3_endpoint);
	memory_free((void *)endpoint->settings.s3_region);
	memory_free((void *)endpoint->settings.known_hosts);
	memory_free((void *)endpoint->settings.identity);
	memory_free(endpoint->url);
	memory_free(endpoint);
}

const char *endpoint_url(const struct endpoint *endpoint)
{
	return endpoint->url;
}

uint64_t endpoint_requests(const struct endpoint *endpoint)
{
	return atomic_load(&endpoint->requests);
}

int endpoint_stat(
	struct endpoint *endpoint, const char *name, struct endpoint_facts *ret, struct error *err)
{
	*ret = (struct endpoint_facts){ .size = UINT64_MAX };
	if (endpoint_check_name(name, true, err) < 0)
		return -err->code;
	return endpoint->calls->stat(endpoint, name, ret, err);
}

static int endpoint_fetch_range(
	struct endpoint *endpoint, struct endpoint_fetch *fetch, struct error *err)
{
	fetch->facts = (struct endpoint_facts){ .size = UINT64_MAX };
	fetch->same = false;
	if (endpoint_check_name(fetch->name, true, err) < 0)
		return -err->code;
	if (fetch->range.length != UINT64_MAX &&
		fetch->range.length > UINT64_MAX - fetch->range.offset)
		return error_set(err, ERROR_USAGE, "a range that ends nowhere");
	return endpoint->calls->fetch(endpoint, fetch, err);
}

int endpoint_get(struct endpoint *endpoint, const char *name, struct endpoint_range range,
	endpoint_sink *sink, void *context, struct error *err)
{
	struct endpoint_fetch fetch = { name, range, NULL, sink, context };
	return endpoint_fetch_range(endpoint, &fetch, err);
}

struct endpoint_bytes {
	struct strbuf *buffer;
	size_t start, cap;
};

static int endpoint_bytes_sink(void *context, const void *bytes, size_t count, struct error *err)
{
	struct endpoint_bytes *to = context;
	if (count > to->cap - (to->buffer->length - to->start))
		return error_set(
			err, ERROR_INVALID, "it is larger than the %zu bytes allowed", to->cap);
	strbuf_add_bytes(to->buffer, bytes, count);
	return strbuf_check(to->buffer, err);
}

char *endpoint_describe(
	const struct endpoint *endpoint, const char *verb, const char *name, struct error *err)
{
	return *name ? memory_format(err, "%s '%s' of %s", verb, name, endpoint->url)
		     : memory_format(err, "%s %s", verb, endpoint->url);
}

int endpoint_get_bytes(struct endpoint *endpoint, const char *name, size_t cap,
	struct strbuf *buffer, struct error *err)
{
	struct endpoint_bytes to = { buffer, buffer->length, cap };
	struct endpoint_fetch fetch = { name, { 0, UINT64_MAX }, NULL, endpoint_bytes_sink, &to };
	int result = endpoint_fetch_range(endpoint, &fetch, err);
	if (result < 0)
		strbuf_truncate(buffer, to.start);
	if (result == -ERROR_INVALID)
		return error_prefix(err, "'%s' of %s", name, endpoint->url);
	return result;
}

static int endpoint_file_sink(void *context, const void *bytes, size_t count, struct error *err)
{
	return file_write_all(*(int *)context, "the downloaded file", bytes, count, err);
}

int endpoint_download(struct endpoint *endpoint, const char *name, const char *etag, int fd,
	struct endpoint_facts *ret_facts, bool *ret_same, struct error *err)
{
	struct endpoint_fetch fetch = { name, { 0, UINT64_MAX }, etag, endpoint_file_sink, &fd };
	int result = endpoint_fetch_range(endpoint, &fetch, err);
	*ret_facts = fetch.facts;
	*ret_same = fetch.same;
	return result;
}

int endpoint_source_read(const struct endpoint_source *source, uint64_t offset, void *ret,
	size_t count, struct error *err)
{
	if (source->bytes) {
		memcpy(ret, source->bytes + offset, count);
		return 0;
	}
	for (size_t done = 0; done < count;) {
		ssize_t n =
			pread(source->fd, (char *)ret + done, count - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_os(err, ERROR_IO, "cannot read '%s'", source->path);
		if (n == 0)
			return error_set(err, ERROR_IO, "'%s' became shorter while it was sent",
				source->path);
		done += (size_t)n;
	}
	return 0;
}

/* Not to send gigabytes only to hear that they are there already. */
static int endpoint_put_source(struct endpoint *endpoint, const char *name,
	const struct endpoint_source *source, enum endpoint_mode mode, struct error *err)
{
	struct endpoint_facts facts;
	if (endpoint_check_name(name, false, err) < 0)
		return -err->code;
	if (mode == ENDPOINT_NEW && source->size >= ENDPOINT_LOOK_FIRST) {
		if (endpoint->calls->stat(endpoint, name, &facts, err) == 0)
			return error_set(
				err, ERROR_EXISTS, "%s has '%s' already", endpoint->url, name);
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
	}
	return endpoint->calls->put(endpoint, name, source, mode, err);
}

int endpoint_put_bytes(struct endpoint *endpoint, const char *name, const void *bytes, size_t count,
	enum endpoint_mode mode, struct error *err)
{
	struct endpoint_source source = { .bytes = count ? bytes : "", .fd = -1, .size = count };
	return endpoint_put_source(endpoint, name, &source, mode, err);
}

int endpoint_put_file(struct endpoint *endpoint, const char *name, const char *path,
	enum endpoint_mode mode, struct error *err)
{
	struct file_facts facts;
	AUTO_CLOSE int fd = file_open(path, err);
	if (fd < 0 || file_facts_of(fd, path, &facts, err) < 0)
		return -err->code;
	if (facts.kind != FILE_REGULAR)
		return error_set(err, ERROR_IO, "'%s' is no ordinary file", path);
	struct endpoint_source source = { .fd = fd, .path = path, .size = facts.size };
	return endpoint_put_source(endpoint, name, &source, mode, err);
}

int endpoint_entries_add(struct endpoint_entries *entries, const char *name,
	const struct endpoint_facts *facts, struct error *err)
{
	struct text text = text_of(name);
	if (!endpoint_name_part(text) || text.length > ENDPOINT_NAME ||
		text_starts_with(text, ENDPOINT_PREFIX) ||
		text_starts_with(text, "." ENDPOINT_PREFIX))
		return 0;
	AUTO_FREE char *copy = memory_copy_string(name, err);
	if (!copy)
		return -err->code;
	vec_push(&entries->list, (struct endpoint_entry){ copy, *facts });
	if (vec_check(&entries->list, err) < 0)
		return -err->code;
	(void)TAKE(copy);
	return 0;
}

static int endpoint_entry_compare(const void *a, const void *b, void *context)
{
	(void)context;
	return strcmp(
		((const struct endpoint_entry *)a)->name, ((const struct endpoint_entry *)b)->name);
}

int endpoint_list(struct endpoint *endpoint, const char *folder, endpoint_visit *visit,
	void *context, struct error *err)
{
	struct endpoint_entries entries = { VEC_INIT };
	if (endpoint_check_name(folder, true, err) < 0)
		return -err->code;
	int result = endpoint->calls->list(endpoint, folder, &entries, err);
	if (result == 0)
		result = sort_items(entries.list.items, entries.list.count,
			sizeof *entries.list.items, endpoint_entry_compare, NULL, err);
	for (size_t i = 0; result == 0 && i < entries.list.count; i++)
		result = visit(
			context, entries.list.items[i].name, &entries.list.items[i].facts, err);
	vec_each (entry, &entries.list)
		memory_free(entry->name);
	vec_release(&entries.list);
	return result;
}

int endpoint_delete(struct endpoint *endpoint, const char *name, struct error *err)
{
	if (endpoint_check_name(name, false, err) < 0)
		return -err->code;
	return endpoint->calls->delete (endpoint, name, err);
}
