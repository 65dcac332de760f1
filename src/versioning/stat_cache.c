#include "mlops/versioning/stat_cache.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/base/sort.h"
#include "mlops/system/atomic.h"
#include "mlops/system/directory.h"

/*
 * The file: header, folders, entries, hashes, names, each an array, then the BLAKE3 of all that.
 * It is read by the machine that wrote it, so numbers are in its own order; the magic number is
 * another one on other machines. It is mapped: it is never changed in place.
 */
#define STAT_CACHE_MAGIC 0x6d6c7374617430b1u
#define STAT_CACHE_FOLDER "cache"

struct stat_cache_header {
	uint64_t magic;
	int64_t since;
	uint64_t n_folders, n_entries, names_length, stored;
	struct hash whole;
};
struct stat_cache_place { /* of a folder */
	uint64_t name; /* offset in names; NUL-terminated */
	uint32_t first, count;
};
struct stat_cache_item {
	uint64_t size, inode;
	int64_t modified, changed;
	uint32_t kind, mode;
	uint64_t name;
};

struct stat_cache {
	struct file_map map;
	const struct stat_cache_header *header; /* NULL: an empty cache */
	const struct stat_cache_place *folders;
	const struct stat_cache_item *items;
	const struct hash *hashes;
	const char *names; /* the first is the data's path */
};

static char *stat_cache_path(
	const struct workspace *workspace, const char *data_path, struct error *err)
{
	struct hash hash;
	char digits[HASH_TEXT_SIZE];
	hash_bytes(data_path, strlen(data_path), &hash);
	hash_format(&hash, digits);
	return memory_format(err, "%s/" STAT_CACHE_FOLDER "/%.16s.stat", workspace->folder, digits);
}

/* ---- reading ---- */

/* Cuts the mapping into its arrays; false if it is not what stat_cache_save() writes. */
static bool stat_cache_cut(struct stat_cache *cache, const char *data_path)
{
	const unsigned char *at = cache->map.bytes;
	size_t left = cache->map.length;
	const struct stat_cache_header *header = (const void *)at;
	struct hash hash;
	if (left < sizeof *header + HASH_SIZE || header->magic != STAT_CACHE_MAGIC)
		return false;
	left -= sizeof *header + HASH_SIZE;
	at += sizeof *header;
	/* Each part is bounded before the next is added, so nothing overflows. */
	if (header->n_folders > left / sizeof *cache->folders ||
		header->n_entries > left / (sizeof *cache->items + HASH_SIZE) ||
		header->names_length > left ||
		header->n_folders * sizeof *cache->folders +
				header->n_entries * (sizeof *cache->items + HASH_SIZE) +
				header->names_length !=
			left)
		return false;
	cache->folders = (const void *)at;
	at += header->n_folders * sizeof *cache->folders;
	cache->items = (const void *)at;
	at += header->n_entries * sizeof *cache->items;
	cache->hashes = (const void *)at;
	at += header->n_entries * sizeof *cache->hashes;
	cache->names = (const char *)at;
	at += header->names_length;
	size_t whole = (size_t)(at - cache->map.bytes);
	struct error ignored = ERROR_INIT;
	if (hash_bytes_parallel(cache->map.bytes, whole, 0, &hash, &ignored) < 0 ||
		memcmp(&hash, at, HASH_SIZE) != 0)
		return false;
	cache->header = header;
	return header->names_length && !cache->names[header->names_length - 1] &&
	       strcmp(cache->names, data_path) == 0;
}

/* The check sum says that it is ours; that all offsets lie inside costs next to nothing. */
static bool stat_cache_is_sound(const struct stat_cache *cache)
{
	const struct stat_cache_header *header = cache->header;
	for (size_t i = 0; i < header->n_folders; i++) {
		const struct stat_cache_place *folder = &cache->folders[i];
		if (folder->name >= header->names_length ||
			(uint64_t)folder->first + folder->count > header->n_entries)
			return false;
	}
	for (size_t i = 0; i < header->n_entries; i++) {
		if (cache->items[i].name >= header->names_length)
			return false;
	}
	return true;
}

int stat_cache_load(const struct workspace *workspace, const char *data_path,
	struct stat_cache **ret, struct error *err)
{
	AUTO_FREE char *path = stat_cache_path(workspace, data_path, err);
	struct stat_cache *cache = path ? memory_allocate(1, sizeof *cache, err) : NULL;
	struct error ignored = ERROR_INIT;
	if (!cache)
		return -err->code;
	if (file_map(path, &cache->map, &ignored) == 0 &&
		(!stat_cache_cut(cache, data_path) || !stat_cache_is_sound(cache)))
		cache->header = NULL;
	*ret = cache;
	return 0;
}

void stat_cache_free(struct stat_cache *cache)
{
	if (!cache)
		return;
	file_unmap(&cache->map);
	memory_free(cache);
}

bool stat_cache_whole(const struct stat_cache *cache, struct hash *ret)
{
	if (!cache->header)
		return false;
	*ret = cache->header->whole;
	return true;
}

size_t stat_cache_count(const struct stat_cache *cache)
{
	return cache->header ? (size_t)cache->header->n_entries : 0;
}

size_t stat_cache_folders(const struct stat_cache *cache)
{
	return cache->header ? (size_t)cache->header->n_folders : 0;
}

size_t stat_cache_first(const struct stat_cache *cache, size_t folder)
{
	return cache->folders[folder].first;
}

bool stat_cache_is_stored(const struct stat_cache *cache)
{
	return cache->header && cache->header->stored;
}

bool stat_cache_folder(
	const struct stat_cache *cache, struct text folder, struct stat_cache_folder *ret)
{
	size_t low = 0, high = stat_cache_folders(cache);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct stat_cache_place *place = &cache->folders[middle];
		int order = text_compare(text_of(cache->names + place->name), folder);
		if (order == 0) {
			*ret = (struct stat_cache_folder){ middle, place->first, place->count };
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

size_t stat_cache_find(
	const struct stat_cache *cache, const struct stat_cache_folder *folder, const char *name)
{
	size_t low = folder->first, high = folder->first + folder->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(cache->names + cache->items[middle].name, name);
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return SIZE_MAX;
}

bool stat_cache_is_clean(
	const struct stat_cache *cache, size_t index, const struct file_facts *facts)
{
	const struct stat_cache_item *item = &cache->items[index];
	int64_t latest = facts->modified > facts->changed ? facts->modified : facts->changed;
	return item->size == facts->size && item->modified == facts->modified &&
	       item->changed == facts->changed && item->inode == facts->inode &&
	       item->kind == (uint32_t)facts->kind && item->mode == facts->mode &&
	       latest < cache->header->since - STAT_CACHE_RACY;
}

const struct hash *stat_cache_hash(const struct stat_cache *cache, size_t index)
{
	return &cache->hashes[index];
}

struct file_facts stat_cache_facts(const struct stat_cache *cache, size_t index)
{
	const struct stat_cache_item *item = &cache->items[index];
	return (struct file_facts){ .kind = (enum file_kind)item->kind,
		.mode = item->mode,
		.size = item->size,
		.modified = item->modified,
		.changed = item->changed,
		.inode = item->inode };
}

/* Index of a path's entry, or SIZE_MAX. */
static size_t stat_cache_search(const struct stat_cache *cache, const char *path)
{
	struct stat_cache_folder folder;
	const char *slash = strrchr(path, '/');
	struct text parent = { path, slash ? (size_t)(slash - path) : 0 };
	if (!stat_cache_folder(cache, parent, &folder))
		return SIZE_MAX;
	return stat_cache_find(cache, &folder, slash ? slash + 1 : path);
}

const struct hash *stat_cache_clean(
	const struct stat_cache *cache, const char *path, const struct file_facts *facts)
{
	size_t index = stat_cache_search(cache, path);
	return index != SIZE_MAX && stat_cache_is_clean(cache, index, facts) ? &cache->hashes[index]
									     : NULL;
}

const struct hash *stat_cache_known(const struct stat_cache *cache, const char *path)
{
	size_t index = stat_cache_search(cache, path);
	return index != SIZE_MAX ? &cache->hashes[index] : NULL;
}

int stat_cache_each_in(const struct stat_cache *cache, size_t folder, stat_cache_visit *visit,
	void *context, struct error *err)
{
	AUTO(strbuf_release) struct strbuf path = STRBUF_INIT;
	const struct stat_cache_place *place = &cache->folders[folder];
	strbuf_add(&path, cache->names + place->name);
	if (path.length)
		strbuf_add_char(&path, '/');
	size_t length = path.length;
	for (size_t i = place->first; i < (size_t)place->first + place->count; i++) {
		strbuf_truncate(&path, length);
		strbuf_add(&path, cache->names + cache->items[i].name);
		if (strbuf_check(&path, err) < 0)
			return -err->code;
		struct stat_entry entry = { .path = path.text,
			.facts = stat_cache_facts(cache, i),
			.hash = cache->hashes[i] };
		int result = visit(context, &entry, err);
		if (result != 0)
			return result;
	}
	return 0;
}

int stat_cache_each(
	const struct stat_cache *cache, stat_cache_visit *visit, void *context, struct error *err)
{
	for (size_t i = 0; i < stat_cache_folders(cache); i++) {
		int result = stat_cache_each_in(cache, i, visit, context, err);
		if (result != 0)
			return result;
	}
	return 0;
}

/* ---- writing ---- */

int stat_cache_clock(const struct workspace *workspace, int64_t *ret, struct error *err)
{
	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
	AUTO_FREE char *path = path_join(workspace->temporary, "clock", err);
	struct file_facts facts;
	if (!path)
		return -err->code;
	if (atomic_begin(&file, path, workspace->temporary, 0600, err) < 0 ||
		file_facts_of(file.fd, path, &facts, err) < 0)
		return -err->code;
	*ret = facts.modified;
	return 0;
}

struct stat_cache_writer {
	const struct stat_entry **order; /* by folder, then name */
	size_t count;
	struct stat_cache_header header;
	struct stat_cache_place *folders;
	struct stat_cache_item *items;
	struct hash *hashes;
	struct strbuf names;
};

static void stat_cache_writer_release(struct stat_cache_writer *writer)
{
	memory_free(writer->order);
	memory_free(writer->folders);
	memory_free(writer->items);
	memory_free(writer->hashes);
	strbuf_release(&writer->names);
}
AUTO_RELEASE(struct stat_cache_writer, stat_cache_writer_release)

static struct text stat_cache_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	return (struct text){ path, slash ? (size_t)(slash - path) : 0 };
}

static int stat_cache_compare(const void *a, const void *b, void *context)
{
	const char *left = (*(const struct stat_entry *const *)a)->path;
	const char *right = (*(const struct stat_entry *const *)b)->path;
	(void)context;
	int order = text_compare(stat_cache_parent(left), stat_cache_parent(right));
	return order ? order : strcmp(path_base(left), path_base(right));
}

static uint64_t stat_cache_name(struct stat_cache_writer *writer, struct text name)
{
	uint64_t offset = writer->names.length;
	strbuf_add_bytes(&writer->names, name.at, name.length);
	strbuf_add_char(&writer->names, '\0');
	return offset;
}

static void stat_cache_fill(struct stat_cache_writer *writer)
{
	struct stat_cache_place *folder = NULL;
	struct text last = { "", 0 };
	for (size_t i = 0; i < writer->count; i++) {
		const struct stat_entry *entry = writer->order[i];
		struct text parent = stat_cache_parent(entry->path);
		if (!folder || !text_equal(parent, last)) {
			folder = &writer->folders[writer->header.n_folders++];
			*folder = (struct stat_cache_place){ stat_cache_name(writer, parent),
				(uint32_t)i, 0 };
			last = parent;
		}
		folder->count++;
		writer->hashes[i] = entry->hash;
		writer->items[i] = (struct stat_cache_item){ .size = entry->facts.size,
			.inode = entry->facts.inode,
			.modified = entry->facts.modified,
			.changed = entry->facts.changed,
			.kind = (uint32_t)entry->facts.kind,
			.mode = entry->facts.mode,
			.name = stat_cache_name(writer, text_of(path_base(entry->path))) };
	}
	writer->header.names_length = writer->names.length;
}

static int stat_cache_order(struct stat_cache_writer *writer, const struct stat_entry *entries,
	size_t count, struct error *err)
{
	writer->order = memory_allocate(count, sizeof *writer->order, err);
	if (!writer->order)
		return -err->code;
	bool sorted = true;
	for (size_t i = 0; i < count; i++) {
		writer->order[i] = &entries[i];
		sorted = sorted && (!i || stat_cache_compare(&writer->order[i - 1],
						  &writer->order[i], NULL) < 0);
	}
	return sorted ? 0
		      : sort_items(writer->order, count, sizeof *writer->order, stat_cache_compare,
				NULL, err);
}

static int stat_cache_write(
	struct stat_cache_writer *writer, const char *path, const char *folder, struct error *err)
{
	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
	const struct {
		const void *bytes;
		size_t length;
	} parts[] = { { &writer->header, sizeof writer->header },
		{ writer->folders, writer->header.n_folders * sizeof *writer->folders },
		{ writer->items, writer->count * sizeof *writer->items },
		{ writer->hashes, writer->count * sizeof *writer->hashes },
		{ writer->names.text, writer->names.length } };
	struct blake3 state;
	struct hash hash;
	blake3_init(&state);
	if (directory_make(folder, err) < 0 || atomic_begin(&file, path, NULL, 0644, err) < 0)
		return -err->code;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		blake3_update(&state, parts[i].bytes, parts[i].length);
		if (file_write_all(file.fd, path, parts[i].bytes, parts[i].length, err) < 0)
			return -err->code;
	}
	blake3_finish(&state, &hash);
	if (file_write_all(file.fd, path, hash.bytes, HASH_SIZE, err) < 0)
		return -err->code;
	return atomic_commit(&file, ATOMIC_CACHE, err);
}

static int stat_cache_make(const struct workspace *workspace, const char *data_path,
	const struct stat_cache_header *header, const struct stat_entry *entries, struct error *err)
{
	size_t count = (size_t)header->n_entries;
	AUTO(stat_cache_writer_release)
	struct stat_cache_writer writer = { .names = STRBUF_INIT, .count = count };
	AUTO_FREE char *path = stat_cache_path(workspace, data_path, err);
	AUTO_FREE char *folder = path_join(workspace->folder, STAT_CACHE_FOLDER, err);
	if (!path || !folder)
		return -err->code;
	if (count > UINT32_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "'%s' has more than %u files", data_path,
			UINT32_MAX);
	writer.header = *header;
	writer.folders = memory_allocate(count, sizeof *writer.folders, err);
	writer.items = writer.folders ? memory_allocate(count, sizeof *writer.items, err) : NULL;
	writer.hashes = writer.items ? memory_allocate(count, sizeof *writer.hashes, err) : NULL;
	if (!writer.hashes || stat_cache_order(&writer, entries, count, err) < 0)
		return -err->code;
	(void)stat_cache_name(&writer, text_of(data_path));
	stat_cache_fill(&writer);
	if (strbuf_check(&writer.names, err) < 0)
		return -err->code;
	return stat_cache_write(&writer, path, folder, err);
}

static int stat_cache_save_as(const struct workspace *workspace, const char *data_path,
	const struct hash *whole, int64_t since, const struct stat_entry *entries, size_t count,
	bool stored, struct error *err)
{
	struct stat_cache_header header = { .magic = STAT_CACHE_MAGIC,
		.since = since,
		.n_entries = count,
		.stored = stored,
		.whole = *whole };
	return stat_cache_make(workspace, data_path, &header, entries, err);
}

int stat_cache_save(const struct workspace *workspace, const char *data_path,
	const struct hash *whole, int64_t since, const struct stat_entry *entries, size_t count,
	struct error *err)
{
	return stat_cache_save_as(workspace, data_path, whole, since, entries, count, true, err);
}

int stat_cache_save_seen(const struct workspace *workspace, const char *data_path,
	const struct hash *whole, int64_t since, const struct stat_entry *entries, size_t count,
	struct error *err)
{
	return stat_cache_save_as(workspace, data_path, whole, since, entries, count, false, err);
}

int stat_cache_remove(const struct workspace *workspace, const char *data_path, struct error *err)
{
	AUTO_FREE char *path = stat_cache_path(workspace, data_path, err);
	return path ? file_remove(path, err) : -(int)err->code;
}
