#include <string.h>

#include "mlops/base/sort.h"
#include "mlops/base/utf8.h"
#include "mlops/base/vec.h"
#include "mlops/document/json_reader.h"
#include "mlops/versioning/dvc.h"

/*
 * A listing may have more entries than a document may have nodes, so its entries are cut out here
 * and read one at a time.
 */
struct dvc_listing_reader {
	const char *name;
	struct text bytes;
	size_t at, n_read;
};

void dvc_listing_release(struct dvc_listing *listing)
{
	memory_free(listing->items);
	arena_release(&listing->arena);
	listing->items = NULL;
	listing->count = 0;
}

static int dvc_listing_wrong(
	const struct dvc_listing_reader *reader, const char *what, struct error *err)
{
	return error_set(
		err, ERROR_INVALID, "'%s', entry %zu: %s", reader->name, reader->n_read + 1, what);
}

/* The next byte that is no blank; 0 at the end. */
static char dvc_listing_peek(struct dvc_listing_reader *reader)
{
	while (reader->at < reader->bytes.length &&
		strchr(" \t\r\n", reader->bytes.at[reader->at]) && reader->bytes.at[reader->at])
		reader->at++;
	return reader->at < reader->bytes.length ? reader->bytes.at[reader->at] : '\0';
}

/* The extent of an object: up to its closing brace, outside of strings. */
static bool dvc_listing_object(struct dvc_listing_reader *reader, struct text *ret)
{
	size_t start = reader->at, depth = 0;
	bool quoted = false;
	for (size_t i = start; i < reader->bytes.length; i++) {
		char c = reader->bytes.at[i];
		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{') {
			depth++;
		} else if (c == '}' && --depth == 0) {
			reader->at = i + 1;
			*ret = (struct text){ reader->bytes.at + start, i + 1 - start };
			return true;
		}
	}
	return false;
}

static int dvc_listing_entry(const struct dvc_listing_reader *reader, struct text bytes,
	struct arena *arena, struct dvc_listed *ret, struct error *err)
{
	AUTO(document_release) struct document document = { .root = NULL };
	if (json_read(bytes, reader->name, &document, err) < 0)
		return error_prefix(err, "entry %zu", reader->n_read + 1);
	const struct value *path = value_member(document.root, "relpath");
	const struct value *md5 = value_member(document.root, "md5");
	if (!path || path->kind != VALUE_STRING || !md5 || md5->kind != VALUE_STRING)
		return dvc_listing_wrong(reader, "md5 and relpath are expected", err);
	if (!md5_parse(md5->string, &ret->md5))
		return dvc_listing_wrong(reader, "md5 has no 32 digits", err);
	if (strlen(path->string.at) != path->string.length)
		return dvc_listing_wrong(reader, "a path with NUL", err);
	if (pointer_check_path(path->string.at, err) < 0)
		return error_prefix(err, "'%s', entry %zu", reader->name, reader->n_read + 1);
	ret->path = arena_copy_string(arena, path->string.at, err);
	return ret->path ? 0 : -(int)err->code;
}

static int dvc_listing_compare(const void *a, const void *b, void *context)
{
	(void)context;
	return strcmp(((const struct dvc_listed *)a)->path, ((const struct dvc_listed *)b)->path);
}

static bool dvc_listing_has(const struct dvc_listing *listing, struct text path)
{
	size_t low = 0, high = listing->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = text_compare(text_of(listing->items[middle].path), path);
		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Sorted, each path once, and no file is the folder of another. */
static int dvc_listing_check(const char *name, struct dvc_listing *listing, struct error *err)
{
	if (sort_items(listing->items, listing->count, sizeof *listing->items, dvc_listing_compare,
		    NULL, err) < 0)
		return -err->code;
	for (size_t i = 0; i < listing->count; i++) {
		const char *path = listing->items[i].path;
		if (i && strcmp(path, listing->items[i - 1].path) == 0)
			return error_set(err, ERROR_INVALID, "'%s' lists '%s' twice", name, path);
		for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
			struct text folder = { path, (size_t)(slash - path) };
			if (dvc_listing_has(listing, folder))
				return error_set(err, ERROR_INVALID,
					"'%s': '%.*s' is a file and a folder", name,
					(int)folder.length, path);
		}
	}
	return 0;
}

static int dvc_listing_read(
	struct dvc_listing_reader *reader, struct dvc_listing *ret, struct error *err)
{
	VEC(struct dvc_listed) items = VEC_INIT;
	int status = 0;
	char c = dvc_listing_peek(reader);
	if (c != '[')
		return dvc_listing_wrong(reader, "a listing is a JSON list", err);
	reader->at++;
	bool more = dvc_listing_peek(reader) != ']';
	while (more && status == 0) {
		struct text object;
		struct dvc_listed entry;
		if (dvc_listing_peek(reader) != '{' || !dvc_listing_object(reader, &object)) {
			status = dvc_listing_wrong(reader, "an object is expected", err);
			break;
		}
		status = dvc_listing_entry(reader, object, &ret->arena, &entry, err);
		if (status < 0)
			break;
		vec_push(&items, entry);
		reader->n_read++;
		c = dvc_listing_peek(reader);
		more = c == ',';
		if (more)
			reader->at++;
	}
	if (status == 0 && dvc_listing_peek(reader) != ']')
		status = dvc_listing_wrong(reader, "',' or ']' is expected", err);
	if (status == 0) {
		reader->at++;
		if (dvc_listing_peek(reader) || reader->at < reader->bytes.length)
			status = dvc_listing_wrong(reader, "more stands behind the list", err);
	}
	if (status == 0)
		status = vec_check(&items, err);
	ret->items = items.items;
	ret->count = items.count;
	return status;
}

int dvc_read_listing(
	const char *name, struct text bytes, struct dvc_listing *ret, struct error *err)
{
	struct dvc_listing_reader reader = { .name = name, .bytes = bytes };
	*ret = (struct dvc_listing){ .arena = ARENA_INIT(DVC_LISTING_MOST) };
	if (bytes.length > DVC_LISTING_MOST)
		return error_set(err, ERROR_INVALID, "'%s' is too large for a listing", name);
	int status = dvc_listing_read(&reader, ret, err);
	if (status == 0)
		status = dvc_listing_check(name, ret, err);
	if (status < 0)
		dvc_listing_release(ret);
	return status;
}

/* A string as Python's json.dumps() writes it: ASCII only. */
static int dvc_listing_add_string(struct strbuf *buffer, const char *string, struct error *err)
{
	static const char plain[] = "\b\f\n\r\t\"\\", escaped[] = "bfnrt\"\\";
	struct text rest = text_of(string);
	strbuf_add_char(buffer, '"');
	while (rest.length) {
		uint32_t c = utf8_take(&rest);
		if (c == UTF8_BAD)
			return error_set(err, ERROR_INVALID, "'%s' is not UTF-8", string);
		const char *special = c < 128 ? strchr(plain, (int)c) : NULL;
		if (special)
			strbuf_printf(buffer, "\\%c", escaped[special - plain]);
		else if (c >= 0x10000)
			strbuf_printf(buffer, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
				0xdc00 + ((c - 0x10000) & 0x3ff));
		else if (c < ' ' || c > '~')
			strbuf_printf(buffer, "\\u%04x", c);
		else
			strbuf_add_char(buffer, (char)c);
	}
	strbuf_add_char(buffer, '"');
	return 0;
}

int dvc_format_listing(
	const struct dvc_listed *items, size_t count, struct strbuf *buffer, struct error *err)
{
	strbuf_add_char(buffer, '[');
	for (size_t i = 0; i < count; i++) {
		char text[MD5_TEXT_SIZE];
		md5_format(&items[i].md5, text);
		strbuf_printf(buffer, "%s{\"md5\": \"%s\", \"relpath\": ", i ? ", " : "", text);
		if (dvc_listing_add_string(buffer, items[i].path, err) < 0)
			return -err->code;
		strbuf_add_char(buffer, '}');
	}
	strbuf_add_char(buffer, ']');
	return strbuf_check(buffer, err);
}
