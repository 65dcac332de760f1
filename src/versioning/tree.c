#include "mlops/versioning/tree.h"

#include <string.h>

#include "mlops/base/parse.h"
#include "mlops/base/sort.h"
#include "mlops/base/utf8.h"
#include "mlops/store/object.h"
#include "mlops/versioning/pointer.h"

#define TREE_MAGIC "mlops-tree 1\n"
enum { TREE_HASH_DIGITS = 2 * HASH_SIZE, TREE_SIZE_DIGITS = 20 };

static const char *const tree_words[] = {
	[TREE_FILE] = "644", [TREE_EXECUTABLE] = "755", [TREE_LINK] = "link"
};

void tree_release(struct tree *tree)
{
	arena_release(&tree->arena);
	*tree = (struct tree){ .entries = NULL };
}

/* ---- writing ---- */

static bool tree_is_escaped(unsigned char c)
{
	return c == '\\' || c < 0x20 || c == 0x7f;
}

static void tree_add_path(struct strbuf *buffer, const char *path)
{
	const char *start = path, *at = path;
	for (; *at; at++) {
		unsigned char c = (unsigned char)*at;
		if (!tree_is_escaped(c))
			continue;
		strbuf_add_bytes(buffer, start, (size_t)(at - start));
		if (c == '\\')
			strbuf_add(buffer, "\\\\");
		else
			strbuf_printf(buffer, "\\x%02x", c);
		start = at + 1;
	}
	strbuf_add_bytes(buffer, start, (size_t)(at - start));
}

/* Without printf: a tree may have a hundred thousand lines. */
static void tree_add_size(struct strbuf *buffer, uint64_t size)
{
	char digits[TREE_SIZE_DIGITS];
	size_t first = sizeof digits;
	do {
		digits[--first] = (char)('0' + size % 10);
		size /= 10;
	} while (size);
	strbuf_add_bytes(buffer, digits + first, sizeof digits - first);
}

int tree_format(
	const struct tree_entry *entries, size_t count, struct strbuf *buffer, struct error *err)
{
	char hash[HASH_TEXT_SIZE];
	strbuf_add(buffer, TREE_MAGIC);
	for (size_t i = 0; i < count; i++) {
		const struct tree_entry *entry = &entries[i];
		if (i && strcmp(entries[i - 1].path, entry->path) >= 0)
			BUG("tree entries out of order: '%s'", entry->path);
		hash_format(&entry->hash, hash);
		strbuf_add(buffer, tree_words[entry->kind]);
		strbuf_add_char(buffer, ' ');
		strbuf_add_bytes(buffer, hash, TREE_HASH_DIGITS);
		strbuf_add_char(buffer, ' ');
		tree_add_size(buffer, entry->size);
		strbuf_add_char(buffer, ' ');
		tree_add_path(buffer, entry->path);
		strbuf_add_char(buffer, '\n');
	}
	return strbuf_check(buffer, err);
}

/* ---- reading ---- */

struct tree_reader {
	struct text rest;
	uint64_t line;
	char *paths; /* room for all unescaped paths: never more than the tree's own bytes */
	struct error *err;
};

static int tree_wrong(const struct tree_reader *reader, const char *what)
{
	struct position at;
	position_set(&at, "tree", reader->line, 1);
	return error_set_at(reader->err, ERROR_INVALID, &at, "%s", what);
}

static int tree_hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Only what tree_add_path() writes: no byte is escaped that need not be. */
static int tree_read_path(struct tree_reader *reader, struct text text, const char **ret)
{
	char *out = reader->paths;
	*ret = out;
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.at[i];
		if (c != '\\') {
			if (tree_is_escaped(c))
				return tree_wrong(reader, "a control character in a path");
			*out++ = (char)c;
			continue;
		}
		char next = i + 1 < text.length ? text.at[i + 1] : '\0';
		if (next == '\\') {
			*out++ = '\\';
			i += 1;
			continue;
		}
		if (next != 'x' || i + 3 >= text.length || tree_hex(text.at[i + 2]) < 0 ||
			tree_hex(text.at[i + 3]) < 0)
			return tree_wrong(reader, "a wrong escape in a path");
		c = (unsigned char)(tree_hex(text.at[i + 2]) << 4 | tree_hex(text.at[i + 3]));
		if (!c || c == '\\' || !tree_is_escaped(c))
			return tree_wrong(reader, "a wrong escape in a path");
		*out++ = (char)c;
		i += 3;
	}
	*out++ = '\0';
	reader->paths = out;
	if (pointer_check_path(*ret, reader->err) < 0)
		return error_prefix(reader->err, "tree:%llu", (unsigned long long)reader->line);
	return 0;
}

static bool tree_read_kind(struct text word, enum tree_kind *ret)
{
	for (size_t i = 0; i < sizeof tree_words / sizeof *tree_words; i++) {
		*ret = (enum tree_kind)i;
		if (text_is(word, tree_words[i]))
			return true;
	}
	return false;
}

static int tree_read_line(struct tree_reader *reader, struct tree_entry *ret)
{
	struct text line, word;
	const char *end = memchr(reader->rest.at, '\n', reader->rest.length);
	reader->line++;
	if (!end)
		return tree_wrong(reader, "the last line does not end");
	line = (struct text){ reader->rest.at, (size_t)(end - reader->rest.at) };
	reader->rest = (struct text){ end + 1, reader->rest.length - line.length - 1 };
	if (!text_split(&line, ' ', &word) || !tree_read_kind(word, &ret->kind))
		return tree_wrong(reader, "the kind is none of 644, 755 and link");
	if (!text_split(&line, ' ', &word) || !hash_parse(word, &ret->hash))
		return tree_wrong(reader, "a hash that has not 64 digits of 0-9a-f");
	if (!text_split(&line, ' ', &word) || !word.length || word.at[0] == '+' ||
		(word.at[0] == '0' && word.length > 1) || !parse_u64(word, &ret->size))
		return tree_wrong(reader, "a size that is no number");
	return tree_read_path(reader, line, &ret->path);
}

static int tree_compare(const void *a, const void *b, void *context)
{
	(void)context;
	return strcmp(((const struct tree_entry *)a)->path, ((const struct tree_entry *)b)->path);
}

static const struct tree_entry *tree_search(
	const struct tree_entry *entries, size_t count, const char *path, size_t length)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strncmp(entries[middle].path, path, length);
		if (order == 0)
			order = entries[middle].path[length] != '\0';
		if (order == 0)
			return &entries[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/*
 * Is one of the folders of entry i a file of the tree? What lies in a folder stands together, so
 * only the folders that the entry before does not share are looked for.
 */
static bool tree_folder_is_file(const struct tree_entry *entries, size_t i)
{
	const char *path = entries[i].path;
	size_t shared = 0;
	if (i) {
		const char *before = entries[i - 1].path;
		while (before[shared] && before[shared] == path[shared])
			shared++;
	}
	/* The folder that ends exactly where both part is a new one if `before` is that file. */
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t length = (size_t)(slash - path);
		if (length >= shared && tree_search(entries, i, path, length))
			return true;
	}
	return false;
}

static int tree_check_entry(struct tree_reader *reader, struct tree *tree, size_t i)
{
	const struct tree_entry *entries = tree->entries;
	if (i && strcmp(entries[i - 1].path, entries[i].path) >= 0)
		return tree_wrong(reader, "a path twice, or out of order");
	if (tree_folder_is_file(entries, i))
		return tree_wrong(reader, "a file is also the folder of another");
	if (__builtin_add_overflow(tree->size, entries[i].size, &tree->size))
		return tree_wrong(reader, "the sum of the sizes is too large");
	return 0;
}

static int tree_parse_into(const char *bytes, size_t count, struct tree *tree, struct error *err)
{
	struct tree_reader reader = { { bytes, count }, 1, NULL, err };
	size_t n_lines = 0;
	if (!text_starts_with(reader.rest, TREE_MAGIC))
		return tree_wrong(&reader, "not a tree of version 1");
	reader.rest.at += strlen(TREE_MAGIC);
	reader.rest.length -= strlen(TREE_MAGIC);
	for (const char *at = reader.rest.at, *end = bytes + count;
		(at = memchr(at, '\n', (size_t)(end - at))); at++)
		n_lines++;
	/* A line has 70 bytes and more, so this is bounded by the tree's own length. */
	if (n_lines > reader.rest.length / 70)
		return tree_wrong(&reader, "lines that are too short");
	tree->entries = arena_allocate(&tree->arena, n_lines + 1, sizeof *tree->entries, err);
	reader.paths = tree->entries ? arena_allocate(&tree->arena, count + 1, 1, err) : NULL;
	if (!reader.paths)
		return -err->code;
	while (reader.rest.length) {
		if (tree_read_line(&reader, &tree->entries[tree->count]) < 0 ||
			tree_check_entry(&reader, tree, tree->count) < 0)
			return -err->code;
		tree->count++;
	}
	return 0;
}

int tree_parse(const char *bytes, size_t count, struct tree *ret, struct error *err)
{
	struct tree tree = { .entries = NULL };
	if (tree_parse_into(bytes, count, &tree, err) < 0) {
		tree_release(&tree);
		return -err->code;
	}
	*ret = tree;
	return 0;
}

int tree_sort(struct tree_entry *entries, size_t count, struct error *err)
{
	bool sorted = true;
	for (size_t i = 1; i < count && sorted; i++)
		sorted = strcmp(entries[i - 1].path, entries[i].path) < 0;
	return sorted ? 0 : sort_items(entries, count, sizeof *entries, tree_compare, NULL, err);
}

const struct tree_entry *tree_find(const struct tree *tree, const char *path)
{
	return tree_search(tree->entries, tree->count, path, strlen(path));
}

/*
 * ".." only at the front: behind a name it would start from wherever a link of that name leads.
 * Since no entry of a tree lies behind a link, the folders above the link are real ones.
 */
int tree_check_link(const char *path, const char *text, struct error *err)
{
	size_t depth = 0;
	bool named = false;
	const char *why = NULL;
	for (const char *at = path; *at; at++)
		depth += *at == '/';
	if (!*text)
		why = "is empty";
	else if (*text == '/')
		why = "is absolute";
	struct text rest = text_of(text), part;
	while (!why && text_split(&rest, '/', &part)) {
		if (!part.length || text_is(part, "."))
			continue;
		if (!text_is(part, "..")) {
			named = true;
		} else if (named) {
			why = "has '..' behind a name";
		} else if (!depth--) {
			why = "leads outside the folder";
		}
	}
	if (!why)
		return 0;
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	utf8_escape(&shown, text_of(path));
	strbuf_add(&shown, "' to '");
	utf8_escape(&shown, text_of(text));
	error_set(err, ERROR_INVALID, "the link '%.600s' %s", shown.text, why);
	return -err->code;
}

int tree_load(
	struct object_store *store, const struct hash *hash, struct tree *ret, struct error *err)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	char text[HASH_TEXT_SIZE];
	if (object_get_bytes(store, hash, 0, &bytes, err) < 0)
		return -err->code;
	if (tree_parse(bytes.text, bytes.length, ret, err) == 0)
		return 0;
	hash_format(hash, text);
	return error_prefix(err, "object %.12s", text);
}
