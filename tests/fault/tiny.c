/*
 * tiny FILE...: a small command over base, system and store, for trying the fault loop itself.
 * Makes a workspace here if there is none, stores the files as objects, reads them back, and
 * writes the list of their hashes to "list", which appears whole.
 */
#include <stdio.h>
#include <string.h>

#include "mlops/store/object.h"
#include "mlops/system/atomic.h"
#include "mlops/system/signals.h"

static int tiny_store(
	struct object_store *store, char **paths, struct strbuf *list, struct error *err)
{
	for (; *paths; paths++) {
		AUTO(strbuf_release) struct strbuf content = STRBUF_INIT;
		char text[HASH_TEXT_SIZE];
		struct object_file file;
		if (object_put_file(store, *paths, NULL, &file, err) < 0 ||
			object_get_bytes(store, &file.hash, 0, &content, err) < 0)
			return -err->code;
		hash_format(&file.hash, text);
		strbuf_printf(list, "%s  %s\n", text, *paths);
	}
	return strbuf_check(list, err);
}

static int tiny_run(char **paths, struct error *err)
{
	AUTO(workspace_release) struct workspace workspace = { .root = NULL };
	AUTO(lock_release) struct lock lock = LOCK_INIT;
	AUTO(object_store_close) struct object_store *store = NULL;
	AUTO(strbuf_release) struct strbuf list = STRBUF_INIT;
	if (signals_install(err) < 0 || workspace_create(".", &workspace, NULL, err) < 0 ||
		workspace_lock(&workspace, 0, "tiny", NULL, &lock, err) < 0 ||
		object_store_open(&workspace, &store, err) < 0 ||
		tiny_store(store, paths, &list, err) < 0 || object_store_flush(store, err) < 0)
		return -err->code;
	return atomic_write("list", list.text, list.length, 0644, err);
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	if (argc < 2 || tiny_run(argv + 1, &err) == 0)
		return argc < 2 ? 2 : 0;
	fprintf(stderr, "tiny: error: %s\n", err.message);
	if (err.hint[0])
		fprintf(stderr, "hint: %s\n", err.hint);
	return error_exit_code(err.code);
}
