/*
 * checkout_world: a workspace in a folder of its own, versions of data in its store, and checkouts
 * of them. The working directory is the workspace's root.
 */
#ifndef MLOPS_UNIT_CHECKOUT_WORLD_H
#define MLOPS_UNIT_CHECKOUT_WORLD_H

#include <stdarg.h>
#include <sys/stat.h>

#include "mlops/base/parallel.h"
#include "mlops/base/vec.h"
#include "mlops/store/object.h"
#include "mlops/versioning/checkout.h"
#include "mlops/versioning/stat_cache.h"
#include "mlops/versioning/tree.h"
#include "workfolder.h"

struct world {
	struct workfolder folder;
	struct workspace workspace;
	struct object_store *store;
	struct checkout_options options;
	struct checkout_summary summary;
	struct error err;
};

static inline void world_make(struct world *world)
{
	setenv("MLOPS_FSYNC", "0", 1);
	umask(022);
	*world = (struct world){ .folder = workfolder_enter() };
	ck_assert_int_eq(workspace_create(".", &world->workspace, NULL, &world->err), 0);
	ck_assert_msg(object_store_open(&world->workspace, &world->store, &world->err) == 0, "%s",
		world->err.message);
}

static inline void world_end(struct world *world)
{
	object_store_close(world->store);
	workspace_release(&world->workspace);
	workfolder_leave(&world->folder);
}

static inline struct hash world_put(struct world *world, const char *text)
{
	struct hash hash;
	ck_assert_msg(object_put_bytes(world->store, text, strlen(text), &hash, &world->err) == 0,
		"%s", world->err.message);
	return hash;
}

static inline struct pointer world_file(struct world *world, const char *name, const char *text)
{
	return (struct pointer){ .kind = POINTER_FILE,
		.path = (char *)name,
		.hash = world_put(world, text),
		.size = strlen(text),
		.n_files = 1,
		.mode = 0644 };
}

/*
 * A folder: words "path=content", "path*=content" for what may be executed, "path@=text" for a
 * link, and "path!=content" whose content is not put.
 */
static inline struct pointer world_folder(struct world *world, const char *name, const char *words)
{
	AUTO(arena_release) struct arena arena = ARENA_INIT(0);
	AUTO(strbuf_release) struct strbuf listing = STRBUF_INIT;
	struct tree_entry entries[64];
	struct pointer pointer = { .kind = POINTER_FOLDER, .path = (char *)name };
	char *copy = arena_copy_string(&arena, words, &world->err);
	for (char *save, *word = strtok_r(copy, " ", &save); word;
		word = strtok_r(NULL, " ", &save)) {
		struct tree_entry *entry = &entries[pointer.n_files++];
		char *content = strchr(word, '=');
		*content++ = '\0';
		char *mark = &word[strlen(word) - 1], sign = *mark;
		if (strchr("*@!", sign))
			*mark = '\0';
		*entry = (struct tree_entry){ .path = word,
			.kind = sign == '*'   ? TREE_EXECUTABLE
				: sign == '@' ? TREE_LINK
					      : TREE_FILE,
			.size = strlen(content) };
		hash_bytes(content, strlen(content), &entry->hash);
		if (sign != '!')
			entry->hash = world_put(world, content);
		pointer.size += entry->size;
	}
	ck_assert_int_eq(tree_sort(entries, pointer.n_files, &world->err), 0);
	ck_assert_int_eq(tree_format(entries, pointer.n_files, &listing, &world->err), 0);
	pointer.hash = world_put(world, listing.text);
	return pointer;
}

static inline int world_checkout(struct world *world, const char *path, struct pointer pointer)
{
	error_clear(&world->err);
	world->summary = (struct checkout_summary){ .n_written = 0 };
	return checkout_data(&world->workspace, world->store, path, &pointer, &world->options,
		&world->summary, &world->err);
}

/* It succeeds, with so many files written, removed and left alone. */
static inline void world_expect(struct world *world, const char *path, struct pointer pointer,
	size_t written, size_t removed, size_t unchanged)
{
	ck_assert_msg(world_checkout(world, path, pointer) == 0, "%s", world->err.message);
	const struct checkout_summary *summary = &world->summary;
	ck_assert_msg(summary->n_written == written && summary->n_removed == removed &&
			      summary->n_unchanged == unchanged,
		"%zu written, %zu removed, %zu unchanged", summary->n_written, summary->n_removed,
		summary->n_unchanged);
}

static inline int world_names(
	void *context, const char *relative, const struct file_facts *facts, struct error *err)
{
	(void)err;
	strbuf_printf(context, "%s%s%s", ((struct strbuf *)context)->length ? " " : "", relative,
		facts->kind == FILE_FOLDER ? "/"
		: facts->kind == FILE_LINK ? "@"
		: facts->mode & 0100       ? "*"
					   : "");
	return 0;
}

/* What is below a folder: "a/ a/x b@ c*". */
static inline void world_expect_names(const char *folder, const char *expected)
{
	struct error err = ERROR_INIT;
	AUTO(strbuf_release) struct strbuf names = STRBUF_INIT;
	ck_assert_msg(directory_walk(folder, world_names, &names, &err) == 0, "%s", err.message);
	ck_assert_str_eq(names.text, expected);
}

#endif
