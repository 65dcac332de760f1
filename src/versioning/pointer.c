#include "mlops/versioning/pointer.h"

#include <string.h>

#include "mlops/base/parse.h"
#include "mlops/base/path.h"
#include "mlops/base/utf8.h"
#include "mlops/system/atomic.h"

#define POINTER_COMMENT "# Data that mlops keeps, see mlops-pointer(5); made by 'mlops add'."
enum { POINTER_CHECK_BYTES = 8 };

void pointer_release(struct pointer *pointer)
{
	memory_free(pointer->path);
	memory_free(pointer->source.url);
	memory_free(pointer->source.path);
	memory_free(pointer->source.revision);
	memory_free(pointer->source.commit);
	memory_free(pointer->source.etag);
	memory_free(pointer->source.modified);
	*pointer = (struct pointer){ .path = NULL };
}

static bool pointer_is_reserved(struct text component)
{
	static const char *const reserved[] = { ".git", ".mlops" };
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
		size_t length = strlen(reserved[i]), same = 0;
		if (component.length != length)
			continue;
		/* Letters by ASCII, as file systems that fold case would see them. */
		while (same < length) {
			char c = component.at[same];
			c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
			if (c != reserved[i][same])
				break;
			same++;
		}
		if (same == length)
			return true;
	}
	return false;
}

static int pointer_unsafe(const char *path, const char *why, struct error *err)
{
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	utf8_escape(&shown, text_of(path));
	return error_set(err, ERROR_INVALID, "the path '%.200s' %s", shown.text, why);
}

int pointer_check_path(const char *path, struct error *err)
{
	size_t length = strlen(path);
	if (!length)
		return error_set(err, ERROR_INVALID, "the path is empty");
	if (length > POINTER_PATH_LONGEST)
		return error_set(err, ERROR_INVALID, "the path has %zu bytes, over %d", length,
			POINTER_PATH_LONGEST);
	if (path[0] == '/')
		return pointer_unsafe(path, "is absolute", err);
	for (const char *at = path;;) {
		struct text component = { at, strcspn(at, "/") };
		if (!component.length)
			return pointer_unsafe(path, "has an empty part", err);
		if (text_is(component, ".") || text_is(component, ".."))
			return pointer_unsafe(path, "has a part '.' or '..'", err);
		if (pointer_is_reserved(component))
			return pointer_unsafe(path, "leads into .git or .mlops", err);
		at += component.length;
		if (!*at)
			return 0;
		at++;
	}
}

/* ---- writing ---- */

/* Would YAML read it as this very string without quotes? Letters first, and nothing special. */
static bool pointer_is_plain(const char *value)
{
	static const char *const words[] = { "true", "false", "null", "yes", "no", "on", "off", "y",
		"n" };
	if (!((value[0] >= 'a' && value[0] <= 'z') || (value[0] >= 'A' && value[0] <= 'Z')))
		return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t length = strlen(words[i]), same = 0;
		while (same < length && (value[same] | 0x20) == words[i][same])
			same++;
		if (same == length && !value[same])
			return false;
	}
	return strspn(value,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/") ==
	       strlen(value);
}

static void pointer_add_value(struct strbuf *buffer, const char *key, const char *value)
{
	strbuf_printf(buffer, "%s: ", key);
	if (pointer_is_plain(value)) {
		strbuf_add(buffer, value);
	} else {
		strbuf_add_char(buffer, '"');
		for (const char *at = value; *at; at++) {
			unsigned char c = (unsigned char)*at;
			if (c == '"' || c == '\\')
				strbuf_printf(buffer, "\\%c", c);
			else if (c < 0x20 || c == 0x7f)
				strbuf_printf(buffer, "\\x%02x", c);
			else
				strbuf_add_char(buffer, (char)c);
		}
		strbuf_add_char(buffer, '"');
	}
	strbuf_add_char(buffer, '\n');
}

static void pointer_add_source(struct strbuf *buffer, const struct pointer_source *source)
{
	const struct {
		const char *key, *value;
	} lines[] = { { "  url", source->url }, { "  path", source->path },
		{ "  revision", source->revision }, { "  commit", source->commit },
		{ "  etag", source->etag }, { "  modified", source->modified } };
	strbuf_add(buffer, "source:\n");
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		if (lines[i].value)
			pointer_add_value(buffer, lines[i].key, lines[i].value);
	}
}

/* The check line of the `length` bytes before it. */
static void pointer_add_check(struct strbuf *buffer, const char *bytes, size_t length)
{
	struct hash hash;
	hash_bytes(bytes, length, &hash);
	strbuf_add(buffer, "check: ");
	for (int i = 0; i < POINTER_CHECK_BYTES; i++)
		strbuf_printf(buffer, "%02x", hash.bytes[i]);
	strbuf_add_char(buffer, '\n');
}

static int pointer_check_facts(const struct pointer *pointer, struct error *err)
{
	if (pointer_check_path(pointer->path, err) < 0)
		return -err->code;
	if (strchr(pointer->path, '/'))
		return pointer_unsafe(pointer->path, "is more than a name", err);
	if (utf8_check(text_of(pointer->path)) != strlen(pointer->path))
		return pointer_unsafe(pointer->path, "is not UTF-8", err);
	if (pointer->kind == POINTER_FILE ? pointer->mode > 0777 || pointer->n_files != 1
					  : pointer->mode != 0)
		return pointer_unsafe(
			pointer->path, "has an impossible mode or number of files", err);
	const struct pointer_source *source = &pointer->source;
	const char *const texts[] = { source->url, source->path, source->revision, source->commit,
		source->etag, source->modified };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (texts[i] && utf8_check(text_of(texts[i])) != strlen(texts[i]))
			return pointer_unsafe(pointer->path, "has a source that is not UTF-8", err);
	}
	if (pointer->has_source && !source->url)
		return pointer_unsafe(pointer->path, "has a source without a URL", err);
	return 0;
}

int pointer_format(const struct pointer *pointer, struct strbuf *buffer, struct error *err)
{
	char hash[HASH_TEXT_SIZE];
	size_t start = buffer->length;
	if (pointer_check_facts(pointer, err) < 0)
		return -err->code;
	hash_format(&pointer->hash, hash);
	strbuf_add(buffer, POINTER_COMMENT "\n");
	pointer_add_value(buffer, "path", pointer->path);
	if (pointer->kind == POINTER_FOLDER) {
		strbuf_printf(buffer, "tree: %s\nfiles: %llu\nsize: %llu\n", hash,
			(unsigned long long)pointer->n_files, (unsigned long long)pointer->size);
	} else {
		strbuf_printf(buffer, "blake3: %s\nsize: %llu\nmode: 0%03o\n", hash,
			(unsigned long long)pointer->size, pointer->mode);
	}
	if (pointer->has_source)
		pointer_add_source(buffer, &pointer->source);
	if (strbuf_check(buffer, err) < 0)
		return -err->code;
	pointer_add_check(buffer, buffer->text + start, buffer->length - start);
	if (buffer->length - start > POINTER_BYTES_MOST)
		return error_set(err, ERROR_INVALID, "a pointer of %zu bytes is over %d",
			buffer->length - start, POINTER_BYTES_MOST);
	return strbuf_check(buffer, err);
}

/* ---- reading ---- */

struct pointer_reader {
	const char *name;
	const char *all; /* where the file begins */
	struct text rest;
	uint64_t line; /* of what was taken last */
	struct error *err;
};

static int pointer_wrong(struct pointer_reader *reader, const char *what)
{
	struct position at;
	position_set(&at, reader->name, reader->line, 1);
	error_set_at(reader->err, ERROR_INVALID, &at, "%s", what);
	return error_hint(reader->err,
		"restore it with git, or make it again with 'mlops add' of the data beside it");
}

/* Takes "key: value" if the next line is one with this key. */
static bool pointer_take(struct pointer_reader *reader, const char *key, struct text *ret_value)
{
	struct text rest = reader->rest;
	size_t length = strlen(key);
	if (!text_starts_with(rest, key) || rest.length < length + 2 ||
		memcmp(rest.at + length, ": ", 2) != 0)
		return false;
	const char *end = memchr(rest.at, '\n', rest.length);
	if (!end)
		return false;
	reader->line++;
	*ret_value = (struct text){ rest.at + length + 2, (size_t)(end - rest.at) - length - 2 };
	reader->rest = (struct text){ end + 1, rest.length - (size_t)(end + 1 - rest.at) };
	return true;
}

static int pointer_hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of a line as pointer_add_value() writes it; NULL with the error set. */
static char *pointer_value(struct pointer_reader *reader, struct text value)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	bool quoted = value.length >= 2 && value.at[0] == '"' && value.at[value.length - 1] == '"';
	size_t end = quoted ? value.length - 1 : value.length;
	for (size_t i = quoted ? 1 : 0; i < end; i++) {
		char c = value.at[i];
		if (quoted && c == '\\' && i + 1 < end) {
			c = value.at[++i];
			if (c == 'x' && i + 2 < end && pointer_hex(value.at[i + 1]) >= 0 &&
				pointer_hex(value.at[i + 2]) >= 0) {
				c = (char)(pointer_hex(value.at[i + 1]) << 4 |
					   pointer_hex(value.at[i + 2]));
				i += 2;
			}
		}
		if (!c) {
			pointer_wrong(reader, "a NUL in a value");
			return NULL;
		}
		strbuf_add_char(&text, c);
	}
	return strbuf_take(&text, reader->err);
}

/* Reads "key: text" into *ret, which stays NULL where the line is not there. */
static int pointer_read_text(struct pointer_reader *reader, const char *key, char **ret)
{
	struct text value;
	if (!pointer_take(reader, key, &value))
		return 0;
	*ret = pointer_value(reader, value);
	return *ret ? 0 : -(int)reader->err->code;
}

static int pointer_read_number(struct pointer_reader *reader, const char *key, uint64_t *ret)
{
	struct text value;
	if (!pointer_take(reader, key, &value) || !parse_u64(value, ret)) {
		reader->line++;
		return pointer_wrong(reader, "'files' or 'size' is missing or no number");
	}
	return 0;
}

static int pointer_read_mode(struct pointer_reader *reader, unsigned *ret)
{
	struct text value;
	unsigned mode = 0;
	bool good = pointer_take(reader, "mode", &value) && value.length == 4 && value.at[0] == '0';
	for (size_t i = 1; good && i < value.length; i++) {
		good = value.at[i] >= '0' && value.at[i] <= '7';
		mode = mode << 3 | (unsigned)(value.at[i] - '0');
	}
	*ret = mode;
	return good ? 0 : pointer_wrong(reader, "'mode' is missing or no octal number");
}

static int pointer_read_source(struct pointer_reader *reader, struct pointer *pointer)
{
	static const char line[] = "source:\n";
	struct pointer_source *source = &pointer->source;
	if (!text_starts_with(reader->rest, line))
		return 0;
	reader->rest.at += strlen(line);
	reader->rest.length -= strlen(line);
	reader->line++;
	pointer->has_source = true;
	if (pointer_read_text(reader, "  url", &source->url) < 0 ||
		pointer_read_text(reader, "  path", &source->path) < 0 ||
		pointer_read_text(reader, "  revision", &source->revision) < 0 ||
		pointer_read_text(reader, "  commit", &source->commit) < 0 ||
		pointer_read_text(reader, "  etag", &source->etag) < 0)
		return -reader->err->code;
	return pointer_read_text(reader, "  modified", &source->modified);
}

static int pointer_read_content(struct pointer_reader *reader, struct pointer *pointer)
{
	struct text value;
	if (pointer_take(reader, "tree", &value))
		pointer->kind = POINTER_FOLDER;
	else if (!pointer_take(reader, "blake3", &value))
		return pointer_wrong(reader, "neither 'blake3' nor 'tree' follows the path");
	if (!hash_parse(value, &pointer->hash))
		return pointer_wrong(reader, "the hash has not 64 digits of 0-9a-f");
	pointer->n_files = 1;
	if (pointer->kind == POINTER_FOLDER &&
		pointer_read_number(reader, "files", &pointer->n_files) < 0)
		return -reader->err->code;
	if (pointer_read_number(reader, "size", &pointer->size) < 0)
		return -reader->err->code;
	return pointer->kind == POINTER_FILE ? pointer_read_mode(reader, &pointer->mode) : 0;
}

/* What git leaves when two sides changed the pointer, and what it does to line ends. */
static int pointer_check_form(struct pointer_reader *reader)
{
	struct text all = reader->rest;
	if (all.length > POINTER_BYTES_MOST)
		return pointer_wrong(reader, "too long for a pointer");
	if (text_starts_with(all, "<<<<<<<") || memmem(all.at, all.length, "\n<<<<<<<", 8)) {
		pointer_wrong(reader, "two versions of this pointer are in conflict");
		return error_hint(reader->err,
			"choose one with 'git checkout --ours' or '--theirs' of this file");
	}
	if (memchr(all.at, '\r', all.length)) {
		pointer_wrong(reader, "its lines end with CR LF");
		return error_hint(reader->err,
			"put '*.mlops -text' into .gitattributes, and check the file out again");
	}
	if (!text_starts_with(all, POINTER_COMMENT "\n"))
		return pointer_wrong(reader, "not a pointer: the first line is not that of one");
	reader->rest.at += strlen(POINTER_COMMENT "\n");
	reader->rest.length -= strlen(POINTER_COMMENT "\n");
	return 0;
}

/* Nothing but the one way of writing it, check line included. */
static int pointer_check_canonical(
	struct pointer_reader *reader, const struct pointer *pointer, size_t count)
{
	AUTO(strbuf_release) struct strbuf again = STRBUF_INIT;
	struct text check;
	size_t before = (size_t)(reader->rest.at - reader->all);
	if (!pointer_take(reader, "check", &check) || reader->rest.length) {
		reader->line++;
		return pointer_wrong(reader, "the last line should be 'check', and is not");
	}
	pointer_add_check(&again, reader->all, before);
	if (strbuf_check(&again, reader->err) < 0)
		return -reader->err->code;
	if (again.length != count - before ||
		memcmp(again.text, reader->all + before, again.length) != 0)
		return pointer_wrong(
			reader, "the check sum is another: the file was edited or damaged");
	strbuf_clear(&again);
	if (pointer_format(pointer, &again, reader->err) < 0)
		return error_prefix(reader->err, "%s", reader->name);
	if (again.length != count || memcmp(again.text, reader->all, count) != 0)
		return pointer_wrong(reader, "not written the way that pointers are");
	return 0;
}

int pointer_parse(
	const char *name, const char *bytes, size_t count, struct pointer *ret, struct error *err)
{
	struct pointer_reader reader = { name, bytes, { bytes, count }, 1, err };
	AUTO(pointer_release) struct pointer pointer = { .path = NULL };
	if (pointer_check_form(&reader) < 0 ||
		pointer_read_text(&reader, "path", &pointer.path) < 0)
		return -err->code;
	if (!pointer.path)
		return pointer_wrong(&reader, "'path' does not follow the first line");
	if (pointer_read_content(&reader, &pointer) < 0 ||
		pointer_read_source(&reader, &pointer) < 0 ||
		pointer_check_canonical(&reader, &pointer, count) < 0)
		return -err->code;
	*ret = pointer;
	pointer = (struct pointer){ .path = NULL };
	return 0;
}

/* ---- files ---- */

/* A link or a pipe in the place of a pointer is never opened: both may lead elsewhere. */
static int pointer_check_file(const char *file, struct error *err)
{
	struct file_facts facts;
	if (file_facts(file, &facts, err) < 0)
		return -err->code;
	if (facts.kind != FILE_REGULAR)
		return error_set(err, ERROR_INVALID, "'%s' is no regular file", file);
	return 0;
}

int pointer_load(const char *data_path, struct pointer *ret, struct error *err)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO(pointer_release) struct pointer pointer = { .path = NULL };
	AUTO_FREE char *file = memory_format(err, "%s" POINTER_SUFFIX, data_path);
	if (!file || pointer_check_file(file, err) < 0 ||
		file_read(file, POINTER_BYTES_MOST, &bytes, err) < 0 ||
		pointer_parse(file, bytes.text, bytes.length, &pointer, err) < 0)
		return -err->code;
	if (strcmp(pointer.path, path_base(data_path)) != 0) {
		error_set(err, ERROR_INVALID, "'%s' is the pointer of '%s', not of '%s'", file,
			pointer.path, path_base(data_path));
		return error_hint(err, "pointers are renamed by 'mlops add' of the renamed data");
	}
	*ret = pointer;
	pointer = (struct pointer){ .path = NULL };
	return 0;
}

int pointer_save(const char *data_path, const struct pointer *pointer, struct error *err)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO_FREE char *file = memory_format(err, "%s" POINTER_SUFFIX, data_path);
	if (!file || pointer_format(pointer, &bytes, err) < 0)
		return -err->code;
	if (pointer_check_file(file, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
	}
	return atomic_write(file, bytes.text, bytes.length, 0644, err);
}
