#include <string.h>
#include <unistd.h>

#include "import_internal.h"
#include "mlops/base/clock.h"
#include "mlops/base/parallel.h"
#include "mlops/base/path.h"
#include "mlops/system/atomic.h"
#include "mlops/system/directory.h"

enum { IMPORT_PIECE = 1 << 18, IMPORT_FILES = 512 };

char *import_target_name(const char *url, struct error *err)
{
	const char *scheme = strstr(url, "://");
	bool query = scheme && url[0] == 'h';
	struct text path = text_of(scheme ? scheme + 3 : url);
	if (query)
		path.length = strcspn(path.at, "?#");
	while (path.length && path.at[path.length - 1] == '/')
		path.length--;
	size_t start = path.length;
	while (start && path.at[start - 1] != '/')
		start--;
	/* "https://host" has no path, "/" no last part. */
	if (start == path.length || (scheme && !start)) {
		error_set(err, ERROR_USAGE, "'%s' does not say how the data shall be called", url);
		error_hint(err, "name the path to put it at: mlops import URL PATH");
		return NULL;
	}
	return memory_format(err, "%.*s", (int)(path.length - start), path.at + start);
}

/* ---- a folder of this machine ---- */

struct import_found_file {
	char *path; /* below the folder; in the arena */
	bool link, executable;
	struct object_file object;
};

struct import_folder {
	struct object_store *store; /* NULL: only look */
	const char *root;
	VEC(struct import_found_file) files;
	struct arena arena;
};

static int import_folder_visit(
	void *context, const char *relative, const struct file_facts *facts, struct error *err)
{
	struct import_folder *folder = context;
	if (facts->kind == FILE_FOLDER)
		return strcmp(path_base(relative), ".git") == 0 ||
				       strcmp(path_base(relative), ".mlops") == 0
			       ? DIRECTORY_SKIP
			       : 0;
	if (facts->kind == FILE_OTHER)
		return error_set(err, ERROR_UNSUPPORTED, "'%s/%s' is neither file nor folder",
			folder->root, relative);
	char *path = arena_copy_string(&folder->arena, relative, err);
	if (!path)
		return -err->code;
	vec_push(&folder->files, (struct import_found_file){ .path = path,
					 .link = facts->kind == FILE_LINK,
					 .executable = facts->mode & 0100 });
	return vec_check(&folder->files, err);
}

static int import_folder_put(void *context, size_t index, size_t worker, struct error *err)
{
	(void)worker;
	const struct import_folder *folder = context;
	struct import_found_file *file = &folder->files.items[index];
	if (file->link)
		return 0;
	AUTO_FREE char *path = path_join(folder->root, file->path, err);
	if (!path)
		return -err->code;
	if (folder->store)
		return object_put_file(folder->store, path, NULL, &file->object, err);
	return hash_file(path, &file->object.hash, &file->object.facts.size, err);
}

static int import_folder_link(const struct import_folder *folder, const char *relative,
	struct import_content *content, struct error *err)
{
	char text[POINTER_PATH_LONGEST + 1];
	AUTO_FREE char *path = path_join(folder->root, relative, err);
	if (!path)
		return -err->code;
	ssize_t length = readlink(path, text, sizeof text - 1);
	if (length < 0)
		return error_set_os(err, ERROR_IO, "cannot read the link '%s'", path);
	text[length] = '\0';
	return import_content_add_link(content, folder->store, relative, text, (size_t)length, err);
}

static int import_folder_take(
	struct import_folder *folder, struct import_content *content, struct error *err)
{
	if (directory_walk(folder->root, import_folder_visit, folder, err) < 0 ||
		parallel_for(0, folder->files.count, import_folder_put, folder, err) < 0)
		return -err->code;
	content->folder = true;
	vec_each (file, &folder->files) {
		int status = file->link ? import_folder_link(folder, file->path, content, err)
					: import_content_add(content, file->path,
						  file->executable ? TREE_EXECUTABLE : TREE_FILE,
						  &file->object.hash, file->object.facts.size, err);
		if (status < 0)
			return status;
	}
	return import_content_finish(content, folder->store, err);
}

/* The folder that the URL names, or NULL if it names something else. */
static const char *import_local_folder(const char *url)
{
	struct file_facts facts;
	struct error ignored = ERROR_INIT;
	const char *path =
		text_starts_with(text_of(url), "file://") ? url + strlen("file://") : url;
	bool folder = path[0] == '/' && file_facts_followed(path, &facts, &ignored) == 0 &&
		      facts.kind == FILE_FOLDER;
	return folder ? path : NULL;
}

static int import_fetch_folder(
	const struct import_place *place, const char *path, struct error *err)
{
	AUTO(import_content_release) struct import_content content = IMPORT_CONTENT_INIT;
	const struct pointer *old = place->old;
	bool look = old && place->options->dry_run;
	struct import_folder folder = {
		.store = look ? NULL : place->store, .root = path, .arena = ARENA_INIT(1ULL << 30)
	};
	const struct pointer_source source = { .url = (char *)(uintptr_t)path };
	if (place->options->blake3 || place->options->sha256)
		return error_set(err, ERROR_USAGE, "a folder has no single hash to expect");
	int status = import_folder_take(&folder, &content, err);
	vec_release(&folder.files);
	arena_release(&folder.arena);
	if (status < 0)
		return status;
	if (look && old->kind == POINTER_FOLDER && hash_equal(&old->hash, &content.hash))
		return import_unchanged(place, err);
	return look ? import_changed(place, err)
		    : import_put_in_place(place, &content, &source, err);
}

/* ---- a file ---- */

static int import_sha256(int fd, const char *name, struct hash *ret, struct error *err)
{
	AUTO(sha256_release) struct sha256 state = { .context = NULL };
	AUTO_FREE unsigned char *piece = memory_allocate_small_pages(IMPORT_PIECE, err);
	size_t count = 1;
	if (!piece || sha256_init(&state, err) < 0)
		return -err->code;
	while (count) {
		if (file_read_some(fd, name, piece, IMPORT_PIECE, &count, err) < 0 ||
			sha256_update(&state, piece, count, err) < 0)
			return -err->code;
	}
	return sha256_finish(&state, ret, err);
}

static int import_blake3(int fd, const char *name, struct hash *ret, struct error *err)
{
	struct blake3 state;
	AUTO_FREE unsigned char *piece = memory_allocate_small_pages(IMPORT_PIECE, err);
	size_t count = 1;
	if (!piece)
		return -err->code;
	blake3_init(&state);
	while (count) {
		if (file_read_some(fd, name, piece, IMPORT_PIECE, &count, err) < 0)
			return -err->code;
		blake3_update(&state, piece, count);
	}
	blake3_finish(&state, ret);
	return 0;
}

static int import_rewind(int fd, const char *name, struct error *err)
{
	return lseek(fd, 0, SEEK_SET) < 0
		       ? error_set_os(err, ERROR_IO, "cannot read what '%s' gave", name)
		       : 0;
}

static int import_expect(int fd, const char *name, const char *title, const struct hash *expected,
	int (*compute)(int, const char *, struct hash *, struct error *), struct error *err)
{
	struct hash hash;
	char is[HASH_TEXT_SIZE], wanted[HASH_TEXT_SIZE];
	if (!expected)
		return 0;
	if (import_rewind(fd, name, err) < 0 || compute(fd, name, &hash, err) < 0)
		return -err->code;
	if (hash_equal(&hash, expected))
		return 0;
	hash_format(&hash, is);
	hash_format(expected, wanted);
	error_set(err, ERROR_CORRUPT, "'%s' has the %s %s instead of %s", name, title, is, wanted);
	return error_hint(err, "nothing was kept of it");
}

/* As it stands in a pointer; "" if the server does not tell. */
static int import_time(const struct endpoint_facts *facts, struct strbuf *buffer, struct error *err)
{
	if (facts->modified)
		clock_format(buffer, facts->modified / 1000);
	return strbuf_check(buffer, err);
}

/* Does the server have what the pointer stands for? Without an ETag by time and size. */
static bool import_is_unchanged(
	const struct pointer *old, const struct endpoint_facts *facts, const char *modified)
{
	if (old->kind != POINTER_FILE)
		return false;
	if (facts->etag[0] && old->source.etag)
		return strcmp(facts->etag, old->source.etag) == 0;
	return modified[0] && old->source.modified && strcmp(modified, old->source.modified) == 0 &&
	       facts->size == old->size;
}

/* Puts what was downloaded into the store, if it is what was expected. */
static int import_download_put(const struct import_place *place, int fd, const char *url,
	struct import_content *content, struct error *err)
{
	const struct import_options *options = place->options;
	if (import_expect(fd, url, "SHA-256", options->sha256, import_sha256, err) < 0 ||
		import_expect(fd, url, "BLAKE3", options->blake3, import_blake3, err) < 0 ||
		import_rewind(fd, url, err) < 0)
		return -err->code;
	return object_put_stream(place->store, fd, url, &content->hash, &content->size, err);
}

static int import_download(const struct import_place *place, struct endpoint *endpoint,
	struct import_content *content, struct endpoint_facts *facts, struct error *err)
{
	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
	const char *url = endpoint_url(endpoint);
	AUTO_FREE char *path = path_join(place->workspace->temporary, "import", err);
	bool same;
	/* Never committed: a file without a name, of which nothing stays. */
	if (!path || atomic_begin(&file, path, NULL, 0600, err) < 0)
		return -err->code;
	event_note(place->options->sink, "fetching '%s'", url);
	if (endpoint_download(endpoint, "", NULL, file.fd, facts, &same, err) < 0)
		return -err->code;
	return import_download_put(place, file.fd, url, content, err);
}

static int import_fetch_file(
	const struct import_place *place, struct endpoint *endpoint, struct error *err)
{
	AUTO(import_content_release) struct import_content content = IMPORT_CONTENT_INIT;
	AUTO(strbuf_release) struct strbuf modified = STRBUF_INIT;
	const struct pointer *old = place->old;
	struct endpoint_facts facts;
	if (old && (endpoint_stat(endpoint, "", &facts, err) < 0 ||
			   import_time(&facts, &modified, err) < 0))
		return -err->code;
	if (old && import_is_unchanged(old, &facts, modified.text))
		return import_unchanged(place, err);
	if (old && place->options->dry_run)
		return import_changed(place, err);
	if (import_download(place, endpoint, &content, &facts, err) < 0)
		return -err->code;
	strbuf_clear(&modified);
	if (import_time(&facts, &modified, err) < 0)
		return -err->code;
	content.mode = old && old->kind == POINTER_FILE ? old->mode : 0644;
	const struct pointer_source source = { .url = (char *)(uintptr_t)endpoint_url(endpoint),
		.etag = facts.etag[0] ? facts.etag : NULL,
		.modified = modified.length ? modified.text : NULL };
	return import_put_in_place(place, &content, &source, err);
}

int import_fetch(const struct import_place *place, const char *url, struct error *err)
{
	AUTO(endpoint_close) struct endpoint *endpoint = NULL;
	const char *folder = import_local_folder(url);
	if (folder)
		return import_fetch_folder(place, folder, err);
	if (url[0] && url[strlen(url) - 1] == '/')
		return error_set(err, ERROR_UNSUPPORTED,
			"'%s' names a folder, and only folders of this machine can be imported",
			url);
	if (endpoint_open(url, place->options->settings, &endpoint, err) < 0)
		return -err->code;
	return import_fetch_file(place, endpoint, err);
}

/* The URL as pointers have it, without secrets. */
static char *import_url_shown(
	const char *url, const struct endpoint_settings *settings, struct error *err)
{
	AUTO(endpoint_close) struct endpoint *endpoint = NULL;
	const char *folder = import_local_folder(url);
	if (folder)
		return memory_copy_string(folder, err);
	if (endpoint_open(url, settings, &endpoint, err) < 0)
		return NULL;
	return memory_copy_string(endpoint_url(endpoint), err);
}

int import_url(const struct workspace *workspace, struct object_store *store, const char *url,
	const char *target, const struct import_options *options, struct error *err)
{
	AUTO(pointer_release) struct pointer old = { .path = NULL };
	AUTO_FREE char *shown = import_url_shown(url, options->settings, err);
	bool has_old;
	if (!shown)
		return -err->code;
	const struct pointer_source source = { .url = shown };
	if (import_look_at_target(workspace, target, &source, options, &old, &has_old, err) < 0)
		return -err->code;
	const struct import_place place = { .workspace = workspace,
		.store = store,
		.target = target,
		.origin = shown,
		.old = has_old ? &old : NULL,
		.options = options };
	return import_fetch(&place, url, err);
}
